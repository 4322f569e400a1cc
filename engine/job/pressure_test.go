package job

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/engine/task"
	"github.com/millstream/millstream/graph"
)

// taking takes so long for each batch.
func taking(d time.Duration) func() operator.Operator {
	return func() operator.Operator {
		return &hooks{process: func(c *operator.Context, _ int, b *column.Batch, out operator.Output) error {
			select {
			case <-time.After(d): // in the time of the bubble
			case <-c.Done():
			}
			return out.Emit(b)
		}}
	}
}

// underPressure takes checkpoints of a job whose sources are faster than what is behind them, and returns how long each took and what it had to tell. Time is that of a
// bubble: it passes when nothing else does.
func underPressure(t *testing.T, build func(fast, other *testSource) *graph.Graph, pairs ...string) (took []time.Duration, timings []task.Timing) {
	t.Helper()
	fast, other := newTestSource(t, 1, 1<<30), newTestSource(t, 1, 1<<30)
	fast.batch, other.batch = 1000, 1000
	env := settings(t, pairs...)
	synctest.Test(t, func(t *testing.T) {
		h, err := Start(t.Context(), build(fast, other), Options{Env: env})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second) // until queues are full
		for range 5 {
			began := time.Now()
			c, err := h.TriggerIncrement(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if p := h.Progress(); p.Checkpoint != c.ID || p.Timing != c.Timing {
				t.Errorf("progress has checkpoint %d with %v, want %d with %v", p.Checkpoint, p.Timing, c.ID, c.Timing)
			}
			took, timings = append(took, time.Since(began)), append(timings, c.Timing)
			time.Sleep(time.Second)
		}
		h.Cancel()
		if _, err := h.Wait(); !errors.Is(err, ErrCancelled) {
			t.Fatal(err)
		}
	})
	return took, timings
}

// beforeSlowSink is a job with a sink that takes 300 ms for a batch.
func beforeSlowSink(fast, _ *testSource) *graph.Graph {
	g := &graph.Graph{}
	middle := custom(g, "middle", 2, newPass, graph.Edge{From: fast.scan(g, 1).ID, Ship: graph.Hash, Keys: []int{0}})
	custom(g, "sink", 1, taking(300*time.Millisecond), graph.Edge{From: middle.ID, Ship: graph.Rebalance})
	return g
}

// joinOfUneven is a job that joins a source with one that takes 2 s for a batch.
func joinOfUneven(fast, other *testSource) *graph.Graph {
	g := &graph.Graph{}
	slow := custom(g, "slow", 1, taking(2*time.Second), graph.Edge{From: other.scan(g, 1).ID, Ship: graph.Rebalance})
	custom(g, "join", 2, taking(50*time.Millisecond),
		graph.Edge{From: fast.scan(g, 1).ID, Ship: graph.Hash, Keys: []int{0}}, graph.Edge{From: slow.ID, Ship: graph.Hash, Keys: []int{0}})
	return g
}

// A checkpoint under back pressure takes as long as one batch after its barriers may overtake, and as long as all batches in the queues if they may not.
func TestCheckpointsUnderBackPressure(t *testing.T) {
	const (
		enabled = "execution.checkpointing.unaligned.enabled"
		timeout = "execution.checkpointing.aligned-checkpoint-timeout"
	)
	for _, c := range []struct {
		name        string
		build       func(fast, other *testSource) *graph.Graph
		settings    []string
		least, most time.Duration // of the longest of them
		overtake    bool
	}{
		{"slow sink, aligned", beforeSlowSink, []string{enabled, "false"}, 2 * time.Second, time.Minute, false},
		{"slow sink, after 1 s", beforeSlowSink, nil, time.Second, 1300 * time.Millisecond, true},
		{"slow sink, at once", beforeSlowSink, []string{timeout, "0 ms"}, 0, 300 * time.Millisecond, true},
		{"uneven join, aligned", joinOfUneven, []string{enabled, "false"}, 8 * time.Second, time.Minute, false},
		{"uneven join, after 1 s", joinOfUneven, nil, time.Second, 3050 * time.Millisecond, true},
		{"uneven join, at once", joinOfUneven, []string{timeout, "0 ms"}, 0, 2050 * time.Millisecond, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			took, timings := underPressure(t, c.build, c.settings...)
			longest, sum := time.Duration(0), task.Timing{}
			for i, d := range took {
				longest = max(longest, d)
				sum.Add(timings[i])
			}
			t.Logf("%v, reached after at most %v, aligning at most %v, %d bytes processed meanwhile, %d overtaken", took, sum.Reaching, sum.Aligning, sum.Processed, sum.Overtaken)
			if longest < c.least || longest > c.most {
				t.Errorf("the longest checkpoint took %v, want %v to %v", longest, c.least, c.most)
			}
			if overtaken := sum.Overtaken > 0; overtaken != c.overtake {
				t.Errorf("%d bytes were overtaken", sum.Overtaken)
			}
			if sum.Reaching > longest || sum.Reaching == 0 && longest > 0 {
				t.Errorf("barriers were there after %v of at most %v", sum.Reaching, longest)
			}
		})
	}
}
