package session

import (
	"maps"
	"slices"

	"github.com/millstream/millstream/sql/bind"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/suggest"
	"github.com/millstream/millstream/sql/syntax"
)

// catalogType is a kind of catalog that WITH ('type' = …) names.
type catalogType struct {
	options []string // besides type
	// set takes the options into a catalog. Whatever is wrong with one is reported by fail.
	set func(s *Session, c *catalog.Catalog, fail func(key, msg, hint string) error) error
}

const (
	typeKey            = "type"
	defaultDatabaseKey = "default-database"
)

var catalogTypes = map[string]catalogType{
	"generic_in_memory": {[]string{defaultDatabaseKey}, func(*Session, *catalog.Catalog, func(key, msg, hint string) error) error { return nil }},
}

// createCatalog executes CREATE CATALOG.
func (s *Session) createCatalog(n *syntax.CreateCatalog) (*Result, error) {
	if _, err := s.catalogs.Catalog(n.Name.Name); err == nil && n.IfNotExists {
		return done(nil)
	}
	c := &catalog.Catalog{Name: n.Name.Name, Options: bind.Options(n.Options)}
	if n.Comment != nil {
		c.Comment = &n.Comment.Text
	}
	if err := s.catalogOptions(c, &n.Name, n.Options); err != nil {
		return nil, err
	}
	return done(at(&n.Name, s.catalogs.AddCatalog(c)))
}

// catalogOptions checks a catalog's options, and sets what follows from them. Errors are at the option that the statement writes, else
// at the name.
func (s *Session) catalogOptions(c *catalog.Catalog, name syntax.Node, written []syntax.Option) error {
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
	types := slices.Sorted(maps.Keys(catalogTypes))
	typeName, ok := c.Options[typeKey]
	if !ok {
		return fail(typeKey, "the catalog needs a type", "add WITH ('type' = '…'): there are "+suggest.List(types, 12))
	}
	t, ok := catalogTypes[typeName]
	if !ok {
		return fail(typeKey, "there is no catalog of type '"+typeName+"'", suggest.Hint(typeName, types, "there are"))
	}
	for _, key := range slices.Sorted(maps.Keys(c.Options)) {
		if key != typeKey && !slices.Contains(t.options, key) {
			return fail(key, "a catalog of type '"+typeName+"' has no option '"+key+"'", suggest.Hint(key, t.options, "its options are"))
		}
	}
	c.DefaultDatabase = "default"
	if given, ok := c.Options[defaultDatabaseKey]; ok {
		if given == "" {
			return fail(defaultDatabaseKey, "the default database needs a name", "")
		}
		c.DefaultDatabase = given
	}
	return t.set(s, c, fail)
}

// alterCatalog executes ALTER CATALOG. An option that the catalog's type does not have changes nothing.
func (s *Session) alterCatalog(n *syntax.Alter) (*Result, error) {
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
	if err := s.catalogOptions(&changed, &n.Name, written); err != nil {
		return nil, err
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
