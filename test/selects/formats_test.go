package selects

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/setting"
)

// records are the columns of the objects in JSON and Parquet.
var records = []column.Field{
	{Name: "id", Type: column.Of(column.BigInt)}, {Name: "name", Type: column.Str()}, {Name: "n", Type: column.Of(column.Int)}, {Name: "d", Type: column.Of(column.Double)},
	{Name: "flag", Type: column.Of(column.Boolean)}, {Name: "day", Type: column.Of(column.Date)}, {Name: "Name", Type: column.Str()}, {Name: "f", Type: column.Of(column.Float)},
	{Name: "dec", Type: column.DecimalOf(20, 5)}, {Name: "at", Type: column.Sized(column.Timestamp, 3)}, {Name: "short no", Type: column.Of(column.SmallInt)},
	{Name: "r", Type: column.RowOf(column.Field{Name: "a", Type: column.Of(column.BigInt)}, column.Field{Name: "b", Type: column.Str()})},
	{Name: "xs", Type: column.ArrayOf(column.Of(column.Int))}, {Name: "m", Type: column.MapOf(column.Str(), column.Of(column.Double))},
}

// flat is how many of the records' columns have no parts: those that the objects in Parquet have.
const flat = 11

func recordColumn(i int) expr.Expr {
	return &expr.Column{Index: i, Name: records[i].Name, T: records[i].Type}
}

// values are what the columns may have in JSON: first those that every store and format gives alike, then odd ones, of which some have another meaning than it seems.
var values = map[string][2][]string{
	"id":   {{"0", "7", "-3", "123456789012345", "null"}, {"9007199254740993", "-9223372036854775808", "1.5", `"12"`, "2e3", "-0", "-2.999999999999999999999"}},
	"name": {{`"a"`, `""`, `"it's"`, `"say \"so\""`, `"ä,ö\u00e4"`, `"日本"`, `"😀"`, `"a\nb\r\n"`, `"#x"`, `" blank "`, `"` + strings.Repeat("long ", 60) + `"`, "null", `"<&>"`, `"\ud83d\ude00"`}, {"12", "1.10", "true", `{"b": 1, "a":[1, 2]}`, "[]", `"\ufffd"`, `"\ud800"`, "1e3"}},
	"n":    {{"0", "5", "-2147483648", "2147483647", "null"}, {`"5"`, "4.9", "-0.5", `" 6 "`}},
	"d":    {{"0.1", "1.5", "-2.5e-3", "1e300", "3", "null", "0.30000000000000004"}, {`"2.5"`, "-0.0", "-0", "1e-320"}},
	"flag": {{"true", "false", "null"}, {`"true"`, `"no"`, "1"}},
	"day":  {{`"2024-02-29"`, `"2023-01-01"`, `"2023-05-01"`, `"1969-12-31"`, "null"}, {`"0001-01-01"`, `"9999-12-31"`}},
	"Name": {{`"A"`, `"b"`, "null"}, {"3"}},
	"f":    {{"1.5", "0.1", "null"}, {`"2.5"`, "16777217"}},
	"dec":  {{"1.10", "123456789012345.67890", "null"}, {`"0.1"`, "5e2", "0.000005"}},
	"at":   {{`"2024-02-29 10:11:12.123"`, `"1969-01-01 00:00:00"`, "null"}, {`"9999-12-31 23:59:59.999"`}},

	"short no": {{"1", "-300", "null"}, {`"2"`}},

	"r":  {{`{"a":1,"b":"x"}`, `{"b":null}`, "{}", "null"}, {`{"a":9007199254740993}`, `{"a":"1","b":2.50}`, `{"c":{"d":1.50},"a":3}`}},
	"xs": {{"[1,2]", "[]", "null", "[null]"}, {`["1"]`, "[1.9]"}},
	"m":  {{`{"x":1.5}`, "{}", "null"}, {`{"x":"1"}`, `{"x":1,"x":2}`}},
}

