package rules

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

const batchHint = "run it in batch mode: SET 'execution.runtime-mode' = 'batch'"

// streaming fits the plan to the mode. In streaming mode operators emit every change as it comes, ORDER BY follows time, and LIMIT keeps the
// first rows so far; in batch mode results are final, and nobody waits for a watermark. What cannot run in the mode is an error at its place.
func streaming(n plan.Node, c *Context) (plan.Node, error) {
	var err error
	n = plan.Rewrite(n, func(n plan.Node) plan.Node {
		if err != nil {
			return n
		}
		if m, ok := n.(*plan.Match); ok {
			err = fail(m.At, "run the job on Apache Flink, which finds patterns", "MATCH_RECOGNIZE is understood and cannot run here yet")
			return n
		}
		if t, ok := n.(*plan.TemporalJoin); ok {
			if err = versioned(t); err != nil {
				return n
			}
		}
		var out plan.Node
		if c.Batch {
			out, err = asBatch(n)
		} else {
			out, err = asStream(n)
		}
		return out
	})
	return n, err
}

// fail returns an error at a place, with a hint.
func fail(at syntax.Span, hint, format string, args ...any) error {
	e := syntax.Errorf(at, format, args...)
	e.Hint = hint
	return e
}

func asBatch(n plan.Node) (plan.Node, error) {
	const streamHint = "run it in streaming mode: SET 'execution.runtime-mode' = 'streaming'"
	if shows(n) {
		return n, fail(syntax.Span{}, streamHint, "CURRENT_WATERMARK needs an event time with watermarks, and there are none in batch mode")
	}
	switch n := n.(type) {
	case *plan.Scan:
		if !n.Bounded {
			return n, fail(n.At, streamHint, "the table '%s' never ends and cannot be read in batch mode", n.Table.Name)
		}
		if n.Changes != graph.InsertOnly {
			return n, fail(n.At, streamHint, "querying the table '%s' in batch mode is not possible: it brings changes [%s], and only inserts can be read there", n.Table.Name, n.Changes)
		}
	case *plan.Watermark:
		return n.Input, nil
	case *plan.AssignWindows:
		if n.Type == graph.Session {
			return n, fail(n.At, streamHint, "SESSION windows of a table function are not supported in batch mode")
		}
		if n.Processing {
			return n, fail(n.At, streamHint, "windows over processing time are not supported in batch mode")
		}
	case *plan.WindowAggregate:
		if n.Processing {
			return n, fail(n.At, streamHint, "windows over processing time are not supported in batch mode")
		}
	case *plan.Over:
		for i := range n.Calls {
			if a := n.Calls[i].Aggregate; a != nil && a.Distinct {
				return n, fail(n.At, "group in a query of its own, or "+streamHint, "%s with OVER is not supported in batch mode", a.Name)
			}
		}
		if n.Time != graph.OverColumns {
			over := *n
			over.Time = graph.OverColumns
			return &over, nil
		}
	}
	return n, nil
}

