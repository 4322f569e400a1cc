package kernel

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/millstream/millstream/column"
)

// The hash of a row of keys, fixed for ever because the key groups of checkpoints depend on it. All arithmetic is on
// unsigned 64-bit words; fold(x, y) is the exclusive or of both words of the 128-bit product x·y.
//
//	hash(keys)  = fold(h ^ p4, p5), where h = p0 at first, and h = fold(h ^ word(k), p1) for each key k in turn
//	word(NULL)  = p2
//	word(v)     = the value itself for BOOLEAN (0, 1), integers, dates, times and intervals, sign-extended
//	            = the bits as a DOUBLE for FLOAT and DOUBLE, with -0.0 as 0.0 and every NaN as 7ff8000000000000
//	            = fold(low ^ p2, high ^ p3) for DECIMAL's two words
//	            = fold(lo ^ p2, hi ^ p3) for text and binary of at most 12 bytes, where lo is the length in the low and the
//	              first four bytes, little-endian, in the high half, and hi the other eight; missing bytes are 0
//	            = bytes(v) for longer ones
//	            = the hash of the elements as keys, with the number of elements as last key, for ARRAY
//	            = the hash of the fields as keys for ROW
//	            = the wrapping sum of the hashes of the entries (key and value as two keys) for MAP and MULTISET
//	bytes(v)    = s at the end, where s = fold(len(v) ^ p3, p2) at first, and s = fold(a ^ p1 ^ s, b ^ p2) for each 16 bytes in
//	              turn, a and b being their little-endian words; the last step takes the last 16 bytes, which overlap others
//	              if the length is no multiple of 16, or the bytes padded with zeros if there are fewer than 16
const (
	p0 = 0x9e3779b97f4a7c15
	p1 = 0xd6e8feb86659fd93
	p2 = 0xa0761d6478bd642f
	p3 = 0xe7037ed1a0b428db
	p4 = 0x8ebc6af09c88c6e3
	p5 = 0x589965cc75374cc3
)

func fold(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	return hi ^ lo
}

func mix(h, word uint64) uint64 { return fold(h^word, p1) }

func finish(h uint64) uint64 { return fold(h^p4, p5) }

const nullWord = p2

// Hasher hashes rows. It holds memory for dictionaries and belongs to one task; the zero value is ready.
type Hasher struct{ words []uint64 }

// Hash writes the hash of row rows[i] (of row i, if rows is nil) of the key columns to out[i], for every i of out. Rows that
// are equal, nulls and NaNs included, have equal hashes, whether a column has a dictionary or not. No keys hash alike.
func (s *Hasher) Hash(out []uint64, keys []*column.Vector, rows []int32) {
	if len(keys) == 1 && hashOne(out, keys[0], rows) {
		return
	}
	for i := range out {
		out[i] = p0
	}
	for _, v := range keys {
		s.column(out, v, rows)
	}
	for i, h := range out {
		out[i] = finish(h)
	}
}

// hashOne is Hash for one key in one loop, for the most frequent layouts; it reports whether v has one of them.
func hashOne(out []uint64, v *column.Vector, rows []int32) bool {
	if v.Dict != nil || v.Valid != nil || v.Packed() {
		return false
	}
	switch v.Type.Layout() {
	case column.LayoutInt32:
		hashOneInteger(out, column.Values[int32](v), rows)
	case column.LayoutInt64:
		hashOneInteger(out, column.Values[int64](v), rows)
	case column.LayoutView:
		hashOneView(out, v, rows)
	default:
		return false
	}
	return true
}

func hashOneInteger[T Integer](out []uint64, a []T, rows []int32) {
	if rows == nil {
		a = a[:len(out)]
		for i, x := range a {
			out[i] = finish(mix(p0, uint64(int64(x))))
		}
		return
	}
	rows = rows[:len(out)]
	for i, r := range rows {
		out[i] = finish(mix(p0, uint64(int64(a[r]))))
	}
}

func hashOneView(out []uint64, v *column.Vector, rows []int32) {
	a := column.Values[column.View](v)
	for i := range out {
		w := &a[row(rows, i)]
		h := fold(w.Lo^p2, w.Hi^p3)
		if !w.Inline() {
			h = hashBytes(w.Bytes(v.Buffers))
		}
		out[i] = finish(mix(p0, h))
	}
}

func (s *Hasher) column(out []uint64, v *column.Vector, rows []int32) {
	if v.Dict != nil {
		s.dictionary(out, v, rows)
		return
	}
	if v.Valid != nil || v.Type.Kind == column.Null || v.Packed() {
		for i := range out {
			r := row(rows, i)
			if v.IsNull(r) {
				out[i] = mix(out[i], nullWord)
			} else {
				out[i] = mix(out[i], word(v, r))
			}
		}
		return
	}
	switch v.Type.Layout() {
	case column.LayoutInt8:
		hashIntegers(out, column.Values[int8](v), rows)
	case column.LayoutInt16:
		hashIntegers(out, column.Values[int16](v), rows)
	case column.LayoutInt32:
		hashIntegers(out, column.Values[int32](v), rows)
	case column.LayoutInt64:
		hashIntegers(out, column.Values[int64](v), rows)
	case column.LayoutView:
		hashViews(out, column.Values[column.View](v), v.Buffers, rows)
	default:
		for i := range out {
			out[i] = mix(out[i], word(v, row(rows, i)))
		}
	}
}

