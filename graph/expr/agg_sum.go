package expr

import (
	"fmt"
	"unsafe"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

func init() {
	registerAggregate(
		&AggregateFunction{Name: "COUNT", Doc: "The number of rows, or of those whose argument is not NULL.", Example: "COUNT(*) => 3",
			Resolve: func(args []column.Type) ([]column.Type, column.Type, error) {
				if len(args) > 1 {
					return nil, column.Type{}, fmt.Errorf("COUNT takes one argument, not %d: count ROW(a, b), or by FILTER (WHERE a IS NOT NULL AND b IS NOT NULL)", len(args))
				}
				return nil, column.Of(column.BigInt).Required(), nil
			},
			New: func([]column.Type, column.Type) Accumulator { return &counter{} }},
		&AggregateFunction{Name: "SUM", Doc: "The sum of the values that are not NULL; NULL if there are none. Integers wrap around, DECIMAL has 38 digits.",
			Example: "SUM(x) => 6", Resolve: resolveSum, New: newSum, newFilled: newPlainSum},
		internal(&AggregateFunction{Name: "SUM0", Doc: "SUM, but 0 where there is no value.", Example: "SUM0(x) => 6",
			Resolve: func(args []column.Type) ([]column.Type, column.Type, error) {
				casts, t, err := resolveSum(args)
				return casts, t.Required(), err
			}, New: newSum, newFilled: newPlainSum}),
		&AggregateFunction{Name: "AVG", Doc: "The mean of the values that are not NULL; of integers an integer, truncated.", Example: "AVG(x) => 2",
			Resolve: resolveAvg, New: newAvg},
	)
}

func oneNumber(name string, args []column.Type) error {
	if len(args) != 1 || !args[0].IsNumeric() {
		s := ""
		for i, t := range args {
			if i > 0 {
				s += ", "
			}
			s += t.Optional().String()
		}
		return fmt.Errorf("%s takes one number, not (%s)", name, s)
	}
	return nil
}

func resolveSum(args []column.Type) ([]column.Type, column.Type, error) {
	if err := oneNumber("SUM", args); err != nil {
		return nil, column.Type{}, err
	}
	t := args[0]
	if t.Kind == column.Decimal {
		t.Precision = maxPrecision
	}
	return nil, t, nil
}

func resolveAvg(args []column.Type) ([]column.Type, column.Type, error) {
	if err := oneNumber("AVG", args); err != nil {
		return nil, column.Type{}, err
	}
	t := args[0]
	if t.Kind == column.Decimal {
		t.Precision, t.Scale = maxPrecision, max(6, t.Scale)
	}
	return nil, t, nil
}

func newSum(args []column.Type, result column.Type) Accumulator {
	switch args[0].Kind {
	case column.TinyInt:
		return &sum[int8, int8]{result: result}
	case column.SmallInt:
		return &sum[int16, int16]{result: result}
	case column.Int:
		return &sum[int32, int32]{result: result}
	case column.BigInt:
		return &sum[int64, int64]{result: result}
	case column.Float:
		return &sum[float32, float32]{result: result}
	case column.Double:
		return &sum[float64, float64]{result: result}
	}
	return &decimalSum{arg: args[0], result: result}
}

func newAvg(args []column.Type, result column.Type) Accumulator {
	switch args[0].Kind {
	case column.TinyInt:
		return &sum[int8, int64]{result: result, mean: true}
	case column.SmallInt:
		return &sum[int16, int64]{result: result, mean: true}
	case column.Int:
		return &sum[int32, int64]{result: result, mean: true}
	case column.BigInt:
		return &sum[int64, int64]{result: result, mean: true}
	case column.Float:
		return &sum[float32, float64]{result: result, mean: true}
	case column.Double:
		return &sum[float64, float64]{result: result, mean: true}
	}
	return &decimalSum{arg: args[0], result: result, mean: true}
}

// total is a sum with the number of values in it: both are needed at once, so they share a cache line.
type total[S any] struct {
	sum S
	n   int64
}

// sum is the accumulator of SUM and AVG for values of type T, summed in S.
type sum[T, S kernel.Number] struct {
	groups []total[S]
	result column.Type
	mean   bool
	arg    flat
}

func (a *sum[T, S]) Grow(n int)      { a.groups = grow(a.groups, n) }
func (a *sum[T, S]) Clear(group int) { a.groups[group] = total[S]{} }

func (a *sum[T, S]) Update(groups []int32, args []*column.Vector, rows []int32) {
	v := a.arg.of(args[0])
	x, t := column.Values[T](v), a.groups
	switch {
	case len(t) == 1: // no grouping: the sum stays in a register
		var n int64
		t[0].sum, n = kernel.Sum(t[0].sum, x, v.Valid, rows, len(groups))
		t[0].n += n
	case v.Valid == nil && rows == nil:
		for i, g := range groups {
			p := &t[g]
			p.sum += S(x[i])
			p.n++
		}
	case v.Valid == nil:
		rows = rows[:len(groups)]
		for i, g := range groups {
			p := &t[g]
			p.sum += S(x[rows[i]])
			p.n++
		}
	default:
		for i, g := range groups {
			if r := rowAt(rows, i); v.Valid.Get(r) {
				p := &t[g]
				p.sum += S(x[r])
				p.n++
			}
		}
	}
}

func (a *sum[T, S]) Retract(groups []int32, args []*column.Vector, rows []int32) {
	v := a.arg.of(args[0])
	x := column.Values[T](v)
	for i, g := range groups {
		if r := rowAt(rows, i); v.Valid == nil || v.Valid.Get(r) {
			p := &a.groups[g]
			p.sum -= S(x[r])
			p.n--
		}
	}
}

func (a *sum[T, S]) StateTypes() []column.Type {
	return []column.Type{numberType[S]().Required(), column.Of(column.BigInt).Required()}
}

// numberType is the SQL type of a Go type.
func numberType[S kernel.Number]() column.Type {
	switch any(S(0)).(type) {
	case int8:
		return column.Of(column.TinyInt)
	case int16:
		return column.Of(column.SmallInt)
	case int32:
		return column.Of(column.Int)
	case int64:
		return column.Of(column.BigInt)
	case float32:
		return column.Of(column.Float)
	}
	return column.Of(column.Double)
}

func (a *sum[T, S]) AppendState(from, to int, out []*column.Vector) {
	list, base := a.groups[from:to], out[0].Len
	out[0].Resize(base + len(list))
	out[1].Resize(base + len(list))
	sums, counts := column.Values[S](out[0])[base:][:len(list)], column.Values[int64](out[1])[base:][:len(list)]
	for i, t := range list {
		sums[i], counts[i] = t.sum, t.n
	}
}

func (a *sum[T, S]) Merge(groups []int32, state []*column.Vector, rows []int32) {
	s, n := column.Values[S](state[0]), column.Values[int64](state[1])
	for i, g := range groups {
		r := rowAt(rows, i)
		a.groups[g].sum += s[r]
		a.groups[g].n += n[r]
	}
}

func (a *sum[T, S]) AppendResult(from, to int, out *column.Vector) error {
	base := out.Len
	out.Resize(base + to - from)
	o := column.Values[T](out)[base:]
	for i, t := range a.groups[from:to] {
		switch {
		case t.n == 0 && a.result.NotNull:
			o[i] = 0
		case t.n == 0:
			o[i] = 0
			out.SetNull(base + i)
		case a.mean:
			o[i] = T(t.sum / S(t.n))
		default:
			o[i] = T(t.sum)
		}
	}
	return nil
}

func (a *sum[T, S]) SizeBytes() int { return cap(a.groups) * int(unsafe.Sizeof(total[S]{})) }

// decimalSum is the accumulator of SUM and AVG for DECIMAL. A sum of more than 38 digits is NULL, and stays so.
type decimalSum struct {
	groups      []total[column.Int128]
	over        []bool
	arg, result column.Type
	mean        bool
	in          flat
}

func (a *decimalSum) Grow(n int) {
	a.groups, a.over = grow(a.groups, n), grow(a.over, n)
}

func (a *decimalSum) Clear(group int) {
	a.groups[group], a.over[group] = total[column.Int128]{}, false
}

func (a *decimalSum) Update(groups []int32, args []*column.Vector, rows []int32) {
	v := a.in.of(args[0])
	x := column.Values[column.Int128](v)
	for i, g := range groups {
		if r := rowAt(rows, i); v.Valid == nil || v.Valid.Get(r) {
			a.add(g, x[r], 1)
		}
	}
}

func (a *decimalSum) Retract(groups []int32, args []*column.Vector, rows []int32) {
	v := a.in.of(args[0])
	x := column.Values[column.Int128](v)
	for i, g := range groups {
		if r := rowAt(rows, i); v.Valid == nil || v.Valid.Get(r) {
			a.add(g, x[r].Neg(), -1)
		}
	}
}

func (a *decimalSum) add(g int32, x column.Int128, n int64) {
	p := &a.groups[g]
	p.sum = p.sum.Add(x) // if this overflows 128 bits, what is left still has more than 38 digits
	p.n += n
	if !p.sum.Fits(column.MaxDigits) {
		p.sum, a.over[g] = column.Int128{}, true
	}
}

func (a *decimalSum) sumType() column.Type {
	return column.DecimalOf(column.MaxDigits, int(a.arg.Scale))
}

func (a *decimalSum) StateTypes() []column.Type {
	return []column.Type{a.sumType(), column.Of(column.BigInt).Required()}
}

func (a *decimalSum) AppendState(from, to int, out []*column.Vector) {
	for g := from; g < to; g++ {
		column.Append(out[0], a.groups[g].sum)
		if a.over[g] {
			out[0].SetNull(out[0].Len - 1)
		}
		column.Append(out[1], a.groups[g].n)
	}
}

func (a *decimalSum) Merge(groups []int32, state []*column.Vector, rows []int32) {
	s, n := column.Values[column.Int128](state[0]), column.Values[int64](state[1])
	for i, g := range groups {
		r := rowAt(rows, i)
		if state[0].IsNull(r) {
			a.over[g] = true
		} else {
			a.add(g, s[r], n[r])
		}
	}
}

func (a *decimalSum) AppendResult(from, to int, out *column.Vector) error {
	for g := from; g < to; g++ {
		a.appendOne(g, out)
	}
	return nil
}

// appendOne appends a group's result.
func (a *decimalSum) appendOne(g int, out *column.Vector) {
	t := &a.groups[g]
	d, ok := t.sum, !a.over[g]
	switch {
	case t.n == 0 && ok:
		ok = a.result.NotNull && !a.mean
	case a.mean && ok:
		div := kernel.Decimal{A: int(a.arg.Scale), Precision: int(a.result.Precision), Scale: int(a.result.Scale)}
		d, ok = div.Div(t.sum, column.Int128Of(t.n))
	}
	if !ok {
		out.AppendNull()
	} else {
		column.Append(out, d)
	}
}

func (a *decimalSum) SizeBytes() int { return cap(a.groups)*24 + cap(a.over) }
