package operator

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// TestAggregateChangelogPhasesModel: with mini-batches in two phases, what is left of the changelog is the result of one phase over all rows, whenever
// either phase hands on what it has, and across restarts of the second.
func TestAggregateChangelogPhasesModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		op, in := drawAggregate(t, true)
		all := drawRows(t, in, rapid.IntRange(0, 60).Draw(t, "rows"), drawOptions{})
		var want []string
		for _, s := range run(t, &graph.Node{Op: op, Schema: outputOf(op, in)}, in, cutRows(t, in, all), -1) {
			want = append(want, strings.TrimPrefix(strings.TrimPrefix(s, "+I"), " "))
		}
		if all.Len == 0 {
			want = nil // a stream without rows has no result
		}

		c, timers := watermarkContext(t, "0 ms")
		for key, value := range map[string]string{"enabled": "true", "allow-latency": "5 ms", "size": fmt.Sprint(rapid.IntRange(1, 20).Draw(t, "size"))} {
			if err := c.Env.Settings.Set("table.exec.mini-batch."+key, value, "test"); err != nil {
				t.Fatal(err)
			}
		}
		event := func(o Operator, out Output) Operator {
			var err error
			switch rapid.IntRange(0, 5).Draw(t, "event") {
			case 0:
				err = o.Watermark(7, out)
			case 1:
				if len(*timers) > 0 {
					*timers, err = nil, o.Timer(time.UnixMilli(5), out)
				}
			case 2:
				err = o.(Drainer).Drain(out)
			}
			if err != nil {
				t.Fatal(err)
			}
			return o
		}
		local := *op
		local.Phase, local.Updates = graph.Partial, true
		mid, argTypes := statesOf(op, in)
		between := batchCapture{schema: mid}
		first := open(t, &graph.Node{Op: &local, Schema: mid}, in, c)
		for _, b := range cutRows(t, in, all) {
			if err := first.Process(0, b, &between); err != nil {
				t.Fatal(err)
			}
			mangle(b)
			event(first, &between)
		}
		if err := first.EndInput(0, &between); err != nil {
			t.Fatal(err)
		}

		global := *op
		global.Phase, global.ArgTypes, global.Keys, global.Updates, global.UpdateBefore = graph.Final, argTypes, nil, true, true
		for i := range op.Keys {
			global.Keys = append(global.Keys, i)
		}
		n := &graph.Node{Op: &global, Schema: outputOf(op, in)}
		var got capture
		*timers = nil
		second := open(t, n, mid, c)
		for _, b := range between.batches {
			if err := second.Process(0, b, &got); err != nil {
				t.Fatal(err)
			}
			mangle(b)
			event(second, &got)
			if rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
				var w state.Writer
				if err := second.(Drainer).Drain(&got); err != nil {
					t.Fatal(err)
				}
				if err := second.Snapshot(&w); err != nil {
					t.Fatal(err)
				}
				again := *c
				again.Restore = &state.Reader{Tables: w.Tables}
				second = open(t, n, mid, &again)
			}
		}
		if err := second.EndInput(0, &got); err != nil {
			t.Fatal(err)
		}
		compareAny(t, result(t, got.rows), want)
	})
}

// TestAggregateChangelogPhasesNeedMiniBatches: without them every row's effect would have to be seen.
func TestAggregateChangelogPhasesNeedMiniBatches(t *testing.T) {
	for _, phase := range []graph.Phase{graph.Partial, graph.Final} {
		o, err := newAggregate(&graph.Aggregate{Phase: phase, Updates: true}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Open(testContext()); err == nil || !strings.Contains(err.Error(), setting.MiniBatchEnabled.Key) {
			t.Errorf("phase %d: %v", phase, err)
		}
	}
}
