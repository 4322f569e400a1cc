package operator

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
)

func watermarkContext(t fataler, interval string) (*Context, *[]time.Time) {
	t.Helper()
	c := testContext()
	c.Env.Settings = setting.New(setting.Engine)
	if err := c.Env.Settings.Set("pipeline.auto-watermark-interval", interval, "test"); err != nil {
		t.Fatal(err)
	}
	timers := &[]time.Time{}
	c.Now = func() time.Time { return time.UnixMilli(0) }
	c.SetTimer = func(at time.Time) { *timers = append(*timers, at) }
	return c, timers
}

// minus is the expression of column 0 less ms milliseconds.
func minus(t fataler, ms int64) expr.Expr {
	t.Helper()
	f, ok := expr.Lookup("-")
	if !ok {
		t.Fatal("no -")
	}
	interval := column.Type{Kind: column.IntervalDayTime, NotNull: true}
	args, typ, err := f.Resolve([]expr.Expr{&expr.Column{Name: "ts", T: stamp}, &expr.Literal{Value: ms, T: interval}})
	if err != nil {
		t.Fatal(err)
	}
	return &expr.Call{Func: f, Args: args, T: typ}
}

// lateRows reads what a watermark operator emits and lists the rows that come late by the watermark before them.
type lateRows struct {
	now  int64
	late []string
	rows int
}

func (l *lateRows) Emit(p Payload) error {
	b := p.(*column.Batch)
	for i := range b.Rows() {
		r := b.Row(i)
		l.rows++
		if t := longAt(b.Cols[0], r); t <= l.now {
			l.late = append(l.late, fmt.Sprint(t, " ", textOf(b.Cols[1], r)))
		}
	}
	return nil
}

// longAt reads a value of 64 bits.
func longAt(v *column.Vector, r int) int64 {
	if v.Dict != nil {
		return longAt(v.Dict, int(column.Values[int32](v)[r]))
	}
	return column.Values[int64](v)[r]
}

func (l *lateRows) EmitWatermark(t int64) error {
	if t <= l.now {
		return fmt.Errorf("watermark %d after %d", t, l.now)
	}
	l.now = t
	return nil
}

func (l *lateRows) EmitIdle(bool) error { return nil }

// TestWatermarkModel compares which rows are late with a loop that makes a watermark after every row, or after every so many.
func TestWatermarkModel(t *testing.T) {
	in := []column.Field{{Name: "ts", Type: stamp}, {Name: "n", Type: column.Of(column.Int)}}
	rapid.Check(t, func(t *rapid.T) {
		delay := rapid.Int64Range(0, 6).Draw(t, "delay")
		n := rapid.IntRange(0, 40).Draw(t, "rows")
		all := drawRows(t, in, n, drawOptions{})
		times := column.NewVector(stamp, 0)
		for i := range n {
			column.Append(times, int64(i)+rapid.Int64Range(-8, 8).Draw(t, "time"))
		}
		all.Cols[0] = times
		interval := rapid.SampledFrom([]int64{0, 3}).Draw(t, "interval")
		every := rapid.IntRange(0, 3).Draw(t, "every")
		var want []string
		now, newest := int64(0), int64(0)
		for r := range n {
			x := column.Values[int64](times)[r]
			if x <= now {
				want = append(want, fmt.Sprint(x, " ", textOf(all.Cols[1], r)))
			}
			newest = max(newest, x-delay)
			if every == 0 && newest-now > interval || every > 0 && (r+1)%every == 0 {
				now = newest
			}
		}
		c, timers := watermarkContext(t, fmt.Sprint(interval, " ms"))
		o := open(t, &graph.Node{Op: &graph.Watermark{Column: 0, Expr: minus(t, delay), Every: every}}, in, c)
		var l lateRows
		for _, b := range cutRows(t, in, all) {
			if err := o.Process(0, b, &l); err != nil {
				t.Fatal(err)
			}
			mangle(b)
		}
		compareRows(t, l.late, want)
		if l.rows != n || l.now != now {
			t.Fatalf("%d rows and watermark %d, want %d and %d", l.rows, l.now, n, now)
		}
		if timed := newest > now && every == 0; timed != (len(*timers) > 0) && (timed || every > 0) {
			t.Fatalf("%d timers for watermark %d of %d", len(*timers), now, newest)
		}
		if newest > now && every == 0 {
			if err := o.Timer(time.UnixMilli(interval), &l); err != nil {
				t.Fatal(err)
			}
			if l.now != newest {
				t.Fatalf("the timer brings watermark %d, want %d", l.now, newest)
			}
		}
	})
}

