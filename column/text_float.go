package column

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
)

// AppendFloat writes a floating-point number, of 32 or 64 bits, as Java 17 does, the one that Flink runs on: the shortest digits
// that tell it from its neighbours, at least one behind the point, with an exponent below 0.001 and from ten millions on. Java
// has more digits than needed for two kinds of numbers: powers of two, and great whole numbers.
func AppendFloat(dst []byte, x float64, size int) []byte {
	switch {
	case x != x:
		return append(dst, "NaN"...)
	case math.IsInf(x, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(x, -1):
		return append(dst, "-Infinity"...)
	}
	a := math.Abs(x)
	if a >= 1e-3 && a < 1e7 || x == 0 {
		from := len(dst)
		dst = strconv.AppendFloat(dst, x, 'f', -1, size)
		for _, c := range dst[from:] {
			if c == '.' {
				return dst
			}
		}
		return append(dst, ".0"...)
	}
	if math.Signbit(x) {
		dst = append(dst, '-')
	}
	significant := 53
	if size == 32 {
		significant = 24
	}
	var buf [32]byte
	fraction, exponent := math.Frexp(a)
	switch {
	case exponent > significant && exponent <= 63:
		digits, e := wholeDigits(buf[:0], uint64(a), max(0, exponent-significant-2))
		return appendScientific(dst, digits, e)
	case fraction == 0.5 && (exponent <= 0 || exponent > 63):
		digits, e := powerDigits(exponent-1, significant, size)
		return appendScientific(dst, digits, e)
	}
	b := strconv.AppendFloat(buf[:0], a, 'e', -1, size)
	if b[1] == 'e' { // one digit: Java writes two, of which the nearest may not end in 0
		b = strconv.AppendFloat(buf[:0], a, 'e', 1, size)
	}
	e := len(b) - 1
	for b[e] != 'e' {
		e--
	}
	exp, _ := strconv.Atoi(string(b[e+1:]))
	dst = append(append(dst, b[:e]...), 'E')
	return strconv.AppendInt(dst, int64(exp), 10)
}

// appendScientific writes digits d1d2d3… as d1.d2d3…Ee.
func appendScientific(dst, digits []byte, e int) []byte {
	for len(digits) > 2 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	dst = append(dst, digits[0], '.')
	if len(digits) == 1 {
		dst = append(dst, '0')
	}
	dst = append(append(dst, digits[1:]...), 'E')
	return strconv.AppendInt(dst, int64(e), 10)
}

// wholeDigits returns the digits of a whole number whose last extra bits are not significant, and its decimal exponent: as many
// digits are rounded off as those bits surely hold.
func wholeDigits(buf []byte, x uint64, extra int) ([]byte, int) {
	drop := 0
	for p := uint64(10); bits.Len64(p) <= extra+1 && p <= 1<<extra; p *= 10 {
		drop++
	}
	unit := pow10[drop].Lo
	rest := x % unit
	x /= unit
	if drop > 0 && rest >= unit/2 {
		x++
	}
	digits := strconv.AppendUint(buf, x, 10)
	return digits, len(digits) - 1 + drop
}

// powerDigits returns digits of 2^e that end as soon as they are within a quarter of the distance to the next greater number,
// at least two of them, and the decimal exponent.
func powerDigits(e, significant, size int) ([]byte, int) {
	if least := map[int]int{32: -149, 64: -1074}[size]; e-significant+1 < least { // a subnormal number has fewer bits
		significant = e - least + 1
	}
	// 2^e = value/scale × 10^dec, and the tolerance is 2^(e-significant-1), on the same scale.
	dec := int(math.Floor(float64(e) * math.Log10(2)))
	value, scale, tolerance := big.NewInt(1), big.NewInt(1), big.NewInt(1)
	ten := big.NewInt(10)
	shift := significant + 1
	value.Lsh(value, uint(shift+max(e, 0)))
	tolerance.Lsh(tolerance, uint(max(e, 0)))
	scale.Lsh(scale, uint(shift+max(-e, 0)))
	power := new(big.Int).Exp(ten, big.NewInt(int64(max(dec, -dec))), nil)
	if dec >= 0 {
		scale.Mul(scale, power)
	} else {
		value.Mul(value, power)
		tolerance.Mul(tolerance, power)
	}
	var digits []byte
	q, sum := new(big.Int), new(big.Int)
	for {
		q.QuoRem(value, scale, value)
		digits = append(digits, byte('0'+q.Int64()))
		value.Mul(value, ten)
		tolerance.Mul(tolerance, ten)
		low := value.Cmp(tolerance) < 0
		tenScale := sum.Mul(scale, ten)
		high := new(big.Int).Add(value, tolerance).Cmp(tenScale) >= 0
		if len(digits) < 2 || !low && !high {
			continue
		}
		if up := new(big.Int).Lsh(value, 1).Cmp(tenScale); high && (!low || up > 0 || up == 0 && digits[len(digits)-1]&1 != 0) {
			for i := len(digits) - 1; ; i-- {
				if digits[i] != '9' {
					digits[i]++
					break
				}
				if digits[i] = '0'; i == 0 {
					return append([]byte{'1'}, digits[:len(digits)-1]...), dec + 1
				}
			}
		}
		return digits, dec
	}
}
