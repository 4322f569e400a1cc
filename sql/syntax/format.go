package syntax

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Style says how a tree is printed. The zero Style quotes only the names that have to be, or were, quoted.
type Style struct {
	// QuoteNames puts every name of a table, column and so on into backticks.
	QuoteNames bool
	// QuoteFunction tells whether a function's name is put into backticks. It may be nil.
	QuoteFunction func(name string) bool
	// AsFlink prints what Flink prints where it shows a definition again, such as by SHOW CREATE VIEW: each clause of a query begins a line,
	// and rows, ranges, limits, conditions and types are spelled out. It parses to what means the same.
	AsFlink bool
}

// Format prints a node in the zero [Style]: as canonical SQL on one line that parses to an equal node, if the node is
// a statement, a query, an expression or a type.
func Format(n Node) string { return Style{}.Format(n) }

// Format prints a node in the style.
func (s Style) Format(n Node) string {
	f := formatter{style: s}
	f.node(n)
	return f.b.String()
}

// String returns the name as [Format] prints it.
func (n *Name) String() string { return Format(n) }

// String returns the type as [Format] prints it.
func (t *TypeName) String() string { return Format(t) }

// formatter prints nodes.
type formatter struct {
	style Style
	b     strings.Builder
}

// node prints a node of any kind.
func (f *formatter) node(n Node) {
	switch n := n.(type) {
	case Statement: // before QueryBody: a *Query is both
		f.statement(n)
	case Expr:
		f.expr(n, 0)
	case TableRef:
		f.tableRef(n)
	case QueryBody:
		f.queryBody(n)
	case AlterAction:
		f.alterAction(n)
	case *TypeName:
		f.typeName(n)
	case *Name:
		f.name(*n)
	case *Ident:
		f.ident(*n)
	case *OrderItem:
		f.orderItem(*n)
	case *SelectItem:
		f.selectItem(*n)
	case *GroupItem:
		f.groupItem(*n)
	case *WindowSpec:
		f.windowSpec(n)
	case *Column:
		f.column(*n)
	case *Constraint:
		f.constraint(*n)
	case *Watermark:
		f.watermark(*n)
	case *Option:
		f.option(*n)
	case *Distribution:
		f.distribution(n)
	case *Pattern:
		f.pattern(*n, false)
	default:
		fmt.Fprintf(&f.b, "<%T>", n)
	}
}

// put writes text.
func (f *formatter) put(parts ...string) {
	for _, s := range parts {
		f.b.WriteString(s)
	}
}

// clause begins a clause of a query with a word.
func (f *formatter) clause(word string) {
	if f.style.AsFlink {
		f.put("\n", word)
	} else {
		f.put(" ", word)
	}
}

// lines writes items with commas between them, each on a line of its own if the style has lines.
func lines[T any](f *formatter, items []T, item func(T)) {
	for i, x := range items {
		if i > 0 {
			f.put(",")
			f.clause("")
		}
		item(x)
	}
}

// putIf writes text under a condition.
func (f *formatter) putIf(cond bool, s string) {
	if cond {
		f.b.WriteString(s)
	}
}

// each writes items with commas between them.
func each[T any](f *formatter, items []T, item func(T)) {
	for i, x := range items {
		f.putIf(i > 0, ", ")
		item(x)
	}
}

// parens writes items with commas between them, in parentheses.
func parens[T any](f *formatter, items []T, item func(T)) {
	f.put("(")
	each(f, items, item)
	f.put(")")
}

// ident writes an identifier, quoted if it has to be or was.
func (f *formatter) ident(id Ident) {
	if id.Quoted || f.style.QuoteNames || needsQuotes(id.Name) {
		f.put("`", strings.ReplaceAll(id.Name, "`", "``"), "`")
		return
	}
	f.put(id.Name)
}

// wordOrIdent writes an identifier that may be a reserved word without quotes.
func (f *formatter) wordOrIdent(id Ident) {
	if id.Quoted {
		f.ident(id)
		return
	}
	f.put(id.Name)
}

// needsQuotes tells whether an identifier is not a mere word, or a reserved one.
func needsQuotes(name string) bool {
	if r, _ := utf8.DecodeRuneInString(name); !isLetter(r) || name == "$" {
		return true
	}
	return wordEnd(name, 0) != len(name) || IsReserved(name)
}

func (f *formatter) idents(ids []Ident) { parens(f, ids, f.ident) }

