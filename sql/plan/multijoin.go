package plan

import (
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/syntax"
)

// MultiJoin joins several inputs by one key. A rule makes it of regular joins.
type MultiJoin struct {
	From []Node
	graph.MultiJoin
	Fields []column.Field
	At     syntax.Span // of the last join's condition
}

// Schema implements [Node], as do the methods below.
func (n *MultiJoin) Schema() []column.Field { return n.Fields }
func (n *MultiJoin) Inputs() []Node         { return n.From }
func (n *MultiJoin) With(in []Node) Node    { c := *n; c.From = in; return &c }
func (n *MultiJoin) Kind() string           { return "MultiJoin" }

// First is the first column of an input in the output.
func (n *MultiJoin) First(input int) int {
	at := 0
	for _, in := range n.From[:input] {
		at += len(in.Schema())
	}
	return at
}

// Input returns the input that a column of the output is of, and the column there.
func (n *MultiJoin) Input(col int) (input, at int) {
	for col >= len(n.From[input].Schema()) {
		col -= len(n.From[input].Schema())
		input++
	}
	return input, col
}

// Details prints one item for each kind of fact, with the joins in their order, as Flink does.
func (n *MultiJoin) Details() []Detail {
	var key, kinds, conds []string
	for _, c := range n.Keys[0] {
		key = append(key, n.From[0].Schema()[c].Name)
	}
	for i, s := range n.Joins {
		kinds = append(kinds, s.Type.String())
		var on []string
		for k, c := range n.Keys[i+1] {
			on = append(on, key[k]+" = "+n.From[i+1].Schema()[c].Name)
		}
		for _, input := range s.Present { // the key is that of an input whose row may be missing
			on = append(on, n.From[input].Schema()[n.Keys[input][0]].Name+" IS NOT NULL")
		}
		if s.Cond != nil {
			on = append(on, bare(s.Cond.String()))
		}
		conds = append(conds, strings.Join(on, " AND "))
	}
	return []Detail{
		{"commonJoinKey", strings.Join(key, ", ")}, {"joinTypes", strings.Join(kinds, ", ")},
		{"joinConditions", strings.Join(conds, "; ")}, {"select", names(n.Fields)},
	}
}

// multiKeys returns the keys that each join makes of those before it.
func multiKeys(n *MultiJoin, upsert bool) [][]int {
	keys := held(n.From[0], n.Keys[0], upsert)
	for i, s := range n.Joins {
		m := graph.Match{Type: s.Type, LeftKeys: n.Keys[0], RightKeys: n.Keys[i+1]}
		width := n.First(i + 1)
		if s.Cond != nil {
			m.LeftKeys, m.RightKeys = append([]int{}, m.LeftKeys...), append([]int{}, m.RightKeys...)
			for _, e := range expr.Conjuncts(s.Cond) {
				if l, r, ok := columnsEqual(e, width); ok {
					m.LeftKeys, m.RightKeys = append(m.LeftKeys, l), append(m.RightKeys, r)
				}
			}
		}
		keys = joinedKeys(&m, keys, held(n.From[i+1], n.Keys[i+1], upsert), width)
	}
	return keys
}

// columnsEqual takes a condition apart that says that a column of the left input, of width columns, equals one of the right input.
func columnsEqual(e expr.Expr, width int) (left, right int, ok bool) {
	c, is := e.(*expr.Call)
	if !is || c.Func.Name != "=" {
		return 0, 0, false
	}
	a, left1 := c.Args[0].(*expr.Column)
	b, right1 := c.Args[1].(*expr.Column)
	if !left1 || !right1 || a.Index >= width || b.Index < width {
		return 0, 0, false
	}
	return a.Index, b.Index - width, true
}
