// Package job runs a graph: it lays chains of operators out as tasks, connects them, starts them, waits for them, takes
// checkpoints meanwhile and commits what sinks wrote.
//
// What enters: a [graph.Graph] and options. What leaves: a result with counters, checkpoints, and what the job wrote. SQL and the
// Go API call [Run] or [Start].
//
// What must hold: the first failure ends all tasks and is the job's error; no goroutine is left when a job has ended; what a sink
// wrote is committed once, after a checkpoint or the job's end covers it, or aborted.
package job

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/clock"
	"github.com/millstream/millstream/engine/task"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// Options say how a job runs. Its settings are those of Env.
type Options struct {
	Env            connector.Env
	Parallelism    int    // of nodes that do not say; 0: parallelism.default
	MaxParallelism int    // number of key groups; 0: pipeline.max-parallelism
	Batch          bool   // bounded inputs, final results
	ID             string // unique for this run; "": one is made
	Clock          clock.Clock
	// BatchRows is the most rows that an operator gets at a time; 0: as many as come. No result depends on it: tests set it.
	BatchRows int
	// Schedule, unless 0, is the seed of how the job runs where that is left to chance: the length of queues, the queue that is next, how batches are cut and
	// gathered, which goroutine goes first and the order of splits. No result depends on it: tests set it.
	Schedule uint64
	// Progress, if set, is called now and then and once at the end, never twice at a time.
	Progress func(Progress)
	// ProgressInterval is the time between calls of Progress; 0: 200 ms.
	ProgressInterval time.Duration
	// Restore is where to go on: the graph's nodes find their state by UID.
	Restore *Checkpoint
	// OnCheckpoint, if set, gets each checkpoint before what it covers is committed, and at the end of all inputs a final one. Its error makes the
	// checkpoint fail; one that wraps [ErrStop], or is about the final checkpoint, the job.
	OnCheckpoint func(ctx context.Context, c *Checkpoint) error
	// Incremental says that OnCheckpoint keeps what it gets: periodic checkpoints have of large tables what has changed since the last one that it took
	// without an error.
	Incremental bool
	// OnFailedCheckpoint, if set, hears of each periodic checkpoint that failed, and returns whether that counts as one of the failures that
	// are tolerated.
	OnFailedCheckpoint func(err error) (counts bool)
	// EarlierRuns are ids of runs of which sinks may find something unfinished. What Restore covers is committed before; the rest is discarded.
	EarlierRuns []string
	// Turn, if set, is called by each of the job's goroutines when it has waited, before it goes on, and by tasks before each thing they do: a test
	// decides there whose turn it is. who is unique among those that wait.
	Turn func(who string)
}

// Result is what a job did.
type Result struct {
	RowsIn   int64 // read by sources
	RowsOut  int64 // taken in by nodes that send to no other
	BytesIn  int64 // read by sources
	BytesOut int64 // written by sinks
	Skipped  int64 // malformed records and rows without a needed value that were skipped
	Left     int64 // files that sources left, or the rest of them, as they had changed
	Late     int64 // rows that came too late and were dropped
	Duration time.Duration
	Nodes    []NodeProgress
}

// ErrCancelled is the error of a job that was cancelled by [Handle.Cancel]. It is a [context.Canceled] too.
var ErrCancelled = fmt.Errorf("the job was cancelled: %w", context.Canceled)

// Run runs a job to its end. The result is nil if the job could not start. If the context ends, the job is cancelled and the error
// wraps the context's cause.
func Run(ctx context.Context, g *graph.Graph, opts Options) (*Result, error) {
	h, err := Start(ctx, g, opts)
	if err != nil {
		return nil, err
	}
	return h.Wait()
}

// Handle is a running job. Its methods may be called from any goroutine.
type Handle struct {
	id      string
	opts    Options
	plan    *plan
	parent  context.Context
	ctx     context.Context
	cancel  context.CancelCauseFunc
	started time.Time

	urgent   task.Urgency
	settling bool // see [ErrSettled]

	tasks   []*deployed
	scans   []*scan
	sinks   map[int]connector.Sink // by node
	aligned map[string]*task.Alignment
	counts  []nodeCounters
	control *coordinator

	mu      sync.Mutex
	failure error
	done    chan struct{}
	result  *Result
	err     error
}

