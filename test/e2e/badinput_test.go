package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/fault"
)

// sql runs statements in batch mode.
func (p place) sql(t *testing.T, statements string) outcome {
	t.Helper()
	return millstream(t, t.TempDir(), "sql", "-q", "-o", "csv", "--config", p.config, "-D", "execution.runtime-mode=batch", "-e", statements)
}

// lines are those of a result, without the header and in order.
func (o outcome) lines() []string {
	all := strings.Split(strings.TrimSpace(o.stdout), "\n")[1:]
	slices.Sort(all)
	return all
}

// withoutRows leaves out what was shown before the query failed, of the files that could be read.
func (o outcome) withoutRows() outcome {
	o.stdout = ""
	return o
}

// TestOtherHeaders reads files of CSV whose headers differ: in order, by what is missing and by what is more.
func TestOtherHeaders(t *testing.T) {
	eachStore(t, func(t *testing.T, p place) {
		p.put(t, p.input+"/in/a.csv", "id,name,size\n1,one,10\n2,two,20\n")
		p.put(t, p.input+"/in/b.csv", "size,id,more,name\n30,3,x,three\n")
		table := func(more string) string {
			return "CREATE TABLE t (id INT, name STRING, size INT) WITH ('connector'='filesystem', 'path'='" + p.input + "/in/', 'format'='csv', 'csv.columns-by-name'='true'" + more + ");"
		}
		check := func(o outcome, want ...string) {
			t.Helper()
			if o.code != 0 || !slices.Equal(o.lines(), want) {
				t.Errorf("exit code %d, %q, want %q: %s", o.code, o.stdout, want, o.stderr)
			}
		}
		check(p.sql(t, table("")+"SELECT id, name, size FROM t"), "1,one,10", "2,two,20", "3,three,30")
		checkError(t, p.sql(t, table(", 'csv.unknown-columns'='fail'")+"SELECT id FROM t").withoutRows(), p.input+"/in/b.csv", "'more'")
		p.put(t, p.input+"/in/c.csv", "name,id\nfour,4\n")
		checkError(t, p.sql(t, table("")+"SELECT id, size FROM t").withoutRows(), p.input+"/in/c.csv", "'size'")
		check(p.sql(t, table(", 'csv.missing-columns'='null'")+"SELECT id, size IS NULL FROM t WHERE id > 2"), "3,FALSE", "4,TRUE")
	})
}

// TestOtherSchemas reads a file of Parquet by tables with other types, columns in another order and columns that it lacks.
func TestOtherSchemas(t *testing.T) {
	eachStore(t, func(t *testing.T, p place) {
		o := p.sql(t, "CREATE TABLE o (id INT, price DECIMAL(8, 2), name STRING, d DATE) WITH ('connector'='filesystem', 'path'='"+p.input+"/in', 'format'='parquet');"+
			"INSERT INTO o VALUES (1, 1.50, 'one', DATE '2024-02-29'), (2, CAST(NULL AS DECIMAL(8, 2)), 'two', CAST(NULL AS DATE))")
		if o.code != 0 {
			t.Fatal(o.stderr)
		}
		read := func(columns, expressions string) outcome {
			t.Helper()
			return p.sql(t, "CREATE TABLE t ("+columns+") WITH ('connector'='filesystem', 'path'='"+p.input+"/in', 'format'='parquet');SELECT "+expressions+" FROM t")
		}
		for _, c := range []struct{ columns, expressions, want string }{
			{"name STRING, id BIGINT", "id + 1, name", "2,one 3,two"},
			{"id DOUBLE, price DECIMAL(20, 4)", "id, COALESCE(price, 0)", "1.0,1.5000 2.0,0.0000"},
			{"d TIMESTAMP(3), nothing STRING", "COALESCE(CAST(d AS STRING), '-'), COALESCE(nothing, 'no')", "-,no 2024-02-29 00:00:00.000,no"},
			{"name STRING NOT NULL", "name", "one two"},
		} {
			if o := read(c.columns, c.expressions); o.code != 0 || !slices.Equal(split(o.lines()), split([]string{c.want})) {
				t.Errorf("%s: exit code %d, %q, want %s: %s", c.columns, o.code, o.stdout, c.want, o.stderr)
			}
		}
		for columns, want := range map[string]string{
			"id STRING":                    "column 'id' is INT",
			"name INT":                     "column 'name' is STRING",
			"price DECIMAL(8, 1)":          "column 'price' is DECIMAL(8, 2) in the file, which does not fit into DECIMAL(8, 1)",
			"id INT, nothing INT NOT NULL": "column 'nothing' is NOT NULL, and the file does not have it",
			"price DECIMAL(8, 2) NOT NULL": "column 'price' is NOT NULL, and the file has NULL in it",
		} {
			checkError(t, read(columns, "*").withoutRows(), p.input+"/in/part-", want)
		}
	})
}

// split takes lines apart at blanks.
func split(lines []string) []string { return strings.Fields(strings.Join(lines, " ")) }

// meddler changes objects when they are about to be read for the first time: whoever asks for them has listed them before.
type meddler struct {
	http.RoundTripper
	mu     sync.Mutex
	change map[string]func() error // by the path of the URL
	errs   []error
}

