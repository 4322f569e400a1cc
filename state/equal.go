package state

import (
	"bytes"
	"math"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// appendDiffering appends to list those positions i at which the key in row rows[i] (i where rows is nil) of a is not the key in row
// groups[i] of b. Both columns are of one type and without dictionaries.
func appendDiffering(list []int32, a *column.Vector, rows []int32, b *column.Vector, groups []int32) []int32 {
	if a.Valid == nil && b.Valid == nil {
		switch a.Type.Layout() {
		case column.LayoutInt32:
			return differInts[int32](list, a, rows, b, groups)
		case column.LayoutInt64:
			return differInts[int64](list, a, rows, b, groups)
		case column.LayoutView:
			if b.Packed() && !a.Packed() {
				return differPacked(list, a, rows, b, groups)
			}
			if a.Packed() {
				break
			}
			return differViews(list, a, rows, b, groups)
		}
	}
	for i, g := range groups {
		r := i
		if rows != nil {
			r = int(rows[i])
		}
		if !Same(a, r, b, int(g)) {
			list = append(list, int32(i))
		}
	}
	return list
}

func differInts[T int32 | int64](list []int32, a *column.Vector, rows []int32, b *column.Vector, groups []int32) []int32 {
	x, y := column.Values[T](a), column.Values[T](b)
	if rows == nil {
		x = x[:len(groups)]
		for i, g := range groups {
			if x[i] != y[g] {
				list = append(list, int32(i))
			}
		}
		return list
	}
	rows = rows[:len(groups)]
	for i, g := range groups {
		if x[rows[i]] != y[g] {
			list = append(list, int32(i))
		}
	}
	return list
}

func differViews(list []int32, a *column.Vector, rows []int32, b *column.Vector, groups []int32) []int32 {
	x, y := a.Views(), b.Views()
	if rows == nil {
		x = x[:len(groups)]
		for i, g := range groups {
			p, q := &x[i], &y[g]
			if p.Lo == q.Lo && p.Hi == q.Hi && p.Inline() {
				continue
			}
			if p.Lo != q.Lo || p.Inline() || !bytes.Equal(p.Bytes(a.Buffers), q.Bytes(b.Buffers)) {
				list = append(list, int32(i))
			}
		}
		return list
	}
	rows = rows[:len(groups)]
	for i, g := range groups {
		p, q := &x[rows[i]], &y[g]
		if p.Lo == q.Lo && p.Hi == q.Hi && p.Inline() {
			continue
		}
		if p.Lo != q.Lo || p.Inline() || !bytes.Equal(p.Bytes(a.Buffers), q.Bytes(b.Buffers)) {
			list = append(list, int32(i))
		}
	}
	return list
}

// differPacked is differViews where b is packed.
func differPacked(list []int32, a *column.Vector, rows []int32, b *column.Vector, groups []int32) []int32 {
	x := a.Views()
	var y [64]column.View
	for from := 0; from < len(groups); from += len(y) {
		some := groups[from:min(from+len(y), len(groups))]
		b.ViewsAt(some, y[:])
		for i := range some {
			r := from + i
			if rows != nil {
				r = int(rows[r])
			}
			p, q := &x[r], &y[i]
			if p.Lo == q.Lo && p.Hi == q.Hi && p.Inline() {
				continue
			}
			if p.Lo != q.Lo || p.Inline() || !bytes.Equal(p.Bytes(a.Buffers), q.Bytes(b.Buffers)) {
				list = append(list, int32(from+i))
			}
		}
	}
	return list
}

// Same reports whether row i of a and row j of b, columns of one type, hold the same key. It compares as grouping does: NULL equals NULL
// and NaN equals NaN, while 0.0 and -0.0 differ, as Flink's GROUP BY has it though = does not.
func Same(a *column.Vector, i int, b *column.Vector, j int) bool {
	if an, bn := a.IsNull(i), b.IsNull(j); an || bn {
		return an && bn
	}
	if a.Dict != nil {
		return Same(a.Dict, int(column.Values[int32](a)[i]), b, j)
	}
	if b.Dict != nil {
		return Same(a, i, b.Dict, int(column.Values[int32](b)[j]))
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
		x, y := column.Values[float32](a)[i], column.Values[float32](b)[j]
		return math.Float32bits(x) == math.Float32bits(y) || x != x && y != y
	case column.LayoutDouble:
		x, y := column.Values[float64](a)[i], column.Values[float64](b)[j]
		return math.Float64bits(x) == math.Float64bits(y) || x != x && y != y
	case column.LayoutInt128:
		return column.Values[column.Int128](a)[i] == column.Values[column.Int128](b)[j]
	case column.LayoutView:
		p, q := a.ViewAt(i), b.ViewAt(j)
		if p.Lo != q.Lo || p.Inline() {
			return p == q
		}
		return bytes.Equal(p.Bytes(a.Buffers), q.Bytes(b.Buffers))
	case column.LayoutList:
		if a.Type.Kind != column.Array { // entries without an order
			return kernel.EqualRows(a, i, b, j)
		}
		return equalArrays(a, i, b, j)
	case column.LayoutStruct:
		for k, c := range a.Children {
			if !Same(c, i, b.Children[k], j) {
				return false
			}
		}
	}
	return true
}

func equalArrays(a *column.Vector, i int, b *column.Vector, j int) bool {
	p, q := a.Offsets(), b.Offsets()
	n := p[i+1] - p[i]
	if n != q[j+1]-q[j] {
		return false
	}
	for e := range n {
		if !Same(a.Children[0], int(p[i]+e), b.Children[0], int(q[j]+e)) {
			return false
		}
	}
	return true
}
