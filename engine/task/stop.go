package task

import "math"

// Then says what a source does after a checkpoint.
type Then uint8

// What a source does after a checkpoint.
const (
	GoOn  Then = iota
	Hold       // it reads nothing until it is asked for something else
	Drain      // it ends event time before the checkpoint, so that whatever waits for that is emitted, and holds
)

// request asks a source for a checkpoint; 0: for none.
type request struct {
	checkpoint int64
	then       Then
}

// asked does what a source was asked for.
func (t *Task) asked(r request) error {
	t.Source.Held = r.then != GoOn
	if r.checkpoint == 0 {
		return nil
	}
	if r.then == Drain {
		t.drained = true
		if err := t.Stages[0].out.EmitWatermark(math.MaxInt64); err != nil {
			return err
		}
	}
	return t.snapshot(r.checkpoint, nil)
}
