package parquet

import (
	"encoding/binary"
	"math/bits"

	"github.com/millstream/millstream/column"
)

// Integers written as differences (DELTA_BINARY_PACKED), in as many whole bytes each as the widest of 32 needs. That takes a little more room than as many bits, and
// no longer to write than the values themselves.

// The sizes of blocks, in values, that most writers have.
const (
	blockValues = 128
	miniValues  = 32
	blockMinis  = blockValues / miniValues
	// mostBlock is how many bytes a block takes at most, and what stores of whole words may write behind it.
	mostBlock = binary.MaxVarintLen64 + blockMinis + 8*blockValues + 8
)

// packs reports whether values of a column can be written as differences.
func packs(v *column.Vector) bool {
	switch v.Type.Kind {
	case column.TinyInt, column.SmallInt, column.Int, column.BigInt, column.Date, column.Time, column.Timestamp, column.TimestampLTZ:
		return true
	}
	return false
}

// appendPacked appends the values of rows, which must pack, as differences.
func appendPacked(to []byte, v *column.Vector, rows []int32) []byte {
	switch v.Type.Layout() {
	case column.LayoutInt8:
		return appendDeltas(to, column.Values[int8](v), rows, true)
	case column.LayoutInt16:
		return appendDeltas(to, column.Values[int16](v), rows, true)
	case column.LayoutInt32:
		return appendDeltas(to, column.Values[int32](v), rows, true)
	}
	return appendDeltas(to, column.Values[int64](v), rows, false)
}

// appendDeltas appends values as differences. Those of 32 bits wrap around at these.
func appendDeltas[T int8 | int16 | int32 | int64](to []byte, x []T, rows []int32, narrow bool) []byte {
	to = binary.AppendUvarint(to, blockValues)
	to = binary.AppendUvarint(to, blockMinis)
	to = binary.AppendUvarint(to, uint64(len(rows)))
	if len(rows) == 0 {
		return append(to, 0)
	}
	last := int64(x[rows[0]])
	to = binary.AppendVarint(to, last)
	var d [blockValues]int64
	for rows = rows[1:]; len(rows) > 0; {
		n := min(len(rows), blockValues)
		for i, r := range rows[:n] {
			value := int64(x[r])
			d[i], last = value-last, value
		}
		if narrow {
			for i, delta := range d[:n] {
				d[i] = int64(int32(delta))
			}
		}
		rows = rows[n:]
		to = appendBlock(to, &d, n)
	}
	return to
}

// appendBlock appends a block of n differences.
func appendBlock(to []byte, d *[blockValues]int64, n int) []byte {
	least := d[0]
	for _, x := range d[1:n] {
		least = min(least, x)
	}
	all, b := room(to, mostBlock)
	at := binary.PutVarint(b, least)
	widths := b[at : at+blockMinis]
	clear(widths)
	at += blockMinis
	for m := 0; m*miniValues < n; m++ {
		mini := d[m*miniValues : (m+1)*miniValues]
		for i := n - m*miniValues; i < miniValues; i++ {
			mini[i] = least // what fills up the last one
		}
		any := uint64(0)
		for _, x := range mini {
			any |= uint64(x - least)
		}
		width := (bits.Len64(any) + 7) / 8
		widths[m] = byte(8 * width)
		if width == 0 {
			continue
		}
		out := b[at : at+miniValues*width+8]
		for i, x := range mini {
			binary.LittleEndian.PutUint64(out[i*width:], uint64(x-least)) // the next one overwrites what is too much
		}
		at += miniValues * width
	}
	return all[:len(to)+at]
}
