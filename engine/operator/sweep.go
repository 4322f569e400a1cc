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

// sweepStep is how many groups are looked at in a step.
const sweepStep = 16 << 10

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

// fire takes a step of a round through so many groups if the timer is due, and sets it for the next one. expire looks at so many groups at most and returns at
// how many it has. What is over is gone a quarter of its time to live later, about.
func (s *sweep) fire(groups int, expire func(limit int) int) {
	if s.due.IsZero() || s.clock().Before(s.due) {
		return
	}
	if s.left == 0 {
		s.left = groups
	}
	seen := expire(min(s.left, sweepStep))
	if s.left -= seen; seen == 0 {
		s.left = 0
	}
	s.due = time.Time{}
	switch {
	case s.left > 0:
		s.at(s.clock().Add(time.Millisecond)) // the task looks at its inputs first
	case groups > 0:
		s.at(s.clock().Add(time.Duration(s.ttl/4+1) * time.Millisecond))
	}
}
