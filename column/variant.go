package column

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"sort"
	"strconv"

	"github.com/millstream/millstream/column/jsontext"
)

// VariantValue is a value of type VARIANT, or a part of one: names of members, and a value in Parquet's variant encoding. It
// points into the bytes that [VariantOf] was given.
type VariantValue struct {
	names []byte // the metadata: a dictionary of names
	value []byte
}

// The basic types, which the two lowest bits of a value's first byte name.
const (
	variantPrimitive = iota
	variantShort     // a text of up to 63 bytes
	variantObject
	variantArray
)

// The primitive types, by the upper bits of the first byte.
const (
	variantNull = iota
	variantTrue
	variantFalse
	variantInt8
	variantInt16
	variantInt32
	variantInt64
	variantDouble
	variantDecimal4
	variantDecimal8
	variantDecimal16
	variantDate
	variantTimestampLTZ // microseconds
	variantTimestamp
	variantFloat
	variantBinary
	variantString
	variantTime // microseconds
	variantTimestampLTZNanos
	variantTimestampNanos
	variantUUID
)

// noNames is the metadata of a value without members.
var noNames = []byte{1, 0, 0}

// VariantOf takes the bytes of a VARIANT apart. Bytes that are none give a null.
func VariantOf(b []byte) VariantValue {
	if len(b) > 0 {
		size := int(b[0]>>6) + 1
		if n, ok := little(b, 1, size); ok && n < len(b) {
			if end, ok := little(b, 1+size*(n+1), size); ok {
				if end += 1 + size*(n+2); end < len(b) {
					return VariantValue{b[:end], b[end:]}
				}
			}
		}
	}
	return VariantValue{noNames, []byte{variantNull << 2}}
}

// little reads an unsigned number of size bytes.
func little(b []byte, at, size int) (int, bool) {
	if at < 0 || at+size > len(b) {
		return 0, false
	}
	x := 0
	for i := size - 1; i >= 0; i-- {
		x = x<<8 | int(b[at+i])
	}
	return x, x <= math.MaxInt32
}

func (v VariantValue) basic() int {
	if len(v.value) == 0 {
		return variantPrimitive
	}
	return int(v.value[0] & 3)
}

// IsObject reports whether the value has members.
func (v VariantValue) IsObject() bool { return v.basic() == variantObject }

// IsArray reports whether the value has elements.
func (v VariantValue) IsArray() bool { return v.basic() == variantArray }

// container is where the parts of an object or array lie.
type container struct {
	n, ids, idSize, offsets, offsetSize, values int
}

func (v VariantValue) container() (c container, ok bool) {
	if len(v.value) == 0 {
		return c, false
	}
	h := int(v.value[0] >> 2)
	large := h>>2&1 != 0
	c.offsetSize = h&3 + 1
	if v.IsObject() {
		large = h>>4&1 != 0
		c.idSize = h>>2&3 + 1
	}
	size := 1
	if large {
		size = 4
	}
	if c.n, ok = little(v.value, 1, size); !ok {
		return c, false
	}
	c.ids = 1 + size
	c.offsets = c.ids + c.n*c.idSize
	c.values = c.offsets + (c.n+1)*c.offsetSize
	return c, c.n < len(v.value) && c.values <= len(v.value)
}

// part is the value at place i of a container.
func (v VariantValue) part(c container, i int) VariantValue {
	at, ok := little(v.value, c.offsets+i*c.offsetSize, c.offsetSize)
	if at += c.values; !ok || at >= len(v.value) {
		return VariantValue{v.names, nil}
	}
	return VariantValue{v.names, v.value[at:]}
}

