package catalog

import (
	"fmt"
	"slices"

	"github.com/millstream/millstream/sql/suggest"
)

// key is a full name in its space of names.
type key struct {
	kind Kind
	path Path
}

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

// Get returns an object, a temporary one first; nil if there is none.
func (c *Catalogs) Get(kind Kind, p Path) (Object, error) {
	o := c.temporary[key{kind, p}]
	if o == nil {
		var err error
		if o, err = c.Permanent(kind, p); err != nil {
			return nil, err
		}
	}
	if o != nil && c.observe != nil {
		c.observe(o)
	}
	return o, nil
}

// Permanent returns a permanent object, which a temporary one may hide; nil if there is none.
func (c *Catalogs) Permanent(kind Kind, p Path) (Object, error) {
	if c.catalogs[p.Catalog] == nil {
		return nil, nil
	}
	s, err := c.store(p.Catalog)
	if err != nil {
		return nil, err
	}
	return s.Get(c.ctx, kind, p)
}

// Find returns an object, a temporary one first. The error names the first part that is not there, and what is near.
func (c *Catalogs) Find(kind Kind, p Path) (Object, error) {
	o, err := c.Get(kind, p)
	if err != nil || o != nil {
		return o, err
	}
	if _, err := c.Database(p.Catalog, p.Database); err != nil {
		return nil, err
	}
	names, err := c.List(kind, p.Catalog, p.Database, nil)
	if err != nil {
		return nil, err
	}
	return nil, &Error{
		fmt.Sprintf("%s '%s' does not exist in %s.%s", kind, p.Object, p.Catalog, p.Database),
		suggest.Hint(p.Object, names, kind.String()+"s there are"),
	}
}

// Lookup is Find for tables and views.
func (c *Catalogs) Lookup(p Path) (*Table, error) {
	o, err := c.Find(Tables, p)
	if err != nil {
		return nil, err
	}
	return o.(*Table), nil
}

// Tables lists the tables and views of a database, temporary ones included, sorted: for hints, so what cannot be read is left out.
func (c *Catalogs) Tables(catalog, database string) []string {
	names, err := c.List(Tables, catalog, database, nil)
	if err != nil {
		return nil
	}
	return names
}

// List lists the objects of a database, temporary ones included, sorted: all of a kind, or those that keep takes.
func (c *Catalogs) List(kind Kind, catalog, database string, keep func(Object) bool) ([]string, error) {
	var names []string
	if c.catalogs[catalog] != nil {
		s, err := c.store(catalog)
		if err != nil {
			return nil, err
		}
		permanent, err := s.Names(c.ctx, database, kind)
		if err != nil {
			return nil, err
		}
		for _, name := range permanent {
			p := Path{catalog, database, name}
			if c.temporary[key{kind, p}] != nil {
				continue // hidden
			}
			if keep != nil {
				o, err := s.Get(c.ctx, kind, p)
				if err != nil {
					return nil, err
				}
				if o == nil || !keep(o) {
					continue
				}
			}
			names = append(names, name)
		}
	}
	for k, o := range c.temporary {
		if k.kind == kind && k.path.Catalog == catalog && k.path.Database == database && (keep == nil || keep(o)) {
			names = append(names, k.path.Object)
		}
	}
	slices.Sort(names)
	return names, nil
}
