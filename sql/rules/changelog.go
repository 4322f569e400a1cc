package rules

import (
	"slices"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/plan"
)

// changelog decides from the top where updates need -U, and plans what stands between a changelog and a sink: the sink may take inserts
// only, changes by its primary key, or all of them.
func changelog(n plan.Node, c *Context) (plan.Node, error) {
	sink, ok := n.(*plan.Sink)
	if !ok {
		if c.Batch {
			return n, nil
		}
		return need(n, true), nil
	}
	if sink.Overwrite && !c.Batch {
		return n, fail(sink.At, batchHint, "INSERT OVERWRITE is not supported in streaming mode, where the new rows need not end")
	}
	if c.Batch {
		return n, nil
	}
	changes := plan.ChangesOf(sink.Input)
	u := plan.UpdatingNode(sink.Input)
	if u == nil {
		// A grouping without aggregates only inserts, but Flink takes it for updating, and a job must be accepted there too.
		if u = distinctNode(sink.Input); u != nil {
			changes |= graph.UpdateAfter
		}
	}
	if changes != graph.InsertOnly && !sink.Upserts {
		by := ""
		if u != nil {
			by = " which is produced by node " + plan.Line(u)
		}
		return n, fail(sink.At, batchHint+", or write to a connector that takes updates", "Table sink '%s' doesn't support consuming %s changes%s",
			sink.Table.Name, changeWords(changes), by)
	}
	if sink.Parallelism > 1 && changes != graph.InsertOnly && len(sink.Table.PrimaryKey) == 0 {
		return n, fail(sink.At, "declare PRIMARY KEY (…) NOT ENFORCED, or leave the option out",
			"table sink '%s' has '%s' = '%d' and takes %s changes, which reach its subtasks by the primary key, and it has none", sink.Table.Name,
			connector.SinkParallelismOption.Key, sink.Parallelism, changeWords(changes))
	}
	return sink.With([]plan.Node{forSink(sink, sink.Input, c.Materialize)}), nil
}

// forSink returns the input of a sink that takes changes. With a primary key, rows of one key must reach it in order and end as one row.
func forSink(sink *plan.Sink, in plan.Node, how string) plan.Node {
	key := sink.Table.PrimaryKey
	if plan.ChangesOf(in) == graph.InsertOnly {
		return need(in, true)
	}
	if len(key) == 0 {
		return need(in, true)
	}
	keys := plan.UpsertKeys(in)
	if how == "NONE" || sameKey(keys, key) && how != "FORCE" {
		out := need(in, !sink.OnlyAfter)
		if !sink.OnlyAfter || plan.ChangesOf(out)&graph.UpdateBefore == 0 {
			return out
		}
	}
	out := &plan.Materialize{Input: need(in, true)}
	out.Keys, out.Table = key, sink.Table.Name
	for _, k := range key {
		out.KeyNames = append(out.KeyNames, sink.Table.Columns[k].Name)
	}
	switch sink.Conflict {
	case "NOTHING":
		out.Conflict = graph.KeepFirst
	case "ERROR":
		out.Conflict = graph.FailOnConflict
	}
	if len(keys) > 0 {
		out.InputKeys = keys[0]
	}
	return out
}

// distinctNode returns a grouping without aggregates, nil if there is none.
func distinctNode(n plan.Node) plan.Node {
	var found plan.Node
	plan.Walk(n, func(n plan.Node) bool {
		if a, ok := n.(*plan.Aggregate); ok && len(a.Calls) == 0 && found == nil {
			found = a
		}
		return found == nil
	})
	return found
}

// need returns a node that emits -U with its updates if before says so. Otherwise it emits none unless it must: where the row that takes the place of
// another one may be dropped, or go elsewhere, -U is all that tells.
func need(n plan.Node, before bool) plan.Node {
	inputs := func(before ...bool) plan.Node {
		in := n.Inputs()
		changed := make([]plan.Node, len(in))
		for i := range in {
			changed[i] = need(in[i], before[min(i, len(before)-1)])
		}
		return n.With(changed)
	}
	switch n := n.(type) {
	case *plan.Scan:
		if !before && n.Changes&graph.UpdateBefore != 0 {
			return &plan.DropUpdateBefore{Input: n}
		}
		return n
	case *plan.Values:
		return n
	case *plan.Aggregate:
		out := *n
		out.UpdateBefore, out.Input = before, need(n.Input, true)
		return &out
	case *plan.Rank:
		out := *n
		// Rows whose place only gets better need not be taken back before they come again.
		out.UpdateBefore, out.Input = before, need(n.Input, !rising(n))
		out.Side = sideOf(out.Input)
		return &out
	case *plan.Deduplicate:
		out := *n
		out.UpdateBefore, out.Input = before, need(n.Input, true)
		return &out
	case *plan.Normalize:
		out := *n
		out.UpdateBefore, out.Input = before, need(n.Input, false)
		return &out
	case *plan.TemporalJoin:
		out := *n
		out.Left, out.Right = need(n.Left, before || n.Type == graph.InnerJoin || n.Cond != nil), need(n.Right, false)
		if plan.ChangesOf(out.Right)&graph.UpdateBefore != 0 { // versions follow each other by key
			out.Right = &plan.DropUpdateBefore{Input: out.Right}
		}
		return &out
	case *plan.Join:
		if !before {
			if out := replacing(n); out != nil {
				return out
			}
		}
		out := *n
		out.Left, out.Right = need(n.Left, true), need(n.Right, true)
		out.Sides[0], out.Sides[1] = joinSide(out.Sides[0], n.Left), joinSide(out.Sides[1], n.Right)
		return &out
	case *plan.MultiJoin:
		out := *n
		out.From, out.Sides = slices.Clone(n.From), slices.Clone(n.Sides)
		for i, in := range n.From {
			out.From[i], out.Sides[i] = need(in, true), joinSide(n.Sides[i], in)
		}
		return &out
	case *plan.Calc:
		// A row may pass the condition before an update and not after it: without -U it would stay.
		if n.Cond != nil && plan.ChangesOf(n.Input).Updates() && !onKeys(n) {
			return inputs(true)
		}
		return inputs(before)
	case *plan.FromChangelog, *plan.ToChangelog, *plan.Over, *plan.WindowAggregate, *plan.AssignWindows, *plan.WindowJoin, *plan.IntervalJoin, *plan.TemporalSort:
		out := inputs(true)
		if !before && plan.ChangesOf(out)&graph.UpdateBefore != 0 {
			return &plan.DropUpdateBefore{Input: out}
		}
		return out
	}
	return inputs(before)
}

