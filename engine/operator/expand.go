package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// expand emits each row once for every list of projections: a row's copies follow each other, so that a changelog made of them shows the effects of
// one row after another.
type expand struct {
	Base
	op    *graph.Expand
	lists []*expr.Projection
	made  []column.Batch // by list
	all   *column.Batch  // one list's rows behind the other's
	order column.Picks
	cols  []*column.Vector
	kinds []column.RowKind
	out   column.Batch
	cut   slicer
}

func newExpand(op *graph.Expand, schema []column.Field) (*expand, error) {
	for _, list := range op.Projections {
		if len(list) != len(schema) {
			return nil, fmt.Errorf("expand: a projection of %d columns, want %d", len(list), len(schema))
		}
	}
	return &expand{
		op: op, made: make([]column.Batch, len(op.Projections)), all: column.NewBatch(schema, 0), cols: column.NewBatch(schema, 0).Cols,
	}, nil
}

func (o *expand) Open(c *Context) error {
	opts, err := c.compileOptions()
	if err != nil {
		return err
	}
	for i, list := range o.op.Projections {
		p, err := expr.CompileProjection(list, opts...)
		if err != nil {
			return fmt.Errorf("projection %d: %w", i+1, err)
		}
		o.lists = append(o.lists, p)
	}
	return nil
}

func (o *expand) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	n := b.Rows()
	if n == 0 {
		return nil
	}
	for i, list := range o.lists {
		if err := list.Eval(b, &o.made[i]); err != nil {
			return err
		}
	}
	o.order.Rows, o.kinds = o.order.Rows[:0], o.kinds[:0]
	for i := range n {
		for k := range o.lists {
			o.order.Rows = append(o.order.Rows, int32(k*n+i))
			o.kinds = append(o.kinds, b.Kind(b.Row(i)))
		}
	}
	o.order.Prepare()
	o.out = column.Batch{Len: len(o.order.Rows), Cols: append(o.out.Cols[:0], o.cols...)}
	if b.Kinds != nil {
		o.out.Kinds = o.kinds
	}
	for c, v := range o.all.Cols {
		v.Reset()
		for k := range o.made {
			if from := o.made[k].Cols[c]; from.Type.Kind != column.Null {
				v.AppendRows(from, b.Sel)
				continue
			}
			for range n {
				v.AppendNull()
			}
		}
		o.cols[c].Reset()
		o.order.Take(o.cols[c], v)
	}
	return o.cut.emit(&o.out, out)
}
