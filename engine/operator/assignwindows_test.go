package operator

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

func windowed(in []column.Field) []column.Field {
	out := slices.Clone(in)
	for _, name := range []string{"window_start", "window_end", "window_time"} {
		out = append(out, column.Field{Name: name, Type: stamp.Required()})
	}
	return out
}

func TestAssignWindowsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWindow(t, graph.Tumble, graph.Hop, graph.Cumulate)
		op := &graph.AssignWindows{Window: w, Changes: graph.Retract}
		in := drawTimed(t, windowInput, 1, rapid.IntRange(0, 20).Draw(t, "rows"), drawOptions{kinds: anyKind})
		var want []string
		for r := range in.rows.Len {
			spans := spansOf(&w, longAt(in.rows.Cols[1], r))
			if w.Type == graph.Hop {
				slices.Reverse(spans)
			}
			for _, s := range spans {
				want = append(want, fmt.Sprintf("%s %d %d %d", rowText(in.rows, r), s.start, s.end, s.end-1))
			}
		}
		checkTimed(t, &graph.Node{Op: op, Schema: windowed(windowInput)}, windowInput, in, nil, want, 0)
	})
}

func TestAssignSessionsModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWindow(t, graph.Session)
		op := &graph.AssignWindows{Window: w, Changes: graph.Retract}
		if rapid.Bool().Draw(t, "partitioned") {
			op.Partition = []int{0}
		}
		in := drawTimed(t, windowInput, 1, rapid.IntRange(0, 30).Draw(t, "rows"), drawOptions{kinds: anyKind})
		type open struct {
			span
			key  string
			rows []int
		}
		var live []*open
		var want []string
		late := int64(0)
		fire := func(now int64) {
			var rest []*open
			for _, s := range live {
				if s.end-1 > now {
					rest = append(rest, s)
					continue
				}
				for _, r := range s.rows {
					want = append(want, fmt.Sprintf("%s %d %d %d", rowText(in.rows, r), s.start, s.end, s.end-1))
				}
			}
			live = rest
		}
		for r := range in.rows.Len {
			now := in.before(r)
			fire(now)
			at := longAt(in.rows.Cols[1], r)
			one := &open{span: span{at, at + w.Size}, key: keyText(in.rows, op.Partition, r)}
			var rest []*open
			for _, s := range live {
				if s.key == one.key && s.start <= at+w.Size && s.end >= at {
					one.start, one.end = min(one.start, s.start), max(one.end, s.end)
					one.rows = append(one.rows, s.rows...)
				} else {
					rest = append(rest, s)
				}
			}
			if len(one.rows) == 0 && one.end-1 <= now {
				late++
				continue
			}
			one.rows = append(one.rows, r)
			live = append(rest, one)
		}
		fire(math.MaxInt64)
		steps := in.steps(t, windowInput)
		restart, subtasks := rapid.IntRange(-1, len(steps)).Draw(t, "restart"), 1
		if len(op.Partition) > 0 {
			subtasks = rapid.IntRange(1, 2).Draw(t, "subtasks")
		}
		var counters Counters
		got := runTimed(t, &graph.Node{Op: op, Schema: windowed(windowInput)}, windowInput, steps, restart, op.Partition, subtasks, &counters)
		slices.Sort(got)
		slices.Sort(want)
		compareRows(t, got, want)
		if counters.Late.Load() != late {
			t.Fatalf("%d rows are late, want %d", counters.Late.Load(), late)
		}
	})
}

// TestAttachedWindows aggregates rows that bear their windows and compares with the aggregate that finds them itself. Rows that come late for
// some of their windows count in the others in both.
func TestAttachedWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWindow(t, graph.Tumble, graph.Hop, graph.Cumulate)
		calls := windowCalls(t, graph.Cumulate)
		op := &graph.WindowAggregate{Window: w, Calls: calls, Keys: []int{0}, Properties: startEnd}
		in := drawTimed(t, windowInput, 1, rapid.IntRange(0, 30).Draw(t, "rows"), drawOptions{})
		want, _ := modelWindows(&w, in, op.Keys, calls)

		wide := windowed(windowInput)
		attached := *op
		attached.Attached, attached.Start, attached.End = true, len(windowInput), len(windowInput)+1
		a := open(t, &graph.Node{Op: &graph.AssignWindows{Window: w}, Schema: wide}, windowInput, testContext())
		b := open(t, &graph.Node{Op: &attached, Schema: windowOutputOf(op, windowInput)}, wide, testContext())
		var c capture
		between := outputFunc(func(p Payload) error { return b.Process(0, p, &c) })
		for _, s := range append(in.steps(t, windowInput), timedStep{mark: math.MaxInt64}) {
			var err error
			if s.batch != nil {
				err = a.Process(0, s.batch, between)
			} else {
				err = b.Watermark(s.mark, &c)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		compareRows(t, sortWithinWindows(c.rows), sortWithinWindows(want))
	})
}

// TestWindowsOfProcessingTime lets the clock pass the ends of windows and of a session.
func TestWindowsOfProcessingTime(t *testing.T) {
	in := windowInput[:1]
	count := []expr.Aggregate{{Func: lookupAggregate(t, "COUNT"), Filter: -1, T: column.Of(column.BigInt).Required()}}
	for kind, want := range map[graph.WindowKind][]string{
		graph.Tumble:  {"+I 7 2 0 10 9", "+I 7 1 10 20 19"},
		graph.Session: {"+I 7 2 3 14 13", "+I 7 1 14 24 23"},
	} {
		op := &graph.WindowAggregate{Window: graph.Window{Type: kind, Size: 10, Processing: true}, Keys: []int{0}, Calls: count, Properties: startEnd}
		c := testContext()
		now, timers := int64(0), map[int64]bool{}
		c.Now = func() time.Time { return time.UnixMilli(now) }
		c.SetTimer = func(at time.Time) { timers[at.UnixMilli()] = true }
		o := open(t, &graph.Node{Op: op, Schema: windowOutputOf(op, in)}, in, c)
		var got capture
		for now = range int64(40) {
			if timers[now] {
				if err := o.Timer(time.UnixMilli(now), &got); err != nil {
					t.Fatal(err)
				}
			}
			if now == 3 || now == 4 || now == 14 {
				b := column.NewBatch(in, 0)
				column.Append(b.Cols[0], int32(7))
				b.Len = 1
				if err := o.Process(0, b, &got); err != nil {
					t.Fatal(err)
				}
			}
		}
		compareRows(t, got.rows, want)
	}
}
