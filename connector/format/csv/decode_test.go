package csv

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/formattest"
	"github.com/millstream/millstream/connector/format/internal/scan"
)

// config makes a configuration from a list such as "a INT, b STRING".
func config(t formattest.TB, columns string, given map[string]string) format.Config {
	t.Helper()
	return formattest.Config(t, "csv", columns, given)
}

func mustDecoder(t formattest.TB, c format.Config) *decoder {
	t.Helper()
	d, err := newDecoder(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// read decodes text, given in blocks of size bytes, in batches of most rows; slow keeps it from decoding by columns.
func read(t formattest.TB, d *decoder, fields []column.Field, text string, size, most int, slow bool) (rows []string, err error) {
	t.Helper()
	decode := d.Decode
	if slow {
		decode = d.decodeSlowly
	}
	return formattest.Read(t, d.Header, decode, fields, text, size, most)
}

// decodeSlowly decodes record by record.
func (d *decoder) decodeSlowly(data []byte, last bool, out *column.Batch, most int) (at int, err error) {
	data = scan.Padded(data)
	d.strict = true
	for i := range d.targets {
		d.targets[i].Begin(out.Cols[i], data[:len(data)+16], 1)
	}
	for out.Len < most && at < len(data) {
		next, ok, e := d.single(data, at, last, out)
		if err = e; err != nil || !ok {
			break
		}
		at = next
	}
	for i := range d.targets {
		d.targets[i].End(out.Len)
	}
	return at, err
}

func TestDecode(t *testing.T) {
	ignore := map[string]string{"ignore-parse-errors": "true"}
	for _, test := range []struct {
		name, columns, text string
		options             map[string]string
		want                []string
		skipped             int64
		err                 string
	}{
		{name: "plain", columns: "a INT, b STRING", text: "1,x\n-22,a rather long text\n", want: []string{"1|x", "-22|a rather long text"}},
		{name: "no line end behind the last", columns: "a INT, b STRING", text: "1,x\n2,y", want: []string{"1|x", "2|y"}},
		{name: "empty last field at the end", columns: "a INT, b STRING", text: "1,", want: []string{"1|"}},
		{name: "CR LF", columns: "a STRING, b STRING", text: "1,x\r\n2,\r\n,\r\n", want: []string{"1|x", "2|", "|"}},
		{name: "CR alone", columns: "a STRING, b STRING", text: "1,x\r2,y\r3,z", want: []string{"1|x", "2|y", "3|z"}},
		{name: "byte order mark", columns: "a STRING, b STRING", text: "\ufeffid,n\nx,y\n", want: []string{"id|n", "x|y"}},
		{name: "first line", columns: "a INT, b STRING", text: "\ufeff\"a\nz\",b\n1,x\n", options: map[string]string{"ignore-first-line": "true"}, want: []string{"1|x"}},
		{name: "quotes", columns: "a INT, b STRING", text: "1,\"x, y\"\n2,\"he said \"\"hi\"\"\"\n3,\"two\nlines\"\n4,\"\"\n5,plain \"inner\" quote\n\"6\" ,\"a\"\t\n",
			want: []string{"1|x, y", "2|he said \"hi\"", "3|two\nlines", "4|", "5|plain \"inner\" quote", "6|a"}},
		{name: "another quote", columns: "a INT, b STRING", text: "1,'x, y'\n2,'it''s'\n3,\"dq\"\n", options: map[string]string{"quote-character": "'"}, want: []string{"1|x, y", "2|it's", "3|\"dq\""}},
		{name: "no quote", columns: "a STRING, b STRING", text: "\"1,x\"\n", options: map[string]string{"disable-quote-character": "true"}, want: []string{"\"1|x\""}},
		{name: "escape", columns: "a STRING, b STRING", text: "a\\,b,c\n\"x\\\"y\",z\\n\\t\\\\\n\\,,\"\\q\"\n", options: map[string]string{"escape-character": `\`}, want: []string{"a,b|c", "x\"y|z\n\t\\", ",|q"}},
		{name: "tab", columns: "a INT, b STRING", text: "1\tx\n2\ty z\n", options: map[string]string{"field-delimiter": `\t`}, want: []string{"1|x", "2|y z"}},
		{name: "tab as it is", columns: "a INT, b STRING", text: "1\tx\n", options: map[string]string{"field-delimiter": "\t"}, want: []string{"1|x"}},
		{name: "pipe", columns: "a INT, b STRING, c STRING", text: "1|\"a|b\"|c\n2|x,y|\n", options: map[string]string{"field-delimiter": "|"}, want: []string{"1|a|b|c", "2|x,y|"}},
		{name: "comments", columns: "a INT, b STRING", text: "# first\n1,x\n\n  \n#2,y\n  3,#z\n#", options: map[string]string{"allow-comments": "true"}, want: []string{"1|x", "3|#z"}},
		{name: "null literal", columns: "a INT, b STRING, c DOUBLE", text: "1,NULL,NULL\nNULL,,2.5\n3,\"NULL\",1e3\n", options: map[string]string{"null-literal": "NULL"}, want: []string{"1|∅|∅", "∅||2.5", "3|∅|1000.0"}},
		{name: "empty null literal", columns: "a INT, b STRING, c DATE", text: "1,,\n,x,2024-02-29\n3,\"\",2024-01-01\n", options: map[string]string{"null-literal": ""}, want: []string{"1|∅|∅", "∅|x|2024-02-29", "3|∅|2024-01-01"}},
		{name: "blanks", columns: "a INT, b STRING, c DOUBLE", text: "1 , x , 2.5\n 2,y,  3\n", want: []string{"1| x |2.5", "2|y|3.0"}},
		{name: "booleans", columns: "a BOOLEAN, b INT", text: "true,1\nFALSE,2\nTrue ,3\nmaybe,4\n,5\n", want: []string{"TRUE|1", "FALSE|2", "TRUE|3", "FALSE|4", "FALSE|5"}},
		{name: "times", columns: "d DATE, t TIME, ts TS, tz LTZ", text: "2024-02-29,10:11:12,2024-02-29 10:11:12.5,2024-02-29 10:11:12.5Z\n1969-12-31,00:00,1969-12-31 23:59:59.999, 1970-01-01 00:00:00Z\n",
			want: []string{"2024-02-29|10:11:12|2024-02-29 10:11:12.500|2024-02-29 10:11:12.500", "1969-12-31|00:00:00|1969-12-31 23:59:59.999|1970-01-01 00:00:00.000"}},
		{name: "decimals", columns: "a DEC, b INT", text: "12.3,1\n1234.567,2\n 1e2,3\n10000,4\n", want: []string{"12.30|1", "1234.57|2", "100.00|3", "∅|4"}},
		{name: "bytes", columns: "a BYTES, b INT", text: "aGVsbG8=,1\n,2\n", want: []string{"hello|1", "|2"}},
		{name: "arrays", columns: "a INT, xs INTS", text: "1,1;2;3\n2,\n3,7\n", want: []string{"1|[1, 2, 3]", "2|[]", "3|[7]"}},
		{name: "arrays with another delimiter", columns: "xs TEXTS, ns DOUBLES", text: "x||z,1.5|2\n,3\n\"one|\"\"two\"\"\",\n", options: map[string]string{"array-element-delimiter": "|"}, want: []string{"[x, , z]|[1.5, 2.0]", "[]|[3.0]", "[one, \"two\"]|[]"}},
		{name: "null elements", columns: "xs INTS, b STRING", text: "1;-;3,x\n", options: map[string]string{"null-literal": "-"}, want: []string{"[1, NULL, 3]|x"}},
		{name: "rows", columns: "a INT, r ROW", text: "1,5;z\n2,\n", want: []string{"1|(5, z)", "2|∅"}},
		{name: "delimiter behind the last field", columns: "a INT, b STRING", text: "1,x,\n2,y,  \r\n3,z,\"\"\n", want: []string{"1|x", "2|y", "3|z"}},
		{name: "one column", columns: "a STRING", text: "x\n\ny\n", want: []string{"x", "", "y"}},

		{name: "too few", columns: "a INT, b INT", text: "1,2\n1\n", want: []string{"1|2"}, err: "@4: a record of 1 field, but the table has 2 columns: \"1\""},
		{name: "too many", columns: "a INT, b INT", text: "1,2,3\n", err: "@0: a record of 3 fields, but the table has 2 columns: \"1,2,3\""},
		{name: "empty line", columns: "a STRING, b STRING", text: "x,y\n\nz,w\n", want: []string{"x|y"}, err: "@4: a record of 1 field, but the table has 2 columns"},
		{name: "no integer", columns: "a INT, b INT", text: "1,2\n3,x\n", want: []string{"1|2"}, err: "@4: not a value of type INT in column 'b': \"x\""},
		{name: "out of range", columns: "a INT", text: "2147483648\n", err: "@0: not a value of type INT in column 'a': \"2147483648\""},
		{name: "empty number", columns: "a INT, b DOUBLE", text: "1,\n", err: "@0: empty, where a value of type DOUBLE should be: set 'csv.null-literal' = '' to read empty fields as NULL in column 'b'"},
		{name: "no date", columns: "a DATE", text: "01/02/2024\n", err: "@0: not a date such as 2024-12-31 in column 'a': \"01/02/2024\""},
		{name: "no timestamp", columns: "a TS", text: "2024-01-01T00:00:00\n", err: "@0: not a timestamp such as 2024-12-31 23:59:59.999 in column 'a'"},
		{name: "no element", columns: "a INTS", text: "1;x\n", err: "@0: not a value of type ARRAY<INT> in column 'a': \"x\""},
		{name: "too few parts", columns: "a ROW", text: "1\n", err: "@0: not a value of type ROW<`a` INT, `b` STRING> in column 'a': \"1\""},
		{name: "open quote", columns: "a STRING, b STRING", text: "x,\"open\n", err: "@0: a quote that is never closed in column 'b': \"\\\"open\\n\""},
		{name: "open escape", columns: "a STRING, b STRING", text: "x,y\n1,2\\", options: map[string]string{"escape-character": `\`}, want: []string{"x|y"}, err: "@4: nothing behind the escape character in column 'b'"},
		{name: "text behind a quote", columns: "a STRING, b STRING", text: "x,y\n\"x\"y,z\n", want: []string{"x|y"}, err: "@4: text behind the closing quote; a quote within quotes must be doubled in column 'a': \"\\\"x\\\"y\""},
		{name: "no UTF-8", columns: "a INT, b STRING", text: "1,x\n2,\xff\n", want: []string{"1|x"}, err: "@4: not valid UTF-8 in column 'b'"},
		{name: "first line is malformed", columns: "a INT", text: "\"x", options: map[string]string{"ignore-first-line": "true"}, err: "@0: a quote that is never closed"},

		{name: "ignored types", columns: "a INT, b DOUBLE, c BOOLEAN, d DATE", options: ignore,
			text: "1,1.5,true,2024-01-01\nx,2.5,false,2024-01-02\n3,bad,maybe,2024-13-01\n4\n5,5.5,TRUE,2024-01-05,extra\n",
			want: []string{"1|1.5|TRUE|2024-01-01", "∅|2.5|FALSE|2024-01-02", "3|∅|FALSE|∅", "4|∅|∅|∅"}, skipped: 4},
		{name: "ignored empty lines", columns: "a STRING, b STRING", options: ignore, text: "x,y\n\nz,w\n\n", want: []string{"x|y", "|∅", "z|w", "|∅"}, skipped: 2},
		{name: "ignored empty lines first", columns: "a STRING, b STRING", options: ignore, text: "\n\n,,", want: []string{"|∅", "|∅", "|"}, skipped: 2},
		{name: "ignored quotes", columns: "a STRING, b STRING", options: ignore, text: "\"x\"y,z\na,b\n\"open", want: []string{"a|b"}, skipped: 2},
		{name: "ignored elements", columns: "a INTS, r ROW", options: ignore, text: "1;x,x;y\n2,3\n", want: []string{"[1, NULL]|(NULL, y)", "[2]|(3, NULL)"}, skipped: 1},
		{name: "ignored bytes", columns: "a STRING", options: ignore, text: "x\xff\ny\n", want: []string{"∅", "y"}, skipped: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := config(t, test.columns, test.options)
			for _, size := range []int{1, 2, 3, 5, 8, 13, 1000} {
				for _, most := range []int{1, 2, 1000} {
					for _, slow := range []bool{false, true} {
						d := mustDecoder(t, c)
						got, err := read(t, d, c.Columns, test.text, size, most, slow)
						if !slices.Equal(got, test.want) {
							t.Fatalf("blocks of %d, %d rows, slow %v: %q, want %q (%v)", size, most, slow, got, test.want, err)
						}
						if size == 1000 && most == 1000 {
							formattest.CheckError(t, err, test.err)
						} else if (err != nil) != (test.err != "") {
							t.Fatalf("blocks of %d: %v, want %s", size, err, test.err)
						}
						if d.Skipped() != test.skipped {
							t.Fatalf("blocks of %d, %d rows, slow %v: %d skipped, want %d", size, most, slow, d.Skipped(), test.skipped)
						}
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
		want    []string
	}{{[]int{2}, []string{"10", "20"}}, {[]int{2, 0}, []string{"10|1", "20|2"}}, {[]int{}, []string{"", ""}}} {
		c.Project = test.project
		var fields []column.Field
		for _, i := range test.project {
			fields = append(fields, c.Columns[i])
		}
		// The column that is not wanted is not read: b may hold anything, but not another number of fields.
		got, err := read(t, mustDecoder(t, c), fields, "1,\xff,10\n2,y,20\n", 100, 100, false)
		if err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%v: %q, %v", test.project, got, err)
		}
		if _, err := read(t, mustDecoder(t, c), fields, "1,10\n", 100, 100, false); err == nil {
			t.Errorf("%v: a missing field went unnoticed", test.project)
		}
	}
}

// A long run of plain records with rarities between them.
func TestManyRows(t *testing.T) {
	c := config(t, "a BIGINT, b STRING, c DOUBLE", nil)
	var text strings.Builder
	var want []string
	for i := range 20000 {
		name := strings.Repeat("n", i%20)
		switch {
		case i%3000 == 7:
			fmt.Fprintf(&text, "%d,\"%s\n\",%d.5\n", i, name, i)
			want = append(want, fmt.Sprintf("%d|%s\n|%d.5", i, name, i))
		case i%1000 == 9:
			fmt.Fprintf(&text, "%d,%s,%d.5,\r\n", i, name, i)
			want = append(want, fmt.Sprintf("%d|%s|%d.5", i, name, i))
		default:
			fmt.Fprintf(&text, "%d,%s,%d.5\n", i, name, i)
			want = append(want, fmt.Sprintf("%d|%s|%d.5", i, name, i))
		}
	}
	for _, most := range []int{1000, 4096, 100000} {
		got, err := read(t, mustDecoder(t, c), c.Columns, text.String(), 100000, most, false)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%d rows, want %d", len(got), len(want))
		}
	}
}

// What is written with random quotes is read back.
func TestRandomTables(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "columns")
		columns := strings.TrimPrefix(strings.Repeat(", c STRING", n), ", ")
		var text strings.Builder
		var want []string
		for range rapid.IntRange(0, 30).Draw(t, "rows") {
			var fields []string
			for i := range n {
				field := rapid.StringOf(rapid.RuneFrom([]rune("ab,\"\n\r ü"))).Draw(t, "field")
				plain := field
				if strings.ContainsAny(field, ",\n\r") || strings.HasPrefix(field, `"`) || rapid.Bool().Draw(t, "quoted") {
					plain = `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
				}
				if i > 0 {
					text.WriteByte(',')
				}
				text.WriteString(plain)
				fields = append(fields, field)
			}
			text.WriteString(rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "end"))
			want = append(want, strings.Join(fields, "|"))
		}
		c := config(t, columns, nil)
		got, err := read(t, mustDecoder(t, c), c.Columns, text.String(), rapid.IntRange(1, 50).Draw(t, "size"), rapid.IntRange(1, 9).Draw(t, "most"), false)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%q: %q, want %q (%v)", text.String(), got, want, err)
		}
	})
}

// However a file is cut into ranges, the rows are those of the whole file, or the reader of some range fails.
func TestRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab,\"\n")), 0, 60, -1).Draw(t, "text")
		c := config(t, "a STRING, b STRING", map[string]string{"ignore-parse-errors": rapid.SampledFrom([]string{"true", "false"}).Draw(t, "ignore")})
		want, wholeErr := read(t, mustDecoder(t, c), c.Columns, text, 1000, 1000, false)
		c.Ranged = true
		cuts := rapid.SliceOfNDistinct(rapid.IntRange(0, len(text)), 0, 3, rapid.ID[int]).Draw(t, "cuts")
		slices.Sort(cuts)
		starts := []int{0}
		for _, cut := range cuts {
			start, ok := mustDecoder(t, c).SkipPartial([]byte(text[cut:]))
			if !ok {
				t.Fatal("cannot be split")
			}
			if start < 0 {
				start = len(text) - cut
			}
			if cut == 0 {
				continue
			}
			starts = append(starts, cut+start)
		}
		starts = append(starts, len(text))
		var got []string
		for i, start := range starts[:len(starts)-1] {
			if start >= starts[i+1] {
				continue
			}
			// A range ends where the next one's first record begins.
			d := mustDecoder(t, c)
			header := d.Header
			if i > 0 {
				header = func([]byte, bool) (int, error) { return 0, nil }
			}
			rows, err := formattest.Read(t, header, d.Decode, c.Columns, text[start:starts[i+1]], 1000, 1000)
			got = append(got, rows...)
			if err != nil {
				return
			}
		}
		if wholeErr != nil {
			t.Fatalf("%q in ranges from %v: %q, but the whole file fails: %v", text, starts, got, wholeErr)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q in ranges from %v: %q, want %q", text, starts, got, want)
		}
	})
}

func TestSplittable(t *testing.T) {
	for _, test := range []struct {
		options      map[string]string
		head         string
		whole, head2 bool
		ranged       bool
	}{
		{nil, "a,b\n\"c\",d\n", false, true, true},
		{nil, "a,b\n\"c\nx\",d\n", false, false, true},
		{nil, "a,b\n\"c", false, true, true},
		{map[string]string{"multiline": "true"}, "a,b\n", false, false, false},
		{map[string]string{"multiline": "false"}, "a,\"\n\"\n", true, true, true},
		{map[string]string{"disable-quote-character": "true"}, "a,\"\nb\"\n", true, true, true},
		{map[string]string{"disable-quote-character": "true", "escape-character": `\`}, "a\\\nx,b\n", false, false, true},
		{map[string]string{"allow-comments": "true"}, "# \"\na,b\n", false, true, true},
	} {
		c := config(t, "a STRING, b STRING", test.options)
		d := mustDecoder(t, c)
		if _, ok := d.SkipPartial([]byte("x\n")); ok != test.whole {
			t.Errorf("%v: can be split unasked: %v", test.options, ok)
		}
		if got := d.Splittable([]byte(test.head)); got != test.head2 {
			t.Errorf("%v: %q is splittable: %v", test.options, test.head, got)
		}
		c.Ranged = true
		if _, ok := mustDecoder(t, c).SkipPartial([]byte("x\n")); ok != test.ranged {
			t.Errorf("%v: can be split: %v", test.options, ok)
		}
	}
	c := config(t, "a STRING, b STRING", nil)
	c.Ranged = true
	_, err := read(t, mustDecoder(t, c), c.Columns, "a,b\nx,\"y\nz\"\n", 100, 100, false)
	formattest.CheckError(t, err, "@4: a field that goes on behind the line's end, which only a file that is read in one piece may have: set 'csv.multiline' = 'true' in column 'b': \"x,\\\"y\"")
}

func TestConfigErrors(t *testing.T) {
	for _, test := range []struct {
		columns string
		options map[string]string
		want    string
	}{
		{"a INT", map[string]string{"field-delimiter": "ab"}, "'csv.field-delimiter' must be a single character, but is 'ab'"},
		{"a INT", map[string]string{"field-delimiter": `\q`}, `'csv.field-delimiter' is '\q', which is not an escape`},
		{"a INT", map[string]string{"field-delimiter": "§"}, "valid is any ASCII character"},
		{"a INT", map[string]string{"quote-character": "ab"}, "'csv.quote-character' must be a single character, but is 'ab'"},
		{"a INT", map[string]string{"escape-character": ""}, "'csv.escape-character' must be a single character"},
		{"a INT", map[string]string{"quote-character": "a", "disable-quote-character": "true"}, "exclude each other"},
		{"a INT", map[string]string{"quote-character": ","}, "must be different"},
		{"a INT", map[string]string{"array-element-delimiter": ""}, "must have at least one character"},
		{"a COUNTS", nil, "cannot carry column 'a' of type MAP<STRING, INT>"},
		{"a NESTED", nil, "within an ARRAY or ROW only simple types are possible, not ARRAY<STRING>"},
	} {
		if _, err := newDecoder(config(t, test.columns, test.options)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %s", test.options, err, test.want)
		}
	}
}

// Decoding by columns gives what decoding one by one gives, whatever the text.
func FuzzDecode(f *testing.F) {
	for _, text := range []string{"1,x,2024-01-01\n2,\"y\"\"\",\n", "a,b,c\r\n1;2,\\,,\r", "\"", "#\n1,2,3,\n,,"} {
		f.Add(text, uint8(0), uint8(7), uint8(3))
	}
	options := []map[string]string{{}, {"ignore-parse-errors": "true"}, {"null-literal": ""}, {"escape-character": `\`, "ignore-parse-errors": "true"},
		{"allow-comments": "true"}, {"disable-quote-character": "true"}, {"field-delimiter": "\t", "ignore-parse-errors": "true"}, {"multiline": "false", "ignore-parse-errors": "true"}}
	f.Fuzz(func(t *testing.T, text string, option, size, most uint8) {
		text = text[:min(len(text), 2000)]
		c := config(t, "a INT, b STRING, c INTS", options[int(option)%len(options)])
		slowDecoder, fastDecoder := mustDecoder(t, c), mustDecoder(t, c)
		want, wantErr := read(t, slowDecoder, c.Columns, text, 1<<20, 1000, true)
		got, err := read(t, fastDecoder, c.Columns, text, int(size)+1, int(most)+1, false)
		if !slices.Equal(got, want) || (err == nil) != (wantErr == nil) || err == nil && slowDecoder.Skipped() != fastDecoder.Skipped() {
			t.Fatalf("%q: %q, %v, %d skipped; one by one %q, %v, %d skipped", text, got, err, fastDecoder.Skipped(), want, wantErr, slowDecoder.Skipped())
		}
		for _, r := range got {
			if !utf8.ValidString(r) {
				t.Fatalf("%q is not UTF-8", r)
			}
		}
	})
}
