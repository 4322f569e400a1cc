package simulate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/fault"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/state/snapshot"
)

// Handle is a job that runs in one process; a durable one.
type Handle interface {
	Cancel()
	Done() <-chan struct{}
	Wait() (*job.Result, error)
	TriggerCheckpoint(ctx context.Context) (*job.Checkpoint, error)
}

// Start is how a process starts the job.
type Start struct {
	Context     context.Context
	Store       objstore.Store
	ID          string // of the run
	Parallelism int
	Settings    [][2]string
	From        string // the directory of a savepoint in the store; "": the last checkpoint
	Turn        func(who string)
	Notify      func(text string)
}

// Job is what is disturbed.
type Job struct {
	// Store holds what outlives a process.
	Store *mem.Store
	// Checkpoints is the directory of the job's checkpoints in it, ending in "/".
	Checkpoints string
	// Start starts the job, which goes on from its last checkpoint.
	Start func(s Start) (Handle, error)
	// Check compares what can be read with what an undisturbed job writes, if it is run so many times: a process that is started behind the job's end
	// begins it anew.
	Check func(times int) error
	// Endless says that the job does not end by itself; nil for one that does.
	Endless *Endless
}

// Outcome is what a seed brought about.
type Outcome struct {
	Trace     *Trace
	Processes int
	Killed    int
	Resumed   int // processes that went on from a checkpoint
	Settled   int // times that one had rows in flight that had to be processed before the parallelism changed
	Fenced    int
	Faults    int
	Anew      int // how often a process that was started after the job had ended ran it anew
	Stopped   int // how often the job was stopped with a savepoint
	Steps     int
}

// Add adds what another seed brought about.
func (o *Outcome) Add(other *Outcome) {
	o.Processes += other.Processes
	o.Killed += other.Killed
	o.Resumed += other.Resumed
	o.Settled += other.Settled
	o.Fenced += other.Fenced
	o.Faults += other.Faults
	o.Anew += other.Anew
	o.Stopped += other.Stopped
	o.Steps += other.Steps
}

func (o *Outcome) String() string {
	return fmt.Sprintf("%d processes, %d killed, %d resumed, %d settled, %d fenced, %d faults, %d steps, %d times run anew, %d times stopped",
		o.Processes, o.Killed, o.Resumed, o.Settled, o.Fenced, o.Faults, o.Steps, o.Anew, o.Stopped)
}

// the most of what a seed takes before it counts as hanging.
const (
	mostProcesses = 200
	mostSteps     = 1_000_000
)

// Disturb runs a job to its end in processes that are killed, replaced while they still run and started with other parallelisms, over a store that
// fails, is slow and loses answers. make is called where the goroutines of the seed run.
func Disturb(t *testing.T, seed uint64, make func() Job) (*Outcome, error) {
	d := &disturbance{random: rand.New(rand.NewPCG(seed, 0))}
	trace, err := Run(t, seed, func(s *Schedule) {
		d.schedule, d.job = s, make()
		d.store = &counting{Store: d.job.Store, dir: snapshot.Dir{Store: d.job.Store, Prefix: d.job.Checkpoints}}
		if rand.New(rand.NewPCG(seed, 2)).IntN(2) == 0 {
			d.store.parts = newMultipart(d.job.Store)
		}
		d.feed()
		s.At(mostSteps, func() {
			d.stuck.Store(true)
			for _, p := range d.all {
				p.kill()
			}
		})
		d.err = d.run()
	})
	d.outcome.Trace, d.outcome.Steps = trace, len(trace.Steps)
	for _, p := range d.all {
		d.outcome.Faults += len(p.store.Events())
	}
	if err == nil {
		err = d.err
	}
	return &d.outcome, err
}

type disturbance struct {
	random   *rand.Rand
	schedule *Schedule
	job      Job
	store    *counting
	fed      atomic.Int64 // of what an endless job is fed with
	starting atomic.Bool  // a process is about to claim the job
	stopping atomic.Int64 // how many are about to stop it
	stops    int          // after which an endless job had not written all
	all      []*process
	outcome  Outcome
	stuck    atomic.Bool
	err      error
}

// process is one that runs the job, or did.
type process struct {
	store   *fault.Store
	calm    bool // its store does not fail
	handle  Handle
	cancel  context.CancelFunc
	killed  atomic.Bool
	resumed atomic.Bool
	settled atomic.Int64 // times that it processed what was in flight before it changed the parallelism
	alone   bool         // all processes before had ended when it started
	over    bool         // waited for
	ended   bool         // in good order
}

