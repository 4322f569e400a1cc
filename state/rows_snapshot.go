package state

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/millstream/millstream/column"
)

// SinceField is the last column of a table whose rows have the time of their coming, in milliseconds.
var SinceField = column.Field{Name: "since", Type: column.Of(column.BigInt).Required()}

// Fields are the columns of the table that Snapshot writes: a row's, then its mark and its time where the table has them.
func (t *Rows) Fields() []column.Field { return rowFields(t.spec.Types, t.spec.Marks, t.spec.Timed) }

func rowFields(types []column.Type, marks, timed bool) []column.Field {
	var list []column.Field
	for i, typ := range types {
		list = append(list, column.Field{Name: fmt.Sprintf("column-%d", i), Type: typ})
	}
	if marks {
		list = append(list, column.Field{Name: "mark", Type: column.Of(column.Int).Required()})
	}
	if timed {
		list = append(list, SinceField)
	}
	return list
}

// Snapshot writes the living rows, in their order, as a keyed table for a job with so many key groups.
func (t *Rows) Snapshot(w *Writer, name string, keyGroups int) {
	t.parts = max(keyGroups, 1)
	w.Track(&t.track, t, name, t.Fields())
}

// CopyRows implements [Tracked].
func (t *Rows) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	width := len(t.spec.Types)
	owners, hashes := make([]int32, len(rows)), make([]uint64, len(rows))
	for i, r := range rows {
		owners[i] = t.lists.owner(r)
	}
	t.keys.HashRows(owners, hashes)
	for _, h := range hashes {
		groups = append(groups, int32(KeyGroup(h, t.parts)))
	}
	for c, p := range t.place {
		if p < 0 {
			to.Cols[c].AppendRows(t.keys.Keys()[^p], owners)
		} else {
			to.Cols[c].AppendRows(t.cols[p].v, rows)
		}
	}
	if t.spec.Marks {
		column.AppendPicked(to.Cols[width], t.Marks, rows)
	}
	if t.spec.Timed {
		column.AppendPicked(to.Cols[len(to.Cols)-1], t.since, rows)
	}
	to.Len += len(rows)
	return groups
}

// Restore takes in the rows that Snapshot wrote, which makes groups for their keys. The table must be empty.
func (t *Rows) Restore(r *Reader, name string) error {
	table := r.Table(name)
	if table == nil || table.Rows.Rows() == 0 {
		return nil
	}
	b := table.Rows
	if want := len(t.Fields()); len(b.Cols) != want {
		return fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the operator was changed", name, len(b.Cols), want)
	}
	rows := make([]int32, b.Rows())
	for i := range rows {
		rows[i] = int32(b.Row(i))
	}
	width := len(t.spec.Types)
	if t.spec.Timed { // rows of several subtasks stand behind each other
		since := column.Values[int64](b.Cols[len(b.Cols)-1])
		slices.SortStableFunc(rows, func(x, y int32) int { return cmp.Compare(since[x], since[y]) })
	}
	keys := make([]*column.Vector, len(t.spec.Keys))
	for i, c := range t.spec.Keys {
		keys[i] = b.Cols[c]
	}
	groups := make([]int32, len(rows))
	t.keys.Lookup(keys, rows, len(rows), groups)
	first := t.Append(b.Cols[:width], rows, len(rows), 0)
	var hash []uint64
	if t.spec.Identity != nil {
		hash = make([]uint64, len(rows))
		t.Hash(b.Cols, rows, hash)
	}
	for i, from := range rows {
		to := first + int32(i)
		t.Link(to, groups[i])
		if hash != nil {
			t.Index(to, t.Find(b.Cols, int(from), groups[i], hash[i]), hash[i])
		}
		if t.spec.Marks {
			t.Marks[to] = column.Values[int32](b.Cols[width])[from]
		}
		if t.spec.Timed {
			t.since[to] = column.Values[int64](b.Cols[len(b.Cols)-1])[from]
		}
	}
	if slices.IsSorted(rows) {
		t.track.Resume(t, table)
	}
	return nil
}
