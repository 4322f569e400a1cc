package expr

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
)

// retractable is an aggregate call to test: types of the first argument, and the others, which are constant.
type retractable struct {
	name   string
	types  []column.Type
	others []Literal
}

func retractables() []retractable {
	ints := []column.Type{column.Of(column.Int), column.Of(column.TinyInt)}
	ordered := []column.Type{column.Of(column.Int), column.Str(), column.DecimalOf(10, 2), column.Of(column.Boolean), column.Sized(column.Timestamp, 3)}
	any := append([]column.Type{column.ArrayOf(column.Of(column.Int)), column.RowOf(column.Field{Name: "a", Type: column.Of(column.Int)})}, ordered...)
	double := column.Of(column.Double).Required()
	return []retractable{
		{"COUNT", any, nil}, {"SUM", ints, nil}, {"SUM0", ints, nil}, {"AVG", ints, nil}, {"MIN", ordered, nil}, {"MAX", ordered, nil},
		{"FIRST_VALUE", any, nil}, {"LAST_VALUE", any, nil}, {"LISTAGG", []column.Type{column.Str()}, nil},
		{"LISTAGG", []column.Type{column.Str()}, []Literal{{"; ", column.Str().Required()}}},
		{"ARRAY_AGG", any, nil}, {"ARRAY_AGG IGNORE NULLS", any, nil}, {"COLLECT", any, nil}, {"APPROX_COUNT_DISTINCT", any, nil}, {"SINGLE_VALUE", any, nil},
		{"PERCENTILE", []column.Type{column.Of(column.Double)}, []Literal{{0.25, double}}},
		{"PERCENTILE", []column.Type{column.Of(column.Double)}, []Literal{
			{[]Literal{{0.0, double}, {0.7, double}, {1.0, double}}, column.ArrayOf(double).Required()}, {int64(2), column.Of(column.BigInt).Required()}}},
	}
}

// Rows that come and go, in any order, leave what the rows that are left give; states can be saved and merged at any time.
func TestRetraction(t *testing.T) {
	all := retractables()
	rapid.Check(t, func(t *rapid.T) {
		c := all[rapid.IntRange(0, len(all)-1).Draw(t, "function")]
		typ := rapid.SampledFrom(c.types).Draw(t, "type")
		f, ok := LookupAggregate(c.name)
		if !ok {
			t.Fatalf("no %s", c.name)
		}
		types := []column.Type{typ}
		const n = 12 // different values
		values := smallVector(t, typ, n)
		if typ.Kind == column.Double {
			for i := range n {
				column.Values[float64](values)[i] = float64(rapid.IntRange(-4, 4).Draw(t, "x"))
			}
		}
		args := []*column.Vector{values}
		for _, l := range c.others {
			types = append(types, l.T)
			v := column.NewVector(l.T, n)
			for range n {
				if err := l.AppendTo(v); err != nil {
					t.Fatal(err)
				}
			}
			args = append(args, v)
		}
		_, result, err := f.Resolve(types)
		if err != nil {
			t.Fatal(err)
		}
		call := Aggregate{Func: f, T: result, Retracts: true}
		const groups = 3
		acc := call.New(types)
		acc.Grow(groups)
		if _, ok := acc.(Retractor); !ok {
			t.Fatalf("%s cannot take rows back", c.name)
		}
		var left [groups][]int32
		check := func() {
			call := call
			call.Retracts = false
			for g := range groups {
				want := call.New(types)
				want.Grow(1)
				want.Update(make([]int32, len(left[g])), args, append([]int32{}, left[g]...))
				a, b := column.NewVector(result, 0), column.NewVector(result, 0)
				err1, err2 := acc.AppendResult(g, g+1, a), want.AppendResult(0, 1, b)
				switch {
				case (err1 != nil) != (err2 != nil):
					t.Fatalf("%s of %s, group %d with rows %v: %v, want %v", c.name, typ, g, left[g], err1, err2)
				case err1 == nil && columntest.Key(a, 0) != columntest.Key(b, 0):
					t.Fatalf("%s of %s, group %d with rows %v: %s, want %s", c.name, typ, g, left[g], columntest.Key(a, 0), columntest.Key(b, 0))
				}
			}
			if acc.SizeBytes() <= 0 {
				t.Fatal("no memory")
			}
		}
		same := func(i, j int32) bool { return columntest.Key(values, int(i)) == columntest.Key(values, int(j)) }
		t.Repeat(map[string]func(*rapid.T){
			"": func(*rapid.T) { check() },
			"come": func(t *rapid.T) {
				rows := rapid.SliceOfN(rapid.Int32Range(0, n-1), 0, 6).Draw(t, "rows")
				into := make([]int32, len(rows))
				for i := range rows {
					into[i] = rapid.Int32Range(0, groups-1).Draw(t, "group")
					left[into[i]] = append(left[into[i]], rows[i])
				}
				acc.Update(into, args, rows)
			},
			"go": func(t *rapid.T) {
				var rows, from []int32
				for range rapid.IntRange(0, 4).Draw(t, "n") {
					g := rapid.Int32Range(0, groups-1).Draw(t, "group")
					if len(left[g]) == 0 {
						continue
					}
					r := left[g][rapid.IntRange(0, len(left[g])-1).Draw(t, "row")]
					for i, q := range left[g] { // the oldest of its kind
						if same(q, r) {
							left[g] = append(left[g][:i:i], left[g][i+1:]...)
							break
						}
					}
					rows, from = append(rows, r), append(from, g)
				}
				acc.(Retractor).Retract(from, args, rows)
			},
			"go before coming": func(t *rapid.T) {
				r, g := rapid.Int32Range(0, n-1).Draw(t, "row"), rapid.Int32Range(0, groups-1).Draw(t, "group")
				for _, q := range left[g] {
					if same(q, r) {
						return // it would take that one
					}
				}
				acc.(Retractor).Retract([]int32{g}, args, []int32{r})
				acc.Update([]int32{g}, args, []int32{r})
			},
			"clear": func(t *rapid.T) {
				g := rapid.IntRange(0, groups-1).Draw(t, "group")
				acc.Clear(g)
				left[g] = nil
			},
			"save": func(t *rapid.T) {
				var state []*column.Vector
				for _, s := range acc.StateTypes() {
					state = append(state, column.NewVector(s, 0))
				}
				acc.AppendState(0, groups, state)
				acc = call.New(types)
				acc.Grow(groups)
				at := rapid.Int32Range(0, groups).Draw(t, "at")
				first, second := []int32{0, 1, 2}[:at], []int32{0, 1, 2}[at:]
				acc.Merge(first, state, first)
				acc.Merge(second, state, second)
			},
		})
	})
}

