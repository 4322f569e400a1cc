package operator

import (
	"fmt"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// fromChangelog gives rows the kind that a column names.
type fromChangelog struct {
	Base
	op  *graph.FromChangelog
	sel []int32
	out column.Batch
}

func newFromChangelog(op *graph.FromChangelog, in []column.Field) (*fromChangelog, error) {
	if op.Column < 0 || op.Column >= len(in) || !in[op.Column].Type.IsText() {
		return nil, fmt.Errorf("column %d is no text", op.Column)
	}
	return &fromChangelog{op: op}, nil
}

func (o *fromChangelog) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	codes := b.Cols[o.op.Column]
	o.out.Len, o.out.Sel, o.out.Kinds, o.out.Times = b.Len, nil, nil, b.Times
	o.out.Cols = append(append(o.out.Cols[:0], b.Cols[:o.op.Column]...), b.Cols[o.op.Column+1:]...)
	kinds := o.out.AddKinds(b.Len)
	o.sel = o.sel[:0]
	for i := range b.Rows() {
		r := b.Row(i)
		if codes.IsNull(r) {
			continue
		}
		if k, ok := o.op.Kinds[string(codes.BytesAt(r))]; ok {
			kinds[r] = k
			o.sel = append(o.sel, int32(r))
		}
	}
	if len(o.sel) == 0 {
		return nil
	}
	o.out.Sel = o.sel
	return out.Emit(&o.out)
}

// toChangelog makes inserts of all rows, with a column that names the kind each had.
type toChangelog struct {
	Base
	op    *graph.ToChangelog
	codes *column.Vector // the texts, by place
	place [4]int32       // of each kind's text; -1: rows of the kind are left out
	index []uint64       // memory of the column's dictionary indexes
	col   column.Vector
	sel   []int32
	out   column.Batch
}

func newToChangelog(op *graph.ToChangelog) *toChangelog {
	o := &toChangelog{op: op, codes: column.NewVector(column.Str().Required(), 4)}
	for k, text := range op.Codes {
		if o.place[k] = -1; text != nil {
			o.place[k] = int32(o.codes.Len)
			o.codes.AppendBytes([]byte(*text))
		}
	}
	o.col.Type = column.Str().Required()
	return o
}

func (o *toChangelog) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if words := b.Len/2 + 1; len(o.index) < words {
		o.index = make([]uint64, words)
	}
	o.col.Reset()
	o.col.LendData(o.index, nil, b.Len)
	o.col.Dict = o.codes
	places := column.Values[int32](&o.col)
	o.sel = slices.Grow(o.sel[:0], b.Rows())
	for i := range b.Rows() {
		r := b.Row(i)
		if at := o.place[b.Kind(r)]; at >= 0 {
			places[r] = at
			o.sel = append(o.sel, int32(r))
		}
	}
	if len(o.sel) == 0 {
		return nil
	}
	o.out = column.Batch{Len: b.Len, Cols: append(append(o.out.Cols[:0], &o.col), b.Cols...), Sel: o.sel, Times: b.Times}
	return out.Emit(&o.out)
}
