package expr

import (
	"github.com/millstream/millstream/column"
)

// Stepper is an accumulator that shows what each row does to its group's result, as changelogs need it, in one loop.
type Stepper interface {
	Accumulator
	// Step does row after row what signs say: it takes row i in (1), out (-1, only if the accumulator is a [Retractor]) or neither (0). It
	// appends two values for each row to out, its group's result before and after. Other arguments are as for Update.
	Step(groups []int32, signs []int8, args []*column.Vector, rows []int32, out *column.Vector)
}

var (
	_ Stepper = (*counter)(nil)
	_ Stepper = (*sum[int64, int64])(nil)
	_ Stepper = (*extreme[int64])(nil)
	_ Stepper = (*decimalSum)(nil)
	_ Stepper = (*extremeHistory)(nil)
	_ Stepper = (*edgeHistory)(nil)
	_ Stepper = (*kept)(nil)
)

// Step implements [Stepper].
func (a *counter) Step(groups []int32, signs []int8, args []*column.Vector, rows []int32, out *column.Vector) {
	base := out.Len
	out.Resize(base + 2*len(groups))
	o := column.Values[int64](out)[base:]
	n, signs := a.n, signs[:len(groups)]
	if noNulls(args) == len(args) {
		for i, g := range groups {
			before := n[g]
			after := before + int64(signs[i])
			n[g] = after
			o[2*i], o[2*i+1] = before, after
		}
		return
	}
	for i, g := range groups {
		before := n[g]
		after := before + int64(signs[i])
		for _, v := range args {
			if v.IsNull(rowAt(rows, i)) {
				after = before
			}
		}
		n[g] = after
		o[2*i], o[2*i+1] = before, after
	}
}

// Step implements [Stepper].
func (a *sum[T, S]) Step(groups []int32, signs []int8, args []*column.Vector, rows []int32, out *column.Vector) {
	v := a.arg.of(args[0])
	x := column.Values[T](v)
	base := out.Len
	out.Resize(base + 2*len(groups))
	o := column.Values[T](out)[base:]
	var valid column.Bitmap
	if !a.result.NotNull {
		valid = out.Validity()
	}
	signs = signs[:len(groups)]
	for i, g := range groups {
		p := &a.groups[g]
		before, has := a.value(p)
		o[2*i] = before
		if valid != nil {
			valid.Put(base+2*i, has)
		}
		if r := rowAt(rows, i); v.Valid == nil || v.Valid.Get(r) {
			// Not sum += sign·x: with NaN or infinity a sign of 0 would change the sum.
			switch s := signs[i]; {
			case s > 0:
				p.sum += S(x[r])
				p.n++
			case s < 0:
				p.sum -= S(x[r])
				p.n--
			}
		}
		after, has := a.value(p)
		o[2*i+1] = after
		if valid != nil {
			valid.Put(base+2*i+1, has)
		}
	}
}

// value is a group's result, and whether it is not NULL.
func (a *sum[T, S]) value(p *total[S]) (T, bool) {
	switch {
	case p.n == 0:
		return 0, false
	case a.mean:
		return T(p.sum / S(p.n)), true
	}
	return T(p.sum), true
}

// Step implements [Stepper].
func (a *extreme[T]) Step(groups []int32, signs []int8, args []*column.Vector, rows []int32, out *column.Vector) {
	v := a.arg.of(args[0])
	x := column.Values[T](v)
	base := out.Len
	out.Resize(base + 2*len(groups))
	o, valid := column.Values[T](out)[base:], out.Validity()
	for i, g := range groups {
		p := &a.groups[g]
		o[2*i] = p.value
		valid.Put(base+2*i, p.has)
		if r := rowAt(rows, i); signs[i] > 0 && (v.Valid == nil || v.Valid.Get(r)) {
			a.take1(p, x[r])
		}
		o[2*i+1] = p.value
		valid.Put(base+2*i+1, p.has)
	}
}

// Step implements [Stepper].
func (a *decimalSum) Step(groups []int32, signs []int8, args []*column.Vector, rows []int32, out *column.Vector) {
	v := a.in.of(args[0])
	x := column.Values[column.Int128](v)
	out.Reserve(out.Len + 2*len(groups))
	for i, g := range groups {
		a.appendOne(int(g), out)
		if r := rowAt(rows, i); v.Valid == nil || v.Valid.Get(r) {
			switch s := signs[i]; {
			case s > 0:
				a.add(g, x[r], 1)
			case s < 0:
				a.add(g, x[r].Neg(), -1)
			}
		}
		a.appendOne(int(g), out)
	}
}

// Step implements [Stepper].
func (a *kept) Step(groups []int32, signs []int8, args []*column.Vector, rows []int32, out *column.Vector) {
	v := args[0]
	a.picks = a.picks[:0]
	for i, g := range groups {
		a.picks = append(a.picks, a.at[g])
		if r := rowAt(rows, i); signs[i] > 0 && !v.IsNull(r) {
			a.take(g, v, r)
		}
		a.picks = append(a.picks, a.at[g])
	}
	a.appendRows(a.picks, out)
	a.tidy()
}
