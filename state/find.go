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
	if t.used == 0 {
		for i := range out[:n] {
			out[i] = None
		}
		return
	}
	missing := t.seek(hash, out[:n])
	differ := t.differ[:0]
	for i, k := range t.keys {
		differ = appendDiffering(differ, keys[i], rows, 0, k, out[:n])
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

// seek gives each row the group of the first slot on its way with the tag of its hash. It returns the positions that found none, whose group
// is 0 so that it can be read.
func (t *Groups) seek(hash []uint64, out []int32) []int32 {
	missing := t.fresh[:0]
	slots, mask := t.slots, t.mask
	for i, h := range hash {
		tag := tagOf(h)
		for s := h; ; s++ {
			w := slots[s&mask]
			if w>>32 == tag {
				out[i] = int32(uint32(w))
				break
			}
			if w == 0 {
				out[i] = 0
				missing = append(missing, int32(i))
				break
			}
		}
	}
	t.fresh = missing
	return missing
}

// seekOne is findOne without making a group.
func (t *Groups) seekOne(keys []*column.Vector, row int, h uint64) int32 {
	for s := h & t.mask; t.slots[s] != 0; s = (s + 1) & t.mask {
		if w := t.slots[s]; w>>32 == tagOf(h) {
			if g := int32(uint32(w)); t.holds(g, keys, row) {
				return g
			}
		}
	}
	return None
}
