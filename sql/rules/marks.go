package rules

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// marks makes semi and anti joins of conditions that ask for the result of EXISTS or IN alone, and moves conditions below an Apply that they do
// not concern, so that more of them are found there. It goes from the top down, before Applies are replaced.
func marks(n plan.Node) plan.Node {
	if f, ok := n.(*plan.Filter); ok {
		if a, ok := f.Input.(*plan.Apply); ok {
			n = decide(a, expr.Conjuncts(f.Cond))
		}
	}
	inputs := n.Inputs()
	changed := make([]plan.Node, len(inputs))
	same := true
	for i, in := range inputs {
		changed[i] = marks(in)
		same = same && changed[i] == in
	}
	if same {
		return n
	}
	return n.With(changed)
}

// manyNulls reports whether NOT IN is computed better by its parts: an equality that may be NULL is no key of a join.
func manyNulls(n *plan.Apply) bool {
	if n.Cond == nil || n.Cond.Type().NotNull {
		return false
	}
	_, _, ok := halves(outward(n.Cond, n.ID, len(n.Left.Schema())))
	return ok
}

// decide applies conditions to an Apply.
func decide(n *plan.Apply, conds []expr.Expr) plan.Node {
	width := len(n.Left.Schema())
	var below, above []expr.Expr
	keepsLeft := n.Result != plan.ApplyRows || n.Type == graph.InnerJoin || n.Type == graph.LeftJoin || n.Type.LeftOnly()
	for _, c := range conds {
		onlyLeft := true
		uses(c, func(col *expr.Column) { onlyLeft = onlyLeft && col.Index < width })
		if onlyLeft && keepsLeft && !volatile(c) {
			below = append(below, c)
		} else {
			above = append(above, c)
		}
	}
	left := n.Left
	if len(below) > 0 {
		left = filter(left, below)
		if a, ok := n.Left.(*plan.Apply); ok {
			left = decide(a, below)
		}
		n = n.With([]plan.Node{left, n.Right}).(*plan.Apply)
	}
	if n.Result != plan.ApplyExists && n.Result != plan.ApplyIn {
		return filter(n, above)
	}
	at, asked, used := -1, true, 0
	for i, c := range above {
		uses(c, func(col *expr.Column) {
			if col.Index == width {
				used++
			}
		})
		if col, ok := c.(*expr.Column); ok && col.Index == width {
			at, asked = i, true
		} else if not, ok := c.(*expr.Call); ok && not.Func.Name == "NOT" {
			if col, ok := not.Args[0].(*expr.Column); ok && col.Index == width {
				at, asked = i, false
			}
		}
	}
	if at < 0 || used != 1 || !asked && manyNulls(n) {
		return filter(n, above)
	}
	rows := &plan.Apply{Left: n.Left, Right: n.Right, ID: n.ID, Type: graph.SemiJoin, Cond: n.Cond, Fields: n.Left.Schema(), At: n.At}
	if !asked {
		rows.Type = graph.AntiJoin
		if rows.Cond != nil && !rows.Cond.Type().NotNull { // NOT IN: a row that may be equal counts as one that is
			rows.Cond = call("IS NOT FALSE", rows.Cond)
		}
	}
	// The column stays for those above; it is known now.
	exprs := append(plan.Columns(rows), &expr.Literal{Value: asked, T: column.Of(column.Boolean).Required()})
	out := &plan.Project{Input: rows, Exprs: exprs, Fields: n.Fields}
	return filter(out, slices.Delete(slices.Clone(above), at, at+1))
}
