package parquet

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph/expr"
)

// sieve leaves out rows that cannot pass the filter: their columns are read first, and of the others only the rows that are left.
type sieve struct {
	filters []*expr.Filter
	first   []bool // columns that the filters need, by their positions among the projected ones
	sel     []int32
}

// newSieve returns nil where nothing can be left out: without a condition that is cheap and cannot fail on columns that are not nested, and where a column is
// repeated, of which rows cannot be counted without reading it.
func newSieve(c format.Config, plans []*shape) *sieve {
	for _, s := range plans {
		for _, l := range s.leaves(nil) {
			if l.maxRep > 0 {
				return nil
			}
		}
	}
	v := &sieve{first: make([]bool, len(plans))}
	for _, e := range c.Filter {
		if !expr.IsCheap(e) {
			continue
		}
		flat, needs := true, map[int]bool{}
		expr.Walk(e, func(e expr.Expr) bool {
			if col, ok := e.(*expr.Column); ok {
				needs[col.Index] = true
				flat = flat && col.Index < len(plans) && plans[col.Index].leaf != nil
			}
			return flat
		})
		if !flat || len(needs) == 0 {
			continue
		}
		f, err := expr.CompileFilter(e, expr.InZone(c.Zone))
		if err != nil { // which is told where the condition is applied again
			continue
		}
		v.filters = append(v.filters, f)
		for i := range needs {
			v.first[i] = true
		}
	}
	if len(v.filters) == 0 {
		return nil
	}
	return v
}

// pick returns those of n rows that pass; nil says all.
func (v *sieve) pick(n int, cols []*column.Vector) ([]int32, error) {
	b := &column.Batch{Len: n, Cols: cols}
	for _, f := range v.filters {
		sel, err := f.Select(b, v.sel)
		if err != nil {
			return nil, err
		}
		if v.sel, b.Sel = sel, sel; len(sel) == 0 {
			return sel, nil
		}
	}
	if len(b.Sel) == n {
		return nil, nil
	}
	return b.Sel, nil
}

// sift reads rows of all columns, as many as follow in pages of one kind, and moves those that pass to out.
func (r *reader) sift(n int, out *column.Batch) error {
	for _, c := range r.columns {
		for _, l := range c.leaves {
			if n = l.alike(n); n == 0 {
				return r.short(l)
			}
		}
	}
	if r.skip > 0 {
		r.owe(n, nil)
		r.count(n)
		return nil
	}
	for i, c := range r.columns {
		if r.sieve.first[i] {
			if err := c.choose(n, nil, out.Cols[i]); err != nil {
				return fmt.Errorf("column '%s': %w", c.name, err)
			}
		}
	}
	sel, err := r.sieve.pick(n, out.Cols)
	if err != nil {
		return err
	}
	r.count(n)
	if sel != nil && len(sel) == 0 {
		r.owe(n, r.sieve.first)
		out.Reset()
		return nil
	}
	for i, c := range r.columns {
		switch {
		case !r.sieve.first[i]:
			if err := c.choose(n, sel, out.Cols[i]); err != nil {
				return fmt.Errorf("column '%s': %w", c.name, err)
			}
		case sel != nil:
			compact(out.Cols[i], sel)
		}
	}
	if out.Len = n; sel != nil {
		out.Len = len(sel)
	}
	return nil
}

// owe notes that n rows are not wanted, except of the columns named.
func (r *reader) owe(n int, except []bool) {
	for i, c := range r.columns {
		if except != nil && except[i] {
			continue
		}
		for _, l := range c.leaves {
			l.owed += n
		}
	}
}

// compact leaves the chosen rows of a vector that is not nested.
func compact(v *column.Vector, sel []int32) {
	layout := v.Type.Layout()
	if v.Dict != nil {
		layout = column.LayoutInt32
	}
	switch layout {
	case column.LayoutBits:
		b := v.Bits()
		for i, r := range sel {
			b.Put(i, b.Get(int(r)))
		}
	case column.LayoutInt8:
		squeeze[int8](v, sel)
	case column.LayoutInt16:
		squeeze[int16](v, sel)
	case column.LayoutInt32, column.LayoutFloat:
		squeeze[int32](v, sel)
	case column.LayoutInt64, column.LayoutDouble:
		squeeze[int64](v, sel)
	case column.LayoutInt128:
		squeeze[column.Int128](v, sel)
	case column.LayoutView:
		squeeze[column.View](v, sel)
	}
	if v.Valid != nil {
		valid := v.Validity()
		for i, r := range sel {
			valid.Put(i, valid.Get(int(r)))
		}
	}
	v.Len = len(sel)
}

// squeeze moves values to the front; the rows ascend, so none is overwritten before it was moved.
func squeeze[T column.Fixed](v *column.Vector, sel []int32) {
	x := column.Values[T](v)
	for i, r := range sel {
		x[i] = x[r]
	}
}
