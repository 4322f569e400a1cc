package parquet

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/parquet-go/parquet-go"

	"github.com/millstream/millstream/column"
)

// convertible reports whether values of a file's type can be read as t without loss of meaning.
func convertible(p parquet.Type, t column.Type) bool {
	if !means(p, t) {
		return false
	}
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
		return p.Kind() == parquet.Double || p.Kind() == parquet.Float || p.Kind() == parquet.Int32
	case column.Decimal:
		return p.Kind() != parquet.Boolean && p.Kind() != parquet.Int96 && p.Kind() != parquet.Float && p.Kind() != parquet.Double
	case column.Char, column.VarChar, column.Binary, column.VarBinary:
		return p.Kind() == parquet.ByteArray || p.Kind() == parquet.FixedLenByteArray
	case column.Timestamp, column.TimestampLTZ:
		return p.Kind() == parquet.Int96 || p.Kind() == parquet.Int64 || isDate(p)
	}
	return false
}

// converter turns values as they stand in pages into those of a vector of the leaf's type.
type converter struct {
	leaf     *leaf
	physical parquet.Kind
	width    int            // bytes of a value; 0 for booleans and byte arrays
	unsigned bool           // integers have no sign
	unit     int64          // of INT64 timestamps and times, how many make a second
	zone     *time.Location // of INT96 timestamps that are local; nil for UTC
	shift    int            // digits to append to a file's decimals to make them the table's
}

func newConverter(l *leaf, zone *time.Location) (*converter, error) {
	t := l.column.Type()
	c := &converter{leaf: l, physical: t.Kind(), unit: 1e6, zone: zone, unsigned: unsigned(t)}
	switch c.physical {
	case parquet.Int32, parquet.Float:
		c.width = 4
	case parquet.Int64, parquet.Double:
		c.width = 8
	case parquet.Int96:
		c.width = 12
	case parquet.FixedLenByteArray:
		if c.width = t.Length(); c.width <= 0 {
			return nil, fmt.Errorf("column '%s' has values of %d bytes", l.name, c.width)
		}
	}
	if unit := unitOf(t); unit != 0 {
		c.unit = unit
	}
	if l.typ.Kind == column.Decimal {
		if precision, scale, ok := decimalOf(t); ok {
			c.shift = int(l.typ.Scale) - scale
			if c.shift < 0 || int(l.typ.Precision)-int(l.typ.Scale) < precision-scale {
				return nil, fmt.Errorf("column '%s' is DECIMAL(%d, %d) in the file, which does not fit into %s", l.name, precision, scale, l.typ)
			}
		} else {
			c.shift = int(l.typ.Scale)
		}
		if c.physical == parquet.FixedLenByteArray && c.width > 16 {
			return nil, fmt.Errorf("column '%s' has decimals of %d bytes, where 1 to 16 can be read", l.name, c.width)
		}
	}
	return c, nil
}

// text reports whether values are written as views.
func (c *converter) text() bool { return c.leaf.typ.Layout() == column.LayoutView }

var errRange = errors.New("a value that is out of the column's range")

// fixed converts n values of the converter's width.
func (c *converter) fixed(src []byte, n int, out *column.Vector, base int) error {
	switch c.leaf.typ.Kind {
	case column.TinyInt:
		return c.narrow(src, func(i int, x int32) bool { column.Values[int8](out)[base+i] = int8(x); return x == int32(int8(x)) })
	case column.SmallInt:
		return c.narrow(src, func(i int, x int32) bool { column.Values[int16](out)[base+i] = int16(x); return x == int32(int16(x)) })
	case column.Time:
		return c.times(src, column.Values[int32](out)[base:base+n])
	case column.BigInt:
		to := column.Values[int64](out)[base : base+n]
		if c.width == 8 {
			copyBytes(to, src)
			return c.signed(to)
		}
		for i := range to {
			x := binary.LittleEndian.Uint32(src[4*i:])
			if to[i] = int64(int32(x)); c.unsigned {
				to[i] = int64(x)
			}
		}
	case column.Int, column.Date:
		to := column.Values[int32](out)[base : base+n]
		copyBytes(to, src)
		if c.unsigned {
			for _, x := range to {
				if x < 0 {
					return errRange
				}
			}
		}
	case column.Float:
		copyBytes(column.Values[float32](out)[base:base+n], src)
	case column.Double:
		to := column.Values[float64](out)[base : base+n]
		switch {
		case c.width == 8:
			copyBytes(to, src)
			return nil
		case c.physical == parquet.Int32:
			for i := range to {
				x := binary.LittleEndian.Uint32(src[4*i:])
				if to[i] = float64(int32(x)); c.unsigned {
					to[i] = float64(x)
				}
			}
			return nil
		}
		for i := range to {
			to[i] = float64(*(*float32)(unsafe.Pointer(&src[4*i])))
		}
	case column.Char, column.VarChar, column.Binary, column.VarBinary:
		block := src[:min(len(src)+padding, cap(src))]
		lent := out.Lend(block)
		to := column.Values[column.View](out)[base : base+n]
		for i := range to {
			to[i] = column.MakeView(block, lent, i*c.width, c.width)
		}
	case column.Decimal:
		return c.decimals(src, column.Values[column.Int128](out)[base:base+n])
	case column.Timestamp, column.TimestampLTZ:
		return c.timestamps(src, column.Values[int64](out)[base:base+n])
	}
	return nil
}

