package expr

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

func init() {
	register(
		&Function{Name: "ARRAY", Doc: "The array of the arguments, cast to their least restrictive type.", Example: "ARRAY[1, 2] => [1, 2]",
			Resolve: resolveArray, Compile: func(c *Call) (Kernel, error) { return newListMaker(c, 1).kernel, nil },
			print: func(c *Call) string { return "ARRAY[" + join(c.Args) + "]" }},
		&Function{Name: "MAP", Doc: "The map of keys and values in turn; of equal keys the last one counts.", Example: "MAP['a', 1] => {a=1}",
			Resolve: resolveMap, Compile: func(c *Call) (Kernel, error) { return newListMaker(c, 2).kernel, nil },
			print: func(c *Call) string { return "MAP[" + join(c.Args) + "]" }},
		&Function{Name: "ROW", Doc: "The row of the arguments, with the fields EXPR$0, EXPR$1 and so on.", Example: "ROW(1, 'a') => (1, a)",
			Resolve: resolveRow, Compile: compileRow},
		&Function{Name: "ITEM", Doc: "The element of an array at a position from 1 on, the value of a map for a key, the field of a row, or either of a VARIANT; NULL if there is none.",
			Example: "ARRAY[5, 6][2] => 6", Resolve: resolveItem, Compile: compileItem,
			print: func(c *Call) string { return c.Args[0].String() + "[" + c.Args[1].String() + "]" }},
		&Function{Name: "FIELD", Doc: "The field of a row that the second argument, a literal, names.", Example: "CAST(ROW(1) AS ROW<a INT>).a => 1",
			Resolve: resolveField, Compile: compileField,
			print: func(c *Call) string {
				name, _ := constText(c.Args[1])
				return c.Args[0].String() + "." + name
			}},
		&Function{Name: "CARDINALITY", Doc: "The number of elements of an array, map or multiset.", Example: "CARDINALITY(ARRAY[1, 2]) => 2", strict: true,
			Resolve: takes(always(column.Of(column.Int)), isCollection).resolve("CARDINALITY"), Compile: compileCardinality},
		&Function{Name: "ELEMENT", Doc: "The only element of an array; NULL of an empty one. More than one fails.", Example: "ELEMENT(ARRAY[5]) => 5",
			Resolve: takes(elementOf, isArray).resolve("ELEMENT"), Compile: compileElement},
		&Function{Name: "TYPEOF", Doc: "The type of the argument, as text.", Example: "TYPEOF(1) => INT NOT NULL",
			Resolve: takes(maybeNull(column.Str()), isAny, isFlag).optional(1).resolve("TYPEOF"),
			expand:  func(c *Call) Expr { return &Literal{c.Args[0].Type().String(), c.T} }},
	)
}

var (
	isCollection = param{"an array, map or multiset", func(t column.Type) bool { return t.Layout() == column.LayoutList }, column.Type{}, column.ArrayOf(column.Of(column.Int))}
	isArray      = param{"an array", func(t column.Type) bool { return t.Kind == column.Array }, column.Type{}, column.ArrayOf(column.Of(column.Int))}
)

func resolveArray(args []Expr) ([]Expr, column.Type, error) { return resolveElements("ARRAY", args) }

// resolveElements types an array of the arguments.
func resolveElements(name string, args []Expr) ([]Expr, column.Type, error) {
	t, ok := LeastRestrictive(typesOf(args)...)
	switch {
	case len(args) == 0:
		return nil, t, fmt.Errorf("%s takes at least one element", name)
	case !ok || t.Kind == column.Null:
		return nil, t, fmt.Errorf("%s takes elements of types with a common one, not (%s)", name, argTypes(args))
	}
	return castAll(args, t), column.ArrayOf(t).Required(), nil
}

func resolveMap(args []Expr) ([]Expr, column.Type, error) {
	if len(args) == 0 || len(args)%2 != 0 {
		return nil, column.Type{}, fmt.Errorf("MAP takes keys and values in turn, not %s", count(len(args)))
	}
	var part [2][]column.Type
	for i, a := range args {
		part[i%2] = append(part[i%2], a.Type())
	}
	k, ok1 := LeastRestrictive(part[0]...)
	v, ok2 := LeastRestrictive(part[1]...)
	if !ok1 || !ok2 || k.Kind == column.Null || v.Kind == column.Null {
		return nil, column.Type{}, fmt.Errorf("MAP takes keys, and values, of types with a common one, not (%s)", argTypes(args))
	}
	typed := make([]Expr, len(args))
	for i, a := range args {
		typed[i] = CastTo(a, []column.Type{k, v}[i%2])
	}
	return typed, column.MapOf(k, v).Required(), nil
}

