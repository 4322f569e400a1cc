package operator

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
	"github.com/millstream/millstream/state/snapshot/snapshottest"
)

// step is one thing that happens to an operator with several inputs: rows, the end of an input, a watermark, a later time of the clock, or a restart in so many
// subtasks.
type step struct {
	input   int
	batch   *column.Batch
	end     bool
	mark    bool
	time    int64   // of a watermark or the clock, in milliseconds
	reached []int64 // with a watermark, the event time of each input, if they differ; an idle one may be behind it
	clock   bool
	restart int
}

// crew are the subtasks of an operator.
type crew struct {
	t       fataler
	node    *graph.Node
	in      [][]column.Field
	keys    [][]int
	tasks   []Operator
	timers  [][]int64
	at      int // the subtask at work
	now     int64
	reached []int64 // by input
	late    int64
	counts  []*Counters
	out     capture
	marks   []string // watermarks that came out, of the first subtask
	follow  bool     // checkpoints of what has changed are taken before each step
	keepers []*snapshottest.Keeper
}

// EmitWatermark makes the crew an output of operators that make watermarks.
func (c *crew) EmitWatermark(t int64) error {
	if c.at == 0 && t != 1<<63-1 {
		c.marks = append(c.marks, fmt.Sprint(t))
	}
	return nil
}

func (c *crew) EmitIdle(bool) error { return nil }

func (c *crew) Emit(p Payload) error { return c.out.Emit(p) }

// crewGroups is few, so that a restart moves keys.
const crewGroups = 7

// runSteps does all steps and ends the operator as a task does: with the last watermark, then the end of those inputs that have not ended. It
// returns what came out in all.
func runSteps(t fataler, n *graph.Node, in [][]column.Field, keys [][]int, steps []step) *crew {
	t.Helper()
	c := &crew{t: t, node: n, in: in, keys: keys, reached: slices.Repeat([]int64{-1 << 63}, len(in))}
	c.follow = len(steps)&1 == 1
	c.open(1, nil)
	ended := make([]bool, len(in))
	for i, s := range steps {
		if s.restart == 0 {
			c.begin(i % 4)
		}
		switch {
		case s.restart > 0:
			c.restart(s.restart)
			for input, gone := range ended {
				if gone {
					c.each(func(o Operator) error { return o.EndInput(input, c) })
				}
			}
		case s.end:
			ended[s.input] = true
			c.reached[s.input] = 1<<63 - 1
			if !slices.Contains(ended, false) {
				c.each(func(o Operator) error { return o.Watermark(1<<63-1, c) })
			}
			c.each(func(o Operator) error { return o.EndInput(s.input, c) })
		case s.mark:
			for i := range c.reached {
				if c.reached[i] = max(c.reached[i], s.time); s.reached != nil {
					c.reached[i] = s.reached[i]
				}
			}
			c.each(func(o Operator) error { return o.Watermark(s.time, c) })
		case s.clock:
			c.now = s.time
			c.ring()
		default:
			c.process(s.input, s.batch)
		}
		if s.restart == 0 && i%3 > 0 { // others are given up
			c.keep()
		}
	}
	c.each(func(o Operator) error { return o.Close() })
	for _, x := range c.counts {
		c.late += x.Late.Load()
	}
	if c.out.problem != "" {
		t.Fatal(c.out.problem)
	}
	return c
}

func (c *crew) open(parallelism int, tables [][]state.Table) {
	c.t.Helper()
	c.tasks, c.timers = nil, make([][]int64, parallelism)
	if c.follow && len(c.keepers) != parallelism {
		c.keepers = nil
		for range parallelism {
			c.keepers = append(c.keepers, snapshottest.NewKeeper(crewGroups))
		}
	}
	for i := range parallelism {
		ctx := testContext()
		ctx.Inputs, ctx.Subtask, ctx.Parallelism, ctx.MaxParallelism = len(c.in), i, parallelism, crewGroups
		ctx.Reached = func(input int) int64 { return c.reached[input] }
		ctx.Now = func() time.Time { return time.UnixMilli(c.now) }
		ctx.SetTimer = func(at time.Time) { c.timers[i] = append(c.timers[i], at.UnixMilli()) }
		c.counts = append(c.counts, ctx.Counters)
		if tables != nil {
			if ctx.Restore = deal(tables, i, parallelism); c.follow && len(tables) == parallelism {
				ctx.Restore = &state.Reader{Tables: tables[i]}
			}
		}
		o, err := New(c.node, c.in)
		if err == nil {
			err = o.Open(ctx)
		}
		if err != nil {
			c.t.Fatal(err)
		}
		c.tasks = append(c.tasks, o)
	}
}

