package stream

import (
	"math"
	"time"

	"github.com/millstream/millstream/engine/operator"
	"github.com/millstream/millstream/graph"
)

// Handler is what [Process] calls, from one goroutine in each subtask. Either function may be nil.
type Handler[K comparable, T, U any] struct {
	// Value is called for each value.
	Value func(c *Context[K, U], v T) error
	// Timer is called when a timer of the key is due.
	Timer func(c *Context[K, U], t Timer) error
}

// Process calls functions for each value of each key, and when timers of the key are due. build makes the functions of one subtask and
// declares the state that they use, which is that of the key at hand: see [ValueState], [ListState] and [MapState]. State and timers are part of
// checkpoints. What has no state and no timer is forgotten; with the options [TTL] and [MaxKeys] state is that was not
// changed for some time, or for the longest.
//
//	quiet := stream.Process(byDevice, func(s *stream.States) stream.Handler[string, Reading, string] {
//		last := stream.ValueState[time.Time](s, "last")
//		return stream.Handler[string, Reading, string]{
//			Value: func(c *stream.Context[string, string], r Reading) error {
//				last.Set(r.At)
//				c.SetEventTimer(r.At.Add(time.Hour))
//				return nil
//			},
//			Timer: func(c *stream.Context[string, string], t stream.Timer) error {
//				if at, _ := last.Get(); !t.At.Before(at.Add(time.Hour)) {
//					last.Clear()
//					return c.Emit(c.Key() + " is quiet")
//				}
//				return nil
//			},
//		}
//	})
func Process[K comparable, T, U any](s Keyed[K, T], build func(*States) Handler[K, T, U]) Stream[U] {
	const name = "Process"
	j := s.stream.job
	hash, err := newHasher[K]()
	if err != nil {
		j.fail("KeyBy: %w", err)
		hash = func([]K, []uint64) {}
	}
	edge := graph.Edge{From: s.stream.node.ID, Ship: graph.Hash, NewPacker: byKey(hashOf(hash, s.key))}
	n := j.add(name, edge, 0, func() operator.Operator {
		return &processOp[K, T, U]{key: s.key, build: build, hash: hash}
	})
	return Stream[U]{j, n}
}

// Context is what a [Handler] knows of the call, and how it emits and sets timers for the key at hand. It is valid during the call.
type Context[K comparable, U any] struct {
	op   timerSetter
	key  K
	slot int32
	emit emitter[U]
	out  operator.Output
}

// timerSetter is the operator, whatever its types.
type timerSetter interface {
	set(slot int32, at time.Time, event, on bool)
	watermark() int64
	now() time.Time
}

// Key is the key of the value or of the timer.
func (c *Context[K, U]) Key() K { return c.key }

// Emit emits a value.
func (c *Context[K, U]) Emit(v U) error { return c.emit.push(v, c.out) }

// Watermark is the event time that the input has reached, and whether it has any yet.
func (c *Context[K, U]) Watermark() (time.Time, bool) {
	t := c.op.watermark()
	return time.UnixMilli(t).UTC(), t != math.MinInt64
}

// Now is the time of processing.
func (c *Context[K, U]) Now() time.Time { return c.op.now() }

// SetEventTimer calls Timer once the watermark has reached a time, in whole milliseconds: with the next one, if it has already. Setting the same
// timer of a key again changes nothing. At the end of the input all event timers that are there are due; those that they set then are not called.
func (c *Context[K, U]) SetEventTimer(at time.Time) { c.op.set(c.slot, at, true, true) }

// SetTimer calls Timer once the clock has reached a time, in whole milliseconds. What is not due when the input ends is not called.
func (c *Context[K, U]) SetTimer(at time.Time) { c.op.set(c.slot, at, false, true) }

// DeleteEventTimer takes an event timer back, if it is there.
func (c *Context[K, U]) DeleteEventTimer(at time.Time) { c.op.set(c.slot, at, true, false) }

// DeleteTimer takes a timer back, if it is there.
func (c *Context[K, U]) DeleteTimer(at time.Time) { c.op.set(c.slot, at, false, false) }

// Timer is a timer that is due.
type Timer struct {
	At    time.Time // what it was set to
	Event bool      // of event time, rather than of the clock
}

// processOp runs the handler of one subtask.
type processOp[K comparable, T, U any] struct {
	key     func(T) K
	build   func(*States) Handler[K, T, U]
	hash    hasher[K]
	context *operator.Context
	handler Handler[K, T, U]
	time    operator.EventTime
	ended   bool // event time has come to its end
	keys    keyNumbers[K]
	states  States
	event   keyTimers
	clock   keyTimers
	alarm   int64 // when a state is over, of which the task was told; 0: of none
	call    Context[K, U]
}

func (o *processOp[K, T, U]) Open(c *operator.Context) error {
	o.context = c
	o.time.Open(c)
	o.states.names = map[string]bool{eventTimers: true, clockTimers: true, "watermark": true}
	o.handler = o.build(&o.states)
	if o.states.err != nil {
		return o.states.err
	}
	o.call.op = o
	if err := o.restore(c.Restore); err != nil {
		return err
	}
	o.wake()
	o.arm()
	return nil
}

