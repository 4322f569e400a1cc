package operator

import (
	"github.com/millstream/millstream/column"
)

// dropBefore leaves out -U rows, for a receiver to which the new row says enough.
type dropBefore struct {
	Base
	sel []int32
	cut column.Batch
}

func (o *dropBefore) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Kinds == nil {
		return out.Emit(b)
	}
	o.sel = o.sel[:0]
	for i := range b.Rows() {
		if r := b.Row(i); b.Kinds[r] != column.UpdateBefore {
			o.sel = append(o.sel, int32(r))
		}
	}
	if len(o.sel) == b.Rows() {
		return out.Emit(b)
	}
	if len(o.sel) == 0 {
		return nil
	}
	o.cut = column.Batch{Len: b.Len, Cols: b.Cols, Sel: o.sel, Kinds: b.Kinds, Times: b.Times}
	return out.Emit(&o.cut)
}
