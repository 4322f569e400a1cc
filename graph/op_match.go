package graph

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// MatchPattern finds sequences of rows: MATCH_RECOGNIZE. Rows of a partition are put in the order of Time, then Order; the output has the
// partition's columns, then one for each measure, once for every match.
type MatchPattern struct {
	Partition []int
	Time      int // column of event time; -1: processing time
	Order     []SortKey
	Variables []string // pattern variables, by number
	Pattern   PatternPart
	// Define is the condition that makes a row one of a variable, by variable; its E is nil where any row is.
	Define   []MatchExpr
	Measures []MatchExpr
	Skip     MatchSkip
	Within   int64 // milliseconds that a match may last at most; 0: any time
}

// PatternPart is a part of a row pattern: a variable, or parts in sequence, from Min to Max times.
type PatternPart struct {
	Variable  int // -1: Parts
	Parts     []PatternPart
	Min, Max  int // Max -1: no limit
	Reluctant bool
}

// SkipKind says where the search goes on behind a match.
type SkipKind uint8

// The places.
const (
	SkipPastLast SkipKind = iota // behind the match's last row
	SkipToNext                   // behind its first row
	SkipToFirst                  // at the first row of a variable
	SkipToLast                   // at the last row of a variable
)

// MatchSkip is AFTER MATCH SKIP.
type MatchSkip struct {
	Kind     SkipKind
	Variable int
}

// MatchExpr is an expression over what is known of a match: column i of E is the value of Refs[i].
type MatchExpr struct {
	E    expr.Expr
	Refs []MatchRef
	Name string
}

// MatchRefKind tells the references apart.
type MatchRefKind uint8

// The references.
const (
	RefLast      MatchRefKind = iota // Arg in the variable's last row so far, Offset rows before it
	RefFirst                         // Arg in the variable's first row, Offset rows behind it
	RefAggregate                     // an aggregate over all rows of the variable so far
	RefRowtime                       // the event time of the match's last row
	RefProctime                      // the time of processing
)

// MatchRef is a value of the rows of a match, over the input's columns. It is NULL where there is no such row.
type MatchRef struct {
	Kind      MatchRefKind
	Variables []int // whose rows count; nil: all rows of the match
	Arg       expr.Expr
	Offset    int
	Aggregate *expr.AggregateFunction
	Args      []expr.Expr // of the aggregate
	T         column.Type
}

func (*MatchPattern) op() {}
