package column

// Scatter writes rows of src, which has v's layout and the same number of rows, over those of v: for each r in rows,
// row r of src becomes row r of v. If src has one row and constant is set, that row is written. v must be resized; long
// values are borrowed from src. Lists and structs cannot be written over: use AppendRows.
func (v *Vector) Scatter(src *Vector, constant bool, rows []int32) {
	switch v.Type.Layout() {
	case LayoutBits:
		from, to := src.Bits(), v.Bits()
		for _, r := range rows {
			to.Put(int(r), from.Get(at(r, constant)))
		}
	case LayoutInt8:
		scatter(Values[int8](v), Values[int8](src), constant, rows)
	case LayoutInt16:
		scatter(Values[int16](v), Values[int16](src), constant, rows)
	case LayoutInt32, LayoutFloat:
		scatter(Values[int32](v), Values[int32](src), constant, rows)
	case LayoutInt64, LayoutDouble:
		scatter(Values[int64](v), Values[int64](src), constant, rows)
	case LayoutInt128:
		scatter(Values[Int128](v), Values[Int128](src), constant, rows)
	case LayoutView:
		base := len(v.Buffers)
		v.Buffers = append(v.Buffers, src.Buffers...)
		from, to := Values[View](src), Values[View](v)
		for _, r := range rows {
			w := from[at(r, constant)]
			if !w.Inline() {
				w.Hi += uint64(base)
			}
			to[r] = w
		}
	}
	switch {
	case src.Valid != nil:
		to := v.Validity()
		for _, r := range rows {
			to.Put(int(r), src.Valid.Get(at(r, constant)))
		}
	case v.Valid != nil:
		to := v.Validity()
		for _, r := range rows {
			to.Set(int(r))
		}
	}
}

func at(r int32, constant bool) int {
	if constant {
		return 0
	}
	return int(r)
}

func scatter[T Fixed](to, from []T, constant bool, rows []int32) {
	if constant {
		c := from[0]
		for _, r := range rows {
			to[r] = c
		}
		return
	}
	for _, r := range rows {
		to[r] = from[r]
	}
}
