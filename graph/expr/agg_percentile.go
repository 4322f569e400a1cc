package expr

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
)

func init() {
	registerAggregate(&AggregateFunction{Name: "PERCENTILE", Doc: "The value below which a share of the values lies, from 0 to 1, or an array of such values for an array of shares; between two values it is interpolated. " +
		"The third argument says how often a row counts, once without it.",
		Example: "PERCENTILE(x, 0.5) => 2.0", Resolve: resolvePercentile, Check: checkShares,
		New: func(args []column.Type, _ column.Type) Accumulator {
			return &percentiles{history: newHistory(args[0], true), list: args[1].Kind == column.Array, weighted: len(args) > 2}
		}})
}

func resolvePercentile(args []column.Type) ([]column.Type, column.Type, error) {
	wrong := func() ([]column.Type, column.Type, error) {
		s := make([]string, len(args))
		for i, t := range args {
			s[i] = t.Optional().String()
		}
		return nil, column.Type{}, fmt.Errorf("PERCENTILE takes a number, a share from 0 to 1 or an array of such, and optionally an integer frequency, not (%s)", strings.Join(s, ", "))
	}
	if len(args) < 2 || len(args) > 3 || !args[0].IsNumeric() && args[0].Kind != column.Null {
		return wrong()
	}
	double := column.Of(column.Double)
	number := func(t column.Type) column.Type { double.NotNull = t.NotNull; return double }
	casts := []column.Type{number(args[0]), number(args[1])}
	result := column.Of(column.Double)
	switch t := args[1]; {
	case t.Kind == column.Array && t.Elem.IsNumeric():
		casts[1] = column.ArrayOf(number(*t.Elem))
		casts[1].NotNull = t.NotNull
		result = column.ArrayOf(column.Of(column.Double))
	case !t.IsNumeric():
		return wrong()
	}
	if len(args) == 3 {
		if !args[2].IsInteger() && args[2].Kind != column.Null {
			return wrong()
		}
		t := column.Of(column.BigInt)
		t.NotNull = args[2].NotNull
		casts = append(casts, t)
	}
	return casts, result, nil
}

// checkShares refuses literal shares that are none.
func checkShares(args []Expr) error {
	e := args[1]
	if IsNull(e) {
		return errors.New("PERCENTILE takes shares from 0 to 1, not NULL")
	}
	if c, ok := e.(*Cast); ok && IsNull(c.Arg) {
		return errors.New("PERCENTILE takes shares from 0 to 1, not NULL")
	}
	list := []Expr{e}
	if c, ok := e.(*Call); ok && e.Type().Kind == column.Array {
		list = c.Args
	}
	for _, s := range list {
		l, ok := CastTo(s, column.Of(column.Double)).(*Literal)
		if c, cast := CastTo(s, column.Of(column.Double)).(*Cast); cast {
			l, ok = fold(c, newEnvironment(nil)).(*Literal)
		}
		if !ok {
			continue
		}
		if x, number := l.Value.(float64); number && !(x >= 0 && x <= 1) {
			return fmt.Errorf("PERCENTILE takes shares from 0 to 1, not %s", s)
		}
	}
	return nil
}

// percentiles is the accumulator of PERCENTILE: the values of each group with how often each one counts.
type percentiles struct {
	*history
	list     bool
	weighted bool
	shares   []float64 // a constant
	state    flat
	weights  flat
	sorted   []weighted
}

// weighted is a value and how many values up to it there are.
type weighted struct {
	value float64
	upTo  int64
}

var _ Retractor = (*percentiles)(nil)

// Update implements [Accumulator].
func (a *percentiles) Update(groups []int32, args []*column.Vector, rows []int32) {
	a.take(groups, args, rows, 1)
}

// Retract implements [Retractor].
func (a *percentiles) Retract(groups []int32, args []*column.Vector, rows []int32) {
	a.take(groups, args, rows, -1)
}

