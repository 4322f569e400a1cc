package operator

import (
	"bytes"
	"cmp"
	"math"
	mathbits "math/bits"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
)

// order sorts rows of a batch by several columns. Rows that are equal in all of them keep their order.
//
// Each row has a prefix, a number made of its first key, such that most pairs of rows are told apart by it alone: the
// prefix of a smaller row is never greater.
type order struct {
	keys  []graph.SortKey
	items []item
}

type item struct {
	prefix uint64
	row    int32
}

// sort returns the rows of b, which has no selection, in order. The list is valid until the next call.
func (o *order) sort(b *column.Batch) []item {
	o.items = slices.Grow(o.items[:0], b.Len)[:b.Len]
	for i := range o.items {
		o.items[i] = item{row: int32(i)}
	}
	writePrefixes(o.items, b.Cols[o.keys[0].Column], o.keys[0])
	slices.SortFunc(o.items, func(x, y item) int {
		if x.prefix != y.prefix {
			return cmp.Compare(x.prefix, y.prefix)
		}
		if c := o.compare(b, int(x.row), int(y.row)); c != 0 {
			return c
		}
		return int(x.row) - int(y.row)
	})
	return o.items
}

// compare compares two rows by all keys.
func (o *order) compare(b *column.Batch, i, j int) int {
	for _, k := range o.keys {
		v := b.Cols[k.Column]
		in, jn := v.IsNull(i), v.IsNull(j)
		if in || jn {
			if in == jn {
				continue
			}
			if in == k.NullsLast {
				return 1
			}
			return -1
		}
		if c := compareValues(v, i, v, j); c != 0 {
			if k.Descending {
				return -c
			}
			return c
		}
	}
	return 0
}

// Where a prefix says which of NULL and other values comes first.
const later = 1 << 63

// writePrefixes gives the items the prefixes of their rows in v.
func writePrefixes(items []item, v *column.Vector, key graph.SortKey) {
	if v.Dict != nil {
		writeDictPrefixes(items, v, key)
		return
	}
	switch v.Type.Layout() {
	case column.LayoutBits:
		x := v.Bits()
		for i := range items {
			if x.Get(int(items[i].row)) {
				items[i].prefix = 1
			}
		}
	case column.LayoutInt8:
		intPrefixes[int8](items, v)
	case column.LayoutInt16:
		intPrefixes[int16](items, v)
	case column.LayoutInt32:
		intPrefixes[int32](items, v)
	case column.LayoutInt64:
		intPrefixes[int64](items, v)
	case column.LayoutFloat:
		x := column.Values[float32](v)
		for i := range items {
			items[i].prefix = floatOrder(float64(x[items[i].row])) >> 1
		}
	case column.LayoutDouble:
		x := column.Values[float64](v)
		for i := range items {
			items[i].prefix = floatOrder(x[items[i].row]) >> 1
		}
	case column.LayoutInt128:
		x := column.Values[column.Int128](v)
		for i := range items {
			d := &x[items[i].row]
			switch { // 64 bits from the middle; what lies beyond them is all alike
			case d.Hi < math.MinInt32:
				items[i].prefix = 0
			case d.Hi > math.MaxInt32:
				items[i].prefix = later - 1
			default:
				items[i].prefix = ((uint64(d.Hi)<<32 | d.Lo>>32) ^ later) >> 1
			}
		}
	case column.LayoutView:
		x := v.Views()
		for i := range items {
			items[i].prefix = textPrefix(&x[items[i].row], v.Buffers) >> 1
		}
	}
	finishPrefixes(items, v.Valid, key)
}

// finishPrefixes turns them round for a descending key and puts NULL where it belongs.
func finishPrefixes(items []item, valid column.Bitmap, key graph.SortKey) {
	var flip uint64
	if key.Descending {
		flip = later - 1
	}
	ofValue, ofNull := uint64(later), uint64(0)
	if key.NullsLast {
		ofValue, ofNull = 0, later
	}
	for i := range items {
		items[i].prefix = items[i].prefix ^ flip | ofValue
		if valid != nil && !valid.Get(int(items[i].row)) {
			items[i].prefix = ofNull
		}
	}
}

