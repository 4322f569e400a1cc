package s3select

import (
	"bytes"
	"cmp"
	"math"
	"strconv"

	"github.com/millstream/millstream/column/jsontext"
)

type kind uint8

const (
	kindMissing kind = iota // there is no such field
	kindNull
	kindBool
	kindInt
	kindFloat
	kindText
	kindRaw  // a field of CSV: text that becomes what it is compared or computed with
	kindTime // a timestamp
	kindNode // an array or object
)

// value is what an expression has. Its text lies in the block that was read, in the evaluator's memory, or in the statement.
type value struct {
	kind   kind
	detail timeDetail // of kindTime
	offset int16      // of kindTime: minutes ahead of UTC
	node   int32      // of kindNode: the place in doc; of kindTime: nanoseconds of the second
	i      int64      // of kindInt, kindBool (0 or 1), kindTime (seconds since 1970-01-01T00:00:00Z)
	f      float64    // of kindFloat
	text   []byte     // of kindText and kindRaw
	doc    *jsontext.Doc
}

func textValue(s string) value   { return value{kind: kindText, text: []byte(s)} }
func intValue(i int64) value     { return value{kind: kindInt, i: i} }
func floatValue(f float64) value { return value{kind: kindFloat, f: f} }
func rawValue(text []byte) value { return value{kind: kindRaw, text: text} }
func (v *value) isAbsent() bool  { return v.kind <= kindNull }
func (v *value) isNumber() bool  { return v.kind == kindInt || v.kind == kindFloat }
func (v *value) isText() bool    { return v.kind == kindText || v.kind == kindRaw }
func (v *value) asFloat() float64 {
	if v.kind == kindInt {
		return float64(v.i)
	}
	return v.f
}

func boolValue(b bool) value {
	if b {
		return value{kind: kindBool, i: 1}
	}
	return value{kind: kindBool}
}

func trimBlanks(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t' || b[len(b)-1] == '\r') {
		b = b[:len(b)-1]
	}
	return b
}

// parseNumber reads a number in decimal notation, with blanks around it. One without fraction and exponent is an int if it fits.
func parseNumber(text []byte) (value, bool) {
	if mantissa, scale, ok := scanNumber(text); ok {
		if scale == 0 {
			return intValue(mantissa), true
		}
		return floatValue(float64(mantissa) / powers[scale]), true
	}
	b := trimBlanks(text)
	if len(b) == 0 || len(b) > maxDigits {
		return value{}, false
	}
	if n, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		return intValue(n), true
	}
	return parseFraction(b)
}

// Powers of ten that a float has exactly.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// scanNumber reads the numbers that are nearly all: up to 15 digits without exponent. The number is mantissa / powers[scale].
func scanNumber(b []byte) (mantissa int64, scale int, ok bool) {
	i := 0
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		i = 1
	}
	if n := len(b) - i; n == 0 || n > 15 {
		return 0, 0, false
	}
	point := -1
	for ; i < len(b); i++ {
		c := b[i] - '0'
		if c > 9 {
			if b[i] != '.' || point >= 0 {
				return 0, 0, false
			}
			point = i
			continue
		}
		mantissa = mantissa*10 + int64(c)
	}
	if point >= 0 {
		scale = len(b) - 1 - point
		if scale == 0 || mantissa == 0 { // "1." and "-0.0" are for the general case
			return 0, 0, false
		}
	}
	if negative {
		mantissa = -mantissa
	}
	return mantissa, scale, true
}

const maxDigits = 400 // of a number with its sign, point and exponent: more are text

func parseFraction(b []byte) (value, bool) {
	for _, c := range b {
		if c-'0' > 9 && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return value{}, false
		}
	}
	f, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return value{}, false
	}
	return floatValue(f), true
}

func parseBool(text []byte) (bool, bool) {
	b := trimBlanks(text)
	switch {
	case bytes.EqualFold(b, []byte("true")):
		return true, true
	case bytes.EqualFold(b, []byte("false")):
		return false, true
	}
	return false, false
}

