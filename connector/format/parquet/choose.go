package parquet

import (
	"bytes"

	"github.com/millstream/millstream/column"
)

// Of a column that is not repeated, rows can be passed over: those at its front are owed until something behind them is wanted, so that pages of which
// nothing is wanted are not decompressed.

// choose writes those of the next n rows that sel names, all if it is nil, to out.
func (c *columnReader) choose(n int, sel []int32, out *column.Vector) error {
	at := make([]slots, len(c.leaves))
	for i, l := range c.leaves {
		l.span, l.sel = n, sel
		at[i] = slots{leaf: l}
	}
	if sel != nil {
		n = len(sel)
	}
	return assemble(c.shape, at, n, out)
}

// alike returns how many rows, at most n, follow those owed in pages of one kind. It opens none.
func (l *leafReader) alike(n int) int {
	skip, have, coded := l.owed, l.entries-l.entry, l.values.coded && l.convert.text()
	if have > skip {
		have, skip = have-skip, 0
	} else {
		have, skip = 0, skip-have
	}
	for i := 0; i < len(l.pages) && have < n; i++ {
		p := &l.pages[i]
		if skip >= p.entries {
			skip -= p.entries
			continue
		}
		keeps := l.keeps(p)
		if have > 0 && keeps != coded {
			break
		}
		have, skip, coded = have+p.entries-skip, 0, keeps
	}
	return min(n, have)
}

// pass leaves out the next n rows.
func (l *leafReader) pass(n int) error {
	for n > 0 {
		if have := min(n, l.entries-l.entry); have > 0 {
			if err := l.values.skip(l.present(have)); err != nil {
				return err
			}
			l.entry += have
			n -= have
			continue
		}
		if len(l.pages) == 0 {
			return errShort
		}
		if p := &l.pages[0]; p.entries <= n {
			n -= p.entries
			l.pages = l.pages[1:]
		} else if err := l.open(); err != nil {
			return err
		}
	}
	return nil
}

// present counts the next n rows that are not NULL; they are in the page at hand.
func (l *leafReader) present(n int) int {
	if l.full {
		return n
	}
	return bytes.Count(l.def[l.entry:l.entry+n], []byte{byte(l.leaf.maxDef)})
}

// write writes the next n rows, or of those that follow the n that sel names, to the empty vector out.
func (l *leafReader) write(n int, out *column.Vector) error {
	row := 0 // of those that sel counts
	if l.sel != nil {
		row = int(l.sel[0])
	}
	if err := l.pass(l.owed + row); err != nil {
		return err
	}
	l.owed = 0
	for l.entry == l.entries && len(l.pages) > 0 { // whose kind decides what is written
		if err := l.open(); err != nil {
			return err
		}
	}
	if l.sel == nil {
		return l.flat(n, out)
	}
	keep := l.prepare(n, out)
	for at := 0; at < n; {
		next := int(l.sel[at])
		if err := l.pass(next - row); err != nil {
			return err
		}
		if row = next; l.entry == l.entries {
			if err := l.open(); err != nil {
				return err
			}
			continue
		}
		m := min(int(l.sel[n-1])+1-row, l.entries-l.entry)
		to := n
		for int(l.sel[to-1]) >= row+m {
			to--
		}
		if err := l.some(m, l.sel[at:to], row, out, at, keep); err != nil {
			return err
		}
		l.entry += m
		row, at = row+m, to
	}
	l.owed = l.span - row
	return nil
}

// prepare makes room for n rows and reports whether they are codes of the dictionary.
func (l *leafReader) prepare(n int, out *column.Vector) (keep bool) {
	if keep = l.values.coded && l.convert.text(); keep && l.dict.Len > 0 {
		out.Dict = l.dict
	}
	out.Resize(n)
	l.trace = l.trace[:0]
	return keep
}

