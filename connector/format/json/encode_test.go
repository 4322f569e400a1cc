package json

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/formattest"
	"github.com/millstream/millstream/connector/format/internal/scan"
)

func mustEncoder(t formattest.TB, c format.Config) *encoder {
	t.Helper()
	e, err := newEncoder(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// What is read by one configuration is written by another.
func TestEncode(t *testing.T) {
	for _, test := range []struct {
		name, columns, text string
		options             map[string]string
		want                string
	}{
		{name: "simple types", columns: "b BOOLEAN, i TINYINT, m DEC, d DOUBLE, f FLOAT, dt DATE, t TIME, ts TS, tz LTZ, y BYTES, c CHAR4",
			text: `{"b":true,"i":1,"m":1.50,"d":1e10,"f":0.1,"dt":"2024-01-02","t":"03:04:05","ts":"2024-01-02 03:04:05.678","tz":"2024-01-01 00:00:00.000Z","y":"Cv8=","c":"ab  "}`,
			want: `{"b":true,"i":1,"m":1.5,"d":1.0E10,"f":0.1,"dt":"2024-01-02","t":"03:04:05","ts":"2024-01-02 03:04:05.678","tz":"2024-01-01 00:00:00Z","y":"Cv8=","c":"ab  "}` + "\n"},
		{name: "NULLs", columns: "a INT, b STRING, r ROW", text: `{"r":{"b":"x"}}` + "\n{}", want: `{"a":null,"b":null,"r":{"a":null,"b":"x"}}` + "\n" + `{"a":null,"b":null,"r":null}` + "\n"},
		{name: "NULLs left out", columns: "a INT, b STRING, r ROW, m COUNTS", options: map[string]string{"encode.ignore-null-fields": "true"},
			text: `{"b":"y","r":{"b":"x"},"m":{"k":null}}` + "\n{}", want: `{"b":"y","r":{"b":"x"},"m":{"k":null}}` + "\n{}\n"},
		{name: "decimals", columns: "a DEC, b DEC38", text: `{"a":1000,"b":0.00000001}`, want: `{"a":1E+3,"b":1E-8}` + "\n"},
		{name: "plain decimals", columns: "a DEC, b DEC38", options: map[string]string{"encode.decimal-as-plain-number": "true"}, text: `{"a":1000,"b":0.00000001}`, want: `{"a":1000.00,"b":0.0000000100}` + "\n"},
		{name: "no numbers of JSON", columns: "a FLOAT, b DOUBLE", text: `{"a":"NaN","b":"-Infinity"}` + "\n" + `{"a":"Infinity","b":1}`, want: `{"a":"NaN","b":"-Infinity"}` + "\n" + `{"a":"Infinity","b":1.0}` + "\n"},
		{name: "escapes", columns: "a STRING", text: `{"a":"a\"b\\\/\b\f\n\r\t\u001fü\u007f"}`, want: `{"a":"a\"b\\/\b\f\n\r\t\u001Fü` + "\x7f" + `"}` + "\n"},
		{name: "ISO timestamps", columns: "a TS, b LTZ", options: map[string]string{"timestamp-format.standard": "ISO-8601"}, text: `{"a":"2024-05-01T10:00:01","b":"2024-05-01T10:00:01.5Z"}`, want: `{"a":"2024-05-01T10:00:01","b":"2024-05-01T10:00:01.5Z"}` + "\n"},
		{name: "nested", columns: "xs TEXTS, m LISTS, p PAIRS, b BAG", text: `{"xs":["p",null],"m":{"k":[1],"j":null},"p":[{"k":"a","v":1},null],"b":{"z":2}}`, want: `{"xs":["p",null],"m":{"k":[1],"j":null},"p":[{"k":"a","v":1.0},null],"b":{"z":2}}` + "\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := config(t, test.columns, test.options)
			b := column.NewBatch(c.Columns, 0)
			if _, err := mustDecoder(t, c).Decode([]byte(test.text), true, b, 100); err != nil {
				t.Fatal(err)
			}
			got, err := mustEncoder(t, c).Encode(nil, b)
			if err != nil || string(got) != test.want {
				t.Fatalf("%s, %v, want %s", got, err, test.want)
			}
			b.Sel = []int32{}
			if got, err := mustEncoder(t, c).Encode([]byte("x"), b); err != nil || string(got) != "x" {
				t.Fatalf("no rows: %q, %v", got, err)
			}
		})
	}
}

func TestEncodeNullKeys(t *testing.T) {
	for mode, want := range map[string]string{"DROP": `{"m":{"a":1}}` + "\n", "LITERAL": `{"m":{"a":1,"no \"key\"":2}}` + "\n", "FAIL": ""} {
		c := config(t, "m COUNTS", map[string]string{"map-null-key.mode": mode, "map-null-key.literal": `no "key"`})
		b := column.NewBatch(c.Columns, 0)
		m := b.Cols[0]
		m.Children[0].AppendString("a")
		m.Children[0].AppendNull()
		column.Append(m.Children[1], int32(1))
		column.Append(m.Children[1], int32(2))
		m.AppendList(2)
		b.Len = 1
		got, err := mustEncoder(t, c).Encode(nil, b)
		if mode == "FAIL" {
			if err == nil || !strings.Contains(err.Error(), "row 1: column 'm': a map with a NULL key") {
				t.Error(err)
			}
			continue
		}
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", mode, got, err)
		}
	}
}

// Whatever is written is valid JSON and is read back as it was.
func TestRoundTrip(t *testing.T) {
	schema := "b BOOLEAN, i TINYINT, s SMALLINT, n INT, l BIGINT, f FLOAT, d DOUBLE, t STRING, y BYTES, m DEC, m38 DEC38, dt DATE, tm TIME3, ts TS, ts9 TS9, tz LTZ6, mo MONTHS, ms MILLIS, xs NESTED, c LISTS, r DEEP, p PAIRS, bag BAG"
	rapid.Check(t, func(t *rapid.T) {
		c := config(t, schema, map[string]string{
			"timestamp-format.standard":      rapid.SampledFrom([]string{"SQL", "ISO-8601"}).Draw(t, "standard"),
			"encode.decimal-as-plain-number": rapid.SampledFrom([]string{"true", "false"}).Draw(t, "plain"),
		})
		b := formattest.RandomBatch(t, c.Columns, rapid.IntRange(1, 5).Draw(t, "rows"))
		text, err := mustEncoder(t, c).Encode(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if !json.Valid([]byte(line)) {
				t.Fatalf("not JSON: %s", line)
			}
		}
		got, err := read(t, mustDecoder(t, c), c.Columns, string(text), 100, 3)
		if want := formattest.Rows(b); err != nil || !slices.Equal(got, want) {
			t.Fatalf("%s\n%q, %v, want\n%q", text, got, err, want)
		}
	})
}

// Text that is not UTF-8, such as bytes cast to text, does not make the file invalid.
func TestEncodeInvalidText(t *testing.T) {
	c := config(t, "a STRING", nil)
	b := column.NewBatch(c.Columns, 1)
	b.Cols[0].AppendString("x\xff\"y")
	b.Len = 1
	if got, err := mustEncoder(t, c).Encode(nil, b); err != nil || string(got) != "{\"a\":\"x\ufffd\\\"y\"}\n" {
		t.Errorf("%q, %v", got, err)
	}
}

func BenchmarkEncode(b *testing.B) {
	c := config(b, eventColumns, nil)
	formattest.BenchmarkEncode(b, mustEncoder(b, c), mustDecoder(b, c), c.Columns, scan.Padded(events(false)))
}
