package scan

import (
	"math/bits"
	"unsafe"
)

// Ones and High have the lowest and the highest bit of each byte set.
const (
	Ones = 0x0101010101010101
	High = 0x8080808080808080
)

// Load returns the eight bytes at b[i], the first the least significant. They must be readable: see [Padded].
func Load(b []byte, i int) uint64 {
	return *(*uint64)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))
}

// Chars are up to four characters to search for, each eight times in a word.
type Chars [4]uint64

// NewChars returns the given characters, of which there is at least one.
func NewChars(chars ...byte) (c Chars) {
	for i := range c {
		c[i] = Ones * uint64(chars[min(i, len(chars)-1)])
	}
	return c
}

// Find returns the position of the first of the characters in b[i:end], or end. Eight bytes behind end must be readable.
func (c *Chars) Find(b []byte, i, end int) int {
	for ; i < end; i += 8 {
		w := Load(b, i)
		x0, x1, x2, x3 := w^c[0], w^c[1], w^c[2], w^c[3]
		// The high bit of a byte is set in m if it is one of them; behind the first also where it is not.
		m := ((x0-Ones)&^x0 | (x1-Ones)&^x1 | (x2-Ones)&^x2 | (x3-Ones)&^x3) & High
		if m != 0 {
			return min(i+bits.TrailingZeros64(m)>>3, end)
		}
	}
	return end
}
