package expr

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// logicOp marks AND and OR for the compiler.
type logicOp uint8

const (
	logicAnd logicOp = iota + 1
	logicOr
)

func init() {
	register(
		&Function{Name: "AND", Infix: "AND", Doc: "TRUE if both operands are; FALSE if one is FALSE, even if the other is NULL.",
			Example: "TRUE AND FALSE => FALSE", Resolve: resolveLogic("AND"), logic: logicAnd, cheap: true},
		&Function{Name: "OR", Infix: "OR", Doc: "TRUE if one operand is, even if the other is NULL; FALSE if both are FALSE.",
			Example: "TRUE OR FALSE => TRUE", Resolve: resolveLogic("OR"), logic: logicOr, cheap: true},
		&Function{Name: "NOT", Doc: "The opposite; NULL stays NULL.", Example: "NOT TRUE => FALSE", strict: true, cheap: true,
			Resolve: resolveLogic("NOT"), Compile: compileNot},
		isBool("IS TRUE", "Whether the operand is TRUE; NULL is not.", "TRUE IS TRUE => TRUE", true, false),
		isBool("IS NOT TRUE", "Whether the operand is FALSE or NULL.", "TRUE IS NOT TRUE => FALSE", true, true),
		isBool("IS FALSE", "Whether the operand is FALSE; NULL is not.", "FALSE IS FALSE => TRUE", false, false),
		isBool("IS NOT FALSE", "Whether the operand is TRUE or NULL.", "TRUE IS NOT FALSE => TRUE", false, true),
		isNull("IS NULL", "Whether the operand is NULL.", "1 IS NULL => FALSE", false, "IS UNKNOWN"),
		isNull("IS NOT NULL", "Whether the operand is not NULL.", "1 IS NOT NULL => TRUE", true, "IS NOT UNKNOWN"),
		distinct("IS DISTINCT FROM", "Inequality for which NULL is a value: two NULLs are not distinct.", "1 IS DISTINCT FROM 2 => TRUE", true),
		distinct("IS NOT DISTINCT FROM", "Equality for which NULL is a value: two NULLs are equal.", "1 IS NOT DISTINCT FROM 1 => TRUE", false),
	)
}

var boolean = column.Of(column.Boolean)

func resolveLogic(name string) func(args []Expr) ([]Expr, column.Type, error) {
	return func(args []Expr) ([]Expr, column.Type, error) {
		if name == "NOT" && len(args) != 1 || name != "NOT" && len(args) < 2 {
			return nil, column.Type{}, fmt.Errorf("%s has %d operands", name, len(args))
		}
		for _, a := range args {
			if k := a.Type().Kind; k != column.Boolean && k != column.Null {
				return nil, column.Type{}, fmt.Errorf("%s takes BOOLEAN operands, not (%s)", name, argTypes(args))
			}
		}
		return castAll(args, boolean), nullable(boolean, args), nil
	}
}

// oneBoolean types a test of a BOOLEAN, which is never NULL itself.
func oneBoolean(name string) func(args []Expr) ([]Expr, column.Type, error) {
	return func(args []Expr) ([]Expr, column.Type, error) {
		typed, _, err := resolveLogic("NOT")(args)
		if err != nil {
			return nil, column.Type{}, fmt.Errorf("%s takes a BOOLEAN, not (%s)", name, argTypes(args))
		}
		return typed, boolean.Required(), nil
	}
}

func boolOf(v *column.Vector) kernel.Bool { return kernel.Bool{Bits: v.Bits(), Valid: v.Valid} }

func logicKernel(op logicOp) Kernel {
	return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
		out.Resize(n)
		if op == logicOr {
			kernel.OrBool(out, boolOf(args[0]), boolOf(args[1]), n)
		} else {
			kernel.AndBool(out, boolOf(args[0]), boolOf(args[1]), n)
		}
		return nil
	}
}

func compileNot(*Call) (Kernel, error) {
	return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
		out.Resize(n)
		kernel.NotBool(out, boolOf(args[0]), n)
		return nil
	}, nil
}

func isBool(name, doc, example string, want, not bool) *Function {
	return &Function{Name: name, Doc: doc, Example: example, Resolve: oneBoolean(name), cheap: true,
		Compile: func(*Call) (Kernel, error) {
			return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
				out.Resize(n)
				kernel.IsBool(out, boolOf(args[0]), want, not, n)
				return nil
			}, nil
		}}
}

func isNull(name, doc, example string, not bool, alias string) *Function {
	return &Function{Name: name, Aliases: []string{alias}, Doc: doc, Example: example, cheap: true,
		Resolve: func(args []Expr) ([]Expr, column.Type, error) {
			if len(args) != 1 {
				return nil, column.Type{}, fmt.Errorf("%s takes one operand, not %d", name, len(args))
			}
			return args, boolean.Required(), nil
		},
		Compile: func(*Call) (Kernel, error) {
			return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
				out.Resize(n)
				if args[0].Type.Kind == column.Null {
					out.Bits().Fill(n, !not)
					return nil
				}
				kernel.IsNull(out.Bits(), args[0].Valid, not, n)
				return nil
			}, nil
		},
		selector: func(*Call) (selector, error) {
			return func(args []*column.Vector, n int, sel, out []int32) ([]int32, error) {
				v := args[0]
				if v.Valid == nil { // all rows are alike
					switch {
					case (v.Type.Kind == column.Null) == not:
						return out[:0], nil
					case sel == nil:
						return kernel.SelectAll(n, out), nil
					}
					return out[:copy(out, sel)], nil
				}
				if not {
					return kernel.SelectTrue(v.Valid, nil, n, sel, out), nil
				}
				return kernel.SelectFalse(v.Valid, nil, n, sel, out), nil
			}, nil
		}}
}

func distinct(name, doc, example string, not bool) *Function {
	return &Function{Name: name, Infix: name, Doc: doc, Example: example, cheap: true,
		Resolve: func(args []Expr) ([]Expr, column.Type, error) {
			if len(args) != 2 {
				return nil, column.Type{}, fmt.Errorf("%s takes two operands, not %d", name, len(args))
			}
			typed, err := comparable(name, true, args)
			return typed, boolean.Required(), err
		},
		Compile: func(c *Call) (Kernel, error) {
			consts := constness(c)
			left, right := 0, 1
			if consts == leftConstant {
				left, right = 1, 0
			}
			constant := consts != bothVectors
			equal := compareBits(kernel.Eq, c.Args[0].Type(), constant)
			return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
				out.Resize(n)
				if n == 0 {
					return nil
				}
				a, b := args[left], args[right]
				equal(a, b, n, sel, out.Bits())
				kernel.NotDistinct(out.Bits(), a.Valid, b.Valid, constant, n)
				if not {
					kernel.NotBool(out, boolOf(out), n)
				}
				return nil
			}, nil
		}}
}
