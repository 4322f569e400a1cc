package function

import (
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// Option says more about a function.
type Option func(*signature)

// Doc sets what SQL's DESCRIBE FUNCTION EXTENDED tells: a sentence.
func Doc(text string) Option { return func(s *signature) { s.doc = text } }

// NonDeterministic says that equal arguments may give different results: calls with constants are not computed while planning.
func NonDeterministic() Option { return func(s *signature) { s.volatile = true } }

// Columns names the columns of a table function's rows.
func Columns(names ...string) Option { return func(s *signature) { s.columns = names } }

// signature is how a function is called.
type signature struct {
	name     string // upper case
	doc      string
	volatile bool
	columns  []string
	args     []*codec
	variadic bool // the last argument may be given any number of times
}

// newSignature panics if a type has no SQL type: it is the program that is wrong, and tells so when it starts.
func newSignature(name string, opts []Option, args ...reflect.Type) *signature {
	s := &signature{name: strings.ToUpper(name), doc: "A function of the program."}
	for _, o := range opts {
		o(s)
	}
	for i, t := range args {
		c, err := codecOf(t)
		if err != nil {
			s.fail("parameter %d: %v", i+1, err)
		}
		s.args = append(s.args, c)
	}
	return s
}

func (s *signature) fail(format string, args ...any) {
	panic("function " + s.name + ": " + fmt.Sprintf(format, args...))
}

func (s *signature) check(err error) {
	if err != nil {
		s.fail("%v", err)
	}
}

func (s *signature) result(t reflect.Type) *codec {
	c, err := codecOf(t)
	if err != nil {
		s.fail("result: %v", err)
	}
	return c
}

// arg is the codec of argument i.
func (s *signature) arg(i int) *codec { return s.args[min(i, len(s.args)-1)] }

// describe lists the parameters' types.
func (s *signature) describe() string {
	if len(s.args) == 0 {
		return "no arguments"
	}
	list := make([]string, len(s.args))
	for i, a := range s.args {
		list[i] = a.t.Optional().String()
	}
	if s.variadic {
		list[len(list)-1] += " …"
	}
	return "(" + strings.Join(list, ", ") + ")"
}

// cast gives the arguments the types of the parameters, as far as that happens without being asked for.
func (s *signature) cast(args []expr.Expr) ([]expr.Expr, error) {
	least := len(s.args)
	if s.variadic {
		least--
	}
	if len(args) < least || len(args) > len(s.args) && !s.variadic {
		return nil, fmt.Errorf("%s takes %s, not %d arguments", s.name, s.describe(), len(args))
	}
	typed := make([]expr.Expr, len(args))
	for i, a := range args {
		t, ok := s.castType(i, a.Type())
		if !ok {
			return nil, fmt.Errorf("%s takes %s, and argument %d is of type %s", s.name, s.describe(), i+1, a.Type().Optional())
		}
		typed[i] = expr.CastTo(a, t)
	}
	return typed, nil
}

// castType is the type to which an argument of type from is cast.
func (s *signature) castType(i int, from column.Type) (column.Type, bool) {
	c := s.arg(i)
	if c.accept != nil && c.accept(from) {
		return from, true
	}
	return c.t, expr.CanCast(from, c.t, true)
}

// nullable reports whether a call may be NULL for the arguments.
func (s *signature) nullable(args []expr.Expr) bool {
	for i, a := range args {
		if !s.arg(i).loose && !a.Type().NotNull {
			return true
		}
	}
	return false
}

// strict reports whether all parameters make NULL of NULL.
func (s *signature) strict() bool {
	for _, a := range s.args {
		if a.loose {
			return false
		}
	}
	return true
}

// recovered turns a panic of the function into an error.
func (s *signature) recovered(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the function %s panicked: %v\n%s", s.name, r, debug.Stack())
	}
}

func (s *signature) failed(err error) error {
	return fmt.Errorf("the function %s failed: %w", s.name, err)
}

// rows finds the rows for which a function is called.
type rows struct {
	*signature
	constant []bool
	memory   []int32
}

func newRows(s *signature, args []expr.Expr) *rows {
	r := &rows{signature: s, constant: make([]bool, len(args))}
	for i, a := range args {
		_, r.constant[i] = a.(*expr.Literal)
	}
	return r
}

// live lists the rows of sel in which no argument is NULL whose parameter cannot be nil; nil: all n.
func (s *rows) live(args []*column.Vector, n int, sel []int32) []int32 {
	for i, v := range args {
		if s.arg(i).loose || !v.HasNulls() {
			continue
		}
		if s.constant[i] {
			if v.IsNull(0) {
				return []int32{}
			}
			continue
		}
		kept := s.memory[:0]
		if cap(kept) < n {
			kept = make([]int32, 0, n)
		}
		each(n, sel, func(r int) {
			if !v.IsNull(r) {
				kept = append(kept, int32(r))
			}
		})
		s.memory, sel = kept, kept
	}
	return sel
}
