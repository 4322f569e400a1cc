package state

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// Groups is a hash table from keys of one or several columns to dense group numbers, given in the order in which keys first
// come. NULL is a key like any other and equal to itself; so is NaN.
//
// It is open addressing with linear probing over words of (a tag of 32 bits of the hash, group number), with the keys in columns beside and
// each group's full hash, so that the table grows without looking at keys. A group that was deleted keeps its number and its row in the
// key columns until the owner builds a new table of those that live.
type Groups struct {
	keys   []*column.Vector
	hashes []uint64 // by group
	slots  []uint64 // tag << 32 | group; 0: free
	mask   uint64
	used   int // slots taken
	dead   column.Bitmap

	// Memory of Lookup, kept across calls.
	hasher kernel.Hasher
	hash   []uint64
	fresh  []int32 // rows that made a group
	differ []int32 // positions whose key is not that of the group found by tag
	flat   []*column.Vector
	cols   []*column.Vector
	dict   dictionary
	one    [1]int32
}

// minSlots is the size of a new table: 8 KB.
const minSlots = 1 << 10

// NewGroups returns an empty table for keys of the given types.
func NewGroups(types []column.Type) *Groups {
	t := &Groups{slots: make([]uint64, minSlots), mask: minSlots - 1}
	for _, k := range types {
		t.keys = append(t.keys, column.NewVector(k, 0))
		t.flat = append(t.flat, &column.Vector{Type: k})
	}
	t.cols = make([]*column.Vector, len(types))
	return t
}

// Len returns the number of groups ever made, deleted ones included: the next new key gets this number.
func (t *Groups) Len() int { return len(t.hashes) }

// Live returns the number of groups that are not deleted.
func (t *Groups) Live() int { return t.used }

// Alive reports whether group g was not deleted.
func (t *Groups) Alive(g int) bool { return g>>6 >= len(t.dead) || !t.dead.Get(g) }

// Keys returns the key columns, in which row g is the key of group g. They are the table's own: read them only, and not across the next
// Lookup.
func (t *Groups) Keys() []*column.Vector { return t.keys }

// Hashes returns the hash of each group's key, under the conditions of Keys.
func (t *Groups) Hashes() []uint64 { return t.hashes }

// Lookup finds the groups of n rows of the key columns, rows[i] or row i where rows is nil, writes them to out[:n], and makes a group for
// each key that is new. Whoever wants to know which are new compares with Len from before.
func (t *Groups) Lookup(keys []*column.Vector, rows []int32, n int, out []int32) {
	if len(keys) == 1 && keys[0].Dict != nil && keys[0].Dict.Dict == nil {
		t.lookupDict(keys[0], rows, n, out)
		return
	}
	t.lookupFlat(t.flatten(keys), rows, n, out)
}

// flatten resolves dictionaries.
func (t *Groups) flatten(keys []*column.Vector) []*column.Vector {
	for i, k := range keys {
		t.cols[i] = k
		if k.Dict != nil {
			t.flat[i].Reset()
			k.Decode(t.flat[i])
			t.cols[i] = t.flat[i]
		}
	}
	return t.cols
}

func (t *Groups) lookupFlat(keys []*column.Vector, rows []int32, n int, out []int32) {
	if cap(t.hash) < n {
		t.hash = make([]uint64, n+n/4)
	}
	hash := t.hash[:n]
	t.hasher.Hash(hash, keys, rows)
	for at := 0; at < n; {
		// A piece has no more rows than the table has room for, so that it grows for keys and not for rows.
		room := t.limit() - t.used
		if room < n-at && room < len(t.slots)/8 {
			t.grow()
			continue
		}
		end := min(n, at+room)
		var part []int32
		if rows != nil {
			part = rows[at:end]
		}
		t.find(keys, part, at, hash[at:end], out[at:end])
		at = end
	}
}

// largeSlots is the size of a table, 8 MB, that no cache holds.
const largeSlots = 1 << 20

// limit is the number of slots that may be taken: probing stays short. In a large table the first probe misses the cache and the next ones, in the
// same line, cost little, whereas free slots are much of what a key takes.
func (t *Groups) limit() int {
	if len(t.slots) >= largeSlots {
		return len(t.slots) / 4 * 3
	}
	return len(t.slots) / 2
}

