package durable

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/fault"
	"github.com/millstream/millstream/state/snapshot"
)

var (
	seeds = flag.Int("durable.seeds", 200, "number of seeds of the harness")
	seed  = flag.Uint64("durable.seed", 0, "one seed of the harness to replay")
)

// Jobs over a store that fails, loses answers and dies under them, in processes that are killed, replaced while they still run and started with other
// parallelisms, write what an undisturbed job writes. A seed decides on the faults; `-durable.seed` replays one.
func TestSeeds(t *testing.T) {
	leaktest.Check(t)
	first, n := uint64(1), *seeds
	if testing.Short() {
		n = min(n, 50)
	}
	if *seed != 0 {
		first, n = *seed, 1
	}
	restarts := 0
	for s := first; s < first+uint64(n); s++ {
		w := newWorld(t, 3, 150)
		processes, err := w.disturb(s)
		restarts += processes
		if err != nil {
			t.Fatalf("seed %d, after %d processes: %v\nreplay it with: go test ./engine/durable -run TestSeeds -durable.seed=%d", s, processes, err, s)
		}
	}
	if n > 20 && restarts < 2*n {
		t.Errorf("%d processes for %d seeds: the faults do not bite", restarts, n)
	}
}

// plan draws faults.
func plan(random *rand.Rand) fault.Plan {
	p := fault.Plan{Seed: random.Uint64(), Sleep: func(context.Context, time.Duration) { runtime.Gosched() }}
	ops := []fault.Op{fault.Head, fault.Get, fault.Put, fault.Create, fault.Write, fault.Seal, fault.Commit, fault.Abort, fault.Uploads, fault.List, fault.Delete}
	kinds := []objstore.Kind{objstore.Throttled, objstore.TimedOut, objstore.Unreachable}
	for range 1 + random.IntN(3) { // the store dies with the process, perhaps after it did what it was asked to
		p.Rules = append(p.Rules, fault.Rule{
			Trigger: fault.Trigger{Skip: random.IntN(60), Times: 1}, Crash: true, Lost: random.IntN(2) == 0,
		})
	}
	for range random.IntN(4) {
		p.Rules = append(p.Rules, fault.Rule{
			Ops: []fault.Op{ops[random.IntN(len(ops))]}, Trigger: fault.Trigger{Chance: 0.02 + 0.1*random.Float64(), Times: 20},
			Kind: kinds[random.IntN(len(kinds))], Lost: random.IntN(2) == 0,
		})
	}
	return p
}

// disturb runs the job until it has ended and returns how many processes that took.
func (w *world) disturb(seed uint64) (processes int, err error) {
	random := rand.New(rand.NewPCG(seed, 0))
	store := fault.New(w.inner, plan(random))
	w.store = store
	for processes = 1; ; processes++ {
		if processes > 300 {
			return processes, errors.New("the job does not come to its end")
		}
		// No input ends before the second process has started: after the end it would be a new job.
		hold := make(chan struct{})
		w.source = &numbers{splits: w.source.splits, size: w.source.size, seed: seed, hold: hold}
		sources.Store(w.name, w.source)
		h, err := Start(context.Background(), w.graph(), w.options(1+random.IntN(3), "execution.checkpointing.num-retained", fmt.Sprint(1+random.IntN(3))))
		if err != nil {
			store.Restart()
			continue
		}
		w.checkpoints(h, store, random.IntN(3))
		var second *Handle
		var restored atomic.Bool
		fresh := false                               // the second process started without state
		if random.IntN(4) == 0 && !store.Crashed() { // somebody starts the job once more
			opts := w.options(1 + random.IntN(3))
			opts.Notify = func(text string) {
				if strings.Contains(text, "goes on from") {
					restored.Store(true)
				}
			}
			if second, err = Start(context.Background(), w.graph(), opts); err == nil {
				fresh = !restored.Load()
				w.checkpoints(second, store, random.IntN(3))
			}
		}
		close(hold)
		ended := false
		for _, run := range []*Handle{h, second} {
			if run == nil {
				continue
			}
			if store.Crashed() {
				run.Cancel()
			} else {
				w.untilCrash(run, store)
			}
			_, err := run.Wait()
			if err == nil {
				ended = true
			} else if !store.Crashed() && !errors.Is(err, snapshot.ErrFenced) {
				return processes, fmt.Errorf("the job failed: %w", err)
			}
		}
		store.Restart()
		if _, failed := h.Wait(); failed == nil && second != nil && fresh {
			return processes, nil // the first one had ended when the second one started, which then ran anew, as it was told to
		}
		if ended {
			break
		}
	}
	return processes, w.compare()
}

// checkpoints takes some checkpoints, one after the other, while the job runs.
func (w *world) checkpoints(h *Handle, store *fault.Store, n int) {
	for range n {
		if store.Crashed() {
			return
		}
		_, _ = h.TriggerCheckpoint(context.Background()) // which may fail: that is the point
	}
}

// untilCrash takes checkpoints until the job has ended or the store died, which is when the process dies.
func (w *world) untilCrash(h *Handle, store *fault.Store) {
	for {
		select {
		case <-h.Done():
			return
		default:
		}
		if store.Crashed() {
			h.Cancel()
			return
		}
		_, _ = h.TriggerCheckpoint(context.Background())
		runtime.Gosched()
	}
}
