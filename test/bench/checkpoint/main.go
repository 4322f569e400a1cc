// Command checkpoint measures what checkpoints cost: the throughput of a keyed count with and without one each second, how long tasks stand still, what
// is uploaded when a hundredth of the keys changed, and the time from the start of a process to its first new result when it recovers. The store is a
// directory, or, by -store, whatever a URL means.
//
//	go run ./test/bench/checkpoint -state-mb 200                                          # all of it, small
//	go run ./test/bench/checkpoint -only throughput -state-mb 400 -seconds 10 -rounds 4   # the cost of one each second
//	go run ./test/bench/checkpoint -only pause -state-mb 2000 -checkpoints 60             # how long tasks stand still; about 6 GB of memory and 3 of disk
//	go run ./test/bench/checkpoint -only recovery -state-mb 2000                          # of 1 GB
//	go run ./test/bench/checkpoint -only flink -state-mb 400                              # beside Apache Flink, both with MinIO
//
// The cost is the CPU time for each row with checkpoints beside that without, of runs in turns, since the time by the clock is also what others do on the machine.
// Where others do much, the share means little: fewer rows pay for a checkpoint. "CPU for each" stays the same, about.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"

	"github.com/millstream/millstream/test/bench/measure"
)

var (
	stateMB     = flag.Int64("state-mb", 2000, "`megabytes` of state that the pauses are measured with; recovery is of half as much")
	seconds     = flag.Int64("seconds", 20, "`seconds` of each throughput run")
	rounds      = flag.Int("rounds", 2, "how many `times` each throughput run is measured, with and without checkpoints")
	checkpoints = flag.Int("checkpoints", 60, "how many checkpoints the percentiles of pauses are of")
	store       = flag.String("store", "", "`URL` of the directory for checkpoints; default: a temporary directory")
	queryOf     = flag.String("query", "", "measure the throughput of queries whose names contain `text`")
	only        = flag.String("only", "", "measure one part: throughput, pause, alignment, recovery or flink")
	flink       = flag.Bool("flink", false, "measure Apache Flink on the same job and a MinIO store too")
	profile     = flag.String("cpuprofile", "", "write a CPU profile to `file`")
	recovers    = flag.String("recover", "", "") // of the process that is measured: the directory that it recovers from
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	stopProfile, err := measure.Profile(*profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopProfile()) }()
	if *stateMB < leastStateMB {
		return fmt.Errorf("-state-mb %d is too little to measure anything: valid are numbers from %d", *stateMB, leastStateMB)
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
	if *only == "flink" {
		return besideFlink(ctx)
	}
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

// leastStateMB leaves throughput, which is measured with a tenth of the state, at least a megabyte of keys.
const leastStateMB = 10

// keyBytes is about what a key takes in memory.
const keyBytes = 48

func keysOf(mb int64) int64 { return mb * 1e6 / keyBytes }
