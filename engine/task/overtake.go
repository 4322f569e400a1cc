package task

import (
	"sync/atomic"
	"time"

	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/engine/inflight"
	"github.com/millstream/millstream/state"
)

// Urgency says to all tasks of a job which checkpoint may not wait for what stands before its barriers.
type Urgency struct{ checkpoint atomic.Int64 }

// Set makes a checkpoint urgent; 0: none. [Task.Hear] must be called of all tasks after that.
func (u *Urgency) Set(checkpoint int64) { u.checkpoint.Store(checkpoint) }

// Hear has a task look at what is urgent. Any goroutine may call it.
func (t *Task) Hear() { signal(t.Space) }

// urged is the checkpoint that is urgent; 0: none.
func (t *Task) urged() int64 {
	if t.Urgent == nil || t.AtLeastOnce {
		return 0
	}
	return t.Urgent.checkpoint.Load()
}

// hasty reports whether a checkpoint waits for the task that may not.
func (t *Task) hasty() bool { return t.urged() > t.passed }

// overtake takes the snapshot of an urgent checkpoint once the barrier has arrived in the queues of all channels, whatever stands before it there: that
// becomes a part of the checkpoint, and is processed behind it. On inputs without an edge to overtake on, the barrier must have come to its turn.
func (t *Task) overtake() error {
	checkpoint := t.urged()
	if checkpoint <= t.aligned || checkpoint < t.aligning {
		return nil
	}
	waits := func(c int) bool {
		return !t.marks.channels[c].ended && (t.aligning != checkpoint || !t.arrived[c])
	}
	for c := range t.arrived {
		if waits(c) && (t.Edges[t.Gate.Input(c)] == nil || !t.Gate.Ahead(c, checkpoint)) {
			return nil
		}
	}
	overtaken := make([][]exchange.Message, len(t.arrived))
	for c := range overtaken {
		if waits(c) {
			overtaken[c] = t.Gate.Overtake(c, checkpoint)
		}
	}
	if t.aligning != checkpoint { // no barrier of it has come to its turn
		t.waiting, t.meantime = time.Time{}, 0
	}
	t.endAlignment(checkpoint)
	return t.snapshot(checkpoint, overtaken)
}

// record adds to a report what barriers have overtaken, by channel; nil: nothing. Where it is nothing, what the channels have come to must still be known if others have
// something: it comes back before that.
func (t *Task) record(w *state.Writer, r *Report, overtaken [][]exchange.Message) {
	if t.Gate == nil || t.urged() != r.Checkpoint {
		return
	}
	channels, before := make([]inflight.Channel, len(t.arrived)), make([]int, len(t.Edges))
	for c := range channels {
		input, mark := t.Gate.Input(c), &t.marks.channels[c]
		channels[c] = inflight.Channel{Input: input, Number: before[input], Time: mark.time, Idle: mark.idle && !mark.silent}
		before[input]++
		if overtaken != nil {
			channels[c].Before = overtaken[c]
		}
	}
	tables, bytes := inflight.Record(t.Edges, channels)
	r.Timing.Overtaken = int64(bytes)
	for i := range tables {
		w.Add(tables[i])
	}
}