// listMaker builds arrays and maps: all arguments' values one after the other, then picked row by row.
type listMaker struct {
	args     *rowArgs
	parts    int // children: 1 for arrays, 2 for maps
	elements int
	start    []int32 // where each argument's values begin in all
	all      []*column.Vector
	rows     []int32
	keep     []int32
}

func newListMaker(c *Call, parts int) *listMaker {
	m := &listMaker{args: newRowArgs(c), parts: parts, elements: len(c.Args) / parts, start: make([]int32, len(c.Args))}
	for i := range parts {
		m.all = append(m.all, &column.Vector{Type: c.Args[i].Type()})
	}
	return m
}

func (m *listMaker) kernel(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
	for p, all := range m.all {
		all.Reset()
		for e := range m.elements {
			i := e*m.parts + p
			m.start[i] = int32(all.Len)
			all.AppendRows(args[i], nil)
		}
	}
	place := func(i, r int) int32 {
		if m.args.constant[i] {
			return m.start[i]
		}
		return m.start[i] + int32(r)
	}
	out.Resize(n)
	offsets := column.Values[int32](out)
	keys, values := m.rows[:0], m.keep[:0]
	for r := range n {
		from := len(keys)
		for e := range m.elements {
			k := place(e*m.parts, r)
			if m.parts == 1 {
				keys = append(keys, k)
				continue
			}
			v := place(e*m.parts+1, r)
			same := slices.IndexFunc(keys[from:], func(old int32) bool { return kernel.EqualRows(m.all[0], int(old), m.all[0], int(k)) })
			if same >= 0 {
				values[from+same] = v
			} else {
				keys, values = append(keys, k), append(values, v)
			}
		}
		offsets[r+1] = int32(len(keys))
	}
	m.rows, m.keep = keys, values
	out.Children[0].AppendRows(m.all[0], notNil(keys))
	if m.parts == 2 {
		out.Children[1].AppendRows(m.all[1], notNil(values))
	}
	return nil
}

// notNil keeps an empty list of rows from meaning all of them.
func notNil(rows []int32) []int32 {
	if rows == nil {
		return []int32{}
	}
	return rows
}

func resolveRow(args []Expr) ([]Expr, column.Type, error) {
	fields := make([]column.Field, len(args))
	for i, a := range args {
		if a.Type().Kind == column.Null {
			return nil, column.Type{}, fmt.Errorf("ROW cannot tell the type of NULL as its argument %d; write CAST(NULL AS type)", i+1)
		}
		fields[i] = column.Field{Name: "EXPR$" + strconv.Itoa(i), Type: a.Type()}
	}
	return args, column.RowOf(fields...).Required(), nil
}

func compileRow(c *Call) (Kernel, error) {
	a := newRowArgs(c)
	var zero []int32
	return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
		for i, v := range args {
			if !a.constant[i] {
				out.Children[i].Borrow(v)
				continue
			}
			for len(zero) < n {
				zero = append(zero, 0)
			}
			out.Children[i].AppendRows(v, notNil(zero[:n]))
		}
		out.Resize(n)
		return nil
	}, nil
}

func resolveItem(args []Expr) ([]Expr, column.Type, error) {
	if len(args) != 2 {
		return nil, column.Type{}, fmt.Errorf("ITEM takes a collection and a position or key, not %s", count(len(args)))
	}
	t, at := args[0].Type(), args[1]
	switch t.Kind {
	case column.Array:
		if i, ok := constInt(at); ok && i < 1 {
			return nil, t, fmt.Errorf("positions in an array begin at 1, and this is %d", i)
		}
		if k := at.Type(); !k.IsInteger() && k.Kind != column.Null {
			return nil, t, fmt.Errorf("a position in an array is an integer, not %s", k.Optional())
		}
		return []Expr{args[0], CastTo(at, column.Of(column.Int))}, t.Elem.Optional(), nil
	case column.Map:
		if k := at.Type(); !k.SameAs(*t.Key) && k.Kind != column.Null && !(k.IsText() && t.Key.IsText()) {
			if _, ok := LeastRestrictive(k, *t.Key); !ok {
				return nil, t, fmt.Errorf("the map's keys are of type %s, and this is %s", t.Key.Optional(), k.Optional())
			}
			at = CastTo(at, *t.Key)
		} else if k.Kind == column.Null {
			at = NullOf(*t.Key)
		}
		return []Expr{args[0], at}, t.Elem.Optional(), nil
	case column.Variant:
		switch k := at.Type(); {
		case k.Kind == column.Null, k.IsText():
			return []Expr{args[0], CastTo(at, column.Str())}, t.Optional(), nil
		case k.Kind == column.TinyInt, k.Kind == column.SmallInt, k.Kind == column.Int:
			return []Expr{args[0], CastTo(at, column.Of(column.Int))}, t.Optional(), nil
		default:
			return nil, t, fmt.Errorf("[ ] of a VARIANT takes the name of a member or the position of an element, not %s", k.Optional())
		}
	case column.Row:
		if i, ok := constInt(at); ok && i >= 1 && int(i) <= len(t.Fields) {
			at = Text(t.Fields[i-1].Name)
		}
		return resolveField([]Expr{args[0], at})
	}
	return nil, t, fmt.Errorf("[ ] takes an element of an array, map, row or variant, not of %s", t.Optional())
}

