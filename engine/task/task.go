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
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/clock"
	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/engine/inflight"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/state"
)

// Task is one subtask of a chain, ready to run. Stages form a tree: the first takes the task's input, each other one the output of a
// stage before it.
type Task struct {
	Stages []*Stage
	Gate   *exchange.Gate // input from other tasks; nil for a source and for a task without inputs
	Source *Source        // what the first stage, which has no operator, reads; else nil
	// Silent are the channels of the gate on which nothing will come but the end, so that event time need not wait for it.
	Silent []bool
	Edges  []*inflight.Edge // by input: what a barrier may overtake; nil: nothing
	Urgent *Urgency         // of the job; nil: no barrier overtakes
	Space  chan struct{}    // the signal of all senders; has room for one value
	Clock  clock.Clock
	// AtLeastOnce lets inputs go on while others have not yet delivered a barrier.
	AtLeastOnce bool
	// BatchRows is the most rows that an operator gets at a time; 0: as many as come.
	BatchRows int
	Quota     *Quota // of the job's state; nil: none
	// Ack takes a snapshot. It must not block for long.
	Ack func(*Report)

	// Frozen says what a checkpoint is; nil: one of all state.
	Frozen func(checkpoint int64) state.Frozen

	// Turn, if set, is called when the task has waited and before each thing it does: a test decides there whose turn it is.
	Turn func()

	// Draw, if set, returns a number below n: a test lets it decide how batches are cut, when others come in between and when rows are handed on.
	Draw func(n int) int

	ctx     context.Context
	trigger chan request
	woken   chan struct{} // an operator asked to be called
	drained bool          // event time has come to its end
	timers  timers
	running int // the stage at work, for messages

	marks    marks
	told     merged // what the first stage knows of marks
	opened   []int  // channels of each input of the gate that have not ended
	last     int    // the input that ended last
	aligning int64  // the checkpoint whose barriers are being gathered; 0: none
	arrived  []bool
	aligned  int64     // the last checkpoint that was taken or given up
	waiting  time.Time // since when barriers are being gathered
	meantime int64     // bytes of rows that were taken since then
	passed   int64     // the last checkpoint whose barriers were sent
	copying  *copying  // the checkpoint whose state is being copied; nil: none
}

// Stage is one operator of a task.
type Stage struct {
	Operator operator.Operator // nil for a scan
	Context  *operator.Context
	Next     []int              // stages that take this one's output
	Senders  []*exchange.Sender // the last of them, as many as lates, take late rows

	lates   []late
	out     output
	open    bool
	awake   atomic.Bool      // the operator asked to be called
	limiter operator.Limiter // the operator, if it is one
	size    sizing
	endable bool // receivers may come to want no more of what this stage emits
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
	t.trigger, t.woken = make(chan request, 1), make(chan struct{}, 1)
	t.timers.init(t.Clock)
	for i, s := range t.Stages {
		s.out = output{task: t, stage: s, number: i}
		if _, own := s.Operator.(operator.Watermarker); own && t.Source != nil {
			s.out.member = t.Source.Member
		}
		for _, sender := range s.Senders {
			sender.Urgent = t.hasty
		}
		s.Context.Now = t.Clock.Now
		s.openLates(t)
		s.Context.Watermark = func() (int64, bool) { return s.out.time, s.out.begun }
		if i == 0 && t.Gate != nil {
			s.Context.Reached = t.reached
		}
		s.Context.Wake = func() {
			s.awake.Store(true)
			signal(t.woken)
		}
		s.Context.SetTimer = func(at time.Time) { t.timers.set(i, at) }
	}
	for i := len(t.Stages) - 1; i >= 0; i-- { // receivers first
		s := t.Stages[i]
		s.limiter, _ = s.Operator.(operator.Limiter)
		s.size.of, _ = s.Operator.(operator.Sizer)
		s.endable = len(s.Next)+len(s.main()) > 0
		for _, next := range s.Next {
			s.endable = s.endable && t.Stages[next].endable
		}
		s.endable = s.endable || s.limiter != nil
	}
}

// Trigger asks a source for a checkpoint. A request not yet taken up is replaced. One goroutine calls it at a time.
func (t *Task) Trigger(checkpoint int64, then Then) {
	select {
	case <-t.trigger:
	default:
	}
	t.trigger <- request{checkpoint, then}
}

// Run runs the task to its end. The error of an operator is an [*Error]; that of a context that ended is its cause.
func (t *Task) Run(ctx context.Context) (r *Report, err error) {
	t.ctx = ctx
	t.turn()
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

func (t *Task) turn() {
	if t.Turn != nil {
		t.Turn()
	}
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
		t.release(s)
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
	if b, ok := p.(*column.Batch); ok && b.Rows() > 1 && (t.Draw != nil || t.BatchRows > 0 && b.Rows() > t.BatchRows) {
		return t.cut(b, func(piece *column.Batch) error { return t.whole(stage, input, piece) })
	}
	return t.whole(stage, input, p)
}

// whole gives a payload to a stage in one piece.
func (t *Task) whole(stage, input int, p operator.Payload) error {
	s := t.Stages[stage]
	s.Context.Counters.RowsIn.Add(int64(p.Rows()))
	before := t.running
	t.running = stage
	if err := s.Operator.Process(input, p, &s.out); err != nil {
		return t.failed(stage, err)
	}
	t.running = before
	if s.size.of != nil && s.size.due(p.Rows()) {
		return t.measure(s)
	}
	return nil
}

// finish ends one stage after the other: each has seen all that those before it emitted at their ends.
func (t *Task) finish() (*Report, error) {
	for t.copying != nil {
		if err := t.copySome(); err != nil {
			return nil, err
		}
	}
	r := &Report{Stages: make([]StageReport, len(t.Stages))}
	if t.Source != nil {
		t.Source.report(r)
	}
	for i, s := range t.Stages {
		t.running = i
		if s.Operator != nil {
			if s.size.of != nil {
				if err := t.measure(s); err != nil {
					return nil, err
				}
			}
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

// satisfied reports whether what a stage emits makes no difference any more.
func (t *Task) satisfied(stage int) bool {
	s := t.Stages[stage]
	if !s.endable {
		return false
	}
	if s.limiter != nil && (s.limiter.Done() || len(s.Next)+len(s.main()) == 0) {
		return s.limiter.Done()
	}
	for _, next := range s.Next {
		if !t.satisfied(next) {
			return false
		}
	}
	for _, sender := range s.main() {
		if !sender.Declined() {
			return false
		}
	}
	return true
}

// stopped marks the error of a wait that the context ended.
func (t *Task) stopped(err error) error {
	if err == nil || errors.Is(err, errStopped) {
		return err
	}
	return fmt.Errorf("%w: %w", errStopped, err)
}
