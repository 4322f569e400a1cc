package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/millstream/millstream/test/bench/measure"
)

// comparison is what was measured of one format on one store.
type comparison struct {
	format     string
	store      *store
	bytes      int64
	want       rowSums
	contenders []*contender
}

// contender is a program that converts the object.
type contender struct {
	name, prefix string
	run          func(ctx context.Context) (measure.Figure, error)
	all          []measure.Figure
}

func median[T ~int64](all []measure.Figure, of func(measure.Figure) T) T {
	values := make([]T, len(all))
	for i, f := range all {
		values[i] = of(f)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func wall(f measure.Figure) time.Duration { return f.Wall }
func cpu(f measure.Figure) time.Duration  { return f.CPU }

// printTable prints medians as Markdown, with each one's speed as a multiple of the loop's, by time and by CPU time.
func printTable(all []*comparison) {
	fmt.Printf("%d cores; medians of %d runs, checkpoints every %s; all rows equal\n\n", runtime.NumCPU(), *runs, *checkpoints)
	fmt.Println("| | | time (s) | MB/s | speed, of the loop's | CPU (s) | of the loop's speed per CPU second | peak memory (MB) |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for _, c := range all {
		loop := c.contenders[0]
		for _, one := range c.contenders {
			t, used := median(one.all, wall), "–"
			perCPU := "–"
			if x := median(one.all, cpu); x > 0 {
				used, perCPU = fmt.Sprintf("%.2f", x.Seconds()), fmt.Sprintf("%.2f", median(loop.all, cpu).Seconds()/x.Seconds())
			}
			fmt.Printf("| %s → Parquet, %.0f MB, %d rows, %s | %s | %.2f | %.0f | %.2f | %s | %s | %d |\n", c.format, float64(c.bytes)/1e6, c.want.rows, c.store.name, one.name,
				t.Seconds(), float64(c.bytes)/1e6/t.Seconds(), median(loop.all, wall).Seconds()/t.Seconds(), used, perCPU,
				median(one.all, func(f measure.Figure) int64 { return f.Memory })>>20)
		}
	}
}
