package operator

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/state"
)

// Columns of the tests of windows: key, time, number, text.
var windowInput = []column.Field{
	{Name: "k", Type: column.Of(column.Int)}, {Name: "ts", Type: stamp}, {Name: "n", Type: column.Of(column.BigInt)}, {Name: "s", Type: column.Str()},
}

func drawWindow(t *rapid.T, kinds ...graph.WindowKind) graph.Window {
	w := graph.Window{Type: rapid.SampledFrom(kinds).Draw(t, "kind"), Time: 1, Offset: rapid.Int64Range(-7, 7).Draw(t, "offset")}
	w.Slide = rapid.Int64Range(1, 6).Draw(t, "slide")
	switch w.Type {
	case graph.Hop:
		w.Size = rapid.Int64Range(1, 15).Draw(t, "size")
	case graph.Cumulate:
		w.Size = w.Slide * rapid.Int64Range(1, 4).Draw(t, "steps")
	default:
		w.Size, w.Slide = rapid.Int64Range(1, 12).Draw(t, "size"), 0
		if w.Type == graph.Session {
			w.Offset = 0
		}
	}
	return w
}

// span is a window.
type span struct{ start, end int64 }

// spansOf finds the windows of time t by trying all that are near.
func spansOf(w *graph.Window, t int64) []span {
	var list []span
	for start := t - 60; start <= t; start++ {
		step := w.Size
		if w.Type == graph.Hop {
			step = w.Slide
		}
		if ((start-w.Offset)%step+step)%step != 0 {
			continue
		}
		ends := []int64{start + w.Size}
		if w.Type == graph.Cumulate {
			ends = nil
			for end := start + w.Slide; end <= start+w.Size; end += w.Slide {
				ends = append(ends, end)
			}
		}
		for _, end := range ends {
			if t < end {
				list = append(list, span{start, end})
			}
		}
	}
	return list
}

// sliceOf is the slice of a row, for the order in which HOP takes rows in.
func sliceOf(w *graph.Window, t int64) int64 {
	if w.Type != graph.Hop {
		return 0
	}
	g := gcd(w.Size, w.Slide)
	return -floorTo(t-w.Offset, g)
}

func windowCalls(t *rapid.T, kind graph.WindowKind) []expr.Aggregate {
	count, sum := lookupAggregate(t, "COUNT"), lookupAggregate(t, "SUM")
	bigint := column.Of(column.BigInt)
	calls := []expr.Aggregate{
		{Func: count, Filter: -1, T: bigint.Required()},
		{Func: sum, Args: []int{2}, Filter: -1, T: bigint},
		{Func: count, Args: []int{2}, Distinct: true, Filter: -1, T: bigint.Required()},
	}
	if kind == graph.Tumble || kind == graph.Hop {
		calls = append(calls, expr.Aggregate{Func: textsFunction, Args: []int{3}, Filter: -1, T: column.Str().Required()})
	}
	return calls
}

// windowRow is a row of the model.
type windowRow struct {
	r    int
	time int64
	sign int
}

// windowResult is what the calls make of rows.
func windowResult(b *column.Batch, rows []windowRow, calls []expr.Aggregate) string {
	n, sum, has := 0, int64(0), 0
	seen := map[int64]int{}
	var texts []string
	for _, row := range rows {
		n += row.sign
		if v := b.Cols[2]; !v.IsNull(row.r) {
			x := column.Values[int64](v)[row.r]
			sum += int64(row.sign) * x
			has += row.sign
			if seen[x] += row.sign; seen[x] == 0 {
				delete(seen, x)
			}
		}
		if v := b.Cols[3]; !v.IsNull(row.r) {
			texts = append(texts, string(v.BytesAt(row.r)))
		}
	}
	s := fmt.Sprintf(" %d %d %d", n, sum, len(seen))
	if has == 0 {
		s = fmt.Sprintf(" %d NULL %d", n, len(seen))
	}
	if len(calls) > 3 {
		s += fmt.Sprintf(" %q", strings.Join(texts, "|"))
	}
	return s
}

