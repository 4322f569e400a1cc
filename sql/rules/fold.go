package rules

import (
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// foldConstants computes constant parts of all expressions, drops conditions that are TRUE, and puts no rows where one is
// FALSE or NULL.
func foldConstants(n plan.Node, c *Context) plan.Node {
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		switch n := n.(type) {
		case *plan.Filter:
			cond := c.Fold(n.Cond)
			switch {
			case expr.IsTrue(cond):
				return n.Input
			case expr.IsFalse(cond) || expr.IsNull(cond):
				return &plan.Values{Fields: n.Schema()}
			}
			if v, ok := n.Input.(*plan.Values); ok {
				if kept := filterValues(cond, v, c); kept != nil {
					return kept
				}
			}
			if cond != n.Cond {
				return &plan.Filter{Input: n.Input, Cond: cond}
			}
		case *plan.Project:
			if v, ok := n.Input.(*plan.Values); ok {
				if computed := projectValues(n, v, c); computed != nil {
					return computed
				}
			}
			if exprs, changed := foldList(n.Exprs, c); changed {
				return &plan.Project{Input: n.Input, Exprs: exprs, Fields: n.Fields}
			}
		case *plan.Aggregate:
			if v, ok := n.Input.(*plan.Values); ok && len(v.Rows) == 0 && len(n.Keys) == 0 && n.Always {
				return emptyGroup(n)
			}
			if v, ok := n.Input.(*plan.Project); ok && len(n.Keys) == 0 && n.Always {
				if v, ok := v.Input.(*plan.Values); ok && len(v.Rows) == 0 {
					return emptyGroup(n)
				}
			}
		case *plan.Join, *plan.Apply, *plan.Over, *plan.Expand, *plan.TableFunction, *plan.Watermark, *plan.TemporalJoin, *plan.LookupJoin:
			return plan.MapExprs(n, c.Fold)
		case *plan.Values:
			rows := make([][]expr.Expr, len(n.Rows))
			for i, row := range n.Rows {
				rows[i], _ = foldList(row, c)
			}
			return &plan.Values{Rows: rows, Fields: n.Fields}
		}
		return n
	})
}

// filterValues keeps the constant rows for which a condition is true, nil if that is not known for all.
func filterValues(cond expr.Expr, v *plan.Values, c *Context) plan.Node {
	out := &plan.Values{Fields: v.Fields}
	for _, row := range v.Rows {
		list, ok := substitute([]expr.Expr{cond}, row)
		if !ok {
			return nil
		}
		switch e := c.ofRows(v)(list[0]); {
		case expr.IsTrue(e):
			out.Rows = append(out.Rows, row)
		case expr.IsFalse(e) || expr.IsNull(e):
		default:
			return nil
		}
	}
	return out
}

// emptyGroup is the result of a grouping without keys over no rows: 0 for what counts, NULL for all else.
func emptyGroup(n *plan.Aggregate) plan.Node {
	row := make([]expr.Expr, len(n.Fields))
	for i, f := range n.Fields {
		if row[i] = expr.NullOf(f.Type); n.Calls[i].T.NotNull {
			row[i] = zero(f.Type)
		}
	}
	return &plan.Values{Rows: [][]expr.Expr{row}, Fields: n.Fields}
}

func foldList(list []expr.Expr, c *Context) (out []expr.Expr, changed bool) {
	out = make([]expr.Expr, len(list))
	for i, e := range list {
		out[i] = c.Fold(e)
		changed = changed || out[i] != e
	}
	return out, changed
}

// ofRows returns what folds expressions over constant rows: a single row is as good as constants in the query.
func (c *Context) ofRows(v *plan.Values) func(expr.Expr) expr.Expr {
	if len(v.Rows) > 1 {
		return c.Exact
	}
	return c.Fold
}

// projectValues computes a projection of constant rows, nil if it would not be constant or grow too large.
func projectValues(p *plan.Project, v *plan.Values, c *Context) plan.Node {
	out := &plan.Values{Fields: p.Fields}
	for _, row := range v.Rows {
		list, ok := substitute(p.Exprs, row)
		if !ok {
			return nil
		}
		for i, e := range list {
			list[i] = c.ofRows(v)(e)
		}
		for _, e := range list {
			if _, constant := e.(*expr.Literal); !constant {
				return nil
			}
		}
		out.Rows = append(out.Rows, list)
	}
	return out
}
