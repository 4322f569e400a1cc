package job

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
)

// watermarker makes a watermark of each batch's last number.
type watermarker struct{ pass }

func (o *watermarker) Process(_ int, p operator.Payload, out operator.Output) error {
	if err := out.Emit(p); err != nil {
		return err
	}
	rows := rowsOf(p.(*column.Batch))
	return out.(operator.Marker).EmitWatermark(rows[len(rows)-1].n)
}

func (o *watermarker) Idle(idle bool, out operator.Output) error {
	return out.(operator.Marker).EmitIdle(idle)
}

// heard keeps what an operator hears, in order: numbers of rows, and "wm t".
type heard struct {
	mu   sync.Mutex
	list []string
	max  int64
}

func (h *heard) op() operator.Operator {
	add := func(s string, n int64) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.list = append(h.list, s)
		h.max = max(h.max, n)
	}
	return &hooks{
		process: func(_ *operator.Context, _ int, b *column.Batch, out operator.Output) error {
			for _, r := range rowsOf(b) {
				add(fmt.Sprint(r.n), 0)
			}
			return out.Emit(b)
		},
		watermark: func(_ *operator.Context, t int64) error {
			add(fmt.Sprint("wm ", t), t)
			return nil
		},
		end: func(_ *operator.Context, input int, _ operator.Output) error {
			add(fmt.Sprint("end ", input), 0)
			return nil
		},
	}
}

func (h *heard) watermark() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.max
}

// A watermark keeps its place among the rows, in a chain and over exchanges; the end of time comes once, behind all.
func TestWatermarksKeepTheirPlace(t *testing.T) {
	leaktest.Check(t)
	for _, ship := range []graph.Ship{graph.Forward, graph.Hash, graph.Rebalance, graph.Broadcast} {
		source := newTestSource(t, 1, 50)
		source.batch = 1
		var g graph.Graph
		marks := custom(&g, "marks", 1, func() operator.Operator { return &watermarker{} }, graph.Edge{From: source.scan(&g, 1).ID})
		var before, after heard
		a := custom(&g, "before", 1, before.op, graph.Edge{From: marks.ID})
		custom(&g, "after", 1, after.op, graph.Edge{From: a.ID, Ship: ship, Keys: []int{0}})
		mustRun(t, &g, Options{})
		var want []string
		for n := range 50 {
			want = append(want, fmt.Sprint(n), fmt.Sprint("wm ", n))
		}
		want = append(want, fmt.Sprint("wm ", math.MaxInt64), "end 0")
		if !slices.Equal(before.list, want) {
			t.Errorf("%v: in the chain: %v", ship, before.list)
		}
		// Over an exchange, watermarks that wait may merge, but never pass rows or stay behind them.
		next := 0
		for _, s := range after.list {
			at := slices.Index(want[next:], s)
			if at < 0 {
				t.Fatalf("%v: %s came out of order: %v", ship, s, after.list)
			}
			for _, skipped := range want[next : next+at] {
				if skipped[0] != 'w' {
					t.Fatalf("%v: %s is missing: %v", ship, skipped, after.list)
				}
			}
			next += at + 1
		}
		if next != len(want) {
			t.Errorf("%v: the end is missing: %v", ship, after.list)
		}
	}
}

// A source without rows for some time does not hold event time back, and counts again when it has rows.
func TestIdleSource(t *testing.T) {
	t.Run("setting", func(t *testing.T) { testIdleSource(t, "1 min", 0) })
	t.Run("table", func(t *testing.T) { testIdleSource(t, "1 h", time.Minute) })
}

