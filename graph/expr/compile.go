package expr

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/millstream/millstream/column"
)

// scope is a set of rows and what has been computed for all of them. Inner scopes are subsets.
type scope struct {
	outer *scope
	seen  map[int]int // register by what it holds, as numbered by [compiler.id]
}

func newScope(outer *scope) *scope { return &scope{outer, map[int]int{}} }

func (s *scope) find(id int) (int, bool) {
	for ; s != nil; s = s.outer {
		if r, ok := s.seen[id]; ok {
			return r, true
		}
	}
	return 0, false
}

type compiler struct {
	m        *machine
	env      *environment
	ids      map[Expr]int   // what each expression met so far computes
	numbers  map[string]int // the number of each thing that is computed, by what it is
	volatile int            // makes each volatile call a thing of its own
}

func newCompiler(opts []Option) *compiler { return compilerFor(newEnvironment(opts)) }

func compilerFor(env *environment) *compiler {
	own := *env
	own.documents = &documents{}
	return &compiler{m: &machine{documents: own.documents}, env: &own, ids: map[Expr]int{}, numbers: map[string]int{}}
}

// block compiles e into a block of its own for the rows of s, which is a new set of rows if nil.
func (c *compiler) block(e Expr, s *scope) (*block, error) {
	if s == nil {
		s = newScope(nil)
	}
	b := &block{}
	var err error
	b.result, b.constant, err = c.value(e, s, b)
	return b, err
}

// value compiles e and returns its register; constant says that it holds one row only.
func (c *compiler) value(e Expr, s *scope, b *block) (r int, constant bool, err error) {
	id := c.id(e)
	if r, ok := s.find(id); ok {
		_, constant = e.(*Literal)
		return r, constant, nil
	}
	switch e := e.(type) {
	case *Column:
		r = c.m.register(e.T)
		b.steps = append(b.steps, &loadStep{e.Index, r})
	case *Literal:
		r = c.m.register(e.T)
		v, err := e.vector()
		if err != nil {
			return 0, false, err
		}
		c.m.regs[r], constant = v, true
	case *repeated:
		lit, _, err := c.value(e.Literal, s, b)
		if err != nil {
			return 0, false, err
		}
		r = c.m.register(e.T)
		b.steps = append(b.steps, &repeatStep{lit, r})
	case *Case:
		r, err = c.caseOf(e, s, b)
	case *Cast:
		r, err = c.cast(e, s, b)
	case *Call:
		r, err = c.call(e, s, b)
	default:
		err = fmt.Errorf("expression %T cannot be compiled", e)
	}
	if err != nil {
		return 0, false, err
	}
	s.seen[id] = r
	return r, constant, nil
}

// vector compiles e to a register with a value for each row, even if e is a constant.
func (c *compiler) vector(e Expr, s *scope, b *block) (int, error) {
	r, constant, err := c.value(e, s, b)
	if err != nil || !constant {
		return r, err
	}
	all := c.m.register(e.Type())
	b.steps = append(b.steps, &repeatStep{r, all})
	return all, nil
}

// repeated is a literal that is given to a kernel as a vector of all rows.
type repeated struct{ *Literal }

func (c *compiler) call(e *Call, s *scope, b *block) (int, error) {
	f := e.Func
	if f.expand != nil {
		r, err := c.vector(f.expand(e), s, b)
		return r, err
	}
	if f.logic != 0 {
		return c.logic(e, s, b)
	}
	args := e.Args
	if f == concatenation { // a chain makes one text, not one for each sign
		args = operandsOf(e)
	}
	if len(args) > 0 && !anyNot(args, isLiteral) {
		// Folding left it, because it is volatile or fails: kernels want a vector among their operands.
		args = replace(args, f.spread, &repeated{args[f.spread].(*Literal)})
	}
	typed := &Call{f, args, e.T}
	var k Kernel
	var err error
	if f.compile != nil {
		k, err = f.compile(typed, c.env)
	} else {
		k, err = f.Compile(typed)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", e, err)
	}
	return c.step(e, k, typed.Args, e.T, (f.strict || f.Pure) && !f.Volatile, s, b)
}

func (c *compiler) cast(e *Cast, s *scope, b *block) (int, error) {
	arg := e.Arg
	if l, ok := arg.(*Literal); ok {
		arg = &repeated{l}
	}
	k, err := compileCast(arg.Type(), e.T, e.Try, c.env)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", e, err)
	}
	if k == nil { // the same values
		r, err := c.vector(e.Arg, s, b)
		if err != nil || e.T.Layout() >= column.LayoutList {
			return r, err
		}
		out := c.m.register(e.T)
		b.steps = append(b.steps, &retypeStep{r, out})
		return out, nil
	}
	return c.step(e, k, []Expr{arg}, e.T, true, s, b)
}

func (c *compiler) step(what Expr, k Kernel, args []Expr, t column.Type, strict bool, s *scope, b *block) (int, error) {
	st := &callStep{what: what, kernel: k, args: make([]int, len(args)), vecs: make([]*column.Vector, len(args)), dict: -1}
	vectors := 0
	for i, a := range args {
		r, constant, err := c.value(a, s, b)
		if err != nil {
			return 0, err
		}
		st.args[i] = r
		if !constant {
			vectors++
			st.dict = i
		}
	}
	if vectors != 1 || !strict {
		st.dict = -1
	}
	st.out = c.m.register(t)
	b.steps = append(b.steps, st)
	return st.out, nil
}

