package durable

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millstream/millstream/engine/clock"
	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/engine/task"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state/snapshot"
)

// Options say how a job runs.
type Options struct {
	// Job is how each run of it runs. Restore, OnCheckpoint, OnFailedCheckpoint and EarlierRuns are set here, and ID differs from run to run.
	Job job.Options
	// Name is what the job's checkpoints are found by.
	Name string
	// Script, if set, is what the job is a part of.
	Script *Script
	// Notify, if set, hears what a user should know while the job runs: failures, restarts, and from what it goes on.
	Notify func(text string)
	// Completed, if set, hears of each checkpoint that was stored.
	Completed func(Completed)
}

// Completed is a checkpoint that was stored.
type Completed struct {
	ID      int64         `json:"id"`
	Bytes   int64         `json:"bytes"`   // of all that it refers to
	Written int64         `json:"written"` // of what was not there before
	Storing time.Duration `json:"storing"` // encoding and uploading
	Timing  task.Timing   `json:"timing"`
}

// LastCompleted is the last checkpoint that was stored; nil if there is none yet.
func (h *Handle) LastCompleted() *Completed {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.completed
}

// Handle is a job with all its runs.
type Handle struct {
	graph    *graph.Graph
	opts     Options
	ctx      context.Context
	cancel   context.CancelCauseFunc
	dir      *snapshot.Dir // nil: checkpoints are kept in memory
	strategy strategy
	part     string // of a script; "": of none

	mu        sync.Mutex
	current   *job.Handle
	completed *Completed // the last checkpoint that was stored; nil: none

	// Of the goroutine that starts runs.
	owner   *snapshot.Owner
	runs    []string // ids of the runs in this process
	claimed []string // those of them that have, or may have, claimed the job
	origin  *job.Checkpoint
	memory  *job.Checkpoint // the last checkpoint, if there is no directory
	failing atomic.Bool     // the last checkpoint failed

	done   chan struct{}
	result *job.Result
	err    error
}

// Run runs a job to its end.
func Run(ctx context.Context, g *graph.Graph, opts Options) (*job.Result, error) {
	h, err := Start(ctx, g, opts)
	if err != nil {
		return nil, err
	}
	return h.Wait()
}

// Start starts a job, from its last checkpoint if there is one. What goes wrong before it runs for the first time is an error. Whoever starts a
// job waits for it.
func Start(ctx context.Context, g *graph.Graph, opts Options) (*Handle, error) {
	if opts.Job.Clock == nil {
		opts.Job.Clock = clock.Real
	}
	if opts.Job.ID == "" {
		var id [8]byte
		rand.Read(id[:]) // which never fails
		opts.Job.ID = hex.EncodeToString(id[:])
	}
	if opts.Notify == nil {
		opts.Notify = func(string) {}
	}
	h := &Handle{graph: g, opts: opts, done: make(chan struct{})}
	h.ctx, h.cancel = context.WithCancelCause(ctx)
	over, err := h.begin()
	if err != nil {
		h.cancel(err)
		return nil, err
	}
	if over {
		h.result = &job.Result{}
		h.cancel(nil)
		close(h.done)
		return h, nil
	}
	go h.supervise()
	return h, nil
}

// begin starts the first run, unless the job is over.
func (h *Handle) begin() (over bool, err error) {
	settings := h.opts.Job.Env.Settings
	checkpoints := settings.Duration(setting.CheckpointInterval) > 0
	if !h.delivers() { // rows that were handed to the caller cannot be taken back
		h.strategy = newStrategy(settings, checkpoints)
		if url := settings.Text(setting.CheckpointDir); checkpoints && url != "" {
			root, err := snapshot.OpenDir(h.ctx, h.opts.Job.Env.Objects, url, Codec)
			if err != nil {
				return false, fmt.Errorf("%s: %w", setting.CheckpointDir.Key, err)
			}
			all := *root
			root.Prefix += snapshot.JobDir(h.opts.Name) + "/"
			h.dir = root
			if from := h.from(); h.opts.Script != nil {
				if over, err := h.skip(all, from.never || from.path != ""); err != nil {
					return false, err
				} else if over {
					h.opts.Notify(fmt.Sprintf("the job %s had ended before the script was interrupted, and is not run again; --resume never runs all", h.opts.Name))
					return true, nil
				}
			}
		}
	}
	return false, h.start(h.from())
}

