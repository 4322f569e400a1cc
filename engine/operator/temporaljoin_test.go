package operator

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// drawTimedMatch draws a join with keys, of rows with a time in column 2.
func drawTimedMatch(t *rapid.T, kinds ...graph.JoinKind) *testMatch {
	m := &testMatch{}
	key := rapid.SampledFrom([]column.Type{column.Of(column.Int), column.Str()}).Draw(t, "key")
	for side := range m.in {
		unit := rapid.SampledFrom([]column.Type{column.Sized(column.Timestamp, 3), column.Sized(column.TimestampLTZ, 6)}).Draw(t, "time")
		m.in[side] = fields(key, column.Of(column.BigInt), unit)
	}
	m.Type = rapid.SampledFrom(kinds).Draw(t, "kind")
	m.LeftKeys, m.RightKeys = []int{0}, []int{0}
	if rapid.IntRange(0, 3).Draw(t, "null-safe") == 0 {
		m.NullSafe = []bool{true}
	}
	m.finish(t)
	return m
}

// drawTimes makes column 2 of rows a time between 0 and 19 milliseconds, here and there NULL if nulls is set.
func drawTimes(t *rapid.T, b *column.Batch, nulls bool) {
	v := column.NewVector(b.Cols[2].Type, b.Len)
	for range b.Len {
		if nulls && rapid.IntRange(0, 9).Draw(t, "untimed") == 0 {
			v.AppendNull()
			continue
		}
		x := rapid.Int64Range(0, 19).Draw(t, "time")
		if v.Type.TimeUnit() == 1e6 {
			x = x*1000 + rapid.Int64Range(0, 999).Draw(t, "µs")
		}
		column.Append(v, x)
	}
	b.Cols[2] = v
}

// plainRows are the live rows of a batch.
func plainRows(b *column.Batch) []testRow {
	plain := &column.Batch{}
	for _, v := range b.Cols {
		plain.Cols = append(plain.Cols, column.NewVector(v.Type, 0))
	}
	plain.AppendRows(b, nil)
	return testRows(plain)
}

// withMarks puts watermarks between steps, which rise from time to time up to 25.
func withMarks(t *rapid.T, steps []step) []step {
	var out []step
	now := int64(-1)
	for _, s := range steps {
		if rapid.IntRange(0, 2).Draw(t, "mark") == 0 && now < 25 {
			now += rapid.Int64Range(1, 6).Draw(t, "rise")
			out = append(out, step{mark: true, time: now})
		}
		out = append(out, s)
	}
	return out
}

// temporalModel does row by row what a temporal join by event time does.
type temporalModel struct {
	m     *testMatch
	now   int64
	left  []testRow
	right []testRow
	out   []string

	ttl, clock int64            // milliseconds; 0: rows are kept for ever
	seen       map[string]int64 // by key: when a row last came or left
}

// expire drops the rows of keys that were not seen for the time to live.
func (c *temporalModel) expire() {
	over := func(r testRow) bool { return c.ttl > 0 && c.seen[r.text[0]]+c.ttl <= c.clock }
	c.left, c.right = slices.DeleteFunc(c.left, over), slices.DeleteFunc(c.right, over)
}

func (c *temporalModel) add(side int, b *column.Batch) {
	c.expire()
	for _, r := range plainRows(b) {
		if c.ttl > 0 {
			c.seen[r.text[0]] = c.clock
		}
		switch {
		case side == 0 && !r.null[2]:
			c.left = append(c.left, r)
		case side == 1 && r.kind != column.UpdateBefore && !r.null[2]:
			c.right = append(c.right, r)
		case side == 1 && r.kind == column.Delete:
			r.time = c.now
			c.right = append(c.right, r)
		}
	}
}