func windowOutputOf(op *graph.WindowAggregate, in []column.Field) []column.Field {
	var out []column.Field
	for _, k := range op.Keys {
		out = append(out, in[k])
	}
	for _, c := range op.Calls {
		out = append(out, column.Field{Type: c.T})
	}
	for range op.Properties {
		out = append(out, column.Field{Type: stamp.Required()})
	}
	return out
}

var startEnd = []graph.WindowProperty{graph.WindowStart, graph.WindowEnd, graph.WindowRowtime}

// modelWindows computes the results of windows whose borders are known, and the number of late rows.
func modelWindows(w *graph.Window, in *timedInput, keys []int, calls []expr.Aggregate) (want []string, late int64) {
	type group struct {
		span
		key  string
		rows []windowRow
	}
	groups := map[string]*group{}
	var order []*group
	b := in.rows
	for r := range b.Len {
		t, now := column.Values[int64](b.Cols[1])[r], in.before(r)
		spans := spansOf(w, t)
		counts := len(spans) == 0
		for _, s := range spans {
			if s.end-1 <= now {
				continue
			}
			counts = true
			key := keyText(b, keys, r)
			id := fmt.Sprint(s, key)
			g := groups[id]
			if g == nil {
				g = &group{span: s, key: key}
				groups[id], order = g, append(order, g)
			}
			row := windowRow{r: r, time: t, sign: 1}
			if !b.Kind(r).Adds() {
				row.sign = -1
			}
			g.rows = append(g.rows, row)
		}
		if !counts {
			late++
		}
	}
	slices.SortStableFunc(order, func(a, b *group) int { return cmp.Compare(a.end, b.end) })
	for _, g := range order {
		slices.SortStableFunc(g.rows, func(a, b windowRow) int { return cmp.Compare(sliceOf(w, a.time), sliceOf(w, b.time)) })
		n := 0
		for _, row := range g.rows {
			n += row.sign
		}
		if n > 0 {
			want = append(want, fmt.Sprintf("+I%s%s %d %d %d", g.key, windowResult(b, g.rows, calls), g.start, g.end, g.end-1))
		}
	}
	return want, late
}

// byEnd sorts rows of one window, which stand together.
func sortWithinWindows(rows []string) []string {
	key := func(s string) string { f := strings.Fields(s); return f[len(f)-2] }
	out := slices.Clone(rows)
	for from := 0; from < len(out); {
		to := from
		for to < len(out) && key(out[to]) == key(out[from]) {
			to++
		}
		slices.Sort(out[from:to])
		from = to
	}
	return out
}

func TestWindowAggregateModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWindow(t, graph.Tumble, graph.Hop, graph.Cumulate)
		op := &graph.WindowAggregate{Window: w, Calls: windowCalls(t, w.Type), Properties: startEnd}
		if rapid.Bool().Draw(t, "keyed") {
			op.Keys = []int{0}
		}
		in := drawTimed(t, windowInput, 1, rapid.IntRange(0, 40).Draw(t, "rows"), drawOptions{})
		want, late := modelWindows(&w, in, op.Keys, op.Calls)
		checkWindows(t, op, windowInput, in, want, late)
	})
}

// checkWindows is checkTimed without regard to the order of a window's groups.
func checkWindows(t *rapid.T, op *graph.WindowAggregate, fields []column.Field, in *timedInput, want []string, late int64) {
	steps := in.steps(t, fields)
	restart := rapid.IntRange(-1, len(steps)).Draw(t, "restart")
	subtasks := 1
	if restart >= 0 && len(op.Keys) > 0 {
		subtasks = rapid.IntRange(1, 2).Draw(t, "subtasks")
	}
	var counters Counters
	got := runTimed(t, &graph.Node{Op: op, Schema: windowOutputOf(op, fields)}, fields, steps, restart, op.Keys, subtasks, &counters)
	if subtasks > 1 {
		slices.Sort(got)
		slices.Sort(want)
	}
	compareRows(t, sortWithinWindows(got), sortWithinWindows(want))
	if counters.Late.Load() != late {
		t.Fatalf("%d rows are late, want %d", counters.Late.Load(), late)
	}
}

