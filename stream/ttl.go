package stream

import (
	"fmt"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// StateOption changes how state is kept.
type StateOption func(*named)

// TTL has the state of a key forgotten once it was not changed for a time, by the clock: it is empty from then on. Reading it does not count. Timers of the key
// are called all the same. Each state has its own time; that of a list or a map counts for all of it, from its last change.
func TTL(d time.Duration) StateOption {
	return func(n *named) {
		if d <= 0 && n.states.err == nil {
			n.states.err = fmt.Errorf("state '%s': a time to live of %s, want more than 0", n.label, d)
		}
		n.bound().ttl = max(ceilMilli(time.UnixMilli(0).Add(d)), 1)
	}
}

// MaxKeys has each subtask keep the state of so many keys at most. When there is one more, that of the key is forgotten which was not changed for the longest.
func MaxKeys(most int) StateOption {
	return func(n *named) {
		if most <= 0 && n.states.err == nil {
			n.states.err = fmt.Errorf("state '%s': %d keys at most, want at least 1", n.label, most)
		}
		n.bound().most = max(most, 1)
		n.states.bounded = true
	}
}

// lifetime is when the state of one name was last changed, by key, where it is forgotten some day.
type lifetime struct {
	ttl    int64 // milliseconds; 0: there is no such bound
	most   int   // keys; 0: there is no such bound
	recent state.Recency
	states *States
	track  state.Tracker // of when it was changed
}

// The changes are a row for each key.

func (l *lifetime) rows() int               { return l.states.keys }
func (l *lifetime) tracker() *state.Tracker { return &l.track }

func (l *lifetime) slotOf(row int32) int32 {
	if !l.recent.Has(row) {
		return noSlot
	}
	return row
}

func (l *lifetime) write(row int32, to []*column.Vector) error {
	column.Append(to[0], l.recent.At(row))
	return nil
}

// bound is the state's lifetime, which it has from now on.
func (n *named) bound() *lifetime {
	if n.life == nil {
		n.life = &lifetime{states: n.states}
	}
	return n.life
}

// changed notes that the state of the key at hand was changed, to nothing or to something.
func (n *named) changed(empty bool) {
	if n.life == nil {
		return
	}
	n.life.track.TouchRow(n.states.slot)
	switch {
	case empty:
		n.life.recent.Remove(n.states.slot)
	default:
		n.life.recent.Touch(n.states.slot, n.states.now)
	}
}

func (n *named) mortal() *lifetime { return n.life }

// over reports whether the state of a key is to be forgotten.
func (l *lifetime) over(slot int32, now int64) bool {
	return l.ttl > 0 && l.recent.Has(slot) && l.recent.At(slot)+l.ttl <= now
}

// forget takes away what is over of the key at hand.
func (s *States) forget() {
	for _, h := range s.mortal {
		if h.mortal().over(s.slot, s.now) {
			h.Clear()
		}
	}
}

// due is when the first state of a key will be over.
func (s *States) due() (at int64, ok bool) {
	for _, h := range s.mortal {
		if _, t, any := h.mortal().recent.Oldest(); any && h.mortal().ttl > 0 && (!ok || t+h.mortal().ttl < at) {
			at, ok = t+h.mortal().ttl, true
		}
	}
	return at, ok
}

// expireSteps is how many keys are looked after at a time, besides those of the values that come.
const expireSteps = 64

// turn begins a call of the task: the time is what it is now until the end of it, and the state of so many keys at most is forgotten.
func (o *processOp[K, T, U]) turn(most int) {
	if len(o.states.mortal) == 0 {
		return
	}
	now := o.now().UnixMilli()
	o.states.now = now
	for _, h := range o.states.mortal {
		for range most {
			slot, at, ok := h.mortal().recent.Oldest()
			if !ok || h.mortal().ttl == 0 || at+h.mortal().ttl > now {
				break
			}
			o.enter(slot)
			o.leave()
		}
	}
}

// evict takes the state away that is more than a subtask may keep.
func (o *processOp[K, T, U]) evict() {
	if !o.states.bounded {
		return
	}
	for _, h := range o.states.mortal {
		for l := h.mortal(); l.most > 0 && l.recent.Len() > l.most; {
			slot, _, _ := l.recent.Oldest()
			o.enter(slot)
			h.Clear()
			o.leave()
		}
	}
}

// arm has the task call when the first state will be over.
func (o *processOp[K, T, U]) arm() {
	if at, ok := o.states.due(); ok && (o.alarm == 0 || at < o.alarm) {
		o.alarm = at
		o.context.SetTimer(time.UnixMilli(at))
	}
}

// A snapshot has a table for each state with a time to live, of keys and when their state was last changed.
var changeFields = []column.Field{{Name: "changed", Type: column.Of(column.BigInt).Required()}}

func changeTable(name string) string { return "changes of " + name }

// restoreChanges takes in when states were last changed. State of which no time is known lives on from now.
func (o *processOp[K, T, U]) restoreChanges(r *state.Reader) error {
	for _, h := range o.states.mortal {
		at, now := make([]int64, len(o.keys.keys)), o.now().UnixMilli()
		for slot := range at {
			if at[slot] = state.Untouched; !h.empty(int32(slot)) {
				at[slot] = now
			}
		}
		h.mortal().recent.Load(at)
		err := o.restoreTable(r, changeTable(h.name()), 1, h.mortal(), func(slot int32, cols []*column.Vector, row int) error {
			if int(slot) < len(at) && at[slot] != state.Untouched {
				at[slot] = column.Values[int64](cols[0])[row]
			}
			return nil
		})
		if err != nil {
			return err
		}
		h.mortal().recent.Load(at)
	}
	return nil
}
