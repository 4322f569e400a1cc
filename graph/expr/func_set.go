package expr

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

func init() {
	register(
		&Function{Name: "BETWEEN", Doc: "Whether the first argument is neither less than the second nor greater than the third.", Example: "2 BETWEEN 1 AND 3 => TRUE",
			Resolve: resolveBetween, expand: func(c *Call) Expr {
				return And([]Expr{must(">=", c.Args[0], c.Args[1]), must("<=", c.Args[0], c.Args[2])})
			},
			print: func(c *Call) string {
				return "(" + c.Args[0].String() + " BETWEEN " + c.Args[1].String() + " AND " + c.Args[2].String() + ")"
			}},
		&Function{Name: "IN", Doc: "Whether the first argument equals one of the others; NULL if it does not and one of them is NULL.", Example: "1 IN (1, 2) => TRUE",
			Resolve: resolveIn, expand: expandIn,
			print: func(c *Call) string { return "(" + c.Args[0].String() + " IN (" + join(c.Args[1:]) + "))" }},
		&Function{Name: "GREATEST", Doc: "The greatest of the arguments; NULL if one of them is NULL.", Example: "GREATEST(1, 3, 2) => 3",
			strict: true, Resolve: resolveExtremeOf("GREATEST"), Compile: func(c *Call) (Kernel, error) { return compileExtremeOf(c, kernel.Gt) }},
		&Function{Name: "LEAST", Doc: "The least of the arguments; NULL if one of them is NULL.", Example: "LEAST(1, 3, 2) => 1",
			strict: true, Resolve: resolveExtremeOf("LEAST"), Compile: func(c *Call) (Kernel, error) { return compileExtremeOf(c, kernel.Lt) }},
	)
}

func resolveBetween(args []Expr) ([]Expr, column.Type, error) {
	if len(args) != 3 {
		return nil, column.Type{}, fmt.Errorf("BETWEEN takes 3 operands, not %d", len(args))
	}
	for _, bound := range args[1:] {
		if _, err := NewCall("<=", args[0], bound); err != nil {
			return nil, column.Type{}, err
		}
	}
	return args, nullable(boolean, args), nil
}

func resolveIn(args []Expr) ([]Expr, column.Type, error) {
	if len(args) < 2 {
		return nil, column.Type{}, fmt.Errorf("IN takes a value and a list of at least one")
	}
	t, ok := LeastRestrictive(typesOf(args)...)
	if !ok {
		return nil, t, fmt.Errorf("IN takes values of types with a common one, not (%s)", argTypes(args))
	}
	if t.IsText() || t.IsBinary() {
		return args, nullable(boolean, args), nil // lengths do not matter
	}
	return castAll(args, t), nullable(boolean, args), nil
}

// fewValues is how many values of an IN list are compared one by one.
const fewValues = 4

// expandIn makes comparisons of a short list, or of one that is not constant, and a set of a long one.
func expandIn(c *Call) Expr {
	values := c.Args[1:]
	if len(values) > fewValues && !anyNot(values, isLiteral) && c.Args[0].Type().Layout() < column.LayoutList {
		return &Call{inSet, c.Args, c.T}
	}
	equal := make([]Expr, len(values))
	for i, v := range values {
		equal[i] = must("=", c.Args[0], v)
	}
	return Or(equal)
}

// inSet is IN for a constant list, looked up by hash.
var inSet = &Function{Name: "IN", strict: true, cheap: true,
	print: func(c *Call) string { return "(" + c.Args[0].String() + " IN (" + join(c.Args[1:]) + "))" },
	Compile: func(c *Call) (Kernel, error) {
		set, hasNull, err := newSet(c)
		if err != nil {
			return nil, err
		}
		return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
			v := args[0]
			out.Resize(n)
			kernel.And(out, v.Valid, nil, n)
			bits := out.Bits()
			bits.Fill(n, false)
			for _, r := range set.Select(v, n, nil) {
				bits.Set(int(r))
			}
			if hasNull { // what is not found may be the NULL
				valid := out.Validity()
				for i := range (n + 63) >> 6 {
					valid[i] &= bits[i]
				}
			}
			return nil
		}, nil
	},
	selector: func(c *Call) (selector, error) {
		set, _, err := newSet(c)
		if err != nil {
			return nil, err
		}
		return func(args []*column.Vector, n int, sel, out []int32) ([]int32, error) {
			return out[:copy(out, set.Select(args[0], n, sel))], nil
		}, nil
	}}

