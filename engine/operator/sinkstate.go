package operator

import (
	"fmt"
	"slices"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/state"
)

// heldTable has what a sink's writer holds across checkpoints, a piece in a row. It is written only if there is any, for a sink that holds nothing needs
// no state. It has no keys: whichever subtask gets it goes on with it.
const heldTable = "held"

var heldFields = []column.Field{{Name: "piece", Type: column.Bytes()}}

// HeldBySink returns the pieces in the tables of a sink's subtask. Those of other operators have none: a table of the same name that has keys is not a sink's.
func HeldBySink(tables []state.Table) (pieces []connector.Piece) {
	r := state.Reader{Tables: tables}
	t := r.Table(heldTable)
	if t == nil || t.Keyed {
		return nil
	}
	for i := range t.Rows.Rows() {
		pieces = append(pieces, append(connector.Piece(nil), t.Rows.Cols[0].BytesAt(t.Rows.Row(i))...))
	}
	return pieces
}

// HoldBySink adds pieces to the tables of a sink's subtask, which stay as they are.
func HoldBySink(tables []state.Table, pieces []connector.Piece) []state.Table {
	var others []state.Table
	for _, t := range tables {
		if t.Name != heldTable {
			others = append(others, t)
		}
	}
	return append(others, heldOf(slices.Concat(HeldBySink(tables), pieces)))
}

// heldOf is the table of pieces.
func heldOf(pieces []connector.Piece) state.Table {
	b := column.NewBatch(heldFields, len(pieces))
	for _, p := range pieces {
		b.Cols[0].AppendBytes(p)
	}
	b.Len = len(pieces)
	return state.Table{Name: heldTable, Schema: heldFields, Rows: b}
}

// restore gives the writer what it or others held.
func (o *sink) restore(c *Context) error {
	if c.Restore == nil {
		return nil
	}
	pieces := HeldBySink(c.Restore.Tables)
	if len(pieces) == 0 {
		return nil
	}
	w, ok := o.writer.(connector.StatefulWriter)
	if !ok {
		return fmt.Errorf("table %s: the checkpoint has rows that were written and are not visible yet, which connector '%s' cannot go on with",
			o.op.Table.Name, o.op.Table.Connector)
	}
	return w.Restore(c, pieces)
}

// Snapshot writes what the writer holds behind the Flush that came just before.
func (o *sink) Snapshot(w *state.Writer) error {
	s, ok := o.writer.(connector.StatefulWriter)
	if !ok {
		return nil
	}
	pieces, err := s.Held()
	if err != nil || len(pieces) == 0 {
		return err
	}
	w.Add(heldOf(pieces))
	return nil
}

// setTimer sees to it that the writer is called when it wants to be.
func (o *sink) setTimer() {
	if o.timed == nil {
		return
	}
	if due := o.timed.Due(); !due.IsZero() && !due.Equal(o.due) {
		o.due = due
		o.context.SetTimer(due)
	}
}

func (o *sink) Timer(at time.Time, _ Output) error {
	if !at.Equal(o.due) {
		return nil // another one was set since
	}
	o.due = time.Time{}
	err := o.timed.Tick(o.context)
	o.count()
	o.setTimer()
	return err
}

func (o *sink) Watermark(t int64, _ Output) error {
	if o.events != nil {
		o.events.Watermark(t)
	}
	return nil
}
