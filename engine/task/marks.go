package task

import "math"

// marks merges the watermarks of a task's channels into one: the lowest of those that count. A channel that is idle or has ended
// does not count, nor does one that is back from idleness until it has caught up. When all are idle, event time jumps to the furthest
// that any of them has reached.
type marks struct {
	merged
	channels []mark
}

// merged is the merged watermark, and whether all channels are idle.
type merged struct {
	now  int64
	idle bool
}

type mark struct {
	time              int64
	idle, ended, back bool // back: active again, but behind the merged watermark
	silent            bool // idle from the beginning to the end
}

func newMarks(channels int) marks {
	m := marks{channels: make([]mark, channels), merged: merged{now: math.MinInt64}}
	for i := range m.channels {
		m.channels[i].time = math.MinInt64
	}
	return m
}

// watermark takes a channel's watermark.
func (m *marks) watermark(channel int, time int64) {
	c := &m.channels[channel]
	c.time = max(c.time, time)
	c.back = c.back && c.time < m.now
	m.merge()
}

// setIdle takes a channel's change of idleness.
func (m *marks) setIdle(channel int, idle bool) {
	c := &m.channels[channel]
	c.idle = idle
	c.back = !idle && c.time < m.now
	m.merge()
}

// end takes the end of a channel.
func (m *marks) end(channel int) {
	m.channels[channel].ended = true
	m.merge()
}

func (m *marks) merge() {
	lowest, furthest := int64(math.MaxInt64), int64(math.MinInt64)
	counting, active, open := 0, 0, 0
	for i := range m.channels {
		c := &m.channels[i]
		if c.ended {
			continue
		}
		open++
		furthest = max(furthest, c.time)
		if c.idle {
			continue
		}
		active++
		if !c.back {
			counting++
			lowest = min(lowest, c.time)
		}
	}
	switch {
	case counting > 0:
		m.now = max(m.now, lowest)
	case active == 0 && open > 0:
		m.now = max(m.now, furthest)
	}
	m.idle = active == 0 && open > 0
}
