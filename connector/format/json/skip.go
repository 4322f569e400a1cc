package json

import (
	"math/bits"

	"github.com/millstream/millstream/connector/format/internal/scan"
)

// deepest is how deep objects and arrays may be nested, as in Flink.
const deepest = 1000

// stringEnd returns the position of the first quote, backslash or control character from i on. The line feed at the end of the
// line is one.
func stringEnd(b []byte, i int) int {
	for {
		w := scan.Load(b, i)
		q := w ^ scan.Ones*'"'
		s := w ^ scan.Ones*'\\'
		// A byte's high bit is set in m if it is one of them; behind the first also where it is not.
		m := ((q-scan.Ones)&^q | (s-scan.Ones)&^s | (w-scan.Ones*' ')&^w) & scan.High
		if m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
}

// skipString checks the text at i, which is behind the opening quote.
func (d *decoder) skipString(i int) int {
	for {
		i = stringEnd(d.block, i)
		switch d.block[i] {
		case '"':
			return i + 1
		case '\\':
			if i = d.escape(i); i < 0 {
				return -1
			}
		default:
			return d.syntax(i, "a control character in a text, or no closing quote")
		}
	}
}

// escape checks the escape at i.
func (d *decoder) escape(i int) int {
	switch d.block[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if _, ok := hex(d.block[i+2:]); ok {
			return i + 6
		}
	}
	return d.syntax(i, "an escape that JSON does not have")
}

// hex reads four hexadecimal digits.
func hex(b []byte) (r rune, ok bool) {
	for _, c := range b[:4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// skip checks the value at i.
func (d *decoder) skip(i, depth int) int {
	b := d.block
	switch c := b[i]; c {
	case '"':
		if end := stringEnd(b, i+1); b[end] == '"' {
			return end + 1
		}
		return d.skipString(i + 1)
	case '{':
		return d.skipObject(i+1, depth+1)
	case '[':
		return d.skipArray(i+1, depth+1)
	case 't', 'f', 'n':
		return d.literal(i)
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		end, _ := d.number(i)
		return end
	}
	return d.syntax(i, "expected a value")
}

func (d *decoder) skipObject(i, depth int) int {
	b := d.block
	if depth > deepest {
		return d.syntax(i, "objects and arrays are nested too deep")
	}
	if i = blanks(b, i); b[i] == '}' {
		return i + 1
	}
	for {
		if b[i] != '"' {
			return d.syntax(i, "expected a key in quotes")
		}
		if i = d.skipString(i + 1); i < 0 {
			return -1
		}
		if i = blanks(b, i); b[i] != ':' {
			return d.syntax(i, "expected ':' behind a key")
		}
		if i = d.skip(blanks(b, i+1), depth); i < 0 {
			return -1
		}
		i = blanks(b, i)
		switch b[i] {
		case ',':
			i = blanks(b, i+1)
		case '}':
			return i + 1
		default:
			return d.syntax(i, "expected ',' or '}'")
		}
	}
}

func (d *decoder) skipArray(i, depth int) int {
	b := d.block
	if depth > deepest {
		return d.syntax(i, "objects and arrays are nested too deep")
	}
	if i = blanks(b, i); b[i] == ']' {
		return i + 1
	}
	for {
		if i = d.skip(i, depth); i < 0 {
			return -1
		}
		i = blanks(b, i)
		switch b[i] {
		case ',':
			i = blanks(b, i+1)
		case ']':
			return i + 1
		default:
			return d.syntax(i, "expected ',' or ']'")
		}
	}
}

// literal checks true, false or null at i.
func (d *decoder) literal(i int) int {
	b := d.block
	switch {
	case string(b[i:i+4]) == "true" || string(b[i:i+4]) == "null":
		return i + 4
	case string(b[i:i+5]) == "false":
		return i + 5
	}
	return d.syntax(i, "expected true, false or null")
}

// number checks the number at i. fraction says that it has a fraction or an exponent.
func (d *decoder) number(i int) (end int, fraction bool) {
	b := d.block
	if b[i] == '-' {
		i++
	}
	switch {
	case b[i] == '0':
		i++
	case b[i]-'1' <= 8:
		i = digits(b, i)
	default:
		return d.syntax(i, "expected a digit"), false
	}
	if b[i] == '.' {
		if b[i+1]-'0' > 9 {
			return d.syntax(i+1, "expected a digit behind the point"), false
		}
		i = digits(b, i+1)
		fraction = true
	}
	if b[i]|0x20 == 'e' {
		i++
		if b[i] == '+' || b[i] == '-' {
			i++
		}
		if b[i]-'0' > 9 {
			return d.syntax(i, "expected a digit of the exponent"), false
		}
		i = digits(b, i)
		fraction = true
	}
	return i, fraction
}

func digits(b []byte, i int) int {
	for b[i]-'0' <= 9 {
		i++
	}
	return i
}
