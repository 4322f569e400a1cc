package job

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/exchange"
	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
)

// at once has barriers overtake without waiting.
func atOnce(t *testing.T) connector.Env {
	return settings(t, "execution.checkpointing.aligned-checkpoint-timeout", "0 ms")
}

// slowly gives way to others before it passes rows on, so that queues before it fill.
func slowly(turns int) func() operator.Operator {
	return func() operator.Operator {
		return &hooks{process: func(_ *operator.Context, _ int, b *column.Batch, out operator.Output) error {
			for range turns {
				runtime.Gosched()
			}
			return out.Emit(b)
		}}
	}
}

// interrupted runs a job that build makes, which counts what source has made: it is stopped at random points, a few times, and goes on from its last checkpoint
// each time. It returns how many bytes barriers overtook.
func interrupted(t *testing.T, random *rand.Rand, source *testSource, env connector.Env, build func() *graph.Graph) (overtaken int64) {
	t.Helper()
	total := source.splits * source.size
	var from *Checkpoint
	for run := 0; ; run++ {
		stopAt := source.made.Load() + random.Int64N(total)
		reached := make(chan struct{})
		var once atomic.Bool
		source.beforePoll = func(int64, int64) error {
			if source.made.Load() >= stopAt && !once.Swap(true) {
				close(reached)
			}
			return nil
		}
		h, err := Start(t.Context(), build(), Options{Env: env, Restore: from, Schedule: random.Uint64N(2) * (1 + random.Uint64N(1000))})
		if err != nil {
			t.Fatal(err)
		}
		for range random.IntN(5) {
			c, err := h.TriggerIncrement(t.Context())
			if errors.Is(err, ErrEnded) {
				break
			}
			if err != nil {
				_, err2 := h.Wait()
				t.Fatal(err, err2)
			}
			from = c
			overtaken += c.Timing.Overtaken
			for range random.IntN(200) {
				runtime.Gosched()
			}
		}
		if h.Settling() {
			if _, err := h.Wait(); err == nil {
				return overtaken
			} else if !errors.Is(err, ErrSettled) {
				t.Fatal(err)
			}
			from = h.LastCheckpoint()
			continue
		}
		if run < 10 {
			if random.IntN(2) == 0 { // else at once, so that what came back is still on its way
				select {
				case <-reached:
				case <-h.Done():
				}
			}
			h.Cancel()
		}
		if _, err = h.Wait(); err == nil {
			return overtaken
		} else if !errors.Is(err, ErrCancelled) {
			t.Fatal(err)
		}
	}
}

// opaque gives an edge a packer of its own, so that no barrier overtakes on it.
func opaque(e *graph.Edge) {
	plain := *e
	e.NewPacker = func(targets, groups int) any {
		if plain.Ship != graph.Hash {
			targets = 1
		}
		return exchange.NewPacker(plain, rowFields, targets, groups)
	}
}

// A random graph shows each row once for each way that it can take, wherever barriers overtook what.
func TestOvertakingInRandomGraphs(t *testing.T) {
	leaktest.Check(t)
	seeds := uint64(16)
	if testing.Short() {
		seeds = 10
	}
	overtaken := int64(0)
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 11))
			source := newTestSource(t, 1+random.Int64N(5), 200+random.Int64N(1000))
			source.seed, source.waits, source.batch = seed, random.IntN(3) == 0, 1+random.Int64N(100)
			source.grows, source.inOrder = random.IntN(2) == 0, random.IntN(4) == 0
			shape, nodes := random.Uint64(), 2+random.IntN(6)
			sink, final := newTestSink(t), newTestSink(t)
			ways, counted := 0, 0
			build := func() *graph.Graph {
				g := &graph.Graph{}
				drawn := rand.New(rand.NewPCG(shape, 3))
				parallelism := func() int { return 1 + random.IntN(3) }
				source.scan(g, parallelism())
				paths, used := []int{1}, []bool{false}
				edge := func(from int) graph.Edge {
					used[from] = true
					return graph.Edge{From: from, Ship: []graph.Ship{graph.Hash, graph.Rebalance, graph.Forward}[drawn.IntN(3)], Keys: []int{drawn.IntN(2)}}
				}
				for i := range nodes {
					inputs, sum, subtasks := []graph.Edge{}, 0, parallelism()
					for range 1 + drawn.IntN(2) {
						from := max(0, len(g.Nodes)-1-drawn.IntN(3))
						inputs, sum = append(inputs, edge(from)), sum+paths[from]
						if drawn.IntN(6) == 0 { // one receiver, since each gets all
							inputs[len(inputs)-1].Ship, subtasks = graph.Broadcast, 1
						}
						if drawn.IntN(6) == 0 { // payloads of which the engine does not know that they are batches
							opaque(&inputs[len(inputs)-1])
						}
					}
					custom(g, fmt.Sprint("pass ", i), subtasks, slowly(drawn.IntN(2)*100), inputs...)
					paths, used = append(paths, sum), append(used, false)
				}
				ways, counted = 0, paths[nodes]
				count := custom(g, "count", parallelism(), newCounter, graph.Edge{From: nodes, Ship: graph.Hash, Keys: []int{0}})
				var ends []graph.Edge
				for from := range nodes + 1 {
					if !used[from] || from == nodes {
						ends, ways = append(ends, edge(from)), ways+paths[from]
					}
				}
				all := custom(g, "all", parallelism(), slowly(50), ends...)
				sink.node(g, parallelism(), graph.Edge{From: all.ID, Ship: graph.Rebalance}).UID = "all sink"
				final.node(g, parallelism(), graph.Edge{From: count.ID, Ship: graph.Rebalance}).UID = "count sink"
				return g
			}
			overtaken += interrupted(t, random, source, atOnce(t), build)
			var want []row
			for _, r := range numbers(source.splits * source.size) {
				for range ways {
					want = append(want, r)
				}
			}
			expectRows(t, sink.rows(), want)
			for _, r := range final.rows() {
				if r.n%int64(counted) != 0 {
					t.Errorf("key %q was counted %d times, with %d ways", r.k, r.n, counted)
				}
			}
		})
	}
	if overtaken == 0 {
		t.Error("no barrier overtook anything")
	}
}

