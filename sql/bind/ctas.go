package bind

import (
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// TableAs resolves CREATE or REPLACE TABLE … AS a query: the table, which is not in the catalog yet, and the job that fills it.
func (b *Binder) TableAs(n *syntax.CreateTable) (*catalog.Table, *plan.Sink, error) {
	if n.Temporary {
		return nil, nil, fail(&n.Name, "create the table, then INSERT INTO it", "a temporary table cannot be made AS a query")
	}
	t, err := b.newTable(n)
	if err != nil {
		return nil, nil, err
	}
	w := b.start(nil)
	q, err := w.query(n.Query, nil)
	if err != nil {
		return nil, nil, err
	}
	d := &definition{Binder: b, t: t, at: n}
	fields := q.fields()
	if err := d.queryColumns(n, fields); err != nil {
		return nil, nil, err
	}
	if err := d.define(n); err != nil {
		return nil, nil, err
	}
	insert := &syntax.Insert{Span: n.Span, Target: n.Name, Source: n.Query}
	for _, f := range fields {
		insert.Columns = append(insert.Columns, syntax.Name{Span: n.Query.Span, Parts: []syntax.Ident{{Span: n.Query.Span, Name: f.Name}}})
	}
	sink, err := w.insert(t, insert, q)
	return t, sink, err
}

// InsertAs binds the query of CREATE TABLE IF NOT EXISTS … AS for the table that exists: it is inserted there, as in Flink.
func (b *Binder) InsertAs(n *syntax.CreateTable, t *catalog.Table) (*plan.Sink, error) {
	return b.start(nil).insert(t, &syntax.Insert{Span: n.Span, Target: n.Name, Source: n.Query}, nil)
}

// queryColumns makes the columns of a query the table's: in the order of a list of names if there is one, else behind those that the
// statement declares and the query does not give. A column that is in both has the type that is declared.
func (d *definition) queryColumns(n *syntax.CreateTable, fields []column.Field) error {
	var declared []*syntax.Column
	for i := range n.Schema.Columns {
		c := &n.Schema.Columns[i]
		switch given := slices.ContainsFunc(fields, func(f column.Field) bool { return f.Name == c.Name.Name }); {
		case !given:
			if err := d.addColumn(c); err != nil {
				return err
			}
		case c.Kind != syntax.PhysicalColumn:
			return fail(c, "give one of them another name", "the query has a column '%s' too, which only a stored column can take", c.Name.Name)
		default:
			declared = append(declared, c)
		}
	}
	if err := d.ordered(n.Identifiers, fields); err != nil {
		return err
	}
	for _, n := range declared {
		c, err := d.column(n)
		if err != nil {
			return err
		}
		if d.own[c.Name] != nil {
			return syntax.Errorf(&n.Name, "the column '%s' is there twice", c.Name)
		}
		d.t.Columns[d.t.Find(c.Name)] = c
		if err := d.claim(n); err != nil {
			return err
		}
	}
	return nil
}

// ordered appends the query's columns to the table's, in the order of a list of their names if that is given.
func (d *definition) ordered(list []syntax.Ident, fields []column.Field) error {
	if len(list) > 0 && len(list) != len(fields) {
		at := &syntax.Span{From: list[0].From, To: list[len(list)-1].To}
		return syntax.Errorf(at, "the query has %s (%s), but %s given", plural(len(fields), "column"), typeList(fields), pluralIs(len(list), "name"))
	}
	for i, f := range fields {
		if len(list) > 0 {
			at := slices.IndexFunc(fields, func(f column.Field) bool { return f.Name == list[i].Name })
			if at < 0 {
				return fail(&list[i], suggest.Hint(list[i].Name, fieldNames(fields), "its columns are"), "the query has no column '%s'", list[i].Name)
			}
			f = fields[at]
		}
		if d.t.Find(f.Name) >= 0 {
			return syntax.Errorf(&list[i], "the column '%s' is there twice", f.Name)
		}
		d.t.Columns = append(d.t.Columns, catalog.Column{Name: f.Name, Type: f.Type})
	}
	return nil
}
