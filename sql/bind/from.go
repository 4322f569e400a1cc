package bind

import (
	"slices"

	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// from binds a FROM clause: the rows and what their columns can be called. Without one there is one row without columns.
func (b *binding) from(n syntax.TableRef, e *env) (plan.Node, *scope, error) {
	if n == nil {
		return oneRow(), &scope{}, nil
	}
	switch n := n.(type) {
	case *syntax.Join:
		return b.join(n, e)
	case *syntax.Unnest:
		return b.unnest(oneRow(), &scope{}, n, false, e)
	case *syntax.TableFunc:
		if !takesTable(n.Call) {
			return b.tableFunction(oneRow(), &scope{}, n, false, e)
		}
	}
	t, err := b.tableRef(n, e)
	if err != nil {
		return nil, nil, err
	}
	s := &scope{}
	return t.rel.node, s, s.add(newRelation(n, t.path, t.rel, 0))
}

// oneRow is one row without columns.
func oneRow() plan.Node { return &plan.Values{Rows: [][]expr.Expr{{}}} }

// named is a relation with what it can be called.
type named struct {
	rel  *rel
	path []string
}

// tableRef binds an item of FROM that does not depend on those before it.
func (b *binding) tableRef(n syntax.TableRef, e *env) (*named, error) {
	var t *named
	var alias *syntax.TableAlias
	var err error
	switch n := n.(type) {
	case *syntax.TableName:
		alias = n.Alias
		t, err = b.table(n, e)
	case *syntax.DerivedTable:
		alias = n.Alias
		var r *rel
		if r, err = b.query(n.Query, e); err == nil {
			t = &named{rel: unsorted(r)}
		}
	case *syntax.TableFunc:
		alias = n.Alias
		switch label := functionLabel(n.Call); {
		case label == savepointFunction:
			t, err = b.savepoint(n)
		case slices.Contains(changelogFunctions, label):
			t, err = b.changelogFunction(n, e)
		default:
			t, err = b.windowFunction(n, e)
		}
	case *syntax.MatchRecognize:
		alias = n.Alias
		t, err = b.matchRecognize(n, e)
	default:
		return nil, syntax.Errorf(n, "this cannot stand in FROM")
	}
	if err != nil {
		return nil, err
	}
	if alias == nil && len(t.path) == 0 {
		t.path = b.expansion.name(n)
	}
	if alias != nil {
		t.path = []string{alias.Name.Name}
		if len(alias.Columns) > 0 {
			if t.rel, err = renamed(t.rel, alias.Columns, &alias.Name, "the table"); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

// unsorted drops the order of a query in FROM, which means nothing without a LIMIT.
func unsorted(r *rel) *rel {
	out := *r
	switch n := r.node.(type) {
	case *plan.Sort:
		out.node = n.Input
	case *plan.Project:
		if s, ok := n.Input.(*plan.Sort); ok {
			out.node = n.With([]plan.Node{s.Input})
		}
	}
	return &out
}

// table binds a table, view or common table expression by its name.
func (b *binding) table(n *syntax.TableName, e *env) (*named, error) {
	if n.SystemTime != nil {
		return nil, fail(n.SystemTime, "write JOIN … FOR SYSTEM_TIME AS OF and a time of the rows to the left", "FOR SYSTEM_TIME AS OF asks for the versions of a joined table; past states of a table by itself are not kept")
	}
	parts := names(n.Name.Parts)
	if len(parts) == 1 {
		if r := e.find(parts[0]); r != nil {
			b.expansion.local(n)
			return &named{rel: r, path: parts}, nil
		}
	}
	path, err := catalog.Resolve(parts, b.catalog, b.database)
	if err != nil {
		return nil, place(&n.Name, err)
	}
	t, err := b.Catalogs.Lookup(path)
	if err != nil {
		return nil, b.noTable(n, e, err)
	}
	b.expansion.table(n, path)
	full := []string{path.Catalog, path.Database, path.Object}
	if t.View != nil {
		if len(n.Hints) > 0 {
			return nil, syntax.Errorf(&n.Hints[0], "a view takes no hints: '%s' is one", path.Object)
		}
		r, err := b.view(t, &n.Name)
		return &named{rel: r, path: full}, err
	}
	r, err := b.scan(t, n)
	return &named{rel: r, path: full}, err
}

// wholeTable binds TABLE t, which is written out as a query in a view: at is its text, and format what to put around that query.
func (b *binding) wholeTable(at syntax.Node, name syntax.Name, e *env, format string) (*named, error) {
	expansion := b.expansion
	b.expansion = nil
	t, err := b.table(&syntax.TableName{Span: name.Span, Name: name}, e)
	b.expansion = expansion
	if err == nil {
		expansion.whole(at, t, format)
	}
	return t, err
}

// noTable adds the names in WITH to what is offered for a table that is not there.
func (b *binding) noTable(n *syntax.TableName, e *env, err error) error {
	if len(n.Name.Parts) > 1 {
		return place(&n.Name, err)
	}
	known := b.Catalogs.Tables(b.catalog, b.database)
	for ; e != nil; e = e.parent {
		if e.outer == nil {
			known = append(known, e.name)
		}
	}
	return fail(&n.Name, hint(n.Name.Parts[0].Name, known, "tables are"), "table '%s' not found", n.Name.Parts[0].Name)
}

// view binds a view's query where the view was made, and gives the columns the view's names.
func (b *binding) view(t *catalog.Table, at syntax.Node) (*rel, error) {
	if slices.Contains(b.views, t.Path) {
		return nil, fail(at, "drop it or replace it", "the view '%s' stands for itself", t.Path)
	}
	inner := &binding{
		Binder: b.Binder, catalog: t.View.Catalog, database: t.View.Database, views: append(slices.Clone(b.views), t.Path), applies: b.applies,
	}
	r, err := inner.query(t.View.Query, nil)
	if err != nil {
		return nil, fail(at, "what it reads has changed since it was made", "the view '%s' is not valid any more: %s", t.Path, err.Error())
	}
	r = unsorted(r)
	r.node = plan.Relocated(r.node, syntax.Span{From: at.Pos(), To: at.End()})
	if len(r.fields()) != len(t.Columns) {
		return nil, syntax.Errorf(at, "the view '%s' is not valid any more: its query has %d columns instead of %d", t.Path, len(r.fields()), len(t.Columns))
	}
	if slices.Equal(fieldNames(r.fields()), t.Names()) {
		return r, nil
	}
	return r.rename(t.Names()), nil
}
