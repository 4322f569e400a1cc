package scan

import (
	"errors"
	"math"
	"strconv"
	"unsafe"
)

// Int reads a decimal integer with an optional sign that fits 64 bits.
func Int(b []byte) (int64, bool) {
	digits := b
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		digits = b[1:]
	}
	if len(digits) == 0 {
		return 0, false
	}
	if len(digits) > 18 {
		v, err := strconv.ParseInt(text(b), 10, 64)
		return v, err == nil
	}
	var v uint64
	for _, c := range digits {
		d := uint64(c - '0')
		if d > 9 {
			return 0, false
		}
		v = v*10 + d
	}
	if negative {
		return -int64(v), true
	}
	return int64(v), true
}

// text views b as a string for the call that it is passed to.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// pow10 holds the powers of ten that a float64 represents exactly.
var pow10 = [...]float64{1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// Double reads a floating-point number as Java's Double.parseDouble does: decimal digits with an optional point,
// exponent and suffix d or f, "NaN" or "Infinity", with an optional sign. What is too large becomes infinite.
func Double(b []byte) (float64, bool) {
	if v, ok := exact(b, 1<<53, 22); ok {
		return v, true
	}
	return parseFloat(b, 64)
}

// Float reads like [Double] and rounds once, to 32 bits.
func Float(b []byte) (float32, bool) {
	// Digits and powers of ten that a float32 holds exactly give a quotient or product that is rounded from 53 to 24 bits
	// correctly, as 53 ≥ 2 × 24 + 2.
	if v, ok := exact(b, 1<<24, 10); ok {
		return float32(v), true
	}
	v, ok := parseFloat(b, 32)
	return float32(v), ok
}

// exact reads plain numbers whose digits and power of ten are represented exactly, so that one multiplication or division
// rounds correctly. ok is false for all others, malformed ones included.
func exact(b []byte, digitsLimit uint64, powerLimit int) (v float64, ok bool) {
	i, n := 0, len(b)
	negative := n > 0 && b[0] == '-'
	if negative {
		i = 1
	}
	var m uint64
	start, point := i, -1
	for ; i < n; i++ {
		d := uint64(b[i] - '0')
		if d <= 9 {
			m = m*10 + d
			continue
		}
		if b[i] != '.' || point >= 0 {
			return 0, false
		}
		point = i
	}
	digits, scale := i-start, 0
	if point >= 0 {
		digits--
		scale = i - point - 1
	}
	if digits == 0 || digits > 18 || m > digitsLimit || scale > powerLimit {
		return 0, false
	}
	v = float64(m) / pow10[scale]
	if negative {
		v = -v
	}
	return v, true
}

func parseFloat(b []byte, bits int) (float64, bool) {
	unsigned := b
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		unsigned = b[1:]
	}
	if len(unsigned) == 0 {
		return 0, false
	}
	if c := unsigned[0]; c != '.' && c-'0' > 9 {
		switch text(unsigned) {
		case "NaN":
			return math.NaN(), true
		case "Infinity":
			if b[0] == '-' {
				return math.Inf(-1), true
			}
			return math.Inf(1), true
		}
		return 0, false
	}
	switch b[len(b)-1] | 0x20 {
	case 'd', 'f': // as in a Java literal
		b = b[:len(b)-1]
	}
	for _, c := range b { // Go's own forms
		if c == '_' || c|0x20 == 'x' {
			return 0, false
		}
	}
	v, err := strconv.ParseFloat(text(b), bits)
	return v, err == nil || errors.Is(err, strconv.ErrRange)
}
