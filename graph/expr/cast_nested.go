package expr

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// castNested converts element by element, or field by field. With try, a value of which a part cannot be converted is NULL as
// a whole.
func castNested(from, to column.Type, try bool, env *environment) (Kernel, error) {
	var parts []Kernel
	a, b := partTypes(from), partTypes(to)
	if from.Kind != to.Kind || len(a) != len(b) || len(a) == 0 && to.Kind != column.Row {
		return nil, fmt.Errorf("no conversion from %s to %s", from.Optional(), to.Optional())
	}
	for i := range a {
		k, err := compileCast(a[i], b[i], false, env)
		if err != nil {
			return nil, err
		}
		parts = append(parts, k)
	}
	c := &nestedCast{parts: parts}
	if to.Kind == column.Row {
		return c.withTry(try, c.structs), nil
	}
	return c.withTry(try, c.lists), nil
}

// partTypes are the types of a vector's children.
func partTypes(t column.Type) []column.Type {
	switch t.Kind {
	case column.Array:
		return []column.Type{*t.Elem}
	case column.Multiset:
		return []column.Type{*t.Elem, column.Of(column.Int).Required()}
	case column.Map:
		return []column.Type{*t.Key, *t.Elem}
	}
	types := make([]column.Type, len(t.Fields))
	for i, f := range t.Fields {
		types[i] = f.Type
	}
	return types
}

type nestedCast struct {
	parts []Kernel
	sel   []int32
	elems []int32
	flat  flat
}

// withTry runs all rows at once and, if that fails and try is set, row by row.
func (c *nestedCast) withTry(try bool, all Kernel) Kernel {
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		err := all(args, n, sel, out)
		if err == nil || !try {
			return err
		}
		var null, good []int32
		one := make([]int32, 1)
		rows(n, sel, func(r int) {
			out.Reset()
			if one[0] = int32(r); all(args, n, one, out) != nil {
				null = append(null, int32(r))
			} else {
				good = append(good, int32(r))
			}
		})
		out.Reset()
		if err := all(args, n, notNil(good), out); err != nil {
			return err
		}
		for _, r := range null {
			out.SetNull(int(r))
		}
		return nil
	}
}

// valid lists the rows of sel that are not null; nil if all n rows are to be computed.
func (c *nestedCast) valid(in *column.Vector, n int, sel []int32) []int32 {
	if sel == nil && in.Valid == nil {
		return nil
	}
	c.sel = c.sel[:0]
	rows(n, sel, func(r int) {
		if in.Valid == nil || in.Valid.Get(r) {
			c.sel = append(c.sel, int32(r))
		}
	})
	return c.sel
}

func (c *nestedCast) part(i int, in *column.Vector, n int, sel []int32, out *column.Vector) error {
	out.Reset()
	if c.parts[i] == nil {
		out.AppendRows(in, nil)
		return nil
	}
	return c.parts[i]([]*column.Vector{c.flat.of(in)}, n, sel, out)
}

func (c *nestedCast) structs(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
	in := args[0]
	sel = c.valid(in, n, sel)
	for i := range c.parts {
		if err := c.part(i, in.Children[i], n, sel, out.Children[i]); err != nil {
			return err
		}
	}
	out.Resize(n)
	kernel.And(out, in.Valid, nil, n)
	return nil
}

func (c *nestedCast) lists(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
	in := args[0]
	sel = c.valid(in, n, sel)
	o := in.Offsets()
	elems := sel
	if sel != nil || o[0] > 0 {
		c.elems = c.elems[:0]
		rows(n, sel, func(r int) {
			for e := o[r]; e < o[r+1]; e++ {
				c.elems = append(c.elems, e)
			}
		})
		elems = c.elems
	}
	for i := range c.parts {
		if err := c.part(i, in.Children[i], in.Children[i].Len, elems, out.Children[i]); err != nil {
			return err
		}
	}
	out.Resize(n)
	copy(column.Values[int32](out), o)
	kernel.And(out, in.Valid, nil, n)
	return nil
}