// copyBytes fills to with values of the same width from src.
func copyBytes[T column.Fixed](to []T, src []byte) {
	if len(to) > 0 {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&to[0])), len(src)), src)
	}
}

// signed refuses values without sign that a BIGINT cannot hold.
func (c *converter) signed(x []int64) error {
	if c.unsigned {
		for _, x := range x {
			if x < 0 {
				return errRange
			}
		}
	}
	return nil
}

// narrow hands on values of 32 bits that must fit fewer.
func (c *converter) narrow(src []byte, set func(i int, x int32) bool) error {
	fits := true
	for i := range len(src) / 4 {
		fits = set(i, int32(binary.LittleEndian.Uint32(src[4*i:]))) && fits
	}
	if !fits {
		return errRange
	}
	return nil
}

// times reads times of the day as milliseconds.
func (c *converter) times(src []byte, to []int32) error {
	if c.width == 4 {
		copyBytes(to, src)
	} else {
		for i := range to {
			to[i] = int32(int64(binary.LittleEndian.Uint64(src[8*i:])) / max(1, c.unit/1000))
		}
	}
	for _, x := range to {
		if uint32(x) >= 86400e3 {
			return errRange
		}
	}
	return nil
}

func (c *converter) decimals(src []byte, to []column.Int128) error {
	switch c.physical {
	case parquet.Int32:
		for i := range to {
			x := binary.LittleEndian.Uint32(src[4*i:])
			if to[i] = column.Int128Of(int64(int32(x))); c.unsigned {
				to[i] = column.Int128Of(int64(x))
			}
		}
	case parquet.Int64:
		for i := range to {
			x := binary.LittleEndian.Uint64(src[8*i:])
			if to[i] = column.Int128Of(int64(x)); c.unsigned {
				to[i] = column.Int128{Lo: x}
			}
		}
	default:
		for i := range to {
			to[i] = bigEndian(src[i*c.width : (i+1)*c.width])
		}
	}
	for i := range to {
		x, err := c.scale(to[i])
		if err != nil {
			return err
		}
		to[i] = x
	}
	return nil
}

// decimal reads a two's complement number of any length.
func (c *converter) decimal(b []byte) (column.Int128, error) {
	for len(b) > 16 { // bytes in front that only repeat the sign
		if sign := b[1] >> 7 * 0xff; b[0] != sign {
			return column.Int128{}, errRange
		}
		b = b[1:]
	}
	return c.scale(bigEndian(b))
}

// scale makes a file's decimal the table's.
func (c *converter) scale(x column.Int128) (column.Int128, error) {
	ok := true
	if c.shift > 0 {
		x, ok = x.Rescale(0, c.shift)
	}
	if !ok || !x.Fits(int(c.leaf.typ.Precision)) {
		return x, errRange
	}
	return x, nil
}

// bigEndian reads a two's complement number of at most 16 bytes.
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

func (c *converter) timestamps(src []byte, to []int64) error {
	unit := c.leaf.typ.TimeUnit()
	if c.width == 8 {
		if c.unit == unit {
			copyBytes(to, src)
			return nil
		}
		for i := range to {
			x, ok := rescale(int64(binary.LittleEndian.Uint64(src[8*i:])), c.unit, unit)
			if !ok {
				return errRange
			}
			to[i] = x
		}
		return nil
	}
	if c.width == 4 { // dates
		for i := range to {
			x, ok := rescale(int64(int32(binary.LittleEndian.Uint32(src[4*i:])))*secondsPerDay, 1, unit)
			if !ok {
				return errRange
			}
			to[i] = x
		}
		return nil
	}
	perDay, nanosPer := secondsPerDay*unit, uint64(1e9/unit)
	for i := range to {
		// INT96: nanoseconds of the day, then the Julian day.
		nanos := int64(binary.LittleEndian.Uint64(src[12*i:]))
		if day := int64(int32(binary.LittleEndian.Uint32(src[12*i+8:]))) - julianEpoch; uint64(nanos) < secondsPerDay*1e9 && c.zone == nil && unit <= 1000 {
			to[i] = day*perDay + int64(uint64(nanos)/nanosPer)
			continue
		}
		seconds := (int64(int32(binary.LittleEndian.Uint32(src[12*i+8:]))) - julianEpoch) * secondsPerDay
		q, r := floorDiv(nanos, 1e9) // Flink writes times before 1970 with negative ones
		seconds, nanos = seconds+q, r
		if c.zone != nil {
			seconds += column.OffsetAt(seconds, c.zone)
		}
		x, ok := rescale(seconds, 1, unit)
		if !ok {
			return errRange
		}
		to[i] = x + nanos/(1e9/unit)
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
