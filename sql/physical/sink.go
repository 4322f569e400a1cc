package physical

import (
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/sql/plan"
)

// sink adds the sink of a plan.
func (b *Builder) sink(n *plan.Sink, in end) {
	if n.Parallelism > 0 {
		in = spread(n, in)
	}
	node := b.node(n, "Sink("+short(n.Table.Name)+")", nil, &graph.Sink{Table: n.Table, Overwrite: n.Overwrite, Partition: n.Partition}, in)
	if n.Parallelism > 0 {
		node.Parallelism = n.Parallelism
	}
}

// spread ships rows to as many subtasks as the sink's table asks for: changes of a row by its key, so that they stay in their order, and rows that are only inserted in turn.
func spread(n *plan.Sink, in end) end {
	switch {
	case in.ship == graph.Forward && in.node.Parallelism == n.Parallelism:
	case n.Parallelism > 1 && plan.ChangesOf(n.Input) != graph.InsertOnly:
		in.ship, in.keys = graph.Hash, n.Table.PrimaryKey
	case in.ship != graph.Hash:
		in.ship = graph.Rebalance
	}
	in.single = n.Parallelism == 1
	return in
}
