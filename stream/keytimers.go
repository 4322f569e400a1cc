package stream

import (
	"cmp"
	"container/heap"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// keyTimer is a timer of a key, which goes by its number.
type keyTimer struct {
	at   int64 // milliseconds
	slot int32
}

// keyTimers are the timers of one kind, of all keys of a subtask.
type keyTimers struct {
	heap  timerHeap
	set   map[keyTimer]int32 // those that are to be called, with their rows; the heap may hold others, which were removed
	of    []int32            // number of timers by key
	at    []keyTimer         // by row
	free  freeRows
	track state.Tracker
}

func (t *keyTimers) rows() int               { return len(t.at) }
func (t *keyTimers) slotOf(row int32) int32  { return t.at[row].slot }
func (t *keyTimers) tracker() *state.Tracker { return &t.track }

func (t *keyTimers) write(row int32, to []*column.Vector) error {
	column.Append(to[0], t.at[row].at)
	return nil
}

// row makes a row for a timer.
func (t *keyTimers) row(k keyTimer) int32 {
	r, again := t.free.take()
	if again {
		t.track.TouchRow(r)
		t.at[r] = k
	} else {
		r = int32(len(t.at))
		t.at = append(t.at, k)
	}
	return r
}

// drop takes a timer that is set off the list.
func (t *keyTimers) drop(k keyTimer) {
	r := t.set[k]
	t.track.TouchRow(r)
	t.at[r].slot = noSlot
	t.free = append(t.free, r)
	delete(t.set, k)
	t.of[k.slot]--
}

func (t *keyTimers) grow(n int) {
	for len(t.of) < n {
		t.of = append(t.of, 0)
	}
}

// add sets a timer, and reports whether it was not there.
func (t *keyTimers) add(k keyTimer) bool {
	if _, there := t.set[k]; there {
		return false
	}
	if t.set == nil {
		t.set = map[keyTimer]int32{}
	}
	t.set[k] = t.row(k)
	t.of[k.slot]++
	heap.Push(&t.heap, k)
	return true
}

func (t *keyTimers) remove(k keyTimer) {
	if _, there := t.set[k]; !there {
		return
	}
	t.drop(k)
	if len(t.heap) > 64 && len(t.heap) > 2*len(t.set) {
		kept := t.heap[:0]
		seen := make(map[keyTimer]struct{}, len(t.set))
		for _, k := range t.heap {
			_, twice := seen[k]
			if _, there := t.set[k]; there && !twice {
				seen[k] = struct{}{}
				kept = append(kept, k)
			}
		}
		t.heap = kept
		heap.Init(&t.heap)
	}
}

// first is the time of the first timer.
func (t *keyTimers) first() (at int64, ok bool) {
	for len(t.heap) > 0 {
		if _, there := t.set[t.heap[0]]; there {
			return t.heap[0].at, true
		}
		heap.Pop(&t.heap)
	}
	return 0, false
}

// next takes the first timer that is due at a time.
func (t *keyTimers) next(now int64) (keyTimer, bool) {
	if at, ok := t.first(); !ok || at > now {
		return keyTimer{}, false
	}
	k := heap.Pop(&t.heap).(keyTimer)
	t.drop(k)
	return k, true
}

func (k keyTimer) compare(other keyTimer) int {
	return cmp.Or(cmp.Compare(k.at, other.at), cmp.Compare(k.slot, other.slot))
}

func (t *keyTimers) sizeBytes() int {
	return cap(t.heap)*16 + len(t.set)*28 + (cap(t.of)+cap(t.free))*4 + cap(t.at)*16
}

// timerHeap orders timers by time, then by key.
type timerHeap []keyTimer

func (h timerHeap) Len() int           { return len(h) }
func (h timerHeap) Less(i, j int) bool { return h[i].compare(h[j]) < 0 }
func (h timerHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *timerHeap) Push(x any)        { *h = append(*h, x.(keyTimer)) }
func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}
