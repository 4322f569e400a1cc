package expr

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// Texts eight bytes at a time.

// replaceByte replaces a byte by another, or by none. Eight bytes without it are copied at once.
func replaceByte(dst, s []byte, old byte, by []byte) []byte {
	const low, high = 0x0101010101010101, 0x8080808080808080
	dst = slices.Grow(dst, len(s)+8)
	out, n, pattern := dst[len(dst):cap(dst)], 0, low*uint64(old)
	for len(s) >= 8 {
		word := binary.LittleEndian.Uint64(s)
		if x := word ^ pattern; (x-low)&^x&high == 0 {
			binary.LittleEndian.PutUint64(out[n:], word)
			n += 8
		} else {
			n += replaceEach(out[n:], s[:8], old, by)
		}
		s = s[8:]
	}
	n += replaceEach(out[n:], s, old, by)
	return dst[:len(dst)+n]
}

func replaceEach(out, s []byte, old byte, by []byte) (n int) {
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
	return n
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
	const high = 0x8080808080808080
	n := 0
	for len(s)-n >= 8 && binary.LittleEndian.Uint64(s[n:])&high == 0 {
		n += 8
	}
	return int32(n + utf8.RuneCount(s[n:]))
}
