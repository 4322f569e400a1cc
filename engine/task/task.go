// Package task runs a chain of operators: one goroutine that takes what comes in, calls the operators and hands on what they emit.
//
// What enters: messages through a gate, or batches of a source's readers; timers; requests for checkpoints. What leaves: messages
// through senders, and reports of state. The job deploys tasks and waits for them.
//
// What must hold: a task's operators, senders and gate are touched by its goroutine alone; everything that happens is put in one
// order by its loop; it ends when its input has ended, when an operator fails or panics, or when its context ends, and
// closes its operators in each case.
package task

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime/debug"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/clock"
	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/state"
)

// Task is one subtask of a chain, ready to run. Stages form a tree: the first takes the task's input, each other one the output of a
// stage before it.
type Task struct {
	Stages []*Stage
	Gate   *exchange.Gate // input from other tasks; nil for a source and for a task without inputs
	Source *Source        // what the first stage, which has no operator, reads; else nil
	Space  chan struct{}  // the signal of all senders; has room for one value
	Clock  clock.Clock
	// AtLeastOnce lets inputs go on while others have not yet delivered a barrier.
	AtLeastOnce bool
	// Ack takes a snapshot. It must not block for long.
	Ack func(*Report)

	ctx     context.Context
	trigger chan int64
	timers  timers
	running int // the stage at work, for messages

	marks    marks
	told     merged // what the first stage knows of marks
	opened   []int  // channels of each input of the gate that have not ended
	last     int    // the input that ended last
	aligning int64  // the checkpoint whose barriers are being gathered; 0: none
	arrived  []bool
	aligned  int64 // the last checkpoint that was taken or given up
}

// Stage is one operator of a task.
type Stage struct {
	Operator operator.Operator // nil for a scan
	Context  *operator.Context
	Next     []int // stages that take this one's output
	Senders  []*exchange.Sender

	out  output
	open bool
}

// Report is what a task knows at a barrier, or at its end.
type Report struct {
	Checkpoint int64 // 0 at the end
	Stages     []StageReport
	// Of a source: the splits read to their end since the last report, and those being read, with positions.
	Finished []string
	Reading  []connector.Split
}

// StageReport is one operator's part.
type StageReport struct {
	Tables       []state.Table // nil at the end
	Committables []connector.Committable
}

// Error is what went wrong in an operator. Its text begins with the operator's name.
type Error struct {
	Operator string
	Err      error
}

func (e *Error) Error() string { return e.Operator + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Panic is the panic of an operator.
type Panic struct {
	Value any
	Stack []byte
}

func (p *Panic) Error() string { return fmt.Sprintf("panic: %v\n%s", p.Value, p.Stack) }

// Unwrap returns the value of the panic if it is an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// Init makes a task ready to be triggered; the job calls it before Run.
func (t *Task) Init() {
	t.trigger = make(chan int64, 1)
	t.timers.init(t.Clock)
	for i, s := range t.Stages {
		s.out = output{task: t, stage: s, number: i}
		s.Context.Now = t.Clock.Now
		s.Context.SetTimer = func(at time.Time) { t.timers.set(i, at) }
	}
}

// Trigger asks a source for a checkpoint. A request not yet taken up is replaced. One goroutine calls it.
func (t *Task) Trigger(checkpoint int64) {
	select {
	case <-t.trigger:
	default:
	}
	t.trigger <- checkpoint
}

// Run runs the task to its end. The error of an operator is an [*Error]; that of a context that ended is its cause.
func (t *Task) Run(ctx context.Context) (r *Report, err error) {
	t.ctx = ctx
	defer func() {
		if closing := t.close(); err == nil {
			err = closing
		}
		if err != nil {
			r = nil
		}
	}()
	err = t.guard(func() error {
		if err := t.open(); err != nil {
			return err
		}
		switch {
		case t.Source != nil:
			err = t.runSource()
		case t.Gate != nil:
			err = t.runGate()
		}
		if err == nil {
			r, err = t.finish()
		}
		return err
	})
	return r, err
}

// guard turns a panic into an error of the operator at work.
func (t *Task) guard(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &Error{t.Stages[t.running].Context.Name, &Panic{v, debug.Stack()}}
		}
	}()
	return f()
}

