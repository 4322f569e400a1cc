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

// Overwrite writes rows of src, which has v's layout and no dictionary, over those of v: row rows[i] of src becomes row to[i] of v. Texts, lists and structs cannot
// be written over.
func (v *Vector) Overwrite(src *Vector, rows, to []int32) {
	switch v.Type.Layout() {
	case LayoutBits:
		from, bits := src.Bits(), v.Bits()
		for i, r := range rows {
			bits.Put(int(to[i]), from.Get(int(r)))
		}
	case LayoutInt8:
		overwrite(Values[int8](v), Values[int8](src), rows, to)
	case LayoutInt16:
		overwrite(Values[int16](v), Values[int16](src), rows, to)
	case LayoutInt32, LayoutFloat:
		overwrite(Values[int32](v), Values[int32](src), rows, to)
	case LayoutInt64, LayoutDouble:
		overwrite(Values[int64](v), Values[int64](src), rows, to)
	case LayoutInt128:
		overwrite(Values[Int128](v), Values[Int128](src), rows, to)
	}
	v.OverwriteValid(src, rows, to)
}

// OverwriteValid is the part of Overwrite that says which rows are null.
func (v *Vector) OverwriteValid(src *Vector, rows, to []int32) {
	switch {
	case src.Valid != nil:
		valid := v.Validity()
		for i, r := range rows {
			valid.Put(int(to[i]), src.Valid.Get(int(r)))
		}
	case v.Valid != nil:
		valid := v.Validity()
		for _, r := range to {
			valid.Set(int(r))
		}
	}
}

func overwrite[T Fixed](v, src []T, rows, to []int32) {
	for i, r := range rows {
		v[to[i]] = src[r]
	}
}
