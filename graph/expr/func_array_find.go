package expr

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// Functions that look for elements of arrays.

func init() {
	ordered := param{"an array of elements that have an order", func(t column.Type) bool {
		return t.Kind == column.Array && hasOrder(*t.Elem)
	}, column.Type{}, column.ArrayOf(column.Of(column.Int))}
	texts := param{"an array of texts", func(t column.Type) bool { return t.Kind == column.Array && t.Elem.IsText() }, column.Type{}, column.ArrayOf(column.Str())}
	element := func(args []Expr) column.Type { return args[0].Type().Elem.Optional() }
	register(
		&Function{Name: "ARRAY_CONTAINS", Doc: "Whether an element equals the second argument; NULL is looked for like any other value.",
			Example: "ARRAY_CONTAINS(ARRAY[1, 2], 2) => TRUE", Compile: compileArrayContains,
			Resolve: resolveSearch("ARRAY_CONTAINS", func(args []Expr) column.Type { return nullable(boolean, args[:1]) })},
		&Function{Name: "ARRAY_POSITION", Doc: "The position, from 1 on, of the first element that equals the second argument; 0 if there is none.",
			Example: "ARRAY_POSITION(ARRAY['a', 'b'], 'b') => 2", strict: true, Compile: compileArrayPosition,
			Resolve: resolveSearch("ARRAY_POSITION", always(column.Of(column.Int)))},
		&Function{Name: "ARRAY_MAX", Doc: "The greatest element; NULLs do not count.", Example: "ARRAY_MAX(ARRAY[3, 1, 2]) => 3",
			Resolve: takes(element, ordered).resolve("ARRAY_MAX"), Compile: func(c *Call) (Kernel, error) { return compileArrayExtreme(c, true), nil }},
		&Function{Name: "ARRAY_MIN", Doc: "The least element; NULLs do not count.", Example: "ARRAY_MIN(ARRAY[3, 1, 2]) => 1",
			Resolve: takes(element, ordered).resolve("ARRAY_MIN"), Compile: func(c *Call) (Kernel, error) { return compileArrayExtreme(c, false), nil }},
		textFunction("ARRAY_JOIN", "The elements, which are texts, joined by the second argument. NULLs are left out, or replaced by the third.",
			"ARRAY_JOIN(ARRAY['a', CAST(NULL AS STRING), 'c'], ', ', '?') => a, ?, c", takes(always(column.Str()), texts, isText, isText).optional(1),
			func(c *Call) Kernel {
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) { return joinElements(a, dst), true })
			}),
	)
}

// find returns the first place in [from, to) of list whose element equals row i of v; -1: none.
type find func(list *column.Vector, from, to int32, v *column.Vector, i int) int32

// elementFinder returns the loop that looks for elements of type t. NULL equals NULL.
func elementFinder(t column.Type) find {
	switch t.Layout() {
	case column.LayoutInt8:
		return findNumber[int8]
	case column.LayoutInt16:
		return findNumber[int16]
	case column.LayoutInt32:
		return findNumber[int32]
	case column.LayoutInt64:
		return findNumber[int64]
	case column.LayoutFloat:
		return findNumber[float32]
	case column.LayoutDouble:
		return findNumber[float64]
	}
	return findAny
}

func findAny(list *column.Vector, from, to int32, v *column.Vector, i int) int32 {
	for e := from; e < to; e++ {
		if kernel.EqualRows(list, int(e), v, i) {
			return e
		}
	}
	return -1
}

func findNumber[T kernel.Number](list *column.Vector, from, to int32, v *column.Vector, i int) int32 {
	if list.Dict != nil || v.Dict != nil || v.IsNull(i) {
		return findAny(list, from, to, v, i)
	}
	x, valid := column.Values[T](v)[i], list.Valid
	for e, y := range column.Values[T](list)[from:to] {
		if x == y && (valid == nil || valid.Get(int(from)+e)) {
			return from + int32(e)
		}
	}
	return -1
}

func compileArrayContains(c *Call) (Kernel, error) {
	switch c.Args[0].Type().Elem.Layout() {
	case column.LayoutInt32:
		return containsNumber[int32](c), nil
	case column.LayoutInt64:
		return containsNumber[int64](c), nil
	case column.LayoutDouble:
		return containsNumber[float64](c), nil
	}
	return containsAny(c), nil
}

