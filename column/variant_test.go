package column

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column/jsontext"
)

// variant makes a VARIANT of a JSON text.
func variant(t testing.TB, text string) []byte {
	t.Helper()
	var d jsontext.Doc
	if err := d.Parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	b, err := new(VariantBuilder).Append(nil, &d, true)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVariantJSON(t *testing.T) {
	long := strings.Repeat("abc", 100)
	for text, want := range map[string]string{
		"1": "1", "-129": "-129", "40000": "40000", "3000000000": "3000000000", "1.50": "1.5", "1.0": "1", "100.00": "100", "1e3": "1000.0", "1e20": "1.0E20", "-0": "0", "-0.0": "0",
		"12345678901234567890": "12345678901234567890", "123456789012345678901234567890123456789": "1.2345678901234568E38",
		"0.00000000000000000000000000000000000001": "0.00000000000000000000000000000000000001", "0.000000000000000000000000000000000000001": "1.0E-39", "1E400": "Infinity",
		"true": "true", "null": "null", `"é\n"`: `"é\n"`, `"` + long + `"`: `"` + long + `"`, "[]": "[]", "{}": "{}",
		`{"b":1,"a":{"d":[],"c":{}}}`: `{"a":{"c":{},"d":[]},"b":1}`, `{"a":1,"a":2}`: `{"a":2}`, `{"\u0061":1}`: `{"a":1}`,
		"[" + strings.Repeat("7,", 300) + "8]": "[" + strings.Repeat("7,", 300) + "8]",
	} {
		if got := string(VariantOf(variant(t, text)).AppendJSON(nil)); got != want {
			t.Errorf("%.50s is %.50s, want %.50s", text, got, want)
		}
	}
}

func TestVariantParts(t *testing.T) {
	v := VariantOf(variant(t, `{"z":[1,{"k":"`+strings.Repeat("x", 100)+`"},[2]],"a":null}`))
	if v.Len() != 2 || !v.IsObject() || v.IsArray() {
		t.Errorf("%d members, object %t", v.Len(), v.IsObject())
	}
	z, ok := v.Member([]byte("z"))
	if !ok || !z.IsArray() || z.Len() != 3 {
		t.Fatalf("z is %s", z.AppendJSON(nil))
	}
	for i, want := range []string{"1", `{"k":"` + strings.Repeat("x", 100) + `"}`, "[2]"} {
		e, ok := z.Element(i)
		own := VariantOf(e.AppendTo(nil)) // a value of its own
		if got := string(own.AppendJSON(nil)); !ok || got != want {
			t.Errorf("element %d is %s, want %s", i, got, want)
		}
	}
	for _, i := range []int{-1, 3} {
		if _, ok := z.Element(i); ok {
			t.Errorf("there is an element %d", i)
		}
	}
	if _, ok := v.Member([]byte("y")); ok {
		t.Error("there is a member y")
	}
	if _, ok := z.Member([]byte("k")); ok {
		t.Error("an array has a member")
	}
	var d jsontext.Doc
	if err := d.Parse([]byte(`[{"a":1,"b":2,"a":3}]`)); err != nil {
		t.Fatal(err)
	}
	var twice *DuplicateError
	if _, err := new(VariantBuilder).Append(nil, &d, false); !errors.As(err, &twice) || twice.Name != "a" {
		t.Errorf("error %v", err)
	}
}

// Values of types that JSON does not have, as other programs write them.
func TestVariantPrimitives(t *testing.T) {
	primitive := func(kind byte, b ...byte) []byte { return append([]byte{1, 0, 0, kind << 2}, b...) }
	le := binary.LittleEndian
	for want, b := range map[string][]byte{
		`"2024-05-01"`:                    primitive(variantDate, le.AppendUint32(nil, 19844)...),
		`"1970-01-01 00:00:01.500000"`:    primitive(variantTimestamp, le.AppendUint64(nil, 1500000)...),
		`"1970-01-01 00:00:00.000000007"`: primitive(variantTimestampNanos, le.AppendUint64(nil, 7)...),
		`"00:00:01.000000"`:               primitive(variantTime, le.AppendUint64(nil, 1000000)...),
		`1.5`:                             primitive(variantFloat, le.AppendUint32(nil, math.Float32bits(1.5))...),
		`"QUI="`:                          primitive(variantBinary, 2, 0, 0, 0, 'A', 'B'),
		`12.3`:                            primitive(variantDecimal4, append([]byte{2}, le.AppendUint32(nil, 1230)...)...),
		`"AAAAAAAAAAAAAAAAAAAAAA=="`:      primitive(variantUUID, make([]byte, 16)...),
		`null`:                            primitive(variantInt64, 1, 2),
	} {
		if got := string(VariantOf(b).AppendJSON(nil)); got != want {
			t.Errorf("%x is %s, want %s", b, got, want)
		}
	}
}

// jsonValue draws a JSON text.
func jsonValue(t *rapid.T, depth int) string {
	switch k := rapid.IntRange(0, 7).Draw(t, "kind"); {
	case k == 0:
		return rapid.SampledFrom([]string{"null", "true", "false"}).Draw(t, "word")
	case k <= 2:
		return rapid.StringMatching(`-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,20})?(e-?[0-9]{1,2})?`).Draw(t, "number")
	case k <= 4 || depth == 0:
		return string(jsontext.AppendQuoted(nil, []byte(rapid.String().Draw(t, "text"))))
	case k == 5:
		list := make([]string, rapid.IntRange(0, 4).Draw(t, "elements"))
		for i := range list {
			list[i] = jsonValue(t, depth-1)
		}
		return "[" + strings.Join(list, ",") + "]"
	default:
		list := make([]string, rapid.IntRange(0, 4).Draw(t, "members"))
		for i := range list {
			list[i] = string(jsontext.AppendQuoted(nil, []byte(rapid.StringN(0, 5, 80).Draw(t, "name")))) + ":" + jsonValue(t, depth-1)
		}
		return "{" + strings.Join(list, ",") + "}"
	}
}

// What is made of a document has its parts, and its JSON makes the same again.
func TestVariantModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := jsonValue(rt, 4)
		b := variant(t, text)
		var d jsontext.Doc
		if err := d.Parse([]byte(text)); err != nil {
			t.Fatal(err)
		}
		same(rt, &d, 0, VariantOf(b))
		once := VariantOf(b).AppendJSON(nil)
		if strings.Contains(string(once), "Infinity") {
			return
		}
		twice := VariantOf(variant(t, string(once))).AppendJSON(nil) // a DOUBLE such as 1.0 is a decimal now, and loses its zero
		if thrice := VariantOf(variant(t, string(twice))).AppendJSON(nil); string(thrice) != string(twice) {
			rt.Fatalf("%s became %s", twice, thrice)
		}
	})
}

