package plan

import "github.com/millstream/millstream/graph"

// ChangesOf infers what a node emits.
func ChangesOf(n Node) graph.Changes {
	var in graph.Changes
	for _, i := range n.Inputs() {
		in |= ChangesOf(i)
	}
	if a, ok := n.(*Aggregate); ok {
		if !a.Updates {
			return 0
		}
		if in != 0 {
			return graph.Retract
		}
		if len(a.Calls) == 0 {
			return 0 // DISTINCT: a group never changes once it is there
		}
		return graph.UpdateBefore | graph.UpdateAfter
	}
	return in
}

// UpdatingNode returns the highest node by which a tree's output is not insert-only, nil if it is.
func UpdatingNode(n Node) Node {
	var found Node
	Walk(n, func(n Node) bool {
		if found != nil || ChangesOf(n) == 0 {
			return false
		}
		if a, ok := n.(*Aggregate); ok {
			found = a
		}
		return true
	})
	return found
}
