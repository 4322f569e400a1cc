package expr

import (
	"errors"
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

type arithOp uint8

const (
	opAdd arithOp = iota
	opSub
	opMul
	opDiv
	opMod
)

var arithSigns = [...]string{"+", "-", "*", "/", "%"}

var errDivideByZero = errors.New("division by zero: the divisor of / or % is 0 in some row; guard it, as in x / NULLIF(y, 0)")

func init() {
	for op, doc := range map[arithOp][2]string{
		opAdd: {"The sum; integers wrap around at the result's type, and a DECIMAL that does not fit is NULL.", "1 + 2 => 3"},
		opSub: {"The difference.", "1 - 2 => -1"},
		opMul: {"The product.", "2 * 3 => 6"},
		opDiv: {"The quotient; of integers it is truncated, and dividing them by zero fails.", "7 / 2 => 3"},
		opMod: {"The remainder, with the dividend's sign.", "-7 % 2 => -1"},
	} {
		f := &Function{Name: arithSigns[op], Infix: arithSigns[op], Doc: doc[0], Example: doc[1], strict: true, cheap: op < opDiv}
		f.Resolve = func(args []Expr) ([]Expr, column.Type, error) { return resolveArith(op, args) }
		f.Compile = func(c *Call) (Kernel, error) { return compileArith(op, c) }
		if op == opMod {
			f.Aliases = []string{"MOD"}
		}
		register(f)
	}
}

func resolveArith(op arithOp, args []Expr) ([]Expr, column.Type, error) {
	wrong := func() ([]Expr, column.Type, error) {
		return nil, column.Type{}, fmt.Errorf("%s takes two numbers, not (%s)", arithSigns[op], argTypes(args))
	}
	if len(args) != 2 {
		return wrong()
	}
	a, b := args[0].Type(), args[1].Type()
	if !a.IsNumeric() || !b.IsNumeric() {
		if typed, t, ok := resolveTimeArith(op, args); ok {
			return typed, t, nil
		}
		for i, t := range []column.Type{a, b} { // NULL takes the other's type
			if other := []column.Type{b, a}[i]; t.Kind == column.Null && other.IsNumeric() {
				args = replace(args, i, NullOf(other))
			}
		}
		if x, y := args[0].Type(), args[1].Type(); x.IsNumeric() && y.IsNumeric() {
			return resolveArith(op, args)
		}
		return wrong()
	}
	if op == opMod && !(isExact(a) && isExact(b)) {
		return nil, column.Type{}, fmt.Errorf("%% takes two integers or DECIMALs, not (%s)", argTypes(args))
	}
	if isExact(a) && isExact(b) && (a.Kind == column.Decimal || b.Kind == column.Decimal) {
		t := decimalResult(op, asDecimal(a), asDecimal(b))
		return castAllDecimal(args), nullable(t, args), nil
	}
	t := commonNumber(a, b)
	typed := castAll(args, t)
	if op == opMod && t.IsInteger() {
		t = column.Of(b.Kind) // the remainder fits the divisor's type
		return typed, nullable(t, args), nil
	}
	return typed, nullable(t, args), nil
}

// castAllDecimal makes integers DECIMALs of scale 0.
func castAllDecimal(args []Expr) []Expr {
	out := make([]Expr, len(args))
	for i, a := range args {
		out[i] = CastTo(a, asDecimal(a.Type()))
	}
	return out
}

func replace(args []Expr, i int, e Expr) []Expr {
	out := append([]Expr(nil), args...)
	out[i] = e
	return out
}

// decimalResult is the type of a DECIMAL operation. Where 38 digits are too few, the scale gives way, down to 6 digits.
func decimalResult(op arithOp, a, b column.Type) column.Type {
	var p, s int32
	switch op {
	case opAdd, opSub:
		s = max(a.Scale, b.Scale)
		p = max(a.Precision-a.Scale, b.Precision-b.Scale) + s + 1
	case opMul:
		p, s = a.Precision+b.Precision+1, a.Scale+b.Scale
	case opDiv:
		s = max(6, a.Scale+b.Precision+1)
		p = a.Precision - a.Scale + b.Scale + s
	case opMod:
		s = max(a.Scale, b.Scale)
		return column.DecimalOf(int(min(a.Precision-a.Scale, b.Precision-b.Scale)+s), int(s))
	}
	if p > maxPrecision {
		s = max(maxPrecision-(p-s), min(s, 6))
		p = maxPrecision
	}
	return column.DecimalOf(int(p), int(s))
}

func compileArith(op arithOp, c *Call) (Kernel, error) {
	a, b := c.Args[0].Type(), c.Args[1].Type()
	if isTime(a) || isTime(b) || isInterval(a) || isInterval(b) {
		return compileTimeArith(op, c)
	}
	consts := constness(c)
	switch t := a.Kind; t {
	case column.TinyInt:
		return integerArith[int8](op, consts, c.T), nil
	case column.SmallInt:
		return integerArith[int16](op, consts, c.T), nil
	case column.Int:
		return integerArith[int32](op, consts, c.T), nil
	case column.BigInt:
		return integerArith[int64](op, consts, c.T), nil
	case column.Float:
		return floatArith[float32](op, consts), nil
	case column.Double:
		return floatArith[float64](op, consts), nil
	case column.Decimal:
		return decimalArith(op, a, b, c.T, consts)
	}
	return nil, fmt.Errorf("no arithmetic on %s", a)
}

// operands says which of two operands is a constant.
type operands uint8

const (
	bothVectors operands = iota
	rightConstant
	leftConstant
)

func constness(c *Call) operands {
	switch {
	case isLiteral(c.Args[0]):
		return leftConstant
	case isLiteral(c.Args[1]):
		return rightConstant
	}
	return bothVectors
}

// binaryValid prepares out for n rows that are valid where both operands are. It reports false if all rows are null.
func binaryValid(args []*column.Vector, n int, consts operands, out *column.Vector) bool {
	out.Resize(n)
	a, b := args[0], args[1]
	switch consts {
	case rightConstant:
		if b.IsNull(0) {
			return allNull(out, n)
		}
		kernel.And(out, a.Valid, nil, n)
	case leftConstant:
		if a.IsNull(0) {
			return allNull(out, n)
		}
		kernel.And(out, nil, b.Valid, n)
	default:
		kernel.And(out, a.Valid, b.Valid, n)
	}
	return true
}

// allNull makes the n rows of out null, with readable values.
func allNull(out *column.Vector, n int) bool {
	clear(out.Data)
	out.Validity().Fill(n, false)
	return false
}

// numberArith runs + - * for any number type.
func numberArith[T kernel.Number](op arithOp, consts operands, args []*column.Vector, n int, out *column.Vector) {
	a, b, o := column.Values[T](args[0]), column.Values[T](args[1]), column.Values[T](out)[:n]
	switch consts {
	case bothVectors:
		a, b = a[:n], b[:n]
		switch op {
		case opAdd:
			kernel.Add(a, b, o)
		case opSub:
			kernel.Sub(a, b, o)
		case opMul:
			kernel.Mul(a, b, o)
		}
	case rightConstant:
		switch op {
		case opAdd:
			kernel.AddC(a[:n], b[0], o)
		case opSub:
			kernel.AddC(a[:n], -b[0], o)
		case opMul:
			kernel.MulC(a[:n], b[0], o)
		}
	case leftConstant:
		switch op {
		case opAdd:
			kernel.AddC(b[:n], a[0], o)
		case opSub:
			kernel.SubFromC(a[0], b[:n], o)
		case opMul:
			kernel.MulC(b[:n], a[0], o)
		}
	}
}

func integerArith[T kernel.Integer](op arithOp, consts operands, result column.Type) Kernel {
	if op == opDiv || op == opMod {
		return integerDivision[T](op, consts, result)
	}
	return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
		if binaryValid(args, n, consts, out) {
			numberArith[T](op, consts, args, n, out)
		}
		return nil
	}
}

