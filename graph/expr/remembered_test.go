package expr

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
)

// What is remembered of a dictionary's values holds for that dictionary alone, and a value that no row has does not fail.
func TestRememberedModel(t *testing.T) {
	col := &Column{0, "s", column.Str()}
	texts := []string{"12", "7", "-3", "Not a number", "a text of more than twelve BYTES", ""}
	rapid.Check(t, func(t *rapid.T) {
		exprs := make([]Expr, 0, 3)
		for _, text := range []string{"LOWER(s)", "UPPER(LOWER(s)) || 'x'", "CHAR_LENGTH(s) + 1"} {
			e, err := sqlExpr(text, col)
			if err != nil {
				t.Fatal(err)
			}
			exprs = append(exprs, e)
		}
		numbers := rapid.Bool().Draw(t, "numbers") // rows hold numbers alone, whatever the dictionary has
		if numbers {
			exprs = append(exprs, &Cast{Arg: col, T: column.Of(column.Int)})
		}
		project, err := CompileProjection(exprs)
		if err != nil {
			t.Fatal(err)
		}
		alone, err := CompileProjection(exprs)
		if err != nil {
			t.Fatal(err)
		}
		condition, err := sqlExpr("s > '4'", col)
		if err != nil {
			t.Fatal(err)
		}
		filter, err := CompileFilter(condition)
		if err != nil {
			t.Fatal(err)
		}
		filterAlone, err := CompileFilter(condition)
		if err != nil {
			t.Fatal(err)
		}
		var dicts []*column.Vector
		for range 3 {
			d := column.NewVector(column.Str(), 0)
			for range rapid.IntRange(1, 12).Draw(t, "values") {
				d.AppendString(rapid.SampledFrom(texts).Draw(t, "value"))
			}
			d.Stable = rapid.Bool().Draw(t, "stable")
			dicts = append(dicts, d)
		}
		for range rapid.IntRange(1, 12).Draw(t, "batches") {
			d := rapid.SampledFrom(dicts).Draw(t, "dictionary")
			if !d.Stable {
				d.Reset()
				for range rapid.IntRange(1, 12).Draw(t, "values") {
					d.AppendString(rapid.SampledFrom(texts).Draw(t, "value"))
				}
			}
			v := &column.Vector{Type: column.Str(), Dict: d}
			v.Resize(rapid.IntRange(1, 6).Draw(t, "rows"))
			for i := range v.Len {
				code := rapid.IntRange(0, d.Len-1).Draw(t, "code")
				column.Values[int32](v)[i] = int32(code)
				if text := string(d.BytesAt(code)); rapid.IntRange(0, 5).Draw(t, "null") == 0 || numbers && (len(text) == 0 || len(text) > 2) {
					v.SetNull(i)
				}
			}
			plain := column.NewVector(column.Str(), 0)
			v.Decode(plain)
			in, flat := &column.Batch{Len: v.Len, Cols: []*column.Vector{v}}, &column.Batch{Len: v.Len, Cols: []*column.Vector{plain}}
			var got, want column.Batch
			if err := project.Eval(in, &got); err != nil {
				t.Fatal(err)
			}
			if err := alone.Eval(flat, &want); err != nil {
				t.Fatal(err)
			}
			for c := range want.Cols {
				for i := range v.Len {
					if g, w := columntest.Key(got.Cols[c], i), columntest.Key(want.Cols[c], i); g != w {
						t.Fatalf("%s of row %d: %s, want %s", exprs[c], i, g, w)
					}
				}
			}
			some, err := filter.Select(in, nil)
			if err != nil {
				t.Fatal(err)
			}
			others, err := filterAlone.Select(flat, nil)
			if err != nil || fmt.Sprint(some) != fmt.Sprint(others) {
				t.Fatalf("selected %v, want %v; %v", some, others, err)
			}
		}
	})
}
