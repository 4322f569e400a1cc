package operator

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// drawInterval draws a join of times near each other.
func drawInterval(t *rapid.T) (*testMatch, *graph.IntervalJoin) {
	m := drawTimedMatch(t, allKinds...)
	op := &graph.IntervalJoin{LeftTime: 2, RightTime: 2, Lower: rapid.Int64Range(-6, 4).Draw(t, "lower")}
	op.Upper = op.Lower + rapid.Int64Range(-1, 8).Draw(t, "length")
	op.Match = m.Match
	m.near = func(l, r testRow) bool {
		return !l.null[2] && !r.null[2] && l.time >= r.time+op.Lower && l.time <= r.time+op.Upper
	}
	return m, op
}

// intervalModel does row by row what an interval join does.
type intervalModel struct {
	m     *testMatch
	op    *graph.IntervalJoin
	now   int64
	reach [2]int64
	gone  [2]int64
	rows  [2][]*modelled
	timer [2]map[string]int64 // by key
	late  int64
	out   []string
}

func (c *intervalModel) restart() {
	c.gone = [2]int64{firstTime, firstTime}
	for side := range c.rows {
		c.timer[side] = map[string]int64{}
		for _, r := range c.rows[side] {
			c.arm(side, r.text[0], r.time, true)
		}
	}
}

func (c *intervalModel) arm(side int, key string, at int64, earlier bool) {
	at += c.reach[side] + (c.op.Upper-c.op.Lower)/2 + 1
	if old, ok := c.timer[side][key]; !ok || earlier && at < old {
		c.timer[side][key] = at
	}
}

func (c *intervalModel) expired(side int) int64 {
	if c.now == math.MaxInt64 {
		return c.now
	}
	return c.now - c.reach[side] - 1
}

func (c *intervalModel) pad(side int, r testRow) {
	switch {
	case side == 0 && c.m.Type == graph.AntiJoin:
		c.out = append(c.out, lineOf(column.Insert, r.line()))
	case side == 0 && c.m.Type.KeepsLeft():
		c.out = append(c.out, lineOf(column.Insert, r.line(), nulls(3)))
	case side == 1 && c.m.Type.KeepsRight():
		c.out = append(c.out, lineOf(column.Insert, nulls(3), r.line()))
	}
}

func (c *intervalModel) add(side int, r testRow) {
	other := 1 - side
	keyless := r.null[2] || r.null[0] && c.m.NullSafe == nil || c.op.Lower > c.op.Upper
	keeps := side == 0 && c.m.Type.KeepsLeft() || side == 1 && c.m.Type.KeepsRight()
	row := &modelled{testRow: r}
	if !keyless && c.gone[other] < r.time+c.reach[side] {
		c.gone[other] = c.expired(other)
		c.rows[other] = slices.DeleteFunc(c.rows[other], func(o *modelled) bool {
			if o.text[0] != r.text[0] {
				return false
			}
			l, rr := bySide(side, row, o)[0], bySide(side, row, o)[1]
			if c.m.matches(l.testRow, rr.testRow) {
				if c.m.Type == graph.SemiJoin && l.matches == 0 {
					c.out = append(c.out, lineOf(column.Insert, l.line()))
				} else if !c.m.Type.LeftOnly() {
					c.out = append(c.out, lineOf(column.Insert, l.line(), rr.line()))
				}
				l.matches, rr.matches = 1, 1
			}
			if o.time > c.gone[other] {
				return false
			}
			if o.matches == 0 {
				c.pad(other, o.testRow)
			}
			return true
		})
	}
	switch {
	case !keyless && c.now < r.time+c.reach[side]:
		c.rows[side] = append(c.rows[side], row)
		c.arm(side, r.text[0], r.time, false)
	case row.matches > 0:
	case keeps:
		c.pad(side, r)
	case !keyless && c.m.Type != graph.SemiJoin:
		c.late++
	}
}

func (c *intervalModel) mark(t int64) {
	c.now = t
	for side := range c.rows {
		for key, at := range c.timer[side] {
			if at > t {
				continue
			}
			delete(c.timer[side], key)
			c.gone[side] = c.expired(side)
			c.rows[side] = slices.DeleteFunc(c.rows[side], func(r *modelled) bool {
				if r.text[0] != key {
					return false
				}
				if r.time > c.gone[side] {
					c.arm(side, key, r.time, true)
					return false
				}
				if r.matches == 0 {
					c.pad(side, r.testRow)
				}
				return true
			})
		}
	}
}

