package state

import (
	"fmt"

	"github.com/millstream/millstream/column"
)

// Fields are the columns of the table that Snapshot writes: those of a [Rows] with the same rows.
func (t *Latest) Fields() []column.Field { return rowFields(t.types, false, t.timed) }

// Snapshot writes the rows as a keyed table for a job with so many key groups.
func (t *Latest) Snapshot(w *Writer, name string, keyGroups int) {
	t.parts = max(keyGroups, 1)
	w.Track(&t.track, t, name, t.Fields())
}

// CopyRows implements [Tracked].
func (t *Latest) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	hashes := make([]uint64, len(rows))
	t.keys.HashRows(rows, hashes)
	for _, h := range hashes {
		groups = append(groups, int32(KeyGroup(h, t.parts)))
	}
	for c, p := range t.place {
		if p < 0 {
			to.Cols[c].AppendRows(t.keys.Keys()[^p], rows)
		} else {
			to.Cols[c].AppendRows(t.cols[p].v, t.cols[p].rows(rows, nil))
		}
	}
	if t.timed {
		column.AppendPicked(to.Cols[len(t.types)], t.since, rows)
	}
	to.Len += len(rows)
	return groups
}

// Restore takes in the rows that Snapshot wrote, which makes groups for their keys. The table and its groups must be empty. If it is not timed, times that rows had
// are left out.
func (t *Latest) Restore(r *Reader, name string) error {
	table := r.Table(name)
	if table == nil || table.Rows.Rows() == 0 {
		return nil
	}
	b := table.Rows
	if want := len(t.Fields()); len(b.Cols) != want && !(len(b.Cols) == want+1 && b.Cols[want].Type.Equal(SinceField.Type) && !t.timed) {
		return fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the operator was changed", name, len(b.Cols), want)
	}
	n := b.Rows()
	rows, groups := make([]int32, n), make([]int32, n)
	for i := range rows {
		rows[i], groups[i] = int32(b.Row(i)), int32(i)
	}
	keys := make([]*column.Vector, len(t.keyed))
	for i, c := range t.keyed {
		keys[i] = b.Cols[c]
	}
	if b.Sel != nil || !t.keys.Load(keys, n, table.Resumable()) {
		t.keys.Lookup(keys, rows, n, groups)
		rows, groups = lastOf(rows, groups, t.keys.Len())
	}
	t.Put(groups, b.Cols[:len(t.types)], rows, 0)
	if t.timed {
		since := column.Values[int64](b.Cols[len(t.types)])
		for i, g := range groups {
			t.since[g] = since[rows[i]]
		}
	}
	if t.order != nil {
		t.order.Load(t.since)
	}
	if len(groups) == b.Len && inOrder(groups) && inOrder(rows) {
		t.track.Resume(t, table)
	}
	return nil
}

// lastOf gives each of n groups the last of its rows.
func lastOf(rows, groups []int32, n int) (last, each []int32) {
	last, each = make([]int32, n), make([]int32, n)
	for i, g := range groups {
		last[g], each[g] = rows[i], g
	}
	return last, each
}

// inOrder reports whether a list is 0, 1, …
func inOrder(list []int32) bool {
	for i, x := range list {
		if int(x) != i {
			return false
		}
	}
	return true
}