// logic compiles AND and OR. The right operand is put off to the rows that the left does not decide if it may fail or is
// costly; else whole words are combined.
func (c *compiler) logic(e *Call, s *scope, b *block) (int, error) {
	left, right := e.Args[0], e.Args[1]
	if len(e.Args) > 2 {
		right = &Call{e.Func, e.Args[1:], e.T}
	}
	l, err := c.vector(left, s, b)
	if err != nil {
		return 0, err
	}
	out := c.m.register(e.T)
	if !costly(right) {
		r, err := c.vector(right, s, b)
		if err != nil {
			return 0, err
		}
		b.steps = append(b.steps, &callStep{what: e, kernel: logicKernel(e.Func.logic), args: []int{l, r}, vecs: make([]*column.Vector, 2), out: out, dict: -1})
		return out, nil
	}
	inner := newScope(s)
	rb := &block{}
	if rb.result, err = c.vector(right, inner, rb); err != nil {
		return 0, err
	}
	b.steps = append(b.steps, &logicStep{or: e.Func.logic == logicOr, left: l, right: rb, out: out})
	return out, nil
}

func (c *compiler) caseOf(e *Case, s *scope, b *block) (int, error) {
	if blends(e) {
		return c.blend(e, s, b)
	}
	st := &caseStep{}
	rows := s
	for i, w := range e.When {
		when := &block{}
		var err error
		if i == 0 { // every row reaches the first condition
			when.result, err = c.vector(w, s, b)
		} else {
			rows = newScope(rows)
			when.result, err = c.vector(w, rows, when)
		}
		if err != nil {
			return 0, err
		}
		then, err := c.block(e.Then[i], newScope(rows))
		if err != nil {
			return 0, err
		}
		st.arms = append(st.arms, arm{when, then})
	}
	var err error
	if st.other, err = c.block(e.Else, newScope(rows)); err != nil {
		return 0, err
	}
	st.out = c.m.register(e.T)
	b.steps = append(b.steps, st)
	return st.out, nil
}

// id numbers what e computes: expressions of one number have the same values on the same rows.
func (c *compiler) id(e Expr) int {
	if id, ok := c.ids[e]; ok {
		return id
	}
	var b strings.Builder
	list := func(args ...Expr) {
		for _, a := range args {
			b.WriteString(strconv.Itoa(c.id(a)) + ",")
		}
	}
	switch e := e.(type) {
	case *Column:
		b.WriteString("$" + strconv.Itoa(e.Index))
	case *Literal:
		fmt.Fprintf(&b, "literal %s %#v", e.T, e.Value)
	case *repeated:
		fmt.Fprintf(&b, "repeated %s %#v", e.T, e.Value)
	case *Call:
		b.WriteString("call " + e.Func.Name)
		if e.Func.Volatile {
			c.volatile++
			b.WriteString("!" + strconv.Itoa(c.volatile))
		}
		b.WriteByte('(')
		list(e.Args...)
		b.WriteString(")" + e.T.String())
	case *Cast:
		fmt.Fprintf(&b, "cast %t(", e.Try)
		list(e.Arg)
		b.WriteString(")" + e.T.String())
	case *Case:
		b.WriteString("case(")
		list(e.When...)
		b.WriteByte(';')
		list(e.Then...)
		b.WriteByte(';')
		list(e.Else)
		b.WriteString(")" + e.T.String())
	}
	id, ok := c.numbers[b.String()]
	if !ok {
		id = len(c.numbers)
		c.numbers[b.String()] = id
	}
	c.ids[e] = id
	return id
}

// operandsOf lists the operands of a chain of calls of one function.
func operandsOf(e *Call) []Expr {
	var list []Expr
	for _, a := range e.Args {
		if c, ok := a.(*Call); ok && c.Func == e.Func {
			list = append(list, operandsOf(c)...)
		} else {
			list = append(list, a)
		}
	}
	return list
}

func isLiteral(e Expr) bool { _, ok := e.(*Literal); return ok }

func anyNot(list []Expr, is func(Expr) bool) bool {
	for _, e := range list {
		if !is(e) {
			return true
		}
	}
	return false
}

// IsCheap reports whether e never fails, is not volatile and costs a few instructions a row, so that it may be computed for more rows than were asked for.
func IsCheap(e Expr) bool {
	volatile := false
	Walk(e, func(e Expr) bool {
		c, ok := e.(*Call)
		volatile = volatile || ok && c.Func.Volatile
		return !volatile
	})
	return !volatile && !costly(e)
}

// costly reports whether e is worth computing for fewer rows: it may fail, or does more than a few instructions a row.
func costly(e Expr) bool {
	found := false
	Walk(e, func(e Expr) bool {
		switch e := e.(type) {
		case *Call:
			found = found || !e.Func.cheap
		case *Cast:
			from, to := e.Arg.Type(), e.T
			found = found || !from.IsNumeric() || !to.IsNumeric() || from.Kind == column.Decimal || to.Kind == column.Decimal
		case *Case:
			found = found || !blends(e)
			return false // which has looked at its parts
		}
		return !found
	})
	return found
}