func asStream(n plan.Node) (plan.Node, error) {
	// onlyInserts says that an operator cannot take rows back.
	onlyInserts := func(at syntax.Span, in plan.Node) error {
		changes := plan.ChangesOf(in)
		if changes == graph.InsertOnly {
			return nil
		}
		by := ""
		if u := plan.UpdatingNode(in); u != nil {
			by = " which is produced by node " + plan.Line(u)
		}
		return fail(at, batchHint, "%s doesn't support consuming %s changes%s", n.Kind(), changeWords(changes), by)
	}
	switch n := n.(type) {
	case *plan.Scan:
		if n.Changes.Updates() && n.Changes&graph.UpdateBefore == 0 {
			return normalized(n)
		}
	case *plan.Aggregate:
		for i := range n.Calls {
			if c := &n.Calls[i]; c.Distinct && slices.ContainsFunc(c.Args, func(a int) bool { return n.Input.Schema()[a].Type.Kind == column.Row }) {
				return n, fail(n.At, "count its fields as DISTINCT one by one, or "+batchHint, "%s of ROW values is not supported in streaming mode", c.Name)
			}
		}
		out := *n
		out.Updates, out.UpdateBefore, out.Always = true, true, false
		if plan.ChangesOf(n.Input) == graph.InsertOnly {
			return &out, nil
		}
		var c *expr.Aggregate
		if out.Calls, c = retracting(n.Input, n.Calls); c != nil {
			return n, fail(n.At, batchHint, "%s over rows that may change later, as the results of another GROUP BY do, is not supported in streaming mode", c.Name)
		}
		return &out, nil
	case *plan.Join:
		out := *n
		out.Updates = true
		return &out, nil
	case *plan.IntervalJoin:
		if err := onlyInserts(n.At, n.Left); err != nil {
			return n, err
		}
		return n, onlyInserts(n.At, n.Right)
	case *plan.WindowJoin:
		if err := onlyInserts(n.At, n.Left); err != nil {
			return n, err
		}
		return n, onlyInserts(n.At, n.Right)
	case *plan.TemporalJoin:
		if n.LeftTime < 0 {
			return n, nil
		}
		if err := timed(n.At, n.Left, n.LeftTime); err != nil {
			return n, err
		}
		return n, timed(n.At, n.Right, n.RightTime)
	case *plan.AssignWindows:
		if !n.Processing {
			return n, timed(n.At, n.Input, n.Time)
		}
	case *plan.WindowAggregate:
		if n.Type == graph.Hop && n.Size%n.Slide != 0 {
			return n, fail(n.At, "choose another size or slide", "the size of HOP windows that are grouped by must be a multiple of their slide")
		}
		if !n.Attached && !n.Processing {
			if err := timed(n.At, n.Input, n.Time); err != nil {
				return n, err
			}
		}
		if plan.ChangesOf(n.Input) != graph.InsertOnly {
			if !n.Attached && n.Properties == nil {
				return n, onlyInserts(n.At, n.Input)
			}
			out := *n
			var c *expr.Aggregate
			if out.Calls, c = retracting(n.Input, n.Calls); c != nil {
				return n, fail(n.At, batchHint, "%s over rows that may change later is not supported in streaming mode", c.Name)
			}
			return &out, nil
		}
	case *plan.Filter:
		if over := endlessRank(n); over != nil {
			return n, fail(over.At, "add a condition such as rn <= 10, or "+batchHint, "in streaming mode a condition on the number of a row must keep the first rows of each partition")
		}
	case *plan.Over:
		return streamOver(n, onlyInserts)
	case *plan.Rank:
		if n.Numbering != graph.RowNumber {
			return n, fail(n.At, "number the rows by ROW_NUMBER(), or "+batchHint, "keeping the first rows by RANK() or DENSE_RANK() is not supported in streaming mode")
		}
		if n.WindowEnd >= 0 {
			out := *n
			out.Updates = true // a window's rows are shown when the watermark has passed its end
			return &out, onlyInserts(n.At, n.Input)
		}
		return streamRank(n), nil
	case *plan.Deduplicate:
		if plan.ChangesOf(n.Input) == graph.InsertOnly {
			return n, nil
		}
		r := &plan.Rank{Input: n.Input, Fields: n.Schema(), At: n.At}
		r.Partition, r.From, r.To, r.ToColumn, r.WindowEnd = n.Keys, 1, 1, -1, -1
		if n.Time >= 0 {
			r.Order = []graph.SortKey{{Column: n.Time, Descending: n.Last, NullsLast: n.Last}}
		} else {
			return n, onlyInserts(n.At, n.Input)
		}
		return streamRank(r), nil
	case *plan.Sort:
		times := plan.Times(n.Input)
		k := n.Keys[0]
		if times[k.Column] == catalog.NoTime || k.Descending {
			return n, fail(n.At, "add LIMIT, or "+batchHint, "Sort on a non-time-attribute field is not supported in streaming mode, where the input need not end")
		}
		if err := onlyInserts(n.At, n.Input); err != nil {
			return n, err
		}
		out := &plan.TemporalSort{Input: n.Input, At: n.At}
		if out.Time, out.Keys = k.Column, n.Keys[1:]; times[k.Column] == catalog.Proctime {
			out.Time = -1
		}
		return out, nil
	case *plan.Limit:
		if len(n.Keys) == 0 && plan.ChangesOf(n.Input) == graph.InsertOnly {
			return n, nil
		}
		if n.Count < 0 {
			return n, fail(n.At, "add LIMIT, or "+batchHint, "OFFSET without LIMIT over rows that are ordered or may change is not supported in streaming mode")
		}
		r := &plan.Rank{Input: n.Input, Fields: n.Schema(), At: n.At}
		r.Order, r.From, r.To, r.ToColumn, r.WindowEnd = n.Keys, n.Offset+1, n.Offset+n.Count, -1, -1
		return streamRank(r), nil
	}
	return n, nil
}

