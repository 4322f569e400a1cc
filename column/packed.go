package column

import (
	"encoding/binary"
	"slices"
)

// packed says where the values of a packed vector lie: one behind the other, each behind its length, in buffers of packedSize bytes, of which Data has the places
// in 4 bytes, counted from where the values of the same packedRows rows begin. A value never stands in two buffers; one that is larger than a buffer has one of
// its own.
type packed struct {
	bases []uint64 // by so many rows
	at    uint64   // behind the last value: the number of the buffer times its size, and the place in it
}

const (
	packedBits = 20
	packedSize = 1 << packedBits
	packedRows = 1 << 10 // their values are less than 4 GB apart, as none moves the end by more than two buffers
	leastPack  = 1 << 10
)

// Pack makes a vector of texts or bytes, without a dictionary, one that takes 5 bytes for each value beside the value's own, in place of 16 or 16 beside. It can be
// appended to by AppendRows and is read by that, [Picks.Take], [Vector.ViewAt], [Vector.BytesAt] and hashing; it has no Views.
func (v *Vector) Pack() {
	if v.packed != nil {
		return
	}
	old := *v
	v.Data, v.Buffers, v.own, v.filled, v.lent = nil, nil, 0, 0, false
	v.packed, v.Len = &packed{}, 0
	v.Reserve(old.Len)
	v.pack(&old, nil, 0, old.Len)
}

// Packed reports whether the vector is one that Pack made.
func (v *Vector) Packed() bool { return v.packed != nil }

// ViewAt returns the view of row i of a vector of texts or bytes without a dictionary. It points into Buffers.
func (v *Vector) ViewAt(i int) View {
	if v.packed == nil {
		return Values[View](v)[i]
	}
	at := v.packed.bases[i/packedRows] + uint64(Values[uint32](v)[i])
	index, from := int(at>>packedBits), int(at&(packedSize-1))
	buf := v.Buffers[index]
	n := int(buf[from])
	from++
	if n >= 0x80 {
		x, width := binary.Uvarint(buf[from-1:])
		n, from = int(x), from-1+width
	}
	return MakeView(buf, index, from, n)
}

// ViewsAt writes what ViewAt returns for rows of a packed vector to out. It reads the places of many and where they lead to before it looks at any, so that what
// is not in the cache comes at once.
func (v *Vector) ViewsAt(rows []int32, out []View) {
	const ahead = 32
	var at [ahead]uint64
	places, bases := Values[uint32](v), v.packed.bases
	for len(rows) > 0 {
		n := min(ahead, len(rows))
		for i, r := range rows[:n] {
			at[i&(ahead-1)] = bases[r/packedRows] + uint64(places[r])
		}
		some := out[:n]
		for i := range some {
			p := at[i&(ahead-1)]
			some[i].Lo = uint64(v.Buffers[p>>packedBits][p&(packedSize-1)])
		}
		for i := range some {
			p := at[i&(ahead-1)]
			index, from, size := int(p>>packedBits), int(p&(packedSize-1))+1, int(some[i].Lo)
			if size >= 0x80 {
				x, width := binary.Uvarint(v.Buffers[index][from-1:])
				size, from = int(x), from-1+width
			}
			some[i] = MakeView(v.Buffers[index], index, from, size)
		}
		rows, out = rows[n:], out[n:]
	}
}

// pack appends the values of rows of src, [from, from+n) where rows is nil.
func (v *Vector) pack(src *Vector, rows []int32, from, n int) {
	first := v.Len
	v.Len += n
	places := Values[uint32](v)
	for i := range n {
		r := from + i
		if rows != nil {
			r = int(rows[i])
		}
		w := View{}
		if src.Valid == nil || src.Valid.Get(r) {
			w = src.ViewAt(r)
		}
		places[first+i] = v.packed.hold(v, first+i, w.Bytes(src.Buffers))
	}
}

// packEmpty appends an empty value.
func (v *Vector) packEmpty() {
	i := v.Len
	v.Reserve(i + 1)
	v.addRow(i)
	Values[uint32](v)[i] = v.packed.hold(v, i, nil)
}

// hold copies a value, which is that of row i, the next one, and returns its place.
func (p *packed) hold(v *Vector, i int, b []byte) uint32 {
	var head [binary.MaxVarintLen64]byte
	width := binary.PutUvarint(head[:], uint64(len(b)))
	size := width + len(b)
	if used := int(p.at & (packedSize - 1)); used+size > packedSize {
		p.at = (p.at>>packedBits + 1) << packedBits
	}
	index, from := int(p.at>>packedBits), int(p.at&(packedSize-1))
	for len(v.Buffers) <= index {
		v.Buffers = append(v.Buffers, nil)
	}
	if buf := v.Buffers[index]; from+size > len(buf) {
		room := size
		if size <= packedSize {
			room = packedSize
			if index == 0 {
				room = min(max(leastPack, 2*len(buf), from+size), packedSize)
			}
		}
		v.Buffers[index] = append(make([]byte, 0, room), buf[:from]...)[:room]
	}
	copy(v.Buffers[index][from:], head[:width])
	copy(v.Buffers[index][from+width:], b)
	if i%packedRows == 0 {
		p.bases = append(p.bases[:i/packedRows], p.at)
	}
	place := uint32(p.at - p.bases[i/packedRows])
	if p.at += uint64(size); size > packedSize {
		p.at = uint64(index+1) << packedBits
	}
	return place
}

// takePacked appends rows of src, which is packed, to the empty vector v, which borrows the values.
func (v *Vector) takePacked(src *Vector, rows []int32) {
	views := Values[View](v)[:len(rows)]
	for i, r := range rows {
		views[i] = src.ViewAt(int(r))
	}
}

// gatherPacked appends rows of src, which is packed, to v.
func (v *Vector) gatherPacked(src *Vector, rows []int32, from, n int) {
	first := v.Len
	v.Len += n
	views := Values[View](v)
	for i := range n {
		r := from + i
		if rows != nil {
			r = int(rows[i])
		}
		w := src.ViewAt(r)
		if !w.Inline() {
			w = v.Hold(w.Bytes(src.Buffers))
		}
		views[first+i] = w
	}
}

func (p *packed) reset(v *Vector) {
	v.Buffers = slices.Delete(v.Buffers, min(1, len(v.Buffers)), len(v.Buffers))
	p.bases, p.at = p.bases[:0], 0
}
