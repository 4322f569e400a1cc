package operator

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPlaceClass has blocks that are large enough, hardly larger, and of one size for a class.
func TestPlaceClass(t *testing.T) {
	sizes := map[int]int{}
	last := 0
	for n := range 5000 {
		class, size := placeClass(n)
		if size < n || size > n+max(1, n/8) {
			t.Fatalf("%d rows in a block of %d", n, size)
		}
		if known, ok := sizes[class]; ok && known != size {
			t.Fatalf("class %d has blocks of %d and %d", class, known, size)
		}
		if class != last && class != last+1 {
			t.Fatalf("%d rows have class %d, one row less class %d", n, class, last)
		}
		sizes[class], last = size, class
	}
}

// TestRowPlaces holds lists that grow and shrink, in place and as copies, against slices.
func TestRowPlaces(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	p := rowPlaces{least: 3}
	const groups = 40
	p.grow(groups)
	model := make([][]int32, groups)
	for turn := range 20_000 {
		g := r.IntN(groups)
		list := p.of(int32(g))
		if !slices.Equal(list, model[g]) {
			t.Fatalf("turn %d: group %d has %v, want %v", turn, g, list, model[g])
		}
		switch n := len(list); {
		case r.IntN(40) == 0:
			list, model[g] = nil, nil
		case n > 0 && r.IntN(5) < 2:
			at := r.IntN(n)
			list = slices.Delete(slices.Clone(list), at, at+1)
			model[g] = slices.Delete(model[g], at, at+1)
		default:
			at := r.IntN(n + 1)
			list = slices.Insert(list, at, int32(turn))
			model[g] = slices.Insert(model[g], at, int32(turn))
		}
		p.set(int32(g), list)
	}
	rows := 0
	for g, want := range model {
		if got := p.of(int32(g)); !slices.Equal(got, want) {
			t.Fatalf("group %d has %v, want %v", g, got, want)
		}
		rows += len(want)
	}
	if rows == 0 || p.sizeBytes() > 40*rows+groups*64 {
		t.Errorf("%d bytes for %d rows", p.sizeBytes(), rows)
	}
}
