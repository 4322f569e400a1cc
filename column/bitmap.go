package column

import "math/bits"

// Bitmap holds one bit a row, least significant first, as Arrow does on a little-endian machine. As a
// vector's validity, a nil Bitmap means that every row is valid. Bits behind the length are undefined.
type Bitmap []uint64

// MakeBitmap returns n cleared bits.
func MakeBitmap(n int) Bitmap { return make(Bitmap, (n+63)>>6) }

// Get returns bit i.
func (b Bitmap) Get(i int) bool { return b[i>>6]>>(i&63)&1 != 0 }

// Set sets bit i.
func (b Bitmap) Set(i int) { b[i>>6] |= 1 << (i & 63) }

// Clear clears bit i.
func (b Bitmap) Clear(i int) { b[i>>6] &^= 1 << (i & 63) }

// Put sets bit i to v without a branch.
func (b Bitmap) Put(i int, v bool) {
	var w uint64
	if v {
		w = 1
	}
	p := &b[i>>6]
	*p = *p&^(1<<(i&63)) | w<<(i&63)
}

// Fill sets the first n bits to v.
func (b Bitmap) Fill(n int, v bool) {
	var w uint64
	if v {
		w = ^uint64(0)
	}
	for i := range b[:(n+63)>>6] {
		b[i] = w
	}
}

// Count returns how many of the first n bits are set.
func (b Bitmap) Count(n int) int {
	c := 0
	for _, w := range b[:n>>6] {
		c += bits.OnesCount64(w)
	}
	if r := n & 63; r != 0 {
		c += bits.OnesCount64(b[n>>6] & (1<<r - 1))
	}
	return c
}

// Grow returns the bitmap with room for n bits; new words are zero.
func (b Bitmap) Grow(n int) Bitmap {
	words := (n + 63) >> 6
	if words <= cap(b) {
		old := len(b)
		if words > old {
			b = b[:words]
			clear(b[old:])
		}
		return b
	}
	next := make(Bitmap, words, max(words, 2*cap(b)))
	copy(next, b)
	return next
}
