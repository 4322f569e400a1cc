package operator

import (
	"fmt"
	"math"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

var _ Watermarker = (*intervalJoin)(nil)

// intervalJoin joins rows whose times are near each other. A row is joined with those of its key that the other side has brought so far, and is kept as
// long as rows may come that are near it; what is then without a match is emitted by kinds that keep it.
//
// Rows are not forgotten the moment they could be: a key of a side has one timer, half the interval's length later, and a row that comes
// forgets what is over on the other side. Rows that come late find what is still there, as in Flink. Since rows are emitted that much behind
// the watermark, the watermark that goes on is held back by the longer of both ways.
type intervalJoin struct {
	missed missedRows
	Base
	*match
	op     *graph.IntervalJoin
	ctx    *Context
	event  bool // by event time
	keep   [2]bool
	semi   bool
	groups *state.Groups
	rows   [2]timedRows // Marks: 1 for rows that had a match
	reach  [2]int64     // how long after a row's time the other side's rows can be near it
	slack  int64        // how much later a timer is set
	gone   [2]int64     // rows of this time and before were last found to be over
	now    int64        // the watermark, or the clock
	timers [2]state.Queue
	timed  [2][]bool // by group: it has a timer
	ended  [2]bool
	out    *joined

	ids     []int32
	sel     []int32
	over    []int32 // rows of the other side that a row found to be over, by pairs
	overOf  []int32
	found   []int32
	touched []int32
	pairs   [2][]int32
}

// begin of time: far from an overflow.
const firstTime = math.MinInt64 / 4

func newIntervalJoin(op *graph.IntervalJoin, in [][]column.Field, schema []column.Field) (Operator, error) {
	m, err := newMatch(&op.Match, in, schema)
	if err != nil {
		return nil, err
	}
	o := &intervalJoin{op: op, match: m, groups: state.NewGroups(m.keyTypes()), out: newJoined(m, schema), event: op.LeftTime >= 0}
	if o.event != (op.RightTime >= 0) {
		return nil, fmt.Errorf("an interval join by event time on one side and processing time on the other")
	}
	o.keep, o.semi = [2]bool{op.Type.KeepsLeft(), op.Type.KeepsRight()}, op.Type == graph.SemiJoin
	o.reach = [2]int64{-op.Lower, op.Upper}
	o.slack = (op.Upper-op.Lower)/2 + 1
	for side, col := range [2]int{op.LeftTime, op.RightTime} {
		if col >= 0 && !isTime(in[side][col].Type) {
			return nil, fmt.Errorf("an interval join by column %s, which is no TIMESTAMP", in[side][col].Name)
		}
		o.rows[side] = newTimedRows(o.groups, in[side], o.keys[side], col, true)
	}
	return o, nil
}

func (o *intervalJoin) Open(c *Context) error {
	o.ctx = c
	o.missed.open(c)
	o.now, o.gone = firstTime, [2]int64{firstTime, firstTime}
	if err := o.match.open(c); err != nil {
		return err
	}
	for side := range o.rows {
		if err := o.rows[side].Restore(c.Restore, sideTables[side]); err != nil {
			return err
		}
	}
	if o.event {
		var p progress
		if p.open(c); p.now > firstTime {
			o.now = p.now
		}
	}
	for side, t := range o.rows {
		for g := range o.groups.Len() {
			o.rearm(side, int32(g), t.AppendGroup(int32(g), nil))
		}
	}
	return nil
}

func (o *intervalJoin) Snapshot(w *state.Writer) error {
	for side, t := range o.rows {
		t.Snapshot(w, sideTables[side], o.ctx.MaxParallelism)
	}
	if o.event {
		p := progress{o.now, o.ctx.Subtask, max(o.ctx.Parallelism, 1), max(o.ctx.MaxParallelism, 1)}
		p.snapshot(w)
	}
	return nil
}

// SizeBytes implements [Sizer].
func (o *intervalJoin) SizeBytes() int {
	n := o.groups.SizeBytes() + o.out.sizeBytes()
	for side := range o.rows {
		n += o.rows[side].sizeBytes() + o.timers[side].SizeBytes() + cap(o.timed[side]) + cap(o.pairs[side])*4
	}
	return n
}

// expired is the time of rows of a side that no row can be near any more, unless it is late.
func (o *intervalJoin) expired(side int) int64 {
	if o.now > math.MaxInt64/2 {
		return math.MaxInt64
	}
	return o.now - o.reach[side] - 1
}

func (o *intervalJoin) Process(side int, p Payload, out Output) error {
	b := p.(*column.Batch)
	n := b.Rows()
	if n == 0 {
		return nil
	}
	o.tidy()
	if !o.event {
		o.now = o.ctx.Now().UnixMilli()
	}
	if cap(o.ids) < n {
		o.ids = make([]int32, n+n/4)
	}
	ids := o.ids[:n]
	o.groups.Lookup(o.keysOf(side, b.Cols), b.Sel, n, ids)
	o.touched = append(o.touched[:0], ids...)
	// A row that equals nothing, by its key or because it has no time, has the group None.
	o.noKey(side, b, func(i int) { ids[i] = state.None })
	times := o.rows[side].read(b, o.now)
	for i := range ids {
		if o.rows[side].untimed(b, b.Row(i)) || o.op.Lower > o.op.Upper {
			ids[i] = state.None
		}
	}
	if err := o.join(side, b, ids, times, out); err != nil {
		return err
	}
	o.store(side, b, ids, times)
	for _, g := range o.touched {
		o.forget(g)
	}
	return nil
}

// join lists the matches of a batch's rows, takes the rows off the other side that are over, and pads what is not to be stored. found gets a 1 for
// each row with a match.
func (o *intervalJoin) join(side int, b *column.Batch, ids []int32, times []int64, out Output) error {
	other := 1 - side
	t := o.rows[other]
	o.out.from = bySide[rowSource](side, columns(b.Cols), t)
	o.found, o.missed.rows = o.found[:0], o.missed.rows[:0]
	for i := range ids { // those of a row so late that the other side's rows are gone are not looked for
		o.found = append(o.found, 0)
		if upper := times[b.Row(i)] + o.reach[side]; ids[i] >= 0 && o.gone[other] < upper {
			o.gone[other] = o.expired(other)
			o.found[i] = 1
		}
	}
	for from := 0; from < len(ids); {
		first := from
		from = o.pair(side, b, ids, times, from)
		for i := first; i < from; i++ {
			o.found[i] = 0
		}
		if err := o.test(side, o.out.from, &o.pairs, b.Sel); err != nil {
			return err
		}
		o.show(side, b, ids, times, first, from)
		if err := o.out.flush(out); err != nil {
			return err
		}
	}
	return o.missed.drop(side, b, o.missed.rows, o.now)
}

// pair lists the pairs near each other of rows from, from+1, … until there are enough, and returns the first row not done. What a row finds to be over
// later rows do not see.
func (o *intervalJoin) pair(side int, b *column.Batch, ids []int32, times []int64, from int) int {
	t := o.rows[1-side]
	theirs := t.times()
	left, right := o.pairs[0][:0], o.pairs[1][:0]
	o.over, o.overOf = o.over[:0], o.overOf[:0]
	// Left time in [right + Lower, right + Upper]: by side, how far the other's time may lie behind and ahead.
	behind, ahead := o.op.Upper, -o.op.Lower
	if side == 1 {
		behind, ahead = -o.op.Lower, o.op.Upper
	}
	gone := o.gone[1-side]
	i := from
	for ; i < len(ids) && len(left) < ChunkRows; i++ {
		if o.found[i] == 0 || t.Count(ids[i]) == 0 {
			continue
		}
		now := times[b.Row(i)]
		o.sel = t.AppendGroup(ids[i], o.sel[:0])
		for _, r := range o.sel {
			at := theirs[r]
			if at >= now-behind && at <= now+ahead {
				left, right = append(left, int32(i)), append(right, r)
			}
			if at <= gone {
				o.over, o.overOf = append(o.over, r), append(o.overOf, int32(i))
				t.Remove(r)
			}
		}
	}
	o.pairs[0], o.pairs[1] = left, right
	return i
}

// show lists what rows [from, to) add to the result.
func (o *intervalJoin) show(side int, b *column.Batch, ids []int32, times []int64, from, to int) {
	other := 1 - side
	marks := o.rows[other].Marks
	at, over := 0, 0
	for i := from; i < to; i++ {
		row := int32(b.Row(i))
		for ; at < len(o.pairs[0]) && int(o.pairs[0][at]) == i; at++ {
			r := o.pairs[1][at]
			switch {
			case !o.op.Type.LeftOnly():
				o.put(side, row, r)
			case o.semi && side == 0 && o.found[i] == 0:
				o.put(0, row, column.Missing)
			case o.semi && side == 1 && marks[r] == 0:
				o.put(0, r, column.Missing)
			}
			if o.found[i] = 1; marks[r] == 0 {
				o.rows[other].Touch(r)
				marks[r] = 1
			}
		}
		for ; over < len(o.over) && int(o.overOf[over]) == i; over++ {
			if r := o.over[over]; o.keep[other] && marks[r] == 0 {
				o.put(other, r, column.Missing)
			}
		}
		if o.stays(side, ids[i], times[row]) || o.found[i] == 1 {
			continue
		}
		if o.keep[side] {
			o.put(side, row, column.Missing)
		} else if !o.semi && ids[i] >= 0 {
			o.missed.rows = append(o.missed.rows, row)
		}
	}
}

// put adds a row of inserts.
func (o *intervalJoin) put(side int, own, other int32) {
	o.out.rows[side], o.out.rows[1-side] = append(o.out.rows[side], own), append(o.out.rows[1-side], other)
}

// stays reports whether a row is to be stored: rows of the other side may come that are near it.
func (o *intervalJoin) stays(side int, g int32, at int64) bool {
	return g >= 0 && o.now < at+o.reach[side]
}

// store keeps the rows of a batch that stay.
func (o *intervalJoin) store(side int, b *column.Batch, ids []int32, times []int64) {
	t := o.rows[side]
	o.sel = o.sel[:0]
	for i, g := range ids {
		if r := b.Row(i); o.stays(side, g, times[r]) {
			o.found[len(o.sel)], ids[len(o.sel)] = o.found[i], g
			o.sel = append(o.sel, int32(r))
		}
	}
	if len(o.sel) == 0 {
		return
	}
	first := t.append(b, o.sel)
	for i, r := range o.sel {
		to := first + int32(i)
		t.Link(to, ids[i])
		t.Marks[to] = o.found[i]
		o.arm(side, ids[i], times[r])
	}
}

// arm sets the timer of a key unless it has one.
func (o *intervalJoin) arm(side int, g int32, at int64) {
	for len(o.timed[side]) <= int(g) {
		o.timed[side] = append(o.timed[side], false)
	}
	if o.timed[side][g] {
		return
	}
	o.timed[side][g] = true
	at += o.reach[side] + o.slack
	o.timers[side].Push(at, g)
	if !o.event {
		o.ctx.SetTimer(time.UnixMilli(at))
	}
}

// rearm sets the timer of a key by the earliest of its rows.
func (o *intervalJoin) rearm(side int, g int32, rows []int32) {
	if len(rows) == 0 {
		return
	}
	times := o.rows[side].times()
	first := times[rows[0]]
	for _, r := range rows {
		first = min(first, times[r])
	}
	o.arm(side, g, first)
}

// ring forgets the rows that are over of those keys whose timers are due.
func (o *intervalJoin) ring(out Output) error {
	o.tidy()
	for side := range o.rows {
		t, timers := o.rows[side], &o.timers[side]
		o.out.from[side], o.out.from[1-side] = t, o.rows[1-side]
		for timers.Len() > 0 && timers.First() <= o.now {
			_, g := timers.Pop()
			o.timed[side][g] = false
			o.gone[side] = o.expired(side)
			o.sel = t.AppendGroup(g, o.sel[:0])
			times := t.times()
			left := o.sel[:0]
			for _, r := range o.sel {
				if times[r] > o.gone[side] {
					left = append(left, r)
					continue
				}
				t.Remove(r)
				if o.keep[side] && t.Marks[r] == 0 {
					o.put(side, r, column.Missing)
				}
			}
			o.rearm(side, g, left)
			o.forget(g)
			if o.out.full() {
				if err := o.out.flush(out); err != nil {
					return err
				}
			}
		}
		if err := o.out.flush(out); err != nil {
			return err
		}
	}
	return nil
}

// forget deletes a group without rows and timers.
func (o *intervalJoin) forget(g int32) {
	if o.rows[0].Count(g)+o.rows[1].Count(g) > 0 || !o.groups.Alive(int(g)) {
		return
	}
	for _, timed := range o.timed {
		if int(g) < len(timed) && timed[g] {
			return
		}
	}
	o.groups.Delete(int(g))
}

func (o *intervalJoin) Watermark(t int64, out Output) error {
	if !o.event {
		return out.(Marker).EmitWatermark(t)
	}
	if t <= o.now {
		return nil
	}
	o.now = t
	if err := o.ring(out); err != nil {
		return err
	}
	if t == math.MaxInt64 {
		return out.(Marker).EmitWatermark(t)
	}
	return out.(Marker).EmitWatermark(t - max(o.reach[0], o.reach[1], 0))
}

// EndInput lets rows go that wait for a match by processing time: there is none to come.
func (o *intervalJoin) EndInput(input int, out Output) error {
	o.ended[input] = true
	if o.event || !o.ended[0] || !o.ended[1] {
		return nil
	}
	o.now = math.MaxInt64
	return o.ring(out)
}

// Idle implements [Watermarker].
func (o *intervalJoin) Idle(idle bool, out Output) error { return out.(Marker).EmitIdle(idle) }

func (o *intervalJoin) Timer(at time.Time, out Output) error {
	o.now = max(o.now, at.UnixMilli(), o.ctx.Now().UnixMilli())
	return o.ring(out)
}

// tidy drops what is dead if it is much.
func (o *intervalJoin) tidy() {
	if o.groups.Len() <= 2*o.groups.Live()+ChunkRows {
		for _, t := range o.rows {
			if t.Wasteful() {
				t.Compact()
			}
		}
		return
	}
	_, moved := state.Regroup(o.groups, o.rows[0].Rows, o.rows[1].Rows)
	for side := range o.timers {
		o.timers[side].Renumber(moved)
		n := 0
		for g, to := range moved {
			if to != state.None && g < len(o.timed[side]) {
				o.timed[side][to] = o.timed[side][g]
				n = int(to) + 1
			}
		}
		o.timed[side] = o.timed[side][:n]
	}
}
