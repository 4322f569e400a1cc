package syntax

// Quantifier is the DISTINCT or ALL of an aggregate's arguments.
type Quantifier uint8

// The quantifiers.
const (
	NoQuantifier Quantifier = iota
	DistinctQuantifier
	AllQuantifier
)

// NullTreatment is what a window function does about NULLs.
type NullTreatment uint8

// The treatments of NULLs.
const (
	NoNullTreatment NullTreatment = iota
	RespectNulls
	IgnoreNulls
)

// JSONNulls is what a JSON constructor does about NULL values.
type JSONNulls uint8

// The clauses for NULL values. Without one, JSON_OBJECT and JSON_OBJECTAGG take NULL ON NULL, JSON_ARRAY and
// JSON_ARRAYAGG take ABSENT ON NULL.
const (
	JSONNullsDefault JSONNulls = iota
	JSONNullOnNull
	JSONAbsentOnNull
)

// FuncCall is the call of a function of any kind: scalar, aggregate, window or table function.
//
// The functions with words between their arguments have Special set and the arguments in this order:
//
//	SUBSTRING(x FROM a [FOR n])               x, a[, n]
//	POSITION(a IN x [FROM n])                 a, x[, n]
//	OVERLAY(x PLACING y FROM a [FOR n])       x, y, a[, n]
//	TRIM([BOTH|LEADING|TRAILING] [c] FROM x)  x[, c], see Trim
//	EXTRACT(unit FROM x)                      *TimeUnit, x
//	FLOOR(x TO unit), CEIL(x TO unit)         x, *TimeUnit
//	JSON_OBJECT(KEY k VALUE v, …)             k, v, k, v, …
//	JSON_OBJECTAGG(KEY k VALUE v)             k, v
//	JSON_ARRAY(a, …), JSON_ARRAYAGG(a)        a, …
//
// TIMESTAMPADD and TIMESTAMPDIFF have a *TimeUnit first and are not special. COUNT(*) has a [*Star].
type FuncCall struct {
	Span
	Name       Name
	Special    bool          // written in a form of its own
	NoParens   bool          // CURRENT_DATE and its kin, written without parentheses
	Quantifier Quantifier    // COUNT(DISTINCT x)
	Args       []Expr        // may hold *Star, *NamedArg, *TableArg, *ModelArg, *Descriptor, *DefaultArg, *TimeUnit
	OrderBy    []OrderItem   // ARRAY_AGG(x ORDER BY y)
	Trim       TrimSide      // of TRIM
	JSONNulls  JSONNulls     // of JSON_OBJECT, JSON_ARRAY, JSON_OBJECTAGG, JSON_ARRAYAGG
	Nulls      NullTreatment // IGNORE NULLS
	Within     []OrderItem   // WITHIN GROUP (ORDER BY …)
	Filter     Expr          // FILTER (WHERE …); nil if none
	Over       *WindowSpec   // nil if it is not a window call
}

// TrimSide is the side TRIM works on.
type TrimSide uint8

// The sides of TRIM.
const (
	TrimBoth TrimSide = iota
	TrimLeading
	TrimTrailing
)

// NamedArg is name => Value.
type NamedArg struct {
	Span
	Name  Ident
	Value Expr
}

// TableArg is the argument TABLE t [PARTITION BY …] [ORDER BY …] of a table function. In place of the
// name there may be a query.
type TableArg struct {
	Span
	Name        *Name  // nil if Query is set
	Query       *Query // nil if Name is set
	PartitionBy []Expr
	OrderBy     []OrderItem
}

// ModelArg is the argument MODEL m of ML_PREDICT.
type ModelArg struct {
	Span
	Name Name
}

// Descriptor is the argument DESCRIPTOR(column, …).
type Descriptor struct {
	Span
	Columns []ColumnRef
}

// DefaultArg is the argument DEFAULT.
type DefaultArg struct {
	Span
}

// TimeUnit is a unit of time as an argument. Name is in upper case; whether it is a known unit is not
// checked here.
type TimeUnit struct {
	Span
	Name string
}

// WindowSpec is what stands behind OVER or in a WINDOW clause.
type WindowSpec struct {
	Span
	Bare        bool   // OVER w, without parentheses: only Base is set
	Base        *Ident // the window this one starts from; nil if none
	PartitionBy []Expr
	OrderBy     []OrderItem
	Frame       *Frame // nil if none
}

// FrameUnit is the measure of a window frame.
type FrameUnit uint8

// The frame units.
const (
	FrameRange FrameUnit = iota
	FrameRows
)

// BoundKind tells a frame's bounds apart.
type BoundKind uint8

// The bounds.
const (
	UnboundedPreceding BoundKind = iota
	Preceding
	CurrentRow
	Following
	UnboundedFollowing
)

// Bound is one bound of a window frame. Offset is set for Preceding and Following.
type Bound struct {
	Span
	Kind   BoundKind
	Offset Expr
}

// Frame is ROWS or RANGE, BETWEEN Start AND Stop. For the short form `ROWS 3 PRECEDING` Stop is nil and means
// the current row.
type Frame struct {
	Span
	Unit  FrameUnit
	Start Bound
	Stop  *Bound
}

// NullsOrder is the place of NULLs in an order.
type NullsOrder uint8

// The places of NULLs.
const (
	NullsDefault NullsOrder = iota
	NullsFirst
	NullsLast
)

// OrderItem is an item of ORDER BY.
type OrderItem struct {
	Span
	X     Expr
	Desc  bool
	Nulls NullsOrder
}

// JSONFunc is a function with a JSON path.
type JSONFunc uint8

// The functions with a JSON path.
const (
	JSONExists JSONFunc = iota
	JSONValue
	JSONQuery
)

// JSONBehavior is what such a function gives on an empty result or an error.
type JSONBehavior uint8

// The behaviours. TRUE, FALSE and UNKNOWN are JSON_EXISTS's, DEFAULT is JSON_VALUE's, the empty ones are
// JSON_QUERY's.
const (
	JSONBehaviorUnset JSONBehavior = iota
	JSONBehaviorNull
	JSONBehaviorError
	JSONBehaviorDefault
	JSONBehaviorTrue
	JSONBehaviorFalse
	JSONBehaviorUnknown
	JSONBehaviorEmptyArray
	JSONBehaviorEmptyObject
)

// JSONWrapper is the WRAPPER clause of JSON_QUERY.
type JSONWrapper uint8

// The wrappers. WITH WRAPPER is unconditional.
const (
	JSONWrapperUnset JSONWrapper = iota
	JSONWithoutWrapper
	JSONWithWrapper
	JSONWithConditionalWrapper
)

// JSONClause is an ON EMPTY or ON ERROR clause; Default is the value behind DEFAULT.
type JSONClause struct {
	Span
	Behavior JSONBehavior
	Default  Expr
}

// JSONPathCall is JSON_EXISTS, JSON_VALUE or JSON_QUERY.
type JSONPathCall struct {
	Span
	Func      JSONFunc
	X         Expr
	Path      Expr
	Returning *TypeName // nil if not given
	Wrapper   JSONWrapper
	OnEmpty   JSONClause
	OnError   JSONClause
}
