package state

import "github.com/millstream/millstream/column"

// spare is how many dead rows a table may have whatever the number of its living ones.
const spare = 1 << 12

// Wasteful reports whether so many rows are dead that Compact is worth its time. That of a table of which a checkpoint is being copied is put off.
func (t *Rows) Wasteful() bool { return t.n-t.live > t.live/2+spare && !t.track.Busy() }

// Busy reports whether a checkpoint is being copied, which Compact would have to finish first.
func (t *Rows) Busy() bool { return t.track.Busy() }

// Touch is called before the marks of rows change that were there at the last checkpoint.
func (t *Rows) Touch(r int32) { t.track.TouchRow(r) }

// Compact drops dead rows. It returns the new number of each old row, None for those dropped.
func (t *Rows) Compact() []int32 {
	moved, groups := t.pack()
	t.relink(groups)
	return moved
}

// pack is Compact but for the lists, which are to be made anew of the rows' groups.
func (t *Rows) pack() (moved, groups []int32) {
	t.track.Compact()
	moved = make([]int32, t.n)
	kept := make([]int32, 0, t.live)
	for r := range moved {
		moved[r] = None
		if linked := t.lists.owner(int32(r)) >= 0; linked && !t.dead.Get(r) {
			moved[r] = int32(len(kept))
			kept = append(kept, int32(r))
		} else if !linked && t.texts { // it was never linked, nor removed
			t.gone = append(t.gone, int32(r))
		}
	}
	t.Settle()
	for i := range t.cols {
		t.cols[i].keep(kept, len(kept)+len(kept)/2) // so many there will be when it is worth its time again
	}
	if t.spec.Identity != nil {
		t.index.compact(moved, kept)
	}
	for i, r := range kept {
		if t.spec.Marks {
			t.Marks[i] = t.Marks[r]
		}
		if t.spec.Timed {
			t.since[i] = t.since[r]
		}
	}
	n := len(kept)
	groups = t.lists.groups(kept)
	t.n, t.dead, t.old = n, column.MakeBitmap(n), 0
	if t.spec.Marks {
		t.Marks = shrink(t.Marks, n)
	}
	if t.spec.Timed {
		t.since = shrink(t.since, n)
	}
	return moved, groups
}

// shrink cuts a list to its first n elements, and lets memory go if most of it is free.
func shrink[T any](list []T, n int) []T {
	if cap(list) > 4*n+spare {
		return append(make([]T, 0, n+n/4), list[:n]...)
	}
	return list[:n]
}

// relink builds the lists anew from the rows' groups.
func (t *Rows) relink(groups []int32) {
	t.lists.reset(groups)
	t.live = len(groups)
	for r, g := range groups {
		t.lists.add(int32(r), g, len(groups), t.dead)
	}
}

// compact renumbers rows: chains and slots keep their order without a look at values.
func (x *rowIndex) compact(moved, kept []int32) {
	for _, r := range kept { // from the oldest on: what stands before is renumbered already and not read again
		older := x.rows.Older(r)
		if older != None {
			older = moved[older]
		}
		i := moved[r]
		x.older(i, older)
	}
	for _, r := range kept {
		x.hash[moved[r]] = x.hash[r]
	}
	for s, w := range x.slots {
		if w != 0 {
			x.slots[s] = w>>32<<32 | uint64(uint32(moved[uint32(w)]))
		}
	}
	x.hash = shrink(x.hash, len(kept))
	x.same = shrink(x.all, len(kept))
	x.all = nil
}

// older notes the chain of new row i in memory of its own, since the old chains are still walked.
func (x *rowIndex) older(i, older int32) {
	if i == 0 {
		x.all = make([]int32, 0, x.rows.live)
	}
	x.all = append(x.all, older)
}

// Regroup drops deleted groups and dead rows of the tables that share them. It returns the new number of each old row, by table, and of each old group; None for
// those that are gone.
func Regroup(keys *Groups, tables ...*Rows) (rows [][]int32, groups []int32) {
	owners := make([][]int32, len(tables))
	for i, t := range tables {
		var moved []int32
		moved, owners[i] = t.pack()
		rows = append(rows, moved)
	}
	groups = keys.Compact()
	for i, t := range tables {
		for r, g := range owners[i] {
			owners[i][r] = groups[g]
		}
		t.relink(owners[i])
		t.order.Renumber(groups)
	}
	return rows, groups
}

// Compact drops deleted groups and numbers the others anew, in their order. It returns the new number of each old group, None for those that
// were deleted.
func (t *Groups) Compact() []int32 {
	n := t.n
	moved, kept := make([]int32, n), make([]int32, 0, t.index.used)
	for g := range n {
		moved[g] = None
		if t.Alive(g) {
			moved[g] = int32(len(kept))
			kept = append(kept, int32(g))
		}
	}
	for i, k := range t.keys {
		v := column.NewVector(k.Type, 0)
		if k.Packed() {
			v.Pack()
		}
		v.Reserve(len(kept))
		if len(kept) > 0 {
			v.AppendRows(k, kept)
		}
		t.keys[i] = v
	}
	t.index.renumber(moved)
	t.n, t.dead = len(kept), nil
	return moved
}
