package kernel

import "math"

// ConvertInteger writes a[i] as another integer type, wrapping.
func ConvertInteger[A, B Integer](a []A, out []B) {
	out = out[:len(a)]
	for i, x := range a {
		out[i] = B(x)
	}
}

// ConvertToFloat writes a[i] as a floating-point number, rounded to the nearest.
func ConvertToFloat[A Number, B float32 | float64](a []A, out []B) {
	out = out[:len(a)]
	for i, x := range a {
		out[i] = B(x)
	}
}

// TruncateFloat writes a[i] as an integer as Java does: towards zero and, where it is out of range, the least or greatest
// int (for an int64, long), which then wraps to a narrower type. NaN is 0.
func TruncateFloat[A float32 | float64, B Integer](a []A, out []B) {
	out = out[:len(a)]
	low, high := int64(math.MinInt32), int64(math.MaxInt32)
	if _, long := any(B(0)).(int64); long {
		low, high = math.MinInt64, math.MaxInt64
	}
	flow, fhigh := float64(low), float64(high)
	for i, v := range a {
		x := float64(v)
		switch {
		case x != x:
			out[i] = 0
		case x >= fhigh:
			out[i] = B(high)
		case x <= flow:
			out[i] = B(low)
		default:
			out[i] = B(int64(x))
		}
	}
}
