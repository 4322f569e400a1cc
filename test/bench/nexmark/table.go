package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"runtime"

	"github.com/millstream/millstream/test/bench/measure"
)

// table collects the figures of all contenders.
type table struct {
	events     int64
	contenders []*contender
}

// contender is an engine, or a way to run one.
type contender struct {
	name string
	of   map[string]measure.Figure // by query
}

// add measures all queries that a contender can run. A run that fails is told and left out.
func (t *table) add(name string, queries []string, run func(q string) (measure.Figure, bool, error)) {
	c := &contender{name: name, of: map[string]measure.Figure{}}
	for _, q := range queries {
		f, ok, err := run(q)
		switch {
		case err != nil:
			fmt.Fprintf(os.Stderr, "%s, %s: %v\n", name, q, err)
		case ok:
			c.of[q] = f
			fmt.Fprintf(os.Stderr, "%s, %s: %.2f s\n", name, q, f.Wall.Seconds())
		}
	}
	t.contenders = append(t.contenders, c)
}

// named returns a contender, with no figures if it was not measured.
func (t *table) named(name string) *contender {
	for _, c := range t.contenders {
		if c.name == name {
			return c
		}
	}
	return &contender{}
}

// comparisons are the ratios of times that the table shows: how many times as long as the second the first took.
var comparisons = [][2]string{
	{"mini-batch on", "DuckDB"}, {"mini-batch on", "by hand"}, {"Flink, mini-batch on", "mini-batch on"}, {"Flink, mini-batch off", "mini-batch off"},
}

// print writes Markdown: events a second, then CPU and memory, then ratios with their geometric means.
func (t *table) print(w io.Writer, queries []string) {
	fmt.Fprintf(w, "%d events, %d cores\n\nMillions of events a second, CPU seconds, peak memory in MB:\n\n|", t.events, runtime.NumCPU())
	for _, c := range t.contenders {
		fmt.Fprintf(w, " | %s", c.name)
	}
	fmt.Fprint(w, " |\n|---")
	for range t.contenders {
		fmt.Fprint(w, "|---")
	}
	fmt.Fprintln(w, "|")
	for _, q := range queries {
		fmt.Fprintf(w, "| %s", q)
		for _, c := range t.contenders {
			f, ok := c.of[q]
			if !ok {
				fmt.Fprint(w, " | ")
				continue
			}
			fmt.Fprintf(w, " | %.2f, %.1f s, %d", float64(t.events)/1e6/f.Wall.Seconds(), f.CPU.Seconds(), f.Memory>>20)
		}
		fmt.Fprintln(w, " |")
	}
	for _, pair := range comparisons {
		t.compare(w, queries, "Time", pair, func(f measure.Figure) float64 { return f.Wall.Seconds() })
	}
	for _, pair := range comparisons[:2] {
		t.compare(w, queries, "CPU", pair, func(f measure.Figure) float64 { return f.CPU.Seconds() })
	}
}

// compare writes how many times as long as the second contender the first took.
//
// The time is that of a clock; where the machine is not ours alone, that of the processors says more.
func (t *table) compare(w io.Writer, queries []string, what string, pair [2]string, of func(measure.Figure) float64) {
	sum, n, most, worst := 0.0, 0, 0.0, ""
	text := ""
	for _, q := range queries {
		a, ok1 := t.named(pair[0]).of[q]
		b, ok2 := t.named(pair[1]).of[q]
		if !ok1 || !ok2 {
			continue
		}
		ratio := of(a) / of(b)
		text += fmt.Sprintf(" %s %.2f,", q, ratio)
		sum, n = sum+math.Log(ratio), n+1
		if ratio > most {
			most, worst = ratio, q
		}
	}
	if n > 0 {
		fmt.Fprintf(w, "\n%s, %s : %s:%s geometric mean %.2f, at most %.2f (%s)\n", what, pair[0], pair[1], text, math.Exp(sum/float64(n)), most, worst)
	}
}
