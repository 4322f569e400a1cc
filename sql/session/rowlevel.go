package session

import (
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// changeRows says why UPDATE, DELETE and TRUNCATE of a table cannot be executed: no connector changes what it has written.
func (s *Session) changeRows(statement string, n *syntax.Name) (*Result, error) {
	if s.settings.Enum(setting.RuntimeMode) != "BATCH" {
		e := syntax.Errorf(n, "%s cannot run in streaming mode", statement)
		e.Hint = "write an INSERT: of the rows to keep, or into a changelog format"
		return nil, e
	}
	t, err := s.object(n)
	if err != nil {
		return nil, err
	}
	if t.View != nil {
		return nil, syntax.Errorf(n, "'%s' is a view: it has no rows of its own to change", t.Path)
	}
	e := syntax.Errorf(n, "table '%s' cannot be changed by %s: its connector '%s' only adds rows, or replaces all of them", t.Path, statement, t.Options["connector"])
	e.Hint = "write INSERT OVERWRITE with the rows to keep"
	return nil, e
}

// object finds a table or view by name.
func (s *Session) object(n *syntax.Name) (*catalog.Table, error) {
	path, err := s.path(n)
	if err != nil {
		return nil, err
	}
	t, err := s.catalogs.Lookup(path)
	return t, at(n, err)
}