// deal cuts tables to the key groups of a subtask.
func deal(subtasks [][]state.Table, subtask, parallelism int) *state.Reader {
	r := &state.Reader{}
	for old, tables := range subtasks {
		for _, t := range tables {
			to := r.Table(t.Name)
			if to == nil {
				r.Tables = append(r.Tables, state.Table{Name: t.Name, Schema: t.Schema, Keyed: t.Keyed, Rows: column.NewBatch(t.Schema, 0)})
				to = r.Table(t.Name)
			}
			for i := range t.Rows.Len {
				if t.Keyed && state.Target(int(t.Groups[i]), crewGroups, parallelism) == subtask || !t.Keyed && old%parallelism == subtask {
					to.Rows.AppendRows(t.Rows, []int32{int32(i)})
				}
			}
		}
	}
	return r
}

func (c *crew) restart(parallelism int) {
	c.t.Helper()
	var tables [][]state.Table
	for i, o := range c.tasks {
		var k *snapshottest.Keeper
		if c.follow {
			k = c.keepers[i]
		}
		tables = append(tables, snapshotOf(c.t, o, k))
	}
	c.each(func(o Operator) error { return o.Close() })
	c.open(parallelism, tables)
}

// begin begins a checkpoint of what has changed and copies some of it.
func (c *crew) begin(rows int) {
	c.t.Helper()
	for i, k := range c.keepers {
		if err := k.Begin(c.tasks[i].Snapshot); err != nil {
			c.t.Fatal(err)
		}
		k.Copy(rows)
	}
}

// keep ends the checkpoint.
func (c *crew) keep() {
	c.t.Helper()
	for _, k := range c.keepers {
		if err := k.End(); err != nil {
			c.t.Fatal(err)
		}
	}
}

func (c *crew) each(f func(o Operator) error) {
	c.t.Helper()
	for i, o := range c.tasks {
		c.at = i
		if err := f(o); err != nil {
			c.t.Fatal(err)
		}
	}
}

// ring calls what timers are due, those set meanwhile included.
func (c *crew) ring() {
	c.t.Helper()
	for i, o := range c.tasks {
		for due := true; due; {
			due = false
			for k, at := range c.timers[i] {
				if at <= c.now {
					c.timers[i] = slices.Delete(c.timers[i], k, k+1)
					if err := o.Timer(time.UnixMilli(at), c); err != nil {
						c.t.Fatal(err)
					}
					due = true
					break
				}
			}
		}
	}
}

// process gives each subtask the rows of its keys.
func (c *crew) process(input int, b *column.Batch) {
	c.t.Helper()
	var keys []*column.Vector
	for _, k := range c.keys[input] {
		keys = append(keys, b.Cols[k])
	}
	var hasher state.KeyHasher
	hash := make([]uint64, b.Len)
	hasher.Hash(keys, nil, hash)
	for i, o := range c.tasks {
		part := column.NewBatch(c.in[input], 0)
		*part = *b
		if len(c.tasks) > 1 {
			part.Sel = []int32{}
			for k := range b.Rows() {
				if r := b.Row(k); state.Target(state.KeyGroup(hash[r], crewGroups), crewGroups, len(c.tasks)) == i {
					part.Sel = append(part.Sel, int32(r))
				}
			}
			if len(part.Sel) == 0 {
				continue
			}
		}
		if err := o.Process(input, part, c); err != nil {
			c.t.Fatal(err)
		}
	}
	mangle(b)
}

// mixSteps puts the batches of all inputs into one order, with the ends of the inputs and restarts.
func mixSteps(t *rapid.T, batches [][]*column.Batch, parallel bool) []step {
	var steps []step
	at, ended := make([]int, len(batches)), make([]bool, len(batches))
	for slices.Contains(ended, false) {
		if rapid.IntRange(0, 9).Draw(t, "restart") == 0 {
			n := 1
			if parallel {
				n = rapid.IntRange(1, 3).Draw(t, "subtasks")
			}
			steps = append(steps, step{restart: n})
		}
		i := rapid.IntRange(0, len(batches)-1).Draw(t, "input")
		for ended[i] {
			i = (i + 1) % len(batches)
		}
		if at[i] < len(batches[i]) {
			steps = append(steps, step{input: i, batch: batches[i][at[i]]})
			at[i]++
		} else {
			steps = append(steps, step{input: i, end: true})
			ended[i] = true
		}
	}
	return steps
}

// parallelOf reports whether steps restart in several subtasks, so that rows of different keys come out in any order.
func parallelOf(steps []step) bool {
	return slices.ContainsFunc(steps, func(s step) bool { return s.restart > 1 })
}

// result applies a changelog, of which each row must take back what is there.
func result(t fataler, rows []string) []string {
	t.Helper()
	count := map[string]int{}
	for i, s := range rows {
		kind, row, _ := strings.Cut(s, " ")
		if kind == "+I" || kind == "+U" {
			count[row]++
			continue
		}
		if count[row] == 0 {
			t.Fatalf("row %d takes back what is not there: %s\n%s", i, s, strings.Join(rows, "\n"))
		}
		count[row]--
	}
	var list []string
	for row, n := range count {
		for range n {
			list = append(list, row)
		}
	}
	slices.Sort(list)
	return list
}

