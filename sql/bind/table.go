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

// Table resolves CREATE TABLE: types, computed columns, watermark, keys. Its options are not looked at: that happens where the table
// is used.
func (b *Binder) Table(n *syntax.CreateTable) (*catalog.Table, error) {
	path, err := b.Catalogs.Resolve(names(n.Name.Parts))
	if err != nil {
		return nil, place(&n.Name, err)
	}
	if err := refuseTable(n); err != nil {
		return nil, err
	}
	t := &catalog.Table{Path: path, Temporary: n.Temporary, Distribution: n.Distribution, Options: Options(n.Options)}
	if n.Comment != nil {
		t.Comment = n.Comment.Text
	}
	if err := b.columns(t, &n.Schema); err != nil {
		return nil, err
	}
	if err := primaryKey(t, &n.Schema); err != nil {
		return nil, err
	}
	if err := b.computed(t, &n.Schema); err != nil {
		return nil, err
	}
	if n.Schema.Watermark != nil {
		if err := b.watermark(t, n.Schema.Watermark); err != nil {
			return nil, err
		}
	}
	for i := range n.PartitionBy {
		p := &n.PartitionBy[i]
		c := t.Find(p.Name)
		switch {
		case c < 0:
			return nil, fail(p, suggest.Hint(p.Name, t.Names(), "columns are"), "the partition column '%s' is not in the table", p.Name)
		case t.Columns[c].Kind != catalog.Physical:
			return nil, syntax.Errorf(p, "the partition column '%s' is not stored: it is computed or metadata", p.Name)
		case slices.Contains(t.PartitionBy, p.Name):
			return nil, syntax.Errorf(p, "the partition column '%s' is given twice", p.Name)
		}
		t.PartitionBy = append(t.PartitionBy, p.Name)
	}
	if n.Distribution != nil {
		if k := n.Distribution.Buckets; k != nil && strings.Trim(k.Text, "0") == "" {
			return nil, syntax.Errorf(k, "a table is distributed into at least 1 bucket, not %s", k.Text)
		}
		for i := range n.Distribution.Columns {
			if d := &n.Distribution.Columns[i]; t.Find(d.Name) < 0 {
				return nil, fail(d, suggest.Hint(d.Name, t.Names(), "columns are"), "the distribution column '%s' is not in the table", d.Name)
			}
		}
	}
	return t, nil
}

// refuseTable says which forms of CREATE TABLE cannot be executed.
func refuseTable(n *syntax.CreateTable) error {
	switch {
	case n.Query != nil:
		return unsupported(n.Query, "CREATE TABLE … AS a query is")
	case n.Like != nil:
		return unsupported(n.Like, "CREATE TABLE … LIKE is")
	case n.Replace || n.OrReplace:
		return unsupported(&n.Name, "replacing a table is")
	case n.Connection != nil:
		return unsupported(n.Connection, "USING CONNECTION is")
	case len(n.Identifiers) > 0:
		return syntax.Errorf(&n.Identifiers[0], "the column '%s' needs a type", n.Identifiers[0].Name)
	}
	return nil
}

// Options collects WITH options; of one that is given twice the last counts.
func Options(list []syntax.Option) map[string]string {
	m := make(map[string]string, len(list))
	for _, o := range list {
		m[o.Key.Text] = o.Value.Text
	}
	return m
}

// columns resolves all but the computed columns' types.
func (b *Binder) columns(t *catalog.Table, s *syntax.Schema) error {
	for i := range s.Columns {
		n := &s.Columns[i]
		if t.Find(n.Name.Name) >= 0 {
			return syntax.Errorf(&n.Name, "the column '%s' is there twice", n.Name.Name)
		}
		c := catalog.Column{Name: n.Name.Name, Virtual: n.Virtual}
		if n.Comment != nil {
			c.Comment = n.Comment.Text
		}
		var err error
		switch n.Kind {
		case syntax.ComputedColumn:
			c.Kind, c.Expr = catalog.Computed, n.Expr
		case syntax.MetadataColumn:
			c.Kind, c.Key = catalog.Metadata, c.Name
			if n.Key != nil {
				c.Key = n.Key.Text
			}
			for _, other := range t.Columns {
				if other.Kind == catalog.Metadata && other.Key == c.Key {
					return fail(n, "make one of them a computed column of the other", "the columns '%s' and '%s' both read the metadata '%s'", other.Name, c.Name, c.Key)
				}
			}
			c.Type, err = typeOf(n.Type)
		default:
			c.Type, err = typeOf(n.Type)
		}
		if err != nil {
			return err
		}
		t.Columns = append(t.Columns, c)
	}
	return nil
}

