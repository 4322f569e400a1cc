package csv

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/formattest"
)

func mustEncoder(t formattest.TB, c format.Config) *encoder {
	t.Helper()
	e, err := newEncoder(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func texts(t formattest.TB, c format.Config, rows ...string) *column.Batch {
	t.Helper()
	b := column.NewBatch(c.Columns, 0)
	for _, row := range rows {
		for i, s := range strings.Split(row, "|") {
			if s == "∅" {
				b.Cols[i].AppendNull()
			} else if err := column.ParseText(b.Cols[i], []byte(s), nil); err != nil {
				t.Fatal(err)
			}
		}
		b.Len++
	}
	return b
}

func TestEncode(t *testing.T) {
	for _, test := range []struct {
		name, columns string
		options       map[string]string
		rows          []string
		want          string
	}{
		{name: "awkward texts", columns: "a INT, b STRING", rows: []string{"1|a,b", "2|say \"hi\"", "3|two\nlines", "4|", "5|∅", "6| pad ", "7|semi;colon", "8|#hash", "9|back\\slash"},
			want: "1,\"a,b\"\n2,\"say \"\"hi\"\"\"\n3,\"two\nlines\"\n4,\n5,\n6,\" pad \"\n7,semi;colon\n8,\"#hash\"\n9,\"back\\slash\"\n"},
		{name: "long texts", columns: "a STRING", rows: []string{"abcdefghijklmnopqrstuvwx", "abcdefghijklmnopqrstuvwxy", "üüüüüüüüüüüüüüüüüüüüüüüü", "😀😀😀😀😀😀😀😀😀😀😀😀x"},
			want: "abcdefghijklmnopqrstuvwx\n\"abcdefghijklmnopqrstuvwxy\"\nüüüüüüüüüüüüüüüüüüüüüüüü\n\"😀😀😀😀😀😀😀😀😀😀😀😀x\"\n"},
		{name: "types", columns: "b BOOLEAN, m DEC, d DOUBLE, f FLOAT, dt DATE, t TIME, ts TS, y BYTES", rows: []string{"true|1.50|1e10|0.1|2024-01-02|03:04:05|2024-01-02 03:04:05.678|x"},
			want: "true,1.5,1.0E10,0.1,2024-01-02,03:04:05,\"2024-01-02 03:04:05.678\",eA==\n"},
		{name: "scientific", columns: "m DEC", rows: []string{"1000", "-0.01"}, want: "1E+3\n-0.01\n"},
		{name: "not scientific", columns: "m DEC", options: map[string]string{"write-bigdecimal-in-scientific-notation": "false"}, rows: []string{"1000", "1.5"}, want: "1000.00\n1.50\n"},
		{name: "no quotes", columns: "k STRING, v INT", options: map[string]string{"field-delimiter": "|", "null-literal": "NIL", "disable-quote-character": "true"}, rows: []string{"∅|4", "a,\"b\"|∅"}, want: "NIL|4\na,\"b\"|NIL\n"},
		{name: "escapes", columns: "a STRING", options: map[string]string{"escape-character": `\`}, rows: []string{`a\b"c`}, want: "\"a\\\\b\"\"c\"\n"},
		{name: "escapes without quotes", columns: "a STRING, b STRING", options: map[string]string{"escape-character": `\`, "disable-quote-character": "true"}, rows: []string{"a,b\\\n\r|\"x\""}, want: "a\\,b\\\\\\n\\r,\"x\"\n"},
		{name: "pipe", columns: "a STRING, b INT, c DATE", options: map[string]string{"field-delimiter": "|"}, rows: []string{"x|1|2024-01-02"}, want: "\"x\"|1|\"2024-01-02\"\n"},
		{name: "delimiter within numbers", columns: "a DOUBLE, b INT", options: map[string]string{"field-delimiter": "."}, rows: []string{"1.5|-2"}, want: "\"1.5\".\"-2\"\n"},
		{name: "comments", columns: "a STRING", options: map[string]string{"allow-comments": "true", "field-delimiter": "\t", "quote-character": "!"}, rows: []string{"#a", "", "b"}, want: "!#a!\n!!\nb\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := config(t, test.columns, test.options)
			b := texts(t, c, test.rows...)
			got, err := mustEncoder(t, c).Encode(nil, b)
			if err != nil || string(got) != test.want {
				t.Fatalf("%q, %v, want %q", got, err, test.want)
			}
		})
	}
}

func TestEncodeNested(t *testing.T) {
	c := config(t, "xs INTS, r ROW", nil)
	b := column.NewBatch(c.Columns, 0)
	column.Append(b.Cols[0].Children[0], int32(1))
	b.Cols[0].Children[0].AppendNull()
	b.Cols[0].AppendList(2)
	column.Append(b.Cols[1].Children[0], int32(1))
	b.Cols[1].Children[1].AppendString("x")
	b.Cols[1].AppendStruct()
	b.Len = 1
	if got, err := mustEncoder(t, c).Encode(nil, b); err != nil || string(got) != "1;,1;x\n" {
		t.Errorf("%q, %v", got, err)
	}
	b.Cols[1].Reset()
	b.Cols[1].Children[1].AppendString("x;y")
	b.Cols[1].AppendStruct()
	if _, err := mustEncoder(t, c).Encode(nil, b); err == nil || !strings.Contains(err.Error(), `row 1: column 'r': the element "x;y" holds the delimiter of elements`) {
		t.Error(err)
	}
}

func TestEncodeImpossible(t *testing.T) {
	c := config(t, "a STRING", map[string]string{"disable-quote-character": "true"})
	if _, err := mustEncoder(t, c).Encode(nil, texts(t, c, "x", "a,b")); err == nil || !strings.Contains(err.Error(), `row 2: column 'a': "a,b" holds a delimiter or a line end`) {
		t.Error(err)
	}
}

// Whatever is written is read back as it was.
func TestRoundTrip(t *testing.T) {
	schema := "t STRING, b BOOLEAN, i TINYINT, s SMALLINT, n INT, l BIGINT, f FLOAT, d DOUBLE, u STRING, y BYTES, m DEC, m38 DEC38, dt DATE, tm TIME3, ts TS, ts9 TS9, tz LTZ6, mo MONTHS, ms MILLIS, xs INTS, e STRING"
	rapid.Check(t, func(t *rapid.T) {
		options := map[string]string{"null-literal": "~null~", "field-delimiter": rapid.SampledFrom([]string{",", "|", "\t", "1", "-", "E"}).Draw(t, "delimiter")}
		if rapid.Bool().Draw(t, "escape") {
			options["escape-character"] = `\`
			if rapid.Bool().Draw(t, "unquoted") {
				options["disable-quote-character"] = "true"
			}
		}
		if rapid.Bool().Draw(t, "comments") {
			options["allow-comments"] = "true"
		}
		c := config(t, schema, options)
		b := formattest.RandomBatch(t, c.Columns, rapid.IntRange(1, 5).Draw(t, "rows"))
		for i := range b.Len {
			if o := b.Cols[19].Offsets(); o[i+1] == o[i]+1 && b.Cols[19].Children[0].IsNull(int(o[i])) {
				return // an array of one NULL is written like a NULL
			}
		}
		text, err := mustEncoder(t, c).Encode(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		got, err := read(t, mustDecoder(t, c), c.Columns, string(text), 100, 3, false)
		if want := formattest.Rows(b); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%q\n%q, %v, want\n%q", text, got, err, want)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	c := config(b, eventColumns, nil)
	formattest.BenchmarkEncode(b, mustEncoder(b, c), mustDecoder(b, c), c.Columns, events(false))
}