// successor asserts that rows of a key come one after the other, none twice, and that event time has not passed them.
type successor struct {
	counter
	before []int64 // by number, the last one with the same key; -1: none
	mark   int64
}

func (o *successor) Open(c *operator.Context) error {
	o.mark = -1
	return o.counter.Open(c)
}

func (o *successor) Watermark(t int64, _ operator.Output) error {
	o.mark = t
	return nil
}

func (o *successor) Process(_ int, p operator.Payload, out operator.Output) error {
	for _, r := range rowsOf(p.(*column.Batch)) {
		last, known := o.counts[r.k]
		if !known {
			last = -1
		}
		switch {
		case last != o.before[r.n]:
			return fmt.Errorf("row %d of key %q came after row %d", r.n, r.k, last)
		case r.n <= o.mark:
			return fmt.Errorf("row %d came when event time was %d", r.n, o.mark)
		}
		o.counts[r.k] = r.n
	}
	return out.Emit(p)
}

func (o *successor) EndInput(int, operator.Output) error { return nil }

// befores returns for each number the last one with the same key.
func befores(n int64) []int64 {
	last, list := map[string]int64{}, make([]int64, n)
	for i := range list {
		k := keyOf(int64(i))
		if list[i] = -1; last[k] > 0 {
			list[i] = last[k] - 1
		}
		last[k] = int64(i) + 1
	}
	return list
}

// Rows of a key stay in their order, and ahead of the event time behind them, however often barriers overtake them and subtasks change their number.
func TestOvertakenRowsStayInOrder(t *testing.T) {
	leaktest.Check(t)
	seeds := uint64(16)
	if testing.Short() {
		seeds = 10
	}
	overtaken := int64(0)
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 13))
			source := newTestSource(t, 1, 2000+random.Int64N(4000))
			source.seed, source.waits, source.batch = seed, random.IntN(3) == 0, 1+random.Int64N(300)
			sink := newTestSink(t)
			before := befores(source.size)
			fixed := random.IntN(2) == 0
			build := func() *graph.Graph {
				g := &graph.Graph{}
				parallelism := func() int {
					if fixed {
						return 2
					}
					return 1 + random.IntN(4)
				}
				from := custom(g, "marks", 1, func() operator.Operator { return &watermarker{} }, graph.Edge{From: source.scan(g, 1).ID})
				for i := range 3 {
					from = custom(g, fmt.Sprint("pass ", i), parallelism(), slowly(100), graph.Edge{From: from.ID, Ship: graph.Hash, Keys: []int{0}})
				}
				last := custom(g, "successor", parallelism(), func() operator.Operator { return &successor{before: before} }, graph.Edge{From: from.ID, Ship: graph.Hash, Keys: []int{0}})
				sink.node(g, parallelism(), graph.Edge{From: last.ID, Ship: graph.Hash, Keys: []int{1}})
				return g
			}
			overtaken += interrupted(t, random, source, atOnce(t), build)
			expectRows(t, sink.rows(), numbers(source.size))
		})
	}
	if overtaken == 0 {
		t.Error("no barrier overtook anything")
	}
}
