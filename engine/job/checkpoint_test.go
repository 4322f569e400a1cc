package job

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/clock"
	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// started is when simulated jobs start.
var started = time.Date(2024, 5, 1, 10, 0, 0, 0, time.UTC)

func newClock() *clock.Simulated { return clock.NewSimulated(started) }

// awaitBegin returns once a checkpoint is under way.
func awaitBegin(h *Handle) {
	await(func() bool {
		h.control.mu.Lock()
		defer h.control.mu.Unlock()
		return h.control.pending != nil
	})
}

// await returns once what other goroutines work towards is there.
func await(there func() bool) {
	for !there() {
		runtime.Gosched()
	}
}

// A checkpoint waits for all inputs, and what comes by an input behind its barrier waits with it.
func TestAlignment(t *testing.T) {
	leaktest.Check(t)
	early, late := newTestSource(t, 1, 1000), newTestSource(t, 1, 10)
	early.unbounded, late.unbounded = true, true
	gate, polled := make(chan struct{}), make(chan struct{})
	var once sync.Once
	late.beforePoll = func(int64, int64) error {
		once.Do(func() {
			close(polled)
			<-gate // no barrier comes from here before this opens
		})
		return nil
	}
	var g graph.Graph
	a, b := early.scan(&g, 1), late.scan(&g, 1)
	counts := make(map[int]int)
	var atSnapshot map[int]int
	custom(&g, "join", 1, func() operator.Operator {
		return &hooks{
			process: func(_ *operator.Context, input int, b *column.Batch, _ operator.Output) error {
				counts[input] += b.Rows()
				return nil
			},
			snapshot: func() error {
				atSnapshot = map[int]int{0: counts[0], 1: counts[1]}
				return nil
			},
		}
	}, graph.Edge{From: a.ID, Ship: graph.Rebalance}, graph.Edge{From: b.ID, Ship: graph.Rebalance})
	h, err := Start(t.Context(), &g, Options{})
	if err != nil {
		t.Fatal(err)
	}
	<-polled
	done := make(chan *Checkpoint)
	go func() {
		c, err := h.TriggerCheckpoint(t.Context())
		if err != nil {
			t.Error(err)
		}
		done <- c
	}()
	awaitBegin(h)
	select {
	case <-done:
		t.Fatal("the checkpoint is complete without the second source")
	default:
	}
	close(gate)
	c := <-done
	h.Cancel()
	if _, err := h.Wait(); !errors.Is(err, ErrCancelled) {
		t.Fatal(err)
	}
	// The snapshot of the join has exactly the rows before the sources' positions.
	for input, source := range []*testSource{early, late} {
		splits := c.Nodes["scan-"+source.name].Splits
		if len(splits) != 1 {
			t.Fatalf("source %d: splits %v", input, splits)
		}
		want := testPosition{0, int64(atSnapshot[input])}.split(source.size)
		if string(splits[0].State) != string(want.State) {
			t.Errorf("source %d is at %s, and the join had %d of its rows", input, splits[0].State, atSnapshot[input])
		}
	}
}

// Splits are listed once in the life of a job, however often it is restored, and those read are forgotten.
func TestSplitsAreListedOnce(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 6, 100)
	// All but one split can be read to their ends.
	held := make(chan struct{})
	source.beforePoll = func(split, _ int64) error {
		if split == 3 {
			<-held
		}
		return nil
	}
	build := func() (*graph.Graph, *gathered) {
		g, got := &graph.Graph{}, &gathered{}
		custom(g, "gather", 2, got.op, graph.Edge{From: source.scan(g, 2).ID, Ship: graph.Rebalance})
		return g, got
	}
	g, _ := build()
	h, err := Start(t.Context(), g, Options{})
	if err != nil {
		t.Fatal(err)
	}
	await(func() bool { return source.made.Load() == 500 })
	done := make(chan *Checkpoint)
	go func() {
		c, err := h.TriggerCheckpoint(t.Context())
		if err != nil {
			t.Error(err)
		}
		done <- c
	}()
	awaitBegin(h)
	close(held)
	c := <-done
	if _, err := h.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := len(c.Nodes["scan-"+source.name].Splits); n > 1 {
		t.Errorf("the checkpoint has %d splits, want at most the one that was held", n)
	}
	g, got := build()
	mustRun(t, g, Options{Restore: c})
	if n := source.listed.Load(); n != 1 {
		t.Errorf("splits were listed %d times", n)
	}
	for _, r := range got.all() {
		if r.n/100 != 3 {
			t.Errorf("row %d was read again", r.n)
		}
	}
}