func (t *Task) open() error {
	for i, s := range t.Stages {
		if s.Operator == nil {
			continue
		}
		t.running = i
		if err := s.Operator.Open(s.Context); err != nil {
			return t.failed(i, err)
		}
		s.open = true
	}
	return nil
}

// close closes whatever was opened, and returns the first error.
func (t *Task) close() (err error) {
	t.timers.stop()
	if t.Source != nil {
		err = t.guard(func() error { t.running = 0; return t.failed(0, t.Source.close()) })
	}
	for i, s := range t.Stages {
		if !s.open {
			continue
		}
		closing := t.guard(func() error { t.running = i; return t.failed(i, s.Operator.Close()) })
		if err == nil {
			err = closing
		}
	}
	return err
}

// failed names the operator of an error, unless that was done where the error came from. A wait that the context ended is
// nobody's failure.
func (t *Task) failed(stage int, err error) error {
	if err == nil {
		return nil
	}
	var named *Error
	if errors.As(err, &named) || errors.Is(err, errStopped) {
		return err
	}
	return &Error{t.Stages[stage].Context.Name, err}
}

// errStopped is in the error of a task that its context ended.
var errStopped = errors.New("stopped")

// process gives a payload to a stage.
func (t *Task) process(stage, input int, p operator.Payload) error {
	s := t.Stages[stage]
	s.Context.Counters.RowsIn.Add(int64(p.Rows()))
	before := t.running
	t.running = stage
	if err := s.Operator.Process(input, p, &s.out); err != nil {
		return t.failed(stage, err)
	}
	t.running = before
	return nil
}

