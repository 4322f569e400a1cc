package parquet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/bits"

	"github.com/millstream/millstream/column"
)

// runs reads Parquet's hybrid of repeated and bit-packed values, in which levels, dictionary codes and booleans are written.
type runs struct {
	b        []byte
	width    int    // bits of a value, at most 32
	repeated int    // times that value is still to come
	value    uint32 // of the repeated run
	packed   int    // values of the packed run still to come
	bit      int    // where the next of them begins in b
}

var errRuns = errors.New("levels, codes or booleans end before their page does")

// next begins the next run.
func (r *runs) next() error {
	at := r.bit >> 3
	head, n := binary.Uvarint(r.b[min(at, len(r.b)):])
	if n <= 0 || head>>1 > 1<<31 {
		return errRuns
	}
	at += n
	if head&1 != 0 {
		// Packed values come in eights, of which the last ones may be cut off.
		r.packed = min(int(head>>1)*8, (len(r.b)-at)*8/max(r.width, 1))
		if r.width == 0 {
			r.packed = int(head>>1) * 8
		}
		r.bit = at << 3
		if r.packed == 0 && head>>1 > 0 {
			return errRuns
		}
		return nil
	}
	size := (r.width + 7) >> 3
	if at+size > len(r.b) {
		return errRuns
	}
	r.value = 0
	for i := range size {
		r.value |= uint32(r.b[at+i]) << (8 * i)
	}
	r.repeated, r.bit = int(head>>1), (at+size)<<3
	return nil
}

// endPacked moves on to the byte at which the run behind a packed one begins.
func (r *runs) endPacked() { r.bit = (r.bit + 7) &^ 7 }

// codes reads len(dst) values.
func (r *runs) codes(dst []int32) error {
	for len(dst) > 0 {
		switch {
		case r.repeated > 0:
			n := min(r.repeated, len(dst))
			for i := range dst[:n] {
				dst[i] = int32(r.value)
			}
			r.repeated -= n
			dst = dst[n:]
		case r.packed > 0:
			n := min(r.packed, len(dst))
			unpack(dst[:n], r.b, r.bit, r.width)
			r.bit += n * r.width
			if r.packed -= n; r.packed == 0 {
				r.endPacked()
			}
			dst = dst[n:]
		default:
			if err := r.next(); err != nil {
				return err
			}
		}
	}
	return nil
}

// unpack reads values of width bits, the first at the given bit of b.
func unpack(dst []int32, b []byte, bit, width int) {
	mask := uint64(1)<<width - 1
	i := 0
	// A load of eight bytes holds any value whole, whatever bit it begins at.
	for ; i < len(dst) && bit>>3+8 <= len(b); i++ {
		dst[i] = int32(binary.LittleEndian.Uint64(b[bit>>3:]) >> (bit & 7) & mask)
		bit += width
	}
	for ; i < len(dst); i++ {
		var word [8]byte
		copy(word[:], b[min(bit>>3, len(b)):])
		dst[i] = int32(binary.LittleEndian.Uint64(word[:]) >> (bit & 7) & mask)
		bit += width
	}
}

// skip leaves out n values.
func (r *runs) skip(n int) error {
	for n > 0 {
		switch {
		case r.repeated > 0:
			m := min(n, r.repeated)
			r.repeated -= m
			n -= m
		case r.packed > 0:
			m := min(n, r.packed)
			r.bit += m * r.width
			if r.packed -= m; r.packed == 0 {
				r.endPacked()
			}
			n -= m
		default:
			if err := r.next(); err != nil {
				return err
			}
		}
	}
	return nil
}

