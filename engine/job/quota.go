package job

import (
	"fmt"

	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/engine/task"
	"github.com/millstream/millstream/setting"
)

// quota is what the state of all operators may take, nil for as much as there is.
func (h *Handle) quota() *task.Quota {
	limit := h.opts.Env.Settings.Memory(setting.StateMemoryLimit)
	if limit <= 0 {
		return nil
	}
	return &task.Quota{Limit: limit, Largest: h.largest}
}

// largest finds the node with the largest state.
func (h *Handle) largest() (name, uid string, bytes int64, bound string) {
	at := 0
	for i := range h.plan.nodes {
		size := int64(0)
		for _, c := range h.counts[i] {
			size += c.State.Load()
		}
		if size > bytes {
			at, bytes = i, size
		}
	}
	n := &h.plan.nodes[at]
	return fmt.Sprintf("%s[%d]", n.Name, n.ID), n.uid, bytes, operator.Bound(n.Op)
}
