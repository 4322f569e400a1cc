package operator

import (
	"testing"
	"time"
)

// TestSweep goes round a ring of groups that are over: no step looks at too many, and a round looks at all of them.
func TestSweep(t *testing.T) {
	const groups = 5*sweepStep + 7
	now, cursor := time.UnixMilli(1000), groups/2
	var timers []time.Time
	s := sweep{ttl: 1000, clock: func() time.Time { return now }, setTimer: func(at time.Time) { timers = append(timers, at) }}
	s.arm()
	seen := make([]bool, groups)
	live := groups
	steps := 0
	for len(timers) > 0 {
		now, timers = timers[0], timers[1:]
		looked := 0
		s.fire(groups, func(limit int) int {
			n := min(limit, groups-cursor)
			for _, known := range seen[cursor : cursor+n] {
				if !known {
					live--
				}
			}
			for i := range n {
				seen[cursor+i] = true
			}
			cursor = (cursor + n) % groups
			looked += n
			return n
		}, func() int { return live })
		if looked > sweepStep {
			t.Fatalf("%d groups in a step, want at most %d", looked, sweepStep)
		}
		steps++
	}
	if live > 0 || steps != 6 {
		t.Errorf("%d groups are left after %d steps, want none after 6", live, steps)
	}
}

// TestSoon: a timer that is due already is not set for now, when it would be fired at once.
func TestSoon(t *testing.T) {
	now := time.UnixMilli(50)
	for due, want := range map[int64]int64{10: 51, 50: 51, 51: 51, 60: 60} {
		if got := soon(now, due); got.UnixMilli() != want {
			t.Errorf("due at %d: %d, want %d", due, got.UnixMilli(), want)
		}
	}
}
