package graph

import (
	"slices"

	"github.com/millstream/millstream/graph/expr"
)

// JoinKind says which rows a join keeps besides the pairs that match.
type JoinKind uint8

// The kinds of joins. Semi and Anti joins have the left input's columns only.
const (
	InnerJoin JoinKind = iota
	LeftJoin           // left rows without a match, with NULLs
	RightJoin          // right rows without a match, with NULLs
	FullJoin           // both
	SemiJoin           // left rows that have a match, once
	AntiJoin           // left rows that have none
)

// String returns the kind's name.
func (k JoinKind) String() string {
	return [...]string{"Inner", "Left", "Right", "Full", "Semi", "Anti"}[k]
}

// KeepsLeft reports whether left rows without a match are part of the result; KeepsRight the same of right rows.
func (k JoinKind) KeepsLeft() bool  { return k == LeftJoin || k == FullJoin || k == AntiJoin }
func (k JoinKind) KeepsRight() bool { return k == RightJoin || k == FullJoin }

// LeftOnly reports whether the result has the left input's columns only.
func (k JoinKind) LeftOnly() bool { return k == SemiJoin || k == AntiJoin }

// Match says which rows of two inputs, numbered 0 (left) and 1 (right), belong together: those that are equal in LeftKeys[i] and RightKeys[i]
// for all i and for which Cond, over the columns of both inputs, is true. Without keys the operator runs in one subtask.
type Match struct {
	Type                JoinKind
	LeftKeys, RightKeys []int     // columns of each input, in pairs of the same type
	NullSafe            []bool    // by pair: NULL is equal to NULL; nil: it is nowhere
	Cond                expr.Expr // nil: true
}

// Side is what is known of one input of a streaming join.
type Side struct {
	Changes Changes
	// Unique is a set of columns whose values no two rows share at one time, nil if none is known. An upsert input has one, which contains
	// the join's keys of that input, so that what a row replaces has the same key.
	Unique []int
	// Keep is what is kept of its rows.
	Keep
}

// Join joins two inputs. Its output has the columns of both, or the left ones for Semi and Anti.
type Join struct {
	Match
	// Updates makes it emit matches as rows come and take them back as rows go, in the order of their arrival. Otherwise inputs are bounded and
	// insert-only: one side is held, and the result is insert-only.
	Updates bool
	// Sides are what the state of a join with Updates relies on.
	Sides [2]Side
	// Until is for an inner join with Updates of insert-only inputs: until when rows of a side can have matches; nil: for ever.
	Until [2]*JoinBound
	// BuildLeft asks a join without Updates to hold the left input rather than the right one.
	BuildLeft bool
}

// JoinBound says that a row of a side has no match with rows of the other side that come once the watermark of that is at the time in Column, a TIMESTAMP
// in milliseconds, plus Delay milliseconds.
type JoinBound struct {
	Column int
	Delay  int64
}

// MultiJoin joins several inputs that have one key in common, one after the other: the second with the first, the third with what came of these, and so
// on. It keeps the rows of each input once, by that key, and nothing of what lies between: what a changed row does to the result is found by walking the
// other inputs' rows of its key. The output has the columns of all inputs.
type MultiJoin struct {
	Keys  [][]int     // by input, the columns of the key, in the same order and of the same types; NULL is equal to nothing
	Joins []MultiStep // Joins[i] is how input i+1 is joined
	Sides []Side      // by input; see [Join]
}

// MultiStep is how one input of a [MultiJoin] is joined with those before it.
type MultiStep struct {
	Type JoinKind // InnerJoin or LeftJoin
	// Present are inputs before this one of which there must be a row: where one is missing, by a LeftJoin, nothing matches.
	Present []int
	Cond    expr.Expr // over the columns of all inputs up to this one; nil: true
}

// Outer reports whether rows without a match are part of the result somewhere.
func (j *MultiJoin) Outer() bool {
	return slices.ContainsFunc(j.Joins, func(s MultiStep) bool { return s.Type == LeftJoin })
}

// IntervalJoin joins rows whose times are near each other: left time is in [right time + Lower, right time + Upper], both
// milliseconds. The inputs are insert-only; rows that can match nothing any more are forgotten, and rows without a match are then emitted by kinds
// that keep them.
type IntervalJoin struct {
	Match
	LeftTime, RightTime int // columns of event time; -1: processing time
	Lower, Upper        int64
}

// TemporalJoin joins each left row with the right row of its key that was valid at the left row's time. Type is Inner or Left. With event time
// both sides wait for the watermark; with processing time (columns -1) the newest right row counts.
type TemporalJoin struct {
	Match
	LeftTime, RightTime int
	Changes             Changes // of the right input
}

// LookupKey is a column of a looked-up table and what it must be equal to.
type LookupKey struct {
	Column int       // position in Table.Columns
	Value  expr.Expr // over the input's columns; a literal or a column
}

// LookupJoin joins each input row with the rows of an external table that have its key at that moment. Type is Inner or Left. The output has the
// input's columns, then those that Project names.
type LookupJoin struct {
	Type    JoinKind
	Table   Table
	Project []int
	Keys    []LookupKey
	Filter  expr.Expr // over the projected columns; nil: true
	Cond    expr.Expr // over input columns, then projected ones; nil: true
	Hint    map[string]string
}

// WindowJoin joins rows of the same window: LeftEnd and RightEnd are the columns of the windows' ends, and keys say that starts and ends are
// equal. Results are emitted when the watermark passes a window's end, and rows are then forgotten.
type WindowJoin struct {
	Match
	LeftEnd, RightEnd int
	// Zoned says that windows are cut from TIMESTAMP_LTZ, so that their ends are in local time of the session's zone and watermarks are not.
	Zoned bool
}

func (*Join) op()         {}
func (*MultiJoin) op()    {}
func (*IntervalJoin) op() {}
func (*TemporalJoin) op() {}
func (*LookupJoin) op()   {}
func (*WindowJoin) op()   {}
