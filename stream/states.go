package stream

import (
	"fmt"
	"iter"
	"unsafe"

	"github.com/millstream/millstream/column"
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
	// write appends what is known of a key to the columns, and returns how many rows that were.
	write(slot int32, to []*column.Vector) (int, error)
	// read takes a row.
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
}

func (n *named) name() string { return n.label }

// KeyedValue is one value for each key.
type KeyedValue[V any] struct {
	named
	values []V
	set    []bool
}

// ValueState declares a value for each key. Text and integers are STRING and BIGINT in checkpoints, other types BYTES in encoding/gob's form.
func ValueState[V any](s *States, name string, options ...StateOption) *KeyedValue[V] {
	v := &KeyedValue[V]{named: named{states: s, label: name}}
	s.add(v, &v.named, options)
	return v
}

// Get returns the key's value, and whether it has one.
func (v *KeyedValue[V]) Get() (V, bool) { return v.values[v.states.slot], v.set[v.states.slot] }

// Set gives the key a value.
func (v *KeyedValue[V]) Set(x V) {
	v.values[v.states.slot], v.set[v.states.slot] = x, true
	v.changed(false)
}

// Clear takes the key's value away.
func (v *KeyedValue[V]) Clear() {
	var none V
	v.values[v.states.slot], v.set[v.states.slot] = none, false
	v.changed(true)
}

func (v *KeyedValue[V]) grow(n int) {
	v.values = append(v.values, make([]V, n-len(v.values))...)
	v.set = append(v.set, make([]bool, n-len(v.set))...)
}

func (v *KeyedValue[V]) empty(slot int32) bool { return !v.set[slot] }

func (v *KeyedValue[V]) fields() []column.Field {
	return []column.Field{{Name: "value", Type: codecOf[V]().typ}}
}

func (v *KeyedValue[V]) write(slot int32, to []*column.Vector) (int, error) {
	if !v.set[slot] {
		return 0, nil
	}
	return 1, codecOf[V]().write(to[0], v.values[slot])
}

func (v *KeyedValue[V]) read(slot int32, from []*column.Vector, row int) (err error) {
	v.values[slot], err = codecOf[V]().read(from[0], row)
	v.set[slot] = true
	return err
}

func (v *KeyedValue[V]) sizeBytes() int { return cap(v.values) * (sizeOf[V]() + 1) }

// KeyedList is a list of values for each key.
type KeyedList[V any] struct {
	named
	lists [][]V
}

// ListState declares a list for each key.
func ListState[V any](s *States, name string, options ...StateOption) *KeyedList[V] {
	l := &KeyedList[V]{named: named{states: s, label: name}}
	s.add(l, &l.named, options)
	return l
}

// Add appends values to the key's list.
func (l *KeyedList[V]) Add(values ...V) {
	l.lists[l.states.slot] = append(l.lists[l.states.slot], values...)
	l.changed(l.Len() == 0)
}

// Len is the length of the key's list.
func (l *KeyedList[V]) Len() int { return len(l.lists[l.states.slot]) }

// All gives the values of the key's list with their positions.
func (l *KeyedList[V]) All() iter.Seq2[int, V] {
	list := l.lists[l.states.slot]
	return func(yield func(int, V) bool) {
		for i, v := range list {
			if !yield(i, v) {
				return
			}
		}
	}
}

// values is the key's list itself.
func (l *KeyedList[V]) values() []V { return l.lists[l.states.slot] }

// Replace makes the key's list one of other values.
func (l *KeyedList[V]) Replace(values ...V) {
	l.lists[l.states.slot] = append([]V(nil), values...)
	l.changed(len(values) == 0)
}

// Clear makes the key's list empty.
func (l *KeyedList[V]) Clear() {
	l.lists[l.states.slot] = nil
	l.changed(true)
}

func (l *KeyedList[V]) grow(n int)            { l.lists = append(l.lists, make([][]V, n-len(l.lists))...) }
func (l *KeyedList[V]) empty(slot int32) bool { return len(l.lists[slot]) == 0 }

func (l *KeyedList[V]) fields() []column.Field {
	return []column.Field{{Name: "position", Type: column.Of(column.BigInt).Required()}, {Name: "value", Type: codecOf[V]().typ}}
}

