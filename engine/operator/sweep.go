package operator

import "time"

// sweep is how a state with a time to live lets go what is over: a timer begins a round through all its groups, which takes a step at a time, so that no row that comes
// meanwhile waits for more than one.
type sweep struct {
	ttl      int64 // milliseconds; 0: for ever
	clock    func() time.Time
	setTimer func(time.Time)
	due      time.Time // when the timer is; zero: none is set
	left     int       // groups of the round that were not yet looked at
}

// sweepStep is how many groups are looked at, or rows expired, in a step, and sweepPause the time between two, in which the task looks at its inputs.
const (
	sweepStep  = 16 << 10
	sweepPause = time.Millisecond
)

// share is how many rows that are over a batch of so many lets go: more than it brings, so that state does not grow, and not all, so that none pays for what many have
// left. The timer sees to the rest; what is over and still there must not be met.
func share(rows int) int { return 2*rows + idleSteps }

// soon is when a timer for a time, in milliseconds, should be set: not at once, since what is left of a step would be part of it then.
func soon(now time.Time, due int64) time.Time {
	if at := time.UnixMilli(due); at.After(now) {
		return at
	}
	return now.Add(sweepPause)
}

// arm sets the timer for the first round if there is none.
func (s *sweep) arm() {
	if s.ttl > 0 && s.due.IsZero() && s.setTimer != nil {
		s.at(s.clock().Add(time.Duration(s.ttl) * time.Millisecond))
	}
}

func (s *sweep) at(due time.Time) {
	s.due = due
	s.setTimer(due)
}

// underWay reports whether a round has begun and not ended: a table that is full of what is gone will be fuller at its end, and there will be less to move.
func (s *sweep) underWay() bool { return s.left > 0 && !s.due.IsZero() }

// fire takes a step of a round through so many groups if the timer is due, and sets it for the next one, if any are alive. expire looks at so many groups at most
// and returns at how many it has. What is over is gone a quarter of its time to live later, about.
func (s *sweep) fire(groups int, expire func(limit int) int, live func() int) {
	if s.due.IsZero() || s.clock().Before(s.due) {
		return
	}
	if s.left == 0 {
		s.left = groups
	}
	for budget := sweepStep; budget > 0 && s.left > 0; {
		seen := expire(min(s.left, budget)) // behind the last group it goes on at the first one
		budget, s.left = budget-seen, s.left-seen
		if seen == 0 {
			s.left = 0
		}
	}
	s.due = time.Time{}
	switch {
	case s.left > 0:
		s.at(s.clock().Add(sweepPause))
	case live() > 0:
		s.at(s.clock().Add(time.Duration(s.ttl/4+1) * time.Millisecond))
	}
}
