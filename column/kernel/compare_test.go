package kernel_test

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
	"github.com/millstream/millstream/column/kernel"
)

var ops = []kernel.Cmp{kernel.Eq, kernel.Ne, kernel.Lt, kernel.Le, kernel.Gt, kernel.Ge}

// holds is the comparison by its definition.
func holds(op kernel.Cmp, order int, unordered bool) bool {
	if unordered {
		return op == kernel.Ne
	}
	return []bool{order == 0, order != 0, order < 0, order <= 0, order > 0, order >= 0}[op]
}

// bits lists which of the first n bits are set.
func bits(b column.Bitmap, n int) []int32 {
	out := []int32{}
	for i := range n {
		if b.Get(i) {
			out = append(out, int32(i))
		}
	}
	return out
}

func checkComparisons[T kernel.Number](t *rapid.T, draw *rapid.Generator[T]) {
	n := rapid.IntRange(1, 200).Draw(t, "n")
	a, b := rapid.SliceOfN(draw, n, n).Draw(t, "a"), rapid.SliceOfN(draw, n, n).Draw(t, "b")
	c := rapid.OneOf(draw, rapid.SampledFrom(a)).Draw(t, "c")
	op := rapid.SampledFrom(ops).Draw(t, "op")
	sel := columntest.RandomSelection(t, n)
	rows := sel
	if rows == nil {
		rows = kernel.SelectAll(n, make([]int32, n))
	}
	test := func(x, y T) bool {
		if x != x && y != y {
			return holds(op, 0, false) && (op == kernel.Eq || op == kernel.Ne) // NaN equals itself, and is in no order
		}
		return holds(op, cmp.Compare(x, y), x != x || y != y)
	}
	var wantVV, wantVC []int32
	for _, r := range rows {
		if test(a[r], b[r]) {
			wantVV = append(wantVV, r)
		}
		if test(a[r], c) {
			wantVC = append(wantVC, r)
		}
	}
	if got := kernel.SelectVV(op, a, b, n, sel, make([]int32, n)); !slices.Equal(got, wantVV) {
		t.Fatalf("SelectVV op %d of %v, %v: %v, want %v", op, a, b, got, wantVV)
	}
	if got := kernel.SelectVC(op, a, c, n, sel, make([]int32, n)); !slices.Equal(got, wantVC) {
		t.Fatalf("SelectVC op %d of %v, %v: %v, want %v", op, a, c, got, wantVC)
	}
	if sel != nil { // in place
		if got := kernel.SelectVC(op, a, c, n, sel, sel); !slices.Equal(got, wantVC) {
			t.Fatalf("SelectVC in place: %v, want %v", got, wantVC)
		}
		return
	}
	out := column.MakeBitmap(n)
	if kernel.CompareVV(op, a, b, out); !slices.Equal(bits(out, n), wantVV) {
		t.Fatalf("CompareVV op %d of %v, %v: %v, want %v", op, a, b, bits(out, n), wantVV)
	}
	if kernel.CompareVC(op, a, c, out); !slices.Equal(bits(out, n), wantVC) {
		t.Fatalf("CompareVC op %d of %v, %v: %v, want %v", op, a, c, bits(out, n), wantVC)
	}
}

func TestCompareNumbers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { checkComparisons(t, rapid.Int8Range(-2, 2)) })
	rapid.Check(t, func(t *rapid.T) {
		checkComparisons(t, rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{0, math.MinInt64, math.MaxInt64})))
	})
	rapid.Check(t, func(t *rapid.T) {
		checkComparisons(t, rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, -1.5, math.NaN(), math.Inf(1), math.Inf(-1)}))
	})
}

func TestCompareTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 100).Draw(t, "n")
		// Texts that differ early, late and in length, around the length that a view holds.
		text := rapid.Custom(func(t *rapid.T) string {
			s := rapid.SampledFrom([]string{"", "a", "abcd", "abcdefgh", "abcdefghijkl", "abcdefghijklmnop"}).Draw(t, "start")
			return s + rapid.SampledFrom([]string{"", "\x00", "x", "y", "\xff"}).Draw(t, "end")
		})
		a, b := column.NewVector(column.Str(), 0), column.NewVector(column.Str(), 0)
		for range n {
			a.AppendString(text.Draw(t, "a"))
			b.AppendString(text.Draw(t, "b"))
		}
		c := column.NewVector(column.Str(), 0)
		c.AppendString(text.Draw(t, "c"))
		op := rapid.SampledFrom(ops).Draw(t, "op")
		sel := columntest.RandomSelection(t, n)
		rows := sel
		if rows == nil {
			rows = kernel.SelectAll(n, make([]int32, n))
		}
		var wantVV, wantVC []int32
		for _, r := range rows {
			if holds(op, bytes.Compare(a.BytesAt(int(r)), b.BytesAt(int(r))), false) {
				wantVV = append(wantVV, r)
			}
			if holds(op, bytes.Compare(a.BytesAt(int(r)), c.BytesAt(0)), false) {
				wantVC = append(wantVC, r)
			}
		}
		x, y, z := kernel.TextsOf(a), kernel.TextsOf(b), kernel.TextsOf(c)
		check := func(what string, got, want []int32) {
			if !slices.Equal(got, want) {
				t.Fatalf("%s op %d: %v, want %v", what, op, got, want)
			}
		}
		check("SelectViewVV", kernel.SelectViewVV(op, x, y, n, sel, make([]int32, n)), wantVV)
		check("SelectViewVC", kernel.SelectViewVC(op, x, z, n, sel, make([]int32, n)), wantVC)
		out := column.MakeBitmap(n)
		kernel.CompareViewVV(op, x, y, n, sel, out)
		check("CompareViewVV", kernel.SelectTrue(out, nil, n, sel, make([]int32, n)), wantVV)
		out.Fill(n, false)
		kernel.CompareViewVC(op, x, z, n, sel, out)
		check("CompareViewVC", kernel.SelectTrue(out, nil, n, sel, make([]int32, n)), wantVC)
	})
}

func TestSelections(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 300).Draw(t, "n")
		value, valid := column.MakeBitmap(n), column.MakeBitmap(n)
		dense := rapid.Bool().Draw(t, "dense")
		for i := range n {
			value.Put(i, dense || rapid.Bool().Draw(t, "value"))
			valid.Put(i, dense || rapid.Bool().Draw(t, "valid"))
		}
		if rapid.Bool().Draw(t, "no nulls") {
			valid = nil
		}
		sel := columntest.RandomSelection(t, n)
		rows := sel
		if rows == nil {
			rows = kernel.SelectAll(n, make([]int32, n))
		}
		var isTrue, isFalse, rest []int32
		for _, r := range rows {
			switch v := valid == nil || valid.Get(int(r)); {
			case v && value.Get(int(r)):
				isTrue = append(isTrue, r)
			case v:
				isFalse = append(isFalse, r)
			}
			if !slices.Contains(isTrue, r) {
				rest = append(rest, r)
			}
		}
		check := func(what string, got, want []int32) {
			if !slices.Equal(got, want) {
				t.Fatalf("%s: %v, want %v", what, got, want)
			}
		}
		check("SelectTrue", kernel.SelectTrue(value, valid, n, sel, make([]int32, n)), isTrue)
		check("SelectFalse", kernel.SelectFalse(value, valid, n, sel, make([]int32, n)), isFalse)
		check("Difference", kernel.Difference(sel, isTrue, n, make([]int32, n)), rest)
		check("Merge", kernel.Merge(isTrue, rest, nil), rows)
		// The same rows by dictionary indexes: 0 is in, 1 is not.
		codes := make([]int32, n)
		for i := range codes {
			codes[i] = int32(b2i(!value.Get(i)))
		}
		check("SelectCodes", kernel.SelectCodes(codes, valid, column.Bitmap{1}, n, sel, make([]int32, n)), isTrue)
	})
}

func TestLogic(t *testing.T) {
	// The nine combinations, at both sides of a word's end.
	const n = 130
	type operand struct{ value, valid column.Bitmap }
	state := func(i int) string { return []string{"T", "F", "N"}[i%3] }
	fill := func(f func(i int) string) operand {
		o := operand{column.MakeBitmap(n), column.MakeBitmap(n)}
		for i := range n {
			s := f(i)
			o.value.Put(i, s == "T" || s == "N" && i%2 == 0) // a null's value is meaningless
			o.valid.Put(i, s != "N")
		}
		return o
	}
	a, b := fill(state), fill(func(i int) string { return state(i / 3) })
	and := map[string]string{"TT": "T", "TF": "F", "TN": "N", "FT": "F", "FF": "F", "FN": "F", "NT": "N", "NF": "F", "NN": "N"}
	or := map[string]string{"TT": "T", "TF": "T", "TN": "T", "FT": "T", "FF": "F", "FN": "N", "NT": "T", "NF": "N", "NN": "N"}
	check := func(what string, out *column.Vector, want func(i int) string) {
		t.Helper()
		for i := range n {
			got := "N"
			if !out.IsNull(i) {
				got = map[bool]string{true: "T", false: "F"}[out.Bits().Get(i)]
			}
			if got != want(i) {
				t.Errorf("%s: row %d, %s and %s: %s, want %s", what, i, state(i), state(i/3), got, want(i))
			}
		}
	}
	result := func(f func(out *column.Vector)) *column.Vector {
		out := column.NewVector(column.Of(column.Boolean), 0)
		out.Resize(n)
		f(out)
		return out
	}
	x, y := kernel.Bool{Bits: a.value, Valid: a.valid}, kernel.Bool{Bits: b.value, Valid: b.valid}
	check("AND", result(func(o *column.Vector) { kernel.AndBool(o, x, y, n) }), func(i int) string { return and[state(i)+state(i/3)] })
	check("OR", result(func(o *column.Vector) { kernel.OrBool(o, x, y, n) }), func(i int) string { return or[state(i)+state(i/3)] })
	check("NOT", result(func(o *column.Vector) { kernel.NotBool(o, x, n) }), func(i int) string { return map[string]string{"T": "F", "F": "T", "N": "N"}[state(i)] })
	for _, c := range []struct {
		want, not bool
		answer    string // for T, F, N
	}{{true, false, "TFF"}, {true, true, "FTT"}, {false, false, "FTF"}, {false, true, "TFT"}} {
		check(fmt.Sprintf("IS %v", c), result(func(o *column.Vector) { kernel.IsBool(o, x, c.want, c.not, n) }), func(i int) string { return c.answer[i%3 : i%3+1] })
	}
	check("IS NULL", result(func(o *column.Vector) { kernel.IsNull(o.Bits(), a.valid, false, n) }), func(i int) string { return "FFT"[i%3 : i%3+1] })
	check("NOT DISTINCT", result(func(o *column.Vector) {
		for i := range n {
			o.Bits().Put(i, a.value.Get(i) == b.value.Get(i))
		}
		kernel.NotDistinct(o.Bits(), a.valid, b.valid, false, n)
	}), func(i int) string { return map[bool]string{true: "T", false: "F"}[state(i) == state(i/3)] })
}

func TestSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(columntest.ScalarTypes[:len(columntest.ScalarTypes)-1]).Draw(t, "type")
		v := columntest.RandomVector(t, typ, rapid.IntRange(0, 60).Draw(t, "n"))
		values := column.NewVector(typ, 0)
		in := map[string]bool{}
		for i := range v.Len {
			if !v.IsNull(i) && rapid.Bool().Draw(t, "in") {
				values.AppendRows(v, []int32{int32(i)})
				in[columntest.Key(v, i)] = true
			}
		}
		set := kernel.NewSet(values)
		sel := columntest.RandomSelection(t, v.Len)
		rows := sel
		if rows == nil {
			rows = kernel.SelectAll(v.Len, make([]int32, v.Len))
		}
		var want []int32
		for _, r := range rows {
			if in[columntest.Key(v, int(r))] {
				want = append(want, r)
			}
		}
		if got := set.Select(v, v.Len, sel); !slices.Equal(got, want) {
			t.Fatalf("%s: %v, want %v", typ, got, want)
		}
	})
}

// 128-bit values compare as their Cmp says, whether chosen or marked, among all rows or some.
func TestCompareInt128(t *testing.T) {
	edges := []column.Int128{{}, {Lo: 1}, {Lo: ^uint64(0), Hi: -1}, {Lo: 1 << 63}, {Hi: 1}, {Hi: -1}, {Lo: 5, Hi: 1 << 62}, {Lo: 5, Hi: -1 << 63}}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 150).Draw(t, "rows")
		draw := func() column.Int128 {
			return column.Int128{Lo: rapid.Uint64().Draw(t, "lo"), Hi: rapid.Int64Range(-2, 2).Draw(t, "hi")}
		}
		a, b := make([]column.Int128, n), make([]column.Int128, n)
		for i := range n {
			a[i], b[i] = draw(), draw()
			if rapid.Bool().Draw(t, "edges") {
				a[i], b[i] = rapid.SampledFrom(edges).Draw(t, "a"), rapid.SampledFrom(edges).Draw(t, "b")
			}
		}
		op, constant := kernel.Cmp(rapid.IntRange(0, 5).Draw(t, "op")), rapid.Bool().Draw(t, "constant")
		var sel []int32
		if rapid.Bool().Draw(t, "selected") {
			sel = []int32{}
			for i := range n {
				if rapid.Bool().Draw(t, "row") {
					sel = append(sel, int32(i))
				}
			}
		}
		bits := column.MakeBitmap(n)
		kernel.CompareInt128(op, a, b, constant, n, sel, bits)
		var want []int32
		rows := sel
		if sel == nil {
			rows = kernel.SelectAll(n, make([]int32, n))
		}
		for _, r := range rows {
			y := b[r]
			if constant {
				y = b[0]
			}
			is := holds(op, a[r].Cmp(y), false)
			if bits.Get(int(r)) != is {
				t.Fatalf("%v %d %v is %t", a[r], op, y, !is)
			}
			if is {
				want = append(want, r)
			}
		}
		if got := kernel.SelectInt128(op, a, b, constant, n, sel, make([]int32, n)); !slices.Equal(got, want) {
			t.Fatalf("selected %v, want %v", got, want)
		}
	})
}
