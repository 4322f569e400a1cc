package snapshot

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Positions of ids come in the ids' order, whether these lie close together or far apart.
func TestAscending(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.SampledFrom([]int64{3, 100, 1 << 40}).Draw(t, "width")
		from := rapid.Int64Range(0, 1<<40).Draw(t, "from")
		ids := rapid.SliceOfDistinct(rapid.Int64Range(from, from+width), func(id int64) int64 { return id }).Draw(t, "ids")
		want := make([]int32, len(ids))
		for i := range want {
			want[i] = int32(i)
		}
		slices.SortFunc(want, func(a, b int32) int { return cmp.Compare(ids[a], ids[b]) })
		if got := ascending(ids); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}
