package expr

import (
	"github.com/millstream/millstream/column"
)

func init() {
	register(&Function{Name: "MULTISET", Doc: "The multiset of the arguments, cast to their least restrictive type: each value with the number of times that it is there.",
		Example: "MULTISET['a', 'b', 'a'] => {a=2, b=1}", Compile: compileMultiset,
		Resolve: func(args []Expr) ([]Expr, column.Type, error) {
			typed, t, err := resolveElements("MULTISET", args)
			if err != nil {
				return nil, t, err
			}
			return typed, column.MultisetOf(*t.Elem).Required(), nil
		},
		print: func(c *Call) string { return "MULTISET[" + join(c.Args) + "]" }})
}

// compileMultiset makes arrays first, and counts equal elements then.
func compileMultiset(c *Call) (Kernel, error) {
	elements := newListMaker(c, 1).kernel
	list := column.NewVector(column.ArrayOf(*c.T.Elem), 0)
	var seen elementSet
	var picked, entry []int32
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		list.Reset()
		if err := elements(args, n, sel, list); err != nil {
			return err
		}
		pool, o := list.Children[0], list.Offsets()
		out.Resize(n)
		offsets, counts := column.Values[int32](out), out.Children[1]
		offsets[0] = 0
		picked, entry = picked[:0], grow(entry, pool.Len)
		seen.reset()
		for r := range n {
			seen.begin(pool, o[r+1]-o[r])
			for e := o[r]; e < o[r+1]; e++ {
				if old := seen.find(e, true); old >= 0 {
					column.Values[int32](counts)[entry[old]]++
					continue
				}
				entry[e] = int32(len(picked))
				picked = append(picked, e)
				column.Append(counts, int32(1))
			}
			offsets[r+1] = int32(len(picked))
		}
		out.Children[0].AppendRows(pool, notNil(picked))
		return nil
	}, nil
}