// A node that had ended is not run again, one that had not is.
func TestRestoreAfterSomeEnded(t *testing.T) {
	leaktest.Check(t)
	short, long := newTestSource(t, 2, 100), newTestSource(t, 1, 100)
	long.unbounded = true
	build := func() (*graph.Graph, *gathered) {
		g, got := &graph.Graph{}, &gathered{}
		a, b := short.scan(g, 2), long.scan(g, 1)
		count := custom(g, "count", 2, newCounter, graph.Edge{From: a.ID, Ship: graph.Hash, Keys: []int{0}})
		custom(g, "gather", 1, got.op, graph.Edge{From: count.ID, Ship: graph.Rebalance}, graph.Edge{From: b.ID, Ship: graph.Rebalance})
		return g, got
	}
	g, got := build()
	h, err := Start(t.Context(), g, Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := len(counted(200)) + 100
	await(func() bool { return len(got.all()) == all }) // the short branch has ended, or is about to
	var c *Checkpoint
	for c == nil || !c.Nodes["count"].Finished {
		if c, err = h.TriggerCheckpoint(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	h.Cancel()
	if _, err := h.Wait(); !errors.Is(err, ErrCancelled) {
		t.Fatal(err)
	}
	if !c.Nodes["scan-"+short.name].Finished || c.Nodes["gather"].Finished || c.Nodes["scan-"+long.name].Finished {
		t.Errorf("ended nodes are not those of the short branch")
	}
	long.unbounded = false
	g, got = build()
	mustRun(t, g, Options{Restore: c})
	if rows := got.all(); len(rows) != 0 {
		t.Errorf("rows came again: %v", rows)
	}
}

// What a checkpoint covers is committed when it is complete, and again on a restore, where an overwrite goes on and is told whose it is.
func TestCommitWithCheckpoint(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 1, 100)
	source.unbounded = true
	sink := newTestSink(t)
	build := func() *graph.Graph {
		var g graph.Graph
		sink.node(&g, 1, graph.Edge{From: source.scan(&g, 1).ID})
		g.Nodes[1].Op.(*graph.Sink).Overwrite = true
		return &g
	}
	h, err := Start(t.Context(), build(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !sink.overwrite || sink.began != h.ID() {
		t.Errorf("the first run overwrites: %v, for %s", sink.overwrite, sink.began)
	}
	await(func() bool { return source.made.Load() == 100 })
	c, err := h.TriggerCheckpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	expectRows(t, sink.rows(), numbers(100))
	h.Cancel()
	if _, err := h.Wait(); !errors.Is(err, ErrCancelled) {
		t.Fatal(err)
	}
	clear(sink.committed) // as if the job had died between the checkpoint and the commit
	source.unbounded = false
	mustRun(t, build(), Options{Restore: c})
	expectRows(t, sink.rows(), numbers(100))
	if !sink.overwrite || sink.began != h.ID() {
		t.Errorf("the restored run overwrites: %v, for %s", sink.overwrite, sink.began)
	}
	unknown := *c
	unknown.Began = ""
	if mustRun(t, build(), Options{Restore: &unknown}); sink.overwrite {
		t.Error("a run that does not know what it had written overwrites it")
	}
	if got, want := strings.Join(sink.steps, " "), "Prepare Commit Prepare Commit Finish Prepare Commit Finish"; got != want {
		t.Errorf("steps %s, want %s", got, want)
	}
}

// A checkpoint that cannot be stored covers nothing: the next one does.
func TestCheckpointNotStored(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 1, 100)
	source.unbounded = true
	sink := newTestSink(t)
	var g graph.Graph
	sink.node(&g, 1, graph.Edge{From: source.scan(&g, 1).ID})
	broken := errTest
	h, err := Start(t.Context(), &g, Options{OnCheckpoint: func(context.Context, *Checkpoint) error { return broken }})
	if err != nil {
		t.Fatal(err)
	}
	await(func() bool { return source.made.Load() == 100 })
	if _, err := h.TriggerCheckpoint(t.Context()); !errors.Is(err, errTest) {
		t.Errorf("error %v, want that of the store", err)
	}
	if rows := sink.rows(); len(rows) > 0 || h.LastCheckpoint() != nil {
		t.Error("a checkpoint that was not stored counts")
	}
	broken = nil
	if _, err := h.TriggerCheckpoint(t.Context()); err != nil {
		t.Error(err)
	}
	expectRows(t, sink.rows(), numbers(100))
	h.Cancel()
	if _, err := h.Wait(); !errors.Is(err, ErrCancelled) {
		t.Error(err)
	}
}

func settings(t *testing.T, pairs ...string) connector.Env {
	t.Helper()
	v := setting.New(setting.Engine)
	for i := 0; i < len(pairs); i += 2 {
		if err := v.Set(pairs[i], pairs[i+1], "test"); err != nil {
			t.Fatal(err)
		}
	}
	return connector.Env{Settings: v}
}

// Checkpoints come by the clock; one that takes too long is given up, and one too many ends the job.
func TestPeriodicCheckpoints(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 1, 100)
	source.unbounded = true
	stuck := make(chan chan struct{}, 1)
	var g graph.Graph
	custom(&g, "stuck", 1, func() operator.Operator {
		return &hooks{snapshot: func() error {
			select {
			case c := <-stuck:
				<-c
			default:
			}
			return nil
		}}
	}, graph.Edge{From: source.scan(&g, 1).ID, Ship: graph.Rebalance})
	taken := make(chan int64, 10)
	clock := newClock()
	h, err := Start(t.Context(), &g, Options{
		Clock: clock,
		Env: settings(t, "execution.checkpointing.interval", "10 s", "execution.checkpointing.timeout", "3 s",
			"execution.checkpointing.tolerable-failed-checkpoints", "1"),
		OnCheckpoint: func(_ context.Context, c *Checkpoint) error {
			taken <- c.ID
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	// to moves the clock to so many seconds after the start, once somebody waits for that.
	to := func(seconds int) {
		at := started.Add(time.Duration(seconds) * time.Second)
		clock.Await(at)
		clock.Advance(at.Sub(clock.Now()))
	}
	for id := 1; id <= 3; id++ {
		to(10 * id)
		if got := <-taken; got != int64(id) {
			t.Errorf("checkpoint %d came, want %d", got, id)
		}
	}
	hold := make(chan struct{})
	stuck <- hold
	to(40) // checkpoint 4 begins and is stuck
	to(43) // and is given up
	clock.Await(started.Add(50 * time.Second))
	close(hold)
	to(50)
	if got := <-taken; got != 5 {
		t.Errorf("checkpoint %d came after one was given up, want 5", got)
	}
	hold = make(chan struct{})
	stuck <- hold
	to(60)
	to(63)
	to(70) // the next is stuck behind it
	to(73) // one too many
	<-h.ctx.Done()
	close(hold)
	if _, err := h.Wait(); err == nil || !strings.Contains(err.Error(), "execution.checkpointing.timeout") {
		t.Errorf("error %v, want that checkpoints take too long", err)
	}
}

func TestWrongRestore(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 1, 100)
	var g graph.Graph
	source.scan(&g, 1)
	full := &Checkpoint{ID: 7, MaxParallelism: 128, Nodes: map[string]*NodeState{
		"gone": {Name: "Aggregate", Subtasks: [][]state.Table{{{Name: "x", Schema: rowFields, Rows: column.NewBatch(rowFields, 0)}}}},
	}}
	if _, err := Run(t.Context(), &g, Options{Restore: full}); err == nil || !strings.Contains(err.Error(), "Aggregate (uid 'gone')") {
		t.Errorf("error %v, want that state would be lost", err)
	}
	mustRun(t, &g, Options{Restore: full, Env: settings(t, "execution.state-recovery.ignore-unclaimed-state", "true")})
	if _, err := Run(t.Context(), &g, Options{Restore: full, MaxParallelism: 64}); err == nil || !strings.Contains(err.Error(), "set pipeline.max-parallelism to 128") {
		t.Errorf("error %v, want that key groups differ", err)
	}
}
