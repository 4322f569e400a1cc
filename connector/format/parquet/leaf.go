package parquet

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"time"

	"github.com/parquet-go/parquet-go/format"

	"github.com/millstream/millstream/column"
)

// leafReader reads a column chunk. Of a leaf that is not nested, rows go straight from a page to a vector ([leafReader.flat]). Of a nested
// one, whole pages are decoded ahead: their levels, and their values without the NULLs; assemble.go makes rows of them.
type leafReader struct {
	leaf    *leaf
	convert *converter
	codec   format.CompressionCodec

	dictPage *page
	dict     *column.Vector // converted when it is first needed
	pages    []page         // not begun

	rep, def []byte // by entry; empty where the leaf's greatest level is 0
	full     bool   // no entry of the page at hand is NULL
	trace    []byte // definition levels of the rows that were written last, where a struct around the leaf may be NULL; behind its end nothing is
	entry    int    // the first entry not given out
	entries  int    // in all
	values   values // of the page at hand, behind those given out
	memory   []byte // that pages without text are decompressed to
	lends    bool   // texts of pages that are not compressed are read where they are in the chunk

	owed int     // rows in front that nobody wants
	sel  []int32 // those of the next span rows that are wanted; nil: all
	span int

	packed *column.Vector // values of a nested leaf that were decoded; of another, memory
	value  int            // the first of them not given out
	index  []int32        // memory of assemble
}

func newLeafReader(l *leaf, meta *format.ColumnMetaData, chunk []byte, zone *time.Location) (*leafReader, error) {
	c, err := newConverter(l, zone)
	if err != nil {
		return nil, err
	}
	r := &leafReader{leaf: l, convert: c, codec: meta.Codec, values: values{convert: c}, full: true}
	if r.dictPage, r.pages, err = splitPages(chunk, meta.NumValues); err != nil {
		return nil, err
	}
	if l.maxRep > 0 {
		r.packed = column.NewVector(l.typ, 0)
	}
	return r, nil
}

// coded reports whether a page has codes of the dictionary.
func (p *page) coded() bool {
	return p.encoding == format.PlainDictionary || p.encoding == format.RLEDictionary
}

// keeps reports whether rows of a page are given out as codes of the dictionary.
func (l *leafReader) keeps(p *page) bool { return l.convert.text() && p.coded() }

// ready returns how many rows there are, at most n: of a leaf that is not nested, as many as follow in pages of one kind.
func (l *leafReader) ready(n int) (int, error) {
	if l.leaf.maxRep > 0 {
		return l.fill(n)
	}
	have := l.entries - l.entry
	if have == 0 {
		if len(l.pages) == 0 {
			return 0, nil
		}
		if err := l.open(); err != nil {
			return 0, err
		}
		if have = l.entries - l.entry; have == 0 { // an empty page
			return l.ready(n)
		}
	}
	coded := l.values.coded && l.convert.text()
	for i := 0; i < len(l.pages) && have < n && l.keeps(&l.pages[i]) == coded; i++ {
		have += l.pages[i].entries
	}
	return min(n, have), nil
}

// ended reports whether everything was given out.
func (l *leafReader) ended() bool {
	left := l.entries - l.entry - l.owed
	for i := range l.pages {
		left += l.pages[i].entries
	}
	return left == 0
}

// open begins the next page.
func (l *leafReader) open() error {
	p := l.pages[0]
	l.pages = l.pages[1:]
	if p.coded() && l.dict == nil {
		if err := l.openDictionary(); err != nil { // before the page, which takes the same memory
			return err
		}
	}
	data, err := l.begin(&p)
	if err != nil {
		return err
	}
	l.entry, l.entries = 0, p.entries
	data, present, err := l.levels(&p, data)
	if err != nil {
		return err
	}
	l.full = present == p.entries
	return l.values.open(p.encoding, data, present)
}

