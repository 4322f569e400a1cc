package task

import (
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/state"
)

// Report is what a task knows at a barrier, or at its end.
type Report struct {
	Checkpoint int64 // 0 at the end
	Stages     []StageReport
	Timing     Timing
	Reading    []connector.Split // of a source: the splits being read, with positions
}

// Timing says how long a checkpoint took a task.
type Timing struct {
	Reaching time.Duration `json:"reaching"` // from the start of the checkpoint to the freeze
	Aligning time.Duration `json:"aligning"` // from the first barrier to the last
	Frozen   time.Duration `json:"frozen"`   // without a look at the input after that
	Step     time.Duration `json:"step"`     // the longest step of copying what was frozen
	Copying  time.Duration `json:"copying"`  // from the freeze to the report
	// Processed are bytes of rows that came between the first barrier and the last and were processed; Overtaken those that barriers overtook, and which are part
	// of the checkpoint.
	Processed int64 `json:"processed"`
	Overtaken int64 `json:"overtaken"`
}

// Add raises each time to that of another task, and adds its bytes.
func (t *Timing) Add(other Timing) {
	t.Reaching = max(t.Reaching, other.Reaching)
	t.Processed, t.Overtaken = t.Processed+other.Processed, t.Overtaken+other.Overtaken
	t.Aligning, t.Frozen = max(t.Aligning, other.Aligning), max(t.Frozen, other.Frozen)
	t.Step, t.Copying = max(t.Step, other.Step), max(t.Copying, other.Copying)
}

// StageReport is one operator's part.
type StageReport struct {
	Tables       []state.Table // nil at the end
	Committables []connector.Committable
}

// snapshot freezes the state of all stages for a checkpoint, and with it what its barriers overtake, and sends the barrier on. What is frozen is copied between
// payloads; the report follows when all is.
func (t *Task) snapshot(checkpoint int64, overtaken [][]exchange.Message) error {
	start := t.Clock.Now()
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
	t.passed = checkpoint
	frozen := state.Frozen{Checkpoint: checkpoint, Full: true}
	if t.Frozen != nil {
		frozen = t.Frozen(checkpoint)
	}
	began := t.Clock.Now()
	r := &Report{Checkpoint: checkpoint, Stages: make([]StageReport, len(t.Stages))}
	c := &copying{report: r, writers: make([]state.Writer, len(t.Stages)), since: began}
	if !t.waiting.IsZero() {
		r.Timing.Aligning, t.waiting = start.Sub(t.waiting), time.Time{}
	}
	r.Timing.Processed, t.meantime = t.meantime, 0
	for i, s := range t.Stages {
		if s.Operator == nil {
			continue
		}
		t.running = i
		if err := t.commit(i, &r.Stages[i], frozen.Apart); err != nil {
			return err
		}
		c.writers[i] = state.Freeze(frozen)
		if err := s.Operator.Snapshot(&c.writers[i]); err != nil {
			return t.failed(i, err)
		}
	}
	if t.Source != nil {
		t.Source.report(r)
	}
	t.record(&c.writers[0], r, overtaken)
	t.running = 0
	r.Timing.Frozen = t.Clock.Now().Sub(began)
	t.copying = c // a checkpoint that is still being copied was given up
	return t.copySome()
}

// copying is a checkpoint whose state is being copied.
type copying struct {
	report  *Report
	writers []state.Writer // by stage
	stage   int
	since   time.Time
}

// A step of copying ends after so many rows, or so much time.
const (
	copyRows  = 512
	copyTimes = 64
	copyTime  = time.Millisecond
)

// copySome copies a part of what is frozen, and reports when all is copied.
func (t *Task) copySome() error {
	c := t.copying
	if c == nil {
		return nil
	}
	start := t.Clock.Now()
	took := time.Duration(0)
	for n := 0; c.stage < len(c.writers) && n < copyTimes && took < copyTime; n++ {
		if t.running = c.stage; c.writers[c.stage].Copy(copyRows) {
			c.stage++
		}
		took = t.Clock.Now().Sub(start)
	}
	t.running = 0
	timing := &c.report.Timing
	timing.Step = max(timing.Step, took)
	if c.stage < len(c.writers) {
		return nil
	}
	for i := range c.writers {
		if err := c.writers[i].Err(); err != nil {
			return t.failed(i, err)
		}
		c.report.Stages[i].Tables = c.writers[i].Tables
	}
	timing.Copying = t.Clock.Now().Sub(c.since)
	t.copying = nil
	t.Ack(c.report)
	return nil
}

// commit takes over what a stage wrote to the outside, if it does.
func (t *Task) commit(stage int, r *StageReport, whole bool) error {
	c, ok := t.Stages[stage].Operator.(operator.Committer)
	if !ok {
		return nil
	}
	list, err := c.Flush(t.ctx, whole)
	r.Committables = list
	return t.failed(stage, err)
}
