package state

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// Groups is a hash table from keys of one or several columns to dense group numbers, given in the order in which keys first
// come but for those few of a batch whose hashes are nearly the same. NULL is a key like any other and equal to itself; so is NaN.
//
// Keys stand in columns; [slots] leads from their hashes to them. A group that was deleted keeps its number and its row in the key columns until the owner
// builds a new table of those that live.
type Groups struct {
	keys  []*column.Vector
	n     int // groups
	index slots
	dead  column.Bitmap
	// packFrom is at how many groups texts are packed if they are long; 0: never.
	packFrom int

	// Memory of Lookup, kept across calls.
	hasher kernel.Hasher
	hash   []uint64
	fresh  []int32 // rows that made a group
	differ []int32 // positions whose key is not that of the group found by tag
	flat   []*column.Vector
	cols   []*column.Vector
	dict   dictionary
	one    [1]int32
	single [1]uint64
	alike  []int32 // groups of one rank
}

// NewGroups returns an empty table for keys of the given types.
func NewGroups(types []column.Type) *Groups {
	t := &Groups{index: makeSlots()}
	for _, k := range types {
		t.keys = append(t.keys, column.NewVector(k, 0))
		t.flat = append(t.flat, &column.Vector{Type: k})
	}
	t.cols = make([]*column.Vector, len(types))
	return t
}

// PackTexts makes the table one whose texts, if they are mostly too long for a view, take 5 bytes beside their own from so many groups on, in place of 16. Of such key
// columns of Keys there are no Views; see [column.Vector.Pack] for what reads them.
func (t *Groups) PackTexts(from int) { t.packFrom = from }

// pack packs the texts of keys where there are many: it looks whenever there are twice as many as before.
func (t *Groups) pack() {
	if t.packFrom == 0 || t.n < t.packFrom {
		return
	}
	t.packFrom = 2 * t.n
	for _, k := range t.keys {
		if k.Type.Layout() == column.LayoutView && !k.Packed() && mostlyLong(k) {
			k.Pack()
		}
	}
}

// mostlyLong reports whether a quarter of the texts of a column, or more, do not stand in their views. Those that do are found faster there, and take hardly more.
func mostlyLong(k *column.Vector) bool {
	long := 0
	for _, v := range k.Views() {
		if !v.Inline() {
			long++
		}
	}
	return long >= k.Len/4
}

// Len returns the number of groups ever made, deleted ones included: the next new key gets this number.
func (t *Groups) Len() int { return t.n }

// Live returns the number of groups that are not deleted.
func (t *Groups) Live() int { return t.index.used }

// Alive reports whether group g was not deleted.
func (t *Groups) Alive(g int) bool { return g>>6 >= len(t.dead) || !t.dead.Get(g) }

// Keys returns the key columns, in which row g is the key of group g. They are the table's own: read them only, and not across the next
// Lookup.
func (t *Groups) Keys() []*column.Vector { return t.keys }

// Hashes returns the hash of each group's key. It hashes all of them: whoever needs some of them asks once.
func (t *Groups) Hashes() []uint64 {
	list := make([]uint64, t.n)
	t.hasher.Hash(list, t.keys, nil)
	return list
}

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
	t.find(keys, rows, hash, out[:n])
}

// find is the part of a Lookup behind hashing. Slots are found for all rows before any key is compared: the loads of one loop overlap, which makes it a
// third faster than one loop that does both.
func (t *Groups) find(keys []*column.Vector, rows []int32, hash []uint64, out []int32) {
	fresh := t.probe(rows, hash, out)
	if len(fresh) > 0 {
		for i, k := range t.keys {
			k.AppendRows(keys[i], fresh)
		}
		t.pack()
	}
	// So far groups were told apart by hash alone. Compare the keys, column by column; a difference is rare.
	differ := t.differ[:0]
	for i, k := range t.keys {
		differ = appendDiffering(differ, keys[i], rows, k, out)
	}
	t.differ = differ
	for _, i := range differ {
		row := int(i)
		if rows != nil {
			row = int(rows[i])
		}
		out[i] = t.findOne(keys, row, hash[i])
	}
}

// probe gives each row the first group with the rank of its hash, or a new group. It returns the rows that made groups.
func (t *Groups) probe(rows []int32, hash []uint64, out []int32) []int32 {
	t.fresh = t.fresh[:0]
	for i := 0; ; i++ {
		if i += t.index.seek(hash[i:], out[i:]); i >= len(hash) {
			return t.fresh
		}
		out[i] = t.add(rows, i, rankOf(hash[i]))
	}
}

// add makes a group for row i of a Lookup, whose key is appended later.
func (t *Groups) add(rows []int32, i int, rank uint32) int32 {
	g := int32(t.n)
	t.n++
	t.index.insert(rank, g)
	row := int32(i)
	if rows != nil {
		row = rows[i]
	}
	t.fresh = append(t.fresh, row)
	return g
}

// findOne finds or makes the group of one row by comparing its key with that of every group of the same rank.
func (t *Groups) findOne(keys []*column.Vector, row int, h uint64) int32 {
	if g := t.seekOne(keys, row, h); g != None {
		return g
	}
	g := int32(t.n)
	t.n++
	t.index.insert(rankOf(h), g)
	t.one[0] = int32(row)
	for i, k := range t.keys {
		k.AppendRows(keys[i], t.one[:])
	}
	return g
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

// Delete forgets group g, which must live: its key, when it comes again, makes a new group.
func (t *Groups) Delete(g int) {
	t.one[0] = int32(g)
	t.hasher.Hash(t.single[:], t.keys, t.one[:])
	t.index.remove(rankOf(t.single[0]), int32(g))
	t.dead = t.dead.Grow(t.n)
	t.dead.Set(g)
}

// Reset forgets all groups and keeps the memory.
func (t *Groups) Reset() {
	for _, k := range t.keys {
		k.Reset()
	}
	t.index.reset()
	t.n, t.dead = 0, nil
}

// SizeBytes returns the memory that the table holds, in bytes.
func (t *Groups) SizeBytes() int {
	n := t.index.sizeBytes() + (cap(t.dead)+cap(t.hash))*8
	n += (cap(t.fresh) + cap(t.differ)) * 4
	for i, k := range t.keys {
		n += k.SizeBytes() + t.flat[i].SizeBytes()
	}
	return n + t.dict.sizeBytes()
}
