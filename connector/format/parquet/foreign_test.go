package parquet

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/formattest"
)

// The files in testdata/foreign were written by pyarrow 26: one table of 300 rows, whose values follow the formulas below, in row groups of
// 200 rows and pages of about 400 bytes, with the version of pages, the encodings and the compression that their names tell.

// foreignColumn is a column of that table: its value in row i, as column.AppendText shows it, is NULL in every null-th row.
type foreignColumn struct {
	name string
	typ  column.Type
	null int
	at   func(i int) string
}

func opt(i, k int, text func() string) string {
	if i%k == k-1 {
		return "NULL"
	}
	return text()
}

// list writes a list of n elements.
func list(open string, n int, element func(k int) string, end string) string {
	texts := make([]string, n)
	for k := range texts {
		texts[k] = element(k)
	}
	return open + strings.Join(texts, ", ") + end
}

func timestamp(x int64, t column.Type) string { return string(column.AppendTimestamp(nil, x, t)) }

var (
	integers = column.ArrayOf(column.Of(column.Int))
	ts3, ts6 = column.Sized(column.Timestamp, 3), column.Sized(column.Timestamp, 6)
	tz3      = column.Sized(column.TimestampLTZ, 3)
)

var foreign = []foreignColumn{
	{"id", column.Of(column.BigInt).Required(), 0, func(i int) string { return fmt.Sprint(i) }},
	{"n", column.Of(column.Int), 7, func(i int) string { return fmt.Sprint(i*3 - 100) }},
	{"l", column.Of(column.BigInt), 5, func(i int) string { return fmt.Sprint(i * i * 1000003) }},
	{"f", column.Of(column.Float), 6, func(i int) string { return string(column.AppendFloat(nil, float64(i)/4, 32)) }},
	{"d", column.Of(column.Double), 9, func(i int) string { return string(column.AppendFloat(nil, float64(i)/8-5, 64)) }},
	{"s", column.Str(), 11, func(i int) string { return fmt.Sprint("word ", i%13) }},
	{"t", column.Str(), 4, func(i int) string { return fmt.Sprintf("a longer text, number %d of many", i) }},
	{"b", column.Of(column.Boolean), 3, func(i int) string { return strings.ToUpper(fmt.Sprint(i%4 == 0)) }},
	{"y", column.Bytes(), 8, func(i int) string { return strings.Repeat(string([]byte{byte(i)}), i%20) }},
	{"fl", column.Bytes(), 8, func(i int) string { return strings.Repeat(string([]byte{byte(i)}), 5) }},
	{"m9", column.DecimalOf(9, 2), 7, func(i int) string { return hundredths(i*111 - 5000) }},
	{"m38", column.DecimalOf(38, 10), 7, func(i int) string {
		x := new(big.Int).Mul(big.NewInt(int64(i-150)), new(big.Int).Exp(big.NewInt(10), big.NewInt(30), nil))
		s := x.Add(x, big.NewInt(1)).String()
		digits := strings.TrimPrefix(s, "-")
		digits = strings.Repeat("0", max(0, 11-len(digits))) + digits
		return s[:len(s)-len(strings.TrimPrefix(s, "-"))] + digits[:len(digits)-10] + "." + digits[len(digits)-10:]
	}},
	{"dt", column.Of(column.Date), 7, func(i int) string { return string(column.AppendDate(nil, i*97-9000)) }},
	{"ts3", ts3, 7, func(i int) string { return timestamp(int64(i)*86399999-5000000000, ts3) }},
	{"ts6", ts6, 7, func(i int) string { return timestamp(int64(i)*86399999999-5000000000001, ts6) }},
	{"tz", tz3, 7, func(i int) string { return timestamp(int64(i)*86399999-5000000000, tz3) }},
	{"tm", column.Sized(column.Time, 3), 7, func(i int) string {
		text := time.UnixMilli(int64(i * 287999 % 86400000)).UTC().Format("15:04:05.000")
		return text[:len("15:04:05.0")] + strings.TrimRight(text[len("15:04:05.0"):], "0")
	}},
	{"u", column.Of(column.BigInt), 7, func(i int) string { return fmt.Sprint(i * 14000000) }},
	{"xs", integers, 6, func(i int) string {
		return list("[", i%5, func(k int) string { return opt(k, 3, func() string { return fmt.Sprint(i + k) }) }, "]")
	}},
	{"ls", column.ArrayOf(column.ArrayOf(column.Str())), 10, func(i int) string {
		return list("[", i%4, func(k int) string {
			return opt(k, 4, func() string {
				return list("[", k%3, func(j int) string { return fmt.Sprint("e", j+k) }, "]")
			})
		}, "]")
	}},
	{"m", column.MapOf(column.Str(), column.Of(column.Int)), 6, func(i int) string {
		return list("{", i%3, func(k int) string {
			return fmt.Sprint("k", k, "=", opt(k, 2, func() string { return fmt.Sprint(i * k) }))
		}, "}")
	}},
	{"r", column.RowOf(formattest.Field("a", column.Of(column.Int)), formattest.Field("b", column.Str()), formattest.Field("c", column.RowOf(formattest.Field("xs", integers)))), 6, func(i int) string {
		return "(" + opt(i, 4, func() string { return fmt.Sprint(i) }) + ", " + opt(i, 5, func() string { return fmt.Sprint("in ", i) }) + ", " +
			opt(i, 9, func() string {
				return "(" + opt(i, 7, func() string {
					return list("[", i%3, func(int) string { return fmt.Sprint(i) }, "]")
				}) + ")"
			}) + ")"
	}},
}

