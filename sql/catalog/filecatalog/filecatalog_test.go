package filecatalog

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/disk"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/sql/bind"
	"github.com/millstream/millstream/sql/catalog"
)

func open(objects objstore.Store) *Store {
	return Open(objects, "defs", Config{ParseType: bind.ParseType})
}

func table(name string, options map[string]string) *catalog.Table {
	return &catalog.Table{
		Path: catalog.Path{Catalog: "c", Database: "d", Object: name}, Options: options,
		Columns: []catalog.Column{{Name: "a", Type: column.Of(column.Int)}},
	}
}

// Two sessions over the same place, on each store.
func TestSessions(t *testing.T) {
	root, err := disk.New(t.TempDir(), disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, objects := range map[string]objstore.Store{"mem": mem.New("b"), "disk": root} {
		t.Run(name, func(t *testing.T) { testSessions(t, objects) })
	}
}

func testSessions(t *testing.T, objects objstore.Store) {
	ctx := t.Context()
	a, b := open(objects), open(objects)
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	get := func(s *Store, name string) *catalog.Table {
		t.Helper()
		o, err := s.Get(ctx, catalog.Tables, table(name, nil).Path)
		ok(err)
		found, _ := o.(*catalog.Table)
		return found
	}
	if get(b, "t") != nil {
		t.Error("an empty place has a table")
	}
	ok(a.PutDatabase(ctx, &catalog.Database{Name: "d", Comment: "x", Options: map[string]string{"k": "v"}}, nil))
	ok(a.Put(ctx, table("t", map[string]string{"n": "1"}), nil))
	if get(b, "t") != nil {
		t.Error("a statement sees what was written while it runs")
	}
	b.Begin()
	found := get(b, "t")
	if found == nil || found.Options["n"] != "1" || found != get(b, "t") {
		t.Fatalf("found %v", found)
	}
	if err := b.Put(ctx, table("t", nil), nil); !errors.Is(err, catalog.ErrChanged) {
		t.Errorf("a second table of the name: %v", err)
	}
	a.Begin()
	mine := get(a, "t")
	ok(a.Put(ctx, table("t", map[string]string{"n": "2"}), mine))
	if err := b.Put(ctx, table("t", map[string]string{"n": "3"}), found); !errors.Is(err, catalog.ErrChanged) {
		t.Errorf("a change of what has changed: %v", err)
	}
	if got := get(b, "t"); got.Options["n"] != "2" {
		t.Errorf("after losing, the table has %v", got.Options)
	}
	ok(b.Put(ctx, table("u", nil), nil))
	a.Begin()
	names, err := a.Names(ctx, "d", catalog.Tables)
	ok(err)
	if !slices.Equal(names, []string{"t", "u"}) {
		t.Errorf("tables %v", names)
	}
	db, err := a.Database(ctx, "d")
	ok(err)
	if diff := cmp.Diff(&catalog.Database{Name: "d", Comment: "x", Options: map[string]string{"k": "v"}}, db); diff != "" {
		t.Error(diff)
	}
	ok(a.Delete(ctx, get(a, "u")))
	b.Begin()
	if get(b, "u") != nil {
		t.Error("a table that was dropped is there")
	}
	ok(b.PutDatabase(ctx, &catalog.Database{Name: "d/x %"}, nil))
	a.Begin()
	if got, err := a.Databases(ctx); err != nil || !slices.Equal(got, []string{"d", "d/x %"}) {
		t.Errorf("databases %q, error %v", got, err)
	}
	ok(a.DropDatabase(ctx, "d"))
	b.Begin()
	if got, err := b.Databases(ctx); err != nil || !slices.Equal(got, []string{"d/x %"}) {
		t.Errorf("databases %q, error %v", got, err)
	}
	if get(b, "t") != nil {
		t.Error("the table of a database that was dropped is there")
	}
}

func TestSecrets(t *testing.T) {
	objects := mem.New("b")
	s := open(objects)
	secret := table("t", map[string]string{"password": "tiger"})
	var e *catalog.Error
	if err := s.Put(t.Context(), secret, nil); !errors.As(err, &e) || !strings.Contains(e.Msg, "'password'") || strings.Contains(e.Error(), "tiger") {
		t.Errorf("error %v", err)
	}
	for info, err := range objects.List(t.Context(), "", objstore.ListOptions{}) {
		t.Errorf("written: %v, error %v", info, err)
	}
	s.config.PlainSecrets = true
	if err := s.Put(t.Context(), secret, nil); err != nil {
		t.Error(err)
	}
}

// A definition that cannot be read is an error with its place.
func TestBroken(t *testing.T) {
	for text, want := range map[string]string{
		"{":             "it is no definition",
		`{"version":9}`: "version 9, and this program reads version 1",
		`{"version":1,"kind":"table","columns":[{"name":"a","type":"INTT"}]}`:             "the type of its column 'a' cannot be read",
		`{"version":1,"kind":"table","watermark":{"column":"a","expression":"a +"}}`:      "its watermark cannot be read",
		`{"version":1,"kind":"view","view":{"query":"SELECT","catalog":"c"}}`:             "its query cannot be read",
		`{"version":1,"kind":"view"}`:                                                     "of an unknown kind 'view'",
		`{"version":1,"kind":"table","columns":[{"name":"a","type":"INT","kind":"odd"}]}`: "an unknown 'odd'",
	} {
		objects := mem.New("b")
		if _, err := objects.Put(t.Context(), "defs/d/tables/t.json", []byte(text), objstore.Condition{}); err != nil {
			t.Fatal(err)
		}
		_, err := open(objects).Get(t.Context(), catalog.Tables, table("t", nil).Path)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "mem://b/defs/d/tables/t.json") {
			t.Errorf("%s: error %v, want %q", text, err, want)
		}
	}
}

func TestEscape(t *testing.T) {
	for name, want := range map[string]string{"orders_1": "orders_1", "a/b": "a%2Fb", "..": "%2E.", "größe": "gr%C3%B6%C3%9Fe", "x y": "x%20y", "v1.2": "v1.2"} {
		if got := escape(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
	for _, part := range []string{"", "a%2", "a%41", "a b", ".x"} {
		if name, ok := unescape(part); ok {
			t.Errorf("%q is the name %q", part, name)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringN(1, 20, 60).Draw(t, "name")
		if got, ok := unescape(escape(name)); !ok || got != name {
			t.Fatalf("%q comes back as %q", name, got)
		}
	})
}

// Names of one kind do not meet those of another.
func TestKinds(t *testing.T) {
	ctx, s := t.Context(), open(mem.New("b"))
	p := table("x", nil).Path
	all := map[catalog.Kind]catalog.Object{
		catalog.Tables: table("x", map[string]string{}), catalog.Functions: &catalog.Function{Path: p, Class: "c", Resources: []string{"JAR 'x'"}},
		catalog.Models: &catalog.Model{Path: p, Options: map[string]string{"k": "v"}, Input: []catalog.Column{{Name: "i", Type: column.Str().Required()}}},
	}
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		if err := s.Put(ctx, all[kind], nil); err != nil {
			t.Fatal(err)
		}
	}
	s = Open(s.objects, "defs/", s.config)
	for kind, want := range all {
		got, err := s.Get(ctx, kind, p)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
}