func integerDivision[T kernel.Integer](op arithOp, consts operands, result column.Type) Kernel {
	narrower := result.Kind != numberType[T]().Kind
	var quotient []T // where the result has another width than the operands
	var whole []T    // a constant dividend for every row
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		if !binaryValid(args, n, consts, out) {
			return nil
		}
		a, b := column.Values[T](args[0]), column.Values[T](args[1])
		var o []T
		if narrower {
			if cap(quotient) < n {
				quotient = make([]T, n)
			}
			o = quotient[:n]
		} else {
			o = column.Values[T](out)[:n]
		}
		var ok bool
		switch consts {
		case rightConstant:
			if ok = b[0] != 0; ok && op == opDiv {
				kernel.DivC(a[:n], b[0], o)
			} else if ok {
				kernel.ModC(a[:n], b[0], o)
			}
		case leftConstant:
			if cap(whole) < n {
				whole = make([]T, n)
			}
			whole = whole[:n]
			for i := range whole {
				whole[i] = a[0]
			}
			a = whole
			fallthrough
		default:
			if op == opDiv {
				ok = kernel.Div(a[:n], b[:n], o)
			} else {
				ok = kernel.Mod(a[:n], b[:n], o)
			}
		}
		if !ok && anyLive(args, out.Valid, b, consts, n, sel) {
			return errDivideByZero
		}
		if narrower {
			storeInteger(out, o, result.Kind)
		}
		return nil
	}
}

// anyLive reports whether a zero divisor stands in a row that counts.
func anyLive[T kernel.Integer](args []*column.Vector, valid column.Bitmap, b []T, consts operands, n int, sel []int32) bool {
	if consts != rightConstant {
		return kernel.AnyZero(b, valid, n, sel)
	}
	rows := n
	if sel != nil {
		rows = len(sel)
	}
	for i := range rows {
		r := i
		if sel != nil {
			r = int(sel[i])
		}
		if !args[0].IsNull(r) {
			return true
		}
	}
	return false
}

// storeInteger writes values to out, which may be narrower.
func storeInteger[T kernel.Integer](out *column.Vector, from []T, k column.Kind) {
	switch k {
	case column.TinyInt:
		kernel.ConvertInteger(from, column.Values[int8](out))
	case column.SmallInt:
		kernel.ConvertInteger(from, column.Values[int16](out))
	case column.Int:
		kernel.ConvertInteger(from, column.Values[int32](out))
	default:
		kernel.ConvertInteger(from, column.Values[int64](out))
	}
}

func floatArith[T float32 | float64](op arithOp, consts operands) Kernel {
	var spread []T // a constant dividend for every row
	return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
		if !binaryValid(args, n, consts, out) {
			return nil
		}
		if op < opDiv {
			numberArith[T](op, consts, args, n, out)
			return nil
		}
		a, b, o := column.Values[T](args[0]), column.Values[T](args[1]), column.Values[T](out)[:n]
		if consts == rightConstant {
			kernel.DivFloatC(a[:n], b[0], o)
			return nil
		}
		if consts == leftConstant {
			if cap(spread) < n {
				spread = make([]T, n)
			}
			spread = spread[:n]
			for i := range spread {
				spread[i] = a[0]
			}
			a = spread
		}
		kernel.DivFloat(a[:n], b[:n], o)
		return nil
	}
}
