package operator

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/state"
)

// Columns of the tests' input: two keys, a number, a text, a condition.
func aggregateInput(keys []column.Type) []column.Field {
	return append(fields(keys...), fields(column.Of(column.BigInt), column.Str(), column.Of(column.Boolean))...)
}

var groupKeys = []column.Type{
	column.Str(), column.Of(column.Int), column.Of(column.BigInt), column.Of(column.Double), column.Of(column.Boolean), column.DecimalOf(20, 2),
	column.ArrayOf(column.Of(column.Int)),
}

func lookupAggregate(t fataler, name string) *expr.AggregateFunction {
	t.Helper()
	f, ok := expr.LookupAggregate(name)
	if !ok {
		t.Fatalf("no aggregate function %s", name)
	}
	return f
}

// drawCalls picks calls over the number, text and condition, which stand at column at, at+1, at+2.
func drawCalls(t *rapid.T, at int, merging bool) []expr.Aggregate {
	count, sum := lookupAggregate(t, "COUNT"), lookupAggregate(t, "SUM")
	bigint := column.Of(column.BigInt)
	var calls []expr.Aggregate
	for range rapid.IntRange(0, 5).Draw(t, "calls") {
		c := rapid.SampledFrom([]expr.Aggregate{
			{Func: count, T: bigint.Required()},
			{Func: count, Args: []int{at}, T: bigint.Required()},
			{Func: count, Args: []int{at, at + 1}, T: bigint.Required()},
			{Func: sum, Args: []int{at}, T: bigint},
			{Func: lookupAggregate(t, "SUM0"), Args: []int{at}, T: bigint.Required()},
			{Func: textsFunction, Args: []int{at + 1}, T: column.Str().Required()},
		}).Draw(t, "call")
		if merging && c.Func == textsFunction {
			c.Func, c.Args, c.T = sum, []int{at}, bigint
		}
		c.Filter = rapid.SampledFrom([]int{-1, -1, at + 2}).Draw(t, "filter")
		c.Distinct = !merging && len(c.Args) > 0 && rapid.Bool().Draw(t, "distinct")
		calls = append(calls, c)
	}
	return calls
}

// modelGroup is one group of the model.
type modelGroup struct {
	key  string
	rows int
	seen []map[string]int // by call, for DISTINCT
	n    []int64          // by call
	sum  []int64
	list [][]string
}

func newModelGroup(key string, calls int) *modelGroup {
	g := &modelGroup{key: key, n: make([]int64, calls), sum: make([]int64, calls), list: make([][]string, calls)}
	for range calls {
		g.seen = append(g.seen, map[string]int{})
	}
	return g
}

// take takes row r in (sign 1) or out (-1).
func (g *modelGroup) take(calls []expr.Aggregate, b *column.Batch, r int, sign int64) {
	g.rows += int(sign)
	for i, c := range calls {
		if c.Filter >= 0 && !isTrue(b.Cols[c.Filter], r) {
			continue
		}
		if c.Distinct {
			key := ""
			for _, a := range c.Args {
				key += textOf(b.Cols[a], r) + ";"
			}
			before := g.seen[i][key]
			if before == 0 && sign < 0 {
				continue
			}
			g.seen[i][key] += int(sign)
			if before > 1 || before == 1 && sign > 0 {
				continue
			}
		}
		null := false
		for _, a := range c.Args {
			null = null || b.Cols[a].IsNull(r)
		}
		if null {
			continue
		}
		g.n[i] += sign
		switch c.Func.Name {
		case "SUM", "SUM0":
			g.sum[i] += sign * column.Values[int64](b.Cols[c.Args[0]])[r]
		case "TEXTS":
			s := string(b.Cols[c.Args[0]].BytesAt(r))
			if sign > 0 {
				g.list[i] = append(g.list[i], s)
			} else {
				g.list[i] = without(g.list[i], s)
			}
		}
	}
}

