package session

import (
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/plan"
	"github.com/millstream/millstream/sql/syntax"
)

// createTable executes CREATE TABLE and REPLACE TABLE.
func (s *Session) createTable(n *syntax.CreateTable) (*Result, error) {
	if n.Query != nil {
		return s.createTableAs(n)
	}
	t, err := s.binder().Table(n)
	if err != nil {
		return nil, err
	}
	return s.add(&n.Name, t, n.IfNotExists)
}

// add puts a new object into its catalog.
func (s *Session) add(name *syntax.Name, o catalog.Object, ifNotExists bool) (*Result, error) {
	if ifNotExists {
		exists, err := s.catalogs.Exists(o.Space(), o.ID(), o.IsTemporary())
		if err != nil || exists {
			return done(at(name, err))
		}
	}
	return done(at(name, s.catalogs.Add(o, false)))
}

// createTableAs executes CREATE or REPLACE TABLE … AS a query, or keeps its job for the statement set that was begun.
func (s *Session) createTableAs(n *syntax.CreateTable) (*Result, error) {
	sink, err := s.tableAs(n)
	if err != nil {
		return nil, err
	}
	if s.set != nil {
		s.set.sinks = append(s.set.sinks, sink)
		return done(nil)
	}
	return s.write([]plan.Node{sink})
}

// tableAs makes the table of CREATE TABLE … AS and returns what fills it. A query that cannot be planned leaves no table behind.
func (s *Session) tableAs(n *syntax.CreateTable) (plan.Node, error) {
	path, err := s.path(&n.Name)
	if err != nil {
		return nil, err
	}
	found, err := s.catalogs.Permanent(catalog.Tables, path)
	if err != nil {
		return nil, at(&n.Name, err)
	}
	old, _ := found.(*catalog.Table)
	switch replace := n.Replace || n.OrReplace; {
	case replace && n.IfNotExists:
		return nil, syntax.Errorf(&n.Name, "a table is either replaced, or left alone IF it EXISTS")
	case old != nil && n.IfNotExists:
		sink, err := s.binder().InsertAs(n, old)
		if err != nil {
			return nil, err
		}
		_, err = s.plan(nil, sink)
		return sink, err
	case old != nil && !replace:
		e := syntax.Errorf(&n.Name, "%s '%s' exists already", old.Label(), path)
		e.Hint = "add IF NOT EXISTS, write CREATE OR REPLACE, or drop it first"
		return nil, e
	case old != nil && old.View != nil:
		return nil, syntax.Errorf(&n.Name, "'%s' is a view: a table cannot replace it", path)
	case old == nil && n.Replace:
		e := syntax.Errorf(&n.Name, "table '%s' does not exist, so it cannot be replaced", path)
		e.Hint = "write CREATE OR REPLACE TABLE"
		return nil, e
	}
	t, sink, err := s.binder().TableAs(n)
	if err != nil {
		return nil, err
	}
	if _, err := s.plan(nil, sink); err != nil {
		return nil, err
	}
	return sink, at(&n.Name, s.catalogs.Add(t, old != nil))
}

// createView executes CREATE VIEW.
func (s *Session) createView(n *syntax.CreateView, text string) (*Result, error) {
	t, err := s.binder().View(n, text)
	if err != nil {
		return nil, err
	}
	if !n.OrReplace {
		return s.add(&n.Name, t, n.IfNotExists)
	}
	exists, err := s.catalogs.Exists(catalog.Tables, t.Path, t.Temporary)
	if err != nil {
		return nil, at(&n.Name, err)
	}
	if exists {
		isView, err := s.catalogs.CanDrop(catalog.Tables, t.Path, t.Label(), t.Temporary)
		if err != nil {
			return nil, at(&n.Name, err)
		}
		if !isView {
			return nil, syntax.Errorf(&n.Name, "'%s' is a table: a view cannot replace it", t.Path)
		}
	}
	return done(at(&n.Name, s.catalogs.Add(t, true)))
}

// path completes the name of an object by the current catalog and database.
func (s *Session) path(n *syntax.Name) (catalog.Path, error) {
	p, err := s.catalogs.Resolve(parts(n))
	return p, at(n, err)
}

// parts returns the texts of a dotted name.
func parts(n *syntax.Name) []string {
	list := make([]string, len(n.Parts))
	for i, p := range n.Parts {
		list[i] = p.Name
	}
	return list
}

func commentText(l *syntax.Literal) string {
	if l == nil {
		return ""
	}
	return l.Text
}