// primaryKey resolves the primary key, whose columns become NOT NULL.
func primaryKey(t *catalog.Table, s *syntax.Schema) error {
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
	for i, k := range keys {
		switch {
		case k.Unique:
			return unsupported(k, "UNIQUE is")
		case i > 0:
			return syntax.Errorf(k, "a table has one primary key only")
		case k.Enforcement != syntax.NotEnforced:
			return fail(k, "write NOT ENFORCED", "a primary key cannot be enforced: the data is not owned here")
		}
		key := &catalog.PrimaryKey{Columns: names(k.Columns), Name: "PK_" + strings.Join(names(k.Columns), "_")}
		if k.Name != nil {
			key.Name = k.Name.Name
		}
		for j := range k.Columns {
			id := &k.Columns[j]
			c := t.Find(id.Name)
			switch {
			case c < 0:
				return fail(id, suggest.Hint(id.Name, t.Names(), "columns are"), "the primary key's column '%s' is not in the table", id.Name)
			case t.Columns[c].Kind != catalog.Physical:
				return syntax.Errorf(id, "the primary key's column '%s' is not stored: it is computed or metadata", id.Name)
			case slices.Contains(names(k.Columns[:j]), id.Name):
				return syntax.Errorf(id, "the primary key's column '%s' is given twice", id.Name)
			}
			t.Columns[c].Type.NotNull = true
		}
		t.PrimaryKey = key
	}
	return nil
}

// computed types the computed columns. They can use stored and metadata columns, not each other.
func (b *Binder) computed(t *catalog.Table, s *syntax.Schema) error {
	x := b.tableExprs(t, func(c *catalog.Column) bool { return c.Kind != catalog.Computed }, "a computed column")
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Kind != catalog.Computed {
			continue
		}
		e, err := x.bind(c.Expr)
		if err != nil {
			return err
		}
		if c.Type = e.Type(); c.Type.Kind == column.Null {
			return fail(c.Expr, "write CAST(NULL AS type)", "a NULL alone has no type")
		}
		if call, ok := c.Expr.(*syntax.FuncCall); ok && functionLabel(call) == "PROCTIME" {
			c.Time = catalog.Proctime
		}
	}
	return nil
}

// tableExprs binds expressions over a table's own columns.
func (b *Binder) tableExprs(t *catalog.Table, visible func(*catalog.Column) bool, where string) *exprs {
	r := relation{path: []string{t.Path.Object}}
	for i := range t.Columns {
		if c := &t.Columns[i]; visible(c) {
			r.columns = append(r.columns, scopeColumn{c.Name, i, c.Type, c.Time})
		}
	}
	return &exprs{binding: b.start(nil), scope: &scope{relations: []relation{r}}, where: where}
}

// watermark resolves WATERMARK FOR: the column becomes the table's event time.
func (b *Binder) watermark(t *catalog.Table, n *syntax.Watermark) error {
	if len(n.Column.Parts) > 1 {
		return unsupported(&n.Column, "a watermark for a part of a column is")
	}
	name := n.Column.Parts[0].Name
	c := t.Find(name)
	if c < 0 {
		return fail(&n.Column, suggest.Hint(name, t.Names(), "columns are"), "the watermark's column '%s' is not in the table", name)
	}
	if !isEventTime(t.Columns[c].Type) {
		return fail(&n.Column, "it must be TIMESTAMP(p) or TIMESTAMP_LTZ(p) with p from 0 to 3", "the watermark's column '%s' is %s", name, t.Columns[c].Type.Optional())
	}
	e, err := b.tableExprs(t, func(*catalog.Column) bool { return true }, "a watermark").bind(n.Expr)
	if err != nil {
		return err
	}
	if !isEventTime(e.Type()) {
		return fail(n.Expr, "it must be TIMESTAMP(p) or TIMESTAMP_LTZ(p) with p from 0 to 3", "the watermark is of type %s", e.Type().Optional())
	}
	t.Watermark = &catalog.Watermark{Column: name, Expr: n.Expr}
	t.Columns[c].Time = catalog.Rowtime
	return nil
}

func isEventTime(t column.Type) bool {
	return (t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ) && t.Precision <= 3
}

// Expr binds an expression without columns, such as for a test of the function list.
func (b *Binder) Expr(n syntax.Expr) (expr.Expr, error) {
	x := &exprs{binding: b.start(nil), scope: &scope{}, where: "an expression"}
	return x.bind(n)
}