func (g *modelGroup) result(calls []expr.Aggregate) string {
	s := g.key
	for i, c := range calls {
		switch {
		case c.Func.Name == "COUNT":
			s += fmt.Sprintf(" %d", g.n[i])
		case c.Func.Name == "TEXTS":
			s += fmt.Sprintf(" %q", strings.Join(g.list[i], "|"))
		case g.n[i] == 0 && c.Func.Name == "SUM":
			s += " NULL"
		case g.n[i] == 0: // SUM0; of values that never came and were taken back nothing is left either
			s += " 0"
		default:
			s += fmt.Sprintf(" %d", g.sum[i])
		}
	}
	return s
}

func keyText(b *column.Batch, keys []int, r int) string {
	s := ""
	for _, k := range keys {
		s += " " + textOf(b.Cols[k], r)
	}
	return s
}

// drawAggregate makes a node over random keys and calls.
func drawAggregate(t *rapid.T, merging bool) (*graph.Aggregate, []column.Field) {
	var types []column.Type
	var keys []int
	for i := range rapid.IntRange(0, 2).Draw(t, "keys") {
		types, keys = append(types, rapid.SampledFrom(groupKeys).Draw(t, "key")), append(keys, i)
	}
	in := aggregateInput(types)
	return &graph.Aggregate{Keys: keys, Calls: drawCalls(t, len(types), merging)}, in
}

func outputOf(op *graph.Aggregate, in []column.Field) []column.Field {
	var out []column.Field
	for _, k := range op.Keys {
		out = append(out, in[k])
	}
	for _, c := range op.Calls {
		out = append(out, column.Field{Name: c.Func.Name, Type: c.T})
	}
	return out
}

func init() { packTexts = 3 } // so that tests, of few groups, have both

func TestAggregateWholeModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op, in := drawAggregate(t, false)
		op.Always = rapid.Bool().Draw(t, "always")
		all := drawRows(t, in, rapid.IntRange(0, 40).Draw(t, "rows"), drawOptions{times: true})
		groups := map[string]*modelGroup{}
		var order []*modelGroup
		if op.Always && len(op.Keys) == 0 {
			groups[""] = newModelGroup("", len(op.Calls))
			order = append(order, groups[""])
		}
		for r := range all.Len {
			key := keyText(all, op.Keys, r)
			g := groups[key]
			if g == nil {
				g = newModelGroup(key, len(op.Calls))
				groups[key], order = g, append(order, g)
			}
			g.take(op.Calls, all, r, 1)
		}
		var want []string
		for _, g := range order {
			want = append(want, "+I"+g.result(op.Calls))
		}
		batches := cutRows(t, in, all)
		got := run(t, &graph.Node{Op: op, Schema: outputOf(op, in)}, in, batches, drawRestart(t, batches))
		compareRows(t, got, want)
	})
}

func TestAggregateUpdatesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op, in := drawAggregate(t, false)
		op.Updates, op.UpdateBefore = true, rapid.IntRange(0, 3).Draw(t, "before") > 0
		var opts drawOptions
		if rapid.Bool().Draw(t, "changelog") {
			opts.kinds = anyKind
		}
		all := drawRows(t, in, rapid.IntRange(0, 60).Draw(t, "rows"), opts)
		groups := map[string]*modelGroup{}
		var want []string
		for r := range all.Len {
			key := keyText(all, op.Keys, r)
			g, adds := groups[key], all.Kind(r).Adds()
			switch {
			case g == nil && !adds:
			case g == nil:
				g = newModelGroup(key, len(op.Calls))
				groups[key] = g
				g.take(op.Calls, all, r, 1)
				want = append(want, "+I"+g.result(op.Calls))
			case !adds && g.rows == 1:
				want = append(want, "-D"+g.result(op.Calls))
				delete(groups, key)
			default:
				before := g.result(op.Calls)
				if adds {
					g.take(op.Calls, all, r, 1)
				} else {
					g.take(op.Calls, all, r, -1)
				}
				if after := g.result(op.Calls); before != after {
					if op.UpdateBefore {
						want = append(want, "-U"+before)
					}
					want = append(want, "+U"+after)
				}
			}
		}
		batches := cutRows(t, in, all)
		got := run(t, &graph.Node{Op: op, Schema: outputOf(op, in)}, in, batches, drawRestart(t, batches))
		compareRows(t, got, want)
	})
}

