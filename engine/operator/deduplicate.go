package operator

import (
	"fmt"
	"math"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

func newDeduplicate(op *graph.Deduplicate, in []column.Field) (Operator, error) {
	if op.Time >= len(in) || op.Time >= 0 && !isTime(in[op.Time].Type) {
		return nil, fmt.Errorf("column %d is no TIMESTAMP", op.Time)
	}
	switch {
	case op.Last:
		return &lastRows{op: op, keyedRows: newKeyedRows(in, op.Keys, nil)}, nil
	case op.Time < 0:
		var fields []column.Field
		var keys []int
		for i, k := range op.Keys {
			fields, keys = append(fields, in[k]), append(keys, i)
		}
		return &firstRows{op: op, keyedRows: newKeyedRows(fields, keys, nil)}, nil
	}
	return newEarliestRows(op, in), nil
}

func onlyInserts(b *column.Batch) error {
	if !appended(b) {
		return fmt.Errorf("deduplication cannot take back rows: the first or last of those left is not known")
	}
	return nil
}

// lastRows keeps the last row of each key, by event time or by arrival: what comes replaces what is there unless it is older. A row of the same
// time is not. Rows that the watermark has passed count too.
type lastRows struct {
	Base
	keyedRows
	op    *graph.Deduplicate
	times timeColumn

	now []int64 // by group: the time of its row; none where arrival counts
	sel []int32
	new []int32 // by row of sel, its group
}

func (o *lastRows) Open(c *Context) error {
	if o.op.Time >= 0 {
		o.times.field = o.in[o.op.Time]
	}
	if err := o.open(c, 0); err != nil {
		return err
	}
	o.index()
	return nil
}

// index finds the time of each group's row.
func (o *lastRows) index() {
	if o.op.Time < 0 {
		return
	}
	o.now = o.now[:0]
	o.grow()
	v, byGroup := o.rows.Column(o.op.Time)
	times := o.times.millis(v)
	for g := range o.now {
		switch r := o.rows.First(int32(g)); {
		case r == state.None:
		case byGroup:
			o.now[g] = times[g]
		default:
			o.now[g] = times[r]
		}
	}
}

func (o *lastRows) grow() {
	for len(o.now) < o.groups.Len() {
		o.now = append(o.now, math.MinInt64)
	}
}

func (o *lastRows) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	if err := onlyInserts(b); err != nil {
		return err
	}
	var times []int64
	if o.op.Time >= 0 {
		var err error
		if times, err = o.times.of(b, o.op.Time); err != nil {
			return err
		}
	}
	now := o.renew()
	ids := o.lookup(b)
	if times != nil {
		o.grow()
	}
	o.sel, o.new = o.sel[:0], o.new[:0]
	for i, g := range ids {
		r := b.Row(i)
		if times != nil {
			if times[r] < o.now[g] {
				continue
			}
			o.now[g] = times[r]
		}
		o.sel, o.new = append(o.sel, int32(r)), append(o.new, g)
	}
	if len(o.sel) == 0 {
		return nil
	}
	next := o.rows.Append(b.Cols, o.sel, len(o.sel), now)
	for _, g := range o.new {
		if before := o.rows.First(g); before == state.None {
			o.out.add(next, column.Insert)
		} else {
			if o.op.UpdateBefore {
				o.out.add(before, column.UpdateBefore)
			}
			o.out.add(next, column.UpdateAfter)
			o.rows.Remove(before) // its values stay where they are
		}
		o.rows.Link(next, g)
		next++
	}
	err := o.out.emit(o.rows, out)
	o.arm()
	return err
}

// renew is tidy with what is known by group brought up to date.
func (o *lastRows) renew() int64 {
	n, live := o.rows.Len(), o.rows.Live()
	now := o.tidy()
	if o.sparse() {
		o.regroup()
		o.index()
	} else if o.rows.Len() != n || o.rows.Live() != live {
		o.index()
	}
	return now
}

