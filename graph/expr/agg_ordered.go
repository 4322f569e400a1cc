package expr

import (
	"slices"
	"strconv"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

var _ Retractor = (*ordered)(nil)

// Order orders by an argument of an aggregate call.
type Order struct {
	Arg        int
	Descending bool
	NullsLast  bool
}

// InOrder returns f as a function that takes in the rows of a group in an order: ARRAY_AGG(x ORDER BY y). The first args arguments are f's own,
// those behind them only the order needs.
func (f *AggregateFunction) InOrder(args int, order []Order) *AggregateFunction {
	out := *f
	out.Resolve = func(types []column.Type) ([]column.Type, column.Type, error) {
		casts, t, err := f.Resolve(types[:args])
		if casts != nil {
			casts = append(slices.Clone(casts), types[args:]...)
		}
		return casts, t, err
	}
	out.New = func(types []column.Type, result column.Type) Accumulator {
		fields := make([]column.Field, len(types))
		for i, t := range types {
			fields[i] = column.Field{Name: strconv.Itoa(i), Type: t.Optional()}
		}
		a := &ordered{history: newHistory(column.RowOf(fields...), false), fn: f.New(types[:args], result), width: args}
		a.nulls = true
		a.row = column.Vector{Type: a.vals.Type}
		a.flats = make([]flat, len(types))
		for _, o := range order {
			a.keys = append(a.keys, kernel.SortKey{Column: o.Arg, Desc: o.Descending, NullsFirst: !o.NullsLast})
		}
		return a
	}
	out.NewRetractable = nil // it remembers all rows anyway
	return &out
}

// ordered is the accumulator of a function over rows in an order: it keeps the rows, and lets the function's own accumulator take them in
// when the result is asked for. Rows that are equal in the order are taken in as they came.
type ordered struct {
	*history
	fn    Accumulator
	width int // arguments of the function
	keys  []kernel.SortKey

	row    column.Vector // the arguments as rows
	flats  []flat
	sorted []int32
	groups []int32
	args   []*column.Vector
}

// rowOf makes one vector of the arguments.
func (a *ordered) rowOf(args []*column.Vector) []*column.Vector {
	a.row.Children = a.row.Children[:0]
	for i, v := range args {
		a.row.Children = append(a.row.Children, a.flats[i].of(v))
	}
	a.row.Len = args[0].Len
	a.args = append(a.args[:0], &a.row)
	return a.args
}

// Update implements [Accumulator].
func (a *ordered) Update(groups []int32, args []*column.Vector, rows []int32) {
	a.history.Update(groups, a.rowOf(args), rows)
}

// Retract implements [Retractor].
func (a *ordered) Retract(groups []int32, args []*column.Vector, rows []int32) {
	a.history.Retract(groups, a.rowOf(args), rows)
}

// AppendResult implements [Accumulator].
func (a *ordered) AppendResult(from, to int, out *column.Vector) error {
	a.sorted, a.groups = a.sorted[:0], a.groups[:0]
	for g := from; g < to; g++ {
		first := len(a.sorted)
		a.each(g, func(e int, _ int64) { a.sorted = append(a.sorted, int32(e)) })
		slices.SortStableFunc(a.sorted[first:], a.compare)
		for len(a.groups) < len(a.sorted) {
			a.groups = append(a.groups, int32(g-from))
		}
	}
	a.fn.Grow(to - from)
	if len(a.groups) > 0 {
		a.fn.Update(a.groups, a.vals.Children[:a.width], a.sorted)
	}
	err := a.fn.AppendResult(0, to-from, out)
	for g := range to - from {
		a.fn.Clear(g)
	}
	return err
}

func (a *ordered) compare(x, y int32) int {
	for _, k := range a.keys {
		v := a.vals.Children[k.Column]
		if c := k.Compare(v, int(x), v, int(y)); c != 0 {
			return c
		}
	}
	return 0
}
