package expr

import (
	"unsafe"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

// newPlainSum returns the accumulator of SUM for groups that always have a value; nil if the argument may be NULL.
func newPlainSum(args []column.Type, _ column.Type) Accumulator {
	if !args[0].NotNull {
		return nil
	}
	switch args[0].Kind {
	case column.TinyInt:
		return &plainSum[int8]{}
	case column.SmallInt:
		return &plainSum[int16]{}
	case column.Int:
		return &plainSum[int32]{}
	case column.BigInt:
		return &plainSum[int64]{}
	case column.Float:
		return &plainSum[float32]{}
	case column.Double:
		return &plainSum[float64]{}
	}
	return nil
}

// plainSum is [sum] without the number of values, by which alone a group without any is known.
type plainSum[T kernel.Number] struct {
	groups []T
	arg    flat
}

var (
	_ Stepper   = (*plainSum[int64])(nil)
	_ Retractor = (*plainSum[int64])(nil)
)

// Grow implements [Accumulator].
func (a *plainSum[T]) Grow(n int) { a.groups = grow(a.groups, n) }

// Clear implements [Accumulator].
func (a *plainSum[T]) Clear(group int) { a.groups[group] = 0 }

// Update implements [Accumulator].
func (a *plainSum[T]) Update(groups []int32, args []*column.Vector, rows []int32) {
	v := a.arg.of(args[0])
	x, t := column.Values[T](v), a.groups
	switch {
	case len(t) == 1: // no grouping: the sum stays in a register
		t[0], _ = kernel.Sum(t[0], x, nil, rows, len(groups))
	case rows == nil:
		x = x[:len(groups)]
		for i, g := range groups {
			t[g] += x[i]
		}
	default:
		rows = rows[:len(groups)]
		for i, g := range groups {
			t[g] += x[rows[i]]
		}
	}
}

// Retract implements [Retractor].
func (a *plainSum[T]) Retract(groups []int32, args []*column.Vector, rows []int32) {
	x := column.Values[T](a.arg.of(args[0]))
	for i, g := range groups {
		a.groups[g] -= x[rowAt(rows, i)]
	}
}

// Step implements [Stepper].
func (a *plainSum[T]) Step(groups []int32, signs []int8, args []*column.Vector, rows []int32, out *column.Vector) {
	x, t := column.Values[T](a.arg.of(args[0])), a.groups
	base := out.Len
	out.Resize(base + 2*len(groups))
	o, signs := column.Values[T](out)[base:], signs[:len(groups)]
	for i, g := range groups {
		before := t[g]
		after := before
		switch s := signs[i]; { // not before + sign·x: with NaN or infinity a sign of 0 would change the sum
		case s > 0:
			after += x[rowAt(rows, i)]
		case s < 0:
			after -= x[rowAt(rows, i)]
		}
		t[g] = after
		o[2*i], o[2*i+1] = before, after
	}
}

// StateTypes implements [Accumulator].
func (a *plainSum[T]) StateTypes() []column.Type { return []column.Type{numberType[T]().Required()} }

// AppendState implements [Accumulator].
func (a *plainSum[T]) AppendState(from, to int, out []*column.Vector) {
	appendAll(out[0], a.groups[from:to])
}

// Merge implements [Accumulator].
func (a *plainSum[T]) Merge(groups []int32, state []*column.Vector, rows []int32) {
	s := column.Values[T](state[0])
	for i, g := range groups {
		a.groups[g] += s[rowAt(rows, i)]
	}
}

// AppendResult implements [Accumulator].
func (a *plainSum[T]) AppendResult(from, to int, out *column.Vector) error {
	appendAll(out, a.groups[from:to])
	return nil
}

// SizeBytes implements [Accumulator].
func (a *plainSum[T]) SizeBytes() int {
	var z T
	return cap(a.groups) * int(unsafe.Sizeof(z))
}
