package jsontext

import (
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string in quotes.
func (p *parser) text() error {
	p.i++
	from, escaped := p.i, false
	for {
		p.i = plain(p.b, p.i)
		if p.i >= len(p.b) {
			return p.unexpected("a closing quote")
		}
		switch c := p.b[p.i]; {
		case c == '"':
			p.add(Node{Kind: String, Escaped: escaped, From: int32(from), To: int32(p.i)})
			p.i++
			return nil
		case c == '\\':
			escaped = true
			if err := p.escape(); err != nil {
				return err
			}
		default:
			return p.fail("a control character in a string must be escaped, and %q stands", c)
		}
	}
}

// plain returns where, from i on, a quote, a backslash, a control character or the end stands.
func plain(b []byte, i int) int {
	const low, high = 0x0101010101010101, 0x8080808080808080
	for ; i+8 <= len(b); i += 8 {
		w := load(b[i:])
		quote, slash := w^low*'"', w^low*'\\'
		hit := ((quote-low)&^quote | (slash-low)&^slash | (w-low*' ')&^w) & high
		if hit != 0 {
			return i + bits.TrailingZeros64(hit)>>3
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c == '"' || c == '\\' || c < ' ' {
			break
		}
	}
	return i
}

func load(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// escape passes over an escape sequence.
func (p *parser) escape() error {
	if p.i+1 >= len(p.b) {
		p.i++
		return p.unexpected("an escaped character")
	}
	switch p.b[p.i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		p.i += 2
		return nil
	case 'u':
		if _, ok := hex4(p.b[p.i+2:]); ok {
			p.i += 6
			return nil
		}
		return p.fail("four hexadecimal digits were expected behind \\u")
	}
	return p.fail("\\%c is no escape sequence", p.b[p.i+1])
}

func hex4(b []byte) (r rune, ok bool) {
	if len(b) < 4 {
		return 0, false
	}
	for _, c := range b[:4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20-'a' < 6:
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// AppendUnescaped adds what the inside of a JSON string stands for. An escape sequence that is none is an error, told by ok.
func AppendUnescaped(dst, raw []byte) (text []byte, ok bool) {
	for i := 0; i < len(raw); {
		c := raw[i]
		if c != '\\' {
			from := i
			for i < len(raw) && raw[i] != '\\' {
				i++
			}
			dst = append(dst, raw[from:i]...)
			continue
		}
		if i+1 >= len(raw) {
			return dst, false
		}
		i += 2
		switch raw[i-1] {
		case '"', '\\', '/':
			dst = append(dst, raw[i-1])
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, ok := hex4(raw[i:])
			if !ok {
				return dst, false
			}
			i += 4
			if utf16.IsSurrogate(r) && i+6 <= len(raw) && raw[i] == '\\' && raw[i+1] == 'u' {
				if low, ok := hex4(raw[i+2:]); ok {
					if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
						r = both
						i += 6
					}
				}
			}
			if utf16.IsSurrogate(r) {
				r = '?' // half of a pair, which UTF-8 has no place for
			}
			dst = utf8.AppendRune(dst, r)
		default:
			return dst, false
		}
	}
	return dst, true
}

const upperHex = "0123456789ABCDEF"

// AppendQuoted adds text as a JSON string: quotes, backslashes and control characters are escaped.
func AppendQuoted(dst, text []byte) []byte {
	dst = append(dst, '"')
	for len(text) > 0 {
		n := plain(text, 0)
		dst = append(dst, text[:n]...)
		if text = text[n:]; len(text) > 0 {
			dst = appendEscaped(dst, text[0])
			text = text[1:]
		}
	}
	return append(dst, '"')
}

// appendEscaped adds a quote, a backslash or a control character.
func appendEscaped(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', upperHex[c>>4], upperHex[c&15])
}

// AppendQuotedASCII adds text as a JSON string in which everything but printable ASCII is escaped.
func AppendQuotedASCII(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	unit := func(dst []byte, r rune) []byte {
		return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
	}
	dst = append(dst, '"')
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		i += n
		switch {
		case r < ' ' || r == '"' || r == '\\':
			if c := appendEscaped(nil, byte(r)); len(c) == 2 {
				dst = append(dst, c...)
			} else {
				dst = unit(dst, r)
			}
		case r < utf8.RuneSelf:
			dst = append(dst, byte(r))
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			dst = unit(unit(dst, high), low)
		default:
			dst = unit(dst, r)
		}
	}
	return append(dst, '"')
}