// compare orders two present values; comparable is false for values of different kinds. A field of CSV is read as the kind of what
// it is compared with.
func compare(a, b *value) (order int, comparable bool) {
	switch {
	case a.kind == kindInt && b.kind == kindInt:
		return cmp.Compare(a.i, b.i), true
	case a.isNumber() && b.isNumber():
		return compareNumbers(a, b)
	case a.isText() && b.isText():
		return bytes.Compare(a.text, b.text), true
	case a.kind == kindRaw:
		read, ok := readAs(a, b.kind)
		if !ok {
			return 0, false
		}
		return compare(&read, b)
	case b.kind == kindRaw:
		read, ok := readAs(b, a.kind)
		if !ok {
			return 0, false
		}
		return compare(a, &read)
	case a.kind != b.kind:
		return 0, false
	case a.kind == kindBool:
		return cmp.Compare(a.i, b.i), true
	case a.kind == kindTime:
		return cmp.Or(cmp.Compare(a.i, b.i), cmp.Compare(a.node, b.node)), true
	case a.kind == kindNode:
		return bytes.Compare(appendNode(nil, a), appendNode(nil, b)), true
	}
	return 0, false
}

// compareNumbers compares numbers of which at least one is a float. An int beyond 2^53 is not rounded.
func compareNumbers(a, b *value) (int, bool) {
	x, y := a.asFloat(), b.asFloat()
	if x != x || y != y {
		return 0, false
	}
	if x == y && math.Abs(x) < 1<<63 {
		if a.kind == kindInt {
			return cmp.Compare(a.i, int64(y)), true
		}
		if b.kind == kindInt {
			return cmp.Compare(int64(x), b.i), true
		}
	}
	return cmp.Compare(x, y), true
}

// readAs gives a field of CSV the kind k.
func readAs(v *value, k kind) (value, bool) {
	switch k {
	case kindInt, kindFloat:
		return parseNumber(v.text)
	case kindBool:
		b, ok := parseBool(v.text)
		return boolValue(b), ok
	case kindTime:
		return parseTime(v.text)
	}
	return value{}, false
}

// appendValue writes a value as text: nothing for NULL and MISSING.
func appendValue(dst []byte, v *value) []byte {
	switch v.kind {
	case kindBool:
		return strconv.AppendBool(dst, v.i == 1)
	case kindInt:
		return strconv.AppendInt(dst, v.i, 10)
	case kindFloat:
		return appendFloat(dst, v.f)
	case kindText, kindRaw:
		return append(dst, v.text...)
	case kindTime:
		return appendTime(dst, v)
	case kindNode:
		return appendNode(dst, v)
	}
	return dst
}

// appendJSON writes a value as JSON.
func appendJSON(dst []byte, v *value) []byte {
	switch v.kind {
	case kindMissing, kindNull:
		return append(dst, "null"...)
	case kindText, kindRaw:
		return jsontext.AppendQuoted(dst, v.text)
	case kindTime:
		dst = append(dst, '"')
		return append(appendTime(dst, v), '"')
	case kindFloat:
		if math.IsNaN(v.f) || math.IsInf(v.f, 0) {
			return append(dst, "null"...)
		}
	}
	return appendValue(dst, v)
}

// appendNode writes an array or object as it stands in the record, which may be on several lines in a document.
func appendNode(dst []byte, v *value) []byte {
	x := &v.doc.Nodes[v.node]
	if x.Kind.IsScalar() {
		if x.Kind == jsontext.String {
			return v.doc.AppendString(dst, v.node)
		}
		return append(dst, v.doc.Text[x.From:x.To]...)
	}
	open, end, width := byte('['), byte(']'), int32(1)
	if x.Kind == jsontext.Object {
		open, end, width = '{', '}', 2
	}
	dst = append(dst, open)
	for c := v.node + 1; c < x.Next; {
		if c > v.node+1 {
			dst = append(dst, ',')
		}
		if width == 2 {
			dst = append(v.doc.AppendString(dst, c), ':')
			c++
		}
		dst = appendNode(dst, &value{doc: v.doc, node: c})
		c = v.doc.Nodes[c].Next
	}
	return append(dst, end)
}

// appendFloat writes the shortest digits that tell the number from its neighbours, with an exponent only where there would be many zeros.
func appendFloat(dst []byte, f float64) []byte {
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}
