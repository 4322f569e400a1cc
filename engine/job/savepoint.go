package job

import (
	"slices"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/operator"
)

// ForSavepoint returns a checkpoint as a savepoint holds it: what it covers is visible, and whoever restores it later must not depend on how that came about. What
// sinks have to go on with is kept for their writers.
func (h *Handle) ForSavepoint(c *Checkpoint) (*Checkpoint, error) {
	out := *c
	out.Nodes = map[string]*NodeState{}
	for uid, n := range c.Nodes {
		plain := *n
		plain.Committables = nil
		out.Nodes[uid] = &plain
	}
	for node, s := range h.sinks {
		uid := h.plan.nodes[node].uid
		from, to := c.Nodes[uid], out.Nodes[uid]
		lasting, ok := s.(connector.LastingSink)
		if !ok || from == nil || from.Finished || len(from.Committables) == 0 {
			continue
		}
		err := h.guard(node, func() error {
			pieces, err := lasting.Lasting(from.Committables)
			if err == nil && len(pieces) > 0 {
				to.Subtasks = slices.Clone(from.Subtasks)
				to.Subtasks[0] = operator.HoldBySink(from.Subtasks[0], pieces)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return &out, nil
}