// TestAggregatePhasesModel holds Partial then Final against Whole.
func TestAggregatePhasesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op, in := drawAggregate(t, true)
		op.Always = true
		all := drawRows(t, in, rapid.IntRange(0, 40).Draw(t, "rows"), drawOptions{})
		want := run(t, &graph.Node{Op: op, Schema: outputOf(op, in)}, in, cutRows(t, in, all), -1)

		first := *op
		first.Phase, first.Always = graph.Partial, false
		mid, argTypes := statesOf(op, in)
		batches := cutRows(t, in, all)
		var c batchCapture
		c.schema = mid
		restart := drawRestart(t, batches)
		feed(t, &graph.Node{Op: &first, Schema: mid}, in, batches, restart, &c, rapid.Bool().Draw(t, "pass through"))

		final := *op
		final.Phase, final.ArgTypes, final.Keys = graph.Final, argTypes, nil
		for i := range op.Keys {
			final.Keys = append(final.Keys, i)
		}
		got := run(t, &graph.Node{Op: &final, Schema: outputOf(op, in)}, mid, c.batches, drawRestart(t, c.batches))
		compareRows(t, got, want)
	})
}

// statesOf returns the columns between the phases and the calls' argument types.
func statesOf(op *graph.Aggregate, in []column.Field) (mid []column.Field, argTypes [][]column.Type) {
	mid = []column.Field{}
	for _, k := range op.Keys {
		mid = append(mid, in[k])
	}
	for _, c := range op.Calls {
		types := []column.Type{}
		for _, a := range c.Args {
			types = append(types, in[a].Type)
		}
		argTypes = append(argTypes, types)
		for _, s := range c.Func.New(types, c.T).StateTypes() {
			mid = append(mid, column.Field{Name: "state", Type: s})
		}
	}
	return mid, argTypes
}

// batchCapture keeps copies of batches.
type batchCapture struct {
	schema  []column.Field
	batches []*column.Batch
}

func (c *batchCapture) Emit(p Payload) error {
	b := column.NewBatch(c.schema, 0)
	b.AppendRows(p.(*column.Batch), nil)
	c.batches = append(c.batches, b)
	return nil
}

// feed is run for a partial aggregate, optionally one that has stopped to look for groups.
func feed(t fataler, n *graph.Node, in []column.Field, batches []*column.Batch, drain int, out Output, passThrough bool) {
	o := open(t, n, in, testContext())
	if passThrough {
		o.(*aggregate).partial.skip = 10
	}
	for i, b := range batches {
		if i == drain {
			if err := o.(Drainer).Drain(out); err != nil {
				t.Fatal(err)
			}
		}
		if err := o.Process(0, b, out); err != nil {
			t.Fatal(err)
		}
		mangle(b)
	}
	if err := o.EndInput(0, out); err != nil {
		t.Fatal(err)
	}
}

