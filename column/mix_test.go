package column_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
)

// TestMix gathers rows of two vectors and compares them one by one, and writes some over those of another.
func TestMix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := columntest.RandomType(t, 2)
		a := columntest.RandomVector(t, typ, rapid.IntRange(1, 70).Draw(t, "a"))
		b := columntest.RandomVector(t, typ, rapid.IntRange(1, 70).Draw(t, "b"))
		rows := rapid.SliceOfN(rapid.Int32Range(int32(-b.Len), int32(a.Len-1)), 1, 150).Draw(t, "rows")
		v := column.NewVector(typ, 0)
		for range 2 { // memory is used again
			v.Reset()
			v.Mix(a, b, rows)
			if v.Len != len(rows) {
				t.Fatalf("%d rows, want %d", v.Len, len(rows))
			}
			for i, r := range rows {
				want := ""
				if r >= 0 {
					want = columntest.Key(a, int(r))
				} else {
					want = columntest.Key(b, int(^r))
				}
				if got := columntest.Key(v, i); got != want {
					t.Fatalf("row %d is %s, want %s", i, got, want)
				}
			}
		}
		switch typ.Layout() {
		case column.LayoutView, column.LayoutList, column.LayoutStruct:
			return
		}
		var want []string
		for i := range v.Len {
			want = append(want, columntest.Key(v, i))
		}
		var from, to []int32
		for i := range v.Len {
			if rapid.Bool().Draw(t, "over") {
				r := rapid.Int32Range(0, int32(a.Len-1)).Draw(t, "from")
				from, to = append(from, r), append(to, int32(i))
				want[i] = columntest.Key(a, int(r))
			}
		}
		v.Overwrite(a, from, to)
		for i := range v.Len {
			if got := columntest.Key(v, i); got != want[i] {
				t.Fatalf("row %d is %s, want %s", i, got, want[i])
			}
		}
	})
}
