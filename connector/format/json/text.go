package json

import (
	"unicode/utf16"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/jsontext"
	"github.com/millstream/millstream/connector/format/internal/scan"
)

// unescape writes the text at i, whose first backslash is at first, to the scratch memory. It returns the position behind the
// closing quote.
func (d *decoder) unescape(i, first int) int {
	b := d.block
	out := append(d.scratch[:0], b[i:first]...)
	for i = first; ; {
		switch b[i] {
		case '"':
			d.scratch = out
			return i + 1
		case '\\':
			end := d.escape(i)
			if end < 0 {
				return -1
			}
			switch c := b[i+1]; c {
			case 'b':
				out = append(out, '\b')
			case 'f':
				out = append(out, '\f')
			case 'n':
				out = append(out, '\n')
			case 'r':
				out = append(out, '\r')
			case 't':
				out = append(out, '\t')
			case 'u':
				r, _ := hex(b[i+2:])
				if utf16.IsSurrogate(r) {
					// A pair is one character; half of one is none.
					low := rune(utf8.RuneError)
					if b[end] == '\\' && b[end+1] == 'u' {
						low, _ = hex(b[end+2:])
					}
					if r = utf16.DecodeRune(r, low); r != utf8.RuneError {
						end += 6
					}
				}
				out = utf8.AppendRune(out, r)
			default:
				out = append(out, c)
			}
			i = end
		default:
			return d.syntax(i, "a control character in a text, or no closing quote")
		}
		end := stringEnd(b, i)
		out = append(out, b[i:end]...)
		i = end
	}
}

// compact appends the JSON text of the value at i as Flink does: without white space, with no more escapes than needed, and with numbers
// that have a fraction as Java writes a double.
func (d *decoder) compact(dst []byte, i, depth int) ([]byte, int) {
	b := d.block
	switch c := b[i]; c {
	case '"':
		return d.compactString(dst, i)
	case '{', '[':
		closing := c + 2 // '}' or ']'
		if depth++; depth > deepest {
			return dst, d.syntax(i, "objects and arrays are nested too deep")
		}
		dst = append(dst, c)
		if i = blanks(b, i+1); b[i] == closing {
			return append(dst, closing), i + 1
		}
		for {
			if c == '{' {
				if b[i] != '"' {
					return dst, d.syntax(i, "expected a key in quotes")
				}
				if dst, i = d.compactString(dst, i); i < 0 {
					return dst, -1
				}
				if i = blanks(b, i); b[i] != ':' {
					return dst, d.syntax(i, "expected ':' behind a key")
				}
				dst = append(dst, ':')
				i = blanks(b, i+1)
			}
			if dst, i = d.compact(dst, i, depth); i < 0 {
				return dst, -1
			}
			i = blanks(b, i)
			switch b[i] {
			case ',':
				dst = append(dst, ',')
				i = blanks(b, i+1)
			case closing:
				return append(dst, closing), i + 1
			default:
				return dst, d.syntax(i, "expected ',' or '"+string(closing)+"'")
			}
		}
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		end, fraction := d.number(i)
		if end < 0 {
			return dst, -1
		}
		if x, ok := scan.Double(b[i:end]); fraction && ok {
			return column.AppendFloat(dst, x, 64), end
		}
		return append(dst, b[i:end]...), end
	}
	end := d.skip(i, depth)
	if end < 0 {
		return dst, -1
	}
	return append(dst, b[i:end]...), end
}

// compactString appends the string whose opening quote is at i.
func (d *decoder) compactString(dst []byte, i int) ([]byte, int) {
	text, end, escaped := d.text(i + 1)
	if end < 0 {
		return dst, -1
	}
	if !escaped {
		return append(dst, d.block[i:end]...), end
	}
	return jsontext.AppendQuoted(dst, text), end
}
