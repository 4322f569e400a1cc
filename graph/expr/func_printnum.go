package expr

import (
	"bytes"
	"math"
	"strconv"

	"github.com/millstream/millstream/column"
)

// Numbers as PRINTF writes them.

// integral appends a whole number.
func (p *printer) integral(dst []byte, s *spec, t column.Type, x int64) []byte {
	if s.verb == 'd' {
		u := uint64(x)
		if x < 0 {
			u = -u
		}
		p.buf = strconv.AppendUint(p.buf[:0], u, 10)
		return signed(dst, s, x < 0, p.buf, len(p.buf))
	}
	u := uint64(x)
	switch t.Layout() {
	case column.LayoutInt8:
		u = uint64(uint8(x))
	case column.LayoutInt16:
		u = uint64(uint16(x))
	case column.LayoutInt32:
		u = uint64(uint32(x))
	}
	base, prefix := 16, "0x"
	if s.verb == 'o' {
		base, prefix = 8, "0"
	}
	text := p.buf[:0]
	if s.alternate {
		text = append(text, prefix...)
	}
	signEnd := len(text)
	text = strconv.AppendUint(text, u, base)
	if s.zero {
		text = fill(text, signEnd, s.width-len(text))
	}
	if p.buf = text; s.upper {
		upperASCII(text, 0)
	}
	return justify(dst, text, s)
}

// fill inserts zeros at a place.
func fill(text []byte, at, n int) []byte {
	if n <= 0 {
		return text
	}
	zeros := bytes.Repeat([]byte{'0'}, n)
	return append(text[:at:at], append(zeros, text[at:]...)...)
}

// signed appends a number, given as its digits of which the first whole ones stand before the point, with sign, groups and zeros.
func signed(dst []byte, s *spec, negative bool, digits []byte, whole int) []byte {
	var text []byte
	switch {
	case negative && s.parentheses:
		text = append(text, '(')
	case negative:
		text = append(text, '-')
	case s.plus:
		text = append(text, '+')
	case s.space:
		text = append(text, ' ')
	}
	signEnd := len(text)
	if s.group {
		for i := range whole {
			if i > 0 && (whole-i)%3 == 0 {
				text = append(text, ',')
			}
			text = append(text, digits[i])
		}
		digits = digits[whole:]
	}
	text = append(text, digits...)
	if s.zero {
		width := s.width
		if negative && s.parentheses {
			width--
		}
		text = fill(text, signEnd, width-len(text))
	}
	if negative && s.parentheses {
		text = append(text, ')')
	}
	if s.upper {
		upperASCII(text, 0)
	}
	return justify(dst, text, s)
}

// floating appends a floating-point number.
func (p *printer) floating(dst []byte, s *spec, x float64) []byte {
	negative := math.Signbit(x)
	x = math.Abs(x)
	if math.IsNaN(x) || math.IsInf(x, 0) {
		special := *s
		special.zero, special.group = false, false
		if math.IsNaN(x) {
			text := []byte("NaN")
			if s.upper {
				upperASCII(text, 0)
			}
			return justify(dst, text, &special)
		}
		return signed(dst, &special, negative, []byte("Infinity"), 0)
	}
	precision := s.precision
	if precision < 0 {
		precision = 6
	}
	verb := s.verb
	if verb == 'g' {
		precision = max(precision, 1)
		verb = 'e'
		_, point := roundDigits(x, precision, true)
		if x == 0 || point > -4 && point <= precision {
			verb = 'f'
			if x == 0 {
				point = 1
			}
			precision -= point
		} else {
			precision--
		}
	}
	var text []byte
	switch verb {
	case 'a':
		text = hexFloat(x, s.precision)
		return signed(dst, s, negative, text, 0)
	case 'f':
		digits, point := roundDigits(x, precision, false)
		text = pointed(digits, point, precision)
	default:
		digits, point := roundDigits(x, precision+1, true)
		if x == 0 {
			point = 1
		}
		text = pointed(digits, 1, precision)
		text = append(text, 'e')
		e := point - 1
		if e < 0 {
			text, e = append(text, '-'), -e
		} else {
			text = append(text, '+')
		}
		if e < 10 {
			text = append(text, '0')
		}
		text = strconv.AppendInt(text, int64(e), 10)
	}
	if precision == 0 && s.alternate {
		whole := bytes.IndexByte(text, 'e')
		if whole < 0 {
			whole = len(text)
		}
		text = append(text[:whole:whole], append([]byte{'.'}, text[whole:]...)...)
	}
	whole := bytes.IndexAny(text, ".e")
	if whole < 0 {
		whole = len(text)
	}
	return signed(dst, s, negative, text, whole)
}

// roundDigits returns the decimal digits of the shortest text of x, 0.d1d2d3… times ten to the power of point, rounded half up to n digits, or to n digits behind
// the point. Java rounds that text too, and not the exact value.
func roundDigits(x float64, n int, significant bool) (digits []byte, point int) {
	text := strconv.AppendFloat(nil, x, 'e', -1, 64)
	mantissa, exponent, _ := bytes.Cut(text, []byte{'e'})
	e, _ := strconv.Atoi(string(exponent))
	digits = append(digits, mantissa[0])
	if len(mantissa) > 2 {
		digits = append(digits, mantissa[2:]...)
	}
	point = e + 1
	keep := n
	if !significant {
		keep = point + n
	}
	if x == 0 || keep >= len(digits) {
		return digits, point
	}
	if keep < 0 {
		return []byte{'0'}, 1
	}
	up := digits[keep] >= '5'
	digits = digits[:keep]
	if up {
		i := keep - 1
		for ; i >= 0; i-- {
			if digits[i]++; digits[i] <= '9' {
				break
			}
			digits[i] = '0'
		}
		if i < 0 {
			digits = append([]byte{'1'}, digits...)
			if point++; significant {
				digits = digits[:keep]
			}
		}
	}
	if len(digits) == 0 {
		return []byte{'0'}, 1
	}
	return digits, point
}

// pointed writes 0.digits times ten to the power of point with so many digits behind the point.
func pointed(digits []byte, point, precision int) []byte {
	var text []byte
	at := func(i int) byte {
		if i >= 0 && i < len(digits) {
			return digits[i]
		}
		return '0'
	}
	if point <= 0 {
		text = append(text, '0')
	}
	for i := range max(point, 0) {
		text = append(text, at(i))
	}
	if precision > 0 {
		text = append(text, '.')
		for i := range precision {
			text = append(text, at(point+i))
		}
	}
	return text
}

// hexFloat writes a number as Java's %a does: 0x1.8p1.
func hexFloat(x float64, precision int) []byte {
	if precision == 0 {
		precision = 1
	}
	text := strconv.AppendFloat(nil, x, 'x', precision, 64)
	mantissa, exponent, _ := bytes.Cut(text, []byte{'p'})
	out := bytes.Clone(mantissa)
	if !bytes.Contains(out, []byte{'.'}) {
		out = append(out, ".0"...)
	}
	e, _ := strconv.Atoi(string(exponent))
	return strconv.AppendInt(append(out, 'p'), int64(e), 10)
}
