package snapshot

import (
	"time"

	"github.com/millstream/millstream/column"
)

// Manifest is all of a snapshot but the rows of its tables.
type Manifest struct {
	Kind           string    `json:"kind"` // Checkpoint or Savepoint
	Job            string    `json:"job"`
	Run            string    `json:"run"` // id of the run that took it
	ID             int64     `json:"id"`
	Epoch          int64     `json:"epoch"`
	Created        time.Time `json:"created"`
	MaxParallelism int       `json:"maxParallelism"`
	Final          bool      `json:"final,omitempty"` // of the end of all inputs
	// InFlight says that tables have rows that were on their way between operators: who does not know of them loses them.
	InFlight  bool       `json:"inFlight,omitempty"`
	Began     string     `json:"began,omitempty"` // id of the run that started without state and that led to this
	Operators []Operator `json:"operators"`
	Written   int64      `json:"-"` // bytes of the segments that were written for it
}

func (m *Manifest) version() int {
	if m.InFlight {
		return Version
	}
	return plainVersion
}

// Kinds of snapshots.
const (
	Checkpoint = "checkpoint"
	Savepoint  = "savepoint"
)

// Operator is one operator's part.
type Operator struct {
	UID          string   `json:"uid"`
	Name         string   `json:"name"`
	Shape        string   `json:"shape,omitempty"`    // by which a changed operator finds its state
	Finished     bool     `json:"finished,omitempty"` // ended in all subtasks
	Parallelism  int      `json:"parallelism"`
	Stateless    []int    `json:"stateless,omitempty"` // subtasks without tables, such as those that had ended
	Splits       []Split  `json:"splits,omitempty"`
	Discovery    []byte   `json:"discovery,omitempty"` // of a source that finds its splits while it runs: what it has found
	Committables [][]byte `json:"committables,omitempty"`
	Tables       []Table  `json:"tables,omitempty"`
}

// Split is a piece of a source that is left to read, and from where.
type Split struct {
	ID    string `json:"id"`
	State []byte `json:"state,omitempty"`
	Size  int64  `json:"size,omitempty"`
}

// Table is a table of an operator, over all its subtasks.
type Table struct {
	Name     string    `json:"name"`
	Keyed    bool      `json:"keyed,omitempty"`
	Columns  []Column  `json:"columns"`
	Segments []Segment `json:"segments,omitempty"` // in the order in which they are read
}

// Column is a column of a table.
type Column struct {
	Name   string `json:"name"`
	Stored string `json:"stored"` // its name in the segments
	Type   Type   `json:"type"`
}

// Segment is an object with rows of a table: those of one subtask, and of a keyed table those of a range of key groups.
type Segment struct {
	Subtask int    `json:"subtask"`
	First   int    `json:"firstGroup"` // of a keyed table
	Last    int    `json:"lastGroup"`  // inclusive
	Rows    int    `json:"rows"`
	Kinds   bool   `json:"kinds,omitempty"` // rows have kinds
	Times   bool   `json:"times,omitempty"` // rows have event times
	Object  string `json:"object"`          // below the manifest's directory; none if a span has no rows
	Size    int64  `json:"size"`            // bytes
	SHA256  string `json:"sha256"`
	// Of a table in layers, see [state.Layers].
	Number int64 `json:"number,omitempty"` // from 1
	Part   int64 `json:"part,omitempty"`
	From   int64 `json:"from,omitempty"`
	To     int64 `json:"to,omitempty"`
	Delta  bool  `json:"delta,omitempty"`
	Level  int   `json:"level,omitempty"`
	Gone   int   `json:"gone,omitempty"` // how many ids of rows that are gone stand behind the rows
}

// Bytes returns the size of all segments.
func (m *Manifest) Bytes() (n int64) {
	for s := range m.segments() {
		n += s.Size
	}
	return n
}

// segments iterates over all segments.
func (m *Manifest) segments() func(yield func(*Segment) bool) {
	return func(yield func(*Segment) bool) {
		for i := range m.Operators {
			for t := range m.Operators[i].Tables {
				list := m.Operators[i].Tables[t].Segments
				for k := range list {
					if !yield(&list[k]) {
						return
					}
				}
			}
		}
	}
}

// fields returns a table's schema.
func (t *Table) fields() ([]column.Field, error) {
	fields := make([]column.Field, len(t.Columns))
	for i, c := range t.Columns {
		typ, err := c.Type.column()
		if err != nil {
			return nil, err
		}
		fields[i] = column.Field{Name: c.Name, Type: typ}
	}
	return fields, nil
}

// columnsOf describes a schema.
func columnsOf(fields []column.Field) []Column {
	stored := storedNames(fields)
	list := make([]Column, len(fields))
	for i, f := range fields {
		list[i] = Column{Name: f.Name, Stored: stored[i], Type: typeOf(f.Type)}
	}
	return list
}

// Readable returns a table's columns as a query sees them: by their names in segments, of which no two are the same, and all of them nullable, as
// operators hold NULLs where their columns have none.
func (t *Table) Readable() ([]column.Field, error) {
	fields, err := t.fields()
	if err != nil {
		return nil, err
	}
	for i := range fields {
		fields[i] = column.Field{Name: t.Columns[i].Stored, Type: fields[i].Type.Optional()}
	}
	return fields, nil
}

// Size returns the bytes of a table's segments.
func (t *Table) Size() (n int64) {
	for i := range t.Segments {
		n += t.Segments[i].Size
	}
	return n
}
