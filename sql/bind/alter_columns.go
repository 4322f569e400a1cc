package bind

import (
	"slices"

	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// modifyColumn executes MODIFY of a column. Its comment stays unless there is a new one, and a column of the primary key stays NOT NULL.
func (d *definition) modifyColumn(n *syntax.Column) error {
	at, err := d.existing(&n.Name, n.Name.Name)
	if err != nil {
		return err
	}
	c, err := d.column(n)
	if err != nil {
		return err
	}
	if c.Comment == nil {
		c.Comment = d.t.Columns[at].Comment
	}
	if c.Kind != catalog.Physical {
		if what := d.needsStored(c.Name); what != "" {
			return syntax.Errorf(n, "the column '%s' is part of the %s and must be stored", c.Name, what)
		}
	} else if k := d.t.PrimaryKey; k != nil && slices.Contains(k.Columns, c.Name) {
		c.Type.NotNull = true
	}
	d.t.Columns[at] = c
	if err := d.claim(n); err != nil {
		return err
	}
	return d.move(n)
}

// existing finds a column of the table.
func (d *definition) existing(at syntax.Node, name string) (int, error) {
	i := d.t.Find(name)
	if i < 0 {
		return i, fail(at, suggest.Hint(name, d.t.Names(), "its columns are"), "table '%s' has no column '%s'", d.t.Path, name)
	}
	return i, nil
}

// needsStored names what a column is part of that computed and metadata columns cannot be.
func (d *definition) needsStored(name string) string {
	switch {
	case d.t.PrimaryKey != nil && slices.Contains(d.t.PrimaryKey.Columns, name):
		return "primary key"
	case slices.Contains(d.t.PartitionBy, name):
		return "partitioning"
	case d.t.Distribution != nil && slices.Contains(names(d.t.Distribution.Columns), name):
		return "distribution"
	}
	return ""
}

// move puts a column where FIRST or AFTER say.
func (d *definition) move(n *syntax.Column) error {
	if n.Position == nil {
		return nil
	}
	at, to := d.t.Find(n.Name.Name), 0
	if !n.Position.First {
		after := &n.Position.After
		if len(after.Parts) > 1 {
			return unsupported(after, "a place inside a row is")
		}
		found, err := d.existing(after, after.Parts[0].Name)
		if err != nil {
			return err
		}
		if found == at {
			return nil
		}
		if to = found + 1; at < to {
			to--
		}
	}
	c := d.t.Columns[at]
	d.t.Columns = slices.Insert(slices.Delete(d.t.Columns, at, at+1), to, c)
	return nil
}

// dropColumns executes DROP of columns, which nothing that stays may need.
func (d *definition) dropColumns(n *syntax.DropColumns) error {
	gone := map[string]bool{}
	for i := range n.Columns {
		name, err := simple(&n.Columns[i])
		if err != nil {
			return err
		}
		if gone[name] {
			return syntax.Errorf(&n.Columns[i], "the column '%s' is there twice", name)
		}
		if _, err := d.existing(&n.Columns[i], name); err != nil {
			return err
		}
		gone[name] = true
	}
	for i := range n.Columns {
		name := n.Columns[i].Parts[0].Name
		if what := d.needsStored(name); what != "" {
			return syntax.Errorf(&n.Columns[i], "the column '%s' cannot be dropped: it is part of the %s", name, what)
		}
		if err := d.unused(&n.Columns[i], name, "dropped", gone); err != nil {
			return err
		}
	}
	d.t.Columns = slices.DeleteFunc(d.t.Columns, func(c catalog.Column) bool { return gone[c.Name] })
	return nil
}

// simple returns a name that must have one part.
func simple(n *syntax.Name) (string, error) {
	if len(n.Parts) > 1 {
		return "", unsupported(n, "changing a part of a row is")
	}
	return n.Parts[0].Name, nil
}

// renameColumn executes RENAME of a column. The primary key goes along; whatever else names the column forbids it.
func (d *definition) renameColumn(n *syntax.RenameColumn) error {
	from, err := simple(&n.From)
	if err != nil {
		return err
	}
	to, err := simple(&n.To)
	if err != nil {
		return err
	}
	at, err := d.existing(&n.From, from)
	if err != nil {
		return err
	}
	if d.t.Find(to) >= 0 {
		return syntax.Errorf(&n.To, "table '%s' has a column '%s' already", d.t.Path, to)
	}
	if what := d.needsStored(from); what != "" && what != "primary key" {
		return syntax.Errorf(&n.From, "the column '%s' cannot be renamed: it is part of the %s", from, what)
	}
	if err := d.unused(&n.From, from, "renamed", nil); err != nil {
		return err
	}
	d.t.Columns[at].Name = to
	if k := d.t.PrimaryKey; k != nil {
		if i := slices.Index(k.Columns, from); i >= 0 {
			k.Columns[i] = to
		}
	}
	return nil
}

// unused checks that no computed column but those in gone and no watermark uses a column.
func (d *definition) unused(at syntax.Node, name, verb string, gone map[string]bool) error {
	if w := d.t.Watermark; w != nil {
		uses := w.Column == name
		if e, err := d.watermarkExpr(w); err == nil { // SOURCE_WATERMARK() names no column
			uses = uses || d.uses(e, name)
		}
		if uses {
			return syntax.Errorf(at, "the column '%s' cannot be %s: the watermark needs it", name, verb)
		}
	}
	for i := range d.t.Columns {
		c := &d.t.Columns[i]
		if c.Kind != catalog.Computed || gone[c.Name] {
			continue
		}
		e, err := d.columnExpr(c)
		if err != nil {
			return d.place(c, err)
		}
		if d.uses(e, name) {
			return syntax.Errorf(at, "the column '%s' cannot be %s: the computed column '%s' needs it", name, verb, c.Name)
		}
	}
	return nil
}

// uses reports whether an expression over the table's columns reads a column.
func (d *definition) uses(e expr.Expr, name string) bool {
	found := false
	expr.Walk(e, func(e expr.Expr) bool {
		if c, ok := e.(*expr.Column); ok && d.t.Columns[c.Index].Name == name {
			found = true
		}
		return !found
	})
	return found
}
