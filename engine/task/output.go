package task

import (
	"math"

	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/engine/operator"
)

// output takes what a stage emits: the stages behind it are called at once, other tasks get copies.
type output struct {
	task   *Task
	stage  *Stage
	number int
	time   int64 // the last watermark emitted
	begun  bool  // there was one
	idle   bool
	member *Member // of a source's alignment, which goes by the watermarks that this stage makes; nil: none
}

var _ operator.Marker = (*output)(nil)

// Emit passes a payload on. One without rows is dropped.
func (o *output) Emit(p operator.Payload) error {
	n := p.Rows()
	if n == 0 {
		return nil
	}
	o.stage.Context.Counters.RowsOut.Add(int64(n))
	for _, next := range o.stage.Next {
		if err := o.task.process(next, 0, p); err != nil {
			return err
		}
	}
	for _, s := range o.stage.main() {
		if err := o.task.stopped(o.task.send(s, p)); err != nil {
			return err
		}
	}
	return nil
}

// EmitWatermark passes a watermark on. That of the end of time is left to the end, unless the job is drained.
func (o *output) EmitWatermark(t int64) error {
	if t == math.MaxInt64 && !o.task.drained || o.begun && t <= o.time {
		return nil
	}
	o.time, o.begun = t, true
	if o.member != nil {
		o.member.advance(t)
	}
	for _, next := range o.stage.Next {
		if err := o.task.watermark(next, t); err != nil {
			return err
		}
	}
	return o.mark(exchange.Message{Kind: exchange.Watermark, Time: t})
}

// EmitIdle passes a change of idleness on.
func (o *output) EmitIdle(idle bool) error {
	if idle == o.idle {
		return nil
	}
	o.idle = idle
	for _, next := range o.stage.Next {
		if err := o.task.idle(next, idle); err != nil {
			return err
		}
	}
	if idle {
		return o.mark(exchange.Message{Kind: exchange.Idle})
	}
	return o.mark(exchange.Message{Kind: exchange.Active})
}

func (o *output) mark(m exchange.Message) error {
	for _, s := range o.stage.Senders {
		if err := o.task.stopped(s.Mark(m)); err != nil {
			return err
		}
	}
	o.task.running = o.number
	return nil
}

// watermark gives a watermark to a stage and passes it on.
func (t *Task) watermark(stage int, now int64) error {
	s := t.Stages[stage]
	t.running = stage
	if s.Operator != nil {
		if err := s.Operator.Watermark(now, &s.out); err != nil {
			return t.failed(stage, err)
		}
		if s.size.of != nil && s.size.due(0) {
			if err := t.measure(s); err != nil {
				return err
			}
		}
		if _, own := s.Operator.(operator.Watermarker); own && now < math.MaxInt64 {
			return nil
		}
	}
	return s.out.EmitWatermark(now)
}

// idle tells a stage, and those behind, whether there is anything to wait for.
func (t *Task) idle(stage int, idle bool) error {
	s := t.Stages[stage]
	t.running = stage
	if own, ok := s.Operator.(operator.Watermarker); ok {
		return t.failed(stage, own.Idle(idle, &s.out))
	}
	return s.out.EmitIdle(idle)
}
