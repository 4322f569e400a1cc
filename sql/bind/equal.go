package bind

import (
	"reflect"
	"slices"

	"github.com/millstream/millstream/graph/expr"
)

// equal reports whether two expressions are the same: the same functions over the same columns and constants.
func equal(a, b expr.Expr) bool {
	if a == b {
		return true
	}
	switch a := a.(type) {
	case *expr.Column:
		b, ok := b.(*expr.Column)
		return ok && a.Index == b.Index
	case *expr.Outer:
		b, ok := b.(*expr.Outer)
		return ok && a.Apply == b.Apply && a.Index == b.Index
	case *expr.Literal:
		b, ok := b.(*expr.Literal)
		return ok && a.T.Equal(b.T) && reflect.DeepEqual(a.Value, b.Value)
	case *expr.Call:
		b, ok := b.(*expr.Call)
		return ok && a.Func == b.Func && !a.Func.Volatile && slices.EqualFunc(a.Args, b.Args, equal)
	case *expr.Cast:
		b, ok := b.(*expr.Cast)
		return ok && a.Try == b.Try && a.T.Equal(b.T) && equal(a.Arg, b.Arg)
	case *expr.Case:
		b, ok := b.(*expr.Case)
		return ok && slices.EqualFunc(a.When, b.When, equal) && slices.EqualFunc(a.Then, b.Then, equal) && equal(a.Else, b.Else)
	}
	return false
}
