package column

// Mix appends rows of two vectors of one type to the empty vector v, in the order of rows: row r of a, or row ^r of b where r is negative. Long values are
// borrowed: a and b must stay unchanged until v is reset. Neither has a dictionary.
func (v *Vector) Mix(a, b *Vector, rows []int32) {
	if v.Type.Layout() >= LayoutList {
		v.mixRuns(a, b, rows)
		return
	}
	n := len(rows)
	v.Reserve(n)
	v.Len = n
	switch v.Type.Layout() {
	case LayoutBits:
		x, y, to := a.Bits(), b.Bits(), v.Bits()
		for i, r := range rows {
			if r >= 0 {
				to.Put(i, x.Get(int(r)))
			} else {
				to.Put(i, y.Get(int(^r)))
			}
		}
	case LayoutInt8:
		mix(Values[int8](v), Values[int8](a), Values[int8](b), rows)
	case LayoutInt16:
		mix(Values[int16](v), Values[int16](a), Values[int16](b), rows)
	case LayoutInt32, LayoutFloat:
		mix(Values[int32](v), Values[int32](a), Values[int32](b), rows)
	case LayoutInt64, LayoutDouble:
		mix(Values[int64](v), Values[int64](a), Values[int64](b), rows)
	case LayoutInt128:
		mix(Values[Int128](v), Values[Int128](a), Values[Int128](b), rows)
	case LayoutView:
		v.borrowBuffers(a)
		base := uint64(len(v.Buffers))
		v.Buffers = append(v.Buffers, b.Buffers...)
		x, y, to := Values[View](a), Values[View](b), Values[View](v)
		for i, r := range rows {
			if r >= 0 {
				to[i] = x[r]
				continue
			}
			w := y[^r]
			if !w.Inline() {
				w.Hi += base
			}
			to[i] = w
		}
	}
	if a.Valid == nil && b.Valid == nil {
		return
	}
	valid := v.Validity()
	for i, r := range rows {
		from := a.Valid
		if r < 0 {
			from, r = b.Valid, ^r
		}
		valid.Put(i, from == nil || from.Get(int(r)))
	}
}

func mix[T Fixed](v, a, b []T, rows []int32) {
	for i, r := range rows {
		if r >= 0 {
			v[i] = a[r]
		} else {
			v[i] = b[^r]
		}
	}
}

// mixRuns is Mix for lists and structs, which are copied.
func (v *Vector) mixRuns(a, b *Vector, rows []int32) {
	var run []int32
	for i := 0; i < len(rows); {
		first := rows[i] >= 0
		run = run[:0]
		for ; i < len(rows) && rows[i] >= 0 == first; i++ {
			r := rows[i]
			if !first {
				r = ^r
			}
			run = append(run, r)
		}
		if first {
			v.AppendRows(a, run)
		} else {
			v.AppendRows(b, run)
		}
	}
}
