package state

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
)

// keyTypes are types of each layout.
var keyTypes = []column.Type{
	column.Of(column.Boolean), column.Of(column.TinyInt), column.Of(column.SmallInt), column.Of(column.Int), column.Of(column.BigInt),
	column.Of(column.Float), column.Of(column.Double), column.DecimalOf(30, 2), column.Str(), column.Bytes(),
	column.ArrayOf(column.Str()), {Kind: column.Row, Fields: []column.Field{{Name: "a", Type: column.Of(column.Int)}, {Name: "b", Type: column.Str()}}},
	column.Of(column.Null),
}

// appendAny adds a value drawn from few, so that keys repeat, and returns its text. nulls asks for NULLs too.
func appendAny(t *rapid.T, v *column.Vector, nulls bool) string {
	if nulls && rapid.IntRange(0, 4).Draw(t, "null") == 0 || v.Type.Kind == column.Null {
		v.AppendNull()
		return "NULL"
	}
	x := rapid.IntRange(0, 5).Draw(t, "x")
	switch v.Type.Layout() {
	case column.LayoutBits:
		v.AppendBool(x%2 == 0)
		return fmt.Sprint(x%2 == 0)
	case column.LayoutInt8:
		column.Append(v, int8(x))
	case column.LayoutInt16:
		column.Append(v, int16(x))
	case column.LayoutInt32:
		column.Append(v, int32(x))
	case column.LayoutInt64:
		column.Append(v, int64(x)<<32)
	case column.LayoutInt128:
		column.Append(v, column.Int128{Lo: 1, Hi: int64(x)})
	case column.LayoutFloat:
		f := []float32{0, float32(math.Copysign(0, -1)), float32(math.NaN()), -float32(math.NaN()), 1, 2}[x]
		column.Append(v, f)
		return fmt.Sprint(f)
	case column.LayoutDouble:
		f := []float64{0, math.Copysign(0, -1), math.NaN(), math.Float64frombits(0xfff8000000000000), 1, 2}[x]
		column.Append(v, f)
		return fmt.Sprint(f)
	case column.LayoutView:
		s := []string{"", "a", "b", "twelve bytes", "more than twelve bytes", "more than twelve bytes, too"}[x]
		v.AppendString(s)
		return fmt.Sprintf("%q", s)
	case column.LayoutList:
		s := "["
		for range x % 3 {
			s += appendAny(t, v.Children[0], true) + ","
		}
		v.AppendList(x % 3)
		return s + "]"
	case column.LayoutStruct:
		s := "("
		for _, c := range v.Children {
			s += appendAny(t, c, true) + ","
		}
		v.AppendStruct()
		return s + ")"
	}
	return fmt.Sprint(x)
}

// drawKeys makes key columns, some with dictionaries, and the text of each row's key.
func drawKeys(t *rapid.T, types []column.Type, n int) (cols []*column.Vector, text []string) {
	text = make([]string, n)
	for _, kt := range types {
		nulls := rapid.Bool().Draw(t, "nulls")
		v := column.NewVector(kt, 0)
		if kt.Kind != column.Null && rapid.IntRange(0, 3).Draw(t, "dictionary") == 0 {
			v.Dict = column.NewVector(kt, 0)
			seen := map[string]bool{}
			var entries []string
			for range 4 {
				probe := column.NewVector(kt, 0)
				if s := appendAny(t, probe, false); !seen[s] {
					seen[s] = true
					v.Dict.AppendRows(probe, nil)
					entries = append(entries, s)
				}
			}
			codes := column.NewVector(column.Of(column.Int), n)
			for i := range n {
				c := rapid.IntRange(0, len(entries)-1).Draw(t, "code")
				column.Append(codes, int32(c))
				if nulls && c == 0 {
					codes.SetNull(i)
					text[i] += "NULL;"
				} else {
					text[i] += entries[c] + ";"
				}
			}
			v.Data, v.Valid, v.Len = codes.Data, codes.Valid, n
		} else {
			for i := range n {
				text[i] += appendAny(t, v, nulls) + ";"
			}
		}
		cols = append(cols, v)
	}
	return cols, text
}

func drawTypes(t *rapid.T) []column.Type {
	var types []column.Type
	for range rapid.IntRange(1, 3).Draw(t, "columns") {
		types = append(types, rapid.SampledFrom(keyTypes).Draw(t, "type"))
	}
	return types
}

