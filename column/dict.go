package column

// Decode writes the rows of v, which has a dictionary, to the empty vector to without one. Long values stay where
// they are: to borrows the dictionary's buffers.
func (v *Vector) Decode(to *Vector) {
	d, n := v.Dict, v.Len
	to.Type = v.Type
	if d.Dict != nil || v.Type.Layout() >= LayoutList || d.Len == 0 {
		to.AppendRows(v, nil)
		return
	}
	to.Resize(n)
	codes := Values[int32](v)[:n]
	if v.Valid != nil { // a null row's index is unspecified
		safe := to.scratch[:0]
		for i, c := range codes {
			if !v.Valid.Get(i) {
				c = 0
			}
			safe = append(safe, c)
		}
		to.scratch, codes = safe, safe
	}
	switch v.Type.Layout() {
	case LayoutBits:
		gatherBits(to.Bits(), 0, d.Bits(), codes)
	case LayoutInt8:
		pick(Values[int8](to), Values[int8](d), codes)
	case LayoutInt16:
		pick(Values[int16](to), Values[int16](d), codes)
	case LayoutInt32, LayoutFloat:
		pick(Values[int32](to), Values[int32](d), codes)
	case LayoutInt64, LayoutDouble:
		pick(Values[int64](to), Values[int64](d), codes)
	case LayoutInt128:
		pick(Values[Int128](to), Values[Int128](d), codes)
	case LayoutView:
		to.borrowBuffers(d)
		pick(Values[View](to), Values[View](d), codes)
	}
	switch {
	case d.Valid != nil:
		valid := to.Validity()
		gatherBits(valid, 0, d.Valid, codes)
		if v.Valid != nil {
			for i := range valid[:(n+63)>>6] {
				valid[i] &= v.Valid[i]
			}
		}
	case v.Valid != nil:
		copy(to.Validity()[:(n+63)>>6], v.Valid)
	}
}

// Borrow makes the empty vector v read what src holds, which must stay unchanged until v is reset. Lists and structs are
// copied.
func (v *Vector) Borrow(src *Vector) {
	if src.Type.Layout() >= LayoutList {
		v.AppendRows(src, nil)
		return
	}
	v.LendData(src.Data, src.Valid, src.Len)
	v.borrowBuffers(src)
	v.Dict = src.Dict
}

// Take appends rows of src as AppendRows does, to the empty vector v, but borrows long values, so src's buffers must stay
// unchanged until v is reset.
func (v *Vector) Take(src *Vector, rows []int32) {
	if src.Type.Layout() != LayoutView || src.Dict != nil {
		v.AppendRows(src, rows)
		return
	}
	v.borrowBuffers(src)
	v.Reserve(len(rows))
	v.appendValid(src, rows, 0, len(rows))
	v.Len = len(rows)
	if src.packed != nil {
		v.takePacked(src, rows)
		return
	}
	pick(Values[View](v), Values[View](src), rows)
}

// borrowBuffers gives the empty vector v the buffers of src under the same indexes, so that src's views hold in v. A buffer of v's own,
// kept by Reset, would shift them, so it is let go.
func (v *Vector) borrowBuffers(src *Vector) {
	v.Buffers, v.own, v.filled = append(v.Buffers[:0], src.Buffers...), 0, 0
}
