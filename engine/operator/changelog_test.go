package operator

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// TestSteppersModel holds the loops that show each row's effect against the calls that do one row.
func TestSteppersModel(t *testing.T) {
	numbers := []column.Type{
		column.Of(column.TinyInt), column.Of(column.SmallInt), column.Of(column.Int), column.Of(column.BigInt), column.Of(column.Float), column.Of(column.Double), column.DecimalOf(12, 3),
	}
	rapid.Check(t, func(t *rapid.T) {
		f := lookupAggregate(t, rapid.SampledFrom([]string{"COUNT", "SUM", "SUM0", "AVG", "MIN", "MAX", "FIRST_VALUE", "LAST_VALUE"}).Draw(t, "function"))
		types := numbers
		if f.Name == "MIN" || f.Name == "MAX" || f.Name == "FIRST_VALUE" || f.Name == "LAST_VALUE" {
			types = append([]column.Type{column.Str(), column.Str()}, numbers...)
		}
		args := []column.Type{rapid.SampledFrom(types).Draw(t, "type")}
		_, result, err := f.Resolve(args)
		if err != nil {
			t.Fatal(err)
		}
		call := expr.Aggregate{Func: f, T: result, Retracts: rapid.Bool().Draw(t, "retracts")}
		one, other := call.New(args), call.New(args)
		stepper, ok := one.(expr.Stepper)
		if !ok {
			t.Fatalf("%s is no stepper", f.Name)
		}
		_, retracts := one.(expr.Retractor)
		for range rapid.IntRange(1, 3).Draw(t, "batches") {
			n := rapid.IntRange(0, 20).Draw(t, "rows")
			all := drawRows(t, fields(args...), n, drawOptions{})
			b := cutRows(t, fields(args...), all)
			for _, b := range b {
				groups, signs := []int32{}, []int8{}
				for range b.Rows() {
					groups = append(groups, int32(rapid.IntRange(0, 3).Draw(t, "group")))
					sign := rapid.IntRange(0, 1).Draw(t, "sign")
					if retracts && rapid.IntRange(0, 3).Draw(t, "back") == 0 {
						sign = -1
					}
					signs = append(signs, int8(sign))
				}
				one.Grow(4)
				other.Grow(4)
				got, want := column.NewVector(result, 0), column.NewVector(result, 0)
				stepper.Step(groups, signs, b.Cols, b.Sel, got)
				if err := stepRows(other, groups, signs, b.Cols, b.Sel, want); err != nil {
					t.Fatal(err)
				}
				if got.Len != 2*len(groups) || want.Len != got.Len {
					t.Fatalf("%d and %d results of %d rows", got.Len, want.Len, len(groups))
				}
				for i := range got.Len {
					if x, y := textOf(got, i), textOf(want, i); x != y {
						t.Fatalf("%s: result %d is %s, want %s", f.Name, i, x, y)
					}
				}
			}
		}
	})
}

// TestChangelogOfExtremes shows that an unchanged result is not emitted, and that MAX takes back nothing.
func TestChangelogOfExtremes(t *testing.T) {
	in := fields(column.Str(), column.Of(column.Double))
	op := &graph.Aggregate{Keys: []int{0}, Updates: true, UpdateBefore: true, Calls: []expr.Aggregate{
		{Func: lookupAggregate(t, "MAX"), Args: []int{1}, Filter: -1, T: column.Of(column.Double)},
	}}
	b := column.NewBatch(in, 0)
	for _, x := range []float64{1, 0, 2, 2} {
		b.Cols[0].AppendString("k")
		column.Append(b.Cols[1], x)
		b.Len++
	}
	n := &graph.Node{Op: op, Schema: outputOf(op, in)}
	compareRows(t, run(t, n, in, []*column.Batch{b}, -1), strings.Split(`+I "k" 1,-U "k" 1,+U "k" 2`, ","))

	o := open(t, n, in, testContext())
	b = column.NewBatch(in, 0)
	for range 2 {
		b.Cols[0].AppendString("k")
		column.Append(b.Cols[1], 1.0)
		b.Len++
	}
	b.AddKinds(2)[1] = column.Delete
	if err := o.Process(0, b, discard{}); err == nil || err.Error() != "MAX cannot take back rows, which its input does" {
		t.Errorf("error %v", err)
	}
}

// TestMarkChanged compares as Flink does, by the operators of Java.
func TestMarkChanged(t *testing.T) {
	nan, zero := 0.0, 0.0
	nan /= zero
	for want, pair := range map[bool][][2]any{
		false: {{1.0, 1.0}, {0.0, -zero}, {"a", "a"}, {"a text of some length", "a text of some length"}, {int64(1), int64(1)}, {nil, nil}},
		true:  {{1.0, 2.0}, {nan, nan}, {"a", "b"}, {"a text of some length", "a text of same length"}, {int64(1), nil}, {nil, int64(0)}},
	} {
		for _, p := range pair {
			typ := column.Of(column.BigInt)
			for _, x := range p {
				switch x.(type) {
				case float64:
					typ = column.Of(column.Double)
				case string:
					typ = column.Str()
				}
			}
			v := column.NewVector(typ, 0)
			for _, x := range p {
				switch x := x.(type) {
				case float64:
					column.Append(v, x)
				case string:
					v.AppendString(x)
				case int64:
					column.Append(v, x)
				default:
					v.AppendNull()
				}
			}
			changed := make([]bool, 1)
			if markChanged(v, changed); changed[0] != want {
				t.Errorf("%v: changed %v", fmt.Sprint(p), changed[0])
			}
		}
	}
}
