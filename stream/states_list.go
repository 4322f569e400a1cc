package stream

import (
	"fmt"
	"iter"

	"github.com/millstream/millstream/column"
)

// KeyedList is a list of values for each key. To checkpoints it is a row for each value.
type KeyedList[V any] struct {
	named
	lists   []valueList[V]
	at      []listPlace // by row
	free    freeRows
	codec   codec[V]
	mutable bool
}

// valueList is a key's values and their rows.
type valueList[V any] struct {
	values []V
	rows   []int32
}

// listPlace is where a row's value stands.
type listPlace struct{ slot, position int32 }

// ListState declares a list for each key.
func ListState[V any](s *States, name string, options ...StateOption) *KeyedList[V] {
	l := &KeyedList[V]{named: named{states: s, label: name}, codec: codecOf[V](), mutable: mutable[V]()}
	s.add(l, &l.named, options)
	return l
}

// of is the list of the key at hand.
func (l *KeyedList[V]) of() *valueList[V] { return &l.lists[l.states.slot] }

// Add appends values to the key's list.
func (l *KeyedList[V]) Add(values ...V) {
	list := l.of()
	for range values {
		list.rows = append(list.rows, l.row(l.states.slot, len(list.rows)))
	}
	list.values = append(list.values, values...)
	l.changed(l.Len() == 0)
}

// row makes a row for a place.
func (l *KeyedList[V]) row(slot int32, position int) int32 {
	r, again := l.free.take()
	if again {
		l.track.TouchRow(r)
		l.at[r] = listPlace{slot, int32(position)}
	} else {
		r = int32(len(l.at))
		l.at = append(l.at, listPlace{slot, int32(position)})
	}
	return r
}

// drop frees rows.
func (l *KeyedList[V]) drop(rows []int32) {
	l.track.Touch(rows)
	for _, r := range rows {
		l.at[r].slot = noSlot
	}
	l.free = append(l.free, rows...)
}

// Len is the length of the key's list.
func (l *KeyedList[V]) Len() int { return len(l.of().values) }

// All gives the values of the key's list with their positions. What a value leads to may be changed during the call.
func (l *KeyedList[V]) All() iter.Seq2[int, V] {
	list := l.values()
	return func(yield func(int, V) bool) {
		for i, v := range list {
			if !yield(i, v) {
				return
			}
		}
	}
}

// values is the key's list itself.
func (l *KeyedList[V]) values() []V {
	if l.mutable {
		l.track.Touch(l.of().rows)
	}
	return l.of().values
}

// Replace makes the key's list one of other values.
func (l *KeyedList[V]) Replace(values ...V) {
	list := l.of()
	if n := len(values); n < len(list.rows) {
		l.drop(list.rows[n:])
		list.rows = list.rows[:n]
	}
	l.track.Touch(list.rows)
	for len(list.rows) < len(values) {
		list.rows = append(list.rows, l.row(l.states.slot, len(list.rows)))
	}
	list.values = append([]V(nil), values...)
	l.changed(len(values) == 0)
}

// Clear makes the key's list empty.
func (l *KeyedList[V]) Clear() {
	l.drop(l.of().rows)
	*l.of() = valueList[V]{}
	l.changed(true)
}

func (l *KeyedList[V]) grow(n int) {
	l.lists = append(l.lists, make([]valueList[V], n-len(l.lists))...)
}
func (l *KeyedList[V]) empty(slot int32) bool { return len(l.lists[slot].values) == 0 }

func (l *KeyedList[V]) fields() []column.Field {
	return []column.Field{{Name: "position", Type: column.Of(column.BigInt).Required()}, {Name: "value", Type: l.codec.typ}}
}

func (l *KeyedList[V]) rows() int              { return len(l.at) }
func (l *KeyedList[V]) slotOf(row int32) int32 { return l.at[row].slot }

func (l *KeyedList[V]) write(row int32, to []*column.Vector) error {
	at := l.at[row]
	column.Append(to[0], int64(at.position))
	return l.codec.write(to[1], l.lists[at.slot].values[at.position])
}

// read puts a value in its place, whatever the order in which they come.
func (l *KeyedList[V]) read(slot int32, from []*column.Vector, row int) (err error) {
	at := int(column.Values[int64](from[0])[row])
	if at < 0 || at > maxPosition {
		return fmt.Errorf("position %d", at)
	}
	list := &l.lists[slot]
	for len(list.values) <= at {
		list.values, list.rows = append(list.values, make([]V, 1)...), append(list.rows, 0)
	}
	list.rows[at] = l.row(slot, at)
	list.values[at], err = l.codec.read(from[1], row)
	return err
}

// maxPosition is how long lists may be.
const maxPosition = 1<<31 - 1

func (l *KeyedList[V]) sizeBytes() int {
	n := cap(l.lists)*48 + cap(l.at)*8 + cap(l.free)*4
	for _, list := range l.lists {
		n += cap(list.values)*sizeOf[V]() + cap(list.rows)*4
	}
	return n
}
