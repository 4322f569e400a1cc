package state

import "github.com/millstream/millstream/column"

// Writer takes the tables of one subtask of one operator for a checkpoint. Batches are written in full before Snapshot returns
// or copied; a durable store may put them away later.
type Writer struct {
	Tables []Table
}

// Table is a named table of a snapshot. Rows of keyed tables carry the key's hash group, so that a restore can hand them to the
// subtasks of another parallelism.
type Table struct {
	Name   string
	Schema []column.Field
	Keyed  bool
	Groups []int32 // by row, the key group; only for keyed tables
	Rows   *column.Batch
}

// Add takes a table.
func (w *Writer) Add(t Table) { w.Tables = append(w.Tables, t) }

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
