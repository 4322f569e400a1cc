package state

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestRecencyModel compares the order with a list that is searched.
func TestRecencyModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type entry struct {
			g  int32
			at int64
		}
		var r Recency
		var want []entry
		now := int64(-5)
		find := func(g int32) int { return slices.IndexFunc(want, func(e entry) bool { return e.g == g }) }
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			g := int32(rapid.IntRange(0, 9).Draw(t, "group"))
			now += int64(rapid.IntRange(0, 2).Draw(t, "passed"))
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				moved := rapid.Permutation([]int32{0, 1, 2, 3, 4, 5, 6, 7, None, 9, None, 11}).Draw(t, "moved")
				r.Renumber(moved)
				var kept []entry
				for _, e := range want {
					if to := moved[e.g]; to != None {
						kept = append(kept, entry{to, e.at})
					}
				}
				want = kept
			case 1:
				at := slices.Repeat([]int64{Untouched}, 12)
				for _, e := range want {
					at[e.g] = e.at
				}
				r.Load(at)
				slices.SortStableFunc(want, func(a, b entry) int {
					if a.at != b.at {
						return int(a.at - b.at)
					}
					return int(a.g - b.g)
				})
			case 2, 3:
				r.Remove(g)
				if i := find(g); i >= 0 {
					want = slices.Delete(want, i, i+1)
				}
			default:
				r.Touch(g, now)
				if i := find(g); i >= 0 {
					want = slices.Delete(want, i, i+1)
				}
				want = append(want, entry{g, now})
			}
			for g := range int32(12) {
				if i := find(g); r.Has(g) != (i >= 0) || i >= 0 && r.At(g) != want[i].at {
					t.Fatalf("group %d stands at %d", g, i)
				}
			}
			g, at, ok := r.Oldest()
			if ok != (len(want) > 0) || r.Len() != len(want) || ok && (entry{g, at}) != want[0] {
				t.Fatalf("the oldest of %d is %d at %d, want %v", r.Len(), g, at, want)
			}
		}
		for _, e := range want {
			if g, at, _ := r.Oldest(); g != e.g || at != e.at {
				t.Fatalf("the oldest is %d at %d, want %v", g, at, e)
			}
			r.Remove(e.g)
		}
	})
}
