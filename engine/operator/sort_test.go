package operator

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

var sortTypes = []column.Type{
	column.Of(column.Boolean), column.Of(column.TinyInt), column.Of(column.SmallInt), column.Of(column.Int), column.Of(column.BigInt),
	column.Of(column.Float), column.Of(column.Double), column.DecimalOf(38, 2), column.Str(), column.Of(column.Null),
}

// modelCompare compares values by definition, without prefixes.
func modelCompare(v *column.Vector, i, j int) int {
	if v.Dict != nil {
		panic("the model's rows have no dictionary")
	}
	switch v.Type.Layout() {
	case column.LayoutBits:
		a, b := v.Bits().Get(i), v.Bits().Get(j)
		switch {
		case a == b:
			return 0
		case b:
			return -1
		}
		return 1
	case column.LayoutInt8:
		return cmp.Compare(column.Values[int8](v)[i], column.Values[int8](v)[j])
	case column.LayoutInt16:
		return cmp.Compare(column.Values[int16](v)[i], column.Values[int16](v)[j])
	case column.LayoutInt32:
		return cmp.Compare(column.Values[int32](v)[i], column.Values[int32](v)[j])
	case column.LayoutInt64:
		return cmp.Compare(column.Values[int64](v)[i], column.Values[int64](v)[j])
	case column.LayoutFloat, column.LayoutDouble:
		at := func(i int) float64 {
			if v.Type.Layout() == column.LayoutFloat {
				return float64(column.Values[float32](v)[i])
			}
			return column.Values[float64](v)[i]
		}
		x, y := at(i), at(j)
		switch {
		case math.IsNaN(x) && math.IsNaN(y):
			return 0
		case math.IsNaN(x):
			return 1
		case math.IsNaN(y):
			return -1
		}
		return cmp.Compare(x, y)
	case column.LayoutInt128:
		x, y := column.Values[column.Int128](v)[i], column.Values[column.Int128](v)[j]
		if x.Hi != y.Hi {
			return cmp.Compare(x.Hi, y.Hi)
		}
		return cmp.Compare(x.Lo, y.Lo)
	case column.LayoutView:
		return bytes.Compare(v.BytesAt(i), v.BytesAt(j))
	}
	return 0
}

// modelSort returns the texts of the rows in order.
func modelSort(op *graph.Sort, all *column.Batch) []string {
	rows := make([]int, all.Len)
	for i := range rows {
		rows[i] = i
	}
	slices.SortStableFunc(rows, func(i, j int) int {
		for _, k := range op.Keys {
			v := all.Cols[k.Column]
			in, jn := v.IsNull(i), v.IsNull(j)
			switch {
			case in && jn:
				continue
			case in != jn && in == k.NullsLast:
				return 1
			case in != jn:
				return -1
			}
			if c := modelCompare(v, i, j); c != 0 && k.Descending {
				return -c
			} else if c != 0 {
				return c
			}
		}
		return 0
	})
	var out []string
	for n, r := range rows {
		if n >= int(op.Offset) && (op.Limit < 0 || n < int(op.Offset+op.Limit)) {
			out = append(out, rowText(all, r))
		}
	}
	return out
}

func TestSortModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := fields(rapid.SampledFrom(sortTypes).Draw(t, "type"), rapid.SampledFrom(sortTypes).Draw(t, "type"), column.Of(column.Int))
		op := &graph.Sort{Offset: rapid.SampledFrom([]int64{0, 0, 1, 5, 100}).Draw(t, "offset"), Limit: rapid.SampledFrom([]int64{-1, 0, 1, 7}).Draw(t, "limit")}
		for i := range rapid.IntRange(0, 2).Draw(t, "keys") {
			op.Keys = append(op.Keys, graph.SortKey{Column: 1 - i, Descending: rapid.Bool().Draw(t, "desc"), NullsLast: rapid.Bool().Draw(t, "nulls last")})
		}
		all := drawRows(t, in, rapid.IntRange(0, 40).Draw(t, "rows"), drawOptions{times: true})
		want := modelSort(op, all)
		batches := cutRows(t, in, all)
		compareRows(t, run(t, &graph.Node{Op: op, Schema: in}, in, batches, drawRestart(t, batches)), want)
	})
}

