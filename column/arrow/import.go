package arrow

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/millstream/millstream/column"
)

// FromRecord returns a record's rows as a batch of the given columns, which the record has in the same order; nil stands for those
// of [Fields]. A column's type may differ from what Fields gives if it lies in memory alike, as TIMESTAMP(0) does where Arrow knows
// milliseconds. The record must be retained while the batch is in use. Writing to the batch copies what it has from the record.
//
// What is copied nevertheless: bits that do not begin at a byte, buffers that are not aligned to 8 bytes, and values of a width or
// unit that SQL does not have, such as unsigned integers and seconds.
func FromRecord(r arrow.RecordBatch, fields []column.Field) (*column.Batch, error) {
	if fields == nil {
		var err error
		if fields, err = Fields(r.Schema()); err != nil {
			return nil, err
		}
	}
	if int(r.NumCols()) != len(fields) {
		return nil, fmt.Errorf("the Arrow record has %d columns, not %d", r.NumCols(), len(fields))
	}
	b := &column.Batch{Len: int(r.NumRows())}
	for i, f := range fields {
		v, err := vectorOf(r.Column(i).Data(), f.Type)
		if err != nil {
			return nil, fmt.Errorf("column '%s': %w", f.Name, err)
		}
		b.Cols = append(b.Cols, v)
	}
	return b, nil
}

// alike reports whether values of the two types are the same in memory and in meaning; the parts of nested types are compared as
// they come.
func alike(a, b column.Type) bool {
	switch {
	case a.Kind == b.Kind:
		return a.Scale == b.Scale && (a.Kind != column.Timestamp && a.Kind != column.TimestampLTZ || a.TimeUnit() == b.TimeUnit()) &&
			len(a.Fields) == len(b.Fields)
	case a.IsText(), a.IsBinary():
		return a.IsText() && b.IsText() || a.IsBinary() && (b.IsBinary() || b.Kind == column.Variant || b.Kind == column.Bitset)
	}
	return a.Kind == column.Map && b.Kind == column.Multiset
}

// vectorOf reads array data as a vector of type t.
func vectorOf(d arrow.ArrayData, t column.Type) (*column.Vector, error) {
	natural, err := typeOf(d.DataType())
	if err != nil {
		return nil, err
	}
	if !alike(natural, t) {
		return nil, fmt.Errorf("an Arrow %s cannot be read as %s", d.DataType(), t)
	}
	n, off := d.Len(), d.Offset()
	v := &column.Vector{Type: t}
	valid := validBits(d)
	switch dt := d.DataType().(type) {
	case *arrow.NullType:
		v.Len = n
	case *arrow.BooleanType:
		v.LendData(bitWords(bufferOf(d, 1), off, n), valid, n)
	case *arrow.StringViewType, *arrow.BinaryViewType:
		v.LendData(words(bufferOf(d, 1), off*16, n*16), valid, n)
		for _, b := range d.Buffers()[2:] {
			v.Lend(b.Bytes())
		}
	case *arrow.StringType, *arrow.BinaryType:
		offsetViews(v, offsets[int32](d, n), bufferOf(d, 2), n)
		setValid(v, valid)
	case *arrow.LargeStringType, *arrow.LargeBinaryType:
		offsetViews(v, offsets[int64](d, n), bufferOf(d, 2), n)
		setValid(v, valid)
	case *arrow.FixedSizeBinaryType:
		fixedViews(v, bufferOf(d, 1), off, dt.ByteWidth, n)
		setValid(v, valid)
	case *arrow.StructType:
		v.Children = make([]*column.Vector, len(t.Fields))
		for i, c := range d.Children() {
			// A struct's offset counts for its children too.
			slice := array.NewSliceData(c, int64(off), int64(off+n))
			defer slice.Release()
			if v.Children[i], err = vectorOf(slice, t.Fields[i].Type); err != nil {
				return nil, fmt.Errorf("field '%s': %w", t.Fields[i].Name, err)
			}
		}
		v.Len, v.Valid = n, valid
	case *arrow.ListType:
		if v.Children, err = children(d.Children(), *t.Elem); err != nil {
			return nil, err
		}
		lists(v, offsets[int32](d, n), valid, n)
	case *arrow.MapType:
		parts := []column.Type{*t.Elem, column.Of(column.Int).Required()}
		if t.Kind == column.Map {
			parts = []column.Type{*t.Key, *t.Elem}
		}
		entries := d.Children()[0]
		var keyed []arrow.ArrayData
		for _, c := range entries.Children() {
			slice := array.NewSliceData(c, int64(entries.Offset()), int64(entries.Offset()+entries.Len()))
			defer slice.Release()
			keyed = append(keyed, slice)
		}
		if v.Children, err = children(keyed, parts...); err != nil {
			return nil, err
		}
		lists(v, offsets[int32](d, n), valid, n)
	case *arrow.DictionaryType:
		if v.Dict, err = vectorOf(d.Dictionary(), t); err != nil {
			return nil, err
		}
		codes, err := indexes(d, dt)
		if err != nil {
			return nil, err
		}
		v.LendData(codes, valid, n)
	default:
		if converted := convert(v, d, n); converted {
			setValid(v, valid)
			break
		}
		w := d.DataType().(arrow.FixedWidthDataType).BitWidth() / 8
		v.LendData(words(bufferOf(d, 1), off*w, n*w), valid, n)
	}
	return v, nil
}

