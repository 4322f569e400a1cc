// Package kernel holds the loops over vectors: comparison, logic, arithmetic, hashing, sorting, aggregation.
//
// What enters: raw slices of [column.Vector] values, bitmaps, and an optional selection, which is a list of row
// indexes in ascending order (nil: all rows). What leaves: values written to slices that the caller made large
// enough, or a selection. The expression compiler and the operators call it; it calls nothing above column.
//
// What must hold: no function allocates per row, keeps a slice, or branches on data where arithmetic does.
// Values of null rows are readable but meaningless, so most loops run over them too and validity is combined
// apart, a word of 64 rows at a time. Machines are little-endian, as Arrow's buffers are.
package kernel

import "github.com/millstream/millstream/column"

// Number is a fixed-width type with arithmetic and order.
type Number interface {
	Integer | float32 | float64
}

// Integer is a signed integer type.
type Integer interface {
	int8 | int16 | int32 | int64
}

// bit is 1 for true, without a branch.
func bit(b bool) uint64 {
	var w uint64
	if b {
		w = 1
	}
	return w
}

func one(b bool) int {
	w := 0
	if b {
		w = 1
	}
	return w
}

// words is the number of words that hold n bits.
func words(n int) int { return (n + 63) >> 6 }

// And writes the intersection of two validities of n rows to out, which must be made for it by out.Validity;
// nil means all valid. If both are nil, out becomes valid throughout.
func And(out *column.Vector, a, b column.Bitmap, n int) {
	switch {
	case a == nil && b == nil:
		out.Valid = nil
	case a == nil:
		copy(out.Validity()[:words(n)], b)
	case b == nil:
		copy(out.Validity()[:words(n)], a)
	default:
		v := out.Validity()[:words(n)]
		a, b = a[:len(v)], b[:len(v)]
		for i := range v {
			v[i] = a[i] & b[i]
		}
	}
}
