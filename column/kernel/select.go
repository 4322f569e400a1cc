package kernel

import (
	"math/bits"

	"github.com/millstream/millstream/column"
)

// SelectTrue writes to out the rows whose bit is set in b and, if valid is not nil, in valid, of those in sel or, if
// it is nil, of rows 0 … n-1. out must have room for all of them; it may be sel's memory.
func SelectTrue(b, valid column.Bitmap, n int, sel, out []int32) []int32 {
	k := 0
	if sel == nil {
		out = out[:n]
		for w := range words(n) {
			x := b[w]
			if valid != nil {
				x &= valid[w]
			}
			if r := n - w<<6; r < 64 {
				x &= 1<<r - 1
			}
			base := int32(w << 6)
			switch {
			case x == ^uint64(0):
				to := out[k : k+64]
				for j := range to {
					to[j] = base + int32(j)
				}
				k += 64
			default:
				for ; x != 0; x &= x - 1 {
					out[k] = base + int32(bits.TrailingZeros64(x))
					k++
				}
			}
		}
		return out[:k]
	}
	out = out[:len(sel)]
	if valid == nil {
		for _, r := range sel {
			out[k] = r
			k += int(b[r>>6] >> (r & 63) & 1)
		}
		return out[:k]
	}
	for _, r := range sel {
		out[k] = r
		k += int((b[r>>6] & valid[r>>6]) >> (r & 63) & 1)
	}
	return out[:k]
}

// SelectFalse is SelectTrue for rows that are valid and whose bit is not set.
func SelectFalse(b, valid column.Bitmap, n int, sel, out []int32) []int32 {
	k := 0
	if sel == nil {
		out = out[:n]
		for w := range words(n) {
			x := ^b[w]
			if valid != nil {
				x &= valid[w]
			}
			if r := n - w<<6; r < 64 {
				x &= 1<<r - 1
			}
			for ; x != 0; x &= x - 1 {
				out[k] = int32(w<<6 + bits.TrailingZeros64(x))
				k++
			}
		}
		return out[:k]
	}
	out = out[:len(sel)]
	for _, r := range sel {
		out[k] = r
		x := ^b[r>>6]
		if valid != nil {
			x &= valid[r>>6]
		}
		k += int(x >> (r & 63) & 1)
	}
	return out[:k]
}

// Difference writes to out the rows of sel, or of 0 … n-1 if it is nil, that are not in minus; both ascend. out must have
// room for them and may be sel's memory.
func Difference(sel, minus []int32, n int, out []int32) []int32 {
	k, m := 0, 0
	if sel == nil {
		out = out[:n]
		for i := range int32(n) {
			out[k] = i
			if m < len(minus) && minus[m] == i {
				m++
			} else {
				k++
			}
		}
		return out[:k]
	}
	out = out[:len(sel)]
	for _, r := range sel {
		out[k] = r
		if m < len(minus) && minus[m] == r {
			m++
		} else {
			k++
		}
	}
	return out[:k]
}

// Merge appends the union of two ascending selections without a common row to out.
func Merge(a, b, out []int32) []int32 {
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	out = append(out, a...)
	return append(out, b...)
}

// SelectAll writes rows 0 … n-1 to out.
func SelectAll(n int, out []int32) []int32 {
	out = out[:n]
	for i := range out {
		out[i] = int32(i)
	}
	return out
}

// SelectCodes writes to out the rows whose dictionary index, in codes, is set in hits, of those in sel or, if it is nil, of
// rows 0 … n-1; null rows' indexes are meaningless. out must have room for all of them; it may be sel's memory.
func SelectCodes(codes []int32, valid, hits column.Bitmap, n int, sel, out []int32) []int32 {
	k := 0
	if valid == nil && sel == nil {
		codes, out = codes[:n], out[:n]
		for i, c := range codes {
			out[k] = int32(i)
			k += int(hits[c>>6] >> (c & 63) & 1)
		}
		return out[:k]
	}
	rows := len(sel)
	if sel == nil {
		rows = n
	}
	for i := range rows {
		r := int32(i)
		if sel != nil {
			r = sel[i]
		}
		if valid == nil || valid.Get(int(r)) {
			c := codes[r]
			out[k] = r
			k += int(hits[c>>6] >> (c & 63) & 1)
		}
	}
	return out[:k]
}