func (p *process) kill() {
	p.killed.Store(true)
	p.store.Crash()
	p.cancel()
}

// run starts processes until the job has ended and nobody runs it any more.
func (d *disturbance) run() error {
	last := (*process)(nil)
	for !d.ended() {
		if err := d.runOnce(&last); err != nil {
			return err
		}
	}
	if d.job.Endless == nil {
		d.outcome.Anew = d.store.ends - 1
	}
	if err := d.job.Check(d.outcome.Anew + 1); err != nil {
		return err
	}
	if last != nil && last.alone && last.calm && last.ended && !last.killed.Load() {
		return d.tidy()
	}
	return nil
}

// runOnce starts processes until the job comes to its end, and waits for all of them: one may have been started late, and have begun it anew.
func (d *disturbance) runOnce(last **process) error {
	goesOn := d.job.Endless != nil // from an end, by the first process
	for goesOn || !d.atEnd() {
		if d.stuck.Load() {
			return fmt.Errorf("the job has not ended after %d steps", mostSteps)
		}
		if len(d.all) == mostProcesses {
			return fmt.Errorf("the job has not ended after %d processes", mostProcesses)
		}
		p, err := d.start()
		if err != nil {
			return err
		}
		if p.over {
			continue
		}
		*last, goesOn = p, false
		if d.random.IntN(4) == 0 { // another one will be started beside it
			for range d.random.IntN(200) {
				d.schedule.Turn("driver")
			}
			continue
		}
		if err := d.wait(); err != nil {
			return err
		}
	}
	return d.wait()
}

// atEnd reports whether the job is at an end. An endless one may go on from there.
func (d *disturbance) atEnd() bool {
	head, _, err := d.store.dir.ReadHead(context.Background())
	return err == nil && head.State == snapshot.Ended
}

// start starts another process. One that could not start is over. Over a store that works that is an error.
func (d *disturbance) start() (*process, error) {
	n := len(d.all) + 1
	name := fmt.Sprintf("p%02d", n)
	p := &process{calm: d.random.IntN(3) == 0, alone: !slices.ContainsFunc(d.all, func(p *process) bool { return !p.over })}
	plan := fault.Plan{Seed: d.random.Uint64()}
	if !p.calm {
		plan.Rules = d.faults()
	}
	plan.Before = func(op fault.Op, key string) { d.schedule.Turn(name + " " + string(op) + " " + key) }
	p.store = fault.New(d.store, plan)
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	d.all = append(d.all, p)
	d.outcome.Processes++
	span := 400 << min(n/6, 10) // the longer it takes, the longer processes live, so that the job comes to its end
	if d.random.IntN(8) > 0 {
		d.schedule.At(d.schedule.Steps()+d.random.IntN(span), p.kill)
	}
	d.starting.Store(true)
	defer d.starting.Store(false)
	for d.stopping.Load() > 0 {
		d.schedule.Turn("driver")
	}
	from, err := d.savepoint()
	if err != nil {
		return p, err
	}
	choose := func(list ...string) string { return list[d.random.IntN(len(list))] }
	p.handle, err = d.job.Start(Start{
		Context: ctx, Store: p.store, ID: name, From: from, Parallelism: 1 + d.random.IntN(3),
		Settings: [][2]string{
			{"execution.checkpointing.interval", choose("1 ms", "3 ms", "10 ms", "30 ms")},
			{"execution.checkpointing.min-pause", choose("0 ms", "5 ms")},
			{"execution.checkpointing.aligned-checkpoint-timeout", choose("0 ms", "0 ms", "1 ms", "1 s")},
			{"execution.checkpointing.timeout", choose("10 ms", "10 min", "10 min")},
			{"execution.checkpointing.num-retained", choose("1", "2", "3")},
			{"restart-strategy.type", "fixed-delay"}, {"restart-strategy.fixed-delay.delay", choose("0 s", "2 ms")},
			{"restart-strategy.fixed-delay.attempts", "100000"},
		},
		Turn: func(who string) { d.schedule.Turn(who) },
		Notify: func(text string) {
			if strings.Contains(text, "goes on from") {
				p.resumed.Store(true)
			}
			if strings.Contains(text, "has rows in flight") {
				p.settled.Add(1)
			}
		},
	})
	if err != nil {
		p.over, p.handle = true, nil
		cancel()
		if p.killed.Load() || !p.calm || errors.Is(err, snapshot.ErrFenced) {
			return p, nil
		}
		return p, fmt.Errorf("process %d did not start: %w", n, err)
	}
	go d.watch(p, name)
	if d.job.Endless != nil {
		go d.stop(ctx, p, name, rand.New(rand.NewPCG(d.random.Uint64(), 1)))
	}
	return p, nil
}

