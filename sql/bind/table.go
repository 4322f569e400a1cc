package bind

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// Table resolves CREATE TABLE, but for one AS a query: types, computed columns, watermark, keys, and what is taken over from another table
// by LIKE. Its options are not looked at: that happens where the table is used.
func (b *Binder) Table(n *syntax.CreateTable) (*catalog.Table, error) {
	t, err := b.newTable(n)
	if err != nil {
		return nil, err
	}
	if len(n.Identifiers) > 0 {
		return nil, syntax.Errorf(&n.Identifiers[0], "the column '%s' needs a type", n.Identifiers[0].Name)
	}
	d := &definition{Binder: b, t: t, at: n}
	if n.Like != nil {
		if err := d.like(n); err != nil {
			return nil, err
		}
	}
	for i := range n.Schema.Columns {
		if c := &n.Schema.Columns[i]; d.own[c.Name.Name] != c { // it has not taken the place of a column of the base table
			if err := d.addColumn(c); err != nil {
				return nil, err
			}
		}
	}
	return t, d.define(n)
}

// newTable makes a table with all but its columns and what depends on them.
func (b *Binder) newTable(n *syntax.CreateTable) (*catalog.Table, error) {
	path, err := b.Catalogs.Resolve(names(n.Name.Parts))
	if err != nil {
		return nil, place(&n.Name, err)
	}
	if n.Connection != nil {
		return nil, unsupported(n.Connection, "USING CONNECTION is")
	}
	t := &catalog.Table{Path: path, Temporary: n.Temporary, Options: Options(n.Options)}
	if n.Comment != nil {
		t.Comment = n.Comment.Text
	}
	return t, nil
}

// define adds what a CREATE TABLE says besides its columns.
func (d *definition) define(n *syntax.CreateTable) error {
	if err := d.primaryKey(&n.Schema); err != nil {
		return err
	}
	if err := d.computed(); err != nil {
		return err
	}
	if n.Schema.Watermark != nil {
		if err := d.watermark(n.Schema.Watermark); err != nil {
			return err
		}
	}
	if err := d.partitionBy(n.PartitionBy); err != nil {
		return err
	}
	if n.Distribution != nil {
		return d.distribution(n.Distribution)
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

// Columns resolves the input or output columns of a model, which are all stored.
func (b *Binder) Columns(s *syntax.Schema) ([]catalog.Column, error) {
	if s == nil {
		return nil, nil
	}
	for i := range s.Columns {
		if c := &s.Columns[i]; c.Kind != syntax.PhysicalColumn || c.Constraint != nil {
			return nil, fail(c, "write a name and a type", "a column of a model is a plain column")
		}
	}
	if len(s.Constraints) > 0 || s.Watermark != nil {
		return nil, fail(s, "write names and types", "a model has neither keys nor a watermark")
	}
	d := &definition{Binder: b, t: &catalog.Table{}, at: s}
	for i := range s.Columns {
		if err := d.addColumn(&s.Columns[i]); err != nil {
			return nil, err
		}
	}
	return d.t.Columns, nil
}

// ParseType reads a type as [column.Type.String] writes it.
func ParseType(text string) (column.Type, error) {
	n, err := syntax.ParseType(text)
	if err != nil {
		return column.Type{}, err
	}
	return typeOf(n)
}

// Expr binds an expression without columns, such as for a test of the function list.
func (b *Binder) Expr(n syntax.Expr) (expr.Expr, error) {
	x := &exprs{binding: b.start(nil), scope: &scope{}, where: "an expression"}
	return x.bind(n)
}
