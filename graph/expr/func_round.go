package expr

import (
	"bytes"
	"fmt"
	"math"
	"strconv"

	"github.com/millstream/millstream/column"
)

func init() {
	register(
		&Function{Name: "ROUND", Doc: "The number rounded half away from zero to a number of fraction digits (0), or before the point if that is negative.",
			Example: "ROUND(1.235, 2) => 1.24", strict: true, Resolve: resolveRound("ROUND"), Compile: func(c *Call) (Kernel, error) { return compileRound(c, true), nil }},
		&Function{Name: "TRUNCATE", Doc: "The number with digits cut off behind a number of fraction digits (0).",
			Example: "TRUNCATE(42.345, 2) => 42.34", strict: true, Resolve: resolveRound("TRUNCATE"), Compile: func(c *Call) (Kernel, error) { return compileRound(c, false), nil }},
		&Function{Name: "FLOOR", Doc: "The greatest whole number that is not greater; with a unit, such as 'HOUR', the time at which the unit began.",
			Example: "FLOOR(-1.2) => -2", strict: true, Resolve: resolveFloor("FLOOR"), compile: compileFloor(false)},
		&Function{Name: "CEIL", Aliases: []string{"CEILING"}, Doc: "The least whole number that is not less; with a unit, such as 'HOUR', the time at which the next unit begins.",
			Example: "CEIL(1.2) => 2", strict: true, Resolve: resolveFloor("CEIL"), compile: compileFloor(true)},
	)
}

func resolveRound(name string) func(args []Expr) ([]Expr, column.Type, error) {
	return takes(func(args []Expr) column.Type {
		t := nullable(args[0].Type(), args)
		if t.Kind != column.Decimal {
			return t
		}
		digits := int64(0)
		if len(args) > 1 {
			var ok bool
			if digits, ok = constInt(args[1]); !ok {
				return t
			}
		}
		switch {
		case digits >= int64(t.Scale):
		case digits < 0:
			t.Precision, t.Scale = min(maxPrecision, 1+t.Precision-t.Scale), 0
		default:
			t.Precision, t.Scale = 1+t.Precision-t.Scale+int32(digits), int32(digits)
		}
		return t
	}, isNumber, isInt).optional(1).resolve(name)
}

// compileRound rounds to a number of digits, or cuts. FLOAT and DOUBLE are rounded as the decimals that they are printed as.
func compileRound(c *Call, half bool) Kernel {
	t := c.Args[0].Type()
	digits := func(a *rowArgs) int {
		if len(a.vecs) < 2 {
			return 0
		}
		return a.int(1)
	}
	switch t.Kind {
	case column.TinyInt:
		return fixedOf(c, func(a *rowArgs) (int8, bool) {
			return int8(roundInteger(int64(column.Values[int8](a.vecs[0])[a.at(0)]), digits(a), half)), true
		})
	case column.SmallInt:
		return fixedOf(c, func(a *rowArgs) (int16, bool) {
			return int16(roundInteger(int64(column.Values[int16](a.vecs[0])[a.at(0)]), digits(a), half)), true
		})
	case column.Int:
		return fixedOf(c, func(a *rowArgs) (int32, bool) { return int32(roundInteger(int64(a.int(0)), digits(a), half)), true })
	case column.BigInt:
		return fixedOf(c, func(a *rowArgs) (int64, bool) { return roundInteger(a.long(0), digits(a), half), true })
	case column.Float:
		return fixedOf(c, func(a *rowArgs) (float32, bool) {
			return float32(roundFloat(float64(column.Values[float32](a.vecs[0])[a.at(0)]), digits(a), half)), true
		})
	case column.Double:
		return fixedOf(c, func(a *rowArgs) (float64, bool) { return roundFloat(a.double(0), digits(a), half), true })
	}
	from, to := int(t.Scale), int(c.T.Scale)
	return fixedOf(c, func(a *rowArgs) (column.Int128, bool) {
		d := column.Values[column.Int128](a.vecs[0])[a.at(0)]
		d, ok := roundDecimal(d, from, min(digits(a), from), half)
		if !ok {
			return d, false
		}
		d, ok = d.Rescale(from, to)
		return d, ok && d.Fits(int(c.T.Precision))
	})
}

// roundDecimal makes the digits of d × 10^-scale behind the first n fraction digits zero.
func roundDecimal(d column.Int128, scale, n int, half bool) (column.Int128, bool) {
	cut := scale - n
	switch {
	case cut <= 0:
		return d, true
	case cut > column.MaxDigits:
		return column.Int128{}, true
	}
	q := truncateDecimal(d, cut)
	if half {
		q, _ = d.Rescale(cut, 0)
	}
	return q.Rescale(0, cut)
}

