package session

import (
	"slices"

	"github.com/millstream/millstream/sql/bind"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// createModel executes CREATE MODEL. There is no provider that could run a model: it can be described only.
func (s *Session) createModel(n *syntax.CreateModel) (*Result, error) {
	path, err := s.path(&n.Name)
	if err != nil {
		return nil, err
	}
	switch {
	case n.Query != nil:
		return nil, syntax.Errorf(n.Query, "a model cannot be trained by a query")
	case (n.Input == nil) != (n.Output == nil):
		e := syntax.Errorf(&n.Name, "a model needs both its INPUT and its OUTPUT columns, or neither")
		e.Hint = "write INPUT (…) OUTPUT (…)"
		return nil, e
	case len(n.Options) == 0:
		e := syntax.Errorf(&n.Name, "the model has no options")
		e.Hint = "add WITH ('provider' = '…')"
		return nil, e
	}
	m := &catalog.Model{Path: path, Temporary: n.Temporary, Comment: commentText(n.Comment), Options: bind.Options(n.Options)}
	if m.Input, err = s.binder().Columns(n.Input); err != nil {
		return nil, err
	}
	if m.Output, err = s.binder().Columns(n.Output); err != nil {
		return nil, err
	}
	return s.add(&n.Name, m, n.IfNotExists)
}

// model finds a model by name.
func (s *Session) model(n *syntax.Name) (*catalog.Model, error) {
	path, err := s.path(n)
	if err != nil {
		return nil, err
	}
	o, err := s.catalogs.Find(catalog.Models, path)
	if err != nil {
		return nil, at(n, err)
	}
	return o.(*catalog.Model), nil
}

// describeModel executes DESCRIBE MODEL.
func (s *Session) describeModel(n *syntax.Name) (*Result, error) {
	m, err := s.model(n)
	if err != nil {
		return nil, err
	}
	titles := []string{"name", "type", "null?", "is input?"}
	commented := slices.ContainsFunc(slices.Concat(m.Input, m.Output), func(c catalog.Column) bool { return c.Comment != nil })
	if commented {
		titles = append(titles, "comment")
	}
	var rows [][]any
	add := func(columns []catalog.Column, input bool) {
		for _, c := range columns {
			row := []any{c.Name, uncommented(c.Type).Optional().String(), !c.Type.NotNull, input}
			switch {
			case c.Comment != nil:
				row = append(row, *c.Comment)
			case commented:
				row = append(row, nil)
			}
			rows = append(rows, row)
		}
	}
	add(m.Input, true)
	add(m.Output, false)
	return rowsResult(Rows, textColumns(titles...), rows), nil
}