func (c *temporalModel) mark(t int64) {
	if t <= c.now {
		return
	}
	c.now = t
	c.expire()
	slices.SortStableFunc(c.right, func(a, b testRow) int { return cmp.Compare(a.time, b.time) })
	key := func(l, r testRow) bool {
		return l.text[0] == r.text[0] && (!l.null[0] || c.m.NullSafe != nil)
	}
	c.left = slices.DeleteFunc(c.left, func(l testRow) bool {
		if l.time > t {
			return false
		}
		if c.ttl > 0 {
			c.seen[l.text[0]] = c.clock
		}
		var valid *testRow
		for i, r := range c.right {
			if key(l, r) && r.time <= l.time {
				valid = &c.right[i]
			}
		}
		switch {
		case valid != nil && valid.kind != column.Delete && c.m.matches(l, *valid):
			c.out = append(c.out, lineOf(l.kind, l.line(), valid.line()))
		case c.m.Type == graph.LeftJoin:
			c.out = append(c.out, lineOf(l.kind, l.line(), nulls(3)))
		}
		return true
	})
	var kept []testRow
	for i, r := range c.right {
		over := r.kind == column.Delete
		for _, next := range c.right[i+1:] {
			over = over || next.text[0] == r.text[0] && next.time <= t
		}
		if r.time > t || !over {
			kept = append(kept, r)
		}
	}
	c.right = kept
}

// TestTemporalJoinModel joins with versions that come, change and go, late rows included.
func TestTemporalJoinModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawTimedMatch(t, graph.InnerJoin, graph.LeftJoin)
		op := &graph.TemporalJoin{Match: m.Match, LeftTime: 2, RightTime: 2, Changes: graph.Retract}
		var batches [2][]*column.Batch
		for side, in := range m.in {
			opts := drawOptions{}
			if rapid.Bool().Draw(t, "changelog") {
				opts.kinds = anyKind
			}
			all := drawRows(t, in, rapid.IntRange(0, 25).Draw(t, "rows"), opts)
			drawTimes(t, all, true)
			batches[side] = cutRows(t, in, all)
		}
		steps := withMarks(t, mixSteps(t, batches[:], true))
		model := temporalModel{m: m, now: math.MinInt64}
		for _, s := range steps {
			switch {
			case s.mark:
				model.mark(s.time)
			case s.batch != nil:
				model.add(s.input, s.batch)
			}
		}
		model.mark(math.MaxInt64)
		c := runSteps(t, &graph.Node{Op: op, Schema: m.schema}, [][]column.Field{m.in[0], m.in[1]}, m.keys(), steps)
		if parallelOf(steps) {
			compareAny(t, c.out.rows, model.out)
		} else {
			compareRows(t, c.out.rows, model.out)
		}
		for _, o := range c.tasks {
			if j := o.(*temporalJoin); j.left.Live() > 0 || j.right.Live() != j.groups.Live() {
				t.Fatalf("%d left rows, %d versions of %d keys are held at the end", j.left.Live(), j.right.Live(), j.groups.Live())
			}
		}
	})
}

// TestTemporalJoinTTLModel: a key of which no row came, and none left, for table.exec.state.ttl is forgotten on both sides.
func TestTemporalJoinTTLModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawTimedMatch(t, graph.InnerJoin, graph.LeftJoin)
		n := &graph.Node{Op: &graph.TemporalJoin{Match: m.Match, LeftTime: 2, RightTime: 2, Changes: graph.Retract}, Schema: m.schema}
		in := [][]column.Field{m.in[0], m.in[1]}
		model := temporalModel{m: m, now: math.MinInt64, ttl: 5, seen: map[string]int64{}}
		var timers []int64
		var out capture
		start := func(saved *state.Reader) *temporalJoin {
			c := idleContext(t, "5 ms", &model.clock, &timers)
			c.Restore = saved
			o, err := New(n, in)
			if err == nil {
				err = o.Open(c)
			}
			if err != nil {
				t.Fatal(err)
			}
			return o.(*temporalJoin)
		}
		o := start(nil)
		for range rapid.IntRange(0, 25).Draw(t, "steps") {
			model.clock += int64(rapid.IntRange(0, 3).Draw(t, "passed"))
			if rapid.Bool().Draw(t, "timers") {
				dueTimers(t, o, model.clock, &timers, &out)
			}
			var err error
			switch step := rapid.IntRange(0, 7).Draw(t, "step"); step {
			case 0:
				var w state.Writer
				if err = o.Snapshot(&w); err == nil {
					checkTables(t, w.Tables)
					o = start(&state.Reader{Tables: w.Tables})
				}
			case 1, 2:
				to := max(model.now, -1) + int64(rapid.IntRange(0, 6).Draw(t, "mark"))
				model.mark(to)
				err = o.Watermark(to, &out)
			default:
				side := step & 1
				opts := drawOptions{}
				if rapid.Bool().Draw(t, "changelog") {
					opts.kinds = anyKind
				}
				b := drawRows(t, in[side], rapid.IntRange(1, 4).Draw(t, "rows"), opts)
				drawTimes(t, b, true)
				model.add(side, b)
				err = o.Process(side, b, &out)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		compareRows(t, out.rows, model.out)
		for model.clock += 2 * model.ttl; len(timers) > 0; model.clock += model.ttl {
			dueTimers(t, o, model.clock, &timers, &out)
		}
		if o.left.Live()+o.right.Live()+o.groups.Live() > 0 {
			t.Fatalf("%d left rows, %d versions of %d keys are held when all are over", o.left.Live(), o.right.Live(), o.groups.Live())
		}
	})
}