// delivers reports whether the graph hands rows to its caller.
func (h *Handle) delivers() bool {
	for _, n := range h.graph.Nodes {
		if _, ok := n.Op.(*graph.Collect); ok {
			return true
		}
	}
	return false
}

// start starts a run. from says from what the first one starts.
func (h *Handle) start(from resume) error {
	opts := h.opts.Job
	if n := len(h.runs); n > 0 {
		opts.ID = fmt.Sprintf("%sr%d", opts.ID, n+1) // an id is part of names, where "-" separates
	}
	opts.EarlierRuns = slices.Clone(h.runs)
	h.runs = append(h.runs, opts.ID)
	var err error
	if h.dir != nil {
		if opts.Restore, err = h.claim(opts.ID, from); err != nil {
			return err
		}
		opts.EarlierRuns = h.owner.Head().Leftover
		opts.Incremental = true
		opts.OnCheckpoint, opts.OnFailedCheckpoint = h.store(h.owner), h.failedCheckpoint
	} else if opts.Restore, err = h.kept(from); err != nil {
		return err
	}
	run, err := job.Start(h.ctx, h.graph, opts)
	if err != nil {
		return err
	}
	if run.Settling() {
		h.opts.Notify(fmt.Sprintf("checkpoint %d has rows in flight: they are processed as the job was, before it goes on with another parallelism", opts.Restore.ID))
	}
	h.mu.Lock()
	h.current = run
	h.mu.Unlock()
	return nil
}

// store returns what puts a run's checkpoints away.
func (h *Handle) store(owner *snapshot.Owner) func(context.Context, *job.Checkpoint) error {
	settings := h.opts.Job.Env.Settings
	patience, retain := settings.Duration(setting.CheckpointTimeout), settings.Int(setting.RetainedCheckpoints)
	return func(ctx context.Context, c *job.Checkpoint) error {
		ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("it took longer than %s, %v", setting.CheckpointTimeout.Key, patience))
		defer cancel()
		m, tables := toManifest(h.opts.Name, c)
		began := h.opts.Job.Clock.Now()
		err := owner.Checkpoint(ctx, m, tables, retain)
		if err == nil {
			tables.Release()
		}
		if errors.Is(err, snapshot.ErrFenced) {
			return fmt.Errorf("%w: %w", job.ErrStop, err)
		}
		if err == nil {
			done := Completed{c.ID, m.Bytes(), m.Written, h.opts.Job.Clock.Now().Sub(began), c.Timing}
			h.mu.Lock()
			h.completed = &done
			h.mu.Unlock()
			if h.opts.Completed != nil {
				h.opts.Completed(done)
			}
		}
		if err == nil && h.failing.Swap(false) {
			h.opts.Notify(fmt.Sprintf("checkpoint %d is complete: checkpoints succeed again", c.ID))
		}
		return err
	}
}

// failedCheckpoint tells the user. A store that does not answer is no reason to end a job, unless the user has said how often it may fail.
func (h *Handle) failedCheckpoint(err error) (counts bool) {
	var store *objstore.Error
	counts = !errors.As(err, &store) || h.opts.Job.Env.Settings.Has(setting.TolerableFailedCheckpoints)
	h.failing.Store(true)
	h.opts.Notify(fmt.Sprintf("%v; the job goes on", err))
	return counts
}