func (l *KeyedList[V]) write(slot int32, to []*column.Vector) (int, error) {
	c := codecOf[V]()
	for i, v := range l.lists[slot] {
		column.Append(to[0], int64(i))
		if err := c.write(to[1], v); err != nil {
			return 0, err
		}
	}
	return len(l.lists[slot]), nil
}

// read puts a value in its place, whatever the order in which they come.
func (l *KeyedList[V]) read(slot int32, from []*column.Vector, row int) (err error) {
	at := int(column.Values[int64](from[0])[row])
	if at < 0 {
		return fmt.Errorf("position %d", at)
	}
	for len(l.lists[slot]) <= at {
		l.lists[slot] = append(l.lists[slot], make([]V, 1)...)
	}
	l.lists[slot][at], err = codecOf[V]().read(from[1], row)
	return err
}

func (l *KeyedList[V]) sizeBytes() int {
	n := cap(l.lists) * 24
	for _, list := range l.lists {
		n += cap(list) * sizeOf[V]()
	}
	return n
}

// KeyedMap is a map of values for each key.
type KeyedMap[E comparable, V any] struct {
	named
	maps []map[E]V
}

// MapState declares a map for each key.
func MapState[E comparable, V any](s *States, name string, options ...StateOption) *KeyedMap[E, V] {
	m := &KeyedMap[E, V]{named: named{states: s, label: name}}
	s.add(m, &m.named, options)
	return m
}

// Get returns what an entry of the key's map holds, and whether it is there.
func (m *KeyedMap[E, V]) Get(e E) (V, bool) {
	v, ok := m.maps[m.states.slot][e]
	return v, ok
}

// Set puts a value into the key's map.
func (m *KeyedMap[E, V]) Set(e E, v V) {
	if m.maps[m.states.slot] == nil {
		m.maps[m.states.slot] = map[E]V{}
	}
	m.maps[m.states.slot][e] = v
	m.changed(false)
}

// Delete takes an entry out of the key's map.
func (m *KeyedMap[E, V]) Delete(e E) {
	delete(m.maps[m.states.slot], e)
	m.changed(m.Len() == 0)
}

// Len is the number of entries of the key's map.
func (m *KeyedMap[E, V]) Len() int { return len(m.maps[m.states.slot]) }

// All gives the entries of the key's map, in any order. Entries may be deleted meanwhile.
func (m *KeyedMap[E, V]) All() iter.Seq2[E, V] {
	entries := m.maps[m.states.slot]
	return func(yield func(E, V) bool) {
		for e, v := range entries {
			if !yield(e, v) {
				return
			}
		}
	}
}

// Clear makes the key's map empty.
func (m *KeyedMap[E, V]) Clear() {
	m.maps[m.states.slot] = nil
	m.changed(true)
}

func (m *KeyedMap[E, V]) grow(n int)            { m.maps = append(m.maps, make([]map[E]V, n-len(m.maps))...) }
func (m *KeyedMap[E, V]) empty(slot int32) bool { return len(m.maps[slot]) == 0 }

func (m *KeyedMap[E, V]) fields() []column.Field {
	return []column.Field{{Name: "entry", Type: codecOf[E]().typ}, {Name: "value", Type: codecOf[V]().typ}}
}

func (m *KeyedMap[E, V]) write(slot int32, to []*column.Vector) (int, error) {
	entries, values := codecOf[E](), codecOf[V]()
	for e, v := range m.maps[slot] {
		if err := entries.write(to[0], e); err != nil {
			return 0, err
		}
		if err := values.write(to[1], v); err != nil {
			return 0, err
		}
	}
	return len(m.maps[slot]), nil
}

func (m *KeyedMap[E, V]) read(slot int32, from []*column.Vector, row int) error {
	e, err := codecOf[E]().read(from[0], row)
	if err != nil {
		return err
	}
	v, err := codecOf[V]().read(from[1], row)
	if err != nil {
		return err
	}
	if m.maps[slot] == nil {
		m.maps[slot] = map[E]V{}
	}
	m.maps[slot][e] = v
	return nil
}

func (m *KeyedMap[E, V]) sizeBytes() int {
	n := cap(m.maps) * 8
	for _, entries := range m.maps {
		n += len(entries) * 2 * (sizeOf[E]() + sizeOf[V]())
	}
	return n
}

func sizeOf[T any]() int { return int(unsafe.Sizeof(*new(T))) }