// Start plans a job, lists its inputs, prepares its sinks and starts its tasks. The job ends with ctx. Whoever starts a job waits for it.
func Start(ctx context.Context, g *graph.Graph, opts Options) (*Handle, error) {
	if opts.Clock == nil {
		opts.Clock = clock.Real
	}
	if opts.Parallelism == 0 {
		opts.Parallelism = opts.Env.Settings.Int(setting.Parallelism)
	}
	if opts.MaxParallelism == 0 {
		opts.MaxParallelism = opts.Env.Settings.Int(setting.MaxParallelism)
	}
	if opts.ProgressInterval == 0 {
		opts.ProgressInterval = 200 * time.Millisecond
	}
	if opts.ID == "" {
		var id [8]byte
		rand.Read(id[:]) // which never fails
		opts.ID = hex.EncodeToString(id[:])
	}
	p, settling, err := opts.plan(g)
	if err != nil {
		return nil, err
	}
	h := &Handle{id: opts.ID, opts: opts, plan: p, settling: settling, parent: ctx, started: opts.Clock.Now(), done: make(chan struct{})}
	h.ctx, h.cancel = context.WithCancelCause(ctx)
	if err := h.prepare(); err != nil {
		h.cancel(err)
		for _, s := range h.scans {
			err = errors.Join(err, s.close())
		}
		return nil, err
	}
	h.run()
	return h, nil
}

// prepare does all that can fail before a task starts.
func (h *Handle) prepare() error {
	if err := h.checkRestore(); err != nil {
		return err
	}
	if err := h.checkInFlight(); err != nil {
		return err
	}
	if err := h.openScans(); err != nil {
		return err
	}
	if err := h.deploy(); err != nil {
		return err
	}
	return h.prepareSinks()
}

// run starts the tasks, and what ends the job after them.
func (h *Handle) run() {
	h.control = newCoordinator(h)
	var tasks sync.WaitGroup
	for i, d := range h.tasks {
		d.task.Frozen = func(checkpoint int64) state.Frozen { return h.control.frozen(i, checkpoint) }
		d.task.Ack = func(r *task.Report) { h.control.ack(i, r) }
		if d.task.Source != nil {
			d.task.Source.Finished = func(split string) { h.control.read(i, split) }
		}
		d.task.Init()
	}
	for i, d := range h.tasks {
		tasks.Go(func() {
			r, err := d.task.Run(h.ctx)
			if err != nil {
				h.fail(err)
				return
			}
			h.control.finish(i, r)
		})
	}
	var helpers sync.WaitGroup
	stop := make(chan struct{})
	if interval := h.opts.Env.Settings.Duration(setting.CheckpointInterval); interval > 0 && !h.settling {
		helpers.Go(func() { h.control.periodically(interval, stop) })
	}
	if h.settling {
		helpers.Go(h.settle)
	}
	for _, s := range h.scans {
		if s.discovery != nil && !h.settling {
			helpers.Go(func() { h.discover(s, stop) })
		}
	}
	if h.opts.Progress != nil {
		helpers.Go(func() { h.showProgress(stop) })
	}
	go func() {
		tasks.Wait()
		close(stop)
		helpers.Wait()
		h.turn("end")
		h.end()
	}()
}

// turn waits for one's turn, if there is anybody who decides on that.
func (h *Handle) turn(who string) {
	if h.opts.Turn != nil {
		h.opts.Turn(h.id + " " + who)
	}
}

// fail ends the job with an error, if it is the first and not what the end of the job brought about.
func (h *Handle) fail(err error) {
	h.mu.Lock()
	if h.failure == nil && h.ctx.Err() == nil {
		h.failure = err
	}
	h.mu.Unlock()
	h.cancel(err)
}

