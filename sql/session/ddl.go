package session

import (
	"github.com/millstream/millstream/sql/bind"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// createTable executes CREATE TABLE.
func (s *Session) createTable(n *syntax.CreateTable) (*Result, error) {
	t, err := s.binder().Table(n)
	if err != nil {
		return nil, err
	}
	if n.IfNotExists && s.catalogs.Exists(t.Path, t.Temporary) {
		return done(nil)
	}
	return done(at(&n.Name, s.catalogs.Add(t, false)))
}

// createView executes CREATE VIEW.
func (s *Session) createView(n *syntax.CreateView, text string) (*Result, error) {
	t, err := s.binder().View(n, text)
	if err != nil {
		return nil, err
	}
	if n.IfNotExists && s.catalogs.Exists(t.Path, t.Temporary) {
		return done(nil)
	}
	if old := s.catalogs.Get(t.Path); n.OrReplace && old != nil && old.View == nil && old.Temporary == t.Temporary {
		return nil, syntax.Errorf(&n.Name, "'%s' is a table: a view cannot replace it", t.Path)
	}
	return done(at(&n.Name, s.catalogs.Add(t, n.OrReplace)))
}

// createDatabase executes CREATE DATABASE.
func (s *Session) createDatabase(n *syntax.CreateDatabase) (*Result, error) {
	cat, db, err := s.databaseName(&n.Name)
	if err != nil {
		return nil, err
	}
	if _, err := s.catalogs.Database(cat, db); err == nil && n.IfNotExists {
		return done(nil)
	}
	return done(at(&n.Name, s.catalogs.AddDatabase(cat, db, commentText(n.Comment), bind.Options(n.Options))))
}

// createCatalog executes CREATE CATALOG. There is one type: in memory.
func (s *Session) createCatalog(n *syntax.CreateCatalog) (*Result, error) {
	if _, err := s.catalogs.Catalog(n.Name.Name); err == nil && n.IfNotExists {
		return done(nil)
	}
	db, typed := "default", false
	for i := range n.Options {
		o := &n.Options[i]
		switch o.Key.Text {
		case "type":
			typed = true
			if o.Value.Text != "generic_in_memory" {
				return nil, syntax.Errorf(&o.Value, "there is no catalog of type '%s': the type there is, is 'generic_in_memory'", o.Value.Text)
			}
		case "default-database":
			db = o.Value.Text
		default:
			e := syntax.Errorf(&o.Key, "a catalog of type 'generic_in_memory' has no option '%s'", o.Key.Text)
			e.Hint = suggest.Hint(o.Key.Text, []string{"type", "default-database"}, "options are")
			return nil, e
		}
	}
	if !typed {
		return nil, syntax.Errorf(&n.Name, "the catalog needs a type: add WITH ('type' = 'generic_in_memory')")
	}
	return done(at(&n.Name, s.catalogs.AddCatalog(n.Name.Name, db, commentText(n.Comment), bind.Options(n.Options))))
}

// drop executes DROP.
func (s *Session) drop(n *syntax.Drop) (*Result, error) {
	switch n.Kind {
	case syntax.CatalogObject:
		name := n.Name.Last().Name
		if _, err := s.catalogs.Catalog(name); err != nil && n.IfExists {
			return done(nil)
		}
		return done(at(&n.Name, s.catalogs.DropCatalog(name)))
	case syntax.DatabaseObject:
		cat, db, err := s.databaseName(&n.Name)
		if err != nil {
			return nil, err
		}
		if _, err := s.catalogs.Database(cat, db); err != nil && n.IfExists {
			return done(nil)
		}
		return done(at(&n.Name, s.catalogs.DropDatabase(cat, db, n.Cascade)))
	case syntax.TableObject, syntax.ViewObject:
		path, err := s.catalogs.Resolve(parts(&n.Name))
		if err != nil {
			return nil, at(&n.Name, err)
		}
		view := n.Kind == syntax.ViewObject
		if found := s.catalogs.Get(path); n.IfExists && (found == nil || (found.View != nil) != view || n.Temporary && !found.Temporary) {
			return done(nil)
		}
		return done(at(&n.Name, s.catalogs.Drop(path, view, n.Temporary)))
	}
	return nil, unsupported(n, "DROP of this kind of object")
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
