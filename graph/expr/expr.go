// Package expr holds scalar and aggregate expressions as plain data, the list of built-in functions, and the
// compiler from expressions to programs over vectors.
//
// What enters: typed trees made by the SQL binder (or by hand in Go). What leaves: a [Program], which one
// task runs over batches. EXPLAIN prints the trees, connectors read them to push predicates down.
//
// What must hold: trees are immutable and fully typed, casts are explicit, and every column is an index
// into the batch that the program will see.
package expr

import (
	"slices"
	"strconv"
	"strings"

	"github.com/millstream/millstream/column"
)

// Expr is a scalar expression: one of *[Column], *[Literal], *[Call], *[Cast], *[Case] and, until the planner has replaced it, *[Outer].
type Expr interface {
	// Type is the type of the result, nullability included.
	Type() column.Type
	// String writes the expression for EXPLAIN, with column names.
	String() string
}

// Column is a column of the input.
type Column struct {
	Index int
	Name  string
	T     column.Type
}

// Literal is a constant. Value holds, by layout: nil for NULL, bool, int64 for integers, DATE, TIME, timestamps
// and intervals (in the vector's unit), float64 for FLOAT and DOUBLE, column.Int128 for DECIMAL, string for text,
// binary and VARIANT, []Literal for ARRAY (elements), MAP and MULTISET (keys and values in turn) and ROW (fields).
type Literal struct {
	Value any
	T     column.Type
}

// Call applies a function of the list.
type Call struct {
	Func *Function
	Args []Expr
	T    column.Type
}

// Cast converts. Try makes a value that cannot be converted NULL instead of an error.
type Cast struct {
	Arg Expr
	T   column.Type
	Try bool
}

// Case is the searched CASE: the first When that is true selects its Then. Branches are evaluated only for the
// rows that reach them.
type Case struct {
	When, Then []Expr
	Else       Expr // never nil: a NULL literal where the SQL has none
	T          column.Type
}

func (e *Column) Type() column.Type  { return e.T }
func (e *Literal) Type() column.Type { return e.T }
func (e *Call) Type() column.Type    { return e.T }
func (e *Cast) Type() column.Type    { return e.T }
func (e *Case) Type() column.Type    { return e.T }

func (e *Column) String() string {
	if e.Name == "" {
		return "$" + strconv.Itoa(e.Index)
	}
	return e.Name
}

func (e *Call) String() string {
	if e.Func.print != nil {
		return e.Func.print(e)
	}
	if op := e.Func.Infix; op != "" && len(e.Args) > 1 {
		s := "(" + e.Args[0].String()
		for _, a := range e.Args[1:] {
			s += " " + op + " " + a.String()
		}
		return s + ")"
	}
	return e.Func.Name + "(" + join(e.Args) + ")"
}

func (e *Cast) String() string {
	name := "CAST("
	if e.Try {
		name = "TRY_CAST("
	}
	return name + e.Arg.String() + " AS " + e.T.Optional().String() + ")"
}

func (e *Case) String() string {
	var b strings.Builder
	b.WriteString("CASE")
	for i, w := range e.When {
		b.WriteString(" WHEN " + w.String() + " THEN " + e.Then[i].String())
	}
	b.WriteString(" ELSE " + e.Else.String() + " END")
	return b.String()
}

func join(list []Expr) string {
	s := make([]string, len(list))
	for i, e := range list {
		s[i] = e.String()
	}
	return strings.Join(s, ", ")
}

// Aggregate is one aggregate call of a grouping: SUM(DISTINCT x) FILTER (WHERE f), say. Arguments are columns of
// the input, computed by a projection before it.
type Aggregate struct {
	Func     *AggregateFunction
	Args     []int // input columns; empty for COUNT(*)
	Distinct bool
	Filter   int  // BOOLEAN input column; -1 for none
	Retracts bool // the input may take rows back
	Name     string
	T        column.Type
}

// New returns an empty accumulator table for the call, with arguments of the given types.
func (a *Aggregate) New(args []column.Type) Accumulator {
	if a.Retracts && a.Func.NewRetractable != nil {
		return a.Func.NewRetractable(args, a.T)
	}
	return a.Func.New(args, a.T)
}

// NewFilled is New for groups of which none is shown, or kept, without a row: where no argument is NULL and no filter leaves rows out, whether there are values need
// not be known. Its states are others than those of New.
func (a *Aggregate) NewFilled(args []column.Type) Accumulator {
	if a.Filter < 0 && a.Func.newFilled != nil {
		if acc := a.Func.newFilled(args, a.T); acc != nil {
			return acc
		}
	}
	return a.New(args)
}

// CountsRows reports whether the call, with arguments of the given types, is the number of rows.
func (a *Aggregate) CountsRows(args []column.Type) bool {
	nullable := func(t column.Type) bool { return !t.NotNull }
	return a.Func.Name == "COUNT" && a.Filter < 0 && !a.Distinct && !slices.ContainsFunc(args, nullable)
}

// Walk calls visit for e and what is below it, parents first, until visit returns false for a node, whose
// children are then left out.
func Walk(e Expr, visit func(Expr) bool) {
	if !visit(e) {
		return
	}
	switch e := e.(type) {
	case *Call:
		for _, a := range e.Args {
			Walk(a, visit)
		}
	case *Cast:
		Walk(e.Arg, visit)
	case *Case:
		for i, w := range e.When {
			Walk(w, visit)
			Walk(e.Then[i], visit)
		}
		Walk(e.Else, visit)
	}
}

// Rewrite returns e with change applied to every node, children first; nodes that do not change are shared.
func Rewrite(e Expr, change func(Expr) Expr) Expr {
	list := func(in []Expr) ([]Expr, bool) {
		var out []Expr
		for i, a := range in {
			if b := Rewrite(a, change); b != a {
				if out == nil {
					out = append([]Expr(nil), in...)
				}
				out[i] = b
			}
		}
		if out == nil {
			return in, false
		}
		return out, true
	}
	switch n := e.(type) {
	case *Call:
		if args, ok := list(n.Args); ok {
			e = &Call{n.Func, args, n.T}
		}
	case *Cast:
		if a := Rewrite(n.Arg, change); a != n.Arg {
			e = &Cast{a, n.T, n.Try}
		}
	case *Case:
		when, a := list(n.When)
		then, b := list(n.Then)
		other := Rewrite(n.Else, change)
		if a || b || other != n.Else {
			e = &Case{when, then, other, n.T}
		}
	}
	return change(e)
}