// TestGroupsModel holds the table against a map from the keys' texts, with deletions in between.
func TestGroupsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		types := drawTypes(t)
		g, model := NewGroups(types), map[string]int32{}
		g.PackTexts(rapid.IntRange(0, 8).Draw(t, "packed from"))
		byGroup := map[int32]string{}
		for range rapid.IntRange(1, 6).Draw(t, "batches") {
			n := rapid.IntRange(0, 40).Draw(t, "rows")
			keys, text := drawKeys(t, types, n)
			var rows []int32
			if rapid.Bool().Draw(t, "selection") {
				rows = []int32{}
				for i := range n {
					if rapid.Bool().Draw(t, "live") {
						rows = append(rows, int32(i))
					}
				}
				n = len(rows)
			}
			before := g.Len()
			out := make([]int32, n)
			g.Lookup(keys, rows, n, out)
			for i, got := range out {
				s := text[i]
				if rows != nil {
					s = text[rows[i]]
				}
				want, ok := model[s]
				if !ok {
					if int(got) < before {
						t.Fatalf("key %s: an old group %d", s, got)
					}
					if other, ok := byGroup[got]; ok {
						t.Fatalf("keys %s and %s share group %d", s, other, got)
					}
					model[s], byGroup[got] = got, s
				} else if want != got {
					t.Fatalf("key %s: group %d, want %d", s, got, want)
				}
			}
			for s, d := range model {
				if rapid.IntRange(0, 7).Draw(t, "delete") == 0 {
					g.Delete(int(d))
					if g.Alive(int(d)) {
						t.Fatalf("group %d lives after Delete", d)
					}
					delete(model, s)
				}
			}
			if g.Live() != len(model) || g.Len() != len(byGroup) {
				t.Fatalf("%d of %d groups live, want %d of %d", g.Live(), g.Len(), len(model), len(byGroup))
			}
			// The keys in the table are those of their groups: looked up, they find themselves.
			var live []int32
			for d := range g.Len() {
				if g.Alive(d) {
					live = append(live, int32(d))
				}
			}
			found := make([]int32, len(live))
			g.Lookup(g.Keys(), live, len(live), found)
			for i := range live {
				if live[i] != found[i] {
					t.Fatalf("group %d's key found in group %d", live[i], found[i])
				}
			}
		}
	})
}

// TestGroupsGrow has many groups, so that the index grows, is split, and ranks collide.
func TestGroupsGrow(t *testing.T) {
	const n = 200_000
	v := column.NewVector(column.Of(column.BigInt), n)
	for i := range n {
		column.Append(v, int64(i)*1_000_003)
	}
	g := NewGroups([]column.Type{v.Type})
	out, again := make([]int32, n), make([]int32, n)
	g.Lookup([]*column.Vector{v}, nil, n, out)
	seen, breaks, next := make([]bool, n), 0, int32(0)
	for i, got := range out {
		if seen[got] {
			t.Fatalf("row %d: group %d, which has another key", i, got)
		}
		seen[got] = true
		if got != next { // after a key whose hash begins like that of another one, and at that
			breaks++
		}
		next = got + 1
	}
	if breaks > n/1000 || g.Len() != n {
		t.Fatalf("the order of %d groups is broken %d times", g.Len(), breaks)
	}
	g.Lookup([]*column.Vector{v}, nil, n, again)
	if !slices.Equal(out, again) {
		t.Fatal("known keys are in other groups")
	}
	for i := 0; i < n; i += 2 {
		g.Delete(int(out[i]))
	}
	g.Lookup([]*column.Vector{v}, nil, n, again)
	for i, got := range again {
		if i%2 == 0 && int(got) < n || i%2 == 1 && got != out[i] {
			t.Fatalf("row %d after deletion: group %d, before: %d", i, got, out[i])
		}
	}
	if size, least := g.SizeBytes(), n*(8+8); size < least || size > 8*least {
		t.Errorf("SizeBytes %d, want from %d on", size, least)
	}
	g.Reset()
	if g.Len() != 0 || g.Live() != 0 {
		t.Error("groups left after Reset")
	}
}

// TestGroupsCollisions makes all rows share a tag and a home slot: keys alone tell groups apart.
func TestGroupsCollisions(t *testing.T) {
	v := column.NewVector(column.Str(), 0)
	for i := range 300 {
		v.AppendString(fmt.Sprintf("a key of some length %d", i%100))
	}
	g := NewGroups([]column.Type{v.Type})
	hash, out := make([]uint64, v.Len), make([]int32, v.Len)
	for i := range hash {
		hash[i] = 7<<32 | 5
	}
	g.find([]*column.Vector{v}, nil, hash, out)
	if g.Len() != 100 {
		t.Fatalf("%d groups, want 100", g.Len())
	}
	for i := range 300 {
		if out[i] != out[i%100] {
			t.Fatalf("row %d in group %d, row %d in group %d", i, out[i], i%100, out[i%100])
		}
	}
}

// TestLookupAllocates fails when a lookup of known keys allocates.
func TestLookupAllocates(t *testing.T) {
	batches := wordBatches()[:2]
	g := NewGroups([]column.Type{column.Str()})
	out := make([]int32, benchBatch)
	keys := make([]*column.Vector, 1)
	look := func() {
		for _, b := range batches {
			keys[0] = b
			g.Lookup(keys, nil, b.Len, out)
		}
	}
	look()
	if n := testing.AllocsPerRun(10, look); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
