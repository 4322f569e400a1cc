package kernel

import (
	"math/bits"

	"github.com/millstream/millstream/column"
)

// Decimal is a value of an operation on unscaled values, and the scales that it involves. All functions return the value
// with Scale fraction digits, rounded half away from zero, and false if it has more than Precision digits, or for a zero
// divisor.
type Decimal struct {
	A, B             int // fraction digits of the operands
	Precision, Scale int // of the result
}

// Add returns a + b; Sub the difference.
func (t Decimal) Add(a, b column.Int128) (column.Int128, bool) {
	if t.A == t.B && t.A == t.Scale { // a sum that overflows 128 bits has too many digits even then
		sum := a.Add(b)
		return sum, sum.Fits(t.Precision)
	}
	s := max(t.A, t.B)
	x, ok1 := a.Rescale(t.A, s)
	y, ok2 := b.Rescale(t.B, s)
	if !ok1 || !ok2 {
		return t.addWide(a, b, s)
	}
	sum := x.Add(y)
	if (x.Hi^sum.Hi)&(y.Hi^sum.Hi) < 0 { // the sign is not that of both operands: overflow
		return t.addWide(a, b, s)
	}
	return t.fit(sum, s)
}

func (t Decimal) Sub(a, b column.Int128) (column.Int128, bool) { return t.Add(a, b.Neg()) }

func (t Decimal) fit(d column.Int128, scale int) (column.Int128, bool) {
	d, ok := d.Rescale(scale, t.Scale)
	return d, ok && d.Fits(t.Precision)
}

// Product returns x × y.
func Product(x, y int64) column.Int128 {
	hi, lo := bits.Mul64(uint64(x), uint64(y))
	hi -= uint64(x>>63)&uint64(y) + uint64(y>>63)&uint64(x) // from unsigned to signed
	return column.Int128{Lo: lo, Hi: int64(hi)}
}

// Mul returns a × b.
func (t Decimal) Mul(a, b column.Int128) (column.Int128, bool) {
	if a.IsInt64() && b.IsInt64() {
		return t.fit(Product(int64(a.Lo), int64(b.Lo)), t.A+t.B)
	}
	p := mul(magnitude(a), magnitude(b))
	return t.round(p, t.A+t.B, a.Hi^b.Hi < 0)
}

// Div returns a / b.
func (t Decimal) Div(a, b column.Int128) (column.Int128, bool) {
	if b.Sign() == 0 {
		return b, false
	}
	// a·10^-A / (b·10^-B) with Scale digits is a·10^(Scale+B-A) / b.
	shift := t.Scale + t.B - t.A
	if shift >= 0 && shift < 20 && a.IsInt64() && b.IsInt64() {
		return t.divNarrow(a, b, column.Pow10(shift).Lo)
	}
	n, d := magnitude(a), magnitude(b)
	if shift < 0 {
		d, shift = mul(d, magnitude(column.Pow10(min(-shift, column.MaxDigits)))), 0
	}
	for shift > 0 {
		step := min(shift, column.MaxDigits)
		if n.bits()+magnitude(column.Pow10(step)).bits() > 256 {
			return b, false // b has less than 128 bits, so the quotient has more than 38 digits
		}
		n = mulWide(n, column.Pow10(step))
		shift -= step
	}
	q, r := n.divMod(d)
	if r2, over := r.double(); over || !r2.less(d) {
		q = q.inc()
	}
	return t.signed(q, a.Hi^b.Hi < 0)
}

// divNarrow returns a·up / b for values of 64 bits.
func (t Decimal) divNarrow(a, b column.Int128, up uint64) (column.Int128, bool) {
	_, n := a.Abs()
	_, d := b.Abs()
	hi, lo := bits.Mul64(n, up)
	q1 := hi / d
	q0, r := bits.Div64(hi%d, lo, d)
	if r >= d-r { // twice the remainder, without overflow
		var c uint64
		q0, c = bits.Add64(q0, 1, 0)
		q1 += c
	}
	return t.signed(wide{q0, q1}, a.Hi^b.Hi < 0)
}

// Mod returns the remainder of a / b, with a's sign.
func (t Decimal) Mod(a, b column.Int128) (column.Int128, bool) {
	if b.Sign() == 0 {
		return b, false
	}
	s := max(t.A, t.B)
	n, d := mulWide(magnitude(a), column.Pow10(s-t.A)), mulWide(magnitude(b), column.Pow10(s-t.B))
	_, r := n.divMod(d)
	return t.round(r, s, a.Hi < 0)
}

func (t Decimal) addWide(a, b column.Int128, s int) (column.Int128, bool) {
	x, y := mulWide(magnitude(a), column.Pow10(s-t.A)), mulWide(magnitude(b), column.Pow10(s-t.B))
	negative := a.Hi < 0
	switch {
	case (a.Hi < 0) == (b.Hi < 0):
		x = x.add(y)
	case x.less(y):
		x, negative = y.sub(x), !negative
	default:
		x = x.sub(y)
	}
	return t.round(x, s, negative)
}

// round returns the magnitude with scale fraction digits as a signed value with t.Scale digits.
func (t Decimal) round(m wide, scale int, negative bool) (column.Int128, bool) {
	if up := t.Scale - scale; up > 0 {
		if m[2]|m[3] != 0 {
			return column.Int128{}, false
		}
		m = mulWide(m, column.Pow10(min(up, column.MaxDigits)))
	}
	for down := scale - t.Scale; down > 0; {
		// The last division rounds; those before only cut digits behind the one that decides.
		step := min(down, column.MaxDigits)
		if down > column.MaxDigits {
			step = min(column.MaxDigits, down-column.MaxDigits)
		}
		d := magnitude(column.Pow10(step))
		q, r := m.divMod(d)
		if down == step {
			if r2, over := r.double(); over || !r2.less(d) {
				q = q.inc()
			}
		}
		m = q
		down -= step
	}
	return t.signed(m, negative)
}

