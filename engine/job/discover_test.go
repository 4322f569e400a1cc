package job

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/graph"
)

// growingSource is a testSource whose splits are discovered.
type growingSource struct{ *testSource }

func (s growingSource) Splits(context.Context, int) ([]connector.Split, error) {
	return nil, errors.New("the splits of a source that discovers them were listed")
}

func (s growingSource) Bounded() bool { return false }
func (s growingSource) InOrder() bool { return s.inOrder }

func (s growingSource) Discover(ctx context.Context, state []byte) (connector.Discovery, error) {
	d := &testDiscovery{source: s.testSource, ready: make(chan struct{}, 1)}
	if state != nil {
		next, err := strconv.ParseInt(string(state), 10, 64)
		if err != nil {
			return nil, err
		}
		d.next = next
	}
	d.random = rand.New(rand.NewPCG(s.seed, uint64(d.next)))
	d.ctx, d.cancel = context.WithCancel(ctx)
	s.open.Add(1)
	return d, nil
}

// testDiscovery finds the splits of a source in their order, now and then none.
type testDiscovery struct {
	source *testSource
	next   int64
	random *rand.Rand
	ctx    context.Context
	cancel context.CancelFunc
	ready  chan struct{}
	wakers sync.WaitGroup
}

func (d *testDiscovery) Poll(most int) (list []connector.Split, status connector.Status, err error) {
	for range min(d.source.splits-d.next, int64(most), d.random.Int64N(3)) {
		list = append(list, (testPosition{d.next, d.next * d.source.size}).split(d.source.size))
		d.next++
	}
	if d.next == d.source.splits {
		return list, connector.Done, nil
	}
	if d.random.IntN(2) == 0 {
		return list, connector.Ready, nil
	}
	d.wakers.Go(func() {
		select {
		case d.ready <- struct{}{}:
		case <-d.ctx.Done():
		}
	})
	return list, connector.Wait, nil
}

func (d *testDiscovery) Ready() <-chan struct{} { return d.ready }
func (d *testDiscovery) State() ([]byte, error) { return strconv.AppendInt(nil, d.next, 10), nil }

func (d *testDiscovery) Close() error {
	d.cancel()
	d.wakers.Wait()
	d.source.open.Add(-1)
	return nil
}

// Few splits wait to be read, however many there are to find, and those that were read are forgotten, also without a checkpoint.
func TestDiscoveryIsBounded(t *testing.T) {
	leaktest.Check(t)
	source := newTestSource(t, 20_000, 1)
	source.grows = true
	g := &graph.Graph{}
	custom(g, "pass", 2, newPass, graph.Edge{From: source.scan(g, 2).ID})
	var h *Handle
	started, most := make(chan struct{}), 0
	source.beforePoll = func(int64, int64) error {
		<-started
		h.control.mu.Lock()
		defer h.control.mu.Unlock()
		for _, scan := range h.control.scans {
			most = max(most, len(scan.splits))
		}
		return nil
	}
	var err error
	if h, err = Start(t.Context(), g, Options{}); err != nil {
		t.Fatal(err)
	}
	close(started)
	if _, err := h.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := source.made.Load(); n != 20_000 {
		t.Errorf("%d rows of 20000 were read", n)
	}
	if most > 1000 {
		t.Errorf("the job remembered %d splits", most)
	}
}
