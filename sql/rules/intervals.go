package rules

import (
	"math"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
)

// intervalJoins makes an IntervalJoin of a join whose condition bounds from both sides how far the times of the two rows are apart.
func intervalJoins(n plan.Node, c *Context) plan.Node {
	if c.Batch {
		return n
	}
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		j, ok := n.(*plan.Join)
		if !ok || j.Type.LeftOnly() {
			return n
		}
		left, right := plan.Times(j.Left), plan.Times(j.Right)
		width := len(left)
		attribute := func(col int) catalog.TimeAttribute {
			if col < width {
				return left[col]
			}
			return right[col-width]
		}
		out := &plan.IntervalJoin{Left: j.Left, Right: j.Right, Fields: j.Fields, At: j.At}
		out.Match = j.Match
		out.LeftTime, out.RightTime, out.Lower, out.Upper = -1, -1, math.MinInt64, math.MaxInt64
		processing, found := false, false
		take := func(l, r int) bool { // all conditions must be about the same two columns
			a, b := attribute(l), attribute(width+r)
			if a != b || a == catalog.NoTime || found && (out.LeftTime != l || out.RightTime != r) {
				return false
			}
			found, processing = true, a == catalog.Proctime
			out.LeftTime, out.RightTime = l, r
			return true
		}
		out.Cond = nil
		var rest []expr.Expr
		if j.Cond != nil {
			for _, cond := range expr.Conjuncts(j.Cond) {
				if lower, upper, l, r, ok := apart(cond, width); ok && take(l, r) {
					out.Lower, out.Upper = max(out.Lower, lower), min(out.Upper, upper)
				} else {
					rest = append(rest, cond)
				}
			}
		}
		// Times that are keys are equal.
		for i := range j.LeftKeys {
			if take(j.LeftKeys[i], j.RightKeys[i]) {
				out.Lower, out.Upper = max(out.Lower, 0), min(out.Upper, 0)
			}
		}
		if out.Lower == math.MinInt64 || out.Upper == math.MaxInt64 {
			return n
		}
		if len(rest) > 0 {
			out.Cond = expr.And(rest)
		}
		if processing {
			out.LeftTime, out.RightTime = -1, -1
		}
		return out
	})
}

// apart reads a condition on the difference of a column of the left input and one of the right input, numbered within their inputs: left - right is
// in [lower, upper] milliseconds.
func apart(cond expr.Expr, width int) (lower, upper int64, left, right int, ok bool) {
	c, isCall := cond.(*expr.Call)
	if !isCall || len(c.Args) != 2 {
		return
	}
	op := c.Func.Name
	a, plusA, okA := shifted(c.Args[0])
	b, plusB, okB := shifted(c.Args[1])
	if !okA || !okB || (a < width) == (b < width) {
		return
	}
	if a >= width { // put the left input's column first
		a, plusA, b, plusB = b, plusB, a, plusA
		op = map[string]string{"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}[op]
	}
	lower, upper = math.MinInt64, math.MaxInt64
	d := plusB - plusA // left + plusA op right + plusB, so left - right op d
	switch op {
	case "=":
		lower, upper = d, d
	case "<":
		upper = d - 1
	case "<=":
		upper = d
	case ">":
		lower = d + 1
	case ">=":
		lower = d
	default:
		return
	}
	return lower, upper, a, b - width, true
}

// shifted takes an expression apart that is a column plus or minus constant intervals of days and less.
func shifted(e expr.Expr) (col int, plus int64, ok bool) {
	switch e := e.(type) {
	case *expr.Column:
		return e.Index, 0, true
	case *expr.Cast: // to another precision of the same kind of timestamp
		from, to := e.Arg.Type(), e.T
		if from.Kind == to.Kind && (to.Kind == column.Timestamp || to.Kind == column.TimestampLTZ) && to.Precision >= 3 {
			return shifted(e.Arg)
		}
	case *expr.Call:
		if len(e.Args) != 2 || e.Func.Name != "+" && e.Func.Name != "-" {
			return 0, 0, false
		}
		base, by := e.Args[0], e.Args[1]
		if _, isLit := base.(*expr.Literal); isLit && e.Func.Name == "+" {
			base, by = by, base
		}
		lit, isLit := by.(*expr.Literal)
		if !isLit || lit.T.Kind != column.IntervalDayTime || lit.Value == nil {
			return 0, 0, false
		}
		col, plus, ok = shifted(base)
		if e.Func.Name == "-" {
			return col, plus - lit.Value.(int64), ok
		}
		return col, plus + lit.Value.(int64), ok
	}
	return 0, 0, false
}
