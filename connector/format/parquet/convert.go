package parquet

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding"

	"github.com/millstream/millstream/column"
)

// convertible reports whether values of a physical type can be read as t without loss of meaning.
func convertible(p parquet.Type, t column.Type) bool {
	switch t.Kind {
	case column.Boolean:
		return p.Kind() == parquet.Boolean
	case column.TinyInt, column.SmallInt, column.Int, column.Date, column.Time:
		return p.Kind() == parquet.Int32 || t.Kind == column.Time && p.Kind() == parquet.Int64
	case column.BigInt:
		return p.Kind() == parquet.Int64 || p.Kind() == parquet.Int32
	case column.Float:
		return p.Kind() == parquet.Float
	case column.Double:
		return p.Kind() == parquet.Double || p.Kind() == parquet.Float
	case column.Decimal:
		return p.Kind() != parquet.Boolean && p.Kind() != parquet.Int96 && p.Kind() != parquet.Float && p.Kind() != parquet.Double
	case column.Char, column.VarChar, column.Binary, column.VarBinary:
		return p.Kind() == parquet.ByteArray || p.Kind() == parquet.FixedLenByteArray
	case column.Timestamp, column.TimestampLTZ:
		return p.Kind() == parquet.Int96 || p.Kind() == parquet.Int64
	}
	return false
}

// converter turns a page's values into a vector of the leaf's type, NULLs left out.
type converter struct {
	leaf *leaf
	unit int64          // of INT64 timestamps and times, how many make a second
	zone *time.Location // of INT96 timestamps that are local; nil for UTC
	// shift makes a file's decimals the table's: digits to append (positive) or to cut.
	shift int
}

func newConverter(l *leaf, zone *time.Location) (converter, error) {
	c := converter{leaf: l, unit: 1e6, zone: zone}
	if unit := unitOf(l.column.Type()); unit != 0 {
		c.unit = unit
	}
	if l.typ.Kind == column.Decimal {
		precision, scale, ok := decimalOf(l.column.Type())
		if ok {
			c.shift = int(l.typ.Scale) - scale
			if c.shift < 0 || int(l.typ.Precision)-int(l.typ.Scale) < precision-scale {
				return c, fmt.Errorf("column '%s' is DECIMAL(%d, %d) in the file, which does not fit into %s", l.name, precision, scale, l.typ)
			}
		}
	}
	return c, nil
}

// decode converts all values of data. Text stays where it is.
func (c *converter) decode(data encoding.Values) (*column.Vector, error) {
	v := &column.Vector{Type: c.leaf.typ}
	switch c.leaf.typ.Kind {
	case column.Boolean:
		bits := data.Boolean()
		v.Resize(len(bits) * 8)
		to := v.Bits()
		for i, b := range bits {
			to[i>>3] = to[i>>3]&^(0xff<<(8*(i&7))) | uint64(b)<<(8*(i&7))
		}
	case column.TinyInt:
		convert[int8](v, data.Int32())
	case column.SmallInt:
		convert[int16](v, data.Int32())
	case column.Int, column.Date:
		convert[int32](v, data.Int32())
	case column.Time:
		if data.Kind() == encoding.Int32 {
			convert[int32](v, data.Int32())
			break
		}
		x := data.Int64()
		v.Resize(len(x))
		to := column.Values[int32](v)
		for i, n := range x {
			to[i] = int32(n / (c.unit / 1000))
		}
	case column.BigInt:
		if data.Kind() == encoding.Int32 {
			convert[int64](v, data.Int32())
		} else {
			convert[int64](v, data.Int64())
		}
	case column.Float:
		convert[float32](v, data.Float())
	case column.Double:
		if data.Kind() == encoding.Float {
			convert[float64](v, data.Float())
		} else {
			convert[float64](v, data.Double())
		}
	case column.Char, column.VarChar, column.Binary, column.VarBinary:
		c.text(v, data)
	case column.Decimal:
		return v, c.decimals(v, data)
	case column.Timestamp, column.TimestampLTZ:
		return v, c.timestamps(v, data)
	}
	return v, nil
}

func convert[T, F int8 | int16 | int32 | int64 | float32 | float64](v *column.Vector, from []F) {
	v.Resize(len(from))
	to := column.Values[T](v)[:len(from)]
	for i, x := range from {
		to[i] = T(x)
	}
}

func (c *converter) text(v *column.Vector, data encoding.Values) {
	if data.Kind() == encoding.FixedLenByteArray {
		b, size := data.FixedLenByteArray()
		v.Resize(len(b) / max(1, size))
		index := v.Lend(b)
		to := v.Views()
		for i := range to {
			to[i] = column.MakeView(b, index, i*size, size)
		}
		return
	}
	b, offsets := data.ByteArray()
	v.Resize(max(0, len(offsets)-1))
	index := v.Lend(b)
	to := v.Views()
	for i := range to {
		to[i] = column.MakeView(b, index, int(offsets[i]), int(offsets[i+1]-offsets[i]))
	}
}