// finish ends one stage after the other: each has seen all that those before it emitted at their ends.
func (t *Task) finish() (*Report, error) {
	r := &Report{Stages: make([]StageReport, len(t.Stages))}
	if t.Source != nil {
		t.Source.report(r)
	}
	for i, s := range t.Stages {
		t.running = i
		if s.Operator != nil {
			if err := s.Operator.Watermark(math.MaxInt64, &s.out); err != nil {
				return nil, t.failed(i, err)
			}
			input := 0
			if i == 0 {
				input = t.last
			}
			if err := s.Operator.EndInput(input, &s.out); err != nil {
				return nil, t.failed(i, err)
			}
			if err := t.commit(i, &r.Stages[i], true); err != nil {
				return nil, err
			}
		}
		for _, sender := range s.Senders {
			if err := t.stopped(sender.Mark(exchange.Message{Kind: exchange.End})); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// commit takes over what a stage wrote to the outside, if it does.
func (t *Task) commit(stage int, r *StageReport, last bool) error {
	c, ok := t.Stages[stage].Operator.(operator.Committer)
	if !ok {
		return nil
	}
	list, err := c.Flush(t.ctx, last)
	r.Committables = list
	return t.failed(stage, err)
}

// watermark gives a watermark to a stage and passes it on.
func (t *Task) watermark(stage int, now int64) error {
	s := t.Stages[stage]
	t.running = stage
	if s.Operator != nil {
		if err := s.Operator.Watermark(now, &s.out); err != nil {
			return t.failed(stage, err)
		}
		if _, own := s.Operator.(operator.Watermarker); own {
			return nil
		}
	}
	return s.out.EmitWatermark(now)
}

// idle tells a stage, and those behind, whether there is anything to wait for.
func (t *Task) idle(stage int, idle bool) error {
	s := t.Stages[stage]
	t.running = stage
	if own, ok := s.Operator.(operator.Watermarker); ok {
		return t.failed(stage, own.Idle(idle, &s.out))
	}
	return s.out.EmitIdle(idle)
}

// snapshot takes the state of all stages for a checkpoint and sends the barrier on.
func (t *Task) snapshot(checkpoint int64) error {
	for i, s := range t.Stages {
		if d, ok := s.Operator.(operator.Drainer); ok {
			t.running = i
			if err := d.Drain(&s.out); err != nil {
				return t.failed(i, err)
			}
		}
	}
	// The barrier goes first, so that receivers can take their snapshots meanwhile.
	for _, s := range t.Stages {
		for _, sender := range s.Senders {
			if err := t.stopped(sender.Mark(exchange.Message{Kind: exchange.Barrier, Time: checkpoint})); err != nil {
				return err
			}
		}
	}
	r := &Report{Checkpoint: checkpoint, Stages: make([]StageReport, len(t.Stages))}
	for i, s := range t.Stages {
		if s.Operator == nil {
			continue
		}
		t.running = i
		if err := t.commit(i, &r.Stages[i], false); err != nil {
			return err
		}
		var w state.Writer
		if err := s.Operator.Snapshot(&w); err != nil {
			return t.failed(i, err)
		}
		r.Stages[i].Tables = w.Tables
	}
	if t.Source != nil {
		t.Source.report(r)
	}
	t.running = 0
	t.Ack(r)
	return nil
}

// satisfied reports whether what a stage emits makes no difference any more.
func (t *Task) satisfied(stage int) bool {
	s := t.Stages[stage]
	if l, ok := s.Operator.(operator.Limiter); ok && l.Done() {
		return true
	}
	if len(s.Next)+len(s.Senders) == 0 {
		return false
	}
	for _, next := range s.Next {
		if !t.satisfied(next) {
			return false
		}
	}
	for _, sender := range s.Senders {
		if !sender.Declined() {
			return false
		}
	}
	return true
}

// flush hands on what is pending, as far as there is room.
func (t *Task) flush() {
	for _, s := range t.Stages {
		for _, sender := range s.Senders {
			sender.Flush()
		}
	}
}

// glance sees, without waiting, to what must not wait for the end of the input: the end of the job, timers, checkpoints.
func (t *Task) glance() error {
	select {
	case <-t.ctx.Done():
		return t.stopped(context.Cause(t.ctx))
	case checkpoint := <-t.trigger:
		return t.snapshot(checkpoint)
	case <-t.timers.c():
		return t.fire()
	default:
		return nil
	}
}

// await hands on what is pending and waits until there is something to do. It returns the number of the input signal that came,
// -1 if it was something else, such as a receiver that has room again or wants no more.
func (t *Task) await(inputs ...<-chan struct{}) (int, error) {
	t.flush()
	if len(inputs) != 1 {
		return t.awaitMany(inputs)
	}
	select {
	case <-inputs[0]:
		return 0, nil
	case <-t.Space:
		return -1, nil
	case <-t.ctx.Done():
		return -1, t.stopped(context.Cause(t.ctx))
	case checkpoint := <-t.trigger:
		return -1, t.snapshot(checkpoint)
	case <-t.timers.c():
		return -1, t.fire()
	}
}

// awaitMany is await for a number of signals that is only known now.
func (t *Task) awaitMany(inputs []<-chan struct{}) (int, error) {
	cases := make([]reflect.SelectCase, 0, len(inputs)+4)
	add := func(c any) {
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(c)})
	}
	for _, c := range inputs {
		add(c)
	}
	add(t.Space)
	add(t.ctx.Done())
	add(t.trigger)
	add(t.timers.c())
	chosen, value, _ := reflect.Select(cases)
	switch chosen - len(inputs) {
	case 0:
		return -1, nil
	case 1:
		return -1, t.stopped(context.Cause(t.ctx))
	case 2:
		return -1, t.snapshot(value.Int())
	case 3:
		return -1, t.fire()
	}
	return chosen, nil
}

// fire calls the operators whose timers are due.
func (t *Task) fire() error {
	for {
		stage, at, ok := t.timers.next()
		if !ok {
			return nil
		}
		s := t.Stages[stage]
		t.running = stage
		if stage == 0 && t.Source != nil {
			if err := t.sourceIdle(at); err != nil {
				return err
			}
			continue
		}
		if err := s.Operator.Timer(at, &s.out); err != nil {
			return t.failed(stage, err)
		}
	}
}

// stopped marks the error of a wait that the context ended.
func (t *Task) stopped(err error) error {
	if err == nil || errors.Is(err, errStopped) {
		return err
	}
	return fmt.Errorf("%w: %w", errStopped, err)
}
