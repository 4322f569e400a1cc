package exchange

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/engine/operator"
)

// Ahead reports whether a channel's queue holds the barrier of a checkpoint, or the channel's end.
func (g *Gate) Ahead(channel int, checkpoint int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.channels[channel].find(checkpoint) >= 0
}

// find returns the position of the barrier of a checkpoint, else of the end; -1 if there is neither.
func (c *Channel) find(checkpoint int64) int {
	for i := range c.n {
		if m := c.at(i); m.Kind == End || m.Kind == Barrier && m.Time == checkpoint {
			return i
		}
	}
	return -1
}

// Overtake takes the barrier of a checkpoint out of a channel's queue, where [Gate.Ahead] has seen it, and returns what stands before it, which stays there:
// rows and marks of event time, which are read-only and there until they are taken by Next. An end stays too.
func (g *Gate) Overtake(channel int, checkpoint int64) (before []Message) {
	g.mu.Lock()
	c := g.channels[channel]
	at := c.find(checkpoint)
	for i := range at {
		if m := c.at(i); m.Kind != Barrier { // that of a checkpoint that was given up
			before = append(before, *m)
		}
	}
	tell := false
	if at >= 0 && c.at(at).Kind == Barrier {
		for ; at > 0; at-- {
			*c.at(at) = *c.at(at - 1)
		}
		c.drop()
		if c.listed && c.n == 0 {
			g.unlist(c)
		}
		if tell = c.wanted && c.n <= c.enough; tell {
			c.wanted = false
		}
	}
	g.mu.Unlock()
	if tell {
		signal(c.space)
	}
	return before
}

// Restore puts a message that a checkpoint brought back at the end of a channel's queue, whatever room there is, before any of the queues is used.
func (g *Gate) Restore(channel int, m Message) {
	c := g.channels[channel]
	c.add(&m)
	if !c.listed {
		g.list(c)
	}
}

// Bytes is the size of a payload that is a batch, about; 0 of others.
func Bytes(p operator.Payload) int {
	b, ok := p.(*column.Batch)
	if !ok {
		return 0
	}
	n := 0
	for _, c := range b.Cols {
		n += usedBytes(c)
	}
	return n
}
