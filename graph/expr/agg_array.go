package expr

import (
	"fmt"

	"github.com/millstream/millstream/column"
)

func init() {
	array := func(name, doc, example string, nulls bool) *AggregateFunction {
		return &AggregateFunction{Name: name, Doc: doc, Example: example,
			Resolve: func(args []column.Type) ([]column.Type, column.Type, error) {
				if len(args) != 1 {
					return nil, column.Type{}, fmt.Errorf("ARRAY_AGG takes one argument, not %d", len(args))
				}
				t := column.ArrayOf(args[0])
				t.NotNull = args[0].NotNull
				return nil, t, nil
			},
			New: func(args []column.Type, _ column.Type) Accumulator {
				return &arrays{vals: column.NewVector(args[0].Optional(), 0), nulls: nulls, rows: []int32{}}
			},
			NewRetractable: newArrayHistory(nulls)}
	}
	registerAggregate(
		array("ARRAY_AGG", "The values as an array, NULLs among them, in the order in which they come; NULL if there are none. IGNORE NULLS leaves NULLs out.", "ARRAY_AGG(x) => [1, 2, 3]", true),
		internal(array("ARRAY_AGG IGNORE NULLS", "The values that are not NULL as an array.", "ARRAY_AGG(x) IGNORE NULLS => [1, 2, 3]", false)),
		&AggregateFunction{Name: "COLLECT", Doc: "The values that are not NULL as a multiset.", Example: "COLLECT(x) => {1=1, 2=1, 3=1}",
			Resolve: func(args []column.Type) ([]column.Type, column.Type, error) {
				if len(args) != 1 {
					return nil, column.Type{}, fmt.Errorf("COLLECT takes one argument, not %d", len(args))
				}
				return nil, column.MultisetOf(args[0]).Required(), nil
			},
			New: newCollected},
		internal(&AggregateFunction{Name: "SINGLE_VALUE", Doc: "The value of the only row; more than one is an error. A query that stands for a value is computed by it.", Example: "SINGLE_VALUE(x) => 1",
			Resolve: func(args []column.Type) ([]column.Type, column.Type, error) {
				_, t, err := resolveAny("SINGLE_VALUE")(args)
				return nil, t.Optional(), err
			},
			New: func(args []column.Type, _ column.Type) Accumulator {
				return &single{vals: column.NewVector(args[0].Optional(), 0)}
			},
			NewRetractable: newSingleHistory}),
	)
}

func internal(f *AggregateFunction) *AggregateFunction { f.Internal = true; return f }

// arrays is the accumulator of ARRAY_AGG over rows that only come: values in the order of all groups' rows, linked by group.
type arrays struct {
	vals       *column.Vector
	nulls      bool
	next       []int32 // by value: the next of its group, one more
	head, tail []int32 // by group: its first and last value, one more
	dead       int     // values of groups that were cleared
	rows       []int32 // never nil, which would select all
	into       []int32
}

// Grow implements [Accumulator].
func (a *arrays) Grow(n int) { a.head, a.tail = grow(a.head, n), grow(a.tail, n) }

// Clear implements [Accumulator].
func (a *arrays) Clear(group int) {
	for v := a.head[group]; v != 0; v = a.next[v-1] {
		a.dead++
	}
	a.head[group], a.tail[group] = 0, 0
	if a.dead > a.vals.Len/2+512 {
		a.compact()
	}
}

// compact drops the values of cleared groups and puts those of one group next to each other.
func (a *arrays) compact() {
	a.rows = a.rows[:0]
	next := make([]int32, 0, a.vals.Len-a.dead)
	for g, v := range a.head {
		if v == 0 {
			continue
		}
		a.head[g] = int32(len(a.rows)) + 1
		for ; v != 0; v = a.next[v-1] {
			a.rows = append(a.rows, v-1)
			next = append(next, int32(len(a.rows))+1)
		}
		next[len(next)-1], a.tail[g] = 0, int32(len(a.rows))
	}
	vals := column.NewVector(a.vals.Type, len(a.rows))
	vals.AppendRows(a.vals, a.rows)
	a.vals, a.next, a.dead = vals, next, 0
}

// Update implements [Accumulator].
func (a *arrays) Update(groups []int32, args []*column.Vector, rows []int32) {
	v := args[0]
	if !a.nulls && v.HasNulls() {
		a.rows, a.into = a.rows[:0], a.into[:0]
		for i, g := range groups {
			if r := rowAt(rows, i); !v.IsNull(r) {
				a.rows, a.into = append(a.rows, int32(r)), append(a.into, g)
			}
		}
		rows, groups = a.rows, a.into
	}
	a.take(groups, v, rows)
}

