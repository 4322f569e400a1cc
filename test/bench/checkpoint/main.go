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
	"time"

	"github.com/millstream/millstream/test/bench/measure"
)

var (
	stateMB  = flag.Int64("state-mb", 2000, "`megabytes` of state that the pauses are measured with; recovery is of half as much")
	seconds  = flag.Int64("seconds", 20, "`seconds` of each throughput run")
	store    = flag.String("store", "", "`URL` of the directory for checkpoints; default: a temporary directory")
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

// throughput runs the counts with and without checkpoints, in turns.
func throughput(ctx context.Context, dir string) error {
	keys := keysOf(*stateMB / 10)
	fmt.Printf("Throughput, %d keys changing at random, %d s each:\n\n| query | without checkpoints (rows/s) | each second (rows/s) | cost | without (rows per CPU second) | each second | cost | checkpoints |\n|---|---|---|---|---|---|---|---|\n", keys, *seconds)
	for _, q := range queries {
		var rate, work [2]float64
		taken := 0
		for round := range 4 { // in turns, for a machine is not always as fast
			with := round & 1
			interval := "0 s"
			if with == 1 {
				interval = "1 s"
			}
			j := &measured{query: q, keys: keys, dir: fmt.Sprintf("%s/%s-%d", dir, q.name, round), interval: interval}
			if err := j.start(ctx); err != nil {
				return err
			}
			if err := j.loaded(ctx); err != nil {
				return err
			}
			before, start, busy := j.events.next.Load(), time.Now(), measure.CPU()
			if err := sleep(ctx, time.Duration(*seconds)*time.Second/2); err != nil {
				return err
			}
			rows := float64(j.events.next.Load() - before)
			rate[with] += rows / time.Since(start).Seconds() / 2
			work[with] += rows / (measure.CPU() - busy).Seconds() / 2
			taken += len(j.list())
			if err := j.stop(); err != nil {
				return err
			}
		}
		fmt.Printf("| %s | %.0f | %.0f | %.1f %% | %.0f | %.0f | %.1f %% | %d |\n", q.name, rate[0], rate[1], 100*(1-rate[1]/rate[0]),
			work[0], work[1], 100*(1-work[1]/work[0]), taken)
	}
	return nil
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
