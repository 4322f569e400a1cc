package session

import (
	"context"
	"maps"

	"github.com/millstream/millstream/sql/bind"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/syntax"
)

// alter executes ALTER. text is the source that positions in n are in.
func (s *Session) alter(ctx context.Context, n *syntax.Alter, text string) (*Result, error) {
	switch n.Kind {
	case syntax.TableObject:
		return s.alterTable(n)
	case syntax.ViewObject:
		return s.alterView(n, text)
	case syntax.CatalogObject:
		return s.alterCatalog(ctx, n)
	case syntax.DatabaseObject:
		return s.alterDatabase(n)
	case syntax.ModelObject:
		return s.alterModel(n)
	case syntax.FunctionObject:
		return s.alterFunction(n)
	case syntax.MaterializedTableObject:
		return nil, noMaterialized(n)
	}
	return nil, noConnections(n)
}

// permanent finds the object that an ALTER changes; it is nil if there is none and IF EXISTS is written.
func (s *Session) permanent(n *syntax.Alter, kind catalog.Kind, label string) (catalog.Object, error) {
	path, err := s.path(&n.Name)
	if err != nil {
		return nil, err
	}
	found, err := s.catalogs.Get(kind, path)
	switch {
	case err != nil:
		return nil, at(&n.Name, err)
	case found == nil && n.IfExists:
		return nil, nil
	case found == nil:
		return nil, at(&n.Name, s.catalogs.Missing(kind, path, label, func(o catalog.Object) bool { return o.Label() == label && !o.IsTemporary() }))
	case found.Label() != label:
		return nil, syntax.Errorf(&n.Name, "'%s' is a %s, not a %s", path, found.Label(), label)
	case found.IsTemporary():
		e := syntax.Errorf(&n.Name, "'%s' is a temporary %s, which cannot be altered", path, label)
		e.Hint = "drop it and create it anew"
		return nil, e
	}
	return found, nil
}

// rename executes RENAME TO: the object gets another name in its database. A catalog and a database in front of the new name count for
// nothing, as in Flink.
func (s *Session) rename(o catalog.Object, n *syntax.RenameTo) (*Result, error) {
	if _, err := s.path(&n.Name); err != nil {
		return nil, err
	}
	return done(at(&n.Name, s.catalogs.Rename(o, n.Name.Last().Name)))
}

// alterTable executes ALTER TABLE.
func (s *Session) alterTable(n *syntax.Alter) (*Result, error) {
	found, err := s.permanent(n, catalog.Tables, "table")
	if err != nil || found == nil {
		return done(err)
	}
	if r, ok := n.Action.(*syntax.RenameTo); ok {
		return s.rename(found, r)
	}
	changed, err := s.binder().Alter(found.(*catalog.Table), n)
	if err != nil {
		return nil, err
	}
	return done(at(&n.Name, s.catalogs.Replace(changed, found)))
}

// alterView executes ALTER VIEW.
func (s *Session) alterView(n *syntax.Alter, text string) (*Result, error) {
	found, err := s.permanent(n, catalog.Tables, "view")
	if err != nil || found == nil {
		return done(err)
	}
	switch a := n.Action.(type) {
	case *syntax.RenameTo:
		return s.rename(found, a)
	case *syntax.AsQuery:
		old := found.(*catalog.Table)
		changed, err := s.binder().View(&syntax.CreateView{Span: n.Span, Name: n.Name, Query: a.Query}, text)
		if err != nil {
			return nil, err
		}
		changed.Comment = old.Comment
		return done(at(&n.Name, s.catalogs.Replace(changed, old)))
	}
	return nil, unsupported(n.Action, "this form of ALTER VIEW")
}

// alterModel executes ALTER MODEL.
func (s *Session) alterModel(n *syntax.Alter) (*Result, error) {
	found, err := s.permanent(n, catalog.Models, "model")
	if err != nil || found == nil {
		return done(err)
	}
	changed := *found.(*catalog.Model)
	changed.Options = maps.Clone(changed.Options)
	switch a := n.Action.(type) {
	case *syntax.RenameTo:
		return s.rename(found, a)
	case *syntax.SetOptions:
		if len(a.Options) == 0 {
			return nil, syntax.Errorf(a, "SET needs an option to set")
		}
		maps.Copy(changed.Options, bind.Options(a.Options))
	case *syntax.ResetOptions:
		if changed.Options, err = bind.ResetOptions(changed.Options, a); err != nil {
			return nil, err
		}
	default:
		return nil, unsupported(n.Action, "this form of ALTER MODEL")
	}
	return done(at(&n.Name, s.catalogs.Replace(&changed, found)))
}

// noMaterialized says that there are no materialized tables.
func noMaterialized(at syntax.Node) error {
	e := syntax.Errorf(at, "materialized tables are not supported")
	e.Hint = "create a table and fill it by INSERT INTO, which runs on in streaming mode"
	return e
}
