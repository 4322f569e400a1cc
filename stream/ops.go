package stream

import (
	"iter"

	"github.com/millstream/millstream/engine/operator"
)

type mapOp[T, U any] struct {
	operator.Base
	f   func(T) U
	out slice[U]
}

func (o *mapOp[T, U]) Process(_ int, p operator.Payload, out operator.Output) error {
	o.out.items = o.out.items[:0]
	for _, v := range p.(*slice[T]).items {
		o.out.items = append(o.out.items, o.f(v))
	}
	return out.Emit(&o.out)
}

type filterOp[T any] struct {
	operator.Base
	keep func(T) bool
	out  slice[T]
}

func (o *filterOp[T]) Process(_ int, p operator.Payload, out operator.Output) error {
	o.out.items = o.out.items[:0]
	for _, v := range p.(*slice[T]).items {
		if o.keep(v) {
			o.out.items = append(o.out.items, v)
		}
	}
	if len(o.out.items) == 0 {
		return nil
	}
	return out.Emit(&o.out)
}

type flatMapOp[T, U any] struct {
	operator.Base
	f     func(T) iter.Seq[U]
	emit  emitter[U]
	out   operator.Output
	err   error
	yield func(U) bool // made once: a closure for each value would be an allocation for each
}

func (o *flatMapOp[T, U]) Open(*operator.Context) error {
	o.yield = func(v U) bool {
		o.emit.out.items = append(o.emit.out.items, v)
		if len(o.emit.out.items) >= batchLen {
			o.err = o.emit.flush(o.out)
		}
		return o.err == nil
	}
	return nil
}

func (o *flatMapOp[T, U]) Process(_ int, p operator.Payload, out operator.Output) error {
	o.out = out
	for _, v := range p.(*slice[T]).items {
		o.f(v)(o.yield)
		if o.err != nil {
			return o.err
		}
	}
	return o.emit.flush(out)
}

// forwardOp passes on what it gets.
type forwardOp struct{ operator.Base }

func (forwardOp) Process(_ int, p operator.Payload, out operator.Output) error { return out.Emit(p) }

type sliceSource[T any] struct {
	operator.Base
	values []T
}

func (o *sliceSource[T]) Process(int, operator.Payload, operator.Output) error { return nil }

func (o *sliceSource[T]) EndInput(_ int, out operator.Output) error {
	for from := 0; from < len(o.values); from += batchLen {
		part := slice[T]{o.values[from:min(from+batchLen, len(o.values))]}
		if err := out.Emit(&part); err != nil {
			return err
		}
	}
	return nil
}

type forEachOp[T any] struct {
	operator.Base
	f func(T) error
}

func (o *forEachOp[T]) Process(_ int, p operator.Payload, _ operator.Output) error {
	for _, v := range p.(*slice[T]).items {
		if err := o.f(v); err != nil {
			return err
		}
	}
	return nil
}