// TestAggregateRescales goes on from a snapshot of one subtask as two, each with its key groups.
func TestAggregateRescales(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op, in := drawAggregate(t, false)
		op.Updates = rapid.Bool().Draw(t, "updates")
		n := &graph.Node{Op: op, Schema: outputOf(op, in)}
		all := drawRows(t, in, rapid.IntRange(1, 40).Draw(t, "rows"), drawOptions{})
		want := run(t, n, in, cutRows(t, in, all), -1)

		batches := cutRows(t, in, all)
		half := rapid.IntRange(0, len(batches)).Draw(t, "half")
		var c capture
		o := open(t, n, in, testContext())
		for _, b := range batches[:half] {
			if err := o.Process(0, b, &c); err != nil {
				t.Fatal(err)
			}
		}
		var w state.Writer
		if err := o.Snapshot(&w); err != nil {
			t.Fatal(err)
		}
		for subtask := range 2 {
			ctx := testContext()
			ctx.Subtask, ctx.Parallelism = subtask, 2
			ctx.Restore = &state.Reader{Tables: tablesOf(w.Tables, subtask, 2)}
			o := open(t, n, in, ctx)
			for _, b := range batches[half:] {
				if err := o.Process(0, rowsOf(b, op.Keys, subtask, 2), &c); err != nil {
					t.Fatal(err)
				}
			}
			if err := o.EndInput(0, &c); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(want)
		slices.Sort(c.rows)
		compareRows(t, c.rows, want)
	})
}

// tablesOf cuts tables to the key groups of a subtask.
func tablesOf(tables []state.Table, subtask, parallelism int) []state.Table {
	var out []state.Table
	for _, table := range tables {
		var rows []int32
		for i, g := range table.Groups {
			if state.Target(int(g), 128, parallelism) == subtask {
				rows = append(rows, int32(i))
			}
		}
		b := column.NewBatch(table.Schema, 0)
		if len(rows) > 0 {
			b.AppendRows(table.Rows, rows)
		}
		table.Rows, table.Layers = b, nil
		out = append(out, table)
	}
	return out
}

// rowsOf selects the live rows of b that are shipped to a subtask.
func rowsOf(b *column.Batch, keys []int, subtask, parallelism int) *column.Batch {
	var cols []*column.Vector
	for _, k := range keys {
		cols = append(cols, b.Cols[k])
	}
	hashes := make([]uint64, b.Rows())
	new(state.KeyHasher).Hash(cols, b.Sel, hashes)
	cut := *b
	cut.Sel = []int32{}
	for i, h := range hashes {
		if state.Target(state.KeyGroup(h, 128), 128, parallelism) == subtask {
			cut.Sel = append(cut.Sel, int32(b.Row(i)))
		}
	}
	return &cut
}

// TestPartialIsBounded feeds more groups than a partial table may hold, and keys that never repeat.
func TestPartialIsBounded(t *testing.T) {
	in := fields(column.Of(column.BigInt), column.Of(column.BigInt))
	op := &graph.Aggregate{Keys: []int{0}, Phase: graph.Partial, Calls: []expr.Aggregate{
		{Func: lookupAggregate(t, "SUM"), Args: []int{1}, Filter: -1, T: column.Of(column.BigInt)},
	}}
	mid, _ := statesOf(op, in)
	for _, repeat := range []int64{1, 3} {
		o := open(t, &graph.Node{Op: op, Schema: mid}, in, testContext()).(*aggregate)
		sums, rows := map[int64]int64{}, 0
		out := outputFunc(func(p Payload) error {
			b := p.(*column.Batch)
			for i := range b.Rows() {
				sums[column.Values[int64](b.Cols[0])[b.Row(i)]] += column.Values[int64](b.Cols[1])[b.Row(i)]
			}
			rows += b.Rows()
			return nil
		})
		b := column.NewBatch(in, ChunkRows)
		const total = 600_000
		for next := int64(0); next < total; {
			b.Reset()
			for range ChunkRows {
				column.Append(b.Cols[0], next/repeat)
				column.Append(b.Cols[1], next)
				next++
				b.Len++
			}
			if err := o.Process(0, b, out); err != nil {
				t.Fatal(err)
			}
			if n := o.state.groups.Len(); n > partialGroups+ChunkRows {
				t.Fatalf("%d groups held", n)
			}
			if repeat == 1 && next > 2*partialTry && o.state.groups.Len() > partialTry+ChunkRows {
				t.Fatalf("%d groups held though no key repeats", o.state.groups.Len())
			}
		}
		if err := o.EndInput(0, out); err != nil {
			t.Fatal(err)
		}
		var sum int64
		for _, s := range sums {
			sum += s
		}
		n := int64(rows)
		if repeat == 1 && n < total || repeat == 3 && n > total/2 {
			t.Errorf("repeat %d: %d rows leave", repeat, rows)
		}
		all := int64((total + ChunkRows - 1) / ChunkRows * ChunkRows)
		if sum != all*(all-1)/2 || int64(len(sums)) != (all+repeat-1)/repeat {
			t.Errorf("repeat %d: sum %d of %d groups", repeat, sum, len(sums))
		}
	}
}

