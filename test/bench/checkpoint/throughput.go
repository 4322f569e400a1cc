package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/millstream/millstream/test/bench/measure"
)

// throughput runs the counts with and without checkpoints, in turns, for a machine is not always as fast.
func throughput(ctx context.Context, dir string) error {
	keys := keysOf(*stateMB / 10)
	fmt.Printf("Throughput, %d keys changing at random, %d times %d s each:\n\n", keys, *rounds, *seconds)
	fmt.Print("| query | without checkpoints (rows/s) | each second (rows/s) | cost | without (rows per CPU second) | each second | cost | of two runs | checkpoints | CPU for each |\n",
		"|---|---|---|---|---|---|---|---|---|---|\n")
	for _, q := range queries {
		if !strings.Contains(q.name, *queryOf) {
			continue
		}
		var sum [2]figure
		var costs []float64
		for round := range *rounds {
			var one [2]figure
			for i := range 2 {
				with := (i + round) & 1
				j := &measured{query: q, keys: keys, dir: fmt.Sprintf("%s/%s-%d-%d", dir, q.name, round, with), interval: []string{"0 s", "1 s"}[with]}
				f, err := j.measure(ctx)
				if err != nil {
					return err
				}
				one[with] = f
				sum[with].add(f)
			}
			costs = append(costs, 100*(1-one[1].work()/one[0].work()))
		}
		slices.Sort(costs)
		more := sum[1].busy.Seconds() - float64(sum[1].rows)/sum[0].work()
		fmt.Printf("| %s | %.0f | %.0f | %.1f %% | %.0f | %.0f | %.1f %% | %.1f … %.1f … %.1f %% | %d | %.0f ms |\n", q.name, sum[0].rate(), sum[1].rate(),
			100*(1-sum[1].rate()/sum[0].rate()), sum[0].work(), sum[1].work(), 100*(1-sum[1].work()/sum[0].work()),
			costs[0], costs[len(costs)/2], costs[len(costs)-1], sum[1].checkpoints, 1000*more/float64(max(1, sum[1].checkpoints)))
	}
	return nil
}

// figure is what runs have done.
type figure struct {
	rows        int64
	took, busy  time.Duration // by the clock, and computing
	checkpoints int
}

func (f *figure) rate() float64 { return float64(f.rows) / f.took.Seconds() }
func (f *figure) work() float64 { return float64(f.rows) / f.busy.Seconds() }

func (f *figure) add(g figure) {
	f.rows, f.took, f.busy, f.checkpoints = f.rows+g.rows, f.took+g.took, f.busy+g.busy, f.checkpoints+g.checkpoints
}

// measure runs a job, from when all keys have come.
func (m *measured) measure(ctx context.Context) (figure, error) {
	if err := m.start(ctx); err != nil {
		return figure{}, err
	}
	if err := m.loaded(ctx); err != nil {
		return figure{}, err
	}
	before, start, busy, taken := m.events.next.Load(), time.Now(), measure.CPU(), len(m.list())
	if err := sleep(ctx, time.Duration(*seconds)*time.Second); err != nil {
		return figure{}, err
	}
	f := figure{m.events.next.Load() - before, time.Since(start), measure.CPU() - busy, len(m.list()) - taken}
	err := m.stop()
	debug.FreeOSMemory() // of the state, so that the next run does not pay for it
	return f, err
}
