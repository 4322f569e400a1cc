package operator

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
	"github.com/millstream/millstream/state/snapshot/snapshottest"
)

// The tests of operators feed the same rows in randomly cut batches, with rows that do not count, dictionaries and kinds, destroy each batch
// after Process has returned, and compare what comes out, as text, with what a loop over rows makes of them.

// textOf writes a value such that different values have different texts.
func textOf(v *column.Vector, i int) string {
	if v.IsNull(i) {
		return "NULL"
	}
	if v.Dict != nil {
		return textOf(v.Dict, int(column.Values[int32](v)[i]))
	}
	switch v.Type.Layout() {
	case column.LayoutBits:
		return fmt.Sprint(v.Bits().Get(i))
	case column.LayoutInt8:
		return fmt.Sprint(column.Values[int8](v)[i])
	case column.LayoutInt16:
		return fmt.Sprint(column.Values[int16](v)[i])
	case column.LayoutInt32:
		return fmt.Sprint(column.Values[int32](v)[i])
	case column.LayoutInt64:
		return fmt.Sprint(column.Values[int64](v)[i])
	case column.LayoutFloat:
		return fmt.Sprint(column.Values[float32](v)[i])
	case column.LayoutDouble:
		return fmt.Sprint(column.Values[float64](v)[i])
	case column.LayoutInt128:
		return fmt.Sprint(column.Values[column.Int128](v)[i])
	case column.LayoutView:
		return fmt.Sprintf("%q", v.BytesAt(i))
	case column.LayoutList:
		o := v.Offsets()
		var s []string
		for e := o[i]; e < o[i+1]; e++ {
			for _, c := range v.Children {
				s = append(s, textOf(c, int(e)))
			}
		}
		return "[" + strings.Join(s, " ") + "]"
	case column.LayoutStruct:
		var s []string
		for _, c := range v.Children {
			s = append(s, textOf(c, i))
		}
		return "(" + strings.Join(s, " ") + ")"
	}
	return "?"
}

// rowText writes physical row i of a batch: kind, values, event time.
func rowText(b *column.Batch, i int) string {
	s := b.Kind(i).String()
	for _, c := range b.Cols {
		s += " " + textOf(c, i)
	}
	if b.Times != nil && b.Times[i] != column.NoTime {
		s += fmt.Sprintf(" @%d", b.Times[i])
	}
	return s
}

// capture keeps what is emitted as text and checks that batches are well formed.
type capture struct {
	rows    []string
	batches int
	problem string
}

func (c *capture) Emit(p Payload) error {
	b := p.(*column.Batch)
	c.batches++
	if b.Rows() == 0 {
		c.problem = "an empty batch was emitted"
	}
	for i, v := range b.Cols {
		if v.Len != b.Len {
			c.problem = fmt.Sprintf("column %d has %d rows in a batch of %d", i, v.Len, b.Len)
		}
	}
	if b.Kinds != nil && len(b.Kinds) < b.Len || b.Times != nil && len(b.Times) < b.Len {
		c.problem = "kinds or times are short"
	}
	for i := range b.Rows() {
		if i > 0 && b.Row(i) <= b.Row(i-1) {
			c.problem = "the selection does not ascend"
		}
		c.rows = append(c.rows, rowText(b, b.Row(i)))
	}
	return nil
}

// drawValue appends a random value of few. depth 0 allows no NULL.
func drawValue(t *rapid.T, v *column.Vector, nulls bool) {
	if nulls && !v.Type.NotNull && rapid.IntRange(0, 5).Draw(t, "null") == 0 || v.Type.Kind == column.Null {
		v.AppendNull()
		return
	}
	x := rapid.IntRange(0, 6).Draw(t, "x")
	switch v.Type.Layout() {
	case column.LayoutBits:
		v.AppendBool(x%2 == 0)
	case column.LayoutInt8:
		column.Append(v, int8(x-3))
	case column.LayoutInt16:
		column.Append(v, int16(x-3))
	case column.LayoutInt32:
		column.Append(v, int32(x-3))
	case column.LayoutInt64:
		column.Append(v, int64(x-3)*1_000_000_007)
	case column.LayoutFloat:
		column.Append(v, []float32{0, -1.5, 2, float32(math.Inf(1)), 7, 1e20, -2}[x])
	case column.LayoutDouble:
		column.Append(v, []float64{0, -1.5, 2, math.Inf(-1), math.NaN(), 1e20, -2}[x])
	case column.LayoutInt128:
		column.Append(v, column.Int128{Lo: uint64(x), Hi: int64(x%3 - 1)})
	case column.LayoutView:
		v.AppendString([]string{"", "a", "b", "ab", "twelve bytes", "a text of more than twelve", "a text of more than twelve bytes"}[x])
	case column.LayoutList:
		for range x % 4 {
			for i, c := range v.Children {
				if v.Type.Kind == column.Multiset && i == 1 {
					column.Append(c, int32(rapid.IntRange(1, 3).Draw(t, "count")))
				} else {
					drawValue(t, c, nulls)
				}
			}
		}
		v.AppendList(x % 4)
	case column.LayoutStruct:
		for _, c := range v.Children {
			drawValue(t, c, nulls)
		}
		v.AppendStruct()
	}
}