// find does a piece of a Lookup: rows, or the rows from base on if rows is nil. Slots are found for all rows before any key is
// compared: the loads of one loop overlap, which makes it a third faster than one loop that does both.
func (t *Groups) find(keys []*column.Vector, rows []int32, base int, hash []uint64, out []int32) {
	fresh := t.probe(rows, base, hash, out)
	if len(fresh) > 0 {
		for i, k := range t.keys {
			k.AppendRows(keys[i], fresh)
		}
	}
	// So far groups were told apart by hash alone. Compare the keys, column by column; a difference is rare.
	differ := t.differ[:0]
	for i, k := range t.keys {
		differ = appendDiffering(differ, keys[i], rows, base, k, out)
	}
	t.differ = differ
	for _, i := range differ {
		row := base + int(i)
		if rows != nil {
			row = int(rows[i])
		}
		out[i] = t.findOne(keys, row, hash[i])
	}
}

// tagOf is the part of a hash that stands in a slot: the bits that do not choose the slot, and one that makes it not zero.
func tagOf(h uint64) uint64 { return h>>32 | 1<<31 }

// probe gives each row the group of the first slot on its way with the tag of its hash, or a new group. It returns the rows that made
// groups.
func (t *Groups) probe(rows []int32, base int, hash []uint64, out []int32) []int32 {
	fresh := t.fresh[:0]
	slots, mask := t.slots, t.mask
	out = out[:len(hash)]
	for i, h := range hash {
		tag := tagOf(h)
		for s := h; ; s++ {
			w := slots[s&mask]
			if w>>32 == tag {
				out[i] = int32(uint32(w))
				break
			}
			if w == 0 {
				g := len(t.hashes)
				t.hashes = append(t.hashes, h)
				slots[s&mask] = tag<<32 | uint64(g)
				out[i] = int32(g)
				row := base + i
				if rows != nil {
					row = int(rows[i])
				}
				fresh = append(fresh, int32(row))
				break
			}
		}
	}
	t.used += len(fresh)
	t.fresh = fresh
	return fresh
}

// findOne finds or makes the group of one row by comparing its key with that of every group of the same tag.
func (t *Groups) findOne(keys []*column.Vector, row int, h uint64) int32 {
	s := h & t.mask
	for ; t.slots[s] != 0; s = (s + 1) & t.mask {
		w := t.slots[s]
		if w>>32 == tagOf(h) {
			if g := int32(uint32(w)); t.holds(g, keys, row) {
				return g
			}
		}
	}
	g := len(t.hashes)
	t.hashes = append(t.hashes, h)
	t.slots[s] = tagOf(h)<<32 | uint64(g)
	t.used++
	t.one[0] = int32(row)
	for i, k := range t.keys {
		k.AppendRows(keys[i], t.one[:])
	}
	return int32(g)
}

// holds reports whether group g has the key that stands in row.
func (t *Groups) holds(g int32, keys []*column.Vector, row int) bool {
	for i, k := range t.keys {
		if !Same(keys[i], row, k, int(g)) {
			return false
		}
	}
	return true
}

// grow doubles the slots. Keys are not looked at.
func (t *Groups) grow() {
	t.slots = make([]uint64, 2*len(t.slots))
	t.mask = uint64(len(t.slots) - 1)
	for g, h := range t.hashes {
		if !t.Alive(g) {
			continue
		}
		s := h & t.mask
		for t.slots[s] != 0 {
			s = (s + 1) & t.mask
		}
		t.slots[s] = tagOf(h)<<32 | uint64(g)
	}
}

// Delete forgets group g, which must live: its key, when it comes again, makes a new group.
func (t *Groups) Delete(g int) {
	s := t.hashes[g] & t.mask
	for t.slots[s] != tagOf(t.hashes[g])<<32|uint64(g) {
		s = (s + 1) & t.mask
	}
	// Close the gap with what follows, so that no way from a hash's home to its slot is cut.
	for next := (s + 1) & t.mask; t.slots[next] != 0; next = (next + 1) & t.mask {
		home := t.hashes[uint32(t.slots[next])] & t.mask
		if (next-home)&t.mask >= (next-s)&t.mask {
			t.slots[s] = t.slots[next]
			s = next
		}
	}
	t.slots[s] = 0
	t.used--
	t.dead = t.dead.Grow(len(t.hashes))
	t.dead.Set(g)
}

// Reset forgets all groups and keeps the memory.
func (t *Groups) Reset() {
	for _, k := range t.keys {
		k.Reset()
	}
	clear(t.slots)
	t.hashes, t.used, t.dead = t.hashes[:0], 0, nil
}

// SizeBytes returns the memory that the table holds, in bytes.
func (t *Groups) SizeBytes() int {
	n := (cap(t.hashes) + cap(t.slots) + cap(t.dead) + cap(t.hash)) * 8
	n += (cap(t.fresh) + cap(t.differ)) * 4
	for i, k := range t.keys {
		n += k.SizeBytes() + t.flat[i].SizeBytes()
	}
	return n + t.dict.sizeBytes()
}
