package expr

import (
	"math"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// picker makes lists of elements of other lists: the elements of all arguments stand in one pool, and a function picks from it by
// their places, row by row.
type picker struct {
	args   *rowArgs
	pool   *column.Vector
	own    *column.Vector // memory of a pool of several arguments
	start  []int32        // where each argument's elements begin in the pool; an argument that is no list is an element itself
	lists  []bool
	picked []int32
	seen   elementSet
}

// newPicker returns a picker for the first n arguments of a call.
func newPicker(c *Call, n int) *picker {
	p := &picker{args: newRowArgs(c), start: make([]int32, n), lists: make([]bool, n)}
	for i := range n {
		p.lists[i] = i == 0 || c.Args[i].Type().SameAs(c.Args[0].Type())
	}
	if n > 1 {
		p.own = column.NewVector(*c.T.Elem, 0)
	}
	return p
}

// load makes the pool.
func (p *picker) load(args []*column.Vector) {
	p.args.vecs = args
	p.seen.reset()
	if p.own == nil {
		p.pool = args[0].Children[0]
		return
	}
	p.own.Reset()
	for i := range p.start {
		p.start[i] = int32(p.own.Len)
		if p.lists[i] {
			p.own.AppendRows(args[i].Children[0], nil)
		} else {
			p.own.AppendRows(args[i], nil)
		}
	}
	p.pool = p.own
}

// list returns the places in the pool of the elements of list argument i.
func (p *picker) list(i int) (from, to int32) {
	o, r := p.args.vecs[i].Offsets(), p.args.at(i)
	return p.start[i] + o[r], p.start[i] + o[r+1]
}

// element returns the place of element argument i.
func (p *picker) element(i int) int32 { return p.start[i] + int32(p.args.at(i)) }

// pick adds the elements at places [from, to).
func (p *picker) pick(from, to int32) {
	for e := from; e < to; e++ {
		p.picked = append(p.picked, e)
	}
}

func isNaN(v *column.Vector, i int) bool {
	switch {
	case v.Type.Kind == column.Double && v.Dict == nil:
		return math.IsNaN(column.Values[float64](v)[i])
	case v.Type.Kind == column.Float && v.Dict == nil:
		x := column.Values[float32](v)[i]
		return x != x
	}
	return false
}

// kernel makes lists by f, which picks the elements of the row in args.row. A row in which an argument whose index is below strict is
// NULL is NULL.
func (p *picker) kernel(strict int, f func(p *picker)) Kernel {
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		p.load(args)
		p.picked = p.picked[:0]
		out.Resize(n)
		offsets := column.Values[int32](out)
		offsets[0] = 0
		next := 0
		rows(n, sel, func(r int) {
			for ; next < r; next++ {
				offsets[next+1] = int32(len(p.picked))
			}
			p.args.row = r
			null := false
			for i := range strict {
				null = null || p.args.null(i)
			}
			if null {
				out.SetNull(r)
			} else {
				f(p)
			}
			offsets[r+1] = int32(len(p.picked))
			next = r + 1
		})
		for ; next < n; next++ {
			offsets[next+1] = int32(len(p.picked))
		}
		if p.own == nil {
			out.Children[0].Take(p.pool, notNil(p.picked))
		} else {
			out.Children[0].AppendRows(p.pool, notNil(p.picked))
		}
		return nil
	}
}

// elementSet tells whether an element of a pool was met before in a row; NULLs are equal, NaN is not. Few elements are compared one
// by one, many by their hashes.
type elementSet struct {
	pool    *column.Vector
	hasher  kernel.Hasher
	hashes  []uint64 // of the pool; empty: not computed in this batch
	members []int32
	slots   []int32 // places, one more; 0: free
	mask    uint64
}

// fewElements is how many are compared one by one.
const fewElements = 16

// reset forgets the batch.
func (s *elementSet) reset() { s.hashes = s.hashes[:0] }

// begin empties the set for a row with up to n elements.
func (s *elementSet) begin(pool *column.Vector, n int32) {
	s.pool, s.members, s.mask = pool, s.members[:0], 0
	if n <= fewElements {
		return
	}
	if len(s.hashes) == 0 {
		s.hashes = grow(s.hashes, pool.Len)
		s.hasher.Hash(s.hashes, []*column.Vector{pool}, nil)
	}
	size := 64
	for size < int(n)*2 {
		size *= 2
	}
	s.slots = grow(s.slots[:0], size)
	s.mask = uint64(size - 1)
}

func (s *elementSet) equal(a, b int32) bool {
	return kernel.EqualRows(s.pool, int(a), s.pool, int(b)) && !isNaN(s.pool, int(a))
}

// find returns the place of the equal element in the set. If there is none it is -1, and the element is added if add is set.
func (s *elementSet) find(e int32, add bool) int32 {
	if s.mask == 0 {
		for _, m := range s.members {
			if s.equal(m, e) {
				return m
			}
		}
		if add {
			s.members = append(s.members, e)
		}
		return -1
	}
	for at := s.hashes[e] & s.mask; ; at = (at + 1) & s.mask {
		m := s.slots[at]
		if m == 0 {
			if add {
				s.slots[at] = e + 1
			}
			return -1
		}
		if s.hashes[m-1] == s.hashes[e] && s.equal(m-1, e) {
			return m - 1
		}
	}
}
