package operator

import (
	"time"

	"github.com/millstream/millstream/column"
)

// partial aggregates before an exchange, in bounded memory: a table that becomes full goes downstream and a new one begins.
// Where keys hardly repeat it stops to look for groups: each row becomes a state of its own, until it tries again.
type partial struct {
	*aggregation
	rows    int // taken in since the table was empty
	skip    int // rows still to be passed through before the next try
	numbers []int32
	out     *column.Batch

	// Of streams, which wait for results: after so many rows, or so long after the first of them, states go downstream.
	limit   int // 0: there is no such number
	latency time.Duration
	context *Context
	waiting bool // a timer is set
}

// The bounds of a partial table, and when it gives up: hardly any row found its group.
const (
	partialGroups = 64 << 10
	partialBytes  = 16 << 20
	partialTry    = 16 << 10  // rows after which the reduction is judged
	partialSkip   = 512 << 10 // rows passed through before the next try
)

func newPartial(a *aggregation) *partial {
	return &partial{aggregation: a, out: column.NewBatch(a.stateFields(), 0)}
}

func (p *partial) process(b *column.Batch, out Output) error {
	n := b.Rows()
	if p.skip > 0 {
		p.skip -= n
		return p.passThrough(b, out)
	}
	p.update(b, p.lookup(b))
	p.rows += n
	groups := p.groups.Len()
	poor := p.rows >= partialTry && groups > p.rows-p.rows/8
	if !poor && groups < partialGroups && p.sizeBytes() < partialBytes && (p.limit <= 0 || p.rows < p.limit) {
		p.wait()
		return nil
	}
	if poor {
		p.skip = partialSkip
	}
	return p.flush(out)
}

// wait sees to it that no row waits for too long.
func (p *partial) wait() {
	if p.latency > 0 && !p.waiting && p.rows > 0 {
		p.waiting = true
		p.context.SetTimer(p.context.Now().Add(p.latency))
	}
}

// flush emits the states of all groups and forgets them.
func (p *partial) flush(out Output) error {
	n := p.groups.Len()
	for from := 0; from < n; from += ChunkRows {
		p.out.Reset()
		p.appendStates(p.out, from, min(from+ChunkRows, n))
		if err := out.Emit(p.out); err != nil {
			return err
		}
	}
	p.rows = 0
	if n > 0 {
		p.clear()
	}
	return nil
}

// passThrough emits a state for each row.
func (p *partial) passThrough(b *column.Batch, out Output) error {
	n := b.Rows()
	p.numbers = first(p.numbers, n)
	p.out.Reset()
	live := b.Sel
	if live == nil {
		live = p.numbers
	}
	for i, k := range p.keys {
		p.out.Cols[i].Take(b.Cols[k], live)
	}
	at := len(p.keys)
	for _, c := range p.calls {
		acc := c.New(c.argTypes)
		acc.Grow(n)
		c.load(b)
		rows, ids := b.Sel, p.numbers
		if c.Filter >= 0 {
			rows, ids = c.filtered(b.Cols[c.Filter], rows, ids)
		}
		if len(ids) > 0 {
			acc.Update(ids, c.args, rows)
		}
		acc.AppendState(0, n, p.out.Cols[at:at+len(c.states)])
		at += len(c.states)
	}
	p.out.Len = n
	return out.Emit(p.out)
}
