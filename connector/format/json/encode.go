package json

import (
	"fmt"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/jsontext"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/cell"
)

// encoder writes each row as an object and a line feed.
type encoder struct {
	root        *output
	separator   byte // between date and time
	plain       bool // decimals
	ignoreNull  bool
	nullKeyMode string
	nullKey     []byte
	err         error // of a value that cannot be written
}

// output is a column or a part of one, as it is written.
type output struct {
	kind   column.Kind
	path   string   // for errors
	keys   [][]byte // of the parts, in quotes and with a colon
	parts  []*output
	quoted bool // scalar values stand in quotes
}

func newEncoder(c format.Config) (*encoder, error) {
	if err := check(c.Options); err != nil {
		return nil, err
	}
	e := &encoder{separator: ' ', plain: c.Options.Bool(plainDecimalOption), ignoreNull: c.Options.Bool(ignoreNullOption),
		nullKeyMode: c.Options.Enum(nullKeyOption), nullKey: []byte(c.Options.Text(nullKeyLiteralOption))}
	if c.Options.Enum(timestampOption) == "ISO-8601" {
		e.separator = 'T'
	}
	for _, f := range c.Columns {
		if err := fits(f.Name, f.Type); err != nil {
			return nil, err
		}
	}
	e.root = newOutput("", column.RowOf(c.Columns...))
	return e, nil
}

func newOutput(path string, t column.Type) *output {
	o := &output{kind: t.Kind, path: path}
	switch t.Kind {
	case column.Array:
		o.parts = []*output{newOutput(path+"[]", *t.Elem)}
	case column.Map:
		o.parts = []*output{nil, newOutput(path+"{}", *t.Elem)}
	case column.Multiset:
		o.parts = []*output{nil, newOutput(path+"{}", column.Of(column.Int))}
	case column.Row:
		for _, f := range t.Fields {
			name := f.Name
			if path != "" {
				name = path + "." + f.Name
			}
			o.parts = append(o.parts, newOutput(name, f.Type))
			o.keys = append(o.keys, append(appendText(nil, []byte(f.Name)), ':'))
		}
	case column.Binary, column.VarBinary, column.Date, column.Time, column.Timestamp, column.TimestampLTZ:
		o.quoted = true
	}
	return o
}

func (e *encoder) Header(dst []byte) []byte { return dst }

func (e *encoder) Encode(dst []byte, b *column.Batch) ([]byte, error) {
	for n := range b.Rows() {
		dst = append(e.object(dst, e.root, b.Cols, b.Row(n)), '\n')
		if e.err != nil {
			return dst, fmt.Errorf("row %d: %w", n+1, e.err)
		}
	}
	return dst, nil
}

// object writes row i of some vectors.
func (e *encoder) object(dst []byte, o *output, vectors []*column.Vector, i int) []byte {
	dst = append(dst, '{')
	first := true
	for c, v := range vectors {
		null := v.HasNulls() && v.IsNull(i)
		if null && e.ignoreNull {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, o.keys[c]...)
		if null {
			dst = append(dst, "null"...)
		} else {
			dst = e.value(dst, o.parts[c], v, i)
		}
	}
	return append(dst, '}')
}

// value writes row i of a vector, which is not NULL.
func (e *encoder) value(dst []byte, o *output, v *column.Vector, i int) []byte {
	if v.Dict != nil {
		v, i = v.Dict, int(column.Values[int32](v)[i])
	}
	switch o.kind {
	case column.Char, column.VarChar:
		return appendText(dst, v.BytesAt(i))
	case column.Float, column.Double:
		from := len(dst)
		dst = cell.AppendScalar(dst, v, i, e.separator, e.plain)
		if last := dst[len(dst)-1]; last == 'N' || last == 'y' { // NaN and Infinity are no numbers of JSON
			dst = append(dst, '"', '"')
			copy(dst[from+1:], dst[from:len(dst)-2])
			dst[from] = '"'
		}
		return dst
	case column.Array:
		offsets := v.Offsets()
		dst = append(dst, '[')
		for at := offsets[i]; at < offsets[i+1]; at++ {
			if at > offsets[i] {
				dst = append(dst, ',')
			}
			dst = e.element(dst, o.parts[0], v.Children[0], int(at))
		}
		return append(dst, ']')
	case column.Map, column.Multiset:
		return e.mapping(dst, o, v, i)
	case column.Row:
		return e.object(dst, o, v.Children, i)
	}
	if !o.quoted {
		return cell.AppendScalar(dst, v, i, e.separator, e.plain)
	}
	return append(cell.AppendScalar(append(dst, '"'), v, i, e.separator, e.plain), '"')
}

func (e *encoder) element(dst []byte, o *output, v *column.Vector, i int) []byte {
	if v.HasNulls() && v.IsNull(i) {
		return append(dst, "null"...)
	}
	return e.value(dst, o, v, i)
}

func (e *encoder) mapping(dst []byte, o *output, v *column.Vector, i int) []byte {
	offsets, keys := v.Offsets(), v.Children[0]
	dst = append(dst, '{')
	first := true
	for at := int(offsets[i]); at < int(offsets[i+1]); at++ {
		var key []byte
		switch {
		case !keys.HasNulls() || !keys.IsNull(at):
			key = keys.BytesAt(at)
		case e.nullKeyMode == "LITERAL":
			key = e.nullKey
		case e.nullKeyMode == "DROP":
			continue
		default:
			e.err = fmt.Errorf("column '%s': a map with a NULL key has no form in JSON: set 'json.map-null-key.mode' to 'DROP' to leave such entries out, or to 'LITERAL' to give them the key of 'json.map-null-key.literal'", o.path)
			return dst
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(appendText(dst, key), ':')
		dst = e.element(dst, o.parts[1], v.Children[1], at)
	}
	return append(dst, '}')
}

// appendText appends text in quotes; what is not UTF-8 becomes U+FFFD.
func appendText(dst, text []byte) []byte {
	if !utf8.Valid(text) {
		valid := make([]byte, 0, len(text)+8)
		for len(text) > 0 {
			r, n := utf8.DecodeRune(text)
			valid = utf8.AppendRune(valid, r)
			text = text[n:]
		}
		text = valid
	}
	return jsontext.AppendQuoted(dst, text)
}
