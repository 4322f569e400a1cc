package plan

import (
	"github.com/millstream/millstream/graph"
)

// ChangesOf infers which kinds of rows a node of a streaming plan emits. In a batch plan all rows are inserts.
func ChangesOf(n Node) graph.Changes {
	switch n := n.(type) {
	case *Scan:
		return n.Changes
	case *Aggregate:
		in := ChangesOf(n.Input)
		switch {
		case !n.Updates || n.Phase == graph.Partial:
			return graph.InsertOnly
		case in != graph.InsertOnly:
			return before(graph.Retract, n.UpdateBefore)
		case len(n.Calls) == 0:
			return graph.InsertOnly // DISTINCT: a group never changes once it is there
		}
		return before(graph.UpdateBefore|graph.UpdateAfter, n.UpdateBefore)
	case *Join:
		in := ChangesOf(n.Left) | ChangesOf(n.Right)
		if in.Updates() { // what a row replaces is taken back, whether the input does so or not
			in |= graph.UpdateBefore
		}
		switch {
		case !n.Updates:
			return graph.InsertOnly
		case n.Type == graph.InnerJoin || n.Type == graph.SemiJoin && in == graph.InsertOnly:
			return in
		case in == graph.InsertOnly:
			return graph.Deletes // a row without a match goes when one comes
		}
		return in | graph.Deletes
	case *MultiJoin:
		in := graph.InsertOnly
		for _, i := range n.From {
			in |= ChangesOf(i)
		}
		if in.Updates() {
			in |= graph.UpdateBefore
		}
		if n.Outer() { // each change takes rows away and brings others
			return graph.Deletes
		}
		return in
	case *IntervalJoin, *WindowJoin, *TemporalSort:
		return graph.InsertOnly
	case *TemporalJoin:
		return ChangesOf(n.Left)
	case *WindowAggregate:
		if n.EmitEarly || n.EmitLate || n.AllowedLateness > 0 {
			return graph.UpdateBefore | graph.UpdateAfter
		}
		return graph.InsertOnly
	case *Over:
		if n.Updates && n.Time == graph.OverColumns {
			return graph.Retract
		}
		return graph.InsertOnly
	case *Rank:
		if !n.Updates || n.WindowEnd >= 0 {
			return graph.InsertOnly
		}
		return before(graph.Retract, n.UpdateBefore)
	case *Deduplicate:
		if !n.Last {
			return graph.InsertOnly
		}
		return before(graph.UpdateBefore|graph.UpdateAfter, n.UpdateBefore)
	case *Normalize:
		return before(graph.Retract, n.UpdateBefore)
	case *Materialize:
		return graph.Upsert
	case *FromChangelog:
		return n.Changes()
	case *ToChangelog:
		return graph.InsertOnly
	case *DropUpdateBefore:
		return ChangesOf(n.Input) &^ graph.UpdateBefore
	}
	in := graph.InsertOnly
	for _, i := range n.Inputs() {
		in |= ChangesOf(i)
	}
	return in
}

// before leaves out UpdateBefore where it is not asked for.
func before(c graph.Changes, asked bool) graph.Changes {
	if !asked {
		c &^= graph.UpdateBefore
	}
	return c
}

// UpdatingNode returns the highest node by which a tree's output is not insert-only, nil if it is.
func UpdatingNode(n Node) Node {
	if ChangesOf(n) == graph.InsertOnly {
		return nil
	}
	switch n.(type) {
	case *Filter, *Project, *Calc, *Exchange, *Union, *Unnest, *Expand, *Replicate, *Watermark, *AssignWindows, *TableFunction, *LookupJoin, *TemporalJoin,
		*DropUpdateBefore, *Sort, *Limit:
		for _, in := range n.Inputs() {
			if found := UpdatingNode(in); found != nil {
				return found
			}
		}
	}
	return n
}