// timed checks that a window's time is an attribute of event time.
func timed(at syntax.Span, in plan.Node, col int) error {
	if plan.Times(in)[col] == catalog.Rowtime {
		return nil
	}
	f := in.Schema()[col]
	return fail(at, "declare WATERMARK FOR it in the table; a regular join and a grouping make ordinary values of times",
		"an attribute of time is needed here, and '%s' is an ordinary %s", f.Name, f.Type.Optional())
}

// changeWords names changes: "update and delete".
func changeWords(c graph.Changes) string {
	switch {
	case c&graph.Deletes == 0:
		return "update"
	case c.Updates():
		return "update and delete"
	}
	return "delete"
}

// streamRank makes a Rank emit changes.
func streamRank(n *plan.Rank) plan.Node {
	out := *n
	out.Updates, out.UpdateBefore = true, true
	return &out
}

// streamOver checks an Over for what can be computed as rows come.
func streamOver(n *plan.Over, onlyInserts func(syntax.Span, plan.Node) error) (plan.Node, error) {
	out := *n
	out.Updates = true
	if n.Several {
		return n, fail(n.At, "compute one of them in a query in FROM, or "+batchHint, "in streaming mode all calls with OVER of a SELECT must have the same window")
	}
	if len(n.Order) == 0 {
		return n, fail(n.At, "order by an attribute of time, or "+batchHint, "OVER windows' ordering in stream mode must be defined on a time attribute")
	}
	if len(n.Order) > 1 {
		return n, fail(n.At, batchHint, "in streaming mode the window of OVER can only be ordered by a single column")
	}
	if n.Order[0].Descending {
		return n, fail(n.At, batchHint, "in streaming mode the window of OVER can only be ordered in ascending order, unless a condition keeps the first rows of ROW_NUMBER()")
	}
	for i := range n.Calls {
		if f := n.Calls[i].Function; f != nil {
			switch f.Name {
			case "ROW_NUMBER", "RANK", "DENSE_RANK", "LAG":
			default:
				return n, fail(n.At, batchHint, "%s is not supported in streaming mode: it depends on rows that are still to come", f.Name)
			}
		}
		if f := &n.Calls[i].Frame; n.Calls[i].Aggregate != nil && (f.To.Kind > graph.CurrentRow || f.From.Kind > graph.CurrentRow) {
			return n, fail(n.At, batchHint, "a frame of OVER that reaches behind the current row is not supported in streaming mode")
		}
	}
	if n.Time != graph.OverColumns && plan.Times(n.Input)[n.Order[0].Column] == catalog.NoTime {
		out.Time = graph.OverColumns // the attribute has become an ordinary value below
	}
	if out.Time != graph.OverColumns {
		if err := onlyInserts(n.At, n.Input); err != nil {
			return n, err
		}
	}
	return &out, nil
}

// normalized makes a full changelog of what an upsert source brings.
func normalized(n *plan.Scan) (plan.Node, error) {
	keys := plan.UniqueKeys(n)
	if len(keys) == 0 {
		return n, fail(n.At, "declare PRIMARY KEY (…) NOT ENFORCED", "the table '%s' brings changes [%s], which need a primary key", n.Table.Name, n.Changes)
	}
	out := &plan.Normalize{Input: n}
	out.Keys, out.UpdateBefore = keys[0], true
	return out, nil
}

// retracting returns the calls as they are over input that takes rows back; wrong is one that cannot, nil if there is none.
func retracting(in plan.Node, calls []expr.Aggregate) (out []expr.Aggregate, wrong *expr.Aggregate) {
	out = slices.Clone(calls)
	for i := range out {
		c := &out[i]
		c.Retracts = true
		types := make([]column.Type, len(c.Args))
		for i, a := range c.Args {
			types[i] = in.Schema()[a].Type
		}
		if _, ok := c.New(types).(expr.Retractor); !ok {
			return calls, c
		}
	}
	return out, nil
}
