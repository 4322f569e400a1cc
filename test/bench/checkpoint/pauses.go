package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

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
	if err := barriers(ctx, j, keys/100); err != nil {
		return err
	}
	return j.stop()
}

// barriers takes many checkpoints, each while some keys change, and says how long tasks stood still.
func barriers(ctx context.Context, j *measured, changed int64) error {
	j.events.limit.Store(j.events.next.Load())
	if err := j.settled(ctx); err != nil {
		return err
	}
	var frozen, step []time.Duration
	for range *checkpoints {
		limit := j.events.limit.Add(changed)
		c, err := j.checkpoint(ctx)
		if err != nil {
			return err
		}
		frozen, step = append(frozen, c.Timing.Frozen), append(step, c.Timing.Step)
		if err := j.until(ctx, func() bool { return j.events.next.Load() >= limit }); err != nil {
			return err
		}
	}
	if *checkpoints == 0 {
		return nil
	}
	fmt.Printf("\n%d checkpoints, each while %d rows change:\n\n| | median | p99 | longest |\n|---|---|---|---|\n", *checkpoints, changed)
	for _, x := range []struct {
		name string
		list []time.Duration
	}{{"at the barrier", frozen}, {"longest step", step}} {
		slices.Sort(x.list)
		at := func(share float64) time.Duration {
			return x.list[min(len(x.list)-1, int(share*float64(len(x.list))))].Round(time.Microsecond)
		}
		fmt.Printf("| %s | %v | %v | %v |\n", x.name, at(0.5), at(0.99), at(1))
	}
	return nil
}
