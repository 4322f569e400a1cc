package operator

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
	"github.com/millstream/millstream/state/snapshot/snapshottest"
)

// Tests of operators of event time feed rows with watermarks between them.

// timedStep is a batch or a watermark.
type timedStep struct {
	batch *column.Batch
	mark  int64
}

// timedInput is rows, and before which of them watermarks come.
type timedInput struct {
	rows  *column.Batch
	marks map[int]int64 // by row
}

// before returns the watermark that holds for row r.
func (in *timedInput) before(r int) int64 {
	now := int64(math.MinInt64)
	for at, m := range in.marks {
		if at <= r {
			now = max(now, m)
		}
	}
	return now
}

// drawTimed draws rows with times around 0 in column at, in milliseconds, that rise on the whole, and watermarks that follow them at some distance.
func drawTimed(t *rapid.T, fields []column.Field, at, n int, opts drawOptions) *timedInput {
	in := &timedInput{rows: drawRows(t, fields, n, opts), marks: map[int]int64{}}
	v := column.NewVector(fields[at].Type, 0)
	delay, newest := rapid.Int64Range(-2, 8).Draw(t, "delay"), int64(math.MinInt64)
	for r := range n {
		x := int64(r) - int64(n)/2 + rapid.Int64Range(-9, 9).Draw(t, "time")
		column.Append(v, x)
		if r > 0 && rapid.IntRange(0, 2).Draw(t, "mark") == 0 {
			in.marks[r] = newest - delay
		}
		newest = max(newest, x)
	}
	in.rows.Cols[at] = v
	return in
}

// steps cuts the input into batches at random, and at watermarks.
func (in *timedInput) steps(t *rapid.T, fields []column.Field) []timedStep {
	var steps []timedStep
	from := 0
	add := func(to int) {
		part := column.NewBatch(fields, 0)
		if rows := first(nil, in.rows.Len)[from:to]; len(rows) > 0 {
			part.AppendRows(in.rows, rows)
		}
		for _, b := range cutRows(t, fields, part) {
			steps = append(steps, timedStep{batch: b})
		}
		from = to
	}
	for _, r := range sortedKeys(in.marks) {
		add(r)
		steps = append(steps, timedStep{mark: in.marks[r]})
	}
	add(in.rows.Len)
	return steps
}

