package task

import (
	"math"

	"github.com/millstream/millstream/engine/exchange"
)

// runGate takes messages until all channels have ended, or nobody wants more.
func (t *Task) runGate() error {
	g := t.Gate
	channels := g.Channels()
	t.marks = newMarks(channels)
	for c, silent := range t.Silent {
		t.marks.channels[c].idle, t.marks.channels[c].silent = silent, silent
	}
	t.told = t.marks.merged
	t.arrived = make([]bool, channels)
	t.opened = make([]int, t.Stages[0].Context.Inputs)
	for c := range channels {
		t.opened[g.Input(c)]++
	}
	for open := channels; open > 0; {
		if t.satisfied(0) {
			return t.decline()
		}
		if err := t.glance(); err != nil {
			return err
		}
		if err := t.overtake(); err != nil {
			return err
		}
		c, m, ok := g.Next()
		if !ok {
			if _, err := t.await(g.Wake()); err != nil {
				return err
			}
			continue
		}
		if m.Kind == exchange.End {
			open--
		}
		if err := t.take(c, &m); err != nil {
			return err
		}
	}
	return nil
}

// decline ends all inputs before their time.
func (t *Task) decline() error {
	t.Gate.Decline()
	s := t.Stages[0]
	t.running = 0
	t.last = -1
	for input, channels := range t.opened {
		if channels == 0 {
			continue
		}
		// The last one is left to finish.
		if t.last >= 0 {
			if err := s.Operator.EndInput(t.last, &s.out); err != nil {
				return t.failed(0, err)
			}
		}
		t.last = input
	}
	return nil
}

// take does what a message asks for.
func (t *Task) take(channel int, m *exchange.Message) error {
	switch m.Kind {
	case exchange.Data:
		if t.aligning != 0 {
			t.meantime += int64(exchange.Bytes(m.Payload))
		}
		err := t.process(0, t.Gate.Input(channel), m.Payload)
		m.Release()
		return err
	case exchange.Watermark:
		t.marks.watermark(channel, m.Time)
		t.drained = t.drained || m.Time == math.MaxInt64
		return t.tell()
	case exchange.Idle, exchange.Active:
		t.marks.setIdle(channel, m.Kind == exchange.Idle)
		return t.tell()
	case exchange.Barrier:
		return t.barrier(channel, m.Time)
	default:
		return t.ended(channel)
	}
}

// tell passes on what has changed in the merged marks: rows' return before a watermark, idleness behind it.
func (t *Task) tell() error {
	if t.told.idle && !t.marks.idle {
		t.told.idle = false
		if err := t.idle(0, false); err != nil {
			return err
		}
	}
	if t.marks.now > t.told.now {
		t.told.now = t.marks.now
		if err := t.watermark(0, t.told.now); err != nil {
			return err
		}
	}
	if !t.told.idle && t.marks.idle {
		t.told.idle = true
		return t.idle(0, true)
	}
	return nil
}

// reached is the event time of the slowest channel of an input that has not ended, whether or not it is idle.
func (t *Task) reached(input int) int64 {
	lowest := int64(math.MaxInt64)
	for i := range t.marks.channels {
		if c := &t.marks.channels[i]; t.Gate.Input(i) == input && !c.ended && !c.silent {
			lowest = min(lowest, c.time)
		}
	}
	return lowest
}

// barrier counts a channel's barrier. The channel waits until all have delivered theirs.
func (t *Task) barrier(channel int, checkpoint int64) error {
	if checkpoint <= t.aligned || checkpoint < t.aligning {
		return nil // of a checkpoint that was given up
	}
	if checkpoint > t.aligning {
		// The checkpoint that was being gathered, if any, was given up.
		t.endAlignment(t.aligning)
		t.aligning, t.waiting, t.meantime = checkpoint, t.Clock.Now(), 0
	}
	t.arrived[channel] = true
	if !t.AtLeastOnce {
		t.Gate.Block(channel)
	}
	return t.align()
}

// align takes the snapshot once every channel has delivered its barrier or ended.
func (t *Task) align() error {
	if t.aligning == 0 {
		return nil
	}
	for c, arrived := range t.arrived {
		if !arrived && !t.marks.channels[c].ended {
			return nil
		}
	}
	checkpoint := t.aligning
	t.endAlignment(checkpoint)
	return t.snapshot(checkpoint, nil)
}

func (t *Task) endAlignment(checkpoint int64) {
	t.aligned, t.aligning = max(t.aligned, checkpoint), 0
	clear(t.arrived)
	t.Gate.Unblock()
}

// ended counts a channel's end. A checkpoint that waits for this channel comes first, so that the end is not part of its state: the
// end comes again after a restore.
func (t *Task) ended(channel int) error {
	t.marks.end(channel)
	if err := t.align(); err != nil {
		return err
	}
	if err := t.tell(); err != nil {
		return err
	}
	input := t.Gate.Input(channel)
	t.opened[input]--
	t.last = input
	if t.opened[input] > 0 || t.allEnded() {
		return nil // the last input's end is the task's, which finish sees to
	}
	s := t.Stages[0]
	t.running = 0
	return t.failed(0, s.Operator.EndInput(input, &s.out))
}

func (t *Task) allEnded() bool {
	for _, n := range t.opened {
		if n > 0 {
			return false
		}
	}
	return true
}
