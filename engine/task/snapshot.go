package task

import (
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/state"
)

// Report is what a task knows at a barrier, or at its end.
type Report struct {
	Checkpoint int64 // 0 at the end
	Stages     []StageReport
	Reading    []connector.Split // of a source: the splits being read, with positions
}

// StageReport is one operator's part.
type StageReport struct {
	Tables       []state.Table // nil at the end
	Committables []connector.Committable
}

// snapshot takes the state of all stages for a checkpoint and sends the barrier on.
func (t *Task) snapshot(checkpoint int64) error {
	for i, s := range t.Stages {
		if d, ok := s.Operator.(operator.Drainer); ok {
			t.running = i
			if err := d.Drain(&s.out); err != nil {
				return t.failed(i, err)
			}
		}
	}
	// The barrier goes first, so that receivers can take their snapshots meanwhile.
	for _, s := range t.Stages {
		for _, sender := range s.Senders {
			if err := t.stopped(sender.Mark(exchange.Message{Kind: exchange.Barrier, Time: checkpoint})); err != nil {
				return err
			}
		}
	}
	r := &Report{Checkpoint: checkpoint, Stages: make([]StageReport, len(t.Stages))}
	for i, s := range t.Stages {
		if s.Operator == nil {
			continue
		}
		t.running = i
		if err := t.commit(i, &r.Stages[i], false); err != nil {
			return err
		}
		var w state.Writer
		if err := s.Operator.Snapshot(&w); err != nil {
			return t.failed(i, err)
		}
		r.Stages[i].Tables = w.Tables
	}
	if t.Source != nil {
		t.Source.report(r)
	}
	t.running = 0
	t.Ack(r)
	return nil
}

// commit takes over what a stage wrote to the outside, if it does.
func (t *Task) commit(stage int, r *StageReport, last bool) error {
	c, ok := t.Stages[stage].Operator.(operator.Committer)
	if !ok {
		return nil
	}
	list, err := c.Flush(t.ctx, last)
	r.Committables = list
	return t.failed(stage, err)
}