// begin checks and decompresses a page. Of version 2 the levels are not compressed; they stay in the page's body. Batches borrow the
// memory of pages with text, so each of those has its own.
func (l *leafReader) begin(p *page) (data []byte, err error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	codec, body, size := l.codec, p.body, p.size
	if p.v2 {
		levels := p.levels[0] + p.levels[1]
		if body, size = body[levels:], size-levels; !p.compressed {
			codec = format.Uncompressed
		}
	}
	if l.lends = l.lends || codec == format.Uncompressed && l.convert.text(); codec == format.Uncompressed || l.convert.text() {
		return decompress(codec, body, size, nil)
	}
	l.memory, err = decompress(codec, body, size, l.memory)
	return l.memory, err
}

// levels reads the levels of a page and returns what is behind them, and how many values are present.
func (l *leafReader) levels(p *page, data []byte) (rest []byte, present int, err error) {
	rest, present = data, p.entries
	l.rep, l.def = l.rep[:0], l.def[:0]
	at := 0
	for kind, greatest := range [2]int{l.leaf.maxRep, l.leaf.maxDef} {
		var b []byte
		if p.v2 {
			b = p.body[at : at+p.levels[kind]]
			at += p.levels[kind]
		}
		if greatest == 0 {
			continue
		}
		to := grow(&l.rep, p.entries)
		if kind == definition {
			to = grow(&l.def, p.entries)
		}
		var equal int
		switch {
		case p.v2:
			equal, err = (&runs{b: b, width: bits.Len(uint(greatest))}).levels(to, greatest)
		case p.oldLevels[kind]:
			var used int
			if used, equal, err = oldLevels(to, rest, greatest); err == nil {
				rest = rest[used:]
			}
		default:
			if len(rest) < 4 || int(binary.LittleEndian.Uint32(rest)) > len(rest)-4 {
				return nil, 0, errRuns
			}
			size := int(binary.LittleEndian.Uint32(rest))
			equal, err = (&runs{b: rest[4 : 4+size], width: bits.Len(uint(greatest))}).levels(to, greatest)
			rest = rest[4+size:]
		}
		if err != nil {
			return nil, 0, err
		}
		if kind == definition {
			present = equal
		}
	}
	return rest, present, nil
}

// grow returns n bytes in the memory of b.
func grow(b *[]byte, n int) []byte {
	if cap(*b) < n {
		*b = make([]byte, n)
	}
	*b = (*b)[:n]
	return *b
}

// openDictionary converts the values of the dictionary.
func (l *leafReader) openDictionary() error {
	if l.dictPage == nil {
		return errors.New("a page of codes without a dictionary")
	}
	p := l.dictPage
	data, err := l.begin(p)
	if err != nil {
		return err
	}
	encoding := p.encoding
	if encoding == format.PlainDictionary {
		encoding = format.Plain
	}
	v := values{convert: l.convert}
	if err := v.open(encoding, data, p.entries); err != nil {
		return err
	}
	l.dict = column.NewVector(l.leaf.typ, 0)
	l.dict.Resize(p.entries)
	l.dict.Stable = true
	return v.read(p.entries, l.dict, 0, nil, false)
}

// flat writes the next n rows of a leaf that is not nested to the empty vector out; there are as many.
func (l *leafReader) flat(n int, out *column.Vector) error {
	keep := l.prepare(n, out)
	for row := 0; row < n; {
		if l.entry == l.entries {
			if err := l.open(); err != nil {
				return err
			}
			continue
		}
		m := min(n-row, l.entries-l.entry)
		if l.leaf.inside && !l.full {
			copy(l.traced(row, m), l.def[l.entry:l.entry+m])
		}
		if l.full {
			if err := l.values.read(m, out, row, l.dict, keep); err != nil {
				return err
			}
		} else if err := l.sparse(m, out, row, keep); err != nil {
			return err
		}
		l.entry += m
		row += m
	}
	return nil
}

