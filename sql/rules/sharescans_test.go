package rules

import (
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// TestShareScans builds jobs of two trees that read a table, and counts the scans that are left.
func TestShareScans(t *testing.T) {
	big := column.Of(column.BigInt)
	fields := []column.Field{{Name: "a", Type: big}, {Name: "b", Type: big}, {Name: "c", Type: big}}
	scan := func(name string, bounded bool, project ...int) *plan.Scan {
		s := plan.NewScan(graph.Table{Name: name, Columns: fields}, project)
		s.Bounded = bounded
		return s
	}
	above := func(s *plan.Scan, x int64) *plan.Scan {
		call, err := expr.NewCall(">", plan.ColumnOf(s, 0), &expr.Literal{Value: x, T: big})
		if err != nil {
			t.Fatal(err)
		}
		s.Filter = append(s.Filter, call)
		return s
	}
	joined := func(left, right plan.Node) plan.Node {
		j := plan.NewJoin(left, right, graph.InnerJoin, nil)
		j.LeftKeys, j.RightKeys = []int{0}, []int{0}
		return j
	}
	limited := scan("t", true, 0)
	limited.Limit = 3
	for name, c := range map[string]struct {
		nodes   []plan.Node
		scans   int
		columns int // of the first
		filter  string
	}{
		"two sinks":              {[]plan.Node{scan("t", true, 0), scan("t", true, 2)}, 1, 2, ""},
		"three":                  {[]plan.Node{scan("t", true, 0), scan("t", true, 2), scan("t", true, 0, 1)}, 1, 3, ""},
		"two tables":             {[]plan.Node{scan("t", true, 0), scan("u", true, 1)}, 2, 1, ""},
		"one with a limit":       {[]plan.Node{scan("t", true, 1), limited}, 2, 1, ""},
		"sides of a join":        {[]plan.Node{joined(scan("t", true, 0), scan("t", true, 0, 1))}, 2, 1, ""},
		"sides that never end":   {[]plan.Node{joined(scan("t", false, 0), scan("t", false, 0, 1))}, 1, 2, ""},
		"a join and a sink":      {[]plan.Node{joined(scan("t", true, 0), scan("t", true, 0, 1)), scan("t", true, 2)}, 2, 2, ""},
		"the same condition":     {[]plan.Node{above(scan("t", true, 0), 1), above(scan("t", true, 0, 1), 1)}, 1, 2, "(a > 1)"},
		"two conditions":         {[]plan.Node{above(scan("t", true, 1), 1), above(scan("t", true, 0, 1), 2)}, 1, 2, "((b > 1) OR (a > 2))"},
		"one needs all rows":     {[]plan.Node{above(scan("t", true, 1), 1), scan("t", true, 0, 1)}, 1, 2, ""},
		"one condition is wider": {[]plan.Node{above(above(scan("t", true, 0), 1), 5), above(scan("t", true, 0, 2), 1)}, 1, 2, "(a > 1)"},
	} {
		var schemas [][]column.Field
		for _, n := range c.nodes {
			schemas = append(schemas, n.Schema())
		}
		seen := map[string]*plan.Scan{}
		var first *plan.Scan
		for i, n := range shareScans(c.nodes, &Context{}) {
			for k, f := range n.Schema() {
				if want := schemas[i][k]; f.Name != want.Name || !f.Type.Equal(want.Type) {
					t.Errorf("%s: column %d of tree %d is %s %s, want %s %s", name, k, i, f.Name, f.Type, want.Name, want.Type)
				}
			}
			plan.Rewrite(n, func(n plan.Node) plan.Node {
				if s, ok := n.(*plan.Scan); ok {
					if seen[plan.Line(s)] = s; first == nil {
						first = s
					}
				}
				return n
			})
		}
		filter := ""
		if len(first.Filter) > 0 {
			filter = expr.And(first.Filter).String()
		}
		if len(seen) != c.scans || len(first.Project) != c.columns || filter != c.filter {
			t.Errorf("%s: %d scans, the first of %d columns with the filter %q; want %d, %d, %q", name, len(seen), len(first.Project), filter, c.scans, c.columns, c.filter)
		}
	}
}
