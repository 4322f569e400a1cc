package csv

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/connector/format/internal/formattest"
)

func byName(more ...string) map[string]string {
	options := map[string]string{"columns-by-name": "true"}
	for i := 0; i < len(more); i += 2 {
		options[more[i]] = more[i+1]
	}
	return options
}

func TestColumnsByName(t *testing.T) {
	for _, test := range []struct {
		name, columns, text string
		options             map[string]string
		want                []string
		err                 string
	}{
		{name: "in order", columns: "a INT, b STRING", text: "a,b\n1,x\n", want: []string{"1|x"}},
		{name: "another order", columns: "a INT, b STRING", text: "b,a\nx,1\ny,2", want: []string{"1|x", "2|y"}},
		{name: "more fields", columns: "a INT, b STRING", text: "c,b,d,a\n,x,,1\n7,\"y\",,2\n", want: []string{"1|x", "2|y"}},
		{name: "blanks, quotes and a byte order mark", columns: "a INT, b STRING", text: "\ufeff\"b\" , a \r\nx,1\r\n", want: []string{"1|x"}},
		{name: "a delimiter at the end", columns: "a INT, b STRING", text: "b,a,\nx,1,\ny,2\n", want: []string{"1|x", "2|y"}},
		{name: "only names", columns: "a INT, b STRING", text: "b,a"},
		{name: "comments", columns: "a INT, b STRING", text: "# names\nb,a\n#\nx,1\n", options: byName("allow-comments", "true"), want: []string{"1|x"}},
		{name: "NULL", columns: "a INT, b STRING, c BIGINT", text: "b\nx\n\"y\"\n", options: byName("missing-columns", "null"), want: []string{"∅|x|∅", "∅|y|∅"}},
		{name: "missing", columns: "a INT, b STRING", text: "b\nx\n",
			err: `the first record of the file has no such name, and 'csv.missing-columns' is not 'null' in column 'a': "b"`},
		{name: "another case", columns: "a INT, b STRING", text: "b,A\nx,1\n", err: `no such name, but 'A', which is written otherwise in column 'a'`},
		{name: "no names", columns: "a INT, b STRING", text: "1,x\n", options: byName("missing-columns", "null"), err: "names none of the table's columns"},
		{name: "twice", columns: "a INT, b STRING", text: "a,b,a\n1,x,1\n", err: `the first record of the file has the name twice in column 'a': "a,b,a"`},
		{name: "twice, of no column", columns: "a INT", text: "a,b,b\n1,x,y\n", want: []string{"1"}},
		{name: "unknown", columns: "a INT", text: "a,b\n1,x\n", options: byName("unknown-columns", "fail"), err: "names 'b', which is no column of the table"},
		{name: "too few fields", columns: "a INT, b STRING", text: "c,b,a\n1,x\n", err: `a record of 2 fields, but the file's first record names 3 fields: "1,x"`},
		{name: "too few fields, ignored", columns: "a INT, b STRING", text: "b,a,c\nx\ny,2,3\n", options: byName("ignore-parse-errors", "true"), want: []string{"∅|x", "2|y"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.options == nil {
				test.options = byName()
			}
			c := config(t, test.columns, test.options)
			for _, slow := range []bool{false, true} {
				for _, size := range []int{1, 3, 1000} {
					got, err := read(t, mustDecoder(t, c), formattest.Projected(c), test.text, size, 2, slow)
					switch {
					case test.err != "":
						if err == nil || !strings.Contains(err.Error(), test.err) {
							t.Errorf("blocks of %d: %v, not %s", size, err, test.err)
						}
					case err != nil || !slices.Equal(got, test.want):
						t.Errorf("blocks of %d: %q, %v", size, got, err)
					}
				}
			}
		})
	}
}

// A column that cannot be NULL is never left out.
func TestMissingNotNull(t *testing.T) {
	c := config(t, "a INT, b STRING", byName("missing-columns", "null"))
	c.Columns[0].Type = c.Columns[0].Type.Required()
	_, err := mustDecoder(t, c).Header([]byte("b\nx\n"), true)
	if err == nil || !strings.Contains(err.Error(), "has no such name, and the column is NOT NULL in column 'a'") {
		t.Errorf("the file was taken: %v", err)
	}
}

// Files of the same records in columns of any order, with others between them, are the same rows, whatever is projected.
func TestColumnsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := config(t, "a INT, b STRING, c DOUBLE", byName("missing-columns", "null", "null-literal", ""))
		c.Project = rapid.SliceOfNDistinct(rapid.IntRange(0, 2), 1, 3, rapid.ID).Draw(t, "project")
		names := rapid.Permutation([]string{"a", "b", "c", "other", "an other"}).Draw(t, "names")[:rapid.IntRange(3, 5).Draw(t, "fields")]
		text, want := strings.Join(names, ",")+"\n", []string(nil)
		for i := range rapid.IntRange(0, 50).Draw(t, "records") {
			values := map[string]string{"a": fmt.Sprint(i), "b": "a text that is not short " + fmt.Sprint(i), "c": fmt.Sprint(i) + ".5", "other": "1", "an other": `"x,y"`}
			var record, row []string
			for _, n := range names {
				record = append(record, values[n])
			}
			for _, p := range c.Project {
				value := values[c.Columns[p].Name]
				if !slices.Contains(names, c.Columns[p].Name) {
					value = "∅"
				}
				row = append(row, value)
			}
			text, want = text+strings.Join(record, ",")+"\n", append(want, strings.Join(row, "|"))
		}
		if !slices.ContainsFunc(names, func(n string) bool { return len(n) == 1 }) {
			return
		}
		got, err := read(t, mustDecoder(t, c), formattest.Projected(c), text, rapid.IntRange(1, 300).Draw(t, "size"), 7, false)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("%q: %q, not %q: %v", text, got, want, err)
		}
	})
}

// What is written by name is read by name.
func TestNamesAreWritten(t *testing.T) {
	c := config(t, "a INT, b STRING", byName())
	c.Columns[1].Name = `the "b, c"`
	e, err := newEncoder(c)
	if err != nil {
		t.Fatal(err)
	}
	head := string(e.Header(nil))
	if head != "a,\"the \"\"b, c\"\"\"\n" {
		t.Errorf("the first record is %q", head)
	}
	got, err := read(t, mustDecoder(t, c), formattest.Projected(c), head+"1,x\n", 100, 10, false)
	if err != nil || !slices.Equal(got, []string{"1|x"}) {
		t.Errorf("%q, %v", got, err)
	}
	c = config(t, "a INT", byName("disable-quote-character", "true"))
	c.Columns[0].Name = "a,b"
	if _, err = newEncoder(c); err == nil || !strings.Contains(err.Error(), "the name of column 'a,b' cannot be written") {
		t.Errorf("a name with a delimiter in it: %v", err)
	}
}

func TestNamingOptions(t *testing.T) {
	for _, options := range []map[string]string{{"missing-columns": "null"}, {"unknown-columns": "fail"}, byName("ignore-first-line", "true")} {
		if _, err := newDecoder(config(t, "a INT", options)); err == nil || !strings.Contains(err.Error(), "'csv.columns-by-name'") {
			t.Errorf("%v: %v", options, err)
		}
	}
}
