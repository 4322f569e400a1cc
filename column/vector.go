// Package column holds SQL rows by columns: logical types, vectors in Apache Arrow's physical layout, and
// batches of them with optional row kinds and event times.
//
// What enters: values that formats decode, or Arrow records. What leaves: the same, to formats, state and
// Arrow. Everything above works on raw slices of vectors through [Values], [Vector.Views] and
// [Vector.Validity]; loops over them live in kernel/, conversions in arrow/.
//
// What must hold:
//   - a vector's Data holds at least Len values, validity at least Len bits, and the value of a null row is
//     unspecified but readable;
//   - whoever passes a batch on keeps it: the receiver may read it until it returns and must copy what it keeps;
//   - vectors are reused: Reset keeps the memory, so nothing may hold on to a vector's slices behind its owner's back.
package column

import "unsafe"

// Vector is one column's values. The zero Vector is an empty vector of type NULL; set Type before use.
type Vector struct {
	Type     Type
	Len      int      // number of rows
	Valid    Bitmap   // nil: no row is null
	Data     []uint64 // values, bits, views or list offsets; whole words, so that every layout is aligned
	Buffers  [][]byte // what long views point into
	Children []*Vector
	// Dict, if set, holds the distinct values and Data 32-bit indexes into it, whatever the type's layout.
	Dict *Vector
	// Stable says of a dictionary that its values never change, so that what was computed of them holds as long as it is the same vector.
	Stable bool

	packed  *packed // set by Pack
	own     int     // index of the buffer in Buffers that AppendBytes fills; one more, so that zero means none
	filled  int     // bytes in own buffers that are full; after Reset, what the next own buffer should have room for
	lent    bool    // Data is somebody else's: replaced before the first write, let go by Reset
	bits    Bitmap  // memory of the validity that the vector made itself, kept across Reset
	scratch []int32 // rows of children while gathering
}

// Fixed is the set of types that [Values] can view a vector's data as.
type Fixed interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64 | Int128 | View
}

// NewVector returns an empty vector of type t with room for n rows.
func NewVector(t Type, n int) *Vector {
	v := &Vector{Type: t}
	v.init()
	v.Reserve(n)
	return v
}

func (v *Vector) init() {
	if v.Children != nil {
		return
	}
	switch v.Type.Kind {
	case Array:
		v.Children = []*Vector{NewVector(*v.Type.Elem, 0)}
	case Multiset:
		v.Children = []*Vector{NewVector(*v.Type.Elem, 0), NewVector(Of(Int).Required(), 0)}
	case Map:
		v.Children = []*Vector{NewVector(*v.Type.Key, 0), NewVector(*v.Type.Elem, 0)}
	case Row:
		v.Children = make([]*Vector, len(v.Type.Fields))
		for i, f := range v.Type.Fields {
			v.Children[i] = NewVector(f.Type, 0)
		}
	}
}

// Values returns the vector's data as n = cap values of T, of which the first Len are rows. T must have the
// width of the layout (or be int32 for the indexes of a dictionary).
func Values[T Fixed](v *Vector) []T {
	var z T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(v.Data))), len(v.Data)*8/int(unsafe.Sizeof(z)))
}

// Views returns the values of a LayoutView vector.
func (v *Vector) Views() []View { return Values[View](v)[:v.Len] }

// Bits returns the values of a LayoutBits vector.
func (v *Vector) Bits() Bitmap { return Bitmap(v.Data) }

// Offsets returns the Len+1 offsets of a LayoutList vector into its children.
func (v *Vector) Offsets() []int32 {
	if len(v.Data) == 0 {
		return noOffsets[:]
	}
	return Values[int32](v)[:v.Len+1]
}

var noOffsets [1]int32 // an empty vector without memory

// IsNull reports whether row i is null. For loops over many rows take Valid into a local variable.
func (v *Vector) IsNull(i int) bool {
	return v.Type.Kind == Null || v.Valid != nil && !v.Valid.Get(i) || v.Dict != nil && v.Dict.IsNull(int(Values[int32](v)[i]))
}

// HasNulls reports whether any row may be null.
func (v *Vector) HasNulls() bool {
	return v.Type.Kind == Null || v.Valid != nil || v.Dict != nil && v.Dict.HasNulls()
}

// BytesAt returns the bytes of row i of a text or binary vector. They are valid as long as the vector is not reset.
func (v *Vector) BytesAt(i int) []byte {
	if v.Dict != nil {
		return v.Dict.BytesAt(int(Values[int32](v)[i]))
	}
	if v.packed != nil {
		w := v.ViewAt(i)
		return w.Bytes(v.Buffers)
	}
	return v.Views()[i].Bytes(v.Buffers)
}

