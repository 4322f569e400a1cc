package raw

import (
	"encoding/binary"
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
)

// encoder writes each row's value and a line feed.
type encoder struct {
	field   column.Field
	charset *charset
	order   binary.AppendByteOrder
}

func newEncoder(c format.Config) (*encoder, error) {
	field, err := single(c.Columns)
	if err != nil {
		return nil, err
	}
	set, err := newCharset(c.Options.Text(charsetOption))
	if err != nil {
		return nil, err
	}
	e := &encoder{field: field, charset: set, order: binary.BigEndian}
	if c.Options.Enum(endianOption) == "little-endian" {
		e.order = binary.LittleEndian
	}
	return e, nil
}

func (e *encoder) Header(dst []byte) []byte { return dst }

func (e *encoder) Encode(dst []byte, b *column.Batch) ([]byte, error) {
	v := b.Cols[0]
	nulls := v.HasNulls()
	for n := range b.Rows() {
		row := b.Row(n)
		if nulls && v.IsNull(row) {
			return dst, fmt.Errorf("row %d: column '%s' is NULL, which the format 'raw' cannot tell from an empty line: replace it, such as by COALESCE(%s, '')", n+1, e.field.Name, e.field.Name)
		}
		switch kind := e.field.Type.Kind; kind {
		case column.Char, column.VarChar:
			if e.charset.plain() {
				dst = append(dst, v.BytesAt(row)...)
				break
			}
			out, bad, ok := e.charset.appendFrom(dst, v.BytesAt(row))
			if !ok {
				return dst, fmt.Errorf("row %d: column '%s': the character set %s has no %q: choose 'raw.charset' = 'UTF-8'", n+1, e.field.Name, e.charset.name, bad)
			}
			dst = out
		case column.Binary, column.VarBinary:
			dst = append(dst, v.BytesAt(row)...)
		default:
			dst = e.number(dst, v, row)
		}
		dst = append(dst, '\n')
	}
	return dst, nil
}

func (e *encoder) number(dst []byte, v *column.Vector, row int) []byte {
	if v.Dict != nil {
		v, row = v.Dict, int(column.Values[int32](v)[row])
	}
	switch e.field.Type.Kind {
	case column.Boolean:
		if v.Bits().Get(row) {
			return append(dst, 1)
		}
		return append(dst, 0)
	case column.TinyInt:
		return append(dst, byte(column.Values[int8](v)[row]))
	case column.SmallInt:
		return e.order.AppendUint16(dst, column.Values[uint16](v)[row])
	case column.Int, column.Float:
		return e.order.AppendUint32(dst, column.Values[uint32](v)[row])
	}
	return e.order.AppendUint64(dst, column.Values[uint64](v)[row])
}
