package expr

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
)

// accumulated feeds rows to an accumulator in two parts, which are merged through their states, and returns the results of two groups.
func accumulated(t *rapid.T, f *AggregateFunction, args []*column.Vector, groups []int32) ([2]string, error) {
	types := make([]column.Type, len(args))
	for i, v := range args {
		types[i] = v.Type
	}
	_, result, err := f.Resolve(types)
	if err != nil {
		t.Fatal(err)
	}
	cut := rapid.IntRange(0, len(groups)).Draw(t, "cut")
	whole := f.New(types, result)
	whole.Grow(2)
	for _, part := range [][2]int{{0, cut}, {cut, len(groups)}} {
		acc := f.New(types, result)
		acc.Grow(2)
		var rows []int32
		for r := part[0]; r < part[1]; r++ {
			rows = append(rows, int32(r))
		}
		acc.Update(groups[part[0]:part[1]], args, rows)
		var state []*column.Vector
		for _, typ := range acc.StateTypes() {
			state = append(state, column.NewVector(typ, 0))
		}
		acc.AppendState(0, 2, state)
		whole.Merge([]int32{0, 1}, state, nil)
	}
	out := column.NewVector(result.Optional(), 0)
	if err := whole.AppendResult(0, 2, out); err != nil {
		return [2]string{}, err
	}
	if whole.SizeBytes() <= 0 {
		t.Fatal("it holds no memory")
	}
	return [2]string{string(column.AppendText(nil, out, 0, nil)), string(column.AppendText(nil, out, 1, nil))}, nil
}

func aggregateNamed(t *rapid.T, name string) *AggregateFunction {
	f, ok := LookupAggregate(name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return f
}

func TestJSONAggregates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "rows")
		keys, values := column.NewVector(column.Str(), 0), column.NewVector(column.Str(), 0)
		groups := make([]int32, n)
		var arrays, objects [2][2][]string // by group, then with NULLs and without
		seen, twice := map[string]bool{}, false
		for r := range n {
			g := rapid.IntRange(0, 1).Draw(t, "group")
			groups[r] = int32(g)
			key := fmt.Sprintf("k%d", rapid.IntRange(0, 40).Draw(t, "key"))
			keys.AppendString(key)
			twice = twice || seen[fmt.Sprint(g, key)]
			seen[fmt.Sprint(g, key)] = true
			value, null := fmt.Sprint(r), rapid.Bool().Draw(t, "null")
			if null {
				value = "null"
				values.AppendNull()
			} else {
				values.AppendString(value)
			}
			for absent := range 2 {
				if !null || absent == 0 {
					arrays[g][absent] = append(arrays[g][absent], value)
					objects[g][absent] = append(objects[g][absent], `"`+key+`":`+value)
				}
			}
		}
		for absent, clause := range []string{"NULL", "ABSENT"} {
			got, err := accumulated(t, aggregateNamed(t, "JSON_ARRAYAGG_"+clause+"_ON_NULL"), []*column.Vector{values}, groups)
			for g := range 2 {
				if want := "[" + strings.Join(arrays[g][absent], ",") + "]"; err != nil || got[g] != want {
					t.Fatalf("array %s, %v, want %s", got[g], err, want)
				}
			}
			got, err = accumulated(t, aggregateNamed(t, "JSON_OBJECTAGG_"+clause+"_ON_NULL"), []*column.Vector{keys, values}, groups)
			if twice {
				if clause == "NULL" && err == nil {
					t.Fatal("a key was taken twice")
				}
				continue
			}
			for g := range 2 {
				list := slices.Clone(objects[g][absent])
				sort.Slice(list, func(i, j int) bool { return strings.Split(list[i], ":")[0] < strings.Split(list[j], ":")[0] })
				if want := "{" + strings.Join(list, ",") + "}"; err != nil || !sameMembers(got[g], want) {
					t.Fatalf("object %s, %v, want %s", got[g], err, want)
				}
			}
		}
	})
}

