package kernel

import (
	"math/bits"

	"github.com/millstream/millstream/column"
)

// wideTest is a comparison of 128-bit values as one that computes without branches: whether a is less than b, or b than a, or not.
type wideTest struct {
	equal, swap bool
	negate      uint64
}

func wideTestOf(op Cmp) wideTest {
	switch op {
	case Eq:
		return wideTest{equal: true}
	case Ne:
		return wideTest{equal: true, negate: 1}
	case Lt:
		return wideTest{}
	case Ge:
		return wideTest{negate: 1}
	case Gt:
		return wideTest{swap: true}
	}
	return wideTest{swap: true, negate: 1}
}

// holds returns 1 where the comparison is true.
func (t wideTest) holds(x, y column.Int128) uint64 {
	if t.equal {
		d := x.Lo ^ y.Lo | uint64(x.Hi^y.Hi)
		return (d|-d)>>63 ^ 1 ^ t.negate
	}
	if t.swap {
		x, y = y, x
	}
	const sign = 1 << 63
	_, borrow := bits.Sub64(x.Lo, y.Lo, 0)
	_, borrow = bits.Sub64(uint64(x.Hi)^sign, uint64(y.Hi)^sign, borrow)
	return borrow ^ t.negate
}

// CompareInt128 writes a op b for the rows of sel (nil: n rows); if constant is set, b has one row.
func CompareInt128(op Cmp, a, b []column.Int128, constant bool, n int, sel []int32, out column.Bitmap) {
	t, step := wideTestOf(op), 1
	if constant {
		step = 0
	}
	if sel != nil {
		for _, r := range sel {
			out.Put(int(r), t.holds(a[r], b[int(r)*step]) != 0)
		}
		return
	}
	for from := 0; from < n; from += 64 {
		var w uint64
		for i := range a[from:min(from+64, n)] {
			w |= t.holds(a[from+i], b[(from+i)*step]) << i
		}
		out[from>>6] = w
	}
}

// SelectInt128 writes to out those rows of sel (nil: of n rows) for which a op b; if constant is set, b has one row. out may be sel's memory.
func SelectInt128(op Cmp, a, b []column.Int128, constant bool, n int, sel, out []int32) []int32 {
	t, step, k := wideTestOf(op), 1, 0
	if constant {
		step = 0
	}
	if sel == nil {
		out = out[:n]
		for i := range out {
			out[k] = int32(i)
			k += int(t.holds(a[i], b[i*step]))
		}
		return out[:k]
	}
	out = out[:len(sel)]
	for _, r := range sel {
		out[k] = r
		k += int(t.holds(a[r], b[int(r)*step]))
	}
	return out[:k]
}