// writeDictPrefixes looks each value of the dictionary at once.
func writeDictPrefixes(items []item, v *column.Vector, key graph.SortKey) {
	values := make([]item, v.Dict.Len)
	for i := range values {
		values[i].row = int32(i)
	}
	writePrefixes(values, v.Dict, key)
	null := []item{{}}
	one := column.MakeBitmap(1)
	finishPrefixes(null, one, key)
	codes := column.Values[int32](v)
	for i := range items {
		if r := int(items[i].row); v.Valid != nil && !v.Valid.Get(r) {
			items[i].prefix = null[0].prefix
		} else {
			items[i].prefix = values[codes[r]].prefix
		}
	}
}

func intPrefixes[T int8 | int16 | int32 | int64](items []item, v *column.Vector) {
	x := column.Values[T](v)
	for i := range items {
		items[i].prefix = (uint64(int64(x[items[i].row])) ^ later) >> 1
	}
}

// floatOrder maps numbers to integers of the same order: -0.0 stands before 0.0, and NaN last.
func floatOrder(x float64) uint64 {
	if x != x {
		return math.MaxUint64
	}
	b := math.Float64bits(x)
	return b ^ (uint64(int64(b)>>63) | later)
}

// textPrefix is the first eight bytes as a number, padded with zeros.
func textPrefix(w *column.View, bufs [][]byte) uint64 {
	if w.Inline() {
		return mathbits.ReverseBytes64(w.Lo>>32 | w.Hi<<32)
	}
	b := w.Bytes(bufs)
	return uint64(b[0])<<56 | uint64(b[1])<<48 | uint64(b[2])<<40 | uint64(b[3])<<32 | uint64(b[4])<<24 | uint64(b[5])<<16 | uint64(b[6])<<8 | uint64(b[7])
}

// compareValues compares two values that are not null, as ORDER BY does: text by bytes, lists and rows by their elements in turn, NULL
// before others.
func compareValues(a *column.Vector, i int, b *column.Vector, j int) int {
	if a.Dict != nil {
		return compareValues(a.Dict, int(column.Values[int32](a)[i]), b, j)
	}
	if b.Dict != nil {
		return compareValues(a, i, b.Dict, int(column.Values[int32](b)[j]))
	}
	switch a.Type.Layout() {
	case column.LayoutBits:
		return cmp.Compare(mathbits.Len8(bit(a, i)), mathbits.Len8(bit(b, j)))
	case column.LayoutInt8:
		return cmp.Compare(column.Values[int8](a)[i], column.Values[int8](b)[j])
	case column.LayoutInt16:
		return cmp.Compare(column.Values[int16](a)[i], column.Values[int16](b)[j])
	case column.LayoutInt32:
		return cmp.Compare(column.Values[int32](a)[i], column.Values[int32](b)[j])
	case column.LayoutInt64:
		return cmp.Compare(column.Values[int64](a)[i], column.Values[int64](b)[j])
	case column.LayoutFloat:
		return cmp.Compare(floatOrder(float64(column.Values[float32](a)[i])), floatOrder(float64(column.Values[float32](b)[j])))
	case column.LayoutDouble:
		return cmp.Compare(floatOrder(column.Values[float64](a)[i]), floatOrder(column.Values[float64](b)[j]))
	case column.LayoutInt128:
		x, y := column.Values[column.Int128](a)[i], column.Values[column.Int128](b)[j]
		return cmp.Or(cmp.Compare(x.Hi, y.Hi), cmp.Compare(x.Lo, y.Lo))
	case column.LayoutView:
		x, y := a.Views()[i], b.Views()[j]
		return bytes.Compare(x.Bytes(a.Buffers), y.Bytes(b.Buffers))
	case column.LayoutList:
		return compareLists(a, i, b, j)
	case column.LayoutStruct:
		for k, c := range a.Children {
			if r := compareNullable(c, i, b.Children[k], j); r != 0 {
				return r
			}
		}
	}
	return 0
}

func bit(v *column.Vector, i int) uint8 {
	if v.Bits().Get(i) {
		return 1
	}
	return 0
}

func compareLists(a *column.Vector, i int, b *column.Vector, j int) int {
	p, q := a.Offsets(), b.Offsets()
	n, m := p[i+1]-p[i], q[j+1]-q[j]
	for e := range min(n, m) {
		for k, c := range a.Children {
			if r := compareNullable(c, int(p[i]+e), b.Children[k], int(q[j]+e)); r != 0 {
				return r
			}
		}
	}
	return cmp.Compare(n, m)
}

func compareNullable(a *column.Vector, i int, b *column.Vector, j int) int {
	switch an, bn := a.IsNull(i), b.IsNull(j); {
	case an && bn:
		return 0
	case an:
		return -1
	case bn:
		return 1
	}
	return compareValues(a, i, b, j)
}
