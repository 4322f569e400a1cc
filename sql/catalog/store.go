package catalog

import (
	"context"
	"maps"
	"slices"
)

// Kind is a space of names: within a database the names of one kind differ.
type Kind uint8

// The kinds.
const (
	Tables Kind = iota // tables and views
	Functions
	Models
)

var kinds = [...]Kind{Tables, Functions, Models}

// String returns "table", "function" or "model", for messages.
func (k Kind) String() string { return [...]string{"table", "function", "model"}[k] }

// Object is what a database holds: a [*Table], a [*Function] or a [*Model].
type Object interface {
	// ID returns the full name.
	ID() Path
	// Space returns the space of names that the object is in.
	Space() Kind
	// Label is "table", "view", "function" or "model", for messages.
	Label() string
	// IsTemporary says that the object lives in its session alone.
	IsTemporary() bool
	// renamed returns a copy with another name.
	renamed(Path) Object
}

// Store keeps one catalog's databases and the permanent objects in them. What it returns is not changed, neither by it nor by its caller.
//
// A write has a condition: old is what is to be replaced as it was read, nil if nothing may be there. Where that does not hold,
// since another session was faster, the write returns [ErrChanged] and has changed nothing.
type Store interface {
	// Begin says that a new statement begins, which must see what other sessions have written before.
	Begin()
	// Databases lists the databases, sorted.
	Databases(ctx context.Context) ([]string, error)
	// Database returns a database, nil if there is none.
	Database(ctx context.Context, name string) (*Database, error)
	PutDatabase(ctx context.Context, db, old *Database) error
	// DropDatabase removes a database and all that is in it.
	DropDatabase(ctx context.Context, name string) error
	// Names lists a database's objects of a kind, sorted; none if there is no such database.
	Names(ctx context.Context, database string, kind Kind) ([]string, error)
	// Get returns an object, nil if there is none.
	Get(ctx context.Context, kind Kind, p Path) (Object, error)
	Put(ctx context.Context, o, old Object) error
	Delete(ctx context.Context, o Object) error
}

// memory is a store that ends with its session.
type memory struct{ databases map[string]*memoryDatabase }

type memoryDatabase struct {
	*Database
	objects [len(kinds)]map[string]Object
}

func newMemory() *memory { return &memory{map[string]*memoryDatabase{}} }

func (m *memory) Begin() {}

func (m *memory) Databases(context.Context) ([]string, error) {
	return slices.Sorted(maps.Keys(m.databases)), nil
}

func (m *memory) Database(_ context.Context, name string) (*Database, error) {
	if db := m.databases[name]; db != nil {
		return db.Database, nil
	}
	return nil, nil
}

func (m *memory) PutDatabase(_ context.Context, db, _ *Database) error {
	if old := m.databases[db.Name]; old != nil {
		old.Database = db
		return nil
	}
	added := &memoryDatabase{Database: db}
	for k := range added.objects {
		added.objects[k] = map[string]Object{}
	}
	m.databases[db.Name] = added
	return nil
}

func (m *memory) DropDatabase(_ context.Context, name string) error {
	delete(m.databases, name)
	return nil
}

func (m *memory) Names(_ context.Context, database string, kind Kind) ([]string, error) {
	if db := m.databases[database]; db != nil {
		return slices.Sorted(maps.Keys(db.objects[kind])), nil
	}
	return nil, nil
}

func (m *memory) Get(_ context.Context, kind Kind, p Path) (Object, error) {
	if db := m.databases[p.Database]; db != nil {
		return db.objects[kind][p.Object], nil
	}
	return nil, nil
}

func (m *memory) Put(_ context.Context, o, _ Object) error {
	m.databases[o.ID().Database].objects[o.Space()][o.ID().Object] = o
	return nil
}

func (m *memory) Delete(_ context.Context, o Object) error {
	delete(m.databases[o.ID().Database].objects[o.Space()], o.ID().Object)
	return nil
}