func newSet(c *Call) (set *kernel.Set, hasNull bool, err error) {
	t := c.Args[0].Type()
	values := column.NewVector(t, len(c.Args)-1)
	for _, a := range c.Args[1:] {
		l := a.(*Literal)
		if l.Value == nil {
			hasNull = true
			continue
		}
		if err := appendLiteral(values, l.Value); err != nil {
			return nil, false, err
		}
	}
	return kernel.NewSet(values), hasNull, nil
}

func resolveExtremeOf(name string) func(args []Expr) ([]Expr, column.Type, error) {
	return func(args []Expr) ([]Expr, column.Type, error) {
		if len(args) == 0 {
			return nil, column.Type{}, fmt.Errorf("%s takes at least one argument", name)
		}
		t, ok := LeastRestrictive(typesOf(args)...)
		if !ok || t.Layout() >= column.LayoutList {
			return nil, t, fmt.Errorf("%s takes arguments that compare with each other, not (%s)", name, argTypes(args))
		}
		t = widestFloat(t, typesOf(args)...)
		return castAll(args, t), nullable(t, args), nil
	}
}

// extremeNumbers takes the least or greatest of integers, argument by argument.
func extremeNumbers[T kernel.Integer](c *Call, op kernel.Cmp) Kernel {
	constant := newRowArgs(c).constant
	return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
		out.Resize(n)
		out.Valid = nil
		o := column.Values[T](out)[:n]
		for i, v := range args {
			x := column.Values[T](v)
			switch {
			case constant[i] && v.IsNull(0):
				allNull(out, n)
				return nil
			case constant[i] && i == 0:
				for r := range o {
					o[r] = x[0]
				}
				continue
			case constant[i] && op == kernel.Gt:
				for r, y := range o {
					o[r] = max(y, x[0])
				}
				continue
			case constant[i]:
				for r, y := range o {
					o[r] = min(y, x[0])
				}
				continue
			}
			kernel.And(out, out.Valid, v.Valid, n)
			switch x = x[:n]; {
			case i == 0:
				copy(o, x)
			case op == kernel.Gt:
				for r, y := range o {
					o[r] = max(y, x[r])
				}
			default:
				for r, y := range o {
					o[r] = min(y, x[r])
				}
			}
		}
		return nil
	}
}

func compileExtremeOf(c *Call, op kernel.Cmp) (Kernel, error) {
	switch c.T.Layout() {
	case column.LayoutInt8:
		return extremeNumbers[int8](c, op), nil
	case column.LayoutInt16:
		return extremeNumbers[int16](c, op), nil
	case column.LayoutInt32:
		return extremeNumbers[int32](c, op), nil
	case column.LayoutInt64:
		return extremeNumbers[int64](c, op), nil
	}
	order := kernel.SortKey{Desc: op == kernel.Gt}
	a := newRowArgs(c)
	var best []uint8
	if len(c.Args) > 255 {
		return nil, fmt.Errorf("%s of more than 255 arguments", c.Func.Name)
	}
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		if cap(best) < n {
			best = make([]uint8, n)
		}
		best = best[:n]
		clear(best)
		valid := &column.Vector{Type: boolean}
		err := a.each(args, n, sel, valid, false, func(r int) error {
			for i := 1; i < len(args); i++ {
				b := int(best[r])
				if order.Compare(args[i], a.at(i), args[b], a.at(b)) < 0 {
					best[r] = uint8(i)
				}
			}
			return nil
		})
		var row [1]int32
		for r := range n {
			b := int(best[r])
			if row[0] = int32(r); a.constant[b] {
				row[0] = 0
			}
			if valid.IsNull(r) {
				out.AppendNull()
			} else {
				out.AppendRows(args[b], row[:])
			}
		}
		return err
	}, nil
}
