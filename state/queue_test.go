package state

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestQueueModel holds a queue against a sorted list.
func TestQueueModel(t *testing.T) {
	type entry struct {
		time int64
		id   int32
	}
	order := func(a, b entry) int {
		if a.time != b.time {
			return int(a.time - b.time)
		}
		return int(a.id - b.id)
	}
	rapid.Check(t, func(t *rapid.T) {
		var q Queue
		var want []entry
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0: // the odd ones go, the others are halved
				moved := make([]int32, 100)
				for i := range moved {
					moved[i] = int32(i / 2)
					if i%2 == 1 {
						moved[i] = None
					}
				}
				q.Renumber(moved)
				want = slices.DeleteFunc(want, func(e entry) bool { return e.id%2 == 1 })
				for i := range want {
					want[i].id /= 2
				}
				slices.SortFunc(want, order)
			case 1, 2, 3:
				if len(want) == 0 {
					continue
				}
				first := q.First()
				at, id := q.Pop()
				if at != first || (entry{at, id}) != want[0] {
					t.Fatalf("popped %d %d, First says %d, want %v", at, id, first, want[0])
				}
				want = want[1:]
			default:
				e := entry{rapid.Int64Range(0, 9).Draw(t, "time"), rapid.Int32Range(0, 99).Draw(t, "id")}
				q.Push(e.time, e.id)
				want = append(want, e)
				slices.SortStableFunc(want, order)
			}
			if q.Len() != len(want) {
				t.Fatalf("%d entries, want %d", q.Len(), len(want))
			}
		}
	})
}
