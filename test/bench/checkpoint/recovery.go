package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/millstream/millstream/test/bench/measure"
)

// recovery fills a state and lets a process recover it.
func recovery(ctx context.Context, dir string) error {
	keys := keysOf(*stateMB / 2)
	j := &measured{query: queries[0], keys: keys, dir: dir, interval: "1 h", quiet: true}
	if err := j.start(ctx); err != nil {
		return err
	}
	if err := j.loaded(ctx); err != nil {
		return err
	}
	for round := range 4 {
		if round > 0 {
			if err := j.change(ctx, keys/100); err != nil {
				return err
			}
		}
		if _, err := j.checkpoint(ctx); err != nil {
			return err
		}
	}
	last, size := j.list()[3], j.state()
	if err := j.stop(); err != nil {
		return err
	}
	*j = measured{}
	debug.FreeOSMemory() // the process that recovers has the machine to itself
	self, err := os.Executable()
	if err != nil {
		return err
	}
	start := time.Now()
	figure, err := measure.Process(ctx, nil, self, "-recover", dir, "-state-mb", fmt.Sprint(*stateMB))
	if err != nil {
		return err
	}
	var first int64
	if _, err := fmt.Sscan(string(figure.Output), &first); err != nil {
		return fmt.Errorf("it said %q: %w", figure.Output, err)
	}
	fmt.Printf("Recovery of %d keys (%d MB in memory, %.0f MB in the store, a base and three deltas of a hundredth): process start to first new result %v; %d MB resident at most.\n",
		keys, size>>20, float64(last.Bytes)/1e6, time.Unix(0, first).Sub(start).Round(time.Millisecond), figure.Memory>>20)
	return nil
}

// recoverOnce is the process that recovers: it says when the first result came, in nanoseconds of Unix time.
func recoverOnce(ctx context.Context, dir string) error {
	j := &measured{query: queries[0], keys: keysOf(*stateMB / 2), dir: dir, interval: "1 h"}
	if err := j.start(ctx); err != nil {
		return err
	}
	select {
	case at := <-j.events.first:
		fmt.Println(at.UnixNano())
	case <-ctx.Done():
		return ctx.Err()
	}
	return j.stop()
}