// jsonObject draws JSON lines; odd values stand in some objects only, so that others are read by queries to their ends.
func jsonObject(t *rapid.T, columns []column.Field, end string) string {
	var b strings.Builder
	odd := rapid.IntRange(0, 3).Draw(t, "odd") == 0
	blanks := rapid.SampledFrom([]string{"", " "}).Draw(t, "blanks")
	n := rapid.IntRange(0, 60).Draw(t, "records")
	for i := range n {
		var members []string
		for _, f := range columns {
			if rapid.IntRange(0, 9).Draw(t, "missing") == 0 {
				continue
			}
			list := values[f.Name][0]
			if odd && rapid.IntRange(0, 9).Draw(t, "odd value") == 0 {
				list = values[f.Name][1]
			}
			members = append(members, `"`+f.Name+`":`+blanks+rapid.SampledFrom(list).Draw(t, f.Name))
		}
		if rapid.Bool().Draw(t, "more") {
			members = append(members, `"other":{"id":1}`)
		}
		if odd && len(members) > 0 && rapid.IntRange(0, 19).Draw(t, "twice") == 0 {
			members = append(members, members[0])
		}
		b.WriteString("{" + strings.Join(members, ","+blanks) + "}")
		if i < n-1 || rapid.Bool().Draw(t, "ended") {
			b.WriteString(end)
		}
	}
	return b.String()
}

