package expr

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

func init() {
	isMap := param{"a map", func(t column.Type) bool { return t.Kind == column.Map }, column.Type{}, column.MapOf(column.Str(), column.Str())}
	arrayOf := func(part func(t column.Type) column.Type) func(args []Expr) column.Type {
		return func(args []Expr) column.Type { return nullable(column.ArrayOf(part(args[0].Type())), args) }
	}
	entry := func(t column.Type) column.Type {
		return column.RowOf(column.Field{Name: "key", Type: *t.Key}, column.Field{Name: "value", Type: *t.Elem})
	}
	register(
		&Function{Name: "MAP_KEYS", Doc: "The keys of a map.", Example: "MAP_KEYS(MAP['a', 1, 'b', 2]) => [a, b]",
			Resolve: takes(arrayOf(func(t column.Type) column.Type { return *t.Key }), isMap).resolve("MAP_KEYS"),
			Compile: compileMapPart(func(in, out *column.Vector) { out.Borrow(in.Children[0]) })},
		&Function{Name: "MAP_VALUES", Doc: "The values of a map, in the order of MAP_KEYS.", Example: "MAP_VALUES(MAP['a', 1, 'b', 2]) => [1, 2]",
			Resolve: takes(arrayOf(func(t column.Type) column.Type { return *t.Elem }), isMap).resolve("MAP_VALUES"),
			Compile: compileMapPart(func(in, out *column.Vector) { out.Borrow(in.Children[1]) })},
		&Function{Name: "MAP_ENTRIES", Doc: "The entries of a map as rows of key and value.", Example: "MAP_ENTRIES(MAP['a', 1]) => [(a, 1)]",
			Resolve: takes(arrayOf(entry), isMap).resolve("MAP_ENTRIES"),
			Compile: compileMapPart(func(in, out *column.Vector) {
				for i, c := range in.Children {
					out.Children[i].Borrow(c)
				}
				out.Resize(in.Children[0].Len)
			})},
		&Function{Name: "MAP_FROM_ARRAYS", Doc: "The map of an array of keys and one of as many values; of equal keys the last one counts.",
			Example: "MAP_FROM_ARRAYS(ARRAY['a', 'b'], ARRAY[1, 2]) => {a=1, b=2}", Compile: compileMapFromArrays,
			Resolve: takes(func(args []Expr) column.Type {
				return nullable(column.MapOf(*args[0].Type().Elem, *args[1].Type().Elem), args)
			}, isArray, isArray).resolve("MAP_FROM_ARRAYS")},
		&Function{Name: "MAP_UNION", Doc: "The entries of all maps; of equal keys the last one counts.", Example: "MAP_UNION(MAP['a', 1, 'b', 2], MAP['a', 3]) => {a=3, b=2}",
			Resolve: resolveMapUnion, Compile: compileMapUnion},
	)
}

// compileMapPart makes arrays of what part takes from the children of maps.
func compileMapPart(part func(in, out *column.Vector)) func(c *Call) (Kernel, error) {
	return func(*Call) (Kernel, error) {
		return func(args []*column.Vector, n int, _ []int32, out *column.Vector) error {
			in := args[0]
			part(in, out.Children[0])
			out.Resize(n)
			copy(column.Values[int32](out), in.Offsets())
			kernel.And(out, in.Valid, nil, n)
			return nil
		}, nil
	}
}

// mapMaker makes maps of keys and values by their places in two pools, row by row.
type mapMaker struct {
	keys, values *column.Vector
	pickedKeys   []int32
	pickedValues []int32
	seen         elementSet
	entry        []int32 // by place of a key that is in the map: its entry in the row
}

// begin starts a row with up to n entries.
func (m *mapMaker) begin(n int32) { m.seen.begin(m.keys, n) }