// watch lets a process die with its store.
func (d *disturbance) watch(p *process, name string) {
	for {
		select {
		case <-p.handle.Done():
			return
		case <-time.After(time.Millisecond):
		}
		d.schedule.Turn(name + " watch")
		if p.store.Crashed() {
			p.kill()
			return
		}
	}
}

// faults draws what goes wrong with a process's store.
func (d *disturbance) faults() (rules []fault.Rule) {
	random := d.random
	ops := []fault.Op{fault.Head, fault.Get, fault.Read, fault.Put, fault.Create, fault.Write, fault.Seal, fault.Commit, fault.Abort, fault.Uploads, fault.List, fault.Delete}
	kinds := []objstore.Kind{objstore.Throttled, objstore.TimedOut, objstore.Unreachable}
	op := func() []fault.Op { return []fault.Op{ops[random.IntN(len(ops))]} }
	for range random.IntN(3) { // the process dies with a request, perhaps after the store did what it was asked to
		rules = append(rules, fault.Rule{Trigger: fault.Trigger{Skip: random.IntN(80), Times: 1}, Crash: true, Lost: random.IntN(2) == 0})
	}
	for range random.IntN(4) {
		rules = append(rules, fault.Rule{
			Ops: op(), Trigger: fault.Trigger{Chance: 0.02 + 0.2*random.Float64(), Times: 20}, Kind: kinds[random.IntN(len(kinds))], Lost: random.IntN(2) == 0,
		})
	}
	if random.IntN(3) == 0 { // a storm: nothing works for a while
		rules = append(rules, fault.Rule{Trigger: fault.Trigger{Skip: random.IntN(100), Times: 1 + random.IntN(30)}, Kind: objstore.Throttled})
	}
	if random.IntN(3) == 0 { // slow uploads
		rules = append(rules, fault.Rule{
			Ops: []fault.Op{fault.Put, fault.Write, fault.Seal}, Trigger: fault.Trigger{Chance: 0.3, Times: 20},
			Delay: time.Duration(random.IntN(40)) * time.Millisecond,
		})
	}
	if random.IntN(4) == 0 { // answers that break off
		rules = append(rules, fault.Rule{
			Ops: []fault.Op{fault.Get}, Trigger: fault.Trigger{Chance: 0.2, Times: 3}, Cut: 1 + random.Int64N(300), Kind: objstore.Unreachable,
		})
	}
	return rules
}

// wait waits for all processes, and says what none of them may end with.
func (d *disturbance) wait() (err error) {
	for i, p := range d.all {
		if p.over {
			continue
		}
		<-p.handle.Done()
		d.schedule.Turn("driver")
		p.over = true
		p.cancel()
		_, failed := p.handle.Wait()
		switch {
		case failed == nil:
			p.ended = true
		case errors.Is(failed, snapshot.ErrFenced):
			d.outcome.Fenced++
		case !p.killed.Load() && !p.store.Crashed() && err == nil:
			err = fmt.Errorf("process %d failed: %w", i+1, failed)
		}
		if p.killed.Load() {
			d.outcome.Killed++
		}
		if p.resumed.Load() {
			d.outcome.Resumed++
		}
		d.outcome.Settled += int(p.settled.Load())
	}
	return err
}

// tidy says what should not be left behind by a process that ended well over a store that worked, and that no process which was replaced outlived.
func (d *disturbance) tidy() error {
	ctx := context.Background()
	for u, err := range d.store.Uploads(ctx, "") {
		if err != nil {
			return err
		}
		return fmt.Errorf("an upload of %s is left", u.Key)
	}
	for info, err := range d.job.Store.List(ctx, d.job.Checkpoints, objstore.ListOptions{}) {
		if err != nil {
			return err
		}
		if info.Key != d.job.Checkpoints+snapshot.HeadName {
			return fmt.Errorf("%s is left", info.Key)
		}
	}
	return nil
}
