package bind

import (
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// outerCondition binds queries in the condition of an outer join: each is computed for the rows of the one side that it depends on, before they
// are joined. The join's output has the left columns with what was added to them, then the right ones.
func (x *exprs) outerCondition(left, right plan.Node, j *plan.Join, cond expr.Expr) (*plan.Join, error) {
	width := len(left.Schema())
	cond = bothSides(cond, left, right)
	onRight := map[*subquery]bool{}
	for _, s := range x.late.queries {
		l, r := false, false
		note := func(index int) {
			switch {
			case index <= lateBase:
				at := onRight[x.late.queries[lateBase-index]]
				l, r = l || !at, r || at
			case index < width:
				l = true
			case index < inBase:
				r = true
			}
		}
		if s.cond != nil {
			s.cond = bothSides(s.cond, left, right)
			expr.Walk(s.cond, func(e expr.Expr) bool {
				if c, ok := e.(*expr.Column); ok {
					note(c.Index)
				}
				return true
			})
		}
		plan.Walk(s.node, func(n plan.Node) bool {
			plan.EachExpr(n, func(e expr.Expr) {
				expr.Walk(e, func(e expr.Expr) bool {
					if o, ok := e.(*expr.Outer); ok && o.Apply == s.id {
						note(o.Index)
					}
					return true
				})
			})
			return true
		})
		if l && r {
			return nil, fail(&s.at, "compute it in a query in FROM", "a query in the condition of an outer join can depend on one side of the join, not on both")
		}
		onRight[s] = r
	}
	newLeft, at, err := x.late.attach(left, func(s *subquery) bool { return !onRight[s] }, nil)
	if err != nil {
		return nil, err
	}
	ofRight := func(e expr.Expr) (expr.Expr, error) {
		return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Column); ok && c.Index >= width && c.Index < inBase {
				return &expr.Column{Index: c.Index - width, Name: c.Name, T: right.Schema()[c.Index-width].Type}
			}
			return e
		}), nil
	}
	newRight, atRight, err := x.late.attach(right, func(s *subquery) bool { return onRight[s] }, ofRight)
	if err != nil {
		return nil, err
	}
	moved := len(newLeft.Schema())
	cond = expr.Rewrite(cond, func(e expr.Expr) expr.Expr {
		c, ok := e.(*expr.Column)
		switch {
		case !ok:
			return e
		case c.Index > lateBase && c.Index < width:
			return e
		case c.Index >= width:
			return &expr.Column{Index: moved + c.Index - width, Name: c.Name, T: c.T}
		case at[c.Index] != nil:
			return at[c.Index]
		}
		r := atRight[c.Index]
		return &expr.Column{Index: moved + r.Index, Name: r.Name, T: r.T}
	})
	out := plan.NewJoin(newLeft, newRight, j.Type, cond)
	out.At, out.Sides = j.At, j.Sides
	return out, nil
}

// sides are the numbers of the columns of a join's inputs without those that were added to the left one.
func sides(left, wide, right int) []int {
	list := firsts(left + right)
	for i := range right {
		list[left+i] = wide + i
	}
	return list
}
