package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// tableFunction joins each row with the rows that a table function makes of it. The function runs over a whole batch; then the input's
// columns are gathered beside what it made.
type tableFunction struct {
	Base
	op      *graph.TableFunction
	args    *expr.Projection
	run     expr.TableKernel
	in      column.Batch     // the arguments
	vecs    []*column.Vector // the arguments without dictionaries
	flat    []*column.Vector // memory for that
	made    []*column.Vector // the function's columns
	from    []int32          // by row made: the row that made it
	parents []int32          // by output row, where rows that made none are kept
	picked  []int32          // by output row: its row in made, or none
	kept    []*column.Vector
	filled  []*column.Vector // made, with NULLs where there is none
	kinds   []column.RowKind
	times   []int64
	out     column.Batch
	slicer  slicer
}

func newTableFunction(op *graph.TableFunction, in, schema []column.Field) (*tableFunction, error) {
	if len(schema) < len(in) {
		return nil, fmt.Errorf("the table function %s has %d columns behind %d", op.Func.Name, len(schema), len(in))
	}
	o := &tableFunction{op: op}
	for _, f := range in {
		o.kept = append(o.kept, column.NewVector(f.Type, 0))
	}
	for _, f := range schema[len(in):] {
		o.made = append(o.made, column.NewVector(f.Type, 0))
		o.filled = append(o.filled, column.NewVector(f.Type, 0))
	}
	return o, nil
}

func (o *tableFunction) Open(c *Context) error {
	opts, err := c.compileOptions()
	if err != nil {
		return err
	}
	if o.args, err = expr.CompileProjection(o.op.Args, opts...); err != nil {
		return fmt.Errorf("the arguments of %s: %w", o.op.Func.Name, err)
	}
	types := o.args.Types()
	if o.run, err = o.op.Func.New(types); err != nil {
		return err
	}
	for _, t := range types {
		o.flat = append(o.flat, column.NewVector(t, 0))
	}
	return nil
}

func (o *tableFunction) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	if err := o.args.Eval(b, &o.in); err != nil {
		return err
	}
	o.vecs = o.vecs[:0]
	for i, v := range o.in.Cols {
		if v.Dict != nil {
			o.flat[i].Reset()
			v.Decode(o.flat[i])
			v = o.flat[i]
		}
		o.vecs = append(o.vecs, v)
	}
	for _, v := range o.made {
		v.Reset()
	}
	var err error
	if o.from, err = o.run(o.vecs, b.Len, b.Sel, o.made, o.from[:0]); err != nil {
		return err
	}
	parents, made := o.from, o.made
	if o.op.Outer && o.lonely(b) {
		parents, made = o.parents, o.fill()
	}
	if len(parents) == 0 {
		return nil
	}
	o.join(b, parents, made)
	return o.slicer.emit(&o.out, out)
}

// lonely puts rows of which nothing was made among the others, and reports whether there are any.
func (o *tableFunction) lonely(b *column.Batch) bool {
	o.parents, o.picked = o.parents[:0], o.picked[:0]
	at, some := 0, false
	for i := range b.Rows() {
		r := int32(b.Row(i))
		before := at
		for ; at < len(o.from) && o.from[at] == r; at++ {
			o.parents, o.picked = append(o.parents, r), append(o.picked, int32(at))
		}
		if at == before {
			some = true
			o.parents, o.picked = append(o.parents, r), append(o.picked, none)
		}
	}
	return some
}

// fill returns the function's columns with NULLs where nothing was made.
func (o *tableFunction) fill() []*column.Vector {
	for i, v := range o.filled {
		v.Reset()
		for from := 0; from < len(o.picked); {
			if o.picked[from] == none {
				v.AppendNull()
				from++
				continue
			}
			to := from
			for to < len(o.picked) && o.picked[to] != none {
				to++
			}
			v.AppendRows(o.made[i], o.picked[from:to])
			from = to
		}
	}
	return o.filled
}

// join makes the output of the rows' columns and what was made of them.
func (o *tableFunction) join(b *column.Batch, parents []int32, made []*column.Vector) {
	o.out = column.Batch{Len: len(parents), Cols: o.out.Cols[:0]}
	for i, v := range o.kept {
		v.Reset()
		v.AppendRows(b.Cols[i], parents)
		o.out.Cols = append(o.out.Cols, v)
	}
	o.out.Cols = append(o.out.Cols, made...)
	if b.Kinds != nil {
		o.kinds = o.kinds[:0]
		for _, r := range parents {
			o.kinds = append(o.kinds, b.Kinds[r])
		}
		o.out.Kinds = o.kinds
	}
	if b.Times != nil {
		o.times = o.times[:0]
		for _, r := range parents {
			o.times = append(o.times, b.Times[r])
		}
		o.out.Times = o.times
	}
}
