package job

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/millstream/millstream/engine/inflight"
	"github.com/millstream/millstream/engine/task"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// overtaking returns what has a value once the barriers of a checkpoint may not wait any longer for rows that stand before them: never, if that is not wanted.
func (c *coordinator) overtaking(p *pending) (at <-chan time.Time, stop func()) {
	settings := c.job.opts.Env.Settings
	if c.isApart() || c.job.settling || !settings.Bool(setting.UnalignedCheckpoints) || settings.Enum(setting.CheckpointMode) == "AT_LEAST_ONCE" {
		return nil, func() {}
	}
	wait := settings.Duration(setting.AlignedCheckpointTimeout)
	if wait <= 0 {
		c.urge(p)
		return nil, func() {}
	}
	timer := c.job.opts.Clock.NewTimer()
	timer.Set(p.begun.Add(wait))
	return timer.C(), func() { timer.Stop() }
}

func (c *coordinator) isApart() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.apart
}

// urge lets the barriers of a checkpoint under way overtake.
func (c *coordinator) urge(p *pending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending != p {
		return
	}
	c.job.urgent.Set(p.id)
	for _, d := range c.job.tasks {
		d.task.Hear()
	}
}

// mayOvertake says what barriers may overtake on an input: batches; how other payloads would be put away is not known.
func (h *Handle) mayOvertake(edge graph.Edge) *inflight.Edge {
	fields := h.plan.sent(edge)
	if edge.NewPacker != nil || fields == nil {
		return nil
	}
	return &inflight.Edge{Fields: fields}
}

// plan plans a graph for the options. What the checkpoint that the job starts from has in flight comes back into the queues that it was in: where there are to be
// others, the job settles that first, in the queues of the checkpoint.
func (o *Options) plan(g *graph.Graph) (p *plan, settling bool, err error) {
	p, err = newPlan(g, o.Parallelism, o.MaxParallelism, asPlanned)
	if err != nil || o.Restore == nil || !o.Restore.HasInFlight() {
		return p, false, err
	}
	for i := range p.nodes {
		if n := &p.nodes[i]; o.Restore.parallelism(n.uid) != 0 && o.Restore.parallelism(n.uid) != n.parallelism {
			p, err = newPlan(g, o.Parallelism, o.MaxParallelism, o.Restore.parallelism)
			return p, true, err
		}
	}
	return p, false, nil
}

// asPlanned gives no node a parallelism.
func asPlanned(string) int { return 0 }

// parallelism is that of a node; 0: the checkpoint does not have it.
func (c *Checkpoint) parallelism(uid string) int {
	if n := c.Nodes[uid]; n != nil {
		return len(n.Subtasks)
	}
	return 0
}

// HasInFlight reports whether barriers of the checkpoint overtook anything.
func (c *Checkpoint) HasInFlight() bool {
	for _, n := range c.Nodes {
		if inflight.Holds(n.Subtasks) {
			return true
		}
	}
	return false
}

// withoutInFlight drops the tables of in-flight data, in none of which is anything.
func (c *Checkpoint) withoutInFlight() {
	for _, n := range c.Nodes {
		for i := range n.Subtasks {
			n.Subtasks[i] = slices.DeleteFunc(n.Subtasks[i], func(t state.Table) bool { return inflight.IsTable(&t) })
		}
	}
}

// Settling reports whether the job will end with [ErrSettled].
func (h *Handle) Settling() bool { return h.settling }

// settle ends a job that has processed what was in flight, with a checkpoint of that.
func (h *Handle) settle() {
	c := h.control
	err := c.await(h.ctx)
	if err == nil {
		_, err = c.checkpoint(h.ctx, false, task.Hold)
		if err == nil {
			c.mu.Lock()
			c.settled = true
			c.mu.Unlock()
			h.cancel(errStopped)
		}
		c.turn <- struct{}{}
	}
	if err != nil && !errors.Is(err, ErrEnded) {
		h.fail(err)
	}
}

func (c *coordinator) isSettled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.settled
}

// replay puts what was in flight to the head of a chain into the queues of a subtask.
func (h *Handle) replay(head *planned, subtask int, t *task.Task) error {
	from := h.restored(head)
	if from == nil || subtask >= len(from.Subtasks) || !inflight.Holds(from.Subtasks) {
		return nil
	}
	first := 0 // channel of the input
	for input, edge := range head.Inputs {
		n := 0
		for first+n < t.Gate.Channels() && t.Gate.Input(first+n) == input {
			n++
		}
		list, err := inflight.Restore(from.Subtasks[subtask], input, n, h.plan.sent(edge))
		if err != nil {
			return fmt.Errorf("%s: %w; %s", head.Name, err, inFlightHint)
		}
		for _, r := range list {
			t.Silent[first+r.Channel] = false // until it ends
			t.Gate.Restore(first+r.Channel, r.Message)
		}
		first += n
	}
	return nil
}

const inFlightHint = "go on with the job as it was, or from a savepoint, which waits for such rows"

// checkInFlight sees to it that there are queues for all that is in flight.
func (h *Handle) checkInFlight() error {
	for i := range h.plan.nodes {
		n := &h.plan.nodes[i]
		if from := h.restored(n); from != nil && inflight.Holds(from.Subtasks) && (h.plan.chains[n.chain][0] != n.ID || len(n.Inputs) == 0) {
			return fmt.Errorf("%s: the checkpoint has rows that were on their way to it from another task, and there is none now; %s", n.Name, inFlightHint)
		}
	}
	return nil
}
