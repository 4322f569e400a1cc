package durable

import (
	"context"
	"errors"
	"fmt"

	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state/snapshot"
)

// Savepoint takes a checkpoint and writes it to a directory of its own below the given one, or below execution.checkpointing.savepoint-dir. It
// belongs to the user, and nothing else refers to it. The result is its URL.
func (h *Handle) Savepoint(ctx context.Context, below string) (string, error) {
	d, run, err := h.savepointDir(ctx, below)
	if err != nil {
		return "", err
	}
	c, err := run.TriggerCheckpoint(ctx)
	if err != nil {
		return "", err
	}
	return h.save(ctx, d, run, c)
}

// Stop takes a savepoint as [Handle.Savepoint] does, behind which nothing more is read, and ends the job well: what the savepoint covers is visible and
// nothing else. With drain, event time comes to its end before the savepoint: windows fire, and whoever restores it gets no more of them. It
// returns once the job has ended. When it fails, the job goes on, but not after a drain: then it starts again from its last checkpoint.
func (h *Handle) Stop(ctx context.Context, drain bool, below string) (url string, err error) {
	d, run, err := h.savepointDir(ctx, below)
	if err != nil {
		return "", err
	}
	err = run.Stop(ctx, drain, func(ctx context.Context, c *job.Checkpoint) error {
		url, err = h.save(ctx, d, run, c)
		return err
	})
	if err != nil {
		return "", err
	}
	select {
	case <-h.done:
		if h.err != nil {
			return url, fmt.Errorf("the savepoint %s is complete, but the job has not ended well: %w", url, h.err)
		}
		return url, nil
	case <-ctx.Done():
		return url, fmt.Errorf("the savepoint %s is complete, but the job has not ended yet: %w", url, context.Cause(ctx))
	}
}

// savepointDir opens the directory for savepoints and finds the run to take one of.
func (h *Handle) savepointDir(ctx context.Context, below string) (*snapshot.Dir, *job.Handle, error) {
	if below == "" {
		if below = h.opts.Job.Env.Settings.Text(setting.SavepointDir); below == "" {
			return nil, nil, fmt.Errorf("a savepoint needs a directory: name one, or set %s", setting.SavepointDir.Key)
		}
	}
	d, err := snapshot.OpenDir(ctx, h.opts.Job.Env.Objects, below, Codec)
	if err != nil {
		return nil, nil, err
	}
	run := h.run()
	if run == nil {
		select {
		case <-h.done:
			return nil, nil, job.ErrEnded
		default:
			return nil, nil, errors.New("the job has failed and is about to be started again: there is nothing to save yet")
		}
	}
	return d, run, nil
}

// save writes a checkpoint as a savepoint.
func (h *Handle) save(ctx context.Context, d *snapshot.Dir, run *job.Handle, c *job.Checkpoint) (string, error) {
	d.Prefix += fmt.Sprintf("savepoint-%s-%s-%d/", snapshot.JobDir(h.opts.Name), run.ID(), c.ID)
	c, err := run.ForSavepoint(c)
	if err != nil {
		return "", fmt.Errorf("savepoint %s: %w", d.URL(""), err)
	}
	m, tables := toManifest(h.opts.Name, c)
	m.Run = run.ID()
	if err := d.SaveAs(ctx, m, tables); err != nil {
		return "", fmt.Errorf("savepoint %s: %w", d.URL(""), err)
	}
	return d.URL(""), nil
}

// Status says what a job does at the moment.
type Status string

// What a job can be.
const (
	Running    Status = "RUNNING"
	Restarting Status = "RESTARTING" // it failed and starts again
	Finished   Status = "FINISHED"
	Failed     Status = "FAILED"
	Canceled   Status = "CANCELED"
)

// Status says what the job does at the moment.
func (h *Handle) Status() Status {
	select {
	case <-h.done:
	default:
		if h.run() == nil {
			return Restarting
		}
		return Running
	}
	switch {
	case h.err == nil:
		return Finished
	case errors.Is(h.err, context.Canceled):
		return Canceled
	}
	return Failed
}
