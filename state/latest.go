package state

import (
	"slices"

	"github.com/millstream/millstream/column"
)

// Latest holds one row for each group of a [Groups], in columns in which it stands under the number of its group: nothing leads from a group to its row or
// back, and a row that replaces another is written over it. Key columns are not stored twice: they are those of the groups.
//
// Each living group has a row: whoever looks up keys puts rows in for those that are new, and deletes groups by Drop.
type Latest struct {
	types  []column.Type
	keyed  []int // the columns that are the key, in the order of the groups' keys
	keys   *Groups
	place  []int // by column of a row: its position in cols, or ^k for key column k
	cols   []cells
	n      int      // groups that have rows
	timed  bool     // rows have the time of their coming and are over by it
	since  []int64  // by group: when its row came; only if timed
	cursor int      // Expire goes on from here
	order  *Recency // groups, by when their row came; nil unless Order was called
	track  Tracker
	parts  int // key groups, of CopyRows

	picks column.Picks
	old   []int32
}

// NewLatest returns an empty table of rows of some types, of which the columns keyed are the groups' keys. timed asks for rows that Expire can tell the
// age of.
func NewLatest(keys *Groups, types []column.Type, keyed []int, timed bool) *Latest {
	t := &Latest{types: types, keyed: keyed, keys: keys, place: make([]int, len(types)), timed: timed}
	for c, typ := range types {
		if k := slices.Index(keyed, c); k >= 0 {
			t.place[c] = ^k
			continue
		}
		t.place[c] = len(t.cols)
		t.cols = append(t.cols, makeOverwritten(typ))
	}
	return t
}

// Order keeps the groups in the order in which their rows came, for Evict. The table must be empty and timed.
func (t *Latest) Order() { t.order = &Recency{} }

// Len returns the number of groups that have ever had a row: those of greater numbers are new.
func (t *Latest) Len() int { return t.n }

// Alive implements [Tracked].
func (t *Latest) Alive(g int32) bool { return t.keys.Alive(int(g)) }

// Over reports whether the row of group g came before a time, so that it does not count any more.
func (t *Latest) Over(g int32, before int64) bool { return t.timed && t.since[g] < before }

// Busy reports whether a checkpoint is being copied, which Compact would have to finish first.
func (t *Latest) Busy() bool { return t.track.Busy() }

// Put makes row rows[i] of columns the row of group groups[i], for all i, over what was there. The groups differ, and all that are new are among them. now
// is the time of the rows.
func (t *Latest) Put(groups []int32, cols []*column.Vector, rows []int32, now int64) {
	known := int32(t.n)
	if t.track.On() {
		t.old = t.old[:0]
		for _, g := range groups {
			if g < known {
				t.old = append(t.old, g)
			}
		}
		t.track.Touch(t.old)
	}
	t.n = t.keys.Len()
	for c, p := range t.place {
		if p >= 0 {
			t.cols[p].put(cols[c], rows, groups, t.n)
		}
	}
	if t.timed {
		t.since = extend(t.since, t.n-len(t.since), now)
		for _, g := range groups {
			t.since[g] = now
		}
	}
	if t.order != nil {
		for _, g := range groups {
			t.order.Touch(g, 0)
		}
	}
}

// Take gathers the rows of groups into empty vectors, one for each column, nil where it is not needed. Long values are borrowed until the next Put.
func (t *Latest) Take(groups []int32, to []*column.Vector) {
	for c, v := range to {
		switch p := t.place[c]; {
		case v == nil:
		case p < 0:
			t.picks.Rows = append(t.picks.Rows[:0], groups...)
			t.picks.Prepare()
			t.picks.Take(v, t.keys.Keys()[^p])
		default:
			t.picks.Rows = t.cols[p].rows(groups, t.picks.Rows[:0])
			t.picks.Prepare()
			t.picks.Take(v, t.cols[p].v)
		}
	}
}

// At returns column c of the rows and where in it the value of group g stands. The column is the table's own: it changes with the next Put.
func (t *Latest) At(c int, g int32) (*column.Vector, int) {
	p := t.place[c]
	if p < 0 {
		return t.keys.Keys()[^p], int(g)
	}
	return t.cols[p].v, t.cols[p].at(g)
}

// Same reports whether the row of group g is the same as row i of columns, all columns but the key compared as keys are.
func (t *Latest) Same(g int32, cols []*column.Vector, i int) bool {
	for c, p := range t.place {
		if p >= 0 && !Same(cols[c], i, t.cols[p].v, t.cols[p].at(g)) {
			return false
		}
	}
	return true
}

// Drop deletes a group and its row.
func (t *Latest) Drop(g int32) {
	if int(g) < t.n {
		t.track.TouchRow(g)
		for i := range t.cols {
			t.cols[i].drop(g)
		}
	}
	if t.order != nil {
		t.order.Remove(g)
	}
	t.keys.Delete(int(g))
}

// Evict drops the groups whose rows came before those of all others until so many are left, and returns how many it has dropped. The table has its Order.
func (t *Latest) Evict(most int) int {
	n := max(t.order.Len()-most, 0)
	for range n {
		g, _, _ := t.order.Oldest()
		t.Drop(g)
	}
	return n
}

// Expire looks through so many groups, from where it stopped on, and drops those whose rows came before a time. It returns how many it has looked at: none
// if there are none, and fewer than asked for at the last group, behind which it begins again.
func (t *Latest) Expire(before int64, limit int) int {
	from := t.cursor
	for ; t.cursor < t.n && t.cursor-from < limit; t.cursor++ {
		if g := int32(t.cursor); t.since[g] < before && t.Alive(g) {
			t.Drop(g)
		}
	}
	seen := t.cursor - from
	if t.cursor >= t.n {
		t.cursor = 0
	}
	return seen
}

// Compact forgets the groups that are deleted and numbers the others anew, in their order.
func (t *Latest) Compact() {
	t.track.Compact()
	kept := make([]int32, 0, t.keys.Live())
	for g := range int32(t.n) {
		if t.Alive(g) {
			kept = append(kept, g)
		}
	}
	moved := t.keys.Compact()
	if t.order != nil {
		t.order.Renumber(moved)
	}
	for i := range t.cols {
		t.cols[i].keep(kept, len(kept)+len(kept)/8)
	}
	if t.timed {
		for i, g := range kept {
			t.since[i] = t.since[g]
		}
		t.since = shrink(t.since, len(kept))
	}
	t.n, t.cursor = len(kept), 0
}

// SizeBytes returns the memory that the table holds, in bytes, without that of its groups.
func (t *Latest) SizeBytes() int {
	n := cap(t.since)*8 + (cap(t.picks.Rows)+cap(t.old))*4 + t.track.SizeBytes()
	for i := range t.cols {
		n += t.cols[i].sizeBytes()
	}
	if t.order != nil {
		n += t.order.SizeBytes()
	}
	return n
}