func (o *processOp[K, T, U]) Process(_ int, p operator.Payload, out operator.Output) error {
	if o.handler.Value == nil {
		return nil
	}
	o.call.out = out
	items := p.(*slice[T]).items
	o.turn(expireSteps + len(items))
	for _, v := range items {
		o.enter(o.slot(o.key(v)))
		if err := o.handler.Value(&o.call, v); err != nil {
			return err
		}
		o.leave()
		o.evict()
	}
	o.arm()
	return o.call.emit.flush(out)
}

// slot returns the number of a key.
func (o *processOp[K, T, U]) slot(k K) int32 {
	s, fresh := o.keys.of(k)
	if fresh {
		o.states.grow(len(o.keys.keys))
		o.event.grow(len(o.keys.keys))
		o.clock.grow(len(o.keys.keys))
	}
	return s
}

// enter makes a key the one at hand.
func (o *processOp[K, T, U]) enter(s int32) {
	o.call.slot, o.call.key, o.states.slot = s, o.keys.keys[s], s
	o.states.forget()
}

// leave forgets the key at hand if nothing is known of it.
func (o *processOp[K, T, U]) leave() {
	s := o.call.slot
	if o.event.of[s] == 0 && o.clock.of[s] == 0 && o.states.empty(s) {
		o.keys.release(s)
	}
}

func (o *processOp[K, T, U]) Watermark(t int64, out operator.Output) error {
	if !o.time.Advance(t) {
		return nil
	}
	o.ended = t == math.MaxInt64
	o.turn(expireSteps)
	return o.fire(&o.event, t, true, out)
}

func (o *processOp[K, T, U]) Timer(_ time.Time, out operator.Output) error {
	if now := o.now().UnixMilli(); o.alarm != 0 && o.alarm <= now {
		o.alarm = 0
	}
	o.turn(16 * expireSteps)
	if err := o.fire(&o.clock, o.now().UnixMilli(), false, out); err != nil {
		return err
	}
	o.wake()
	return nil
}

// fire calls the timers that are due at t, in their order.
func (o *processOp[K, T, U]) fire(timers *keyTimers, t int64, event bool, out operator.Output) error {
	o.call.out = out
	for {
		due, ok := timers.next(t)
		if !ok {
			break
		}
		o.enter(due.slot)
		if o.handler.Timer != nil {
			if err := o.handler.Timer(&o.call, Timer{At: time.UnixMilli(due.at).UTC(), Event: event}); err != nil {
				return err
			}
		}
		o.leave()
		o.evict()
	}
	o.arm()
	return o.call.emit.flush(out)
}

// wake has the task call when the first timer of the clock is due.
func (o *processOp[K, T, U]) wake() {
	if at, ok := o.clock.first(); ok {
		o.context.SetTimer(time.UnixMilli(at))
	}
}

func (o *processOp[K, T, U]) set(slot int32, at time.Time, event, on bool) {
	timers, ms := &o.clock, ceilMilli(at)
	if event {
		timers = &o.event
	}
	switch {
	case !on:
		timers.remove(keyTimer{ms, slot})
	case event && o.ended: // nothing would call it
	case timers.add(keyTimer{ms, slot}) && !event:
		o.context.SetTimer(time.UnixMilli(ms))
	}
}

// ceilMilli is a time in milliseconds, no earlier than it.
func ceilMilli(at time.Time) int64 {
	ms := at.UnixMilli()
	if at.Nanosecond()%int(time.Millisecond) != 0 {
		ms++
	}
	return ms
}

func (o *processOp[K, T, U]) watermark() int64                    { return o.time.Now() }
func (o *processOp[K, T, U]) now() time.Time                      { return o.context.Now() }
func (o *processOp[K, T, U]) EndInput(int, operator.Output) error { return nil }
func (o *processOp[K, T, U]) Close() error                        { return nil }

// SizeBytes implements [operator.Sizer], as far as it can be known: what values point to is not counted.
func (o *processOp[K, T, U]) SizeBytes() int {
	return o.keys.sizeBytes() + o.states.sizeBytes() + o.event.sizeBytes() + o.clock.sizeBytes()
}

// keyNumbers numbers keys from 0; numbers of keys that were released are given again.
type keyNumbers[K comparable] struct {
	numbers map[K]int32
	keys    []K
	free    []int32
}

func (s *keyNumbers[K]) of(k K) (number int32, fresh bool) {
	if n, ok := s.numbers[k]; ok {
		return n, false
	}
	if s.numbers == nil {
		s.numbers = map[K]int32{}
	}
	n := int32(len(s.keys))
	if last := len(s.free) - 1; last >= 0 {
		n, s.free = s.free[last], s.free[:last]
		s.keys[n] = k
	} else {
		s.keys = append(s.keys, k)
		fresh = true
	}
	s.numbers[k] = n
	return n, fresh
}

func (s *keyNumbers[K]) release(n int32) {
	delete(s.numbers, s.keys[n])
	clear(s.keys[n : n+1])
	s.free = append(s.free, n)
}

func (s *keyNumbers[K]) sizeBytes() int {
	return cap(s.keys)*2*sizeOf[K]() + len(s.numbers)*8 + cap(s.free)*4
}

var _ operator.Sizer = (*processOp[int, int, int])(nil)
