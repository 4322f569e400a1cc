// Command checkpoint measures what checkpoints cost: the throughput of a keyed count with and without one each second, how long tasks stand still, what
// is uploaded when a hundredth of the keys changed, and the time from the start of a process to its first new result when it recovers. The store is a
// directory, or, by -store, whatever a URL means.
//
//	go run ./test/bench/checkpoint -state-mb 200
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"strings"
	"time"

	"github.com/millstream/millstream/test/bench/measure"
)

var (
	stateMB  = flag.Int64("state-mb", 2000, "`megabytes` of state that the pauses are measured with; recovery is of half as much")
	seconds  = flag.Int64("seconds", 20, "`seconds` of each throughput run")
	rounds   = flag.Int("rounds", 2, "how many `times` each throughput run is measured, with and without checkpoints")
	store    = flag.String("store", "", "`URL` of the directory for checkpoints; default: a temporary directory")
	queryOf  = flag.String("query", "", "measure the throughput of queries whose names contain `text`")
	only     = flag.String("only", "", "measure one part: throughput, pause, alignment or recovery")
	flink    = flag.Bool("flink", false, "measure Apache Flink on the same job and a MinIO store too")
	profile  = flag.String("cpuprofile", "", "write a CPU profile to `file`")
	recovers = flag.String("recover", "", "") // of the process that is measured: the directory that it recovers from
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	register()
	if *recovers != "" {
		return recoverOnce(ctx, *recovers)
	}
	dir := *store
	if dir == "" {
		tmp, err := os.MkdirTemp("", "checkpoint")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(tmp) }() // of temporary files, which others clear away too
		dir = tmp
	}
	fmt.Printf("%d cores, checkpoints in %s\n\n", runtime.NumCPU(), dir)
	parts := []struct {
		name string
		run  func(context.Context, string) error
	}{{"throughput", throughput}, {"pause", pauses}, {"alignment", alignment}, {"recovery", recovery}}
	for _, p := range parts {
		if *only == "" || *only == p.name {
			if err := p.run(ctx, dir+"/"+p.name); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			fmt.Println()
			debug.FreeOSMemory()
		}
	}
	if *flink {
		return besideFlink(ctx)
	}
	return nil
}

// keyBytes is about what a key takes in memory.
const keyBytes = 48

func keysOf(mb int64) int64 { return mb * 1e6 / keyBytes }

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

// alignment takes checkpoints behind back pressure: the sink takes its time for each batch.
func alignment(ctx context.Context, dir string) error {
	j := &measured{query: queries[0], keys: 100_000, dir: dir, interval: "1 s", slow: time.Millisecond}
	if err := j.start(ctx); err != nil {
		return err
	}
	if err := sleep(ctx, time.Duration(*seconds)*time.Second); err != nil {
		return err
	}
	var longest, sum time.Duration
	list := j.list()
	for _, c := range list {
		longest, sum = max(longest, c.Timing.Aligning), sum+c.Timing.Aligning
	}
	fmt.Printf("Back pressure of a sink that takes a millisecond for each batch: aligning takes %v on average and %v at most, over %d checkpoints.\n",
		(sum / time.Duration(max(len(list), 1))).Round(time.Microsecond), longest.Round(time.Microsecond), len(list))
	return j.stop()
}

// pauses takes checkpoints of a large state, of which a hundredth changes between two.
func pauses(ctx context.Context, dir string) error {
	keys := keysOf(*stateMB)
	j := &measured{query: queries[0], keys: keys, dir: dir, interval: "1 h", quiet: true}
	if err := j.start(ctx); err != nil {
		return err
	}
	if err := j.loaded(ctx); err != nil {
		return err
	}
	fmt.Printf("State: %d keys, %d MB in memory.\n\n| checkpoint of | rows changed | at the barrier | longest step | copying | storing | uploaded | of all |\n|---|---|---|---|---|---|---|---|\n",
		keys, j.state()>>20)
	full := int64(0)
	for round := range 6 {
		changed := keys
		if round > 0 {
			changed = keys / 100
			if err := j.change(ctx, changed); err != nil {
				return err
			}
		}
		if round == 5 { // while data flows as fast as it can
			j.events.limit.Store(1 << 62)
		}
		c, err := j.checkpoint(ctx)
		if err != nil {
			return err
		}
		if round == 0 {
			full = c.Written
		}
		what := []string{"all", "what changed", "what changed", "what changed", "what changed", "what changed, under load"}[round]
		fmt.Printf("| %s | %d | %v | %v | %v | %v | %.1f MB | %.2f %% |\n", what, changed, c.Timing.Frozen.Round(time.Microsecond),
			c.Timing.Step.Round(time.Microsecond), c.Timing.Copying.Round(time.Millisecond), c.Storing.Round(time.Millisecond),
			float64(c.Written)/1e6, 100*float64(c.Written)/float64(full))
	}
	return j.stop()
}