type outputFunc func(Payload) error

func (f outputFunc) Emit(p Payload) error { return f(p) }

// TestChangelogForgets opens and closes groups without end: the state does not grow.
func TestChangelogForgets(t *testing.T) {
	in := fields(column.Of(column.BigInt))
	op := &graph.Aggregate{Keys: []int{0}, Updates: true, UpdateBefore: true, Calls: []expr.Aggregate{
		{Func: lookupAggregate(t, "COUNT"), Args: []int{0}, Distinct: true, Filter: -1, T: column.Of(column.BigInt)},
	}}
	o := open(t, &graph.Node{Op: op, Schema: outputOf(op, in)}, in, testContext()).(*aggregate)
	b := column.NewBatch(in, ChunkRows)
	for i := range 60 {
		b.Reset()
		for j := range 1000 {
			column.Append(b.Cols[0], int64(i*1000+j))
			column.Append(b.Cols[0], int64(i*1000+j))
		}
		b.Len = 2000
		kinds := b.AddKinds(2000)
		for j := range kinds {
			if j%2 == 1 && j > 10 {
				kinds[j] = column.Delete
			}
		}
		if err := o.Process(0, b, discard{}); err != nil {
			t.Fatal(err)
		}
	}
	if n := o.state.groups.Len(); n > 3*ChunkRows {
		t.Errorf("%d groups held", n)
	}
	if n := o.state.groups.Live(); n != 5*60 {
		t.Errorf("%d groups live, want %d", n, 5*60)
	}
	if n := o.state.calls[0].distinct.groups.Len(); n > 3*ChunkRows {
		t.Errorf("%d distinct values held", n)
	}
}

func TestAggregateErrors(t *testing.T) {
	in := fields(column.Of(column.BigInt))
	sum := expr.Aggregate{Func: lookupAggregate(t, "SUM"), Args: []int{0}, Filter: -1, T: column.Of(column.BigInt)}
	distinctSum := sum
	distinctSum.Distinct = true
	for want, n := range map[string]*graph.Node{
		"SUM(DISTINCT …) cannot be computed in phases": {Op: &graph.Aggregate{Phase: graph.Partial, Calls: []expr.Aggregate{distinctSum}}},
		"argument types of 0 aggregate calls, want 1":  {Op: &graph.Aggregate{Phase: graph.Final, Calls: []expr.Aggregate{sum}}},
		"the output has 0 columns, want 1":             {Op: &graph.Aggregate{Calls: []expr.Aggregate{sum}}},
	} {
		if _, err := New(n, [][]column.Field{in}); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	op := &graph.Aggregate{Calls: []expr.Aggregate{sum}}
	o := open(t, &graph.Node{Op: op, Schema: outputOf(op, in)}, in, testContext())
	b := column.NewBatch(in, 1)
	column.Append(b.Cols[0], int64(1))
	b.Len = 1
	b.AddKinds(1)[0] = column.Delete
	if err := o.Process(0, b, discard{}); err == nil {
		t.Error("a batch aggregate took a row back")
	}
	if !slices.Equal(b.Kinds, []column.RowKind{column.Delete}) {
		t.Error("the input was changed")
	}
}
