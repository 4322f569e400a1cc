package datagen

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"

	"github.com/millstream/millstream/column"
)

// fill adds the values of r's rows to the vector.
func (g *generator) fill(v *column.Vector, r rows) {
	switch {
	case g.t.Layout() == column.LayoutList:
		g.collections(v, r)
	case g.t.Layout() == column.LayoutStruct:
		for i, c := range g.children {
			v.Reserve(r.n) // makes the children
			c.fill(v.Children[i], r)
		}
		for range r.n {
			v.AppendStruct()
		}
	case g.sequence:
		g.count(v, r)
	default:
		from := v.Len
		v.Resize(from + r.n)
		g.scalars(v, from, r)
	}
	if g.nulls == 0 {
		return
	}
	from := v.Len - r.n
	for i := range r.n {
		if g.word(r.seed, r.first+int64(i)*r.step, 1) < g.nulls {
			v.SetNull(from + i)
		}
	}
}

// scalars writes random values to rows from on, which exist.
func (g *generator) scalars(v *column.Vector, from int, r rows) {
	switch g.t.Kind {
	case column.Boolean:
		bits := v.Bits()
		for i := range r.n {
			bits.Put(from+i, g.word(r.seed, r.first+int64(i)*r.step, 0)>>63 != 0)
		}
	case column.TinyInt:
		integers(g, column.Values[int8](v)[from:], r)
	case column.SmallInt:
		integers(g, column.Values[int16](v)[from:], r)
	case column.Int, column.IntervalYearMonth:
		integers(g, column.Values[int32](v)[from:], r)
	case column.BigInt, column.IntervalDayTime:
		integers(g, column.Values[int64](v)[from:], r)
	case column.Float:
		floats(g, column.Values[float32](v)[from:], r)
	case column.Double:
		floats(g, column.Values[float64](v)[from:], r)
	case column.Decimal:
		g.decimals(column.Values[column.Int128](v)[from:], r)
	case column.Date:
		_, offset := r.now.Zone()
		today := int32((r.now.Unix() + int64(offset)) / 86400)
		values := column.Values[int32](v)[from:]
		for i := range r.n {
			values[i] = today
		}
	case column.Time:
		values := column.Values[int32](v)[from:]
		h, m, s := r.now.Clock()
		for i := range r.n {
			values[i] = int32((h*3600+m*60+s)*1000 + r.now.Nanosecond()/1e6)
		}
	case column.Timestamp, column.TimestampLTZ:
		g.timestamps(column.Values[int64](v)[from:], r)
	default:
		g.texts(v, from, r)
	}
}

func integers[T int8 | int16 | int32 | int64](g *generator, values []T, r rows) {
	row := r.first
	for i := range values[:r.n] {
		values[i] = T(uint64(g.start) + upTo(g.word(r.seed, row, 0), g.span))
		row += r.step
	}
}

func floats[T float32 | float64](g *generator, values []T, r rows) {
	row := r.first
	for i := range values[:r.n] {
		values[i] = T(g.low + unit(g.word(r.seed, row, 0))*(g.high-g.low))
		row += r.step
	}
}

// decimals writes random decimals. Up to 15 digits a float64 holds them exactly; longer ones get random digits behind.
func (g *generator) decimals(values []column.Int128, r rows) {
	precision, scale := int(g.t.Precision), int(g.t.Scale)
	drop := max(0, precision-15)
	unscaled := math.Pow10(scale - drop)
	low, high := math.Ceil(g.low*unscaled), math.Floor(g.high*unscaled)
	most := math.Pow10(precision-drop) - 1
	low, high = max(low, -most), min(high, most)
	row := r.first
	for i := range values[:r.n] {
		x := math.Round(low + unit(g.word(r.seed, row, 0))*(high-low))
		d := column.Int128Of(int64(x))
		k := uint64(2)
		for left := drop; left > 0 && x < high && x > low; k++ {
			digits := min(left, 18)
			scale := uint64(1)
			for range digits {
				scale *= 10
			}
			part := column.Int128Of(int64(upTo(g.word(r.seed, row, k), scale-1)))
			d, _ = d.Mul64(scale)
			if x < 0 {
				part = part.Neg()
			}
			d = d.Add(part)
			left -= digits
		}
		if drop > 0 && k == 2 { // at the very ends of the range
			d, _ = d.Rescale(0, drop)
		}
		values[i] = d
		row += r.step
	}
}

func (g *generator) timestamps(values []int64, r rows) {
	now := r.now
	if g.t.Kind == column.Timestamp { // local time
		_, offset := now.Zone()
		now = now.Add(time.Duration(offset) * time.Second)
	}
	unit := int64(time.Second) / g.t.TimeUnit()
	row := r.first
	for i := range values[:r.n] {
		values[i] = (now.UnixNano() - int64(upTo(g.word(r.seed, row, 0), uint64(g.past)))) / unit
		row += r.step
	}
}

// hexPairs are the two hexadecimal digits of each byte.
var hexPairs = func() (pairs [256]uint16) {
	const digits = "0123456789abcdef"
	for i := range pairs {
		pairs[i] = uint16(digits[i>>4]) | uint16(digits[i&15])<<8
	}
	return pairs
}()

// texts writes random hexadecimal digits, or bytes, to rows from on.
func (g *generator) texts(v *column.Vector, from int, r rows) {
	buf := make([]byte, (g.length+15)&^15)
	isText := g.t.IsText()
	for i := range r.n {
		row := r.first + int64(i)*r.step
		n := g.length
		if g.varies {
			n = 1 + int(upTo(g.word(r.seed, row, 0), uint64(g.length-1)))
		}
		for at, k := 0, uint64(2); at < n; k++ {
			w := g.word(r.seed, row, k)
			if !isText {
				binary.LittleEndian.PutUint64(buf[at:], w)
				at += 8
				continue
			}
			for j := 0; j < 16; j += 2 {
				binary.LittleEndian.PutUint16(buf[at+j:], hexPairs[w&255])
				w >>= 8
			}
			at += 16
		}
		column.Values[column.View](v)[from+i] = v.Hold(buf[:n])
	}
}

// count adds a sequence's values.
func (g *generator) count(v *column.Vector, r rows) {
	var buf []byte
	for i := range r.n {
		x := g.start + r.first + int64(i)*r.step
		switch g.t.Kind {
		case column.TinyInt:
			column.Append(v, int8(x))
		case column.SmallInt:
			column.Append(v, int16(x))
		case column.Int:
			column.Append(v, int32(x))
		case column.BigInt:
			column.Append(v, x)
		case column.Float:
			column.Append(v, float32(x))
		case column.Double:
			column.Append(v, float64(x))
		case column.Decimal:
			d, _ := column.Int128Of(x).Rescale(0, int(g.t.Scale))
			column.Append(v, d)
		default:
			buf = strconv.AppendInt(buf[:0], x, 10)
			v.AppendBytes(buf)
		}
	}
}

// collections adds arrays, maps and multisets of the same length. Their elements are numbered on from row to row.
func (g *generator) collections(v *column.Vector, r rows) {
	v.Reserve(v.Len + r.n) // makes the children
	inner := rows{seed: r.seed, step: 1, n: g.length, now: r.now}
	for i := range r.n {
		inner.first = (r.first + int64(i)*r.step) * int64(g.length)
		if g.length > 0 {
			for c, child := range g.children {
				child.fill(v.Children[c], inner)
			}
		}
		v.AppendList(g.length)
	}
}
