package operator

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
	"github.com/millstream/millstream/state/snapshot/snapshottest"
)

// idleContext is a context with a clock and a time to live in milliseconds. Timers are kept for the test to call.
func idleContext(t fataler, ttl string, now *int64, timers *[]int64) *Context {
	t.Helper()
	settings := setting.New(setting.Engine)
	if err := settings.Set(setting.StateTTL.Key, ttl, "test"); err != nil {
		t.Fatal(err)
	}
	c := testContext()
	c.Env = connector.Env{Settings: settings}
	c.Now = func() time.Time { return time.UnixMilli(*now) }
	c.SetTimer = func(at time.Time) { *timers = append(*timers, at.UnixMilli()) }
	return c
}

// dueTimers calls an operator's timers that are due.
func dueTimers(t fataler, o Operator, now int64, timers *[]int64, out Output) {
	t.Helper()
	list := *timers
	*timers = nil
	for _, at := range list {
		if at > now {
			*timers = append(*timers, at)
		} else if err := o.Timer(time.UnixMilli(at), out); err != nil {
			t.Fatal(err)
		}
	}
}

// TestOverTTLModel: a partition for which no row came for table.exec.state.ttl begins anew, by processing time and by event time, whether a timer was
// called or not, and after a restart.
func TestOverTTLModel(t *testing.T) {
	const ttl = 5
	rapid.Check(t, func(t *rapid.T) {
		op := &graph.Over{Partition: []int{0}, Order: []graph.SortKey{{Column: 1}}, Time: graph.OverProcessing, Updates: true}
		event := rapid.Bool().Draw(t, "event time")
		if event {
			op.Time = graph.OverEventTime
		}
		drawOverAggregates(t, op, false, column.Of(column.BigInt).Required())
		for i := range op.Calls {
			op.Calls[i].Frame.Rows = true
			for _, b := range []*graph.Bound{&op.Calls[i].Frame.From, &op.Calls[i].Frame.To} {
				if b.Offset != nil {
					b.Offset = &expr.Literal{Value: b.Offset.Value.(int64) % 5, T: b.Offset.T}
				}
			}
		}
		op.Calls = append(op.Calls, windowCall(t, "ROW_NUMBER"), windowCall(t, "LAG"))
		rows := drawRows(t, windowInput, rapid.IntRange(0, 40).Draw(t, "rows"), drawOptions{})
		times := column.NewVector(windowInput[1].Type, 0)
		for r := range rows.Len { // each later than those before, so that none is late
			column.Append(times, int64(r+1))
		}
		rows.Cols[1] = times
		m := &overModel{op: op, b: rows}

		n := &graph.Node{Op: op, Schema: overOutput(op, windowInput)}
		var now int64
		var timers []int64
		var out capture
		o := open(t, n, windowInput, idleContext(t, "5 ms", &now, &timers))
		k, copying := snapshottest.NewKeeper(testContext().MaxParallelism), false
		seen, parts := map[string]int64{}, map[string][]int{}
		var want []string
		for from := 0; from < rows.Len; {
			now += int64(rapid.IntRange(0, 4).Draw(t, "passed"))
			if rapid.Bool().Draw(t, "timers") {
				dueTimers(t, o, now, &timers, &out)
			}
			switch rapid.IntRange(0, 9).Draw(t, "restart") {
			case 0, 1: // from all the state, or from what has changed since checkpoints before
				var tables []state.Table
				if followed := rapid.Bool().Draw(t, "followed"); followed {
					tables, copying = snapshotOf(t, o, k), false
				} else {
					tables = snapshotOf(t, o, nil)
					k, copying = snapshottest.NewKeeper(testContext().MaxParallelism), false
				}
				c := idleContext(t, "5 ms", &now, &timers)
				c.Restore = &state.Reader{Tables: tables}
				o = open(t, n, windowInput, c)
			case 2, 3:
				if err := k.Begin(o.Snapshot); err != nil {
					t.Fatal(err)
				}
				k.Copy(rapid.IntRange(0, 3).Draw(t, "copied"))
				copying = true
			case 4:
				if copying {
					if err := k.End(); err != nil {
						t.Fatal(err)
					}
				}
				copying = false
			}
			to := min(from+rapid.IntRange(1, 3).Draw(t, "batch"), rows.Len)
			part := column.NewBatch(windowInput, 0)
			part.AppendRows(rows, first(nil, to)[from:to])
			if err := o.Process(0, part, &out); err != nil {
				t.Fatal(err)
			}
			if event {
				if err := o.Watermark(int64(to), &out); err != nil {
					t.Fatal(err)
				}
			}
			for r := from; r < to; r++ {
				key := keyText(rows, op.Partition, r)
				if at, ok := seen[key]; ok && at+ttl <= now {
					parts[key] = nil
				}
				seen[key] = now
				parts[key] = append(parts[key], r)
				want = append(want, rowText(rows, r)+m.results(parts[key], len(parts[key])-1))
			}
			from = to
		}
		compareRows(t, out.rows, want)
		now += 2 * ttl // a timer has seen to it that nothing is left
		for len(timers) > 0 {
			dueTimers(t, o, now, &timers, &out)
			now += ttl
		}
		if live := o.(*overTime).eval.lasting.groups.Live(); live > 0 {
			t.Fatalf("%d partitions are left", live)
		}
	})
}

// TestOverTTLWaits: a partition of which rows wait for the watermark is not forgotten before they have left.
func TestOverTTLWaits(t *testing.T) {
	op := &graph.Over{Partition: []int{0}, Order: []graph.SortKey{{Column: 1}}, Time: graph.OverEventTime, Updates: true}
	number, ok := expr.LookupWindow("ROW_NUMBER")
	if !ok {
		t.Fatal("no ROW_NUMBER")
	}
	op.Calls = []graph.OverCall{{Name: "n", T: column.Of(column.BigInt).Required(), Function: number}}
	in := fields(column.Of(column.Int), column.Sized(column.Timestamp, 3))
	var now int64
	var timers []int64
	var out capture
	o := open(t, &graph.Node{Op: op, Schema: overOutput(op, in)}, in, idleContext(t, "5 ms", &now, &timers))
	for i := range 4 {
		b := column.NewBatch(in, 0)
		column.Append(b.Cols[0], int32(7))
		column.Append(b.Cols[1], int64(i))
		b.Len = 1
		if err := o.Process(0, b, &out); err != nil {
			t.Fatal(err)
		}
		now += 6
		dueTimers(t, o, now, &timers, &out)
		if i > 0 { // the first waits for the second
			if err := o.Watermark(int64(i), &out); err != nil {
				t.Fatal(err)
			}
		}
	}
	compareRows(t, out.rows, []string{"+I 7 0 1", "+I 7 1 2", "+I 7 2 3", "+I 7 3 4"})
}
