package syntax

// ColumnRef is a name in an expression: column, table.column, or column.field and so on; the binder finds
// out which. It has at least one part. A function without parentheses that is no keyword, such as PI, is
// a ColumnRef too.
type ColumnRef struct {
	Span
	Parts []Ident
}

// Star is `*` or `t.*` in a select list, or the `*` of COUNT(*).
type Star struct {
	Span
	Qualifier []Ident // empty: plain *
}

// LiteralKind tells the kinds of [Literal] apart.
type LiteralKind uint8

// The kinds of literals.
const (
	NullLiteral      LiteralKind = iota // NULL
	TrueLiteral                         // TRUE
	FalseLiteral                        // FALSE
	UnknownLiteral                      // UNKNOWN: a NULL of type BOOLEAN
	IntegerLiteral                      // 12
	DecimalLiteral                      // 1.5, .5, 1.
	ApproxLiteral                       // 1e5, 1.5E-3
	StringLiteral                       // 'it''s', U&'\0041'
	BinaryLiteral                       // X'0aFF'
	DateLiteral                         // DATE '2024-05-01'
	TimeLiteral                         // TIME '10:11:12'
	TimestampLiteral                    // TIMESTAMP '2024-05-01 10:11:12.5'
)

// Literal is a constant. Text is the number as written; the decoded content of a string, and of a date,
// time or timestamp (whose form is not checked here); the hexadecimal digits of a binary string; and
// empty for the words.
type Literal struct {
	Span
	Kind LiteralKind
	Text string
}

// IntervalUnits are the units of an interval: YEAR, DAY TO SECOND(3), … Precision and Fraction are the
// numbers in parentheses behind the leading unit and behind a SECOND, -1 where they are not given.
type IntervalUnits struct {
	Span
	From      string // upper case: YEAR, QUARTER, MONTH, WEEK, DAY, HOUR, MINUTE, SECOND
	To        string // upper case, empty if there is one unit only
	Precision int
	Fraction  int
}

// Interval is an interval literal: INTERVAL -'1 02' DAY TO HOUR. Text is the content of the string. INTERVAL n DAY has a number, a name or an
// expression in parentheses instead, in X.
type Interval struct {
	Span
	Negative bool
	Text     string
	X        Expr
	Units    IntervalUnits
}

// UnaryOp is an operator with one operand before it.
type UnaryOp uint8

// The unary operators. Final and Running are those of MATCH_RECOGNIZE.
const (
	OpNot UnaryOp = iota
	OpPlus
	OpMinus
	OpFinal
	OpRunning
)

// Unary is an operator before its operand.
type Unary struct {
	Span
	Op UnaryOp
	X  Expr
}

// BinaryOp is an operator between two operands.
type BinaryOp uint8

// The binary operators.
const (
	OpOr BinaryOp = iota
	OpAnd
	OpEq
	OpNe
	OpLt
	OpLe
	OpGt
	OpGe
	OpIsDistinct    // IS DISTINCT FROM
	OpIsNotDistinct // IS NOT DISTINCT FROM
	OpAdd
	OpSub
	OpMul
	OpDiv
	OpMod
	OpConcat
	OpOverlaps
	OpContains // of periods, as the four below
	OpEquals
	OpPrecedes
	OpSucceeds
	OpImmediatelyPrecedes
	OpImmediatelySucceeds
	OpMemberOf
	OpSubmultisetOf
	OpNotSubmultisetOf
	OpMultisetUnion    // MULTISET UNION DISTINCT
	OpMultisetUnionAll // MULTISET UNION [ALL]
	OpMultisetIntersect
	OpMultisetIntersectAll
	OpMultisetExcept
	OpMultisetExceptAll
)

// Binary is an operator between two operands. OpPos is the operator's place.
type Binary struct {
	Span
	Op    BinaryOp
	OpPos Pos
	L, R  Expr
}

// IsTest is what an IS predicate asks for.
type IsTest uint8

// The tests of IS.
const (
	IsNull IsTest = iota
	IsTrue
	IsFalse
	IsUnknown
	IsJSON // IS JSON, the same as IS JSON VALUE
	IsJSONObject
	IsJSONArray
	IsJSONScalar
	IsASet
	IsEmpty
)

// Is is X IS [NOT] NULL and its kin. IS DISTINCT FROM is a [Binary].
type Is struct {
	Span
	X    Expr
	Not  bool
	Test IsTest
}

// Between is X [NOT] BETWEEN [SYMMETRIC] Lo AND Hi.
type Between struct {
	Span
	X, Lo, Hi Expr
	Not       bool
	Symmetric bool
}

// In is X [NOT] IN (list or query). Exactly one of List and Query is set.
type In struct {
	Span
	X     Expr
	Not   bool
	List  []Expr
	Query *Query
}

// LikeKind tells the pattern predicates apart.
type LikeKind uint8

// The pattern predicates. ILIKE and RLIKE are part of the grammar though Flink has no functions for them.
const (
	Like LikeKind = iota
	ILike
	RLike
	SimilarTo
)

// LikeExpr is X [NOT] LIKE Pattern [ESCAPE Escape]. Escape is nil if it is not given.
type LikeExpr struct {
	Span
	X, Pattern, Escape Expr
	Not                bool
	Kind               LikeKind
}

// Quantified is a comparison with ANY, SOME or ALL: X Op ANY (query or list). Exactly one of List and Query
// is set. SOME is ANY.
type Quantified struct {
	Span
	X     Expr
	Op    BinaryOp
	OpPos Pos
	All   bool
	List  []Expr
	Query *Query
}

// Exists is EXISTS (Query).
type Exists struct {
	Span
	Query *Query
}

// Subquery is a query in parentheses as a value.
type Subquery struct {
	Span
	Query *Query
}

// When is a branch of CASE. A simple CASE may give several values: WHEN 1, 2 THEN; a searched one has
// exactly one condition.
type When struct {
	Span
	Conds []Expr
	Then  Expr
}

// Case is CASE [Operand] WHEN … [ELSE Else] END. Operand and Else may be nil.
type Case struct {
	Span
	Operand Expr
	Whens   []When
	Else    Expr
}

// Cast is CAST(X AS Type) or TRY_CAST.
type Cast struct {
	Span
	X    Expr
	Type *TypeName
	Try  bool
}

// Row is ROW(a, b) or, with at least two items, (a, b).
type Row struct {
	Span
	Items    []Expr
	Explicit bool // written with the word ROW
}

// CollectionKind tells ARRAY, MAP and MULTISET apart.
type CollectionKind uint8

// The collections.
const (
	Array CollectionKind = iota
	Map
	Multiset
)

// Collection is ARRAY[a, b], MAP[k, v, k, v] (an even number of items), MULTISET[a, b], or ARRAY(query) and
// so on. Items is used if Query is nil.
type Collection struct {
	Span
	Kind  CollectionKind
	Items []Expr
	Query *Query
}

// Index is X[Index]: an element of an array, map or variant.
type Index struct {
	Span
	X     Expr
	Index Expr
}

// Field is X.Name where X is not itself a name (which would make a [ColumnRef]).
type Field struct {
	Span
	X    Expr
	Name Ident
}

// DateMinus is (L - R) Units: the difference of two points in time in the given units.
type DateMinus struct {
	Span
	L, R  Expr
	Units IntervalUnits
}