func sortedKeys(m map[int]int64) []int {
	var keys []int
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// runTimed feeds steps, and the end of time. Before step number restart another operator goes on from a snapshot; with subtasks 2 two of them,
// each with its key groups, and the rows come out in any order.
func runTimed(t fataler, n *graph.Node, in []column.Field, steps []timedStep, restart int, keys []int, subtasks int, counters *Counters) []string {
	t.Helper()
	var c capture
	context := func() *Context {
		ctx := testContext()
		ctx.Counters = counters
		ctx.Now = func() time.Time { return time.UnixMilli(0) }
		return ctx
	}
	var k *snapshottest.Keeper
	if restart >= 0 && restart&1 == 1 {
		k = snapshottest.NewKeeper(testContext().MaxParallelism)
	}
	feed := func(o Operator, steps []timedStep, subtask, of int) {
		for i, s := range steps {
			var err error
			if k != nil {
				if d, ok := o.(Drainer); ok {
					err = d.Drain(&c)
				}
				if err == nil {
					err = k.Begin(o.Snapshot)
				}
				if err != nil {
					t.Fatal(err)
				}
				k.Copy(i % 4)
			}
			switch {
			case s.batch == nil:
				err = o.Watermark(s.mark, &c)
			case of > 1:
				if part := rowsOf(s.batch, keys, subtask, of); part.Rows() > 0 {
					err = o.Process(0, part, &c)
				}
			default:
				err = o.Process(0, s.batch, &c)
				mangle(s.batch)
			}
			if err == nil && k != nil && i%3 > 0 { // others are given up
				err = k.End()
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	finish := func(o Operator) {
		if err := o.Watermark(math.MaxInt64, &c); err != nil {
			t.Fatal(err)
		}
		if err := o.EndInput(0, &c); err != nil {
			t.Fatal(err)
		}
	}
	o := open(t, n, in, context())
	if restart < 0 || restart > len(steps) {
		feed(o, steps, 0, 1)
		finish(o)
	} else {
		feed(o, steps[:restart], 0, 1)
		if d, ok := o.(Drainer); ok {
			if err := d.Drain(&c); err != nil {
				t.Fatal(err)
			}
		}
		tables := snapshotOf(t, o, k)
		if subtasks > 1 {
			k = nil // it is one of a single subtask
		}
		for subtask := range subtasks {
			ctx := context()
			ctx.Restore = &state.Reader{Tables: tables}
			if subtasks > 1 {
				ctx.Subtask, ctx.Parallelism = subtask, subtasks
				ctx.Restore.Tables = tablesOf(tables, subtask, subtasks)
			}
			next := open(t, n, in, ctx)
			feed(next, steps[restart:], subtask, subtasks)
			finish(next)
		}
	}
	if c.problem != "" {
		t.Fatal(c.problem)
	}
	return c.rows
}

// checkTimed runs a node over the input and compares what comes out, and how many rows were late, with what is wanted.
func checkTimed(t *rapid.T, n *graph.Node, fields []column.Field, in *timedInput, keys []int, want []string, late int64) {
	checkRows(t, n, fields, in, keys, want, late, true)
}

// checkRows is checkTimed, optionally without regard to the order of rows.
func checkRows(t *rapid.T, n *graph.Node, fields []column.Field, in *timedInput, keys []int, want []string, late int64, ordered bool) {
	steps := in.steps(t, fields)
	restart := rapid.IntRange(-1, len(steps)).Draw(t, "restart")
	subtasks := 1
	if restart >= 0 && len(keys) > 0 {
		subtasks = rapid.IntRange(1, 2).Draw(t, "subtasks")
	}
	counters := &Counters{}
	got := runTimed(t, n, fields, steps, restart, keys, subtasks, counters)
	if subtasks > 1 || !ordered {
		slices.Sort(got)
		want = slices.Clone(want)
		slices.Sort(want)
	}
	compareRows(t, got, want)
	if counters.Late.Load() != late {
		t.Fatalf("%d rows are late, want %d", counters.Late.Load(), late)
	}
}

// stamp is the type of event time in tests.
var stamp = column.Sized(column.Timestamp, 3)

// marked is an Output that is a [Marker]; it keeps what passes as text.
type marked struct{ capture }

func (m *marked) EmitWatermark(t int64) error {
	m.rows = append(m.rows, time.UnixMilli(t).UTC().Format("wm .000 04:05"))
	return nil
}

func (m *marked) EmitIdle(idle bool) error {
	if idle {
		m.rows = append(m.rows, "idle")
	} else {
		m.rows = append(m.rows, "active")
	}
	return nil
}

func TestLocalTime(t *testing.T) {
	for _, name := range []string{"UTC", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		l := newLocalTime(zone)
		begin := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
		const quarter = 15 * 60 * 1000
		last := map[int64]int64{} // by local time: the last instant that shows it
		for at := begin; at < begin+366*24*4*quarter; at += quarter {
			_, offset := time.UnixMilli(at).In(zone).Zone()
			if got := l.local(at); got != at+int64(offset)*1000 {
				t.Fatalf("%s: the local time of %d is %d", name, at, got)
			}
			last[l.local(at)] = at
		}
		for local := begin + 24*4*quarter; local < begin+365*24*4*quarter; local += quarter {
			want, shown := last[local]
			if !shown { // the first instant behind the gap
				for shifted := local; !shown; shifted += quarter {
					want, shown = last[shifted]
				}
			}
			if got := l.due(local); got != want {
				t.Fatalf("%s: %s is over at %d, want %d", name, time.UnixMilli(local).UTC(), got, want)
			}
		}
	}
}
