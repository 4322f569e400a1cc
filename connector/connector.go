// Package connector is where rows come from and go to: the interfaces that every source and sink implements, and
// the registry in which each connector stands with one spec.
//
// What enters: a [graph.Table] with a user's WITH options, and batches to write. What leaves: batches read, and
// committables that make what was written visible. The engine calls sources and sinks; SQL sees specs alone, to check
// options and to document them. One folder holds one connector; all/ links them.
//
// What must hold: a source read from the same positions gives the same rows; a sink shows nothing before Commit where its
// spec says exactly once; every error names table, object and position.
package connector

import (
	"context"
	"io"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/setting"
)

// Spec describes a connector: what SQL checks, what the reference page shows and how it is made.
type Spec struct {
	Name      string // the value of 'connector'
	Doc       string // one paragraph
	Example   string // a CREATE TABLE statement that works
	Guarantee string // the delivery guarantee in one sentence
	Options   []*setting.Option
	Formats   bool // takes 'format' and the format's own options
	Metadata  []graph.Metadata
	// Updates says that the sink takes changelogs with updates and deletes, not only inserts.
	Updates bool
	// NewSource and NewSink are nil where the connector cannot read or write. They check options in full (and may be
	// called for that alone) but touch no external system.
	NewSource func(req SourceRequest) (Source, error)
	NewSink   func(req SinkRequest) (Sink, error)
	// NewLookup is nil where rows cannot be looked up by key. It touches no external system either.
	NewLookup func(req LookupRequest) (LookupSource, error)
}

// Env is what connectors need from the process.
type Env struct {
	Objects  *objstore.Resolver
	Settings setting.Values
	Stdout   io.Writer // where 'print' writes
	Stderr   io.Writer
}

// SourceRequest asks for a source of one scan.
type SourceRequest struct {
	Env     Env
	Table   graph.Table
	Project []int       // columns to deliver, in order: positions in Table.Columns, then Table.Metadata
	Filter  []expr.Expr // conjuncts over the projected columns; may be used to skip data, need not be
	Limit   int64       // rows after which a reader may stop; -1: none
	// Keep asks that buffers lent to batches are never reused: the receiver holds on to them.
	Keep bool
}

// Source is a table to be read. Its methods are called by the job's coordinator, Open by tasks, concurrently.
type Source interface {
	// Bounded reports whether the input ends.
	Bounded() bool
	// Splits lists the pieces to read, in the order in which they should be started. A source without natural pieces returns as
	// many as parallelism. An input that does not exist is an error; one that is empty may have no splits.
	Splits(ctx context.Context, parallelism int) ([]Split, error)
	// Open starts to read a split, or goes on at the position the split was saved with. It should return at once and fetch in the
	// background: the task opens the next split while it reads one.
	Open(ctx context.Context, split Split) (Reader, error)
	// PushedDown describes for EXPLAIN what the source does with Filter and Limit, such as "row groups by statistics"; may be empty.
	PushedDown() string
}

// ChangelogSource is implemented by sources that bring more than inserts. What they bring does not depend on what is read.
type ChangelogSource interface{ Changes() graph.Changes }

// FieldSource is implemented by sources that may find the fields of rows by their names: then a column of type ROW may come in a request with
// fewer fields than it was declared with, and only these are delivered.
type FieldSource interface{ FieldsByName() bool }

// ChangelogSink is implemented by sinks of which it depends on a table's options what they take: Spec.Updates does not count then.
type ChangelogSink interface {
	// Takes are the kinds of rows, besides inserts, that may be written. Without UpdateBefore, a row of kind UpdateAfter or Delete stands
	// for all of its primary key.
	Takes() graph.Changes
}

// EventTimeSink is implemented by sinks of which it depends on a table's options whether their writers do something as event time goes on.
type EventTimeSink interface{ WaitsForWatermarks() bool }

// Split is one piece of a source, as plain data.
type Split struct {
	ID    string `json:"id"`    // unique within the source, stable across restarts
	State []byte `json:"state"` // what Open needs: object, range, position; the connector's own encoding
	Size  int64  `json:"size"`  // bytes, for progress; 0 if unknown
}

// Discoverer is implemented by sources whose splits are not known when the job starts, such as objects that appear in a bucket. Splits is not called
// then. Each split that is discovered ends, is read once, and by whichever subtask is free, so in no order.
type Discoverer interface {
	// Discover starts to look for splits: from the beginning, or behind those that an earlier Discovery had returned when it gave the state.
	Discover(ctx context.Context, state []byte) (Discovery, error)
	// InOrder asks that splits are read one after the other, as they were discovered.
	InOrder() bool
}

// Discovery looks for splits in the background. The engine calls its methods one at a time.
type Discovery interface {
	// Poll returns what was found since, at most max splits, and whether more may follow: [Ready] at once, after [Wait] when there is a value in
	// Ready, never after [Done]. It does not block. The ids of splits differ from those of all before.
	Poll(max int) ([]Split, Status, error)
	Ready() <-chan struct{}
	// State is what Discover needs to go on behind all splits that Poll has returned. It is called at each checkpoint, and small: it must not grow with
	// every split ever found.
	State() ([]byte, error)
	// Close ends background work and waits for it.
	Close() error
}

