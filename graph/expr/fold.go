package expr

import (
	"math"
	"strconv"

	"github.com/millstream/millstream/column"
)

// Fold computes what is constant in e. What fails to compute is left as it is, so that it fails, or not, where it is
// reached.
func Fold(e Expr, opts ...Option) (Expr, error) { return fold(e, newEnvironment(opts)), nil }

func fold(e Expr, env *environment) Expr {
	f := folder{env: env}
	e = Rewrite(e, f.node)
	if !f.floats {
		return e
	}
	return Rewrite(e, f.rounded)
}

// folder folds an expression. As in Flink, a FLOAT that was computed, and not only written with a cast, has seven digits; and one that was written with a cast
// is what was written where it becomes a DOUBLE.
type folder struct {
	env      *environment
	computed map[*Literal]bool    // by calls, and by casts of what calls computed
	floats   bool                 // some were computed
	exact    map[*Literal]float64 // what a DOUBLE cast from a written FLOAT is to arithmetic
}

func (f *folder) node(e Expr) Expr {
	switch n := e.(type) {
	case *Call:
		if n.Func.logic != 0 {
			return foldLogic(n)
		}
		if n.Func.Volatile || anyNot(n.Args, isLiteral) {
			return e
		}
		if f.exact != nil && n.Func.Infix != "" && n.T.IsNumeric() {
			e = &Call{n.Func, f.exactArgs(n.Args), n.T}
		}
	case *Cast:
		arg, ok := n.Arg.(*Literal)
		if !ok {
			return e
		}
		return f.cast(n, arg)
	case *Case:
		return foldCase(n, f.env)
	default:
		return e
	}
	out := evaluate(e, f.env)
	if l, ok := out.(*Literal); ok && !f.env.exact {
		if f.computed == nil {
			f.computed = map[*Literal]bool{}
		}
		f.computed[l] = true
		x, isNumber := l.Value.(float64)
		f.floats = f.floats || l.T.Kind == column.Float || isNumber && x == 0 && math.Signbit(x)
	}
	return out
}

// exactArgs returns the operands of arithmetic as it computes with them.
func (f *folder) exactArgs(args []Expr) []Expr {
	for i, a := range args {
		if x, ok := f.exact[a.(*Literal)]; ok {
			args = replace(args, i, &Literal{x, a.Type()})
		}
	}
	return args
}

// cast folds a cast of a literal.
func (f *folder) cast(n *Cast, arg *Literal) Expr {
	out := evaluate(n, f.env)
	l, ok := out.(*Literal)
	if !ok || f.env.exact {
		return out
	}
	if f.computed[arg] {
		f.computed[l] = true
		f.floats = f.floats || l.T.Kind == column.Float
		return out
	}
	x, isNumber := arg.Value.(float64)
	if arg.T.Kind == column.Float && l.T.Kind == column.Double && isNumber {
		if y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', -1, 32), 64); err == nil {
			if f.exact == nil {
				f.exact = map[*Literal]float64{}
			}
			f.exact[l], l.Value = x, y
		}
	}
	return out
}

// rounded gives computed FLOATs their seven digits, and zeros their sign.
func (f *folder) rounded(e Expr) Expr {
	l, ok := e.(*Literal)
	if !ok || !f.computed[l] {
		return e
	}
	x, ok := l.Value.(float64)
	switch {
	case ok && x == 0: // a constant has no -0
		return &Literal{0.0, l.T}
	case !ok || l.T.Kind != column.Float || math.IsNaN(x) || math.IsInf(x, 0):
		return e
	}
	y, err := strconv.ParseFloat(strconv.FormatFloat(x, 'e', 6, 64), 32)
	if err != nil {
		return e
	}
	return &Literal{y, l.T}
}

// evaluate computes a constant expression, or returns it if it fails.
func evaluate(e Expr, env *environment) Expr {
	c := compilerFor(env)
	root, err := c.block(e, nil)
	if err != nil {
		return e
	}
	p := Program{c.m, root, e.Type()}
	var out column.Vector
	if p.Eval(&column.Batch{Len: 1}, &out) != nil {
		return e
	}
	l := LiteralOf(&out, 0)
	l.T = e.Type()
	if l.Value == nil {
		l.T = l.T.Optional()
	}
	return l
}

// foldLogic drops operands that do not matter and ends at one that decides. Operands before it stay: they may fail.
func foldLogic(e *Call) Expr {
	and := e.Func.logic == logicAnd
	var kept []Expr
	for _, a := range e.Args {
		if and && IsTrue(a) || !and && IsFalse(a) {
			continue
		}
		if and && IsFalse(a) || !and && IsTrue(a) {
			if len(kept) == 0 || !anyNot(kept, isLiteral) {
				return a
			}
			kept = append(kept, a)
			break
		}
		kept = append(kept, a)
	}
	switch {
	case len(kept) == 0:
		return Bool(and)
	case len(kept) == 1:
		return kept[0]
	case len(kept) == len(e.Args):
		if !anyNot(kept, isLiteral) {
			return NullOf(e.T) // only NULLs are left
		}
		return e
	}
	return &Call{e.Func, kept, e.T}
}

// foldCase drops branches that are never taken and all behind one that always is.
func foldCase(e *Case, env *environment) Expr {
	out := &Case{Else: e.Else, T: e.T}
	for i, w := range e.When {
		if IsTrue(w) {
			out.Else = e.Then[i]
			break
		}
		if !isLiteral(w) {
			out.When, out.Then = append(out.When, w), append(out.Then, e.Then[i])
		}
	}
	if len(out.When) == 0 {
		return CastTo(out.Else, e.T)
	}
	if len(out.When) == len(e.When) && out.Else == e.Else {
		return e
	}
	return out
}

// Conjuncts returns the operands of the ANDs at the top of e.
func Conjuncts(e Expr) []Expr {
	if c, ok := e.(*Call); ok && c.Func.logic == logicAnd {
		var list []Expr
		for _, a := range c.Args {
			list = append(list, Conjuncts(a)...)
		}
		return list
	}
	return []Expr{e}
}

// And joins conditions; none is TRUE.
func And(list []Expr) Expr { return joinLogic("AND", list, true) }

// Or joins conditions; none is FALSE.
func Or(list []Expr) Expr { return joinLogic("OR", list, false) }

func joinLogic(name string, list []Expr, empty bool) Expr {
	switch len(list) {
	case 0:
		return Bool(empty)
	case 1:
		return list[0]
	}
	t := column.Of(column.Boolean).Required()
	for _, e := range list {
		t.NotNull = t.NotNull && e.Type().NotNull
	}
	f, _ := Lookup(name)
	return &Call{f, list, t}
}
