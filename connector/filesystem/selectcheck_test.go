package filesystem

import (
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/objstore"
)

// TestAnswerCheck checks which values of answers are taken, and as what.
func TestAnswerCheck(t *testing.T) {
	big := column.Of(column.BigInt)
	row := column.RowOf(column.Field{Name: "a", Type: column.Str()}, column.Field{Name: "b", Type: big})
	for _, c := range []struct {
		typ           column.Type
		value         string
		json, parquet bool
		as            string // of Parquet; empty: the same
	}{
		{big, "12", true, true, ""},
		{big, "null", true, true, ""},
		{big, "-9007199254740991", true, true, ""},
		{big, "9007199254740992", false, false, ""},
		{big, "1.5", true, false, ""},
		{big, `"12"`, true, false, ""},
		{big, "[1]", false, false, ""},
		{big, "true", false, false, ""},
		{column.Str(), `"x"`, true, false, ""},
		{column.Str(), "1.1", false, false, ""},
		{column.Str(), "true", false, false, ""},
		{column.Str(), `{"a":1}`, false, false, ""},
		{column.Of(column.Boolean), "true", true, true, ""},
		{column.Of(column.Boolean), `"true"`, true, false, ""},
		{column.Of(column.Boolean), "1", false, false, ""},
		{column.Of(column.Double), "1e300", true, true, ""},
		{column.Of(column.Float), "1.5", false, true, ""},
		{column.DecimalOf(10, 2), "1.5", false, false, ""},
		{column.DecimalOf(10, 2), `"1.5"`, true, true, ""},
		{column.Of(column.Date), `"2024-01-01"`, true, true, ""},
		{column.Of(column.Date), `"2024-02-29T"`, true, true, `"2024-02-29"`},
		{column.Of(column.Date), `"2024-02T"`, true, true, `"2024-02-01"`},
		{column.Of(column.Date), `"2024T"`, true, true, `"2024-01-01"`},
		{column.Of(column.Date), `"2024-01-01T10:00Z"`, true, false, ""},
		{column.Of(column.Date), "19000", false, false, ""},
		{row, `{"a":"x","b":1}`, true, true, ""},
		{row, `{"a":1}`, false, false, ""},
		{row, `{"c":1,"b":null}`, true, true, ""},
		{column.ArrayOf(big), "[1,2]", true, true, ""},
		{column.ArrayOf(big), "[1,9007199254740993]", false, false, ""},
		{column.MapOf(column.Str(), column.Str()), `{"x":"y"}`, true, false, ""},
		{column.MapOf(column.Str(), column.Str()), `{"x":1}`, false, false, ""},
	} {
		for _, parquet := range []bool{false, true} {
			check := &answerCheck{parquet: parquet, types: []column.Type{column.Of(column.Double), c.typ}}
			line := `{"c0":1,"c1":` + c.value + "}\n"
			want, as := c.json, line
			if parquet {
				want = c.parquet
				if c.as != "" {
					as = `{"c0":1,"c1":` + c.as + "}\n"
				}
				if c.typ.Kind == column.VarChar || c.typ.Kind == column.Map {
					want = c.json // texts are texts
				}
			}
			got, err := check.lines([]byte(line + line))
			if (err == nil) != want || err == nil && string(got) != as+as {
				t.Errorf("%s as %s, Parquet %v: %q, %v", c.value, c.typ, parquet, got, err)
			}
			if check.rewrites() && err == nil && cap(got)-len(got) < objstore.Tailroom {
				t.Error("too little room behind the records")
			}
		}
	}
	for _, wrong := range []string{"[1]\n", "{\n", `{"x":1}` + "\n", `{"c-1":1}` + "\n", "7\n"} {
		check := &answerCheck{types: []column.Type{big}}
		if got, err := check.lines([]byte(wrong)); err == nil {
			t.Errorf("%q was taken for %q", wrong, got)
		}
	}
}

// TestPlainLines checks what the head of a range shows.
func TestPlainLines(t *testing.T) {
	many := `{"k0":0`
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		many += `,"` + string(c) + `":0`
	}
	for text, want := range map[string]bool{
		"":                                  true,
		"{\"a\":1}\n\n{\"b\":-0.5}\r\n":     true,
		`{"a":1,"b":{"a":1},"c":[{"a":1}]}`: true,
		`{"a":1,"a":1}`:                     false,
		`{"x":{"a":1,"b":2,"a":1}}`:         false,
		`{"\u0061":1}`:                      false,
		`{"a":-0}`:                          false,
		`{"a":"\ud83d\uDE00\\ud800"}`:       true,
		`{"a":"\ud83d"}`:                    false,
		`{"a":"\uDE00\ud83d"}`:              false,
		`{"a":"\ud83d\n\uDE00"}`:            false,
		`{"a":[-0]}`:                        false,
		`{"a":1} x`:                         true, // the store and the decoder see that
		`{"a":`:                             false,
		many + "}":                          true,
		many + `,"c":1}`:                    false,
	} {
		if got := plainLines([]byte(text), true); got != want {
			t.Errorf("%s: %v", text, got)
		}
		if !plainLines([]byte(text), false) && want {
			t.Errorf("%s without its end is not plain", text)
		}
	}
	if !plainLines([]byte("{\"a\":1}\n{\"a\":"), false) {
		t.Error("a line that is cut off is malformed")
	}
}
