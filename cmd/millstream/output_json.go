package main

import (
	"encoding/hex"
	"io"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
)

// jsonPrinter writes one object a line: {"a":1,"b":"x"}, or with changelog {"op":"+I","data":{…}}. Numbers are numbers but for DECIMAL,
// which keeps its digits as text; NaN and infinities, times and binary values are text too, NULL is null.
type jsonPrinter struct {
	w         io.Writer
	names     [][]byte // of the columns, each as it stands in front of a value
	zone      *time.Location
	changelog bool
	line      []byte
	n         int64
}

func newJSONPrinter(w io.Writer, columns []column.Field, zone *time.Location) *jsonPrinter {
	p := &jsonPrinter{w: w, zone: zone}
	for i, c := range columns {
		var name []byte
		if i > 0 {
			name = append(name, ',')
		}
		p.names = append(p.names, append(appendJSONString(name, []byte(c.Name)), ':'))
	}
	return p
}

func (p *jsonPrinter) batch(b *column.Batch) error {
	p.line = p.line[:0]
	for i := range b.Rows() {
		row := b.Row(i)
		if p.changelog {
			p.line = append(append(append(p.line, `{"op":"`...), b.Kind(row).String()...), `","data":`...)
		}
		p.line = append(p.line, '{')
		for j, c := range b.Cols {
			p.line = p.value(append(p.line, p.names[j]...), c, row)
		}
		p.line = append(p.line, '}')
		if p.changelog {
			p.line = append(p.line, '}')
		}
		p.line = append(p.line, '\n')
		p.n++
	}
	_, err := p.w.Write(p.line)
	return err
}

func (p *jsonPrinter) close() error { return nil }

func (p *jsonPrinter) rows() int64 { return p.n }

func (p *jsonPrinter) value(dst []byte, v *column.Vector, i int) []byte {
	if v.IsNull(i) {
		return append(dst, "null"...)
	}
	if v.Dict != nil {
		return p.value(dst, v.Dict, int(column.Values[int32](v)[i]))
	}
	switch v.Type.Kind {
	case column.Boolean:
		return strconv.AppendBool(dst, v.Bits().Get(i))
	case column.TinyInt, column.SmallInt, column.Int, column.BigInt:
		return column.AppendText(dst, v, i, p.zone)
	case column.Float:
		return appendJSONFloat(dst, float64(column.Values[float32](v)[i]), 32)
	case column.Double:
		return appendJSONFloat(dst, column.Values[float64](v)[i], 64)
	case column.Char, column.VarChar:
		return appendJSONString(dst, v.BytesAt(i))
	case column.Binary, column.VarBinary:
		return append(hex.AppendEncode(append(dst, '"'), v.BytesAt(i)), '"')
	case column.Array:
		dst = append(dst, '[')
		from, to := v.Offsets()[i], v.Offsets()[i+1]
		for e := from; e < to; e++ {
			if e > from {
				dst = append(dst, ',')
			}
			dst = p.value(dst, v.Children[0], int(e))
		}
		return append(dst, ']')
	case column.Map, column.Multiset:
		dst = append(dst, '{')
		from, to := v.Offsets()[i], v.Offsets()[i+1]
		for e := from; e < to; e++ {
			if e > from {
				dst = append(dst, ',')
			}
			key := []byte("null")
			if !v.Children[0].IsNull(int(e)) {
				key = column.AppendText(nil, v.Children[0], int(e), p.zone)
			}
			dst = append(appendJSONString(dst, key), ':')
			dst = p.value(dst, v.Children[1], int(e))
		}
		return append(dst, '}')
	case column.Row:
		dst = append(dst, '{')
		for j, f := range v.Type.Fields {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendJSONString(dst, []byte(f.Name)), ':')
			dst = p.value(dst, v.Children[j], i)
		}
		return append(dst, '}')
	}
	return appendJSONString(dst, column.AppendText(nil, v, i, p.zone))
}

func appendJSONFloat(dst []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		text := strconv.FormatFloat(f, 'g', -1, bits)
		switch {
		case f > 0:
			text = "Infinity"
		case f < 0:
			text = "-Infinity"
		}
		return append(append(append(dst, '"'), text...), '"')
	}
	format := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, bits)
}

func appendJSONString(dst, s []byte) []byte {
	dst = append(dst, '"')
	for len(s) > 0 {
		r, n := utf8.DecodeRune(s)
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r < 0x20:
			const digits = "0123456789abcdef"
			dst = append(dst, '\\', 'u', '0', '0', digits[r>>4], digits[r&15])
		case r == utf8.RuneError && n == 1:
			dst = append(dst, "\ufffd"...)
		default:
			dst = append(dst, s[:n]...)
		}
		s = s[n:]
	}
	return append(dst, '"')
}
