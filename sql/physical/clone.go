package physical

import (
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/sql/plan"
)

// clone returns the operator of a plan node that holds it ready, nil if it holds none.
func clone(n plan.Node) graph.Op {
	switch n := n.(type) {
	case *plan.Join:
		op := n.Join
		return &op
	case *plan.MultiJoin:
		op := n.MultiJoin
		return &op
	case *plan.IntervalJoin:
		op := n.IntervalJoin
		return &op
	case *plan.TemporalJoin:
		op := n.TemporalJoin
		op.Changes = plan.ChangesOf(n.Right)
		return &op
	case *plan.LookupJoin:
		op := n.LookupJoin
		return &op
	case *plan.WindowJoin:
		op := n.WindowJoin
		return &op
	case *plan.Watermark:
		op := n.Watermark
		return &op
	case *plan.AssignWindows:
		op := n.AssignWindows
		op.Changes = plan.ChangesOf(n.Input)
		return &op
	case *plan.WindowAggregate:
		op := n.WindowAggregate
		op.Changes = plan.ChangesOf(n.Input)
		return &op
	case *plan.Over:
		op := n.Over
		return &op
	case *plan.Rank:
		op := n.Rank
		return &op
	case *plan.Deduplicate:
		op := n.Deduplicate
		op.Changes = plan.ChangesOf(n.Input)
		return &op
	case *plan.Normalize:
		op := n.Normalize
		return &op
	case *plan.Materialize:
		op := n.Materialize
		return &op
	case *plan.DropUpdateBefore:
		return &graph.DropUpdateBefore{}
	case *plan.FromChangelog:
		op := n.FromChangelog
		return &op
	case *plan.ToChangelog:
		op := n.ToChangelog
		return &op
	case *plan.TemporalSort:
		op := n.TemporalSort
		return &op
	case *plan.Expand:
		op := n.Expand
		return &op
	case *plan.Replicate:
		op := n.Replicate
		return &op
	case *plan.TableFunction:
		op := n.TableFunction
		return &op
	}
	return nil
}
