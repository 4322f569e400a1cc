package csv

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format/internal/cell"
)

// span is where the text of a field lies: in the block, or in the decoder's buffer of unescaped texts.
type span struct {
	start, end int
	moved      bool
}

func (d *decoder) text(data []byte, s span) []byte {
	if s.moved {
		return d.unescaped[s.start:s.end]
	}
	return data[s.start:s.end]
}

// split finds the fields of the record at at. ok is false if the record is not complete. Where err is set, next is where the next
// record begins, or 0 if that cannot be known.
func (d *decoder) split(data []byte, at int, last bool) (next int, ok bool, err error) {
	d.spans, d.unescaped = d.spans[:0], d.unescaped[:0]
	if at == len(data) {
		return at, false, nil
	}
	for i := at; ; {
		if d.quoted && i < len(data) && data[i] == d.quote {
			i, err = d.quotedField(data, at, i, last)
			if err != nil {
				return i, i > 0, err
			}
		} else {
			i, err = d.plainField(data, at, i)
			if err != nil {
				return 0, false, err
			}
		}
		switch {
		case i < 0 && last:
			return len(data), true, malformed(at, d.name(len(d.spans)), data[at:], "nothing behind the escape character")
		case i < 0 || i == len(data) && !last:
			return at, false, nil
		case i == len(data):
			return i, true, nil
		case data[i] == d.delimiter:
			i++
		default:
			next, ok = lineEnd(data, i, last)
			return next, ok, nil
		}
	}
}

// plainField finds the end of the field at i: a delimiter, a line end or the end of data; -1 if an escape is cut off.
func (d *decoder) plainField(data []byte, at, i int) (int, error) {
	end := d.plainEnds.Find(data, i, len(data))
	if end < len(data) && d.escaped && data[end] == d.escape {
		return d.escapedField(data, at, i, end, false)
	}
	d.spans = append(d.spans, span{i, end, false})
	return end, nil
}

// escapedField goes on with the field at start, quoted or not, whose first escape or doubled quote is at i. It returns the position of
// the delimiter, line end or closing quote behind it, len(data) or -1.
func (d *decoder) escapedField(data []byte, at, start, i int, quoted bool) (int, error) {
	from := len(d.unescaped)
	d.unescaped = append(d.unescaped, data[start:i]...)
	for ; i < len(data); i++ {
		c := data[i]
		switch {
		case d.escaped && c == d.escape:
			if i++; i == len(data) {
				return -1, nil
			}
			switch c = data[i]; c {
			case '0':
				c = 0
			case 'n':
				c = '\n'
			case 'r':
				c = '\r'
			case 't':
				c = '\t'
			case '\n':
				if d.ranged {
					return 0, d.spansLines(data, at)
				}
			}
		case quoted && c == d.quote:
			if i+1 == len(data) || data[i+1] != d.quote {
				d.spans = append(d.spans, span{from, len(d.unescaped), true})
				return i, nil
			}
			i++
		case quoted && c == '\n' && d.ranged:
			return 0, d.spansLines(data, at)
		case !quoted && (c == d.delimiter || c == '\n' || c == '\r'):
			d.spans = append(d.spans, span{from, len(d.unescaped), true})
			return i, nil
		}
		d.unescaped = append(d.unescaped, c)
	}
	if !quoted {
		d.spans = append(d.spans, span{from, len(d.unescaped), true})
	}
	return len(data), nil
}

// quotedField finds the end of the field that begins with the quote at i. Where err is set, it returns where the next record
// begins.
func (d *decoder) quotedField(data []byte, at, i int, last bool) (int, error) {
	start := i + 1
	fields := len(d.spans)
	i = d.quoteEnds.Find(data, start, len(data))
	var err error
	switch {
	case i == len(data):
	case data[i] == d.quote && (i+1 == len(data) || data[i+1] != d.quote):
		d.spans = append(d.spans, span{start, i, false})
	case data[i] == '\n': // searched for only in ranges
		return 0, d.spansLines(data, at)
	default:
		i, err = d.escapedField(data, at, start, i, true)
	}
	if err != nil {
		return 0, err
	}
	if len(d.spans) == fields { // not closed
		if last {
			return len(data), malformed(at, d.name(fields), data[start-1:], "a quote that is never closed")
		}
		return -1, nil
	}
	if i+1 == len(data) && !last {
		return -1, nil // the quote may turn out to be doubled
	}
	for i++; i < len(data); i++ {
		switch c := data[i]; {
		case c == d.delimiter, c == '\n', c == '\r':
			return i, nil
		case c > ' ':
			end := bytes.IndexByte(data[i:], '\n')
			if end < 0 {
				if !last {
					return -1, nil
				}
				end = len(data) - i - 1
			}
			return i + end + 1, malformed(at, d.name(fields), data[start-1:i+1], "text behind the closing quote; a quote within quotes must be doubled")
		}
	}
	return i, nil
}

