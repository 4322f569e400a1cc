package raw

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/connector/format/internal/scan"
)

// decoder cuts blocks into lines.
type decoder struct {
	field   column.Field
	project bool // the column is wanted at all
	charset *charset
	order   binary.ByteOrder
	scratch []byte
}

func newDecoder(c format.Config) (*decoder, error) {
	field, err := single(c.Columns)
	if err != nil {
		return nil, err
	}
	set, err := newCharset(c.Options.Text(charsetOption))
	if err != nil {
		return nil, err
	}
	d := &decoder{field: field, project: c.Project == nil || len(c.Project) > 0, charset: set, order: binary.BigEndian}
	if c.Options.Enum(endianOption) == "little-endian" {
		d.order = binary.LittleEndian
	}
	return d, nil
}

func (d *decoder) Header([]byte, bool) (int, error) { return 0, nil }

func (d *decoder) Skipped() int64 { return 0 }

func (d *decoder) SkipPartial(data []byte) (int, bool) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, true
	}
	return -1, true
}

func (d *decoder) Decode(data []byte, last bool, out *column.Batch, most int) (int, error) {
	data = scan.Padded(data)
	if !d.project {
		return countLines(data, last, out, most), nil
	}
	v := out.Cols[0]
	switch {
	case d.field.Type.IsBinary():
		return lines(data, last, v, out, most), nil
	case !d.field.Type.IsText():
		return d.numbers(data, last, v, out, most)
	}
	if d.charset.plain() {
		from := v.Len
		n := lines(data, last, v, out, most)
		if utf8.Valid(data[:n]) {
			return n, nil
		}
		d.repair(v, from)
		return n, nil
	}
	return d.converted(data, last, v, out, most), nil
}

// next returns where the line at the start of data ends, without its line end, and where the next one begins; ok is false
// if the line is not complete.
func next(data []byte, last bool) (end, after int, ok bool) {
	end = bytes.IndexByte(data, '\n')
	after = end + 1
	if end < 0 {
		if !last || len(data) == 0 {
			return 0, 0, false
		}
		return len(data), len(data), true
	}
	if end > 0 && data[end-1] == '\r' {
		end--
	}
	return end, after, true
}

func countLines(data []byte, last bool, out *column.Batch, most int) int {
	at := 0
	for out.Len < most {
		_, after, ok := next(data[at:], last)
		if !ok {
			break
		}
		at += after
		out.Len++
	}
	return at
}

// lines appends a view of each line.
func lines(data []byte, last bool, v *column.Vector, out *column.Batch, most int) int {
	block := data[:len(data)+16]
	lent := -1
	row, at := out.Len, 0
	var views []column.View
	for row < most {
		// As next, which is too large to be inlined.
		end := bytes.IndexByte(data[at:], '\n')
		after := at + end + 1
		if end < 0 {
			if !last || at == len(data) {
				break
			}
			end = len(data) - at
			after = len(data)
		} else if end > 0 && data[at+end-1] == '\r' {
			end--
		}
		if row >= len(views) {
			v.Resize(min(most, max(1024, 2*row)))
			views = column.Values[column.View](v)[:v.Len]
		}
		if end > column.InlineLen && lent < 0 {
			lent = v.Lend(block)
		}
		views[row] = column.MakeView(block, lent, at, end)
		row++
		at = after
	}
	v.Len, out.Len = row, row
	return at
}

// repair replaces bytes that are not UTF-8 in rows from on.
func (d *decoder) repair(v *column.Vector, from int) {
	for i, w := range v.Views()[from:] {
		if b := w.Bytes(v.Buffers); !utf8.Valid(b) {
			d.scratch = d.charset.appendUTF8(d.scratch[:0], b)
			v.Views()[from+i] = v.Hold(d.scratch)
		}
	}
}

// converted appends each line's text from another character set.
func (d *decoder) converted(data []byte, last bool, v *column.Vector, out *column.Batch, most int) int {
	at := 0
	for out.Len < most {
		end, after, ok := next(data[at:], last)
		if !ok {
			break
		}
		d.scratch = d.charset.appendUTF8(d.scratch[:0], data[at:at+end])
		v.AppendBytes(d.scratch)
		out.Len++
		at += after
	}
	return at
}

// numbers appends each line's bytes as a number.
func (d *decoder) numbers(data []byte, last bool, v *column.Vector, out *column.Batch, most int) (int, error) {
	at, size := 0, sizes[d.field.Type.Kind]
	for out.Len < most {
		end, after, ok := next(data[at:], last)
		if !ok {
			break
		}
		b := data[at : at+end]
		if len(b) != size {
			return at, &format.RecordError{Offset: int64(at), Column: d.field.Name, Text: format.Excerpt(b),
				Reason: fmt.Sprintf("a line of %d bytes, but a value of type %s has %d", len(b), d.field.Type.Optional(), size)}
		}
		switch d.field.Type.Kind {
		case column.Boolean:
			v.AppendBool(b[0] != 0)
		case column.TinyInt:
			column.Append(v, int8(b[0]))
		case column.SmallInt:
			column.Append(v, int16(d.order.Uint16(b)))
		case column.Int:
			column.Append(v, int32(d.order.Uint32(b)))
		case column.BigInt:
			column.Append(v, int64(d.order.Uint64(b)))
		case column.Float:
			column.Append(v, math.Float32frombits(d.order.Uint32(b)))
		case column.Double:
			column.Append(v, math.Float64frombits(d.order.Uint64(b)))
		}
		out.Len++
		at += after
	}
	return at, nil
}
