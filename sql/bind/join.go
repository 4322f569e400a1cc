package bind

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

var joinKinds = map[syntax.JoinKind]graph.JoinKind{
	syntax.InnerJoin: graph.InnerJoin, syntax.LeftJoin: graph.LeftJoin, syntax.RightJoin: graph.RightJoin, syntax.FullJoin: graph.FullJoin,
	syntax.CrossJoin: graph.InnerJoin, syntax.CommaJoin: graph.InnerJoin,
}

// join binds a join of two items of FROM. The right one may depend on the rows of the left one if it is UNNEST, a table function or LATERAL.
func (b *binding) join(n *syntax.Join, e *env) (plan.Node, *scope, error) {
	left, sc, err := b.from(n.L, e)
	if err != nil {
		return nil, nil, err
	}
	if err := checkJoin(n); err != nil {
		return nil, nil, err
	}
	switch r := n.R.(type) {
	case *syntax.Unnest:
		return b.unnestJoin(left, sc, n, r, e)
	case *syntax.TableFunc:
		if !takesTable(r.Call) {
			return b.tableFunctionJoin(left, sc, n, r, e)
		}
	case *syntax.TableName:
		if r.SystemTime != nil {
			return b.temporalJoin(left, sc, n, r, e)
		}
	case *syntax.DerivedTable:
		if r.Lateral {
			return b.lateralJoin(left, sc, n, e)
		}
	case *syntax.Join:
		if dependent(r) && n.Kind != syntax.RightJoin && n.Kind != syntax.FullJoin && len(n.Using) == 0 && !n.Natural {
			return b.lateralJoin(left, sc, n, e)
		}
	}
	right, rsc, err := b.from(n.R, e)
	if err != nil {
		return nil, nil, err
	}
	joined, err := sc.beside(rsc, len(left.Schema()))
	if err != nil {
		return nil, nil, err
	}
	kind := joinKinds[n.Kind]
	if len(n.Using) > 0 || n.Natural {
		return b.using(n, left, right, sc, rsc, joined)
	}
	j := plan.NewJoin(left, right, kind, nil)
	j.Sides[0].Keep, j.Sides[1].Keep = b.keep(sc), b.keep(rsc)
	j.Multi = b.multiJoin(joined)
	j.At = joinSpan(n)
	joined.nullable(j.Fields)
	if n.On == nil {
		return j, joined, nil
	}
	x := &exprs{binding: b, scope: joined, env: e, where: "ON", late: &late{}}
	cond, err := x.condition(n.On, "ON")
	if err != nil {
		return nil, nil, err
	}
	if len(x.late.queries) == 0 {
		j.Cond = bothSides(cond, left, right)
		return j, joined, nil
	}
	if kind != graph.InnerJoin {
		j, err = x.outerCondition(left, right, j, cond)
		if err != nil {
			return nil, nil, err
		}
		return plan.Select(j, sides(len(left.Schema()), len(j.Left.Schema()), len(right.Schema()))), joined, nil
	}
	width := len(j.Fields)
	node, at, err := x.late.attach(j, func(*subquery) bool { return true }, nil)
	if err != nil {
		return nil, nil, err
	}
	return plan.Select(&plan.Filter{Input: node, Cond: placed(cond, at)}, firsts(width)), joined, nil
}

// checkJoin checks that a join has a condition where it needs one, and no two.
func checkJoin(n *syntax.Join) error {
	conditional := n.On != nil || len(n.Using) > 0
	_, unnest := n.R.(*syntax.Unnest)
	switch {
	case unnest:
		return nil // has its own words for it
	case n.Natural && conditional:
		return syntax.Errorf(n, "a NATURAL join has no ON and no USING")
	case n.Kind < syntax.CrossJoin && !conditional && !n.Natural:
		return fail(&syntax.Span{From: n.OpPos, To: n.R.Pos()}, "add ON condition, or write CROSS JOIN", "the join has no condition")
	}
	return nil
}

func joinSpan(n *syntax.Join) syntax.Span {
	if n.On != nil {
		return syntax.Span{From: n.On.Pos(), To: n.On.End()}
	}
	return syntax.Span{From: n.OpPos, To: n.R.End()}
}

