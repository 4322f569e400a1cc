package operator

import (
	"github.com/millstream/millstream/column"
)

// slicer cuts long batches into pieces without copying values.
type slicer struct {
	cols  []column.Vector
	piece column.Batch
}

// emit passes b on in batches of at most ChunkRows physical rows. It may write over b.Sel.
func (s *slicer) emit(b *column.Batch, out Output) error {
	if b.Len <= ChunkRows {
		if b.Rows() == 0 {
			return nil
		}
		return out.Emit(b)
	}
	if len(s.cols) < len(b.Cols) {
		s.cols = make([]column.Vector, len(b.Cols))
	}
	sel := b.Sel
	for from := 0; from < b.Len; from += ChunkRows {
		n := min(ChunkRows, b.Len-from)
		p := &s.piece
		p.Len, p.Cols = n, p.Cols[:0]
		if sel != nil {
			k := 0
			for k < len(sel) && int(sel[k]) < from+n {
				sel[k] -= int32(from)
				k++
			}
			if k == 0 {
				continue
			}
			p.Sel, sel = sel[:k], sel[k:]
		}
		for i, c := range b.Cols {
			cut(&s.cols[i], c, from, n)
			p.Cols = append(p.Cols, &s.cols[i])
		}
		if b.Kinds != nil {
			p.Kinds = b.Kinds[from : from+n]
		}
		if b.Times != nil {
			p.Times = b.Times[from : from+n]
		}
		if err := out.Emit(p); err != nil {
			return err
		}
		p.Sel, p.Kinds, p.Times = nil, nil, nil
	}
	return nil
}

// bits is the number of bits of a value in Vector.Data, by layout.
var bits = [...]int{
	column.LayoutNone: 0, column.LayoutBits: 1, column.LayoutInt8: 8, column.LayoutInt16: 16, column.LayoutInt32: 32, column.LayoutInt64: 64,
	column.LayoutFloat: 32, column.LayoutDouble: 64, column.LayoutInt128: 128, column.LayoutView: 128, column.LayoutList: 32, column.LayoutStruct: 0,
}

// cut makes to the rows [from, from+n) of v, which it borrows. from is a multiple of 64, so that every layout can be cut at a word.
func cut(to, v *column.Vector, from, n int) {
	width := bits[v.Type.Layout()]
	if v.Dict != nil {
		width = 32
	}
	*to = column.Vector{Type: v.Type, Buffers: v.Buffers, Children: v.Children, Dict: v.Dict}
	var data []uint64
	if at := from * width / 64; at < len(v.Data) { // a vector of no rows may be without memory
		data = v.Data[at:]
	}
	var valid column.Bitmap
	if v.Valid != nil {
		valid = v.Valid[from>>6:]
	}
	to.LendData(data, valid, n)
	if v.Type.Kind == column.Row && v.Dict == nil {
		to.Children = make([]*column.Vector, len(v.Children))
		for i, c := range v.Children {
			to.Children[i] = new(column.Vector)
			cut(to.Children[i], c, from, n)
		}
	}
}