// name is the name of the member at place i of an object.
func (v VariantValue) name(c container, i int) []byte {
	id, ok := little(v.value, c.ids+i*c.idSize, c.idSize)
	if !ok || len(v.names) == 0 {
		return nil
	}
	size := int(v.names[0]>>6) + 1
	n, _ := little(v.names, 1, size)
	from, ok1 := little(v.names, 1+size*(id+1), size)
	to, ok2 := little(v.names, 1+size*(id+2), size)
	text := 1 + size*(n+2)
	if from, to = from+text, to+text; id >= n || !ok1 || !ok2 || from > to || to > len(v.names) {
		return nil
	}
	return v.names[from:to]
}

// Len is the number of members or elements; 0 of a scalar.
func (v VariantValue) Len() int {
	if v.IsObject() || v.IsArray() {
		if c, ok := v.container(); ok {
			return c.n
		}
	}
	return 0
}

// Member returns an object's member.
func (v VariantValue) Member(name []byte) (VariantValue, bool) {
	c, ok := v.container()
	if !ok || !v.IsObject() {
		return v, false
	}
	i := sort.Search(c.n, func(i int) bool { return string(v.name(c, i)) >= string(name) })
	if i == c.n || string(v.name(c, i)) != string(name) {
		return v, false
	}
	return v.part(c, i), true
}

// Element returns an array's element, counted from 0.
func (v VariantValue) Element(i int) (VariantValue, bool) {
	c, ok := v.container()
	if !ok || !v.IsArray() || i < 0 || i >= c.n {
		return v, false
	}
	return v.part(c, i), true
}

// AppendTo adds the bytes of the value as a VARIANT of its own.
func (v VariantValue) AppendTo(dst []byte) []byte {
	names := v.names
	if b := v.basic(); b == variantPrimitive || b == variantShort {
		names = noNames
	}
	dst = append(dst, names...)
	return append(dst, v.value[:v.size()]...)
}

// size is the number of bytes of the value; what is beyond its container's end does not count.
func (v VariantValue) size() int {
	if len(v.value) == 0 {
		return 0
	}
	h, n := int(v.value[0]>>2), 0
	switch v.basic() {
	case variantShort:
		n = 1 + h
	case variantObject, variantArray:
		c, ok := v.container()
		if !ok {
			return len(v.value)
		}
		end, _ := little(v.value, c.offsets+c.n*c.offsetSize, c.offsetSize)
		n = c.values + end
	default:
		if h == variantBinary || h == variantString {
			n, _ = little(v.value, 1, 4)
			n += 5
		} else if n = 1; h < len(variantSizes) {
			n += int(variantSizes[h])
		}
	}
	return min(n, len(v.value))
}

var variantSizes = [...]uint8{variantInt8: 1, variantInt16: 2, variantInt32: 4, variantInt64: 8, variantDouble: 8, variantDecimal4: 5,
	variantDecimal8: 9, variantDecimal16: 17, variantDate: 4, variantTimestampLTZ: 8, variantTimestamp: 8, variantFloat: 4,
	variantTime: 8, variantTimestampLTZNanos: 8, variantTimestampNanos: 8, variantUUID: 16}

// AppendJSON writes the value as JSON, members by name. Dates, times and the like are texts, binary values base64.
func (v VariantValue) AppendJSON(dst []byte) []byte {
	rest := len(v.value)
	return v.appendJSON(dst, 0, &rest)
}

// appendJSON takes the bytes of what it writes from rest: parts that lie over each other, as those of no proper value do, are null.
func (v VariantValue) appendJSON(dst []byte, depth int, rest *int) []byte {
	size := 1
	if b := v.basic(); b == variantPrimitive || b == variantShort {
		size = v.size()
	}
	if *rest -= size; len(v.value) == 0 || depth > jsontext.MaxDepth || *rest < 0 {
		return append(dst, "null"...)
	}
	switch v.basic() {
	case variantShort:
		return jsontext.AppendQuoted(dst, v.value[1:v.size()])
	case variantPrimitive:
		return v.appendPrimitive(dst)
	}
	c, ok := v.container()
	if !ok {
		return append(dst, "null"...)
	}
	open, end := byte('['), byte(']')
	if v.IsObject() {
		open, end = '{', '}'
	}
	dst = append(dst, open)
	for i := range c.n {
		if i > 0 {
			dst = append(dst, ',')
		}
		if v.IsObject() {
			dst = append(jsontext.AppendQuoted(dst, v.name(c, i)), ':')
		}
		dst = v.part(c, i).appendJSON(dst, depth+1, rest)
	}
	return append(dst, end)
}

