package parquet

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/millstream/millstream/column"
)

// Integers written as differences (DELTA_BINARY_PACKED), in as many bits each as the widest of 32 needs. That takes hardly longer than to write the values themselves.

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
		return appendDeltas[int8, int32](to, column.Values[int8](v), rows)
	case column.LayoutInt16:
		return appendDeltas[int16, int32](to, column.Values[int16](v), rows)
	case column.LayoutInt32:
		return appendDeltas[int32, int32](to, column.Values[int32](v), rows)
	}
	return appendDeltas[int64, int64](to, column.Values[int64](v), rows)
}

// appendDeltas appends values as differences that wrap around as the integers S of the file do.
func appendDeltas[T int8 | int16 | int32 | int64, S int32 | int64](to []byte, x []T, rows []int32) []byte {
	to = binary.AppendUvarint(to, blockValues)
	to = binary.AppendUvarint(to, blockMinis)
	to = binary.AppendUvarint(to, uint64(len(rows)))
	if len(rows) == 0 {
		return append(to, 0)
	}
	last := S(x[rows[0]])
	to = binary.AppendVarint(to, int64(last))
	var d [blockValues]int64
	for rows = rows[1:]; len(rows) > 0; {
		n := min(len(rows), blockValues)
		least := int64(math.MaxInt64)
		for i, r := range rows[:n] {
			value := S(x[r])
			delta := int64(value - last)
			d[i], last, least = delta, value, min(least, delta)
		}
		rows = rows[n:]
		to = appendBlock(to, &d, n, least)
	}
	return to
}

// appendBlock appends a block of n differences, given the least one.
func appendBlock(to []byte, d *[blockValues]int64, n int, least int64) []byte {
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
		width := bits.Len64(any)
		widths[m] = byte(width)
		if width > 0 {
			pack(b[at:at+miniValues*width/8+8], mini, least, width)
			at += miniValues * width / 8
		}
	}
	return all[:len(to)+at]
}

// pack writes how much values are greater than the least one, in so many bits each. The last store may write behind them.
func pack(b []byte, values []int64, least int64, width int) {
	if step := width >> 3; width&7 == 0 {
		for i, x := range values {
			binary.LittleEndian.PutUint64(b[i*step:], uint64(x-least)) // the next one overwrites what is too much
		}
		return
	}
	word, used := uint64(0), 0
	for _, x := range values {
		x := uint64(x - least)
		word |= x << used
		if used += width; used >= 64 {
			binary.LittleEndian.PutUint64(b, word)
			b = b[8:]
			used -= 64
			word = x >> (width - used)
		}
	}
	binary.LittleEndian.PutUint64(b, word)
}
