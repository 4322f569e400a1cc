package job

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/engine/task"
	"github.com/millstream/millstream/graph"
)

var errTest = errors.New("broken on purpose")

// Whatever fails, wherever, ends the job with that error, which names the operator; panics too.
func TestFailures(t *testing.T) {
	leaktest.Check(t)
	for _, place := range []string{"listing", "opening", "poll", "open", "process", "watermark", "end", "snapshot", "close"} {
		for _, panics := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/panic=%v", place, panics), func(t *testing.T) {
				fail := func(at string) error {
					if at != place {
						return nil
					}
					if panics {
						panic(errTest)
					}
					return errTest
				}
				source := newTestSource(t, 4, 10_000)
				source.listing = func() error { return fail("listing") }
				source.opening = func(split int64) error {
					if split == 2 {
						return fail("opening")
					}
					return nil
				}
				source.beforePoll = func(_, n int64) error {
					if n > 15_000 {
						return fail("poll")
					}
					return nil
				}
				source.unbounded = place == "snapshot"
				var g graph.Graph
				scan := source.scan(&g, 2)
				bad := custom(&g, "bad", 3, func() operator.Operator {
					return &hooks{
						open: func(*operator.Context) error { return fail("open") },
						process: func(c *operator.Context, _ int, b *column.Batch, out operator.Output) error {
							if c.Subtask == 1 {
								if err := fail("process"); err != nil {
									return err
								}
							}
							return out.Emit(b)
						},
						watermark: func(*operator.Context, int64) error { return fail("watermark") },
						end:       func(*operator.Context, int, operator.Output) error { return fail("end") },
						snapshot:  func() error { return fail("snapshot") },
						close:     func() error { return fail("close") },
					}
				}, graph.Edge{From: scan.ID, Ship: graph.Hash, Keys: []int{0}})
				after := custom(&g, "after", 3, newPass, graph.Edge{From: bad.ID})
				sink := newTestSink(t)
				sink.node(&g, 2, graph.Edge{From: after.ID, Ship: graph.Rebalance})

				h, err := Start(t.Context(), &g, Options{})
				if err == nil {
					if place == "snapshot" {
						if _, err := h.TriggerCheckpoint(t.Context()); err == nil {
							t.Error("the checkpoint succeeded")
						}
					}
					_, err = h.Wait()
				}
				if !errors.Is(err, errTest) || errors.Is(err, context.Canceled) {
					t.Fatalf("error %v, want the one made on purpose", err)
				}
				name := "bad[1] ("
				switch place {
				case "listing":
					name = "Scan: " // before there are subtasks
				case "opening", "poll":
					name = "Scan[0] ("
				}
				if !strings.HasPrefix(err.Error(), name) {
					t.Errorf("error %q does not name the operator %q", err, name)
				}
				if panics && (!strings.Contains(err.Error(), "panic: broken on purpose") || !strings.Contains(err.Error(), "failure_test.go")) {
					t.Errorf("error %q has no stack of the panic", err)
				}
				if sink.rows() != nil {
					t.Error("the sink shows rows of a job that failed")
				}
			})
		}
	}
}

// A job that is cancelled while its final checkpoint is stored says that it was cancelled, not what the store made of that.
func TestCancelAtEnd(t *testing.T) {
	leaktest.Check(t)
	for _, whole := range []bool{true, false} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var g graph.Graph
		scan := newTestSource(t, 2, 10).scan(&g, 1)
		custom(&g, "gather", 1, new(gathered).op, graph.Edge{From: scan.ID, Ship: graph.Rebalance})
		running := make(chan *Handle, 1)
		h, err := Start(ctx, &g, Options{Parallelism: 2, OnCheckpoint: func(context.Context, *Checkpoint) error {
			if whole {
				cancel()
			} else {
				(<-running).Cancel()
			}
			return errors.New("it could not be stored")
		}})
		if err != nil {
			t.Fatal(err)
		}
		running <- h
		if _, err := h.Wait(); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want that it was cancelled", err)
		}
	}
}