// truncateDecimal cuts the last n digits off.
func truncateDecimal(d column.Int128, n int) column.Int128 {
	for n > 0 {
		step := min(n, 19)
		d, _ = d.DivMod64(column.Pow10(step).Lo)
		n -= step
	}
	return d
}

func roundInteger(x int64, n int, half bool) int64 {
	if n >= 0 {
		return x
	}
	d, ok := roundDecimal(column.Int128Of(x), 0, n, half)
	if !ok {
		return x
	}
	return int64(d.Lo)
}

// pow10 are powers of ten that a double holds exactly.
var pow10 = [16]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// roundFloat rounds the shortest decimal that stands for x.
func roundFloat(x float64, n int, half bool) float64 {
	if x == 0 || x != x || math.IsInf(x, 0) || n > 350 {
		return x
	}
	if y, ok := quickRound(x, n, half); ok {
		return y
	}
	return roundShortest(x, n, half)
}

// quickRound rounds x where x × 10^n is not near to a half or, cutting, to a whole number: there its rounding is that of the decimal, and the quotient of
// two numbers that are exact is the double nearest to it.
func quickRound(x float64, n int, half bool) (float64, bool) {
	if n < 0 || n >= len(pow10) {
		return 0, false
	}
	scaled := math.Abs(x) * pow10[n]
	if scaled >= 1<<50 {
		return 0, false
	}
	down := math.Floor(scaled)
	fraction, miss := scaled-down, scaled*0x1p-50
	if half {
		if f := fraction - 0.5; f > miss {
			down++
		} else if f >= -miss {
			return 0, false
		}
	} else if fraction <= miss || 1-fraction <= miss {
		return 0, false
	}
	return math.Copysign(down/pow10[n], x) + 0, true // there is no -0
}

// roundShortest rounds the digits of the shortest text of x.
func roundShortest(x float64, n int, half bool) float64 {
	var buf [32]byte
	digits := strconv.AppendFloat(buf[:0], x, 'e', -1, 64) // -d.ddde±xx
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	e := bytes.IndexByte(digits, 'e')
	exponent, _ := strconv.Atoi(string(digits[e+1:]))
	mantissa := append([]byte{digits[0]}, digits[min(2, e):e]...)
	// The value is mantissa × 10^(exponent+1-len); keep its first digits.
	keep := exponent + 1 + n
	switch {
	case keep >= len(mantissa):
		return x
	case keep < 0:
		return 0
	}
	up := half && mantissa[keep] >= '5'
	whole := append([]byte{'0'}, mantissa[:keep]...)
	for i := len(whole) - 1; up; i-- {
		if up = whole[i] == '9'; up {
			whole[i] = '0'
		} else {
			whole[i]++
		}
	}
	y, _ := strconv.ParseFloat(sign+string(whole)+"e"+strconv.Itoa(-n), 64)
	if y == 0 {
		return 0 // a BigDecimal has no -0
	}
	return y
}

func resolveFloor(name string) func(args []Expr) ([]Expr, column.Type, error) {
	return func(args []Expr) ([]Expr, column.Type, error) {
		if len(args) == 2 {
			return resolveFloorTime(name, args)
		}
		return takes(func(args []Expr) column.Type {
			t := nullable(args[0].Type(), args)
			if t.Kind == column.Decimal {
				t.Scale = 0
			}
			return t
		}, isNumber).resolve(name)(args)
	}
}

// compileFloor rounds down, or up.
func compileFloor(up bool) func(c *Call, env *environment) (Kernel, error) {
	return func(c *Call, env *environment) (Kernel, error) {
		if len(c.Args) == 2 {
			return compileFloorTime(c, up, env)
		}
		t := c.Args[0].Type()
		switch t.Kind {
		case column.Float:
			return mapNumbers(func(in, out []float32) {
				for i, x := range in {
					if up {
						out[i] = float32(math.Ceil(float64(x)))
					} else {
						out[i] = float32(math.Floor(float64(x)))
					}
				}
			}), nil
		case column.Double:
			return mapNumbers(func(in, out []float64) {
				for i, x := range in {
					if up {
						out[i] = math.Ceil(x)
					} else {
						out[i] = math.Floor(x)
					}
				}
			}), nil
		case column.Decimal:
			return fixedOf(c, func(a *rowArgs) (column.Int128, bool) {
				x := column.Values[column.Int128](a.vecs[0])[a.at(0)]
				q := truncateDecimal(x, int(t.Scale))
				back, _ := q.Rescale(0, int(t.Scale))
				switch {
				case up && back.Less(x):
					q = q.Add(column.Int128Of(1))
				case !up && x.Less(back):
					q = q.Sub(column.Int128Of(1))
				}
				return q, q.Fits(int(c.T.Precision))
			}), nil
		}
		if t.IsInteger() {
			return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
				out.Borrow(args[0])
				return nil
			}, nil
		}
		return nil, fmt.Errorf("no whole numbers of %s", t)
	}
}
