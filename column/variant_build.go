package column

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"

	"github.com/millstream/millstream/column/jsontext"
)

// VariantBuilder makes values of type VARIANT from JSON. It holds the memory for that, so it belongs to one task.
type VariantBuilder struct {
	names   [][]byte // of all members, sorted and each once
	spare   []byte   // names that have escapes
	fields  []variantField
	offsets []int
}

type variantField struct {
	id, node int
}

// DuplicateError says that an object has two members of one name.
type DuplicateError struct{ Name string }

// Error names the member.
func (e *DuplicateError) Error() string {
	return fmt.Sprintf("the member %q is there twice in an object", e.Name)
}

// Append adds the VARIANT of the document's value to dst. Of members of one name the last one counts if that is allowed; otherwise
// they are a [*DuplicateError].
func (b *VariantBuilder) Append(dst []byte, d *jsontext.Doc, allowDuplicates bool) ([]byte, error) {
	b.collect(d)
	dst = b.metadata(dst)
	b.fields, b.offsets = b.fields[:0], b.offsets[:0]
	return b.value(dst, d, 0, allowDuplicates)
}

// collect lists the names of all members.
func (b *VariantBuilder) collect(d *jsontext.Doc) {
	b.names, b.spare = b.names[:0], b.spare[:0]
	for n := range d.Nodes {
		if d.Nodes[n].Kind != jsontext.Object {
			continue
		}
		for c := int32(n) + 1; c < d.Nodes[n].Next; c = d.Nodes[c+1].Next {
			b.names = append(b.names, b.name(d, c))
		}
	}
	slices.SortFunc(b.names, bytes.Compare)
	b.names = slices.CompactFunc(b.names, bytes.Equal)
}

func (b *VariantBuilder) name(d *jsontext.Doc, n int32) []byte {
	x := &d.Nodes[n]
	if !x.Escaped {
		return d.Text[x.From:x.To]
	}
	from := len(b.spare)
	b.spare = d.AppendValue(b.spare, n)
	return b.spare[from:len(b.spare):len(b.spare)]
}

// widthOf is the number of bytes that hold x.
func widthOf(x int) int {
	n := 1
	for ; x > 255; x >>= 8 {
		n++
	}
	return n
}

// appendLittle adds the size lowest bytes of x.
func appendLittle(dst []byte, x, size int) []byte {
	for range size {
		dst = append(dst, byte(x))
		x >>= 8
	}
	return dst
}

func (b *VariantBuilder) metadata(dst []byte) []byte {
	total := 0
	for _, name := range b.names {
		total += len(name)
	}
	size := widthOf(max(total, len(b.names)))
	const version, sorted = 1, 1 << 4
	flag := 0
	if len(b.names) > 0 {
		flag = sorted
	}
	dst = append(dst, byte((size-1)<<6|flag|version))
	dst = appendLittle(dst, len(b.names), size)
	at := 0
	for _, name := range b.names {
		dst = appendLittle(dst, at, size)
		at += len(name)
	}
	dst = appendLittle(dst, at, size)
	for _, name := range b.names {
		dst = append(dst, name...)
	}
	return dst
}

func (b *VariantBuilder) value(dst []byte, d *jsontext.Doc, n int32, allowDuplicates bool) ([]byte, error) {
	x := &d.Nodes[n]
	switch x.Kind {
	case jsontext.True:
		return append(dst, variantTrue<<2), nil
	case jsontext.False:
		return append(dst, variantFalse<<2), nil
	case jsontext.Int, jsontext.Float:
		return appendVariantNumber(dst, d.Text[x.From:x.To], x.Kind == jsontext.Int), nil
	case jsontext.String:
		return appendVariantText(dst, d, n), nil
	case jsontext.Array:
		return b.array(dst, d, n, allowDuplicates)
	case jsontext.Object:
		return b.object(dst, d, n, allowDuplicates)
	}
	return append(dst, variantNull<<2), nil
}

func appendVariantText(dst []byte, d *jsontext.Doc, n int32) []byte {
	start := len(dst)
	dst = d.AppendValue(append(dst, 0), n)
	length := len(dst) - start - 1
	if length < 64 {
		dst[start] = byte(length<<2 | variantShort)
		return dst
	}
	dst = append(dst, 0, 0, 0, 0)
	copy(dst[start+5:], dst[start+1:])
	dst[start] = variantString << 2
	binary.LittleEndian.PutUint32(dst[start+1:], uint32(length))
	return dst
}

