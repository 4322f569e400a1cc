package filesystem

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/standard"
	"github.com/millstream/millstream/setting"
)

func TestList(t *testing.T) {
	store := mem.New("t")
	for _, key := range []string{"a/1.csv", "a/2.json", "a/.hid/x.csv", "a/_tmp/x.csv", "a/_x.csv", "a/.x.csv", "a/sub/3.csv", "a/sub/deep/4.csv",
		"ab/5.csv", "b[1]/6.csv", "a/dir/", "a.csv", "a/sub2/7.csv"} {
		put(t, store, key, []byte("x"))
	}
	for _, c := range []struct{ path, regex, want string }{
		{"a", "", "a/1.csv a/2.json a/sub/3.csv a/sub/deep/4.csv a/sub2/7.csv"},
		{"a/", "", "a/1.csv a/2.json a/sub/3.csv a/sub/deep/4.csv a/sub2/7.csv"},
		{"a/sub", "", "a/sub/3.csv a/sub/deep/4.csv"},
		{"a/1.csv", "", "a/1.csv"},
		{"a/_x.csv", "", "a/_x.csv"}, // asked for by its name
		{"", "", "a.csv a/1.csv a/2.json a/sub/3.csv a/sub/deep/4.csv a/sub2/7.csv ab/5.csv b[1]/6.csv"},
		{"a/*.csv", "", "a/1.csv"},
		{"a/*", "", "a/1.csv a/2.json a/sub/3.csv a/sub/deep/4.csv a/sub2/7.csv"},
		{"a*/*.csv", "", "a/1.csv ab/5.csv"},
		{"a/**/*.csv", "", "a/1.csv a/sub/3.csv a/sub/deep/4.csv a/sub2/7.csv"},
		{"a/sub?", "", "a/sub2/7.csv"},
		{"a/_*", "", "a/_tmp/x.csv a/_x.csv"},
		{`b\[1\]/*`, "", "b[1]/6.csv"},
		{"a", ".*/[0-9]+[.]csv", "a/1.csv a/sub/3.csv a/sub/deep/4.csv a/sub2/7.csv"},
		{"a", "/a/1.csv", "a/1.csv"},
		{"a", "mem://t/a/1.csv", "a/1.csv"},
		{"a", "1.csv", ""}, // the whole path must match
	} {
		files, err := list(t.Context(), store, c.path, c.regex)
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		var keys []string
		for _, f := range files {
			keys = append(keys, f.Key)
		}
		if got := strings.Join(keys, " "); got != c.want {
			t.Errorf("%s (%s): got  %s\nwant %s", c.path, c.regex, got, c.want)
		}
	}
	for path, want := range map[string]string{
		"none":     "cannot read mem://t/none: there is no such file, and none below it (check 'path')",
		"a/none/*": "cannot read mem://t/a/none/*: no file matches the pattern (check 'path')",
		"a/1.cs":   "there is no such file",
		"a/[":      "a '[' is not closed",
	} {
		if _, err := list(t.Context(), store, path, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", path, err)
		}
	}
	if _, err := list(t.Context(), store, "a", "(?=x)"); err == nil || !strings.Contains(err.Error(), "is not a regular expression") {
		t.Errorf("got %v", err)
	}
}