// levels reads len(dst) levels, each at most the given greatest one, and returns how many equal it.
func (r *runs) levels(dst []byte, greatest int) (equal int, err error) {
	for rest := dst; len(rest) > 0; {
		switch {
		case r.repeated > 0:
			n := min(r.repeated, len(rest))
			if int(r.value) > greatest {
				return 0, errRuns
			}
			fill(rest[:n], byte(r.value))
			r.repeated -= n
			rest = rest[n:]
		case r.packed > 0:
			n := min(r.packed, len(rest))
			unpackBytes(rest[:n], r.b, r.bit, r.width)
			r.bit += n * r.width
			if r.packed -= n; r.packed == 0 {
				r.endPacked()
			}
			rest = rest[n:]
		default:
			if err := r.next(); err != nil {
				return 0, err
			}
		}
	}
	for wrong := greatest + 1; wrong < 1<<r.width; wrong++ {
		if bytes.IndexByte(dst, byte(wrong)) >= 0 {
			return 0, errRuns
		}
	}
	return bytes.Count(dst, []byte{byte(greatest)}), nil
}

// spread1 and spread2 are the eight and four values of one and two bits that a byte holds, a byte each.
var (
	spread1 = func() (t [256]uint64) {
		for b := range t {
			for i := range 8 {
				t[b] |= uint64(b>>i&1) << (8 * i)
			}
		}
		return t
	}()
	spread2 = func() (t [256]uint32) {
		for b := range t {
			for i := range 4 {
				t[b] |= uint32(b>>(2*i)&3) << (8 * i)
			}
		}
		return t
	}()
)

// unpackBytes is unpack for values of at most eight bits.
func unpackBytes(dst, b []byte, bit, width int) {
	for bit&7 == 0 && len(dst) >= 8 && bit>>3+2 <= len(b) {
		at := bit >> 3
		if width == 1 {
			binary.LittleEndian.PutUint64(dst, spread1[b[at]])
		} else if width == 2 {
			binary.LittleEndian.PutUint64(dst, uint64(spread2[b[at]])|uint64(spread2[b[at+1]])<<32)
		} else {
			break
		}
		dst, bit = dst[8:], bit+8*width
	}
	var values [64]int32
	for len(dst) > 0 {
		n := min(len(dst), len(values))
		unpack(values[:n], b, bit, width)
		for i, x := range values[:n] {
			dst[i] = byte(x)
		}
		dst, bit = dst[n:], bit+n*width
	}
}

// mark sets the bits, from bit at on, of the levels that are at least the given one, and clears the others.
func mark(bits column.Bitmap, at int, def []byte, least byte) {
	for ; len(def) > 0 && (at&7 != 0 || len(def) < 8 || least >= 0x80); at, def = at+1, def[1:] {
		bits.Put(at, def[0] >= least)
	}
	const low, high = 0x0101010101010101, 0x8080808080808080
	add := low * uint64(0x80-least) // levels take seven bits: the eighth becomes set where they are great enough
	for ; len(def) >= 8; at, def = at+8, def[8:] {
		enough := (binary.LittleEndian.Uint64(def) + add) & high >> 7
		shift := at & 63
		p := &bits[at>>6]
		*p = *p&^(0xff<<shift) | enough*0x0102040810204080>>56<<shift
	}
	for i, d := range def {
		bits.Put(at+i, d >= least)
	}
}

// fill sets all bytes, by copies that double in length.
func fill(dst []byte, x byte) {
	if len(dst) == 0 {
		return
	}
	dst[0] = x
	for n := 1; n < len(dst); n *= 2 {
		copy(dst[n:], dst[:n])
	}
}

// oldLevels reads levels that are packed without runs, the highest bit first, and returns the bytes that they take.
func oldLevels(dst, b []byte, greatest int) (used, equal int, err error) {
	width := bits.Len(uint(greatest))
	used = (len(dst)*width + 7) >> 3
	if used > len(b) {
		return 0, 0, errRuns
	}
	bit := 0
	for i := range dst {
		x := 0
		for range width {
			x = x<<1 | int(b[bit>>3]>>(7-bit&7)&1)
			bit++
		}
		if x > greatest {
			return 0, 0, errRuns
		}
		dst[i] = byte(x)
		if x == greatest {
			equal++
		}
	}
	return used, equal, nil
}