// spansLines is the error for a record that a file read in ranges must not have. It has no recovery.
func (d *decoder) spansLines(data []byte, at int) error {
	end := bytes.IndexByte(data[at:], '\n')
	if end < 0 {
		end = len(data) - at
	}
	return malformed(at, d.name(len(d.spans)), data[at:at+end], "a field that goes on behind the line's end, which only a file that is read in one piece may have: set 'csv.multiline' = 'true'")
}

// name is the column of a field, or "" behind the last.
func (d *decoder) name(field int) string {
	if field < len(d.fields) {
		return d.fields[field].Name
	}
	return ""
}

// row writes the record that split found, which lies at data[at:next], as row i.
func (d *decoder) row(data []byte, at, next, i int) error {
	have, want := len(d.spans), len(d.fields)
	if have == want+1 && len(bytes.TrimSpace(d.text(data, d.spans[want]))) == 0 {
		have = want // a delimiter behind the last field is harmless
	}
	switch {
	case have > want:
		return malformed(at, "", bytes.TrimRight(data[at:next], "\r\n"), "a record of %s, but %s", count(have, "field"), d.wants(want))
	case have < want && !d.ignore:
		return malformed(at, "", bytes.TrimRight(data[at:next], "\r\n"), "a record of %s, but %s", count(have, "field"), d.wants(want))
	}
	d.nulled = have < want
	for _, t := range d.targets {
		if t.field >= have || t.field == absent {
			t.Null(i)
			continue
		}
		s := d.spans[t.field]
		b := d.text(data, s)
		ok := true
		switch {
		case d.hasNull && bytes.Equal(b, d.null):
			t.Null(i)
		case t.Type.IsText():
			if ok = !d.strict || utf8.Valid(b); !ok {
				break
			}
			if s.moved {
				t.Bytes(i, b)
			} else {
				t.View(i, s.start, s.end-s.start)
			}
		case t.Type.Kind == column.Array:
			b, ok = d.list(t.Writer, i, b)
		case t.Type.Kind == column.Row:
			b, ok = d.parts(t.Writer, i, b)
		default:
			ok = t.Text(i, b, &form)
		}
		if ok {
			continue
		}
		switch {
		case d.ignore:
		case len(b) == 0:
			return malformed(at, t.Name, b, "empty, where %s should be: set 'csv.null-literal' = '' to read empty fields as NULL", wanted(t.Writer))
		default:
			return malformed(at, t.Name, b, "not %s", wanted(t.Writer))
		}
		t.Forget(i)
		t.Null(i)
		d.nulled = true
	}
	if d.nulled {
		d.skipped++
	}
	return nil
}

// count writes a number of things.
// wants says how many fields a record should have.
func (d *decoder) wants(n int) string {
	if d.byName {
		return "the file's first record names " + count(n, "field")
	}
	return "the table has " + count(n, "column")
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

func wanted(w *cell.Writer) string {
	if w.Type.IsText() {
		return "valid UTF-8"
	}
	return w.Want(&form)
}

// list writes row i of an ARRAY. Where ok is false, bad is the element that is malformed.
func (d *decoder) list(w *cell.Writer, i int, b []byte) (bad []byte, ok bool) {
	if len(bytes.TrimSpace(b)) == 0 {
		w.List(i, 0)
		return nil, true
	}
	n := 0
	for start := w.Start(i); ; n++ {
		element, rest, more := bytes.Cut(b, []byte(d.array))
		if !d.element(w.Children[0], start+n, element) {
			return element, false
		}
		if !more {
			break
		}
		b = rest
	}
	w.List(i, n+1)
	return nil, true
}

// parts writes row i of a ROW. An empty text is NULL.
func (d *decoder) parts(w *cell.Writer, i int, b []byte) (bad []byte, ok bool) {
	if len(bytes.TrimSpace(b)) == 0 {
		w.Null(i)
		return nil, true
	}
	if n := bytes.Count(b, []byte(d.array)) + 1; n > len(w.Children) || n < len(w.Children) && !d.ignore {
		return b, false
	}
	more := true
	for _, c := range w.Children {
		if !more {
			c.Null(i)
			continue
		}
		var part []byte
		part, b, more = bytes.Cut(b, []byte(d.array))
		if !d.element(c, i, part) {
			return part, false
		}
	}
	return nil, true
}

// element writes one value within an ARRAY or ROW.
func (d *decoder) element(w *cell.Writer, i int, b []byte) bool {
	switch {
	case d.hasNull && bytes.Equal(b, d.null):
		w.Null(i)
	case w.Type.IsText():
		if d.strict && !utf8.Valid(b) {
			return false
		}
		w.Bytes(i, b)
	default:
		if !w.Text(i, b, &form) {
			if !d.ignore {
				return false
			}
			w.Forget(i)
			w.Null(i)
			d.nulled = true
		}
	}
	return true
}
