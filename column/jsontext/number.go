package jsontext

import "strconv"

// AppendNumber adds a JSON number as the decimal number it stands for is written: with all its digits, by an exponent only where there
// are digits missing before the point or more than six zeros would follow it. 1e3 is 1E+3, 0.00000001 is 1E-8, 1.50 stays.
func AppendNumber(dst, text []byte) []byte {
	negative := len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	i, scale, seen := 0, 0, false
	for ; i < len(text) && text[i]|0x20 != 'e'; i++ {
		if text[i] == '.' {
			seen = true
		} else if seen {
			scale++
		}
	}
	mantissa := text[:i]
	if i < len(text) {
		exp, err := strconv.Atoi(string(text[i+1:]))
		if err != nil {
			return append(dst, text...) // an exponent beyond all measure stays as it is
		}
		scale -= exp
	}
	start := len(dst)
	for _, c := range mantissa {
		if c != '.' && (c != '0' || len(dst) > start) {
			dst = append(dst, c)
		}
	}
	if len(dst) == start {
		dst, negative = append(dst, '0'), false
	}
	return finishNumber(dst, start, scale, negative)
}

// finishNumber puts sign, point and exponent to the digits from start on.
func finishNumber(dst []byte, start, scale int, negative bool) []byte {
	digits := len(dst) - start
	insert := func(at int, s ...byte) {
		dst = append(dst, s...)
		copy(dst[at+len(s):], dst[at:len(dst)-len(s)])
		copy(dst[at:], s)
	}
	switch exp := digits - 1 - scale; {
	case scale < 0 || exp < -6:
		if digits > 1 {
			insert(start+1, '.')
		}
		dst = append(dst, 'E')
		if exp >= 0 {
			dst = append(dst, '+')
		}
		dst = strconv.AppendInt(dst, int64(exp), 10)
	case scale >= digits: // at most six zeros, and one before the point
		zeros := [...]byte{'0', '.', '0', '0', '0', '0', '0', '0'}
		insert(start, zeros[:2+scale-digits]...)
	case scale > 0:
		insert(len(dst)-scale, '.')
	}
	if negative {
		insert(start, '-')
	}
	return dst
}
