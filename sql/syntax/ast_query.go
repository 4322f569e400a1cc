package syntax

// Query is a query with the clauses around its body, as a statement or inside one.
type Query struct {
	Span
	With    []CTE
	Body    QueryBody
	OrderBy []OrderItem
	Offset  *Literal // nil if none
	Limit   *Literal // of LIMIT or FETCH; nil if none or LIMIT ALL
}

// CTE is Name [(Columns)] AS (Query) in a WITH clause.
type CTE struct {
	Span
	Name    Ident
	Columns []Ident
	Query   *Query
}

// SetOpKind tells the set operations apart.
type SetOpKind uint8

// The set operations.
const (
	Union SetOpKind = iota
	Intersect
	Except
)

// SetOp is L UNION|INTERSECT|EXCEPT [ALL] R. OpPos is the operator's place.
type SetOp struct {
	Span
	Kind  SetOpKind
	All   bool
	OpPos Pos
	L, R  QueryBody
}

// Values is VALUES (1, 'a'), (2, 'b'). Each row has at least one item; VALUES 1, 2 has rows of one item.
type Values struct {
	Span
	Rows []Row
}

// ExplicitTable is TABLE t, which is SELECT * FROM t.
type ExplicitTable struct {
	Span
	Name Name
}

// Select is SELECT … FROM … and so on. Optional parts are nil.
type Select struct {
	Span
	Hints    []Hint
	Distinct bool
	Items    []SelectItem
	From     TableRef // a comma between tables is a *Join of kind CommaJoin
	Where    Expr
	GroupBy  *GroupBy
	Having   Expr
	Windows  []NamedWindow
	Qualify  Expr
}

// SelectItem is an item of a select list. X may be a [*Star].
type SelectItem struct {
	Span
	X     Expr
	Alias *Ident
}

// GroupBy is GROUP BY [DISTINCT] items.
type GroupBy struct {
	Span
	Distinct bool
	Items    []GroupItem
}

// GroupKind tells the grouping items apart.
type GroupKind uint8

// The grouping items.
const (
	GroupExpr  GroupKind = iota // X, where several columns in parentheses are a *Row
	GroupEmpty                  // ()
	GroupingSets
	GroupCube
	GroupRollup
)

// GroupItem is an item of GROUP BY, possibly nested: GROUPING SETS holds Items of any kind, CUBE and ROLLUP
// hold expressions.
type GroupItem struct {
	Span
	Kind  GroupKind
	X     Expr
	Items []GroupItem
}

// NamedWindow is Name AS (Spec) in a WINDOW clause.
type NamedWindow struct {
	Span
	Name Ident
	Spec WindowSpec
}

// Hint is one hint of a /*+ … */ comment: NAME, NAME(a, b) or NAME('k' = 'v').
type Hint struct {
	Span
	Name Ident
	Args []HintArg
}

// HintArg is an argument of a hint: a name, a literal, or key = value. Key is nil if there is only a value.
type HintArg struct {
	Span
	Key   Expr // *Literal or *ColumnRef
	Value Expr // *Literal or *ColumnRef
}

// TableAlias is [AS] Name [(Columns)].
type TableAlias struct {
	Span
	Name    Ident
	Columns []Ident
}

// TableName is a table, view or common table expression by name, possibly as it was at a point in time.
type TableName struct {
	Span
	Name       Name
	Hints      []Hint
	SystemTime Expr // FOR SYSTEM_TIME AS OF …; nil if none
	Alias      *TableAlias
}

// TableFunc is a table function: TABLE(f(x)), LATERAL TABLE(f(x)) or plain f(x).
type TableFunc struct {
	Span
	Lateral bool
	Wrapped bool // inside TABLE( … )
	Call    *FuncCall
	Alias   *TableAlias
}

// Unnest is UNNEST(X, …) [WITH ORDINALITY].
type Unnest struct {
	Span
	Lateral    bool
	Args       []Expr
	Ordinality bool
	Alias      *TableAlias
}

// DerivedTable is a query in parentheses.
type DerivedTable struct {
	Span
	Lateral bool
	Query   *Query
	Alias   *TableAlias
}

// JoinKind tells the joins apart.
type JoinKind uint8

// The joins.
const (
	InnerJoin JoinKind = iota
	LeftJoin
	RightJoin
	FullJoin
	CrossJoin
	CommaJoin // FROM a, b
)

// Join is a join of two items of FROM. On and Using are empty for a join without condition.
type Join struct {
	Span
	Kind    JoinKind
	Natural bool
	OpPos   Pos // place of the first word of the join operator
	L, R    TableRef
	On      Expr
	Using   []Ident
}

// MatchRecognize is Input MATCH_RECOGNIZE ( … ).
type MatchRecognize struct {
	Span
	Input       TableRef
	PartitionBy []Expr
	OrderBy     []OrderItem
	Measures    []SelectItem
	AllRows     bool // ALL ROWS PER MATCH; false: ONE ROW PER MATCH, the default
	After       *MatchSkip
	Pattern     Pattern
	AtStart     bool // the pattern begins with ^
	AtEnd       bool // the pattern ends with $
	Within      Expr // nil if none
	Subsets     []MatchSubset
	Define      []MatchDefine
	Alias       *TableAlias
}

// SkipKind tells the AFTER MATCH clauses apart.
type SkipKind uint8

// The AFTER MATCH clauses.
const (
	SkipToNextRow SkipKind = iota
	SkipPastLastRow
	SkipToFirst
	SkipToLast
)

// MatchSkip is AFTER MATCH SKIP …; Variable is set for SkipToFirst and SkipToLast (SKIP TO x is SKIP TO LAST x).
type MatchSkip struct {
	Span
	Kind     SkipKind
	Variable Ident
}

// PatternKind tells the forms of a row pattern apart.
type PatternKind uint8

// The forms of a row pattern.
const (
	PatternVariable PatternKind = iota
	PatternSequence             // A B
	PatternAlternation
	PatternPermute // PERMUTE(A, B)
	PatternExclude // {- A -}
)

// Pattern is a row pattern with its quantifier: {1,1} without one; Max is -1 for no upper limit.
type Pattern struct {
	Span
	Kind       PatternKind
	Variable   Ident     // of PatternVariable
	Items      []Pattern // of the others
	Min, Max   int
	Quantified bool // a quantifier is written
	Reluctant  bool // the quantifier ends with ?
}

// MatchSubset is Name = (Variables) in SUBSET.
type MatchSubset struct {
	Span
	Name      Ident
	Variables []Ident
}

// MatchDefine is Variable AS Cond in DEFINE.
type MatchDefine struct {
	Span
	Variable Ident
	Cond     Expr
}
