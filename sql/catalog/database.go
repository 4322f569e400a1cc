package catalog

import (
	"fmt"

	"github.com/millstream/millstream/sql/suggest"
)

// Databases lists a catalog's databases, sorted.
func (c *Catalogs) Databases(catalog string) ([]string, error) {
	s, err := c.store(catalog)
	if err != nil {
		return nil, err
	}
	return s.Databases(c.ctx)
}

// Database finds a database.
func (c *Catalogs) Database(catalog, name string) (*Database, error) {
	s, err := c.store(catalog)
	if err != nil {
		return nil, err
	}
	db, err := s.Database(c.ctx, name)
	if err != nil || db != nil {
		return db, err
	}
	names, err := s.Databases(c.ctx)
	if err != nil {
		return nil, err
	}
	return nil, &Error{fmt.Sprintf("database '%s' does not exist in catalog '%s'", name, catalog), suggest.Hint(name, names, "databases there are")}
}

// HasDatabase reports whether there is a database, in a catalog that there must be.
func (c *Catalogs) HasDatabase(catalog, name string) (bool, error) {
	s, err := c.store(catalog)
	if err != nil {
		return false, err
	}
	db, err := s.Database(c.ctx, name)
	return db != nil, err
}

// AddDatabase creates a database.
func (c *Catalogs) AddDatabase(catalog string, db *Database) error {
	s, err := c.store(catalog)
	if err != nil {
		return err
	}
	exists := &Error{fmt.Sprintf("database '%s' exists already in catalog '%s'", db.Name, catalog), "add IF NOT EXISTS or choose another name"}
	if old, err := s.Database(c.ctx, db.Name); err != nil {
		return err
	} else if old != nil {
		return exists
	}
	return instead(s.PutDatabase(c.ctx, db, nil), exists)
}

// ReplaceDatabase puts a changed database in the place of one that was found.
func (c *Catalogs) ReplaceDatabase(catalog string, changed, old *Database) error {
	s, err := c.store(catalog)
	if err != nil {
		return err
	}
	return instead(s.PutDatabase(c.ctx, changed, old), changedMeanwhile("database", catalog+"."+changed.Name))
}

// DropDatabase removes a database; one that is not empty only with cascade.
func (c *Catalogs) DropDatabase(catalog, name string, cascade bool) error {
	if _, err := c.Database(catalog, name); err != nil {
		return err
	}
	if catalog == c.current && name == c.database {
		return &Error{fmt.Sprintf("database '%s' is the current one and cannot be dropped", name), "USE another database first"}
	}
	s, err := c.store(catalog)
	if err != nil {
		return err
	}
	var all []string
	for _, k := range kinds {
		names, err := s.Names(c.ctx, name, k)
		if err != nil {
			return err
		}
		all = append(all, names...)
	}
	if len(all) > 0 && !cascade {
		return &Error{fmt.Sprintf("database '%s' is not empty", name), "it has " + suggest.List(all, 6) + "; add CASCADE to drop them too"}
	}
	return s.DropDatabase(c.ctx, name)
}

// UseDatabase makes a database, and the catalog it is in, current.
func (c *Catalogs) UseDatabase(catalog, name string) error {
	if _, err := c.Database(catalog, name); err != nil {
		return err
	}
	c.current, c.database = catalog, name
	return nil
}
