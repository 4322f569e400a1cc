package state

import "github.com/millstream/millstream/column"

// Writer takes the tables of one subtask of one operator for a checkpoint. Batches are written in full before Snapshot returns
// or copied; a durable store may put them away later. Tables that are followed are copied little by little after Snapshot has returned, if
// the writer is one of [Checkpoint].
type Writer struct {
	Tables  []Table
	frozen  *Frozen
	copying []copying
	err     error
}

// Frozen says what a checkpoint is that tables are frozen for.
type Frozen struct {
	Checkpoint int64
	Stored     int64 // the checkpoint that was stored last
	Full       bool  // all rows are wanted, and not those alone that changed
	Apart      bool  // a savepoint: it may be restored at any time, and more than once, so nothing outside of it may be unfinished
}

// Freeze returns a writer whose tables must be copied by Copy.
func Freeze(f Frozen) Writer { return Writer{frozen: &f} }

// Gradual reports whether tables are frozen and copied later.
func (w *Writer) Gradual() bool { return w.frozen != nil }

type copying struct {
	tracker *Tracker
	table   int
}

// Table is a named table of a snapshot. Rows of keyed tables carry the key's hash group, so that a restore can hand them to the
// subtasks of another parallelism.
type Table struct {
	Name   string
	Schema []column.Field
	Keyed  bool
	Groups []int32 // by row, the key group; only for keyed tables
	Rows   *column.Batch
	// Layers are those of a table that a tracker follows. Such a table has its rows there when a checkpoint writes it, and in Rows when it was read.
	Layers *Layers
}

// Resumable reports whether the table is what a tracker wrote for this very subtask, unchanged, so that its keys differ and the next checkpoint may
// build on it.
func (t *Table) Resumable() bool {
	return t.Layers != nil && t.Layers.Own && t.Rows.Sel == nil && len(t.Layers.IDs) == t.Rows.Len
}

// Add takes a table.
func (w *Writer) Add(t Table) { w.Tables = append(w.Tables, t) }

// Track takes a keyed table that a tracker follows.
func (w *Writer) Track(t *Tracker, table Tracked, name string, schema []column.Field) {
	w.TrackPart(t, table, name, schema, 0)
}

// TrackPart takes a part of a table, of which each has a tracker of its own.
func (w *Writer) TrackPart(t *Tracker, table Tracked, name string, schema []column.Field, part int64) {
	t.table = table
	out := Table{Name: name, Schema: schema, Keyed: true}
	if w.frozen == nil {
		out.Rows, out.Groups = copyAll(table, schema)
		w.failed(table)
		w.Add(out)
		return
	}
	t.freeze(w.frozen.Checkpoint, w.frozen.Stored, w.frozen.Full, schema)
	t.layers.Part = part
	w.copying = append(w.copying, copying{t, len(w.Tables)})
	w.Add(out)
}

// copyAll copies all living rows of a table.
func copyAll(table Tracked, schema []column.Field) (*column.Batch, []int32) {
	n := table.Len()
	list := make([]int32, 0, n)
	for r := range n {
		if table.Alive(int32(r)) {
			list = append(list, int32(r))
		}
	}
	b := column.NewBatch(schema, len(list))
	groups := make([]int32, 0, len(list))
	if len(list) > 0 {
		groups = table.CopyRows(list, b, groups)
	}
	return b, groups
}

// Copy copies about so many rows of frozen tables, and reports whether all are copied.
func (w *Writer) Copy(rows int) bool {
	if len(w.copying) > 0 {
		c := w.copying[0]
		if !c.tracker.copySome(rows) {
			return false
		}
		w.failed(c.tracker.table)
		w.Tables[c.table].Layers, c.tracker.layers = c.tracker.layers, nil
		w.copying = w.copying[1:]
	}
	return len(w.copying) == 0
}

// Failing is a [Tracked] whose rows are Go values that may have no place in a table.
type Failing interface {
	// CopyErr is why a row that was to be copied could not be, if there is any.
	CopyErr() error
}

func (w *Writer) failed(table Tracked) {
	if f, ok := table.(Failing); ok && w.err == nil {
		w.err = f.CopyErr()
	}
}

// Err is why what was copied is not what the tables hold, nil if it is.
func (w *Writer) Err() error { return w.err }

// Reader gives an operator the tables that it wrote at a checkpoint, already cut to its key groups.
type Reader struct {
	Tables []Table
}

// Table finds a table by name; nil if there is none.
func (r *Reader) Table(name string) *Table {
	if r == nil {
		return nil
	}
	for i := range r.Tables {
		if r.Tables[i].Name == name {
			return &r.Tables[i]
		}
	}
	return nil
}

// Resume tells a tracker that a table was read whose row i is row i of the tracker's.
func (t *Tracker) Resume(table Tracked, from *Table) {
	t.table = table
	t.resume(from)
}
