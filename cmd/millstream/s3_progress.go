package main

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"github.com/millstream/millstream/engine/job"
)

// copyProgress counts what is copied, and draws it as that of jobs.
type copyProgress struct {
	line    *progress
	objects int
	total   int64 // bytes; 0: not known
	start   time.Time
	bytes   atomic.Int64
	copied  atomic.Int64
}

func (a *app) newCopyProgress(objects int, total int64) *copyProgress {
	return &copyProgress{line: a.newProgress(), objects: objects, total: total, start: time.Now()}
}

// count makes a reader whose bytes count.
func (p *copyProgress) count(r io.Reader) io.Reader { return &countedReader{r, p} }

type countedReader struct {
	io.Reader
	progress *copyProgress
}

func (r *countedReader) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	r.progress.bytes.Add(int64(n))
	r.progress.draw()
	return n, err
}

// done counts an object that is there.
func (p *copyProgress) done() { p.copied.Add(1) }

func (p *copyProgress) draw() {
	p.line.showAs(func(s style, columns int, took time.Duration) string {
		return copyLine(s, columns, took, p.copied.Load(), int64(p.objects), p.bytes.Load(), p.total)
	})
}

func (p *copyProgress) finish() { p.line.finish() }

// summary says what was copied.
func (p *copyProgress) summary() string {
	took := time.Since(p.start)
	n := p.bytes.Load()
	return fmt.Sprintf("copied %s, %s in %s (%s/s)", count(p.copied.Load(), "object"), size(n), took.Round(time.Millisecond), size(rate(n, took)))
}

// copyLine says how far a copy is in fewer than columns cells.
func copyLine(s style, columns int, took time.Duration, copied, objects, bytes, total int64) string {
	line := progressLine(s, columns, took, job.Progress{BytesIn: bytes, BytesTotal: total})
	rows := count(0, "row")
	if objects == 1 {
		return strings.Replace(line, rows+s.dim(" · "), "", 1)
	}
	return strings.Replace(line, rows, fmt.Sprintf("%d/%d", copied, objects), 1)
}
