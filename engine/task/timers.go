package task

import (
	"container/heap"
	"time"

	"github.com/millstream/millstream/engine/clock"
)

// timers holds the processing-time timers of a task's stages behind one timer of the clock.
type timers struct {
	clock clock.Clock
	timer clock.Timer
	heap  timerHeap
	known map[timerKey]struct{}
	first time.Time // what the clock's timer is set to; zero: not set
}

// timerKey is a timer. Setting the same one twice is setting it once.
type timerKey struct {
	at    int64 // Unix time in nanoseconds
	stage int
}

func (t *timers) init(c clock.Clock) {
	t.clock, t.timer, t.known = c, c.NewTimer(), map[timerKey]struct{}{}
}

// c has a value once a timer is due.
func (t *timers) c() <-chan time.Time { return t.timer.C() }

func (t *timers) stop() { t.timer.Stop() }

func (t *timers) set(stage int, at time.Time) {
	k := timerKey{at.UnixNano(), stage}
	if _, there := t.known[k]; there {
		return
	}
	t.known[k] = struct{}{}
	heap.Push(&t.heap, timer{k, at})
	if t.first.IsZero() || at.Before(t.first) {
		t.first = at
		t.timer.Set(at)
	}
}

// next takes the first timer that is due. Once there is none, the clock's timer is set for the next one.
func (t *timers) next() (stage int, at time.Time, ok bool) {
	if len(t.heap) > 0 && !t.heap[0].at.After(t.clock.Now()) {
		due := heap.Pop(&t.heap).(timer)
		delete(t.known, due.timerKey)
		return due.stage, due.at, true
	}
	t.first = time.Time{}
	if len(t.heap) > 0 {
		t.first = t.heap[0].at
		t.timer.Set(t.first)
	}
	return 0, time.Time{}, false
}

type timer struct {
	timerKey
	at time.Time
}

// timerHeap orders timers by time, then by stage.
type timerHeap []timer

func (h timerHeap) Len() int { return len(h) }
func (h timerHeap) Less(i, j int) bool {
	a, b := h[i].timerKey, h[j].timerKey
	return a.at < b.at || a.at == b.at && a.stage < b.stage
}
func (h timerHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *timerHeap) Push(x any)   { *h = append(*h, x.(timer)) }
func (h *timerHeap) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	*h = (*h)[:last]
	return x
}