// The end of the context ends the job, whatever it is doing.
func TestCancel(t *testing.T) {
	leaktest.Check(t)
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 0))
		source := newTestSource(t, 1+random.Int64N(8), 4000)
		source.seed, source.waits = seed, random.IntN(2) == 0
		source.unbounded = random.IntN(3) == 0
		var g graph.Graph
		scan := source.scan(&g, 1+random.IntN(3))
		count := custom(&g, "count", 1+random.IntN(3), newCounter, graph.Edge{From: scan.ID, Ship: graph.Hash, Keys: []int{0}})
		ctx, cancel := context.WithCancel(t.Context())
		limit, seen := random.Int64N(20_000), atomic.Int64{}
		custom(&g, "watch", 1+random.IntN(3), func() operator.Operator {
			return &hooks{process: func(_ *operator.Context, _ int, b *column.Batch, _ operator.Output) error {
				if seen.Add(int64(b.Rows())) > limit {
					cancel()
				}
				return nil
			}}
		}, graph.Edge{From: scan.ID, Ship: graph.Ship(random.IntN(4)), Keys: []int{1}})
		custom(&g, "gather", 1, new(gathered).op, graph.Edge{From: count.ID, Ship: graph.Rebalance})
		total := source.splits * source.size
		if source.unbounded && limit >= total {
			limit = total - 1 // else nothing would end it
		}
		h, err := Start(ctx, &g, Options{Parallelism: 2})
		if err != nil {
			t.Fatal(err)
		}
		if random.IntN(4) == 0 {
			h.Cancel()
			if _, err := h.Wait(); !errors.Is(err, ErrCancelled) {
				t.Fatalf("seed %d: error %v, want that it was cancelled", seed, err)
			}
		} else if _, err := h.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("seed %d: error %v", seed, err)
		} else if err == nil && ctx.Err() != nil {
			t.Fatalf("seed %d: no error though the context ended", seed)
		}
		cancel()
	}
}

// A receiver that is stuck does not keep a cancelled job from ending, and senders stop long before memory is full.
func TestBackPressure(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 2, 2_000_000)
	source.batch = 4096
	var g graph.Graph
	scan := source.scan(&g, 2)
	p := custom(&g, "pass", 2, newPass, graph.Edge{From: scan.ID, Ship: graph.Hash, Keys: []int{1}})
	consumed, most := atomic.Int64{}, atomic.Int64{}
	custom(&g, "slow", 1, func() operator.Operator {
		return &hooks{process: func(_ *operator.Context, _ int, b *column.Batch, _ operator.Output) error {
			most.Store(max(most.Load(), source.made.Load()-consumed.Load()))
			if consumed.Add(int64(b.Rows())) > 600_000 {
				return errTest
			}
			return nil
		}}
	}, graph.Edge{From: p.ID, Ship: graph.Rebalance})
	if _, err := Run(t.Context(), &g, Options{}); !errors.Is(err, errTest) {
		t.Fatal(err)
	}
	// Per queue: what waits in it, what is pending before it, and what is being processed behind it.
	const perQueue = (4 + 4 + 1 + 1) * 4096 * 2
	if got := most.Load(); got > 6*perQueue {
		t.Errorf("%d rows were on their way at once, want at most %d", got, 6*perQueue)
	}
}

// One row goes through all exchanges at once, by nothing but its arrival: the clock stands still.
func TestLatency(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 1, 1)
	source.unbounded = true
	var g graph.Graph
	scan := source.scan(&g, 1)
	a := custom(&g, "a", 3, newPass, graph.Edge{From: scan.ID, Ship: graph.Hash, Keys: []int{0}})
	b := custom(&g, "b", 2, newPass, graph.Edge{From: a.ID, Ship: graph.Rebalance})
	came := make(chan []row, 1)
	custom(&g, "c", 1, func() operator.Operator {
		return &hooks{process: func(_ *operator.Context, _ int, b *column.Batch, _ operator.Output) error {
			came <- rowsOf(b)
			return nil
		}}
	}, graph.Edge{From: b.ID, Ship: graph.Broadcast})
	h, err := Start(t.Context(), &g, Options{Clock: newClock()})
	if err != nil {
		t.Fatal(err)
	}
	expectRows(t, <-came, numbers(1))
	h.Cancel()
	if _, err := h.Wait(); !errors.Is(err, ErrCancelled) {
		t.Error(err)
	}
}

func TestSinkLifecycle(t *testing.T) {
	leaktest.Check(t)
	for _, failing := range []string{"", "Prepare", "Commit", "Finish", "panic"} {
		source := newTestSource(t, 4, 100)
		var g graph.Graph
		sink := newTestSink(t)
		sink.failing = func(step string) error {
			if failing == "panic" && step == "Finish" {
				panic(errTest)
			}
			if step == failing {
				return errTest
			}
			return nil
		}
		sink.node(&g, 2, graph.Edge{From: source.scan(&g, 2).ID, Ship: graph.Rebalance})
		_, err := Run(t.Context(), &g, Options{})
		if (failing != "") != errors.Is(err, errTest) || failing != "" && !strings.HasPrefix(err.Error(), "Sink: ") {
			t.Errorf("%s fails: error %v", failing, err)
		}
		want := map[string]string{
			"":        "Prepare Commit Finish",
			"Prepare": "Prepare",
			"Commit":  "Prepare Commit Abort",
			"Finish":  "Prepare Commit Finish",
			"panic":   "Prepare Commit Finish",
		}[failing]
		if got := strings.Join(sink.steps, " "); got != want {
			t.Errorf("%s fails: steps %s, want %s", failing, got, want)
		}
		if failing == "" {
			expectRows(t, sink.rows(), numbers(400))
		}
	}
}

