package kernel

import "github.com/millstream/millstream/column"

// Set is a set of constants, for IN. It holds memory for probing and belongs to one task.
type Set struct {
	values *column.Vector
	slots  []int32 // row in values, one more; 0: free. The length is a power of two.
	hashes []uint64
	hasher Hasher
	probes []uint64
	out    []int32
}

// NewSet returns the set of a vector's values, none of which is null; the vector is kept.
func NewSet(values *column.Vector) *Set {
	s := &Set{values: values, slots: make([]int32, 8), hashes: make([]uint64, values.Len)}
	for len(s.slots) < 4*values.Len {
		s.slots = make([]int32, 2*len(s.slots))
	}
	s.hasher.Hash(s.hashes, []*column.Vector{values}, nil)
	mask := uint64(len(s.slots) - 1)
	for i, h := range s.hashes {
		at := h & mask
		for s.slots[at] != 0 {
			at = (at + 1) & mask
		}
		s.slots[at] = int32(i + 1)
	}
	return s
}

// Select returns the rows of sel (nil: rows 0 … n-1) of v whose values are in the set; nulls are not. The result is valid until
// the next call.
func (s *Set) Select(v *column.Vector, n int, sel []int32) []int32 {
	rows := n
	if sel != nil {
		rows = len(sel)
	}
	if cap(s.probes) < rows {
		s.probes, s.out = make([]uint64, rows), make([]int32, rows)
	}
	s.probes = s.probes[:rows]
	s.hasher.Hash(s.probes, []*column.Vector{v}, sel)
	out, mask, nulls := s.out[:0], uint64(len(s.slots)-1), v.HasNulls()
	for i, h := range s.probes {
		for at := h & mask; s.slots[at] != 0; at = (at + 1) & mask {
			k := int(s.slots[at] - 1)
			if s.hashes[k] != h {
				continue
			}
			r := row(sel, i)
			if !(nulls && v.IsNull(r)) && EqualRows(v, r, s.values, k) {
				out = append(out, int32(r))
				break
			}
		}
	}
	return out
}