// bothSides gives the columns of a condition the types that they have in the inputs: outer joins make them nullable only in their output.
func bothSides(cond expr.Expr, left, right plan.Node) expr.Expr {
	width := len(left.Schema())
	return expr.Rewrite(cond, func(e expr.Expr) expr.Expr {
		c, ok := e.(*expr.Column)
		if !ok || c.Index < 0 || c.Index >= inBase {
			return e
		}
		var t column.Type
		if c.Index < width {
			t = left.Schema()[c.Index].Type
		} else {
			t = right.Schema()[c.Index-width].Type
		}
		return &expr.Column{Index: c.Index, Name: c.Name, T: t}
	})
}

// beside returns the scope of two joined relations, of which the right one's columns stand from a place on.
func (s *scope) beside(right *scope, from int) (*scope, error) {
	out := &scope{}
	for _, r := range s.relations {
		r.columns = slices.Clone(r.columns)
		out.relations = append(out.relations, r)
	}
	for _, r := range right.relations {
		r.columns = slices.Clone(r.columns)
		for i := range r.columns {
			r.columns[i].index += from
		}
		if err := out.add(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// nullable takes over the types of a join's output.
func (s *scope) nullable(fields []column.Field) {
	for i := range s.relations {
		for j := range s.relations[i].columns {
			c := &s.relations[i].columns[j]
			c.typ = fields[c.index].Type
		}
	}
}

// using binds a join by columns of the same name on both sides: each pair becomes one column, which stands before all others.
func (b *binding) using(n *syntax.Join, left, right plan.Node, sc, rsc, joined *scope) (plan.Node, *scope, error) {
	list := n.Using
	if n.Natural {
		for _, r := range sc.ordered() {
			for _, c := range r.columns {
				if !c.shadowed && rsc.has(c.name) {
					list = append(list, syntax.Ident{Span: joinSpan(n), Name: c.name})
				}
			}
		}
	}
	width := len(left.Schema())
	kind := joinKinds[n.Kind]
	x := &exprs{binding: b, scope: joined, where: "USING"}
	var conds []expr.Expr
	pairs := make([][2]*expr.Column, len(list))
	for i := range list {
		l, err := sc.lookup(list[i:i+1], &list[i])
		if err != nil {
			return nil, nil, err
		}
		r, err := rsc.lookup(list[i:i+1], &list[i])
		if err != nil {
			return nil, nil, err
		}
		pairs[i] = [2]*expr.Column{l.column.expr(), r.column.expr()}
		pairs[i][1].Index += width
		cond, err := x.apply(&list[i], "=", pairs[i][0], pairs[i][1])
		if err != nil {
			return nil, nil, err
		}
		conds = append(conds, cond)
	}
	j := plan.NewJoin(left, right, kind, nil)
	if len(conds) > 0 {
		j.Cond = expr.And(conds)
	}
	j.Sides[0].Keep, j.Sides[1].Keep = b.keep(sc), b.keep(rsc)
	j.Multi = b.multiJoin(joined)
	j.At = joinSpan(n)
	joined.nullable(j.Fields)
	if len(list) == 0 {
		return j, joined, nil
	}
	p := &plan.Project{Input: j, Exprs: plan.Columns(j), Fields: slices.Clone(j.Fields)}
	merged := relation{at: n, merged: true}
	for i, id := range list {
		l, r := plan.ColumnOf(j, pairs[i][0].Index), plan.ColumnOf(j, pairs[i][1].Index)
		var e expr.Expr = l
		switch kind {
		case graph.RightJoin:
			e = r
		case graph.FullJoin:
			var err error
			if e, err = x.apply(&list[i], "COALESCE", l, r); err != nil {
				return nil, nil, err
			}
		}
		for k := range joined.relations {
			for c := range joined.relations[k].columns {
				if col := &joined.relations[k].columns[c]; col.index == l.Index || col.index == r.Index {
					col.shadowed = true
				}
			}
		}
		merged.columns = append(merged.columns, scopeColumn{name: id.Name, index: len(p.Exprs), typ: e.Type()})
		p.Exprs = append(p.Exprs, e)
		p.Fields = append(p.Fields, column.Field{Name: id.Name, Type: e.Type()})
	}
	joined.relations = append(joined.relations, merged)
	return p, joined, nil
}

// has reports whether a column can be named without a qualifier.
func (s *scope) has(name string) bool {
	for _, r := range s.relations {
		for _, c := range r.columns {
			if c.name == name && !c.shadowed {
				return true
			}
		}
	}
	return false
}