func (m *meddler) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet {
		m.mu.Lock()
		if change := m.change[req.URL.Path]; change != nil {
			delete(m.change, req.URL.Path)
			if err := change(); err != nil {
				m.errs = append(m.errs, err)
			}
		}
		m.mu.Unlock()
	}
	return m.RoundTripper.RoundTrip(req)
}

// TestChangedObjects has one object deleted and one overwritten between their discovery and the first request for them, under each policy.
func TestChangedObjects(t *testing.T) {
	eachStore(t, func(t *testing.T, p place) {
		for _, c := range []struct {
			policy, format string
			want           string // rows; "": an error
			left           int
		}{
			{"fail", "csv", "", 0},
			{"fail", "parquet", "", 0},
			{"skip", "csv", "kept", 2},
			{"skip", "parquet", "kept", 2},
			{"read-new", "csv", "kept new", 1},
			{"read-new", "parquet", "kept new", 1},
		} {
			for _, which := range []string{"deleted", "overwritten", "deleted and overwritten"} {
				if c.policy != "fail" && which != "deleted and overwritten" || c.policy == "fail" && strings.Contains(which, " ") {
					continue
				}
				t.Run(c.policy+" "+c.format+" "+which, func(t *testing.T) {
					dir := strings.ReplaceAll(t.Name(), " ", "-")
					dir = fmt.Sprintf("%s/%s-%s", c.format, c.policy, dir[strings.LastIndexByte(dir, '/')+1:])
					store, _ := p.open(t, p.input)
					p.makeChanging(t, store, dir, c.format)
					m := &meddler{change: map[string]func() error{}}
					change := func(name string, f func(ctx context.Context, key string) error) {
						m.change["/input/"+dir+"/"+name] = func() error { return f(context.WithoutCancel(t.Context()), dir+"/"+name) }
					}
					if strings.Contains(which, "deleted") {
						change("deleted", func(ctx context.Context, key string) error { return store.Delete(ctx, key) })
					}
					if strings.Contains(which, "overwritten") {
						change("overwritten", func(ctx context.Context, key string) error { return copyObject(ctx, store, "new/"+c.format, key) })
					}
					through := p.through(t, m)
					o := through.sql(t, "CREATE TABLE t (word STRING) WITH ('connector'='filesystem', 'path'='"+p.input+"/"+dir+"/', 'format'='"+c.format+
						"', 'source.changed-objects'='"+c.policy+"');SELECT word FROM t")
					if len(m.errs) > 0 || len(m.change) > 0 {
						t.Fatalf("the objects were not changed: %v, %v", m.errs, m.change)
					}
					if c.want == "" {
						checkError(t, o.withoutRows(), "s3://input/"+dir+"/"+which)
						return
					}
					if o.code != 0 || !slices.Equal(o.lines(), strings.Fields(c.want)) {
						t.Errorf("exit code %d, %q, want %s: %s", o.code, o.stdout, c.want, o.stderr)
					}
					files := map[int]string{1: "1 file left", 2: "2 files left"}[c.left]
					if !strings.Contains(o.stderr, files) || !strings.Contains(o.stderr, "source.changed-objects") || strings.Contains(o.stderr, "malformed") {
						t.Errorf("no word of %s: %s", files, o.stderr)
					}
				})
			}
		}
	})
}

// makeChanging makes the objects 'kept', 'deleted' and 'overwritten' in a directory, and the one that the last is overwritten with.
func (p place) makeChanging(t *testing.T, store objstore.Store, dir, format string) {
	t.Helper()
	for word, key := range map[string]string{"kept": dir + "/kept", "deleted": dir + "/deleted", "old": dir + "/overwritten", "new": "new/" + format} {
		made := "made/" + key
		o := p.sql(t, "CREATE TABLE o (word STRING) WITH ('connector'='filesystem', 'path'='"+p.input+"/"+made+"', 'format'='"+format+"');INSERT INTO o VALUES ('"+word+"')")
		if o.code != 0 {
			t.Fatal(o.stderr)
		}
		for info, err := range store.List(t.Context(), made+"/", objstore.ListOptions{}) {
			if err == nil {
				err = copyObject(t.Context(), store, info.Key, key)
			}
			if err == nil {
				err = store.Delete(t.Context(), info.Key)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

func copyObject(ctx context.Context, store objstore.Store, from, to string) error {
	body, _, err := store.Get(ctx, from, objstore.All)
	if err != nil {
		return err
	}
	defer body.Close()
	data, err := io.ReadAll(body)
	if err == nil {
		_, err = store.Put(ctx, to, data, objstore.Condition{})
	}
	return err
}

// through is the place as it is reached through a proxy.
func (p place) through(t *testing.T, m *meddler) place {
	t.Helper()
	proxy, err := fault.NewProxy(p.store.Endpoint, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	m.RoundTripper, proxy.Base = proxy.Base, m
	store := *p.store
	store.Endpoint = proxy.URL
	p.store = &store
	p.config = writeFile(t, filepath.Join(t.TempDir(), "flink-conf.yaml"), guide(&store))
	return p
}
