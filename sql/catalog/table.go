package catalog

import (
	"maps"
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/sql/syntax"
)

// Path is the full name of a table or view.
type Path struct{ Catalog, Database, Object string }

// String returns the name with dots and without quotes, as messages show it.
func (p Path) String() string { return p.Catalog + "." + p.Database + "." + p.Object }

// Quoted returns the name with every part in backticks, as SHOW CREATE prints it.
func (p Path) Quoted() string {
	return Quote(p.Catalog) + "." + Quote(p.Database) + "." + Quote(p.Object)
}

// Quote puts an identifier into backticks.
func Quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// Table is a table or a view with its columns resolved: all types are known. It is not changed once it is in a
// catalog.
type Table struct {
	Path         Path
	Temporary    bool
	Comment      string
	Columns      []Column
	Watermark    *Watermark
	PrimaryKey   *PrimaryKey
	PartitionBy  []string
	Distribution *syntax.Distribution
	Partitions   []Partition // those that were added by ALTER TABLE
	Options      map[string]string
	View         *View // nil: a table
}

// Partition is a partition that a user has listed: it has no effect on what queries read.
type Partition struct {
	Values  []string // one for each column of PartitionBy
	Options map[string]string
}

// ColumnKind tells the columns apart.
type ColumnKind uint8

// The kinds of columns.
const (
	Physical ColumnKind = iota // stored in the external system
	Computed                   // the value of an expression over other columns
	Metadata                   // a value that the connector knows
)

// TimeAttribute says what an attribute of time a column is.
type TimeAttribute uint8

// The attributes of time.
const (
	NoTime   TimeAttribute = iota
	Rowtime                // event time: a watermark is declared for it
	Proctime               // the time of processing: PROCTIME()
)

// Column is a column of a table.
type Column struct {
	Name    string
	Type    column.Type
	Kind    ColumnKind
	Expr    syntax.Expr // of a computed column
	Key     string      // of a metadata column: the connector's name for it
	Virtual bool        // of a metadata column: it cannot be written
	Time    TimeAttribute
	Comment *string // nil: none was given
}

// Persisted reports whether an INSERT gives the column a value.
func (c *Column) Persisted() bool {
	return c.Kind == Physical || c.Kind == Metadata && !c.Virtual
}

// Watermark is WATERMARK FOR Column AS Expr.
type Watermark struct {
	Column string
	Expr   syntax.Expr
}

// PrimaryKey is a key that the user vouches for; it is never enforced.
type PrimaryKey struct {
	Name    string
	Columns []string
}

// View is what a view stands for.
type View struct {
	// Text is the source that Query's positions are in.
	Text  string
	Query *syntax.Query
	// Catalog and Database are where the query's names are resolved: those that were current when it was made.
	Catalog, Database string
	// Expanded is the query with all names resolved, as SHOW CREATE VIEW prints it.
	Expanded string
}

// ID returns the full name.
func (t *Table) ID() Path { return t.Path }

// Space is Tables, also for a view.
func (t *Table) Space() Kind { return Tables }

// Label is "table" or "view".
func (t *Table) Label() string {
	if t.View != nil {
		return "view"
	}
	return "table"
}

// IsTemporary says that the table lives in its session alone.
func (t *Table) IsTemporary() bool { return t.Temporary }

func (t *Table) renamed(p Path) Object {
	changed := t.Clone()
	changed.Path = p
	return changed
}

// Clone returns a copy whose lists and options can be changed.
func (t *Table) Clone() *Table {
	c := *t
	c.Columns, c.PartitionBy = slices.Clone(t.Columns), slices.Clone(t.PartitionBy)
	c.Partitions, c.Options = slices.Clone(t.Partitions), maps.Clone(t.Options)
	if t.PrimaryKey != nil {
		k := *t.PrimaryKey
		k.Columns = slices.Clone(k.Columns)
		c.PrimaryKey = &k
	}
	return &c
}

// Find returns the position of a column, -1 if there is none of the name.
func (t *Table) Find(name string) int {
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// PartitionName writes a partition as SHOW PARTITIONS does: p=x/q=1.
func (t *Table) PartitionName(p Partition) string {
	parts := make([]string, len(p.Values))
	for i, v := range p.Values {
		parts[i] = t.PartitionBy[i] + "=" + v
	}
	return strings.Join(parts, "/")
}

// Names returns the names of the columns.
func (t *Table) Names() []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}
