package operator

import "sync/atomic"

// Counter counts; one task adds, anyone reads.
type Counter struct{ n atomic.Int64 }

// Add adds n.
func (c *Counter) Add(n int64) { c.n.Add(n) }

// Load returns the count.
func (c *Counter) Load() int64 { return c.n.Load() }

// Gauge is a quantity that rises and falls; one task sets it, anyone reads.
type Gauge struct{ now, most atomic.Int64 }

// Set sets the quantity.
func (g *Gauge) Set(n int64) {
	g.now.Store(n)
	if n > g.most.Load() {
		g.most.Store(n)
	}
}

// Load returns the quantity.
func (g *Gauge) Load() int64 { return g.now.Load() }

// Most returns the largest quantity there was.
func (g *Gauge) Most() int64 { return g.most.Load() }
