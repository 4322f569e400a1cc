package operator

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// assignWindows gives rows their windows: a row leaves once for each of them, late or not, at once; the latest window comes first for HOP and the
// shortest for CUMULATE. Rows without a time are left out, as in Flink. Sessions are made by [assignSessions].
type assignWindows struct {
	Base
	op     *graph.AssignWindows
	w      *windowing
	in     []column.Field
	clock  func() time.Time
	counts *Counters

	times        localTimes
	rows         []int32 // of the input, by output row
	starts, ends []int64
	kinds        []column.RowKind
	cols         []*column.Vector
	made         [3]*column.Vector // window_start, window_end, window_time
	out          column.Batch
}

func newAssignWindows(op *graph.AssignWindows, in, schema []column.Field) (Operator, error) {
	w, err := newWindowing(&op.Window)
	if err != nil {
		return nil, err
	}
	if !op.Processing && (op.Time < 0 || op.Time >= len(in) || !isTime(in[op.Time].Type)) {
		return nil, fmt.Errorf("column %d is no TIMESTAMP", op.Time)
	}
	if len(schema) != len(in)+3 {
		return nil, fmt.Errorf("the output has %d columns, want %d", len(schema), len(in)+3)
	}
	o := &assignWindows{op: op, w: w, in: in}
	for i := range o.made {
		o.made[i] = column.NewVector(schema[len(in)+i].Type, 0)
	}
	for _, f := range in {
		o.cols = append(o.cols, column.NewVector(f.Type, 0))
	}
	if op.Type == graph.Session {
		return newAssignSessions(o), nil
	}
	return o, nil
}

func (o *assignWindows) Open(c *Context) error {
	o.clock, o.counts = c.Now, c.Counters
	return o.w.open(c)
}

// timed returns the rows of b that have a time, and the local times by physical row.
func (o *assignWindows) timed(b *column.Batch) (*column.Batch, []int64, error) {
	if o.op.Processing {
		return b, o.times.all(o.w, b.Len, o.clock()), nil
	}
	return o.times.local(o.w, b, o.op.Time, o.counts)
}

func (o *assignWindows) Process(_ int, p Payload, out Output) error {
	b, times, err := o.timed(p.(*column.Batch))
	if err != nil || b.Rows() == 0 {
		return err
	}
	return o.assign(b, times, out)
}

// assign passes on rows with their windows; times are local, by physical row.
func (o *assignWindows) assign(b *column.Batch, times []int64, out Output) error {
	if o.op.Type == graph.Tumble {
		return o.tumble(b, times, out)
	}
	o.rows, o.starts, o.ends = o.rows[:0], o.starts[:0], o.ends[:0]
	for i := range b.Rows() {
		r := b.Row(i)
		slice := o.w.sliceEnd(times[r])
		if o.op.Type == graph.Hop {
			for end := o.w.lastEnd(slice); end-o.op.Size <= times[r] && end > times[r]; end -= o.op.Slide {
				o.rows, o.starts, o.ends = append(o.rows, int32(r)), append(o.starts, end-o.op.Size), append(o.ends, end)
			}
		} else {
			start, last := o.w.start(slice), o.w.lastEnd(slice)
			for end := slice; end <= last; end += o.op.Slide {
				o.rows, o.starts, o.ends = append(o.rows, int32(r)), append(o.starts, start), append(o.ends, end)
			}
		}
		if len(o.rows) >= ChunkRows {
			if err := o.emit(b, out); err != nil {
				return err
			}
		}
	}
	return o.emit(b, out)
}

// tumble adds columns to the batch as it is.
func (o *assignWindows) tumble(b *column.Batch, times []int64, out Output) error {
	o.starts, o.ends = slices.Grow(o.starts[:0], b.Len)[:b.Len], slices.Grow(o.ends[:0], b.Len)[:b.Len]
	from, to := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range b.Rows() {
		r := b.Row(i)
		if t := times[r]; t < from || t >= to {
			to = o.w.sliceEnd(t)
			from = to - o.op.Size
		}
		o.starts[r], o.ends[r] = from, to
	}
	if b.Sel != nil { // rows that do not count hold anything; a zone must not be asked about that
		last := 0
		for _, r := range b.Sel {
			for ; last < int(r); last++ {
				o.starts[last], o.ends[last] = from, to
			}
			last++
		}
		for ; last < b.Len; last++ {
			o.starts[last], o.ends[last] = from, to
		}
	}
	o.fill()
	o.out = column.Batch{Len: b.Len, Cols: append(append(o.out.Cols[:0], b.Cols...), o.made[:]...), Sel: b.Sel, Kinds: b.Kinds, Times: b.Times}
	return out.Emit(&o.out)
}

// fill makes the three columns of o.starts and o.ends.
func (o *assignWindows) fill() {
	for _, v := range o.made {
		v.Reset()
	}
	fillTimes(o.made[0], o.starts)
	fillTimes(o.made[1], o.ends)
	at := o.made[2]
	at.Resize(len(o.ends))
	x, unit := column.Values[int64](at), at.Type.TimeUnit()/1e3
	end, t := int64(math.MinInt64), int64(0)
	for i, e := range o.ends {
		if e != end {
			end, t = e, o.w.rowtime(e)*unit
		}
		x[i] = t
	}
}

// emit passes on o.rows with their windows.
func (o *assignWindows) emit(b *column.Batch, out Output) error {
	if len(o.rows) == 0 {
		return nil
	}
	o.fill()
	o.out = column.Batch{Len: len(o.rows), Cols: o.out.Cols[:0]}
	for i, v := range o.cols {
		v.Reset()
		v.Take(b.Cols[i], o.rows)
		o.out.Cols = append(o.out.Cols, v)
	}
	o.out.Cols = append(o.out.Cols, o.made[:]...)
	if b.Kinds != nil {
		o.kinds = o.kinds[:0]
		for _, r := range o.rows {
			o.kinds = append(o.kinds, b.Kinds[r])
		}
		o.out.Kinds = o.kinds
	}
	o.rows, o.starts, o.ends = o.rows[:0], o.starts[:0], o.ends[:0]
	return out.Emit(&o.out)
}
