package expr

import "github.com/millstream/millstream/column"

// Function is a scalar function of the list: its name and spelling, how its result is typed, and how it is
// compiled. Operators are functions too.
type Function struct {
	Name    string   // upper case, as SHOW FUNCTIONS prints it in lower case
	Aliases []string // other names with the same meaning
	Infix   string   // the operator's sign, for printing: "+", "AND"; empty for functions
	// Doc is one sentence; Example is an expression with its result after "=>".
	Doc     string
	Example string
	// Resolve types a call. It may return arguments wrapped in implicit casts. A wrong number or type of
	// arguments is an error that says what would be valid, without position: the binder adds it.
	Resolve func(args []Expr) (typed []Expr, result column.Type, err error)
	// Compile returns the kernel for a resolved call. It is called once for each program.
	Compile func(c *Call) (Kernel, error)
	// Pure says that the result is NULL if an argument is, and depends on the arguments' values alone, so that values that repeat are computed
	// once. The built-in functions say it by strict.
	Pure bool
	// Volatile functions are not folded even if all arguments are constants: NOW(), RAND().
	Volatile bool

	compile  func(c *Call, env *environment) (Kernel, error) // instead of Compile, where the session matters
	expand   func(c *Call) Expr                              // instead of Compile, for what is written with CASE
	selector func(c *Call) (selector, error)                 // nil, or a form for filters; it may return nil too
	print    func(c *Call) string                            // how a call is shown; nil: NAME(arguments)
	logic    logicOp                                         // AND and OR, which the compiler knows
	spread   int                                             // of all constant arguments, the one that the kernel gets as a vector
	strict   bool                                            // NULL if an argument is, and a value's result depends on the value alone
	cheap    bool                                            // never fails and costs a few instructions a row
}

// Kernel computes a function over whole vectors: out, which is empty and of the call's type, gets n values. An argument
// that is a [*Literal] in the call given to Compile is a vector of one row, any other has n rows; at least one is none.
// No vector has a dictionary. Rows that sel leaves out may be computed or not, but must not fail and must be readable
// afterwards; nil: all rows.
type Kernel func(args []*column.Vector, n int, sel []int32, out *column.Vector) error

// AggregateFunction is an aggregate function of the list.
type AggregateFunction struct {
	Name    string
	Doc     string
	Example string
	Total   bool // it has a value for no rows too, such as 0 or an empty list
	// Resolve types a call by its argument types; COUNT(*) has none. casts, where not nil, gives the types to which the
	// arguments are cast first. The result is typed as for a group, which has at least one row: where the whole input
	// may be empty, or a FILTER leaves rows out, the binder makes it nullable, except for COUNT.
	Resolve func(args []column.Type) (casts []column.Type, result column.Type, err error)
	// Check looks at what arguments must be besides their types, such as constant. nil: nothing.
	Check func(args []Expr) error
	// Internal functions are called by plans and not by name.
	Internal bool
	// New returns an empty accumulator table for a call with the given (cast) argument types.
	New func(args []column.Type, result column.Type) Accumulator
	// newFilled is New where no group is shown that has no row, if that needs less memory; it may return nil.
	newFilled func(args []column.Type, result column.Type) Accumulator
	// NewRetractable is New for input that takes rows back, where that needs more memory: a [Retractor], with states of its own. nil: New's is one.
	NewRetractable func(args []column.Type, result column.Type) Accumulator
}

// Accumulator is the state of one aggregate call for many groups, held in columns: group g's values stand in row g
// of each state column. It is used by one task. Argument and state vectors may have dictionaries.
type Accumulator interface {
	// Grow makes room for n groups; new ones are empty.
	Grow(n int)
	// Update takes in rows: row rows[i] (or row i, if rows is nil) of the argument vectors belongs to groups[i].
	Update(groups []int32, args []*column.Vector, rows []int32)
	// Clear empties one group, for windows and sessions that reuse its number.
	Clear(group int)
	// StateTypes are the types of the state columns that AppendState writes and Merge reads.
	StateTypes() []column.Type
	// AppendState appends the state of groups [from, to) to one vector for each state column.
	AppendState(from, to int, out []*column.Vector)
	// Merge folds states, as AppendState wrote them, into groups; rows as in Update.
	Merge(groups []int32, state []*column.Vector, rows []int32)
	// AppendResult appends the results of groups [from, to) to out, which has the call's result type.
	AppendResult(from, to int, out *column.Vector) error
	// SizeBytes is the memory held.
	SizeBytes() int
}

// RowCounter is an accumulator that is the number of rows of each group.
type RowCounter interface {
	Accumulator
	// Rows returns the numbers by group, as far as Grow has made room: the accumulator's own, to read and to write until the next Grow.
	Rows() []int64
}

// Retractor is an accumulator that can take rows out again, which a changelog with updates needs: every function has one,
// [Aggregate.New] returns it for a call that Retracts. A row may be taken out before it has come.
type Retractor interface {
	Accumulator
	// Retract takes rows out that Update took in before; arguments as there.
	Retract(groups []int32, args []*column.Vector, rows []int32)
}
