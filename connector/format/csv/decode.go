package csv

import (
	"bytes"
	"cmp"
	"fmt"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/cell"
	"github.com/millstream/millstream/connector/format/internal/scan"
)

// form is how fields spell what is not a number.
var form = cell.TextForm{Date: scan.JavaDate, Timestamp: scan.TimestampForm{Separator: ' '}, TrimTime: true, ShortTime: true}

// target is a projected column.
type target struct {
	*cell.Writer
	field int // position in the record, or absent
}

// absent is the position of a column that the file does not have.
const absent = -1

// decoder reads records. Runs of records in which nothing is quoted, escaped or malformed are decoded column by column from
// the positions of their delimiters (fast.go); all others one by one (record.go).
type decoder struct {
	dialect
	naming
	fields  []column.Field // of a record: the table's, or those that the file names
	targets []target
	hasText bool
	ranged  bool // the file is read in ranges: no field holds a line feed
	strict  bool // every text is checked for UTF-8, as invalid text was seen
	skipped int64

	rare []rareByte // characters that records need to be without to be decoded by columns
	ends []int32    // positions of delimiters and line ends of a run of records

	nulled bool // an element of the record became NULL because it is malformed

	plainEnds scan.Chars // what ends a field without quotes, or escapes within it
	quoteEnds scan.Chars // the same within quotes
	spans     []span     // fields of one record
	unescaped []byte     // texts of fields that do not stand in the block as they are
}

// rareByte is a character that is searched ahead, and how far the search has come. A CR counts only without LF behind it.
type rareByte struct {
	char    byte
	checked int // there is none before this position
	found   int // position, or -1
}

func newDecoder(c format.Config) (*decoder, error) {
	dialect, err := newDialect(c.Options)
	if err != nil {
		return nil, err
	}
	naming, err := newNaming(c)
	if err != nil {
		return nil, err
	}
	d := &decoder{dialect: dialect, naming: naming, fields: c.Columns,
		ranged: (c.Ranged || dialect.multiline == "false") && dialect.multiline != "true"}
	d.rare = append(d.rare, rareByte{char: '\r'})
	plain, quoted := []byte{d.delimiter, '\n', '\r'}, []byte{d.quote}
	if d.quoted {
		d.rare = append(d.rare, rareByte{char: d.quote})
	}
	if d.escaped {
		d.rare = append(d.rare, rareByte{char: d.escape})
		plain, quoted = append(plain, d.escape), append(quoted, d.escape)
	}
	if d.ranged {
		quoted = append(quoted, '\n')
	}
	d.plainEnds, d.quoteEnds = scan.NewChars(plain...), scan.NewChars(quoted...)
	for _, f := range c.Columns {
		if err := fits(f); err != nil {
			return nil, err
		}
	}
	project := c.Project
	if project == nil {
		for i := range c.Columns {
			project = append(project, i)
		}
	}
	for _, i := range project {
		f := c.Columns[i]
		d.targets = append(d.targets, target{cell.NewWriter(f.Name, f.Type), i})
		d.hasText = d.hasText || f.Type.IsText() || !simple(f.Type)
	}
	return d, nil
}

func (d *decoder) Skipped() int64 { return d.skipped }

func (d *decoder) SkipPartial(data []byte) (int, bool) {
	if (d.quoted || d.escaped) && !d.ranged {
		return -1, false
	}
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, true
	}
	return -1, true
}

// Splittable reports whether no field of the head of a file holds a line feed.
func (d *decoder) Splittable(head []byte) bool {
	if !d.quoted && !d.escaped || d.multiline == "false" {
		return true
	}
	if d.multiline == "true" {
		return false
	}
	probe := *d
	probe.ranged, probe.spans, probe.unescaped = true, nil, nil
	probe.quoteEnds = scan.NewChars(d.quote, cmp.Or(d.escape, d.quote), '\n')
	head = scan.Padded(head)
	for at := 0; ; {
		next, ok, err := probe.record(head, at, false)
		switch {
		case err != nil:
			return false // if it is malformed otherwise, one reader tells so as well as several
		case !ok:
			return true
		}
		at = next
	}
}

