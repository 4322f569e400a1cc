package kernel_test

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
	"github.com/millstream/millstream/column/kernel"
)

// before compares two values that are not null, by type, without the code under test.
func before(v *column.Vector, i, j int) int {
	if v.Dict != nil {
		codes := column.Values[int32](v)
		i, j, v = int(codes[i]), int(codes[j]), v.Dict
	}
	float := func(x, y float64) int {
		switch {
		case x != x || y != y:
			return b2i(x != x) - b2i(y != y)
		case x == 0 && y == 0:
			return b2i(math.Signbit(y)) - b2i(math.Signbit(x))
		}
		return cmp.Compare(x, y)
	}
	switch v.Type.Layout() {
	case column.LayoutBits:
		return b2i(v.Bits().Get(i)) - b2i(v.Bits().Get(j))
	case column.LayoutInt8:
		return cmp.Compare(column.Values[int8](v)[i], column.Values[int8](v)[j])
	case column.LayoutInt16:
		return cmp.Compare(column.Values[int16](v)[i], column.Values[int16](v)[j])
	case column.LayoutInt32:
		return cmp.Compare(column.Values[int32](v)[i], column.Values[int32](v)[j])
	case column.LayoutInt64:
		return cmp.Compare(column.Values[int64](v)[i], column.Values[int64](v)[j])
	case column.LayoutFloat:
		return float(float64(column.Values[float32](v)[i]), float64(column.Values[float32](v)[j]))
	case column.LayoutDouble:
		return float(column.Values[float64](v)[i], column.Values[float64](v)[j])
	case column.LayoutInt128:
		return column.Values[column.Int128](v)[i].Cmp(column.Values[column.Int128](v)[j])
	}
	return bytes.Compare(v.BytesAt(i), v.BytesAt(j))
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func modelOrder(cols []*column.Vector, keys []kernel.SortKey) func(a, b int32) int {
	return func(a, b int32) int {
		for _, k := range keys {
			v := cols[k.Column]
			an, bn := v.IsNull(int(a)), v.IsNull(int(b))
			c := 0
			switch {
			case an && bn:
			case an:
				c = 1 - 2*b2i(k.NullsFirst)
			case bn:
				c = 2*b2i(k.NullsFirst) - 1
			default:
				if c = before(v, int(a), int(b)); k.Desc {
					c = -c
				}
			}
			if c != 0 {
				return c
			}
		}
		return 0
	}
}

func TestSort(t *testing.T) {
	var s kernel.Sorter
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 120).Draw(t, "n")
		cols := make([]*column.Vector, 2)
		keys := make([]kernel.SortKey, rapid.IntRange(1, 2).Draw(t, "keys"))
		for i := range cols {
			typ := rapid.SampledFrom(columntest.ScalarTypes).Draw(t, "type")
			// Few distinct values, so that later keys matter.
			values := columntest.RandomVector(t, typ, rapid.IntRange(1, 40).Draw(t, "values"))
			if typ.Layout() == column.LayoutView { // texts that differ late, or only in length
				for _, s := range []string{"", "\x00", "\x00\x00", "eight by", "eight by\x00", "eight bytes and more, a", "eight bytes and more, b", "eight bytes and more"} {
					values.AppendString(s)
				}
			}
			cols[i] = columntest.WithDictionary(t, values, n)
			if rapid.Bool().Draw(t, "plain") {
				v := column.NewVector(typ, 0)
				v.AppendRows(cols[i], nil)
				cols[i] = v
			}
		}
		for i := range keys {
			keys[i] = kernel.SortKey{Column: i, Desc: rapid.Bool().Draw(t, "desc"), NullsFirst: rapid.Bool().Draw(t, "nulls first")}
		}
		rows := make([]int32, n)
		for i := range rows {
			rows[i] = int32(i)
		}
		want := slices.Clone(rows)
		order := modelOrder(cols, keys)
		slices.SortStableFunc(want, order)
		got := slices.Clone(rows)
		s.Sort(got, cols, keys)
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		top := rapid.IntRange(0, n).Draw(t, "top")
		if best := s.Top(slices.Clone(rows), cols, keys, top); !slices.Equal(best, want[:top]) {
			t.Fatalf("first %d: got %v, want %v", top, best, want[:top])
		}
		if n > 1 {
			a, b := int32(0), int32(n-1)
			c := 0
			for _, k := range keys {
				if c == 0 {
					c = k.Compare(cols[k.Column], int(a), cols[k.Column], int(b))
				}
			}
			if cmp.Compare(c, 0) != cmp.Compare(order(a, b), 0) {
				t.Fatalf("Compare of the first and the last row: %d", c)
			}
		}
	})
}

func BenchmarkSort(b *testing.B) {
	const n = 1 << 16
	v := column.NewVector(column.Of(column.BigInt), n)
	text := column.NewVector(column.Str(), n)
	x := uint64(1)
	list := make([]int64, n)
	for i := range n {
		x = x*6364136223846793005 + 1442695040888963407
		column.Append(v, int64(x>>20))
		list[i] = int64(x >> 20)
		text.AppendString(string(rune('a'+x>>60)) + string(rune('a'+x>>40&15)) + "some text" + string(rune('a'+x>>50&15)))
	}
	rows := make([]int32, n)
	var s kernel.Sorter
	for name, col := range map[string]*column.Vector{"bigint": v, "text": text} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				kernel.SelectAll(n, rows)
				s.Sort(rows, []*column.Vector{col}, []kernel.SortKey{{}})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
		})
	}
	b.Run("limit", func(b *testing.B) { // the library's sort of the bare values
		memory := make([]int64, n)
		for b.Loop() {
			copy(memory, list)
			slices.Sort(memory)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/row")
	})
}
