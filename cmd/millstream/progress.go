package main

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// progress draws one line about a running job on the terminal: nothing in the first second, nothing where standard error is not a
// terminal or the user asked for quiet.
type progress struct {
	app   *app
	start time.Time

	mu   sync.Mutex
	last time.Time
	wide int // cells of the line on the screen
}

func (a *app) newProgress() *progress { return &progress{app: a, start: time.Now()} }

const (
	firstDraw = time.Second
	drawEvery = 100 * time.Millisecond
)

// update shows how far the job is; it may be called as often as there is something new, from any goroutine. bytesTotal is 0 where it
// is not known.
func (p *progress) update(rows, bytes, bytesTotal int64) {
	if !p.app.terminal || p.app.quiet {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if now.Sub(p.start) < firstDraw || now.Sub(p.last) < drawEvery {
		return
	}
	p.last = now
	p.draw(p.line(now.Sub(p.start), rows, bytes, bytesTotal))
}

func (p *progress) line(took time.Duration, rows, bytes, total int64) string {
	s := p.app.style()
	parts := []string{count(rows, "row"), size(bytes), size(int64(float64(bytes)/took.Seconds())) + "/s", took.Round(time.Second).String()}
	if total > 0 && bytes <= total {
		const length = 24
		done := int(length * bytes / total)
		parts = append([]string{s.bar(strings.Repeat("━", done)) + s.dim(strings.Repeat("━", length-done)) +
			fmt.Sprintf(" %3d %%", 100*bytes/total)}, parts...)
	}
	return strings.Join(parts, s.dim(" · "))
}

func (p *progress) draw(line string) {
	fmt.Fprint(p.app.err, "\r\x1b[K"+line)
	p.wide = len(line)
}

// finish takes the line off the screen.
func (p *progress) finish() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.wide > 0 {
		fmt.Fprint(p.app.err, "\r\x1b[K")
		p.wide = 0
	}
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
	case f < 1e3:
		return strconv.FormatInt(n, 10) + " B"
	case f < 1e6:
		return strconv.FormatFloat(f/1e3, 'f', 1, 64) + " kB"
	case f < 1e9:
		return strconv.FormatFloat(f/1e6, 'f', 1, 64) + " MB"
	default:
		return strconv.FormatFloat(f/1e9, 'f', 2, 64) + " GB"
	}
}
