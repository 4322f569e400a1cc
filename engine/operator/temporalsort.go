package operator

import (
	"fmt"
	"math"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// temporalSort orders a stream by time, and rows of the same time by keys; rows that are alike stay in the order in which they came. With event time it emits
// what the watermark has passed and drops rows that come later; with processing time it emits the rows of a millisecond when that is over.
type temporalSort struct {
	Base
	op *graph.TemporalSort
	in []column.Field
	progress
	held     heldRows
	keys     []kernel.SortKey
	sorter   kernel.Sorter
	first    int64 // the earliest time held
	missed   missedRows
	clock    func() time.Time
	setTimer func(time.Time)
	since    int64 // processing time of the rows held

	times timeColumn
	rows  []int32
	out   *column.Batch
}

func newTemporalSort(op *graph.TemporalSort, in []column.Field) (*temporalSort, error) {
	if op.Time >= len(in) || op.Time >= 0 && !isTime(in[op.Time].Type) {
		return nil, fmt.Errorf("column %d is no TIMESTAMP", op.Time)
	}
	o := &temporalSort{op: op, in: in, held: newHeldRows(in), out: column.NewBatch(in, 0)}
	if op.Time >= 0 {
		o.times.field = in[op.Time]
		o.keys = append(o.keys, kernel.SortKey{Column: op.Time})
	}
	for _, k := range op.Keys {
		switch in[k.Column].Type.Layout() {
		case column.LayoutList, column.LayoutStruct:
			return nil, fmt.Errorf("sort: column %s is of type %s, which has no order", in[k.Column].Name, in[k.Column].Type)
		}
		o.keys = append(o.keys, kernel.SortKey{Column: k.Column, Desc: k.Descending, NullsFirst: !k.NullsLast})
	}
	return o, nil
}

func (o *temporalSort) Open(c *Context) error {
	o.progress.open(c)
	o.clock, o.setTimer, o.first = c.Now, c.SetTimer, math.MaxInt64
	o.missed.open(c)
	if t := c.Restore.Table("rows"); t != nil && t.Rows.Rows() > 0 {
		o.held.add(t.Rows, nil)
		o.held.track.Resume(keptRows{heldRows: &o.held}, t)
		if o.op.Time < 0 {
			o.wait()
			return nil
		}
		o.earliest()
	}
	return nil
}

// wait sets a timer for the end of the millisecond.
func (o *temporalSort) wait() {
	o.since = o.clock().UnixMilli()
	o.setTimer(time.UnixMilli(o.since + 1))
}

// earliest finds the earliest time held.
func (o *temporalSort) earliest() {
	o.first = math.MaxInt64
	for i, t := range o.times.millis(o.held.rows.Cols[o.op.Time]) {
		if !o.held.holes[i] {
			o.first = min(o.first, t)
		}
	}
}

func (o *temporalSort) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	if !appended(b) {
		return fmt.Errorf("a sort by time cannot take back rows")
	}
	if o.op.Time < 0 {
		if o.held.rows.Len > 0 && o.clock().UnixMilli() > o.since {
			if err := o.flush(out); err != nil {
				return err
			}
		}
		if o.held.rows.Len == 0 {
			o.wait()
		}
		o.held.add(b, nil)
		return nil
	}
	times, err := o.times.of(b, o.op.Time)
	if err != nil {
		return err
	}
	o.rows, o.missed.rows = o.rows[:0], o.missed.rows[:0]
	for i := range b.Rows() {
		r := b.Row(i)
		if times[r] <= o.now {
			o.missed.rows = append(o.missed.rows, int32(r))
			continue
		}
		o.first = min(o.first, times[r])
		o.rows = append(o.rows, int32(r))
	}
	if err := o.missed.drop(0, b, o.missed.rows, o.now); err != nil {
		return err
	}
	if len(o.rows) > 0 {
		o.held.add(b, o.rows)
	}
	return nil
}

func (o *temporalSort) Watermark(t int64, out Output) error {
	if o.op.Time < 0 || !o.advance(t) || t < o.first {
		return nil
	}
	times := o.times.millis(o.held.rows.Cols[o.op.Time])
	o.rows = o.rows[:0]
	o.first = math.MaxInt64
	for r, x := range times {
		switch {
		case o.held.holes[r]:
		case x <= t:
			o.rows = append(o.rows, int32(r))
		default:
			o.first = min(o.first, x)
		}
	}
	return o.emit(o.rows, out)
}

// emit sorts and emits rows, which it drops.
func (o *temporalSort) emit(rows []int32, out Output) error {
	o.sorter.Sort(rows, o.held.rows.Cols, o.keys)
	for from := 0; from < len(rows); from += ChunkRows {
		takeRows(o.out, o.held.rows, rows[from:min(from+ChunkRows, len(rows))])
		if err := out.Emit(o.out); err != nil {
			return err
		}
	}
	o.held.dropAll(rows)
	switch {
	case o.held.gone == o.held.rows.Len:
		o.out.Reset()
		o.held.reset()
	case o.held.gone > o.held.rows.Len/2 && !o.held.track.Busy(): // what is held is looked through at each watermark
		o.out.Reset()
		o.held.compact()
	}
	return nil
}

// flush emits all rows.
func (o *temporalSort) flush(out Output) error {
	o.rows = first(o.rows[:0], o.held.rows.Len)
	return o.emit(o.rows, out)
}

func (o *temporalSort) Timer(_ time.Time, out Output) error {
	if o.op.Time < 0 && o.held.rows.Len > 0 && o.clock().UnixMilli() > o.since {
		return o.flush(out)
	}
	return nil
}

func (o *temporalSort) EndInput(_ int, out Output) error { return o.flush(out) }

// SizeBytes implements [Sizer].
func (o *temporalSort) SizeBytes() int {
	return o.held.sizeBytes()
}

func (o *temporalSort) Snapshot(w *state.Writer) error {
	o.progress.snapshot(w)
	w.Track(&o.held.track, keptRows{heldRows: &o.held}, "rows", o.in)
	return nil
}
