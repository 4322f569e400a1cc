package expr

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// wideCharsets are the sets of two and four bytes a unit.
var wideCharsets = map[string]wide{
	"UTF-16": {order: binary.BigEndian, mark: true, marked: true}, "UTF_16": {order: binary.BigEndian, mark: true, marked: true},
	"UTF16": {order: binary.BigEndian, mark: true, marked: true}, "UNICODE": {order: binary.BigEndian, mark: true, marked: true},
	"UTF-16BE": {order: binary.BigEndian}, "UTF-16LE": {order: binary.LittleEndian},
	"UTF-32": {order: binary.BigEndian, marked: true, four: true}, "UTF32": {order: binary.BigEndian, marked: true, four: true},
	"UTF-32BE": {order: binary.BigEndian, four: true}, "UTF-32LE": {order: binary.LittleEndian, four: true},
}

// wide is UTF-16 or UTF-32.
type wide struct {
	order interface {
		binary.ByteOrder
		binary.AppendByteOrder
	}
	mark   bool // a byte order mark is written
	marked bool // one is read
	four   bool
}

func (w wide) encode(dst, text []byte) []byte {
	if len(text) > 0 && w.mark {
		dst = w.order.AppendUint16(dst, 0xfeff)
	}
	for _, r := range string(text) {
		switch a, b := utf16.EncodeRune(r); {
		case w.four:
			dst = w.order.AppendUint32(dst, uint32(r))
		case a == utf8.RuneError && b == utf8.RuneError:
			dst = w.order.AppendUint16(dst, uint16(r))
		default:
			dst = w.order.AppendUint16(w.order.AppendUint16(dst, uint16(a)), uint16(b))
		}
	}
	return dst
}

func (w wide) decode(dst, data []byte) []byte {
	size := 2
	if w.four {
		size = 4
	}
	unit := func() rune {
		if w.four {
			return rune(w.order.Uint32(data))
		}
		return rune(w.order.Uint16(data))
	}
	if w.marked && len(data) >= size {
		const swapped16, swapped32 = 0xfffe, -0x20000 // 0xfffe0000 as a signed number
		switch u := unit(); {
		case u == 0xfeff:
			data = data[size:]
		case !w.four && u == swapped16, w.four && u == swapped32:
			w.order = binary.LittleEndian
			data = data[size:]
		}
	}
	for len(data) >= size {
		r := unit()
		data = data[size:]
		if !w.four && utf16.IsSurrogate(r) {
			whole := rune(utf8.RuneError)
			if len(data) >= size {
				whole = utf16.DecodeRune(r, unit())
			}
			if whole != utf8.RuneError {
				data = data[size:]
			}
			r = whole
		}
		dst = utf8.AppendRune(dst, r)
	}
	if len(data) > 0 {
		dst = utf8.AppendRune(dst, utf8.RuneError)
	}
	return dst
}

// decodeUTF8 copies UTF-8 and makes each malformed sequence one U+FFFD: as many bytes as could have begun a code point, and the three of
// a surrogate.
func decodeUTF8(dst, data []byte) []byte {
	if utf8.Valid(data) {
		return append(dst, data...)
	}
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			n = malformed(data)
		}
		if r == utf8.RuneError {
			dst = utf8.AppendRune(dst, utf8.RuneError)
		} else {
			dst = append(dst, data[:n]...)
		}
		data = data[n:]
	}
	return dst
}

// malformed is the number of bytes that a malformed sequence at the start of b has.
func malformed(b []byte) int {
	tail := func(i int) bool { return i < len(b) && b[i]&0xc0 == 0x80 }
	switch first := b[0]; {
	case first == 0xed && tail(1) && b[1] >= 0xa0:
		if tail(2) {
			return 3
		}
		return 2
	case first >= 0xe0 && first <= 0xef:
		if tail(1) && (first != 0xe0 || b[1] >= 0xa0) {
			return 2
		}
	case first >= 0xf0 && first <= 0xf4:
		if tail(1) && (first != 0xf0 || b[1] >= 0x90) && (first != 0xf4 || b[1] < 0x90) {
			if tail(2) {
				return 3
			}
			return 2
		}
	}
	return 1
}