func containsAny(c *Call) Kernel {
	a, find := newRowArgs(c), elementFinder(*c.Args[0].Type().Elem)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		list := args[0].Children[0]
		offsets := args[0].Offsets()
		return a.each(args, n, sel, out, true, func(r int) error {
			if a.null(0) {
				out.SetNull(r)
				return nil
			}
			i := a.at(0)
			out.Bits().Put(r, find(list, offsets[i], offsets[i+1], args[1], a.at(1)) >= 0)
			return nil
		})
	}
}

// containsNumber is containsAny with a loop of its own for arrays without NULLs, all of which are looked through.
func containsNumber[T kernel.Number](c *Call) Kernel {
	other, a := containsAny(c), newRowArgs(c)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		list, of := args[0], args[1]
		elems := list.Children[0]
		if sel != nil || a.constant[0] || list.Valid != nil || elems.Valid != nil || elems.Dict != nil || of.HasNulls() {
			return other(args, n, sel, out)
		}
		out.Resize(n)
		step := 1
		if a.constant[1] {
			step = 0
		}
		bits, o, x, y := out.Bits(), list.Offsets(), column.Values[T](elems), column.Values[T](of)
		for r := range n {
			want, hit := y[r*step], false
			for _, e := range x[o[r]:o[r+1]] {
				if e == want {
					hit = true
					break
				}
			}
			bits.Put(r, hit)
		}
		return nil
	}
}

func compileArrayPosition(c *Call) (Kernel, error) {
	find := elementFinder(*c.Args[0].Type().Elem)
	return fixedOf(c, func(a *rowArgs) (int32, bool) {
		o, i := a.vecs[0].Offsets(), a.at(0)
		e := find(a.vecs[0].Children[0], o[i], o[i+1], a.vecs[1], a.at(1))
		if e < 0 {
			return 0, true
		}
		return e - o[i] + 1, true
	}), nil
}

// compileArrayExtreme takes the greatest or the least element. A NaN that comes first stays, and none replaces a number.
func compileArrayExtreme(c *Call, greatest bool) Kernel {
	key := kernel.SortKey{Desc: greatest}
	before := func(list *column.Vector, x, y int32) bool { return key.Compare(list, int(x), list, int(y)) < 0 }
	switch c.T.Layout() {
	case column.LayoutInt8:
		before = beforeNumber[int8](greatest)
	case column.LayoutInt16:
		before = beforeNumber[int16](greatest)
	case column.LayoutInt32:
		before = beforeNumber[int32](greatest)
	case column.LayoutInt64:
		before = beforeNumber[int64](greatest)
	case column.LayoutFloat:
		before = beforeNumber[float32](greatest)
	case column.LayoutDouble:
		before = beforeNumber[float64](greatest)
	}
	return itemKernel(c, func(a *rowArgs, from, to int32) int32 {
		list, best := a.vecs[0].Children[0], int32(-1)
		for e := from; e < to; e++ {
			if !list.IsNull(int(e)) && (best < 0 || before(list, e, best)) {
				best = e
			}
		}
		return best
	}, 0)
}

func beforeNumber[T kernel.Number](greatest bool) func(list *column.Vector, x, y int32) bool {
	return func(list *column.Vector, x, y int32) bool {
		a, b := column.Values[T](list)[x], column.Values[T](list)[y]
		return greatest && a > b || !greatest && a < b
	}
}

func joinElements(a *rowArgs, dst []byte) []byte {
	list, separator := a.vecs[0].Children[0], a.text(1)
	o, i := a.vecs[0].Offsets(), a.at(0)
	some := false
	for e := int(o[i]); e < int(o[i+1]); e++ {
		null := list.IsNull(e)
		if null && len(a.vecs) < 3 {
			continue
		}
		if some {
			dst = append(dst, separator...)
		}
		some = true
		if null {
			dst = append(dst, a.text(2)...)
		} else {
			dst = append(dst, list.BytesAt(e)...)
		}
	}
	return dst
}
