package rules

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/sql/plan"
)

// hashed brings rows that are equal in some columns together, all rows where there are no columns.
func hashed(n plan.Node, at distribution, keys []int) (plan.Node, distribution) {
	out := distribution{single: at.single || len(keys) == 0, keys: keys}
	if at.single || len(keys) > 0 && at.keys != nil && subset(at.keys, keys) {
		out.keys = at.keys
		return n, out
	}
	return &plan.Exchange{Input: n, Single: len(keys) == 0, Keys: keys}, out
}

// keyedOne distributes the rows of an operator with one input that keeps state for each key. Other operators take rows where they are.
func keyedOne(n, in plan.Node, at distribution) (plan.Node, distribution) {
	width := len(in.Schema())
	var keys []int
	switch n := n.(type) {
	case *plan.Rank:
		keys = n.Partition
	case *plan.Over:
		keys = n.Partition
	case *plan.Deduplicate:
		keys = n.Keys
	case *plan.Normalize:
		keys = n.Keys
	case *plan.Materialize:
		keys = n.Keys
	case *plan.TemporalSort:
	case *plan.AssignWindows:
		if n.Type != graph.Session {
			return n.With([]plan.Node{in}), at
		}
		keys = n.Partition
	case *plan.WindowAggregate:
		if out := windowPhases(n, in, at); out != nil {
			return out, distribution{single: len(n.Keys) == 0, keys: ascending(len(n.Keys))}
		}
		in, at = hashed(in, at, n.Keys)
		place := places(width, nil)
		for i, k := range n.Keys {
			place[k] = i
		}
		return n.With([]plan.Node{in}), distribution{at.single, moved(at.keys, place)}
	case *plan.Expand, *plan.Replicate, *plan.FromChangelog, *plan.ToChangelog:
		return n.With([]plan.Node{in}), distribution{single: at.single}
	default: // columns of the input keep their places
		return n.With([]plan.Node{in}), at
	}
	in, at = hashed(in, at, keys)
	return n.With([]plan.Node{in}), at
}

// windowPhases aggregates the rows of a window by slice in each subtask before their states are brought together; nil where that cannot be
// done, or rows of a key lie together already. Windows are emitted when they are complete, so nobody can tell.
func windowPhases(n *plan.WindowAggregate, in plan.Node, at distribution) plan.Node {
	if at.single || len(n.Keys) > 0 && at.keys != nil && subset(at.keys, n.Keys) {
		return nil
	}
	if n.Attached || n.Processing || n.Type == graph.Session || n.EmitEarly || n.EmitLate || !splittable(n.Calls) || plan.ChangesOf(in) != graph.InsertOnly {
		return nil
	}
	types := argTypes(n.Calls, in)
	local := *n
	local.Input, local.Phase, local.Properties = in, graph.Partial, nil
	local.Fields = append(stateFields(n.Fields[:len(n.Keys)], n.Calls, types), column.Field{Name: "$slice_end", Type: column.Of(column.BigInt).Required()})
	keys := ascending(len(n.Keys))
	global := *n
	global.Input = &plan.Exchange{Input: &local, Single: len(keys) == 0, Keys: keys}
	global.Phase, global.Keys, global.ArgTypes, global.Time = graph.Final, keys, types, len(local.Fields)-1
	return &global
}

// keyedTwo distributes the inputs of a join.
func keyedTwo(n plan.Node, in []plan.Node, at []distribution) (plan.Node, distribution) {
	m, _ := matchOf(n)
	if m == nil {
		return n.With(in), distribution{}
	}
	// Both inputs must be dealt out by the same columns in the same order: an input that already lies right for some of them only helps if the other
	// does too.
	left, right := m.LeftKeys, m.RightKeys
	if at[0].single && at[1].single {
		return n.With(in), distribution{single: true}
	}
	if len(left) == 0 {
		return n.With([]plan.Node{single(in[0], at[0]), single(in[1], at[1])}), distribution{single: true}
	}
	exchange := func(n plan.Node, at distribution, keys []int) plan.Node {
		if !at.single && slices.Equal(at.keys, keys) {
			return n
		}
		return &plan.Exchange{Input: n, Keys: keys}
	}
	out := distribution{keys: left}
	switch m.Type {
	case graph.RightJoin:
		out.keys = make([]int, len(right))
		for i, k := range right {
			out.keys[i] = k + len(in[0].Schema())
		}
	case graph.FullJoin:
		out.keys = nil
	}
	return n.With([]plan.Node{exchange(in[0], at[0], left), exchange(in[1], at[1], right)}), out
}
