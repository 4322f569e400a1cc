package expr

import (
	"fmt"
	"math"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

func init() {
	double := always(column.Of(column.Double))
	for _, f := range []struct {
		name, doc, example string
		apply              func(float64) float64
	}{
		{"SQRT", "The square root; NaN for a negative number.", "SQRT(16) => 4.0", math.Sqrt},
		{"EXP", "e to the power of the argument.", "EXP(0) => 1.0", math.Exp},
		{"LN", "The natural logarithm.", "LN(1) => 0.0", math.Log},
		{"LOG10", "The logarithm to base 10.", "LOG10(1000) => 3.0", log10},
		{"LOG2", "The logarithm to base 2.", "LOG2(8) => 3.0", math.Log2},
		{"SIN", "The sine.", "SIN(0) => 0.0", math.Sin},
		{"COS", "The cosine.", "COS(0) => 1.0", math.Cos},
		{"TAN", "The tangent.", "TAN(0) => 0.0", math.Tan},
		{"COT", "The cotangent.", "COT(1) => 0.6420926159343308", func(x float64) float64 { return 1 / math.Tan(x) }},
		{"ASIN", "The arc sine.", "ASIN(0) => 0.0", math.Asin},
		{"ACOS", "The arc cosine.", "ACOS(1) => 0.0", math.Acos},
		{"ATAN", "The arc tangent.", "ATAN(0) => 0.0", math.Atan},
		{"SINH", "The hyperbolic sine.", "SINH(0) => 0.0", math.Sinh},
		{"COSH", "The hyperbolic cosine.", "COSH(0) => 1.0", math.Cosh},
		{"TANH", "The hyperbolic tangent.", "TANH(0) => 0.0", math.Tanh},
		{"DEGREES", "Radians as degrees.", "DEGREES(0) => 0.0", func(x float64) float64 { return x * (180 / math.Pi) }},
		{"RADIANS", "Degrees as radians.", "RADIANS(0) => 0.0", func(x float64) float64 { return x / 180 * math.Pi }},
	} {
		register(textFunction(f.name, f.doc, f.example, takes(double, isDouble), func(c *Call) Kernel {
			return fixedOf(c, func(a *rowArgs) (float64, bool) { return f.apply(a.double(0)), true })
		}))
	}
	register(
		textFunction("POWER", "The first argument to the power of the second.", "POWER(2, 10) => 1024.0", takes(double, isDouble, isDouble), func(c *Call) Kernel {
			return fixedOf(c, func(a *rowArgs) (float64, bool) { return math.Pow(a.double(0), a.double(1)), true })
		}),
		textFunction("ATAN2", "The angle of the point (x, y), given as y and x.", "ATAN2(0, 1) => 0.0", takes(double, isDouble, isDouble), func(c *Call) Kernel {
			return fixedOf(c, func(a *rowArgs) (float64, bool) { return math.Atan2(a.double(0), a.double(1)), true })
		}),
		textFunction("LOG", "The natural logarithm, or, of two arguments, that of the second to the base of the first.", "LOG(1) => 0.0",
			takes(double, isDouble, isDouble).optional(1), func(c *Call) Kernel {
				based := len(c.Args) == 2
				return fixedOf(c, func(a *rowArgs) (float64, bool) {
					if based {
						return math.Log(a.double(1)) / math.Log(a.double(0)), true
					}
					return math.Log(a.double(0)), true
				})
			}),
		textFunction("PI", "The circle's constant.", "PI() => 3.141592653589793", takes(double), func(c *Call) Kernel {
			return fixedOf(c, func(*rowArgs) (float64, bool) { return math.Pi, true })
		}),
		textFunction("E", "Euler's number.", "E() => 2.718281828459045", takes(double), func(c *Call) Kernel {
			return fixedOf(c, func(*rowArgs) (float64, bool) { return math.E, true })
		}),
		sameType("ABS", "The magnitude; that of the least integer of a type wraps around to itself.", "ABS(-5) => 5", absolute),
		sameType("SIGN", "-1, 0 or 1 as the argument is negative, zero or positive, in its type.", "SIGN(-2.5) => -1.0", signum),
		sameType("NEGATE", "The argument with its sign changed; unary minus.", "-(5) => -5", negate),
	)
	functions["NEGATE"].print = func(c *Call) string { return "-" + c.Args[0].String() }
	functions["NEGATE"].Resolve = resolveNegate
}

func volatile(f *Function) *Function { f.Volatile = true; return f }

// log10 is exact for powers of ten.
func log10(x float64) float64 {
	y := math.Log10(x)
	if r := math.Round(y); r >= 0 && r <= 22 && math.Pow10(int(r)) == x {
		return r
	}
	return y
}

// sameType is a function of one number with a result of the same type.
func sameType(name, doc, example string, compile func(t column.Type) (Kernel, error)) *Function {
	return &Function{Name: name, Doc: doc, Example: example, strict: true, cheap: true, Resolve: takes(likeFirst, isNumber).resolve(name),
		Compile: func(c *Call) (Kernel, error) { return compile(c.Args[0].Type()) }}
}

// mapNumbers makes a kernel of a function on numbers that never fails.
func mapNumbers[T column.Fixed](f func(in, out []T)) Kernel {
	return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
		out.Resize(n)
		kernel.And(out, args[0].Valid, nil, n)
		f(column.Values[T](args[0])[:n], column.Values[T](out)[:n])
		return nil
	}
}