// sameMembers compares objects by their members, whose order is that of their names without quotes.
func sameMembers(a, b string) bool {
	x, y := strings.Split(strings.Trim(a, "{}"), ","), strings.Split(strings.Trim(b, "{}"), ",")
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// What was taken in and out again leaves nothing.
func TestJSONRetraction(t *testing.T) {
	v := column.NewVector(column.Str(), 0)
	for _, s := range []string{"1", "2", "1", "3"} {
		v.AppendString(s)
	}
	f, _ := LookupAggregate("JSON_ARRAYAGG_ABSENT_ON_NULL")
	acc := f.New([]column.Type{v.Type}, column.Str()).(Retractor)
	acc.Grow(1)
	acc.Update(make([]int32, 4), []*column.Vector{v}, nil)
	acc.Retract([]int32{0, 0}, []*column.Vector{v}, []int32{2, 3})
	out := column.NewVector(column.Str(), 0)
	if err := acc.AppendResult(0, 1, out); err != nil || string(out.BytesAt(0)) != "[2,1]" {
		t.Errorf("%s, %v", out.BytesAt(0), err)
	}
	keys := column.NewVector(column.Str(), 0)
	keys.AppendNull()
	f, _ = LookupAggregate("JSON_OBJECTAGG_NULL_ON_NULL")
	acc = f.New([]column.Type{v.Type, v.Type}, column.Str()).(Retractor)
	acc.Grow(1)
	acc.Update([]int32{0}, []*column.Vector{keys, v}, []int32{0})
	if err := acc.AppendResult(0, 1, out); err == nil {
		t.Error("a key that is NULL was taken")
	}
	acc.Retract([]int32{0}, []*column.Vector{keys, v}, []int32{0})
	if err := acc.AppendResult(0, 1, out); err != nil || string(out.BytesAt(1)) != "{}" {
		t.Errorf("%s, %v", out.BytesAt(1), err)
	}
}

func TestBitmapAggregates(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 10).Draw(t, "rows")
		numbers, sets := column.NewVector(column.Of(column.Int), 0), column.NewVector(column.Of(column.Bitset), 0)
		groups := make([]int32, n)
		results := map[string]*[2]*roaring.Bitmap{"BUILD": {}, "AND": {}, "OR": {}, "XOR": {}}
		for r := range n {
			g := rapid.IntRange(0, 1).Draw(t, "group")
			groups[r] = int32(g)
			if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
				numbers.AppendNull()
				sets.AppendNull()
				continue
			}
			x := rapid.Uint32Range(0, 5).Draw(t, "number")
			column.Append(numbers, int32(x))
			set := roaring.BitmapOf(rapid.SliceOfN(rapid.Uint32Range(0, 5), 0, 4).Draw(t, "set")...)
			sets.AppendBytes(column.BitsetBytes(set))
			for name, combine := range map[string]func(a, b *roaring.Bitmap) *roaring.Bitmap{
				"BUILD": func(a, _ *roaring.Bitmap) *roaring.Bitmap { return roaring.Or(a, roaring.BitmapOf(x)) }, "AND": roaring.And, "OR": func(a, b *roaring.Bitmap) *roaring.Bitmap { return roaring.Or(a, b) }, "XOR": roaring.Xor,
			} {
				switch old := results[name][g]; {
				case old == nil && name == "BUILD":
					results[name][g] = roaring.BitmapOf(x)
				case old == nil:
					results[name][g] = set.Clone()
				default:
					results[name][g] = combine(old, set)
				}
			}
		}
		for name, want := range results {
			args := []*column.Vector{sets}
			if name == "BUILD" {
				args[0] = numbers
			}
			got, err := accumulated(t, aggregateNamed(t, "BITMAP_"+name+"_AGG"), args, groups)
			counts, err2 := accumulated(t, aggregateNamed(t, "BITMAP_"+name+"_CARDINALITY_AGG"), args, groups)
			for g, set := range want {
				text, count := "NULL", "NULL"
				if set != nil {
					text, count = string(column.AppendBitset(nil, column.BitsetBytes(set))), fmt.Sprint(set.GetCardinality())
				}
				if err != nil || err2 != nil || got[g] != text || counts[g] != count {
					t.Fatalf("%s: %s (%s), %v, %v, want %s (%s)", name, got[g], counts[g], err, err2, text, count)
				}
			}
		}
	})
}