// TestLatestJoinModel joins with the newest row.
func TestLatestJoinModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawTimedMatch(t, graph.InnerJoin, graph.LeftJoin)
		op := &graph.TemporalJoin{Match: m.Match, LeftTime: -1, RightTime: -1, Changes: graph.Retract}
		var batches [2][]*column.Batch
		for side, in := range m.in {
			all := drawRows(t, in, rapid.IntRange(0, 25).Draw(t, "rows"), drawOptions{kinds: anyKind})
			batches[side] = cutRows(t, in, all)
		}
		steps := mixSteps(t, batches[:], true)
		latest := map[string]testRow{}
		var want []string
		for _, s := range steps {
			if s.batch == nil {
				continue
			}
			for _, r := range plainRows(s.batch) {
				valid, ok := latest[r.text[0]]
				switch {
				case s.input == 1 && r.kind.Adds():
					latest[r.text[0]] = r
				case s.input == 1:
					delete(latest, r.text[0])
				case ok && m.matches(r, valid):
					want = append(want, lineOf(r.kind, r.line(), valid.line()))
				case m.Type == graph.LeftJoin:
					want = append(want, lineOf(r.kind, r.line(), nulls(3)))
				}
			}
		}
		c := runSteps(t, &graph.Node{Op: op, Schema: m.schema}, [][]column.Field{m.in[0], m.in[1]}, m.keys(), steps)
		if parallelOf(steps) {
			compareAny(t, c.out.rows, want)
		} else {
			compareRows(t, c.out.rows, want)
		}
	})
}

// TestLatestJoinTTL: a right row that was not replaced for table.exec.state.ttl is no match any more.
func TestLatestJoinTTL(t *testing.T) {
	in := fields(column.Of(column.Int), column.Of(column.BigInt))
	row := func() *column.Batch {
		b := column.NewBatch(in, 1)
		column.Append(b.Cols[0], int32(1))
		column.Append(b.Cols[1], int64(2))
		b.Len = 1
		return b
	}
	op := &graph.TemporalJoin{Match: graph.Match{LeftKeys: []int{0}, RightKeys: []int{0}}, LeftTime: -1, RightTime: -1}
	o, err := New(&graph.Node{Op: op, Schema: append(in, in...)}, [][]column.Field{in, in})
	if err != nil {
		t.Fatal(err)
	}
	now, timers := int64(5), []int64{}
	c := idleContext(t, "10 ms", &now, &timers)
	var out capture
	err = o.Open(c)
	for i := 0; i < 3 && err == nil; i++ {
		if i == 0 {
			err = o.Process(1, row(), &out)
		} else {
			now = []int64{0, 14, 15}[i]
			err = o.Process(0, row(), &out)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	compareRows(t, out.rows, []string{"+I 1 2 1 2"})
	if !slices.Equal(timers, []int64{15}) {
		t.Errorf("timers at %v, want 15", timers)
	}
}
