package expr

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// Texts eight bytes at a time.

const (
	lowBits  = 0x0101010101010101
	highBits = 0x8080808080808080
)

// bytesEqual returns a word with the highest bit of each byte set in which word has c.
func bytesEqual(word uint64, c byte) uint64 {
	x := word ^ lowBits*uint64(c)
	return ^(x&^highBits + ^uint64(highBits) | x) & highBits
}

// replaceByte replaces a byte by another, or by none.
func replaceByte(dst, s []byte, old byte, by []byte) []byte {
	dst = slices.Grow(dst, len(s)+8)
	out, n := dst[len(dst):cap(dst)], 0
	for ; len(s) >= 8; s = s[8:] {
		word := binary.LittleEndian.Uint64(s)
		left := 8
		if found := bytesEqual(word, old); len(by) > 0 {
			mask := found >> 7 * 0xff
			word = word&^mask | lowBits*uint64(by[0])&mask
		} else {
			for left -= bits.OnesCount64(found); found != 0; { // the last first, so that the others stay where they are
				at := 63 - bits.LeadingZeros64(found)
				before := uint64(1)<<(at&^7) - 1
				word = word&before | word>>8&^before
				found &^= 1 << at
			}
		}
		binary.LittleEndian.PutUint64(out[n:], word)
		n += left
	}
	for _, c := range s {
		switch {
		case c != old:
			out[n] = c
			n++
		case len(by) > 0:
			out[n] = by[0]
			n++
		}
	}
	return dst[:len(dst)+n]
}

// charLength is the kernel of CHAR_LENGTH.
func charLength(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
	v := args[0]
	out.Resize(n)
	kernel.And(out, v.Valid, nil, n)
	views, lengths := v.Views(), column.Values[int32](out)
	if sel == nil {
		for r := range n {
			lengths[r] = codePoints(views[r].Bytes(v.Buffers))
		}
		return nil
	}
	for _, r := range sel {
		lengths[r] = codePoints(views[r].Bytes(v.Buffers))
	}
	return nil
}

// codePoints counts as [utf8.RuneCount] does, eight bytes at once where all are ASCII.
func codePoints(s []byte) int32 {
	n := 0
	for len(s)-n >= 8 && binary.LittleEndian.Uint64(s[n:])&highBits == 0 {
		n += 8
	}
	return int32(n + utf8.RuneCount(s[n:]))
}
