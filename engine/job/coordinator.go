package job

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/task"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// coordinator takes checkpoints, one at a time: it asks the sources, which send barriers through the graph, and waits until every task
// has reported or ended.
type coordinator struct {
	job  *Handle
	turn chan struct{} // holds a value while nobody takes a checkpoint or ends the job

	mu      sync.Mutex
	last    int64 // number of the checkpoint started last
	pending *pending
	acked   []int64        // by task: the last checkpoint it reported for
	passed  []int64        // by task: the last checkpoint whose barriers it had
	ended   []*task.Report // by task: its last report, nil while it runs
	running int            // tasks that have not ended
	loose   []loose
	scans   map[int]*progressOf // by node
	newest  *Checkpoint
	stopped bool  // with a checkpoint behind which nothing counts
	settled bool  // so too, and the job starts again
	stored  int64 // the checkpoint that was completed last
	full    bool  // the checkpoint started last has all state
	apart   bool  // it was asked for, and may become a savepoint
	afresh  bool  // the next one has
}

// pending is a checkpoint under way.
type pending struct {
	id      int64
	missing int // tasks that have neither reported nor ended
	reports map[int]*task.Report
	made    *Checkpoint
	begun   time.Time
	reached time.Duration // after which the last task had its barriers
	err     error         // why there is none
	cover   committables  // what the checkpoint covers
	done    chan struct{}
}

// loose is what a sink's subtask handed over and no checkpoint covers yet.
type loose struct {
	node int
	list []connector.Committable
	id   int64 // the first checkpoint that covers it
	// doubtful: a checkpoint covers it that could perhaps not be stored, so only another one's success tells what becomes of it.
	doubtful bool
}

func newCoordinator(h *Handle) *coordinator {
	c := &coordinator{
		job: h, turn: make(chan struct{}, 1), running: len(h.tasks),
		acked: make([]int64, len(h.tasks)), passed: make([]int64, len(h.tasks)), ended: make([]*task.Report, len(h.tasks)), scans: map[int]*progressOf{},
	}
	if h.opts.Restore != nil {
		c.last = h.opts.Restore.ID
		c.newest = h.opts.Restore
	}
	for _, s := range h.scans {
		c.scans[s.node] = &progressOf{splits: s.list, done: map[string]int64{}, discovery: s.discovery}
	}
	c.turn <- struct{}{}
	return c
}

// ack takes a task's report at a barrier.
func (c *coordinator) ack(i int, r *task.Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.acked[i] = r.Checkpoint
	c.note(i, r, r.Checkpoint)
	if p := c.pending; p != nil && p.id == r.Checkpoint {
		p.reports[i] = r
		c.arrive()
	}
}

// finish takes a task's last report. It belongs to the checkpoint under way, unless the task has reported for that: then what came
// after the barrier belongs to the next.
func (c *coordinator) finish(i int, r *task.Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
	c.ended[i] = r
	if p := c.pending; p != nil && c.acked[i] < p.id {
		c.note(i, r, p.id)
		c.arrive()
		return
	}
	c.note(i, r, c.last+1)
}

// note keeps what a report says was written.
func (c *coordinator) note(i int, r *task.Report, id int64) {
	d := c.job.tasks[i]
	for stage, s := range r.Stages {
		if len(s.Committables) > 0 {
			c.loose = append(c.loose, loose{node: d.nodes[stage], list: s.Committables, id: id})
		}
	}
}

// read takes note of a split that task number i has read to its end.
func (c *coordinator) read(i int, split string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	scan := c.scans[c.job.tasks[i].nodes[0]]
	if p := c.pending; p != nil {
		id := p.id
		if c.passed[i] == p.id {
			id++
		}
		scan.done[split] = id
		return
	}
	scan.done[split] = c.last + 1
	scan.forget()
}

// discovered asks a scan's discovery for at most room splits more, and hands them out. What it returns are parts of the next checkpoint.
func (c *coordinator) discovered(s *scan, room int) (connector.Status, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	list, status, err := s.discovery.Poll(room)
	if err != nil {
		return status, err
	}
	scan := c.scans[s.node]
	scan.splits = append(scan.splits, list...)
	s.splits.Add(list)
	return status, nil
}

// arrive counts a task, and makes the checkpoint when it was the last.
func (c *coordinator) arrive() {
	p := c.pending
	if p.missing--; p.missing > 0 {
		return
	}
	c.pending = nil
	if p.made, p.err = c.job.gather(p.id, p.reports, c.ended, c.scans); p.err != nil {
		close(p.done)
		return
	}
	p.made.Timing.Reaching = p.reached
	p.cover = c.take(func(l loose) bool { return l.id <= p.id })
	for node, list := range p.cover {
		s := p.made.Nodes[c.job.plan.nodes[node].uid]
		s.Committables = append(s.Committables, list...)
	}
	close(p.done)
}

