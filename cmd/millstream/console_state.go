package main

import (
	"sync"
	"time"

	"github.com/millstream/millstream/engine/job"
)

// progressState is how far the job that runs is. The job writes it, the view reads it.
type progressState struct {
	mu   sync.Mutex
	last job.Progress
	any  bool
}

func (p *progressState) show(j job.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.any = j, true
}

func (p *progressState) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last, p.any = job.Progress{}, false
}

// line says how far the job is in fewer than columns cells.
func (p *progressState) line(s style, columns int, took time.Duration) string {
	p.mu.Lock()
	j, running := p.last, p.any
	p.mu.Unlock()
	if !running {
		return took.Round(time.Second).String()
	}
	return progressLine(s, columns, took, j)
}