func (f *formatter) name(n Name) { f.parts(n.Parts) }

func (f *formatter) parts(parts []Ident) {
	for i, id := range parts {
		f.putIf(i > 0, ".")
		f.ident(id)
	}
}

// functionName writes a function's name. A word that is reserved, but may name a function, stays unquoted.
func (f *formatter) functionName(n Name) {
	if len(n.Parts) > 1 {
		f.name(n)
		return
	}
	id := n.Parts[0]
	id.Quoted = id.Quoted || f.style.QuoteFunction != nil && f.style.QuoteFunction(id.Name)
	f.wordOrIdent(id)
}

// text writes a string literal.
func (f *formatter) text(s string) {
	f.put("'", strings.ReplaceAll(s, "'", "''"), "'")
}

func (f *formatter) literal(l *Literal) {
	switch l.Kind {
	case NullLiteral:
		f.put("NULL")
	case TrueLiteral:
		f.put("TRUE")
	case FalseLiteral:
		f.put("FALSE")
	case UnknownLiteral:
		f.put("UNKNOWN")
	case ApproxLiteral:
		if f.style.AsFlink {
			f.put(strings.ToUpper(l.Text))
			return
		}
		f.put(l.Text)
	case IntegerLiteral, DecimalLiteral:
		f.put(l.Text)
	case StringLiteral:
		f.text(l.Text)
	case BinaryLiteral:
		f.put("X")
		if f.style.AsFlink {
			f.text(strings.ToUpper(l.Text))
			return
		}
		f.text(l.Text)
	case DateLiteral:
		f.put("DATE ")
		f.text(l.Text)
	case TimeLiteral:
		f.put("TIME ")
		f.text(l.Text)
	case TimestampLiteral:
		f.put("TIMESTAMP ")
		f.text(l.Text)
	}
}

func (f *formatter) interval(i *Interval) {
	f.put("INTERVAL ")
	f.putIf(i.Negative, "-")
	switch x := i.X.(type) {
	case nil:
		f.text(i.Text)
	case *Literal, *ColumnRef:
		f.expr(x, precPrimary)
	default:
		f.put("(")
		f.expr(x, 0)
		f.put(")")
	}
	f.put(" ")
	f.units(i.Units)
}

func (f *formatter) units(u IntervalUnits) {
	f.put(u.From)
	switch {
	case u.Precision >= 0 && u.Fraction >= 0 && u.To == "":
		fmt.Fprintf(&f.b, "(%d, %d)", u.Precision, u.Fraction)
	case u.Precision >= 0:
		fmt.Fprintf(&f.b, "(%d)", u.Precision)
	}
	if u.To != "" {
		f.put(" TO ", u.To)
		if u.Fraction >= 0 {
			fmt.Fprintf(&f.b, "(%d)", u.Fraction)
		}
	}
}

func (f *formatter) typeName(t *TypeName) {
	switch {
	case t.UserType != nil:
		f.name(*t.UserType)
	case t.Name == "RAW":
		f.put("RAW(")
		f.text(t.Class)
		f.put(", ")
		f.text(t.Snapshot)
		f.put(")")
	case t.Name == "INTERVAL":
		f.put("INTERVAL ")
		f.units(*t.Units)
	case t.Name == "INT" && f.style.AsFlink:
		f.put("INTEGER")
	default:
		f.put(t.Name)
	}
	if len(t.Params) > 0 {
		parens(f, t.Params, func(n int) { f.put(strconv.Itoa(n)) })
	}
	switch t.Name {
	case "ARRAY", "MULTISET":
		f.put("<")
		f.typeName(t.Elem)
		f.put(">")
	case "MAP":
		f.put("<")
		f.typeName(t.Key)
		f.put(", ")
		f.typeName(t.Elem)
		f.put(">")
	case "ROW", "STRUCTURED":
		f.put("<")
		if t.Name == "STRUCTURED" {
			f.text(t.Class)
			f.putIf(len(t.Fields) > 0, ", ")
		}
		each(f, t.Fields, func(field TypeField) {
			f.ident(field.Name)
			f.put(" ")
			f.typeName(field.Type)
			if field.Comment != nil {
				f.put(" ")
				f.literal(field.Comment)
			}
		})
		f.put(">")
	}
	switch t.Null {
	case NullExplicit:
		f.put(" NULL")
	case NotNull:
		f.put(" NOT NULL")
	}
}
