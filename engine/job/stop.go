package job

import (
	"context"
	"errors"
	"fmt"

	"github.com/millstream/millstream/engine/task"
)

// errStopped ends the context of a job that [Handle.Stop] has ended. It is no failure.
var errStopped = errors.New("the job was stopped with a savepoint")

// Stop takes a checkpoint behind which nothing more is read, commits what it covers, hands it to save and ends the job, as one that ended well. With
// drain, event time comes to its end before the checkpoint, so that windows fire and whatever else waits for it is emitted. When it fails before the
// end, the job goes on as if nothing had been asked; after a drain it fails, for rows that came now would all be late.
func (h *Handle) Stop(ctx context.Context, drain bool, save func(context.Context, *Checkpoint) error) error {
	return h.control.stop(ctx, drain, save)
}

func (c *coordinator) stop(ctx context.Context, drain bool, save func(context.Context, *Checkpoint) error) error {
	if err := c.await(ctx); err != nil {
		return err
	}
	defer func() { c.turn <- struct{}{} }()
	then := task.Hold
	if drain {
		then = task.Drain
	}
	made, err := c.checkpoint(ctx, true, then)
	if err == nil {
		err = save(ctx, made)
	}
	switch {
	case err == nil:
		c.mu.Lock()
		c.stopped = true
		c.mu.Unlock()
		c.job.cancel(errStopped)
	case drain:
		c.job.fail(fmt.Errorf("the job was drained and could not be stopped: %w", err))
	default:
		c.release()
	}
	return err
}

// release lets sources go on that were held.
func (c *coordinator) release() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, d := range c.job.tasks {
		if d.task.Source != nil && c.ended[i] == nil {
			d.task.Trigger(0, task.GoOn)
		}
	}
}

func (c *coordinator) wasStopped() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stopped
}
