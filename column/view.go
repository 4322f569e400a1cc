package column

import "unsafe"

// View is one value of a text or binary vector, in Arrow's variable-size binary view layout: 16 bytes,
// the first four the length. Up to InlineLen bytes stand in the view itself, padded with zeros; longer
// values keep their first four bytes and the index and offset of the rest in the vector's Buffers.
//
//	short:  Lo = length | bytes 0–3 << 32      Hi = bytes 4–11
//	long:   Lo = length | bytes 0–3 << 32      Hi = buffer index | offset << 32
//
// Two short values are equal exactly when their views are, and most unequal values differ in Lo.
type View struct{ Lo, Hi uint64 }

// InlineLen is the greatest length, in bytes, of a value that needs no buffer.
const InlineLen = 12

// Len returns the value's length in bytes.
func (v View) Len() int { return int(uint32(v.Lo)) }

// Inline reports whether the bytes stand in the view itself.
func (v View) Inline() bool { return uint32(v.Lo) <= InlineLen }

// Buffer and Offset say where a long value lies.
func (v View) Buffer() int { return int(uint32(v.Hi)) }
func (v View) Offset() int { return int(v.Hi >> 32) }

// InlineView returns the view of a short value.
func InlineView(b []byte) View {
	var v View
	p := (*[16]byte)(unsafe.Pointer(&v))
	copy(p[4:], b)
	v.Lo |= uint64(len(b))
	return v
}

// MakeView returns the view of buf[off:off+n], where buf is buffer number index of its vector. It loads
// without branches on the length where 16 bytes can be read from off on.
func MakeView(buf []byte, index, off, n int) View {
	if n > InlineLen {
		prefix := *(*uint32)(unsafe.Pointer(&buf[off]))
		return View{uint64(n) | uint64(prefix)<<32, uint64(uint32(index)) | uint64(off)<<32}
	}
	if off+16 <= len(buf) {
		p := unsafe.Pointer(unsafe.SliceData(buf))
		a := *(*uint64)(unsafe.Add(p, off))
		b := *(*uint32)(unsafe.Add(p, off+8))
		return shorten(a, uint64(b), n)
	}
	return InlineView(buf[off : off+n])
}

// shorten makes a view of the first n ≤ 12 of the bytes a (8) and b (4).
func shorten(a, b uint64, n int) View {
	m := masks[n]
	a &= m[0]
	b &= m[1]
	return View{uint64(n) | a<<32, a>>32 | b<<32}
}

// masks[n] keeps the first n bytes of an 8-byte and a 4-byte load.
var masks = func() (m [InlineLen + 1][2]uint64) {
	for n := range m { // a shift by 64 gives 0, and 0 - 1 all ones
		m[n][0] = 1<<(8*min(n, 8)) - 1
		m[n][1] = 1<<(8*max(0, n-8)) - 1
	}
	return m
}()

// Bytes returns the value's bytes. For a short value they are the view's own, so v must outlive them.
func (v *View) Bytes(bufs [][]byte) []byte {
	n := v.Len()
	if n <= InlineLen {
		return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(v), 4)), n)
	}
	off := v.Offset()
	return bufs[v.Buffer()][off : off+n]
}
