package plan

import (
	"testing"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

func TestChangesOf(t *testing.T) {
	inserts, upserts := table(nil, "a", "b"), table([]int{0}, "a", "b")
	upserts.Changes = graph.Upsert
	counted := func(in Node, asked bool) *Aggregate {
		return &Aggregate{Input: in, Keys: []int{0}, Calls: make([]expr.Aggregate, 1), Updates: true, UpdateBefore: asked, Fields: inserts.Schema()}
	}
	streamed := func(kind graph.JoinKind, left, right Node) Node {
		j := NewJoin(left, right, kind, nil)
		j.Updates = true
		return j
	}
	for name, c := range map[string]struct {
		n    Node
		want string
	}{
		"a table":                             {inserts, "I"},
		"a table of changes":                  {upserts, "I,UA,D"},
		"through a filter":                    {&Filter{Input: upserts}, "I,UA,D"},
		"groups of a bounded table":           {&Aggregate{Input: inserts, Keys: []int{0}, Calls: make([]expr.Aggregate, 1)}, "I"},
		"groups":                              {counted(inserts, true), "I,UB,UA"},
		"groups for one who knows the key":    {counted(inserts, false), "I,UA"},
		"groups that can become empty":        {counted(upserts, true), "I,UB,UA,D"},
		"distinct rows":                       {&Aggregate{Input: inserts, Keys: []int{0, 1}, Updates: true, UpdateBefore: true}, "I"},
		"distinct rows of changes":            {&Aggregate{Input: upserts, Keys: []int{0, 1}, Updates: true, UpdateBefore: true}, "I,UB,UA,D"},
		"groups of groups":                    {counted(counted(inserts, true), true), "I,UB,UA,D"},
		"a join of inserts":                   {streamed(graph.InnerJoin, inserts, inserts), "I"},
		"a join of changes":                   {streamed(graph.InnerJoin, inserts, upserts), "I,UB,UA,D"},
		"an outer join takes NULLs back":      {streamed(graph.LeftJoin, inserts, inserts), "I,D"},
		"an outer join of changes":            {streamed(graph.FullJoin, counted(inserts, true), inserts), "I,UB,UA,D"},
		"EXISTS of inserts":                   {streamed(graph.SemiJoin, inserts, inserts), "I"},
		"EXISTS of changes":                   {streamed(graph.SemiJoin, inserts, upserts), "I,UB,UA,D"},
		"NOT EXISTS takes rows back":          {streamed(graph.AntiJoin, inserts, inserts), "I,D"},
		"the first rows":                      {&Deduplicate{Input: inserts}, "I"},
		"the last rows":                       {&Deduplicate{Input: inserts, Deduplicate: graph.Deduplicate{Last: true, UpdateBefore: true}}, "I,UB,UA"},
		"both inputs of a union":              {&Union{From: []Node{counted(inserts, true), upserts}, Fields: inserts.Schema()}, "I,UB,UA,D"},
		"without -U":                          {&DropUpdateBefore{Input: counted(inserts, true)}, "I,UA"},
		"made complete":                       {&Normalize{Input: upserts, Normalize: graph.Normalize{Keys: []int{0}, UpdateBefore: true}}, "I,UB,UA,D"},
		"a window at its end":                 {&WindowAggregate{Input: inserts}, "I"},
		"a window before its end":             {&WindowAggregate{Input: inserts, WindowAggregate: graph.WindowAggregate{EmitEarly: true}}, "I,UB,UA"},
		"a temporal join only asks its right": {&TemporalJoin{Left: inserts, Right: upserts}, "I"},
	} {
		if got := ChangesOf(c.n).String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if found := UpdatingNode(c.n); (found == nil) != (c.want == "I") {
			t.Errorf("%s: the node that updates is %v", name, found)
		}
	}
}

func TestUpdatingNode(t *testing.T) {
	inserts := table(nil, "a", "b")
	groups := &Aggregate{Input: inserts, Keys: []int{0}, Calls: make([]expr.Aggregate, 1), Updates: true, Fields: inserts.Schema()}
	n := &Filter{Input: &Union{From: []Node{inserts, Select(groups, []int{1, 0})}, Fields: inserts.Schema()}}
	if got := UpdatingNode(n); got != groups {
		t.Errorf("%v, want the aggregate", got)
	}
}
