package graph

import "github.com/millstream/millstream/graph/expr"

// RankKind is how rows with equal keys are numbered.
type RankKind uint8

// The numberings.
const (
	RowNumber RankKind = iota // 1, 2, 3, 4: the earlier row has the better number
	RankRank                  // 1, 2, 2, 4
	DenseRank                 // 1, 2, 2, 3
)

// Rank keeps the rows From … To (from 1, both included) of each partition in the order of its keys. With Number the output has one more
// column, the row's number as BIGINT NOT NULL; then a row that moves is updated.
type Rank struct {
	Numbering RankKind
	Partition []int
	Order     []SortKey // none: the order of arrival
	From, To  int64
	ToColumn  int // column of the input with the last number, which must be the same for all rows of a partition; -1: To counts
	Number    bool
	// Latest makes the later one of rows that are alike the better one, as deduplication of windows that keeps the last row has it.
	Latest bool
	// Updates makes it emit a changelog as rows come; otherwise results are emitted at the end of a bounded input.
	Updates bool
	// UpdateBefore says that whoever receives updates needs -U.
	UpdateBefore bool
	Side         Side // what is known of the input
	// WindowEnd, unless -1, is a column with the end of the window that the partition belongs to: results are emitted when the watermark passes it,
	// insert-only, and the partition is then forgotten. Zoned says that windows are of a TIMESTAMP_LTZ, so that the end is in the session's zone.
	WindowEnd int
	Zoned     bool
}

// Deduplicate keeps the first or the last row of each key by time.
type Deduplicate struct {
	Keys         []int
	Time         int  // column of event time; -1: the order of arrival
	Last         bool // keep the last row; a later one replaces it. Otherwise the first: by event time it is emitted once the watermark has passed it
	UpdateBefore bool
	Changes      Changes // of the input
}

// Normalize makes a full changelog of an upsert stream, whose rows replace one another by Keys: what was known before is taken back, and what changes
// nothing is left out.
type Normalize struct {
	Keys         []int
	Filter       expr.Expr // keeps the rows for which it is true, as if it stood behind; nil: all
	UpdateBefore bool
}

// Materialize makes what a sink keeps by Keys, its primary key, right where rows of one key may come from several keys of the stream, in any
// order: it remembers the rows of each sink key and emits the newest that still lives. InputKeys is the stream's own unique key; nil: whole rows.
type Materialize struct {
	Keys, InputKeys []int
	Conflict        Conflict
	Table           string   // the sink's, for messages
	KeyNames        []string // of its columns
}

// Conflict is what happens to rows of several keys of a stream that have the same key of a sink.
type Conflict uint8

// What may happen.
const (
	ShowNewest     Conflict = iota // the newest that lives is shown
	KeepFirst                      // the first is shown for as long as it lives; others that live when the watermark goes on are forgotten
	FailOnConflict                 // as KeepFirst, but others fail the job
)

// DropUpdateBefore leaves out -U rows.
type DropUpdateBefore struct{}

// TemporalSort orders a stream by an ascending time, and rows of the same time by Keys: it emits what the watermark has passed. Rows that
// come later are dropped.
type TemporalSort struct {
	Time int // column of event time; -1: processing time, where rows of the same millisecond are ordered
	Keys []SortKey
}

// Expand emits each row once for every list of Projections.
type Expand struct{ Projections [][]expr.Expr }

// Replicate emits each row as often as the BIGINT column Count says, without that column.
type Replicate struct{ Count int }

// TableFunction joins each row with the rows that a user's table function makes of it: the output has the input's columns, then the
// function's.
type TableFunction struct {
	Func  *expr.TableFunction
	Args  []expr.Expr
	Outer bool // a row without results is kept, with NULLs
}

func (*Rank) op()             {}
func (*Deduplicate) op()      {}
func (*Normalize) op()        {}
func (*Materialize) op()      {}
func (*DropUpdateBefore) op() {}
func (*TemporalSort) op()     {}
func (*Expand) op()           {}
func (*Replicate) op()        {}
func (*TableFunction) op()    {}