func (o *lastRows) Timer(time.Time, Output) error {
	o.armed = false
	o.renew()
	o.arm()
	return nil
}

// SizeBytes implements [Sizer].
func (o *lastRows) SizeBytes() int {
	return o.keyedRows.sizeBytes() + cap(o.now)*8
}

func (o *lastRows) Snapshot(w *state.Writer) error {
	o.rows.Snapshot(w, "rows", o.number)
	return nil
}

// firstRows keeps the first row of each key by arrival: it passes rows whose key is new. It remembers keys; in the table of rows they are only for the
// sake of their time to live.
type firstRows struct {
	Base
	keyedRows
	op    *graph.Deduplicate
	fresh []bool        // by new group: a row has passed
	track state.Tracker // without a time to live
	sel   []int32
	cut   column.Batch
}

func (o *firstRows) Open(c *Context) error {
	if err := o.open(c, 0); err != nil {
		return err
	}
	if o.ttl > 0 {
		return nil
	}
	if t := c.Restore.Table("keys"); t != nil && t.Rows.Rows() > 0 {
		if len(t.Rows.Cols) != len(o.keys) {
			return fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the operator was changed", t.Name, len(t.Rows.Cols), len(o.keys))
		}
		if t.Rows.Sel != nil || !o.groups.Load(t.Rows.Cols, t.Rows.Len, t.Resumable()) {
			o.lookup(t.Rows)
		}
		o.track.Resume(seenKeys{o}, t)
	}
	return nil
}

// seenKeys are the keys of firstRows as a table.
type seenKeys struct{ *firstRows }

func (t seenKeys) Len() int           { return t.groups.Len() }
func (t seenKeys) Alive(g int32) bool { return t.groups.Alive(int(g)) }

func (t seenKeys) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	for i, k := range t.groups.Keys() {
		to.Cols[i].AppendRows(k, rows)
	}
	to.Len += len(rows)
	hashes := make([]uint64, len(rows))
	t.groups.HashRows(rows, hashes)
	for _, h := range hashes {
		groups = append(groups, int32(state.KeyGroup(h, max(t.number, 1))))
	}
	return groups
}

func (o *firstRows) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	if err := onlyInserts(b); err != nil {
		return err
	}
	now := o.tidy()
	if o.sparse() {
		o.regroup()
	}
	o.cut.Cols = o.cut.Cols[:0]
	for _, k := range o.op.Keys {
		o.cut.Cols = append(o.cut.Cols, b.Cols[k])
	}
	known := o.groups.Len()
	o.cut = column.Batch{Len: b.Len, Cols: o.cut.Cols, Sel: b.Sel}
	ids := o.lookup(&o.cut)
	o.fresh = o.fresh[:0]
	for range o.groups.Len() - known {
		o.fresh = append(o.fresh, true)
	}
	o.sel = o.sel[:0]
	for i, g := range ids {
		if at := int(g) - known; at >= 0 && o.fresh[at] {
			o.fresh[at] = false
			o.sel = append(o.sel, int32(b.Row(i)))
		}
	}
	if len(o.sel) == 0 {
		return nil
	}
	if o.ttl > 0 {
		first := o.rows.Append(nil, nil, len(o.fresh), now)
		for i := range o.fresh {
			o.rows.Link(first+int32(i), int32(known+i))
		}
		o.arm()
	}
	o.cut = column.Batch{Len: b.Len, Cols: append(o.cut.Cols[:0], b.Cols...), Sel: o.sel, Times: b.Times}
	return out.Emit(&o.cut)
}

func (o *firstRows) Timer(time.Time, Output) error {
	o.expire()
	return nil
}

// SizeBytes implements [Sizer].
func (o *firstRows) SizeBytes() int {
	return o.keyedRows.sizeBytes()
}

func (o *firstRows) Snapshot(w *state.Writer) error {
	if o.ttl > 0 {
		o.rows.Snapshot(w, "rows", o.number)
		return nil
	}
	w.Track(&o.track, seenKeys{o}, "keys", o.in)
	return nil
}
