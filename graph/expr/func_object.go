package expr

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

func init() {
	register(
		&Function{Name: "OBJECT_OF", Doc: "The structured value of a class, named by a literal, with attributes that literals name, each before its value.",
			Example: "OBJECT_OF('com.example.User', 'name', 'Ann', 'age', 30).age => 30", Resolve: resolveObjectOf, Compile: compileObjectOf},
		&Function{Name: "OBJECT_UPDATE", Doc: "The structured value with other values of attributes that literals name, each before its value.",
			Example: "OBJECT_UPDATE(OBJECT_OF('com.example.User', 'name', 'Ann', 'age', 30), 'age', 31) => (name=Ann, age=31)",
			Resolve: resolveObjectUpdate, Compile: compileObjectUpdate},
	)
}

// attributes checks names and values in turn, which begin at argument first.
func attributes(name string, args []Expr, first int) error {
	if len(args) < first || (len(args)-first)%2 != 0 {
		return fmt.Errorf("%s takes names of attributes and their values in turn, and there is a name without value", name)
	}
	seen := map[string]bool{}
	for i := first; i < len(args); i += 2 {
		attribute, ok := constText(args[i])
		switch {
		case !ok:
			return fmt.Errorf("%s takes literals as names of attributes, and argument %d is %s", name, i+1, args[i])
		case seen[attribute]:
			return fmt.Errorf("%s has the attribute %s twice", name, attribute)
		case args[i+1].Type().Kind == column.Null:
			return fmt.Errorf("%s cannot tell the type of NULL as the attribute %s; write CAST(NULL AS type)", name, attribute)
		}
		seen[attribute] = true
	}
	return nil
}

func resolveObjectOf(args []Expr) ([]Expr, column.Type, error) {
	class, ok := "", false
	if len(args) > 0 {
		class, ok = constText(args[0])
	}
	if !ok || class == "" {
		return nil, column.Type{}, fmt.Errorf("OBJECT_OF takes a literal with the name of a class as argument 1")
	}
	if err := attributes("OBJECT_OF", args, 1); err != nil {
		return nil, column.Type{}, err
	}
	t := column.Type{Kind: column.Row, Class: class}
	for i := 1; i < len(args); i += 2 {
		name, _ := constText(args[i])
		t.Fields = append(t.Fields, column.Field{Name: name, Type: args[i+1].Type()})
	}
	return args, t, nil
}

func compileObjectOf(c *Call) (Kernel, error) {
	a := newRowArgs(c)
	return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
		for f := range out.Children {
			a.spread(args, 2+2*f, n, out.Children[f])
		}
		out.Resize(n)
		return nil
	}, nil
}

// spread makes the empty vector out the n values of argument i.
func (a *rowArgs) spread(args []*column.Vector, i, n int, out *column.Vector) {
	if !a.constant[i] {
		out.Borrow(args[i])
		return
	}
	out.AppendRows(args[i], make([]int32, n))
}

func resolveObjectUpdate(args []Expr) ([]Expr, column.Type, error) {
	if len(args) == 0 || args[0].Type().Kind != column.Row || args[0].Type().Class == "" {
		return nil, column.Type{}, fmt.Errorf("OBJECT_UPDATE takes a value of a structured type as argument 1, not (%s)", argTypes(args))
	}
	t := args[0].Type()
	if err := attributes("OBJECT_UPDATE", args, 1); err != nil {
		return nil, t, err
	}
	t.Fields = append([]column.Field{}, t.Fields...)
	for i := 1; i < len(args); i += 2 {
		name, _ := constText(args[i])
		f := fieldIndex(t, name)
		if f < 0 {
			return nil, t, fmt.Errorf("%s has no attribute %s", t.Optional(), name)
		}
		t.Fields[f].Type = args[i+1].Type()
	}
	return args, t, nil
}

func fieldIndex(t column.Type, name string) int {
	for i, f := range t.Fields {
		if f.Name == name {
			return i
		}
	}
	return -1
}

func compileObjectUpdate(c *Call) (Kernel, error) {
	a := newRowArgs(c)
	from := make([]int, len(c.T.Fields)) // the argument that a field comes from; 0: the old value
	for i := 1; i < len(c.Args); i += 2 {
		name, _ := constText(c.Args[i])
		from[fieldIndex(c.T, name)] = i + 1
	}
	old := column.NewVector(c.Args[0].Type(), 0)
	return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
		old.Reset()
		a.spread(args, 0, n, old)
		for f, arg := range from {
			if arg > 0 {
				a.spread(args, arg, n, out.Children[f])
			} else {
				out.Children[f].Borrow(old.Children[f])
			}
		}
		out.Resize(n)
		kernel.And(out, old.Valid, nil, n)
		return nil
	}, nil
}
