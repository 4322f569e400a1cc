package session

import (
	"maps"

	"github.com/millstream/millstream/sql/bind"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// createDatabase executes CREATE DATABASE.
func (s *Session) createDatabase(n *syntax.CreateDatabase) (*Result, error) {
	cat, db, err := s.databaseName(&n.Name)
	if err != nil {
		return nil, err
	}
	if n.IfNotExists {
		exists, err := s.catalogs.HasDatabase(cat, db)
		if err != nil || exists {
			return done(at(&n.Name, err))
		}
	}
	return done(at(&n.Name, s.catalogs.AddDatabase(cat, &catalog.Database{Name: db, Comment: commentText(n.Comment), Options: bind.Options(n.Options)})))
}

// alterDatabase executes ALTER DATABASE … SET.
func (s *Session) alterDatabase(n *syntax.Alter) (*Result, error) {
	cat, name, err := s.databaseName(&n.Name)
	if err != nil {
		return nil, err
	}
	db, err := s.catalogs.Database(cat, name)
	if err != nil {
		return nil, at(&n.Name, err)
	}
	set, ok := n.Action.(*syntax.SetOptions)
	if !ok {
		return nil, unsupported(n.Action, "this form of ALTER DATABASE")
	}
	changed := *db
	changed.Options = maps.Clone(db.Options)
	if changed.Options == nil {
		changed.Options = map[string]string{}
	}
	maps.Copy(changed.Options, bind.Options(set.Options))
	return done(at(&n.Name, s.catalogs.ReplaceDatabase(cat, &changed, db)))
}

// dropDatabase executes DROP DATABASE.
func (s *Session) dropDatabase(n *syntax.Drop) (*Result, error) {
	cat, db, err := s.databaseName(&n.Name)
	if err != nil {
		return nil, err
	}
	if n.IfExists {
		exists, err := s.catalogs.HasDatabase(cat, db)
		if err != nil || !exists {
			return done(at(&n.Name, err))
		}
	}
	return done(at(&n.Name, s.catalogs.DropDatabase(cat, db, n.Cascade)))
}

// useDatabase executes USE [catalog.]database.
func (s *Session) useDatabase(n *syntax.UseDatabase) (*Result, error) {
	cat, db, err := s.databaseName(&n.Name)
	if err != nil {
		return nil, err
	}
	return done(at(&n.Name, s.catalogs.UseDatabase(cat, db)))
}

// databaseName completes the name of a database by the current catalog.
func (s *Session) databaseName(n *syntax.Name) (cat, db string, err error) {
	current, _ := s.catalogs.Current()
	switch len(n.Parts) {
	case 1:
		return current, n.Parts[0].Name, nil
	case 2:
		return n.Parts[0].Name, n.Parts[1].Name, nil
	}
	return "", "", syntax.Errorf(n, "the name has too many parts: a database's is catalog.database")
}