// take removes and returns what was handed over and is wanted.
func (c *coordinator) take(want func(loose) bool) committables {
	taken := committables{}
	kept := c.loose[:0]
	for _, l := range c.loose {
		if want(l) {
			taken[l.node] = append(taken[l.node], l.list...)
		} else {
			kept = append(kept, l)
		}
	}
	clear(c.loose[len(kept):])
	c.loose = kept
	return taken
}

// trigger takes a checkpoint from beginning to end: of all state, or of what has changed if that is enough for the job.
func (c *coordinator) trigger(ctx context.Context, full bool) (*Checkpoint, error) {
	if err := c.await(ctx); err != nil {
		return nil, err
	}
	defer func() { c.turn <- struct{}{} }()
	return c.checkpoint(ctx, full, task.GoOn)
}

// await waits for the turn, which whoever has it gives back.
func (c *coordinator) await(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("checkpoint not started: %w", context.Cause(ctx))
	}
	select {
	case <-c.turn:
		c.job.turn("checkpoint")
		return nil
	case <-ctx.Done():
		return fmt.Errorf("checkpoint not started: %w", context.Cause(ctx))
	case <-c.job.done:
		return ErrEnded
	}
}

// checkpoint takes a checkpoint, after which sources do what then says. It is called by who has the turn.
func (c *coordinator) checkpoint(ctx context.Context, full bool, then task.Then) (*Checkpoint, error) {
	p, err := c.begin(full, then)
	if err != nil {
		return nil, err
	}
	limit := c.job.opts.Clock.NewTimer()
	defer limit.Stop()
	patience := c.job.opts.Env.Settings.Duration(setting.CheckpointTimeout)
	limit.Set(p.begun.Add(patience))
	overtaking, stop := c.overtaking(p)
	defer stop()
	for waiting := true; waiting; {
		waiting = false
		select {
		case <-p.done:
		case <-overtaking:
			c.urge(p)
			waiting = true
		case <-ctx.Done():
			err = context.Cause(ctx)
		case <-c.job.ctx.Done():
			err = ErrEnded
		case <-limit.C():
			err = fmt.Errorf("%d of %d tasks have not reported after %v: their inputs are slow or uneven, or %s is too short",
				c.missing(p), len(c.job.tasks), patience, setting.CheckpointTimeout.Key)
		}
		c.job.turn("checkpoint")
	}
	if err != nil && c.giveUp(p) {
		return nil, fmt.Errorf("checkpoint %d: %w", p.id, err)
	}
	if p.err != nil {
		return nil, fmt.Errorf("checkpoint %d: %w", p.id, p.err)
	}
	return p.made, c.complete(p)
}

// begin starts a checkpoint.
func (c *coordinator) begin(full bool, then task.Then) (*pending, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running == 0 || c.job.ctx.Err() != nil {
		return nil, ErrEnded
	}
	c.last++
	c.apart = full
	c.full, c.afresh = full || c.afresh || !c.job.opts.Incremental, false
	p := &pending{id: c.last, missing: c.running, reports: map[int]*task.Report{}, done: make(chan struct{}), begun: c.job.opts.Clock.Now()}
	c.pending = p
	for i, d := range c.job.tasks {
		if d.task.Source != nil && c.ended[i] == nil {
			d.task.Trigger(p.id, then)
		}
	}
	return p, nil
}

// frozen says what a checkpoint is to a task that has its barriers. What it reads from now on is no part of it.
func (c *coordinator) frozen(i int, checkpoint int64) state.Frozen {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passed[i] = checkpoint
	if p := c.pending; p != nil && p.id == checkpoint {
		p.reached = c.job.opts.Clock.Now().Sub(p.begun)
	}
	return state.Frozen{Checkpoint: checkpoint, Stored: c.stored, Full: c.full, Apart: c.apart}
}

func (c *coordinator) missing(p *pending) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return p.missing
}

// giveUp ends a checkpoint that is not complete; false if it is.
func (c *coordinator) giveUp(p *pending) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending != p {
		return false
	}
	c.pending = nil
	c.job.urgent.Set(0)
	return true
}

