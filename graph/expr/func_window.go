package expr

import (
	"fmt"
	"strings"

	"github.com/millstream/millstream/column"
)

var windows = map[string]*WindowFunction{} // by name

// LookupWindow finds a window function by name, in any case.
func LookupWindow(name string) (*WindowFunction, bool) {
	f, ok := windows[strings.ToUpper(name)]
	return f, ok
}

func init() {
	long, double := column.Of(column.BigInt).Required(), column.Of(column.Double).Required()
	for _, f := range []*WindowFunction{
		{"ROW_NUMBER", "The number of the row in its partition, in the order, from 1 on.", "ROW_NUMBER() OVER (ORDER BY x) => 1", noArguments("ROW_NUMBER", long)},
		{"RANK", "One more than the number of rows that stand before the row; rows that are alike have the same rank.", "RANK() OVER (ORDER BY x) => 1", noArguments("RANK", long)},
		{"DENSE_RANK", "RANK without gaps.", "DENSE_RANK() OVER (ORDER BY x) => 1", noArguments("DENSE_RANK", long)},
		{"PERCENT_RANK", "RANK from 0 to 1: (rank − 1) / (rows − 1).", "PERCENT_RANK() OVER (ORDER BY x) => 0.0", noArguments("PERCENT_RANK", double)},
		{"CUME_DIST", "The share of the partition's rows that stand before the row or are like it.", "CUME_DIST() OVER (ORDER BY x) => 0.25", noArguments("CUME_DIST", double)},
		{"NTILE", "The number, from 1 on, of the part in which the row is if the partition is cut into as many parts, of the same size or one less, as the argument says.",
			"NTILE(2) OVER (ORDER BY x) => 1", resolveNtile},
		{"LAG", "The value in the row that stands the second argument's number of rows before, one without it; the third argument, or NULL, where there is none.",
			"LAG(x) OVER (ORDER BY x) => NULL", resolveShift("LAG")},
		{"LEAD", "The value in the row that stands the second argument's number of rows behind, one without it; the third argument, or NULL, where there is none.",
			"LEAD(x, 1, 0) OVER (ORDER BY x) => 2", resolveShift("LEAD")},
	} {
		windows[f.Name] = f
	}
}

func noArguments(name string, t column.Type) func(args []Expr) ([]Expr, column.Type, error) {
	return func(args []Expr) ([]Expr, column.Type, error) {
		if len(args) > 0 {
			return nil, t, fmt.Errorf("%s takes no arguments, not %s", name, count(len(args)))
		}
		return nil, t, nil
	}
}

func resolveNtile(args []Expr) ([]Expr, column.Type, error) {
	typed, _, err := takes(always(integer), isLong).resolve("NTILE")(args)
	if err != nil {
		return nil, column.Type{}, err
	}
	n, ok := constInt(args[0])
	switch {
	case !ok:
		return nil, column.Type{}, fmt.Errorf("NTILE takes a constant number of parts, not %s", args[0])
	case n <= 0:
		return nil, column.Type{}, fmt.Errorf("NTILE takes a number of parts from 1 on, not %d", n)
	}
	return typed, column.Of(column.BigInt).Required(), nil
}

// resolveShift types LAG and LEAD: the default is cast to the value's type.
func resolveShift(name string) func(args []Expr) ([]Expr, column.Type, error) {
	return func(args []Expr) ([]Expr, column.Type, error) {
		typed, t, err := takes(func(args []Expr) column.Type { return args[0].Type() }, isAny, isLong, isAny).optional(2).resolve(name)(args)
		if err != nil {
			return nil, t, err
		}
		if t.Kind == column.Null {
			return nil, t, fmt.Errorf("%s takes a value of a type: cast NULL to one", name)
		}
		if len(typed) < 3 {
			return typed, t.Optional(), nil
		}
		other := typed[2]
		if !CanCast(other.Type(), t, false) || other.Type().IsText() != t.IsText() {
			return nil, t, fmt.Errorf("%s takes a default of the value's type %s, not %s", name, t.Optional(), other.Type().Optional())
		}
		t.NotNull = t.NotNull && other.Type().NotNull
		typed[2] = CastTo(other, t)
		return typed, t, nil
	}
}
