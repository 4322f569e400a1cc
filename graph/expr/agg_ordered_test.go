package expr

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
)

// Rows are taken in by the order of the keys, and those alike as they came, whatever came and went and was saved between.
func TestInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f, _ := LookupAggregate("ARRAY_AGG")
		y := Order{Arg: 1, Descending: rapid.Bool().Draw(t, "descending"), NullsLast: rapid.Bool().Draw(t, "nulls last")}
		x := Order{Arg: 0}
		f = f.InOrder(1, []Order{y, x})
		types := []column.Type{column.Of(column.Int), column.Of(column.BigInt)}
		const n = 10
		args := []*column.Vector{column.NewVector(types[0], n), column.NewVector(types[1], n)}
		type row struct {
			x    int32
			y    int64
			null bool
		}
		rows := make([]row, n)
		for i := range rows {
			r := row{rapid.Int32Range(0, 3).Draw(t, "x"), rapid.Int64Range(0, 2).Draw(t, "y"), rapid.IntRange(0, 3).Draw(t, "null") == 0}
			rows[i] = r
			column.Append(args[0], r.x)
			if r.null {
				args[1].AppendNull()
			} else {
				column.Append(args[1], r.y)
			}
		}
		_, result, err := f.Resolve(types)
		if err != nil {
			t.Fatal(err)
		}
		call := Aggregate{Func: f, T: result, Retracts: true}
		const groups = 2
		acc := call.New(types)
		acc.Grow(groups)
		var left [groups][]int32
		compare := func(i, j int32) int {
			a, b := rows[i], rows[j]
			switch {
			case a.null && b.null:
			case a.null != b.null:
				if a.null == y.NullsLast {
					return 1
				}
				return -1
			case a.y != b.y && y.Descending:
				return cmp.Compare(b.y, a.y)
			case a.y != b.y:
				return cmp.Compare(a.y, b.y)
			}
			return cmp.Compare(a.x, b.x)
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				got, want := column.NewVector(result, 0), column.NewVector(result, 0)
				if err := acc.AppendResult(0, groups, got); err != nil {
					t.Fatal(err)
				}
				for g, list := range left {
					list = slices.Clone(list)
					slices.SortStableFunc(list, compare)
					if len(list) == 0 {
						want.AppendNull()
					} else {
						want.Children[0].AppendRows(args[0], list)
						want.AppendList(len(list))
					}
					if a, b := columntest.Key(got, g), columntest.Key(want, g); a != b {
						t.Fatalf("group %d with rows %v: %s, want %s", g, list, a, b)
					}
				}
			},
			"come": func(t *rapid.T) {
				r, g := rapid.Int32Range(0, n-1).Draw(t, "row"), rapid.Int32Range(0, groups-1).Draw(t, "group")
				left[g] = append(left[g], r)
				acc.Update([]int32{g}, args, []int32{r})
			},
			"go": func(t *rapid.T) {
				g := rapid.Int32Range(0, groups-1).Draw(t, "group")
				if len(left[g]) == 0 {
					t.Skip()
				}
				i := rapid.IntRange(0, len(left[g])-1).Draw(t, "row")
				r := left[g][i]
				left[g] = slices.Delete(left[g], i, i+1)
				acc.(Retractor).Retract([]int32{g}, args, []int32{r})
			},
			"save": func(*rapid.T) {
				var state []*column.Vector
				for _, s := range acc.StateTypes() {
					state = append(state, column.NewVector(s, 0))
				}
				acc.AppendState(0, groups, state)
				acc = call.New(types)
				acc.Grow(groups)
				acc.Merge([]int32{0, 1}, state, nil)
			},
		})
	})
}
