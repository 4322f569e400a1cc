package task

import (
	"context"
	"reflect"

	"github.com/millstream/millstream/engine/operator"
)

// flush hands on what is pending, as far as there is room.
func (t *Task) flush() {
	for _, s := range t.Stages {
		for _, sender := range s.Senders {
			sender.Flush()
		}
	}
}

// glance sees, without waiting, to what must not wait for the end of the input: the end of the job, checkpoints, timers, in this order.
func (t *Task) glance() error {
	t.turn()
	if t.Draw != nil {
		t.dawdle()
	}
	select {
	case <-t.ctx.Done():
		return t.stopped(context.Cause(t.ctx))
	default:
	}
	select {
	case r := <-t.trigger:
		return t.asked(r)
	default:
	}
	if err := t.copySome(); err != nil {
		return err
	}
	select {
	case <-t.woken:
		return t.resume()
	default:
	}
	select {
	case <-t.timers.c():
		return t.fire()
	default:
		return nil
	}
}

// await hands on what is pending and waits until there is something to do. It returns the number of the input signal that came,
// -1 if it was something else, such as a receiver that has room again or wants no more.
func (t *Task) await(inputs ...<-chan struct{}) (int, error) {
	t.flush()
	if t.copying != nil {
		return -1, nil // there is something to do
	}
	if t.Turn != nil {
		if i, ok := t.ready(inputs); ok {
			return i, nil
		}
	}
	if len(inputs) != 1 {
		return t.awaitMany(inputs)
	}
	select {
	case <-inputs[0]:
		t.turn()
		return 0, nil
	case <-t.Space:
		t.turn()
		return -1, nil
	case <-t.ctx.Done():
		t.turn()
		return -1, t.stopped(context.Cause(t.ctx))
	case r := <-t.trigger:
		t.turn()
		return -1, t.asked(r)
	case <-t.woken:
		t.turn()
		return -1, t.resume()
	case <-t.timers.c():
		t.turn()
		return -1, t.fire()
	}
}

// ready finds in a fixed order what a select would draw among, when it is not chance that decides.
func (t *Task) ready(inputs []<-chan struct{}) (int, bool) {
	for i, c := range inputs {
		select {
		case <-c:
			return i, true
		default:
		}
	}
	select {
	case <-t.Space:
		return -1, true
	default:
		return -1, false
	}
}

// awaitMany is await for a number of signals that is only known now.
func (t *Task) awaitMany(inputs []<-chan struct{}) (int, error) {
	cases := make([]reflect.SelectCase, 0, len(inputs)+5)
	add := func(c any) {
		cases = append(cases, reflect.SelectCase{Dir: reflect.SelectRecv, Chan: reflect.ValueOf(c)})
	}
	for _, c := range inputs {
		add(c)
	}
	add(t.Space)
	add(t.ctx.Done())
	add(t.trigger)
	add(t.timers.c())
	add(t.woken)
	chosen, value, _ := reflect.Select(cases)
	t.turn()
	switch chosen - len(inputs) {
	case 0:
		return -1, nil
	case 1:
		return -1, t.stopped(context.Cause(t.ctx))
	case 2:
		return -1, t.asked(value.Interface().(request))
	case 3:
		return -1, t.fire()
	case 4:
		return -1, t.resume()
	}
	return chosen, nil
}

// resume calls the operators that asked for it.
func (t *Task) resume() error {
	for i, s := range t.Stages {
		if !s.awake.Swap(false) {
			continue
		}
		if o, ok := s.Operator.(operator.Resumer); ok && s.open {
			t.running = i
			if err := o.Resume(&s.out); err != nil {
				return t.failed(i, err)
			}
		}
	}
	return nil
}

// fire calls the operators whose timers are due.
func (t *Task) fire() error {
	for {
		stage, at, ok := t.timers.next()
		if !ok {
			return nil
		}
		s := t.Stages[stage]
		t.running = stage
		if stage == 0 && t.Source != nil {
			if err := t.sourceIdle(at); err != nil {
				return err
			}
			continue
		}
		if err := s.Operator.Timer(at, &s.out); err != nil {
			return t.failed(stage, err)
		}
	}
}