// Graphs that cannot run say why.
func TestWrongGraphs(t *testing.T) {
	source := newTestSource(t, 1, 1)
	for name, test := range map[string]struct {
		build func(g *graph.Graph)
		want  string
	}{
		"empty":        {func(*graph.Graph) {}, "nothing to do"},
		"same uids":    {func(g *graph.Graph) { source.scan(g, 1); source.scan(g, 1) }, "the same uid"},
		"backwards":    {func(g *graph.Graph) { custom(g, "a", 1, newPass, graph.Edge{From: 0}) }, "does not stand before it"},
		"too parallel": {func(g *graph.Graph) { source.scan(g, 129) }, "raise pipeline.max-parallelism"},
		"alone": {func(g *graph.Graph) {
			g.Add(&graph.Node{Name: "v", Op: &graph.Values{}, Parallelism: 2})
		}, "more than one subtask"},
		"no connector": {func(g *graph.Graph) {
			g.Add(&graph.Node{Name: "s", Op: &graph.Scan{Table: graph.Table{Name: "t", Connector: "tset"}}})
		}, "table t: there is no connector 'tset'"},
		"no packer": {func(g *graph.Graph) {
			source.scan(g, 1)
			a := custom(g, "a", 1, newPass, graph.Edge{From: 0})
			a.Schema = nil
			custom(g, "b", 2, newPass, graph.Edge{From: 1})
		}, "has no packer"},
		"no keys": {func(g *graph.Graph) {
			custom(g, "a", 2, newPass, graph.Edge{From: source.scan(g, 1).ID, Ship: graph.Hash})
		}, "has no keys"},
		"no operator": {func(g *graph.Graph) {
			g.Add(&graph.Node{Name: "c", Op: &graph.Custom{New: func() any { return 1 }}})
		}, "which is no operator"},
	} {
		var g graph.Graph
		test.build(&g)
		if _, err := Run(t.Context(), &g, Options{}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v, want %q", name, err, test.want)
		}
	}
}

// An operator's error stays the job's even if the operator's callers wrap it.
func TestErrorIsNamedOnce(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 1, 10)
	var g graph.Graph
	wrap := custom(&g, "wrap", 1, func() operator.Operator {
		return &hooks{process: func(_ *operator.Context, _ int, b *column.Batch, out operator.Output) error {
			if err := out.Emit(b); err != nil {
				return fmt.Errorf("wrapped: %w", err)
			}
			return nil
		}}
	}, graph.Edge{From: source.scan(&g, 1).ID})
	custom(&g, "bad", 1, func() operator.Operator {
		return &hooks{process: func(*operator.Context, int, *column.Batch, operator.Output) error { return errTest }}
	}, graph.Edge{From: wrap.ID})
	_, err := Run(t.Context(), &g, Options{})
	var named *task.Error
	if !errors.As(err, &named) || named.Operator != "bad[2] (1/1)" || strings.Count(err.Error(), "(1/1)") != 1 {
		t.Errorf("error %v, want it to name operator bad alone", err)
	}
}

// Progress is told now and then, by the clock, and once at the end.
func TestProgress(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 2, 500)
	hold := make(chan struct{})
	source.beforePoll = func(_, n int64) error {
		if n == 500 {
			<-hold
		}
		return nil
	}
	var g graph.Graph
	source.scan(&g, 1)
	clock, told := newClock(), make(chan Progress, 10)
	h, err := Start(t.Context(), &g, Options{Clock: clock, Progress: func(p Progress) { told <- p }, ProgressInterval: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	clock.Await(started.Add(time.Second))
	clock.Advance(time.Second)
	if p := <-told; p.Elapsed != time.Second || p.BytesTotal != 1000 || p.RowsIn > 500 {
		t.Errorf("progress %+v", p)
	}
	close(hold)
	result, err := h.Wait()
	if err != nil {
		t.Fatal(err)
	}
	for p := range told {
		if p.RowsIn == 1000 {
			if p.BytesIn != 1000 || p.Nodes[0].Name != "Scan" {
				t.Errorf("progress at the end %+v", p)
			}
			break
		}
	}
	if result.RowsIn != 1000 || result.Duration != time.Second {
		t.Errorf("result %+v", result)
	}
}
