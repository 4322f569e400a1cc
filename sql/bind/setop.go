package bind

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// setOp binds UNION, INTERSECT and EXCEPT.
func (b *binding) setOp(n *syntax.SetOp, e *env) (*rel, error) {
	// A chain of unions is as deep as it is long: walk down its left side.
	var parts []syntax.QueryBody
	chain := []*syntax.SetOp{n}
	for {
		left, ok := chain[len(chain)-1].L.(*syntax.SetOp)
		if !ok || left.Kind != n.Kind || left.All != n.All {
			break
		}
		chain = append(chain, left)
	}
	parts = append(parts, chain[len(chain)-1].L)
	for i := len(chain) - 1; i >= 0; i-- {
		parts = append(parts, chain[i].R)
	}
	name := [...]string{syntax.Union: "UNION", syntax.Intersect: "INTERSECT", syntax.Except: "EXCEPT"}[n.Kind]
	if n.All {
		name += " ALL"
	}
	inner := *b
	inner.nulls = true
	rels := make([]*rel, len(parts))
	types := make([]column.Type, 0, 8)
	for i, p := range parts {
		var err error
		if rels[i], err = inner.body(p, e); err != nil {
			return nil, err
		}
		first, fields := rels[0].fields(), rels[i].fields()
		if len(fields) != len(first) {
			return nil, syntax.Errorf(p, "%s needs as many columns on both sides: this has %d, the first has %d", name, len(fields), len(first))
		}
		for c, f := range fields {
			if i == 0 {
				types = append(types, f.Type)
				continue
			}
			t, ok := expr.LeastRestrictive(types[c], f.Type)
			if !ok {
				at := syntax.Node(p)
				if rels[i].at != nil && rels[i].at[c] != nil {
					at = rels[i].at[c]
				}
				return nil, syntax.Errorf(at, "%s needs types that go together: column %d, '%s', is %s here and %s before", name, c+1, first[c].Name,
					f.Type.Optional(), types[c].Optional())
			}
			types[c] = t
		}
	}
	union := &plan.Union{Fields: make([]column.Field, len(types))}
	for c, f := range rels[0].fields() {
		if types[c].Kind == column.Null && !b.nulls {
			return nil, fail(parts[0], "write CAST(NULL AS type)", "column %d is NULL on all sides of %s: it has no type", c+1, name)
		}
		union.Fields[c] = column.Field{Name: f.Name, Type: types[c]}
	}
	for _, r := range rels {
		union.From = append(union.From, castColumns(r.node, union.Fields))
	}
	at := syntax.Span{From: n.OpPos, To: n.OpPos + syntax.Pos(len(name))}
	switch {
	case n.Kind != syntax.Union && n.All:
		return newRel(counted(union.From, union.Fields, n.Kind, at)), nil
	case n.Kind != syntax.Union:
		return newRel(matched(union.From, n.Kind, at)), nil
	case n.All:
		return newRel(union), nil
	}
	return newRel(distinct(union, n.Span)), nil
}

// matched keeps one of each row of the first relation that is in all others (INTERSECT), or in none of them (EXCEPT).
func matched(from []plan.Node, kind syntax.SetOpKind, at syntax.Span) plan.Node {
	how := graph.SemiJoin
	if kind == syntax.Except {
		how = graph.AntiJoin
	}
	out := from[0]
	for _, right := range from[1:] {
		width := len(out.Schema())
		conds := make([]expr.Expr, width)
		for i := range conds {
			r := plan.ColumnOf(right, i)
			conds[i] = must("IS NOT DISTINCT FROM", plan.ColumnOf(out, i), &expr.Column{Index: width + i, Name: r.Name, T: r.T})
		}
		j := plan.NewJoin(out, right, how, expr.And(conds))
		j.At = at
		out = j
	}
	return distinct(out, at)
}

// counted counts each row on both sides, and keeps it as often as it is there on both (INTERSECT ALL), or more often on the left (EXCEPT ALL).
func counted(from []plan.Node, fields []column.Field, kind syntax.SetOpKind, at syntax.Span) plan.Node {
	long := column.Of(column.BigInt).Required()
	number := func(n int64) expr.Expr { return &expr.Literal{Value: n, T: long} }
	sum, ok := expr.LookupAggregate("SUM")
	if !ok {
		panic("the list of functions has no SUM")
	}
	out := from[0]
	for _, right := range from[1:] {
		width := len(fields)
		wide := append(slices.Clone(fields), column.Field{Name: "$left", Type: long}, column.Field{Name: "$right", Type: long})
		tagged := func(n plan.Node, left, right int64) plan.Node {
			return &plan.Project{Input: n, Exprs: append(plan.Columns(n), number(left), number(right)), Fields: wide}
		}
		both := &plan.Union{From: []plan.Node{tagged(out, 1, 0), tagged(right, 0, 1)}, Fields: wide}
		groups := &plan.Aggregate{Input: both, Fields: wide, At: at}
		for i := range width {
			groups.Keys = append(groups.Keys, i)
		}
		for i := range 2 {
			groups.Calls = append(groups.Calls, expr.Aggregate{Func: sum, Args: []int{width + i}, Filter: -1, Name: "SUM(" + wide[width+i].Name + ")", T: long})
		}
		l, r := plan.ColumnOf(groups, width), plan.ColumnOf(groups, width+1)
		count := &expr.Case{When: []expr.Expr{must("<", l, r)}, Then: []expr.Expr{l}, Else: r, T: long}
		if kind == syntax.Except {
			count = &expr.Case{When: []expr.Expr{must(">", l, r)}, Then: []expr.Expr{must("-", l, r)}, Else: number(0), T: long}
		}
		times := &plan.Project{
			Input: groups, Exprs: append(plan.Columns(groups)[:width:width], count),
			Fields: append(slices.Clone(fields), column.Field{Name: "$times", Type: long}),
		}
		copies := &plan.Replicate{Input: times, Fields: fields}
		copies.Count = width
		out = copies
	}
	return out
}

// must applies a function that the list is known to have to arguments that it is known to take.
func must(name string, args ...expr.Expr) expr.Expr {
	e, err := expr.NewCall(name, args...)
	if err != nil {
		panic(err)
	}
	return e
}
