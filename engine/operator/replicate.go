package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// replicate emits each row as often as one of its columns says, without that column.
type replicate struct {
	Base
	op    *graph.Replicate
	picks column.Picks
	cols  []*column.Vector
	kinds []column.RowKind
	out   column.Batch
	flat  column.Vector
}

func newReplicate(op *graph.Replicate, in []column.Field) (*replicate, error) {
	if op.Count < 0 || op.Count >= len(in) || in[op.Count].Type.Kind != column.BigInt {
		return nil, fmt.Errorf("replicate: column %d is no BIGINT", op.Count)
	}
	o := &replicate{op: op}
	for _, f := range in {
		o.cols = append(o.cols, column.NewVector(f.Type, 0))
	}
	return o, nil
}

func (o *replicate) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	counts := b.Cols[o.op.Count]
	if counts.Dict != nil {
		o.flat.Reset()
		counts.Decode(&o.flat)
		counts = &o.flat
	}
	list := column.Values[int64](counts)
	for i := range b.Rows() {
		r := b.Row(i)
		if counts.IsNull(r) {
			continue
		}
		for range list[r] {
			o.picks.Rows = append(o.picks.Rows, int32(r))
			if len(o.picks.Rows) == ChunkRows {
				if err := o.flush(b, out); err != nil {
					return err
				}
			}
		}
	}
	return o.flush(b, out)
}

func (o *replicate) flush(b *column.Batch, out Output) error {
	n := len(o.picks.Rows)
	if n == 0 {
		return nil
	}
	o.picks.Prepare()
	o.out = column.Batch{Len: n, Cols: o.out.Cols[:0]}
	for i, v := range o.cols {
		if i != o.op.Count {
			v.Reset()
			o.picks.Take(v, b.Cols[i])
			o.out.Cols = append(o.out.Cols, v)
		}
	}
	if b.Kinds != nil {
		o.kinds = o.kinds[:0]
		for _, r := range o.picks.Rows {
			o.kinds = append(o.kinds, b.Kinds[r])
		}
		o.out.Kinds = o.kinds
	}
	o.picks.Rows = o.picks.Rows[:0]
	return out.Emit(&o.out)
}
