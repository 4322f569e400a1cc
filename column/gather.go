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
	base := v.Len
	if src.Type.Layout() != LayoutList && src.Type.Layout() != LayoutStruct {
		v.Reserve(base + n)
	}
	v.appendValid(src, rows, n)
	switch src.Type.Layout() {
	case LayoutBits:
		v.Len = base + n
		from, to := src.Bits(), v.Bits()
		if rows == nil {
			for i := range n {
				to.Put(base+i, from.Get(i))
			}
		} else {
			for i, r := range rows {
				to.Put(base+i, from.Get(int(r)))
			}
		}
	case LayoutInt8:
		gather[int8](v, src, rows, n)
	case LayoutInt16:
		gather[int16](v, src, rows, n)
	case LayoutInt32, LayoutFloat:
		gather[int32](v, src, rows, n)
	case LayoutInt64, LayoutDouble:
		gather[int64](v, src, rows, n)
	case LayoutInt128:
		gather[Int128](v, src, rows, n)
	case LayoutView:
		v.gatherViews(src, rows, n)
	case LayoutList:
		v.gatherLists(src, rows, n)
	case LayoutStruct:
		v.Len = base + n
		for i, c := range v.Children {
			c.AppendRows(src.Children[i], rows)
		}
	default:
		v.Len = base + n
	}
}

// appendValid copies validity of the rows; it runs before Len grows.
func (v *Vector) appendValid(src *Vector, rows []int32, n int) {
	if src.Valid == nil {
		if v.Valid != nil {
			v.Valid = v.Valid.Grow(v.Len + n)
			for i := v.Len; i < v.Len+n; i++ {
				v.Valid.Set(i)
			}
		}
		return
	}
	to := v.Validity().Grow(v.Len + n)
	v.Valid = to
	if rows == nil {
		for i := range n {
			to.Put(v.Len+i, src.Valid.Get(i))
		}
		return
	}
	for i, r := range rows {
		to.Put(v.Len+i, src.Valid.Get(int(r)))
	}
}

func gather[T Fixed](v, src *Vector, rows []int32, n int) {
	from, to := Values[T](src), Values[T](v)[v.Len:v.Len+n]
	v.Len += n
	if rows == nil {
		copy(to, from[:n])
		return
	}
	for i, r := range rows {
		to[i] = from[r]
	}
}

func (v *Vector) gatherViews(src *Vector, rows []int32, n int) {
	from, to := src.Views(), Values[View](v)[v.Len:v.Len+n]
	v.Len += n
	if rows == nil {
		for i, w := range from[:n] {
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

func (v *Vector) gatherLists(src *Vector, rows []int32, n int) {
	base := v.Len
	v.Reserve(base + n)
	v.Len = base + n
	from, to := src.Offsets(), Values[int32](v)
	if base == 0 {
		to[0] = 0
	}
	var elems []int32
	end := to[base]
	for i := range n {
		r := i
		if rows != nil {
			r = int(rows[i])
		}
		for e := from[r]; e < from[r+1]; e++ {
			elems = append(elems, e)
		}
		end += from[r+1] - from[r]
		to[base+i+1] = end
	}
	for i, c := range v.Children {
		if len(elems) > 0 {
			c.AppendRows(src.Children[i], elems)
		}
	}
}

func (v *Vector) appendDict(src *Vector, rows []int32) {
	codes := Values[int32](src)[:src.Len]
	picked := make([]int32, 0, len(codes))
	if rows == nil {
		picked = append(picked, codes...)
	} else {
		for _, r := range rows {
			picked = append(picked, codes[r])
		}
	}
	base := v.Len
	v.AppendRows(src.Dict, picked)
	if src.Valid == nil {
		return
	}
	for i := range picked {
		r := i
		if rows != nil {
			r = int(rows[i])
		}
		if !src.Valid.Get(r) {
			v.SetNull(base + i)
		}
	}
}
