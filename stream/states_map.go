package stream

import (
	"iter"

	"github.com/millstream/millstream/column"
)

// KeyedMap is a map of values for each key. To checkpoints it is a row for each entry.
type KeyedMap[E comparable, V any] struct {
	named
	maps    []map[E]int32    // the entries' rows
	at      []mapPlace[E, V] // by row
	free    freeRows
	entries codec[E]
	values  codec[V]
	mutable bool
}

// mapPlace is the entry of a row and what it holds.
type mapPlace[E comparable, V any] struct {
	slot  int32
	entry E
	value V
}

// MapState declares a map for each key.
func MapState[E comparable, V any](s *States, name string, options ...StateOption) *KeyedMap[E, V] {
	m := &KeyedMap[E, V]{named: named{states: s, label: name}, entries: codecOf[E](), values: codecOf[V](), mutable: mutable[V]()}
	s.add(m, &m.named, options)
	return m
}

// Get returns what an entry of the key's map holds, and whether it is there. What the value leads to, as a pointer or a map does, may be changed during the
// call.
func (m *KeyedMap[E, V]) Get(e E) (V, bool) {
	r, ok := m.maps[m.states.slot][e]
	if !ok {
		var none V
		return none, false
	}
	if m.mutable {
		m.track.TouchRow(r)
	}
	return m.at[r].value, true
}

// Set puts a value into the key's map.
func (m *KeyedMap[E, V]) Set(e E, v V) {
	m.put(m.states.slot, e, v)
	m.changed(false)
}

func (m *KeyedMap[E, V]) put(slot int32, e E, v V) {
	if m.maps[slot] == nil {
		m.maps[slot] = map[E]int32{}
	}
	r, ok := m.maps[slot][e]
	if ok {
		m.track.TouchRow(r)
		m.at[r].value = v
		return
	}
	m.maps[slot][e] = m.row(mapPlace[E, V]{slot, e, v})
}

// row makes a row for an entry.
func (m *KeyedMap[E, V]) row(p mapPlace[E, V]) int32 {
	r, again := m.free.take()
	if again {
		m.track.TouchRow(r)
		m.at[r] = p
	} else {
		r = int32(len(m.at))
		m.at = append(m.at, p)
	}
	return r
}

// drop frees a row.
func (m *KeyedMap[E, V]) drop(r int32) {
	m.track.TouchRow(r)
	m.at[r] = mapPlace[E, V]{slot: noSlot}
	m.free = append(m.free, r)
}

// Delete takes an entry out of the key's map.
func (m *KeyedMap[E, V]) Delete(e E) {
	if r, ok := m.maps[m.states.slot][e]; ok {
		m.drop(r)
		delete(m.maps[m.states.slot], e)
	}
	m.changed(m.Len() == 0)
}

// Len is the number of entries of the key's map.
func (m *KeyedMap[E, V]) Len() int { return len(m.maps[m.states.slot]) }

// All gives the entries of the key's map, in any order. Entries may be deleted meanwhile, and what a value leads to may be changed during the call.
func (m *KeyedMap[E, V]) All() iter.Seq2[E, V] {
	entries := m.maps[m.states.slot]
	return func(yield func(E, V) bool) {
		for e, r := range entries {
			if m.mutable {
				m.track.TouchRow(r)
			}
			if !yield(e, m.at[r].value) {
				return
			}
		}
	}
}

// Clear makes the key's map empty.
func (m *KeyedMap[E, V]) Clear() {
	for _, r := range m.maps[m.states.slot] {
		m.drop(r)
	}
	m.maps[m.states.slot] = nil
	m.changed(true)
}

func (m *KeyedMap[E, V]) grow(n int) {
	m.maps = append(m.maps, make([]map[E]int32, n-len(m.maps))...)
}

func (m *KeyedMap[E, V]) empty(slot int32) bool { return len(m.maps[slot]) == 0 }

func (m *KeyedMap[E, V]) fields() []column.Field {
	return []column.Field{{Name: "entry", Type: m.entries.typ}, {Name: "value", Type: m.values.typ}}
}

func (m *KeyedMap[E, V]) rows() int              { return len(m.at) }
func (m *KeyedMap[E, V]) slotOf(row int32) int32 { return m.at[row].slot }

func (m *KeyedMap[E, V]) write(row int32, to []*column.Vector) error {
	at := &m.at[row]
	if err := m.entries.write(to[0], at.entry); err != nil {
		return err
	}
	return m.values.write(to[1], at.value)
}

func (m *KeyedMap[E, V]) read(slot int32, from []*column.Vector, row int) error {
	e, err := m.entries.read(from[0], row)
	if err != nil {
		return err
	}
	v, err := m.values.read(from[1], row)
	if err == nil {
		m.put(slot, e, v)
	}
	return err
}

func (m *KeyedMap[E, V]) sizeBytes() int {
	n := cap(m.maps)*8 + cap(m.at)*sizeOf[mapPlace[E, V]]() + cap(m.free)*4
	for _, entries := range m.maps {
		n += len(entries) * 2 * (sizeOf[E]() + 4)
	}
	return n
}