func compileItem(c *Call) (Kernel, error) {
	switch c.Args[0].Type().Kind {
	case column.Array:
		return itemKernel(c, func(a *rowArgs, from, to int32) int32 {
			if a.null(1) {
				return -1
			}
			if i := int32(a.int(1)); i >= 1 && i <= to-from {
				return from + i - 1
			}
			return -1
		}, 0), nil
	case column.Map:
		return itemKernel(c, func(a *rowArgs, from, to int32) int32 {
			if a.null(1) {
				return -1
			}
			keys := a.vecs[0].Children[0]
			for e := from; e < to; e++ {
				if kernel.EqualRows(keys, int(e), a.vecs[1], a.at(1)) {
					return e
				}
			}
			return -1
		}, 1), nil
	case column.Variant:
		return compileVariantItem(c), nil
	}
	return compileField(c)
}

// itemKernel takes from each list the element that find names by its row in the child; -1 is none.
func itemKernel(c *Call, find func(a *rowArgs, from, to int32) int32, child int) Kernel {
	a := newRowArgs(c)
	var picked, missing []int32
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		a.vecs = args
		v, from := args[0], args[0].Children[child]
		offsets := v.Offsets()
		if cap(picked) < n {
			picked = make([]int32, n)
		}
		picked, missing = picked[:n], missing[:0]
		for r := range n {
			a.row = r
			list, e := a.at(0), int32(-1)
			if !v.IsNull(list) {
				e = find(a, offsets[list], offsets[list+1])
			}
			if e < 0 {
				missing = append(missing, int32(r))
				e = 0
			}
			picked[r] = e
		}
		if from.Len == 0 {
			for range n {
				out.AppendNull()
			}
			return nil
		}
		out.Take(from, notNil(picked))
		for _, r := range missing {
			out.SetNull(int(r))
		}
		return nil
	}
}

func resolveField(args []Expr) ([]Expr, column.Type, error) {
	if len(args) != 2 {
		return nil, column.Type{}, fmt.Errorf("FIELD takes a row and a name, not %s", count(len(args)))
	}
	name, ok := constText(args[1])
	t := args[0].Type()
	if !ok || t.Kind != column.Row {
		return nil, t, fmt.Errorf("FIELD takes a row and the name of one of its fields, not (%s)", argTypes(args))
	}
	for _, f := range t.Fields {
		if f.Name == name {
			field := f.Type
			field.NotNull = field.NotNull && t.NotNull
			return args, field, nil
		}
	}
	return nil, t, fmt.Errorf("the row %s has no field %s", t.Optional(), name)
}

func compileField(c *Call) (Kernel, error) {
	name, _ := constText(c.Args[1])
	t := c.Args[0].Type()
	i := slices.IndexFunc(t.Fields, func(f column.Field) bool { return f.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("the row %s has no field %s", t.Optional(), name)
	}
	return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
		row := args[0]
		out.Borrow(row.Children[i])
		if row.Valid == nil {
			return nil
		}
		kernel.And(out, out.Valid, row.Valid, n)
		return nil
	}, nil
}

func compileCardinality(*Call) (Kernel, error) {
	return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
		out.Resize(n)
		kernel.And(out, args[0].Valid, nil, n)
		o, offsets := column.Values[int32](out), args[0].Offsets()
		for r := range n {
			o[r] = offsets[r+1] - offsets[r]
		}
		return nil
	}, nil
}

// elementOf is the type of an array's elements, nullable if the array is.
func elementOf(args []Expr) column.Type {
	t := *args[0].Type().Elem
	t.NotNull = t.NotNull && args[0].Type().NotNull
	return t
}

func compileElement(c *Call) (Kernel, error) {
	k := itemKernel(&Call{c.Func, []Expr{c.Args[0]}, c.T}, func(_ *rowArgs, from, to int32) int32 {
		if from == to {
			return -1
		}
		return from
	}, 0)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		offsets := args[0].Offsets()
		var err error
		rows(n, sel, func(r int) {
			if !args[0].IsNull(r) && offsets[r+1]-offsets[r] > 1 {
				err = errors.New("the array has more than one element")
			}
		})
		if err != nil {
			return err
		}
		return k(args, n, sel, out)
	}, nil
}
