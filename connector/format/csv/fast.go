package csv

import (
	"bytes"
	"math/bits"
	"unicode/utf8"
	"unsafe"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format/internal/cell"
	"github.com/millstream/millstream/connector/format/internal/scan"
)

// hitsPerRun bounds how many delimiters and line ends are found before the fields between them are read: their positions and
// the text should still be in the cache then.
const hitsPerRun = 4096

// window is how far rare characters are searched ahead, in bytes.
const window = 32 << 10

// run decodes records at at that have as many plain fields as the table has columns, column by column, and returns where it came to;
// at, if the first record is of another kind.
func (d *decoder) run(data []byte, at int, out *column.Batch, most int) int {
	n := len(d.fields)
	if n == 0 {
		return at
	}
	rows := min(most-out.Len, max(1, hitsPerRun/n))
	if len(d.ends) < rows*n+1+slack {
		d.ends = make([]int32, max(rows*n, hitsPerRun)+1+slack)
	}
	// The field of hit i lies between ends[i]+1 and ends[i+1].
	d.ends[0] = int32(at - 1)
	ends := d.ends[1:]
	hits, lines := index(data, at, d.clean(data, at), d.delimiter, ends[:rows*n+slack])
	rows = min(rows, hits/n)
	for _, e := range ends[rows*n : hits] {
		if data[e] == '\n' {
			lines--
		}
	}
	rows = d.regular(data, rows, lines)
	if d.comments {
		rows = d.uncommented(data, rows)
	}
	base, planned := out.Len, rows
	for i := 0; i < len(d.targets) && rows > 0; i++ {
		rows = d.column(data, d.targets[i], base, rows)
	}
	if rows < planned {
		for _, t := range d.targets {
			t.Forget(base + rows)
		}
	}
	out.Len += rows
	return int(d.ends[rows*n]) + 1
}

// clean returns how far records can be decoded by columns: up to the line in which a rare character stands.
func (d *decoder) clean(data []byte, at int) int {
	end := min(len(data), at+window)
	for i := range d.rare {
		r := &d.rare[i]
		if r.found < at {
			r.found = -1
			r.checked = max(r.checked, at)
		}
		for r.found < 0 && r.checked < end {
			j := bytes.IndexByte(data[r.checked:end], r.char)
			switch {
			case j < 0:
				r.checked = end
			case r.char == '\r' && r.checked+j+1 < len(data) && data[r.checked+j+1] == '\n':
				r.checked += j + 2
			default:
				r.found = r.checked + j
				r.checked = r.found + 1
			}
		}
		if r.found >= 0 {
			end = min(end, r.found)
		}
	}
	return end
}

// regular returns how many of the records end in their n-th hit, of which none before is a line end. lines is how many line ends
// there are among the hits of all of them.
func (d *decoder) regular(data []byte, rows, lines int) int {
	n := len(d.fields)
	for r := range rows {
		if data[d.ends[r*n+n]] != '\n' {
			rows = r
			lines = -1 // those of fewer records are unknown
			break
		}
	}
	if lines == rows {
		return rows
	}
	for i, p := range d.ends[1 : rows*n+1] {
		if data[p] == '\n' && i%n != n-1 {
			return i / n
		}
	}
	return rows
}

// uncommented returns how many records come before one that may be a comment or an empty line.
func (d *decoder) uncommented(data []byte, rows int) int {
	for r := range rows {
		switch data[d.ends[r*len(d.fields)]+1] {
		case '#', ' ', '\n', '\r':
			return r
		}
	}
	return rows
}

// slack is how many positions index may write behind those that it reports.
const slack = 10

