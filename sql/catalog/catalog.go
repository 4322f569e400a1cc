// Package catalog holds what names mean: catalogs, their databases, and the tables, views, functions and models in them.
//
// Resolved objects enter, made by the binder from CREATE and ALTER statements; names of one to three parts enter with them. What
// leaves is the object that a name stands for, or an [*Error] with the nearest name that there is. A session owns one [Catalogs]; where
// a catalog's permanent objects lie is up to its [Store], in memory or wherever sessions share them.
//
// What must hold: a [Table] and every other [Object] is never changed after it was added; a temporary object hides the permanent one of
// the same name and lives even where no such database is; all is used by one goroutine at a time.
package catalog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/millstream/millstream/sql/suggest"
)

// Catalogs is all that a session can name.
type Catalogs struct {
	ctx               context.Context // of the statement that is executed
	current, database string          // where short names are looked up
	catalogs          map[string]*entry
	temporary         map[key]Object
	observe           func(Object)
}

// Catalog is a set of databases. It is not changed: [Catalogs.ReplaceCatalog] puts another in its place.
type Catalog struct {
	Name            string
	Comment         *string // nil: none was given
	Options         map[string]string
	DefaultDatabase string
	// Open returns where the databases are. It is called when they are first asked for, until it succeeds. Nil is in memory.
	Open func(ctx context.Context) (Store, error)
}

// entry is a catalog and its store, once that was opened.
type entry struct {
	*Catalog
	store Store
}

// Database is a set of objects. It is not changed once it is in a catalog.
type Database struct {
	Name    string
	Comment string
	Options map[string]string
}

// New returns catalogs with one in memory, which has one database; both are current.
func New(catalog, database string) *Catalogs {
	c := &Catalogs{ctx: context.Background(), current: catalog, database: database, catalogs: map[string]*entry{}, temporary: map[key]Object{}}
	c.catalogs[catalog] = &entry{Catalog: &Catalog{Name: catalog, DefaultDatabase: database}}
	return c
}

// Begin says that a statement begins: until the next one, stores are asked in ctx, and what they have read before is looked at anew.
func (c *Catalogs) Begin(ctx context.Context) {
	c.ctx = ctx
	for _, e := range c.catalogs {
		if e.store != nil {
			e.store.Begin()
		}
	}
}

// Observe calls f with each object that is found from now on; nil ends that.
func (c *Catalogs) Observe(f func(Object)) { c.observe = f }

// Current returns the names of the current catalog and database. The database may have been dropped.
func (c *Catalogs) Current() (catalog, database string) { return c.current, c.database }

// Catalogs lists the catalogs' names, sorted.
func (c *Catalogs) Catalogs() []string { return slices.Sorted(maps.Keys(c.catalogs)) }

// Catalog finds a catalog.
func (c *Catalogs) Catalog(name string) (*Catalog, error) {
	e, err := c.entry(name)
	if err != nil {
		return nil, err
	}
	return e.Catalog, nil
}

func (c *Catalogs) entry(name string) (*entry, error) {
	if found := c.catalogs[name]; found != nil {
		return found, nil
	}
	return nil, &Error{fmt.Sprintf("catalog '%s' does not exist", name), suggest.Hint(name, c.Catalogs(), "catalogs are")}
}

// AddCatalog puts a catalog in.
func (c *Catalogs) AddCatalog(added *Catalog) error {
	if c.catalogs[added.Name] != nil {
		return &Error{fmt.Sprintf("catalog '%s' exists already", added.Name), "add IF NOT EXISTS or choose another name"}
	}
	c.catalogs[added.Name] = &entry{Catalog: added}
	return nil
}

// ReplaceCatalog changes what is known of a catalog. A store that was opened stays.
func (c *Catalogs) ReplaceCatalog(changed *Catalog) error {
	e, err := c.entry(changed.Name)
	if err != nil {
		return err
	}
	if e.store != nil {
		if err := c.ensureDatabase(e.store, changed.DefaultDatabase); err != nil {
			return err
		}
	}
	c.catalogs[changed.Name] = &entry{changed, e.store}
	return nil
}

// DropCatalog removes a catalog. What its store keeps outside the session stays there; temporary objects in it survive.
func (c *Catalogs) DropCatalog(name string) error {
	if _, err := c.entry(name); err != nil {
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
	found, err := c.entry(name)
	if err != nil {
		return err
	}
	if _, err := c.store(name); err != nil {
		return err
	}
	c.current, c.database = name, found.DefaultDatabase
	return nil
}

// store opens a catalog's store.
func (c *Catalogs) store(catalog string) (Store, error) {
	e, err := c.entry(catalog)
	if err != nil || e.store != nil {
		return e.storeOrNil(), err
	}
	var opened Store = newMemory()
	if e.Open != nil {
		if opened, err = e.Open(c.ctx); err != nil {
			return nil, err
		}
	}
	if err := c.ensureDatabase(opened, e.DefaultDatabase); err != nil {
		return nil, err
	}
	e.store = opened
	return opened, nil
}

func (e *entry) storeOrNil() Store {
	if e == nil {
		return nil
	}
	return e.store
}

// ensureDatabase creates a catalog's default database if it is not there. Another session may be faster.
func (c *Catalogs) ensureDatabase(s Store, name string) error {
	found, err := s.Database(c.ctx, name)
	if err != nil || found != nil {
		return err
	}
	if err := s.PutDatabase(c.ctx, &Database{Name: name}, nil); err != nil && !errors.Is(err, ErrChanged) {
		return err
	}
	return nil
}
