package graph

import (
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// Watermark makes watermarks: after a row the event time of its subtask is at least Expr, a timestamp over the row's columns, in
// milliseconds; a row whose time is not greater is late. Column is the row's own time. Rows pass unchanged, before the watermark they cause. Times and watermarks of
// TIMESTAMP are read as if local time were UTC, those of TIMESTAMP_LTZ are instants.
type Watermark struct {
	Column int
	Expr   expr.Expr
	// Each says that rows are to come behind the watermark of the row before, because somebody looks at it. Otherwise a watermark may wait for the
	// end of a batch if it makes no row late.
	Each bool
	// Every is the number of rows after which the watermark follows them; 0: it does so by pipeline.auto-watermark-interval.
	Every int
}

// WindowKind tells the windows apart.
type WindowKind uint8

// The kinds of windows.
const (
	Tumble   WindowKind = iota // [k·Size, (k+1)·Size)
	Hop                        // [k·Slide, k·Slide+Size)
	Cumulate                   // [k·Size, k·Size + i·Slide) for i = 1 … Size/Slide
	Session                    // rows of a partition, each less than Size behind the one before
)

// String returns the kind's name.
func (k WindowKind) String() string { return [...]string{"TUMBLE", "HOP", "CUMULATE", "SESSION"}[k] }

// Window says into which windows a row falls. Durations are milliseconds; a window starts at a multiple (of Slide for Hop, else of Size)
// plus Offset, counted from 1970-01-01 00:00:00, in local time of the session's zone for TIMESTAMP_LTZ.
type Window struct {
	Type                WindowKind
	Size, Slide, Offset int64
	Time                int // column of the input with the row's time, of type TIMESTAMP or TIMESTAMP_LTZ
	// Processing says that the row's time is that of its processing; Time is not read then.
	Processing bool
	// Zoned says that the time is a TIMESTAMP_LTZ, so that windows are cut in local time.
	Zoned bool
}

// AssignWindows is a windowing table function: a row leaves once for each of its windows, with three more columns: window_start
// and window_end, TIMESTAMP(3) NOT NULL in local time, and window_time, of the time column's type, a millisecond before the end. Session
// windows hold their rows until the watermark has passed; Partition tells sessions apart.
type AssignWindows struct {
	Window
	Partition []int
	Changes   Changes // of the input
}

// WindowProperty is what an aggregation over windows tells of the window.
type WindowProperty uint8

// The properties.
const (
	WindowStart   WindowProperty = iota // TIMESTAMP(3)
	WindowEnd                           // TIMESTAMP(3)
	WindowRowtime                       // end less a millisecond, of the time column's type
	WindowProctime
)

// WindowAggregate groups by Keys and windows and computes Calls. The output has the keys, the results of the calls, and Properties. Results are
// emitted when the watermark (or the clock) passes a window's end and are then forgotten; rows that come later are dropped and counted as late.
type WindowAggregate struct {
	Window
	// Attached says that the rows already bear their windows: Start and End are the columns of the input (of AssignWindows, or of
	// another window aggregate), and Window only describes how they were made.
	Attached   bool
	Start, End int
	Keys       []int
	Calls      []expr.Aggregate
	Properties []WindowProperty
	Changes    Changes // of the input
	// Phase Partial aggregates by slice before an exchange and emits keys, states and, as BIGINT NOT NULL, the slice's end in milliseconds of
	// local time; Final takes those.
	Phase    Phase
	ArgTypes [][]column.Type // as in Aggregate
	// Of legacy group windows (table.exec.emit.*): results also before the end or after it, as updates. 0: none; negative: with each row.
	Early, Late     time.Duration
	AllowedLateness time.Duration
	EmitEarly       bool
	EmitLate        bool
}

// BoundKind is where a frame of OVER begins or ends.
type BoundKind uint8

// The bounds.
const (
	UnboundedPreceding BoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// Bound is an end of a frame. Offset is what Preceding and Following count by: a number of rows (BIGINT), or for RANGE a value to
// subtract from or add to the order column.
type Bound struct {
	Kind   BoundKind
	Offset *expr.Literal
}

// Frame is the rows around a row that a call of OVER sees.
type Frame struct {
	Rows     bool // ROWS: counted; otherwise RANGE: by the order column's value, peers included
	From, To Bound
}

// HasCurrent reports whether the frame of every row has the row itself in it.
func (f *Frame) HasCurrent() bool { return f.From.Kind <= CurrentRow && f.To.Kind >= CurrentRow }

// OverCall is one call with OVER: an aggregate over a frame, or a function of the row's place.
type OverCall struct {
	Aggregate *expr.Aggregate // nil for a window function
	Function  *expr.WindowFunction
	Args      []expr.Expr // of a window function: over the input's columns
	Frame     Frame
	Name      string
	T         column.Type
}

// OverTime says what orders the rows of an Over.
type OverTime uint8

// The orders.
const (
	OverColumns    OverTime = iota // any columns: bounded input is sorted; a stream's results are updated
	OverEventTime                  // ascending event time: rows wait for the watermark
	OverProcessing                 // the order of arrival
)

// Over adds the results of its calls to each row. The output has the input's columns, then the results.
type Over struct {
	Partition []int
	Order     []SortKey
	Time      OverTime
	Calls     []OverCall
	Updates   bool // a stream: results are emitted as rows come or the watermark passes; otherwise at the end of the input
}

func (*Watermark) op()       {}
func (*AssignWindows) op()   {}
func (*WindowAggregate) op() {}
func (*Over) op()            {}
