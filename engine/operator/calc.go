package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// calc filters and projects. It copies nothing: the filter becomes the batch's selection, and columns that are passed on as they are stay
// where they are, as do kinds and times.
type calc struct {
	Base
	op      *graph.Calc
	filter  *expr.Filter     // nil: all rows
	project *expr.Projection // nil: all columns
	sel     []int32
	cut     column.Batch // the input with the filter's selection
	out     column.Batch
}

func (o *calc) Open(c *Context) error {
	opts, err := c.compileOptions()
	if err != nil {
		return err
	}
	if o.op.Filter != nil {
		if o.filter, err = expr.CompileFilter(o.op.Filter, opts...); err != nil {
			return fmt.Errorf("filter %s: %w", o.op.Filter, err)
		}
	}
	if o.op.Project != nil {
		if o.project, err = expr.CompileProjection(o.op.Project, opts...); err != nil {
			return fmt.Errorf("projection: %w", err)
		}
	}
	return nil
}

func (o *calc) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if o.filter != nil {
		sel, err := o.filter.Select(b, o.sel)
		if err != nil {
			return fmt.Errorf("filter %s: %w", o.op.Filter, err)
		}
		o.sel = sel
		if len(sel) < b.Rows() {
			o.cut = column.Batch{Len: b.Len, Cols: b.Cols, Sel: sel, Kinds: b.Kinds, Times: b.Times}
			b = &o.cut
		}
	}
	if b.Rows() == 0 {
		return nil
	}
	if o.project != nil {
		if err := o.project.Eval(b, &o.out); err != nil {
			return err
		}
		b = &o.out
	}
	return out.Emit(b)
}
