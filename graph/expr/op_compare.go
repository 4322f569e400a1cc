package expr

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

var comparisons = []struct {
	op             kernel.Cmp
	name, doc, sql string
}{
	{kernel.Eq, "=", "Equality; NULL if either side is NULL.", "1 = 1 => TRUE"},
	{kernel.Ne, "<>", "Inequality; NULL if either side is NULL.", "1 <> 2 => TRUE"},
	{kernel.Lt, "<", "Whether the left side is less; text compares by code points.", "1 < 2 => TRUE"},
	{kernel.Le, "<=", "Whether the left side is less or equal.", "2 <= 2 => TRUE"},
	{kernel.Gt, ">", "Whether the left side is greater.", "2 > 1 => TRUE"},
	{kernel.Ge, ">=", "Whether the left side is greater or equal.", "2 >= 2 => TRUE"},
}

func init() {
	for _, c := range comparisons {
		register(&Function{
			Name: c.name, Infix: c.name, Doc: c.doc, Example: c.sql, strict: true, cheap: true,
			Resolve:  func(args []Expr) ([]Expr, column.Type, error) { return resolveComparison(c.name, c.op, args) },
			Compile:  func(call *Call) (Kernel, error) { return compileComparison(c.op, call) },
			selector: func(call *Call) (selector, error) { return selectComparison(c.op, call), nil },
		})
	}
}

func resolveComparison(name string, op kernel.Cmp, args []Expr) ([]Expr, column.Type, error) {
	if len(args) != 2 {
		return nil, column.Type{}, fmt.Errorf("%s takes two operands, not %d", name, len(args))
	}
	typed, err := comparable(name, op == kernel.Eq || op == kernel.Ne, args)
	if err != nil {
		return nil, column.Type{}, err
	}
	return typed, nullable(column.Of(column.Boolean), args), nil
}

// comparable casts operands to types that compare with each other.
func comparable(name string, equality bool, args []Expr) ([]Expr, error) {
	a, b := args[0].Type(), args[1].Type()
	switch {
	case a.Kind == column.Null && b.Kind == column.Null:
		return castAll(args, column.Of(column.Boolean)), nil
	case a.Kind == column.Null:
		return []Expr{NullOf(b), args[1]}, nil
	case b.Kind == column.Null:
		return []Expr{args[0], NullOf(a)}, nil
	case a.IsText() && b.IsText(), a.IsBinary() && b.IsBinary():
		return args, nil // lengths do not matter: blanks count
	case a.IsText() && isTime(b):
		return []Expr{CastTo(args[0], b), args[1]}, nil
	case isTime(a) && b.IsText():
		return []Expr{args[0], CastTo(args[1], a)}, nil
	case !equality && a.IsText() && b.IsNumeric():
		return []Expr{CastTo(args[0], textNumber(b)), CastTo(args[1], textNumber(b))}, nil
	case !equality && a.IsNumeric() && b.IsText():
		return []Expr{CastTo(args[0], textNumber(a)), CastTo(args[1], textNumber(a))}, nil
	}
	t, ok := LeastRestrictive(a, b)
	ok = ok && (a.Kind == column.Date) == (b.Kind == column.Date)
	if nested := t.Layout() >= column.LayoutList || t.Kind == column.Variant; !ok || nested && !equality {
		return nil, fmt.Errorf("%s cannot compare %s with %s; cast one of them to the other's type", name, a.Optional(), b.Optional())
	}
	if name != "=" && name != "<>" { // by equality alone a FLOAT on the left makes the other side a FLOAT
		t = widestFloat(t, a, b)
	}
	return castAll(args, t), nil
}

// widestFloat is t, but DOUBLE in place of FLOAT where one of the types is DOUBLE.
func widestFloat(t column.Type, types ...column.Type) column.Type {
	for _, u := range types {
		if t.Kind == column.Float && u.Kind == column.Double {
			t.Kind = column.Double
		}
	}
	return t
}

// textNumber is the type in which text is compared with a number of type t.
func textNumber(t column.Type) column.Type {
	if t.Kind == column.Decimal {
		return t
	}
	return column.Of(column.Double)
}

func compileComparison(op kernel.Cmp, c *Call) (Kernel, error) {
	consts := constness(c)
	left, right := 0, 1
	if consts == leftConstant { // the constant to the right
		left, right, op = 1, 0, op.Flip()
	}
	constant := consts != bothVectors
	bits := compareBits(op, c.Args[0].Type(), constant)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		if binaryValid(args, n, consts, out) && n > 0 {
			bits(args[left], args[right], n, sel, out.Bits())
		}
		return nil
	}, nil
}

