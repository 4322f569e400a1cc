package syntax

// Pos is a byte offset in the source text.
type Pos int32

// Span is the place of a node: the bytes From ≤ i < To of the source text. Nodes embed it.
type Span struct {
	From, To Pos
}

// Pos returns the offset of the node's first byte.
func (s Span) Pos() Pos { return s.From }

// End returns the offset behind the node's last byte.
func (s Span) End() Pos { return s.To }

// Node is a part of the syntax tree.
type Node interface {
	Pos() Pos
	End() Pos
}

// Statement is a complete statement.
type Statement interface {
	Node
	statement()
}

// Expr is an expression, or what may stand where an argument stands ([Star], [NamedArg], [TableArg], …).
type Expr interface {
	Node
	expr()
}

// TableRef is an item of a FROM clause.
type TableRef interface {
	Node
	tableRef()
}

// QueryBody is what a query's WITH, ORDER BY and LIMIT stand around: [*Select], [*SetOp], [*Values],
// [*ExplicitTable] or a [*Query] in parentheses that has such clauses of its own.
type QueryBody interface {
	Node
	queryBody()
}

// Ident is one simple identifier. Name is without quotes, in the case of the text: Flink's identifiers are
// case-sensitive.
type Ident struct {
	Span
	Name   string
	Quoted bool // written in backticks
}

// Name is a dotted name of a catalog object, such as table, database.table or catalog.database.table.
// It has at least one part.
type Name struct {
	Span
	Parts []Ident
}

// Last returns the name's last part.
func (n *Name) Last() Ident { return n.Parts[len(n.Parts)-1] }
