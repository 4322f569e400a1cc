package operator

import (
	"context"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// asyncLookup is a [lookupJoin] that goes on with further rows while requests are under way. A batch of rows waits in a queue until all of its
// keys are answered, and so do the watermarks behind it. Batches leave in order or, where that is allowed, as they are answered; then
// too none passes a watermark, and none passes or is passed by a batch that takes rows back, for that has to follow what it takes back. Before a
// barrier and at the end the queue is emptied, so that nothing of it is part of a checkpoint.
type asyncLookup struct {
	*lookupJoin
	unordered bool
	byKey     bool // of batches out of order, those that have a key in common stay in order
	queue     []*flight
	spare     []*flight
	flying    int // batches in the queue
	waiting   int // their rows
	done      chan *flight
	requests  context.Context // of all requests
	stop      context.CancelFunc
}

// flight is a batch that waits for its requests, or a mark that waits for the batches before it.
type flight struct {
	lookup
	batch *column.Batch // the rows; nil: a mark
	plain bool          // all rows are inserts
	done  bool
	err   error

	watermark bool // the mark is of event time, else of idleness
	time      int64
	idle      bool
}

// mostWaiting bounds the rows that wait, unless they are of one batch.
const mostWaiting = 8 * ChunkRows

var (
	_ Watermarker = (*asyncLookup)(nil)
	_ Drainer     = (*asyncLookup)(nil)
	_ Resumer     = (*asyncLookup)(nil)
)

// Open implements [Operator].
func (o *asyncLookup) Open(c *Context) error {
	v, h := c.Env.Settings, &o.hint
	if h.capacity == 0 {
		h.capacity = v.Int(setting.AsyncLookupCapacity)
	}
	if h.timeout == 0 {
		h.timeout = v.Duration(setting.AsyncLookupTimeout)
	}
	o.unordered = h.mode == "allow_unordered" || h.mode == "" && v.Enum(setting.AsyncLookupMode) == "ALLOW_UNORDERED"
	o.byKey = v.Bool(setting.AsyncLookupKeyOrdered)
	n := min(max(h.capacity, 1), maxRequests)
	o.slots, o.done = make(chan struct{}, n), make(chan *flight, n)
	o.requests, o.stop = context.WithCancel(c)
	if err := o.lookupJoin.Open(c); err != nil {
		o.stop()
		return err
	}
	return nil
}

// Process implements [Operator].
func (o *asyncLookup) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	n := b.Rows()
	if n == 0 {
		return nil
	}
	if err := o.loaded(); err != nil {
		return err
	}
	for o.flying == cap(o.done) || o.flying > 0 && o.waiting+n > mostWaiting {
		if err := o.land(out); err != nil {
			return err
		}
	}
	f := o.take()
	if f.batch == nil {
		f.batch, f.lookup = &column.Batch{}, o.newLookup()
		for _, field := range o.in[0] {
			f.batch.Cols = append(f.batch.Cols, column.NewVector(field.Type, 0))
		}
	}
	f.batch.Reset()
	f.batch.AppendRows(b, nil)
	f.plain, f.done, f.err = appended(b), false, nil
	if err := o.number(&f.lookup, f.batch); err != nil {
		return err
	}
	o.queue = append(o.queue, f)
	o.flying++
	o.waiting += n
	o.work.Go(func() {
		f.err = o.look(o.requests, &f.lookup)
		o.done <- f // there is room for all
		o.ctx.Wake()
	})
	return o.release(out)
}

// take returns a flight to be used.
func (o *asyncLookup) take() *flight {
	if n := len(o.spare); n > 0 {
		f := o.spare[n-1]
		o.spare = o.spare[:n-1]
		return f
	}
	return &flight{}
}

// land waits until a batch is answered, and emits what can be.
func (o *asyncLookup) land(out Output) error {
	select {
	case f := <-o.done:
		f.done = true
	case <-o.ctx.Done():
		return context.Cause(o.ctx)
	}
	return o.release(out)
}

// release emits what is answered and need not wait for others.
func (o *asyncLookup) release(out Output) error {
	for more := true; more; {
		select {
		case f := <-o.done:
			f.done = true
		default:
			more = false
		}
	}
	kept := o.queue[:0]
	for i, f := range o.queue {
		if f.batch == nil || !f.plain || !o.unordered {
			if len(kept) > 0 || f.batch != nil && !f.done {
				kept = append(kept, o.queue[i:]...)
				break
			}
		}
		if f.batch != nil && (!f.done || o.follows(kept, f)) {
			kept = append(kept, f)
			continue
		}
		if err := o.leave(f, out); err != nil {
			return err
		}
	}
	clear(o.queue[len(kept):])
	o.queue = kept
	return nil
}

// follows reports whether a batch has to wait for one of those before it, because of a key.
func (o *asyncLookup) follows(before []*flight, f *flight) bool {
	if !o.byKey {
		return false
	}
	n := f.groups.Len()
	ids := make([]int32, n)
	for _, b := range before {
		b.groups.Find(f.groups.Keys(), nil, n, ids)
		if slices.ContainsFunc(ids, func(g int32) bool { return g != state.None }) {
			return true
		}
	}
	return false
}

// leave emits a batch or a mark.
func (o *asyncLookup) leave(f *flight, out Output) error {
	if f.batch == nil {
		if f.watermark {
			return out.(Marker).EmitWatermark(f.time)
		}
		return out.(Marker).EmitIdle(f.idle)
	}
	if f.err != nil {
		return f.err
	}
	if err := o.emit(&f.lookup, f.batch, out); err != nil {
		return err
	}
	o.flying--
	o.waiting -= f.batch.Len
	o.spare = append(o.spare, f)
	return nil
}

// Resume implements [Resumer]: something was answered.
func (o *asyncLookup) Resume(out Output) error {
	if err := o.loaded(); err != nil {
		return err
	}
	return o.release(out)
}

// Watermark implements [Operator]. The watermark waits for the batches before it.
func (o *asyncLookup) Watermark(t int64, out Output) error {
	if n := len(o.queue); n > 0 && o.queue[n-1].watermark {
		o.queue[n-1].time = t
	} else {
		o.queue = append(o.queue, &flight{watermark: true, time: t})
	}
	return o.release(out)
}

// Idle implements [Watermarker].
func (o *asyncLookup) Idle(idle bool, out Output) error {
	o.queue = append(o.queue, &flight{idle: idle})
	return o.release(out)
}

// Drain implements [Drainer].
func (o *asyncLookup) Drain(out Output) error {
	for o.flying > 0 {
		if err := o.land(out); err != nil {
			return err
		}
	}
	return o.release(out)
}

// EndInput implements [Operator].
func (o *asyncLookup) EndInput(_ int, out Output) error { return o.Drain(out) }

// Close implements [Operator].
func (o *asyncLookup) Close() error {
	o.stop()
	return o.lookupJoin.Close()
}

// SizeBytes implements [Sizer]. Of batches that are being looked up only the rows count, since others write the rest.
func (o *asyncLookup) SizeBytes() int {
	n := o.lookupJoin.SizeBytes()
	for _, f := range o.queue {
		if f.batch == nil {
			continue
		}
		n += f.batch.SizeBytes()
		if f.done {
			n += f.lookup.sizeBytes()
		}
	}
	for _, f := range o.spare {
		n += f.batch.SizeBytes() + f.lookup.sizeBytes()
	}
	return n
}
