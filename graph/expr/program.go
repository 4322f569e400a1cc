package expr

import (
	"time"

	"github.com/millstream/millstream/column"
)

// Option sets what compiled expressions need to know of their session.
type Option func(*environment)

// environment is what kernels may depend on besides their arguments.
type environment struct {
	zone     *time.Location
	now      func() time.Time
	database string
	exact    bool
	// watermark is the event time that has been reached; false: none yet.
	watermark func() (int64, bool)

	documents *documents // that kernels of one machine share
}

// InZone sets the session's time zone, in which TIMESTAMP_LTZ is read and printed. The default is UTC.
func InZone(zone *time.Location) Option { return func(e *environment) { e.zone = zone } }

// WithClock sets what CURRENT_TIMESTAMP and its kin show. The default is time.Now.
func WithClock(now func() time.Time) Option { return func(e *environment) { e.now = now } }

// WithWatermark sets what CURRENT_WATERMARK shows: the event time that the operator has reached, in milliseconds, and whether there is one yet.
// Without the option it is NULL.
func WithWatermark(now func() (int64, bool)) Option {
	return func(e *environment) { e.watermark = now }
}

// InDatabase sets what CURRENT_DATABASE shows, for folding it: a program may run where there is no session any more.
func InDatabase(name string) Option { return func(e *environment) { e.database = name } }

// Exactly makes folding give what rows give, and not what Flink makes of constants.
func Exactly() Option { return func(e *environment) { e.exact = true } }

func newEnvironment(opts []Option) *environment {
	env := &environment{zone: time.UTC, now: time.Now, database: "default_database"}
	for _, o := range opts {
		o(env)
	}
	return env
}

// Program is one compiled expression. It holds the memory of all intermediate results, so it belongs to one task.
type Program struct {
	m      *machine
	root   *block
	result column.Type
}

// Compile compiles e for batches whose columns are those that e's column references name.
func Compile(e Expr, opts ...Option) (*Program, error) {
	c := newCompiler(opts)
	root, err := c.block(fold(e, c.env), nil)
	if err != nil {
		return nil, err
	}
	return &Program{c.m, root, e.Type()}, nil
}

// Type returns the type of the result.
func (p *Program) Type() column.Type { return p.result }

// Eval writes the expression's values for b's live rows to out, which it resets first: row i of out belongs to live row
// i of b, whatever b's selection. out may borrow from b's buffers, so it is valid as long as b is unchanged.
func (p *Program) Eval(b *column.Batch, out *column.Vector) error {
	p.m.load(b)
	if err := p.m.run(p.root, b.Sel); err != nil {
		return err
	}
	v := p.m.plain(p.root.result)
	out.Reset()
	out.Type = p.result
	if p.root.constant {
		v = p.m.repeat(p.root.result, b.Rows())
		v.Decode(out)
		return nil
	}
	if b.Sel == nil {
		out.Borrow(v)
		return nil
	}
	out.Take(v, b.Sel)
	return nil
}

// Projection is a list of expressions compiled together; subexpressions that several of them share are computed once.
type Projection struct {
	m     *machine
	roots []*block
	types []column.Type
}

// CompileProjection compiles a list of expressions over the same batches.
func CompileProjection(list []Expr, opts ...Option) (*Projection, error) {
	c := newCompiler(opts)
	p := &Projection{m: c.m}
	shared := newScope(nil)
	for _, e := range list {
		root, err := c.block(fold(e, c.env), shared)
		if err != nil {
			return nil, err
		}
		p.roots, p.types = append(p.roots, root), append(p.types, e.Type())
	}
	return p, nil
}

// Eval sets out to the batch of the expressions' values. out keeps in's physical rows and its selection, kinds and
// times: row r of out belongs to row r of in, and rows that in.Sel leaves out hold nothing meaningful. So a column
// reference costs nothing; it is in's vector itself.
//
// out and its columns belong to the projection and to in: they may be read until the next call or until in changes, and
// must be neither reset nor appended to. What outlives that is copied by [column.Batch.AppendRows].
func (p *Projection) Eval(in, out *column.Batch) error {
	p.m.load(in)
	out.Len, out.Sel, out.Kinds, out.Times = in.Len, in.Sel, in.Kinds, in.Times
	out.Cols = out.Cols[:0]
	for _, root := range p.roots {
		if err := p.m.run(root, in.Sel); err != nil {
			return err
		}
		v := p.m.regs[root.result]
		if root.constant {
			v = p.m.repeat(root.result, in.Len)
		}
		out.Cols = append(out.Cols, v)
	}
	return nil
}

// Types returns the types of the results.
func (p *Projection) Types() []column.Type { return p.types }
