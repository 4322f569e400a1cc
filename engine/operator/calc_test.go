package operator

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
)

func call(t fataler, name string, args ...expr.Expr) expr.Expr {
	t.Helper()
	e, err := expr.NewCall(name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func ref(i int, f column.Field) expr.Expr { return &expr.Column{Index: i, Name: f.Name, T: f.Type} }

func bigint(x int64) expr.Expr {
	return &expr.Literal{Value: x, T: column.Of(column.BigInt).Required()}
}

func TestCalcModel(t *testing.T) {
	in := fields(column.Of(column.BigInt), column.Str(), column.ArrayOf(column.Str()))
	a, s, list := ref(0, in[0]), ref(1, in[1]), ref(2, in[2])
	rapid.Check(t, func(t *rapid.T) {
		op := &graph.Calc{}
		filter, project := rapid.IntRange(0, 2).Draw(t, "filter"), rapid.Bool().Draw(t, "project")
		switch filter {
		case 1:
			op.Filter = call(t, ">", a, bigint(0))
		case 2:
			op.Filter = call(t, "AND", call(t, "<>", s, &expr.Literal{Value: "a", T: column.Str().Required()}), call(t, "<=", a, bigint(0)))
		}
		schema := in
		if project {
			sum := call(t, "+", a, bigint(5))
			op.Project = []expr.Expr{list, sum, bigint(7), s}
			schema = fields(in[2].Type, sum.Type(), column.Of(column.BigInt).Required(), in[1].Type)
		}
		opts := drawOptions{times: true}
		if rapid.Bool().Draw(t, "changelog") {
			opts.kinds = anyKind
		}
		all := drawRows(t, in, rapid.IntRange(0, 40).Draw(t, "rows"), opts)
		var want []string
		for r := range all.Len {
			x, xNull := column.Values[int64](all.Cols[0])[r], all.Cols[0].IsNull(r)
			switch filter {
			case 1:
				if xNull || x <= 0 {
					continue
				}
			case 2:
				if xNull || x > 0 || all.Cols[1].IsNull(r) || string(all.Cols[1].BytesAt(r)) == "a" {
					continue
				}
			}
			text := rowText(all, r)
			if project {
				sum := fmt.Sprint(x + 5)
				if xNull {
					sum = "NULL"
				}
				text = all.Kind(r).String() + " " + textOf(all.Cols[2], r) + " " + sum + " 7 " + textOf(all.Cols[1], r)
				if all.Times != nil {
					text += fmt.Sprintf(" @%d", all.Times[r])
				}
			}
			want = append(want, text)
		}
		compareRows(t, run(t, &graph.Node{Op: op, Schema: schema}, in, cutRows(t, in, all), -1), want)
	})
}

// TestCalcBorrows checks that a column that is only passed on is not copied.
func TestCalcBorrows(t *testing.T) {
	in := fields(column.Of(column.BigInt))
	b := column.NewBatch(in, 1)
	column.Append(b.Cols[0], int64(1))
	b.Len = 1
	o := open(t, &graph.Node{Op: &graph.Calc{Filter: call(t, ">", ref(0, in[0]), bigint(0)), Project: []expr.Expr{ref(0, in[0])}}}, in, testContext())
	err := o.Process(0, b, outputFunc(func(p Payload) error {
		if p.(*column.Batch).Cols[0] != b.Cols[0] {
			t.Error("the column was copied")
		}
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
}

func TestValues(t *testing.T) {
	schema := fields(column.Of(column.BigInt), column.Str())
	null := &expr.Literal{T: column.Str()}
	var rows [][]expr.Expr
	var want []string
	for i := range ChunkRows + 10 {
		text := expr.Expr(&expr.Literal{Value: "a text that is longer than a view", T: column.Str().Required()})
		s := `"a text that is longer than a view"`
		if i%2 == 1 {
			text, s = null, "NULL"
		}
		rows = append(rows, []expr.Expr{call(t, "+", bigint(int64(i)), bigint(1)), text})
		want = append(want, fmt.Sprintf("+I %d %s", i+1, s))
	}
	n := &graph.Node{Op: &graph.Values{Rows: rows}, Schema: schema}
	compareRows(t, run(t, n, nil, nil, -1), want)

	wrong := &graph.Node{Op: &graph.Values{Rows: [][]expr.Expr{{bigint(1)}}}, Schema: fields(column.Str())}
	if err := open(t, wrong, nil, testContext()).EndInput(0, discard{}); err == nil ||
		err.Error() != "row 1, column a: a value of type BIGINT NOT NULL in a column of type STRING" {
		t.Errorf("error %v", err)
	}
	untyped := &graph.Node{Op: &graph.Values{Rows: [][]expr.Expr{{&expr.Literal{}}}}, Schema: fields(column.Str())}
	compareRows(t, run(t, untyped, nil, nil, -1), []string{"+I NULL"})

	other := testContext()
	other.Subtask, other.Parallelism = 1, 2
	var c capture
	if err := open(t, n, nil, other).EndInput(0, &c); err != nil || len(c.rows) > 0 {
		t.Errorf("the second subtask emits %d rows; %v", len(c.rows), err)
	}
}

func TestCollect(t *testing.T) {
	in := fields(column.Str())
	var got []string
	n := &graph.Node{Op: &graph.Collect{Deliver: func(b *column.Batch) error {
		for i := range b.Rows() {
			got = append(got, rowText(b, b.Row(i)))
		}
		return nil
	}}}
	b := column.NewBatch(in, 2)
	b.Cols[0].AppendString("x")
	b.Cols[0].AppendString("y")
	b.Len, b.Sel = 2, []int32{1}
	run(t, n, in, []*column.Batch{b}, -1)
	compareRows(t, got, []string{`+I "y"`})

	o, err := New(n, [][]column.Field{in})
	if err != nil {
		t.Fatal(err)
	}
	c := testContext()
	c.Parallelism = 2
	if err := o.Open(c); err == nil {
		t.Error("results are collected in two subtasks")
	}
}

type echo struct{ Base }

func (echo) Process(_ int, p Payload, out Output) error { return out.Emit(p) }

func TestNew(t *testing.T) {
	o, err := New(&graph.Node{Op: &graph.Custom{New: func() any { return echo{} }}}, nil)
	if _, ok := o.(echo); !ok || err != nil {
		t.Errorf("%T, %v", o, err)
	}
	for want, n := range map[string]*graph.Node{
		"N: the custom operator's New returned int, which is no operator": {Op: &graph.Custom{New: func() any { return 1 }}},
		"N: *graph.Calc has 0 inputs, want 1":                             {Op: &graph.Calc{}},
	} {
		n.Name = "N"
		if _, err := New(n, nil); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	if _, err := New(&graph.Node{Op: &graph.Scan{}}, [][]column.Field{nil}); err == nil {
		t.Error("a scan is no operator")
	}
}

// TestSession opens a calc with a session's time zone and clock.
func TestSession(t *testing.T) {
	values := setting.New(setting.Engine)
	if err := values.Set(setting.TimeZone.Key, "Europe/Berlin", "test"); err != nil {
		t.Fatal(err)
	}
	c := testContext()
	c.Env = connector.Env{Settings: values}
	c.Now = time.Now
	opts, err := c.compileOptions()
	if err != nil || len(opts) != 2 {
		t.Errorf("%d options, %v", len(opts), err)
	}
}

func numbers(n int) *column.Batch {
	b := column.NewBatch(fields(column.Of(column.BigInt), column.Of(column.BigInt)), n)
	for i := range n {
		column.Append(b.Cols[0], int64(i*7919%1000))
		column.Append(b.Cols[1], int64(i))
	}
	b.Len = n
	return b
}

func perRow(b *testing.B, rows int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

func BenchmarkFilter(b *testing.B) {
	batch := numbers(ChunkRows)
	in := fields(column.Of(column.BigInt), column.Of(column.BigInt))
	for _, percent := range []int64{1, 50, 99} {
		b.Run(fmt.Sprint(percent, "%"), func(b *testing.B) {
			n := &graph.Node{Op: &graph.Calc{Filter: call(b, "<", ref(0, in[0]), bigint(percent*10))}}
			o := open(b, n, in, testContext())
			b.ReportAllocs()
			for b.Loop() {
				if err := o.Process(0, batch, discard{}); err != nil {
					b.Fatal(err)
				}
			}
			perRow(b, ChunkRows)
		})
	}
}

func BenchmarkLimitFilter(b *testing.B) {
	x := column.Values[int64](numbers(ChunkRows).Cols[0])[:ChunkRows]
	sel := make([]int32, ChunkRows)
	for b.Loop() {
		k := 0
		for i, v := range x {
			sel[k] = int32(i)
			if v < 500 {
				k++
			}
		}
	}
	perRow(b, ChunkRows)
}

func BenchmarkProject(b *testing.B) {
	batch := numbers(ChunkRows)
	in := fields(column.Of(column.BigInt), column.Of(column.BigInt))
	n := &graph.Node{Op: &graph.Calc{Project: []expr.Expr{
		ref(1, in[1]), call(b, "+", call(b, "*", ref(0, in[0]), bigint(3)), ref(1, in[1])),
	}}}
	o := open(b, n, in, testContext())
	b.ReportAllocs()
	for b.Loop() {
		if err := o.Process(0, batch, discard{}); err != nil {
			b.Fatal(err)
		}
	}
	perRow(b, ChunkRows)
}

func BenchmarkLimitProject(b *testing.B) {
	batch := numbers(ChunkRows)
	x, y := column.Values[int64](batch.Cols[0])[:ChunkRows], column.Values[int64](batch.Cols[1])[:ChunkRows]
	out := make([]int64, ChunkRows)
	for b.Loop() {
		for i := range x {
			out[i] = x[i]*3 + y[i]
		}
	}
	perRow(b, ChunkRows)
}