// sparse writes m rows of which some may be NULL: the values side by side first, then, from the last on, each to its place.
func (l *leafReader) sparse(m int, out *column.Vector, row int, keep bool) error {
	def, greatest := l.def[l.entry:l.entry+m], byte(l.leaf.maxDef)
	present := l.present(m)
	if err := l.values.read(present, out, row, l.dict, keep); err != nil {
		return err
	}
	if present == m {
		return nil
	}
	mark(out.Validity(), row, def, greatest)
	layout := out.Type.Layout()
	if out.Dict != nil {
		layout = column.LayoutInt32
	}
	switch layout {
	case column.LayoutBits:
		b := out.Bits()
		for i := m - 1; i >= 0; i-- {
			if def[i] == greatest {
				present--
				b.Put(row+i, b.Get(row+present))
			}
		}
	case column.LayoutInt8:
		spread[int8](out, row, def, greatest, present)
	case column.LayoutInt16:
		spread[int16](out, row, def, greatest, present)
	case column.LayoutInt32, column.LayoutFloat:
		spread[int32](out, row, def, greatest, present)
	case column.LayoutInt64, column.LayoutDouble:
		spread[int64](out, row, def, greatest, present)
	case column.LayoutInt128:
		spread[column.Int128](out, row, def, greatest, present)
	case column.LayoutView:
		spread[column.View](out, row, def, greatest, present)
	}
	return nil
}

// spread moves values that stand side by side from row on to the rows that are not NULL, and clears the others.
func spread[T column.Fixed](out *column.Vector, row int, def []byte, greatest byte, present int) {
	v := column.Values[T](out)[row : row+len(def)]
	var zero T
	for i := len(v) - 1; i >= 0; i-- {
		if def[i] == greatest {
			present--
			v[i] = v[present]
		} else {
			v[i] = zero
		}
	}
}

// fill decodes pages of a nested leaf until n rows are there, and returns how many whole ones are.
func (l *leafReader) fill(n int) (int, error) {
	for {
		rows := 0
		for _, r := range l.rep[l.entry:l.entries] {
			if r == 0 {
				rows++
			}
		}
		// The last row may go on in the next page.
		if len(l.pages) == 0 {
			return min(n, rows), nil
		}
		if rows > n {
			return n, nil
		}
		if err := l.append(); err != nil {
			return 0, err
		}
	}
}

// append decodes the next page behind what is left of those before.
func (l *leafReader) append() error {
	rep, def := append([]byte(nil), l.rep[l.entry:l.entries]...), append([]byte(nil), l.def[min(l.entry, len(l.def)):]...)
	left := len(rep)
	l.rep, l.def = nil, nil
	if err := l.open(); err != nil {
		return err
	}
	if left == 0 && len(l.rep) > 0 && l.rep[0] != 0 {
		return errRuns // a row cannot begin within itself
	}
	present := l.values.left
	before := l.packed.Len - l.value
	next := column.NewVector(l.leaf.typ, before+present)
	if before > 0 {
		l.index = l.index[:0]
		for i := l.value; i < l.packed.Len; i++ {
			l.index = append(l.index, int32(i))
		}
		next.Take(l.packed, l.index)
	}
	if l.values.coded && l.convert.text() {
		codes := make([]int32, present)
		if err := l.values.readCodes(codes, l.dict); err != nil {
			return err
		}
		next.AppendRows(l.dict, codes)
	} else {
		next.Resize(before + present)
		if err := l.values.read(present, next, before, l.dict, false); err != nil {
			return err
		}
	}
	l.packed, l.value = next, 0
	l.rep, l.def = append(rep, l.rep...), append(def, l.def...)
	l.entry, l.entries = 0, len(l.rep)
	return nil
}

// gather writes the packed values that index names to out; -1 is NULL.
func (l *leafReader) gather(out *column.Vector, nulls bool) {
	if !nulls {
		out.Take(l.packed, l.index)
		return
	}
	if l.packed.Len == 0 {
		out.Resize(len(l.index))
		if out.Type.Layout() == column.LayoutView {
			clear(out.Views())
		}
	} else {
		safe := make([]int32, len(l.index))
		for i, x := range l.index {
			safe[i] = max(x, 0)
		}
		out.Take(l.packed, safe)
	}
	valid := out.Validity()
	for i, x := range l.index {
		if x < 0 {
			valid.Clear(i)
		}
	}
}
