package kernel

import (
	"bytes"
	"math/bits"

	"github.com/millstream/millstream/column"
)

// EqualView reports whether two text or binary values are equal; a's buffers are as, b's are bs.
func EqualView(a, b *column.View, as, bs [][]byte) bool {
	if a.Lo != b.Lo { // length or the first four bytes
		return false
	}
	if a.Inline() {
		return a.Hi == b.Hi
	}
	return bytes.Equal(a.Bytes(as), b.Bytes(bs))
}

// CompareView compares two text or binary values by their bytes, as unsigned: for UTF-8 that is the order of code points.
func CompareView(a, b *column.View, as, bs [][]byte) int {
	x, y := bits.ReverseBytes32(uint32(a.Lo>>32)), bits.ReverseBytes32(uint32(b.Lo>>32))
	if x != y { // shorter values are padded with zeros, which come first
		return sign(x < y)
	}
	if a.Inline() && b.Inline() {
		p, q := bits.ReverseBytes64(a.Hi), bits.ReverseBytes64(b.Hi)
		if p != q {
			return sign(p < q)
		}
		return a.Len() - b.Len()
	}
	return bytes.Compare(a.Bytes(as), b.Bytes(bs))
}

func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}

// Holds reports whether a comparison whose outcome is negative, zero or positive satisfies c.
func (c Cmp) Holds(order int) bool {
	switch c {
	case Eq:
		return order == 0
	case Ne:
		return order != 0
	case Lt:
		return order < 0
	case Le:
		return order <= 0
	case Gt:
		return order > 0
	}
	return order >= 0
}

// Texts are the values of a text or binary vector.
type Texts struct {
	Views   []column.View
	Buffers [][]byte
}

// TextsOf returns the values of v.
func TextsOf(v *column.Vector) Texts { return Texts{column.Values[column.View](v), v.Buffers} }

// SelectViewVC is [SelectVC] for text and binary values.
func SelectViewVC(op Cmp, a Texts, c Texts, n int, sel, out []int32) []int32 {
	want := &c.Views[0]
	k := 0
	if op == Eq || op == Ne {
		flip := op == Ne
		if want.Inline() {
			lo, hi := want.Lo, want.Hi
			if sel == nil {
				out = out[:n]
				for i, v := range a.Views[:n] {
					out[k] = int32(i)
					k += one(((v.Lo^lo)|(v.Hi^hi) == 0) != flip)
				}
				return out[:k]
			}
			for _, r := range sel {
				v := a.Views[r]
				out[k] = r
				k += one(((v.Lo^lo)|(v.Hi^hi) == 0) != flip)
			}
			return out[:k]
		}
		each(n, sel, func(r int32) {
			out[k] = r
			k += one(EqualView(&a.Views[r], want, a.Buffers, c.Buffers) != flip)
		})
		return out[:k]
	}
	each(n, sel, func(r int32) {
		out[k] = r
		k += one(op.Holds(CompareView(&a.Views[r], want, a.Buffers, c.Buffers)))
	})
	return out[:k]
}

// SelectViewVV is [SelectVV] for text and binary values.
func SelectViewVV(op Cmp, a, b Texts, n int, sel, out []int32) []int32 {
	k := 0
	if op == Eq || op == Ne {
		each(n, sel, func(r int32) {
			out[k] = r
			k += one(EqualView(&a.Views[r], &b.Views[r], a.Buffers, b.Buffers) == (op == Eq))
		})
		return out[:k]
	}
	each(n, sel, func(r int32) {
		out[k] = r
		k += one(op.Holds(CompareView(&a.Views[r], &b.Views[r], a.Buffers, b.Buffers)))
	})
	return out[:k]
}

// each calls f for the rows of sel, or for rows 0 … n-1 if it is nil. It is small enough to be inlined with f.
func each(n int, sel []int32, f func(r int32)) {
	if sel == nil {
		for i := range n {
			f(int32(i))
		}
		return
	}
	for _, r := range sel {
		f(r)
	}
}

// CompareViewVC writes the comparison of each of the rows of sel (nil: n rows) with a constant as a bit of out, which the
// other rows' bits leave unspecified.
func CompareViewVC(op Cmp, a Texts, c Texts, n int, sel []int32, out column.Bitmap) {
	want := &c.Views[0]
	if op == Eq || op == Ne {
		if want.Inline() && sel == nil {
			flip := -bit(op == Ne)
			for w := range words(n) {
				var x uint64
				for j, v := range a.Views[w<<6 : min(w<<6+64, n)] {
					x |= bit((v.Lo^want.Lo)|(v.Hi^want.Hi) == 0) << (j & 63)
				}
				out[w] = x ^ flip
			}
			return
		}
		each(n, sel, func(r int32) {
			out.Put(int(r), EqualView(&a.Views[r], want, a.Buffers, c.Buffers) == (op == Eq))
		})
		return
	}
	each(n, sel, func(r int32) {
		out.Put(int(r), op.Holds(CompareView(&a.Views[r], want, a.Buffers, c.Buffers)))
	})
}

// CompareViewVV is CompareViewVC for two vectors.
func CompareViewVV(op Cmp, a, b Texts, n int, sel []int32, out column.Bitmap) {
	if op == Eq || op == Ne {
		each(n, sel, func(r int32) {
			out.Put(int(r), EqualView(&a.Views[r], &b.Views[r], a.Buffers, b.Buffers) == (op == Eq))
		})
		return
	}
	each(n, sel, func(r int32) {
		out.Put(int(r), op.Holds(CompareView(&a.Views[r], &b.Views[r], a.Buffers, b.Buffers)))
	})
}

// CompareBits writes a op b for n BOOLEANs, FALSE before TRUE; if constant is set, b has one row.
func CompareBits(op Cmp, a, b column.Bitmap, constant bool, n int, out column.Bitmap) {
	c := -(b[0] & 1)
	for i := range words(n) {
		x, y := a[i], c
		if !constant {
			y = b[i]
		}
		switch op {
		case Eq:
			out[i] = ^(x ^ y)
		case Ne:
			out[i] = x ^ y
		case Lt:
			out[i] = ^x & y
		case Le:
			out[i] = ^x | y
		case Gt:
			out[i] = x &^ y
		default:
			out[i] = x | ^y
		}
	}
}
