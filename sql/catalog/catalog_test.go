package catalog

import (
	"errors"
	"slices"
	"testing"

	"github.com/millstream/millstream/sql/syntax"
)

func table(c *Catalogs, temporary bool, parts ...string) *Table {
	p, err := c.Resolve(parts)
	if err != nil {
		panic(err)
	}
	return &Table{Path: p, Temporary: temporary}
}

func add(t *testing.T, c *Catalogs, tables ...*Table) {
	t.Helper()
	for _, x := range tables {
		if err := c.Add(x, false); err != nil {
			t.Fatal(err)
		}
	}
}

func TestResolve(t *testing.T) {
	c := New("cat", "db")
	for _, test := range []struct {
		parts []string
		want  string
	}{
		{[]string{"t"}, "cat.db.t"}, {[]string{"d", "t"}, "cat.d.t"}, {[]string{"c", "d", "t"}, "c.d.t"},
	} {
		p, err := c.Resolve(test.parts)
		if err != nil || p.String() != test.want {
			t.Errorf("%v is %s, error %v, want %s", test.parts, p, err, test.want)
		}
	}
	if _, err := c.Resolve([]string{"a", "b", "c", "d"}); err == nil {
		t.Error("four parts are accepted")
	}
	if got := (Path{"a", "b`c", "d"}).Quoted(); got != "`a`.`b``c`.`d`" {
		t.Error(got)
	}
}

func TestTemporaryHidesPermanent(t *testing.T) {
	c := New("cat", "db")
	permanent, temporary := table(c, false, "t"), table(c, true, "t")
	add(t, c, permanent, temporary)
	if got, _ := c.Get(Tables, permanent.Path); got != Object(temporary) {
		t.Error("the permanent table is found")
	}
	if err := c.Drop(Tables, permanent.Path, "table", false); err == nil {
		t.Error("a hidden table was dropped")
	}
	if err := c.Drop(Tables, permanent.Path, "view", true); err == nil {
		t.Error("DROP TEMPORARY VIEW dropped a table")
	}
	if err := c.Drop(Tables, permanent.Path, "table", true); err != nil {
		t.Error(err)
	}
	if got, _ := c.Get(Tables, permanent.Path); got != Object(permanent) {
		t.Error("the permanent table is not back")
	}
	add(t, c, table(c, true, "nowhere", "nodb", "x")) // temporary objects need no database
	if got := c.Tables("nowhere", "nodb"); !slices.Equal(got, []string{"x"}) {
		t.Errorf("tables %v", got)
	}
}

func TestListsAndReplacing(t *testing.T) {
	c := New("cat", "db")
	view := table(c, false, "v")
	view.View = &View{Query: &syntax.Query{}}
	add(t, c, table(c, false, "b"), table(c, true, "a"), view)
	if got := c.Tables("cat", "db"); !slices.Equal(got, []string{"a", "b", "v"}) {
		t.Errorf("tables %v", got)
	}
	isView := func(o Object) bool { return o.Label() == "view" }
	if got, _ := c.List(Tables, "cat", "db", isView); !slices.Equal(got, []string{"v"}) {
		t.Errorf("views %v", got)
	}
	if err := c.Add(table(c, false, "v"), false); err == nil {
		t.Error("a second object of a name was added")
	}
	if err := c.Add(table(c, false, "v"), true); err != nil {
		t.Error(err)
	}
	if err := c.Add(table(c, false, "nodb", "t"), false); err == nil {
		t.Error("a table was added to no database")
	}
}

func TestCatalogsAndDatabases(t *testing.T) {
	c := New("cat", "db")
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(err)
		}
	}
	fails := func(err error, hint string) {
		t.Helper()
		var e *Error
		if !errors.As(err, &e) || e.Hint != hint {
			t.Errorf("error %v, want the hint %q", err, hint)
		}
	}
	ok(c.AddCatalog(&Catalog{Name: "lab", DefaultDatabase: "base"}))
	fails(c.AddCatalog(&Catalog{Name: "lab", DefaultDatabase: "base"}), "add IF NOT EXISTS or choose another name")
	ok(c.AddDatabase("lab", &Database{Name: "d1"}))
	fails(c.UseDatabase("lab", "d"), "databases there are base, d1")
	ok(c.UseDatabase("lab", "d1"))
	fails(c.DropDatabase("lab", "d1", true), "USE another database first")
	fails(c.DropCatalog("lab"), "USE another catalog first")
	add(t, c, table(c, false, "t"))
	ok(c.UseCatalog("lab"))
	if cat, db := c.Current(); cat != "lab" || db != "base" {
		t.Errorf("current is %s.%s", cat, db)
	}
	fails(c.DropDatabase("lab", "d1", false), "it has t; add CASCADE to drop them too")
	ok(c.DropDatabase("lab", "d1", true))
	fails(c.UseCatalog("labb"), "did you mean 'lab'?")
	ok(c.UseCatalog("cat"))
	ok(c.DropCatalog("lab"))
	if _, err := c.Lookup(Path{"lab", "base", "t"}); err == nil {
		t.Error("a table in a dropped catalog is found")
	}
}
