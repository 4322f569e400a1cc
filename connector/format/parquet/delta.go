package parquet

import (
	"encoding/binary"
	"errors"
	"math"
)

var errDelta = errors.New("values encoded as differences make no sense")

// deltas reads integers written as differences in blocks (DELTA_BINARY_PACKED), of which there must be at most limit, and returns them
// and the bytes behind.
func deltas(b []byte, limit int) (values []int64, rest []byte, err error) {
	at := 0
	uvarint := func() uint64 {
		x, n := binary.Uvarint(b[at:])
		if n <= 0 {
			err = errDelta
			return 0
		}
		at += n
		return x
	}
	varint := func() int64 {
		x := uvarint()
		return int64(x>>1) ^ -int64(x&1)
	}
	block, minis, total, value := uvarint(), uvarint(), uvarint(), varint()
	if err != nil || total > uint64(limit) || minis == 0 || block == 0 || block > 1<<20 || block%minis != 0 || block/minis%8 != 0 {
		return nil, nil, errDelta
	}
	if total == 0 {
		return nil, b[at:], nil
	}
	perMini := int(block / minis)
	values = make([]int64, total)
	values[0] = value
	for left := values[1:]; len(left) > 0; {
		least := varint()
		widths := at
		if at += int(minis); err != nil || at > len(b) {
			return nil, nil, errDelta
		}
		for m := 0; m < int(minis) && len(left) > 0; m++ {
			width := int(b[widths+m])
			if width > 64 {
				return nil, nil, errDelta
			}
			size := perMini * width / 8
			need := min(perMini, len(left))
			if at+(need*width+7)/8 > len(b) {
				return nil, nil, errDelta
			}
			unpackLong(left[:need], b[at:], width)
			for i, d := range left[:need] {
				value += d + least
				left[i] = value
			}
			left = left[need:]
			at = min(at+size, len(b))
		}
	}
	return values, b[at:], nil
}

// unpackLong reads values of up to 64 bits.
func unpackLong(dst []int64, b []byte, width int) {
	if width == 0 {
		clear(dst)
		return
	}
	mask := uint64(math.MaxUint64) >> (64 - width)
	i := 0
	if width <= 57 { // a load of eight bytes holds any value whole, whatever bit it begins at
		for bit := 0; i < len(dst) && bit>>3+8 <= len(b); bit += width {
			dst[i] = int64(binary.LittleEndian.Uint64(b[bit>>3:]) >> (bit & 7) & mask)
			i++
		}
	}
	for ; i < len(dst); i++ {
		bit := i * width
		var word [16]byte
		copy(word[:9], b[bit>>3:])
		low := binary.LittleEndian.Uint64(word[:])
		x := low >> (bit & 7)
		if shift := bit & 7; shift > 0 {
			x |= uint64(word[8]) << (64 - shift)
		}
		dst[i] = int64(x & mask)
	}
}

// deltaLengths reads byte arrays whose lengths stand in front (DELTA_LENGTH_BYTE_ARRAY).
func deltaLengths(b []byte, limit int) (lengths []int64, data []byte, err error) {
	if len(b) == 0 { // as some writers have it where every value is NULL
		return nil, nil, nil
	}
	lengths, data, err = deltas(b, limit)
	if err != nil {
		return nil, nil, err
	}
	total := int64(0)
	for _, n := range lengths {
		if n < 0 || n > int64(len(data)) {
			return nil, nil, errDelta
		}
		total += n
	}
	if total > int64(len(data)) {
		return nil, nil, errDelta
	}
	return lengths, data, nil
}

// deltaStrings reads byte arrays that share their beginning with the one before (DELTA_BYTE_ARRAY), and returns them as [deltaLengths] does.
func deltaStrings(b []byte, limit int) (lengths []int64, data []byte, err error) {
	if len(b) == 0 {
		return nil, nil, nil
	}
	shared, rest, err := deltas(b, limit)
	if err != nil {
		return nil, nil, err
	}
	ends, tails, err := deltaLengths(rest, limit)
	if err != nil || len(ends) != len(shared) {
		return nil, nil, errDelta
	}
	size := int64(padding)
	before := int64(0)
	for i, n := range shared {
		if n < 0 || n > before {
			return nil, nil, errDelta
		}
		before = n + ends[i]
		if size += before; size > maxPage {
			return nil, nil, errDelta
		}
	}
	data = make([]byte, 0, size)
	last := 0
	for i, n := range shared {
		from := len(data)
		data = append(data, data[last:last+int(n)]...)
		data = append(data, tails[:ends[i]]...)
		tails = tails[ends[i]:]
		ends[i] += n
		last = from
	}
	return ends, data, nil
}

// joinStreams undoes BYTE_STREAM_SPLIT: the bytes of values of the given width stand in as many streams.
func joinStreams(b []byte, width int) []byte {
	n := len(b) / width
	out := make([]byte, n*width, n*width+padding)
	for k := range width {
		for i, c := range b[k*n : (k+1)*n] {
			out[i*width+k] = c
		}
	}
	return out
}