// appendVariantNumber adds an integer in as few bytes as it needs, another number without exponent as a decimal of up to 38 digits, and
// what is left as a DOUBLE.
func appendVariantNumber(dst, text []byte, whole bool) []byte {
	if whole {
		if x, err := strconv.ParseInt(unsafeString(text), 10, 64); err == nil {
			switch {
			case x == int64(int8(x)):
				return append(dst, variantInt8<<2, byte(x))
			case x == int64(int16(x)):
				return appendLittle(append(dst, variantInt16<<2), int(x), 2)
			case x == int64(int32(x)):
				return appendLittle(append(dst, variantInt32<<2), int(x), 4)
			}
			return appendLittle(append(dst, variantInt64<<2), int(x), 8)
		}
	}
	if d, scale, ok := plainDecimal(text); ok {
		switch {
		case d.Fits(9):
			return appendLittle(append(dst, variantDecimal4<<2, byte(scale)), int(d.Lo), 4)
		case d.Fits(18):
			return appendLittle(append(dst, variantDecimal8<<2, byte(scale)), int(d.Lo), 8)
		}
		dst = append(dst, variantDecimal16<<2, byte(scale))
		return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(dst, d.Lo), uint64(d.Hi))
	}
	f, _ := strconv.ParseFloat(unsafeString(text), 64) // out of range is infinite
	return binary.LittleEndian.AppendUint64(append(dst, variantDouble<<2), math.Float64bits(f))
}

// plainDecimal reads a number that is written without exponent.
func plainDecimal(text []byte) (d Int128, scale int, ok bool) {
	if at := bytes.IndexByte(text, '.'); at >= 0 {
		scale = len(text) - at - 1
	}
	if bytes.ContainsAny(text, "eE") || scale > 38 {
		return d, 0, false
	}
	d, ok = ParseDecimal(text, scale)
	return d, scale, ok && d.Fits(38)
}

// wrap puts a container's header before the parts that stand from start on; offsets are theirs.
func wrap(dst []byte, start, kind int, ids []variantField, offsets []int) []byte {
	n, size, idSize := len(offsets)-1, widthOf(offsets[len(offsets)-1]), 0
	large, countSize := 0, 1
	if n > 255 {
		large, countSize = 1, 4
	}
	first := kind | (size-1)<<2 | large<<4
	if kind == variantObject {
		idSize = 1
		for _, f := range ids {
			idSize = max(idSize, widthOf(f.id))
		}
		first = kind | (size-1)<<2 | (idSize-1)<<4 | large<<6
	}
	header := 1 + countSize + n*idSize + (n+1)*size
	end := len(dst)
	dst = slices.Grow(dst, header)[:end+header]
	copy(dst[start+header:], dst[start:end])
	h := append(dst[:start], byte(first))
	h = appendLittle(h, n, countSize)
	for _, f := range ids {
		h = appendLittle(h, f.id, idSize)
	}
	for _, o := range offsets {
		h = appendLittle(h, o, size)
	}
	return dst
}

func (b *VariantBuilder) array(dst []byte, d *jsontext.Doc, n int32, allowDuplicates bool) ([]byte, error) {
	start, from := len(dst), len(b.offsets)
	var err error
	for c := n + 1; c < d.Nodes[n].Next; c = d.Nodes[c].Next {
		b.offsets = append(b.offsets, len(dst)-start)
		if dst, err = b.value(dst, d, c, allowDuplicates); err != nil {
			return dst, err
		}
	}
	b.offsets = append(b.offsets, len(dst)-start)
	dst = wrap(dst, start, variantArray, nil, b.offsets[from:])
	b.offsets = b.offsets[:from]
	return dst, nil
}

func (b *VariantBuilder) object(dst []byte, d *jsontext.Doc, n int32, allowDuplicates bool) ([]byte, error) {
	start, from, first := len(dst), len(b.offsets), len(b.fields)
	for c := n + 1; c < d.Nodes[n].Next; c = d.Nodes[c+1].Next {
		name := b.name(d, c)
		id := sort.Search(len(b.names), func(i int) bool { return bytes.Compare(b.names[i], name) >= 0 })
		b.fields = append(b.fields, variantField{id, int(c) + 1})
	}
	list := b.fields[first:]
	slices.SortStableFunc(list, func(x, y variantField) int { return x.id - y.id })
	kept := list[:0]
	for _, f := range list {
		if len(kept) > 0 && kept[len(kept)-1].id == f.id {
			if !allowDuplicates {
				return dst, &DuplicateError{string(b.names[f.id])}
			}
			kept[len(kept)-1] = f
			continue
		}
		kept = append(kept, f)
	}
	b.fields = b.fields[:first+len(kept)]
	var err error
	for i := range kept {
		b.offsets = append(b.offsets, len(dst)-start)
		if dst, err = b.value(dst, d, int32(b.fields[first+i].node), allowDuplicates); err != nil {
			return dst, err
		}
	}
	b.offsets = append(b.offsets, len(dst)-start)
	dst = wrap(dst, start, variantObject, b.fields[first:], b.offsets[from:])
	b.fields, b.offsets = b.fields[:first], b.offsets[:from]
	return dst, nil
}
