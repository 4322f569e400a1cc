package clock

import (
	"slices"
	"sync"
	"time"
)

// Simulated is a clock that stands still between calls of [Simulated.Advance].
type Simulated struct {
	mu   sync.Mutex
	now  time.Time
	set  []*simulatedTimer // that wait, by time, then in the order in which they were set
	news chan struct{}     // closed and replaced whenever a timer is set or stopped
}

// NewSimulated returns a clock that shows the given time.
func NewSimulated(now time.Time) *Simulated {
	return &Simulated{now: now, news: make(chan struct{})}
}

// Now returns the simulated time.
func (s *Simulated) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Advance moves the clock on by d and fires, in order of time, the timers that are due.
func (s *Simulated) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
	due := 0
	for due < len(s.set) && !s.set[due].at.After(s.now) {
		s.set[due].fire(s.set[due].at)
		due++
	}
	if due > 0 {
		s.set = slices.Delete(s.set, 0, due)
		s.changed()
	}
}

// Await returns once a timer is set for the given time: what a test set going has got as far as it can before.
func (s *Simulated) Await(at time.Time) {
	for {
		s.mu.Lock()
		set := slices.ContainsFunc(s.set, func(t *simulatedTimer) bool { return t.at.Equal(at) })
		news := s.news
		s.mu.Unlock()
		if set {
			return
		}
		<-news
	}
}

func (s *Simulated) changed() {
	close(s.news)
	s.news = make(chan struct{})
}

// NewTimer returns a timer of this clock.
func (s *Simulated) NewTimer() Timer {
	return &simulatedTimer{clock: s, c: make(chan time.Time, 1)}
}

type simulatedTimer struct {
	clock *Simulated
	at    time.Time
	c     chan time.Time
}

func (t *simulatedTimer) C() <-chan time.Time { return t.c }

func (t *simulatedTimer) fire(now time.Time) {
	select {
	case t.c <- now:
	default:
	}
}

func (t *simulatedTimer) Set(at time.Time) {
	s := t.clock
	s.mu.Lock()
	defer s.mu.Unlock()
	t.remove()
	t.at = at
	if !at.After(s.now) {
		t.fire(s.now)
		return
	}
	i, _ := slices.BinarySearchFunc(s.set, at, func(e *simulatedTimer, at time.Time) int {
		if e.at.After(at) {
			return 1
		}
		return -1
	})
	s.set = slices.Insert(s.set, i, t)
	s.changed()
}

func (t *simulatedTimer) Stop() {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	t.remove()
}

// remove takes the timer out of the list and empties its channel.
func (t *simulatedTimer) remove() {
	if i := slices.Index(t.clock.set, t); i >= 0 {
		t.clock.set = slices.Delete(t.clock.set, i, i+1)
		t.clock.changed()
	}
	select {
	case <-t.c:
	default:
	}
}