// end commits or aborts what is left, once all tasks have ended.
func (h *Handle) end() {
	for _, s := range h.scans {
		if err := s.close(); err != nil {
			h.fail(err)
		}
	}
	h.control.close()
	settled := h.control.isSettled()
	ctx, err, stopped := h.ctx, h.outcome(), h.control.wasStopped() || settled
	switch {
	case stopped: // whatever came after that
		ctx, err = context.WithoutCancel(h.parent), nil
	case err == nil:
		if err = h.control.final(); err != nil && h.ctx.Err() != nil {
			err = h.outcome() // cancelled in the midst of it
		}
	}
	left := h.control.left(err == nil)
	if stopped {
		// Timers may have fired behind the last checkpoint. What cannot be discarded now is found by the next run.
		_ = h.abort(nil, left)
		clear(left)
	}
	if settled {
		if err = ErrSettled; h.parent.Err() != nil {
			err = h.cancelled()
		}
	}
	if err == nil {
		if err = h.commitLast(ctx, left, stopped); err != nil && h.parent.Err() != nil {
			err = h.cancelled()
		}
		if h.opts.OnCheckpoint != nil {
			clear(left) // the final checkpoint covers it: who goes on from there commits it
		}
	}
	if err != nil {
		err = h.abort(err, left)
	}
	h.cancel(nil)
	h.err = err
	h.result = h.makeResult()
	if h.opts.Progress != nil {
		h.opts.Progress(h.Progress())
	}
	close(h.done)
}

// outcome is why the job ended before its end, nil if it did not.
func (h *Handle) outcome() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.failure != nil:
		return h.failure
	case h.parent.Err() != nil:
		return h.cancelled()
	}
	return context.Cause(h.ctx)
}

func (h *Handle) cancelled() error {
	return fmt.Errorf("the job was cancelled: %w", context.Cause(h.parent))
}

// ID returns the job's identifier.
func (h *Handle) ID() string { return h.id }

// Done is closed when the job has ended.
func (h *Handle) Done() <-chan struct{} { return h.done }

// Wait waits for the end of the job. The result is there in each case; the error is the first failure, or wraps
// [context.Canceled] after Cancel.
func (h *Handle) Wait() (*Result, error) {
	<-h.done
	return h.result, h.err
}

// Cancel ends the job. It does not wait.
func (h *Handle) Cancel() { h.cancel(ErrCancelled) }

// Stopped reports whether [Handle.Stop] has ended the job: whatever else went wrong, it is not to be started again.
func (h *Handle) Stopped() bool { return h.control.wasStopped() }

// TriggerCheckpoint takes a checkpoint and commits what it covers. It waits for its turn where another is under way. The error is
// [ErrEnded] if the job has ended before.
func (h *Handle) TriggerCheckpoint(ctx context.Context) (*Checkpoint, error) {
	return h.control.trigger(ctx, true)
}

// TriggerIncrement is [Handle.TriggerCheckpoint] for a checkpoint as those taken periodically: if the job is Incremental, of what has changed.
func (h *Handle) TriggerIncrement(ctx context.Context) (*Checkpoint, error) {
	return h.control.trigger(ctx, false)
}

// LastCheckpoint returns the last checkpoint that was completed, else the one that the job was restored from, else nil.
func (h *Handle) LastCheckpoint() *Checkpoint { return h.control.latest() }

// ErrStop is in the chain of an error of [Options.OnCheckpoint] after which the job cannot go on.
var ErrStop = errors.New("the job must stop")

// ErrSettled ends a job whose nodes were to have other parallelisms than in the checkpoint that it started from, which has rows in flight. The job has run with those
// of the checkpoint and read nothing until the rows were processed, and has taken a checkpoint of that, [Handle.LastCheckpoint]: whoever started the job starts it again,
// from there.
var ErrSettled = errors.New("the rows in flight of the checkpoint are settled: the job must start again, from the one that was taken now")

// ErrEnded says that a job ended before a checkpoint was complete.
var ErrEnded = errors.New("the job has ended")