// Reserve makes room for n rows in all without changing Len.
func (v *Vector) Reserve(n int) {
	l := v.Type.Layout()
	if v.Dict != nil || v.packed != nil {
		l = LayoutInt32
	}
	words := 0
	switch l {
	case LayoutBits:
		words = (n + 63) >> 6
	case LayoutList:
		v.init()
		words = (n + 2) >> 1
	case LayoutStruct:
		v.init()
		for _, c := range v.Children {
			c.Reserve(n)
		}
	default:
		words = (n*width[l] + 7) >> 3
	}
	switch {
	case v.lent:
		next := make([]uint64, max(words, len(v.Data)))
		copy(next, v.Data)
		v.Data, v.lent = next, false
	case words > cap(v.Data):
		next := make([]uint64, words, max(words, grown(cap(v.Data))))
		copy(next, v.Data)
		v.Data = next[:cap(next)]
	case words > len(v.Data):
		v.Data = v.Data[:words]
	}
	if v.Valid != nil {
		v.growValid(n)
	}
}

// grown is the size, in words, to which a column grows. A large one doubles no more: state that holds millions of rows would on average pay for half
// as many again. What it copies instead is little beside the reading of a row.
func grown(words int) int {
	const large = 64 << 10
	if words < large {
		return 2 * words
	}
	return words + words/8 + large/4
}

// growValid makes room for n bits, in memory of the vector's own: Valid may be somebody else's.
func (v *Vector) growValid(n int) {
	if len(v.Valid) > 0 && len(v.bits) > 0 && &v.Valid[0] == &v.bits[0] {
		v.Valid = v.Valid.Grow(n)
	} else {
		own := v.bits.Grow(max(n, len(v.Valid)<<6))
		copy(own, v.Valid)
		v.Valid = own
	}
	v.bits = v.Valid
}

// LendData gives the vector values, and validity if not nil, that stay somebody else's: they are read where they
// are and must stay unchanged until the vector is reset. A write to the vector copies them first.
func (v *Vector) LendData(data []uint64, valid Bitmap, n int) {
	v.Data, v.Valid, v.Len, v.lent = data, valid, n, true
}

// Resize reserves room for n rows and sets Len to n; new rows are valid and have unspecified values.
func (v *Vector) Resize(n int) {
	v.Reserve(n)
	if v.Valid != nil && n > v.Len {
		v.Valid.SetRange(v.Len, n)
	}
	v.Len = n
	if v.Type.Layout() == LayoutStruct {
		for _, c := range v.Children {
			c.Resize(n)
		}
	}
}

// Reset empties the vector and keeps its memory. Whatever was lent to it is let go.
func (v *Vector) Reset() {
	v.Len, v.Valid, v.Dict, v.Stable = 0, nil, nil, false
	if v.lent {
		v.Data, v.lent = nil, false
	}
	if v.packed != nil {
		v.packed.reset(v)
	} else if v.own > 0 {
		b := v.Buffers[v.own-1][:0]
		clear(v.Buffers)
		v.Buffers = v.Buffers[:0]
		if v.filled > 0 { // several: one is to take their place
			v.filled += cap(b)
			v.own = 0
		} else {
			v.Buffers = append(v.Buffers, b)
			v.own = 1
		}
	} else {
		clear(v.Buffers)
		v.Buffers = v.Buffers[:0]
	}
	if v.Type.Layout() == LayoutList && len(v.Data) > 0 {
		Values[int32](v)[0] = 0
	}
	for _, c := range v.Children {
		c.Reset()
	}
}

// Validity returns the bitmap for writing, with room for Len rows, making one with every row valid where there was
// none and copying one that was lent. To read, take Valid.
func (v *Vector) Validity() Bitmap {
	if v.Valid == nil {
		v.bits = v.bits.Grow(max(v.Len, 64))
		v.Valid = v.bits
		v.Valid.Fill(v.Len, true)
	} else {
		v.growValid(v.Len)
	}
	return v.Valid
}

// SetNull makes row i, which must exist, null.
func (v *Vector) SetNull(i int) { v.Validity().Clear(i) }

// AppendNull adds a null row.
func (v *Vector) AppendNull() {
	i := v.Len
	v.grow1()
	v.SetNull(i)
}

// grow1 adds one valid row with an unspecified but readable value.
func (v *Vector) grow1() int {
	i := v.Len
	switch v.Type.Layout() {
	case LayoutStruct:
		v.Reserve(0)
		for _, c := range v.Children {
			if c.Len == i {
				c.grow1()
			}
		}
		v.addRow(i)
	case LayoutView:
		if v.packed != nil {
			v.packEmpty()
			break
		}
		v.Resize(i + 1)
		Values[View](v)[i] = View{}
	case LayoutList:
		v.Resize(i + 1)
		o := Values[int32](v)
		o[i+1] = o[i]
	default:
		v.Resize(i + 1)
	}
	return i
}