// compareAny compares rows whose order does not matter.
func compareAny(t fataler, got, want []string) {
	t.Helper()
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	compareRows(t, got, want)
}

// testRow is a row as the models see it.
type testRow struct {
	kind column.RowKind
	text []string // values
	null []bool
	b    int64 // the value of column 1, a BIGINT
	time int64 // that of column 2 in milliseconds, if it is a time
}

func testRows(b *column.Batch) []testRow {
	var list []testRow
	for i := range b.Len {
		r := testRow{kind: b.Kind(i)}
		for _, c := range b.Cols {
			r.text, r.null = append(r.text, textOf(c, i)), append(r.null, c.IsNull(i))
		}
		if !r.null[1] {
			r.b = column.Values[int64](b.Cols[1])[i]
		}
		if v := b.Cols[2]; isTime(v.Type) && !r.null[2] {
			r.time = column.Values[int64](v)[i] * 1000 / v.Type.TimeUnit()
		}
		list = append(list, r)
	}
	return list
}

func (r testRow) line() string { return strings.Join(r.text, " ") }

func nulls(n int) string { return strings.TrimSpace(strings.Repeat("NULL ", n)) }

func lineOf(kind column.RowKind, parts ...string) string {
	return fmt.Sprint(kind, " ", strings.Join(parts, " "))
}

// testMatch is a match with its model.
type testMatch struct {
	graph.Match
	in     [2][]column.Field
	schema []column.Field
	near   func(l, r testRow) bool // nil: any are
}

// drawMatch draws a join over rows of a key, a BIGINT and something else.
func drawMatch(t *rapid.T, kinds ...graph.JoinKind) *testMatch {
	key := rapid.SampledFrom([]column.Type{column.Of(column.BigInt), column.Str(), column.Of(column.Double), column.DecimalOf(20, 2)}).Draw(t, "key")
	m := &testMatch{}
	m.in[0] = fields(key, column.Of(column.BigInt), column.Str())
	m.in[1] = fields(key, column.Of(column.BigInt), rapid.SampledFrom([]column.Type{column.ArrayOf(column.Of(column.Int)), column.Of(column.Boolean)}).Draw(t, "rest"))
	m.Type = rapid.SampledFrom(kinds).Draw(t, "kind")
	switch rapid.IntRange(0, 4).Draw(t, "keys") {
	case 0:
	case 1:
		m.LeftKeys, m.RightKeys = []int{0, 1}, []int{0, 1}
		m.NullSafe = []bool{rapid.Bool().Draw(t, "null-safe"), true}
	default:
		m.LeftKeys, m.RightKeys = []int{0}, []int{0}
		if rapid.Bool().Draw(t, "null-safe") {
			m.NullSafe = []bool{true}
		}
	}
	m.finish(t)
	return m
}

// finish draws a condition and makes the output's schema.
func (m *testMatch) finish(t *rapid.T) {
	if rapid.Bool().Draw(t, "condition") {
		m.Cond = call(t, "<=", ref(1, m.in[0][1]), ref(len(m.in[0])+1, m.in[1][1]))
	}
	for side, list := range m.in {
		if side == 1 && m.Type.LeftOnly() {
			break
		}
		for _, f := range list {
			f.Type = f.Type.Optional()
			m.schema = append(m.schema, f)
		}
	}
}

func (m *testMatch) keys() [][]int { return [][]int{m.LeftKeys, m.RightKeys} }

// matches is the model of which rows belong together.
func (m *testMatch) matches(l, r testRow) bool {
	for i, k := range m.LeftKeys {
		j := m.RightKeys[i]
		if l.text[k] != r.text[j] || l.null[k] && (m.NullSafe == nil || !m.NullSafe[i]) {
			return false
		}
	}
	if m.near != nil && !m.near(l, r) {
		return false
	}
	return m.Cond == nil || !l.null[1] && !r.null[1] && l.b <= r.b
}

// join is the model of the result of a join of two lists.
func (m *testMatch) join(left, right []testRow) []string {
	var out []string
	hit := make([]bool, len(right))
	for _, l := range left {
		found := false
		for j, r := range right {
			if !m.matches(l, r) {
				continue
			}
			hit[j] = true
			if m.Type == graph.SemiJoin && !found {
				out = append(out, l.line())
			} else if !m.Type.LeftOnly() {
				out = append(out, l.line()+" "+r.line())
			}
			found = true
		}
		if !found && m.Type == graph.AntiJoin {
			out = append(out, l.line())
		} else if !found && m.Type.KeepsLeft() {
			out = append(out, l.line()+" "+nulls(len(m.in[1])))
		}
	}
	for j, r := range right {
		if !hit[j] && m.Type.KeepsRight() {
			out = append(out, nulls(len(m.in[0]))+" "+r.line())
		}
	}
	return out
}