func (a *percentiles) take(groups []int32, args []*column.Vector, rows []int32, sign int64) {
	if len(groups) == 0 {
		return
	}
	a.setShares(a.state.of(args[1]), rowAt(rows, 0))
	if !a.weighted {
		a.change(groups, args[0], rows, sign)
		return
	}
	v, w := a.arg.of(args[0]), a.weights.of(args[2])
	times := column.Values[int64](w)
	hashes := a.hashRows(v, rows, len(groups))
	for i, g := range groups {
		r := rowAt(rows, i)
		if v.IsNull(r) || w.IsNull(r) || times[r] <= 0 {
			continue
		}
		a.add(g, v, r, hashes[i], sign*min(times[r], math.MaxInt32))
	}
	a.tidy()
}

// setShares reads the shares, which are the same in every row.
func (a *percentiles) setShares(v *column.Vector, r int) {
	a.shares = a.shares[:0]
	switch {
	case v.IsNull(r):
	case a.list:
		o, elems := v.Offsets(), v.Children[0]
		for e := o[r]; e < o[r+1]; e++ {
			share := math.NaN()
			if !elems.IsNull(int(e)) {
				share = column.Values[float64](elems)[e]
			}
			a.shares = append(a.shares, share)
		}
	default:
		a.shares = append(a.shares, column.Values[float64](v)[r])
	}
}

// StateTypes implements [Accumulator]: the shares come behind the values.
func (a *percentiles) StateTypes() []column.Type {
	return append(a.history.StateTypes(), column.ArrayOf(column.Of(column.Double).Required()))
}

// AppendState implements [Accumulator].
func (a *percentiles) AppendState(from, to int, out []*column.Vector) {
	a.history.AppendState(from, to, out)
	for range to - from {
		for _, s := range a.shares {
			column.Append(out[2].Children[0], s)
		}
		out[2].AppendList(len(a.shares))
	}
}

// Merge implements [Accumulator].
func (a *percentiles) Merge(groups []int32, state []*column.Vector, rows []int32) {
	shares := a.state.of(state[2])
	for i := range groups { // a group without rows may not know them
		r := rowAt(rows, i)
		o := shares.Offsets()
		if o[r+1] > o[r] {
			a.shares = append(a.shares[:0], column.Values[float64](shares.Children[0])[o[r]:o[r+1]]...)
			break
		}
	}
	a.history.Merge(groups, state, rows)
}

// AppendResult implements [Accumulator].
func (a *percentiles) AppendResult(from, to int, out *column.Vector) error {
	for _, s := range a.shares {
		if !(s >= 0 && s <= 1) {
			return fmt.Errorf("PERCENTILE takes shares from 0 to 1, not %v", s)
		}
	}
	values := column.Values[float64](a.vals)
	for g := from; g < to; g++ {
		a.sorted = a.sorted[:0]
		a.each(g, func(e int, count int64) { a.sorted = append(a.sorted, weighted{values[e], count}) })
		if len(a.sorted) == 0 || len(a.shares) == 0 {
			out.AppendNull()
			continue
		}
		slices.SortFunc(a.sorted, func(x, y weighted) int { return compareJava(x.value, y.value) })
		for i := range a.sorted[1:] {
			a.sorted[i+1].upTo += a.sorted[i].upTo
		}
		if !a.list {
			column.Append(out, a.at(a.shares[0]))
			continue
		}
		for _, s := range a.shares {
			column.Append(out.Children[0], a.at(s))
		}
		out.AppendList(len(a.shares))
	}
	return nil
}

// compareJava orders numbers as Java does, NaN behind all.
func compareJava(x, y float64) int {
	switch a, b := math.IsNaN(x), math.IsNaN(y); {
	case a && b:
		return 0
	case a:
		return 1
	case b:
		return -1
	}
	return cmp.Compare(x, y)
}

// at is the value at a share of the sorted ones.
func (a *percentiles) at(share float64) float64 {
	place := share * float64(a.sorted[len(a.sorted)-1].upTo-1)
	low, high := math.Floor(place), math.Ceil(place)
	x, y := a.nth(int64(low)), a.nth(int64(high))
	if low == high || x == y {
		return x
	}
	return (high-place)*x + (place-low)*y
}

// nth is the value at a place, from 0 on.
func (a *percentiles) nth(n int64) float64 {
	i, _ := slices.BinarySearchFunc(a.sorted, n+1, func(w weighted, n int64) int { return cmp.Compare(w.upTo, n) })
	return a.sorted[min(i, len(a.sorted)-1)].value
}
