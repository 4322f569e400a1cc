package plan

import (
	"reflect"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// table is a scan of BIGINT columns.
func table(primaryKey []int, names ...string) *Scan {
	t := graph.Table{Name: "t", PrimaryKey: primaryKey}
	project := make([]int, len(names))
	for i, name := range names {
		project[i] = i
		t.Columns = append(t.Columns, column.Field{Name: name, Type: column.Of(column.BigInt)})
	}
	return NewScan(t, project)
}

func joined(kind graph.JoinKind, left, right Node, leftKeys, rightKeys []int) *Join {
	j := NewJoin(left, right, kind, nil)
	j.LeftKeys, j.RightKeys = leftKeys, rightKeys
	return j
}

func TestUniqueKeys(t *testing.T) {
	orders, lines := table([]int{0}, "id", "customer"), table([]int{1, 0}, "line", "order", "amount")
	plain := table(nil, "x", "y")
	grouped := &Aggregate{Input: plain, Keys: []int{1}, Fields: plain.Schema()[1:]}
	none := [][]int(nil)
	for name, c := range map[string]struct {
		n    Node
		want [][]int
	}{
		"a primary key":                    {orders, [][]int{{0}}},
		"one of two columns":               {lines, [][]int{{0, 1}}},
		"no key":                           {plain, none},
		"columns in another order":         {lines.Reading([]int{2, 1, 0}), [][]int{{1, 2}}},
		"a part of the key is not read":    {lines.Reading([]int{0, 2}), none},
		"a row":                            {&Values{Rows: make([][]expr.Expr, 1)}, [][]int{{}}},
		"rows":                             {&Values{Rows: make([][]expr.Expr, 2)}, none},
		"groups":                           {grouped, [][]int{{0}}},
		"parts of groups":                  {&Aggregate{Input: plain, Keys: []int{1}, Phase: graph.Partial, Fields: plain.Schema()[1:]}, none},
		"all rows are a group":             {&Aggregate{Input: plain}, [][]int{{}}},
		"moved by a projection":            {Select(orders, []int{1, 0}), [][]int{{1}}},
		"dropped by a projection":          {Select(orders, []int{1}), none},
		"kept by a filter":                 {&Filter{Input: orders}, [][]int{{0}}},
		"rows of both":                     {&Union{From: []Node{orders, orders}, Fields: orders.Schema()}, none},
		"by keys of neither":               {joined(graph.InnerJoin, orders, orders, []int{1}, []int{1}), [][]int{{0, 2}}},
		"to one row at most":               {joined(graph.InnerJoin, lines, orders, []int{1}, []int{0}), [][]int{{0, 1}}},
		"to one row or none":               {joined(graph.LeftJoin, lines, orders, []int{1}, []int{0}), [][]int{{0, 1}}},
		"rows of the right without any":    {joined(graph.RightJoin, lines, orders, []int{1}, []int{0}), [][]int{{0, 1, 3}}},
		"one to one":                       {joined(graph.InnerJoin, orders, orders, []int{0}, []int{0}), [][]int{{0}, {2}}},
		"one to one, or alone":             {joined(graph.FullJoin, orders, orders, []int{0}, []int{0}), [][]int{{0, 2}}},
		"the left rows of a SEMI join":     {joined(graph.SemiJoin, orders, plain, []int{1}, []int{0}), [][]int{{0}}},
		"one side without a key":           {joined(graph.InnerJoin, orders, plain, []int{0}, []int{0}), none},
		"each right row once":              {joined(graph.InnerJoin, grouped, lines, []int{0}, []int{0}), [][]int{{1, 2}}},
		"the first of each":                {&Rank{Input: plain, Rank: graph.Rank{Partition: []int{1}, From: 1, To: 1, ToColumn: -1}, Fields: plain.Schema()}, [][]int{{1}}},
		"the first ones of each":           {&Rank{Input: plain, Rank: graph.Rank{Partition: []int{1}, From: 1, To: 3, ToColumn: -1}, Fields: plain.Schema()}, none},
		"the first ones with their number": {&Rank{Input: plain, Rank: graph.Rank{Partition: []int{1}, From: 1, To: 3, ToColumn: -1, Number: true}}, [][]int{{1, 2}}},
		"a rank is shared":                 {&Rank{Input: plain, Rank: graph.Rank{Numbering: graph.RankRank, Partition: []int{1}, From: 1, To: 1, ToColumn: -1, Number: true}}, none},
		"the last of each":                 {&Deduplicate{Input: plain, Deduplicate: graph.Deduplicate{Keys: []int{1, 0}}}, [][]int{{0, 1}}},
	} {
		got := UniqueKeys(c.n)
		if len(got) == 0 && len(c.want) == 0 {
			continue
		}
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
