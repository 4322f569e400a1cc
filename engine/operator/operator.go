// Package operator holds what tasks do to the data that passes them: the interface of operators, and one file for
// each of them with its test beside it.
//
// What enters: payloads (batches of SQL rows or slices of Go values), watermarks, timers and the end of input, in order, from
// one goroutine. What leaves: payloads through an [Output]. Tasks call operators; operators in a chain call each other through
// Output directly.
//
// What must hold: an operator is single-threaded and holds no locks; it may read a payload until Process returns and must copy what it
// keeps; nothing else than Output and Context reaches outside.
package operator

import (
	"context"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/state"
)

// Payload is what travels between operators: a *column.Batch, or a slice type of the Go API.
type Payload interface {
	// Rows is the number of rows or elements.
	Rows() int
}

// Output takes what an operator emits. Payloads are borrowed: when Emit returns the operator may reuse them.
type Output interface {
	Emit(p Payload) error
}

// Operator is one subtask's instance of a node. Embed [Base] for what an operator does not need.
type Operator interface {
	// Open prepares; state restored from a checkpoint is read from c.Restore. After an error Close is not called.
	Open(c *Context) error
	// Process takes a payload from input number input.
	Process(input int, p Payload, out Output) error
	// Watermark says that event time has reached t (milliseconds) on all inputs that are not idle. The chain passes the watermark on
	// after the call returned.
	Watermark(t int64, out Output) error
	// Timer is called when a processing-time timer set with Context.SetTimer is due.
	Timer(at time.Time, out Output) error
	// EndInput says that input number input has ended. The operator emits what it still holds once all have.
	EndInput(input int, out Output) error
	// Snapshot writes the operator's state for a checkpoint. It runs between two payloads.
	Snapshot(w *state.Writer) error
	// Close releases resources, also after a failure. It emits nothing.
	Close() error
}

// Context is what an operator knows of where it runs.
type Context struct {
	context.Context
	Name           string // "Aggregate[3] (2/4)", for messages
	UID            string
	Subtask        int // 0 … Parallelism-1
	Parallelism    int
	MaxParallelism int // number of key groups
	Inputs         int // number of input edges
	Env            connector.Env
	Now            func() time.Time
	SetTimer       func(at time.Time)
	Wake           func()               // asks for a call of [Resumer.Resume] soon; any goroutine may
	Watermark      func() (int64, bool) // the watermark that the operator got last, and whether it got one; nil: it gets none
	// Reached is the event time behind which nothing more comes from an input: the watermark of the slowest of its channels, those included that are idle, for
	// which Watermark does not wait. Nil for an operator that gets its input from another one of its task.
	Reached    func(input int) int64
	Restore    *state.Reader // nil: start empty
	Counters   *Counters
	LateTakers []LateTaker // by input; nil: nobody takes late rows
	// Sink is what a node with a [graph.Sink] writes to, made by [NewSink] once and shared by the node's subtasks; the job has called
	// its Prepare. Nil for other nodes.
	Sink connector.Sink
}

// Counters are shown as progress and metrics. A task writes its own; others read them atomically.
type Counters struct {
	RowsIn, RowsOut, BytesIn, BytesOut, Skipped, Late Counter
	Evicted                                           Counter // keys that were forgotten because there were too many
	Left                                              Counter // files that a source left, or the rest of them, as they had changed
	State                                             Gauge   // bytes of the operator's state, if it is a [Sizer]; measured now and then
	// What queries of a source that the store has computed have moved, in bytes: see [objstore.SelectStats].
	SelectScanned, SelectProcessed, SelectReturned Counter
}

// Base does nothing: the parts of [Operator] that most operators leave as they are.
type Base struct{}

func (Base) Open(*Context) error           { return nil }
func (Base) Watermark(int64, Output) error { return nil }
func (Base) Timer(time.Time, Output) error { return nil }
func (Base) EndInput(int, Output) error    { return nil }
func (Base) Snapshot(*state.Writer) error  { return nil }
func (Base) Close() error                  { return nil }

// Committer is implemented by operators that write to the outside in two phases: what Flush returns is committed by the
// job once a checkpoint (or the end of the job) covers all tasks.
type Committer interface {
	Sink() connector.Sink
	// Flush is called at barriers and at the end, as that of [connector.Writer] is.
	Flush(ctx context.Context, whole bool) ([]connector.Committable, error)
}

// Drainer is implemented by operators that hold back rows in front of a barrier, such as a partial aggregation. A task that has
// aligned a barrier calls Drain on its operators in the order of the chain, before it takes their snapshots and passes the barrier on, so that
// what they held is part of the state of the operators behind.
type Drainer interface {
	Drain(out Output) error
}

// Sizer is implemented by operators that hold state whose memory counts.
type Sizer interface {
	// SizeBytes is the memory held, in bytes.
	SizeBytes() int
}

// Watermarker is implemented by operators that make watermarks. Watermarks from upstream end at such an operator; it emits its
// own through the outputs that its methods get, each of which is a [Marker]. The end of the input passes it as it passes all operators.
type Watermarker interface {
	// Idle says that no input has anything for now, or that one has again. The operator decides whether to emit idleness itself.
	Idle(idle bool, out Output) error
}

// Marker is the output of a [Watermarker].
type Marker interface {
	Output
	// EmitWatermark says that event time has reached t (milliseconds). Times never fall: one that is not later is left out.
	EmitWatermark(t int64) error
	// EmitIdle says whether receivers should go on without this subtask's watermarks.
	EmitIdle(idle bool) error
}

// Packer distributes payloads to the targets of one edge and gathers small ones into larger ones. One sending task uses it.
type Packer interface {
	// Pack copies the payload's rows to the pending payloads of their targets.
	Pack(p Payload)
	// Pending is the number of rows waiting for a target.
	Pending(target int) int
	// Take hands over a target's pending payload, nil if there is none. The receiver owns it.
	Take(target int) Payload
	// Recycle gives a payload that a receiver is done with back for reuse. It may be called from other goroutines.
	Recycle(p Payload)
}

// Resumer is implemented by operators that do work in the background and ask by Context.Wake to be called about it.
type Resumer interface {
	Resume(out Output) error
}

// Limiter is implemented by operators that may come to need no further input, such as LIMIT without ORDER BY. Once Done reports
// true nothing that comes makes a difference: the engine may end the operator's inputs.
type Limiter interface{ Done() bool }
