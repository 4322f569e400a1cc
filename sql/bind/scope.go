package bind

import (
	"errors"
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// scope is the relations whose columns an expression can name, in the order of FROM.
type scope struct {
	relations []relation
}

// relation is one item of FROM.
type relation struct {
	path    []string // an alias, or the parts of a table's full name; empty: columns are found without a qualifier only
	at      syntax.Node
	columns []scopeColumn
	// merged is the relation of the columns that a join by USING made one of two: they stand before all others.
	merged bool
}

// scopeColumn is a column of a relation. Index is its place in the plan's row.
type scopeColumn struct {
	name  string
	index int
	typ   column.Type
	time  catalog.TimeAttribute
	// shadowed columns are part of a merged one: without a qualifier that one is meant.
	shadowed bool
}

// newRelation numbers the columns of a relation from a place on.
func newRelation(at syntax.Node, path []string, r *rel, from int) relation {
	out, times := relation{path: path, at: at}, plan.Times(r.node)
	for i, f := range r.fields() {
		out.columns = append(out.columns, scopeColumn{name: f.Name, index: from + i, typ: f.Type, time: times[i]})
	}
	return out
}

// name is the relation's simple name.
func (r *relation) name() string {
	if len(r.path) == 0 {
		return ""
	}
	return r.path[len(r.path)-1]
}

// matches reports whether a qualifier names the relation: by the last parts of its path.
func (r *relation) matches(qualifier []syntax.Ident) bool {
	if len(qualifier) > len(r.path) {
		return false
	}
	tail := r.path[len(r.path)-len(qualifier):]
	for i, q := range qualifier {
		if q.Name != tail[i] {
			return false
		}
	}
	return true
}

// ordered returns the relations in the order of a star: merged columns first.
func (s *scope) ordered() []*relation {
	var first, rest []*relation
	for i := range s.relations {
		if r := &s.relations[i]; r.merged {
			first = append([]*relation{r}, first...)
		} else {
			rest = append(rest, r)
		}
	}
	return append(first, rest...)
}

// add puts in a relation. A second one of the same name is an error.
func (s *scope) add(r relation) error {
	if name := r.name(); name != "" {
		for _, other := range s.relations {
			if other.name() == name && len(other.path) == len(r.path) && slices.Equal(other.path, r.path) {
				return fail(r.at, "give one of them another alias", "the name '%s' is there twice in FROM", name)
			}
		}
	}
	s.relations = append(s.relations, r)
	return nil
}

// found is what a name stands for.
type found struct {
	relation *relation
	column   scopeColumn
	fields   []syntax.Ident // further parts: fields of a ROW
}

// lookup finds the column that a name of one or more parts stands for: a qualified one first, then a column and its fields, then a
// field of a ROW column by its bare name.
func (s *scope) lookup(parts []syntax.Ident, at syntax.Node) (found, error) {
	for n := len(parts) - 1; n > 0; n-- {
		var matching []*relation
		for i := range s.relations {
			if s.relations[i].matches(parts[:n]) {
				matching = append(matching, &s.relations[i])
			}
		}
		if len(matching) == 0 {
			continue
		}
		var hits []found
		for _, r := range matching {
			for _, c := range r.columns {
				if c.name == parts[n].Name {
					hits = append(hits, found{r, c, parts[n+1:]})
					break
				}
			}
		}
		switch len(hits) {
		case 0:
			return found{}, fail(&parts[n], suggest.Hint(parts[n].Name, columnNames(matching), "its columns are"),
				"column '%s' not found in table '%s'", parts[n].Name, dotted(parts[:n]))
		case 1:
			return hits[0], nil
		}
		return found{}, ambiguous(at, dotted(parts[:n+1]), hits)
	}
	var hits []found
	for i := range s.relations {
		for _, c := range s.relations[i].columns {
			if c.name == parts[0].Name && !c.shadowed {
				hits = append(hits, found{&s.relations[i], c, parts[1:]})
				break // names repeat within a relation only where the first one counts
			}
		}
	}
	switch {
	case len(hits) == 1 && (len(parts) == 1 || hits[0].column.typ.Kind == column.Row):
		return hits[0], nil
	case len(hits) > 1:
		return found{}, ambiguous(at, parts[0].Name, hits)
	case len(parts) > 1:
		return found{}, s.noTable(parts, len(hits) > 0)
	}
	return s.nested(parts, at)
}

// nested finds a field of a ROW column by its bare name.
func (s *scope) nested(parts []syntax.Ident, at syntax.Node) (found, error) {
	var hits []found
	for i := range s.relations {
		for _, c := range s.relations[i].columns {
			if c.typ.Kind != column.Row || c.shadowed {
				continue
			}
			for _, f := range c.typ.Fields {
				if f.Name == parts[0].Name {
					hits = append(hits, found{&s.relations[i], c, parts})
				}
			}
		}
	}
	switch len(hits) {
	case 1:
		return hits[0], nil
	case 0:
		return found{}, s.noColumn(parts[0], at)
	}
	return found{}, ambiguous(at, parts[0].Name, hits)
}

func (s *scope) noColumn(id syntax.Ident, at syntax.Node) error {
	if len(s.relations) == 0 {
		return fail(at, "there is no FROM here; text stands in 'single quotes'", "column '%s' not found", id.Name)
	}
	all := make([]*relation, len(s.relations))
	for i := range s.relations {
		all[i] = &s.relations[i]
	}
	return fail(at, suggest.Hint(id.Name, columnNames(all), "columns are"), "column '%s' not found", id.Name)
}

// noTable says that the qualifier of a name is no table, or, with isColumn, a column without fields.
func (s *scope) noTable(parts []syntax.Ident, isColumn bool) error {
	if isColumn {
		return syntax.Errorf(&parts[1], "'%s' has no field '%s': it is not a ROW", parts[0].Name, parts[1].Name)
	}
	var known []string
	for _, r := range s.relations {
		if n := r.name(); n != "" {
			known = append(known, n)
		}
	}
	return fail(&parts[0], suggest.Hint(parts[0].Name, known, "tables in FROM are"), "table '%s' not found in FROM", parts[0].Name)
}

func ambiguous(at syntax.Node, name string, hits []found) error {
	var where []string
	for _, h := range hits {
		if n := h.relation.name(); n != "" {
			where = append(where, n)
		}
	}
	hint := "give the tables aliases and write alias.column"
	if len(where) > 1 && where[0] != where[1] {
		hint = "it is in " + strings.Join(where, " and ") + "; write " + where[0] + "." + hits[0].column.name + ", say"
	}
	return &ambiguousError{fail(at, hint, "column '%s' is ambiguous", name)}
}

// ambiguousError says that a name stands for several columns: nobody looks further for it.
type ambiguousError struct{ error }

func (e *ambiguousError) Unwrap() error { return e.error }

func isAmbiguous(err error) bool {
	var a *ambiguousError
	return errors.As(err, &a)
}

func columnNames(relations []*relation) []string {
	var list []string
	for _, r := range relations {
		for _, c := range r.columns {
			if !slices.Contains(list, c.name) {
				list = append(list, c.name)
			}
		}
	}
	return list
}

// dotted joins identifiers with dots.
func dotted(parts []syntax.Ident) string { return strings.Join(names(parts), ".") }

// columnExpr refers to a column of the scope.
func (c *scopeColumn) expr() *expr.Column {
	return &expr.Column{Index: c.index, Name: c.name, T: c.typ}
}
