package durable

import (
	"flag"
	"testing"

	"github.com/millstream/millstream/engine/leaktest"
	"github.com/millstream/millstream/engine/simulate"
	"github.com/millstream/millstream/objstore/mem"
)

var (
	seeds = flag.Int("durable.seeds", 200, "number of seeds of the harness")
	seed  = flag.Uint64("durable.seed", 0, "one seed of the harness to replay")
	steps = flag.Bool("durable.steps", false, "with -durable.seed: show what happened, step by step")
)

// disturb runs the job of a world, which is made anew, as a seed says.
func disturb(t *testing.T, seed uint64) (*simulate.Outcome, error) {
	return simulate.Disturb(t, seed, func() simulate.Job {
		w := newWorld(t, 3, 600)
		w.inner = mem.New("b") // where time passes as the seed says
		w.source.seed = seed
		return simulate.Job{
			Store: w.inner, Checkpoints: "checkpoints/a=20job/", Check: w.compareTimes,
			Start: func(s simulate.Start) (simulate.Handle, error) { return w.startAs(s) },
		}
	})
}

// startAs starts the job in a process of the harness.
func (w *world) startAs(s simulate.Start) (simulate.Handle, error) {
	var pairs []string
	for _, p := range s.Settings {
		pairs = append(pairs, p[0], p[1])
	}
	opts := w.optionsOver(s.Store, s.Parallelism, pairs...)
	opts.Job.ID, opts.Job.Turn, opts.Notify = s.ID, s.Turn, s.Notify
	h, err := Start(s.Context, w.graph(), opts)
	if err != nil {
		return nil, err
	}
	return h, nil
}

// Jobs over a store that fails, loses answers and dies under them, in processes that are killed, replaced while they still run and started with other
// parallelisms, write what an undisturbed job writes. A seed decides on the faults and on the order of all that happens; `-durable.seed` replays one.
func TestSeeds(t *testing.T) {
	leaktest.Check(t)
	first, n := uint64(1), *seeds
	if testing.Short() {
		n = min(n, 50)
	}
	if *seed != 0 {
		first, n = *seed, 1
	}
	var sum simulate.Outcome
	for s := first; s < first+uint64(n); s++ {
		o, err := disturb(t, s)
		if *seed != 0 && *steps {
			for i, step := range o.Trace.Steps {
				t.Log(i, step)
			}
		}
		if err != nil {
			t.Fatalf("seed %d, after %d processes: %v\nreplay it with: go test ./engine/durable -run TestSeeds -durable.seed=%d", s, o.Processes, err, s)
		}
		sum.Add(o)
	}
	t.Log(&sum)
	if n > 20 && (sum.Processes < 2*n || sum.Killed < n || sum.Resumed < n/2) {
		t.Errorf("the faults do not bite: %v", &sum)
	}
}

// A seed that runs twice does the same, step by step.
func TestReplay(t *testing.T) {
	leaktest.Check(t)
	other := 0
	var before uint64
	for s := uint64(1); s <= 20; s++ {
		first, err := disturb(t, s)
		if err != nil {
			t.Fatal(err)
		}
		second, err := disturb(t, s)
		if err != nil {
			t.Fatal(err)
		}
		if d := first.Trace.Difference(second.Trace); d != "" {
			t.Errorf("seed %d: %s", s, d)
		}
		if h := first.Trace.Hash(); h != before {
			before = h
			other++
		}
	}
	if other != 20 {
		t.Errorf("20 seeds did %d different things", other)
	}
}