// drawOptions say what batches may have besides values.
type drawOptions struct {
	kinds func(t *rapid.T, i int) column.RowKind // nil: inserts
	times bool
}

// drawRows makes a batch of n rows without a selection.
func drawRows(t *rapid.T, fields []column.Field, n int, opts drawOptions) *column.Batch {
	b := column.NewBatch(fields, n)
	for _, c := range b.Cols {
		nulls := rapid.Bool().Draw(t, "nulls")
		for range n {
			drawValue(t, c, nulls)
		}
	}
	b.Len = n
	if opts.kinds != nil {
		kinds := b.AddKinds(n)
		for i := range kinds {
			kinds[i] = opts.kinds(t, i)
		}
	}
	if opts.times && rapid.Bool().Draw(t, "times") {
		times := b.AddTimes(n)
		for i := range times {
			times[i] = rapid.Int64Range(0, 9).Draw(t, "time")
		}
	}
	return b
}

// cutRows makes batches of the rows of all, cut anywhere, with dead rows and dictionaries here and there.
func cutRows(t *rapid.T, fields []column.Field, all *column.Batch) []*column.Batch {
	var out []*column.Batch
	for at := 0; at < all.Len; {
		n := min(rapid.IntRange(0, 12).Draw(t, "cut"), all.Len-at)
		var rows, sel []int32
		dead := rapid.Bool().Draw(t, "selection")
		for i := range n {
			for dead && rapid.IntRange(0, 2).Draw(t, "dead") == 0 {
				rows = append(rows, int32(rapid.IntRange(0, all.Len-1).Draw(t, "row")))
			}
			sel = append(sel, int32(len(rows)))
			rows = append(rows, int32(at+i))
		}
		b := column.NewBatch(fields, 0)
		if len(rows) > 0 {
			b.AppendRows(all, rows)
		}
		if dead {
			b.Sel = append([]int32{}, sel...)
		}
		for i, c := range b.Cols {
			if b.Len > 0 && rapid.IntRange(0, 3).Draw(t, "dictionary") == 0 {
				b.Cols[i] = encode(c)
			}
		}
		out = append(out, b)
		at += n
	}
	return out
}

// encode makes a vector with a dictionary, in which each row's value stands at another place.
func encode(v *column.Vector) *column.Vector {
	codes := column.NewVector(column.Of(column.Int), v.Len)
	turned := make([]int32, v.Len)
	for i := range v.Len {
		column.Append(codes, int32(v.Len-1-i))
		turned[i] = int32(v.Len - 1 - i)
	}
	dict := column.NewVector(v.Type, v.Len)
	dict.AppendRows(v, turned)
	return &column.Vector{Type: v.Type, Len: v.Len, Data: codes.Data, Dict: dict}
}

// mangle destroys what a batch holds, as the sender may once Process has returned.
func mangle(b *column.Batch) {
	for _, c := range b.Cols {
		mangleVector(c)
	}
	for i := range b.Sel {
		b.Sel[i] = 1 << 20
	}
	for i := range b.Kinds {
		b.Kinds[i] = 77
	}
	for i := range b.Times {
		b.Times[i] = -77
	}
}

func mangleVector(v *column.Vector) {
	for i := range v.Data {
		v.Data[i] = 0x7777777777777777
	}
	for i := range v.Valid {
		v.Valid[i] ^= 0x5555555555555555
	}
	for _, b := range v.Buffers {
		for i := range b {
			b[i] = '#'
		}
	}
	for _, c := range v.Children {
		mangleVector(c)
	}
	if v.Dict != nil {
		mangleVector(v.Dict)
	}
}

func testContext() *Context {
	return &Context{Context: context.Background(), Parallelism: 1, MaxParallelism: 128, Inputs: 1, Counters: &Counters{}, Wake: func() {}}
}

