package operator

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// BenchmarkStatePause fills operators with so many keys (-state-keys) and goes on with as many others: the longest that a call took while state grew, and from then
// on. In a burst all of the first keys are over at once; in a flow each is when one comes in its place. It is the thread's
// processor time: others may be busy.
func BenchmarkStatePause(b *testing.B) {
	long := column.Of(column.BigInt).Required()
	calls := []expr.Aggregate{{Func: lookupAggregate(b, "SUM"), Args: []int{1}, Filter: -1, T: column.Of(column.BigInt)}}
	for _, c := range []struct {
		name string
		op   graph.Op
		text bool
	}{
		{"join", &graph.Join{Match: graph.Match{LeftKeys: []int{0}, RightKeys: []int{0}}, Updates: true}, false},
		{"join/text", &graph.Join{Match: graph.Match{LeftKeys: []int{0}, RightKeys: []int{0}}, Updates: true}, true},
		{"join/few keys", &graph.Join{Match: graph.Match{LeftKeys: []int{1}, RightKeys: []int{1}}, Updates: true}, false},
		{"top 3", &graph.Rank{Partition: []int{0}, Order: []graph.SortKey{{Column: 1}}, From: 1, To: 3, ToColumn: -1, WindowEnd: -1, Updates: true}, false},
		{"materialize", &graph.Materialize{Keys: []int{0}}, false},
		{"newest row join", &graph.TemporalJoin{Match: graph.Match{LeftKeys: []int{0}, RightKeys: []int{0}}, LeftTime: -1, RightTime: -1}, false},
		{"last row", &graph.Deduplicate{Keys: []int{0}, Time: -1, Last: true}, false},
		{"group", &graph.Aggregate{Keys: []int{0}, Calls: calls, Updates: true}, false},
	} {
		pause := func(b *testing.B, flow bool) {
			key := long
			if c.text {
				key = column.Str().Required()
			}
			in := stateInput(key)
			inputs := [][]column.Field{in}
			n := &graph.Node{Op: c.op, Schema: in}
			side := 0
			switch op := c.op.(type) {
			case *graph.Aggregate:
				n.Schema = outputOf(op, in)
			case *graph.Join:
				inputs, n.Schema = append(inputs, in), append(in[:3:3], in...)
			case *graph.TemporalJoin:
				inputs, n.Schema, side = append(inputs, in), append(in[:3:3], in...), 1
			}
			batches := stateBatches(key)
			if c.name == "join/few keys" {
				for _, batch := range batches {
					values := column.Values[int64](batch.Cols[1])
					for i := range values {
						values[i] %= int64(*stateKeys/16 + 1)
					}
				}
			}
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for b.Loop() {
				var now int64 = 1_000_000
				var timers []int64
				o, err := New(n, inputs)
				if err == nil {
					err = o.Open(idleContext(b, "10 s", &now, &timers))
				}
				out := outputFunc(func(Payload) error { return nil })
				longest := func(run func()) time.Duration {
					start := threadTime(b)
					run()
					return threadTime(b) - start
				}
				var fill, after time.Duration
				step := int64(1)
				if flow {
					step = 10_000/int64(len(batches)) + 1
				}
				for _, batch := range batches {
					if err == nil {
						fill = max(fill, longest(func() { err = o.Process(side, batch, out) }))
					}
					if flow {
						now += step
					}
				}
				if !flow {
					now += 10_001
				}
				for _, batch := range batches {
					if err == nil {
						after = max(after, longest(func() { err = o.Process(side, batch, out) }))
					}
					if now += step; len(timers) > 0 {
						after = max(after, longest(func() { dueTimers(b, o, now, &timers, out) }))
					}
				}
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(fill.Microseconds())/1000, "fill-ms")
				b.ReportMetric(float64(after.Microseconds())/1000, "after-ms")
			}
		}
		b.Run(c.name+"/burst", func(b *testing.B) { pause(b, false) })
		b.Run(c.name+"/flow", func(b *testing.B) { pause(b, true) })
	}
}

// threadTime is the processor time that the thread has had.
func threadTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
