package stream

import (
	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/state"
)

// batchLen is how many values travel together at most: enough that per-slice costs vanish, few enough that a slice of
// strings stays in the second-level cache.
const batchLen = 2048

// slice is the payload of Go streams.
type slice[T any] struct{ items []T }

// Rows returns the number of values.
func (s *slice[T]) Rows() int { return len(s.items) }

// emitter gathers an operator's results and emits them in slices. It is reset by whoever calls flush.
type emitter[T any] struct {
	out slice[T]
}

func (e *emitter[T]) push(v T, out operator.Output) error {
	e.out.items = append(e.out.items, v)
	if len(e.out.items) >= batchLen {
		return e.flush(out)
	}
	return nil
}

func (e *emitter[T]) flush(out operator.Output) error {
	if len(e.out.items) == 0 {
		return nil
	}
	err := out.Emit(&e.out)
	e.out.items = e.out.items[:0]
	return err
}

// packer distributes slices over the targets of an edge. route gives each value's target; nil puts all into the only
// target of an edge that is not by key.
type packer[T any] struct {
	pending []*slice[T]
	route   func(items []T, targets []int32)
	targets []int32 // of the slice at hand
	free    chan *slice[T]
}

func newPacker[T any](targets int, route func([]T, []int32)) *packer[T] {
	return &packer[T]{
		pending: make([]*slice[T], targets), route: route,
		free: make(chan *slice[T], 4*targets), // what can be under way at a time; more is left to the collector
	}
}

// rebalance makes the packer of an edge that the engine deals out in turn.
func rebalance[T any](targets, _ int) any { return newPacker[T](targets, nil) }

// byKey makes packers that send each value to the subtask which owns the key group of its key.
func byKey[T any](newHash func() func(items []T, hashes []uint64)) func(targets, maxParallelism int) any {
	return func(targets, maxParallelism int) any {
		hash := newHash()
		var hashes []uint64
		return newPacker(targets, func(items []T, to []int32) {
			if cap(hashes) < len(items) {
				hashes = make([]uint64, max(len(items), batchLen))
			}
			hashes = hashes[:len(items)]
			hash(items, hashes)
			for i, h := range hashes {
				to[i] = int32(state.Target(state.KeyGroup(h, maxParallelism), maxParallelism, targets))
			}
		})
	}
}

func (p *packer[T]) Pack(payload operator.Payload) {
	items := payload.(*slice[T]).items
	if p.route == nil {
		s := p.slot(0)
		s.items = append(s.items, items...)
		return
	}
	if cap(p.targets) < len(items) {
		p.targets = make([]int32, max(len(items), batchLen))
	}
	to := p.targets[:len(items)]
	p.route(items, to)
	for t := range p.pending {
		p.slot(t)
	}
	for i, t := range to {
		s := p.pending[t]
		s.items = append(s.items, items[i])
	}
}

// slot returns a target's pending slice.
func (p *packer[T]) slot(target int) *slice[T] {
	if p.pending[target] == nil {
		select {
		case p.pending[target] = <-p.free:
		default:
			p.pending[target] = &slice[T]{items: make([]T, 0, batchLen)}
		}
	}
	return p.pending[target]
}

func (p *packer[T]) Pending(target int) int {
	if s := p.pending[target]; s != nil {
		return len(s.items)
	}
	return 0
}

func (p *packer[T]) Take(target int) operator.Payload {
	s := p.pending[target]
	if s == nil || len(s.items) == 0 {
		return nil
	}
	p.pending[target] = nil
	return s
}

func (p *packer[T]) Recycle(payload operator.Payload) {
	s := payload.(*slice[T])
	clear(s.items) // let go of what the values point to
	s.items = s.items[:0]
	select {
	case p.free <- s:
	default:
	}
}