func testIdleSource(t *testing.T, all string, table time.Duration) {
	leaktest.Check(t)
	source := newTestSource(t, 2, 100)
	source.unbounded, source.batch = true, 1
	more := make(chan struct{})
	source.beforePoll = func(split, n int64) error {
		if split == 0 && n == 50 {
			<-more
		}
		return nil
	}
	// Split 1 (numbers 100 …) is one subtask's, split 0 the other's, which is stuck half-way: event time stays where it is.
	var g graph.Graph
	scan := source.scan(&g, 2)
	scan.Op.(*graph.Scan).Table.IdleTimeout = table
	marks := custom(&g, "marks", 2, func() operator.Operator { return &watermarker{} }, graph.Edge{From: scan.ID})
	var got heard
	custom(&g, "heard", 1, got.op, graph.Edge{From: marks.ID, Ship: graph.Rebalance})
	clock := newClock()
	h, err := Start(t.Context(), &g, Options{Clock: clock, Env: settings(t, "table.exec.source.idle-timeout", all)})
	if err != nil {
		t.Fatal(err)
	}
	await(func() bool { return got.watermark() == 49 })
	close(more)
	await(func() bool { return got.watermark() == 99 })
	clock.Await(started.Add(time.Minute))
	clock.Advance(time.Minute)
	// Both sources are quiet for a minute now, so event time goes on to where the furthest is.
	await(func() bool { return got.watermark() == 199 })
	h.Cancel()
	if _, err := h.Wait(); !errors.Is(err, ErrCancelled) {
		t.Error(err)
	}
}

// Timers call their own operator, at their time and not before.
func TestProcessingTimeTimers(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 1, 3)
	source.unbounded = true
	var g graph.Graph
	type call struct {
		name string
		at   time.Duration
	}
	calls := make(chan call, 10)
	node := func(name string, from int, ship graph.Ship, after ...time.Duration) *graph.Node {
		return custom(&g, name, 1, func() operator.Operator {
			return &hooks{
				open: func(c *operator.Context) error {
					c.SetTimer(started.Add(after[0]))
					return nil
				},
				process: func(c *operator.Context, _ int, b *column.Batch, out operator.Output) error {
					for _, d := range after[1:] {
						c.SetTimer(started.Add(d))
						c.SetTimer(started.Add(d))
					}
					return out.Emit(b)
				},
				timer: func(c *operator.Context, at time.Time, _ operator.Output) error {
					if c.Now().Before(at) {
						t.Errorf("the timer for %v came at %v", at, c.Now())
					}
					calls <- call{name, at.Sub(started)}
					return nil
				},
			}
		}, graph.Edge{From: from, Ship: ship})
	}
	scan := source.scan(&g, 1)
	a := node("a", scan.ID, graph.Forward, 1*time.Second, 4*time.Second)
	b := node("b", a.ID, graph.Forward, 2*time.Second, 3*time.Second)
	var rows gathered
	custom(&g, "gather", 1, rows.op, graph.Edge{From: b.ID})
	clock := newClock()
	h, err := Start(t.Context(), &g, Options{Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	await(func() bool { return len(rows.all()) == 3 })
	for i, want := range []call{{"a", time.Second}, {"b", 2 * time.Second}, {"b", 3 * time.Second}, {"a", 4 * time.Second}} {
		clock.Await(started.Add(time.Duration(i+1) * time.Second))
		clock.Advance(time.Second)
		if got := <-calls; got != want {
			t.Errorf("timer %v came, want %v", got, want)
		}
	}
	h.Cancel()
	if _, err := h.Wait(); !errors.Is(err, ErrCancelled) {
		t.Error(err)
	}
	if len(calls) > 0 {
		t.Errorf("timer %v came once more", <-calls)
	}
}

// A subtask of a source with fewer splits than subtasks holds no watermark back, however long it takes to end.
func TestSpareSubtaskHoldsNothingBack(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 1, 50)
	source.batch = 1
	var g graph.Graph
	marks := custom(&g, "marks", 3, func() operator.Operator { return &watermarker{} }, graph.Edge{From: source.scan(&g, 3).ID})
	risen := make(chan struct{})
	slow := custom(&g, "slow", 3, func() operator.Operator {
		return &hooks{
			process: func(_ *operator.Context, _ int, b *column.Batch, out operator.Output) error { return out.Emit(b) },
			end: func(c *operator.Context, _ int, _ operator.Output) error {
				if c.Subtask > 0 {
					<-risen
				}
				return nil
			},
		}
	}, graph.Edge{From: marks.ID})
	var once sync.Once
	custom(&g, "last", 1, func() operator.Operator {
		return &hooks{
			process: func(*operator.Context, int, *column.Batch, operator.Output) error { return nil },
			watermark: func(_ *operator.Context, now int64) error {
				if now >= 10 {
					once.Do(func() { close(risen) })
				}
				return nil
			},
		}
	}, graph.Edge{From: slow.ID, Ship: graph.Rebalance})
	mustRun(t, &g, Options{})
}
