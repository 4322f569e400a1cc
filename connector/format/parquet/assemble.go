package parquet

import (
	"fmt"

	"github.com/millstream/millstream/column"
)

// Nested columns are put together from the levels of their leaves, one level of nesting at a time. A slot is an entry of a leaf at
// which a value of the level begins; what belongs to it reaches to the next slot. Each leaf has slots of its own, since
// each has entries of its own, but all leaves below a level have the same number of them.

// slots are the entries of one leaf at which values begin, and where the last one ends.
type slots struct {
	leaf  *leafReader
	begin []int32
	end   int32
}

// read writes the next n rows of a column to out.
func (c *columnReader) read(n int, out *column.Vector) error {
	at := make([]slots, len(c.leaves))
	for i, l := range c.leaves {
		l.sel = nil
		at[i] = l.rows(n)
	}
	if err := assemble(c.shape, at, n, out); err != nil {
		return err
	}
	for i, l := range c.leaves {
		l.consume(int(at[i].end))
	}
	return nil
}

func fillNull(out *column.Vector, n int) {
	for range n {
		out.AppendNull()
	}
}

// rows returns the slots of the next n rows. A leaf that is not nested has no use for them: its rows are read one after the other.
func (l *leafReader) rows(n int) slots {
	if l.leaf.maxRep == 0 {
		return slots{leaf: l}
	}
	s := slots{leaf: l, begin: make([]int32, 0, n), end: int32(l.entries)}
	for e := l.entry; e < l.entries; e++ {
		if l.rep[e] == 0 {
			if len(s.begin) == n {
				s.end = int32(e)
				break
			}
			s.begin = append(s.begin, int32(e))
		}
	}
	return s
}

// consume forgets entries up to end.
func (l *leafReader) consume(end int) {
	if l.leaf.maxRep == 0 {
		return
	}
	for ; l.entry < end; l.entry++ {
		if l.level(int32(l.entry)) == l.leaf.maxDef {
			l.value++
		}
	}
}

// level is the definition level of an entry of a nested leaf.
func (l *leafReader) level(e int32) int {
	if len(l.def) == 0 {
		return 0
	}
	return int(l.def[e])
}

// level is the definition level of value i of a nested leaf.
func (s *slots) level(i int) int { return s.leaf.level(s.begin[i]) }

// assemble writes n values of a shape to out. at has the slots of all leaves below it, in their order.
func assemble(s *shape, at []slots, n int, out *column.Vector) error {
	for _, a := range at {
		if a.leaf.leaf.maxRep > 0 && len(a.begin) != n {
			return fmt.Errorf("the columns below it disagree: %d values in '%s', not %d", len(a.begin), a.leaf.leaf.name, n)
		}
	}
	switch {
	case s.missing:
		fillNull(out, n)
		return nil
	case s.leaf != nil && s.leaf.maxRep == 0:
		return at[0].leaf.write(n, out)
	case s.leaf != nil:
		return at[0].leaf.scalars(at[0].begin, out)
	case s.typ.Kind == column.Row:
		return assembleRow(s, at, n, out)
	default:
		return assembleList(s, at, n, out)
	}
}

// assembleRow writes n structs.
func assembleRow(s *shape, at []slots, n int, out *column.Vector) error {
	out.Resize(n)
	for _, child := range out.Children {
		child.Reset() // Resize has made room in them, too
	}
	below := at
	for i, c := range s.children {
		leaves := len(c.leaves(nil))
		if err := assemble(c, below[:leaves], n, out.Children[i]); err != nil {
			return err
		}
		below = below[leaves:]
	}
	if len(at) == 0 {
		return nil
	}
	if first := at[0].leaf; first.leaf.maxRep == 0 {
		if len(first.trace) > 0 && s.def > 0 {
			mark(out.Validity(), 0, first.trace, byte(s.def))
		}
		return nil
	}
	var valid column.Bitmap // made with the first NULL
	for i := range n {
		if at[0].level(i) < s.def {
			if valid == nil {
				valid = out.Validity()
			}
			valid.Clear(i)
		}
	}
	return nil
}

// assembleList writes n lists or maps.
func assembleList(s *shape, at []slots, n int, out *column.Vector) error {
	first := at[0]
	below := make([]slots, len(at))
	for i, a := range at {
		below[i] = slots{leaf: a.leaf, end: a.end}
		for j, b := range a.begin {
			end := a.end
			if j+1 < n {
				end = a.begin[j+1]
			}
			if a.leaf.level(b) < s.elemDef {
				continue // NULL or empty: one entry, no element
			}
			for e := b; e < end; e++ {
				if e == b || int(a.leaf.rep[e]) == s.elemRep {
					below[i].begin = append(below[i].begin, e)
				}
			}
		}
	}
	count, next := 0, 0
	for j, b := range first.begin {
		level := first.leaf.level(b)
		elements := 0
		end := first.end
		if j+1 < n {
			end = first.begin[j+1]
		}
		if level >= s.elemDef {
			for next < len(below[0].begin) && below[0].begin[next] < end {
				next++
				elements++
			}
		}
		count += elements
		out.AppendList(elements)
		if level < s.def {
			out.SetNull(j)
		}
	}
	for i, c := range s.children {
		leaves := len(c.leaves(nil))
		if leaves == 0 {
			fillNull(out.Children[i], count)
			continue
		}
		if err := assemble(c, below[:leaves], count, out.Children[i]); err != nil {
			return err
		}
		below = below[leaves:]
	}
	return nil
}

// scalars writes the values at the given entries to out.
func (l *leafReader) scalars(at []int32, out *column.Vector) error {
	l.index = l.index[:0]
	value, e, nulls := l.value, l.entry, false
	for _, b := range at {
		for ; e < int(b); e++ {
			if l.level(int32(e)) == l.leaf.maxDef {
				value++
			}
		}
		if l.level(b) == l.leaf.maxDef {
			l.index = append(l.index, int32(value))
		} else {
			l.index = append(l.index, -1)
			nulls = true
		}
	}
	l.gather(out, nulls)
	return nil
}
