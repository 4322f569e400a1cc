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
	for _, h := range o.states.list {
		o.save(w, h.name(), fmt.Sprintf("state '%s'", h.name()), h.fields(), h)
	}
	for _, h := range o.states.mortal {
		o.save(w, changeTable(h.name()), changeTable(h.name()), changeFields, h.mortal())
	}
	for name, timers := range o.timers() {
		o.save(w, name, name, timerFields, timers)
	}
	return w.Err()
}

// save writes a table of keys and other columns.
func (o *processOp[K, T, U]) save(w *state.Writer, name, called string, fields []column.Field, rows stateRows) {
	t := o.table(called, rows)
	w.Track(rows.tracker(), t, name, append([]column.Field{{Name: "key", Type: t.codec.typ}}, fields...))
}

// table is rows with their keys.
func (o *processOp[K, T, U]) table(called string, rows stateRows) *stateTable[K] {
	return &stateTable[K]{stateRows: rows, name: called, keys: &o.keys, hash: o.hash, codec: codecOf[K](), groups: o.context.MaxParallelism}
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
		err := o.restoreTable(r, h.name(), len(h.fields()), h, func(slot int32, cols []*column.Vector, row int) error { return h.read(slot, cols, row) })
		if err != nil {
			return err
		}
	}
	if err := o.restoreChanges(r); err != nil {
		return err
	}
	for name, timers := range o.timers() {
		err := o.restoreTable(r, name, 1, timers, func(slot int32, cols []*column.Vector, row int) error {
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
func (o *processOp[K, T, U]) restoreTable(
	r *state.Reader, name string, columns int, rows stateRows, read func(slot int32, cols []*column.Vector, row int) error,
) error {
	t := r.Table(name)
	if t == nil {
		return nil
	}
	if len(t.Rows.Cols) != columns+1 {
		return fmt.Errorf("state '%s' was of another kind: it has %d columns, want %d", name, len(t.Rows.Cols), columns+1)
	}
	keys, same := codecOf[K](), true
	for i := range t.Rows.Rows() {
		row := t.Rows.Row(i)
		k, err := keys.read(t.Rows.Cols[0], row)
		if err != nil {
			return fmt.Errorf("row %d of state '%s': %w", i, name, err)
		}
		slot := o.slot(k)
		if err := read(slot, t.Rows.Cols[1:], row); err != nil {
			return fmt.Errorf("row %d of state '%s': %w", i, name, err)
		}
		same = same && i < rows.rows() && rows.slotOf(int32(i)) == slot
	}
	if same {
		rows.tracker().Resume(o.table(name, rows), t)
	}
	return nil
}
