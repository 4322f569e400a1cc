package state

import "github.com/millstream/millstream/column"

// None is the group of a key that is in no group, and the row where there is none.
const None = -1

// Find is [Groups.Lookup] that makes no groups: a key that is new gets None.
func (t *Groups) Find(keys []*column.Vector, rows []int32, n int, out []int32) {
	keys = t.flatten(keys)
	if cap(t.hash) < n {
		t.hash = make([]uint64, n+n/4)
	}
	hash := t.hash[:n]
	t.hasher.Hash(hash, keys, rows)
	if t.index.used == 0 {
		for i := range out[:n] {
			out[i] = None
		}
		return
	}
	missing := t.seek(hash, out[:n])
	differ := t.differ[:0]
	for i, k := range t.keys {
		differ = appendDiffering(differ, keys[i], rows, k, out[:n])
	}
	t.differ = differ
	for _, i := range missing {
		out[i] = None
	}
	for _, i := range differ {
		if out[i] == None {
			continue
		}
		row := int(i)
		if rows != nil {
			row = int(rows[i])
		}
		out[i] = t.seekOne(keys, row, hash[i])
	}
}

// seek gives each row the first group with the rank of its hash. It returns the positions that found none, whose group is 0 so that it can be read.
func (t *Groups) seek(hash []uint64, out []int32) []int32 {
	t.fresh = t.fresh[:0]
	for i := 0; ; i++ {
		if i += t.index.seek(hash[i:], out[i:]); i >= len(hash) {
			return t.fresh
		}
		out[i] = 0
		t.fresh = append(t.fresh, int32(i))
	}
}

// seekOne finds the group of one row by comparing its key with that of every group of the same rank; None if there is none.
func (t *Groups) seekOne(keys []*column.Vector, row int, h uint64) int32 {
	t.alike = t.index.entries(rankOf(h), t.alike[:0])
	for _, g := range t.alike {
		if t.holds(g, keys, row) {
			return g
		}
	}
	return None
}