// recordCondition draws a condition over the records' columns.
func recordCondition(t *rapid.T, depth int) expr.Expr {
	call := func(name string, args ...expr.Expr) expr.Expr {
		e, err := expr.NewCall(name, args...)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	op := func() string { return rapid.SampledFrom([]string{"=", "<>", "<", "<=", ">", ">="}).Draw(t, "op") }
	text := func() expr.Expr {
		return expr.Text(rapid.SampledFrom([]string{"a", "it's", "ää,ö", "12", "1.10", "1.1", "true", "日本", "b", "A", "", "x", `{"b":1,"a":[1,2]}`, "a\nb\r\n"}).Draw(t, "text"))
	}
	number := func() expr.Expr { return expr.Long(rapid.Int64Range(-5, 12).Draw(t, "number")) }
	kind := rapid.IntRange(0, 9).Draw(t, "kind")
	if depth == 0 {
		kind %= 8
	}
	switch kind {
	case 0:
		return call(rapid.SampledFrom([]string{"=", "<>"}).Draw(t, "op"), recordColumn(rapid.SampledFrom([]int{1, 6}).Draw(t, "column")), text())
	case 1, 2:
		return call(op(), recordColumn(rapid.SampledFrom([]int{0, 2, 10}).Draw(t, "column")), number())
	case 3:
		return call("IN", recordColumn(1), text(), text(), text())
	case 4:
		return call(op(), recordColumn(3), expr.Double(rapid.SampledFrom([]float64{0.1, 1.5, -2.5e-3, 3, 0}).Draw(t, "double")))
	case 5:
		return call(rapid.SampledFrom([]string{"IS NULL", "IS NOT NULL"}).Draw(t, "op"), recordColumn(rapid.IntRange(0, 7).Draw(t, "column")))
	case 6:
		return call(op(), recordColumn(8), &expr.Literal{Value: column.Int128Of(110000), T: column.DecimalOf(20, 5)})
	case 7:
		if rapid.Bool().Draw(t, "not") {
			return call("NOT", recordColumn(4))
		}
		return recordColumn(4)
	case 8:
		return call("AND", recordCondition(t, depth-1), recordCondition(t, depth-1))
	}
	return call("OR", recordCondition(t, depth-1), recordCondition(t, depth-1))
}

// mapped makes conditions over all records' columns ones over those that are read, which must have all of them.
func mapped(filter []expr.Expr, project []int) []expr.Expr {
	var list []expr.Expr
	for _, e := range filter {
		list = append(list, expr.Rewrite(e, func(e expr.Expr) expr.Expr {
			if c, ok := e.(*expr.Column); ok {
				return &expr.Column{Index: slices.Index(project, c.Index), Name: c.Name, T: c.T}
			}
			return e
		}))
	}
	return list
}

// columnsOf are the columns that conditions need.
func columnsOf(filter []expr.Expr) map[int]bool {
	used := map[int]bool{}
	for _, e := range filter {
		expr.Walk(e, func(e expr.Expr) bool {
			if c, ok := e.(*expr.Column); ok {
				used[c.Index] = true
			}
			return true
		})
	}
	return used
}

// pack compresses an object as its name says.
func pack(t rapid.TB, key string, data []byte) []byte {
	var b bytes.Buffer
	switch {
	case strings.HasSuffix(key, ".gz"):
		for _, half := range [][]byte{data[:len(data)/2], data[len(data)/2:]} { // two members
			w := gzip.NewWriter(&b)
			if _, err := w.Write(half); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
	case strings.HasSuffix(key, ".bz2"):
		c := exec.Command("bzip2", "-c")
		c.Stdin, c.Stdout = bytes.NewReader(data), &b
		if err := c.Run(); err != nil {
			t.Fatal(err)
		}
	default:
		return data
	}
	return b.Bytes()
}

// packings are the ends of names that objects in text may have.
func packings() []string {
	if _, err := exec.LookPath("bzip2"); err != nil {
		return []string{"", ".gz"}
	}
	return []string{"", ".gz", ".bz2"}
}

// sameRows reads an object by queries, with restarts, and by ranges.
func sameRows(t *rapid.T, store *counted, options map[string]string, columns []column.Field, filter []expr.Expr, project []int) {
	options["scan.select"] = "always"
	got, err := rows(sourceOf(t, store, options, columns, filter, project...), filter, rapid.IntRange(0, 2).Draw(t, "restart"))
	options["scan.select"] = "never"
	want, wantErr := rows(sourceOf(t, store, options, columns, filter, project...), filter, 0)
	if wantErr != nil {
		return // a malformed record, which the store may have left out
	}
	if err != nil {
		t.Fatalf("by query: %v", err)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("by query\n%s\nby ranges\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestJSONReadsAlike draws objects in JSON lines and conditions: the rows are those that reading the object itself gives.
func TestJSONReadsAlike(t *testing.T) {
	onEach(t, func(t *testing.T, store *counted) {
		rapid.Check(t, func(t *rapid.T) {
			key := "k.json" + rapid.SampledFrom(packings()).Draw(t, "packing")
			options := map[string]string{"path": "s3://select/" + key, "format": "json"}
			text := jsonObject(t, records, rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end"))
			if _, err := store.Put(context.Background(), key, pack(t, key, []byte(text)), objstore.Condition{}); err != nil {
				t.Fatal(err)
			}
			var filter []expr.Expr
			for range rapid.IntRange(0, 2).Draw(t, "conditions") {
				filter = append(filter, recordCondition(t, 1))
			}
			project := drawProject(t, filter, len(records))
			sameRows(t, store, options, records, mapped(filter, project), project)
		})
		enough(t, store)
	})
}

// enough checks that queries were answered, not only asked.
func enough(t *testing.T, store *counted) {
	t.Helper()
	whole, failed := store.whole.Load(), store.failed.Load()
	t.Logf("%d queries were answered, %d failed", whole, failed)
	if whole < 30 {
		t.Errorf("only %d queries were answered", whole)
	}
}

// drawProject draws columns to read: those of the conditions, and others.
func drawProject(t *rapid.T, filter []expr.Expr, most int) (project []int) {
	used := columnsOf(filter)
	exact := rapid.IntRange(0, 3).Draw(t, "exact numbers") == 0
	for i := range most {
		if i >= 7 && i <= 9 && !used[i] && !exact { // their values make that an object is read as it is
			continue
		}
		if used[i] || rapid.IntRange(0, 2).Draw(t, "read") == 0 {
			project = append(project, i)
		}
	}
	return project
}

// parquetOf writes records that are given as JSON lines in Parquet.
func parquetOf(t rapid.TB, columns []column.Field, text string, options map[string]string) []byte {
	in, out := formatOf(t, "json", columns, nil), formatOf(t, "parquet", columns, options)
	json, _ := format.Lookup("json")
	parquet, _ := format.Lookup("parquet")
	d, err := json.NewDecoder(in)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	w, err := parquet.NewFile(&file, out)
	if err != nil {
		t.Fatal(err)
	}
	for data := append([]byte(text), make([]byte, objstore.Tailroom)...)[:len(text)]; len(data) > 0; {
		b := column.NewBatch(columns, 1024)
		n, err := d.Decode(data, true, b, 1024)
		if err != nil {
			t.Fatal(err)
		}
		if data = data[n:]; b.Len > 0 {
			if err := w.Write(b); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func formatOf(t rapid.TB, name string, columns []column.Field, options map[string]string) format.Config {
	spec, ok := format.Lookup(name)
	if !ok {
		t.Fatalf("there is no format %s", name)
	}
	values, err := setting.Check(spec.Options, options)
	if err != nil {
		t.Fatal(err)
	}
	return format.Config{Options: values, Columns: columns, Zone: time.UTC}
}

// TestParquetReadsAlike draws objects in Parquet and conditions: the rows are those that reading the object itself gives.
func TestParquetReadsAlike(t *testing.T) {
	onEach(t, func(t *testing.T, store *counted) {
		rapid.Check(t, func(t *rapid.T) {
			options := map[string]string{"path": "s3://select/k.parquet", "format": "parquet"}
			columns := records[:flat]
			text := jsonObject(t, columns, "\n")
			written := map[string]string{"compression": rapid.SampledFrom([]string{"UNCOMPRESSED", "SNAPPY", "GZIP"}).Draw(t, "compression"),
				"write.int64.timestamp": fmt.Sprint(rapid.Bool().Draw(t, "int64")), "enable.dictionary": fmt.Sprint(rapid.Bool().Draw(t, "dictionary"))}
			if _, err := store.Put(context.Background(), "k.parquet", parquetOf(t, columns, text, written), objstore.Condition{}); err != nil {
				t.Fatal(err)
			}
			var filter []expr.Expr
			for range rapid.IntRange(0, 2).Draw(t, "conditions") {
				filter = append(filter, recordCondition(t, 1))
			}
			project := drawProject(t, filter, flat)
			sameRows(t, store, options, columns, mapped(filter, project), project)
		})
		enough(t, store)
	})
}

// TestPackedReadsAlike draws compressed objects of CSV.
func TestPackedReadsAlike(t *testing.T) {
	onEach(t, func(t *testing.T, store *counted) {
		rapid.Check(t, func(t *rapid.T) {
			key := "k.csv" + rapid.SampledFrom(packings()[1:]).Draw(t, "packing")
			options := map[string]string{"path": "s3://select/" + key, "format": "csv", "csv.null-literal": "n/a"}
			header := rapid.Bool().Draw(t, "header")
			if header {
				options["csv.ignore-first-line"] = "true"
			}
			text, _ := object(t, rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(t, "line end"), ",", header)
			if _, err := store.Put(context.Background(), key, pack(t, key, []byte(text)), objstore.Condition{}); err != nil {
				t.Fatal(err)
			}
			var filter []expr.Expr
			for range rapid.IntRange(0, 2).Draw(t, "conditions") {
				filter = append(filter, condition(t, 1))
			}
			sameRows(t, store, options, fields, filter, []int{0, 1, 2, 3, 4, 5, 6})
		})
		enough(t, store)
	})
}
