package arrow

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/millstream/millstream/column"
)

// FromRecord returns a record's rows as a batch of the given columns, which the record has in the same order with types that
// lie in memory alike: those of [Schema], plain strings and binary values, and dictionaries of them. The record must be retained while the
// batch is in use.
func FromRecord(r arrow.RecordBatch, fields []column.Field) (*column.Batch, error) {
	if int(r.NumCols()) != len(fields) {
		return nil, fmt.Errorf("the Arrow record has %d columns, not %d", r.NumCols(), len(fields))
	}
	b := &column.Batch{Len: int(r.NumRows())}
	for i, f := range fields {
		v, err := fromData(r.Column(i).Data(), f.Type)
		if err != nil {
			return nil, fmt.Errorf("column '%s': %w", f.Name, err)
		}
		b.Cols = append(b.Cols, v)
	}
	return b, nil
}

// fromData makes a vector that reads an array's memory. What does not begin at a whole word, as in a slice of an array, is copied.
func fromData(d arrow.ArrayData, t column.Type) (*column.Vector, error) {
	if dict, ok := d.DataType().(*arrow.DictionaryType); ok {
		return fromDictionary(d, dict, t)
	}
	want, err := dataType(t)
	if err != nil {
		return nil, err
	}
	if !sameLayout(d.DataType(), want) {
		return nil, fmt.Errorf("an Arrow %s cannot be read as %s", d.DataType(), t)
	}
	v := &column.Vector{Type: t, Len: d.Len()}
	if t.Kind == column.Null {
		return v, nil
	}
	if d.NullN() != 0 && d.Buffers()[0] != nil {
		v.Valid = bitmapOf(d.Buffers()[0], d.Offset(), d.Len())
	}
	switch t.Layout() {
	case column.LayoutBits:
		v.Data = bitmapOf(d.Buffers()[1], d.Offset(), d.Len())
	case column.LayoutList:
		return v, fillList(v, d)
	case column.LayoutStruct:
		for i, c := range d.Children() {
			// A struct's children are not cut when it is.
			part := array.NewSliceData(c, int64(d.Offset()), int64(d.Offset()+d.Len()))
			child, err := fromData(part, t.Fields[i].Type)
			part.Release()
			if err != nil {
				return nil, err
			}
			v.Children = append(v.Children, child)
		}
	case column.LayoutView:
		return v, fillViews(v, d)
	default:
		width := d.DataType().(arrow.FixedWidthDataType).BitWidth() / 8
		v.Data = wordsOf(d.Buffers()[1], d.Offset()*width, d.Len()*width)
	}
	return v, nil
}

// sameLayout reports whether values of the Arrow type got lie in memory as those of want, or can be viewed so.
func sameLayout(got, want arrow.DataType) bool {
	switch w := want.(type) {
	case *arrow.StringViewType:
		return got.ID() == arrow.STRING_VIEW || got.ID() == arrow.STRING
	case *arrow.BinaryViewType:
		return got.ID() == arrow.BINARY_VIEW || got.ID() == arrow.BINARY
	case *arrow.TimestampType:
		g, ok := got.(*arrow.TimestampType)
		return ok && g.Unit == w.Unit
	case *arrow.ListType, *arrow.MapType, *arrow.StructType:
		g, ok := got.(arrow.NestedType)
		return ok && got.ID() == want.ID() && len(g.Fields()) == len(w.(arrow.NestedType).Fields()) // children are compared as they come
	}
	return arrow.TypeEqual(got, want)
}

func fromDictionary(d arrow.ArrayData, t *arrow.DictionaryType, to column.Type) (*column.Vector, error) {
	if t.IndexType.ID() != arrow.INT32 {
		return nil, fmt.Errorf("an Arrow dictionary with %s indexes cannot be read: they must be int32", t.IndexType)
	}
	values, err := fromData(d.Dictionary(), to)
	if err != nil {
		return nil, err
	}
	v := &column.Vector{Type: to, Len: d.Len(), Dict: values, Data: wordsOf(d.Buffers()[1], d.Offset()*4, d.Len()*4)}
	if d.NullN() != 0 && d.Buffers()[0] != nil {
		v.Valid = bitmapOf(d.Buffers()[0], d.Offset(), d.Len())
	}
	return v, nil
}

func fillList(v *column.Vector, d arrow.ArrayData) error {
	if d.Len() == 0 {
		v.Data = make([]uint64, 1)
	} else {
		v.Data = wordsOf(d.Buffers()[1], d.Offset()*4, (d.Len()+1)*4)
	}
	child := d.Children()[0]
	if v.Type.Kind == column.Array {
		elem, err := fromData(child, *v.Type.Elem)
		v.Children = []*column.Vector{elem}
		return err
	}
	key, value := v.Type.Key, *v.Type.Elem
	if v.Type.Kind == column.Multiset {
		key, value = v.Type.Elem, column.Of(column.Int).Required()
	}
	entries, err := fromData(child, column.RowOf(column.Field{Name: "key", Type: *key}, column.Field{Name: "value", Type: value}))
	if err != nil {
		return err
	}
	v.Children = entries.Children
	return nil
}

// fillViews takes over views, or makes them from offsets.
func fillViews(v *column.Vector, d arrow.ArrayData) error {
	b := d.Buffers()
	switch d.DataType().ID() {
	case arrow.STRING_VIEW, arrow.BINARY_VIEW:
		v.Data = wordsOf(b[1], d.Offset()*16, d.Len()*16)
		for _, buf := range b[2:] {
			v.Buffers = append(v.Buffers, buf.Bytes())
		}
		return nil
	}
	v.Data = make([]uint64, 2*d.Len())
	if d.Len() == 0 {
		return nil
	}
	offsets := arrow.Int32Traits.CastFromBytes(b[1].Bytes())[d.Offset() : d.Offset()+d.Len()+1]
	text := b[2].Bytes()
	index := v.Lend(text)
	views := v.Views()
	for i := range views {
		views[i] = column.MakeView(text, index, int(offsets[i]), int(offsets[i+1]-offsets[i]))
	}
	return nil
}

// wordsOf returns n bytes of a buffer from off on as whole words: the buffer's own memory if that is aligned and long enough.
func wordsOf(b *memory.Buffer, off, n int) []uint64 {
	words := (n + 7) / 8
	if words == 0 {
		return nil
	}
	whole := b.Bytes()
	whole = whole[:cap(whole)]
	if p := unsafe.Pointer(&whole[off]); uintptr(p)%8 == 0 && off+words*8 <= len(whole) {
		return unsafe.Slice((*uint64)(p), words)
	}
	copied := make([]uint64, words)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&copied[0])), words*8), whole[off:off+n])
	return copied
}

// bitmapOf returns n bits of a buffer from off on.
func bitmapOf(b *memory.Buffer, off, n int) column.Bitmap {
	if off%8 == 0 {
		return wordsOf(b, off/8, (n+7)/8)
	}
	out := column.MakeBitmap(n)
	bits := b.Bytes()
	for i := range n {
		at := off + i
		out.Put(i, bits[at>>3]>>(at&7)&1 != 0)
	}
	return out
}
