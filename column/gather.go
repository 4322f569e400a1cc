package column

// AppendRows adds rows of src, which must have the same layout, to v: those whose indexes stand in rows, or all
// of them if rows is nil. Dictionaries are resolved and bytes copied, so v owns all it holds afterwards.
func (v *Vector) AppendRows(src *Vector, rows []int32) {
	n := len(rows)
	if rows == nil {
		n = src.Len
	}
	if n == 0 {
		return
	}
	if src.Dict != nil {
		v.appendDict(src, rows)
		return
	}
	v.appendRange(src, rows, 0, n)
}

// appendRange adds rows [from, from+n) of src if rows is nil, else those that stand in rows, of which there are n.
func (v *Vector) appendRange(src *Vector, rows []int32, from, n int) {
	base := v.Len
	if src.Type.Layout() != LayoutStruct {
		v.Reserve(base + n)
	}
	v.appendValid(src, rows, from, n)
	switch src.Type.Layout() {
	case LayoutBits:
		v.Len = base + n
		if rows == nil {
			v.Bits().CopyRange(base, src.Bits(), from, n)
		} else {
			gatherBits(v.Bits(), base, src.Bits(), rows)
		}
	case LayoutInt8:
		gather[int8](v, src, rows, from, n)
	case LayoutInt16:
		gather[int16](v, src, rows, from, n)
	case LayoutInt32, LayoutFloat:
		gather[int32](v, src, rows, from, n)
	case LayoutInt64, LayoutDouble:
		gather[int64](v, src, rows, from, n)
	case LayoutInt128:
		gather[Int128](v, src, rows, from, n)
	case LayoutView:
		switch {
		case v.packed != nil:
			v.pack(src, rows, from, n)
		case src.packed != nil:
			v.gatherPacked(src, rows, from, n)
		default:
			v.gatherViews(src, rows, from, n)
		}
	case LayoutList:
		v.gatherLists(src, rows, from, n)
	case LayoutStruct:
		v.init()
		v.Len = base + n
		for i, c := range v.Children {
			if rows == nil && src.Children[i].Dict == nil {
				c.appendRange(src.Children[i], nil, from, n)
			} else {
				c.AppendRows(src.Children[i], v.span(rows, from, n))
			}
		}
	default:
		v.Len = base + n
	}
}

// span returns rows, or the indexes [from, from+n) if it is nil, in memory that the next call reuses.
func (v *Vector) span(rows []int32, from, n int) []int32 {
	if rows != nil {
		return rows
	}
	v.scratch = v.scratch[:0]
	for i := range n {
		v.scratch = append(v.scratch, int32(from+i))
	}
	return v.scratch
}

// appendValid copies validity of the rows; it runs before Len grows.
func (v *Vector) appendValid(src *Vector, rows []int32, from, n int) {
	if src.Valid == nil {
		if v.Valid != nil {
			v.growValid(v.Len + n)
			v.Valid.SetRange(v.Len, v.Len+n)
		}
		return
	}
	v.Validity()
	v.growValid(v.Len + n)
	if rows == nil {
		v.Valid.CopyRange(v.Len, src.Valid, from, n)
	} else {
		gatherBits(v.Valid, v.Len, src.Valid, rows)
	}
}

// gatherBits writes the bits of src that stand in rows to b, from bit base on.
func gatherBits(b Bitmap, base int, src Bitmap, rows []int32) {
	i := 0
	for ; i < len(rows) && (base+i)&63 != 0; i++ {
		b.Put(base+i, src.Get(int(rows[i])))
	}
	for ; i < len(rows); i += 64 {
		var w uint64
		for j, r := range rows[i:min(i+64, len(rows))] {
			w |= (src[r>>6] >> (r & 63) & 1) << j
		}
		b[(base+i)>>6] = w
	}
}

func gather[T Fixed](v, src *Vector, rows []int32, at, n int) {
	from, to := Values[T](src), Values[T](v)[v.Len:v.Len+n]
	v.Len += n
	if rows == nil {
		copy(to, from[at:at+n])
		return
	}
	for i, r := range rows {
		to[i] = from[r]
	}
}

// AppendPicked adds the values that stand in rows, all of them valid.
func AppendPicked[T Fixed](v *Vector, from []T, rows []int32) {
	base := v.Len
	v.Resize(base + len(rows))
	to := Values[T](v)[base:v.Len]
	for i, r := range rows {
		to[i] = from[r]
	}
}

// AppendSame adds a value n times.
func AppendSame[T Fixed](v *Vector, x T, n int) {
	base := v.Len
	v.Resize(base + n)
	to := Values[T](v)[base:v.Len]
	for i := range to {
		to[i] = x
	}
}

func (v *Vector) gatherViews(src *Vector, rows []int32, at, n int) {
	from, to := src.Views(), Values[View](v)[v.Len:v.Len+n]
	v.Len += n
	if rows == nil {
		for i, w := range from[at : at+n] {
			if !w.Inline() {
				w = v.Hold(w.Bytes(src.Buffers))
			}
			to[i] = w
		}
		return
	}
	for i, r := range rows {
		w := from[r]
		if !w.Inline() {
			w = v.Hold(w.Bytes(src.Buffers))
		}
		to[i] = w
	}
}

func (v *Vector) gatherLists(src *Vector, rows []int32, at, n int) {
	base := v.Len
	v.Len = base + n
	from, to := src.Offsets(), Values[int32](v)
	if base == 0 {
		to[0] = 0
	}
	end := to[base]
	if rows == nil {
		shift := end - from[at]
		for i := range n {
			to[base+i+1] = from[at+i+1] + shift
		}
		v.appendElems(src, nil, int(from[at]), int(from[at+n]-from[at]))
		return
	}
	elems := v.scratch[:0]
	for i, r := range rows {
		for e := from[r]; e < from[r+1]; e++ {
			elems = append(elems, e)
		}
		end += from[r+1] - from[r]
		to[base+i+1] = end
	}
	v.scratch = elems
	v.appendElems(src, elems, 0, len(elems))
}

func (v *Vector) appendElems(src *Vector, rows []int32, from, n int) {
	if n == 0 {
		return
	}
	for i, c := range v.Children {
		if e := src.Children[i]; rows == nil && e.Dict == nil {
			c.appendRange(e, nil, from, n)
		} else {
			c.AppendRows(e, v.span(rows, from, n))
		}
	}
}

// appendDict adds rows of a vector with a dictionary. A null row's index is unspecified.
func (v *Vector) appendDict(src *Vector, rows []int32) {
	n := len(rows)
	if rows == nil {
		n = src.Len
	}
	codes, base := Values[int32](src), v.Len
	if src.Dict.Len == 0 { // every row is null
		for range n {
			v.AppendNull()
		}
		return
	}
	picked := v.scratch[:0]
	for i := range n {
		r := i
		if rows != nil {
			r = int(rows[i])
		}
		c := codes[r]
		if src.Valid != nil && !src.Valid.Get(r) {
			c = 0
		}
		picked = append(picked, c)
	}
	v.scratch = nil // AppendRows uses it for lists
	v.AppendRows(src.Dict, picked)
	v.scratch = picked
	if src.Valid == nil {
		return
	}
	for i := range n {
		r := i
		if rows != nil {
			r = int(rows[i])
		}
		if !src.Valid.Get(r) {
			v.SetNull(base + i)
		}
	}
}
