package operator

import (
	"bytes"
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	_ "github.com/millstream/millstream/connector/format/json" // in which rows are written
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
)

// lateRecords makes records of late rows, for a dead-letter table. They are few: nothing here is made to be fast.
type lateRecords struct {
	Base
	op      *graph.LateRecords
	in      []column.Field // with the watermark behind
	time    timeColumn
	columns []column.Field  // of the JSON
	text    []*expr.Program // by column: makes text of what JSON cannot carry; nil: none is needed
	encoder format.Encoder
	buffer  []byte
	made    []*column.Vector
	out     *column.Batch
}

func newLateRecords(op *graph.LateRecords, in []column.Field) (*lateRecords, error) {
	if n := len(in) - 1; n < 0 || op.Time >= n || op.Time >= 0 && !isTime(in[op.Time].Type) {
		return nil, fmt.Errorf("late rows of %d columns have no time in column %d", len(in), op.Time)
	}
	return &lateRecords{op: op, in: in, out: column.NewBatch(graph.LateFields, 0)}, nil
}

func (o *lateRecords) Open(c *Context) error {
	spec, _ := format.Lookup("json")
	options, err := setting.Check(spec.Options, nil)
	if err != nil {
		return err
	}
	encoder := func(list ...column.Field) (format.Encoder, error) {
		return spec.NewEncoder(format.Config{Options: options, Columns: list})
	}
	opts, err := c.compileOptions()
	if err != nil {
		return err
	}
	for i, f := range o.in[:len(o.in)-1] {
		var text *expr.Program
		if _, err := encoder(f); err != nil {
			e := expr.CastTo(&expr.Column{Index: i, Name: f.Name, T: f.Type}, column.Str())
			if text, err = expr.Compile(e, opts...); err != nil {
				return fmt.Errorf("column %s of a late row: %w", f.Name, err)
			}
			f.Type = e.Type()
		}
		o.columns, o.text, o.made = append(o.columns, f), append(o.text, text), append(o.made, column.NewVector(f.Type, 0))
	}
	o.encoder, err = encoder(o.columns...)
	return err
}

func (o *lateRecords) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	n := b.Rows()
	if n == 0 {
		return nil
	}
	lines, err := o.encode(b)
	if err != nil {
		return err
	}
	times, valid := o.times(b)
	marks := column.Values[int64](b.Cols[len(o.in)-1])
	o.out.Reset()
	for i := range n {
		r := b.Row(i)
		o.out.Cols[0].AppendBytes(lines[i])
		o.out.Cols[1].AppendString(o.op.Table)
		o.out.Cols[2].AppendString(o.op.Operator)
		if times != nil && (valid == nil || valid.Get(i)) {
			column.Append(o.out.Cols[3], times[i])
		} else {
			o.out.Cols[3].AppendNull()
		}
		column.Append(o.out.Cols[4], marks[r])
		cause := "late"
		if k := b.Kind(r); k != column.Insert {
			cause += " " + k.String()
		}
		o.out.Cols[5].AppendString(cause)
	}
	o.out.Len = n
	return out.Emit(o.out)
}

// encode returns the live rows as JSON objects.
func (o *lateRecords) encode(b *column.Batch) (lines [][]byte, err error) {
	rows := column.Batch{Len: b.Rows()} // without a selection, as programs give their results
	for i, f := range o.columns {
		v := o.made[i]
		v.Reset()
		if o.text[i] == nil {
			v.AppendRows(b.Cols[i], b.Sel)
		} else if err := o.text[i].Eval(b, v); err != nil {
			return nil, fmt.Errorf("column %s of a late row: %w", f.Name, err)
		}
		rows.Cols = append(rows.Cols, v)
	}
	o.buffer, err = o.encoder.Encode(o.buffer[:0], &rows)
	return bytes.Split(o.buffer, []byte{'\n'}), err
}

// times returns the event times of the live rows, in milliseconds; nil if they have none.
func (o *lateRecords) times(b *column.Batch) ([]int64, column.Bitmap) {
	if o.op.Time < 0 {
		return nil, nil
	}
	v := column.NewVector(o.in[o.op.Time].Type, 0)
	v.AppendRows(b.Cols[o.op.Time], b.Sel)
	if v.Dict != nil {
		flat := column.NewVector(v.Type, 0)
		v.Decode(flat)
		v = flat
	}
	return o.time.millis(v), v.Valid
}
