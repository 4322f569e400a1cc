package bind

import (
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// dependent reports whether a join has a part that can depend on the rows to the left of it, as UNNEST(a) has in t, UNNEST(a) JOIN u ON ….
func dependent(n syntax.TableRef) bool {
	switch n := n.(type) {
	case *syntax.Join:
		return dependent(n.L) || dependent(n.R)
	case *syntax.Unnest:
		return true
	case *syntax.TableFunc:
		return !takesTable(n.Call)
	case *syntax.DerivedTable:
		return n.Lateral
	}
	return false
}

// lateralJoin binds a join with a query, or with other joins, that may refer to the rows to the left.
func (b *binding) lateralJoin(left plan.Node, sc *scope, n *syntax.Join, e *env) (plan.Node, *scope, error) {
	kind := joinKinds[n.Kind]
	switch {
	case kind == graph.RightJoin || kind == graph.FullJoin:
		return nil, nil, fail(&syntax.Span{From: n.OpPos, To: n.R.Pos()}, "use CROSS JOIN or LEFT JOIN", "a LATERAL query depends on the rows to its left and cannot be joined so")
	case n.Natural || len(n.Using) > 0:
		return nil, nil, fail(n, "write ON and the condition", "a join with a LATERAL query cannot be NATURAL and has no USING")
	}
	inner, id := b.inside(e, sc)
	right, rsc, err := b.from(n.R, inner)
	if err != nil {
		return nil, nil, err
	}
	joined, err := sc.beside(rsc, len(left.Schema()))
	if err != nil {
		return nil, nil, err
	}
	apply := &plan.Apply{Left: left, Right: right, ID: id, Type: kind, At: syntax.Span{From: n.R.Pos(), To: n.R.End()}, Fields: plan.JoinFields(left.Schema(), right.Schema(), kind)}
	joined.nullable(apply.Fields)
	if n.On != nil {
		x := &exprs{binding: b, scope: joined, env: e, where: "ON"}
		cond, err := x.condition(n.On, "ON")
		if err != nil {
			return nil, nil, err
		}
		if !expr.IsTrue(cond) {
			apply.Cond = bothSides(cond, left, right)
		}
	}
	return apply, joined, nil
}
