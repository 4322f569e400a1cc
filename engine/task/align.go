package task

import (
	"math"
	"sync"
	"time"
)

// Alignment keeps the event times of sources near each other: one whose watermark is too far ahead of the slowest reads nothing until that one
// has caught up, so that operators behind need not hold the rows between. Idle sources and those that have ended hold nobody back.
type Alignment struct {
	mu      sync.Mutex
	members []*Member
	lowest  int64 // the watermark of the slowest member that counts; the end of time if none does
}

// Member is a subtask of a source in an Alignment. Its task calls its methods.
type Member struct {
	group  *Alignment
	drift  int64 // milliseconds that it may be ahead
	time   int64 // its watermark
	away   bool  // idle, or ended
	paused bool
	wake   chan struct{} // has a value when the member may go on
}

// Join makes a member that may be drift ahead of the slowest one. All members join before the first of them runs.
func (a *Alignment) Join(drift time.Duration) *Member {
	m := &Member{group: a, drift: drift.Milliseconds(), time: math.MinInt64, wake: make(chan struct{}, 1)}
	a.members = append(a.members, m)
	a.lowest = math.MinInt64
	return m
}

// advance tells of the member's watermark.
func (m *Member) advance(time int64) {
	m.group.mu.Lock()
	defer m.group.mu.Unlock()
	if time <= m.time {
		return
	}
	was := m.time
	if m.time = time; was == m.group.lowest {
		m.group.compare()
	}
}

// setAway says whether the group is to go on without the member.
func (m *Member) setAway(away bool) {
	m.group.mu.Lock()
	defer m.group.mu.Unlock()
	if away != m.away {
		m.away = away
		m.group.compare()
	}
}

// ahead reports whether the member must wait, for a value from wake.
func (m *Member) ahead() bool {
	m.group.mu.Lock()
	defer m.group.mu.Unlock()
	m.paused = !m.within()
	return m.paused
}

// within reports whether the member is near enough to the slowest one.
func (m *Member) within() bool {
	low := m.group.lowest
	return m.time <= low || low > math.MinInt64 && m.time-low <= m.drift
}

// compare finds the slowest member, and wakes those that wait and no longer need to.
func (a *Alignment) compare() {
	a.lowest = math.MaxInt64
	for _, m := range a.members {
		if !m.away {
			a.lowest = min(a.lowest, m.time)
		}
	}
	for _, m := range a.members {
		if m.paused && m.within() {
			m.paused = false
			select {
			case m.wake <- struct{}{}:
			default: // it is awake already
			}
		}
	}
}
