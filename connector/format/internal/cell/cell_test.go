package cell

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format/internal/scan"
)

// show writes row i of a vector of texts, lists and rows.
func show(v *column.Vector, i int) string {
	if v.IsNull(i) {
		return "NULL"
	}
	switch v.Type.Kind {
	case column.Array:
		o := v.Offsets()
		var list []string
		for e := o[i]; e < o[i+1]; e++ {
			list = append(list, show(v.Children[0], int(e)))
		}
		return "[" + strings.Join(list, " ") + "]"
	case column.Row:
		var list []string
		for _, c := range v.Children {
			list = append(list, show(c, i))
		}
		return "(" + strings.Join(list, " ") + ")"
	case column.Int:
		return fmt.Sprint(column.Values[int32](v)[i])
	}
	return string(v.BytesAt(i))
}

// Whatever is written, given up and written again stands in the vector, over several blocks and after a reset.
func TestWriter(t *testing.T) {
	list := column.ArrayOf(column.Str())
	typ := column.RowOf(column.Field{Name: "n", Type: column.Of(column.Int)}, column.Field{Name: "xs", Type: list})
	block := scan.Padded([]byte("a rather long text and x"))
	rapid.Check(t, func(t *rapid.T) {
		v := column.NewVector(typ, 0)
		w := NewWriter("r", typ)
		for range 2 {
			var want []string
			v.Reset()
			for range rapid.IntRange(1, 3).Draw(t, "blocks") {
				w.Begin(v, block[:len(block)+16], rapid.IntRange(0, 20).Draw(t, "room"))
				for range rapid.IntRange(0, 100).Draw(t, "rows") {
					text, ok := write(t, w, len(want), block)
					if ok {
						want = append(want, text)
					} else {
						w.Forget(len(want))
					}
				}
				w.End(len(want))
			}
			if v.Len != len(want) || v.Children[0].Len != len(want) {
				t.Fatalf("%d rows, want %d", v.Len, len(want))
			}
			for i, text := range want {
				if got := show(v, i); got != text {
					t.Fatalf("row %d: %s, want %s", i, got, text)
				}
			}
		}
	})
}

// write writes a random row i and returns it as text, unless it is given up.
func write(t *rapid.T, w *Writer, i int, block []byte) (string, bool) {
	n, xs := w.Children[0], w.Children[1]
	kind := rapid.IntRange(0, 9).Draw(t, "kind")
	if kind == 0 {
		w.Null(i)
		return "NULL", true
	}
	number := "NULL"
	if kind == 1 {
		n.Null(i)
	} else {
		n.Int32(i, int32(i))
		number = fmt.Sprint(i)
	}
	if kind == 2 {
		return "", false
	}
	if kind == 3 {
		xs.Null(i)
		return "(" + number + " NULL)", true
	}
	var texts []string
	for e := range rapid.IntRange(0, 4).Draw(t, "elements") {
		at := xs.Start(i) + e
		switch rapid.IntRange(0, 3).Draw(t, "element") {
		case 0:
			xs.Children[0].Null(at)
			texts = append(texts, "NULL")
		case 1:
			xs.Children[0].View(at, 2, 11)
			texts = append(texts, string(block[2:13]))
		case 2:
			xs.Children[0].View(at, 0, len(block))
			texts = append(texts, string(block))
		default:
			xs.Children[0].Bytes(at, block[1:])
			texts = append(texts, string(block[1:]))
		}
	}
	if kind == 4 {
		return "", false
	}
	xs.List(i, len(texts))
	return "(" + number + " [" + strings.Join(texts, " ") + "])", true
}

func TestText(t *testing.T) {
	form := TextForm{Timestamp: scan.TimestampForm{Separator: ' '}}
	for _, test := range []struct {
		typ        column.Type
		good, bad  []string
		goodIsNull bool
	}{
		{typ: column.Of(column.Boolean), good: []string{"true", "no", ""}},
		{typ: column.Of(column.TinyInt), good: []string{"127", " -128 "}, bad: []string{"128", "", "x", "1.0"}},
		{typ: column.Of(column.SmallInt), good: []string{"32767"}, bad: []string{"32768", "-32769"}},
		{typ: column.Of(column.Int), good: []string{"2147483647"}, bad: []string{"2147483648"}},
		{typ: column.Of(column.BigInt), good: []string{"9223372036854775807"}, bad: []string{"9223372036854775808"}},
		{typ: column.Of(column.Float), good: []string{"1.5", "NaN"}, bad: []string{"x"}},
		{typ: column.Of(column.Double), good: []string{" 1e3 "}, bad: []string{""}},
		{typ: column.DecimalOf(4, 2), good: []string{"12.34", "99.994"}, bad: []string{"x"}},
		{typ: column.DecimalOf(4, 2), good: []string{"100", "99.995"}, goodIsNull: true},
		{typ: column.Bytes(), good: []string{"aGk=", "aGk", ""}, bad: []string{"a", "?"}},
		{typ: column.Of(column.Date), good: []string{"2024-02-29"}, bad: []string{"2023-02-29", " 2024-01-01"}},
		{typ: column.Of(column.Time), good: []string{"10:11:12"}, bad: []string{"10:11"}},
		{typ: column.Sized(column.Timestamp, 3), good: []string{"2024-01-01 00:00:00"}, bad: []string{"2024-01-01 00:00:00Z", ""}},
		{typ: column.Sized(column.TimestampLTZ, 3), good: []string{"2024-01-01 00:00:00Z"}, bad: []string{"2024-01-01 00:00:00"}},
		{typ: column.Of(column.Null), good: []string{"x"}, goodIsNull: true},
	} {
		w := NewWriter("c", test.typ)
		v := column.NewVector(test.typ, 0)
		w.Begin(v, nil, 1)
		for _, text := range test.good {
			w.Forget(0)
			if !w.Text(0, []byte(text), &form) {
				t.Errorf("%s: %q was refused", test.typ, text)
			}
			if v.IsNull(0) != test.goodIsNull {
				t.Errorf("%s: %q is NULL: %v", test.typ, text, v.IsNull(0))
			}
		}
		for _, text := range test.bad {
			if w.Text(0, []byte(text), &form) {
				t.Errorf("%s: %q was accepted", test.typ, text)
			}
		}
		w.End(1)
	}
}

func TestTimePrecision(t *testing.T) {
	for precision, want := range []int32{1000, 1900, 1980, 1987} {
		w := NewWriter("t", column.Sized(column.Time, precision))
		v := column.NewVector(w.Type, 0)
		w.Begin(v, nil, 1)
		if ok := w.Text(0, []byte("00:00:01.9876"), &TextForm{}); !ok || column.Values[int32](v)[0] != want {
			t.Errorf("TIME(%d): %d", precision, column.Values[int32](v)[0])
		}
	}
}
