package raw

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/formattest"
	"github.com/millstream/millstream/connector/format/internal/scan"
)

func config(t formattest.TB, typ column.Type, given map[string]string) format.Config {
	t.Helper()
	c := formattest.Config(t, "raw", "line STRING", given)
	c.Columns[0].Type = typ
	return c
}

func mustDecoder(t formattest.TB, c format.Config) *decoder {
	t.Helper()
	d, err := newDecoder(c)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func mustEncoder(t formattest.TB, c format.Config) *encoder {
	t.Helper()
	e, err := newEncoder(c)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// decode reads text in blocks of at most size bytes, in batches of most rows.
func decode(t formattest.TB, c format.Config, text string, size, most int) []string {
	t.Helper()
	d := mustDecoder(t, c)
	rows, err := formattest.Read(t, d.Header, d.Decode, c.Columns, text, size, most)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestLines(t *testing.T) {
	for _, test := range []struct {
		text, charset string
		want          []string
	}{
		{"größe\n\nlast", "UTF-8", []string{"größe", "", "last"}},
		{"a\r\nb\rc\r\n\r\n", "utf8", []string{"a", "b\rc", ""}},
		{"a\n", "UTF-8", []string{"a"}},
		{"", "UTF-8", nil},
		{"\n", "UTF-8", []string{""}},
		{"a\r", "UTF-8", []string{"a\r"}},
		{"a\xffb, a rather long line\n\xc3\n", "UTF-8", []string{"a\ufffdb, a rather long line", "\ufffd"}},
		{"gr\xf6\xdfe\n\x80", "ISO-8859-1", []string{"größe", "\u0080"}},
		{"\x80", "windows-1252", []string{"€"}},
		{"\x80", "cp1252", []string{"€"}},
		{"\xa4", "ISO-8859-15", []string{"€"}},
		{"a\xe9", "US-ASCII", []string{"a\ufffd"}},
	} {
		c := config(t, column.Str(), map[string]string{"charset": test.charset})
		for size := 1; size < 9; size++ {
			for most := 1; most < 4; most++ {
				if got := decode(t, c, test.text, size, most); fmt.Sprintf("%q", got) != fmt.Sprintf("%q", test.want) {
					t.Errorf("%q in %s: %q, want %q", test.text, test.charset, got, test.want)
				}
			}
		}
	}
}

// Any text in UTF-8 gives the lines that splitting at line feeds gives.
func TestLinesAgreeWithSplit(t *testing.T) {
	c := config(t, column.Str(), nil)
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.OneOf(rapid.StringMatching(`[a-c\r\n]`), rapid.StringMatching(`[a-zäöü]{0,30}\n`))
		text := strings.Join(rapid.SliceOfN(piece, 0, 40).Draw(t, "text"), "")
		var want []string
		for line := range strings.Lines(text) {
			if whole, ok := strings.CutSuffix(line, "\n"); ok {
				line = strings.TrimSuffix(whole, "\r")
			}
			want = append(want, line)
		}
		got := decode(t, c, text, rapid.IntRange(1, 40).Draw(t, "size"), rapid.IntRange(1, 5).Draw(t, "most"))
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Fatalf("%q, want %q", got, want)
		}
	})
}

// Ranges that begin where SkipPartial says give every line once.
func TestSkipPartial(t *testing.T) {
	text := "one\ntwo\r\n\nthree\nfour"
	c := config(t, column.Str(), nil)
	want := []string{"one", "two", "", "three", "four"}
	for cut := range len(text) {
		start, ok := mustDecoder(t, c).SkipPartial([]byte(text[cut:]))
		if !ok {
			t.Fatal("lines can be split")
		}
		if start += cut; start < cut {
			start = len(text)
		}
		got := append(decode(t, c, text[:start], 100, 100), decode(t, c, text[start:], 100, 100)...)
		if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
			t.Errorf("cut at %d: %q", cut, got)
		}
	}
}

func TestBinary(t *testing.T) {
	values := []struct {
		typ         column.Type
		big, little string
		set         func(*column.Vector)
	}{
		{column.Of(column.Boolean), "\x01", "\x01", func(v *column.Vector) { v.AppendBool(true) }},
		{column.Of(column.TinyInt), "\xff", "\xff", func(v *column.Vector) { column.Append(v, int8(-1)) }},
		{column.Of(column.SmallInt), "\x01\x02", "\x02\x01", func(v *column.Vector) { column.Append(v, int16(258)) }},
		{column.Of(column.Int), "\x00\x00\x01\x02", "\x02\x01\x00\x00", func(v *column.Vector) { column.Append(v, int32(258)) }},
		{column.Of(column.BigInt), "\xff\xff\xff\xff\xff\xff\xff\xfe", "\xfe\xff\xff\xff\xff\xff\xff\xff", func(v *column.Vector) { column.Append(v, int64(-2)) }},
		{column.Of(column.Float), "\x3f\xc0\x00\x00", "\x00\x00\xc0\x3f", func(v *column.Vector) { column.Append(v, float32(1.5)) }},
		{column.Of(column.Double), "\x3f\xf8\x00\x00\x00\x00\x00\x00", "\x00\x00\x00\x00\x00\x00\xf8\x3f", func(v *column.Vector) { column.Append(v, 1.5) }},
		{column.Bytes(), "\x00\xff", "\x00\xff", func(v *column.Vector) { v.AppendBytes([]byte{0, 255}) }},
	}
	for _, value := range values {
		for order, text := range map[string]string{"big-endian": value.big, "little-endian": value.little} {
			c := config(t, value.typ, map[string]string{"endianness": order})
			want := column.NewBatch(c.Columns, 1)
			value.set(want.Cols[0])
			want.Len = 1
			e := mustEncoder(t, c)
			line, err := e.Encode(nil, want)
			if err != nil || string(line) != text+"\n" {
				t.Errorf("%s %s: wrote %q, %v, want %q", value.typ, order, line, err, text)
			}
			got := column.NewBatch(c.Columns, 1)
			if n, err := mustDecoder(t, c).Decode(line, true, got, 10); err != nil || n != len(line) || got.Len != 1 {
				t.Fatalf("%s: read %d bytes, %d rows, %v", value.typ, n, got.Len, err)
			}
			again, err := e.Encode(nil, got)
			if err != nil || string(again) != string(line) {
				t.Errorf("%s %s: read back as %q, %v, want %q", value.typ, order, again, err, line)
			}
		}
	}
}