func absolute(t column.Type) (Kernel, error) {
	switch t.Kind {
	case column.TinyInt:
		return mapNumbers(kernel.Abs[int8]), nil
	case column.SmallInt:
		return mapNumbers(kernel.Abs[int16]), nil
	case column.Int:
		return mapNumbers(kernel.Abs[int32]), nil
	case column.BigInt:
		return mapNumbers(kernel.Abs[int64]), nil
	case column.Float:
		return mapNumbers(kernel.Abs[float32]), nil
	case column.Double:
		return mapNumbers(kernel.Abs[float64]), nil
	}
	return mapNumbers(func(in, out []column.Int128) {
		for i, d := range in {
			if out[i] = d; d.Hi < 0 {
				out[i] = d.Neg()
			}
		}
	}), nil
}

func negate(t column.Type) (Kernel, error) {
	switch t.Layout() {
	case column.LayoutInt8:
		return mapNumbers(kernel.Neg[int8]), nil
	case column.LayoutInt16:
		return mapNumbers(kernel.Neg[int16]), nil
	case column.LayoutInt32:
		return mapNumbers(kernel.Neg[int32]), nil
	case column.LayoutInt64:
		return mapNumbers(kernel.Neg[int64]), nil
	case column.LayoutFloat:
		return mapNumbers(kernel.Neg[float32]), nil
	case column.LayoutDouble:
		return mapNumbers(kernel.Neg[float64]), nil
	}
	return mapNumbers(func(in, out []column.Int128) {
		for i, d := range in {
			out[i] = d.Neg()
		}
	}), nil
}

func resolveNegate(args []Expr) ([]Expr, column.Type, error) {
	if len(args) == 1 && isInterval(args[0].Type()) {
		return args, args[0].Type(), nil
	}
	if len(args) != 1 || !args[0].Type().IsNumeric() && args[0].Type().Kind != column.Null {
		return nil, column.Type{}, fmt.Errorf("- takes a number or an interval, not (%s)", argTypes(args))
	}
	return takes(likeFirst, isNumber).resolve("-")(args)
}

func signum(t column.Type) (Kernel, error) {
	switch t.Kind {
	case column.TinyInt:
		return mapNumbers(kernel.Sign[int8]), nil
	case column.SmallInt:
		return mapNumbers(kernel.Sign[int16]), nil
	case column.Int:
		return mapNumbers(kernel.Sign[int32]), nil
	case column.BigInt:
		return mapNumbers(kernel.Sign[int64]), nil
	case column.Float:
		return mapNumbers(kernel.Sign[float32]), nil
	case column.Double:
		return mapNumbers(kernel.Sign[float64]), nil
	}
	one := column.Pow10(int(t.Scale))
	return mapNumbers(func(in, out []column.Int128) {
		for i, d := range in {
			switch d.Sign() {
			case 0:
				out[i] = column.Int128{}
			case 1:
				out[i] = one
			default:
				out[i] = one.Neg()
			}
		}
	}), nil
}
