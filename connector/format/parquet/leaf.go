package parquet

import (
	"io"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/millstream/millstream/column"
)

// leafReader holds what was decoded of a column chunk and not yet given out: entries with their levels, and the values of those
// entries that are not NULL.
type leafReader struct {
	leaf    *leaf
	convert converter
	pages   parquet.Pages
	ended   bool

	rep, def []byte         // by entry; nil where the leaf's greatest level is 0
	values   *column.Vector // packed
	entry    int            // the first entry not given out
	entries  int            // in all
	value    int            // the first value not given out

	dict       parquet.Dictionary // that dictVector was made of
	dictVector *column.Vector

	index []int32 // memory of read
}

func newLeafReader(l *leaf, chunk parquet.ColumnChunk, zone *time.Location) (*leafReader, error) {
	c, err := newConverter(l, zone)
	return &leafReader{leaf: l, convert: c, pages: chunk.Pages()}, err
}

// fill sees to it that there are rows, n if the pages allow, and returns how many whole ones there are, at most n.
func (l *leafReader) fill(n int) (int, error) {
	if l.leaf.maxRep == 0 {
		for l.entry == l.entries {
			if more, err := l.page(); err != nil || !more {
				return 0, err
			}
		}
		return min(n, l.entries-l.entry), nil
	}
	for {
		rows := 0
		for _, r := range l.rep[l.entry:l.entries] {
			if r == 0 {
				rows++
			}
		}
		// The last row may go on in the next page.
		if l.ended {
			return min(n, rows), nil
		}
		if rows > n {
			return n, nil
		}
		if _, err := l.page(); err != nil {
			return 0, err
		}
	}
}

// page decodes the next page behind what is left.
func (l *leafReader) page() (bool, error) {
	p, err := l.pages.ReadPage()
	if err == io.EOF { //nolint:errorlint // an end within something is damage, and would be wrapped
		l.ended = true
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// The page is never released to the library's pool: batches borrow its text for as long as they like.
	v, err := l.decode(p)
	if err != nil {
		return false, err
	}
	rep, def := p.RepetitionLevels(), p.DefinitionLevels()
	n := int(p.NumValues())
	if l.leaf.maxDef > 0 && len(def) != n || l.leaf.maxRep > 0 && len(rep) != n {
		return false, io.ErrUnexpectedEOF
	}
	present := n
	if l.leaf.maxDef > 0 {
		present = 0
		for _, d := range def {
			if int(d) == l.leaf.maxDef {
				present++
			}
		}
	}
	if v.Len < present {
		return false, io.ErrUnexpectedEOF
	}
	if l.entry == l.entries {
		l.rep, l.def, l.values = rep, def, v
		l.entry, l.entries, l.value = 0, n, 0
		return true, nil
	}
	// What is left goes in front; only nested columns come here.
	left := column.NewVector(l.leaf.typ, 0)
	left.AppendRows(l.values, sequence(l.value, l.values.Len))
	left.AppendRows(v, sequence(0, present))
	l.values, l.value = left, 0
	l.rep = append(append([]byte(nil), l.rep[l.entry:l.entries]...), rep...)
	l.def = append(append([]byte(nil), l.def[l.entry:l.entries]...), def...)
	l.entry, l.entries = 0, len(l.rep)
	return true, nil
}

func sequence(from, to int) []int32 {
	s := make([]int32, 0, to-from)
	for i := from; i < to; i++ {
		s = append(s, int32(i))
	}
	return s
}

// decode converts a page's values; those of a dictionary are converted once.
func (l *leafReader) decode(p parquet.Page) (*column.Vector, error) {
	dict := p.Dictionary()
	data := p.Data()
	if dict == nil {
		return l.convert.decode(data)
	}
	if dict != l.dict {
		v, err := l.convert.decode(dict.Page().Data())
		if err != nil {
			return nil, err
		}
		l.dict, l.dictVector = dict, v
	}
	codes := data.Int32()
	for _, c := range codes {
		if c < 0 || int(c) >= l.dictVector.Len {
			return nil, io.ErrUnexpectedEOF
		}
	}
	v := &column.Vector{Type: l.leaf.typ}
	v.Take(l.dictVector, codes)
	return v, nil
}

// flat writes the next n rows of a leaf that is not nested to out.
func (l *leafReader) flat(n int, out *column.Vector) {
	l.index = l.index[:0]
	if l.leaf.maxDef == 0 {
		for i := range n {
			l.index = append(l.index, int32(l.value+i))
		}
		out.Take(l.values, l.index)
		l.entry, l.value = l.entry+n, l.value+n
		return
	}
	value, nulls := l.value, false
	for _, d := range l.def[l.entry : l.entry+n] {
		if int(d) == l.leaf.maxDef {
			l.index = append(l.index, int32(value))
			value++
		} else {
			l.index = append(l.index, -1)
			nulls = true
		}
	}
	l.gather(out, nulls)
	l.entry, l.value = l.entry+n, value
}

// gather writes the values that index names to out; -1 is NULL.
func (l *leafReader) gather(out *column.Vector, nulls bool) {
	if !nulls {
		out.Take(l.values, l.index)
		return
	}
	if l.values.Len == 0 {
		out.Resize(len(l.index))
		if out.Type.Layout() == column.LayoutView {
			clear(out.Views())
		}
	} else {
		safe := make([]int32, len(l.index))
		for i, x := range l.index {
			safe[i] = max(x, 0)
		}
		out.Take(l.values, safe)
	}
	valid := out.Validity()
	for i, x := range l.index {
		if x < 0 {
			valid.Clear(i)
		}
	}
}