// put adds an entry, or replaces the value of an equal key.
func (m *mapMaker) put(key, value int32) {
	if old := m.seen.find(key, true); old >= 0 {
		m.pickedValues[m.entry[old]] = value
		return
	}
	m.entry = grow(m.entry, m.keys.Len)
	m.entry[key] = int32(len(m.pickedKeys))
	m.pickedKeys, m.pickedValues = append(m.pickedKeys, key), append(m.pickedValues, value)
}

func compileMapFromArrays(c *Call) (Kernel, error) {
	a, m := newRowArgs(c), &mapMaker{}
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		m.keys, m.values = args[0].Children[0], args[1].Children[0]
		keys, values := args[0].Offsets(), args[1].Offsets()
		return m.rows(a, args, n, sel, out, func() error {
			i, j := a.at(0), a.at(1)
			count := keys[i+1] - keys[i]
			if other := values[j+1] - values[j]; other != count {
				return fmt.Errorf("there are %d keys and %d values", count, other)
			}
			m.begin(count)
			for e := range count {
				m.put(keys[i]+e, values[j]+e)
			}
			return nil
		})
	}, nil
}

func resolveMapUnion(args []Expr) ([]Expr, column.Type, error) {
	if len(args) == 0 {
		return nil, column.Type{}, fmt.Errorf("MAP_UNION takes maps, not %s", count(0))
	}
	for i, a := range args {
		if a.Type().Kind != column.Map {
			return nil, column.Type{}, fmt.Errorf("MAP_UNION takes a map as argument %d, not %s", i+1, a.Type().Optional())
		}
	}
	t, ok := LeastRestrictive(typesOf(args)...)
	if !ok {
		return nil, t, fmt.Errorf("MAP_UNION takes maps of types with a common one, not (%s)", argTypes(args))
	}
	return castAll(args, t), nullable(t, args), nil
}

func compileMapUnion(c *Call) (Kernel, error) {
	a, m := newRowArgs(c), &mapMaker{}
	keys, values := column.NewVector(*c.T.Key, 0), column.NewVector(*c.T.Elem, 0)
	start := make([]int32, len(c.Args))
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		keys.Reset()
		values.Reset()
		for i, v := range args {
			start[i] = int32(keys.Len)
			keys.AppendRows(v.Children[0], nil)
			values.AppendRows(v.Children[1], nil)
		}
		m.keys, m.values = keys, values
		return m.rows(a, args, n, sel, out, func() error {
			total := int32(0)
			for i, v := range args {
				total += v.Offsets()[a.at(i)+1] - v.Offsets()[a.at(i)]
			}
			m.begin(total)
			for i, v := range args {
				o, r := v.Offsets(), a.at(i)
				for e := start[i] + o[r]; e < start[i]+o[r+1]; e++ {
					m.put(e, e)
				}
			}
			return nil
		})
	}, nil
}

// rows makes maps by f, which puts the entries of the row in a.row. Rows with a NULL argument are NULL.
func (m *mapMaker) rows(a *rowArgs, args []*column.Vector, n int, sel []int32, out *column.Vector, f func() error) error {
	a.vecs = args
	m.pickedKeys, m.pickedValues = m.pickedKeys[:0], m.pickedValues[:0]
	m.seen.reset()
	out.Resize(n)
	offsets := column.Values[int32](out)
	offsets[0] = 0
	next := 0
	fill := func(to int) {
		for ; next < to; next++ {
			offsets[next+1] = int32(len(m.pickedKeys))
		}
	}
	var err error
	rows(n, sel, func(r int) {
		if err != nil {
			return
		}
		fill(r)
		a.row = r
		null := false
		for i := range args {
			null = null || a.null(i)
		}
		if null {
			out.SetNull(r)
		} else {
			err = f()
		}
		fill(r + 1)
	})
	fill(n)
	out.Children[0].AppendRows(m.keys, notNil(m.pickedKeys))
	out.Children[1].AppendRows(m.values, notNil(m.pickedValues))
	return err
}
