// Package filecatalog keeps the definitions of a catalog as objects in an object store, so that they survive the process and
// are shared by all sessions that name the same place.
//
// A place enters [Open], and objects of the catalog through [Store.Put]; small JSON files leave, one for each database, table, view, function
// and model (package definition has their content):
//
//	DATABASE/database.json
//	DATABASE/tables/NAME.json      also views
//	DATABASE/functions/NAME.json
//	DATABASE/models/NAME.json
//
// What must hold: every write is conditional, so that of two sessions which change the same object at the same time one is told so; a
// statement sees what other sessions had written before it began, and each object only in one state; a secret is never written unless the
// catalog allows it.
package filecatalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/sql/catalog"
	"github.com/millstream/millstream/sql/catalog/definition"
)

// Config says how definitions are kept.
type Config struct {
	// PlainSecrets allows options with secrets to be written as they are.
	PlainSecrets bool
	// ParseType reads a type as [column.Type.String] writes it.
	ParseType func(text string) (column.Type, error)
}

// Store is a [catalog.Store] in an object store.
type Store struct {
	config  Config
	objects objstore.Store
	prefix  string            // of all keys; empty or with a slash at its end
	known   map[string]cached // by key
	seen    map[string]bool   // the keys that this statement has looked at
}

// cached is an object as it was read or written.
type cached struct {
	etag  string
	value any // a *catalog.Database or a catalog.Object; nil: there is none
}

var _ catalog.Store = (*Store)(nil)

// Open returns the definitions below a key of a store. It does not go to the network.
func Open(objects objstore.Store, key string, c Config) *Store {
	if key != "" && !strings.HasSuffix(key, "/") {
		key += "/"
	}
	return &Store{config: c, objects: objects, prefix: key, known: map[string]cached{}, seen: map[string]bool{}}
}

// Begin says that a new statement begins: what it needs is read again.
func (s *Store) Begin() { clear(s.seen) }

// databaseFile describes a database. It is there as long as the database is.
const databaseFile = "database.json"

func (s *Store) databaseKey(name string) string { return s.prefix + escape(name) + "/" + databaseFile }

func (s *Store) folder(database string, kind catalog.Kind) string {
	return s.prefix + escape(database) + "/" + kind.String() + "s/"
}

func (s *Store) key(kind catalog.Kind, p catalog.Path) string {
	return s.folder(p.Database, kind) + escape(p.Object) + extension
}

const extension = ".json"

// read returns what is decoded from a key; nil if there is nothing.
func (s *Store) read(ctx context.Context, key string, decode func([]byte) (any, error)) (any, error) {
	if s.seen[key] {
		return s.known[key].value, nil
	}
	r, info, err := s.objects.Get(ctx, key, objstore.All)
	if errors.Is(err, fs.ErrNotExist) && !missingBucket(err) {
		s.know(key, cached{})
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if old, ok := s.known[key]; ok && old.etag == info.ETag && old.value != nil {
		s.seen[key] = true
		return old.value, r.Close()
	}
	data, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	value, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be used: %w", s.objects.URL(key), err)
	}
	s.know(key, cached{info.ETag, value})
	return value, nil
}

func missingBucket(err error) bool {
	var e *objstore.Error
	return errors.As(err, &e) && e.Kind == objstore.NoBucket
}

func (s *Store) know(key string, c cached) {
	s.known[key] = c
	s.seen[key] = true
}

// write writes a key that must still be as it was read.
func (s *Store) write(ctx context.Context, key string, value, old any, data []byte) error {
	cond := objstore.Condition{IfAbsent: true}
	if old != nil {
		known := s.known[key]
		if known.value != old {
			return catalog.ErrChanged
		}
		cond = objstore.Condition{IfMatch: known.etag}
	}
	info, err := s.objects.Put(ctx, key, append(data, '\n'), cond)
	if errors.Is(err, fs.ErrExist) {
		delete(s.seen, key) // what is there now is not known
		return catalog.ErrChanged
	}
	if err != nil {
		return err
	}
	s.know(key, cached{info.ETag, value})
	return nil
}

// Get returns an object, nil if there is none.
func (s *Store) Get(ctx context.Context, kind catalog.Kind, p catalog.Path) (catalog.Object, error) {
	v, err := s.read(ctx, s.key(kind, p), func(data []byte) (any, error) { return definition.Decode(data, p, s.config.ParseType) })
	o, _ := v.(catalog.Object)
	return o, err
}

// Put writes an object: a new one if old is nil, else one in its place.
func (s *Store) Put(ctx context.Context, o, old catalog.Object) error {
	if err := s.checkSecrets(o); err != nil {
		return err
	}
	data, err := definition.Encode(o)
	if err != nil {
		return err
	}
	var before any
	if old != nil {
		before = old
	}
	return s.write(ctx, s.key(o.Space(), o.ID()), o, before, data)
}