// TestIntervalJoinModel joins with rows that come late.
func TestIntervalJoinModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, op := drawInterval(t)
		var batches [2][]*column.Batch
		for side, in := range m.in {
			all := drawRows(t, in, rapid.IntRange(0, 25).Draw(t, "rows"), drawOptions{})
			drawTimes(t, all, true)
			batches[side] = cutRows(t, in, all)
		}
		steps := withMarks(t, mixSteps(t, batches[:], false))
		model := intervalModel{m: m, op: op, now: firstTime, reach: [2]int64{-op.Lower, op.Upper}}
		model.restart()
		var want, marks []string
		for _, s := range steps {
			switch {
			case s.restart > 0:
				model.restart()
			case s.mark:
				model.mark(s.time)
				marks = append(marks, fmt.Sprint(s.time-max(-op.Lower, op.Upper, 0)))
			case s.batch != nil:
				for _, r := range plainRows(s.batch) {
					model.add(s.input, r)
				}
			}
		}
		model.mark(math.MaxInt64)
		want = model.out
		c := runSteps(t, &graph.Node{Op: op, Schema: m.schema}, [][]column.Field{m.in[0], m.in[1]}, m.keys(), steps)
		compareAny(t, c.out.rows, want)
		if c.late != model.late {
			t.Fatalf("%d rows are late, want %d", c.late, model.late)
		}
		compareRows(t, c.marks, marks)
		checkEmpty(t, c)
	})
}

// checkEmpty checks that interval joins hold nothing at the end.
func checkEmpty(t fataler, c *crew) {
	t.Helper()
	for _, o := range c.tasks {
		j := o.(*intervalJoin)
		if n := j.rows[0].Live() + j.rows[1].Live() + j.groups.Live() + j.timers[0].Len() + j.timers[1].Len(); n != 0 {
			t.Fatalf("%d rows, keys and timers are left", n)
		}
	}
}

// TestIntervalJoinResult: without late rows the result is that of a join with a condition on the times, whatever the order and the number of subtasks, and
// nothing that is emitted is behind the watermarks that were.
func TestIntervalJoinResult(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, op := drawInterval(t)
		var batches [2][]*column.Batch
		var rows [2][]testRow
		for side, in := range m.in {
			all := drawRows(t, in, rapid.IntRange(0, 25).Draw(t, "rows"), drawOptions{})
			drawTimes(t, all, false)
			rows[side] = testRows(all)
			batches[side] = cutRows(t, in, all)
		}
		mixed := mixSteps(t, batches[:], true)
		lowest := int64(1000)
		var steps []step
		for _, s := range slices.Backward(mixed) {
			if s.batch != nil {
				for _, r := range plainRows(s.batch) {
					lowest = min(lowest, r.time)
				}
			}
			steps = append(steps, s)
			if rapid.Bool().Draw(t, "mark") {
				steps = append(steps, step{mark: true, time: lowest - 1})
			}
		}
		slices.Reverse(steps)
		c := runSteps(t, &graph.Node{Op: op, Schema: m.schema}, [][]column.Field{m.in[0], m.in[1]}, m.keys(), steps)
		var want []string
		for _, s := range m.join(rows[0], rows[1]) {
			want = append(want, "+I "+s)
		}
		compareAny(t, c.out.rows, want)
		checkEmpty(t, c)
	})
}

// TestIntervalJoinByClock joins rows by the time of their coming.
func TestIntervalJoinByClock(t *testing.T) {
	in := fields(column.Of(column.Int), column.Of(column.BigInt))
	row := func(v int64) *column.Batch {
		b := column.NewBatch(in, 1)
		column.Append(b.Cols[0], int32(1))
		column.Append(b.Cols[1], v)
		b.Len = 1
		return b
	}
	op := &graph.IntervalJoin{Match: graph.Match{Type: graph.FullJoin, LeftKeys: []int{0}, RightKeys: []int{0}}, LeftTime: -1, RightTime: -1, Lower: -10, Upper: 4}
	steps := []step{
		{clock: true, time: 100}, {input: 0, batch: row(1)}, {clock: true, time: 110}, {input: 1, batch: row(2)},
		{clock: true, time: 111}, {input: 1, batch: row(3)}, // too late for 1, which is over
		{clock: true, time: 114}, {input: 0, batch: row(4)}, // near 2 and 3
		{restart: 1}, {clock: true, time: 130}, {input: 1, batch: row(5)}, // 4 was let go without it
		{input: 0, end: true}, {input: 1, end: true},
	}
	c := runSteps(t, &graph.Node{Op: op, Schema: append(in, in...)}, [][]column.Field{in, in}, [][]int{{0}, {0}}, steps)
	compareRows(t, c.out.rows, []string{"+I 1 1 1 2", "+I 1 4 1 2", "+I 1 4 1 3", "+I NULL NULL 1 5"})
}
