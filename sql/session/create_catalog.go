package session

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/sql/bind"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// createCatalog executes CREATE CATALOG.
func (s *Session) createCatalog(ctx context.Context, n *syntax.CreateCatalog) (*Result, error) {
	if _, err := s.catalogs.Catalog(n.Name.Name); err == nil && n.IfNotExists {
		return done(nil)
	}
	c := &catalog.Catalog{Name: n.Name.Name, Options: bind.Options(n.Options)}
	if n.Comment != nil {
		c.Comment = &n.Comment.Text
	}
	if err := s.catalogOptions(ctx, c, &n.Name, n.Options); err != nil {
		return nil, err
	}
	if err := s.catalogs.AddCatalog(c); err != nil {
		return nil, at(&n.Name, err)
	}
	if c.Open == nil {
		return done(nil)
	}
	// A place that cannot be used is found here, not by the first statement that needs it.
	if _, err := s.catalogs.Databases(c.Name); err != nil {
		return nil, errors.Join(at(&n.Name, err), s.catalogs.DropCatalog(c.Name))
	}
	return done(nil)
}

// catalogOptions checks a catalog's options, and sets what follows from them. Errors are at the option that the statement writes, else
// at the name.
func (s *Session) catalogOptions(ctx context.Context, c *catalog.Catalog, name syntax.Node, written []syntax.Option) error {
	fail := func(key, msg, hint string) error {
		place := name
		for i := range written {
			if o := &written[i]; o.Key.Text == key {
				place = o
			}
		}
		e := syntax.Errorf(place, "%s", msg)
		e.Hint = hint
		return e
	}
	var types []string
	for _, t := range catalogTypes {
		types = append(types, t.Name)
	}
	typeName, ok := c.Options[typeKey]
	if !ok {
		return fail(typeKey, "the catalog needs a type", "add WITH ('type' = '…'): there are "+suggest.List(types, 12))
	}
	i := slices.Index(types, typeName)
	if i < 0 {
		return fail(typeKey, "there is no catalog of type '"+typeName+"'", suggest.Hint(typeName, types, "there are"))
	}
	given := maps.Clone(c.Options)
	delete(given, typeKey)
	values, err := setting.Check(catalogTypes[i].Options, given)
	if err != nil {
		return fail(wrongKey(err), "a catalog of type '"+typeName+"': "+strings.ReplaceAll(err.Error(), "\n", "; "), "")
	}
	if c.DefaultDatabase = values.Text(defaultDatabase); c.DefaultDatabase == "" {
		return fail(defaultDatabase.Key, "the default database needs a name", "")
	}
	if catalogTypes[i].open == nil {
		return nil
	}
	if c.Open, err = catalogTypes[i].open(ctx, s, values); err != nil {
		return fail(catalogPath.Key, err.Error(), "")
	}
	return nil
}

// wrongKey returns the option that an error of [setting.Check] is about.
func wrongKey(err error) string {
	var unknown *setting.UnknownKeyError
	var value *setting.ValueError
	switch {
	case errors.As(err, &unknown):
		return unknown.Key
	case errors.As(err, &value):
		return value.Key
	}
	return ""
}

// alterCatalog executes ALTER CATALOG. An option that the catalog's type does not have changes nothing.
func (s *Session) alterCatalog(ctx context.Context, n *syntax.Alter) (*Result, error) {
	old, err := s.created(&n.Name)
	if err != nil {
		return nil, err
	}
	changed := *old
	changed.Options = maps.Clone(old.Options)
	var written []syntax.Option
	switch a := n.Action.(type) {
	case *syntax.SetOptions:
		if len(a.Options) == 0 {
			return nil, syntax.Errorf(a, "SET needs an option to set")
		}
		for i := range a.Options {
			if o := &a.Options[i]; o.Key.Text == typeKey {
				return nil, syntax.Errorf(o, "the type of a catalog cannot be changed")
			}
		}
		written = a.Options
		maps.Copy(changed.Options, bind.Options(a.Options))
	case *syntax.ResetOptions:
		if changed.Options, err = bind.ResetOptions(changed.Options, a, typeKey); err != nil {
			return nil, err
		}
	case *syntax.SetComment:
		changed.Comment = &a.Comment.Text
	default:
		return nil, unsupported(n.Action, "this form of ALTER CATALOG")
	}
	if err := s.catalogOptions(ctx, &changed, &n.Name, written); err != nil {
		return nil, err
	}
	for _, key := range slices.Sorted(maps.Keys(changed.Options)) {
		if old.Open != nil && key != defaultDatabase.Key && old.Options[key] != changed.Options[key] {
			e := syntax.Errorf(n.Action, "the option '%s' of catalog '%s' cannot be changed", key, old.Name)
			e.Hint = "create a catalog of another name"
			return nil, e
		}
	}
	return done(at(&n.Name, s.catalogs.ReplaceCatalog(&changed)))
}

// describeCatalog executes DESCRIBE CATALOG.
func (s *Session) describeCatalog(n *syntax.Describe) (*Result, error) {
	c, err := s.created(&n.Name)
	if err != nil {
		return nil, err
	}
	rows := [][]any{{"name", c.Name}, {"type", c.Options[typeKey]}, {"comment", nil}}
	if c.Comment != nil {
		rows[2][1] = *c.Comment
	}
	if n.Extended {
		for _, key := range slices.Sorted(maps.Keys(c.Options)) {
			if key != typeKey {
				rows = append(rows, []any{"option:" + key, shown(key, c.Options[key])})
			}
		}
	}
	return rowsResult(Rows, textColumns("info name", "info value"), rows), nil
}

// created finds a catalog that was made by CREATE CATALOG.
func (s *Session) created(n *syntax.Name) (*catalog.Catalog, error) {
	c, err := s.catalogs.Catalog(n.Last().Name)
	if err != nil {
		return nil, at(n, err)
	}
	if c.Options[typeKey] == "" {
		return nil, syntax.Errorf(n, "catalog '%s' is built in: no CREATE CATALOG describes it", c.Name)
	}
	return c, nil
}
