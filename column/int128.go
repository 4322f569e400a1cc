package column

import (
	"cmp"
	"math/bits"
	"strconv"
)

// Int128 is DECIMAL's unscaled value: two's complement, little endian, as Arrow's decimal128.
type Int128 struct {
	Lo uint64
	Hi int64
}

// Int128Of widens an int64.
func Int128Of(v int64) Int128 { return Int128{uint64(v), v >> 63} }

// IsInt64 reports whether the value fits an int64.
func (d Int128) IsInt64() bool { return d.Hi == int64(d.Lo)>>63 }

// Add returns d + e, wrapping.
func (d Int128) Add(e Int128) Int128 {
	lo, c := bits.Add64(d.Lo, e.Lo, 0)
	hi, _ := bits.Add64(uint64(d.Hi), uint64(e.Hi), c)
	return Int128{lo, int64(hi)}
}

// Sub returns d - e, wrapping.
func (d Int128) Sub(e Int128) Int128 {
	lo, c := bits.Sub64(d.Lo, e.Lo, 0)
	hi, _ := bits.Sub64(uint64(d.Hi), uint64(e.Hi), c)
	return Int128{lo, int64(hi)}
}

// Neg returns -d, wrapping.
func (d Int128) Neg() Int128 { return Int128{}.Sub(d) }

// Sign returns -1, 0 or 1.
func (d Int128) Sign() int {
	if d.Hi < 0 {
		return -1
	}
	if d.Hi|int64(d.Lo) == 0 {
		return 0
	}
	return 1
}

// Abs returns the magnitude of d as two unsigned words.
func (d Int128) Abs() (hi, lo uint64) {
	if d.Hi < 0 {
		d = d.Neg()
	}
	return uint64(d.Hi), d.Lo
}

// Cmp compares d with e.
func (d Int128) Cmp(e Int128) int {
	if d.Hi != e.Hi {
		return cmp.Compare(d.Hi, e.Hi)
	}
	return cmp.Compare(d.Lo, e.Lo)
}

// Less reports whether d < e.
func (d Int128) Less(e Int128) bool {
	return d.Hi < e.Hi || d.Hi == e.Hi && d.Lo < e.Lo
}

// Mul64 returns d × m and whether the product is within 128 bits.
func (d Int128) Mul64(m uint64) (Int128, bool) {
	hi, lo := d.Abs()
	c, lo := bits.Mul64(lo, m)
	o, hi := bits.Mul64(hi, m)
	hi, carry := bits.Add64(hi, c, 0)
	p := Int128{lo, int64(hi)}
	ok := o|carry == 0 && int64(hi) >= 0
	if d.Hi < 0 {
		p = p.Neg()
	}
	return p, ok
}

// DivMod64 returns the quotient of d / m, truncated, and the remainder's magnitude. m must not be 0.
func (d Int128) DivMod64(m uint64) (Int128, uint64) {
	hi, lo := d.Abs()
	q1 := hi / m
	q0, r := bits.Div64(hi%m, lo, m)
	q := Int128{q0, int64(q1)}
	if d.Hi < 0 {
		q = q.Neg()
	}
	return q, r
}

// MaxDigits is the greatest precision of DECIMAL.
const MaxDigits = 38

// Pow10 returns 10^n for 0 ≤ n ≤ MaxDigits.
func Pow10(n int) Int128 { return pow10[n] }

var pow10 = func() (p [MaxDigits + 1]Int128) {
	p[0] = Int128{Lo: 1}
	for i := 1; i < len(p); i++ {
		p[i], _ = p[i-1].Mul64(10)
	}
	return p
}()

// Fits reports whether d has at most n decimal digits, for n up to MaxDigits.
func (d Int128) Fits(n int) bool {
	p := pow10[n]
	hi, lo := d.Abs()
	return hi < uint64(p.Hi) || hi == uint64(p.Hi) && lo < p.Lo
}

// Rescale returns the value d × 10^-from as an unscaled value with to fraction digits, rounded half away from zero, and
// whether it is within 128 bits.
func (d Int128) Rescale(from, to int) (Int128, bool) {
	for n := to - from; n > 0; {
		step := min(n, 19)
		var ok bool
		if d, ok = d.Mul64(pow10[step].Lo); !ok {
			return d, false
		}
		n -= step
	}
	n := from - to
	if n <= 0 {
		return d, true
	}
	if n > MaxDigits {
		return Int128{}, true
	}
	// One division rounds; the ones before it only cut digits, of which those that matter stay.
	for n > 19 {
		d, _ = d.DivMod64(pow10[n-19].Lo)
		n = 19
	}
	q, r := d.DivMod64(pow10[n].Lo)
	if r >= pow10[n].Lo/2 {
		if d.Hi < 0 {
			q = q.Sub(Int128{Lo: 1})
		} else {
			q = q.Add(Int128{Lo: 1})
		}
	}
	return q, true
}

// Float returns the nearest float64 to d × 10^-scale.
func (d Int128) Float(scale int) float64 {
	if d.IsInt64() && d.Lo+1<<53 <= 1<<54 && scale <= 22 { // both exact, so the quotient is rounded once
		return float64(int64(d.Lo)) / exactPow10[scale]
	}
	f, _ := strconv.ParseFloat(string(AppendDecimal(nil, d, scale)), 64)
	return f
}

var exactPow10 = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// AppendDecimal writes d × 10^-scale with exactly scale fraction digits.
func AppendDecimal(dst []byte, d Int128, scale int) []byte {
	var buf [48]byte
	i := len(buf)
	put := func(x uint64, n int) { // the last n digits of x, or all if n is 0
		for k := 0; n == 0 && x > 0 || k < n; k++ {
			if len(buf)-i == scale && scale > 0 {
				i--
				buf[i] = '.'
			}
			i--
			buf[i] = byte('0' + x%10)
			x /= 10
		}
	}
	hi, lo := d.Abs()
	m := Int128{lo, int64(hi)}
	for m.Hi != 0 {
		var r uint64
		m, r = m.DivMod64(1e19)
		put(r, 19)
	}
	put(m.Lo, 0)
	for len(buf)-i < scale+1 || i == len(buf) || buf[i] == '.' {
		put(0, 1)
	}
	if d.Hi < 0 {
		i--
		buf[i] = '-'
	}
	return append(dst, buf[i:]...)
}