func hundredths(x int) string {
	sign := ""
	if x < 0 {
		sign, x = "-", -x
	}
	return fmt.Sprintf("%s%d.%02d", sign, x/100, x%100)
}

// text is the column's value in row i, as formattest.Rows shows it.
func (f *foreignColumn) text(i int) string {
	if f.null > 0 && i%f.null == f.null-1 {
		return "∅"
	}
	s := f.at(i)
	if f.typ.IsBinary() {
		s = strings.ToValidUTF8(s, "\ufffd") // a run of bad bytes is one there and many here
		if len(f.at(i)) > 0 && f.at(i)[0] >= 0x80 {
			s = strings.Repeat("\ufffd", len(f.at(i)))
		}
	}
	return s
}

func readForeign(t *testing.T, name string, fields []column.Field, project []int) []string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "foreign", name))
	if err != nil {
		t.Fatal(err)
	}
	c := config(t, fields, map[string]string{"utc-timezone": "true"})
	c.Project = project
	rows, err := readRows(open(t, data), c)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rows
}

func readRows(f format.File, c format.Config) ([]string, error) {
	rows, _, err := readTexts(f, c)
	return rows, err
}

func TestForeignFiles(t *testing.T) {
	entries, err := os.ReadDir(filepath.Join("testdata", "foreign"))
	if err != nil || len(entries) < 8 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	for _, entry := range entries {
		if strings.Contains(entry.Name(), "numbers") {
			continue // below
		}
		t.Run(strings.TrimSuffix(entry.Name(), ".parquet"), func(t *testing.T) {
			columns := foreign
			switch {
			case strings.Contains(entry.Name(), "oldlists"):
				columns = pickColumns("id", "s", "t", "m9", "xs", "ls", "m", "r")
			case strings.Contains(entry.Name(), "checksums"):
				columns = pickColumns("id", "n", "s")
			}
			var fields []column.Field
			for _, f := range columns {
				fields = append(fields, formattest.Field(f.name, f.typ))
			}
			want := make([]string, 300)
			for i := range want {
				var texts []string
				for _, f := range columns {
					texts = append(texts, f.text(i))
				}
				want[i] = strings.Join(texts, "|")
			}
			got := readForeign(t, entry.Name(), fields, nil)
			if !slices.Equal(got, want) {
				for i := range want {
					if i >= len(got) || got[i] != want[i] {
						t.Fatalf("%d rows; row %d:\n%q, want\n%q", len(got), i, got[min(i, len(got)-1)], want[i])
					}
				}
				t.Fatalf("%d rows", len(got))
			}
			// Each column by itself: pages of one do not depend on those of another.
			for k, f := range columns {
				for i, text := range readForeign(t, entry.Name(), fields, []int{k}) {
					if text != f.text(i) {
						t.Fatalf("%s alone, row %d: %q, want %q", f.name, i, text, f.text(i))
					}
				}
			}
		})
	}
}