func same(t *rapid.T, d *jsontext.Doc, n int32, v VariantValue) {
	x := &d.Nodes[n]
	switch x.Kind {
	case jsontext.Array:
		if !v.IsArray() || v.Len() != int(x.Count) {
			t.Fatalf("%s has %d elements, not %d", v.AppendJSON(nil), v.Len(), x.Count)
		}
		for i := range int(x.Count) {
			e, _ := v.Element(i)
			same(t, d, d.Element(n, i), e)
		}
	case jsontext.Object:
		if !v.IsObject() {
			t.Fatalf("%s is no object", v.AppendJSON(nil))
		}
		for c := n + 1; c < x.Next; c = d.Nodes[c+1].Next {
			name := d.AppendValue(nil, c)
			m, ok := v.Member(name)
			if !ok {
				t.Fatalf("%s has no member %q", v.AppendJSON(nil), name)
			}
			same(t, d, d.Member(n, string(name)), m)
		}
	case jsontext.String:
		want := jsontext.AppendQuoted(nil, d.AppendValue(nil, n))
		if got := v.AppendJSON(nil); string(got) != string(want) {
			t.Fatalf("%s, want %s", got, want)
		}
	}
}

// Bytes that are no VARIANT are printed as something.
func FuzzVariant(f *testing.F) {
	for _, text := range []string{`{"a":[1,2.5,"x"],"b":{"c":null}}`, `[]`, `1e20`, `"` + strings.Repeat("x", 100) + `"`} {
		f.Add(variant(f, text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v := VariantOf(b)
		v.AppendJSON(nil)
		own := VariantOf(v.AppendTo(nil))
		if got, want := own.AppendJSON(nil), v.AppendJSON(nil); v.Len() == 0 && !slices.Equal(got, want) {
			t.Fatalf("%s became %s", want, got)
		}
		v.Member([]byte("a"))
		v.Element(1)
	})
}

func TestBitset(t *testing.T) {
	v := NewVector(Of(Bitset), 1)
	v.AppendBytes([]byte{0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 16, 0, 0, 0, 1, 0, 2, 0}) // the members 1 and 2, as Apache Flink writes them
	if got := string(AppendText(nil, v, 0, nil)); got != "{1,2}" {
		t.Errorf("the text is %s", got)
	}
	if got := string(AppendBitset(nil, []byte("no bitmap"))); got != "{}" {
		t.Errorf("of no bitmap the text is %s", got)
	}
}