var byteOrderMark = []byte("\ufeff")

func (d *decoder) Decode(data []byte, last bool, out *column.Batch, most int) (int, error) {
	data = scan.Padded(data)
	from, skipped := out.Len, d.skipped
	n, err := d.decode(data, last, out, most)
	if d.hasText && !d.strict && !utf8.Valid(data[:n]) {
		// Once more, looking at every text.
		d.strict, d.skipped = true, skipped
		out.Len = from
		for i := range d.targets {
			d.targets[i].End(from)
		}
		return d.decode(data, last, out, most)
	}
	return n, err
}

func (d *decoder) decode(data []byte, last bool, out *column.Batch, most int) (int, error) {
	for i := range d.rare {
		d.rare[i].checked, d.rare[i].found = 0, -1
	}
	for i := range d.targets {
		d.targets[i].Begin(out.Cols[i], data[:len(data)+16], min(most-out.Len, 1024))
	}
	at, err := 0, error(nil)
	for out.Len < most && at < len(data) {
		var next int
		if next = d.run(data, at, out, most); next > at {
			at = next
			continue
		}
		var ok bool
		if next, ok, err = d.single(data, at, last, out); err != nil || !ok {
			break
		}
		at = next
	}
	for i := range d.targets {
		d.targets[i].End(out.Len)
	}
	return at, err
}

// single decodes the record at at, in any form. ok is false if the record is not complete.
func (d *decoder) single(data []byte, at int, last bool, out *column.Batch) (next int, ok bool, err error) {
	if d.comments {
		if next, ok = d.comment(data, at, last); next > at || !ok {
			return next, ok, nil
		}
	}
	next, ok, err = d.split(data, at, last)
	if !ok && err == nil {
		return at, false, nil
	}
	if err == nil {
		err = d.row(data, at, next, out.Len)
	}
	switch {
	case err == nil:
		out.Len++
	case next <= at || !d.ignore: // nothing is known about what follows, or nothing may be skipped
		return at, false, err
	default:
		for i := range d.targets {
			d.targets[i].Forget(out.Len)
		}
		d.skipped++
	}
	return next, true, nil
}

// record finds the fields of the first record from at on that is no comment, as split does.
func (d *decoder) record(data []byte, at int, last bool) (next int, ok bool, err error) {
	for d.comments {
		if next, ok = d.comment(data, at, last); !ok {
			return at, false, nil
		}
		if next == at {
			break
		}
		at = next
	}
	return d.split(data, at, last)
}

// comment skips a comment or an empty line at at. next is at if there is none; ok is false if more data must tell.
func (d *decoder) comment(data []byte, at int, last bool) (next int, ok bool) {
	i := at
	for i < len(data) && data[i] == ' ' {
		i++
	}
	if i == len(data) {
		return i, last
	}
	switch data[i] {
	case '#':
		for ; i < len(data); i++ {
			if data[i] == '\n' || data[i] == '\r' {
				return lineEnd(data, i, last)
			}
		}
		return i, last
	case '\n', '\r':
		return lineEnd(data, i, last)
	}
	return i, true // blanks before a record
}

// lineEnd returns what follows the line end at i; ok is false if a CR is the last byte known.
func lineEnd(data []byte, i int, last bool) (next int, ok bool) {
	if data[i] == '\n' {
		return i + 1, true
	}
	if i+1 == len(data) {
		return i + 1, last
	}
	if data[i+1] == '\n' {
		return i + 2, true
	}
	return i + 1, true
}

// malformed is an error about the record at data[at:end] or the text of one of its fields.
func malformed(at int, field string, text []byte, reason string, args ...any) error {
	return &format.RecordError{Offset: int64(at), Column: field, Text: format.Excerpt(text), Reason: fmt.Sprintf(reason, args...)}
}
