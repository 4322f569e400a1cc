package catalog

import (
	"fmt"
	"maps"
	"slices"

	"github.com/millstream/millstream/sql/suggest"
)

// Resolve completes a name of one to three parts by the current catalog and database. Two parts are a database and an object,
// never a catalog and an object.
func (c *Catalogs) Resolve(parts []string) (Path, error) {
	return Resolve(parts, c.current, c.database)
}

// Resolve completes a name by a catalog and a database, such as those of the view that the name stands in.
func Resolve(parts []string, catalog, database string) (Path, error) {
	switch len(parts) {
	case 1:
		return Path{catalog, database, parts[0]}, nil
	case 2:
		return Path{catalog, parts[0], parts[1]}, nil
	case 3:
		return Path{parts[0], parts[1], parts[2]}, nil
	}
	return Path{}, &Error{"the name has too many parts", "a full name is catalog.database.table"}
}

// Get returns the object of a path, a temporary one first; nil if there is none.
func (c *Catalogs) Get(p Path) *Table {
	if t := c.temporary[p]; t != nil {
		return t
	}
	return c.permanent(p)
}

func (c *Catalogs) permanent(p Path) *Table {
	if cat := c.catalogs[p.Catalog]; cat != nil {
		if db := cat.databases[p.Database]; db != nil {
			return db.tables[p.Object]
		}
	}
	return nil
}

// Lookup returns the object of a path, a temporary one first. The error names the first part that is not there, and what is near.
func (c *Catalogs) Lookup(p Path) (*Table, error) {
	if t := c.Get(p); t != nil {
		return t, nil
	}
	if _, err := c.Database(p.Catalog, p.Database); err != nil {
		return nil, err
	}
	return nil, &Error{
		fmt.Sprintf("table '%s' does not exist in %s.%s", p.Object, p.Catalog, p.Database),
		suggest.Hint(p.Object, c.Tables(p.Catalog, p.Database), "tables there are"),
	}
}

// Tables lists the tables and views of a database, temporary ones included, sorted.
func (c *Catalogs) Tables(catalog, database string) []string {
	return c.list(catalog, database, func(*Table) bool { return true })
}

// Views lists the views of a database, temporary ones included, sorted.
func (c *Catalogs) Views(catalog, database string) []string {
	return c.list(catalog, database, func(t *Table) bool { return t.View != nil })
}

func (c *Catalogs) list(catalog, database string, keep func(*Table) bool) []string {
	names := map[string]bool{}
	if cat := c.catalogs[catalog]; cat != nil {
		if db := cat.databases[database]; db != nil {
			for name, t := range db.tables {
				names[name] = keep(t)
			}
		}
	}
	for p, t := range c.temporary {
		if p.Catalog == catalog && p.Database == database {
			names[p.Object] = keep(t)
		}
	}
	maps.DeleteFunc(names, func(_ string, kept bool) bool { return !kept })
	return slices.Sorted(maps.Keys(names))
}

// Add puts a table or view in. One that is there of the same name and, where it hides nothing, of the same lifetime is an error
// unless replace is set.
func (c *Catalogs) Add(t *Table, replace bool) error {
	if t.Temporary {
		if old := c.temporary[t.Path]; old != nil && !replace {
			return &Error{fmt.Sprintf("temporary %s '%s' exists already", old.Kind(), t.Path), "add IF NOT EXISTS, or drop it first"}
		}
		c.temporary[t.Path] = t
		return nil
	}
	db, err := c.Database(t.Path.Catalog, t.Path.Database)
	if err != nil {
		return err
	}
	if old := db.tables[t.Path.Object]; old != nil && !replace {
		return &Error{fmt.Sprintf("%s '%s' exists already", old.Kind(), t.Path), "add IF NOT EXISTS, or drop it first"}
	}
	db.tables[t.Path.Object] = t
	return nil
}

// Exists reports whether Add would find an object in its way.
func (c *Catalogs) Exists(p Path, temporary bool) bool {
	if temporary {
		return c.temporary[p] != nil
	}
	return c.permanent(p) != nil
}

// Drop removes a table, or with view set a view. A permanent object that a temporary one hides cannot be dropped.
func (c *Catalogs) Drop(p Path, view, temporary bool) error {
	want := map[bool]string{false: "table", true: "view"}[view]
	isKind := func(t *Table) bool { return t != nil && (t.View != nil) == view }
	hidden := c.temporary[p]
	if temporary {
		if !isKind(hidden) {
			return c.missing(p, "temporary "+want, func(t *Table) bool { return t.Temporary && isKind(t) })
		}
		delete(c.temporary, p)
		return nil
	}
	if isKind(hidden) {
		return &Error{fmt.Sprintf("temporary %s '%s' stands before any permanent one", want, p), "write DROP TEMPORARY " + map[bool]string{false: "TABLE", true: "VIEW"}[view]}
	}
	if found := c.permanent(p); !isKind(found) {
		return c.missing(p, want, isKind)
	}
	delete(c.catalogs[p.Catalog].databases[p.Database].tables, p.Object)
	return nil
}

func (c *Catalogs) missing(p Path, what string, keep func(*Table) bool) error {
	return &Error{
		fmt.Sprintf("%s '%s' does not exist", what, p),
		suggest.Hint(p.Object, c.list(p.Catalog, p.Database, keep), what+"s there are"),
	}
}
