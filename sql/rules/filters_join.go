package rules

import (
	"slices"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// sides says on which inputs of a join a condition depends.
func sides(e expr.Expr, width int) (left, right bool) {
	uses(e, func(c *expr.Column) {
		if c.Index < width {
			left = true
		} else {
			right = true
		}
	})
	return left, right
}

// rightward puts a condition on the right input of a join in terms of that input.
func rightward(e expr.Expr, width int) expr.Expr {
	return expr.Rewrite(e, func(e expr.Expr) expr.Expr {
		if c, ok := e.(*expr.Column); ok {
			return &expr.Column{Index: c.Index - width, Name: c.Name, T: c.T}
		}
		return e
	})
}

// pushJoin pushes conditions on a join's output, and those of its own that concern one input, into the inputs.
func pushJoin(n *plan.Join, conds []expr.Expr, c *Context) plan.Node {
	width := len(n.Left.Schema())
	kind := stricter(n, conds, c)
	var left, right, own, above []expr.Expr
	for _, cond := range conds {
		l, r := sides(cond, width)
		switch {
		case volatile(cond):
			above = append(above, cond)
		case !r && !kind.KeepsRight():
			left = append(left, asJoined(cond, n.Left))
		case !l && r && !kind.KeepsLeft():
			right = append(right, asJoined(rightward(cond, width), n.Right))
		case kind == graph.InnerJoin:
			own = append(own, cond)
		default:
			above = append(above, cond)
		}
	}
	if n.Cond != nil {
		for _, cond := range expr.Conjuncts(n.Cond) {
			l, r := sides(cond, width)
			switch {
			case expr.IsTrue(cond):
			case volatile(cond):
				own = append(own, cond)
			case !r && l && (kind == graph.InnerJoin || kind == graph.RightJoin || kind == graph.SemiJoin):
				left = append(left, cond)
			case !l && r && kind != graph.RightJoin && kind != graph.FullJoin:
				right = append(right, rightward(cond, width))
			default:
				own = append(own, cond)
			}
		}
	}
	var cond expr.Expr
	if len(own) > 0 {
		cond = expr.And(own)
	}
	out := *n
	out.Left, out.Right = push(n.Left, left, c), push(n.Right, right, c)
	out.Type, out.Cond = kind, cond
	if kind == n.Type {
		return filter(&out, above)
	}
	// Columns cannot be missing any more; what stands above still takes them for nullable.
	out.Fields = plan.JoinFields(out.Left.Schema(), out.Right.Schema(), kind)
	return filter(&plan.Project{Input: &out, Exprs: plan.Columns(&out), Fields: n.Fields}, above)
}

// stricter returns the kind of join that has the same result once conditions have been applied: a side whose missing columns
// make a condition false need not be padded.
func stricter(n *plan.Join, conds []expr.Expr, c *Context) graph.JoinKind {
	width := len(n.Left.Schema())
	keepsLeft, keepsRight := n.Type.KeepsLeft(), n.Type.KeepsRight()
	if n.Type.LeftOnly() || !keepsLeft && !keepsRight {
		return n.Type
	}
	rejects := func(from, to int) bool {
		return slices.ContainsFunc(conds, func(cond expr.Expr) bool {
			if volatile(cond) {
				return false
			}
			touched := false
			out := expr.Rewrite(cond, func(e expr.Expr) expr.Expr {
				if col, ok := e.(*expr.Column); ok && col.Index >= from && col.Index < to {
					touched = true
					return expr.NullOf(col.T)
				}
				return e
			})
			if !touched {
				return false
			}
			out = c.Fold(out)
			return expr.IsFalse(out) || expr.IsNull(out) || strictlyNull(out)
		})
	}
	total := len(n.Schema())
	if keepsLeft && rejects(width, total) {
		keepsLeft = false
	}
	if keepsRight && rejects(0, width) {
		keepsRight = false
	}
	switch {
	case keepsLeft && keepsRight:
		return graph.FullJoin
	case keepsLeft:
		return graph.LeftJoin
	case keepsRight:
		return graph.RightJoin
	}
	return graph.InnerJoin
}

// strictlyNull reports whether a comparison has a NULL operand, so that it is never true.
func strictlyNull(e expr.Expr) bool {
	c, ok := e.(*expr.Call)
	if !ok {
		return false
	}
	switch c.Func.Name {
	case "=", "<>", "<", "<=", ">", ">=", "LIKE":
		return slices.ContainsFunc(c.Args, func(a expr.Expr) bool { return nullOperand(a) })
	case "AND":
		return slices.ContainsFunc(c.Args, strictlyNull)
	}
	return false
}

// nullOperand reports whether an operand is NULL whatever the columns in it are.
func nullOperand(e expr.Expr) bool {
	switch e := e.(type) {
	case *expr.Literal:
		return e.Value == nil
	case *expr.Cast:
		return nullOperand(e.Arg)
	case *expr.Call:
		switch e.Func.Name {
		case "+", "-", "*", "/", "%", "NEGATE":
			return slices.ContainsFunc(e.Args, nullOperand)
		}
	}
	return false
}

// pushTimed pushes conditions into a join that keeps to time: those on its left input, where that is not padded, and for a lookup those on
// what is looked up.
func pushTimed(n plan.Node, kind graph.JoinKind, conds []expr.Expr, c *Context) plan.Node {
	inputs := n.Inputs()
	width := len(inputs[0].Schema())
	var left, above []expr.Expr
	for _, cond := range conds {
		if _, r := sides(cond, width); !r && !volatile(cond) && !kind.KeepsRight() {
			left = append(left, asJoined(cond, inputs[0]))
		} else {
			above = append(above, cond)
		}
	}
	changed := []plan.Node{push(inputs[0], left, c)}
	for _, in := range inputs[1:] {
		changed = append(changed, push(in, nil, c))
	}
	return filter(n.With(changed), above)
}
