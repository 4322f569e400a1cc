package rules

import (
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// watermarks drops the watermarks that nothing above waits for, so that times need not be read for them. Sources that wait for each other go by theirs.
func watermarks(n plan.Node, c *Context) plan.Node {
	if c.Batch {
		return n
	}
	out := needed(n, false, false)
	if out == n {
		return n
	}
	// A condition on what a watermark was computed from had to stay above it.
	return plan.Rewrite(out, func(n plan.Node) plan.Node {
		switch n := n.(type) {
		case *plan.Filter:
			if p, ok := n.Input.(*plan.Project); ok {
				if _, ok := p.Input.(*plan.Scan); ok {
					return push(n, nil, c)
				}
			}
		case *plan.Project:
			return mergeProject(n)
		}
		return n
	})
}

// needed rewrites n, above which something waits for watermarks, or shows them.
func needed(n plan.Node, above, shown bool) plan.Node {
	if w, ok := n.(*plan.Watermark); ok {
		if !above && !shown && !aligned(w.Input) {
			return needed(w.Input, false, false)
		}
		if shown && !w.Each {
			each := *w
			each.Each = true
			n = &each
		}
	}
	above, shown = above || waits(n), shown || shows(n) || settles(n)
	inputs := n.Inputs()
	changed := make([]plan.Node, len(inputs))
	same := true
	for i, in := range inputs {
		changed[i] = needed(in, above, shown)
		same = same && changed[i] == in
	}
	if same {
		return n
	}
	return n.With(changed)
}

// aligned reports whether the table below a watermark is read at the pace of others.
func aligned(n plan.Node) bool {
	for {
		if scan, ok := n.(*plan.Scan); ok {
			return scan.Table.Alignment.Group != ""
		}
		in := n.Inputs()
		if len(in) != 1 {
			return false
		}
		n = in[0]
	}
}

// waits reports whether an operator does something when event time goes on.
func waits(n plan.Node) bool {
	switch n := n.(type) {
	case *plan.AssignWindows:
		return n.Type == graph.Session && !n.Processing
	case *plan.WindowAggregate:
		return !n.Processing
	case *plan.WindowJoin, *plan.Match:
		return true
	case *plan.IntervalJoin:
		return n.LeftTime >= 0
	case *plan.Join:
		return joinBounds(n) != [2]*graph.JoinBound{}
	case *plan.TemporalJoin:
		return n.LeftTime >= 0
	case *plan.Over:
		return n.Time == graph.OverEventTime
	case *plan.Rank:
		return n.WindowEnd >= 0
	case *plan.Deduplicate:
		return n.Time >= 0
	case *plan.TemporalSort:
		return n.Time >= 0
	case *plan.Sink:
		return n.EventTime
	}
	return false
}

// settles reports whether a sink tells by watermarks which rows are in conflict: what comes and goes between two of them is not.
func settles(n plan.Node) bool {
	s, ok := n.(*plan.Sink)
	return ok && (s.Conflict == "NOTHING" || s.Conflict == "ERROR")
}

// shows reports whether an operator computes with the watermark.
func shows(n plan.Node) bool {
	asks := false
	plan.EachExpr(n, func(e expr.Expr) {
		expr.Walk(e, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Call); ok && c.Func.Name == "CURRENT_WATERMARK" {
				asks = true
			}
			return !asks
		})
	})
	return asks
}
