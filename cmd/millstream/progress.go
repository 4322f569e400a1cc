package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/millstream/millstream/engine/job"
)

// progress draws one line about a running job on the terminal: nothing in the first second, nothing where standard error is not a
// terminal or the user asked for quiet.
type progress struct {
	screen *screen // nil: nothing is drawn
	style  style
	width  func() int // of the terminal, in cells
	start  time.Time

	mu   sync.Mutex
	last time.Time
	over bool
}

const (
	firstDraw = time.Second
	drawEvery = 100 * time.Millisecond
	showState = 1_000_000 // bytes from which the size of the state is worth a place
)

func (a *app) newProgress() *progress {
	p := &progress{style: styleOf(true), width: func() int { return terminalWidth(a.stderr) }, start: time.Now()}
	if !a.quiet {
		p.screen = a.screen
	}
	return p
}

// show draws how far a job is. The job calls it as often as there is something new, from any goroutine.
func (p *progress) show(j job.Progress) {
	p.showAs(func(s style, columns int, took time.Duration) string { return progressLine(s, columns, took, j) })
}

// showAs draws the line that a function makes, if it is time for one.
func (p *progress) showAs(line func(s style, columns int, took time.Duration) string) {
	if p.screen == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if p.over || now.Sub(p.start) < firstDraw || now.Sub(p.last) < drawEvery {
		return
	}
	p.last = now
	p.screen.draw(line(p.style, p.width(), now.Sub(p.start)))
}

// finish takes the line off the screen for good.
func (p *progress) finish() {
	if p.screen == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
	p.screen.erase()
}

// progressLine says how far a job is in fewer than columns cells, leaving out what has no room. What is not known is left out.
func progressLine(s style, columns int, took time.Duration, j job.Progress) string {
	rows, bytes, total := j.RowsIn, j.BytesIn, j.BytesTotal
	var line strings.Builder
	room := columns - 1 // a full line would wrap on some terminals
	add := func(plain, styled string) {
		n := cells(plain)
		if line.Len() > 0 {
			n += cells(" · ")
		}
		if room -= n; room < 0 {
			return
		}
		if line.Len() > 0 {
			line.WriteString(s.dim(" · "))
		}
		line.WriteString(styled)
	}
	if total > 0 {
		const length = 24
		bytes := min(bytes, total) // ranges of a file overlap by a line
		done := int(length * bytes / total)
		full, rest := strings.Repeat("━", done), strings.Repeat("━", length-done)
		if !s.on {
			rest = strings.Repeat("─", length-done) // to tell them without colours
		}
		percent := fmt.Sprintf(" %3d %%", 100*bytes/total)
		add(full+rest+percent, s.bar(full)+s.dim(rest)+percent)
	}
	parts := []string{count(rows, "row")}
	if bytes > 0 {
		parts = append(parts, size(bytes), size(rate(bytes, took))+"/s")
	} else {
		parts = append(parts, count(rate(rows, took), "row")+"/s")
	}
	if j.State >= showState {
		parts = append(parts, "state "+size(j.State))
	}
	if j.Timing.Overtaken > 0 {
		parts = append(parts, "checkpoints have "+size(j.Timing.Overtaken)+" in flight")
	}
	if s := j.Selected; s.Scanned+s.Returned > 0 {
		parts = append(parts, "S3 SELECT returns "+size(s.Returned))
	}
	if j.Late > 0 {
		parts = append(parts, thousands(j.Late)+" late")
	}
	if j.Evicted > 0 {
		parts = append(parts, thousands(j.Evicted)+" evicted")
	}
	for _, part := range append(parts, took.Round(time.Second).String()) {
		add(part, part)
	}
	return line.String()
}

// rate is n per second.
func rate(n int64, took time.Duration) int64 {
	return int64(math.Round(float64(n) / max(took, time.Microsecond).Seconds()))
}

// count writes a number with thousands apart, and its unit.
func count(n int64, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return thousands(n) + " " + unit
}

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// size writes a number of bytes in decimal units.
func size(n int64) string {
	switch f := float64(n); {
	case n < 1e3:
		return strconv.FormatInt(n, 10) + " B"
	case n < 999_950: // what would be rounded to 1000.0 kB
		return strconv.FormatFloat(f/1e3, 'f', 1, 64) + " kB"
	case n < 999_950_000:
		return strconv.FormatFloat(f/1e6, 'f', 1, 64) + " MB"
	default:
		return strconv.FormatFloat(f/1e9, 'f', 2, 64) + " GB"
	}
}

// round shortens a duration to what a person reads.
func round(d time.Duration) time.Duration {
	switch {
	case d < 10*time.Millisecond:
		return d.Round(10 * time.Microsecond)
	case d < time.Second:
		return d.Round(time.Millisecond)
	}
	return d.Round(10 * time.Millisecond)
}
