package bind

import (
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// definition is a table on its way into the catalog: what a statement says is added to the columns that are there already, those of a
// base table or of a query, or of the table that is altered.
type definition struct {
	*Binder
	t  *catalog.Table
	at syntax.Node // the statement: the place of an error in what it did not write itself
	// own are the columns that the statement wrote.
	own map[string]*syntax.Column
	// altered says that the table exists already: its own columns may become parts of a key.
	altered bool
}

// addColumn appends a column and puts it where FIRST or AFTER say. The type of a computed one is left open.
func (d *definition) addColumn(n *syntax.Column) error {
	c, err := d.column(n)
	if err != nil {
		return err
	}
	if d.t.Find(c.Name) >= 0 {
		if d.own[c.Name] != nil {
			return syntax.Errorf(&n.Name, "the column '%s' is there twice", c.Name)
		}
		return syntax.Errorf(&n.Name, "the table has a column '%s' already", c.Name)
	}
	d.t.Columns = append(d.t.Columns, c)
	if err := d.claim(n); err != nil {
		return err
	}
	return d.move(n)
}

// claim notes that the statement wrote a column.
func (d *definition) claim(n *syntax.Column) error {
	if d.own == nil {
		d.own = map[string]*syntax.Column{}
	}
	d.own[n.Name.Name] = n
	if n.Kind != syntax.MetadataColumn {
		return nil
	}
	at := d.t.Find(n.Name.Name)
	for i, other := range d.t.Columns {
		if i != at && other.Kind == catalog.Metadata && other.Key == d.t.Columns[at].Key {
			return fail(n, "make one of them a computed column of the other", "the columns '%s' and '%s' both read the metadata '%s'", other.Name, n.Name.Name, other.Key)
		}
	}
	return nil
}

// column resolves a column but for the type of a computed one.
func (d *definition) column(n *syntax.Column) (catalog.Column, error) {
	c := catalog.Column{Name: n.Name.Name, Virtual: n.Virtual}
	if n.Comment != nil {
		c.Comment = &n.Comment.Text
	}
	switch n.Kind {
	case syntax.ComputedColumn:
		c.Kind, c.Expr = catalog.Computed, n.Expr
		return c, nil
	case syntax.MetadataColumn:
		c.Kind, c.Key = catalog.Metadata, c.Name
		if n.Key != nil {
			c.Key = n.Key.Text
		}
	}
	var err error
	c.Type, err = typeOf(n.Type)
	return c, err
}

// primaryKey resolves the primary key that a schema declares, if it does. The columns that the statement wrote become NOT NULL; others
// have to be.
func (d *definition) primaryKey(s *syntax.Schema) error {
	keys, err := keysOf(s)
	if err != nil || len(keys) == 0 {
		return err
	}
	if len(keys) > 1 {
		return syntax.Errorf(keys[1], "a table has one primary key only")
	}
	k := keys[0]
	key := &catalog.PrimaryKey{Columns: names(k.Columns), Name: "PK_" + strings.Join(names(k.Columns), "_")}
	if k.Name != nil {
		key.Name = k.Name.Name
	}
	for i := range k.Columns {
		id := &k.Columns[i]
		c := d.t.Find(id.Name)
		switch {
		case c < 0:
			return fail(id, suggest.Hint(id.Name, d.t.Names(), "columns are"), "the primary key's column '%s' is not in the table", id.Name)
		case d.t.Columns[c].Kind != catalog.Physical:
			return syntax.Errorf(id, "the primary key's column '%s' is not stored: it is computed or metadata", id.Name)
		case slices.Contains(key.Columns[:i], id.Name):
			return syntax.Errorf(id, "the primary key's column '%s' is given twice", id.Name)
		case !d.t.Columns[c].Type.NotNull && d.own[id.Name] == nil && !d.altered:
			return fail(id, "declare it NOT NULL where it comes from", "the primary key's column '%s' can be NULL", id.Name)
		}
		d.t.Columns[c].Type.NotNull = true
	}
	d.t.PrimaryKey = key
	return nil
}

// keysOf collects the primary keys that a schema declares, behind columns and by themselves.
func keysOf(s *syntax.Schema) ([]*syntax.Constraint, error) {
	var keys []*syntax.Constraint
	for i := range s.Columns {
		if c := s.Columns[i].Constraint; c != nil {
			with := *c
			with.Columns = []syntax.Ident{s.Columns[i].Name}
			keys = append(keys, &with)
		}
	}
	for i := range s.Constraints {
		keys = append(keys, &s.Constraints[i])
	}
	for _, k := range keys {
		switch {
		case k.Unique:
			return nil, unsupported(k, "UNIQUE is")
		case k.Enforcement != syntax.NotEnforced:
			return nil, fail(k, "write NOT ENFORCED", "a primary key cannot be enforced: the data is not owned here")
		}
	}
	return keys, nil
}

// computed types the computed columns. They can use stored and metadata columns, not each other.
func (d *definition) computed() error {
	for i := range d.t.Columns {
		c := &d.t.Columns[i]
		if c.Kind != catalog.Computed {
			continue
		}
		e, err := d.columnExpr(c)
		if err != nil {
			return d.place(c, err)
		}
		if c.Type = e.Type(); c.Type.Kind == column.Null {
			return d.place(c, fail(c.Expr, "write CAST(NULL AS type)", "a NULL alone has no type"))
		}
		if call, ok := c.Expr.(*syntax.FuncCall); ok && functionLabel(call) == "PROCTIME" {
			c.Time = catalog.Proctime
		}
	}
	return nil
}

// columnExpr binds the expression of a computed column.
func (d *definition) columnExpr(c *catalog.Column) (expr.Expr, error) {
	return d.tableExprs(d.t, func(c *catalog.Column) bool { return c.Kind != catalog.Computed }, "a computed column").bind(c.Expr)
}

// place keeps an error in a computed column where it is, if the statement wrote the column, else it says that the column is
// not valid any more.
func (d *definition) place(c *catalog.Column, err error) error {
	if d.own[c.Name] != nil {
		return err
	}
	return syntax.Errorf(d.at, "the computed column '%s' would not be valid: %s", c.Name, err.Error())
}

// tableExprs binds expressions over a table's own columns.
func (b *Binder) tableExprs(t *catalog.Table, visible func(*catalog.Column) bool, where string) *exprs {
	r := relation{path: []string{t.Path.Object}}
	for i := range t.Columns {
		if c := &t.Columns[i]; visible(c) {
			r.columns = append(r.columns, scopeColumn{name: c.Name, index: i, typ: c.Type, time: c.Time})
		}
	}
	return &exprs{binding: b.start(nil), scope: &scope{relations: []relation{r}}, where: where}
}

// watermark resolves WATERMARK FOR: the column becomes the table's event time.
func (d *definition) watermark(n *syntax.Watermark) error {
	if len(n.Column.Parts) > 1 {
		return unsupported(&n.Column, "a watermark for a part of a column is")
	}
	return d.setWatermark(&catalog.Watermark{Column: n.Column.Parts[0].Name, Expr: n.Expr}, &n.Column, n.Expr)
}

// setWatermark checks a watermark whose column and expression stand at places of the text.
func (d *definition) setWatermark(w *catalog.Watermark, atColumn, atExpr syntax.Node) error {
	c := d.t.Find(w.Column)
	if c < 0 {
		return fail(atColumn, suggest.Hint(w.Column, d.t.Names(), "columns are"), "the watermark's column '%s' is not in the table", w.Column)
	}
	const valid = "it must be TIMESTAMP(p) or TIMESTAMP_LTZ(p) with p from 0 to 3"
	if !isEventTime(d.t.Columns[c].Type) {
		return fail(atColumn, valid, "the watermark's column '%s' is %s", w.Column, d.t.Columns[c].Type.Optional())
	}
	if d.t.Columns[c].Time == catalog.Proctime {
		return fail(atColumn, "declare the watermark for a column of the data", "the watermark's column '%s' is the time of processing, which has none", w.Column)
	}
	if call, ok := w.Expr.(*syntax.FuncCall); ok && functionLabel(call) == "SOURCE_WATERMARK" && len(call.Args) == 0 {
		d.t.Watermark = w // the source's own, of whatever type the column has
		d.t.Columns[c].Time = catalog.Rowtime
		return nil
	}
	e, err := d.watermarkExpr(w)
	if err != nil {
		if atExpr != w.Expr {
			return syntax.Errorf(atExpr, "the watermark would not be valid: %s", err.Error())
		}
		return err
	}
	if !isEventTime(e.Type()) {
		return fail(atExpr, valid, "the watermark is of type %s", e.Type().Optional())
	}
	if e.Type().Kind != d.t.Columns[c].Type.Kind {
		return fail(atExpr, "CAST it to the type of the column", "the watermark is %s, but its column '%s' is %s", e.Type().Optional(), w.Column, d.t.Columns[c].Type.Optional())
	}
	d.t.Watermark = w
	d.t.Columns[c].Time = catalog.Rowtime
	return nil
}

func (d *definition) watermarkExpr(w *catalog.Watermark) (expr.Expr, error) {
	return d.tableExprs(d.t, func(*catalog.Column) bool { return true }, "a watermark").bind(w.Expr)
}

func isEventTime(t column.Type) bool {
	return (t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ) && t.Precision <= 3
}

// partitionBy resolves PARTITIONED BY, if it is given.
func (d *definition) partitionBy(list []syntax.Ident) error {
	if len(list) > 0 {
		d.t.PartitionBy = nil
	}
	for i := range list {
		p := &list[i]
		c := d.t.Find(p.Name)
		switch {
		case c < 0:
			return fail(p, suggest.Hint(p.Name, d.t.Names(), "columns are"), "the partition column '%s' is not in the table", p.Name)
		case d.t.Columns[c].Kind != catalog.Physical:
			return syntax.Errorf(p, "the partition column '%s' is not stored: it is computed or metadata", p.Name)
		case slices.Contains(d.t.PartitionBy, p.Name):
			return syntax.Errorf(p, "the partition column '%s' is given twice", p.Name)
		}
		d.t.PartitionBy = append(d.t.PartitionBy, p.Name)
	}
	return nil
}

// distribution resolves DISTRIBUTED.
func (d *definition) distribution(n *syntax.Distribution) error {
	if k := n.Buckets; k != nil && strings.Trim(k.Text, "0") == "" {
		return syntax.Errorf(k, "a table is distributed into at least 1 bucket, not %s", k.Text)
	}
	for i := range n.Columns {
		id := &n.Columns[i]
		switch c := d.t.Find(id.Name); {
		case c < 0:
			return fail(id, suggest.Hint(id.Name, d.t.Names(), "columns are"), "the distribution column '%s' is not in the table", id.Name)
		case d.t.Columns[c].Kind != catalog.Physical:
			return syntax.Errorf(id, "the distribution column '%s' is not stored: it is computed or metadata", id.Name)
		}
	}
	d.t.Distribution = n
	return nil
}
