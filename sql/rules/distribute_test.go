package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// shape writes a tree as kind(inputs), exchanges as #[keys] or #1.
func shape(n plan.Node) string {
	var in []string
	for _, i := range n.Inputs() {
		in = append(in, shape(i))
	}
	inner := strings.Join(in, ", ")
	if x, ok := n.(*plan.Exchange); ok {
		if x.Single {
			return "#1 " + inner
		}
		return fmt.Sprintf("#%v %s", x.Keys, inner)
	}
	if inner == "" {
		return n.Kind()
	}
	return n.Kind() + "(" + inner + ")"
}

// TestDistribute looks at where rows are moved: before whatever must see rows of a key together, unless they lie so already.
func TestDistribute(t *testing.T) {
	fields := []column.Field{{Name: "a", Type: column.Of(column.BigInt)}, {Name: "b", Type: column.Of(column.BigInt)}, {Name: "c", Type: column.Of(column.BigInt)}}
	scan := plan.NewScan(graph.Table{Name: "t", Columns: fields}, []int{0, 1, 2})
	grouped := func(in plan.Node, keys ...int) *plan.Aggregate {
		n := &plan.Aggregate{Input: in, Keys: keys, Updates: true}
		for _, k := range keys {
			n.Fields = append(n.Fields, in.Schema()[k])
		}
		return n
	}
	calc := func(in plan.Node, columns ...int) plan.Node {
		n := &plan.Calc{Input: in}
		for _, c := range columns {
			n.Exprs, n.Fields = append(n.Exprs, plan.ColumnOf(in, c)), append(n.Fields, in.Schema()[c])
		}
		return n
	}
	joined := func(kind graph.JoinKind, left, right plan.Node, leftKeys, rightKeys []int) plan.Node {
		j := plan.NewJoin(left, right, kind, nil)
		j.LeftKeys, j.RightKeys = leftKeys, rightKeys
		return j
	}
	one := &plan.Values{Rows: make([][]expr.Expr, 1), Fields: fields}
	stream, batch := &Context{Parallelism: 4}, &Context{Parallelism: 4, Batch: true}
	for name, c := range map[string]struct {
		n    plan.Node
		c    *Context
		want string
	}{
		"groups":                             {grouped(scan, 1), stream, "Aggregate(#[1] Scan)"},
		"one group":                          {grouped(scan), stream, "Aggregate(#1 Scan)"},
		"groups of a row":                    {grouped(one, 1), stream, "Aggregate(Values)"},
		"groups of groups":                   {grouped(grouped(grouped(scan, 2), 0), 0), stream, "Aggregate(Aggregate(Aggregate(#[2] Scan)))"},
		"coarser ones do not":                {grouped(grouped(scan, 1, 2), 0), stream, "Aggregate(#[0] Aggregate(#[1 2] Scan))"},
		"through a projection":               {grouped(calc(grouped(scan, 1, 2), 1, 0), 0, 1), stream, "Aggregate(Calc(Aggregate(#[1 2] Scan)))"},
		"one that drops a key":               {grouped(calc(grouped(scan, 1, 2), 1), 0), stream, "Aggregate(#[0] Calc(Aggregate(#[1 2] Scan)))"},
		"in two phases":                      {grouped(scan, 1), batch, "GlobalAggregate(#[0] LocalAggregate(Scan))"},
		"a join":                             {joined(graph.InnerJoin, scan, scan, []int{1}, []int{2}), stream, "Join(#[1] Scan, #[2] Scan)"},
		"a join of all with all":             {joined(graph.InnerJoin, scan, scan, nil, nil), stream, "Join(#1 Scan, #1 Scan)"},
		"a side lies right":                  {joined(graph.InnerJoin, grouped(scan, 1), scan, []int{0}, []int{2}), stream, "Join(Aggregate(#[1] Scan), #[2] Scan)"},
		"a side lies by a part of the keys":  {joined(graph.InnerJoin, grouped(scan, 1), scan, []int{0, 0}, []int{2, 1}), stream, "Join(#[0 0] Aggregate(#[1] Scan), #[2 1] Scan)"},
		"groups of a join by the key":        {grouped(joined(graph.InnerJoin, scan, scan, []int{1}, []int{2}), 1, 0), stream, "Aggregate(Join(#[1] Scan, #[2] Scan))"},
		"of an outer join by the side kept":  {grouped(joined(graph.RightJoin, scan, scan, []int{1}, []int{2}), 5), stream, "Aggregate(Join(#[1] Scan, #[2] Scan))"},
		"of an outer join by the other side": {grouped(joined(graph.RightJoin, scan, scan, []int{1}, []int{2}), 1), stream, "Aggregate(#[1] Join(#[1] Scan, #[2] Scan))"},
		"of a full join":                     {grouped(joined(graph.FullJoin, scan, scan, []int{1}, []int{2}), 1), stream, "Aggregate(#[1] Join(#[1] Scan, #[2] Scan))"},
		"a union lies anyhow": {grouped(&plan.Union{From: []plan.Node{grouped(scan, 0), grouped(scan, 0)}, Fields: fields[:1]}, 0), stream,
			"Aggregate(#[0] Union(Aggregate(#[0] Scan), Aggregate(#[0] Scan)))"},
		"the first rows": {&plan.Limit{Input: scan, Count: 3}, stream, "Limit(#1 LocalLimit(Scan))"},
		"all but some":   {&plan.Limit{Input: scan, Count: -1, Offset: 3}, stream, "Limit(#1 Scan)"},
		"ordered rows":   {&plan.Sort{Input: scan}, batch, "Sort(#1 Scan)"},
		"the last of a key among its groups": {&plan.Deduplicate{Input: grouped(scan, 0), Deduplicate: graph.Deduplicate{Keys: []int{0}}}, stream,
			"Deduplicate(Aggregate(#[0] Scan))"},
	} {
		if got := shape(distribute(c.n, c.c)); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
