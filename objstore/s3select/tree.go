package s3select

import "strings"

// query is a statement: SELECT items FROM S3Object… WHERE where LIMIT limit.
type query struct {
	text       string
	all        bool // SELECT *
	items      []item
	from       []step // behind S3Object, without a leading [*]
	alias      string // empty if there is none
	where      *node  // nil: every record
	limit      int64  // -1: none
	aggregates []*node
}

type item struct {
	expr *node
	name string // of the output's column, empty where it is _N
}

// step is a part of a path: .name, [index] or [*].
type step struct {
	name  string
	exact bool // in quotes: only this spelling
	index int
	kind  stepKind
}

type stepKind uint8

const (
	stepName stepKind = iota
	stepIndex
	stepEach
)

func (s step) matches(name string) bool {
	return s.name == name || !s.exact && strings.EqualFold(s.name, name)
}

type op uint8

const (
	opLiteral op = iota
	opPath       // a value of the record; bound to a slot for records of fields
	opAnd
	opOr
	opNot
	opEqual
	opUnequal
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opBetween // args: value, low, high
	opIn      // args: value, the list
	opLike    // args: value, pattern and perhaps escape
	opIsNull
	opIsMissing
	opAdd
	opSubtract
	opMultiply
	opDivide
	opModulo
	opNegate
	opConcat
	opCase // args: condition, value in turn, and perhaps the value of ELSE
	opCast
	opCoalesce
	opNullIf
	opCharLength
	opLower
	opUpper
	opSubstring
	opTrim // args: value and perhaps characters
	opDateAdd
	opDateDiff
	opExtract
	opToString
	opToTimestamp
	opUTCNow
	opCount // of all records without args
	opSum
	opAvg
	opMin
	opMax
)

func (o op) isAggregate() bool { return o >= opCount }

// node is an expression. It is read by all workers of a request and never changed once it is bound.
type node struct {
	op      op
	pos     int // in the text
	args    []*node
	value   value    // opLiteral
	path    []step   // opPath
	slot    int      // opPath: of the record's fields; opCount …: of the accumulators
	to      castKind // opCast
	part    datePart // opDateAdd, opDateDiff, opExtract
	side    trimSide // opTrim
	pattern *pattern // opLike, if the pattern is a literal
	format  []formatPart
}

type castKind uint8

const (
	castBool castKind = iota
	castInt
	castText
	castFloat
	castDecimal
	castTime
)

type trimSide uint8

const (
	trimBoth trimSide = iota
	trimLeading
	trimTrailing
)
