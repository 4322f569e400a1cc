package job

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// holdBack keeps rows until it is drained or ended, as a partial aggregation does.
type holdBack struct {
	operator.Base
	held *column.Batch
}

func (o *holdBack) Process(_ int, p operator.Payload, _ operator.Output) error {
	if o.held == nil {
		o.held = column.NewBatch(rowFields, 0)
	}
	o.held.AppendRows(p.(*column.Batch), nil)
	return nil
}

func (o *holdBack) Drain(out operator.Output) error {
	if o.held == nil {
		return nil
	}
	b := o.held
	o.held = nil
	return out.Emit(b)
}

func (o *holdBack) EndInput(_ int, out operator.Output) error { return o.Drain(out) }

// keeper keeps in its state, which is not keyed, all numbers that came, and emits them at the end.
type keeper struct {
	operator.Base
	rows *column.Batch
}

func (o *keeper) Open(c *operator.Context) error {
	o.rows = column.NewBatch(rowFields, 0)
	if t := c.Restore.Table("rows"); t != nil {
		o.rows.AppendRows(t.Rows, nil)
	}
	return nil
}

func (o *keeper) Process(_ int, p operator.Payload, _ operator.Output) error {
	o.rows.AppendRows(p.(*column.Batch), nil)
	return nil
}

func (o *keeper) Snapshot(w *state.Writer) error {
	b := column.NewBatch(rowFields, 0)
	b.AppendRows(o.rows, nil)
	w.Add(state.Table{Name: "rows", Schema: rowFields, Rows: b})
	return nil
}

func (o *keeper) EndInput(_ int, out operator.Output) error { return out.Emit(o.rows) }

// cutJob has what a consistent cut can go wrong with: several exchanges, a node that joins branches of different length, rows held back in
// front of an exchange, keyed state, other state, and two sinks, of which one writes as rows come and one at the end.
func cutJob(source *testSource, stream, final *testSink, parallelism func() int) *graph.Graph {
	g := &graph.Graph{}
	scan := source.scan(g, parallelism())
	held := custom(g, "hold back", scan.Parallelism, func() operator.Operator { return &holdBack{} }, graph.Edge{From: scan.ID})
	count := custom(g, "count", parallelism(), newCounter, graph.Edge{From: held.ID, Ship: graph.Hash, Keys: []int{0}})
	far := custom(g, "far", parallelism(), newPass, graph.Edge{From: scan.ID, Ship: graph.Rebalance})
	both := custom(g, "both", parallelism(), newPass,
		graph.Edge{From: far.ID, Ship: graph.Hash, Keys: []int{1}}, graph.Edge{From: scan.ID, Ship: graph.Rebalance})
	rows := stream.node(g, parallelism(), graph.Edge{From: both.ID, Ship: graph.Rebalance})
	rows.UID = "stream"
	kept := custom(g, "keeper", parallelism(), func() operator.Operator { return &keeper{} }, graph.Edge{From: far.ID, Ship: graph.Rebalance})
	merged := custom(g, "union", parallelism(), newPass,
		graph.Edge{From: count.ID, Ship: graph.Rebalance}, graph.Edge{From: kept.ID, Ship: graph.Hash, Keys: []int{0}})
	end := final.node(g, parallelism(), graph.Edge{From: merged.ID, Ship: graph.Rebalance})
	end.UID = "final"
	return g
}

// A job that was stopped at any moment and goes on from its last checkpoint, again and again, with whatever parallelism, has the same
// result as one that was left alone, and each row is shown once.
func TestConsistentCut(t *testing.T) {
	leaktest.Check(t)
	seeds := uint64(60)
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { consistentCut(t, seed) })
	}
}

func consistentCut(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 7))
	source := newTestSource(t, 1+random.Int64N(9), 200+random.Int64N(2000))
	source.seed, source.waits, source.batch = seed, random.IntN(2) == 0, 1+random.Int64N(200)
	source.grows, source.inOrder = random.IntN(2) == 0, random.IntN(4) == 0
	total := source.splits * source.size
	stream, final := newTestSink(t), newTestSink(t)
	var settings setting.Values
	exactly := random.IntN(8) > 0
	if !exactly {
		settings = setting.New(setting.Engine)
		if err := settings.Set(setting.CheckpointMode.Key, "AT_LEAST_ONCE", "test"); err != nil {
			t.Fatal(err)
		}
	}
	var from *Checkpoint
	finished := false
	for run := 0; !finished; run++ {
		g := cutJob(source, stream, final, func() int { return 1 + random.IntN(3) })
		// The job is held at some number of rows, so that checkpoints and the stop come at any point of it.
		stopAt := source.made.Load() + random.Int64N(total)
		reached := make(chan struct{})
		var once atomic.Bool
		source.beforePoll = func(int64, int64) error {
			if source.made.Load() >= stopAt && !once.Swap(true) {
				close(reached)
			}
			return nil
		}
		h, err := Start(t.Context(), g, Options{Env: connector.Env{Settings: settings}, Restore: from})
		if err != nil {
			t.Fatal(err)
		}
		for range random.IntN(4) {
			c, err := h.TriggerCheckpoint(t.Context())
			if errors.Is(err, ErrEnded) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if from != nil && c.ID <= from.ID {
				t.Fatalf("checkpoint %d came after %d", c.ID, from.ID)
			}
			from = c
		}
		if run < 5 {
			select {
			case <-reached:
			case <-h.Done():
			}
			h.Cancel()
		}
		_, err = h.Wait()
		switch {
		case err == nil:
			finished = true
		case !errors.Is(err, ErrCancelled):
			t.Fatal(err)
		}
		if last := h.LastCheckpoint(); last != from {
			t.Fatalf("the last checkpoint is not the one that was taken last")
		}
	}
	got, want := stream.rows(), slices.Concat(numbers(total), numbers(total))
	sortRows(want)
	if !exactly {
		got, want = slices.Compact(got), slices.Compact(want)
	}
	expectRows(t, got, want)
	if exactly {
		want = slices.Concat(counted(total), numbers(total))
		sortRows(want)
		expectRows(t, final.rows(), want)
	}
}