// TestWindowAggregateRetracts takes back some of the rows that came.
func TestWindowAggregateRetracts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWindow(t, graph.Tumble, graph.Hop, graph.Cumulate, graph.Session)
		op := &graph.WindowAggregate{Window: w, Calls: windowCalls(t, graph.Cumulate), Keys: []int{0}, Properties: startEnd, Changes: graph.Retract}
		in := drawTimed(t, windowInput, 1, rapid.IntRange(0, 30).Draw(t, "rows"), drawOptions{})
		// Some rows are followed by their retraction.
		n := in.rows.Len
		both := column.NewBatch(windowInput, 0)
		kinds := []column.RowKind{}
		marks := map[int]int64{}
		for r := range n {
			if m, ok := in.marks[r]; ok {
				marks[both.Len] = m
			}
			both.AppendRows(in.rows, []int32{int32(r)})
			kinds = append(kinds, rapid.SampledFrom([]column.RowKind{column.Insert, column.UpdateAfter}).Draw(t, "kind"))
			if rapid.IntRange(0, 2).Draw(t, "goes") == 0 {
				both.AppendRows(in.rows, []int32{int32(r)})
				kinds = append(kinds, rapid.SampledFrom([]column.RowKind{column.Delete, column.UpdateBefore}).Draw(t, "kind"))
			}
		}
		copy(both.AddKinds(both.Len), kinds)
		in = &timedInput{rows: both, marks: marks}
		var want []string
		var late int64
		if w.Type == graph.Session {
			want, late = modelSessions(&w, in, op.Keys, op.Calls)
		} else {
			want, late = modelWindows(&w, in, op.Keys, op.Calls)
		}
		checkWindows(t, op, windowInput, in, want, late)
	})
}

// modelSessions computes the results of sessions.
func modelSessions(w *graph.Window, in *timedInput, keys []int, calls []expr.Aggregate) (want []string, late int64) {
	type open struct {
		span
		key  string
		rows []windowRow
	}
	var live []*open
	b := in.rows
	fire := func(now int64) {
		slices.SortStableFunc(live, func(a, b *open) int { return cmp.Compare(a.end, b.end) })
		var rest []*open
		for _, s := range live {
			if s.end-1 > now {
				rest = append(rest, s)
				continue
			}
			n := 0
			for _, row := range s.rows {
				n += row.sign
			}
			if n > 0 {
				want = append(want, fmt.Sprintf("+I%s%s %d %d %d", s.key, windowResult(b, s.rows, calls), s.start, s.end, s.end-1))
			}
		}
		live = rest
	}
	for r := range b.Len {
		t, now := column.Values[int64](b.Cols[1])[r], in.before(r)
		fire(now)
		row := windowRow{r: r, time: t, sign: 1}
		if !b.Kind(r).Adds() {
			row.sign = -1
		}
		joined := &open{span: span{t, t + w.Size}, key: keyText(b, keys, r)}
		var rest []*open
		for _, s := range live {
			if s.key != joined.key || s.start > joined.end || s.end < joined.start {
				rest = append(rest, s)
				continue
			}
			joined.rows = append(joined.rows, s.rows...)
		}
		if len(joined.rows) == 0 && joined.end-1 <= now {
			late++
			continue
		}
		for _, s := range live {
			if s.key == joined.key && s.start <= t+w.Size && s.end >= t {
				joined.start, joined.end = min(joined.start, s.start), max(joined.end, s.end)
			}
		}
		joined.rows = append(joined.rows, row)
		live = append(rest, joined)
	}
	fire(math.MaxInt64)
	return want, late
}

func TestSessionAggregateModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWindow(t, graph.Session)
		op := &graph.WindowAggregate{Window: w, Calls: windowCalls(t, graph.Session), Properties: startEnd}
		if rapid.Bool().Draw(t, "keyed") {
			op.Keys = []int{0}
		}
		in := drawTimed(t, windowInput, 1, rapid.IntRange(0, 40).Draw(t, "rows"), drawOptions{})
		want, late := modelSessions(&w, in, op.Keys, op.Calls)
		checkWindows(t, op, windowInput, in, want, late)
	})
}

