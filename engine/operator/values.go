package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// values emits constant rows once, in subtask 0.
type values struct {
	Base
	op     *graph.Values
	schema []column.Field
	opts   []expr.Option
	mine   bool
	done   bool
}

func (o *values) Open(c *Context) (err error) {
	o.mine = c.Subtask == 0
	o.opts, err = c.compileOptions()
	return err
}

func (o *values) Process(int, Payload, Output) error {
	return fmt.Errorf("constant rows have no input")
}

func (o *values) EndInput(_ int, out Output) error {
	if !o.mine || o.done {
		return nil
	}
	o.done = true
	none := column.Batch{Len: 1} // the row over which constants are computed
	b := column.NewBatch(o.schema, min(len(o.op.Rows), ChunkRows))
	for i, row := range o.op.Rows {
		for j, e := range row {
			var v column.Vector // of its own: columns of other types would find its children
			p, err := expr.Compile(e, o.opts...)
			if err == nil {
				err = p.Eval(&none, &v)
			}
			if err != nil {
				return fmt.Errorf("row %d, column %s: %w", i+1, o.schema[j].Name, err)
			}
			switch to := b.Cols[j]; {
			case v.Type.Kind == column.Null:
				to.AppendNull()
			case v.Type.Layout() != to.Type.Layout():
				return fmt.Errorf("row %d, column %s: a value of type %s in a column of type %s", i+1, o.schema[j].Name, v.Type, to.Type)
			default:
				to.AppendRows(&v, nil)
			}
		}
		b.Len++
		if b.Len == ChunkRows || i == len(o.op.Rows)-1 {
			if err := out.Emit(b); err != nil {
				return err
			}
			b.Reset()
		}
	}
	return nil
}
