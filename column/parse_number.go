package column

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"unsafe"
)

// unsafeString is b as a string without a copy, for parsers that do not keep it.
func unsafeString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// trim drops blanks and control characters at both ends, as Java's String.trim does.
func trim(b []byte) []byte {
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] <= ' ' {
		b = b[:len(b)-1]
	}
	return b
}

// quoted shows a value in an error, cut to a length that fits a line.
func quoted(b []byte) string {
	if len(b) > 64 {
		return strconv.Quote(string(b[:64])) + "…"
	}
	return strconv.Quote(string(b))
}

// ParseInteger reads an integer of kind TinyInt … BigInt: blanks around it are fine, a sign and a fraction too, which is cut
// off.
func ParseInteger(text []byte, k Kind) (int64, error) {
	b := trim(text)
	i, negative := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative, i = b[0] == '-', 1
	}
	var x uint64
	first := i
	for ; i < len(b); i++ {
		c := b[i] - '0'
		if c > 9 {
			break
		}
		if x > (math.MaxUint64-9)/10 {
			return 0, outOfRange(text, k)
		}
		x = x*10 + uint64(c)
	}
	read := i > first // digits, or a dot, which alone is 0
	if i < len(b) && b[i] == '.' {
		read = true
		for i++; i < len(b) && b[i]-'0' <= 9; i++ {
		}
	}
	if i < len(b) || !read {
		return 0, fmt.Errorf("%s is no %s: expected digits, with a sign before them if need be", quoted(text), Of(k))
	}
	limit := uint64(1)<<(8*width[layouts[k]]-1) - 1
	if negative {
		limit++
	}
	if x > limit {
		return 0, outOfRange(text, k)
	}
	if negative {
		return -int64(x), nil
	}
	return int64(x), nil
}

func outOfRange(text []byte, k Kind) error {
	high := int64(1)<<(8*width[layouts[k]]-1) - 1
	return fmt.Errorf("%s is out of range for %s, which reaches from %d to %d", quoted(text), Of(k), -high-1, high)
}

// ParseFloat reads a FLOAT (bits = 32) or DOUBLE (64) as Java does: with a fraction and an exponent, or NaN, Infinity,
// -Infinity. Numbers that are too great are infinite.
func ParseFloat(text []byte, bits int) (float64, error) {
	b := trim(text)
	digits := false
	for i, c := range b {
		switch {
		case c-'0' <= 9:
			digits = true
		case c == '.' || c == '-' || c == '+':
		case (c == 'e' || c == 'E') && i > 0:
		case (c == 'd' || c == 'D' || c == 'f' || c == 'F') && digits && i == len(b)-1: // Java's suffixes
			b = b[:i]
		default:
			return special(text, b)
		}
	}
	x, err := strconv.ParseFloat(unsafeString(b), bits)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, badFloat(text)
	}
	return x, nil
}

func special(text, b []byte) (float64, error) {
	switch string(b) {
	case "NaN", "+NaN", "-NaN":
		return math.NaN(), nil
	case "Infinity", "+Infinity":
		return math.Inf(1), nil
	case "-Infinity":
		return math.Inf(-1), nil
	}
	return 0, badFloat(text)
}

func badFloat(text []byte) error {
	return fmt.Errorf("%s is no number: expected digits, with a sign, a fraction and an exponent if need be, or NaN, Infinity", quoted(text))
}

// ParseDecimal reads a number as an unscaled value with scale fraction digits, rounded half away from zero. It reports false
// if the text is no number, or one that 38 digits cannot hold.
func ParseDecimal(text []byte, scale int) (Int128, bool) {
	d, wellFormed, fits := parseDecimal(text, scale)
	return d, wellFormed && fits
}

func parseDecimal(text []byte, scale int) (d Int128, wellFormed, fits bool) {
	b := trim(text)
	i, negative := 0, false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative, i = b[0] == '-', 1
	}
	// Digits are taken nine or more at a time: part holds those not in d yet.
	var part, weight uint64 = 0, 1
	flush := func() bool {
		var ok bool
		if d, ok = d.Mul64(weight); !ok {
			return false
		}
		sum := d.Add(Int128{Lo: part})
		part, weight = 0, 1
		d = sum
		return sum.Hi >= 0
	}
	point, digits, kept := -1, 0, 0
	sticky := 0 // digits that were dropped before the point
	full, up := false, false
	for ; i < len(b); i++ {
		c := b[i] - '0'
		if c > 9 {
			if b[i] == '.' && point < 0 {
				point = digits
				continue
			}
			break
		}
		digits++
		if kept < MaxDigits { // leading zeros do not count
			if kept > 0 || c > 0 {
				kept++
			}
			part, weight = part*10+uint64(c), weight*10
			if weight == 1e18 && !flush() {
				return d, true, false
			}
			continue
		}
		if !full { // the first digit that is dropped rounds
			full, up = true, c >= 5
		}
		sticky++
	}
	if digits == 0 {
		return d, false, false
	}
	if !flush() {
		return d, true, false
	}
	if point < 0 {
		point = digits
	}
	exp := 0
	if i < len(b) {
		if b[i] != 'e' && b[i] != 'E' {
			return d, false, false
		}
		e, err := strconv.Atoi(unsafeString(b[i+1:]))
		if errors.Is(err, strconv.ErrRange) || err == nil && (e > 1<<20 || e < -1<<20) {
			e = max(-1<<20, min(e, 1<<20))
		} else if err != nil {
			return d, false, false
		}
		exp = e
	}
	// The value is d × 10^-have.
	have := digits - sticky - point - exp
	switch {
	case d.Sign() == 0:
		return d, true, true
	case have > scale+MaxDigits+1:
		return Int128{}, true, true
	case scale-have > MaxDigits:
		return d, true, false
	}
	if up && have <= scale {
		d = d.Add(Int128{Lo: 1})
	}
	if negative {
		d = d.Neg()
	}
	d, fits = d.Rescale(have, scale)
	return d, true, fits && d.Fits(MaxDigits)
}
