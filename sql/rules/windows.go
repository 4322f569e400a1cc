package rules

import (
	"cmp"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// windows makes operators that forget a window once it is over: of groupings by both bounds of the windows of a windowing table function, and of joins
// whose keys are these bounds. In batch mode windows are columns like others.
func windows(n plan.Node, c *Context) (plan.Node, error) {
	if c.Batch {
		return n, nil
	}
	var err error
	n = plan.Rewrite(n, func(n plan.Node) plan.Node {
		switch n := n.(type) {
		case *plan.WindowAggregate: // of GROUP BY TUMBLE(…) and the like
			if c.Emit.Early || c.Emit.Late || c.Emit.Lateness > 0 {
				out, problem := emitting(n, c)
				err = cmp.Or(err, problem)
				return out
			}
		case *plan.Aggregate:
			return windowAggregate(n)
		case *plan.Join:
			return windowJoin(n)
		}
		return n
	})
	return n, err
}

// emitting makes a group window show results early or late.
func emitting(n *plan.WindowAggregate, c *Context) (plan.Node, error) {
	if n.Type == graph.Session || n.Processing {
		return n, fail(n.At, "RESET the settings table.exec.emit.*, or use TUMBLE or HOP over event time",
			"early and late results (table.exec.emit.*) are not supported for sessions and for windows over processing time")
	}
	out := *n
	out.EmitEarly, out.Early, out.EmitLate, out.Late, out.AllowedLateness = c.Emit.Early, c.Emit.EarlyDelay, c.Emit.Late, c.Emit.LateDelay, c.Emit.Lateness
	return &out, nil
}

// windowAggregate makes a WindowAggregate of a grouping by windows.
func windowAggregate(n *plan.Aggregate) plan.Node {
	w := plan.WindowOf(n.Input)
	if w == nil || !containsAny(n.Keys, w.Start) || !containsAny(n.Keys, w.End) {
		return n
	}
	out := &plan.WindowAggregate{Input: n.Input, At: n.At}
	out.Window, out.Attached, out.Start, out.End, out.Calls = w.Window, true, w.Start[0], w.End[0], n.Calls
	out.Time = -1
	place := make([]int, len(n.Fields)) // of the grouping's columns in the output
	for i, k := range n.Keys {
		if slices.Contains(w.Start, k) || slices.Contains(w.End, k) || slices.Contains(w.Time, k) {
			continue
		}
		place[i] = len(out.Keys)
		out.Keys = append(out.Keys, k)
		out.Fields = append(out.Fields, n.Fields[i])
	}
	for i := range n.Calls {
		place[len(n.Keys)+i] = len(out.Fields)
		out.Fields = append(out.Fields, n.Fields[len(n.Keys)+i])
	}
	for i, k := range n.Keys {
		p := graph.WindowRowtime
		switch {
		case slices.Contains(w.Start, k):
			p = graph.WindowStart
		case slices.Contains(w.End, k):
			p = graph.WindowEnd
		case !slices.Contains(w.Time, k):
			continue
		case w.Window.Processing:
			p = graph.WindowProctime
		}
		place[i] = len(out.Fields)
		out.Properties = append(out.Properties, p)
		out.Fields = append(out.Fields, n.Fields[i])
	}
	return plan.Select(detach(out), place)
}

// detach puts a windowing table function right below a grouping into it, so that rows are not multiplied by their windows. Between them there
// may be a projection.
func detach(n *plan.WindowAggregate) plan.Node {
	var project *plan.Project
	below := n.Input
	if p, ok := below.(*plan.Project); ok {
		project, below = p, p.Input
	}
	tvf, ok := below.(*plan.AssignWindows)
	if !ok {
		return n
	}
	width := len(tvf.Input.Schema())
	used := make([]expr.Expr, 0, len(n.Keys)+len(n.Calls))
	at := map[int]int{} // columns of the grouping's input that are needed, to their places below
	need := func(col int) int {
		if place, ok := at[col]; ok {
			return place
		}
		e := expr.Expr(plan.ColumnOf(n.Input, col))
		if project != nil {
			e = project.Exprs[col]
		}
		at[col] = len(used)
		used = append(used, e)
		return at[col]
	}
	out := *n
	out.Attached, out.Start, out.End = false, -1, -1
	out.Keys = make([]int, len(n.Keys))
	for i, k := range n.Keys {
		out.Keys[i] = need(k)
	}
	out.Calls = slices.Clone(n.Calls)
	for i := range out.Calls {
		c := &out.Calls[i]
		c.Args = slices.Clone(c.Args)
		for j, a := range c.Args {
			c.Args[j] = need(a)
		}
		if c.Filter >= 0 {
			c.Filter = need(c.Filter)
		}
	}
	fields := make([]column.Field, 0, len(used)+1)
	for _, e := range used {
		beyond := false
		uses(e, func(c *expr.Column) { beyond = beyond || c.Index >= width })
		if beyond {
			return n // something else than the grouping needs the windows' bounds
		}
		fields = append(fields, column.Field{Name: label(e), Type: e.Type()})
	}
	for col, place := range at {
		fields[place].Name = n.Input.Schema()[col].Name
	}
	if tvf.Type == graph.Session {
		// The sessions are those of the function's partitions: they must be those of the groups.
		for _, p := range tvf.Partition {
			if !slices.ContainsFunc(out.Keys, func(k int) bool { c, ok := used[k].(*expr.Column); return ok && c.Index == p }) {
				return n
			}
		}
		if len(tvf.Partition) != len(out.Keys) {
			return n
		}
	}
	// The time stands behind what the grouping needs.
	out.Window = tvf.Window
	out.Time = -1
	if !tvf.Processing {
		out.Time = len(used)
		used = append(used, plan.ColumnOf(tvf.Input, tvf.Time))
		fields = append(fields, tvf.Input.Schema()[tvf.Time])
	}
	out.Input = &plan.Project{Input: tvf.Input, Exprs: used, Fields: fields}
	return &out
}

// windowJoin makes a WindowJoin of a join by equal windows.
func windowJoin(n *plan.Join) plan.Node {
	l, r := plan.WindowOf(n.Left), plan.WindowOf(n.Right)
	if l == nil || r == nil || l.Window.Processing || r.Window.Processing {
		return n
	}
	lw, rw := l.Window, r.Window
	lw.Time, rw.Time = 0, 0
	if lw != rw {
		return n
	}
	starts, end := false, -1
	for i := range n.LeftKeys {
		starts = starts || slices.Contains(l.Start, n.LeftKeys[i]) && slices.Contains(r.Start, n.RightKeys[i])
		if slices.Contains(l.End, n.LeftKeys[i]) && slices.Contains(r.End, n.RightKeys[i]) {
			end = i
		}
	}
	if !starts || end < 0 {
		return n
	}
	out := &plan.WindowJoin{Left: n.Left, Right: n.Right, Fields: n.Fields, At: n.At}
	out.Match, out.LeftEnd, out.RightEnd, out.Zoned = n.Match, n.LeftKeys[end], n.RightKeys[end], lw.Zoned
	return out
}
