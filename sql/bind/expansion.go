package bind

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// expansion collects what to write into a query's text so that it means the same wherever it is read: full names of tables, qualified
// columns, and the columns that a star stands for. A nil expansion collects nothing.
type expansion struct {
	edits   []edit
	seen    map[syntax.Span]bool
	unnamed int // relations without a name so far
}

// edit replaces a part of the text.
type edit struct {
	at   syntax.Span
	text string
}

func (e *expansion) add(at syntax.Node, text string) {
	if e == nil {
		return
	}
	span := syntax.Span{From: at.Pos(), To: at.End()}
	if e.seen[span] {
		return // bound twice, such as an item that ORDER BY names again
	}
	if e.seen == nil {
		e.seen = map[syntax.Span]bool{}
	}
	e.seen[span] = true
	e.edits = append(e.edits, edit{span, text})
}

// column qualifies a column by its relation.
func (e *expansion) column(n *syntax.ColumnRef, hit found) {
	if e == nil || hit.relation.name() == "" {
		return
	}
	path := append([]string{hit.relation.name(), hit.column.name}, names(hit.fields)...)
	e.add(n, quoted(path))
}

// star writes the columns that a star stands for, with the names that they get where names repeat.
func (e *expansion) star(n *syntax.Star, relations []*relation, plain bool) {
	if e == nil {
		return
	}
	var list []string
	for _, r := range relations {
		for _, c := range r.columns {
			if plain && c.shadowed {
				continue
			}
			path := []string{c.name}
			if r.name() != "" {
				path = []string{r.name(), c.name}
			}
			list = append(list, quoted(path))
		}
	}
	e.add(n, strings.Join(list, ", "))
}

// rowStar writes the fields that the star of a ROW stands for.
func (e *expansion) rowStar(n *syntax.Star, hit found, fields []column.Field) {
	if e == nil {
		return
	}
	var list []string
	for _, f := range fields {
		path := append([]string{hit.column.name}, names(hit.fields)...)
		if name := hit.relation.name(); name != "" {
			path = append([]string{name}, path...)
		}
		list = append(list, quoted(append(path, f.Name)))
	}
	e.add(n, strings.Join(list, ", "))
}

// table writes a table's full name, and its own name as the alias where it has none. Behind a hint there can be none.
func (e *expansion) table(n *syntax.TableName, path catalog.Path) {
	if e == nil {
		return
	}
	text := path.Quoted()
	if n.Alias == nil && len(n.Hints) == 0 {
		text += " AS " + catalog.Quote(path.Object)
	}
	e.add(&n.Name, text)
}

// local keeps the name of a common table expression.
func (e *expansion) local(n *syntax.TableName) {
	if e != nil && n.Alias == nil {
		e.add(&n.Name, catalog.Quote(n.Name.Last().Name)+" AS "+catalog.Quote(n.Name.Last().Name))
	}
}

// name gives a relation in FROM that has no name one, behind its end: EXPR$0, EXPR$1, ….
func (e *expansion) name(n syntax.Node) []string {
	if e == nil {
		return nil
	}
	name := fmt.Sprintf("EXPR$%d", e.unnamed)
	e.unnamed++
	e.add(&syntax.Span{From: n.End(), To: n.End()}, " AS "+catalog.Quote(name))
	return []string{name}
}

// whole writes TABLE t as the query that it is.
func (e *expansion) whole(n syntax.Node, t *named, format string) {
	if e == nil {
		return
	}
	name := catalog.Quote(t.path[len(t.path)-1])
	list := fieldNames(t.rel.fields())
	for i, c := range list {
		list[i] = name + "." + catalog.Quote(c)
	}
	e.add(n, fmt.Sprintf(format, "SELECT "+strings.Join(list, ", ")+" FROM "+quoted(t.path)+" AS "+name))
}

// apply returns the part of a text from one place to another with the edits made.
func (e *expansion) apply(text string, from, to syntax.Pos) string {
	slices.SortFunc(e.edits, func(a, b edit) int { return int(a.at.From) - int(b.at.From) })
	var out strings.Builder
	for _, ed := range e.edits {
		if ed.at.From < from {
			continue
		}
		out.WriteString(text[from:ed.at.From])
		out.WriteString(ed.text)
		from = ed.at.To
	}
	out.WriteString(text[from:to])
	return out.String()
}

func quoted(path []string) string {
	list := make([]string, len(path))
	for i, p := range path {
		list[i] = catalog.Quote(p)
	}
	return strings.Join(list, ".")
}