// compareBits returns the loop that writes a op b as bits, at least for the rows of sel; if constant is set, b has one row.
func compareBits(op kernel.Cmp, t column.Type, constant bool) func(a, b *column.Vector, n int, sel []int32, out column.Bitmap) {
	switch t.Layout() {
	case column.LayoutBits:
		return func(a, b *column.Vector, n int, _ []int32, out column.Bitmap) {
			kernel.CompareBits(op, a.Bits(), b.Bits(), constant, n, out)
		}
	case column.LayoutInt8:
		return numberBits[int8](op, constant)
	case column.LayoutInt16:
		return numberBits[int16](op, constant)
	case column.LayoutInt32:
		return numberBits[int32](op, constant)
	case column.LayoutInt64:
		return numberBits[int64](op, constant)
	case column.LayoutFloat:
		return numberBits[float32](op, constant)
	case column.LayoutDouble:
		return numberBits[float64](op, constant)
	case column.LayoutInt128:
		return func(a, b *column.Vector, n int, sel []int32, out column.Bitmap) {
			kernel.CompareInt128(op, column.Values[column.Int128](a), column.Values[column.Int128](b), constant, n, sel, out)
		}
	case column.LayoutView:
		return func(a, b *column.Vector, n int, sel []int32, out column.Bitmap) {
			if constant {
				kernel.CompareViewVC(op, kernel.TextsOf(a), kernel.TextsOf(b), n, sel, out)
			} else {
				kernel.CompareViewVV(op, kernel.TextsOf(a), kernel.TextsOf(b), n, sel, out)
			}
		}
	}
	return func(a, b *column.Vector, n int, sel []int32, out column.Bitmap) {
		rows(n, sel, func(r int) {
			other := r
			if constant {
				other = 0
			}
			out.Put(r, kernel.EqualRows(a, r, b, other) == (op == kernel.Eq))
		})
	}
}

// rows calls f for the rows of sel, or for rows 0 … n-1 if it is nil.
func rows(n int, sel []int32, f func(r int)) {
	if sel == nil {
		for i := range n {
			f(i)
		}
		return
	}
	for _, r := range sel {
		f(int(r))
	}
}

func numberBits[T kernel.Number](op kernel.Cmp, constant bool) func(a, b *column.Vector, n int, sel []int32, out column.Bitmap) {
	return func(a, b *column.Vector, n int, _ []int32, out column.Bitmap) {
		if constant {
			kernel.CompareVC(op, column.Values[T](a)[:n], column.Values[T](b)[0], out)
		} else {
			kernel.CompareVV(op, column.Values[T](a)[:n], column.Values[T](b)[:n], out)
		}
	}
}

// selectComparison returns the loop for filters.
func selectComparison(op kernel.Cmp, c *Call) selector {
	consts := constness(c)
	left, right := 0, 1
	if consts == leftConstant {
		left, right, op = 1, 0, op.Flip()
	}
	constant := consts != bothVectors
	var choose func(a, b *column.Vector, n int, sel, out []int32) []int32
	switch c.Args[0].Type().Layout() {
	case column.LayoutInt8:
		choose = numberSelect[int8](op, constant)
	case column.LayoutInt16:
		choose = numberSelect[int16](op, constant)
	case column.LayoutInt32:
		choose = numberSelect[int32](op, constant)
	case column.LayoutInt64:
		choose = numberSelect[int64](op, constant)
	case column.LayoutFloat:
		choose = numberSelect[float32](op, constant)
	case column.LayoutDouble:
		choose = numberSelect[float64](op, constant)
	case column.LayoutInt128:
		choose = func(a, b *column.Vector, n int, sel, out []int32) []int32 {
			return kernel.SelectInt128(op, column.Values[column.Int128](a), column.Values[column.Int128](b), constant, n, sel, out)
		}
	case column.LayoutView:
		choose = func(a, b *column.Vector, n int, sel, out []int32) []int32 {
			if constant {
				return kernel.SelectViewVC(op, kernel.TextsOf(a), kernel.TextsOf(b), n, sel, out)
			}
			return kernel.SelectViewVV(op, kernel.TextsOf(a), kernel.TextsOf(b), n, sel, out)
		}
	default:
		return nil
	}
	return func(args []*column.Vector, n int, sel, out []int32) ([]int32, error) {
		a, b := args[left], args[right]
		if constant && b.IsNull(0) {
			return out[:0], nil
		}
		out = choose(a, b, n, sel, out)
		if a.Valid != nil {
			out = kernel.SelectTrue(a.Valid, nil, n, out, out)
		}
		if b.Valid != nil && !constant {
			out = kernel.SelectTrue(b.Valid, nil, n, out, out)
		}
		return out, nil
	}
}

func numberSelect[T kernel.Number](op kernel.Cmp, constant bool) func(a, b *column.Vector, n int, sel, out []int32) []int32 {
	return func(a, b *column.Vector, n int, sel, out []int32) []int32 {
		if constant {
			return kernel.SelectVC(op, column.Values[T](a), column.Values[T](b)[0], n, sel, out)
		}
		return kernel.SelectVV(op, column.Values[T](a), column.Values[T](b), n, sel, out)
	}
}
