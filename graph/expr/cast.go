package expr

import (
	"fmt"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// compileCast returns the kernel that converts from one type to another; nil if values of the one are values of the other.
// try makes what cannot be converted NULL.
func compileCast(from, to column.Type, try bool, env *environment) (Kernel, error) {
	if !CanCast(from, to, false) {
		return nil, fmt.Errorf("no conversion from %s to %s", from.Optional(), to.Optional())
	}
	switch {
	case from.Kind == column.Null:
		return func(_ []*column.Vector, n int, _ []int32, out *column.Vector) error {
			for range n {
				out.AppendNull()
			}
			return nil
		}, nil
	case from.SameAs(to):
		return nil, nil
	case from.IsNumeric() && to.IsNumeric():
		return castNumber(from, to), nil
	case to.Kind == column.Char && to.Precision > longestText/utf8.UTFMax:
		return nil, fmt.Errorf("%s is too long to fill up with blanks; cast to STRING", to.Optional())
	case to.IsText():
		return castToText(from, to, env), nil
	case from.IsText() && to.IsBinary(), from.IsBinary() && to.IsBinary():
		return castBinary(from, to), nil
	case from.IsText():
		return castFromText(to, try, env), nil
	case from.Kind == column.Boolean:
		return castFromBoolean(to), nil
	case to.Kind == column.Boolean:
		return castToBoolean(from), nil
	case isTime(from) && isTime(to):
		return castTime(from, to, env), nil
	case isInterval(from):
		return nil, nil
	}
	return castNested(from, to, try, env)
}

// castNumber converts between numeric types; it never fails.
func castNumber(from, to column.Type) Kernel {
	switch {
	case from.Kind == column.Decimal && to.Kind == column.Decimal:
		return castDecimal(from, to)
	case from.Kind == column.Decimal:
		return castFromDecimal(from, to)
	case to.Kind == column.Decimal:
		return castToDecimal(from, to)
	}
	var convert func(in, out *column.Vector, n int)
	switch from.Kind {
	case column.TinyInt:
		convert = integerTo[int8](to.Kind)
	case column.SmallInt:
		convert = integerTo[int16](to.Kind)
	case column.Int:
		convert = integerTo[int32](to.Kind)
	case column.BigInt:
		convert = integerTo[int64](to.Kind)
	case column.Float:
		convert = floatTo[float32](to.Kind)
	default:
		convert = floatTo[float64](to.Kind)
	}
	return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
		out.Resize(n)
		kernel.And(out, args[0].Valid, nil, n)
		convert(args[0], out, n)
		return nil
	}
}

func integerTo[A kernel.Integer](to column.Kind) func(in, out *column.Vector, n int) {
	return func(in, out *column.Vector, n int) {
		a := column.Values[A](in)[:n]
		switch to {
		case column.Float:
			kernel.ConvertToFloat(a, column.Values[float32](out))
		case column.Double:
			kernel.ConvertToFloat(a, column.Values[float64](out))
		default:
			storeInteger(out, a, to)
		}
	}
}

func floatTo[A float32 | float64](to column.Kind) func(in, out *column.Vector, n int) {
	return func(in, out *column.Vector, n int) {
		a := column.Values[A](in)[:n]
		switch to {
		case column.TinyInt:
			kernel.TruncateFloat(a, column.Values[int8](out))
		case column.SmallInt:
			kernel.TruncateFloat(a, column.Values[int16](out))
		case column.Int:
			kernel.TruncateFloat(a, column.Values[int32](out))
		case column.BigInt:
			kernel.TruncateFloat(a, column.Values[int64](out))
		case column.Float:
			kernel.ConvertToFloat(a, column.Values[float32](out))
		default:
			kernel.ConvertToFloat(a, column.Values[float64](out))
		}
	}
}

// castDecimal changes precision and scale, rounding half away from zero; what does not fit is NULL.
func castDecimal(from, to column.Type) Kernel {
	a, b := int(from.Scale), int(to.Scale)
	exact := b >= a && to.Precision-to.Scale >= from.Precision-from.Scale
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		kernel.And(out, args[0].Valid, nil, n)
		in, o := column.Values[column.Int128](args[0])[:n], column.Values[column.Int128](out)[:n]
		if exact && a == b {
			copy(o, in)
			return nil
		}
		rows(n, sel, func(r int) {
			d, ok := in[r].Rescale(a, b)
			if o[r] = d; !exact && !(ok && d.Fits(int(to.Precision))) {
				out.SetNull(r)
			}
		})
		return nil
	}
}