func pickColumns(names ...string) (columns []foreignColumn) {
	for _, name := range names {
		for _, f := range foreign {
			if f.name == name {
				columns = append(columns, f)
			}
		}
	}
	return columns
}

// Numbers by small dictionaries, in pages that are larger.
func TestForeignNumbers(t *testing.T) {
	got := readForeign(t, "v1_numbers_snappy.parquet", formattest.Fields(t, "n INT, l BIGINT, d DOUBLE"), nil)
	if len(got) != 5000 {
		t.Fatalf("%d rows", len(got))
	}
	for i, row := range got {
		want := fmt.Sprint([]any{"∅", 5, 7, 11}[i%4], "|", i*i%17, "|", string(column.AppendFloat(nil, float64(i*7%13)/2, 64)))
		if row != want {
			t.Fatalf("row %d: %s, want %s", i, row, want)
		}
	}
}

// A checksum that does not match is noticed.
func TestChecksum(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "foreign", "v1_checksums.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	c := config(t, []column.Field{formattest.Field("id", column.Of(column.BigInt)), formattest.Field("n", column.Of(column.Int)), formattest.Field("s", column.Str())}, nil)
	noticed := 0
	for at := 10; at < len(data)-2000; at += 7 {
		broken := slices.Clone(data)
		broken[at] ^= 4
		if _, err := readRows(open(t, broken), c); err != nil {
			noticed++
		}
	}
	if noticed < 100 {
		t.Errorf("%d changes noticed", noticed)
	}
}

// What a file holds is not squeezed into a type that it does not fit.
func TestForeignRanges(t *testing.T) {
	for _, test := range []struct {
		name string
		typ  column.Type
		want string
	}{
		{"l", column.Of(column.Int), "column 'l' is INT64 in the file and cannot be read as INT"},
		{"n", column.Of(column.TinyInt), "column 'n': a value that is out of the column's range"},
		{"m38", column.DecimalOf(20, 10), "column 'm38' is DECIMAL(38, 10) in the file, which does not fit into DECIMAL(20, 10)"},
		{"m9", column.DecimalOf(9, 1), "does not fit into DECIMAL(9, 1)"},
		{"u", column.Of(column.Int), "column 'u': a value that is out of the column's range"},
		{"s", column.Of(column.BigInt), "cannot be read as BIGINT"},
		{"xs", column.Str(), "column 'xs' is a group in the file and cannot be read as STRING"},
		{"xs", column.ArrayOf(column.Str()), "cannot be read as STRING"},
		{"r", column.RowOf(formattest.Field("z", column.Str())), "has none of the fields of ROW<`z` STRING>"},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", "foreign", "v1_snappy.parquet"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = readRows(open(t, data), config(t, []column.Field{formattest.Field(test.name, test.typ)}, nil))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s as %s: %v, want %s", test.name, test.typ, err, test.want)
		}
	}
}

// Types that hold all that the file's do are fine.
func TestForeignWidening(t *testing.T) {
	for _, test := range []struct {
		name string
		typ  column.Type
		want string // of row 8
	}{
		{"n", column.Of(column.BigInt), "-76"}, {"f", column.Of(column.Double), "2.0"}, {"m9", column.DecimalOf(20, 4), "-41.1200"},
		{"ts3", column.Sized(column.Timestamp, 9), "1969-11-12 03:06:39.992000000"}, {"ts6", column.Sized(column.Timestamp, 0), "1969-11-12 03:06:39"},
		{"n", column.DecimalOf(12, 2), "-76.00"}, {"S", column.Str(), "word 8"}, {"nowhere", column.Str(), "∅"},
	} {
		rows := readForeign(t, "v1_snappy.parquet", []column.Field{formattest.Field(test.name, test.typ)}, nil)
		if rows[8] != test.want {
			t.Errorf("%s as %s: %s, want %s", test.name, test.typ, rows[8], test.want)
		}
	}
}
