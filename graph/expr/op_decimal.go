package expr

import (
	"errors"
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

var errDecimalByZero = errors.New("division by zero: the DECIMAL divisor of / or % is 0 in some row; guard it, as in x / NULLIF(y, 0)")

// decimalArith returns the kernel for operands of types a and b; what does not fit the result type is NULL.
func decimalArith(op arithOp, a, b, result column.Type, consts operands) (Kernel, error) {
	if a.Kind != column.Decimal || b.Kind != column.Decimal {
		return nil, fmt.Errorf("DECIMAL arithmetic on %s and %s", a, b)
	}
	d := kernel.Decimal{A: int(a.Scale), B: int(b.Scale), Precision: int(result.Precision), Scale: int(result.Scale)}
	f := [...]func(x, y column.Int128) (column.Int128, bool){d.Add, d.Sub, d.Mul, d.Div, d.Mod}[op]
	narrow := op < opDiv && fitsInt64(op, a, b, result)
	exact := op == opMul && result.Scale == a.Scale+b.Scale && result.Precision >= a.Precision+b.Precision
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		if !binaryValid(args, n, consts, out) {
			return nil
		}
		x, y, o := column.Values[column.Int128](args[0]), column.Values[column.Int128](args[1]), column.Values[column.Int128](out)[:n]
		xs, ys := 1, 1 // a constant stands still
		switch consts {
		case leftConstant:
			xs = 0
		case rightConstant:
			ys = 0
		}
		if narrow {
			narrowDecimal(op, d, x, y, xs, ys, o)
			return nil
		}
		if exact && (sel == nil || len(sel) > n/4) {
			exactProducts(d, x, y, xs, ys, o)
			return nil
		}
		var null []int32
		var zero bool
		rows(n, sel, func(r int) {
			var ok bool
			if o[r], ok = f(x[r*xs], y[r*ys]); !ok {
				null = append(null, int32(r))
				zero = zero || op >= opDiv && y[r*ys].Sign() == 0 && !out.IsNull(r)
			}
		})
		if zero {
			return errDecimalByZero
		}
		for _, r := range null {
			out.SetNull(int(r))
		}
		return nil
	}, nil
}

// fitsInt64 reports whether operands and result have few enough digits for arithmetic on 64 bits without rounding.
func fitsInt64(op arithOp, a, b, result column.Type) bool {
	if op == opMul {
		return result.Precision <= 18 && result.Scale == a.Scale+b.Scale
	}
	return result.Precision <= 18 && result.Scale == max(a.Scale, b.Scale)
}

// exactProducts multiplies values whose products always fit, unless they belong to no row.
func exactProducts(d kernel.Decimal, x, y []column.Int128, xs, ys int, out []column.Int128) {
	for i := range out {
		a, b := x[i*xs], y[i*ys]
		if a.IsInt64() && b.IsInt64() {
			out[i] = kernel.Product(int64(a.Lo), int64(b.Lo))
		} else {
			out[i], _ = d.Mul(a, b)
		}
	}
}

// narrowDecimal adds, subtracts or multiplies values that fit 64 bits.
func narrowDecimal(op arithOp, d kernel.Decimal, x, y []column.Int128, xs, ys int, out []column.Int128) {
	if op == opMul {
		for i := range out {
			out[i] = column.Int128Of(int64(x[i*xs].Lo) * int64(y[i*ys].Lo))
		}
		return
	}
	p, q := int64(column.Pow10(d.Scale-d.A).Lo), int64(column.Pow10(d.Scale-d.B).Lo)
	if op == opSub {
		q = -q
	}
	for i := range out {
		out[i] = column.Int128Of(int64(x[i*xs].Lo)*p + int64(y[i*ys].Lo)*q)
	}
}