// some writes those of the next m rows, which are in the page at hand, that sel names to out from row at on; the first of them has number row in sel.
func (l *leafReader) some(m int, sel []int32, row int, out *column.Vector, at int, keep bool) error {
	present := l.present(m)
	if l.match(sel, row, m, present) {
		return l.values.read(len(sel), out, at, l.dict, keep)
	}
	nulls := l.places(sel, row, m)
	if l.leaf.inside && nulls {
		def := l.traced(at, len(sel))
		for i, r := range sel {
			def[i] = l.def[l.entry+int(r)-row]
		}
	}
	if l.packed == nil {
		l.packed = column.NewVector(l.leaf.typ, 0)
	}
	from := l.packed
	from.Reset()
	from.Dict = out.Dict
	from.Resize(present)
	if err := l.values.read(present, from, 0, l.dict, keep); err != nil {
		return err
	}
	take(out, at, from, l.index)
	if nulls {
		valid := out.Validity()
		for i, x := range l.index {
			valid.Put(at+i, x >= 0)
		}
	}
	return nil
}

// match reports whether the rows that sel names are just those that are not NULL, as where a condition says which of several structs is there.
func (l *leafReader) match(sel []int32, row, m, present int) bool {
	if present != len(sel) {
		return false
	}
	if l.full {
		return true
	}
	def, greatest := l.def[l.entry:l.entry+m], byte(l.leaf.maxDef)
	for _, r := range sel {
		if def[int(r)-row] != greatest {
			return false
		}
	}
	return true
}

// places fills l.index with the places of the rows that sel names among those of the next m that are not NULL, -1 for NULL.
func (l *leafReader) places(sel []int32, row, m int) (nulls bool) {
	l.index = l.index[:0]
	if l.full {
		for _, r := range sel {
			l.index = append(l.index, r-int32(row))
		}
		return false
	}
	greatest, place, i := byte(l.leaf.maxDef), int32(0), 0
	def := l.def[l.entry : l.entry+m]
	for _, r := range sel {
		to := int(r) - row
		for ; i < to; i++ {
			if def[i] == greatest {
				place++
			}
		}
		if def[to] == greatest {
			l.index = append(l.index, place)
		} else {
			l.index = append(l.index, -1)
			nulls = true
		}
	}
	return nulls
}

// traced returns where the definition levels of n rows from row at on are noted.
func (l *leafReader) traced(at, n int) []byte {
	for len(l.trace) < at {
		l.trace = append(l.trace, byte(l.leaf.maxDef))
	}
	l.trace = append(l.trace, make([]byte, n)...)
	return l.trace[at:]
}

// take writes values of from, by their places, to out from row at on; those at -1 are NULL.
func take(out *column.Vector, at int, from *column.Vector, places []int32) {
	layout := out.Type.Layout()
	if out.Dict != nil {
		layout = column.LayoutInt32
	}
	switch layout {
	case column.LayoutBits:
		b, to := from.Bits(), out.Bits()
		for i, x := range places {
			to.Put(at+i, x >= 0 && b.Get(int(x)))
		}
	case column.LayoutInt8:
		takeValues[int8](out, at, from, places)
	case column.LayoutInt16:
		takeValues[int16](out, at, from, places)
	case column.LayoutInt32, column.LayoutFloat:
		takeValues[int32](out, at, from, places)
	case column.LayoutInt64, column.LayoutDouble:
		takeValues[int64](out, at, from, places)
	case column.LayoutInt128:
		takeValues[column.Int128](out, at, from, places)
	case column.LayoutView:
		base := uint64(len(out.Buffers))
		out.Buffers = append(out.Buffers, from.Buffers...)
		takeValues[column.View](out, at, from, places)
		if base == 0 {
			return
		}
		views := column.Values[column.View](out)[at : at+len(places)]
		for i := range views {
			if !views[i].Inline() {
				views[i].Hi += base
			}
		}
	}
}

func takeValues[T column.Fixed](out *column.Vector, at int, from *column.Vector, places []int32) {
	to, src := column.Values[T](out)[at:at+len(places)], column.Values[T](from)
	var zero T
	for i, x := range places {
		if to[i] = zero; x >= 0 {
			to[i] = src[x]
		}
	}
}