// index writes the positions of delimiters and line feeds in data[at:end] to ends, until there are len(ends)-slack or a few more, and
// returns how many positions there are and how many of them are line feeds. At most len(ends)-slack count.
//
// It looks at eight bytes at a time. Most words have two hits or fewer, which are stored without a branch.
func index(data []byte, at, end int, delimiter byte, ends []int32) (hits, lines int) {
	const ones, low, high = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f, 0x8080808080808080
	limit := len(ends) - slack
	p := unsafe.Pointer(unsafe.SliceData(data))
	q := unsafe.Pointer(unsafe.SliceData(ends))
	pattern := ones * uint64(delimiter)
	for i := at; i < end; i += 8 {
		w := *(*uint64)(unsafe.Add(p, i))
		// The high bit of each byte of x and y is clear exactly where the byte is a delimiter, or a line feed.
		x := w ^ pattern
		x |= x&low + low
		y := w ^ ones*'\n'
		y |= y&low + low
		m := ^(x & y) & high
		feeds := ^y & high
		if i+8 > end {
			mask := uint64(1)<<(8*(end-i)) - 1
			m &= mask
			feeds &= mask
		}
		lines += bits.OnesCount64(feeds)
		n := bits.OnesCount64(m)
		*(*int32)(unsafe.Add(q, 4*hits)) = int32(i + bits.TrailingZeros64(m)>>3)
		m &= m - 1
		*(*int32)(unsafe.Add(q, 4*hits+4)) = int32(i + bits.TrailingZeros64(m)>>3)
		for j := 8; n > 2 && j < 4*n; j += 4 {
			m &= m - 1
			*(*int32)(unsafe.Add(q, 4*hits+j)) = int32(i + bits.TrailingZeros64(m)>>3)
		}
		hits += n
		if hits >= limit {
			for ; hits > limit; hits-- {
				if data[ends[hits-1]] == '\n' {
					lines--
				}
			}
			break
		}
	}
	return hits, lines
}

// column reads the field of t in rows records into rows from base on, and returns how many it read: less than rows if the
// next one must be read by itself.
func (d *decoder) column(data []byte, t target, base, rows int) int {
	n := len(d.fields)
	if t.field == absent {
		for r := range rows {
			t.Null(base + r)
		}
		return rows
	}
	ends := d.ends[t.field : t.field+(rows-1)*n+2]
	// A CR before the line feed ends the last field.
	cr := t.field == n-1
	switch kind := t.Type.Kind; {
	case t.Type.IsText():
		return d.texts(data, t.Writer, base, rows, ends, cr)
	case kind == column.BigInt && !d.hasNull:
		for r := range rows {
			start, end := field(data, ends, r*n, cr)
			x, ok := scan.Int(data[start:end])
			if !ok && !t.Text(base+r, data[start:end], &form) {
				return r
			} else if ok {
				t.Int64(base+r, x)
			}
		}
	case kind == column.Int && !d.hasNull:
		for r := range rows {
			start, end := field(data, ends, r*n, cr)
			x, ok := scan.Int(data[start:end])
			if ok && x == int64(int32(x)) {
				t.Int32(base+r, int32(x))
			} else if !t.Text(base+r, data[start:end], &form) {
				return r
			}
		}
	case kind == column.Double && !d.hasNull:
		for r := range rows {
			start, end := field(data, ends, r*n, cr)
			x, ok := scan.Double(data[start:end])
			if ok {
				t.Double(base+r, x)
			} else if !t.Text(base+r, data[start:end], &form) {
				return r
			}
		}
	default:
		for r := range rows {
			start, end := field(data, ends, r*n, cr)
			if !d.value(t.Writer, base+r, data[start:end]) {
				return r
			}
		}
	}
	return rows
}

// field returns where the field between two hits lies.
func field(data []byte, ends []int32, i int, cr bool) (start, end int) {
	start, end = int(ends[i])+1, int(ends[i+1])
	if cr && end > start && data[end-1] == '\r' {
		end--
	}
	return start, end
}

// value reads a field that is no text. It is not ok either if a malformed element became NULL: the record is to be counted.
func (d *decoder) value(w *cell.Writer, i int, b []byte) (ok bool) {
	d.nulled = false
	switch {
	case d.hasNull && bytes.Equal(b, d.null):
		w.Null(i)
		return true
	case w.Type.Kind == column.Array:
		_, ok = d.list(w, i, b)
	case w.Type.Kind == column.Row:
		_, ok = d.parts(w, i, b)
	default:
		ok = w.Text(i, b, &form)
	}
	return ok && !d.nulled
}

func (d *decoder) texts(data []byte, w *cell.Writer, base, rows int, ends []int32, cr bool) int {
	n := len(d.fields)
	if !d.hasNull && !d.strict {
		views, block := w.Views(base, rows)
		lent := -1
		for r := range views {
			start, end := field(data, ends, r*n, cr)
			if end-start > column.InlineLen && lent < 0 {
				lent = w.Lend()
			}
			views[r] = column.MakeView(block, lent, start, end-start)
		}
		return rows
	}
	for r := range rows {
		start, end := field(data, ends, r*n, cr)
		switch b := data[start:end]; {
		case d.hasNull && bytes.Equal(b, d.null):
			w.Null(base + r)
		case !utf8.Valid(b):
			return r
		default:
			w.View(base+r, start, end-start)
		}
	}
	return rows
}
