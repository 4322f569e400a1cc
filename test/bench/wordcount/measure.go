package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// figure is what one run of a program took.
type figure struct {
	wall   time.Duration
	cpu    time.Duration
	memory int64 // peak resident set, in bytes
}

// contender is a program that counts the words.
type contender struct {
	name string
	run  func(ctx context.Context) (figure, error)
	all  []figure
}

// process runs a program to its end and measures it.
func process(ctx context.Context, env []string, name string, args ...string) (figure, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), env...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	start := time.Now()
	if err := cmd.Run(); err != nil {
		return figure{}, fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, output.Bytes())
	}
	f := figure{wall: time.Since(start), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		f.memory = usage.Maxrss << 10
	}
	return f, nil
}

func median[T ~int64](all []figure, of func(figure) T) T {
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
	wall := func(f figure) time.Duration { return f.wall }
	loop := median(all[0].all, wall)
	for _, c := range all {
		if len(c.all) == 0 {
			continue
		}
		t := median(c.all, wall)
		fmt.Fprintf(&b, "| %s | %.2f | %.0f | %.2f | %.2f | %d |\n", c.name, t.Seconds(), float64(bytes)/1e6/t.Seconds(),
			loop.Seconds()/t.Seconds(), median(c.all, func(f figure) time.Duration { return f.cpu }).Seconds(),
			median(c.all, func(f figure) int64 { return f.memory })>>20)
	}
	return b.String()
}
