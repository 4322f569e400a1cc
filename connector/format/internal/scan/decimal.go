package scan

import (
	"math/bits"

	"github.com/millstream/millstream/column"
)

// pow64 holds the powers of ten that fit 64 bits.
var pow64 = func() (p [20]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// Decimal reads a decimal number as Java's BigDecimal does, digits with an optional point and exponent, and rounds it half
// up to scale. fits is false where more digits than precision remain: Flink makes such a value NULL.
func Decimal(b []byte, precision, scale int) (v column.Int128, fits, ok bool) {
	negative := false
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		negative = b[0] == '-'
		b = b[1:]
	}
	// hi and lo are the digits so far, at most 38 of them; those that follow only decide on rounding.
	var hi, lo uint64
	digits, fraction, point, seen := 0, 0, false, false
	dropped, half, i := 0, byte(0), 0 // digits that did not fit, and the first of them
	for ; i < len(b); i++ {
		c := b[i]
		d := c - '0'
		if d > 9 {
			if c == '.' && !point {
				point = true
				continue
			}
			break
		}
		seen = true
		if point {
			fraction++
		}
		switch {
		case digits < 18:
			lo = lo*10 + uint64(d)
			if lo != 0 {
				digits++
			}
		case digits < 38:
			hi, lo = mulAdd(hi, lo, 10, uint64(d))
			digits++
		default:
			if dropped == 0 {
				half = d
			}
			dropped++
		}
	}
	if !seen {
		return v, false, false
	}
	exponent := 0
	if i < len(b) {
		if b[i]|0x20 != 'e' {
			return v, false, false
		}
		e, good := Int(b[i+1:])
		if !good || e != int64(int32(e)) {
			return v, false, false
		}
		exponent = int(e)
	}
	// The value is (hi, lo) and dropped digits, times ten to shift - scale.
	shift := exponent - fraction + dropped + scale
	switch {
	case hi == 0 && lo == 0:
		return column.Int128{}, true, true
	case shift > 0 && dropped > 0 || shift+digits > precision:
		return v, false, true
	case shift > 0:
		for ; shift > 0; shift-- {
			hi, lo = mulAdd(hi, lo, 10, 0)
		}
	case shift == 0:
		if half >= 5 {
			hi, lo = mulAdd(hi, lo, 1, 1)
		}
	case -shift > digits:
		return column.Int128{}, true, true
	default:
		// One digit stays to round by.
		for shift++; shift < 0; {
			step := min(-shift, 19)
			hi, lo, _ = divide(hi, lo, pow64[step])
			shift += step
		}
		var last uint64
		hi, lo, last = divide(hi, lo, 10)
		if last >= 5 {
			hi, lo = mulAdd(hi, lo, 1, 1)
		}
	}
	if !within(hi, lo, precision) {
		return v, false, true
	}
	v = column.Int128{Lo: lo, Hi: int64(hi)}
	if negative {
		v.Lo = -v.Lo
		v.Hi = ^v.Hi
		if v.Lo == 0 {
			v.Hi++
		}
	}
	return v, true, true
}

// mulAdd returns (hi, lo) × m + a; the caller knows that it fits.
func mulAdd(hi, lo, m, a uint64) (uint64, uint64) {
	h, l := bits.Mul64(lo, m)
	l, carry := bits.Add64(l, a, 0)
	return hi*m + h + carry, l
}

// divide returns quotient and remainder.
func divide(hi, lo, d uint64) (uint64, uint64, uint64) {
	q, r := hi/d, hi%d
	l, rest := bits.Div64(r, lo, d)
	return q, l, rest
}

// within reports whether (hi, lo) has at most precision digits, precision being at most 38.
func within(hi, lo uint64, precision int) bool {
	if precision < len(pow64) {
		return hi == 0 && lo < pow64[precision]
	}
	limitHi, limitLo := bits.Mul64(pow64[19], pow64[precision-19])
	return hi < limitHi || hi == limitHi && lo < limitLo
}
