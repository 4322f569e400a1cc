package operator

import (
	"fmt"
	"math"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

var _ Drainer = (*windowPartial)(nil)

// windowPartial aggregates by slice before an exchange. It emits, when a slice is complete or much is held, the keys, the states of the calls
// and the end of the slice, in milliseconds of local time as BIGINT; nothing of it outlives a barrier.
type windowPartial struct {
	*windowAggregate
	held  int // groups
	batch *column.Batch
}

func newWindowPartial(o *windowAggregate, _ []column.Field) (*windowPartial, error) {
	o.slices.make = o.newAggregation
	fields := append(o.newAggregation().stateFields(), sliceField)
	if len(o.schema) != len(fields) {
		return nil, fmt.Errorf("the output has %d columns, want %d: keys, states and the slice's end", len(o.schema), len(fields))
	}
	return &windowPartial{windowAggregate: o, batch: column.NewBatch(fields, 0)}, nil
}

func (o *windowPartial) Open(c *Context) error {
	o.counters = c.Counters
	o.missed.open(c)
	o.progress = progress{now: math.MinInt64}
	if err := o.w.open(c); err != nil {
		return err
	}
	o.router = sliceRouter{w: o.w, late: o.late}
	o.next = math.MaxInt64
	return nil
}

func (o *windowPartial) Process(_ int, p Payload, out Output) error {
	b, times, err := o.timesOf(p.(*column.Batch))
	if err != nil || b.Rows() == 0 {
		return err
	}
	o.turn++
	for _, run := range o.router.route(b, times, false, o.turn) {
		o.sub = column.Batch{Len: b.Len, Cols: b.Cols, Sel: run.rows}
		if run.rows == nil {
			o.sub.Sel = b.Sel
		}
		s := o.slices.at(run.end, func() int64 { return run.end })
		before := s.agg.groups.Len()
		s.agg.update(&o.sub, s.agg.lookup(&o.sub))
		o.held += s.agg.groups.Len() - before
		o.next = min(o.next, o.w.due(run.end))
	}
	if err := o.missed.drop(0, b, o.router.drops, o.now); err != nil {
		return err
	}
	if o.held >= partialGroups {
		return o.Drain(out)
	}
	return nil
}

func (o *windowPartial) Watermark(t int64, out Output) error {
	if !o.advance(t) || t < o.next {
		return nil
	}
	return o.Drain(out)
}

// Drain implements [Drainer].
func (o *windowPartial) Drain(out Output) error {
	for len(o.slices.list) > 0 {
		s := o.slices.list[0]
		n := s.agg.groups.Len()
		for from := 0; from < n; from += ChunkRows {
			to := min(from+ChunkRows, n)
			o.batch.Reset()
			s.agg.appendStates(o.batch, from, to)
			for range to - from {
				column.Append(o.batch.Cols[len(o.batch.Cols)-1], s.end)
			}
			if err := out.Emit(o.batch); err != nil {
				return err
			}
		}
		o.slices.remove(0)
	}
	o.held, o.next = 0, math.MaxInt64
	return nil
}

func (o *windowPartial) EndInput(_ int, out Output) error { return o.Drain(out) }

// Snapshot writes nothing, not even how far time is: after a restore the subtask may read another's split, which is behind. What is late in any case
// is for the operator behind the exchange to say.
func (o *windowPartial) Snapshot(*state.Writer) error { return nil }