// TestWatermarkKeepsBatches feeds rows in order: each batch passes whole.
func TestWatermarkKeepsBatches(t *testing.T) {
	in := []column.Field{{Name: "ts", Type: stamp}}
	c, _ := watermarkContext(t, "0 ms")
	o := open(t, &graph.Node{Op: &graph.Watermark{Column: 0, Expr: minus(t, 0)}}, in, c)
	b := column.NewBatch(in, 0)
	for i := range 100 {
		column.Append(b.Cols[0], int64(1000+i))
	}
	b.Len = 100
	var m marked
	if err := o.Process(0, b, &m); err != nil {
		t.Fatal(err)
	}
	if m.batches != 1 || m.rows[len(m.rows)-1] != "wm .099 00:01" {
		t.Fatalf("%d batches, then %s", m.batches, m.rows[len(m.rows)-1])
	}
}

// TestWatermarkOfEachRow has a calc show the watermark: each row sees that of the rows before it.
func TestWatermarkOfEachRow(t *testing.T) {
	in := []column.Field{{Name: "ts", Type: stamp}}
	f, _ := expr.Lookup("CURRENT_WATERMARK")
	show, err := f.Call(&expr.Column{Index: 0, T: stamp})
	if err != nil {
		t.Fatal(err)
	}
	out := []column.Field{{Name: "wm", Type: show.Type()}}
	rapid.Check(t, func(t *rapid.T) {
		b := column.NewBatch(in, 0)
		var want []string
		highest := int64(0)
		for range rapid.IntRange(1, 20).Draw(t, "rows") {
			x := rapid.Int64Range(1, 9).Draw(t, "time")
			column.Append(b.Cols[0], x)
			b.Len++
			text := "+I NULL"
			if highest > 0 {
				text = fmt.Sprint("+I ", highest)
			}
			want = append(want, text)
			highest = max(highest, x)
		}
		c, _ := watermarkContext(t, "0 ms")
		o := open(t, &graph.Node{Op: &graph.Watermark{Column: 0, Expr: minus(t, 0), Each: true}}, in, c)
		var l shownMarks
		behind := testContext()
		behind.Watermark = func() (int64, bool) { return l.now, l.now > 0 }
		l.calc = open(t, &graph.Node{Op: &graph.Calc{Project: []expr.Expr{show}}, Schema: out}, in, behind)
		for _, b := range cutRows(t, in, b) {
			if err := o.Process(0, b, &l); err != nil {
				t.Fatal(err)
			}
			mangle(b)
		}
		compareRows(t, l.got.rows, want)
	})
}

// shownMarks hands rows to a calc and keeps the watermark.
type shownMarks struct {
	lateRows
	calc Operator
	got  capture
}

func (l *shownMarks) Emit(p Payload) error { return l.calc.Process(0, p, &l.got) }

func TestWatermarkNeedsTimes(t *testing.T) {
	in := []column.Field{{Name: "ts", Type: stamp}}
	c, _ := watermarkContext(t, "0 ms")
	o := open(t, &graph.Node{Op: &graph.Watermark{Column: 0, Expr: minus(t, 0)}}, in, c)
	b := column.NewBatch(in, 0)
	b.Cols[0].AppendNull()
	b.Len = 1
	var m marked
	err := o.Process(0, b, &m)
	if err == nil || !strings.Contains(err.Error(), "RowTime field should not be null") {
		t.Fatalf("a NULL time gives %v", err)
	}
	if err := o.(Watermarker).Idle(true, &m); err != nil || m.rows[0] != "idle" {
		t.Fatalf("idleness is lost: %v %v", m.rows, err)
	}
}
