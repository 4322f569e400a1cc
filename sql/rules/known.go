package rules

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// knownValues computes projections with the values that the condition below them leaves to columns: where kind = 2, CASE WHEN kind = 1 THEN a ELSE b END
// is b, and a need not be read.
func knownValues(n plan.Node, c *Context) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		p, ok := n.(*plan.Project)
		if !ok {
			return n
		}
		f, ok := p.Input.(*plan.Filter)
		if !ok {
			return n
		}
		known := valuesOf(f.Cond)
		if len(known) == 0 {
			return n
		}
		changed := false
		exprs := make([]expr.Expr, len(p.Exprs))
		for i, e := range p.Exprs {
			if exprs[i] = e; isColumn(e) { // which costs nothing
				continue
			}
			with := expr.Rewrite(e, func(e expr.Expr) expr.Expr {
				if col, ok := e.(*expr.Column); ok && known[col.Index] != nil {
					return known[col.Index]
				}
				return e
			})
			if with != e {
				exprs[i], changed = c.Exact(with), true
			}
		}
		if !changed {
			return n
		}
		return &plan.Project{Input: p.Input, Exprs: exprs, Fields: p.Fields}
	})
}

func isColumn(e expr.Expr) bool { _, ok := e.(*expr.Column); return ok }

// valuesOf returns the columns that can have one value only where a condition is true.
func valuesOf(cond expr.Expr) map[int]*expr.Literal {
	known := map[int]*expr.Literal{}
	for _, e := range expr.Conjuncts(cond) {
		call, ok := e.(*expr.Call)
		if !ok || call.Func.Infix != "=" || len(call.Args) != 2 {
			continue
		}
		for i := range call.Args {
			col, isColumn := call.Args[i].(*expr.Column)
			lit, isLiteral := call.Args[1-i].(*expr.Literal)
			if isColumn && isLiteral && lit.Value != nil && identifies(col.T, lit.T) {
				known[col.Index] = &expr.Literal{Value: lit.Value, T: col.T}
			}
		}
	}
	return known
}

// identifies reports whether what equals a literal is the same in all that can be computed from it. Of numbers with a binary point it need not be: 0 equals -0.
func identifies(t, literal column.Type) bool {
	switch {
	case t.IsInteger(), t.Kind == column.Boolean, t.Kind == column.Date, t.Kind == column.Timestamp:
		return t.SameAs(literal)
	}
	return t.Kind == column.VarChar && literal.IsText()
}
