package kernel_test

import (
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// Each benchmark works on batches of benchRows rows, as operators do; "limit" is a loop written by hand over bare slices.
const benchRows = 4096

func randomInts() []int64 {
	x, out := uint64(88172645463325252), make([]int64, benchRows)
	for i := range out {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		out[i] = int64(x >> 44)
	}
	return out
}

func perRow(b *testing.B, f func()) {
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/benchRows, "ns/row")
}

func BenchmarkSelect(b *testing.B) {
	a, out := randomInts(), make([]int32, benchRows)
	c := int64(1) << 19 // half of the rows
	b.Run("kernel", func(b *testing.B) { perRow(b, func() { kernel.SelectVC(kernel.Lt, a, c, benchRows, nil, out) }) })
	half := append([]int32(nil), kernel.SelectVC(kernel.Lt, a, c, benchRows, nil, out)...)
	b.Run("again", func(b *testing.B) { perRow(b, func() { kernel.SelectVC(kernel.Gt, a, c/2, benchRows, half, out) }) })
	bits := column.MakeBitmap(benchRows)
	b.Run("bits", func(b *testing.B) { perRow(b, func() { kernel.CompareVC(kernel.Lt, a, c, bits) }) })
	b.Run("bits to rows", func(b *testing.B) { perRow(b, func() { kernel.SelectTrue(bits, nil, benchRows, nil, out) }) })
	b.Run("limit", func(b *testing.B) {
		perRow(b, func() {
			k := 0
			for i, x := range a {
				out[k] = int32(i)
				if x < c {
					k++
				}
			}
		})
	})
}

func BenchmarkSelectText(b *testing.B) {
	v, short, long := column.NewVector(column.Str(), 0), column.NewVector(column.Str(), 0), column.NewVector(column.Str(), 0)
	words := []string{"page_view", "purchase", "add_to_cart", "a text of more than twelve bytes", "a text of more than twelve bytes, other"}
	list := make([]string, benchRows)
	for i, x := range randomInts() {
		list[i] = words[x%5]
		v.AppendString(list[i])
	}
	short.AppendString("purchase")
	long.AppendString("a text of more than twelve bytes")
	out := make([]int32, benchRows)
	a := kernel.TextsOf(v)
	b.Run("short", func(b *testing.B) {
		perRow(b, func() { kernel.SelectViewVC(kernel.Eq, a, kernel.TextsOf(short), benchRows, nil, out) })
	})
	b.Run("long", func(b *testing.B) {
		perRow(b, func() { kernel.SelectViewVC(kernel.Eq, a, kernel.TextsOf(long), benchRows, nil, out) })
	})
	b.Run("less", func(b *testing.B) {
		perRow(b, func() { kernel.SelectViewVC(kernel.Lt, a, kernel.TextsOf(short), benchRows, nil, out) })
	})
	b.Run("limit", func(b *testing.B) {
		perRow(b, func() {
			k := 0
			for i, s := range list {
				out[k] = int32(i)
				if s == "purchase" {
					k++
				}
			}
		})
	})
}

func BenchmarkArithmetic(b *testing.B) {
	x, y, out := randomInts(), randomInts(), make([]int64, benchRows)
	b.Run("add", func(b *testing.B) { perRow(b, func() { kernel.Add(x, y, out) }) })
	b.Run("divide", func(b *testing.B) { perRow(b, func() { kernel.DivC(x, 7, out) }) })
	b.Run("limit", func(b *testing.B) {
		perRow(b, func() {
			for i := range out {
				out[i] = x[i] + y[i]
			}
		})
	})
	d, e, to := make([]column.Int128, benchRows), make([]column.Int128, benchRows), make([]column.Int128, benchRows)
	for i := range d {
		d[i], e[i] = column.Int128Of(x[i]), column.Int128Of(y[i]+1)
	}
	op := kernel.Decimal{A: 2, B: 2, Precision: 38, Scale: 4}
	for name, f := range map[string]func(x, y column.Int128) (column.Int128, bool){"decimal add": op.Add, "decimal multiply": op.Mul, "decimal divide": op.Div} {
		b.Run(name, func(b *testing.B) {
			perRow(b, func() {
				for i := range d {
					to[i], _ = f(d[i], e[i])
				}
			})
		})
	}
}

func BenchmarkHash(b *testing.B) {
	ints, text := column.NewVector(column.Of(column.BigInt), benchRows), column.NewVector(column.Str(), benchRows)
	for _, x := range randomInts() {
		column.Append(ints, x)
		text.AppendString("w" + string(rune('a'+x&15)) + string(rune('a'+x>>4&15)))
	}
	out := make([]uint64, benchRows)
	var h kernel.Hasher
	b.Run("bigint", func(b *testing.B) { perRow(b, func() { h.Hash(out, []*column.Vector{ints}, nil) }) })
	b.Run("text", func(b *testing.B) { perRow(b, func() { h.Hash(out, []*column.Vector{text}, nil) }) })
	b.Run("both", func(b *testing.B) { perRow(b, func() { h.Hash(out, []*column.Vector{ints, text}, nil) }) })
	a := column.Values[int64](ints)
	b.Run("limit", func(b *testing.B) { // a multiplicative hash of bare integers
		perRow(b, func() {
			for i := range out {
				out[i] = uint64(a[i]) * 0x9e3779b97f4a7c15
			}
		})
	})
}

func BenchmarkEqualRows(b *testing.B) {
	text := column.NewVector(column.Str(), benchRows)
	for _, x := range randomInts() {
		text.AppendString("w" + string(rune('a'+x&15)) + string(rune('a'+x>>4&15)))
	}
	rows, out := kernel.SelectAll(benchRows, make([]int32, benchRows)), make([]int32, benchRows)
	b.Run("text", func(b *testing.B) {
		perRow(b, func() { kernel.SelectEqual(text, text, nil, rows, benchRows, nil, out) })
	})
	views := text.Views()
	b.Run("limit", func(b *testing.B) {
		perRow(b, func() {
			k := 0
			for i, r := range rows {
				out[k] = int32(i)
				if views[i] == views[r] {
					k++
				}
			}
		})
	})
}
