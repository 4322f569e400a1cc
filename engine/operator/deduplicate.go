package operator

import (
	"fmt"
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
		return &lastRows{op: op, latestRows: newLatestRows(in, op.Keys)}, nil
	case op.Time < 0:
		var fields []column.Field
		var keys []int
		for i, k := range op.Keys {
			fields, keys = append(fields, in[k]), append(keys, i)
		}
		return &firstRows{op: op, latestRows: newLatestRows(fields, keys)}, nil
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
	latestRows
	op    *graph.Deduplicate
	times timeColumn
	sel   []int32 // by group of new, its last row in the batch
	new   []int32
}

func (o *lastRows) Open(c *Context) error {
	if o.op.Time >= 0 {
		o.times.field = o.in[o.op.Time]
	}
	return o.open(c)
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
	o.begin(b)
	ids := o.lookup(b)
	o.heads.begin(len(ids))
	for i, g := range ids {
		r := int32(b.Row(i))
		head := o.heads.of(g)
		switch before := head.row; {
		case before >= 0:
			if times != nil && times[r] < times[before] {
				continue
			}
			if o.op.UpdateBefore {
				o.out.add(before, column.UpdateBefore)
			}
			o.out.add(r, column.UpdateAfter)
		case o.holds(g):
			if times != nil && times[r] < o.times.at(o.rows.At(o.op.Time, g)) {
				continue
			}
			if o.op.UpdateBefore {
				o.out.addStored(g, column.UpdateBefore)
			}
			o.out.add(r, column.UpdateAfter)
		default:
			o.out.add(r, column.Insert)
		}
		head.row = r
	}
	err := o.out.emit(b, o.rows, out)
	o.new, o.sel = o.heads.rows(o.new[:0], o.sel[:0])
	o.rows.Put(o.new, b.Cols, o.sel, o.now)
	o.evict()
	return err
}

func (o *lastRows) Timer(time.Time, Output) error {
	o.expire()
	return nil
}

// SizeBytes implements [Sizer].
func (o *lastRows) SizeBytes() int { return o.sizeBytes() + (cap(o.sel)+cap(o.new))*4 }

func (o *lastRows) Snapshot(w *state.Writer) error {
	o.rows.Snapshot(w, "rows", o.number)
	return nil
}

// firstRows keeps the first row of each key by arrival: it passes rows whose key is new. It remembers keys; in the table of rows they are only for the
// sake of their time to live, or of their order.
type firstRows struct {
	Base
	latestRows
	op    *graph.Deduplicate
	fresh []bool        // by new group: a row has passed; where keys are kept for ever
	track state.Tracker // the same
	sel   []int32
	new   []int32
	cut   column.Batch
}

func (o *firstRows) Open(c *Context) error {
	if err := o.open(c); err != nil {
		return err
	}
	if o.timed() {
		return o.restoreSeen(c)
	}
	o.groups.PackTexts(packTexts)
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

// restoreSeen takes in keys that were kept for ever and have a bound now: their first rows count as if they came now.
func (o *firstRows) restoreSeen(c *Context) error {
	t := c.Restore.Table("keys")
	if t == nil || t.Rows.Rows() == 0 {
		return nil
	}
	if len(t.Rows.Cols) != len(o.keys) {
		return fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the operator was changed", t.Name, len(t.Rows.Cols), len(o.keys))
	}
	rows := make([]int32, t.Rows.Rows())
	for i := range rows {
		rows[i] = int32(t.Rows.Row(i))
	}
	o.rows.Put(o.lookup(t.Rows), t.Rows.Cols, rows, c.Now().UnixMilli())
	o.evict()
	if o.sweep.ttl > 0 {
		o.sweep.arm()
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
	o.begin(b)
	o.cut.Cols = o.cut.Cols[:0]
	for _, k := range o.op.Keys {
		o.cut.Cols = append(o.cut.Cols, b.Cols[k])
	}
	known := o.groups.Len()
	o.cut = column.Batch{Len: b.Len, Cols: o.cut.Cols, Sel: b.Sel}
	ids := o.lookup(&o.cut)
	o.sel = o.sel[:0]
	if o.timed() {
		o.firstOrOver(b, ids)
	} else {
		o.first(b, ids, known)
	}
	if len(o.sel) == 0 {
		return nil
	}
	o.cut = column.Batch{Len: b.Len, Cols: append(o.cut.Cols[:0], b.Cols...), Sel: o.sel, Times: b.Times}
	return out.Emit(&o.cut)
}

// first finds the rows of keys that are new.
func (o *firstRows) first(b *column.Batch, ids []int32, known int) {
	o.fresh = o.fresh[:0]
	for range o.groups.Len() - known {
		o.fresh = append(o.fresh, true)
	}
	for i, g := range ids {
		if at := int(g) - known; at >= 0 && o.fresh[at] {
			o.fresh[at] = false
			o.sel = append(o.sel, int32(b.Row(i)))
		}
	}
}

// firstOrOver finds the rows of keys that are new or whose first row is too long ago, and notes that they came now.
func (o *firstRows) firstOrOver(b *column.Batch, ids []int32) {
	o.new = o.new[:0]
	o.heads.begin(len(ids))
	for i, g := range ids {
		if head := o.heads.of(g); head.row == state.None && !o.holds(g) {
			head.row = int32(b.Row(i))
			o.sel, o.new = append(o.sel, head.row), append(o.new, g)
		}
	}
	o.rows.Put(o.new, o.cut.Cols, o.sel, o.now)
	o.evict()
}

func (o *firstRows) Timer(time.Time, Output) error {
	o.expire()
	return nil
}

// SizeBytes implements [Sizer].
func (o *firstRows) SizeBytes() int {
	return o.sizeBytes() + cap(o.fresh) + (cap(o.sel)+cap(o.new))*4
}

func (o *firstRows) Snapshot(w *state.Writer) error {
	if o.timed() {
		o.rows.Snapshot(w, "rows", o.number)
		return nil
	}
	w.Track(&o.track, seenKeys{o}, "keys", o.in)
	return nil
}