// supervise waits for runs and starts the next ones.
func (h *Handle) supervise() {
	defer close(h.done)
	for {
		run := h.run()
		if run != nil {
			h.result, h.err = run.Wait()
			h.turn("supervisor")
			if c := run.LastCheckpoint(); h.dir == nil && c != nil {
				h.memory = c
			}
		}
		if !errors.Is(h.err, job.ErrSettled) && (h.err == nil || run != nil && run.Stopped() || !h.again()) {
			break
		}
		h.set(nil)
		if err := h.start(resume{}); err != nil {
			h.err = err
		}
	}
	h.leave()
	h.cancel(nil)
}

// turn waits for one's turn, if there is anybody who decides on that.
func (h *Handle) turn(who string) {
	if turn := h.opts.Job.Turn; turn != nil {
		turn(h.opts.Job.ID + " " + who)
	}
}

func (h *Handle) run() *job.Handle {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.current
}

func (h *Handle) set(run *job.Handle) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.current = run
}

// again decides whether there is another run after a failure, and waits for its time.
func (h *Handle) again() bool {
	var quota *task.QuotaError // the state would be as large again
	if h.ctx.Err() != nil || h.strategy == nil || errors.Is(h.err, snapshot.ErrFenced) || errors.As(h.err, &quota) {
		return false
	}
	now := h.opts.Job.Clock.Now()
	pause, reason := h.strategy.failed(now)
	if reason != "" {
		h.err = fmt.Errorf("%w; it is not started again: %s", h.err, reason)
		return false
	}
	h.opts.Notify(fmt.Sprintf("the job failed: %v; it starts again in %v", h.err, pause.Round(time.Millisecond)))
	timer := h.opts.Job.Clock.NewTimer()
	defer timer.Stop()
	timer.Set(now.Add(pause))
	select {
	case <-timer.C():
	case <-h.ctx.Done():
	}
	h.turn("supervisor")
	if h.ctx.Err() != nil {
		h.err = fmt.Errorf("the job was cancelled: %w", context.Cause(h.ctx))
		return false
	}
	return true
}

// leavePatience is how long the end of a job may take.
const leavePatience = 30 * time.Second

// leave deletes those checkpoints that are not needed after the job's end.
func (h *Handle) leave() {
	if h.owner == nil || errors.Is(h.err, snapshot.ErrFenced) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.ctx), leavePatience)
	defer cancel()
	if h.err == nil {
		if err := h.owner.End(ctx); err != nil {
			h.opts.Notify(fmt.Sprintf("the job has ended, but its checkpoints could not be deleted: %v", err))
		}
		if h.part != "" {
			if err := h.opts.Script.ended(ctx); err != nil {
				h.opts.Notify(fmt.Sprintf("the job has ended, but the script cannot remember it: %v", err))
			}
		}
		return
	}
	settings := h.opts.Job.Env.Settings
	if !settings.Has(setting.CheckpointRetention) {
		return
	}
	keep := settings.Enum(setting.CheckpointRetention)
	if keep == "NO_EXTERNALIZED_CHECKPOINTS" || h.ctx.Err() != nil && keep == "DELETE_ON_CANCELLATION" {
		if err := h.owner.Drop(ctx, func(snapshot.Ref) bool { return true }); err != nil {
			h.opts.Notify(fmt.Sprintf("the job's checkpoints could not be deleted: %v", err))
		}
	}
}

// Done is closed when the job has ended for good.
func (h *Handle) Done() <-chan struct{} { return h.done }

// Wait waits for the end of the job and returns the result of its last run, and why it failed, if it did.
func (h *Handle) Wait() (*job.Result, error) {
	<-h.done
	return h.result, h.err
}

// Cancel ends the job. It does not wait.
func (h *Handle) Cancel() { h.cancel(job.ErrCancelled) }

// TriggerCheckpoint takes a checkpoint of the run at hand. The error is [job.ErrEnded] if there is none.
func (h *Handle) TriggerCheckpoint(ctx context.Context) (*job.Checkpoint, error) {
	run := h.run()
	if run == nil {
		return nil, job.ErrEnded
	}
	return run.TriggerIncrement(ctx)
}
