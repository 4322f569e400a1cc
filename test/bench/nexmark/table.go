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
			fmt.Fprintf(os.Stderr, "%s, %s: %s\n", name, q, took(f))
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

// took is how long a run took, or after which time it was stopped.
func took(f measure.Figure) string {
	if f.Part > 0 {
		return fmt.Sprintf("> %.0f s (%.0f %% done)", f.Wall.Seconds(), f.Part*100)
	}
	return fmt.Sprintf("%.2f s", f.Wall.Seconds())
}

// comparison is a ratio that the table shows: how many times as long as the second the first took.
type comparison struct {
	what          string
	first, second string
	of            func(measure.Figure) float64
}

func seconds(f measure.Figure) float64    { return f.Time().Seconds() }
func cpuSeconds(f measure.Figure) float64 { return f.CPU.Seconds() }

var comparisons = []comparison{
	{"Time", "Flink, mini-batch on", "mini-batch on", seconds}, {"Time", "Flink, mini-batch off", "mini-batch off", seconds},
	{"Time", "mini-batch on", "DuckDB", seconds}, {"Time", "mini-batch off", "DuckDB", seconds},
	{"Time", "mini-batch on", "by hand", seconds}, {"Time", "mini-batch off", "by hand", seconds},
	{"CPU", "mini-batch on", "DuckDB", cpuSeconds}, {"CPU", "mini-batch on", "by hand", cpuSeconds},
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
	anyStopped := false
	for _, q := range queries {
		fmt.Fprintf(w, "| %s", q)
		for _, c := range t.contenders {
			f, ok := c.of[q]
			if !ok {
				fmt.Fprint(w, " | ")
				continue
			}
			fmt.Fprintf(w, " | %s", t.cell(f))
			anyStopped = anyStopped || f.Part > 0
		}
		fmt.Fprintln(w, " |")
	}
	if anyStopped {
		fmt.Fprintln(w, "\n\\* was stopped before its end. The rate is that of the events it had read by then, and ratios are of the time that all would take at that rate.")
	}
	for _, c := range comparisons {
		t.compare(w, queries, c)
	}
}

// cell is a run's figures. Those of a peer that runs all queries in the same processes have no CPU time.
func (t *table) cell(f measure.Figure) string {
	rate := float64(t.events) / 1e6 / seconds(f)
	text := fmt.Sprintf("%.2f", rate)
	if rate < 1 {
		text = fmt.Sprintf("%.3f", rate)
	}
	switch {
	case f.Part > 0:
		text += fmt.Sprintf("\\*, > %.0f s", f.Wall.Seconds())
	case f.CPU > 0:
		text += fmt.Sprintf(", %.1f s", f.CPU.Seconds())
	}
	return fmt.Sprintf("%s, %d", text, f.Memory>>20)
}

// compare writes how many times as long as the second contender the first took: by query, in the geometric mean, the least and the most.
//
// The time is that of a clock; where the machine is not ours alone, that of the processors says more.
func (t *table) compare(w io.Writer, queries []string, c comparison) {
	sum, n := 0.0, 0
	most, worst, least, best := 0.0, "", math.Inf(1), ""
	text := ""
	for _, q := range queries {
		a, ok1 := t.named(c.first).of[q]
		b, ok2 := t.named(c.second).of[q]
		if !ok1 || !ok2 {
			continue
		}
		ratio, mark := c.of(a)/c.of(b), ""
		if a.Part > 0 || b.Part > 0 {
			mark = "\\*"
		}
		text += fmt.Sprintf(" %s %.2f%s,", q, ratio, mark)
		sum, n = sum+math.Log(ratio), n+1
		if ratio > most {
			most, worst = ratio, q
		}
		if ratio < least {
			least, best = ratio, q
		}
	}
	if n > 0 {
		fmt.Fprintf(w, "\n%s, %s : %s:%s geometric mean %.2f, at least %.2f (%s), at most %.2f (%s)\n",
			c.what, c.first, c.second, text, math.Exp(sum/float64(n)), least, best, most, worst)
	}
}