// TestWindowAggregatePhasesModel holds Partial then Final against the model. Only Partial counts rows as late that are so for it.
func TestWindowAggregatePhasesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWindow(t, graph.Tumble, graph.Hop, graph.Cumulate)
		calls := windowCalls(t, graph.Cumulate)[:2]
		op := &graph.WindowAggregate{Window: w, Calls: calls, Keys: []int{0}, Properties: startEnd}
		in := drawTimed(t, windowInput, 1, rapid.IntRange(0, 40).Draw(t, "rows"), drawOptions{})
		distinct := windowCalls(t, graph.Cumulate)
		want, _ := modelWindows(&w, in, op.Keys, distinct)
		for i, s := range want { // without the count of distinct values
			f := strings.Fields(s)
			want[i] = strings.Join(append(f[:4:4], f[5:]...), " ")
		}
		first, mid, argTypes := partialOf(op)
		final := *op
		final.Phase, final.ArgTypes = graph.Final, argTypes
		a := open(t, first, windowInput, testContext())
		b := open(t, &graph.Node{Op: &final, Schema: windowOutputOf(op, windowInput)}, mid, testContext())
		var c capture
		between := outputFunc(func(p Payload) error { return b.Process(0, p, &c) })
		for _, s := range append(in.steps(t, windowInput), timedStep{mark: math.MaxInt64}) {
			var err error
			if s.batch != nil {
				err = a.Process(0, s.batch, between)
				mangle(s.batch)
			} else if err = a.Watermark(s.mark, between); err == nil {
				err = b.Watermark(s.mark, &c)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		compareRows(t, sortWithinWindows(c.rows), sortWithinWindows(want))
	})
}

// partialOf is the node of the first phase of op, with what it emits and the types of its calls' arguments.
func partialOf(op *graph.WindowAggregate) (n *graph.Node, mid []column.Field, argTypes [][]column.Type) {
	first := *op
	first.Phase, first.Properties = graph.Partial, nil
	mid = []column.Field{windowInput[0]}
	for _, c := range op.Calls {
		types := []column.Type{}
		for _, a := range c.Args {
			types = append(types, windowInput[a].Type)
		}
		argTypes = append(argTypes, types)
		for _, s := range c.Func.New(types, c.T).StateTypes() {
			mid = append(mid, column.Field{Type: s})
		}
	}
	mid = append(mid, sliceField)
	return &graph.Node{Op: &first, Schema: mid}, mid, argTypes
}

// After a restore the first phase may get rows of a split that another subtask had read, which was behind: they are not late.
func TestWindowPartialRestored(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op := &graph.WindowAggregate{Window: drawWindow(t, graph.Tumble, graph.Hop, graph.Cumulate), Calls: windowCalls(t, graph.Cumulate)[:2], Keys: []int{0}}
		n, _, _ := partialOf(op)
		in := drawTimed(t, windowInput, 1, rapid.IntRange(1, 40).Draw(t, "rows"), drawOptions{})
		count := func(restore *state.Reader) (rows int) {
			c := testContext()
			c.Restore = restore
			o := open(t, n, windowInput, c)
			out := outputFunc(func(p Payload) error { rows += p.Rows(); return nil })
			for _, s := range in.steps(t, windowInput) {
				if s.batch == nil {
					continue
				}
				if err := o.Process(0, s.batch, out); err != nil {
					t.Fatal(err)
				}
			}
			if err := o.EndInput(0, out); err != nil {
				t.Fatal(err)
			}
			return rows
		}
		ahead := open(t, n, windowInput, testContext())
		var w state.Writer
		if err := ahead.Watermark(1<<50, outputFunc(func(Payload) error { return nil })); err != nil {
			t.Fatal(err)
		}
		if err := ahead.Snapshot(&w); err != nil {
			t.Fatal(err)
		}
		if fresh, restored := count(nil), count(&state.Reader{Tables: w.Tables}); restored != fresh {
			t.Fatalf("%d rows after a restore, want %d", restored, fresh)
		}
	})
}
