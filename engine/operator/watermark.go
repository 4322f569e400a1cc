package operator

import (
	"fmt"
	"math"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
)

var _ Watermarker = (*watermark)(nil)

// watermark makes watermarks of rows. A row raises a running maximum; the watermark follows it when it has risen by more than
// pipeline.auto-watermark-interval, and whenever that much processing time has gone by; or, where the table asks for it, with every so many rows.
//
// Which rows are late must depend on the order of rows alone. So a batch is cut before a row whose time the watermark has passed, and the
// watermark goes ahead of that row; to rows that are not late it makes no difference whether it comes before them or behind them.
// Thus rows in order travel in whole batches even with an interval of 0, unless the watermark itself is shown.
type watermark struct {
	Base
	op       *graph.Watermark
	in       []column.Field
	program  *expr.Program
	interval int64 // milliseconds
	now      func() time.Time
	setTimer func(time.Time)
	timing   bool // a timer is set

	current int64 // the running maximum
	due     int64 // the watermark as receivers ought to know it
	sent    int64 // as they know it
	newest  int64 // the latest row
	rowsIn  int   // rows since the watermark followed them, if it does so by their number

	times timeColumn
	marks column.Vector
	ms    timeColumn
	rows  []int32
	cut   column.Batch
}

func newWatermark(op *graph.Watermark, in []column.Field) (*watermark, error) {
	if op.Column < 0 || op.Column >= len(in) || !isTime(in[op.Column].Type) {
		return nil, fmt.Errorf("watermark: column %d is no TIMESTAMP", op.Column)
	}
	if !isTime(op.Expr.Type()) {
		return nil, fmt.Errorf("watermark: %s is of type %s, want a timestamp", op.Expr, op.Expr.Type())
	}
	return &watermark{op: op, in: in, times: timeColumn{field: in[op.Column]}}, nil
}

func (o *watermark) Open(c *Context) error {
	opts, err := c.compileOptions()
	if err != nil {
		return err
	}
	if o.program, err = expr.Compile(o.op.Expr, opts...); err != nil {
		return fmt.Errorf("watermark %s: %w", o.op.Expr, err)
	}
	o.interval = c.Env.Settings.Duration(setting.AutoWatermarkInterval).Milliseconds()
	o.now, o.setTimer = c.Now, c.SetTimer
	o.newest = math.MinInt64 // watermarks begin with 1970, as in Flink
	return nil
}

func (o *watermark) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	n := b.Rows()
	if n == 0 {
		return nil
	}
	times, err := o.times.of(b, o.op.Column)
	if err != nil {
		return err
	}
	if err := o.program.Eval(b, &o.marks); err != nil {
		return fmt.Errorf("watermark %s: %w", o.op.Expr, err)
	}
	marks, valid := o.ms.millis(&o.marks), o.marks.Valid
	begin := 0
	for i := range n {
		t := times[b.Row(i)]
		if o.due > o.sent && (o.op.Each || t <= o.due || t == o.due+1 && t <= o.newest) {
			if err := o.emit(b, begin, i, out); err != nil {
				return err
			}
			begin = i
		}
		o.newest = max(o.newest, t)
		if m := marks[i]; m > o.current && (valid == nil || valid.Get(i)) {
			o.current = m
			if o.op.Every == 0 && m-o.due > o.interval {
				o.due = m
			}
		}
		if o.op.Every > 0 {
			if o.rowsIn++; o.rowsIn >= o.op.Every {
				o.rowsIn, o.due = 0, o.current
			}
		}
	}
	if err := o.emit(b, begin, n, out); err != nil {
		return err
	}
	if o.current > o.due && o.op.Every == 0 && !o.timing {
		o.timing = true
		o.setTimer(o.now().Add(time.Duration(o.interval) * time.Millisecond))
	}
	return nil
}

// emit passes on live rows [from, to) of b and the watermark behind them.
func (o *watermark) emit(b *column.Batch, from, to int, out Output) error {
	if to-from == b.Rows() {
		if err := out.Emit(b); err != nil {
			return err
		}
	} else if from < to {
		sel := b.Sel
		if sel == nil {
			o.rows = first(o.rows, b.Len)
			sel = o.rows
		}
		o.cut = column.Batch{Len: b.Len, Cols: b.Cols, Sel: sel[from:to:to], Kinds: b.Kinds, Times: b.Times}
		if err := out.Emit(&o.cut); err != nil {
			return err
		}
	}
	return o.send(out)
}

func (o *watermark) send(out Output) error {
	if o.due <= o.sent {
		return nil
	}
	o.sent = o.due
	return out.(Marker).EmitWatermark(o.due)
}

func (o *watermark) Timer(_ time.Time, out Output) error {
	o.timing = false
	o.due = o.current
	return o.send(out)
}

// Idle implements [Watermarker]. The source says when it has had no rows for table.exec.source.idle-timeout.
func (o *watermark) Idle(idle bool, out Output) error { return out.(Marker).EmitIdle(idle) }
