package expr

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// selector computes a predicate for filters: it writes to out the rows of sel (nil: rows 0 … n-1) for which it is true.
// Arguments are as for [Kernel]; out has room for all rows and may be sel's memory.
type selector func(args []*column.Vector, n int, sel, out []int32) ([]int32, error)

// Filter is a compiled predicate. It holds memory, so it belongs to one task.
type Filter struct {
	m    *machine
	root pick
}

// CompileFilter compiles a BOOLEAN expression.
func CompileFilter(e Expr, opts ...Option) (*Filter, error) {
	c := newCompiler(opts)
	root, err := c.predicate(fold(e, c.env), newScope(nil))
	if err != nil {
		return nil, err
	}
	return &Filter{c.m, root}, nil
}

// Select returns those of b's live rows for which the predicate is TRUE, ascending, in the memory of sel, which grows as
// needed and may be b.Sel's own. The result is never nil.
func (f *Filter) Select(b *column.Batch, sel []int32) ([]int32, error) {
	n := b.Rows()
	if cap(sel) < n || sel == nil {
		sel = make([]int32, max(n, 1))
	}
	if n == 0 {
		return sel[:0], nil
	}
	f.m.load(b)
	return f.root.pick(f.m, b.Sel, sel[:n])
}

// pick is a node of a predicate.
type pick interface {
	// pick writes to out the rows of sel (nil: all) for which the predicate is true.
	pick(m *machine, sel, out []int32) ([]int32, error)
}

// predicate compiles e for the rows of s.
func (c *compiler) predicate(e Expr, s *scope) (pick, error) {
	switch e := e.(type) {
	case *Literal:
		v, _ := e.Value.(bool)
		return pickConstant(v), nil
	case *Call:
		switch e.Func.logic {
		case logicAnd:
			p := &pickAll{}
			for i, a := range e.Args {
				if i > 0 {
					s = newScope(s)
				}
				q, err := c.predicate(a, s)
				if err != nil {
					return nil, err
				}
				p.parts = append(p.parts, q)
			}
			return p, nil
		case logicOr:
			p := &pickAny{}
			for i, a := range e.Args {
				if i > 0 {
					s = newScope(s)
				}
				q, err := c.predicate(a, s)
				if err != nil {
					return nil, err
				}
				p.parts = append(p.parts, q)
			}
			p.memory = make([][]int32, 2*len(p.parts)+1)
			return p, nil
		}
		if e.Func.expand != nil {
			return c.predicate(e.Func.expand(e), s)
		}
		if e.Func.selector != nil && anyNot(e.Args, isLiteral) {
			sel, err := e.Func.selector(e)
			if err != nil {
				return nil, err
			}
			if sel != nil {
				return c.pickCall(e, sel, s)
			}
		}
	}
	b := &block{}
	var err error
	b.result, err = c.vector(e, s, b)
	return &pickTrue{b}, err
}

func (c *compiler) pickCall(e *Call, sel selector, s *scope) (pick, error) {
	p := &pickCall{what: e, sel: sel, args: make([]int, len(e.Args)), vecs: make([]*column.Vector, len(e.Args)), dict: -1}
	vectors := 0
	for i, a := range e.Args {
		r, constant, err := c.value(a, s, &p.block)
		if err != nil {
			return nil, err
		}
		p.args[i] = r
		if !constant {
			vectors++
			p.dict = i
		}
	}
	if vectors != 1 || !e.Func.strict || e.Func.Volatile {
		p.dict = -1
	}
	return p, nil
}

// pickConstant is TRUE, or FALSE or NULL.
type pickConstant bool

func (p pickConstant) pick(m *machine, sel, out []int32) ([]int32, error) {
	switch {
	case !bool(p):
		return out[:0], nil
	case sel == nil:
		return kernel.SelectAll(m.n, out[:m.n]), nil
	}
	return out[:copy(out, sel)], nil
}

// pickTrue takes the rows where a computed vector is true.
type pickTrue struct{ *block }

func (p *pickTrue) pick(m *machine, sel, out []int32) ([]int32, error) {
	if err := m.run(p.block, sel); err != nil {
		return nil, err
	}
	v := m.plain(p.result)
	return kernel.SelectTrue(v.Bits(), v.Valid, m.n, sel, out), nil
}

// pickCall runs a selector.
type pickCall struct {
	block
	what   Expr // for errors
	sel    selector
	args   []int
	vecs   []*column.Vector
	dict   int // as in callStep
	memory remembered
	values []int32
	hits   column.Bitmap
}

func (p *pickCall) pick(m *machine, sel, out []int32) ([]int32, error) {
	if err := m.run(&p.block, sel); err != nil {
		return nil, err
	}
	if p.dict >= 0 {
		if v := m.regs[p.args[p.dict]]; v.Dict != nil && v.Dict.Dict == nil {
			if rows, ok := p.overDictionary(m, v, sel, out); ok {
				return rows, nil
			}
		}
	}
	for i, r := range p.args {
		p.vecs[i] = m.plain(r)
	}
	out, err := p.sel(p.vecs, m.n, sel, out)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.what, err)
	}
	return out, nil
}

// overDictionary asks the selector about the dictionary's values, then takes the rows by their indexes.
func (p *pickCall) overDictionary(m *machine, v *column.Vector, sel, out []int32) ([]int32, bool) {
	if p.memory.due(v.Dict, len(out)) {
		for i, r := range p.args {
			p.vecs[i] = m.regs[r]
		}
		p.vecs[p.dict] = v.Dict
		d := v.Dict.Len
		if cap(p.values) < d {
			p.values = make([]int32, d)
		}
		values, err := p.sel(p.vecs, d, nil, p.values[:d])
		p.hits = p.hits.Grow(d)
		p.hits.Fill(d, false)
		for _, r := range values {
			p.hits.Set(int(r))
		}
		p.memory.set(err)
	}
	if !p.memory.known {
		return nil, false
	}
	return kernel.SelectCodes(column.Values[int32](v), v.Valid, p.hits, m.n, sel, out), true
}

// pickAll is AND: each part sees the rows that the parts before it left.
type pickAll struct{ parts []pick }

func (p *pickAll) pick(m *machine, sel, out []int32) ([]int32, error) {
	rows := sel
	for _, q := range p.parts {
		var err error
		if rows, err = q.pick(m, rows, out); err != nil || len(rows) == 0 {
			return rows, err
		}
	}
	return rows, nil
}

// pickAny is OR: each part sees the rows that no part before it took.
type pickAny struct {
	parts  []pick
	memory [][]int32
}

func (p *pickAny) pick(m *machine, sel, out []int32) ([]int32, error) {
	for i := range p.memory {
		if cap(p.memory[i]) < len(out) {
			p.memory[i] = make([]int32, len(out))
		}
	}
	var taken []int32
	rest := sel
	for i, q := range p.parts {
		rows, err := q.pick(m, rest, p.memory[2*i][:len(out)])
		if err != nil {
			return nil, err
		}
		switch {
		case len(rows) == 0:
			continue
		case len(taken) == 0:
			taken = rows
		default:
			taken = kernel.Merge(taken, rows, p.memory[2*i+1][:0])
		}
		if i == len(p.parts)-1 || len(taken) == len(out) {
			break
		}
		rest = kernel.Difference(rest, rows, m.n, p.memory[len(p.memory)-1][:len(out)])
		if len(rest) == 0 {
			break
		}
	}
	return out[:copy(out, taken)], nil
}