// TestTopDropsRows sorts more rows than a top-N may hold, in several orders of arrival.
func TestTopDropsRows(t *testing.T) {
	in := fields(column.Of(column.BigInt), column.Str(), column.Of(column.BigInt))
	r := rand.New(rand.NewPCG(1, 1))
	for name, value := range map[string]func(i int) int64{
		"ascending":  func(i int) int64 { return int64(i / 3) },
		"descending": func(i int) int64 { return int64(-i / 3) },
		"random":     func(int) int64 { return r.Int64N(500) },
		"equal":      func(int) int64 { return 1 },
	} {
		t.Run(name, func(t *testing.T) {
			op := &graph.Sort{Keys: []graph.SortKey{{Column: 0}, {Column: 1, Descending: true}}, Offset: 10, Limit: 300}
			all := column.NewBatch(in, 0)
			for i := range 50_000 {
				column.Append(all.Cols[0], value(i))
				all.Cols[1].AppendString(fmt.Sprint("text number ", i%5, " longer than a view"))
				column.Append(all.Cols[2], int64(i))
				all.Len++
			}
			want := modelSort(op, all)
			o := open(t, &graph.Node{Op: op, Schema: in}, in, testContext())
			for from := 0; from < all.Len; from += 1000 {
				if from == 25_000 {
					var w state.Writer
					if err := o.Snapshot(&w); err != nil {
						t.Fatal(err)
					}
					c := testContext()
					c.Restore = &state.Reader{Tables: w.Tables}
					o = open(t, &graph.Node{Op: op, Schema: in}, in, c)
				}
				var rows []int32
				for i := range 1000 {
					rows = append(rows, int32(from+i))
				}
				b := column.NewBatch(in, 0)
				b.AppendRows(all, rows)
				if err := o.Process(0, b, nil); err != nil {
					t.Fatal(err)
				}
				mangle(b)
				if n := o.(*sorter).held.Len; n > 2*310+ChunkRows+1000 {
					t.Fatalf("%d rows held", n)
				}
			}
			var c capture
			if err := o.EndInput(0, &c); err != nil {
				t.Fatal(err)
			}
			compareRows(t, c.rows, want)
		})
	}
}

func TestLimiterIsDone(t *testing.T) {
	in := fields(column.Of(column.BigInt), column.Of(column.BigInt))
	o := open(t, &graph.Node{Op: &graph.Sort{Offset: 2, Limit: 3}}, in, testContext())
	for i, want := range []bool{false, false, true} {
		if err := o.Process(0, numbers(2), discard{}); err != nil {
			t.Fatal(err)
		}
		if got := o.(Limiter).Done(); got != want {
			t.Errorf("after %d rows Done is %v", 2*i+2, got)
		}
	}
	if open(t, &graph.Node{Op: &graph.Sort{Limit: -1}}, in, testContext()).(Limiter).Done() {
		t.Error("a sort without a limit is done")
	}
}

func TestSortErrors(t *testing.T) {
	in := fields(column.Of(column.BigInt), column.Of(column.BigInt))
	if _, err := New(&graph.Node{Op: &graph.Sort{Offset: -1}}, [][]column.Field{in}); err == nil {
		t.Error("a negative offset was taken")
	}
	_, err := New(&graph.Node{Name: "Sort", Op: &graph.Sort{Keys: []graph.SortKey{{}}}}, [][]column.Field{fields(column.ArrayOf(column.Str()))})
	if err == nil || err.Error() != "Sort: sort: column a is of type ARRAY<STRING>, which has no order" {
		t.Errorf("error %v", err)
	}
	o := open(t, &graph.Node{Op: &graph.Sort{Keys: []graph.SortKey{{}}, Limit: -1}, Schema: in}, in, testContext())
	b := numbers(1)
	b.AddKinds(1)[0] = column.UpdateBefore
	if err := o.Process(0, b, nil); err == nil {
		t.Error("a sort took a row back")
	}
}

func BenchmarkSort(b *testing.B) {
	const rows = 100_000
	for name, limit := range map[string]int64{"all": -1, "top 100": 100} {
		for _, typ := range []column.Type{column.Of(column.BigInt), column.Str()} {
			b.Run(name+"/"+typ.String(), func(b *testing.B) {
				in := fields(typ)
				batch := column.NewBatch(in, rows)
				r := rand.New(rand.NewPCG(1, 1))
				for range rows {
					if typ.Kind == column.BigInt {
						column.Append(batch.Cols[0], r.Int64())
					} else {
						batch.Cols[0].AppendString(fmt.Sprint(r.Int64N(1e12)))
					}
				}
				batch.Len = rows
				for b.Loop() {
					o := open(b, &graph.Node{Op: &graph.Sort{Keys: []graph.SortKey{{}}, Limit: limit}, Schema: in}, in, testContext())
					var s slicer
					if err := s.emit(batch, outputFunc(func(p Payload) error { return o.Process(0, p, nil) })); err != nil {
						b.Fatal(err)
					}
					if err := o.EndInput(0, discard{}); err != nil {
						b.Fatal(err)
					}
				}
				perRow(b, rows)
			})
		}
	}
}

func BenchmarkLimitSort(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	in, list := make([]int64, 100_000), make([]int64, 100_000)
	for i := range in {
		in[i] = r.Int64()
	}
	for b.Loop() {
		copy(list, in)
		slices.Sort(list)
	}
	perRow(b, len(in))
}