type fataler interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// open makes and opens the operator of a node.
func open(t fataler, n *graph.Node, in []column.Field, c *Context) Operator {
	t.Helper()
	var inputs [][]column.Field
	if in != nil {
		inputs = [][]column.Field{in}
	}
	o, err := New(n, inputs)
	if err == nil {
		err = o.Open(c)
	}
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// run feeds the batches and ends the input. Before batch number restart, if it is not negative, another operator goes on from the operator's
// snapshot: one of all its state, or, if restart is odd, the last of many of what has changed, which are copied while batches are processed.
func run(t fataler, n *graph.Node, in []column.Field, batches []*column.Batch, restart int) []string {
	t.Helper()
	var c capture
	o := open(t, n, in, testContext())
	var k *snapshottest.Keeper
	if restart >= 0 && restart&1 == 1 {
		k = snapshottest.NewKeeper(testContext().MaxParallelism)
	}
	drain := func() {
		if d, ok := o.(Drainer); ok {
			if err := d.Drain(&c); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, b := range batches {
		if i == restart || k != nil && i == restart+2 {
			drain()
			tables := snapshotOf(t, o, k)
			if err := o.Close(); err != nil {
				t.Fatal(err)
			}
			ctx := testContext()
			ctx.Restore = &state.Reader{Tables: tables}
			o = open(t, n, in, ctx)
		}
		if k != nil {
			drain()
			if err := k.Begin(o.Snapshot); err != nil {
				t.Fatal(err)
			}
			k.Copy(i % 4)
		}
		if err := o.Process(0, b, &c); err != nil {
			t.Fatal(err)
		}
		mangle(b)
		if k != nil && i%3 > 0 { // others are given up
			if err := k.End(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := o.EndInput(0, &c); err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	if c.problem != "" {
		t.Fatal(c.problem)
	}
	return c.rows
}

// snapshotOf returns an operator's tables, by way of a keeper if there is one.
func snapshotOf(t fataler, o Operator, k *snapshottest.Keeper) []state.Table {
	t.Helper()
	var w state.Writer
	if k == nil {
		if err := o.Snapshot(&w); err != nil {
			t.Fatal(err)
		}
		checkTables(t, w.Tables)
		return w.Tables
	}
	err := k.Begin(o.Snapshot)
	if err == nil {
		err = k.End()
	}
	tables, failed := k.Tables()
	if err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	checkTables(t, tables)
	return tables
}

// checkTables checks that a snapshot's tables are as wide and long as they say.
func checkTables(t fataler, tables []state.Table) {
	t.Helper()
	for _, table := range tables {
		if len(table.Schema) != len(table.Rows.Cols) {
			t.Fatalf("table %s: %d columns, schema of %d", table.Name, len(table.Rows.Cols), len(table.Schema))
		}
		for i, c := range table.Rows.Cols {
			if c.Len != table.Rows.Len {
				t.Fatalf("table %s: column %d has %d rows of %d", table.Name, i, c.Len, table.Rows.Len)
			}
		}
		if table.Keyed && len(table.Groups) != table.Rows.Len {
			t.Fatalf("table %s: %d key groups for %d rows", table.Name, len(table.Groups), table.Rows.Len)
		}
	}
}

// drawRestart picks the batch before which the operator restarts; -1: none.
func drawRestart(t *rapid.T, batches []*column.Batch) int {
	return rapid.IntRange(-1, len(batches)-1).Draw(t, "restart")
}

func compareRows(t fataler, got, want []string) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Fatalf("row %d: %s\nwant: %s\ngot:\n%s\nwant:\n%s", i, got[i], want[i], strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d\ngot:\n%s\nwant:\n%s", len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func fields(types ...column.Type) []column.Field {
	var list []column.Field
	for i, t := range types {
		list = append(list, column.Field{Name: string(rune('a' + i)), Type: t})
	}
	return list
}

// anyKind draws kinds without regard to what came before.
func anyKind(t *rapid.T, _ int) column.RowKind {
	return column.RowKind(rapid.IntRange(0, 3).Draw(t, "kind"))
}

func TestUnionPassesOn(t *testing.T) {
	in := fields(column.Str())
	b := column.NewBatch(in, 1)
	b.Cols[0].AppendString("x")
	b.Len = 1
	o, err := New(&graph.Node{Op: &graph.Union{}}, [][]column.Field{in, in})
	if err != nil {
		t.Fatal(err)
	}
	var c capture
	for i := range 2 {
		if err := o.Process(i, b, &c); err != nil {
			t.Fatal(err)
		}
	}
	compareRows(t, c.rows, []string{`+I "x"`, `+I "x"`})
}
