package session

import (
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

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
		return s.dropDatabase(n)
	case syntax.TableObject:
		return s.dropObject(n, catalog.Tables, "table")
	case syntax.ViewObject:
		return s.dropObject(n, catalog.Tables, "view")
	case syntax.ModelObject:
		return s.dropObject(n, catalog.Models, "model")
	case syntax.FunctionObject:
		return s.dropFunction(n)
	case syntax.MaterializedTableObject:
		return s.dropObject(n, catalog.Tables, "materialized table")
	}
	return nil, noConnections(n)
}

// dropObject drops an object that a label names.
func (s *Session) dropObject(n *syntax.Drop, kind catalog.Kind, label string) (*Result, error) {
	path, err := s.path(&n.Name)
	if err != nil {
		return nil, err
	}
	if n.IfExists {
		found, err := s.catalogs.CanDrop(kind, path, label, n.Temporary)
		if err != nil || !found {
			return done(at(&n.Name, err))
		}
	}
	return done(at(&n.Name, s.catalogs.Drop(kind, path, label, n.Temporary)))
}

// noConnections says that there are no connections: each table has its own options.
func noConnections(at syntax.Node) error {
	e := syntax.Errorf(at, "connections are not supported")
	e.Hint = "give each table its options, or share them by CREATE TABLE … LIKE"
	return e
}
