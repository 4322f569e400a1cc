package kernel

// Add writes a[i] + b[i]; integers wrap.
func Add[T Number](a, b, out []T) {
	b, out = b[:len(a)], out[:len(a)]
	for i, x := range a {
		out[i] = x + b[i]
	}
}

// AddC writes a[i] + c.
func AddC[T Number](a []T, c T, out []T) {
	out = out[:len(a)]
	for i, x := range a {
		out[i] = x + c
	}
}

// Sub writes a[i] - b[i].
func Sub[T Number](a, b, out []T) {
	b, out = b[:len(a)], out[:len(a)]
	for i, x := range a {
		out[i] = x - b[i]
	}
}

// SubFromC writes c - a[i].
func SubFromC[T Number](c T, a, out []T) {
	out = out[:len(a)]
	for i, x := range a {
		out[i] = c - x
	}
}

// Mul writes a[i] * b[i].
func Mul[T Number](a, b, out []T) {
	b, out = b[:len(a)], out[:len(a)]
	for i, x := range a {
		out[i] = x * b[i]
	}
}

// MulC writes a[i] * c.
func MulC[T Number](a []T, c T, out []T) {
	out = out[:len(a)]
	for i, x := range a {
		out[i] = x * c
	}
}

// Neg writes -a[i].
func Neg[T Number](a, out []T) {
	out = out[:len(a)]
	for i, x := range a {
		out[i] = -x
	}
}

// DivFloat writes a[i] / b[i].
func DivFloat[T float32 | float64](a, b, out []T) {
	b, out = b[:len(a)], out[:len(a)]
	for i, x := range a {
		out[i] = x / b[i]
	}
}

// DivFloatC writes a[i] / c.
func DivFloatC[T float32 | float64](a []T, c T, out []T) {
	out = out[:len(a)]
	for i, x := range a {
		out[i] = x / c
	}
}

// Div writes a[i] / b[i], truncated, and reports whether no divisor was zero; where one is, it writes 0.
func Div[T Integer](a, b, out []T) bool {
	b, out = b[:len(a)], out[:len(a)]
	ok := true
	for i, x := range a {
		y := b[i]
		if y == 0 {
			ok, out[i] = false, 0
			continue
		}
		out[i] = x / y
	}
	return ok
}

// DivC writes a[i] / c for a c that is not zero.
func DivC[T Integer](a []T, c T, out []T) {
	out = out[:len(a)]
	for i, x := range a {
		out[i] = x / c
	}
}

// Mod writes the remainder of a[i] / b[i], which has the sign of a[i], and reports whether no divisor was zero.
func Mod[T Integer](a, b, out []T) bool {
	b, out = b[:len(a)], out[:len(a)]
	ok := true
	for i, x := range a {
		y := b[i]
		if y == 0 {
			ok, out[i] = false, 0
			continue
		}
		out[i] = x % y
	}
	return ok
}

// ModC writes the remainder of a[i] / c for a c that is not zero.
func ModC[T Integer](a []T, c T, out []T) {
	out = out[:len(a)]
	for i, x := range a {
		out[i] = x % c
	}
}

// AnyZero reports whether a valid row of sel, or of all n rows if it is nil, is zero.
func AnyZero[T Number](a []T, valid []uint64, n int, sel []int32) bool {
	if sel != nil {
		for _, r := range sel {
			if a[r] == 0 && (valid == nil || valid[r>>6]>>(r&63)&1 != 0) {
				return true
			}
		}
		return false
	}
	for i, x := range a[:n] {
		if x == 0 && (valid == nil || valid[i>>6]>>(i&63)&1 != 0) {
			return true
		}
	}
	return false
}

// Abs writes the magnitude of a[i]; that of the least integer is itself.
func Abs[T Number](a, out []T) {
	out = out[:len(a)]
	for i, x := range a {
		if x <= 0 { // 0 too, for -0.0
			x = 0 - x
		}
		out[i] = x
	}
}

// Sign writes -1, 0 or 1 as a[i] is negative, zero or positive; -0.0 and NaN stay.
func Sign[T Number](a, out []T) {
	out = out[:len(a)]
	var zero T
	one := zero + 1
	for i, x := range a {
		switch {
		case x > zero:
			x = one
		case x < zero:
			x = zero - one
		}
		out[i] = x
	}
}