func (c *converter) decimals(v *column.Vector, data encoding.Values) error {
	switch data.Kind() {
	case encoding.Int32:
		x := data.Int32()
		v.Resize(len(x))
		for i, n := range x {
			column.Values[column.Int128](v)[i] = column.Int128Of(int64(n))
		}
	case encoding.Int64:
		x := data.Int64()
		v.Resize(len(x))
		for i, n := range x {
			column.Values[column.Int128](v)[i] = column.Int128Of(n)
		}
	case encoding.FixedLenByteArray:
		b, size := data.FixedLenByteArray()
		if size == 0 || size > 16 {
			return fmt.Errorf("column '%s' has decimals of %d bytes, where 1 to 16 can be read", c.leaf.name, size)
		}
		v.Resize(len(b) / size)
		to := column.Values[column.Int128](v)
		for i := range v.Len {
			to[i] = bigEndian(b[i*size : (i+1)*size])
		}
	default:
		b, offsets := data.ByteArray()
		v.Resize(max(0, len(offsets)-1))
		to := column.Values[column.Int128](v)
		for i := range v.Len {
			x := b[offsets[i]:offsets[i+1]]
			if len(x) > 16 {
				return fmt.Errorf("column '%s' has a decimal of %d bytes, where at most 16 can be read", c.leaf.name, len(x))
			}
			to[i] = bigEndian(x)
		}
	}
	if c.shift > 0 {
		to := column.Values[column.Int128](v)[:v.Len]
		for i := range to {
			for range c.shift {
				to[i] = timesTen(to[i])
			}
		}
	}
	return nil
}

// bigEndian reads a two's complement number.
func bigEndian(b []byte) column.Int128 {
	var d column.Int128
	if len(b) > 0 && b[0]&0x80 != 0 {
		d = column.Int128{Lo: ^uint64(0), Hi: -1}
	}
	for _, x := range b {
		d.Hi = d.Hi<<8 | int64(d.Lo>>56)
		d.Lo = d.Lo<<8 | uint64(x)
	}
	return d
}

func timesTen(d column.Int128) column.Int128 {
	// 10·d = 8·d + 2·d, modulo 2^128; that the result fits was checked by the types.
	lo8, hi8 := d.Lo<<3, uint64(d.Hi)<<3|d.Lo>>61
	lo2, hi2 := d.Lo<<1, uint64(d.Hi)<<1|d.Lo>>63
	lo := lo8 + lo2
	hi := hi8 + hi2
	if lo < lo8 {
		hi++
	}
	return column.Int128{Lo: lo, Hi: int64(hi)}
}

func (c *converter) timestamps(v *column.Vector, data encoding.Values) error {
	unit := c.leaf.typ.TimeUnit()
	if data.Kind() == encoding.Int64 {
		x := data.Int64()
		v.Resize(len(x))
		to := column.Values[int64](v)
		for i, n := range x {
			scaled, ok := rescale(n, c.unit, unit)
			if !ok {
				return fmt.Errorf("column '%s' has a time that lies outside of %s", c.leaf.name, c.leaf.typ)
			}
			to[i] = scaled
		}
		return nil
	}
	x := data.Int96()
	v.Resize(len(x))
	to := column.Values[int64](v)
	for i, n := range x {
		nanos := int64(uint64(n[0]) | uint64(n[1])<<32)
		seconds := (int64(n[2]) - julianEpoch) * secondsPerDay
		if nanos < 0 || nanos >= secondsPerDay*1e9 { // Flink writes such times before 1970
			q, r := floorDiv(nanos, 1e9)
			seconds, nanos = seconds+q, r
		} else {
			seconds, nanos = seconds+nanos/1e9, nanos%1e9
		}
		if c.zone != nil {
			wall := time.Unix(seconds, 0).In(c.zone)
			_, offset := wall.Zone()
			seconds += int64(offset)
		}
		scaled, ok := rescale(seconds, 1, unit)
		if !ok {
			return fmt.Errorf("column '%s' has a time that lies outside of %s", c.leaf.name, c.leaf.typ)
		}
		to[i] = scaled + nanos/(1e9/unit)
	}
	return nil
}

// plainInt reads an integer in Parquet's plain encoding.
func plainInt(b []byte) (int64, bool) {
	switch len(b) {
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b))), true
	case 8:
		return int64(binary.LittleEndian.Uint64(b)), true
	}
	return 0, false
}