// A directory on disk that is there and empty is a table without rows.
func TestEmptyDirectory(t *testing.T) {
	dir := t.TempDir()
	env := connector.Env{Objects: standard.New(s3.Config{}), Settings: setting.New(setting.Engine)}
	rows := func(path string) ([]connector.Split, error) {
		s, err := newSource(scan(env, lineTable(path), 0), defaults)
		if err != nil {
			return nil, err
		}
		return s.Splits(t.Context(), 1)
	}
	if list, err := rows(dir); err != nil || len(list) != 0 {
		t.Errorf("%d splits, %v", len(list), err)
	}
	if _, err := rows(filepath.Join(dir, "none")); objstore.KindOf(err) != objstore.NotFound {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte("a\nb"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, "file://" + dir, filepath.Join(dir, "f"), dir + "/*"} {
		if list, err := rows(path); err != nil || len(list) != 1 {
			t.Errorf("%s: %d splits, %v", path, len(list), err)
		}
	}
}

func TestEscapes(t *testing.T) {
	for plain, want := range map[string]string{"a b": "a b", "x/y": "x%2Fy", "p=q": "p%3Dq", "ü:?": "ü%3A%3F", "100%": "100%25", "a\nb": "a%0Ab", "~!@$&()_+-,.;": "~!@$&()_+-,.;"} {
		if got := string(appendEscaped(nil, plain)); got != want {
			t.Errorf("%q: got %s, want %s", plain, got, want)
		}
		if got := unescape(want); got != plain {
			t.Errorf("%s: got %q, want %q", want, got, plain)
		}
	}
	for text, want := range map[string]string{"%": "%", "%2": "%2", "%zz": "%zz", "%2f%2F": "//"} {
		if got := unescape(text); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	f.Add("a=b/c%")
	f.Add("\x00ü")
	f.Fuzz(func(t *testing.T, s string) {
		e := string(appendEscaped(nil, s))
		if strings.ContainsAny(e, "/=:") {
			t.Fatalf("%q has characters that a directory's name must not have", e)
		}
		if got := unescape(e); got != s {
			t.Fatalf("got %q, want %q", got, s)
		}
	})
}

// pruned returns the keys that are read with a filter.
func pruned(t *testing.T, store objstore.Store, table graph.Table, project []int, filter ...expr.Expr) []string {
	t.Helper()
	req := scan(memory(store), table, project...)
	req.Filter = filter
	s, err := newSource(req, defaults)
	if err != nil {
		t.Fatal(err)
	}
	list, err := s.Splits(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, split := range list {
		list, err := parsePositions(split)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			keys = append(keys, p.Key)
		}
	}
	return keys
}

func call(t *testing.T, name string, args ...expr.Expr) expr.Expr {
	t.Helper()
	e, err := expr.NewCall(name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestPruning(t *testing.T) {
	store := mem.New("t")
	for _, key := range []string{"d/dt=2024-01-01/h=0/f", "d/dt=2024-01-01/h=2/f", "d/dt=2024-01-02/h=0/f", "d/dt=2024-01-02/h=__DEFAULT_PARTITION__/g"} {
		put(t, store, key, []byte("x\n"))
	}
	table := lineTable("mem://t/d")
	table.Columns = append(table.Columns, column.Field{Name: "dt", Type: column.Str()}, column.Field{Name: "h", Type: column.Of(column.Int)})
	table.PartitionBy = []int{1, 2}
	table.Metadata = []graph.Metadata{{Key: "file.name", Field: metadata[1].Field}}
	project := []int{3, 2, 0, 1}
	h := &expr.Column{Index: 1, Name: "h", T: column.Of(column.Int)}
	dt := &expr.Column{Index: 3, Name: "dt", T: column.Str()}
	name := &expr.Column{Index: 0, Name: "name", T: column.Str().Required()}
	line := &expr.Column{Index: 2, Name: "line", T: column.Str()}
	eq := func(a expr.Expr, text string) expr.Expr {
		return call(t, "=", a, &expr.Literal{Value: text, T: column.Str().Required()})
	}
	for _, c := range []struct {
		filter []expr.Expr
		want   string
	}{
		{nil, "d/dt=2024-01-01/h=0/f d/dt=2024-01-01/h=2/f d/dt=2024-01-02/h=0/f d/dt=2024-01-02/h=__DEFAULT_PARTITION__/g"},
		{[]expr.Expr{call(t, "=", h, expr.Int(0))}, "d/dt=2024-01-01/h=0/f d/dt=2024-01-02/h=0/f"},
		{[]expr.Expr{call(t, "=", h, expr.Int(0)), eq(dt, "2024-01-02")}, "d/dt=2024-01-02/h=0/f"},
		{[]expr.Expr{eq(name, "g")}, "d/dt=2024-01-02/h=__DEFAULT_PARTITION__/g"},
		{[]expr.Expr{eq(line, "nothing")}, "d/dt=2024-01-01/h=0/f d/dt=2024-01-01/h=2/f d/dt=2024-01-02/h=0/f d/dt=2024-01-02/h=__DEFAULT_PARTITION__/g"},
		{[]expr.Expr{eq(dt, "none")}, ""},
	} {
		if got := strings.Join(pruned(t, store, table, project, c.filter...), " "); got != c.want {
			t.Errorf("%v: got  %s\nwant %s", c.filter, got, c.want)
		}
	}
	req := scan(memory(store), table, project...)
	req.Filter, req.Limit = []expr.Expr{call(t, "=", h, expr.Int(0)), eq(line, "x")}, 5
	s, err := newSource(req, defaults)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.PushedDown(), "files by (h = 0), limit 5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}

	// What is known of a file, whatever its format.
	table.Metadata = metadata
	meta := func(i int) expr.Expr {
		return &expr.Column{Index: i, Name: metadata[i].Key, T: metadata[i].Field.Type}
	}
	put(t, store, "d/dt=2024-01-02/h=5/large", []byte("xxxxxxxx\n"))
	large, hour := "d/dt=2024-01-02/h=5/large", time.Hour.Milliseconds()
	now := &expr.Literal{Value: time.Now().UnixMilli() - hour, T: metadata[3].Field.Type}
	for _, c := range []struct {
		filter expr.Expr
		want   int
		only   string
	}{
		{eq(meta(0), "mem://t/"+large), 1, large},
		{call(t, ">", meta(2), &expr.Literal{Value: int64(5), T: column.Of(column.BigInt).Required()}), 1, large},
		{call(t, ">", meta(3), now), 5, ""},
		{call(t, "<", meta(3), now), 0, ""},
		{call(t, "OR", eq(meta(1), "g"), eq(meta(1), "large")), 2, ""},
	} {
		got := pruned(t, store, table, []int{3, 4, 5, 6}, c.filter)
		if len(got) != c.want || c.only != "" && got[0] != c.only {
			t.Errorf("%s: got %v, want %d %s", c.filter, got, c.want, c.only)
		}
	}
	table.Metadata = metadata[1:2]

	// A directory that is no number.
	put(t, store, "d/dt=2024-01-03/h=noon/f", []byte("x\n"))
	if err := firstError(t, mustSource(t, scan(memory(store), table, 2))); err == nil || !strings.Contains(err.Error(), "mem://t/d/dt=2024-01-03/h=noon/f: the directory 'h=noon' has no value for column 'h'") {
		t.Errorf("got %v", err)
	}
}

func mustSource(t *testing.T, req connector.SourceRequest) *source {
	t.Helper()
	s, err := newSource(req, defaults)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Ranges follow each other without gap, are of about the wanted size, and there are enough of them.
func TestRanges(t *testing.T) {
	store := mem.New("t")
	put(t, store, "f", nil)
	s := mustSource(t, scan(memory(store), lineTable("mem://t/f"), 0))
	for _, c := range []struct {
		size        int64
		parallelism int
		want        int
	}{{0, 4, 0}, {1, 4, 1}, {5 << 20, 4, 1}, {100 << 20, 2, 8}, {100 << 20, 16, 25}, {10 << 30, 2, 160}} {
		f := found{objstore.Info{Key: "f", Size: c.size}, "f"}
		list, err := s.plan(context.Background(), store, []found{f}, c.parallelism)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != c.want {
			t.Errorf("%d bytes, parallelism %d: %d ranges, want %d", c.size, c.parallelism, len(list), c.want)
		}
		at := int64(0)
		var ids []string
		for _, split := range list {
			parts, err := parsePositions(split)
			if err != nil || len(parts) != 1 {
				t.Fatal(len(parts), err)
			}
			p := parts[0]
			if p.From != at || split.Size != p.To-p.From {
				t.Errorf("%d bytes: a range begins at %d, want %d", c.size, p.From, at)
			}
			at = p.To
			ids = append(ids, split.ID)
		}
		if at != c.size {
			t.Errorf("%d bytes: the ranges end at %d", c.size, at)
		}
		if slices.Sort(ids); len(slices.Compact(ids)) != len(list) {
			t.Errorf("%d bytes: ids are there twice", c.size)
		}
	}
}

// TestEscapedPath writes and reads, at once and monitored, below a path in which what would be a pattern is escaped.
func TestEscapedPath(t *testing.T) {
	store := mem.New("t")
	put(t, store, "why?/a*b/f", []byte("this"))
	put(t, store, "whys/a*b/f", []byte("other"))
	for _, path := range []string{`mem://t/why\?/a\*b/f`, `mem://t/why\?/a\*b/`, `mem://t/why\?/*`} {
		if got := readAll(t, mustSource(t, scan(memory(store), lineTable(path), 0)), 1, never); !slices.Equal(got, []string{"this"}) {
			t.Errorf("%s: %q", path, got)
		}
		m := monitor(t, monitoredSource(t, store, lineTable(path), defaults), checkpoint{})
		m.until(1)
		m.close()
		if !slices.Equal(m.rows, []string{"this"}) {
			t.Errorf("%s, monitored: %q", path, m.rows)
		}
	}
	table := lineTable(`mem://t/new\?`)
	insert(t, connector.SinkRequest{Env: memory(store), Table: table, JobID: "j", Batch: true}, defaultLimits, lines(table, []string{"row"}))
	if got := readAll(t, mustSource(t, scan(memory(store), table, 0)), 1, never); !slices.Equal(got, []string{"row"}) {
		t.Errorf("what was written is read as %q", got)
	}
}
