package avro

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/millstream/millstream/column"
)

// cursor is where a block is read.
type cursor struct {
	data  []byte
	depth int
}

func (c *cursor) long() (int64, error) {
	x, n := binary.Varint(c.data)
	if n <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	c.data = c.data[n:]
	return x, nil
}

// take returns the next n bytes.
func (c *cursor) take(n int64) ([]byte, error) {
	if n < 0 || n > int64(len(c.data)) {
		return nil, io.ErrUnexpectedEOF
	}
	b := c.data[:n:n]
	c.data = c.data[n:]
	return b, nil
}

// sized returns the next bytes, behind which their number stands before.
func (c *cursor) sized() ([]byte, error) {
	n, err := c.long()
	if err != nil {
		return nil, err
	}
	return c.take(n)
}

// index reads the number of one of n branches or symbols.
func (c *cursor) index(n int) (int, error) {
	i, err := c.long()
	if err == nil && (i < 0 || i >= int64(n)) {
		err = fmt.Errorf("it says number %d of %d", i, n)
	}
	return int(i), err
}

// freeItems is how many items of a list may take no bytes.
const freeItems = 1 << 16

// items reads how many items of an array or a map come next, which end with 0.
func (c *cursor) items() (n int64, err error) {
	if n, err = c.long(); err != nil {
		return 0, err
	}
	if n < 0 {
		n = -n
		if _, err := c.long(); err != nil { // their bytes
			return 0, err
		}
	}
	if n < 0 || n > int64(len(c.data))+freeItems {
		return 0, fmt.Errorf("a list says it has %d items, and %d bytes are left", n, len(c.data))
	}
	return n, nil
}

var errDeep = fmt.Errorf("a value has more than %d levels", maxDepth)

// skip leaves a value out.
func (c *cursor) skip(n *node) (err error) {
	if c.depth++; c.depth > maxDepth {
		return errDeep
	}
	defer func() { c.depth-- }()
	switch n.kind {
	case null:
	case boolean:
		_, err = c.take(1)
	case integer, long, enum:
		_, err = c.long()
	case float:
		_, err = c.take(4)
	case double:
		_, err = c.take(8)
	case bytesKind, text:
		_, err = c.sized()
	case fixed:
		_, err = c.take(int64(n.size))
	case record:
		for _, in := range n.inner {
			if err := c.skip(in); err != nil {
				return err
			}
		}
	case union:
		i, err := c.index(len(n.inner))
		if err != nil {
			return err
		}
		return c.skip(n.inner[i])
	case array, mapping:
		for {
			count, err := c.items()
			if err != nil || count == 0 {
				return err
			}
			for range count {
				if n.kind == mapping {
					if _, err := c.sized(); err != nil {
						return err
					}
				}
				if err := c.skip(n.inner[0]); err != nil {
					return err
				}
			}
		}
	}
	return err
}

// value appends a value to a vector of the plan's type.
func (c *cursor) value(p *plan, v *column.Vector) error {
	switch p.node.kind {
	case null:
		if p.typ.NotNull {
			return errors.New("it is NULL, and the column is NOT NULL")
		}
		v.AppendNull()
		return nil
	case union:
		i, err := c.index(len(p.inner))
		if err != nil {
			return err
		}
		return c.value(p.inner[i], v)
	case record:
		if err := c.fields(p, v.Children); err != nil {
			return err
		}
		v.AppendStruct()
		return nil
	case array, mapping:
		return c.list(p, v)
	}
	return c.scalar(p, v)
}

// fields appends a record's fields to columns.
func (c *cursor) fields(p *plan, cols []*column.Vector) (err error) {
	for k, in := range p.inner {
		if in == nil {
			err = c.skip(p.node.inner[k])
		} else {
			err = c.value(in, cols[p.child[k]])
		}
		if err != nil {
			return fmt.Errorf("field '%s': %w", p.node.names[k], err)
		}
	}
	return nil
}

func (c *cursor) list(p *plan, v *column.Vector) error {
	sum := int64(0)
	for {
		count, err := c.items()
		if err != nil {
			return err
		}
		if count == 0 {
			v.AppendList(int(sum))
			return nil
		}
		if sum += count; sum > math.MaxInt32 {
			return errors.New("a list is too long")
		}
		for range count {
			values := v.Children[0]
			if p.node.kind == mapping {
				key, err := c.sized()
				if err != nil {
					return err
				}
				values.AppendBytes(key)
				values = v.Children[1]
			}
			if err := c.value(p.inner[0], values); err != nil {
				return err
			}
		}
	}
}

