package plan

import (
	"slices"

	"github.com/millstream/millstream/graph/expr"
)

// MapExprs returns a node with change applied to each of its own expressions, those of its inputs left aside; n itself if nothing
// changes.
func MapExprs(n Node, change func(expr.Expr) expr.Expr) Node {
	changed := false
	one := func(e expr.Expr) expr.Expr {
		if e == nil {
			return nil
		}
		out := change(e)
		changed = changed || out != e
		return out
	}
	list := func(in []expr.Expr) []expr.Expr {
		out := slices.Clone(in)
		for i, e := range out {
			out[i] = one(e)
		}
		return out
	}
	lists := func(in [][]expr.Expr) [][]expr.Expr {
		out := slices.Clone(in)
		for i, l := range out {
			out[i] = list(l)
		}
		return out
	}
	var out Node
	switch n := n.(type) {
	case *Scan:
		c := *n
		c.Filter = list(n.Filter)
		out = &c
	case *Values:
		c := *n
		c.Rows = lists(n.Rows)
		out = &c
	case *Filter:
		c := *n
		c.Cond = one(n.Cond)
		out = &c
	case *Project:
		c := *n
		c.Exprs = list(n.Exprs)
		out = &c
	case *Calc:
		c := *n
		c.Cond, c.Exprs = one(n.Cond), list(n.Exprs)
		out = &c
	case *Join:
		c := *n
		c.Cond = one(n.Cond)
		out = &c
	case *Apply:
		c := *n
		c.Cond = one(n.Cond)
		out = &c
	case *MultiJoin:
		c := *n
		c.Joins = slices.Clone(n.Joins)
		for i := range c.Joins {
			c.Joins[i].Cond = one(c.Joins[i].Cond)
		}
		out = &c
	case *IntervalJoin:
		c := *n
		c.Cond = one(n.Cond)
		out = &c
	case *TemporalJoin:
		c := *n
		c.Cond = one(n.Cond)
		out = &c
	case *WindowJoin:
		c := *n
		c.Cond = one(n.Cond)
		out = &c
	case *LookupJoin:
		c := *n
		c.Cond, c.Filter, c.Keys = one(n.Cond), one(n.Filter), slices.Clone(n.Keys)
		for i := range c.Keys {
			c.Keys[i].Value = one(c.Keys[i].Value)
		}
		out = &c
	case *Watermark:
		c := *n
		c.Expr = one(n.Expr)
		out = &c
	case *Over:
		c := *n
		c.Calls = slices.Clone(n.Calls)
		for i := range c.Calls {
			c.Calls[i].Args = list(c.Calls[i].Args)
		}
		out = &c
	case *Expand:
		c := *n
		c.Projections = lists(n.Projections)
		out = &c
	case *TableFunction:
		c := *n
		c.Args = list(n.Args)
		out = &c
	case *Normalize:
		c := *n
		c.Filter = one(n.Filter)
		out = &c
	default:
		return n
	}
	if !changed {
		return n
	}
	return out
}

// EachExpr calls visit with each of a node's own expressions.
func EachExpr(n Node, visit func(expr.Expr)) {
	MapExprs(n, func(e expr.Expr) expr.Expr {
		visit(e)
		return e
	})
}
