package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/millstream/millstream/test/bench/measure"
)

// contender is a program that counts the words.
type contender struct {
	name string
	run  func(ctx context.Context) (measure.Figure, error)
	all  []measure.Figure
}

func median[T ~int64](all []measure.Figure, of func(measure.Figure) T) T {
	values := make([]T, len(all))
	for i, f := range all {
		values[i] = of(f)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// table prints the medians of all contenders as Markdown, with each one's speed as a multiple of the first one's.
func table(all []*contender, bytes int64) string {
	var b strings.Builder
	b.WriteString("| | time (s) | MB/s | speed, of the loop's | CPU (s) | peak memory (MB) |\n|---|---|---|---|---|---|\n")
	wall := func(f measure.Figure) time.Duration { return f.Wall }
	loop := median(all[0].all, wall)
	for _, c := range all {
		if len(c.all) == 0 {
			continue
		}
		t := median(c.all, wall)
		fmt.Fprintf(&b, "| %s | %.2f | %.0f | %.2f | %.2f | %d |\n", c.name, t.Seconds(), float64(bytes)/1e6/t.Seconds(),
			loop.Seconds()/t.Seconds(), median(c.all, func(f measure.Figure) time.Duration { return f.CPU }).Seconds(),
			median(c.all, func(f measure.Figure) int64 { return f.Memory })>>20)
	}
	return b.String()
}
