package json

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/formattest"
)

// config makes a configuration from a list such as "a INT, b STRING".
func config(t formattest.TB, columns string, given map[string]string) format.Config {
	t.Helper()
	return formattest.Config(t, "json", columns, given)
}

func mustDecoder(t formattest.TB, c format.Config) *decoder {
	t.Helper()
	d, err := newDecoder(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// read decodes text, given in blocks of size bytes, in batches of most rows.
func read(t formattest.TB, d *decoder, fields []column.Field, text string, size, most int) (rows []string, err error) {
	t.Helper()
	return formattest.Read(t, d.Header, d.Decode, fields, text, size, most)
}

func TestDecode(t *testing.T) {
	ignore := map[string]string{"ignore-parse-errors": "true"}
	iso := map[string]string{"timestamp-format.standard": "ISO-8601"}
	for _, test := range []struct {
		name, columns, text string
		options             map[string]string
		want                []string
		skipped             int64
		err                 string
	}{
		{name: "plain", columns: "a INT, b STRING", text: `{"a":1,"b":"x"}` + "\n" + ` { "b" : "a rather long text" , "a" : -22 } ` + "\r\n", want: []string{"1|x", "-22|a rather long text"}},
		{name: "last line without end", columns: "a INT, s STRING", text: `{"a":1,"s":"xx"}` + "\n" + `{"a":2,"s":"a rather long text"}`, want: []string{"1|xx", "2|a rather long text"}},
		{name: "byte order mark", columns: "a INT", text: "\ufeff{\"a\":1}\n", want: []string{"1"}},
		{name: "blank lines", columns: "a INT", text: "\n{\"a\": 1}\n\n \t\r\n{\"a\": 2}\n\n", want: []string{"1", "2"}},
		{name: "missing and other keys", columns: "a INT, b STRING, r ROW", text: `{"a": 1, "zzz": true, "r": {"a": 1}}
{}
{"b": "only", "r": {}}
{"x": {"a": [1, {"b": "\u00e9\n"}], "c": -1.5e+10}, "y": [], "z": null, "a": 5, "t": [true, false, ""]}
`, want: []string{"1|∅|(1, NULL)", "∅|∅|∅", "∅|only|(NULL, NULL)", "5|∅|∅"}},
		{name: "keys in any order", columns: "a INT, b INT, long_name_of_a_column INT", text: `{"a":1,"b":2,"long_name_of_a_column":3}
{"b":2,"a":1,"long_name_of_a_column":3}
{"long_name_of_a_column":3,"long_name_of_a_columns":4}
{"a":1,"long_name_of_a_column":3}
{"a":1,"b":2,"x":0,"long_name_of_a_column":3}
{"\u0061":1}
`, want: []string{"1|2|3", "1|2|3", "∅|∅|3", "1|∅|3", "1|2|3", "1|∅|∅"}},
		{name: "repeated keys", columns: "a INT, b STRING", text: `{"a":1,"a":2,"b":"x"}
{"a":1,"b":"x","a":2}
{"a":null,"a":2,"b":"x","b":"y"}
{"a":1,"a":null,"b":"x"}
`, want: []string{"2|x", "1|x", "2|x", "∅|x"}},
		{name: "booleans", columns: "a BOOLEAN", text: `{"a":true}
{"a":"true"}
{"a":" TRUE "}
{"a":"x"}
{"a":false}
{"a":1}
{"a":null}
`, want: []string{"TRUE", "TRUE", "TRUE", "FALSE", "FALSE", "FALSE", "∅"}},
		{name: "integers", columns: "a TINYINT, b SMALLINT, c INT, d BIGINT", text: `{"a":-128,"b":32767,"c":-2147483648,"d":9223372036854775807}
{"a":"12","b":" 12 ","c":"12","d":"-9223372036854775808"}
{"a":0,"b":-0,"c":4.7,"d":1.9e0}
{"c":-4.7,"d":1E3}
`, want: []string{"-128|32767|-2147483648|9223372036854775807", "12|12|12|-9223372036854775808", "0|0|4|1", "∅|∅|-4|1000"}},
		{name: "floats", columns: "a FLOAT, b DOUBLE", text: `{"a":0.1,"b":5e-324}
{"a":1,"b":1e308}
{"a":"NaN","b":" 1.5 "}
{"a":16777217,"b":-0.0}
`, want: []string{"0.1|4.9E-324", "1.0|1.0E308", "NaN|1.5", "1.6777216E7|-0.0"}},
		{name: "decimals", columns: "a DEC", text: `{"a":12.345}
{"a":"1e2"}
{"a":-0.005}
{"a":10000}
`, want: []string{"12.35", "100.00", "-0.01", "∅"}},
		{name: "text of anything", columns: "s STRING", text: `{"s":"text"}
{"s":12.50}
{"s":true}
{"s":{"k": [1, "x" , -1.50, 1e2, {}, [] , null], "ü\u00e9\"\u001f" : "a\/b\u0001\ud83d\ude00"}}
{"s":[1, 2]}
{"s":null}
`, want: []string{"text", "12.50", "true", `{"k":[1,"x",-1.5,100.0,{},[],null],"üé\"\u001F":"a/b\u0001😀"}`, "[1,2]", "∅"}},
		{name: "escapes", columns: "s STRING", text: `{"s":"tab\tq\"b\\ \/\b\f\n\r"}
{"s":"\u00e9\ud83d\ude00\ud83dx\udE00"}
{"s":"日本"}
{"s":""}
{"s":"\u20AC long enough for a buffer"}
`, want: []string{"tab\tq\"b\\ /\b\f\n\r", "é😀\ufffdx\ufffd", "日本", "", "€ long enough for a buffer"}},
		{name: "dates and times", columns: "d DATE, t TIME", text: `{"d":"2024-02-29","t":"23:59:59"}
{"d":"0001-01-01","t":"00:00:00.5"}
`, want: []string{"2024-02-29|23:59:59", "0001-01-01|00:00:00"}},
		{name: "timestamps", columns: "a TS, b TS6, c LTZ", text: `{"a":"2024-01-02 03:04:05.678","b":"2024-01-01 10:00:00.123456","c":"2024-01-01 10:00:00.1Z"}
{"a":"2024-01-02 03:04:05","b":null}
`, want: []string{"2024-01-02 03:04:05.678|2024-01-01 10:00:00.123456|2024-01-01 10:00:00.100", "2024-01-02 03:04:05.000|∅|∅"}},
		{name: "ISO timestamps", columns: "a TS, b LTZ, t TIME", options: iso, text: `{"a":"2024-01-02T03:04:05.678","b":"2024-01-01T10:00:00Z","t":"10:11:12"}
{"a":"2024-01-02T03:04"}
`, want: []string{"2024-01-02 03:04:05.678|2024-01-01 10:00:00.000|10:11:12", "2024-01-02 03:04:00.000|∅|∅"}},
		{name: "bytes", columns: "a BYTES", text: `{"a":"aGVsbG8="}
{"a":"aGVsbG8"}
{"a":""}
`, want: []string{"hello", "hello", ""}},
		{name: "nested", columns: "id INT, r DEEP, xs PAIRS, m LISTS", text: `{"id": 1, "r": {"x": {"c": "x", "d": [1, 2]}, "n": 1}, "xs": [{"k": "p", "v": 1.5}, {"k": "q", "v": null}, null], "m": {"one": [1], "none": []}}
{"id": 2, "r": {"x": null, "n": null}, "xs": [], "m": {}}
{"id": 3, "r": null, "xs": null, "m": null}
{"id": 4, "r": {"n": 7}, "xs": [ { } , {"v": 2}] , "m": { "a" : [ 1 , 2 ] , "b" : null } }
`, want: []string{"1|((x, [1, 2]), 1)|[(p, 1.5), (q, NULL), NULL]|{one=[1], none=[]}", "2|(NULL, NULL)|[]|{}", "3|∅|∅|∅", "4|(NULL, 7)|[(NULL, NULL), (NULL, 2.0)]|{a=[1, 2], b=NULL}"}},
		{name: "repeated keys of a map", columns: "m COUNTS, l LISTS", text: `{"m":{"a":1,"b":null,"a":2},"l":{"x":[1],"y":[2,3],"x":[4,5]}}
{"m":{"a":null,"a":1,"\u0061":3},"l":{"a long key, not inline":[1],"a long key, not inlinE":[2],"a long key, not inline":null}}
`, want: []string{"{b=NULL, a=2}|{y=[2, 3], x=[4, 5]}", "{a=3}|{a long key, not inlinE=[2], a long key, not inline=NULL}"}},
		{name: "multiset", columns: "b BAG", text: `{"b":{"x":2,"y":1}}` + "\n", want: []string{"{x=2, y=1}"}},
		{name: "null type", columns: "n NULL, a INT", text: `{"n":[1],"a":2}` + "\n", want: []string{"∅|2"}},
		{name: "extra keys after all", columns: "a INT", text: `{"a":1,"b":"\u00e9\\","c":[[]],"d":{"e":-0.5}}` + "\n", want: []string{"1"}},

		{name: "no integer", columns: "a INT, b INT", text: "{\"a\":1}\n{\"a\": 2, \"b\": \"x\"}\n", want: []string{"1|∅"}, err: `@8: not a value of type INT in column 'b': "x"`},
		{name: "out of range", columns: "a TINYINT", text: `{"a": 300}`, err: `@0: not a value of type TINYINT in column 'a': "300"`},
		{name: "fraction in a small integer", columns: "a SMALLINT", text: `{"a": 4.7}`, err: `@0: not a value of type SMALLINT in column 'a': "4.7"`},
		{name: "large number in INT", columns: "a INT", text: `{"a": 1e10}`, err: `@0: not a value of type INT in column 'a': "1e10"`},
		{name: "large number in BIGINT", columns: "a BIGINT", text: `{"a": 9223372036854775808.0}`, err: `@0: not a value of type BIGINT in column 'a'`},
		{name: "boolean in INT", columns: "a INT", text: `{"a": true}`, err: `@0: not a value of type INT in column 'a': "true"`},
		{name: "no date", columns: "a DATE", text: `{"a": "01/02/2024"}`, err: `@0: not a date such as 2024-12-31 in column 'a': "01/02/2024"`},
		{name: "ISO for SQL", columns: "a TS", text: `{"a": "2024-01-01T00:00:00"}`, err: `@0: not a timestamp such as 2024-12-31 23:59:59.999 in column 'a': "2024-01-01T00:00:00"`},
		{name: "SQL for ISO", columns: "a TS", options: iso, text: `{"a": "2024-01-01 00:00:00"}`, err: `@0: not a timestamp such as 2024-12-31T23:59:59.999 in column 'a'`},
		{name: "number for a timestamp", columns: "a TS", text: `{"a": 1704067200000}`, err: `@0: not a timestamp such as 2024-12-31 23:59:59.999 in column 'a': "1704067200000"`},
		{name: "no Z", columns: "a LTZ", text: `{"a": "2024-01-01 00:00:00"}`, err: `@0: not a timestamp such as 2024-12-31 23:59:59.999Z in column 'a'`},
		{name: "number for bytes", columns: "a BYTES", text: `{"a": 1234}`, err: `@0: not base64 text in column 'a': "1234"`},
		{name: "object for an array", columns: "a INTS", text: `{"a": {"x": 1}}`, err: `@0: not an array, as ARRAY needs in column 'a': "{\"x\": 1}"`},
		{name: "array for a row", columns: "a ROW", text: `{"a": [1]}`, err: `@0: not an object, as ROW needs in column 'a': "[1]"`},
		{name: "text for a row", columns: "a ROW", text: `{"a": "text"}`, err: `@0: not an object, as ROW needs in column 'a': "\"text\""`},
		{name: "array for a map", columns: "a COUNTS", text: `{"a": [1]}`, err: `@0: not an object, as MAP<STRING, INT> needs in column 'a'`},
		{name: "nested value", columns: "a PAIRS", text: `{"a": [{"v": 1}, {"v": []}]}`, err: `@0: not a value of type DOUBLE in column 'a[].v': "[]"`},
		{name: "object for a boolean", columns: "a BOOLEAN", text: `{"a": {}}`, err: `@0: not a value of type BOOLEAN in column 'a': "{}"`},
		{name: "missing key", columns: "a INT, b INT", options: map[string]string{"fail-on-missing-field": "true"}, text: "{\"a\": 1, \"b\": null}\n{\"a\": 1}", want: []string{"1|∅"}, err: "@20: the key is missing in column 'b'"},

		{name: "no JSON", columns: "a INT", text: "not json\n", err: `@0: not valid JSON at byte 0 of the line: a line must be an object: "not json"`},
		{name: "array", columns: "a INT", text: "[1]\n", err: `@0: not valid JSON at byte 0 of the line: a line must be an object`},
		{name: "null", columns: "a INT", text: "null\n", err: `@0: not valid JSON at byte 0 of the line: a line must be an object`},
		{name: "cut off", columns: "a INT", text: "{\"a\":0}\n{\"a\": 1\n", want: []string{"0"}, err: `@8: not valid JSON at byte 7 of the line: expected ',' or '}': "{\"a\": 1"`},
		{name: "text behind", columns: "a INT", text: "{\"a\":1} x\n", err: `@0: not valid JSON at byte 8 of the line: text behind the object: "{\"a\":1} x"`},
		{name: "two objects", columns: "a INT", text: `{"a":1}{"a":2}`, err: `@0: not valid JSON at byte 7 of the line: text behind the object`},
		{name: "comma at the end", columns: "a INT", text: `{"a":1,}`, err: `@0: not valid JSON at byte 7 of the line: expected a key in quotes`},
		{name: "no colon", columns: "a INT", text: `{"a" 1}`, err: `@0: not valid JSON at byte 5 of the line: expected ':' behind a key`},
		{name: "open text", columns: "a STRING", text: `{"a":"x`, err: `@0: not valid JSON at byte 7 of the line: a control character in a text, or no closing quote`},
		{name: "tab in a text", columns: "a STRING", text: "{\"a\":\"x\ty\"}", err: `@0: not valid JSON at byte 7 of the line: a control character in a text`},
		{name: "bad escape", columns: "a STRING", text: `{"a":"\x"}`, err: `@0: not valid JSON at byte 6 of the line: an escape that JSON does not have`},
		{name: "bad escape skipped", columns: "a STRING", text: `{"b":"\u00g0"}`, err: `@0: not valid JSON at byte 6 of the line: an escape that JSON does not have`},
		{name: "leading zero", columns: "a INT", text: `{"a":01}`, err: `@0: not valid JSON at byte 6 of the line: expected ',' or '}'`},
		{name: "bad value", columns: "a INT", text: `{"a":tru}`, err: `@0: not valid JSON at byte 5 of the line: expected true, false or null`},
		{name: "bad value after all columns", columns: "a INT", text: `{"a":1,"b":+1}`, err: `@0: not valid JSON at byte 11 of the line: expected a value`},
		{name: "too deep", columns: "a INT", text: `{"b":` + strings.Repeat("[", 1001) + strings.Repeat("]", 1001) + "}", err: "@0: not valid JSON at byte 1006 of the line: objects and arrays are nested too deep"},
		{name: "too deep in text", columns: "a STRING", text: `{"a":` + strings.Repeat("[", 1001) + strings.Repeat("]", 1001) + "}", err: "@0: not valid JSON at byte 1005 of the line: objects and arrays are nested too deep"},
		{name: "no UTF-8", columns: "a STRING", text: "{\"a\":\"ü\"}\n{\"a\":\"x\xff\"}\n", want: []string{"ü"}, err: "@11: not valid UTF-8 in column 'a': \"x\\xff\""},
		{name: "no UTF-8 in a key", columns: "a STRING, m COUNTS", text: "{\"a\":\"ü\",\"\xff\":\"\xff\"}\n{\"m\":{\"\xff\":1}}\n", want: []string{"ü|∅"}, err: "@19: not valid JSON at byte 6 of the line: a key that is not valid UTF-8"},
		{name: "ignored bytes", columns: "a STRING, b INT", options: ignore, text: "{\"a\":[\"\xff\"],\"b\":1}\n{\"a\":\"\xff\",\"b\":2}\n", want: []string{"∅|1", "∅|2"}, skipped: 2},

		{name: "ignored", columns: "a INT, b STRING", options: ignore, text: `{"a": 1, "b": "ok"}
{"a": "x", "b": "badint"}
this is not json
{"a": 3, "b": null}
[1, 2]
{"a": 4.7, "b": "float"}
{"a": {"x": [1, {}]}, "b": "object"}
{"a": 1, "b": "cut
`, want: []string{"1|ok", "∅|badint", "3|∅", "4|float", "∅|object"}, skipped: 5},
		{name: "ignored inside", columns: "r DEEP, m LISTS, a INT", options: ignore, text: `{"r":{"x":{"c":1,"d":[1,"x",3]},"n":"y"},"m":{"k":[true],"l":5},"a":1}
{"r":{"x":[],"n":2},"m":[],"a":2}
`, want: []string{"((1, [1, NULL, 3]), NULL)|{k=[NULL], l=NULL}|1", "(NULL, 2)|∅|2"}, skipped: 2},
		{name: "ignored after lists", columns: "xs INTS, a INT", options: ignore, text: "{\"xs\":[1,2],\"a\":1}\n{\"xs\":[7,null,8],\"a\"}\n{\"xs\":[3,4,5]}\n", want: []string{"[1, 2]|1", "[3, 4, 5]|∅"}, skipped: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := config(t, test.columns, test.options)
			for _, size := range []int{1, 2, 3, 5, 8, 13, 50, 10000} {
				for _, most := range []int{1, 2, 1000} {
					d := mustDecoder(t, c)
					got, err := read(t, d, c.Columns, test.text, size, most)
					if !slices.Equal(got, test.want) {
						t.Fatalf("blocks of %d, %d rows: %q, want %q (%v)", size, most, got, test.want, err)
					}
					if size == 10000 && most == 1000 {
						formattest.CheckError(t, err, test.err)
					} else if (err != nil) != (test.err != "") {
						t.Fatalf("blocks of %d: %v, want %s", size, err, test.err)
					}
					if d.Skipped() != test.skipped {
						t.Fatalf("blocks of %d, %d rows: %d skipped, want %d", size, most, d.Skipped(), test.skipped)
					}
				}
			}
		})
	}
}

func TestProjection(t *testing.T) {
	c := config(t, "a INT, b STRING, c INT", nil)
	for _, test := range []struct {
		project []int
		want    string
	}{{[]int{2}, "3"}, {[]int{2, 0}, "3|1"}, {[]int{}, ""}} {
		c.Project = test.project
		var fields []column.Field
		for _, i := range test.project {
			fields = append(fields, c.Columns[i])
		}
		got, err := read(t, mustDecoder(t, c), fields, `{"a":1,"b":"x","c":3}`, 100, 100)
		if err != nil || !slices.Equal(got, []string{test.want}) {
			t.Errorf("%v: %q, %v", test.project, got, err)
		}
		if _, err := read(t, mustDecoder(t, c), fields, `{"a":1,"b":x,"c":3}`, 100, 100); err == nil {
			t.Errorf("%v: bad JSON went unnoticed", test.project)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	for _, test := range []struct {
		columns string
		options map[string]string
		want    string
	}{
		{"a INT", map[string]string{"fail-on-missing-field": "true", "ignore-parse-errors": "true"}, "exclude each other"},
		{"a VARIANT", nil, "declare it STRING"},
		{"a BYINT", nil, "cannot carry column 'a' of type MAP<INT, STRING>"},
	} {
		if _, err := newDecoder(config(t, test.columns, test.options)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %s", test.options, err, test.want)
		}
	}
}

func TestSkipPartial(t *testing.T) {
	d := mustDecoder(t, config(t, "a INT", nil))
	for data, want := range map[string]int{"": -1, "{\"a\":": -1, "1}\n{\"a\":2}\n": 3, "\n": 1} {
		if got, ok := d.SkipPartial([]byte(data)); got != want || !ok {
			t.Errorf("%q: %d, %v, want %d", data, got, ok, want)
		}
	}
}

// plain converts a value that encoding/json read with numbers kept as text to what a STRING column shows.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return "∅"
	case string:
		return v
	case bool:
		return fmt.Sprint(v)
	case json.Number:
		return v.String()
	}
	return "nested"
}

// Lines are accepted exactly if encoding/json accepts them, and have the same values.
func FuzzAgainstEncodingJSON(f *testing.F) {
	for _, s := range []string{`{"a":1,"b":"x"}`, `{"b":"\u00e9\n","a":-1.5e3,"c":[1,{"x":null}]}`, `{"a":true} `, `{}`, `{"a":"` + "\xff" + `"}`, `{"a":01}`, `{"a":{"b":[]}}`, `{"\u0061":""}`} {
		f.Add([]byte(s))
	}
	c := config(f, "a STRING, b DOUBLE", map[string]string{"ignore-parse-errors": "false"})
	c.Columns[1].Type = column.Str()
	f.Fuzz(func(t *testing.T, line []byte) {
		if len(line) > 2000 || bytes.IndexByte(line, '\n') >= 0 || len(bytes.TrimSpace(line)) == 0 || bytes.HasPrefix(line, []byte("\ufeff")) {
			return
		}
		var want map[string]any
		decoder := json.NewDecoder(bytes.NewReader(line))
		decoder.UseNumber()
		err := decoder.Decode(&want)
		accepts := json.Valid(line) && err == nil && want != nil
		got, gotErr := read(t, mustDecoder(t, c), c.Columns, string(line), 1<<20, 10)
		if !utf8.Valid(line) {
			return // encoding/json replaces what is not UTF-8, here it is an error where it is read
		}
		if accepts != (gotErr == nil) {
			t.Fatalf("%q: %v, encoding/json: valid %v, %v", line, gotErr, accepts, err)
		}
		if !accepts || bytes.Count(line, []byte(`"a"`))+bytes.Count(line, []byte(`"b"`)) > 2 || bytes.Contains(line, []byte(`\u`)) {
			return // repeated keys follow Flink's rule; they may hide behind escapes
		}
		a, b := plain(want["a"]), plain(want["b"])
		if a == "nested" || b == "nested" {
			return
		}
		if len(got) != 1 || got[0] != a+"|"+b {
			t.Fatalf("%q: %q, encoding/json: %q, %q", line, got, a, b)
		}
	})
}

// Numbers have the values that encoding/json gives them.
func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"1", "-0", "1.5", "1e3", "123456789012345678901", "0.1e-5"} {
		f.Add(s)
	}
	c := config(f, "i BIGINT, d DOUBLE", nil)
	f.Fuzz(func(t *testing.T, number string) {
		if strings.Trim(number, "0123456789.+-eE") != "" || len(number) > 100 {
			return
		}
		var want float64
		err := json.Unmarshal([]byte(number), &want)
		out := column.NewBatch(c.Columns, 0)
		_, gotErr := mustDecoder(t, c).Decode([]byte(`{"d":`+number+`}`), true, out, 1)
		if err != nil && !math.IsInf(want, 0) && json.Valid([]byte(number)) {
			return // out of the range of float64, where Java has infinity
		}
		if (err == nil) != (gotErr == nil) {
			t.Fatalf("%s: %v, encoding/json: %v", number, gotErr, err)
		}
		if err == nil && column.Values[float64](out.Cols[1])[0] != want {
			t.Fatalf("%s: %v, want %v", number, column.Values[float64](out.Cols[1])[0], want)
		}
		var whole int64
		if json.Unmarshal([]byte(number), &whole) != nil {
			return
		}
		out.Reset()
		if _, err := mustDecoder(t, c).Decode([]byte(`{"i":`+number+`}`), true, out, 1); err != nil || column.Values[int64](out.Cols[0])[0] != whole {
			t.Fatalf("%s: %v, %v, want %d", number, column.Values[int64](out.Cols[0])[0], err, whole)
		}
	})
}

// Nothing that is nested confuses the decoder, whatever the text and how it is cut into blocks.
func FuzzNested(f *testing.F) {
	f.Add("{\"r\":{\"x\":{\"c\":\"x\",\"d\":[1,2]},\"n\":1},\"m\":{\"k\":[1],\"k\":[]}}\n{\"r\":[]}\n", uint8(3), true)
	f.Add("{\"p\":[{\"k\":\"\\u0041\",\"v\":1},null]}\n{}", uint8(7), false)
	f.Fuzz(func(t *testing.T, text string, size uint8, ignore bool) {
		text = text[:min(len(text), 2000)]
		c := config(t, "r DEEP, m LISTS, p PAIRS, s STRING", map[string]string{"ignore-parse-errors": fmt.Sprint(ignore)})
		want, wantErr := read(t, mustDecoder(t, c), c.Columns, text, 1<<20, 1000)
		got, err := read(t, mustDecoder(t, c), c.Columns, text, int(size)+1, 2)
		if !slices.Equal(got, want) || (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %q, %v; at once: %q, %v", text, got, err, want, wantErr)
		}
	})
}
