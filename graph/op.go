package graph

import (
	"slices"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// Op is what a node does: one of the pointer types below. They are plain data; package operator makes them run.
type Op interface{ op() }

// Table is an external table as a connector sees it.
type Table struct {
	Name        string // fully qualified, for messages: "default_catalog.default_database.orders"
	Connector   string
	Options     map[string]string // without 'connector'; secrets included, so never print it
	Columns     []column.Field    // physical columns, partition columns included
	Metadata    []Metadata        // metadata columns; they follow Columns in the numbering of Scan.Project
	PartitionBy []int             // positions in Columns
	PrimaryKey  []int             // positions in Columns
	// IdleTimeout is after which time without a row a source does not hold watermarks back; 0: the job's table.exec.source.idle-timeout,
	// negative: never.
	IdleTimeout time.Duration
	Alignment   Alignment
	// Late is where rows of the table go that come too late for an operator; nil: they are only counted.
	Late *Table
}

// Alignment makes a source wait for others: it reads nothing while its watermark is more than MaxDrift ahead of the slowest source of its Group.
// Group "" is none.
type Alignment struct {
	Group    string
	MaxDrift time.Duration
}

// Metadata is a column whose value the connector knows, such as the file's path.
type Metadata struct {
	Field column.Field
	Key   string
}

// Scan reads a table. Its output has the projected columns, in that order.
type Scan struct {
	Table   Table
	Project []int       // positions in Table.Columns, then Table.Metadata
	Filter  []expr.Expr // conjuncts over the projected columns that the source may use to skip data; a Calc above applies them again
	Limit   int64       // the source may stop after so many rows in each subtask; -1: no limit
}

// Values produces constant rows, in one subtask.
type Values struct{ Rows [][]expr.Expr }

// Calc filters, then computes one output column for each expression of Project (nil: all columns as they are).
type Calc struct {
	Filter  expr.Expr // nil: all rows
	Project []expr.Expr
}

// Unnest joins each row with the elements of one of its ARRAY, MAP or MULTISET columns. The output has the input columns
// that Keep names, then the element's columns (a ROW element's fields, a MAP's key and value, a MULTISET's element as often
// as it counts), then, where Ordinality is set, the 1-based position as INT.
type Unnest struct {
	Column     int
	Keep       []int
	Ordinality bool
	Outer      bool // a row without elements is kept, with NULLs
}

// Phase says which part of an aggregation a node does.
type Phase uint8

// The phases. A Partial node takes rows and emits keys and accumulator states; a Final node takes those; a Whole node
// takes rows and emits results.
const (
	Whole Phase = iota
	Partial
	Final
)

// Aggregate groups by Keys and computes Calls. Its output has the keys, then the calls (or their states, one after
// another, in phase Partial).
type Aggregate struct {
	Keys  []int
	Calls []expr.Aggregate
	Phase Phase
	// ArgTypes are the types of each call's arguments in phase Final, whose input has states in their stead; otherwise nil.
	ArgTypes [][]column.Type
	// Updates makes it emit a changelog: after each input row its group's new result, as +I or as -U and +U.
	// Otherwise each group's result is emitted once, at the end of the input.
	Updates bool
	// UpdateBefore says that whoever receives updates needs -U; without it a changelog has +U alone.
	UpdateBefore bool
	// Changes are those of the input: the calls must be able to take rows out if there are any.
	Changes Changes
	// Keep is what is kept of groups for which no row comes.
	Keep
	// Always makes a grouping without keys emit a row for empty input, as batch SQL asks for.
	Always bool
}

// Keep says what is kept of a state that nothing else bounds, in an operator or of one input of it.
type Keep struct {
	TTL     time.Duration // how long after its last change; 0: the job's table.exec.state.ttl, negative: for ever
	MaxKeys int           // of how many keys, those that changed last; 0: the job's table.exec.state.max-keys, negative: of all
}

// SortKey orders by one column.
type SortKey struct {
	Column     int
	Descending bool
	NullsLast  bool
}

// Sort orders a bounded input by Keys, stable, and emits rows Offset … Offset+Limit-1; Limit -1 is all. Without
// Keys it passes rows on in the order of their arrival.
type Sort struct {
	Keys          []SortKey
	Offset, Limit int64
	// Local makes each subtask do it for its own rows, before a Sort of all; otherwise it runs in one subtask.
	Local bool
}

// Union passes on the rows of all its inputs.
type Union struct{}

// LateRecords makes records of the rows that an operator dropped because they came too late, which reach it by an edge with Late: see [LateFields].
type LateRecords struct {
	Table    string // whose rows they are
	Operator string // that dropped them
	Time     int    // the column of the row's event time; -1: it has none
}

// LateFields are the columns of late records.
var LateFields = []column.Field{
	{Name: "record", Type: column.Str().Required()},                                 // the row as the operator got it, as JSON
	{Name: "source_table", Type: column.Str().Required()},                           // whose row it is, or was made of
	{Name: "dropped_by", Type: column.Str().Required()},                             // the operator
	{Name: "event_time", Type: column.Sized(column.TimestampLTZ, 3)},                // of the row, where it has one
	{Name: "watermark_time", Type: column.Sized(column.TimestampLTZ, 3).Required()}, // that had passed it
	{Name: "cause", Type: column.Str().Required()},
}

// LateField finds which of the late records' columns a table's column holds, by its name; -1 if none.
func LateField(c column.Field) int {
	return slices.IndexFunc(LateFields, func(f column.Field) bool { return f.Name == c.Name && expr.CanCast(f.Type, c.Type, true) })
}

// Sink writes rows to a table. The input has exactly the table's physical columns, in order.
type Sink struct {
	Table     Table
	Overwrite bool
	Partition map[string]string // static partition values of INSERT … PARTITION
}

// Collect hands rows to whoever started the job. Deliver is called from one subtask; the batch is valid during the call.
type Collect struct {
	Deliver func(b *column.Batch) error
}

// Custom runs an operator made in Go: New returns an operator.Operator for one subtask.
type Custom struct{ New func() any }

func (*Scan) op()        {}
func (*Values) op()      {}
func (*Calc) op()        {}
func (*Unnest) op()      {}
func (*Aggregate) op()   {}
func (*Sort) op()        {}
func (*Union) op()       {}
func (*Sink) op()        {}
func (*LateRecords) op() {}
func (*Collect) op()     {}
func (*Custom) op()      {}

// Options of a table whose values are credentials, by what their keys contain.
var secretWords = []string{"password", "secret", "token", "access-key", "apikey", "api-key", "credential"}

// IsSecret reports whether an option's value must be masked wherever it is shown.
func IsSecret(key string) bool {
	key = strings.ToLower(key)
	for _, w := range secretWords {
		if strings.Contains(key, w) {
			return true
		}
	}
	return false
}
