package state

import (
	"math"
	"math/bits"
	"unsafe"

	"github.com/millstream/millstream/column"
)

// Odd constants without structure, as multiplicative hashes need them.
const (
	m1 = 0x9e3779b97f4a7c15
	m2 = 0xd6e8feb86659fd93
	m3 = 0xa0761d6478bd642f
)

// nullHash is the hash of NULL.
const nullHash = 0x5851f42d4c957f2d

// mix folds the 128-bit product: each bit of the result depends on every bit of a and b.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// hashRows writes the hash of each row's key. Columns must be without dictionaries. Rows are shipped and state is dealt out by these
// hashes, so they may not change as long as a snapshot may be restored.
func hashRows(keys []*column.Vector, rows []int32, out []uint64) {
	if len(keys) == 0 {
		clear(out)
		return
	}
	for i, k := range keys {
		hashColumn(k, rows, out, i == 0)
	}
}

// hashColumn writes a column's hashes, or folds them into those of the columns before.
func hashColumn(v *column.Vector, rows []int32, out []uint64, first bool) {
	if first && v.Valid == nil {
		switch v.Type.Layout() {
		case column.LayoutInt32:
			hashInts[int32](v, rows, out)
			return
		case column.LayoutInt64:
			hashInts[int64](v, rows, out)
			return
		case column.LayoutView:
			hashViews(v, rows, out)
			return
		}
	}
	for i := range out {
		r := i
		if rows != nil {
			r = int(rows[i])
		}
		h := hashAt(v, r)
		if !first {
			h = mix(out[i]^m2, h^m3)
		}
		out[i] = h
	}
}

func hashInt(x uint64) uint64 { return mix(x^m1, m2) }

func hashInts[T int32 | int64](v *column.Vector, rows []int32, out []uint64) {
	in := column.Values[T](v)
	if rows == nil {
		for i, x := range in[:len(out)] {
			out[i] = hashInt(uint64(int64(x)))
		}
		return
	}
	for i, r := range rows[:len(out)] {
		out[i] = hashInt(uint64(int64(in[r])))
	}
}

func hashViews(v *column.Vector, rows []int32, out []uint64) {
	in := v.Views()
	if rows == nil {
		for i := range in[:len(out)] {
			w := &in[i]
			if !w.Inline() {
				out[i] = hashBytes(w.Bytes(v.Buffers))
				continue
			}
			out[i] = mix(w.Lo^m1, w.Hi^m2)
		}
		return
	}
	for i, r := range rows[:len(out)] {
		w := &in[r]
		if !w.Inline() {
			out[i] = hashBytes(w.Bytes(v.Buffers))
			continue
		}
		out[i] = mix(w.Lo^m1, w.Hi^m2)
	}
}

// hashBytes hashes a value too long for a view, 16 bytes a step.
func hashBytes(b []byte) uint64 {
	p, n := unsafe.Pointer(unsafe.SliceData(b)), len(b)
	h := uint64(n) ^ m3
	at := 0
	for ; at+16 < n; at += 16 {
		h = mix(h^*(*uint64)(unsafe.Add(p, at)), *(*uint64)(unsafe.Add(p, at+8))^m1)
	}
	// The last 16 bytes, of which some may have been taken in before; long values have at least 13.
	if n < 16 {
		var tail [16]byte
		copy(tail[:], b)
		p, n = unsafe.Pointer(&tail), 16
	}
	return mix(h^*(*uint64)(unsafe.Add(p, n-16)), *(*uint64)(unsafe.Add(p, n-8))^m2)
}

// hashAt hashes one value of any type.
func hashAt(v *column.Vector, i int) uint64 {
	if v.IsNull(i) {
		return nullHash
	}
	if v.Dict != nil {
		return hashAt(v.Dict, int(column.Values[int32](v)[i]))
	}
	switch v.Type.Layout() {
	case column.LayoutBits:
		if v.Bits().Get(i) {
			return hashInt(1)
		}
		return hashInt(0)
	case column.LayoutInt8:
		return hashInt(uint64(int64(column.Values[int8](v)[i])))
	case column.LayoutInt16:
		return hashInt(uint64(int64(column.Values[int16](v)[i])))
	case column.LayoutInt32:
		return hashInt(uint64(int64(column.Values[int32](v)[i])))
	case column.LayoutInt64:
		return hashInt(uint64(column.Values[int64](v)[i]))
	case column.LayoutFloat:
		return hashFloat(float64(column.Values[float32](v)[i]))
	case column.LayoutDouble:
		return hashFloat(column.Values[float64](v)[i])
	case column.LayoutInt128:
		d := column.Values[column.Int128](v)[i]
		return mix(d.Lo^m1, uint64(d.Hi)^m2)
	case column.LayoutView:
		w := v.Views()[i]
		if w.Inline() {
			return mix(w.Lo^m1, w.Hi^m2)
		}
		return hashBytes(w.Bytes(v.Buffers))
	case column.LayoutList:
		o := v.Offsets()
		h := uint64(o[i+1] - o[i])
		for e := o[i]; e < o[i+1]; e++ {
			for _, c := range v.Children {
				h = mix(h^m2, hashAt(c, int(e))^m3)
			}
		}
		return h
	case column.LayoutStruct:
		h := uint64(m1)
		for _, c := range v.Children {
			h = mix(h^m2, hashAt(c, i)^m3)
		}
		return h
	}
	return nullHash
}

// hashFloat gives all NaNs one hash.
func hashFloat(x float64) uint64 {
	if x != x {
		x = math.NaN()
	}
	return hashInt(math.Float64bits(x))
}