// A group that many rows pass through needs no more memory than those in it, and no more time than they are worth.
func TestRetractionMemory(t *testing.T) {
	v := column.NewVector(column.Of(column.Int), 0)
	for i := range 1000 {
		column.Append(v, int32(i))
	}
	for _, name := range []string{"MIN", "MAX", "FIRST_VALUE", "LAST_VALUE", "ARRAY_AGG", "COLLECT"} {
		f, _ := LookupAggregate(name)
		_, result, err := f.Resolve([]column.Type{v.Type})
		if err != nil {
			t.Fatal(err)
		}
		call := Aggregate{Func: f, T: result, Retracts: true}
		acc := call.New([]column.Type{v.Type}).(Retractor)
		acc.Grow(1)
		row, group := []int32{0}, []int32{0}
		for i := range int32(100_000) { // a queue of a hundred
			row[0] = i % 1000
			acc.Update(group, []*column.Vector{v}, row)
			if i >= 100 {
				row[0] = (i - 100) % 1000
				acc.Retract(group, []*column.Vector{v}, row)
			}
		}
		if n := acc.SizeBytes(); n > 200_000 {
			t.Errorf("%s holds %d bytes for a hundred values", name, n)
		}
	}
}

func TestApproxCount(t *testing.T) {
	f, _ := LookupAggregate("APPROX_COUNT_DISTINCT")
	for _, n := range []int{0, 1, 1000, 5000, 30_000, 400_000} {
		v := column.NewVector(column.Of(column.BigInt), n)
		for i := range n {
			column.Append(v, int64(i)*7919)
		}
		acc := f.New([]column.Type{v.Type}, column.Of(column.BigInt))
		acc.Grow(1)
		for range 2 { // the second time nothing is new
			acc.Update(make([]int32, n), []*column.Vector{v}, nil)
		}
		out := column.NewVector(column.Of(column.BigInt), 0)
		if err := acc.AppendResult(0, 1, out); err != nil {
			t.Fatal(err)
		}
		got := column.Values[int64](out)[0]
		if miss := float64(got-int64(n)) / float64(max(n, 1)); miss > 0.03 || miss < -0.03 || n <= 1000 && miss != 0 {
			t.Errorf("%d values are counted as %d", n, got)
		}
	}
}

func BenchmarkRetract(b *testing.B) {
	const n = 4096
	v := column.NewVector(column.Of(column.Int), n)
	groups := make([]int32, n)
	for i := range n {
		column.Append(v, int32(i*7919%1000))
		groups[i] = int32(i % 64)
	}
	for _, name := range []string{"MAX", "LAST_VALUE", "COLLECT"} {
		b.Run(fmt.Sprint(name), func(b *testing.B) {
			f, _ := LookupAggregate(name)
			_, result, err := f.Resolve([]column.Type{v.Type})
			if err != nil {
				b.Fatal(err)
			}
			call := Aggregate{Func: f, T: result, Retracts: true}
			acc := call.New([]column.Type{v.Type}).(Retractor)
			acc.Grow(64)
			for b.Loop() {
				acc.Update(groups, []*column.Vector{v}, nil)
				acc.Retract(groups, []*column.Vector{v}, nil)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n/2, "ns/row")
		})
	}
}
