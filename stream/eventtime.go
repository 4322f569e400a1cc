package stream

import (
	"math"
	"time"

	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/setting"
)

// Watermarks gives a stream event time: at is the time of a value, and the stream's watermark stays delay behind the latest value of each
// subtask. It goes on with each batch of values and once it has risen by pipeline.auto-watermark-interval; with 0 ms, with each value. What
// comes behind the watermark passes nevertheless: those that receive it decide what to do with late values.
func Watermarks[T any](s Stream[T], delay time.Duration, at func(T) time.Time) Stream[T] {
	if delay < 0 {
		s.job.fail("Watermarks: a delay of %s would make values late that come in order", delay)
	}
	return step[T, T](s, "Watermarks", func() operator.Operator {
		return &watermarksOp[T]{delay: delay.Milliseconds(), at: at}
	})
}

type watermarksOp[T any] struct {
	operator.Base
	delay    int64
	at       func(T) time.Time
	interval int64
	latest   int64
	sent     int64
	part     slice[T]
}

func (o *watermarksOp[T]) Open(c *operator.Context) error {
	o.interval = c.Env.Settings.Duration(setting.AutoWatermarkInterval).Milliseconds()
	o.latest, o.sent = math.MinInt64, math.MinInt64
	return nil
}

func (o *watermarksOp[T]) Process(_ int, p operator.Payload, out operator.Output) error {
	items := p.(*slice[T]).items
	begin := 0
	for i, v := range items {
		t := o.at(v).UnixMilli()
		if t <= o.latest {
			continue
		}
		o.latest = t
		if o.interval == 0 {
			if err := o.emit(items[begin:i+1], out); err != nil {
				return err
			}
			begin = i + 1
		}
	}
	return o.emit(items[begin:], out)
}

// emit passes values on, and the watermark behind them.
func (o *watermarksOp[T]) emit(items []T, out operator.Output) error {
	if len(items) > 0 {
		o.part.items = items
		if err := out.Emit(&o.part); err != nil {
			return err
		}
	}
	if o.latest == math.MinInt64 {
		return nil
	}
	mark := o.latest - o.delay
	if o.sent != math.MinInt64 && mark-o.sent <= o.interval && (o.interval > 0 || mark <= o.sent) {
		return nil
	}
	o.sent = mark
	return out.(operator.Marker).EmitWatermark(mark)
}

// Idle implements [operator.Watermarker].
func (o *watermarksOp[T]) Idle(idle bool, out operator.Output) error {
	return out.(operator.Marker).EmitIdle(idle)
}

var _ operator.Watermarker = (*watermarksOp[int])(nil)
