package catalog

import (
	"fmt"
	"strings"

	"github.com/millstream/millstream/sql/suggest"
)

// Add puts an object in. One that is there of the same name and, where it hides nothing, of the same lifetime is an error unless
// replace is set.
func (c *Catalogs) Add(o Object, replace bool) error {
	k := key{o.Space(), o.ID()}
	exists := func(label string) *Error {
		return &Error{fmt.Sprintf("%s '%s' exists already", label, k.path), "add IF NOT EXISTS, or drop it first"}
	}
	if o.IsTemporary() {
		if old := c.temporary[k]; old != nil && !replace {
			return exists("temporary " + old.Label())
		}
		c.temporary[k] = o
		return nil
	}
	if _, err := c.Database(k.path.Catalog, k.path.Database); err != nil {
		return err
	}
	old, err := c.Permanent(k.kind, k.path)
	if err != nil {
		return err
	}
	if old != nil && !replace {
		return exists(old.Label())
	}
	s, err := c.store(k.path.Catalog)
	if err != nil {
		return err
	}
	if old != nil {
		return instead(s.Put(c.ctx, o, old), changedMeanwhile(o.Label(), k.path.String()))
	}
	return instead(s.Put(c.ctx, o, nil), exists(o.Label()))
}

// Replace puts a changed object in the place of the one it was made from.
func (c *Catalogs) Replace(changed, old Object) error {
	if old.IsTemporary() {
		c.temporary[key{changed.Space(), changed.ID()}] = changed
		return nil
	}
	s, err := c.store(changed.ID().Catalog)
	if err != nil {
		return err
	}
	return instead(s.Put(c.ctx, changed, old), changedMeanwhile(changed.Label(), changed.ID().String()))
}

// Rename gives a permanent object another name in its database.
func (c *Catalogs) Rename(o Object, name string) error {
	p := o.ID()
	p.Object = name
	exists := &Error{fmt.Sprintf("'%s' exists already", p), "choose another name, or drop it first"}
	if found, err := c.Permanent(o.Space(), p); err != nil {
		return err
	} else if found != nil {
		return exists
	}
	s, err := c.store(p.Catalog)
	if err != nil {
		return err
	}
	if err := s.Put(c.ctx, o.renamed(p), nil); err != nil {
		return instead(err, exists)
	}
	return s.Delete(c.ctx, o)
}

// Exists reports whether Add would find an object in its way.
func (c *Catalogs) Exists(kind Kind, p Path, temporary bool) (bool, error) {
	if temporary {
		return c.temporary[key{kind, p}] != nil, nil
	}
	o, err := c.Permanent(kind, p)
	return o != nil, err
}

// Drop removes an object with a label: "table", "view", "function" or "model". A permanent object that a temporary one hides cannot
// be dropped.
func (c *Catalogs) Drop(kind Kind, p Path, label string, temporary bool) error {
	is := func(o Object) bool { return o != nil && o.Label() == label }
	hidden := c.temporary[key{kind, p}]
	switch {
	case temporary && is(hidden):
		delete(c.temporary, key{kind, p})
		return nil
	case temporary:
		return c.Missing(kind, p, "temporary "+label, func(o Object) bool { return o.IsTemporary() && is(o) })
	case is(hidden) && kind == Tables:
		return &Error{fmt.Sprintf("temporary %s '%s' stands before any permanent one", label, p), "write DROP TEMPORARY " + strings.ToUpper(label)}
	}
	found, err := c.Permanent(kind, p)
	if err != nil {
		return err
	}
	if !is(found) {
		return c.Missing(kind, p, label, is)
	}
	s, err := c.store(p.Catalog)
	if err != nil {
		return err
	}
	return s.Delete(c.ctx, found)
}

// CanDrop reports whether Drop would find the object.
func (c *Catalogs) CanDrop(kind Kind, p Path, label string, temporary bool) (bool, error) {
	if o := c.temporary[key{kind, p}]; temporary || o != nil && o.Label() == label {
		return o != nil && o.Label() == label, nil
	}
	o, err := c.Permanent(kind, p)
	return o != nil && o.Label() == label, err
}

// Missing says that there is no object of a label, and which is near: one of those that keep takes.
func (c *Catalogs) Missing(kind Kind, p Path, what string, keep func(Object) bool) error {
	names, err := c.List(kind, p.Catalog, p.Database, keep)
	if err != nil {
		return err
	}
	return &Error{fmt.Sprintf("%s '%s' does not exist", what, p), suggest.Hint(p.Object, names, what+"s there are")}
}
