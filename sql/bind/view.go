package bind

import (
	"slices"

	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// View resolves CREATE VIEW. text is the source that positions in n are in.
func (b *Binder) View(n *syntax.CreateView, text string) (*catalog.Table, error) {
	path, err := b.Catalogs.Resolve(names(n.Name.Parts))
	if err != nil {
		return nil, place(&n.Name, err)
	}
	e := &expansion{}
	r, err := b.start(e).query(n.Query, nil)
	if err != nil {
		return nil, err
	}
	list := fieldNames(r.fields())
	if len(n.Columns) > 0 {
		if len(n.Columns) != len(list) {
			return nil, syntax.Errorf(&syntax.Span{From: n.Columns[0].From, To: n.Columns[len(n.Columns)-1].To},
				"the view's query has %s (%s), but %s given", plural(len(list), "column"), typeList(r.fields()), pluralIs(len(n.Columns), "name"))
		}
		list = names(n.Columns)
		for i := range n.Columns {
			if slices.Contains(list[:i], list[i]) {
				return nil, syntax.Errorf(&n.Columns[i], "the column '%s' is there twice", list[i])
			}
		}
	} else if at, name := repeated(n.Query); at != nil {
		return nil, fail(at, "give one of them another alias", "the column '%s' is there twice", name)
	}
	expanded := e.apply(text, n.Query.From, n.Query.To)
	query, err := syntax.ParseQuery(expanded)
	if err != nil {
		return nil, place(n.Query, err)
	}
	cat, db := b.Catalogs.Current()
	t := &catalog.Table{Path: path, Temporary: n.Temporary, View: &catalog.View{
		Text: expanded, Query: query, Catalog: cat, Database: db, Expanded: DefinitionStyle.Format(query),
	}}
	if n.Comment != nil {
		t.Comment = n.Comment.Text
	}
	times := plan.Times(r.node)
	for i, f := range r.fields() {
		t.Columns = append(t.Columns, catalog.Column{Name: list[i], Type: f.Type, Time: times[i]})
	}
	return t, nil
}

// repeated finds an alias that a query's select list has twice.
func repeated(q *syntax.Query) (syntax.Node, string) {
	s, ok := q.Body.(*syntax.Select)
	if !ok {
		return nil, ""
	}
	seen := map[string]bool{}
	for i := range s.Items {
		it := &s.Items[i]
		name := ""
		if ref, ok := it.X.(*syntax.ColumnRef); ok {
			name = ref.Parts[len(ref.Parts)-1].Name
		}
		if it.Alias != nil {
			name = it.Alias.Name
		}
		if name != "" && seen[name] {
			return it, name
		}
		seen[name] = true
	}
	return nil, ""
}