// checkSecrets refuses options that everyone could read who can read the catalog.
func (s *Store) checkSecrets(o catalog.Object) error {
	if s.config.PlainSecrets {
		return nil
	}
	var options map[string]string
	switch o := o.(type) {
	case *catalog.Table:
		options = o.Options
	case *catalog.Model:
		options = o.Options
	}
	for _, key := range slices.Sorted(maps.Keys(options)) {
		if graph.IsSecret(key) {
			return &catalog.Error{
				Msg: fmt.Sprintf("the option '%s' of %s '%s' is a secret, and would stand in %s for all to read who may read that", key, o.Label(), o.ID(), s.objects.URL(s.key(o.Space(), o.ID()))),
				Hint: "leave it out and give it in the configuration, by /*+ OPTIONS(…) */ or in a CREATE TEMPORARY TABLE … LIKE; " +
					"or create the catalog with 'secrets' = 'plain'",
			}
		}
	}
	return nil
}

// Delete removes an object.
func (s *Store) Delete(ctx context.Context, o catalog.Object) error {
	return s.remove(ctx, s.key(o.Space(), o.ID()))
}

func (s *Store) remove(ctx context.Context, keys ...string) error {
	if err := s.objects.Delete(ctx, keys...); err != nil {
		return err
	}
	for _, key := range keys {
		s.know(key, cached{})
	}
	return nil
}

// Names lists a database's objects of a kind, sorted.
func (s *Store) Names(ctx context.Context, database string, kind catalog.Kind) ([]string, error) {
	var names []string
	folder := s.folder(database, kind)
	for info, err := range s.objects.List(ctx, folder, objstore.ListOptions{Delimiter: "/"}) {
		if err != nil {
			return nil, err
		}
		if file, ok := strings.CutSuffix(strings.TrimPrefix(info.Key, folder), extension); ok {
			if name, ok := unescape(file); ok {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

// databaseJSON is the content of [databaseFile].
type databaseJSON struct {
	Version int               `json:"version"`
	Comment string            `json:"comment,omitempty"`
	Options map[string]string `json:"options,omitempty"`
}

// Database returns a database, nil if there is none.
func (s *Store) Database(ctx context.Context, name string) (*catalog.Database, error) {
	v, err := s.read(ctx, s.databaseKey(name), func(data []byte) (any, error) {
		var in databaseJSON
		if err := json.Unmarshal(data, &in); err != nil {
			return nil, fmt.Errorf("it is no definition: %w", err)
		}
		if in.Version < 1 || in.Version > definition.Version {
			return nil, fmt.Errorf("it has version %d, and this program reads version %d", in.Version, definition.Version)
		}
		return &catalog.Database{Name: name, Comment: in.Comment, Options: in.Options}, nil
	})
	db, _ := v.(*catalog.Database)
	return db, err
}

// PutDatabase writes a database: a new one if old is nil, else one in its place.
func (s *Store) PutDatabase(ctx context.Context, db, old *catalog.Database) error {
	data, err := json.MarshalIndent(databaseJSON{definition.Version, db.Comment, db.Options}, "", "  ")
	if err != nil {
		return err
	}
	var before any
	if old != nil {
		before = old
	}
	return s.write(ctx, s.databaseKey(db.Name), db, before, data)
}

// Databases lists the databases, sorted.
func (s *Store) Databases(ctx context.Context) ([]string, error) {
	var names []string
	for info, err := range s.objects.List(ctx, s.prefix, objstore.ListOptions{Delimiter: "/"}) {
		if err != nil {
			return nil, err
		}
		folder, ok := strings.CutSuffix(strings.TrimPrefix(info.Key, s.prefix), "/")
		if !ok {
			continue
		}
		name, ok := unescape(folder)
		if !ok {
			continue
		}
		db, err := s.Database(ctx, name)
		if err != nil {
			return nil, err
		}
		if db != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// DropDatabase removes a database and all that is in it: the database itself last, so that what could not be removed is still in it.
func (s *Store) DropDatabase(ctx context.Context, name string) error {
	var keys []string
	own := s.databaseKey(name)
	for info, err := range s.objects.List(ctx, strings.TrimSuffix(own, databaseFile), objstore.ListOptions{}) {
		if err != nil {
			return err
		}
		if info.Key != own {
			keys = append(keys, info.Key)
		}
	}
	if err := s.remove(ctx, keys...); err != nil {
		return err
	}
	return s.remove(ctx, own)
}
