package stream

import (
	"fmt"
	"reflect"
	"time"
	"unsafe"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// States declares the state of a [Process]. A name is that of a table in checkpoints: state is found by it when a job that was changed goes on.
type States struct {
	slot    int32 // the key at hand
	keys    int   // numbers that were given
	list    []handle
	now     int64    // milliseconds: the time of the call, where any state has a time to live
	mortal  []handle // those that are forgotten some day
	bounded bool     // one of these by the number of keys
	names   map[string]bool
	err     error
}

// handle is the state of one name, of all keys of a subtask.
type handle interface {
	name() string
	fields() []column.Field
	grow(keys int)
	empty(slot int32) bool
	stateRows
	// read takes a row, which becomes the next of the state's rows; or, where these are its keys, that of the key.
	read(slot int32, from []*column.Vector, row int) error
	// Clear makes the state of the key at hand empty.
	Clear()
	// mortal is the state's lifetime, nil if it is kept for ever.
	mortal() *lifetime
	sizeBytes() int
}

func (s *States) add(h handle, n *named, options []StateOption) {
	for _, o := range options {
		o(n)
	}
	switch {
	case s.err != nil:
	case h.name() == "":
		s.err = fmt.Errorf("state needs a name")
	case s.names[h.name()]:
		s.err = fmt.Errorf("there are two states '%s'", h.name())
	}
	s.names[h.name()] = true
	s.list = append(s.list, h)
	if h.mortal() != nil {
		s.names[changeTable(h.name())] = true
		s.mortal = append(s.mortal, h)
	}
}

func (s *States) grow(keys int) {
	s.keys = keys
	for _, h := range s.list {
		h.grow(keys)
	}
}

func (s *States) empty(slot int32) bool {
	for _, h := range s.list {
		if !h.empty(slot) {
			return false
		}
	}
	return true
}

func (s *States) sizeBytes() int {
	n := 0
	for _, h := range s.list {
		n += h.sizeBytes()
	}
	for _, h := range s.mortal {
		n += h.mortal().recent.SizeBytes()
	}
	return n
}

// named is what all states have.
type named struct {
	states *States
	label  string
	life   *lifetime // nil: it is kept for ever
	track  state.Tracker
}

func (n *named) name() string            { return n.label }
func (n *named) tracker() *state.Tracker { return &n.track }

// mutable reports whether what is read of a value leads to what may be changed, so that a value that was looked at may be another one.
func mutable[V any]() bool { return leads(reflect.TypeFor[V]()) }

func leads(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return true
	case reflect.Array:
		return leads(t.Elem())
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return false
		}
		for i := range t.NumField() {
			if leads(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// KeyedValue is one value for each key. To checkpoints it is a row for each.
type KeyedValue[V any] struct {
	named
	values  []V
	set     []bool
	codec   codec[V]
	mutable bool
}

// ValueState declares a value for each key. Text and integers are STRING and BIGINT in checkpoints, other types BYTES in encoding/gob's form.
func ValueState[V any](s *States, name string, options ...StateOption) *KeyedValue[V] {
	v := &KeyedValue[V]{named: named{states: s, label: name}, codec: codecOf[V](), mutable: mutable[V]()}
	s.add(v, &v.named, options)
	return v
}

// Get returns the key's value, and whether it has one. What a value leads to, as a pointer or a map does, may be changed during the call.
func (v *KeyedValue[V]) Get() (V, bool) {
	if v.mutable {
		v.track.TouchRow(v.states.slot)
	}
	return v.values[v.states.slot], v.set[v.states.slot]
}

// Set gives the key a value.
func (v *KeyedValue[V]) Set(x V) {
	v.track.TouchRow(v.states.slot)
	v.values[v.states.slot], v.set[v.states.slot] = x, true
	v.changed(false)
}

// Clear takes the key's value away.
func (v *KeyedValue[V]) Clear() {
	var none V
	v.track.TouchRow(v.states.slot)
	v.values[v.states.slot], v.set[v.states.slot] = none, false
	v.changed(true)
}

func (v *KeyedValue[V]) grow(n int) {
	v.values = append(v.values, make([]V, n-len(v.values))...)
	v.set = append(v.set, make([]bool, n-len(v.set))...)
}

func (v *KeyedValue[V]) empty(slot int32) bool { return !v.set[slot] }

func (v *KeyedValue[V]) fields() []column.Field {
	return []column.Field{{Name: "value", Type: v.codec.typ}}
}

func (v *KeyedValue[V]) rows() int { return len(v.values) }

func (v *KeyedValue[V]) slotOf(row int32) int32 {
	if !v.set[row] {
		return noSlot
	}
	return row
}

func (v *KeyedValue[V]) write(row int32, to []*column.Vector) error {
	return v.codec.write(to[0], v.values[row])
}

func (v *KeyedValue[V]) read(slot int32, from []*column.Vector, row int) (err error) {
	v.values[slot], err = v.codec.read(from[0], row)
	v.set[slot] = true
	return err
}

func (v *KeyedValue[V]) sizeBytes() int { return cap(v.values) * (sizeOf[V]() + 1) }

func sizeOf[T any]() int { return int(unsafe.Sizeof(*new(T))) }
