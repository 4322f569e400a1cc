package task

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/millstream/millstream/engine/exchange"
)

func TestMarks(t *testing.T) {
	type step struct {
		channel int
		event   string // "wm", "idle", "active", "end"
		time    int64
		now     int64
		idle    bool
	}
	const none = math.MinInt64
	for name, steps := range map[string][]step{
		"the lowest counts": {
			{0, "wm", 10, none, false}, {1, "wm", 5, 5, false}, {1, "wm", 20, 10, false}, {0, "wm", 15, 15, false},
		},
		"an idle channel does not": {
			{0, "wm", 10, none, false}, {1, "idle", 0, 10, false}, {0, "wm", 30, 30, false},
		},
		"nor does one that is back, until it has caught up": {
			{0, "wm", 10, none, false}, {1, "idle", 0, 10, false}, {1, "active", 0, 10, false}, {0, "wm", 20, 20, false},
			{1, "wm", 15, 20, false}, {0, "wm", 30, 30, false}, {1, "wm", 32, 30, false}, {0, "wm", 40, 32, false},
		},
		"all idle: the furthest": {
			{0, "wm", 10, none, false}, {1, "wm", 5, 5, false}, {1, "idle", 0, 10, false}, {0, "idle", 0, 10, true},
			{1, "active", 0, 10, false}, {1, "wm", 11, 11, false},
		},
		"all idle, the slow one last": {
			{0, "wm", 10, none, false}, {1, "wm", 5, 5, false}, {0, "idle", 0, 5, false}, {1, "idle", 0, 10, true},
		},
		"an end does not push time": {
			{0, "wm", 10, none, false}, {1, "wm", 5, 5, false}, {0, "end", 0, 5, false}, {1, "wm", 7, 7, false}, {1, "idle", 0, 7, true},
		},
		"an end frees time": {
			{0, "wm", 10, none, false}, {1, "wm", 5, 5, false}, {1, "end", 0, 10, false},
		},
		"all ended: the job's end says so": {
			{0, "wm", 10, none, false}, {1, "wm", 12, 10, false}, {0, "end", 0, 12, false}, {1, "end", 0, 12, false},
		},
	} {
		m := newMarks(2)
		for i, s := range steps {
			switch s.event {
			case "wm":
				m.watermark(s.channel, s.time)
			case "idle", "active":
				m.setIdle(s.channel, s.event == "idle")
			case "end":
				m.end(s.channel)
			}
			if m.now != s.now || m.idle != s.idle {
				t.Errorf("%s: after step %d %v: watermark %d, idle %v, want %d, %v", name, i, s, m.now, m.idle, s.now, s.idle)
			}
		}
	}
}

// Whatever comes, event time never falls, and never passes an active channel that has kept up.
func TestMarksNeverFall(t *testing.T) {
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 0))
		m := newMarks(1 + random.IntN(4))
		times := make([]int64, len(m.channels))
		for i := range times {
			times[i] = math.MinInt64
		}
		before := m.now
		for range 100 {
			c := random.IntN(len(m.channels))
			if m.channels[c].ended {
				continue
			}
			switch random.IntN(8) {
			case 0:
				m.setIdle(c, true)
			case 1:
				m.setIdle(c, false)
			case 2:
				if random.IntN(5) == 0 {
					m.end(c)
				}
			default:
				if !m.channels[c].idle {
					times[c] = max(times[c], 0) + random.Int64N(10)
					m.watermark(c, times[c])
				}
			}
			if m.now < before {
				t.Fatalf("seed %d: event time fell from %d to %d", seed, before, m.now)
			}
			for i, c := range m.channels {
				if m.now > before && !c.idle && !c.ended && !c.back && times[i] < m.now {
					t.Fatalf("seed %d: event time is %d, channel %d at %d", seed, m.now, i, times[i])
				}
			}
			before = m.now
		}
	}
}

// What an input has reached is what its slowest channel has, idle or not: one that ended, or never has anything, holds nothing back.
func TestReachedWaitsForIdleChannels(t *testing.T) {
	g := exchange.NewGate()
	for _, input := range []int{0, 0, 1, 1, 1} {
		g.Connect(input, nil)
	}
	x := &Task{Gate: g, marks: newMarks(5)}
	m := &x.marks
	m.channels[4].idle, m.channels[4].silent = true, true
	check := func(merged, first, second int64) {
		t.Helper()
		if m.now != merged || x.reached(0) != first || x.reached(1) != second {
			t.Fatalf("event time is %d and that of the inputs %d and %d, want %d, %d and %d", m.now, x.reached(0), x.reached(1), merged, first, second)
		}
	}
	for c, time := range []int64{20, 10, 5, 7} {
		m.watermark(c, time)
	}
	check(5, 10, 5)
	m.setIdle(2, true)
	m.setIdle(3, true)
	m.watermark(1, 30)
	check(20, 20, 5)
	m.setIdle(2, false) // back, and behind the others
	m.watermark(2, 6)
	check(20, 20, 6)
	m.end(2)
	check(20, 20, 7)
	m.end(3)
	check(20, 20, math.MaxInt64)
}
