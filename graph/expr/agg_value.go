package expr

import (
	"fmt"
	"unsafe"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

func init() {
	registerAggregate(
		&AggregateFunction{Name: "MIN", Doc: "The least of the values that are not NULL; text compares by code points.", Example: "MIN(x) => 1",
			Resolve: resolveExtreme("MIN"), NewRetractable: newExtremeHistory(kernel.Lt), New: func(args []column.Type, _ column.Type) Accumulator { return newExtreme(args[0], kernel.Lt) }},
		&AggregateFunction{Name: "MAX", Doc: "The greatest of the values that are not NULL.", Example: "MAX(x) => 3",
			Resolve: resolveExtreme("MAX"), NewRetractable: newExtremeHistory(kernel.Gt), New: func(args []column.Type, _ column.Type) Accumulator { return newExtreme(args[0], kernel.Gt) }},
		&AggregateFunction{Name: "FIRST_VALUE", Doc: "The value of the first row in which it is not NULL.", Example: "FIRST_VALUE(x) => 1",
			Resolve: resolveAny("FIRST_VALUE"), NewRetractable: newEdgeHistory(false), New: func(args []column.Type, _ column.Type) Accumulator {
				return &kept{vals: column.NewVector(args[0], 0), replace: func(*column.Vector, int, *column.Vector, int) bool { return false }}
			}},
		&AggregateFunction{Name: "LAST_VALUE", Doc: "The value of the last row in which it is not NULL.", Example: "LAST_VALUE(x) => 3",
			Resolve: resolveAny("LAST_VALUE"), NewRetractable: newEdgeHistory(true), New: func(args []column.Type, _ column.Type) Accumulator {
				return &kept{vals: column.NewVector(args[0], 0), replace: func(*column.Vector, int, *column.Vector, int) bool { return true }}
			}},
	)
}

func resolveAny(name string) func(args []column.Type) ([]column.Type, column.Type, error) {
	return func(args []column.Type) ([]column.Type, column.Type, error) {
		if len(args) != 1 {
			return nil, column.Type{}, fmt.Errorf("%s takes one argument, not %d", name, len(args))
		}
		return nil, args[0], nil
	}
}

func resolveExtreme(name string) func(args []column.Type) ([]column.Type, column.Type, error) {
	return func(args []column.Type) ([]column.Type, column.Type, error) {
		if len(args) != 1 {
			return nil, column.Type{}, fmt.Errorf("%s takes one argument, not %d", name, len(args))
		}
		if t := args[0]; t.Layout() >= column.LayoutList || t.Kind == column.Variant || t.Kind == column.Null {
			return nil, column.Type{}, fmt.Errorf("%s takes an argument of a type with an order, not %s", name, t.Optional())
		}
		return nil, args[0], nil
	}
}

func newExtreme(t column.Type, op kernel.Cmp) Accumulator {
	switch t.Layout() {
	case column.LayoutInt8:
		return &extreme[int8]{t: t, op: op}
	case column.LayoutInt16:
		return &extreme[int16]{t: t, op: op}
	case column.LayoutInt32:
		return &extreme[int32]{t: t, op: op}
	case column.LayoutInt64:
		return &extreme[int64]{t: t, op: op}
	case column.LayoutFloat:
		return &extreme[float32]{t: t, op: op}
	case column.LayoutDouble:
		return &extreme[float64]{t: t, op: op}
	}
	order := kernel.SortKey{Desc: op == kernel.Gt}
	return &kept{vals: column.NewVector(t, 0), replace: func(a *column.Vector, i int, b *column.Vector, j int) bool {
		return order.Compare(b, j, a, i) < 0
	}}
}

// best is a group's value, if it has one.
type best[T any] struct {
	value T
	has   bool
}

// extreme is the accumulator of MIN and MAX for numbers. A NaN that comes first stays, and none replaces a number.
type extreme[T kernel.Number] struct {
	groups []best[T]
	t      column.Type
	op     kernel.Cmp // Lt for MIN, Gt for MAX
	arg    flat
}

func (a *extreme[T]) Grow(n int)      { a.groups = grow(a.groups, n) }
func (a *extreme[T]) Clear(group int) { a.groups[group] = best[T]{} }

func (a *extreme[T]) Update(groups []int32, args []*column.Vector, rows []int32) {
	v := a.arg.of(args[0])
	a.take(groups, column.Values[T](v), v.Valid, rows)
}

func (a *extreme[T]) take(groups []int32, x []T, valid column.Bitmap, rows []int32) {
	if len(a.groups) == 1 { // no grouping: the value stays in a register
		p := &a.groups[0]
		p.value, p.has = kernel.Extreme(a.op, p.value, p.has, x, valid, rows, len(groups))
		return
	}
	for i, g := range groups {
		if r := rowAt(rows, i); valid == nil || valid.Get(r) {
			a.take1(&a.groups[g], x[r])
		}
	}
}

func (a *extreme[T]) take1(p *best[T], y T) {
	least := a.op == kernel.Lt
	if !p.has || least && y < p.value || !least && y > p.value {
		p.value, p.has = y, true
	}
}

func (a *extreme[T]) StateTypes() []column.Type { return []column.Type{a.t.Optional()} }

func (a *extreme[T]) AppendState(from, to int, out []*column.Vector) { a.append(from, to, out[0]) }

func (a *extreme[T]) Merge(groups []int32, state []*column.Vector, rows []int32) {
	a.Update(groups, state, rows)
}

func (a *extreme[T]) AppendResult(from, to int, out *column.Vector) error {
	a.append(from, to, out)
	return nil
}

func (a *extreme[T]) append(from, to int, out *column.Vector) {
	base := out.Len
	out.Resize(base + to - from)
	o := column.Values[T](out)[base:]
	for i, p := range a.groups[from:to] {
		if o[i] = p.value; !p.has {
			out.SetNull(base + i)
		}
	}
}

func (a *extreme[T]) SizeBytes() int { return cap(a.groups) * int(unsafe.Sizeof(best[T]{})) }

// kept is the accumulator of functions that keep one of the values as it is: FIRST_VALUE, LAST_VALUE, and MIN and MAX of text
// and other types that are no numbers. Values are only ever appended; those replaced are dropped when they become many.
type kept struct {
	at      []int32 // row in vals, one more; 0: none
	vals    *column.Vector
	spare   *column.Vector
	live    int // rows of vals that are in use
	rows    []int32
	picks   []int32
	replace func(old *column.Vector, i int, by *column.Vector, j int) bool
	one     [1]int32
}

func (a *kept) Grow(n int) { a.at = grow(a.at, n) }

func (a *kept) Clear(group int) {
	if a.at[group] != 0 {
		a.at[group] = 0
		a.live--
	}
}

func (a *kept) Update(groups []int32, args []*column.Vector, rows []int32) {
	v := args[0]
	for i, g := range groups {
		if r := rowAt(rows, i); !v.IsNull(r) {
			a.take(g, v, r)
		}
	}
	a.tidy()
}

// take offers a group row r of v.
func (a *kept) take(g int32, v *column.Vector, r int) {
	old := a.at[g]
	if old != 0 && !a.replace(a.vals, int(old-1), v, r) {
		return
	}
	if old == 0 {
		a.live++
	}
	a.one[0] = int32(r)
	a.vals.AppendRows(v, a.one[:])
	a.at[g] = int32(a.vals.Len)
}

func (a *kept) tidy() {
	if a.vals.Len > 2*a.live+1024 {
		a.compact()
	}
}

// compact drops the values that no group refers to.
func (a *kept) compact() {
	a.rows = a.rows[:0]
	for g, at := range a.at {
		if at != 0 {
			a.rows = append(a.rows, at-1)
			a.at[g] = int32(len(a.rows))
		}
	}
	if a.spare == nil {
		a.spare = column.NewVector(a.vals.Type, 0)
	}
	a.spare.Reset()
	a.spare.AppendRows(a.vals, a.rows)
	a.vals, a.spare = a.spare, a.vals
}

func (a *kept) StateTypes() []column.Type { return []column.Type{a.vals.Type.Optional()} }

func (a *kept) AppendState(from, to int, out []*column.Vector) { a.append(from, to, out[0]) }

func (a *kept) Merge(groups []int32, state []*column.Vector, rows []int32) {
	a.Update(groups, state, rows)
}

func (a *kept) AppendResult(from, to int, out *column.Vector) error {
	a.append(from, to, out)
	return nil
}

func (a *kept) append(from, to int, out *column.Vector) { a.appendRows(a.at[from:to], out) }

// appendRows appends rows of vals, one more; 0 is NULL.
func (a *kept) appendRows(list []int32, out *column.Vector) {
	for len(list) > 0 {
		if list[0] == 0 {
			out.AppendNull()
			list = list[1:]
			continue
		}
		a.rows = a.rows[:0]
		for ; len(list) > 0 && list[0] != 0; list = list[1:] {
			a.rows = append(a.rows, list[0]-1)
		}
		out.AppendRows(a.vals, a.rows)
	}
}

func (a *kept) SizeBytes() int {
	n := cap(a.at)*4 + cap(a.rows)*4 + a.vals.SizeBytes()
	if a.spare != nil {
		n += a.spare.SizeBytes()
	}
	return n
}
