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

// SetRange sets the bits [from, to).
func (b Bitmap) SetRange(from, to int) {
	if from >= to {
		return
	}
	first, last := from>>6, (to-1)>>6
	head, tail := ^uint64(0)<<(from&63), ^uint64(0)>>(63-(to-1)&63)
	if first == last {
		b[first] |= head & tail
		return
	}
	b[first] |= head
	for i := first + 1; i < last; i++ {
		b[i] = ^uint64(0)
	}
	b[last] |= tail
}

// CopyRange copies n bits of src from bit at on to b from bit to on.
func (b Bitmap) CopyRange(to int, src Bitmap, at, n int) {
	for n > 0 {
		// One word of b at most: its bits [shift, shift+m).
		shift := to & 63
		m := min(64-shift, n)
		w := src[at>>6] >> (at & 63)
		if at&63 != 0 && at&63+m > 64 {
			w |= src[at>>6+1] << (64 - at&63)
		}
		mask := ^uint64(0) >> (64 - m) << shift
		p := &b[to>>6]
		*p = *p&^mask | w<<shift&mask
		to, at, n = to+m, at+m, n-m
	}
}
