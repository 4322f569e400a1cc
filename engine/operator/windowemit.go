package operator

import (
	"fmt"
	"math"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// windowEmit aggregates by windows whose results are shown before they are complete, or change after that: table.exec.emit.*. Each key and window is
// a group of a changelog, whose results are shown when a row comes or a delay has passed, when the watermark completes the window, and in the
// same way for rows that come late, until the allowed lateness has passed too.
type windowEmit struct {
	*windowAggregate
	assign *assignWindows
	log    *bundle
	wide   []column.Field

	ends   endHeap // groups: serial 0 to be completed, 1 to be forgotten
	known  int     // groups that are in the heap
	done   []bool  // by group: it is complete
	due    []int64 // by group: when its change is to be shown, in milliseconds of processing time; 0: no delay runs
	next   int64   // the earliest of them
	times  timeColumn
	show   []bool
	cut    column.Batch
	sel    []int32
	single bool // each row's effect is shown
	shown  column.Batch
}

func newWindowEmit(o *windowAggregate, in []column.Field) (*windowEmit, error) {
	op := o.op
	if op.Type == graph.Session || op.Attached || op.Processing || op.Phase != graph.Whole {
		return nil, fmt.Errorf("early and late results are for TUMBLE and HOP windows of GROUP BY by event time")
	}
	e := &windowEmit{windowAggregate: o, wide: in}
	for _, name := range []string{"window_start", "window_end", "window_time"} {
		e.wide = append(e.wide[:len(e.wide):len(e.wide)], column.Field{Name: name, Type: column.Sized(column.Timestamp, 3).Required()})
	}
	made, err := newAssignWindows(&graph.AssignWindows{Window: op.Window, Changes: op.Changes}, in, e.wide)
	if err != nil {
		return nil, err
	}
	e.assign = made.(*assignWindows)
	e.single = op.EmitEarly && op.Early <= 0 || op.AllowedLateness > 0 && (!op.EmitLate || op.Late <= 0)
	return e, nil
}

func (o *windowEmit) reset(c *Context) {
	in := len(o.wide) - 3
	keys, list := append([]int(nil), o.op.Keys...), append([]column.Type(nil), o.spec.types...)
	for i := range 2 {
		keys, list = append(keys, in+i), append(list, o.wide[in].Type)
	}
	l := newChangelog(newAggregation(keys, list, o.op.Calls, o.spec.argTypes, true), true)
	l.named(o.wide)
	l.local, l.life.clock, l.life.setTimer = 2, c.Now, c.SetTimer
	var fields []column.Field
	for _, t := range list {
		fields = append(fields, column.Field{Type: t})
	}
	for _, call := range o.op.Calls {
		fields = append(fields, column.Field{Type: call.T})
	}
	o.log = &bundle{changelog: l, old: column.NewBatch(fields, 0), new: column.NewBatch(fields, 0), both: column.NewBatch(fields, 0)}
}

func (o *windowEmit) Open(c *Context) error {
	if err := o.open(c); err != nil {
		return err
	}
	if err := o.assign.Open(c); err != nil {
		return err
	}
	o.next = math.MaxInt64
	o.reset(c)
	if err := o.log.load(c.Restore); err != nil {
		return err
	}
	return o.resume()
}

// resume makes what is known of the groups anew. All were shown, but for those of windows that are not complete where nothing is shown early.
func (o *windowEmit) resume() error {
	l := o.log
	o.ends, o.known, o.done, o.due = nil, 0, nil, nil
	l.isTouch, l.touched, l.known = make([]bool, l.groups.Len()), l.touched[:0], l.known[:0]
	l.old.Reset()
	o.enroll()
	ends := column.Values[int64](l.groups.Keys()[len(o.op.Keys)+1])
	for g := range o.known {
		if o.done[g] = o.w.due(ends[g]) <= o.now; !o.done[g] && !o.op.EmitEarly && l.groups.Alive(g) {
			l.isTouch[g] = true
			l.touched, l.known = append(l.touched, int32(g)), append(l.known, false)
		}
	}
	return l.append(l.old, l.touched)
}

// enroll puts new groups into the heap.
func (o *windowEmit) enroll() {
	groups := o.log.groups
	ends := column.Values[int64](groups.Keys()[len(o.op.Keys)+1])
	for ; o.known < groups.Len(); o.known++ {
		o.done, o.due = append(o.done, false), append(o.due, 0)
		if groups.Alive(o.known) {
			o.ends.push(timedSlot{end: o.w.due(ends[o.known]), slot: int32(o.known)})
		}
	}
}

func (o *windowEmit) Process(_ int, p Payload, out Output) error {
	b, times, err := o.assign.timed(p.(*column.Batch))
	if err != nil || b.Rows() == 0 {
		return err
	}
	if err := o.miss(b, times); err != nil {
		return err
	}
	return o.assign.assign(b, times, emitTo(func(p Payload) error { return o.take(p.(*column.Batch), out) }))
}

// miss hands on the rows that come too late for all of their windows, each once. Times are local, by physical row.
func (o *windowEmit) miss(b *column.Batch, times []int64) error {
	o.missed.rows = o.missed.rows[:0]
	lateness := o.op.AllowedLateness.Milliseconds()
	for i := range b.Rows() {
		r := b.Row(i)
		end := o.w.lastEnd(o.w.sliceEnd(times[r]))
		if end > times[r] && o.w.due(end)+lateness <= o.now { // what stands between two windows is not late
			o.missed.rows = append(o.missed.rows, int32(r))
		}
	}
	return o.missed.drop(0, b, o.missed.rows, o.now)
}

// emitTo makes a function an [Output].
type emitTo func(p Payload) error

func (f emitTo) Emit(p Payload) error { return f(p) }

// take takes in rows that bear their windows, but for windows that are over.
func (o *windowEmit) take(b *column.Batch, out Output) error {
	ends, err := o.times.of(b, len(o.wide)-2)
	if err != nil {
		return err
	}
	o.sel = o.sel[:0]
	lateness := o.op.AllowedLateness.Milliseconds()
	for i := range b.Rows() {
		if r := b.Row(i); o.w.due(ends[r])+lateness > o.now {
			o.sel = append(o.sel, int32(r))
		}
	}
	step := len(o.sel)
	if o.single {
		step = 1
	}
	for from := 0; from < len(o.sel); from += step {
		o.cut = column.Batch{Len: b.Len, Cols: b.Cols, Sel: o.sel[from : from+step], Kinds: b.Kinds}
		if err := o.log.process(&o.cut, out); err != nil {
			return err
		}
		o.enroll()
		if err := o.decide(out); err != nil {
			return err
		}
	}
	return nil
}

// decide shows what is to be shown at once, and sets delays for the rest.
func (o *windowEmit) decide(out Output) error {
	now := o.clock().UnixMilli()
	any := false
	o.show = o.show[:0]
	ends := column.Values[int64](o.log.groups.Keys()[len(o.op.Keys)+1])
	for _, g := range o.log.touched {
		complete := o.w.due(ends[g]) <= o.now
		delay, on := o.op.Early, o.op.EmitEarly
		if complete {
			if delay, on = 0, true; o.op.EmitLate {
				delay = o.op.Late
			}
		}
		o.show = append(o.show, on && delay <= 0)
		any = any || on && delay <= 0
		if on && delay > 0 && o.due[g] == 0 {
			o.due[g] = now + delay.Milliseconds()
			if o.due[g] < o.next {
				o.next = o.due[g]
				o.setTimer(time.UnixMilli(o.next))
			}
		}
	}
	if !any {
		return nil
	}
	return o.flush(out)
}

// flush shows the changes of the touched groups for which o.show is set.
func (o *windowEmit) flush(out Output) error {
	l := o.log
	var touched, rest, rows, others []int32
	var known, unknown []bool
	for i, g := range l.touched {
		if o.show[i] {
			touched, known, rows = append(touched, g), append(known, l.known[i]), append(rows, int32(i))
			o.due[g] = 0
		} else {
			rest, unknown, others = append(rest, g), append(unknown, l.known[i]), append(others, int32(i))
		}
	}
	if len(touched) == 0 {
		return nil
	}
	kept := column.NewBatch(nil, 0)
	kept.Cols = nil
	before := l.old
	for _, c := range before.Cols {
		v := column.NewVector(c.Type, 0)
		if len(others) > 0 {
			v.AppendRows(c, others)
		}
		kept.Cols = append(kept.Cols, v)
	}
	kept.Len = len(others)
	l.old = column.NewBatch(nil, 0)
	for _, c := range before.Cols {
		v := column.NewVector(c.Type, 0)
		v.AppendRows(c, rows)
		l.old.Cols = append(l.old.Cols, v)
	}
	l.old.Len = len(rows)
	l.touched, l.known = touched, known
	err := l.flush(emitTo(func(p Payload) error { return o.emit(p.(*column.Batch), out) }))
	l.old, l.touched, l.known = kept, rest, unknown
	return err
}

// emit turns rows of keys, windows and results into the node's output.
func (o *windowEmit) emit(b *column.Batch, out Output) error {
	keys := len(o.op.Keys)
	o.shown = column.Batch{Len: b.Len, Cols: append(o.shown.Cols[:0], b.Cols[:keys]...), Sel: b.Sel, Kinds: b.Kinds}
	o.shown.Cols = append(o.shown.Cols, b.Cols[keys+2:]...)
	starts, ends := column.Values[int64](b.Cols[keys])[:b.Len], column.Values[int64](b.Cols[keys+1])[:b.Len]
	o.shown.Cols = o.out.appendProperties(o.shown.Cols, starts, ends)
	return out.Emit(&o.shown)
}

// Watermark shows the changes of windows that it completes, and forgets those for which no row may come any more.
func (o *windowEmit) Watermark(t int64, out Output) error {
	if !o.advance(t) {
		return nil
	}
	lateness := o.op.AllowedLateness.Milliseconds()
	var over []int32
	for len(o.ends) > 0 && o.ends[0].end <= t {
		e := o.ends.pop()
		if !o.log.groups.Alive(int(e.slot)) {
			continue
		}
		if e.serial == 0 {
			o.done[e.slot] = true
			if e.end <= math.MaxInt64-lateness {
				e.end += lateness
			}
			if e.serial = 1; e.end > t {
				o.ends.push(e)
				continue
			}
		}
		over = append(over, e.slot)
	}
	o.show = o.show[:0]
	for _, g := range o.log.touched {
		o.show = append(o.show, o.done[g])
	}
	if err := o.flush(out); err != nil {
		return err
	}
	for _, g := range over {
		if o.log.groups.Alive(int(g)) {
			o.log.end(g)
		}
	}
	if o.log.crowded() {
		if err := o.Drain(out); err != nil {
			return err
		}
		if err := o.log.compact(); err != nil {
			return err
		}
		return o.resume()
	}
	return nil
}

// Timer shows the changes whose delay has passed.
func (o *windowEmit) Timer(_ time.Time, out Output) error {
	now := o.clock().UnixMilli()
	if now < o.next {
		return nil
	}
	o.show, o.next = o.show[:0], math.MaxInt64
	for _, g := range o.log.touched {
		due := o.due[g] > 0 && o.due[g] <= now
		o.show = append(o.show, due)
		if !due && o.due[g] > 0 {
			o.next = min(o.next, o.due[g])
		}
	}
	if o.next != math.MaxInt64 {
		o.setTimer(time.UnixMilli(o.next))
	}
	return o.flush(out)
}

// Drain implements [Drainer]: what has changed is shown before a barrier, so that the state needs no results of before.
func (o *windowEmit) Drain(out Output) error {
	o.show = o.show[:0]
	for _, g := range o.log.touched {
		o.show = append(o.show, o.op.EmitEarly || o.done[g])
	}
	return o.flush(out)
}

// SizeBytes implements [Sizer].
func (o *windowEmit) SizeBytes() int {
	return o.log.sizeBytes() + o.log.ownBytes() + o.ends.sizeBytes() + cap(o.done) + cap(o.due)*8
}

func (o *windowEmit) Snapshot(w *state.Writer) error {
	o.progress.snapshot(w)
	o.log.save(w, o.groups)
	return nil
}