func row(rows []int32, i int) int {
	if rows == nil {
		return i
	}
	return int(rows[i])
}

func hashIntegers[T Integer](out []uint64, a []T, rows []int32) {
	if rows == nil {
		a = a[:len(out)]
		for i, h := range out {
			out[i] = mix(h, uint64(int64(a[i])))
		}
		return
	}
	rows = rows[:len(out)]
	for i, h := range out {
		out[i] = mix(h, uint64(int64(a[rows[i]])))
	}
}

func hashViews(out []uint64, a []column.View, bufs [][]byte, rows []int32) {
	if rows == nil {
		a = a[:len(out)]
		for i, h := range out {
			w := fold(a[i].Lo^p2, a[i].Hi^p3)
			if !a[i].Inline() {
				w = hashBytes(a[i].Bytes(bufs))
			}
			out[i] = mix(h, w)
		}
		return
	}
	rows = rows[:len(out)]
	for i, h := range out {
		v := &a[rows[i]]
		w := fold(v.Lo^p2, v.Hi^p3)
		if !v.Inline() {
			w = hashBytes(v.Bytes(bufs))
		}
		out[i] = mix(h, w)
	}
}

// dictionary makes the word of each value once.
func (s *Hasher) dictionary(out []uint64, v *column.Vector, rows []int32) {
	d := v.Dict
	if d.Dict != nil || d.Len > len(out) {
		codes := column.Values[int32](v)
		for i := range out {
			if r := row(rows, i); v.Valid != nil && !v.Valid.Get(r) {
				out[i] = mix(out[i], nullWord)
			} else {
				out[i] = mix(out[i], word(d, int(codes[r])))
			}
		}
		return
	}
	s.words = s.words[:0]
	for i := range d.Len {
		s.words = append(s.words, word(d, i))
	}
	codes, words := column.Values[int32](v), s.words
	for i, h := range out {
		w := uint64(nullWord)
		if r := row(rows, i); v.Valid == nil || v.Valid.Get(r) {
			w = words[codes[r]]
		}
		out[i] = mix(h, w)
	}
}

// word returns the word of row i, as the table above has it.
func word(v *column.Vector, i int) uint64 {
	if v.IsNull(i) {
		return nullWord
	}
	if v.Dict != nil {
		return word(v.Dict, int(column.Values[int32](v)[i]))
	}
	switch v.Type.Layout() {
	case column.LayoutBits:
		return bit(v.Bits().Get(i))
	case column.LayoutInt8:
		return uint64(int64(column.Values[int8](v)[i]))
	case column.LayoutInt16:
		return uint64(int64(column.Values[int16](v)[i]))
	case column.LayoutInt32:
		return uint64(int64(column.Values[int32](v)[i]))
	case column.LayoutInt64:
		return uint64(column.Values[int64](v)[i])
	case column.LayoutFloat:
		return floatWord(float64(column.Values[float32](v)[i]))
	case column.LayoutDouble:
		return floatWord(column.Values[float64](v)[i])
	case column.LayoutInt128:
		d := column.Values[column.Int128](v)[i]
		return fold(d.Lo^p2, uint64(d.Hi)^p3)
	case column.LayoutView:
		w := v.ViewAt(i)
		if w.Inline() {
			return fold(w.Lo^p2, w.Hi^p3)
		}
		return hashBytes(w.Bytes(v.Buffers))
	case column.LayoutStruct:
		h := uint64(p0)
		for _, c := range v.Children {
			h = mix(h, word(c, i))
		}
		return finish(h)
	case column.LayoutList:
		return listWord(v, i)
	}
	return nullWord
}

func floatWord(x float64) uint64 {
	switch {
	case x == 0:
		return 0
	case x != x:
		return 0x7ff8000000000000
	}
	return math.Float64bits(x)
}

func listWord(v *column.Vector, i int) uint64 {
	o := v.Offsets()
	from, to := int(o[i]), int(o[i+1])
	if v.Type.Kind == column.Array {
		h := uint64(p0)
		for r := from; r < to; r++ {
			h = mix(h, word(v.Children[0], r))
		}
		return finish(mix(h, uint64(to-from)))
	}
	var sum uint64
	for r := from; r < to; r++ {
		sum += finish(mix(mix(p0, word(v.Children[0], r)), word(v.Children[1], r)))
	}
	return sum
}

func hashBytes(b []byte) uint64 {
	s := fold(uint64(len(b))^p3, p2)
	step := func(a, c uint64) { s = fold(a^p1^s, c^p2) }
	if len(b) < 16 {
		var pad [16]byte
		copy(pad[:], b)
		step(binary.LittleEndian.Uint64(pad[:]), binary.LittleEndian.Uint64(pad[8:]))
		return s
	}
	last := b[len(b)-16:]
	for ; len(b) > 16; b = b[16:] {
		step(binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]))
	}
	step(binary.LittleEndian.Uint64(last), binary.LittleEndian.Uint64(last[8:]))
	return s
}
