package arrow

import (
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/millstream/millstream/column"
)

// values returns the n values of a fixed-width array.
func values[T any](d arrow.ArrayData, n int) []T {
	b := bufferOf(d, 1)
	if len(b) == 0 {
		return make([]T, n)
	}
	var z T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(z)))[d.Offset():][:n]
}

// convert writes values of a width or unit that SQL does not have to v; it reports false for arrays that need no conversion.
func convert(v *column.Vector, d arrow.ArrayData, n int) bool {
	v.Reserve(n)
	switch dt := d.DataType().(type) {
	case *arrow.Uint8Type:
		widen(v, values[uint8](d, n), func(x uint8) int16 { return int16(x) })
	case *arrow.Uint16Type:
		widen(v, values[uint16](d, n), func(x uint16) int32 { return int32(x) })
	case *arrow.Uint32Type:
		widen(v, values[uint32](d, n), func(x uint32) int64 { return int64(x) })
	case *arrow.Uint64Type:
		widen(v, values[uint64](d, n), func(x uint64) column.Int128 { return column.Int128{Lo: x} })
	case *arrow.Date64Type:
		widen(v, values[int64](d, n), func(x int64) int32 { return int32(floor(x, 86400000)) })
	case *arrow.Time32Type:
		if dt.Unit == arrow.Millisecond {
			return false
		}
		widen(v, values[int32](d, n), func(x int32) int32 { return x * 1000 })
	case *arrow.Time64Type:
		per := int64(1000)
		if dt.Unit == arrow.Nanosecond {
			per = 1000000
		}
		widen(v, values[int64](d, n), func(x int64) int32 { return int32(x / per) })
	case *arrow.TimestampType:
		if dt.Unit != arrow.Second {
			return false
		}
		widen(v, values[int64](d, n), func(x int64) int64 { return x * 1000 })
	case *arrow.DurationType:
		switch dt.Unit {
		case arrow.Millisecond:
			return false
		case arrow.Second:
			widen(v, values[int64](d, n), func(x int64) int64 { return x * 1000 })
		case arrow.Microsecond:
			widen(v, values[int64](d, n), func(x int64) int64 { return floor(x, 1000) })
		default:
			widen(v, values[int64](d, n), func(x int64) int64 { return floor(x, 1000000) })
		}
	default:
		return false
	}
	return true
}

func floor(x, by int64) int64 {
	q := x / by
	if x%by < 0 {
		q--
	}
	return q
}

func widen[A any, B column.Fixed](v *column.Vector, in []A, f func(A) B) {
	v.Resize(len(in))
	out := column.Values[B](v)
	for i, x := range in {
		out[i] = f(x)
	}
}

// indexes returns a dictionary array's indexes as 32-bit ones.
func indexes(d arrow.ArrayData, dt *arrow.DictionaryType) ([]uint64, error) {
	n := d.Len()
	if dt.IndexType.ID() == arrow.INT32 || dt.IndexType.ID() == arrow.UINT32 {
		return words(bufferOf(d, 1), 4*d.Offset(), 4*n), nil
	}
	v := column.NewVector(column.Of(column.Int), n)
	switch dt.IndexType.ID() {
	case arrow.INT8:
		widen(v, values[int8](d, n), func(x int8) int32 { return int32(x) })
	case arrow.UINT8:
		widen(v, values[uint8](d, n), func(x uint8) int32 { return int32(x) })
	case arrow.INT16:
		widen(v, values[int16](d, n), func(x int16) int32 { return int32(x) })
	case arrow.UINT16:
		widen(v, values[uint16](d, n), func(x uint16) int32 { return int32(x) })
	case arrow.INT64:
		widen(v, values[int64](d, n), func(x int64) int32 { return int32(x) })
	case arrow.UINT64:
		widen(v, values[uint64](d, n), func(x uint64) int32 { return int32(x) })
	default:
		return nil, fmt.Errorf("an Arrow dictionary with indexes of type %s", dt.IndexType)
	}
	return v.Data, nil
}