// complete stores a checkpoint and commits what it covers. Once it is stored, the commit goes on even if the job ends meanwhile.
func (c *coordinator) complete(p *pending) error {
	ctx := context.WithoutCancel(c.job.parent)
	if store := c.job.opts.OnCheckpoint; store != nil {
		if err := store(c.job.ctx, p.made); err != nil {
			c.mu.Lock()
			for node, list := range p.cover {
				c.loose = append(c.loose, loose{node, list, p.id, true})
			}
			c.mu.Unlock()
			if errors.Is(err, state.ErrLost) {
				c.mu.Lock()
				c.afresh = true
				c.mu.Unlock()
			}
			err = fmt.Errorf("checkpoint %d: %w", p.id, err)
			if errors.Is(err, ErrStop) {
				c.job.fail(err)
			}
			return err
		}
	}
	c.mu.Lock()
	c.newest, c.stored = p.made, p.id
	c.mu.Unlock()
	watched := c.watchCommit(p)
	err := c.job.commit(ctx, p.cover)
	watched()
	if err != nil {
		err = fmt.Errorf("checkpoint %d: %w", p.id, err)
		c.job.fail(err)
		return err
	}
	return nil
}

// watchCommit says so when it takes as long as a checkpoint may until what a checkpoint covers is visible, which no other can be taken before. The
// function that it returns ends that.
func (c *coordinator) watchCommit(p *pending) (end func()) {
	heard := c.job.opts.OnFailedCheckpoint
	if heard == nil || len(p.cover) == 0 {
		return func() {}
	}
	patience := c.job.opts.Env.Settings.Duration(setting.CheckpointTimeout)
	over := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		timer := c.job.opts.Clock.NewTimer()
		defer timer.Stop()
		timer.Set(c.job.opts.Clock.Now().Add(patience))
		select {
		case <-over:
		case <-timer.C():
			heard(fmt.Errorf("checkpoint %d is stored, but what it covers is not visible after %v: the store is slow or does not answer", p.id, patience))
		}
	})
	return func() { close(over); watch.Wait() }
}

// final stores the checkpoint of the end: no task runs any more, and it covers all that was written. What it covers stays with the coordinator, to
// be committed with the end of the job. If it could perhaps not be stored, nobody knows what becomes of that: it must not be aborted.
func (c *coordinator) final() error {
	store := c.job.opts.OnCheckpoint
	if store == nil {
		return nil
	}
	c.mu.Lock()
	c.last++
	made, err := c.job.gather(c.last, nil, c.ended, c.scans)
	if err != nil {
		c.mu.Unlock()
		return err
	}
	made.Final = true
	for _, l := range c.loose {
		s := made.Nodes[c.job.plan.nodes[l.node].uid]
		s.Committables = append(s.Committables, l.list...)
	}
	c.mu.Unlock()
	err = store(c.job.ctx, made)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		for i := range c.loose {
			c.loose[i].doubtful = true
		}
		return fmt.Errorf("checkpoint %d, of the end of the input: %w", made.ID, err)
	}
	c.newest = made
	return nil
}

func (c *coordinator) latest() *Checkpoint {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest
}

// periodically takes a checkpoint every interval until stop is closed. More failures in a row than are tolerated end the job.
func (c *coordinator) periodically(interval time.Duration, stop <-chan struct{}) {
	settings := c.job.opts.Env.Settings
	tolerable, pause := settings.Int(setting.TolerableFailedCheckpoints), settings.Duration(setting.CheckpointMinPause)
	timer, failures := c.job.opts.Clock.NewTimer(), 0
	defer timer.Stop()
	next := c.job.opts.Clock.Now().Add(interval)
	for {
		timer.Set(next)
		select {
		case <-timer.C():
		case <-stop:
			return
		}
		select {
		case <-stop:
			return
		default:
		}
		c.job.turn("interval")
		_, err := c.trigger(c.job.ctx, false)
		switch {
		case err == nil:
			failures = 0
		case errors.Is(err, ErrEnded) || c.job.ctx.Err() != nil:
			return
		default:
			if heard := c.job.opts.OnFailedCheckpoint; heard != nil && !heard(err) {
				break
			}
			if failures++; failures > tolerable {
				c.job.fail(err)
				return
			}
		}
		now := c.job.opts.Clock.Now()
		next = next.Add(interval)
		if next.Before(now.Add(pause)) {
			next = now.Add(pause)
		}
	}
}

// close waits for a checkpoint under way and keeps others from starting. All tasks have ended.
func (c *coordinator) close() { <-c.turn }

// left returns what no checkpoint covers, with or without what is doubtful.
func (c *coordinator) left(doubtful bool) committables {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.take(func(l loose) bool { return doubtful || !l.doubtful })
}