func castToDecimal(from, to column.Type) Kernel {
	scale, precision := int(to.Scale), int(to.Precision)
	digits := map[column.Kind]int{column.TinyInt: 3, column.SmallInt: 5, column.Int: 10, column.BigInt: 19}[from.Kind]
	fits := digits > 0 && digits+scale <= precision && scale <= 18
	put := func(out *column.Vector, o []column.Int128, r int, d column.Int128, ok bool) {
		if o[r] = d; !ok || !d.Fits(precision) {
			out.SetNull(r)
		}
	}
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		v := args[0]
		out.Resize(n)
		kernel.And(out, v.Valid, nil, n)
		o := column.Values[column.Int128](out)[:n]
		if fits && (sel == nil || len(sel) > n/4) {
			widen(v, o, scale)
			return nil
		}
		integer := func(x int64, r int) {
			d, ok := column.Int128Of(x).Rescale(0, scale)
			put(out, o, r, d, ok)
		}
		switch from.Kind {
		case column.TinyInt:
			in := column.Values[int8](v)
			rows(n, sel, func(r int) { integer(int64(in[r]), r) })
		case column.SmallInt:
			in := column.Values[int16](v)
			rows(n, sel, func(r int) { integer(int64(in[r]), r) })
		case column.Int:
			in := column.Values[int32](v)
			rows(n, sel, func(r int) { integer(int64(in[r]), r) })
		case column.BigInt:
			in := column.Values[int64](v)
			rows(n, sel, func(r int) { integer(in[r], r) })
		case column.Float:
			in := column.Values[float32](v)
			var buf [32]byte
			rows(n, sel, func(r int) {
				d, ok := column.ParseDecimal(column.AppendFloat(buf[:0], float64(in[r]), 32), scale)
				put(out, o, r, d, ok)
			})
		default:
			in := column.Values[float64](v)
			var buf [32]byte
			rows(n, sel, func(r int) {
				d, ok := column.ParseDecimal(column.AppendFloat(buf[:0], in[r], 64), scale)
				put(out, o, r, d, ok)
			})
		}
		return nil
	}
}

// widen writes integers as decimals that have room for all of them.
func widen(v *column.Vector, out []column.Int128, scale int) {
	by := int64(column.Pow10(scale).Lo)
	switch v.Type.Kind {
	case column.TinyInt:
		widenValues(column.Values[int8](v)[:len(out)], out, by)
	case column.SmallInt:
		widenValues(column.Values[int16](v)[:len(out)], out, by)
	case column.Int:
		widenValues(column.Values[int32](v)[:len(out)], out, by)
	default:
		widenValues(column.Values[int64](v)[:len(out)], out, by)
	}
}

func widenValues[T int8 | int16 | int32 | int64](in []T, out []column.Int128, by int64) {
	if by == 1 {
		for i, x := range in {
			out[i] = column.Int128Of(int64(x))
		}
		return
	}
	for i, x := range in {
		out[i] = kernel.Product(int64(x), by)
	}
}

// castFromDecimal cuts fraction digits off for integers, which wrap, and rounds to the nearest floating-point number.
func castFromDecimal(from, to column.Type) Kernel {
	scale := int(from.Scale)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		out.Resize(n)
		kernel.And(out, args[0].Valid, nil, n)
		in := column.Values[column.Int128](args[0])
		whole := func(r int) int64 {
			d := in[r]
			for s := scale; s > 0; {
				step := min(s, 19)
				d, _ = d.DivMod64(column.Pow10(step).Lo)
				s -= step
			}
			return int64(d.Lo)
		}
		switch to.Kind {
		case column.TinyInt:
			o := column.Values[int8](out)
			rows(n, sel, func(r int) { o[r] = int8(whole(r)) })
		case column.SmallInt:
			o := column.Values[int16](out)
			rows(n, sel, func(r int) { o[r] = int16(whole(r)) })
		case column.Int:
			o := column.Values[int32](out)
			rows(n, sel, func(r int) { o[r] = int32(whole(r)) })
		case column.BigInt:
			o := column.Values[int64](out)
			rows(n, sel, func(r int) { o[r] = whole(r) })
		case column.Float:
			o := column.Values[float32](out)
			rows(n, sel, func(r int) { o[r] = float32(in[r].Float(scale)) })
		default:
			o := column.Values[float64](out)
			rows(n, sel, func(r int) { o[r] = in[r].Float(scale) })
		}
		return nil
	}
}
