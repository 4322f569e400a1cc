package csv

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/cell"
)

// encoder writes each row as a record. What it quotes is what Flink quotes, which is more than is needed: text of more than 24
// characters, and text with any character that sorts up to the delimiter or the quote.
type encoder struct {
	dialect
	fields  []column.Field
	named   bool      // files begin with the columns' names
	plain   bool      // decimals
	risky   [256]bool // characters for which a text is quoted
	numbers bool      // numbers may hold such characters
	scratch []byte
}

// longestPlain is the length, in UTF-16 code units, above which text is quoted unseen.
const longestPlain = 24

func newEncoder(c format.Config) (*encoder, error) {
	dialect, err := newDialect(c.Options)
	if err != nil {
		return nil, err
	}
	for _, f := range c.Columns {
		if err := fits(f); err != nil {
			return nil, err
		}
	}
	e := &encoder{dialect: dialect, fields: c.Columns, plain: !c.Options.Bool(scientificOption)}
	if e.quoted {
		for b := range int(max(e.delimiter, e.quote, '\n')) + 1 {
			e.risky[b] = true
		}
		e.risky['\\'] = true
		if e.escaped {
			e.risky[e.escape] = true
		}
	} else {
		e.risky[e.delimiter], e.risky['\n'], e.risky['\r'] = true, true, true
		if e.escaped {
			e.risky[e.escape] = true
		}
	}
	if e.comments { // blanks before a record are skipped like comments
		e.risky['#'], e.risky[' '] = true, e.quoted || e.escaped
	}
	e.numbers = strings.IndexByte("0123456789.+-EINaNfinitytruefalse", e.delimiter) >= 0
	if naming, err := newNaming(c); err != nil {
		return nil, err
	} else if e.named = naming.byName; e.named {
		return e, e.nameable()
	}
	return e, nil
}

func (e *encoder) Header(dst []byte) []byte {
	if e.named {
		return e.appendNames(dst)
	}
	return dst
}

func (e *encoder) Encode(dst []byte, b *column.Batch) ([]byte, error) {
	for n := range b.Rows() {
		i := b.Row(n)
		for c, v := range b.Cols {
			if c > 0 {
				dst = append(dst, e.delimiter)
			}
			if v.HasNulls() && v.IsNull(i) {
				dst = append(dst, e.null...)
				continue
			}
			var problem string
			if dst, problem = e.field(dst, v, i); problem != "" {
				return dst, fmt.Errorf("row %d: column '%s': %s", n+1, e.fields[c].Name, problem)
			}
		}
		dst = append(dst, '\n')
	}
	return dst, nil
}

// field writes row i of a column, which is not NULL. problem says why it cannot.
func (e *encoder) field(dst []byte, v *column.Vector, i int) (out []byte, problem string) {
	if v.Dict != nil {
		v, i = v.Dict, int(column.Values[int32](v)[i])
	}
	switch kind := v.Type.Kind; kind {
	case column.Char, column.VarChar:
		return e.text(dst, v.BytesAt(i))
	case column.Array:
		e.scratch = e.scratch[:0]
		offsets := v.Offsets()
		for at := offsets[i]; at < offsets[i+1]; at++ {
			if problem = e.element(v.Children[0], int(at), at > offsets[i]); problem != "" {
				return dst, problem
			}
		}
		return e.text(dst, e.scratch)
	case column.Row:
		e.scratch = e.scratch[:0]
		for c, child := range v.Children {
			if problem = e.element(child, i, c > 0); problem != "" {
				return dst, problem
			}
		}
		return e.text(dst, e.scratch)
	case column.Boolean, column.TinyInt, column.SmallInt, column.Int, column.BigInt, column.Float, column.Double, column.Decimal,
		column.IntervalYearMonth, column.IntervalDayTime:
		if !e.numbers {
			return cell.AppendScalar(dst, v, i, ' ', e.plain), ""
		}
	}
	e.scratch = cell.AppendScalar(e.scratch[:0], v, i, ' ', e.plain)
	return e.text(dst, e.scratch)
}

// element adds one value of an ARRAY or ROW to the scratch memory.
func (e *encoder) element(v *column.Vector, i int, more bool) (problem string) {
	if more {
		e.scratch = append(e.scratch, e.array...)
	}
	from := len(e.scratch)
	switch {
	case v.IsNull(i):
		e.scratch = append(e.scratch, e.null...)
		return ""
	case v.Type.IsText():
		e.scratch = append(e.scratch, v.BytesAt(i)...)
	default:
		e.scratch = cell.AppendScalar(e.scratch, v, i, ' ', e.plain)
	}
	if bytes.Contains(e.scratch[from:], []byte(e.array)) {
		return fmt.Sprintf("the element %q holds the delimiter of elements: choose another by 'csv.array-element-delimiter'", format.Excerpt(e.scratch[from:]))
	}
	return ""
}

// text writes a text, in quotes if need be.
func (e *encoder) text(dst, b []byte) (out []byte, problem string) {
	risky := len(b) > longestPlain && e.quoted && longer(b, longestPlain)
	for i := 0; i < len(b) && !risky; i++ {
		risky = e.risky[b[i]]
	}
	switch {
	case bytes.HasPrefix(b, byteOrderMark): // at the start of a file it would be skipped
		if e.escaped && !e.quoted {
			dst = append(dst, e.escape)
		}
		risky = risky || e.quoted
	case len(b) == 0 && e.comments && e.quoted && len(e.fields) == 1:
		risky = true // an empty line would be taken for a comment
	}
	if !risky {
		return append(dst, b...), ""
	}
	if !e.quoted {
		return e.unquoted(dst, b)
	}
	dst = append(dst, e.quote)
	if bytes.IndexByte(b, e.quote) < 0 && (!e.escaped || bytes.IndexByte(b, e.escape) < 0) {
		return append(append(dst, b...), e.quote), ""
	}
	for _, c := range b {
		if c == e.quote || e.escaped && c == e.escape {
			dst = append(dst, c)
		}
		dst = append(dst, c)
	}
	return append(dst, e.quote), ""
}

// unquoted writes a text that holds a delimiter or a line end where there are no quotes.
func (e *encoder) unquoted(dst, b []byte) (out []byte, problem string) {
	if !e.escaped {
		return dst, fmt.Sprintf("%q holds a delimiter or a line end, but 'csv.disable-quote-character' is set: set 'csv.escape-character', or choose another 'csv.field-delimiter'", format.Excerpt(b))
	}
	for _, c := range b {
		if e.risky[c] {
			dst = append(dst, e.escape)
		}
		switch c {
		case '\n':
			c = 'n'
		case '\r':
			c = 'r'
		}
		dst = append(dst, c)
	}
	return dst, ""
}

// longer reports whether a text has more than n UTF-16 code units.
func longer(b []byte, n int) bool {
	if len(b) > 3*n { // none takes more bytes
		return true
	}
	for _, c := range b {
		if c&0xC0 != 0x80 {
			n--
		}
		if c >= 0xF0 {
			n--
		}
	}
	return n < 0
}