func (t Decimal) signed(m wide, negative bool) (column.Int128, bool) {
	d := column.Int128{Lo: m[0], Hi: int64(m[1])}
	if m[2]|m[3] != 0 || d.Hi < 0 || !d.Fits(t.Precision) {
		return column.Int128{}, false
	}
	if negative {
		d = d.Neg()
	}
	return d, true
}

// wide is an unsigned 256-bit number, least word first.
type wide [4]uint64

func magnitude(d column.Int128) wide {
	hi, lo := d.Abs()
	return wide{lo, hi}
}

func (w wide) bits() int {
	for i := 3; i >= 0; i-- {
		if w[i] != 0 {
			return 64*i + bits.Len64(w[i])
		}
	}
	return 0
}

func (w wide) add(v wide) (s wide) {
	var c uint64
	for i := range w {
		s[i], c = bits.Add64(w[i], v[i], c)
	}
	return s
}

func (w wide) sub(v wide) (s wide) {
	var c uint64
	for i := range w {
		s[i], c = bits.Sub64(w[i], v[i], c)
	}
	return s
}

func (w wide) inc() wide { return w.add(wide{1}) }

func (w wide) double() (wide, bool) { return w.add(w), w[3]>>63 != 0 }

func (w wide) less(v wide) bool {
	for i := 3; i >= 0; i-- {
		if w[i] != v[i] {
			return w[i] < v[i]
		}
	}
	return false
}

// mul returns the product of two magnitudes below 2^128.
func mul(a, b wide) wide {
	h00, l00 := bits.Mul64(a[0], b[0])
	h01, l01 := bits.Mul64(a[0], b[1])
	h10, l10 := bits.Mul64(a[1], b[0])
	h11, l11 := bits.Mul64(a[1], b[1])
	var p wide
	var c, d uint64
	p[0] = l00
	p[1], c = bits.Add64(h00, l01, 0)
	p[2], c = bits.Add64(h01, l11, c)
	p[3] = h11 + c
	p[1], d = bits.Add64(p[1], l10, 0)
	p[2], d = bits.Add64(p[2], h10, d)
	p[3] += d
	return p
}

// mulWide returns w × m for a product below 2^256.
func mulWide(w wide, m column.Int128) wide {
	if w[2]|w[3] == 0 {
		return mul(w, magnitude(m))
	}
	low, high := mul(wide{w[0], w[1]}, magnitude(m)), mul(wide{w[2], w[3]}, magnitude(m))
	return low.add(wide{0, 0, high[0], high[1]})
}

// divMod divides w by d, which must not be 0.
func (w wide) divMod(d wide) (q, r wide) {
	switch {
	case d[1]|d[2]|d[3] == 0:
		var rem uint64
		for i := 3; i >= 0; i-- {
			q[i], rem = bits.Div64(rem, w[i], d[0])
		}
		return q, wide{rem}
	case w.less(d):
		return wide{}, w
	}
	// Knuth's algorithm D with 64-bit digits.
	n := (d.bits() + 63) / 64
	shift := uint(bits.LeadingZeros64(d[n-1]))
	v := d.shl(shift)
	var u [5]uint64
	x := w.shl(shift)
	copy(u[:], x[:])
	if shift > 0 {
		u[4] = w[3] >> (64 - shift)
	}
	for j := 4 - n; j >= 0; j-- {
		var qhat, rhat uint64
		if u[j+n] >= v[n-1] {
			qhat = ^uint64(0)
		} else {
			qhat, rhat = bits.Div64(u[j+n], u[j+n-1], v[n-1])
			for {
				h, l := bits.Mul64(qhat, v[n-2])
				if h < rhat || h == rhat && l <= u[j+n-2] {
					break
				}
				qhat--
				var over uint64
				if rhat, over = bits.Add64(rhat, v[n-1], 0); over != 0 {
					break
				}
			}
		}
		// u[j..j+n] -= qhat·v
		var borrow, carry uint64
		for i := range n {
			h, l := bits.Mul64(qhat, v[i])
			l, c := bits.Add64(l, carry, 0)
			carry = h + c
			u[j+i], borrow = bits.Sub64(u[j+i], l, borrow)
		}
		u[j+n], borrow = bits.Sub64(u[j+n], carry, borrow)
		for borrow != 0 { // qhat was too large
			qhat--
			var c uint64
			for i := range n {
				u[j+i], c = bits.Add64(u[j+i], v[i], c)
			}
			var over uint64
			u[j+n], over = bits.Add64(u[j+n], c, 0)
			borrow -= over
		}
		q[j] = qhat
	}
	copy(r[:], u[:n])
	return q, r.shr(shift)
}

func (w wide) shl(n uint) (s wide) {
	if n == 0 {
		return w
	}
	for i := 3; i > 0; i-- {
		s[i] = w[i]<<n | w[i-1]>>(64-n)
	}
	s[0] = w[0] << n
	return s
}

func (w wide) shr(n uint) (s wide) {
	if n == 0 {
		return w
	}
	for i := range 3 {
		s[i] = w[i]>>n | w[i+1]<<(64-n)
	}
	s[3] = w[3] >> n
	return s
}
