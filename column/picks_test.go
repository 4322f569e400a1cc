package column

import "testing"

// TestPicks gathers rows of which some are missing, from plain columns, from one with a dictionary and from one without rows.
func TestPicks(t *testing.T) {
	number, text := NewVector(Of(BigInt), 0), NewVector(Str(), 0)
	for i := range 5 {
		Append(number, int64(i))
		text.AppendString("a text that is too long to stand in a view " + string(rune('a'+i)))
	}
	number.SetNull(3)
	codes := NewVector(Of(Int), 0)
	for i := range 5 {
		Append(codes, int32(4-i))
	}
	coded := &Vector{Type: Str(), Len: 5, Data: codes.Data, Dict: text}
	for _, test := range []struct {
		rows []int32
	}{{[]int32{4, Missing, 3, 0, 0}}, {[]int32{1, 2}}, {[]int32{Missing}}, {nil}} {
		p := Picks{Rows: test.rows}
		p.Prepare()
		for _, src := range []*Vector{number, text, coded, NewVector(Str(), 0)} {
			if src.Len == 0 && len(test.rows) > 1 {
				continue
			}
			v := NewVector(src.Type, 0)
			for range 2 { // memory is used again
				v.Reset()
				p.Take(v, src)
				if v.Len != len(test.rows) {
					t.Fatalf("%d rows, want %d", v.Len, len(test.rows))
				}
				for i, r := range test.rows {
					switch {
					case r < 0 || src.IsNull(int(r)):
						if !v.IsNull(i) {
							t.Errorf("row %d of %v is not NULL", i, test.rows)
						}
					case v.IsNull(i):
						t.Errorf("row %d of %v is NULL", i, test.rows)
					case src == number && Values[int64](v)[i] != int64(r), src != number && string(v.BytesAt(i)) != string(src.BytesAt(int(r))):
						t.Errorf("row %d of %v has another value", i, test.rows)
					}
				}
			}
		}
	}
}
