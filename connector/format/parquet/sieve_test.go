package parquet

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/formattest"
	"github.com/millstream/millstream/graph/expr"
)

// condition draws a condition that a reader applies to each row, over columns k, a number that ascends, b, i and t.
func condition(t *rapid.T, c format.Config) expr.Expr {
	ref := func(name string) expr.Expr {
		at := slices.IndexFunc(c.Columns, func(f column.Field) bool { return f.Name == name })
		return &expr.Column{Index: at, Name: name, T: c.Columns[at].Type}
	}
	call := func(name string, args ...expr.Expr) expr.Expr {
		e, err := expr.NewCall(name, args...)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	k := func() expr.Expr {
		return &expr.Literal{Value: int64(rapid.IntRange(-1, 400).Draw(t, "k")), T: column.Of(column.Int).Required()}
	}
	switch rapid.IntRange(0, 5).Draw(t, "condition") {
	case 0:
		return call(">=", ref("k"), k())
	case 1:
		return call("AND", call(">", ref("k"), k()), call("<", ref("k"), k()))
	case 2:
		return ref("b")
	case 3:
		return call("IS NULL", ref("t"))
	case 4:
		return call(">", ref("t"), &expr.Literal{Value: "a", T: column.Str().Required()})
	}
	return call("OR", call("=", ref("k"), k()), call("IS NOT NULL", ref("i")))
}

// Of rows that do not pass nothing is given out, of the others all, wherever pages begin, and whatever is skipped.
func TestFilteredModel(t *testing.T) {
	inner := column.RowOf(formattest.Field("c", column.Str()), formattest.Field("d", column.Of(column.Int).Required()))
	rapid.Check(t, func(t *rapid.T) {
		options := map[string]string{"writer.version": rapid.SampledFrom(writerVersion.Values).Draw(t, "version"), "compression": "snappy"}
		if rapid.Bool().Draw(t, "small pages") {
			options["page.size"], options["dictionary.page.size"] = "64b", "100b"
		}
		if rapid.Bool().Draw(t, "small groups") {
			options["block.size"] = "1kb"
		}
		options["enable.dictionary"] = fmt.Sprint(rapid.Bool().Draw(t, "dictionary"))
		c := formattest.Config(t, "parquet", "k INT, b BOOLEAN, i TINYINT, s SMALLINT, l BIGINT, f FLOAT, d DOUBLE, t STRING, y BYTES, m38 DEC38, ts9 TS9, r ROW", options)
		c.Columns = append(c.Columns, formattest.Field("rr", column.RowOf(formattest.Field("x", inner), formattest.Field("n", column.Str()))))
		var batches []*column.Batch
		total := 0
		for range rapid.IntRange(1, 5).Draw(t, "batches") {
			b := formattest.RandomBatch(t, c.Columns, rapid.IntRange(1, 80).Draw(t, "rows"))
			if b.Sel != nil {
				t.Fatal("the batch has a selection")
			}
			b.Cols[0] = column.NewVector(c.Columns[0].Type, b.Len)
			for range b.Len {
				column.Append(b.Cols[0], int32(total))
				total++
			}
			batches = append(batches, b)
		}
		f := open(t, write(t, c, batches...))
		pieces, err := splitFile(t.Context(), f, c)
		if err != nil {
			t.Fatal(err)
		}
		c.Filter = []expr.Expr{condition(t, c), condition(t, c)}
		skip := int64(rapid.IntRange(0, 100).Draw(t, "skip"))
		var want []string
		row := int64(0)
		for _, b := range batches {
			var sel []int32
			for i := range b.Len {
				if row >= skip {
					sel = append(sel, int32(i))
				}
				row++
			}
			left := &column.Batch{Len: b.Len, Cols: b.Cols, Sel: sel}
			for _, e := range c.Filter {
				filter, err := expr.CompileFilter(e)
				if err != nil {
					t.Fatal(err)
				}
				if len(left.Sel) > 0 {
					if left.Sel, err = filter.Select(left, nil); err != nil {
						t.Fatal(err)
					}
				}
			}
			if len(left.Sel) > 0 {
				want = append(want, formattest.Rows(left)...)
			}
		}
		all, err := openFile(t.Context(), f, format.Piece{Count: len(pieces)}, c)
		if err != nil {
			t.Fatal(err)
		}
		r := all.(format.FilteringReader)
		r.Skip(skip)
		var got []string
		for out := column.NewBatch(c.Columns, 0); ; out.Reset() {
			if err := r.Next(t.Context(), out); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if out.Len == 0 {
				t.Fatal("a batch without rows")
			}
			got = append(got, formattest.Rows(out)...)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("with %s, skipping %d:\n%q, want\n%q", c.Filter, skip, got, want)
		}
		if r.Passed() != int64(total) {
			t.Fatalf("passed %d of %d rows", r.Passed(), total)
		}
	})
}

// A struct that may be NULL whose fields may not.
func TestRequiredInOptional(t *testing.T) {
	type inner struct {
		X int64 `parquet:"x"`
	}
	type row struct {
		K int64  `parquet:"k"`
		R *inner `parquet:"r,optional"`
	}
	f := open(t, writeRows(t, []row{{1, &inner{7}}, {2, nil}, {3, &inner{9}}}))
	big := column.Of(column.BigInt)
	c := config(t, []column.Field{{Name: "k", Type: big}, {Name: "r", Type: column.RowOf(column.Field{Name: "x", Type: big})}}, nil)
	got, _, err := readTexts(f, c)
	if want := []string{"1|(7)", "2|∅", "3|(9)"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	e, err := expr.NewCall("<>", &expr.Column{Name: "k", T: big}, &expr.Literal{Value: int64(1), T: big})
	if err != nil {
		t.Fatal(err)
	}
	c.Filter = []expr.Expr{e}
	got, _, err = readTexts(f, c)
	if want := []string{"2|∅", "3|(9)"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
}

func writeRows[T any](t *testing.T, rows []T) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[T](&b)
	if _, err := w.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