// addRow counts row i, which is valid, without touching values.
func (v *Vector) addRow(i int) {
	v.Len = i + 1
	if v.Valid != nil {
		v.growValid(v.Len)
		v.Valid.Set(i)
	}
}

// AppendStruct ends a ROW whose fields were appended to the children; fields left out are added as nulls.
func (v *Vector) AppendStruct() {
	v.init()
	for _, c := range v.Children {
		if c.Len == v.Len {
			c.AppendNull()
		}
	}
	v.addRow(v.Len)
}

// Append adds a value of a fixed-width layout.
func Append[T Fixed](v *Vector, x T) {
	i := v.grow1()
	Values[T](v)[i] = x
}

// AppendBool adds a BOOLEAN.
func (v *Vector) AppendBool(x bool) { i := v.grow1(); v.Bits().Put(i, x) }

// AppendBytes adds a text or binary value, copying b.
func (v *Vector) AppendBytes(b []byte) {
	i := v.grow1()
	Values[View](v)[i] = v.Hold(b)
}

// AppendString adds a text value.
func (v *Vector) AppendString(s string) {
	v.AppendBytes(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// AppendList ends a list whose elements were appended to the children; n is the number of elements.
func (v *Vector) AppendList(n int) {
	i := v.grow1()
	o := Values[int32](v)
	o[i+1] = o[i] + int32(n)
}

// maxBuffer bounds one buffer of long values, in bytes: offsets are 32 bits wide in Arrow, and signed.
const maxBuffer = 1 << 30

// The sizes of own buffers, in bytes: the first one grows, which copies what is in it, until it is worth more to begin another.
const (
	leastBuffer = 1 << 10
	fullBuffer  = 1 << 20
)

func (v *Vector) addBuffer(size int) {
	v.Buffers = append(v.Buffers, make([]byte, 0, size))
	v.own = len(v.Buffers)
}

// Hold copies b into the vector's own buffer and returns a view of it, without adding a row.
func (v *Vector) Hold(b []byte) View {
	if len(b) <= InlineLen {
		return InlineView(b)
	}
	if v.own == 0 {
		v.addBuffer(max(leastBuffer, min(v.filled, maxBuffer), len(b)))
		v.filled = 0
	}
	buf := &v.Buffers[v.own-1]
	if c := cap(*buf); len(*buf)+len(b) > c && c >= fullBuffer {
		v.filled += len(*buf)
		v.addBuffer(max(fullBuffer, min(v.filled/4, maxBuffer), len(b)))
		buf = &v.Buffers[v.own-1]
	}
	off := len(*buf)
	*buf = append(*buf, b...)
	return MakeView(*buf, v.own-1, off, len(b))
}

// Tail returns an empty slice of the spare memory behind the vector's own long values, to append a value to and give to
// [Vector.HoldTail].
func (v *Vector) Tail() []byte {
	if v.own == 0 {
		v.addBuffer(max(leastBuffer, min(v.filled, maxBuffer)))
		v.filled = 0
	}
	b := v.Buffers[v.own-1]
	return b[len(b):]
}

// HoldTail is Hold for a value that was appended to what Tail returned just before: it is copied only if it did not fit there.
func (v *Vector) HoldTail(b []byte) View {
	buf := &v.Buffers[v.own-1]
	off := len(*buf)
	if len(b) <= InlineLen || off == cap(*buf) || unsafe.SliceData(b) != &(*buf)[:off+1][off] {
		return v.Hold(b)
	}
	*buf = (*buf)[:off+len(b)]
	return MakeView(*buf, v.own-1, off, len(b))
}

// Lend adds b to the buffers and returns its index, so that views made by [MakeView] can point into it
// without a copy. b must stay unchanged until the vector is reset.
func (v *Vector) Lend(b []byte) int {
	v.Buffers = append(v.Buffers, b)
	return len(v.Buffers) - 1
}

// SizeBytes returns the memory that the vector holds, in bytes; lent buffers count too.
func (v *Vector) SizeBytes() int {
	n := cap(v.Data)*8 + max(cap(v.Valid), cap(v.bits))*8 + cap(v.scratch)*4
	for _, b := range v.Buffers {
		n += cap(b)
	}
	for _, c := range v.Children {
		n += c.SizeBytes()
	}
	if v.Dict != nil {
		n += v.Dict.SizeBytes()
	}
	if v.packed != nil {
		n += cap(v.packed.bases) * 8
	}
	return n
}
