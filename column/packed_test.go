package column

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPacked holds packed vectors against plain ones: values of all lengths, nulls, dictionaries, rows picked and all.
func TestPacked(t *testing.T) {
	large := strings.Repeat("large ", 300_000)
	text := rapid.Custom(func(t *rapid.T) string {
		switch rapid.IntRange(0, 20).Draw(t, "length") {
		case 0:
			return large[:rapid.IntRange(0, len(large)).Draw(t, "large")]
		case 1:
			return large[:packedSize-rapid.IntRange(0, 8).Draw(t, "short of a buffer")]
		case 2, 3:
			return large[:rapid.IntRange(100, 300).Draw(t, "medium")]
		}
		return large[:rapid.IntRange(0, 30).Draw(t, "short")]
	})
	rapid.Check(t, func(t *rapid.T) {
		want, got := NewVector(Str(), 0), NewVector(Str(), 0)
		early := rapid.Bool().Draw(t, "packed while empty")
		if early {
			got.Pack()
		}
		for range rapid.IntRange(1, 5).Draw(t, "batches") {
			src := NewVector(Str(), 0)
			for range rapid.IntRange(0, 40).Draw(t, "rows") {
				if rapid.IntRange(0, 9).Draw(t, "null") == 0 {
					src.AppendNull()
				} else {
					src.AppendString(text.Draw(t, "text"))
				}
			}
			var rows []int32
			if src.Len > 0 && rapid.Bool().Draw(t, "picked") {
				rows = rapid.SliceOfN(rapid.Int32Range(0, int32(src.Len-1)), 1, 60).Draw(t, "rows")
			}
			if src.Len > 0 && rapid.Bool().Draw(t, "dictionary") {
				coded := &Vector{Type: src.Type, Dict: src}
				codes := rapid.SliceOfN(rapid.Int32Range(0, int32(src.Len-1)), 1, 60).Draw(t, "codes")
				coded.Resize(len(codes))
				copy(Values[int32](coded), codes)
				src, rows = coded, nil
			}
			want.AppendRows(src, rows)
			got.AppendRows(src, rows)
			if rapid.Bool().Draw(t, "pack") {
				got.Pack()
			}
			if rapid.IntRange(0, 9).Draw(t, "reset") == 0 {
				want.Reset()
				got.Reset()
			}
		}
		check := func(v *Vector, rows []int32) {
			t.Helper()
			for i, r := range rows {
				if v.IsNull(i) != want.IsNull(int(r)) || !v.IsNull(i) && !bytes.Equal(v.BytesAt(i), want.BytesAt(int(r))) {
					t.Fatalf("row %d of %d differs", r, want.Len)
				}
			}
		}
		if got.Len != want.Len {
			t.Fatalf("%d rows, want %d", got.Len, want.Len)
		}
		var all, some []int32
		for r := range int32(want.Len) {
			if all = append(all, r); r%3 != 1 {
				some = append(some, r)
			}
		}
		check(got, all)
		copied, picked := NewVector(Str(), 0), NewVector(Str(), 0)
		copied.AppendRows(got, nil)
		check(copied, all)
		p := Picks{Rows: some}
		p.Prepare()
		p.Take(picked, got)
		check(picked, some)
		picked.Reset()
		if len(some) > 0 {
			picked.AppendRows(got, some)
			check(picked, some)
		}
	})
}

// TestPackedRows: places hold beyond the rows that share a base, and take 4 bytes.
func TestPackedRows(t *testing.T) {
	src, v := NewVector(Str(), 0), NewVector(Str(), 0)
	const n = 5 * packedRows
	for i := range n {
		src.AppendString(strings.Repeat("x", i%40))
	}
	v.AppendRows(src, nil)
	v.Pack()
	for i := range n {
		if len(v.BytesAt(i)) != i%40 {
			t.Fatalf("row %d has %d bytes, want %d", i, len(v.BytesAt(i)), i%40)
		}
	}
	if most := n*4*9/8 + n*21 + 2*leastPack + n*21; v.SizeBytes() > most {
		t.Errorf("%d bytes for %d rows, want %d at the most", v.SizeBytes(), n, most)
	}
}