func (c *cursor) scalar(p *plan, v *column.Vector) error {
	switch p.node.kind {
	case boolean:
		b, err := c.take(1)
		if err != nil {
			return err
		}
		v.AppendBool(b[0] != 0)
	case integer, long:
		x, err := c.long()
		if err != nil {
			return err
		}
		return p.number(x, v)
	case float:
		b, err := c.take(4)
		if err != nil {
			return err
		}
		x := math.Float32frombits(binary.LittleEndian.Uint32(b))
		if p.typ.Kind == column.Double {
			column.Append(v, float64(x))
		} else {
			column.Append(v, x)
		}
	case double:
		b, err := c.take(8)
		if err != nil {
			return err
		}
		column.Append(v, math.Float64frombits(binary.LittleEndian.Uint64(b)))
	case enum:
		i, err := c.index(len(p.node.symbols))
		if err != nil {
			return err
		}
		v.AppendString(p.node.symbols[i])
	default:
		b, err := c.bytes(p.node)
		if err != nil {
			return err
		}
		if p.typ.Kind == column.Decimal {
			return p.decimal(b, v)
		}
		v.AppendBytes(b)
	}
	return nil
}

func (c *cursor) bytes(n *node) ([]byte, error) {
	if n.kind == fixed {
		return c.take(int64(n.size))
	}
	return c.sized()
}

const secondsPerDay = 86400

// number appends an integer, or a time.
func (p *plan) number(x int64, v *column.Vector) error {
	if p.days {
		y, ok := rescale(x*secondsPerDay, 1, p.typ.TimeUnit())
		if !ok || int64(int32(x)) != x {
			return p.out(x)
		}
		x = y
	}
	if p.units[0] != 0 {
		y, ok := rescale(x, p.units[0], p.units[1])
		if !ok {
			return p.out(x)
		}
		x = y
	}
	switch p.typ.Kind {
	case column.TinyInt:
		if int64(int8(x)) != x {
			return p.out(x)
		}
		column.Append(v, int8(x))
	case column.SmallInt:
		if int64(int16(x)) != x {
			return p.out(x)
		}
		column.Append(v, int16(x))
	case column.Int, column.Date, column.Time:
		if int64(int32(x)) != x {
			return p.out(x)
		}
		column.Append(v, int32(x))
	case column.Double:
		column.Append(v, float64(x))
	case column.Decimal:
		d, ok := column.Int128Of(x).Rescale(0, int(p.typ.Scale))
		if !ok || !d.Fits(int(p.typ.Precision)) {
			return p.out(x)
		}
		column.Append(v, d)
	default:
		column.Append(v, x)
	}
	return nil
}

func (p *plan) out(x int64) error {
	return fmt.Errorf("%d is out of range for %s", x, p.typ.Optional())
}

// rescale converts between units of a second, towards the past where digits are lost.
func rescale(x, from, to int64) (int64, bool) {
	if to >= from {
		y := x * (to / from)
		return y, y/(to/from) == x
	}
	f := from / to
	y := x / f
	if x%f < 0 {
		y--
	}
	return y, true
}

// decimal appends a big-endian number.
func (p *plan) decimal(b []byte, v *column.Vector) error {
	for len(b) > 16 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xFF && b[1] >= 0x80) {
		b = b[1:]
	}
	if len(b) > 16 {
		return fmt.Errorf("a decimal of %d bytes is out of range for %s", len(b), p.typ.Optional())
	}
	var d column.Int128
	if len(b) > 0 && b[0] >= 0x80 {
		d = column.Int128{Lo: math.MaxUint64, Hi: -1}
	}
	for _, x := range b {
		d.Hi = d.Hi<<8 | int64(d.Lo>>56)
		d.Lo = d.Lo<<8 | uint64(x)
	}
	d, ok := d.Rescale(p.node.scale, int(p.typ.Scale))
	if !ok || !d.Fits(int(p.typ.Precision)) {
		return fmt.Errorf("%s is out of range for %s", column.AppendDecimal(nil, d, int(p.typ.Scale)), p.typ.Optional())
	}
	column.Append(v, d)
	return nil
}