// replacing returns an inner join that emits no -U: its inputs bring none, and what a row replaces has the same key in the join, so that a pair
// takes the place of a pair at once. It is nil where that cannot be. Leaving out -U that the inputs bring would not do: between it and its
// +U the other input may change, and then no +U may follow.
func replacing(n *plan.Join) plan.Node {
	if n.Cond != nil || n.Type != graph.InnerJoin || n.NullSafe != nil {
		return nil
	}
	out := *n
	out.Left, out.Right = need(n.Left, false), need(n.Right, false)
	for i, in := range []plan.Node{out.Left, out.Right} {
		changes := plan.ChangesOf(in)
		out.Sides[i] = graph.Side{Changes: changes, Keep: n.Sides[i].Keep}
		if !changes.Updates() {
			out.Sides[i] = joinSide(n.Sides[i], in)
			continue
		}
		keys := plan.UpsertKeys(in)
		k := slices.IndexFunc(keys, func(key []int) bool { return subset([][]int{n.LeftKeys, n.RightKeys}[i], key) })
		if k < 0 || changes&graph.UpdateBefore != 0 {
			return nil
		}
		out.Sides[i].Unique = keys[k]
	}
	if plan.ChangesOf(&out)&graph.UpdateBefore == 0 {
		return &out
	}
	return &plan.DropUpdateBefore{Input: &out}
}

// rising reports whether an update can only bring a row nearer to the first of its partition, and leaves it in the same: each column that rows are
// ordered by is part of what tells rows apart, or a result that only moves forward.
func rising(n *plan.Rank) bool {
	if !n.Updates || n.WindowEnd >= 0 || len(n.Order) == 0 || n.ToColumn >= 0 || plan.ChangesOf(n.Input)&graph.Deletes != 0 {
		return false
	}
	for _, key := range plan.UniqueKeys(n.Input) {
		ok := subset(n.Partition, key)
		for _, k := range n.Order {
			ok = ok && (slices.Contains(key, k.Column) || forward(n.Input, k.Column, k.Descending))
		}
		if ok {
			return true
		}
	}
	return false
}

// forward reports whether updates of a row can only raise (or, not descending, lower) a column: it counts, or is the greatest or least, of rows that
// are never taken back.
func forward(n plan.Node, col int, descending bool) bool {
	switch n := n.(type) {
	case *plan.Exchange:
		return forward(n.Input, col, descending)
	case *plan.Calc:
		if n.Exprs == nil {
			return forward(n.Input, col, descending)
		}
		c, ok := n.Exprs[col].(*expr.Column)
		return ok && forward(n.Input, c.Index, descending)
	case *plan.Aggregate:
		call := col - len(n.Keys)
		if call < 0 || plan.ChangesOf(n.Input) != graph.InsertOnly {
			return false
		}
		switch n.Calls[call].Func.Name {
		case "COUNT", "MAX":
			return descending
		case "MIN":
			return !descending
		}
	}
	return false
}

// onKeys reports whether a condition depends only on columns that an update does not change.
func onKeys(n *plan.Calc) bool {
	for _, key := range plan.UniqueKeys(n.Input) {
		within := true
		uses(n.Cond, func(c *expr.Column) { within = within && subset([]int{c.Index}, key) })
		if within {
			return true
		}
	}
	return false
}

// sideOf is what is known of a stream.
func sideOf(n plan.Node) graph.Side {
	s := graph.Side{Changes: plan.ChangesOf(n)}
	if keys := plan.UniqueKeys(n); len(keys) > 0 {
		s.Unique = keys[0]
	}
	return s
}

// joinSide adds what is known of an input to what hints say of it.
func joinSide(given graph.Side, n plan.Node) graph.Side {
	s := sideOf(n)
	s.Keep = given.Keep
	return s
}
