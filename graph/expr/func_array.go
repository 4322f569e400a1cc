package expr

import (
	"fmt"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// Functions that make arrays of arrays.

func init() {
	ordered := param{"an array of elements that have an order", func(t column.Type) bool {
		return t.Kind == column.Array && hasOrder(*t.Elem)
	}, column.Type{}, column.ArrayOf(column.Of(column.Int))}
	register(
		&Function{Name: "ARRAY_APPEND", Doc: "The array with another element at its end.", Example: "ARRAY_APPEND(ARRAY[1, 2], 3) => [1, 2, 3]",
			Resolve: resolveAppend("ARRAY_APPEND"), Compile: func(c *Call) (Kernel, error) {
				return newPicker(c, 2).kernel(1, func(p *picker) {
					p.pick(p.list(0))
					p.picked = append(p.picked, p.element(1))
				}), nil
			}},
		&Function{Name: "ARRAY_PREPEND", Doc: "The array with another element before its first.", Example: "ARRAY_PREPEND(ARRAY[1, 2], 3) => [3, 1, 2]",
			Resolve: resolveAppend("ARRAY_PREPEND"), Compile: func(c *Call) (Kernel, error) {
				return newPicker(c, 2).kernel(1, func(p *picker) {
					p.picked = append(p.picked, p.element(1))
					p.pick(p.list(0))
				}), nil
			}},
		&Function{Name: "ARRAY_CONCAT", Doc: "The elements of all arrays, one array after the other.", Example: "ARRAY_CONCAT(ARRAY[1], ARRAY[2, 3]) => [1, 2, 3]",
			Resolve: resolveArrays("ARRAY_CONCAT", 1, 1<<16), Compile: func(c *Call) (Kernel, error) {
				return newPicker(c, len(c.Args)).kernel(len(c.Args), func(p *picker) {
					for i := range p.start {
						p.pick(p.list(i))
					}
				}), nil
			}},
		&Function{Name: "ARRAY_UNION", Doc: "The elements of two arrays, each once.", Example: "ARRAY_UNION(ARRAY[1, 2, 2], ARRAY[2, 3]) => [1, 2, 3]",
			Resolve: resolveArrays("ARRAY_UNION", 2, 2), Compile: compileArraySet(func(p *picker) {
				p.beginSet()
				p.distinct(p.list(0))
				p.distinct(p.list(1))
			})},
		&Function{Name: "ARRAY_INTERSECT", Doc: "The elements of the first array that are in the second too, each once.",
			Example: "ARRAY_INTERSECT(ARRAY[1, 2, 2, 3], ARRAY[3, 2]) => [2, 3]", Resolve: resolveArrays("ARRAY_INTERSECT", 2, 2),
			Compile: compileArraySet(func(p *picker) { p.against(true) })},
		&Function{Name: "ARRAY_EXCEPT", Doc: "The elements of the first array that are not in the second, each once.",
			Example: "ARRAY_EXCEPT(ARRAY[1, 2, 2, 3], ARRAY[2]) => [1, 3]", Resolve: resolveArrays("ARRAY_EXCEPT", 2, 2),
			Compile: compileArraySet(func(p *picker) { p.against(false) })},
		&Function{Name: "ARRAY_DISTINCT", Doc: "The elements, each once, where it stands first.", Example: "ARRAY_DISTINCT(ARRAY[1, 2, 1]) => [1, 2]",
			Resolve: takes(likeFirst, isArray).resolve("ARRAY_DISTINCT"), Compile: func(c *Call) (Kernel, error) {
				return newPicker(c, 1).kernel(1, func(p *picker) {
					p.beginSet()
					p.distinct(p.list(0))
				}), nil
			}},
		&Function{Name: "ARRAY_REVERSE", Doc: "The elements from the last to the first.", Example: "ARRAY_REVERSE(ARRAY[1, 2, 3]) => [3, 2, 1]",
			Resolve: takes(likeFirst, isArray).resolve("ARRAY_REVERSE"), Compile: func(c *Call) (Kernel, error) {
				return newPicker(c, 1).kernel(1, func(p *picker) {
					at := len(p.picked)
					p.pick(p.list(0))
					slices.Reverse(p.picked[at:])
				}), nil
			}},
		&Function{Name: "ARRAY_REMOVE", Doc: "The array without the elements that equal the second argument; NULL takes NULLs away.",
			Example: "ARRAY_REMOVE(ARRAY[1, 2, 1], 1) => [2]", Resolve: resolveSearch("ARRAY_REMOVE", func(args []Expr) column.Type { return args[0].Type() }),
			Compile: compileArrayRemove},
		&Function{Name: "ARRAY_SLICE", Doc: "The elements from one position to another, both counted from 1, or from the end if negative; without an end up to the last.",
			Example: "ARRAY_SLICE(ARRAY[1, 2, 3, 4], 2, 3) => [2, 3]",
			Resolve: takes(func(args []Expr) column.Type { return nullable(args[0].Type(), args) }, isArray, isSmall, isSmall).optional(1).resolve("ARRAY_SLICE"),
			Compile: compileArraySlice},
		&Function{Name: "ARRAY_SORT", Doc: "The elements in ascending order, or descending if the second argument is FALSE. NULLs stand first if it is ascending, or as the third argument says.",
			Example: "ARRAY_SORT(ARRAY[3, CAST(NULL AS INT), 2]) => [NULL, 2, 3]",
			Resolve: takes(func(args []Expr) column.Type { return nullable(args[0].Type(), args) }, ordered, isFlag, isFlag).optional(2).resolve("ARRAY_SORT"),
			Compile: compileArraySort},
	)
}

// isSmall is an argument of type INT, or one that becomes it without loss.
var isSmall = param{"an INT", func(t column.Type) bool { return t.IsInteger() && t.Kind != column.BigInt }, column.Of(column.Int), column.Of(column.Int)}

// hasOrder reports whether values of the type can be sorted by functions of arrays.
func hasOrder(t column.Type) bool {
	return t.Layout() < column.LayoutList && t.Kind != column.Boolean && t.Kind != column.Variant && t.Kind != column.Null && t.Kind != column.Bitset
}

// asElement casts a value to the type of an array's elements, as far as that happens without being asked for.
func asElement(name string, array column.Type, e Expr) (Expr, error) {
	from, to := e.Type(), *array.Elem
	if from.Kind == column.Null {
		return NullOf(to), nil
	}
	if !(from.IsText() && to.IsText() || from.IsBinary() && to.IsBinary() || CanCast(from, to, true)) {
		return nil, fmt.Errorf("%s takes an element of type %s for an %s, not %s", name, to.Optional(), array.Optional(), from.Optional())
	}
	return CastTo(e, to), nil
}

// arrayAndElement types the first two arguments.
func arrayAndElement(name string, args []Expr) ([]Expr, column.Type, error) {
	if len(args) != 2 {
		return nil, column.Type{}, fmt.Errorf("%s takes an array and an element, not %s", name, count(len(args)))
	}
	t := args[0].Type()
	if t.Kind != column.Array {
		return nil, t, fmt.Errorf("%s takes an array as argument 1, not %s", name, t.Optional())
	}
	e, err := asElement(name, t, args[1])
	return []Expr{args[0], e}, t, err
}

func resolveAppend(name string) func(args []Expr) ([]Expr, column.Type, error) {
	return func(args []Expr) ([]Expr, column.Type, error) {
		typed, t, err := arrayAndElement(name, args)
		if err != nil {
			return nil, t, err
		}
		elem := *t.Elem
		elem.NotNull = elem.NotNull && typed[1].Type().NotNull
		return typed, nullable(column.ArrayOf(elem), typed), nil
	}
}

func resolveSearch(name string, result func(args []Expr) column.Type) func(args []Expr) ([]Expr, column.Type, error) {
	return func(args []Expr) ([]Expr, column.Type, error) {
		typed, t, err := arrayAndElement(name, args)
		if err != nil {
			return nil, t, err
		}
		return typed, result(typed), nil
	}
}

// resolveArrays types arrays as arrays of one type.
func resolveArrays(name string, least, most int) func(args []Expr) ([]Expr, column.Type, error) {
	return func(args []Expr) ([]Expr, column.Type, error) {
		if len(args) < least || len(args) > most {
			return nil, column.Type{}, fmt.Errorf("%s takes %s, not %s", name, map[bool]string{true: "two arrays", false: "arrays"}[most == 2], count(len(args)))
		}
		for i, a := range args {
			if a.Type().Kind != column.Array {
				return nil, column.Type{}, fmt.Errorf("%s takes an array as argument %d, not %s", name, i+1, a.Type().Optional())
			}
		}
		t, ok := LeastRestrictive(typesOf(args)...)
		if !ok {
			return nil, t, fmt.Errorf("%s takes arrays of types with a common one, not (%s)", name, argTypes(args))
		}
		return castAll(args, t), nullable(t, args), nil
	}
}

func compileArraySet(f func(p *picker)) func(c *Call) (Kernel, error) {
	return func(c *Call) (Kernel, error) { return newPicker(c, 2).kernel(2, f), nil }
}

// beginSet empties the set for the elements of the row's arrays.
func (p *picker) beginSet() {
	n := int32(0)
	for i := range p.start {
		from, to := p.list(i)
		n += to - from
	}
	p.seen.begin(p.pool, n)
}

// distinct picks the elements that are not in the set, and adds them.
func (p *picker) distinct(from, to int32) {
	for e := from; e < to; e++ {
		if p.seen.find(e, true) < 0 {
			p.picked = append(p.picked, e)
		}
	}
}

// against picks the elements of the first array that are in the second, or those that are not.
func (p *picker) against(in bool) {
	p.beginSet()
	from, to := p.list(1)
	for e := from; e < to; e++ {
		p.seen.find(e, true)
	}
	at := len(p.picked)
	from, to = p.list(0)
	for e := from; e < to; e++ {
		if (p.seen.find(e, false) >= 0) == in {
			p.picked = append(p.picked, e)
		}
	}
	few := p.picked[at:]
	p.seen.begin(p.pool, int32(len(few)))
	kept := few[:0]
	for _, e := range few {
		if p.seen.find(e, true) < 0 {
			kept = append(kept, e)
		}
	}
	p.picked = p.picked[:at+len(kept)]
}

func compileArrayRemove(c *Call) (Kernel, error) {
	equal := elementFinder(*c.T.Elem)
	return newPicker(c, 1).kernel(1, func(p *picker) {
		from, to := p.list(0)
		for e := from; e < to; {
			hit := equal(p.pool, e, to, p.args.vecs[1], p.args.at(1))
			if hit < 0 {
				hit = to
			}
			p.pick(e, hit)
			e = hit + 1
		}
	}), nil
}

func compileArraySlice(c *Call) (Kernel, error) {
	return newPicker(c, 1).kernel(len(c.Args), func(p *picker) {
		first, end := p.list(0)
		n := int(end - first)
		from, to := p.args.int(1), n
		if len(p.args.vecs) > 2 {
			to = p.args.int(2)
		}
		if from < 0 {
			from += n + 1
		}
		switch {
		case to < 0:
			to += n + 1
		case to == 0:
			to = 1
		}
		if from, to = max(1, from), min(n, to); from <= to {
			p.pick(first+int32(from)-1, first+int32(to))
		}
	}), nil
}

func compileArraySort(c *Call) (Kernel, error) {
	key := kernel.SortKey{}
	var pool *column.Vector
	compare := func(a, b int32) int { return key.Compare(pool, int(a), pool, int(b)) }
	return newPicker(c, 1).kernel(len(c.Args), func(p *picker) {
		flag := func(i int, standard bool) bool {
			if i >= len(p.args.vecs) {
				return standard
			}
			return p.args.vecs[i].Bits().Get(p.args.at(i))
		}
		ascending := flag(1, true)
		key.Desc, key.NullsFirst = !ascending, flag(2, ascending)
		at := len(p.picked)
		p.pick(p.list(0))
		pool = p.pool
		slices.SortStableFunc(p.picked[at:], compare)
	}), nil
}