func children(list []arrow.ArrayData, types ...column.Type) ([]*column.Vector, error) {
	out := make([]*column.Vector, len(list))
	for i, d := range list {
		var err error
		if out[i], err = vectorOf(d, types[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func bufferOf(d arrow.ArrayData, i int) []byte {
	if b := d.Buffers()[i]; b != nil {
		return b.Bytes()
	}
	return nil
}

// words returns n bytes from offset off on as whole words: the bytes themselves if they are aligned and memory reaches to the end of
// the last word, else a copy.
func words(b []byte, off, n int) []uint64 {
	if n == 0 {
		return nil
	}
	whole := (n + 7) >> 3
	p := unsafe.Pointer(&b[off])
	if uintptr(p)&7 == 0 && off+8*whole <= cap(b) {
		return unsafe.Slice((*uint64)(p), whole)
	}
	out := make([]uint64, whole)
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&out[0])), 8*whole), b[off:off+n])
	return out
}

// bitWords is words for n bits from bit off on.
func bitWords(b []byte, off, n int) []uint64 {
	if n == 0 {
		return nil
	}
	if off&7 == 0 {
		return words(b, off>>3, (n+7)>>3)
	}
	all := column.Bitmap(words(b, 0, (off+n+7)>>3))
	out := column.MakeBitmap(n)
	out.CopyRange(0, all, off, n)
	return out
}

func validBits(d arrow.ArrayData) column.Bitmap {
	if d.NullN() == 0 || len(d.Buffers()) == 0 || d.Buffers()[0] == nil {
		return nil
	}
	return bitWords(d.Buffers()[0].Bytes(), d.Offset(), d.Len())
}

// setValid copies validity to a vector that owns its values.
func setValid(v *column.Vector, valid column.Bitmap) {
	if valid != nil {
		copy(v.Validity(), valid)
	}
}

// offsets returns the n+1 offsets of variable-size data.
func offsets[T int32 | int64](d arrow.ArrayData, n int) []T {
	b := bufferOf(d, 1)
	if len(b) == 0 {
		return make([]T, n+1)
	}
	var z T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(z)))[d.Offset():][:n+1]
}

// lists lends a list's offsets.
func lists(v *column.Vector, o []int32, valid column.Bitmap, n int) {
	raw := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(o))), 4*len(o))
	v.LendData(words(raw[:len(raw):len(raw)], 0, len(raw)), valid, n)
}

// window is how much of a data buffer one view buffer shows: offsets in views have 32 bits, in Arrow 31.
const window = 1 << 30

// offsetViews makes views of values between offsets; their bytes stay where they are.
func offsetViews[T int32 | int64](v *column.Vector, o []T, data []byte, n int) {
	for at := 0; at == 0 || at < len(data); at += window {
		v.Lend(data[at:])
	}
	v.Resize(n)
	views := column.Values[column.View](v)
	for i := range n {
		from, to := int(o[i]), int(o[i+1])
		b := from / window
		views[i] = column.MakeView(data[b*window:], b, from-b*window, to-from)
	}
}

func fixedViews(v *column.Vector, data []byte, off, width, n int) {
	v.Lend(data)
	v.Resize(n)
	views := column.Values[column.View](v)
	for i := range n {
		views[i] = column.MakeView(data, 0, (off+i)*width, width)
	}
}