func TestWrongSize(t *testing.T) {
	c := config(t, column.Of(column.Int), nil)
	out := column.NewBatch(c.Columns, 1)
	_, err := mustDecoder(t, c).Decode([]byte("abcd\nabc\n"), true, out, 10)
	var e *format.RecordError
	if !errors.As(err, &e) || e.Offset != 5 || out.Len != 1 {
		t.Fatalf("%#v, %d rows", err, out.Len)
	}
	if want := "a line of 3 bytes, but a value of type INT has 4 in column 'line': \"abc\""; err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestEncodeText(t *testing.T) {
	c := config(t, column.Str(), map[string]string{"charset": "ISO-8859-1"})
	b := column.NewBatch(c.Columns, 4)
	for _, s := range []string{"größe", "skipped", "", "€"} {
		b.Cols[0].AppendString(s)
		b.Len++
	}
	b.Sel = []int32{0, 2}
	e := mustEncoder(t, c)
	if out, err := e.Encode([]byte("x"), b); err != nil || string(out) != "xgr\xf6\xdfe\n\n" {
		t.Errorf("%q, %v", out, err)
	}
	b.Sel = nil
	if _, err := e.Encode(nil, b); err == nil || !strings.Contains(err.Error(), `row 4: column 'line': the character set ISO 8859-1 has no '€'`) {
		t.Error(err)
	}
	b.Cols[0].SetNull(1)
	if _, err := e.Encode(nil, b); err == nil || !strings.Contains(err.Error(), "row 2: column 'line' is NULL") {
		t.Error(err)
	}
}

func TestConfigErrors(t *testing.T) {
	text := column.Field{Name: "a", Type: column.Str()}
	for _, test := range []struct {
		columns []column.Field
		charset string
		want    string
	}{
		{[]column.Field{text, text}, "UTF-8", "single column, but the table has 2: [`a` STRING, `a` STRING]"},
		{nil, "UTF-8", "single column, but the table has 0"},
		{[]column.Field{{Name: "r", Type: column.RowOf(text)}}, "UTF-8", "cannot carry column 'r' of type ROW<`a` STRING>"},
		{[]column.Field{text}, "NOPE-8", "'raw.charset': 'NOPE-8' is not a known character set"},
		{[]column.Field{text}, "UTF-16", "lines of 'UTF-16' cannot be told apart"},
	} {
		c := config(t, column.Str(), map[string]string{"charset": test.charset})
		c.Columns = test.columns
		_, decodeErr := newDecoder(c)
		_, encodeErr := newEncoder(c)
		for _, err := range []error{decodeErr, encodeErr} {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
		}
	}
}

func TestNoColumnWanted(t *testing.T) {
	c := config(t, column.Str(), nil)
	c.Project = []int{}
	out := column.NewBatch(nil, 0)
	if n, err := mustDecoder(t, c).Decode([]byte("a\nb\nc"), true, out, 2); n != 4 || err != nil || out.Len != 2 {
		t.Errorf("%d bytes, %d rows, %v", n, out.Len, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("a\nb\r\n", uint8(2))
	f.Add("\xff\n\n", uint8(1))
	c := config(f, column.Str(), nil)
	f.Fuzz(func(t *testing.T, text string, most uint8) {
		text = text[:min(len(text), 2000)]
		got := decode(t, c, text, 7, int(most)+1)
		lines := strings.Count(text, "\n")
		if text != "" && !strings.HasSuffix(text, "\n") {
			lines++
		}
		if len(got) != lines {
			t.Fatalf("%d rows of %d lines", len(got), lines)
		}
		for _, line := range got {
			if !utf8.ValidString(line) {
				t.Fatalf("%q is not UTF-8", line)
			}
		}
	})
}

// text returns a megabyte of lines of about the given length.
func text(line int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b []byte
	for len(b) < 1<<20 {
		for range line/2 + r.IntN(line+1) {
			b = append(b, 'a'+byte(r.IntN(26)))
		}
		b = append(b, '\n')
	}
	return scan.Padded(b)
}

func BenchmarkDecode(b *testing.B) {
	c := config(b, column.Str(), nil)
	for _, line := range []int{10, 40, 200} {
		data := text(line)
		b.Run(fmt.Sprintf("line=%d", line), func(b *testing.B) {
			formattest.BenchmarkDecode(b, mustDecoder(b, c), c.Columns, data)
		})
		// The limit: a loop that finds the lines and notes where they begin.
		b.Run(fmt.Sprintf("line=%d/hand", line), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			starts := make([]int32, 4096)
			for b.Loop() {
				row := 0
				for at := 0; at < len(data); row++ {
					i := bytes.IndexByte(data[at:], '\n')
					starts[row&4095] = int32(at)
					at += i + 1
				}
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	c := config(b, column.Str(), nil)
	formattest.BenchmarkEncode(b, mustEncoder(b, c), mustDecoder(b, c), c.Columns, text(40))
}
