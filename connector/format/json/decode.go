package json

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/cell"
	"github.com/millstream/millstream/connector/format/internal/scan"
)

// decoder reads lines. Its methods that parse take a position in the block and return the one behind what they parsed, or -1
// after an error, which is in err then. Every line that they see ends in a line feed, so that none runs behind it.
type decoder struct {
	root        *object
	form        cell.TextForm
	ignore      bool
	failMissing bool
	hasText     bool
	strict      bool // every text is checked for UTF-8, as invalid text was seen
	skipped     int64

	block  []byte // the bytes that are decoded, with what is readable behind them
	start  int    // of the line
	nulled bool   // a value of the line became NULL because it is malformed
	err    error

	scratch   []byte // a text that is unescaped
	compacted []byte // the JSON text of an object or array
}

// node is a column or a part of one.
type node struct {
	w      *cell.Writer
	path   string // for errors: "r.xs[]"
	kind   column.Kind
	object *object // of a ROW
	elem   *node   // of an ARRAY or MAP
}

func newDecoder(c format.Config) (*decoder, error) {
	if err := check(c.Options); err != nil {
		return nil, err
	}
	d := &decoder{
		form:   cell.TextForm{Timestamp: scan.TimestampForm{Separator: ' '}},
		ignore: c.Options.Bool(ignoreOption), failMissing: c.Options.Bool(failMissingOption),
	}
	if c.Options.Enum(timestampOption) == "ISO-8601" {
		d.form.Timestamp = scan.TimestampForm{Separator: 'T', Short: true}
	}
	for _, f := range c.Columns {
		if err := fits(f.Name, f.Type); err != nil {
			return nil, err
		}
	}
	var fields []column.Field
	var nodes []*node
	add := func(f column.Field) {
		fields = append(fields, f)
		nodes = append(nodes, d.node(f.Name, cell.NewWriter(f.Name, f.Type)))
	}
	if c.Project == nil {
		for _, f := range c.Columns {
			add(f)
		}
	}
	for _, i := range c.Project {
		add(c.Columns[i])
	}
	d.root = newObject(fields, nodes)
	return d, nil
}

func (d *decoder) node(path string, w *cell.Writer) *node {
	n := &node{w: w, path: path, kind: w.Type.Kind}
	d.hasText = d.hasText || w.Type.IsText()
	switch n.kind {
	case column.Array:
		n.elem = d.node(path+"[]", w.Children[0])
	case column.Map, column.Multiset:
		d.hasText = true
		n.elem = d.node(path+"{}", w.Children[1])
	case column.Row:
		var nodes []*node
		for i, f := range w.Type.Fields {
			nodes = append(nodes, d.node(path+"."+f.Name, w.Children[i]))
		}
		n.object = newObject(w.Type.Fields, nodes)
	}
	return n
}

func (d *decoder) Skipped() int64 { return d.skipped }

func (d *decoder) SkipPartial(data []byte) (int, bool) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, true
	}
	return -1, true
}

// Header skips a byte order mark.
func (d *decoder) Header(data []byte, last bool) (int, error) {
	mark := []byte("\ufeff")
	switch {
	case bytes.HasPrefix(data, mark):
		return len(mark), nil
	case len(data) < len(mark) && !last && bytes.HasPrefix(mark, data):
		return -1, nil
	}
	return 0, nil
}

func (d *decoder) Decode(data []byte, last bool, out *column.Batch, most int) (int, error) {
	from, skipped := out.Len, d.skipped
	n, err := d.decode(data, last, out, most)
	if d.hasText && !d.strict && !utf8.Valid(data[:n]) {
		// Once more, looking at every text.
		d.strict, d.skipped = true, skipped
		out.Len = from
		for _, f := range d.root.fields {
			f.node.w.End(from)
		}
		return d.decode(data, last, out, most)
	}
	return n, err
}

func (d *decoder) decode(data []byte, last bool, out *column.Batch, most int) (int, error) {
	whole := bytes.LastIndexByte(data, '\n') + 1
	at, err := 0, error(nil)
	if whole > 0 {
		if at, err = d.lines(scan.Padded(data), whole, out, most); err != nil || at < whole {
			return at, err
		}
	}
	if !last || whole == len(data) || out.Len >= most {
		return whole, nil
	}
	// The last line lacks its line feed: read it from a copy that has it.
	line := append(append(make([]byte, 0, len(data)-whole+1+cap(tail)), data[whole:]...), '\n')
	n, err := d.lines(line, len(line), out, most)
	if e, ok := err.(*format.RecordError); ok { //nolint:errorlint // it was made here
		e.Offset += int64(whole)
	}
	return min(whole+n, len(data)), err
}

// tail is as many bytes as must be readable behind a block.
var tail = make([]byte, 0, 64)

// lines decodes the lines in data[:end], of which the last is complete.
func (d *decoder) lines(data []byte, end int, out *column.Batch, most int) (at int, err error) {
	d.block = data[:len(data)+cap(tail)]
	for i, f := range d.root.fields {
		f.node.w.Begin(out.Cols[i], d.block, min(most-out.Len, 1024))
	}
	row := out.Len
	for row < most && at < end {
		d.start, d.nulled = at, false
		i := blanks(d.block, at)
		if d.block[i] == '\n' {
			at = i + 1
			continue
		}
		if i = d.line(i, row); i >= 0 {
			at = i + 1
			row++
			if d.nulled {
				d.skipped++
			}
			continue
		}
		if !d.ignore {
			err = d.err
			break
		}
		for _, f := range d.root.fields {
			f.node.w.Forget(row)
		}
		d.skipped++
		at += bytes.IndexByte(data[at:end], '\n') + 1
	}
	for _, f := range d.root.fields {
		f.node.w.End(row)
	}
	out.Len = row
	return at, err
}

// line parses the object at i and returns the position of the line feed behind it.
func (d *decoder) line(i, row int) int {
	if d.block[i] != '{' {
		return d.syntax(i, "a line must be an object")
	}
	if i = d.object(d.root, i+1, row); i < 0 {
		return -1
	}
	if i = blanks(d.block, i); d.block[i] != '\n' {
		return d.syntax(i, "text behind the object")
	}
	return i
}

// blanks skips white space within a line.
func blanks(b []byte, i int) int {
	for b[i] == ' ' || b[i] == '\t' || b[i] == '\r' {
		i++
	}
	return i
}

// syntax notes that the line is not valid JSON at i.
func (d *decoder) syntax(i int, reason string) int {
	end := i + bytes.IndexByte(d.block[i:], '\n')
	from := max(d.start, i-20)
	for from > d.start && d.block[from]&0xC0 == 0x80 {
		from--
	}
	d.err = &format.RecordError{Offset: int64(d.start), Text: format.Excerpt(bytes.TrimRight(d.block[from:end], "\r")),
		Reason: fmt.Sprintf("not valid JSON at byte %d of the line: %s", i-d.start, reason)}
	return -1
}

// unfit notes that the value at i, whose text is given, does not fit the node's type. Where errors are ignored, the value
// becomes NULL and is skipped.
func (d *decoder) unfit(n *node, i, row int, text []byte, reason string) int {
	if !d.ignore {
		d.err = &format.RecordError{Offset: int64(d.start), Column: n.path, Text: format.Excerpt(text), Reason: reason}
		return -1
	}
	d.nulled = true
	n.w.Forget(row)
	n.w.Null(row)
	return d.skip(i, 0)
}
