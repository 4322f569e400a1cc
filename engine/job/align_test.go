package job

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
)

// pair is a source that could run ahead and one that is slow, in one group, each with watermarks by its numbers.
type pair struct {
	graph      graph.Graph
	fast, slow *testSource
}

func newPair(t *testing.T, size, drift int64) *pair {
	p := &pair{fast: newTestSource(t, 1, size), slow: newTestSource(t, 1, size)}
	p.fast.batch, p.slow.batch = 10, 1
	for i, s := range []*testSource{p.fast, p.slow} {
		scan := s.scan(&p.graph, 1)
		scan.Op.(*graph.Scan).Table.Alignment = graph.Alignment{Group: "g", MaxDrift: time.Duration(drift) * time.Millisecond}
		custom(&p.graph, fmt.Sprint("marks ", i), 1, func() operator.Operator { return &watermarker{} }, graph.Edge{From: scan.ID})
	}
	var rows gathered
	custom(&p.graph, "rows", 1, rows.op, graph.Edge{From: 1, Ship: graph.Rebalance}, graph.Edge{From: 3, Ship: graph.Rebalance})
	return p
}

// A source never runs further ahead of the slowest of its group than its drift and the batch that took it there; it reads all in the end.
func TestAlignedSources(t *testing.T) {
	leaktest.Check(t)
	const size, drift = 1000, 50
	p := newPair(t, size, drift)
	p.slow.beforePoll = func(_, n int64) error { // the watermark is n-1, or none yet
		reach, bound := min(n+drift, size-1), n+drift+p.fast.batch
		if n == 0 {
			reach, bound = 0, p.fast.batch
		}
		await(func() bool { return p.fast.made.Load() > reach })
		if got := p.fast.made.Load(); got > bound {
			return fmt.Errorf("the fast source has read %d rows while the slow one had read %d", got, n)
		}
		return nil
	}
	if r := mustRun(t, &p.graph, Options{}); r.RowsIn != 2*size {
		t.Errorf("%d rows were read, want %d", r.RowsIn, 2*size)
	}
}

// A source that is idle holds nobody back, until it has rows again.
func TestIdleSourceIsNotWaitedFor(t *testing.T) {
	leaktest.Check(t)
	const size = 400
	p := newPair(t, size, 50)
	p.fast.unbounded, p.slow.unbounded = true, true
	p.slow.size = 100
	clock := newClock()
	h, err := Start(t.Context(), &p.graph, Options{Clock: clock, Env: settings(t, "table.exec.source.idle-timeout", "1 min")})
	if err != nil {
		t.Fatal(err)
	}
	await(func() bool { return p.slow.made.Load() == 100 && p.fast.made.Load() > 99+50 })
	if got := p.fast.made.Load(); got > 100+50+10 {
		t.Errorf("%d rows were read before the slow source was idle", got)
	}
	clock.Await(started.Add(time.Minute))
	clock.Advance(time.Minute)
	await(func() bool { return p.fast.made.Load() == size })
	h.Cancel()
	if _, err := h.Wait(); !errors.Is(err, ErrCancelled) {
		t.Error(err)
	}
}
