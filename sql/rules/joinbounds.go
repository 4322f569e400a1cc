package rules

import (
	"math"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// boundJoins tells joins of streams until when their rows can have matches, where a condition compares a time with one of which the other side brings
// only later ones once the watermark has passed: the end of a window. Rows are forgotten then, and the result stays the same.
func boundJoins(n plan.Node, c *Context) plan.Node {
	if c.Batch || c.TTL > 0 {
		return n
	}
	return plan.Rewrite(n, func(n plan.Node) plan.Node {
		j, ok := n.(*plan.Join)
		if !ok || hinted(j.Sides[0].Keep) || hinted(j.Sides[1].Keep) {
			return n
		}
		until := joinBounds(j)
		if until == [2]*graph.JoinBound{} {
			return n
		}
		out := *j
		out.Until = until
		return &out
	})
}

// hinted reports whether a hint says what is kept.
func hinted(k graph.Keep) bool { return k.TTL > 0 || k.MaxKeys > 0 }

// joinBounds returns until when rows of both sides of a join can have matches; nil: for ever.
func joinBounds(j *plan.Join) (until [2]*graph.JoinBound) {
	if j.Cond == nil || j.Type != graph.InnerJoin || len(j.LeftKeys) == 0 {
		return until
	}
	in := [2]plan.Node{j.Left, j.Right}
	if plan.ChangesOf(j.Left) != graph.InsertOnly || plan.ChangesOf(j.Right) != graph.InsertOnly {
		return until
	}
	for _, cond := range expr.Conjuncts(j.Cond) {
		lower, upper, l, r, ok := apart(cond, len(j.Left.Schema()))
		if !ok {
			continue
		}
		if !millis(j.Left.Schema()[l].Type) || !millis(j.Right.Schema()[r].Type) {
			continue
		}
		// left - right is in [lower, upper]; what comes of a side after watermark w is later than w + ahead.
		if ahead, ok := horizon(in[1], r); ok && lower > math.MinInt64/2 && until[0] == nil {
			until[0] = &graph.JoinBound{Column: l, Delay: -lower - ahead}
		}
		if ahead, ok := horizon(in[0], l); ok && upper < math.MaxInt64/2 && until[1] == nil {
			until[1] = &graph.JoinBound{Column: r, Delay: upper - ahead}
		}
	}
	return until
}

func millis(t column.Type) bool { return t.Kind == column.Timestamp && t.Precision <= 3 }

// horizon reports whether the rows that a node emits after a watermark have in a column times later than it, and by how many milliseconds less one.
func horizon(n plan.Node, col int) (ahead int64, ok bool) {
	switch n := n.(type) {
	case *plan.Filter:
		return horizon(n.Input, col)
	case *plan.Project:
		if c, ok := n.Exprs[col].(*expr.Column); ok {
			return horizon(n.Input, c.Index)
		}
	case *plan.Calc:
		if n.Exprs == nil {
			return horizon(n.Input, col)
		}
		if c, ok := n.Exprs[col].(*expr.Column); ok {
			return horizon(n.Input, c.Index)
		}
	case *plan.WindowAggregate:
		p := col - len(n.Keys) - len(n.Calls)
		if p < 0 || n.Processing || n.Attached || n.EmitEarly || n.EmitLate || n.AllowedLateness > 0 || n.Type == graph.Session ||
			n.Input.Schema()[n.Time].Type.Kind != column.Timestamp {
			return 0, false
		}
		switch n.Properties[p] {
		case graph.WindowEnd, graph.WindowRowtime: // end - 1 > watermark
			return 0, true
		case graph.WindowStart:
			return -n.Size, true
		}
	}
	return 0, false
}