// take appends rows of v, all of its len(groups) rows if rows is nil.
func (a *arrays) take(groups []int32, v *column.Vector, rows []int32) {
	if rows == nil && v.Len != len(groups) {
		a.rows = a.rows[:0]
		for i := range groups {
			a.rows = append(a.rows, int32(i))
		}
		rows = a.rows
	}
	at := int32(a.vals.Len)
	a.vals.AppendRows(v, rows)
	for _, g := range groups {
		at++
		a.next = append(a.next, 0)
		if t := a.tail[g]; t != 0 {
			a.next[t-1] = at
		} else {
			a.head[g] = at
		}
		a.tail[g] = at
	}
}

// StateTypes implements [Accumulator].
func (a *arrays) StateTypes() []column.Type { return []column.Type{column.ArrayOf(a.vals.Type)} }

// AppendState implements [Accumulator].
func (a *arrays) AppendState(from, to int, out []*column.Vector) { a.append(from, to, out[0]) }

// Merge implements [Accumulator].
func (a *arrays) Merge(groups []int32, state []*column.Vector, rows []int32) {
	var f flat
	lists := f.of(state[0])
	o := lists.Offsets()
	a.rows, a.into = a.rows[:0], a.into[:0]
	for i, g := range groups {
		r := rowAt(rows, i)
		for e := o[r]; e < o[r+1]; e++ {
			a.rows, a.into = append(a.rows, e), append(a.into, g)
		}
	}
	a.take(a.into, lists.Children[0], a.rows)
}

// AppendResult implements [Accumulator].
func (a *arrays) AppendResult(from, to int, out *column.Vector) error {
	a.append(from, to, out)
	return nil
}

func (a *arrays) append(from, to int, out *column.Vector) {
	for _, v := range a.head[from:to] {
		if v == 0 {
			out.AppendNull()
			continue
		}
		a.rows = a.rows[:0]
		for ; v != 0; v = a.next[v-1] {
			a.rows = append(a.rows, v-1)
		}
		out.Children[0].AppendRows(a.vals, a.rows)
		out.AppendList(len(a.rows))
	}
}

// SizeBytes implements [Accumulator].
func (a *arrays) SizeBytes() int {
	return a.vals.SizeBytes() + 4*(cap(a.next)+cap(a.head)+cap(a.tail)+cap(a.rows)+cap(a.into))
}

// single is the accumulator of SINGLE_VALUE over rows that only come.
type single struct {
	vals  *column.Vector
	at    []int32 // by group: its value, one more
	count []int64
	one   [1]int32
}

// Grow implements [Accumulator].
func (a *single) Grow(n int) { a.at, a.count = grow(a.at, n), grow(a.count, n) }

// Clear implements [Accumulator].
func (a *single) Clear(group int) { a.at[group], a.count[group] = 0, 0 }

// Update implements [Accumulator].
func (a *single) Update(groups []int32, args []*column.Vector, rows []int32) {
	for i, g := range groups {
		a.take(g, args[0], rowAt(rows, i), 1)
	}
}

func (a *single) take(g int32, v *column.Vector, r int, n int64) {
	if a.count[g] += n; a.at[g] != 0 || n == 0 {
		return
	}
	a.one[0] = int32(r)
	a.vals.AppendRows(v, a.one[:])
	a.at[g] = int32(a.vals.Len)
}

// StateTypes implements [Accumulator].
func (a *single) StateTypes() []column.Type {
	return []column.Type{a.vals.Type, column.Of(column.BigInt).Required()}
}

// AppendState implements [Accumulator].
func (a *single) AppendState(from, to int, out []*column.Vector) {
	a.append(from, to, out[0])
	appendAll(out[1], a.count[from:to])
}

// Merge implements [Accumulator].
func (a *single) Merge(groups []int32, state []*column.Vector, rows []int32) {
	n := column.Values[int64](state[1])
	for i, g := range groups {
		r := rowAt(rows, i)
		a.take(g, state[0], r, n[r])
	}
}

// AppendResult implements [Accumulator].
func (a *single) AppendResult(from, to int, out *column.Vector) error {
	for _, n := range a.count[from:to] {
		if n > 1 {
			return errSeveral
		}
	}
	a.append(from, to, out)
	return nil
}

func (a *single) append(from, to int, out *column.Vector) {
	for _, v := range a.at[from:to] {
		if v == 0 {
			out.AppendNull()
			continue
		}
		a.one[0] = v - 1
		out.AppendRows(a.vals, a.one[:])
	}
}

// SizeBytes implements [Accumulator].
func (a *single) SizeBytes() int { return a.vals.SizeBytes() + 4*cap(a.at) + 8*cap(a.count) }
