// Package catalog holds what names mean: catalogs, their databases, and the tables and views in them, in memory.
//
// Resolved tables enter, made by the binder from CREATE statements; names of one to three parts enter with them. What leaves is
// the table or view that a name stands for, or an [*Error] with the nearest name that there is. A session owns one [Catalogs].
//
// What must hold: a [Table] is never changed after it was added; a temporary object hides the permanent one of the same
// name and lives even where no such database is; all is used by one goroutine at a time.
package catalog

import (
	"fmt"
	"maps"
	"slices"

	"github.com/millstream/millstream/sql/suggest"
)

// Catalogs is all that a session can name.
type Catalogs struct {
	current, database string // where short names are looked up
	catalogs          map[string]*Catalog
	temporary         map[Path]*Table
}

// Catalog is a set of databases.
type Catalog struct {
	Name            string
	Comment         string
	Options         map[string]string
	DefaultDatabase string
	databases       map[string]*Database
}

// Database is a set of tables and views.
type Database struct {
	Name    string
	Comment string
	Options map[string]string
	tables  map[string]*Table
}

// New returns catalogs with one, which has one database; both are current.
func New(catalog, database string) *Catalogs {
	c := &Catalogs{current: catalog, database: database, catalogs: map[string]*Catalog{}, temporary: map[Path]*Table{}}
	c.catalogs[catalog] = newCatalog(catalog, database)
	return c
}

func newCatalog(name, database string) *Catalog {
	return &Catalog{Name: name, DefaultDatabase: database, databases: map[string]*Database{
		database: {Name: database, tables: map[string]*Table{}},
	}}
}

// Current returns the names of the current catalog and database. The database may have been dropped.
func (c *Catalogs) Current() (catalog, database string) { return c.current, c.database }

// Catalogs lists the catalogs' names, sorted.
func (c *Catalogs) Catalogs() []string { return slices.Sorted(maps.Keys(c.catalogs)) }

// Catalog finds a catalog.
func (c *Catalogs) Catalog(name string) (*Catalog, error) {
	if found := c.catalogs[name]; found != nil {
		return found, nil
	}
	return nil, &Error{fmt.Sprintf("catalog '%s' does not exist", name), suggest.Hint(name, c.Catalogs(), "catalogs are")}
}

// AddCatalog creates a catalog with its default database.
func (c *Catalogs) AddCatalog(name, defaultDatabase, comment string, options map[string]string) error {
	if c.catalogs[name] != nil {
		return &Error{fmt.Sprintf("catalog '%s' exists already", name), "add IF NOT EXISTS or choose another name"}
	}
	added := newCatalog(name, defaultDatabase)
	added.Comment, added.Options = comment, options
	c.catalogs[name] = added
	return nil
}

// DropCatalog removes a catalog with all that is in it. Temporary objects in it survive.
func (c *Catalogs) DropCatalog(name string) error {
	if _, err := c.Catalog(name); err != nil {
		return err
	}
	if name == c.current {
		return &Error{fmt.Sprintf("catalog '%s' is the current one and cannot be dropped", name), "USE another catalog first"}
	}
	delete(c.catalogs, name)
	return nil
}

// UseCatalog makes a catalog and its default database current.
func (c *Catalogs) UseCatalog(name string) error {
	found, err := c.Catalog(name)
	if err != nil {
		return err
	}
	c.current, c.database = name, found.DefaultDatabase
	return nil
}

// Databases lists a catalog's databases, sorted.
func (c *Catalogs) Databases(catalog string) ([]string, error) {
	found, err := c.Catalog(catalog)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(found.databases)), nil
}

// Database finds a database.
func (c *Catalogs) Database(catalog, name string) (*Database, error) {
	found, err := c.Catalog(catalog)
	if err != nil {
		return nil, err
	}
	if db := found.databases[name]; db != nil {
		return db, nil
	}
	names := slices.Sorted(maps.Keys(found.databases))
	return nil, &Error{fmt.Sprintf("database '%s' does not exist in catalog '%s'", name, catalog), suggest.Hint(name, names, "databases there are")}
}

// AddDatabase creates a database.
func (c *Catalogs) AddDatabase(catalog, name, comment string, options map[string]string) error {
	found, err := c.Catalog(catalog)
	if err != nil {
		return err
	}
	if found.databases[name] != nil {
		return &Error{fmt.Sprintf("database '%s' exists already in catalog '%s'", name, catalog), "add IF NOT EXISTS or choose another name"}
	}
	found.databases[name] = &Database{Name: name, Comment: comment, Options: options, tables: map[string]*Table{}}
	return nil
}

// DropDatabase removes a database; one that is not empty only with cascade.
func (c *Catalogs) DropDatabase(catalog, name string, cascade bool) error {
	db, err := c.Database(catalog, name)
	if err != nil {
		return err
	}
	switch {
	case catalog == c.current && name == c.database:
		return &Error{fmt.Sprintf("database '%s' is the current one and cannot be dropped", name), "USE another database first"}
	case len(db.tables) > 0 && !cascade:
		return &Error{fmt.Sprintf("database '%s' is not empty", name), "it has " + suggest.List(slices.Sorted(maps.Keys(db.tables)), 6) + "; add CASCADE to drop them too"}
	}
	delete(c.catalogs[catalog].databases, name)
	return nil
}

// UseDatabase makes a database, and the catalog it is in, current.
func (c *Catalogs) UseDatabase(catalog, name string) error {
	if _, err := c.Database(catalog, name); err != nil {
		return err
	}
	c.current, c.database = catalog, name
	return nil
}
