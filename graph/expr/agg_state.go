package expr

import (
	"slices"

	"github.com/millstream/millstream/column"
)

// grow returns list with n elements, or as it is if it has more; new ones are zero. A long list grows by an eighth, as columns do: groups are many, and
// what is free between two times of growing is memory that each of them pays for.
func grow[T any](list []T, n int) []T {
	const long = 64 << 10
	old := len(list)
	switch {
	case n <= old:
		return list
	case n > cap(list) && n > long:
		next := make([]T, n, max(n, cap(list)+cap(list)/8+long/4))
		copy(next, list)
		return next
	}
	list = slices.Grow(list, n-old)[:n]
	clear(list[old:])
	return list
}

// flat is an argument without dictionary, with memory for resolving one.
type flat struct{ memory column.Vector }

func (f *flat) of(v *column.Vector) *column.Vector {
	if v.Dict == nil {
		return v
	}
	f.memory.Reset()
	v.Decode(&f.memory)
	return &f.memory
}

// rowAt is row i of a selection; nil selects all.
func rowAt(rows []int32, i int) int {
	if rows == nil {
		return i
	}
	return int(rows[i])
}

// counter is the accumulator of COUNT.
type counter struct{ n []int64 }

func (a *counter) Grow(n int)      { a.n = grow(a.n, n) }
func (a *counter) Clear(group int) { a.n[group] = 0 }

func (a *counter) Update(groups []int32, args []*column.Vector, rows []int32) {
	a.add(groups, args, rows, 1)
}

func (a *counter) Retract(groups []int32, args []*column.Vector, rows []int32) {
	a.add(groups, args, rows, -1)
}

func (a *counter) add(groups []int32, args []*column.Vector, rows []int32, by int64) {
	n := a.n
	if nullable := len(args) - noNulls(args); nullable > 1 {
		for i, g := range groups {
			if r := rowAt(rows, i); !slices.ContainsFunc(args, func(v *column.Vector) bool { return v.IsNull(r) }) {
				n[g] += by
			}
		}
		return
	}
	for _, v := range args {
		if !v.HasNulls() {
			continue
		}
		if v.Dict != nil || v.Valid == nil {
			for i, g := range groups {
				if !v.IsNull(rowAt(rows, i)) {
					n[g] += by
				}
			}
			return
		}
		valid := v.Valid
		if rows == nil {
			for i, g := range groups {
				n[g] += by & -int64(valid[i>>6]>>(i&63)&1)
			}
		} else {
			rows = rows[:len(groups)]
			for i, g := range groups {
				r := rows[i]
				n[g] += by & -int64(valid[r>>6]>>(r&63)&1)
			}
		}
		return
	}
	for _, g := range groups {
		n[g] += by
	}
}

// noNulls is how many vectors have no null.
func noNulls(list []*column.Vector) int {
	k := 0
	for _, v := range list {
		if !v.HasNulls() {
			k++
		}
	}
	return k
}

func (a *counter) StateTypes() []column.Type {
	return []column.Type{column.Of(column.BigInt).Required()}
}

func (a *counter) AppendState(from, to int, out []*column.Vector) { appendAll(out[0], a.n[from:to]) }

func (a *counter) Merge(groups []int32, state []*column.Vector, rows []int32) {
	n := column.Values[int64](state[0])
	for i, g := range groups {
		a.n[g] += n[rowAt(rows, i)]
	}
}

func (a *counter) AppendResult(from, to int, out *column.Vector) error {
	appendAll(out, a.n[from:to])
	return nil
}

// Rows returns the number of rows of each group, as far as Grow has made room: the accumulator's own, to read and to write.
func (a *counter) Rows() []int64 { return a.n }

func (a *counter) SizeBytes() int { return cap(a.n) * 8 }

// appendAll adds values to v.
func appendAll[T column.Fixed](v *column.Vector, values []T) {
	base := v.Len
	v.Resize(base + len(values))
	copy(column.Values[T](v)[base:], values)
}
