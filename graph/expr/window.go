package expr

import "github.com/millstream/millstream/column"

// WindowFunction is a function of a row's place among others, which stands with OVER only: ROW_NUMBER, LAG. The OVER operator computes it; here is
// how a call is typed.
type WindowFunction struct {
	Name    string
	Doc     string
	Example string
	// Resolve types a call, as [Function.Resolve].
	Resolve func(args []Expr) (typed []Expr, result column.Type, err error)
}

// TableFunction is a function that makes rows of its arguments, for LATERAL TABLE(f(x)).
type TableFunction struct {
	Name    string
	Doc     string
	Example string
	// Resolve types a call: it returns the arguments, wrapped in implicit casts, and the columns of the rows made.
	Resolve func(args []Expr) (typed []Expr, fields []column.Field, err error)
	// New returns the function for one task, of a call with arguments of the given types.
	New func(args []column.Type) (TableKernel, error)
}

// TableKernel appends the rows that each of the rows of sel (nil: all n) makes to the columns of out, and for each of them the number of the
// row that made it to from, which it returns. Rows of sel come in order.
type TableKernel func(args []*column.Vector, n int, sel []int32, out []*column.Vector, from []int32) ([]int32, error)

// Outer is a column of a row of another query, around the one in which the expression stands: a correlated reference. The planner replaces it by a
// [Column]; it cannot be compiled.
type Outer struct {
	Apply int // number of the join, unique in its statement, whose left row is meant
	Index int
	Name  string
	T     column.Type
}

func (e *Outer) Type() column.Type { return e.T }
func (e *Outer) String() string    { return "outer." + e.Name }
