package operator

import (
	"fmt"
	"math"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// windowAggregate aggregates by windows whose borders are known beforehand, by slices: rows are taken into the slice that they fall into, and a
// window is made of its slices when the watermark completes it. Windows are emitted in the order of their ends, each one's groups in the
// order in which they came. A slice is forgotten as a whole with the last window that has it.
//
// Slices of a HOP are merged newest first and stay; a CUMULATE keeps one sum for each of its series of windows, into which each slice is
// merged once. Rows that come for a slice whose first windows are gone count in those that are left.
type windowAggregate struct {
	Base
	op     *graph.WindowAggregate
	w      *windowing
	schema []column.Field
	spec   aggregateSpec
	windowClock
	counters *Counters
	missed   missedRows

	slices sliceList
	series sliceList // of CUMULATE: the windows so far, by start
	merged *aggregation

	router sliceRouter
	turn   int64
	times  localTimes
	sub    column.Batch
	ids    []int32
	counts []int64
	out    windowOutput
}

// aggregateSpec is what an aggregation is made of.
type aggregateSpec struct {
	keys     []int
	types    []column.Type
	names    []string
	argTypes [][]column.Type
}

func newWindowAggregate(op *graph.WindowAggregate, in, schema []column.Field) (Operator, error) {
	w, err := newWindowing(&op.Window)
	if err != nil {
		return nil, err
	}
	o := &windowAggregate{op: op, w: w, schema: schema, windowClock: windowClock{processing: op.Processing}}
	if o.spec, err = windowSpec(op, in); err != nil {
		return nil, err
	}
	if op.Phase == graph.Partial {
		return newWindowPartial(o, in)
	}
	if want := len(op.Keys) + len(op.Calls) + len(op.Properties); len(schema) != want {
		return nil, fmt.Errorf("the output has %d columns, want %d", len(schema), want)
	}
	o.out.init(o)
	if op.EmitEarly || op.EmitLate || op.AllowedLateness > 0 {
		return newWindowEmit(o, in)
	}
	if op.Type == graph.Session && !op.Attached {
		return newSessionAggregate(o)
	}
	o.slices.make = o.newAggregation
	o.series.make = o.newAggregation
	o.merged = o.newAggregation()
	return o, nil
}

func (o *windowAggregate) newAggregation() *aggregation {
	a := newAggregation(o.spec.keys, o.spec.types, o.op.Calls, o.spec.argTypes, o.op.Phase == graph.Whole)
	a.names = o.spec.names
	a.local = len(o.spec.keys) - len(o.op.Keys)
	return a
}

// windowSpec checks a node against its input.
func windowSpec(op *graph.WindowAggregate, in []column.Field) (aggregateSpec, error) {
	var s aggregateSpec
	s.keys = append(s.keys, op.Keys...)
	if op.Attached && op.Start >= 0 && op.Phase != graph.Final {
		s.keys = append(s.keys, op.Start) // of a window of that end, a session's or one of CUMULATE
	}
	for _, k := range s.keys {
		if k < 0 || k >= len(in) {
			return s, fmt.Errorf("key column %d of %d", k, len(in))
		}
		s.types = append(s.types, in[k].Type)
		s.names = append(s.names, in[k].Name)
	}
	s.argTypes = op.ArgTypes
	if op.Phase != graph.Final {
		s.argTypes = nil
		for _, c := range op.Calls {
			list := make([]column.Type, len(c.Args))
			for i, a := range c.Args {
				list[i] = in[a].Type
			}
			s.argTypes = append(s.argTypes, list)
		}
	}
	if len(s.argTypes) != len(op.Calls) {
		return s, fmt.Errorf("argument types of %d aggregate calls, want %d", len(s.argTypes), len(op.Calls))
	}
	if op.Phase != graph.Whole {
		if op.Attached || op.Type == graph.Session || op.Changes != 0 || op.Processing {
			return s, fmt.Errorf("only aggregates over the event time of rows that are never taken back have phases")
		}
		for _, c := range op.Calls {
			if c.Distinct {
				return s, fmt.Errorf("%s(DISTINCT …) cannot be computed in phases", c.Func.Name)
			}
		}
	}
	column := op.Time
	switch {
	case op.Phase == graph.Final:
		column = len(in) - 1
	case op.Attached:
		column = op.End
	}
	if op.Processing && !op.Attached {
		return s, nil
	}
	if column < 0 || column >= len(in) || op.Phase != graph.Final && !isTime(in[column].Type) {
		return s, fmt.Errorf("column %d is no TIMESTAMP", column)
	}
	return s, nil
}

func (o *windowAggregate) Open(c *Context) error {
	if err := o.open(c); err != nil {
		return err
	}
	o.router = sliceRouter{w: o.w, late: o.late}
	if err := o.restore(c.Restore); err != nil {
		return err
	}
	o.plan()
	return nil
}

// open is what all aggregations over windows do before their state is restored.
func (o *windowAggregate) open(c *Context) error {
	o.counters = c.Counters
	o.missed.open(c)
	o.windowClock.open(c)
	return o.w.open(c)
}

// late reports whether all windows of a slice are complete.
func (o *windowAggregate) late(slice int64) bool {
	end := slice
	if !o.op.Attached {
		end = o.w.lastEnd(slice)
	}
	return o.w.due(end) <= o.now
}

// pending is the end of the first window of a slice that is not complete.
func (o *windowAggregate) pending(slice int64) int64 {
	if o.op.Attached {
		return slice
	}
	end := o.w.firstEnd(slice)
	for o.w.due(end) <= o.now {
		next, ok := o.w.nextEnd(end, slice)
		if !ok {
			break
		}
		end = next
	}
	return end
}

// cumulates reports whether windows are made by adding slices to the windows before.
func (o *windowAggregate) cumulates() bool { return o.op.Type == graph.Cumulate && !o.op.Attached }

func (o *windowAggregate) Process(_ int, p Payload, out Output) error {
	if o.op.Processing && o.passed() {
		if err := o.fire(out); err != nil {
			return err
		}
	}
	b, times, err := o.timesOf(p.(*column.Batch))
	if err != nil || b.Rows() == 0 {
		return err
	}
	ends := o.op.Attached || o.op.Phase == graph.Final
	o.turn++
	for _, run := range o.router.route(b, times, ends, o.turn) {
		o.sub = column.Batch{Len: b.Len, Cols: b.Cols, Sel: run.rows, Kinds: b.Kinds}
		if run.rows == nil {
			o.sub.Sel = b.Sel
		}
		s := o.sliceFor(run.end)
		ids := s.agg.lookup(&o.sub)
		s.agg.track.Touch(ids)
		if o.op.Changes != 0 {
			s.weigh(&o.sub, ids)
		}
		if o.op.Phase == graph.Final {
			s.agg.merge(&o.sub, len(o.op.Keys), ids)
		} else if err := s.agg.change(&o.sub, ids); err != nil {
			return err
		}
		o.schedule(s.next)
	}
	return o.missed.drop(0, b, o.router.drops, o.now)
}

// timesOf returns the rows of b that have a time and, by physical row, local times or, of rows that bear their windows, the ends of these.
func (o *windowAggregate) timesOf(b *column.Batch) (*column.Batch, []int64, error) {
	if b.Rows() == 0 {
		return b, nil, nil
	}
	switch {
	case o.op.Phase == graph.Final:
		return b, column.Values[int64](b.Cols[len(b.Cols)-1])[:b.Len], nil
	case o.op.Attached:
		return o.times.of(b, o.op.End, o.counters)
	case o.op.Processing:
		return b, o.times.all(o.w, b.Len, o.clock()), nil
	}
	return o.times.local(o.w, b, o.op.Time, o.counters)
}

// sliceFor returns the state into which rows of a slice go.
func (o *windowAggregate) sliceFor(end int64) *windowSlice {
	if !o.cumulates() {
		return o.slices.at(end, func() int64 { return o.pending(end) })
	}
	next := o.pending(end)
	start := o.w.start(end)
	series := o.series.at(start, func() int64 { return next })
	if next < series.next { // rows of an earlier slice than those so far
		series.next = next
	}
	o.schedule(series.next)
	if o.w.due(end) <= o.now {
		return series
	}
	return o.slices.at(end, func() int64 { return math.MaxInt64 })
}

// weigh counts the rows of groups.
func (s *windowSlice) weigh(b *column.Batch, ids []int32) {
	s.grow()
	for i, g := range ids {
		if b.Kind(b.Row(i)).Adds() {
			s.count[g]++
		} else {
			s.count[g]--
		}
	}
}

func (s *windowSlice) grow() {
	for len(s.count) < s.agg.groups.Len() {
		s.count = append(s.count, 0)
	}
}

// schedule sees to it that the window with the given end is emitted.
func (o *windowAggregate) schedule(end int64) {
	if end == math.MaxInt64 {
		return
	}
	if due := o.w.due(end); due < o.next {
		o.await(due)
	}
}

// plan finds the next window to be emitted.
func (o *windowAggregate) plan() {
	o.next = math.MaxInt64
	o.schedule(o.firing().first())
}

// firing is the list whose entries know the next window.
func (o *windowAggregate) firing() *sliceList {
	if o.cumulates() {
		return &o.series
	}
	return &o.slices
}

func (o *windowAggregate) Watermark(t int64, out Output) error {
	if !o.reached(t) {
		return nil
	}
	return o.fire(out)
}

// Timer implements [Operator] for windows of processing time.
func (o *windowAggregate) Timer(_ time.Time, out Output) error {
	if !o.passed() {
		return nil
	}
	return o.fire(out)
}

// fire emits all complete windows.
func (o *windowAggregate) fire(out Output) error {
	for {
		end := o.firing().first()
		if end == math.MaxInt64 || o.w.due(end) > o.now {
			break
		}
		var err error
		if o.cumulates() {
			err = o.fireSeries(end, out)
		} else {
			err = o.fireWindow(end, out)
		}
		if err != nil {
			return err
		}
	}
	o.plan()
	return nil
}

// fireWindow emits the window with the given end and forgets the slices of which it was the last.
func (o *windowAggregate) fireWindow(end int64, out Output) error {
	list := o.slices.list
	to, found := o.slices.find(end)
	if found {
		to++
	}
	from := to
	for from > 0 && (list[from-1].end > end-o.op.Size || list[from-1].end == end) {
		from--
		if o.op.Attached || o.op.Type == graph.Tumble {
			break
		}
	}
	var err error
	switch {
	case from == to: // slices that the window has may be gone
	case from+1 == to:
		err = o.out.emit(list[from], end, out)
	default:
		sum := windowSlice{agg: o.merged, count: o.counts[:0]}
		for i := to - 1; i >= from; i-- {
			sum.add(list[i], &o.ids)
		}
		o.counts = sum.count
		err = o.out.emit(&sum, end, out)
		o.merged.clear()
	}
	if err != nil {
		return err
	}
	for i := len(list) - 1; i >= 0; i-- {
		s := list[i]
		if s.next > end {
			continue
		}
		next, more := int64(0), false
		if !o.op.Attached {
			next, more = o.w.nextEnd(s.next, s.end)
		}
		if more {
			s.next = next
		} else {
			o.slices.remove(i)
			list = o.slices.list
		}
	}
	return nil
}

// fireSeries adds a slice to the windows that have it, emits the one that ends with it and forgets them after the last.
func (o *windowAggregate) fireSeries(end int64, out Output) error {
	i, found := o.series.find(o.w.start(end))
	if !found {
		return fmt.Errorf("no window ends at %d", end)
	}
	s := o.series.list[i]
	if k, found := o.slices.find(end); found {
		s.add(o.slices.list[k], &o.ids)
		o.slices.remove(k)
	}
	if err := o.out.emit(s, end, out); err != nil {
		return err
	}
	if s.next = end + o.op.Slide; s.next > s.end+o.op.Size {
		o.series.remove(i)
	}
	return nil
}

// add merges a slice.
func (s *windowSlice) add(from *windowSlice, ids *[]int32) {
	n := from.agg.groups.Len()
	if cap(*ids) < n {
		*ids = make([]int32, n+n/4)
	}
	list := (*ids)[:n]
	s.agg.groups.Lookup(from.agg.groups.Keys(), nil, n, list)
	s.agg.track.Touch(list)
	s.agg.fold(from.agg, list)
	if from.count != nil {
		s.grow()
		for g, c := range from.count {
			s.count[list[g]] += c
		}
	}
}

// SizeBytes implements [Sizer].
func (o *windowAggregate) SizeBytes() int {
	n := o.slices.sizeBytes() + o.series.sizeBytes()
	if o.merged != nil {
		n += o.merged.sizeBytes()
	}
	return n
}

func (o *windowAggregate) Snapshot(w *state.Writer) error {
	o.progress.snapshot(w)
	o.slices.snapshot(w, "slice", o.groups, o.op.Changes != 0)
	if o.cumulates() {
		o.series.snapshot(w, "series", o.groups, o.op.Changes != 0)
	}
	return nil
}

func (o *windowAggregate) restore(r *state.Reader) error {
	if err := o.slices.restore(r, "slice", o.op.Changes != 0); err != nil {
		return err
	}
	if !o.cumulates() {
		for _, s := range o.slices.list {
			s.next = o.pending(s.end)
		}
		return nil
	}
	if err := o.series.restore(r, "series", o.op.Changes != 0); err != nil {
		return err
	}
	for _, s := range o.slices.list {
		s.next = math.MaxInt64
		start := o.w.start(s.end)
		o.series.at(start, func() int64 { return 0 })
	}
	for _, s := range o.series.list {
		s.next = o.pending(s.end + o.w.slice)
	}
	return nil
}
