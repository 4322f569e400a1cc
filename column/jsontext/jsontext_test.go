package jsontext

import (
	"encoding/json"
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// normal reads a text and prints it in normal form.
func normal(text string) (string, error) {
	var d Doc
	var p Printer
	if err := d.Parse([]byte(text)); err != nil {
		return "", err
	}
	return string(p.Append(nil, &d, 0)), nil
}

func TestNormalForm(t *testing.T) {
	for text, want := range map[string]string{
		`{"b": 1, "a": [1, 2.50, null, true, false]}`: `{"a":[1,2.50,null,true,false],"b":1}`,
		`{"a":1,"b":2,"a":3}`:                         `{"a":3,"b":2}`,
		`{"a":{"z":[],"y":{}}}`:                       `{"a":{"y":{},"z":[]}}`,
		`{"\u0061":1}`:                                `{"a":1}`,
		`[1.50, 1e3, 1e-10, 12345678901234567890]`:    `[1.50,1E+3,1E-10,12345678901234567890]`,
		`["é", "\/", "\n\u0001", "\ud83d\ude00"]`:     "[\"é\",\"/\",\"\\n\\u0001\",\"😀\"]",
		`"\ud83d"`:  `"?"`,
		`1 2`:       `1`,
		`{"a":1} x`: `{"a":1}`,
		"  5  ":     `5`,
		`-0`:        `0`,
		`""`:        `""`,
	} {
		if got, err := normal(text); err != nil || got != want {
			t.Errorf("%s is %s, %v, want %s", text, got, err, want)
		}
	}
}

func TestNoJSON(t *testing.T) {
	for text, offset := range map[string]int{
		"": 0, " ": 1, "truex": 0, "[1,]": 3, "01": 0, "1.": 2, ".5": 0, "+1": 0, "NaN": 0, "'x'": 0, "{a:1}": 1, `"\x"`: 1, `"\u12"`: 1, "/*c*/5": 0,
		`{"a":}`: 5, `{"a" 1}`: 5, `{"a":1,}`: 7, "[1 2]": 3, `{"a":1]`: 6, "[1}": 2, `"a`: 2, "\"a\n\"": 2, "5x": 1, "-": 1, "1e": 2, "[": 1, `"\`: 2, "nul": 0,
		strings.Repeat("[", MaxDepth+1): MaxDepth, strings.Repeat("9", 1001): 0,
	} {
		_, err := normal(text)
		var at *SyntaxError
		if !errors.As(err, &at) || at.Offset != offset {
			t.Errorf("%.40q: %v, want an error at %d", text, err, offset)
		}
	}
	deep := strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth)
	if got, err := normal(deep); err != nil || got != deep {
		t.Errorf("%d arrays: %v", MaxDepth, err)
	}
}

func TestAppendNumber(t *testing.T) {
	for text, want := range map[string]string{
		"12.50": "12.50", "1e3": "1E+3", "1E+3": "1E+3", "100e-2": "1.00", "0.00000001": "1E-8", "0.000001": "0.000001", "0.0000001": "1E-7", "1.0E-10": "1.0E-10",
		"-0": "0", "-0.0": "0.0", "0e5": "0E+5", "0.00000000": "0E-8", "1E400": "1E+400", "123.456e1": "1234.56", "-1.5e-7": "-1.5E-7", "-12": "-12", "1.5e10": "1.5E+10",
		"0.10": "0.10", "10e0": "10",
	} {
		if got := string(AppendNumber(nil, []byte(text))); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
		a, _ := new(big.Rat).SetString(text)
		if b, ok := new(big.Rat).SetString(want); !ok || a.Cmp(b) != 0 {
			t.Errorf("%s is another number than %s", want, text)
		}
	}
}

func TestQuoted(t *testing.T) {
	for text, want := range map[string][2]string{
		"":           {`""`, `""`},
		"a\"b\\c/":   {`"a\"b\\c/"`, `"a\"b\\c/"`},
		"é😀":         {`"é😀"`, `"\u00e9\ud83d\ude00"`},
		"\b\f\n\r\t": {`"\b\f\n\r\t"`, `"\b\f\n\r\t"`},
		"\x01\x1f":   {`"\u0001\u001F"`, `"\u0001\u001f"`},
		"a long text without anything, and then\n": {`"a long text without anything, and then\n"`, `"a long text without anything, and then\n"`},
	} {
		if got := string(AppendQuoted(nil, []byte(text))); got != want[0] {
			t.Errorf("%q quoted is %s, want %s", text, got, want[0])
		}
		if got := string(AppendQuotedASCII(nil, []byte(text))); got != want[1] {
			t.Errorf("%q quoted in ASCII is %s, want %s", text, got, want[1])
		}
	}
	for _, bad := range []string{`\x`, `\u12`, `\`, `a\u00zz`} {
		if _, ok := AppendUnescaped(nil, []byte(bad)); ok {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestMembers(t *testing.T) {
	var d Doc
	if err := d.Parse([]byte(`{"a":1,"b":[10,[20],30],"\u0061":2}`)); err != nil {
		t.Fatal(err)
	}
	text := func(n int32) string {
		if n < 0 {
			return "none"
		}
		return string(new(Printer).Append(nil, &d, n))
	}
	list := d.Member(0, "b")
	for i, want := range map[int]string{0: "10", 1: "[20]", 2: "30", 3: "none", -1: "none"} {
		if got := text(d.Element(list, i)); got != want {
			t.Errorf("element %d is %s, want %s", i, got, want)
		}
	}
	if got := text(d.Member(0, "a")); got != "2" {
		t.Errorf("a is %s", got)
	}
	if got := text(d.Member(0, "c")); got != "none" {
		t.Errorf("c is %s", got)
	}
}

// A text that the standard library takes whole is taken, and means the same in normal form; one that is taken is stable in normal form.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		`{"a": [1, 2.5, "x\n", true, null, {"b": 1e3}]}`, `"\ud83d\ude00"`, `[[[]]]`, `{"a":1,"a":2}`, `-0.0`, `1 2`, `bad`, `{"a":{"b":[{"c":1}]}}`, "\"\\u0000\"",
		`{"a.b": [0.998,0.996]}`, `"\uD800x"`, "[\"\xff\"]",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var d Doc
		var p Printer
		err := d.Parse(text)
		if err == nil && int(d.Nodes[0].Next) != len(d.Nodes) {
			t.Fatalf("the value has %d of %d nodes", d.Nodes[0].Next, len(d.Nodes))
		}
		plain := len(text) < 1000 && utf8.Valid(text)
		if plain && json.Valid(text) && err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if err != nil {
			return
		}
		once := p.Append(nil, &d, 0)
		var again Doc
		if err := again.Parse(once); err != nil {
			t.Fatalf("%s became %s: %v", text, once, err)
		}
		if twice := p.Append(nil, &again, 0); string(twice) != string(once) {
			t.Fatalf("%s became %s", once, twice)
		}
		if !plain || !json.Valid(text) || strings.Contains(string(text), `\u`) {
			return
		}
		var a, b any
		if json.Unmarshal(text, &a) == nil && json.Unmarshal(once, &b) == nil && !reflect.DeepEqual(a, b) {
			t.Fatalf("%s became %s", text, once)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := []byte(`{"id": 4711, "name": "a longer text without escapes", "tags": ["red", "green", "blue"], "price": 12.50, "nested": {"a": {"b": [1, 2, 3]}, "ok": true}}`)
	var d Doc
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if err := d.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
