package state

import "github.com/millstream/millstream/column"

// rowIndex finds rows by their identity: open addressing over words of (tag, row), as in [Groups]. Rows of one identity are a chain from the
// newest to older ones, and only the newest has a slot, so that a thousand equal rows cost one probe. The head of a chain is alive; others may be
// dead.
type rowIndex struct {
	rows  *Rows
	cover []int // identity columns that are no keys
	same  []int32
	hash  []uint32 // by row; the tag is made of it
	slots []uint64
	mask  uint32
	used  int
	all   []int32
}

const minIndex = 1 << 8

func (x *rowIndex) init(t *Rows) {
	x.rows = t
	if t.spec.Identity == nil {
		return
	}
	for _, c := range t.spec.Identity {
		if t.place[c] >= 0 {
			x.cover = append(x.cover, c)
		}
	}
	x.slots, x.mask = make([]uint64, minIndex), minIndex-1
}

func (x *rowIndex) grow(n int) {
	if x.rows.spec.Identity == nil {
		return
	}
	for range n {
		x.same = append(x.same, None)
		x.hash = append(x.hash, 0)
	}
}

// Hash writes the hashes of the identities of n rows of columns, rows[i] or row i where rows is nil.
func (t *Rows) Hash(cols []*column.Vector, rows []int32, out []uint64) {
	t.cover = t.cover[:0]
	for _, c := range t.spec.Keys {
		t.cover = append(t.cover, cols[c])
	}
	for _, c := range t.index.cover {
		t.cover = append(t.cover, cols[c])
	}
	t.hasher.Hash(out, t.cover, rows)
}

func rowTag(hash uint32) uint64 { return uint64(hash|1<<31) << 32 }

// Find returns the newest row of group g that has the identity in row i of columns, whose hash Hash wrote; None if there is none.
func (t *Rows) Find(cols []*column.Vector, i int, g int32, hash uint64) int32 {
	x := &t.index
	h := uint32(hash >> 32)
	for s := h & x.mask; x.slots[s] != 0; s = (s + 1) & x.mask {
		if w := x.slots[s]; w>>32<<32 == rowTag(h) {
			if r := int32(uint32(w)); t.lists.owner(r) == g && x.equal(r, cols, i) {
				return r
			}
		}
	}
	return None
}

// Older returns the next older living row with the identity of row r, None if there is none.
func (t *Rows) Older(r int32) int32 {
	for r = t.index.same[r]; r != None && t.dead.Get(int(r)); r = t.index.same[r] {
	}
	return r
}

func (x *rowIndex) equal(r int32, cols []*column.Vector, i int) bool {
	for _, c := range x.cover {
		if !Same(cols[c], i, x.rows.cols[x.rows.place[c]].v, int(r)) {
			return false
		}
	}
	return true
}

// Index makes row r, which was linked, findable. newest is what Find says of its identity.
func (t *Rows) Index(r, newest int32, hash uint64) {
	x := &t.index
	x.hash[r] = uint32(hash >> 32)
	x.same[r] = newest
	if newest != None {
		x.slots[x.slotOf(newest)] = rowTag(x.hash[r]) | uint64(r)
		return
	}
	if x.used >= len(x.slots)/2 {
		x.double()
	}
	x.put(r)
	x.used++
}

func (x *rowIndex) put(r int32) {
	s := x.hash[r] & x.mask
	for x.slots[s] != 0 {
		s = (s + 1) & x.mask
	}
	x.slots[s] = rowTag(x.hash[r]) | uint64(r)
}

// double makes room. Rows are found by their hashes; values are not looked at.
func (x *rowIndex) double() {
	old := x.slots
	x.slots = make([]uint64, 2*len(old))
	x.mask = uint32(len(x.slots) - 1)
	for _, w := range old {
		if w != 0 {
			x.put(int32(uint32(w)))
		}
	}
}

// slotOf returns the slot of row r, or the free one where the search for it ends.
func (x *rowIndex) slotOf(r int32) uint32 {
	s := x.hash[r] & x.mask
	for w := rowTag(x.hash[r]) | uint64(r); x.slots[s] != w && x.slots[s] != 0; s = (s + 1) & x.mask {
	}
	return s
}

// remove takes a row that was marked dead out. One that is not the newest of its chain stays in the chain.
func (x *rowIndex) remove(r int32) {
	s := x.slotOf(r)
	if x.slots[s] == 0 {
		return
	}
	if older := x.rows.Older(r); older != None {
		x.slots[s] = rowTag(x.hash[older]) | uint64(older)
		return
	}
	x.free(s)
}

// free empties a slot and closes the gap, so that no way from a hash's home to its slot is cut.
func (x *rowIndex) free(s uint32) {
	for next := (s + 1) & x.mask; x.slots[next] != 0; next = (next + 1) & x.mask {
		home := x.hash[uint32(x.slots[next])] & x.mask
		if (next-home)&x.mask >= (next-s)&x.mask {
			x.slots[s] = x.slots[next]
			s = next
		}
	}
	x.slots[s] = 0
	x.used--
}

func (x *rowIndex) sizeBytes() int {
	return (cap(x.same)+cap(x.hash)+cap(x.all))*4 + cap(x.slots)*8
}
