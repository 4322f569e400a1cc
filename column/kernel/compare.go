package kernel

import (
	"github.com/millstream/millstream/column"
)

// Cmp is a comparison.
type Cmp uint8

const (
	Eq Cmp = iota
	Ne
	Lt
	Le
	Gt
	Ge
)

// Flip returns the comparison with its operands exchanged: a < b is b > a.
func (c Cmp) Flip() Cmp { return [...]Cmp{Eq, Ne, Gt, Ge, Lt, Le}[c] }

// Not returns the comparison that holds where c does not; for floating point only Eq and Ne have one.
func (c Cmp) Not() Cmp { return [...]Cmp{Ne, Eq, Ge, Gt, Le, Lt}[c] }

// same is equality in SQL: NaN equals itself. For integers the second half is folded away.
func same[T Number](a, b T) bool { return a == b || a != a && b != b }

// CompareVV writes a[i] op b[i] to bit i of out, for every i of a.
func CompareVV[T Number](op Cmp, a, b []T, out column.Bitmap) {
	switch op {
	case Gt, Ge:
		a, b, op = b, a, op.Flip()
	}
	b = b[:len(a)]
	for w := range words(len(a)) {
		x, y := a[w<<6:min(w<<6+64, len(a))], b[w<<6:min(w<<6+64, len(a))]
		y = y[:len(x)]
		var bits uint64
		switch op {
		case Eq:
			for j := range x {
				bits |= bit(same(x[j], y[j])) << (j & 63)
			}
		case Ne:
			for j := range x {
				bits |= bit(!same(x[j], y[j])) << (j & 63)
			}
		case Lt:
			for j := range x {
				bits |= bit(x[j] < y[j]) << (j & 63)
			}
		default:
			for j := range x {
				bits |= bit(x[j] <= y[j]) << (j & 63)
			}
		}
		out[w] = bits
	}
}

// CompareVC writes a[i] op c to bit i of out, for every i of a.
func CompareVC[T Number](op Cmp, a []T, c T, out column.Bitmap) {
	for w := range words(len(a)) {
		x := a[w<<6 : min(w<<6+64, len(a))]
		var bits uint64
		switch op {
		case Eq:
			for j := range x {
				bits |= bit(same(x[j], c)) << (j & 63)
			}
		case Ne:
			for j := range x {
				bits |= bit(!same(x[j], c)) << (j & 63)
			}
		case Lt:
			for j := range x {
				bits |= bit(x[j] < c) << (j & 63)
			}
		case Le:
			for j := range x {
				bits |= bit(x[j] <= c) << (j & 63)
			}
		case Gt:
			for j := range x {
				bits |= bit(x[j] > c) << (j & 63)
			}
		default:
			for j := range x {
				bits |= bit(x[j] >= c) << (j & 63)
			}
		}
		out[w] = bits
	}
}

// SelectVV writes to out the rows for which a[i] op b[i], of those in sel or, if it is nil, of the n rows of a. out must
// have room for all of them; it may be sel's memory.
func SelectVV[T Number](op Cmp, a, b []T, n int, sel, out []int32) []int32 {
	switch op {
	case Gt, Ge:
		a, b, op = b, a, op.Flip()
	}
	k := 0
	if sel == nil {
		a, b, out = a[:n], b[:n], out[:n]
		switch op {
		case Eq:
			for i := range a {
				out[k] = int32(i)
				k += one(same(a[i], b[i]))
			}
		case Ne:
			for i := range a {
				out[k] = int32(i)
				k += one(!same(a[i], b[i]))
			}
		case Lt:
			for i := range a {
				out[k] = int32(i)
				k += one(a[i] < b[i])
			}
		default:
			for i := range a {
				out[k] = int32(i)
				k += one(a[i] <= b[i])
			}
		}
		return out[:k]
	}
	out = out[:len(sel)]
	switch op {
	case Eq:
		for _, r := range sel {
			out[k] = r
			k += one(same(a[r], b[r]))
		}
	case Ne:
		for _, r := range sel {
			out[k] = r
			k += one(!same(a[r], b[r]))
		}
	case Lt:
		for _, r := range sel {
			out[k] = r
			k += one(a[r] < b[r])
		}
	default:
		for _, r := range sel {
			out[k] = r
			k += one(a[r] <= b[r])
		}
	}
	return out[:k]
}

// SelectVC is SelectVV against a constant.
func SelectVC[T Number](op Cmp, a []T, c T, n int, sel, out []int32) []int32 {
	k := 0
	if sel == nil {
		a, out = a[:n], out[:n]
		switch op {
		case Eq:
			for i := range a {
				out[k] = int32(i)
				k += one(same(a[i], c))
			}
		case Ne:
			for i := range a {
				out[k] = int32(i)
				k += one(!same(a[i], c))
			}
		case Lt:
			for i := range a {
				out[k] = int32(i)
				k += one(a[i] < c)
			}
		case Le:
			for i := range a {
				out[k] = int32(i)
				k += one(a[i] <= c)
			}
		case Gt:
			for i := range a {
				out[k] = int32(i)
				k += one(a[i] > c)
			}
		default:
			for i := range a {
				out[k] = int32(i)
				k += one(a[i] >= c)
			}
		}
		return out[:k]
	}
	out = out[:len(sel)]
	switch op {
	case Eq:
		for _, r := range sel {
			out[k] = r
			k += one(same(a[r], c))
		}
	case Ne:
		for _, r := range sel {
			out[k] = r
			k += one(!same(a[r], c))
		}
	case Lt:
		for _, r := range sel {
			out[k] = r
			k += one(a[r] < c)
		}
	case Le:
		for _, r := range sel {
			out[k] = r
			k += one(a[r] <= c)
		}
	case Gt:
		for _, r := range sel {
			out[k] = r
			k += one(a[r] > c)
		}
	default:
		for _, r := range sel {
			out[k] = r
			k += one(a[r] >= c)
		}
	}
	return out[:k]
}