// Status is what a reader has after Poll.
type Status uint8

// The states of a reader.
const (
	Ready Status = iota // a batch was returned and more may follow at once
	Wait                // nothing now: Reader.Ready will tell
	Done                // the split is read to its end; the batch, if any, is the last
)

// Reader reads one split. It is used by one task; nothing blocks, so that the task stays open to barriers.
type Reader interface {
	// Poll returns the next rows, at most a few thousand. The batch is valid until the next call; it may be nil.
	Poll() (*column.Batch, Status, error)
	// Ready has a value once Poll is worth calling after Wait. The channel is the same for the reader's life.
	Ready() <-chan struct{}
	// Position returns the split with the position behind the last batch returned.
	Position() Split
	// BytesRead is the number of bytes of the external system consumed so far, for progress.
	BytesRead() int64
	// Close ends background work and waits for it.
	Close() error
}

// SelectCounter is implemented by readers that have the store compute: what their queries have moved so far.
type SelectCounter interface{ Selected() objstore.SelectStats }

// Prober is implemented by sources of which PushedDown tells more once the external system was asked. EXPLAIN calls Probe before, and waits for it: it takes a few
// seconds at most, and what fails in it is left to running the job.
type Prober interface{ Probe(ctx context.Context) }

// SkipCounter is implemented by readers that skip malformed records: how many so far.
type SkipCounter interface{ Skipped() int64 }

// LeaveCounter is implemented by readers that leave a file, or the rest of one, where it has changed since it was found: how many files so far.
type LeaveCounter interface{ Left() int64 }

// SinkRequest asks for a sink.
type SinkRequest struct {
	Env       Env
	Table     graph.Table
	Overwrite bool
	Partition map[string]string
	Batch     bool             // bounded job in batch mode
	JobID     string           // unique for this run; part of object names
	Began     string           // JobID of the run that began what this one goes on with, itself if it goes on with nothing; "": itself
	Number    int              // of the sink in its job, from 0: two sinks of a job may write to the same place
	Now       func() time.Time // the engine's clock; nil: time.Now
}

// Sink is a table to be written.
type Sink interface {
	// Prepare checks the target and clears what an overwrite replaces; called once, before any writer.
	Prepare(ctx context.Context) error
	// NewWriter opens the writer of one subtask.
	NewWriter(ctx context.Context, subtask, parallelism int) (Writer, error)
	// Commit makes visible what writers handed over. It is called once for the committables of a checkpoint, and
	// again with the same ones after a failure: it must be idempotent.
	Commit(ctx context.Context, list []Committable) error
	// Abort discards committables that will never be committed.
	Abort(ctx context.Context, list []Committable) error
	// Finish is called after the last Commit of a job that ended well, such as to write a success marker.
	Finish(ctx context.Context) error
}

// Recoverer is implemented by sinks that find what earlier runs of a job have begun and nobody will finish. Recover is called after Prepare and after
// the commit of what is to be kept, with the JobIDs of those runs, and discards the rest. held are the pieces that writers of any sink of the job are
// about to get by Restore: what these need is kept too.
type Recoverer interface {
	Recover(ctx context.Context, runs []string, held []Piece) error
}

// LastingSink is implemented by sinks whose committables also hold what writers have to go on with, once they are committed. Lasting returns it. A savepoint has these
// pieces instead of the committables, which whoever restores it must not depend on.
type LastingSink interface {
	Lasting(list []Committable) ([]Piece, error)
}

// Committable is what a writer wrote up to a checkpoint, as plain data in the sink's own encoding.
type Committable []byte

// WriteCounter is implemented by writers that know how much they have written to the external system: bytes so far, those not visible yet
// included.
type WriteCounter interface{ BytesWritten() int64 }

// Writer writes one subtask's rows. It is used by one task.
type Writer interface {
	// Write takes the batch's live rows; it is borrowed for the call.
	Write(ctx context.Context, b *column.Batch) error
	// Flush stores what was written and returns what Commit needs to show it. It is called at each checkpoint and at the end of the input. With
	// whole set, which it is at the end and at savepoints, nothing is held back for later; there may be more to write behind a savepoint.
	Flush(ctx context.Context, whole bool) ([]Committable, error)
	// Close ends the writer and discards what was not flushed.
	Close() error
}

// Piece is a part of what a writer holds, as plain data in the sink's own encoding.
type Piece []byte

// StatefulWriter is implemented by writers that hold across checkpoints what Flush has not handed over.
type StatefulWriter interface {
	// Held is what the writer holds behind a Flush. It becomes part of the checkpoint.
	Held() ([]Piece, error)
	// Restore takes pieces up, of any writers of the sink. It is called before the first Write, if there are any.
	Restore(ctx context.Context, held []Piece) error
}

// TimedWriter is implemented by writers that do something as time passes, also while no rows come.
type TimedWriter interface {
	// Due is when to call Tick; zero: there is no need to. It may change with each other call.
	Due() time.Time
	Tick(ctx context.Context) error
}

// WatermarkWriter is implemented by writers that want to know of event time.
type WatermarkWriter interface {
	// Watermark says that event time has reached t (milliseconds). It is called between batches; at the end of the input t is math.MaxInt64.
	Watermark(t int64)
}
