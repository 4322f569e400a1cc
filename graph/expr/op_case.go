package expr

import (
	"fmt"

	"github.com/millstream/millstream/column"
)

func init() {
	register(
		&Function{Name: "COALESCE", Doc: "The first argument that is not NULL; those behind it are not computed.",
			Example: "COALESCE(NULL, 2) => 2", Resolve: resolveCoalesce, expand: expandCoalesce},
		&Function{Name: "IFNULL", Doc: "The first argument, or the second if that is NULL.", Example: "IFNULL(NULL, 5) => 5",
			Resolve: exactly("IFNULL", 2, resolveCoalesce), expand: expandCoalesce},
		&Function{Name: "NULLIF", Doc: "NULL if the arguments are equal, else the first.", Example: "NULLIF(1, 2) => 1",
			Resolve: resolveNullIf, expand: expandNullIf},
		&Function{Name: "IF", Doc: "The second argument if the first is TRUE, else the third.", Example: "IF(1 > 0, 'a', 'b') => a",
			Resolve: resolveIf, expand: func(c *Call) Expr {
				return &Case{When: c.Args[:1], Then: c.Args[1:2], Else: c.Args[2], T: c.T}
			}},
	)
}

// exactly checks the number of arguments before resolve.
func exactly(name string, n int, resolve func([]Expr) ([]Expr, column.Type, error)) func([]Expr) ([]Expr, column.Type, error) {
	return func(args []Expr) ([]Expr, column.Type, error) {
		if len(args) != n {
			return nil, column.Type{}, fmt.Errorf("%s takes %d arguments, not %d", name, n, len(args))
		}
		return resolve(args)
	}
}

func typesOf(args []Expr) []column.Type {
	t := make([]column.Type, len(args))
	for i, a := range args {
		t[i] = a.Type()
	}
	return t
}

func resolveCoalesce(args []Expr) ([]Expr, column.Type, error) {
	if len(args) == 0 {
		return nil, column.Type{}, fmt.Errorf("COALESCE takes at least one argument")
	}
	t, ok := LeastRestrictive(typesOf(args)...)
	if !ok {
		return nil, t, fmt.Errorf("COALESCE takes arguments of types with a common one, not (%s)", argTypes(args))
	}
	t = widestFloat(t, typesOf(args)...)
	for _, a := range args { // one that is never NULL ends the list
		t.NotNull = t.NotNull || a.Type().NotNull
	}
	return castAll(args, t), t, nil
}

func expandCoalesce(c *Call) Expr {
	e := &Case{T: c.T}
	for i, a := range c.Args {
		if i == len(c.Args)-1 {
			e.Else = a
			break
		}
		e.When = append(e.When, must("IS NOT NULL", a))
		e.Then = append(e.Then, a)
	}
	if len(e.When) == 0 {
		return e.Else
	}
	return e
}

// must is NewCall for arguments that fit by construction.
func must(name string, args ...Expr) Expr {
	e, err := NewCall(name, args...)
	if err != nil {
		panic(err)
	}
	return e
}

func resolveNullIf(args []Expr) ([]Expr, column.Type, error) {
	if len(args) != 2 {
		return nil, column.Type{}, fmt.Errorf("NULLIF takes 2 arguments, not %d", len(args))
	}
	if _, err := NewCall("=", args...); err != nil {
		return nil, column.Type{}, fmt.Errorf("NULLIF: %w", err)
	}
	return args, args[0].Type().Optional(), nil
}

func expandNullIf(c *Call) Expr {
	return &Case{When: []Expr{must("=", c.Args...)}, Then: []Expr{NullOf(c.T)}, Else: c.Args[0], T: c.T}
}

func resolveIf(args []Expr) ([]Expr, column.Type, error) {
	if len(args) != 3 {
		return nil, column.Type{}, fmt.Errorf("IF takes 3 arguments, not %d", len(args))
	}
	if k := args[0].Type().Kind; k != column.Boolean && k != column.Null {
		return nil, column.Type{}, fmt.Errorf("IF takes a BOOLEAN first, not %s", args[0].Type().Optional())
	}
	t, ok := LeastRestrictive(args[1].Type(), args[2].Type())
	if !ok {
		return nil, t, fmt.Errorf("IF takes a second and a third argument of types with a common one, not (%s)", argTypes(args[1:]))
	}
	t.NotNull = t.NotNull && args[0].Type().NotNull
	return []Expr{CastTo(args[0], boolean), CastTo(args[1], t), CastTo(args[2], t)}, t, nil
}

// NewCase types a searched CASE: conditions, the values for them, and one for all other rows, nil for NULL. Values are cast to
// their least restrictive type.
func NewCase(when, then []Expr, other Expr) (Expr, error) {
	values := append([]Expr(nil), then...)
	if other == nil {
		other = &Literal{T: column.Of(column.Null)}
	}
	values = append(values, other)
	t, ok := LeastRestrictive(typesOf(values)...)
	if !ok {
		return nil, fmt.Errorf("CASE takes values of types with a common one, not (%s)", argTypes(values))
	}
	for _, w := range when {
		if k := w.Type().Kind; k != column.Boolean && k != column.Null {
			return nil, fmt.Errorf("CASE WHEN takes BOOLEAN conditions, not %s", w.Type().Optional())
		}
	}
	values = castAll(values, t)
	return &Case{When: castAll(when, boolean), Then: values[:len(then)], Else: values[len(then)], T: t}, nil
}
