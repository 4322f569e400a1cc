package physical

import (
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// TestReuse builds plans of two sinks and counts the nodes: what is alike is there once.
func TestReuse(t *testing.T) {
	fields := []column.Field{{Name: "a", Type: column.Of(column.BigInt)}, {Name: "b", Type: column.Of(column.Double)}}
	scan := func(name string, at int) *plan.Scan {
		s := plan.NewScan(graph.Table{Name: name, Connector: "datagen", Columns: fields}, []int{0, 1})
		s.At = syntax.Span{From: syntax.Pos(at), To: syntax.Pos(at + 1)}
		return s
	}
	calc := func(in plan.Node, e expr.Expr) plan.Node {
		return &plan.Calc{Input: in, Exprs: []expr.Expr{plan.ColumnOf(in, 0), e}, Fields: fields}
	}
	call := func(name string, args ...expr.Expr) expr.Expr {
		e, err := expr.NewCall(name, args...)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	abs := func(in plan.Node) plan.Node { return calc(in, call("ABS", plan.ColumnOf(in, 1))) }
	literal := func(in plan.Node, v any, typ column.Type) plan.Node { return calc(in, &expr.Literal{Value: v, T: typ}) }
	double := column.Of(column.Double)
	for name, c := range map[string]struct {
		one, two plan.Node
		want     int // nodes above which there are only the sinks
	}{
		"a table at two places":       {scan("t", 1), scan("t", 2), 1},
		"two tables":                  {scan("t", 1), scan("u", 1), 2},
		"the same over it":            {abs(scan("t", 1)), abs(scan("t", 2)), 2},
		"another over it":             {abs(scan("t", 1)), calc(scan("t", 2), call("SQRT", plan.ColumnOf(scan("t", 2), 1))), 3},
		"the same over others":        {abs(scan("t", 1)), abs(scan("u", 1)), 4},
		"random numbers":              {calc(scan("t", 1), call("RAND")), calc(scan("t", 1), call("RAND")), 3},
		"over random numbers":         {abs(calc(scan("t", 1), call("RAND"))), abs(calc(scan("t", 1), call("RAND"))), 5},
		"values that look alike":      {literal(scan("t", 1), 1.0, double), literal(scan("t", 1), 1.0, double.Required()), 3},
		"a part of the other's input": {scan("t", 1), abs(scan("t", 2)), 2},
	} {
		var b Builder
		for i, n := range []plan.Node{c.one, c.two} {
			sink := &plan.Sink{Input: n, Table: graph.Table{Name: string('x' + rune(i)), Connector: "blackhole", Columns: fields}}
			if err := b.Add(sink, nil); err != nil {
				t.Fatal(err)
			}
		}
		if got := len(b.Graph("job").Nodes) - 2; got != c.want {
			t.Errorf("%s: %d nodes, want %d", name, got, c.want)
		}
	}
}
