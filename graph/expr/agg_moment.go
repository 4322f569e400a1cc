package expr

import (
	"math"

	"github.com/millstream/millstream/column"
)

func init() {
	for _, f := range []struct {
		names            []string
		doc, example     string
		sample, standard bool
	}{
		{[]string{"VAR_POP"}, "The population variance of the values that are not NULL.", "VAR_POP(CAST(x AS DOUBLE)) => 0.6666666666666666", false, false},
		{[]string{"VAR_SAMP", "VARIANCE"}, "The sample variance; NULL for less than two values.", "VAR_SAMP(CAST(x AS DOUBLE)) => 1.0", true, false},
		{[]string{"STDDEV_POP"}, "The population standard deviation.", "STDDEV_POP(CAST(x AS DOUBLE)) => 0.816496580927726", false, true},
		{[]string{"STDDEV_SAMP", "STDDEV"}, "The sample standard deviation; NULL for less than two values.", "STDDEV_SAMP(CAST(x AS DOUBLE)) => 1.0", true, true},
	} {
		for _, name := range f.names {
			registerAggregate(&AggregateFunction{Name: name, Doc: f.doc, Example: f.example,
				Resolve: func(args []column.Type) ([]column.Type, column.Type, error) {
					if err := oneNumber(name, args); err != nil {
						return nil, column.Type{}, err
					}
					_, t, err := resolveAvg(args)
					double := column.Of(column.Double)
					double.NotNull = args[0].NotNull
					return []column.Type{double}, t.Optional(), err
				},
				New: func(_ []column.Type, result column.Type) Accumulator {
					return &moments{result: result, sample: f.sample, standard: f.standard}
				}})
		}
	}
}

// moments is the accumulator of variances and standard deviations, from the sum and the sum of squares, as Flink has them.
type moments struct {
	groups           []moment
	result           column.Type
	sample, standard bool
	arg              flat
}

type moment struct {
	n           int64
	sum, square float64
}

func (a *moments) Grow(n int)      { a.groups = grow(a.groups, n) }
func (a *moments) Clear(group int) { a.groups[group] = moment{} }

func (a *moments) Update(groups []int32, args []*column.Vector, rows []int32) {
	a.add(groups, args, rows, 1)
}

func (a *moments) Retract(groups []int32, args []*column.Vector, rows []int32) {
	a.add(groups, args, rows, -1)
}

func (a *moments) add(groups []int32, args []*column.Vector, rows []int32, by int64) {
	v := a.arg.of(args[0])
	x := column.Values[float64](v)
	for i, g := range groups {
		if r := rowAt(rows, i); v.Valid == nil || v.Valid.Get(r) {
			p := &a.groups[g]
			p.n += by
			p.sum += float64(by) * x[r]
			p.square += float64(by) * x[r] * x[r]
		}
	}
}

func (a *moments) StateTypes() []column.Type {
	double := column.Of(column.Double).Required()
	return []column.Type{column.Of(column.BigInt).Required(), double, double}
}

func (a *moments) AppendState(from, to int, out []*column.Vector) {
	list, base := a.groups[from:to], out[0].Len
	for _, v := range out {
		v.Resize(base + len(list))
	}
	n, sum, square := column.Values[int64](out[0])[base:], column.Values[float64](out[1])[base:], column.Values[float64](out[2])[base:]
	for i, p := range list {
		n[i], sum[i], square[i] = p.n, p.sum, p.square
	}
}

func (a *moments) Merge(groups []int32, state []*column.Vector, rows []int32) {
	n, sum, square := column.Values[int64](state[0]), column.Values[float64](state[1]), column.Values[float64](state[2])
	for i, g := range groups {
		r, p := rowAt(rows, i), &a.groups[g]
		p.n += n[r]
		p.sum += sum[r]
		p.square += square[r]
	}
}

func (a *moments) AppendResult(from, to int, out *column.Vector) error {
	values := column.NewVector(column.Of(column.Double), to-from)
	for _, p := range a.groups[from:to] {
		of := p.n
		if a.sample {
			of--
		}
		if of <= 0 {
			values.AppendNull()
			continue
		}
		x := max(0, p.square-p.sum*p.sum/float64(p.n)) / float64(of) // rounding may leave a little below 0
		if a.standard {
			x = math.Sqrt(x)
		}
		column.Append(values, x)
	}
	if a.result.Kind == column.Double {
		out.AppendRows(values, nil)
		return nil
	}
	converted := column.NewVector(a.result, to-from)
	err := castNumber(values.Type, a.result)([]*column.Vector{values}, values.Len, nil, converted)
	out.AppendRows(converted, nil)
	return err
}

func (a *moments) SizeBytes() int { return cap(a.groups) * 24 }

var (
	_ Retractor = (*counter)(nil)
	_ Retractor = (*sum[int32, int32])(nil)
	_ Retractor = (*decimalSum)(nil)
	_ Retractor = (*moments)(nil)
)
