package stream

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// A snapshot of Process has a table for each state, of the key and what the state writes, and one of the timers of each kind that are set.
const (
	eventTimers = "timers of event time"
	clockTimers = "timers of the clock"
)

var timerFields = []column.Field{{Name: "at", Type: column.Of(column.BigInt).Required()}}

func (o *processOp[K, T, U]) Snapshot(w *state.Writer) error {
	o.time.Snapshot(w)
	hashes := make([]uint64, len(o.keys.keys))
	o.hash(o.keys.keys, hashes)
	groups := make([]int32, len(hashes))
	for i, h := range hashes {
		groups[i] = int32(state.KeyGroup(h, o.context.MaxParallelism))
	}
	live := make([]int32, 0, len(o.keys.numbers))
	for slot := range int32(len(o.keys.keys)) {
		if n, ok := o.keys.numbers[o.keys.keys[slot]]; ok && n == slot {
			live = append(live, slot)
		}
	}
	for _, h := range o.states.list {
		t := o.table(h.name(), h.fields())
		for _, slot := range live {
			n, err := h.write(slot, t.Rows.Cols[1:])
			if err == nil {
				err = o.addKey(&t, slot, n, groups)
			}
			if err != nil {
				return fmt.Errorf("state '%s' of key %v: %w", h.name(), o.keys.keys[slot], err)
			}
		}
		w.Add(t)
	}
	if err := o.snapshotChanges(w, live, groups); err != nil {
		return err
	}
	for name, timers := range o.timers() {
		t := o.table(name, timerFields)
		for _, k := range timers.list() {
			column.Append(t.Rows.Cols[1], k.at)
			if err := o.addKey(&t, k.slot, 1, groups); err != nil {
				return fmt.Errorf("%s of key %v: %w", name, o.keys.keys[k.slot], err)
			}
		}
		w.Add(t)
	}
	return nil
}

// table is an empty table of keys and other columns.
func (o *processOp[K, T, U]) table(name string, fields []column.Field) state.Table {
	schema := append([]column.Field{{Name: "key", Type: codecOf[K]().typ}}, fields...)
	return state.Table{Name: name, Schema: schema, Keyed: true, Rows: column.NewBatch(schema, 0)}
}

// addKey puts the key of n rows beside them.
func (o *processOp[K, T, U]) addKey(t *state.Table, slot int32, n int, groups []int32) error {
	c := codecOf[K]()
	for range n {
		if err := c.write(t.Rows.Cols[0], o.keys.keys[slot]); err != nil {
			return err
		}
		t.Groups = append(t.Groups, groups[slot])
		t.Rows.Len++
	}
	return nil
}

// timers are the timers by the names of their tables.
func (o *processOp[K, T, U]) timers() func(yield func(string, *keyTimers) bool) {
	return func(yield func(string, *keyTimers) bool) {
		if yield(eventTimers, &o.event) {
			yield(clockTimers, &o.clock)
		}
	}
}

func (o *processOp[K, T, U]) restore(r *state.Reader) error {
	for _, h := range o.states.list {
		err := o.restoreTable(r, h.name(), len(h.fields()), func(slot int32, cols []*column.Vector, row int) error { return h.read(slot, cols, row) })
		if err != nil {
			return err
		}
	}
	if err := o.restoreChanges(r); err != nil {
		return err
	}
	for name, timers := range o.timers() {
		err := o.restoreTable(r, name, 1, func(slot int32, cols []*column.Vector, row int) error {
			timers.add(keyTimer{column.Values[int64](cols[0])[row], slot})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// restoreTable calls read for each row of a table, with the number of its key.
func (o *processOp[K, T, U]) restoreTable(r *state.Reader, name string, columns int, read func(slot int32, cols []*column.Vector, row int) error) error {
	t := r.Table(name)
	if t == nil {
		return nil
	}
	if len(t.Rows.Cols) != columns+1 {
		return fmt.Errorf("state '%s' was of another kind: it has %d columns, want %d", name, len(t.Rows.Cols), columns+1)
	}
	keys := codecOf[K]()
	for i := range t.Rows.Rows() {
		row := t.Rows.Row(i)
		k, err := keys.read(t.Rows.Cols[0], row)
		if err == nil {
			err = read(o.slot(k), t.Rows.Cols[1:], row)
		}
		if err != nil {
			return fmt.Errorf("row %d of state '%s': %w", i, name, err)
		}
	}
	return nil
}
