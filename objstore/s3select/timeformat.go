package s3select

import (
	"fmt"
	"strconv"
)

// formatPart is a letter of TO_STRING's format with how often it stands, or text.
type formatPart struct {
	letter byte // 0: text
	count  int
	text   string
}

// The letters of a format, with how often each may stand in a row.
var formatLetters = map[byte]int{'y': 4, 'M': 5, 'd': 2, 'a': 1, 'h': 2, 'H': 2, 'm': 2, 's': 2, 'S': 9, 'n': 1, 'X': 5, 'x': 5}

const maxFormat = 1000 // bytes

// parseFormat reads a format such as yyyy-MM-dd'T'HH:mm.
func parseFormat(v value) ([]formatPart, error) {
	if !v.isText() {
		return nil, fmt.Errorf("a format is a text")
	}
	f := string(v.text)
	if len(f) > maxFormat {
		return nil, fmt.Errorf("a format of %d bytes is too long", len(f))
	}
	parts := make([]formatPart, 0, 8)
	for i := 0; i < len(f); {
		c := f[i]
		j := i + 1
		switch {
		case c == '\'':
			for j < len(f) && f[j] != '\'' {
				j++
			}
			if j == len(f) {
				return nil, fmt.Errorf("a quote of the format %q is not closed", f)
			}
			parts = append(parts, formatPart{text: f[i+1 : j]})
			j++
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			for j < len(f) && f[j] == c {
				j++
			}
			if j-i > formatLetters[c] {
				return nil, fmt.Errorf("%q is no part of a format", f[i:j])
			}
			parts = append(parts, formatPart{letter: c, count: j - i})
		default:
			parts = append(parts, formatPart{text: f[i:j]})
		}
		i = j
	}
	return parts, nil
}

func appendFormatted(dst []byte, v *value, parts []formatPart) []byte {
	t := v.local()
	for _, p := range parts {
		switch p.letter {
		case 0:
			dst = append(dst, p.text...)
		case 'y':
			switch p.count {
			case 2:
				dst = appendPadded(dst, t.Year()%100, 2)
			default:
				dst = appendPadded(dst, t.Year(), p.count)
			}
		case 'M':
			switch name := t.Month().String(); p.count {
			case 3:
				dst = append(dst, name[:3]...)
			case 4:
				dst = append(dst, name...)
			case 5:
				dst = append(dst, name[0])
			default:
				dst = appendPadded(dst, int(t.Month()), p.count)
			}
		case 'd':
			dst = appendPadded(dst, t.Day(), p.count)
		case 'a':
			dst = t.AppendFormat(dst, "PM")
		case 'h':
			dst = appendPadded(dst, (t.Hour()+11)%12+1, p.count)
		case 'H':
			dst = appendPadded(dst, t.Hour(), p.count)
		case 'm':
			dst = appendPadded(dst, t.Minute(), p.count)
		case 's':
			dst = appendPadded(dst, t.Second(), p.count)
		case 'S':
			var digits [16]byte
			dst = append(dst, appendPadded(digits[:0], t.Nanosecond(), 9)[:p.count]...)
		case 'n':
			dst = strconv.AppendInt(dst, int64(t.Nanosecond()), 10)
		default: // X and x
			dst = appendOffset(dst, v.offset, p.letter == 'X', p.count)
		}
	}
	return dst
}

func appendPadded(dst []byte, n, width int) []byte {
	var buf [20]byte
	digits := strconv.AppendInt(buf[:0], int64(n), 10)
	for range width - len(digits) {
		dst = append(dst, '0')
	}
	return append(dst, digits...)
}
