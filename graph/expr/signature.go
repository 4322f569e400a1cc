package expr

import (
	"fmt"
	"strings"

	"github.com/millstream/millstream/column"
)

// param is a class of argument types.
type param struct {
	name   string // for errors
	accept func(t column.Type) bool
	// cast, where its kind is not Null, is the type to which arguments are cast; null is that of NULL literals.
	cast, null column.Type
}

var (
	isText   = param{"a text", column.Type.IsText, column.Type{}, column.Str()}
	isBytes  = param{"a text or binary", func(t column.Type) bool { return t.IsText() || t.IsBinary() }, column.Type{}, column.Str()}
	isInt    = param{"an integer", column.Type.IsInteger, column.Of(column.Int), column.Of(column.Int)}
	isLong   = param{"an integer", column.Type.IsInteger, column.Of(column.BigInt), column.Of(column.BigInt)}
	isNumber = param{"a number", column.Type.IsNumeric, column.Type{}, column.Of(column.Int)}
	isDouble = param{"a number", column.Type.IsNumeric, column.Of(column.Double), column.Of(column.Double)}
	isFlag   = param{"a BOOLEAN", func(t column.Type) bool { return t.Kind == column.Boolean }, column.Type{}, column.Of(column.Boolean)}
	isAny    = param{"a value", func(column.Type) bool { return true }, column.Type{}, column.Of(column.Null)}
	isStamp  = param{"a timestamp", func(t column.Type) bool { return t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ }, column.Type{}, column.Sized(column.Timestamp, 3)}
)

// signature types calls by position: the first required arguments must be there, the others may be missing; the last one may
// be repeated if repeat is set.
type signature struct {
	params   []param
	required int
	repeat   bool
	result   func(args []Expr) column.Type
}

// takes is the signature of a function that needs all its arguments.
func takes(result func(args []Expr) column.Type, params ...param) signature {
	return signature{params: params, required: len(params), result: result}
}

// optional makes the last n arguments optional.
func (s signature) optional(n int) signature {
	s.required = len(s.params) - n
	return s
}

// repeated lets the last argument be given again and again.
func (s signature) repeated() signature {
	s.repeat = true
	return s
}

func (s signature) resolve(name string) func(args []Expr) ([]Expr, column.Type, error) {
	return func(args []Expr) ([]Expr, column.Type, error) {
		if len(args) < s.required || len(args) > len(s.params) && !s.repeat {
			return nil, column.Type{}, fmt.Errorf("%s takes %s, not %s", name, s.describe(), count(len(args)))
		}
		typed := make([]Expr, len(args))
		for i, a := range args {
			p := s.params[min(i, len(s.params)-1)]
			t := a.Type()
			switch {
			case t.Kind == column.Null:
				a = NullOf(p.null)
			case !p.accept(t):
				return nil, column.Type{}, fmt.Errorf("%s takes %s as argument %d, not %s", name, p.name, i+1, t.Optional())
			}
			if p.cast.Kind != column.Null {
				a = CastTo(a, p.cast)
			}
			typed[i] = a
		}
		return typed, s.result(typed), nil
	}
}

func count(n int) string {
	switch n {
	case 0:
		return "no arguments"
	case 1:
		return "one argument"
	}
	return fmt.Sprintf("%d arguments", n)
}

func (s signature) describe() string {
	if len(s.params) == 0 {
		return "no arguments"
	}
	var b strings.Builder
	for i, p := range s.params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.name)
		if i >= s.required {
			b.WriteString(" (optional)")
		}
	}
	if s.repeat {
		b.WriteString(" and so on")
	}
	return b.String()
}

// always is a result of type t, NULL only if an argument is.
func always(t column.Type) func(args []Expr) column.Type {
	return func(args []Expr) column.Type { return nullable(t, args) }
}

// maybeNull is a result of type t that may be NULL for any arguments.
func maybeNull(t column.Type) func(args []Expr) column.Type {
	return func([]Expr) column.Type { return t.Optional() }
}

// likeFirst is a result of the first argument's type.
func likeFirst(args []Expr) column.Type { return nullable(args[0].Type(), args) }
