package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
	"github.com/millstream/millstream/sql/session"
)

// tester is a [testing.T] or a [rapid.T].
type tester interface {
	Helper()
	Fatal(...any)
}

// outputOf prints batches in a form, as an insert-only query's result or an updating one's.
func outputOf(t tester, format string, updating bool, columns []column.Field, batches ...*column.Batch) string {
	t.Helper()
	var out bytes.Buffer
	p := newPrinter(target{w: &out}, format, &session.Result{Kind: session.Query, Columns: columns, Updating: updating}, time.UTC)
	for _, b := range batches {
		if err := p.batch(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// textBatch makes a batch of rows of texts; nil is NULL.
func textBatch(t testing.TB, columns []column.Field, rows ...[]any) *column.Batch {
	t.Helper()
	b := column.NewBatch(columns, len(rows))
	for _, row := range rows {
		for i, c := range b.Cols {
			if row[i] == nil {
				c.AppendNull()
			} else if err := column.ParseText(c, []byte(row[i].(string)), nil); err != nil {
				t.Fatal(err)
			}
		}
		b.Len++
	}
	return b
}

var (
	wordColumns = []column.Field{{Name: "word", Type: column.Str()}, {Name: "n", Type: column.Of(column.BigInt)}}
	twoBatches  = func(t testing.TB) []*column.Batch {
		selected := textBatch(t, wordColumns, []any{"left out", "0"}, []any{"fourth", "4"})
		selected.Sel = []int32{1}
		return []*column.Batch{
			textBatch(t, wordColumns, []any{"one, \"two\"\nlines", "1"}, []any{nil, "-20"}, []any{"", nil}),
			selected,
		}
	}
)

func TestOutputForms(t *testing.T) {
	for format, want := range map[string]string{
		"table": `
┌──────────────────┬──────┐
│ word             │    n │
├──────────────────┼──────┤
│ one, "two"⏎lines │    1 │
│ NULL             │  -20 │
│                  │ NULL │
│ fourth           │    4 │
└──────────────────┴──────┘
`,
		"json": `
{"word":"one, \"two\"\nlines","n":1}
{"word":null,"n":-20}
{"word":"","n":null}
{"word":"fourth","n":4}
`,
		"changelog-json": `
{"op":"+I","data":{"word":"one, \"two\"\nlines","n":1}}
{"op":"+I","data":{"word":null,"n":-20}}
{"op":"+I","data":{"word":"","n":null}}
{"op":"+I","data":{"word":"fourth","n":4}}
`,
		"csv": `
word,n
"one, ""two""
lines",1
,-20
"",
fourth,4
`,
	} {
		if diff := cmp.Diff(want[1:], outputOf(t, format, false, wordColumns, twoBatches(t)...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
}

func TestOutputOfNoRows(t *testing.T) {
	for format, want := range map[string]string{
		"table": "┌──────┬───┐\n│ word │ n │\n├──────┼───┤\n└──────┴───┘\n",
		"json":  "", "changelog-json": "", "csv": "word,n\n",
	} {
		for _, updating := range []bool{false, true} {
			if got := outputOf(t, format, updating, wordColumns); got != want {
				t.Errorf("%s, updating %v: got %q, want %q", format, updating, got, want)
			}
		}
	}
}

// changes is a changelog: two words come, one count rises twice, the other word goes.
func changes(t testing.TB) *column.Batch {
	b := textBatch(t, wordColumns, []any{"a", "1"}, []any{"b", "1"}, []any{"a", "1"}, []any{"a", "2"}, []any{"b", "1"}, []any{nil, "1"},
		[]any{"a", "2"}, []any{"a", "3"})
	copy(b.AddKinds(8), []column.RowKind{column.Insert, column.Insert, column.UpdateBefore, column.UpdateAfter, column.Delete, column.Insert,
		column.UpdateBefore, column.UpdateAfter})
	return b
}

func TestOutputOfChanges(t *testing.T) {
	for format, want := range map[string]string{
		"table": "┌──────┬───┐\n│ word │ n │\n├──────┼───┤\n│ a    │ 3 │\n│ NULL │ 1 │\n└──────┴───┘\n",
		"json":  `{"word":"a","n":3}` + "\n" + `{"word":null,"n":1}` + "\n",
		"csv":   "word,n\na,3\n,1\n",
		"changelog-json": `{"op":"+I","data":{"word":"a","n":1}}
{"op":"+I","data":{"word":"b","n":1}}
{"op":"-U","data":{"word":"a","n":1}}
{"op":"+U","data":{"word":"a","n":2}}
{"op":"-D","data":{"word":"b","n":1}}
{"op":"+I","data":{"word":null,"n":1}}
{"op":"-U","data":{"word":"a","n":2}}
{"op":"+U","data":{"word":"a","n":3}}
`,
	} {
		if diff := cmp.Diff(want, outputOf(t, format, true, wordColumns, changes(t))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
}

func TestOutputOfNothingTakenAway(t *testing.T) {
	b := textBatch(t, wordColumns, []any{"a", "7"})
	b.AddKinds(1)[0] = column.Delete
	p := newMaterialiser(newCSVPrinter(&bytes.Buffer{}, wordColumns, time.UTC), wordColumns, time.UTC)
	if err := p.batch(b); err == nil || !strings.HasSuffix(err.Error(), "a row that it never showed: a, 7") {
		t.Errorf("got the error %v", err)
	}
}

// TestMaterialiser compares the rows that are left with those of a slice, over many changes, so that the gone ones are forgotten meanwhile.
func TestMaterialiser(t *testing.T) {
	type modelRow struct {
		line string
		rank int // its place
	}
	rapid.Check(t, func(t *rapid.T) {
		var model []modelRow // in the order in which they were added
		next := 0
		var out bytes.Buffer
		m := newMaterialiser(newCSVPrinter(&out, wordColumns, time.UTC), wordColumns, time.UTC)
		most := rapid.IntRange(1, 300).Draw(t, "most rows at a time")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for range rapid.IntRange(0, 8).Draw(t, "batches") {
			b := column.NewBatch(wordColumns, 0)
			var kinds []column.RowKind
			freed := -1 // the place that the row before left by -U
			for range 2000 {
				kind, n := column.RowKind(r.IntN(4)), r.Int64N(16)
				line := fmt.Sprintf("w%d,%d", n%3, n)
				if len(model) >= most && kind.Adds() {
					kind = column.Delete
				}
				switch {
				case kind.Adds():
					rank := freed
					if kind == column.Insert || freed < 0 {
						rank = next
						next++
					}
					model = append(model, modelRow{line, rank})
					freed = -1
				case len(model) == 0:
					continue
				default:
					// Of rows that are alike the one that was added last goes.
					line = model[r.IntN(len(model))].line
					i := len(model) - 1
					for model[i].line != line {
						i--
					}
					if freed = -1; kind == column.UpdateBefore {
						freed = model[i].rank
					}
					model = slices.Delete(model, i, i+1)
				}
				word, number, _ := strings.Cut(line, ",")
				b.Cols[0].AppendString(word)
				if err := column.ParseText(b.Cols[1], []byte(number), nil); err != nil {
					t.Fatal(err)
				}
				kinds = append(kinds, kind)
				b.Len++
			}
			copy(b.AddKinds(b.Len), kinds)
			if err := m.batch(b); err != nil {
				t.Fatal(err)
			}
			if m.rows() != int64(len(model)) {
				t.Fatalf("%d rows are left, want %d", m.rows(), len(model))
			}
			if len(m.rank) > 2*max(compactFrom, len(model))+2000 {
				t.Fatalf("%d rows are kept for %d that are left", len(m.rank), len(model))
			}
		}
		if err := m.close(); err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(model, func(a, b modelRow) int { return a.rank - b.rank })
		want := "word,n\n"
		for _, row := range model {
			want += row.line + "\n"
		}
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

// TestJSONValues shows a value of each type in JSON.
func TestJSONValues(t *testing.T) {
	nested := column.RowOf(column.Field{Name: "x", Type: column.Of(column.Int)}, column.Field{Name: "y", Type: column.Str()})
	for _, c := range []struct {
		typ  column.Type
		fill func(v *column.Vector)
		want string
	}{
		{column.Of(column.Boolean), func(v *column.Vector) { v.AppendBool(true) }, `true`},
		{column.Of(column.TinyInt), func(v *column.Vector) { column.Append(v, int8(-128)) }, `-128`},
		{column.Of(column.BigInt), func(v *column.Vector) { column.Append(v, int64(math.MaxInt64)) }, `9223372036854775807`},
		{column.Of(column.Float), func(v *column.Vector) { column.Append(v, float32(0.1)) }, `0.1`},
		{column.Of(column.Double), func(v *column.Vector) { column.Append(v, 1e10) }, `10000000000`},
		{column.Of(column.Double), func(v *column.Vector) { column.Append(v, 1.5e300) }, `1.5e+300`},
		{column.Of(column.Double), func(v *column.Vector) { column.Append(v, 1e-7) }, `1e-07`},
		{column.Of(column.Double), func(v *column.Vector) { column.Append(v, math.NaN()) }, `"NaN"`},
		{column.Of(column.Double), func(v *column.Vector) { column.Append(v, math.Inf(1)) }, `"Infinity"`},
		{column.Of(column.Float), func(v *column.Vector) { column.Append(v, float32(math.Inf(-1))) }, `"-Infinity"`},
		{column.DecimalOf(10, 2), func(v *column.Vector) { column.Append(v, column.Int128Of(-12340)) }, `"-123.40"`},
		{column.Str(), func(v *column.Vector) { v.AppendString("a\"\\\n\r\t\x00\x1f\u2028é\xff") }, `"a\"\\\n\r\t\u0000\u001f` + "\u2028é\ufffd" + `"`},
		{column.Bytes(), func(v *column.Vector) { v.AppendBytes([]byte{0, 0xab, 0xff}) }, `"00abff"`},
		{column.Of(column.Date), func(v *column.Vector) { column.Append(v, int32(19844)) }, `"2024-05-01"`},
		{column.Sized(column.Timestamp, 3), func(v *column.Vector) { must(t, column.ParseText(v, []byte("2024-05-01 10:00:00.5"), nil)) },
			`"2024-05-01 10:00:00.500"`},
		{column.ArrayOf(column.Of(column.Int)), func(v *column.Vector) {
			column.Append(v.Children[0], int32(1))
			v.Children[0].AppendNull()
			v.AppendList(2)
		}, `[1,null]`},
		{column.MapOf(column.Of(column.Int), column.Str()), func(v *column.Vector) {
			column.Append(v.Children[0], int32(1))
			v.Children[1].AppendString("x")
			v.Children[0].AppendNull()
			v.Children[1].AppendNull()
			v.AppendList(2)
		}, `{"1":"x","null":null}`},
		{nested, func(v *column.Vector) {
			column.Append(v.Children[0], int32(7))
			v.AppendStruct()
		}, `{"x":7,"y":null}`},
	} {
		b := column.NewBatch([]column.Field{{Name: "v", Type: c.typ}}, 1)
		c.fill(b.Cols[0])
		b.Len = 1
		want := `{"v":` + c.want + "}\n"
		if got := outputOf(t, "json", false, []column.Field{{Name: "v", Type: c.typ}}, b); got != want {
			t.Errorf("%v: got %swant %s", c.typ, got, want)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// randomBatch draws a batch of any types, some columns with a dictionary.
func randomBatch(t *rapid.T) ([]column.Field, *column.Batch) {
	n := rapid.IntRange(0, 5).Draw(t, "rows")
	b := &column.Batch{Len: n, Sel: columntest.RandomSelection(t, n)}
	columns := make([]column.Field, rapid.IntRange(1, 3).Draw(t, "columns"))
	for i := range columns {
		typ := columntest.RandomType(t, 2)
		columns[i] = column.Field{Name: rapid.String().Draw(t, "name"), Type: typ}
		v := columntest.RandomVector(t, typ, n)
		if n > 0 && rapid.Bool().Draw(t, "dictionary") {
			v = columntest.WithDictionary(t, v, n)
		}
		b.Cols = append(b.Cols, v)
	}
	return columns, b
}

func TestJSONReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns, b := randomBatch(t)
		lines := strings.SplitAfter(outputOf(t, "json", false, columns, b), "\n")
		if len(lines)-1 != b.Rows() {
			t.Fatalf("%d lines for %d rows", len(lines)-1, b.Rows())
		}
		for i, line := range lines[:b.Rows()] {
			var back map[string]any
			if err := json.Unmarshal([]byte(line), &back); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			for j, c := range columns {
				// A name that is not UTF-8 or stands twice cannot be looked up.
				v, ok := back[c.Name]
				if row := b.Row(i); ok && j == len(columns)-1 && (v == nil) != b.Cols[j].IsNull(row) {
					t.Fatalf("row %d of %v is NULL: %v, but shown as %v", i, c.Type, b.Cols[j].IsNull(row), v)
				}
			}
		}
	})
}

func TestCSVReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns, b := randomBatch(t)
		text := outputOf(t, "csv", false, columns, b)
		r := csv.NewReader(strings.NewReader(text))
		r.FieldsPerRecord = len(columns)
		if strings.Contains(text, "\r\n") || len(columns) == 1 {
			return // the reader turns \r\n into \n, and skips an empty line, which here is a NULL
		}
		records, err := r.ReadAll()
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if len(records) != b.Rows()+1 {
			t.Fatalf("%d records for a header and %d rows", len(records), b.Rows())
		}
		for i, record := range records[1:] {
			for j, field := range record {
				want := ""
				if row := b.Row(i); !b.Cols[j].IsNull(row) {
					want = string(appendCell(nil, b.Cols[j], row, nil))
				}
				if field != want {
					t.Fatalf("row %d, column %d: %q, want %q", i, j, field, want)
				}
			}
		}
	})
}

func TestTableFitsTheTerminal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns, b := randomBatch(t)
		width := rapid.IntRange(10, 120).Draw(t, "width")
		var out bytes.Buffer
		p := newTablePrinter(&out, style{}, width, columns, time.UTC)
		if err := errors.Join(p.batch(b), p.close()); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != b.Rows()+4 {
			t.Fatalf("%d lines for %d rows:\n%s", len(lines), b.Rows(), out.String())
		}
		most := max(width, len(columns)*(narrowest+3)+1)
		for _, line := range lines {
			if cells(line) != cells(lines[0]) || cells(line) > most {
				t.Fatalf("lines of %d and %d cells, at most %d fit:\n%s", cells(lines[0]), cells(line), most, out.String())
			}
		}
	})
}

func TestTableIsCut(t *testing.T) {
	columns := []column.Field{{Name: "a", Type: column.Str()}, {Name: "long", Type: column.Str()}, {Name: "longer", Type: column.Str()}}
	b := textBatch(t, columns, []any{"x", strings.Repeat("y", 20), strings.Repeat("z", 40)})
	var out bytes.Buffer
	p := newTablePrinter(&out, style{}, 50, columns, time.UTC)
	must(t, p.batch(b))
	must(t, p.close())
	want := `
┌───┬──────────────────────┬─────────────────────┐
│ a │ long                 │ longer              │
├───┼──────────────────────┼─────────────────────┤
│ x │ yyyyyyyyyyyyyyyyyyyy │ zzzzzzzzzzzzzzzzzz… │
└───┴──────────────────────┴─────────────────────┘
`
	if diff := cmp.Diff(want[1:], out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTableShowsSlowRows checks that rows of a stream that goes on are shown before it ends.
func TestTableShowsSlowRows(t *testing.T) {
	shown := make(chan string, 10)
	p := newTablePrinter(writerFunc(func(b []byte) (int, error) {
		shown <- string(b)
		return len(b), nil
	}), style{}, 0, wordColumns, time.UTC)
	must(t, p.batch(textBatch(t, wordColumns, []any{"first", "1"})))
	if got := <-shown; !strings.Contains(got, "first") {
		t.Errorf("shown is %q", got)
	}
	must(t, p.batch(textBatch(t, wordColumns, []any{"second row", "2"})))
	if got, want := <-shown, "│ second row │ 2 │\n"; got != want {
		t.Errorf("shown is %q, want %q", got, want)
	}
	must(t, p.close())
}

func TestTableReportsFailedWrites(t *testing.T) {
	full := errors.New("no space left")
	p := newTablePrinter(writerFunc(func([]byte) (int, error) { return 0, full }), style{}, 0, wordColumns, time.UTC)
	must(t, p.batch(textBatch(t, wordColumns, []any{"first", "1"})))
	if err := p.close(); !errors.Is(err, full) {
		t.Errorf("got the error %v", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
