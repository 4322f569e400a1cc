package operator

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// The state is the sums from the beginning of partitions, as aggregate_state.go has them; a table "partitions" with the numbers so far; and the rows, those that
// wait marked as such.
func (o *overTime) partitionFields() []column.Field {
	var fields []column.Field
	for _, k := range o.op.Partition {
		fields = append(fields, o.in[k])
	}
	for _, name := range []string{"rows", "rank", "dense", "last"} {
		fields = append(fields, column.Field{Name: name, Type: column.Of(column.BigInt).Required()})
	}
	return fields
}

var waitsField = column.Field{Name: "waits", Type: column.Of(column.Boolean).Required()}

// overPartitions are the numbers so far as a table of checkpoints, by partition.
type overPartitions struct{ *overTime }

// Len implements [state.Tracked].
func (t overPartitions) Len() int { return len(t.last) }

// Alive implements [state.Tracked].
func (t overPartitions) Alive(g int32) bool { return t.eval.lasting.groups.Alive(int(g)) }

// CopyRows implements [state.Tracked].
func (t overPartitions) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	agg := t.eval.lasting
	for i, v := range agg.groups.Keys() {
		to.Cols[i].AppendRows(v, rows)
	}
	k := len(agg.keys)
	for _, g := range rows {
		so := &t.so[g]
		for i, x := range [...]int64{so.rows, so.rank, so.dense, t.last[g]} {
			column.Append(to.Cols[k+i], x)
		}
	}
	to.Len += len(rows)
	return agg.appendKeyGroups(groups, rows)
}

// rowTable is the rows as a table of checkpoints.
func (o *overTime) rowTable() keptRows {
	return keptRows{&o.held, shipped{keys: o.op.Partition, parts: o.number, more: func(rows []int32, to []*column.Vector) {
		for _, r := range rows {
			to[0].AppendBool(o.waits[r])
		}
	}}}
}

func (o *overTime) Snapshot(w *state.Writer) error {
	o.progress.snapshot(w)
	o.grow()
	agg, fields := o.eval.lasting, o.partitionFields()
	agg.snapshot(w, o.number)
	w.Track(&o.track, overPartitions{o}, "partitions", fields)
	o.idle.snapshot(w, agg.groups, fields[:len(agg.keys)], o.number)
	w.Track(&o.held.track, o.rowTable(), "rows", append(slices.Clone(o.in), waitsField))
	return nil
}

func (o *overTime) restore(r *state.Reader) error {
	agg := o.eval.lasting
	o.first = math.MaxInt64
	if err := agg.restore(r); err != nil {
		return err
	}
	o.grow()
	k := len(o.op.Partition)
	if t := r.Table("partitions"); t != nil && t.Rows.Rows() > 0 {
		if len(t.Rows.Cols) != k+4 {
			return fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the OVER was changed", t.Name, len(t.Rows.Cols), k+4)
		}
		ids := make([]int32, t.Rows.Rows())
		agg.groups.Lookup(t.Rows.Cols[:k], t.Rows.Sel, len(ids), ids)
		o.grow()
		long := func(c int) []int64 { return column.Values[int64](t.Rows.Cols[k+c]) }
		for i, g := range ids {
			row := t.Rows.Row(i)
			o.so[g], o.last[g] = overSoFar{long(0)[row], long(1)[row], long(2)[row]}, long(3)[row]
		}
		if inOrder(ids) {
			o.track.Resume(overPartitions{o}, t)
		}
	}
	if err := o.idle.restore(r, agg.groups); err != nil {
		return err
	}
	t := r.Table("rows")
	if t == nil || t.Rows.Rows() == 0 {
		return nil
	}
	if len(t.Rows.Cols) != len(o.in)+1 {
		return fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the OVER was changed", t.Name, len(t.Rows.Cols), len(o.in)+1)
	}
	owners := agg.lookup(t.Rows)
	o.grow()
	o.hold(t.Rows, nil, owners)
	for i := range t.Rows.Rows() {
		if isTrue(t.Rows.Cols[len(o.in)], t.Rows.Row(i)) {
			continue
		}
		o.waits[i] = false
		g := o.owner[i]
		o.waiting[g]--
		o.context[g] = append(o.context[g], int32(i))
	}
	o.held.track.Resume(o.rowTable(), t)
	times := o.timesHeld()
	if times == nil {
		return nil
	}
	for r, waits := range o.waits {
		if waits {
			o.first = min(o.first, times[r])
		}
	}
	for _, list := range o.context { // they left in the order of time
		slices.SortStableFunc(list, func(a, b int32) int { return cmp.Compare(times[a], times[b]) })
	}
	return nil
}

// busy reports whether a checkpoint is being copied of what has a row for each partition.
func (o *overTime) busy() bool { return o.eval.lasting.busy() || o.track.Busy() || o.idle.track.Busy() }

// compact gives the partitions new numbers, without those that are gone.
func (o *overTime) compact() error {
	o.track.Compact()
	o.idle.track.Compact()
	agg := o.eval.lasting
	moved := make([]int32, agg.groups.Len())
	n := int32(0)
	for g := range moved {
		if moved[g] = state.None; agg.groups.Alive(g) {
			moved[g] = n
			o.last[n], o.so[n], o.context[n], o.waiting[n] = o.last[g], o.so[g], o.context[g], o.waiting[g]
			n++
		}
	}
	clear(o.context[n:])
	o.last, o.so, o.context, o.waiting = o.last[:n], o.so[:n], o.context[:n], o.waiting[:n]
	o.idle.renumber(moved)
	for r, g := range o.owner {
		o.owner[r] = moved[g]
	}
	return agg.compact()
}
