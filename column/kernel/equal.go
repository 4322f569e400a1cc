package kernel

import (
	"github.com/millstream/millstream/column"
)

// EqualRows reports whether row i of a equals row j of b, vectors of one type. Nulls are equal to each other and NaN to NaN, as
// in grouping and IS NOT DISTINCT FROM. It is for values that have no loop of their own: lists, structs, single rows.
func EqualRows(a *column.Vector, i int, b *column.Vector, j int) bool {
	if an, bn := a.IsNull(i), b.IsNull(j); an || bn {
		return an && bn
	}
	if a.Dict != nil {
		return EqualRows(a.Dict, int(column.Values[int32](a)[i]), b, j)
	}
	if b.Dict != nil {
		return EqualRows(a, i, b.Dict, int(column.Values[int32](b)[j]))
	}
	switch a.Type.Layout() {
	case column.LayoutBits:
		return a.Bits().Get(i) == b.Bits().Get(j)
	case column.LayoutInt8:
		return column.Values[int8](a)[i] == column.Values[int8](b)[j]
	case column.LayoutInt16:
		return column.Values[int16](a)[i] == column.Values[int16](b)[j]
	case column.LayoutInt32:
		return column.Values[int32](a)[i] == column.Values[int32](b)[j]
	case column.LayoutInt64:
		return column.Values[int64](a)[i] == column.Values[int64](b)[j]
	case column.LayoutFloat:
		return same(column.Values[float32](a)[i], column.Values[float32](b)[j])
	case column.LayoutDouble:
		return same(column.Values[float64](a)[i], column.Values[float64](b)[j])
	case column.LayoutInt128:
		return column.Values[column.Int128](a)[i] == column.Values[column.Int128](b)[j]
	case column.LayoutView:
		return EqualView(&column.Values[column.View](a)[i], &column.Values[column.View](b)[j], a.Buffers, b.Buffers)
	case column.LayoutStruct:
		for f := range a.Children {
			if !EqualRows(a.Children[f], i, b.Children[f], j) {
				return false
			}
		}
		return true
	case column.LayoutList:
		return equalLists(a, i, b, j)
	}
	return true
}

func equalLists(a *column.Vector, i int, b *column.Vector, j int) bool {
	x, y := a.Offsets(), b.Offsets()
	n := int(x[i+1] - x[i])
	if n != int(y[j+1]-y[j]) {
		return false
	}
	p, q := int(x[i]), int(y[j])
	if a.Type.Kind == column.Array {
		for k := range n {
			if !EqualRows(a.Children[0], p+k, b.Children[0], q+k) {
				return false
			}
		}
		return true
	}
	// Maps and multisets have no order of entries.
	for k := range n {
		found := false
		for m := 0; m < n && !found; m++ {
			o := (k + m) % n // most often the order is the same
			found = EqualRows(a.Children[0], p+k, b.Children[0], q+o) && EqualRows(a.Children[1], p+k, b.Children[1], q+o)
		}
		if !found {
			return false
		}
	}
	return true
}

// SelectEqual keeps the pairs of equal rows: pair k is row ai[k] of a and row bi[k] of b, vectors of one type; nil is row k. It
// writes to out those pairs of sel (nil: all n) whose rows are equal, nulls to each other and NaN to NaN, as hash tables need
// it. out must have room for all of them; it may be sel's memory.
func SelectEqual(a, b *column.Vector, ai, bi []int32, n int, sel, out []int32) []int32 {
	if a.Dict != nil || b.Dict != nil {
		return selectEqualRows(a, b, ai, bi, n, sel, out)
	}
	switch a.Type.Layout() {
	case column.LayoutInt8:
		out = selectEqual(column.Values[int8](a), column.Values[int8](b), ai, bi, n, sel, out, a, b)
	case column.LayoutInt16:
		out = selectEqual(column.Values[int16](a), column.Values[int16](b), ai, bi, n, sel, out, a, b)
	case column.LayoutInt32:
		out = selectEqual(column.Values[int32](a), column.Values[int32](b), ai, bi, n, sel, out, a, b)
	case column.LayoutInt64:
		out = selectEqual(column.Values[int64](a), column.Values[int64](b), ai, bi, n, sel, out, a, b)
	case column.LayoutInt128:
		out = selectEqual(column.Values[column.Int128](a), column.Values[column.Int128](b), ai, bi, n, sel, out, a, b)
	case column.LayoutView:
		out = selectEqualViews(a, b, ai, bi, n, sel, out)
	default:
		out = selectEqualRows(a, b, ai, bi, n, sel, out)
	}
	return out
}

func selectEqual[T comparable](x, y []T, ai, bi []int32, n int, sel, out []int32, a, b *column.Vector) []int32 {
	k := 0
	if a.Valid == nil && b.Valid == nil {
		each(n, sel, func(p int32) {
			out[k] = p
			k += one(x[row(ai, int(p))] == y[row(bi, int(p))])
		})
		return out[:k]
	}
	each(n, sel, func(p int32) {
		i, j := row(ai, int(p)), row(bi, int(p))
		out[k] = p
		av, bv := a.Valid == nil || a.Valid.Get(i), b.Valid == nil || b.Valid.Get(j)
		k += one(av == bv && (!av || x[i] == y[j]))
	})
	return out[:k]
}

func selectEqualViews(a, b *column.Vector, ai, bi []int32, n int, sel, out []int32) []int32 {
	if a.Valid != nil || b.Valid != nil {
		return selectEqualRows(a, b, ai, bi, n, sel, out)
	}
	x, y := column.Values[column.View](a), column.Values[column.View](b)
	k := 0
	if sel == nil {
		out = out[:n]
		for p := range out {
			out[k] = int32(p)
			v, w := &x[row(ai, p)], &y[row(bi, p)]
			eq := (v.Lo^w.Lo)|(v.Hi^w.Hi) == 0
			if v.Lo == w.Lo && !v.Inline() {
				eq = EqualView(v, w, a.Buffers, b.Buffers)
			}
			k += one(eq)
		}
		return out[:k]
	}
	for _, p := range sel {
		out[k] = p
		v, w := &x[row(ai, int(p))], &y[row(bi, int(p))]
		eq := (v.Lo^w.Lo)|(v.Hi^w.Hi) == 0
		if v.Lo == w.Lo && !v.Inline() {
			eq = EqualView(v, w, a.Buffers, b.Buffers)
		}
		k += one(eq)
	}
	return out[:k]
}

func selectEqualRows(a, b *column.Vector, ai, bi []int32, n int, sel, out []int32) []int32 {
	k := 0
	each(n, sel, func(p int32) {
		out[k] = p
		k += one(EqualRows(a, row(ai, int(p)), b, row(bi, int(p))))
	})
	return out[:k]
}