func (v VariantValue) appendPrimitive(dst []byte) []byte {
	kind := int(v.value[0] >> 2)
	b := v.value[1:v.size()]
	if kind < len(variantSizes) && len(b) < int(variantSizes[kind]) {
		return append(dst, "null"...) // cut off
	}
	quoted := func(f func(dst []byte) []byte) []byte { return append(f(append(dst, '"')), '"') }
	stamp := func(t Type) []byte {
		return quoted(func(dst []byte) []byte { return AppendTimestamp(dst, int64(binary.LittleEndian.Uint64(b)), t) })
	}
	switch kind {
	case variantTrue:
		return append(dst, "true"...)
	case variantFalse:
		return append(dst, "false"...)
	case variantInt8:
		return strconv.AppendInt(dst, int64(int8(b[0])), 10)
	case variantInt16:
		return strconv.AppendInt(dst, int64(int16(binary.LittleEndian.Uint16(b))), 10)
	case variantInt32:
		return strconv.AppendInt(dst, int64(int32(binary.LittleEndian.Uint32(b))), 10)
	case variantInt64:
		return strconv.AppendInt(dst, int64(binary.LittleEndian.Uint64(b)), 10)
	case variantDouble:
		return AppendFloat(dst, math.Float64frombits(binary.LittleEndian.Uint64(b)), 64)
	case variantFloat:
		return AppendFloat(dst, float64(math.Float32frombits(binary.LittleEndian.Uint32(b))), 32)
	case variantDecimal4:
		return appendStripped(dst, Int128Of(int64(int32(binary.LittleEndian.Uint32(b[1:])))), int(b[0]))
	case variantDecimal8:
		return appendStripped(dst, Int128Of(int64(binary.LittleEndian.Uint64(b[1:]))), int(b[0]))
	case variantDecimal16:
		x := Int128{Lo: binary.LittleEndian.Uint64(b[1:]), Hi: int64(binary.LittleEndian.Uint64(b[9:]))}
		return appendStripped(dst, x, int(b[0]))
	case variantDate:
		return quoted(func(dst []byte) []byte { return AppendDate(dst, int(int32(binary.LittleEndian.Uint32(b)))) })
	case variantTimestampLTZ, variantTimestamp:
		return stamp(Sized(Timestamp, 6))
	case variantTimestampLTZNanos, variantTimestampNanos:
		return stamp(Sized(Timestamp, 9))
	case variantTime:
		us := int64(binary.LittleEndian.Uint64(b))
		return quoted(func(dst []byte) []byte { return appendFraction(appendClock(dst, us/1e6%86400), us%1e6*1e3, 6) })
	case variantBinary, variantUUID:
		if kind == variantBinary {
			b = b[min(4, len(b)):]
		}
		return quoted(func(dst []byte) []byte { return base64.StdEncoding.AppendEncode(dst, b) })
	case variantString:
		return jsontext.AppendQuoted(dst, b[min(4, len(b)):])
	}
	return append(dst, "null"...)
}

// appendStripped writes a decimal number without zeros at the end of its fraction.
func appendStripped(dst []byte, x Int128, scale int) []byte {
	from := len(dst)
	dst = AppendDecimal(dst, x, min(scale, 38))
	if scale > 0 {
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
		if dst[len(dst)-1] == '.' {
			dst = dst[:len(dst)-1]
		}
	}
	if string(dst[from:]) == "-0" {
		dst = append(dst[:from], '0')
	}
	return dst
}
