package filesystem

import (
	"bytes"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"path"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/format"
	_ "github.com/millstream/millstream/connector/format/csv"
	_ "github.com/millstream/millstream/connector/format/parquet"
	"github.com/millstream/millstream/connector/suite"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/disk"
	"github.com/millstream/millstream/objstore/fault"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/setting"
)

// tuned is the connector with other sizes.
func tuned(t tuning, l limits) *connector.Spec {
	s := spec()
	s.NewSource = func(req connector.SourceRequest) (connector.Source, error) { return newSource(req, t) }
	s.NewSink = func(req connector.SinkRequest) (connector.Sink, error) { return newSink(req, l) }
	return s
}

// tiny are sizes at which every limit is met.
func tiny() (tuning, limits) {
	t := defaults
	t.minRange, t.maxRange = 200, 300
	t.readAhead = objstore.ReadAheadOptions{BlockSize: 64, RequestSize: 128, Parallel: 2}
	t.bundle = 3
	t.tail, t.carry, t.batchRows, t.headBytes = 16, 24, 7, 128
	l := defaultLimits
	l.begin, l.memory = 100, 2000
	return t, l
}

// stores are where the suite runs.
var stores = map[string]func(t *testing.T) objstore.Store{
	"mem": func(*testing.T) objstore.Store { return mem.New("t") },
	"disk": func(t *testing.T) objstore.Store {
		s, err := disk.New(t.TempDir(), disk.Options{NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		return s
	},
}

// faults breaks off some of all operations.
func faults(inner objstore.Store, seed uint64) objstore.Store {
	return fault.New(inner, fault.Plan{Seed: seed, Rules: []fault.Rule{
		{Ops: []fault.Op{fault.Commit, fault.Delete}, Kind: objstore.TimedOut, Lost: true, Trigger: fault.Trigger{Chance: 0.2, Times: 20}},
		{Ops: []fault.Op{fault.Get}, Kind: objstore.Throttled, Cut: 100, Trigger: fault.Trigger{Chance: 0.05, Times: 60}},
		{Kind: objstore.TimedOut, Trigger: fault.Trigger{Chance: 0.03, Times: 60}},
	}})
}

func TestSuite(t *testing.T) {
	small, smallLimits := tiny()
	for name, open := range stores {
		for _, format := range []string{"csv", "units", "parquet"} {
			run := func(name string, s *connector.Spec, retry int, wrap func(objstore.Store) objstore.Store) {
				t.Run(name+"/"+format, func(t *testing.T) {
					suite.Run(t, suite.Config{
						Spec:  s,
						Input: func(t *testing.T) suite.Input { return input(t, open(t), format, retry, wrap) },
						Make:  func(t *testing.T) suite.Output { return output(t, open(t), format, retry, wrap) },
					})
				})
			}
			plain := func(s objstore.Store) objstore.Store { return s }
			run(name, spec(), 0, plain)
			run(name+"/tiny", tuned(small, smallLimits), 0, plain)
			seeds := 1
			if name == "mem" {
				seeds = 3
			}
			for seed := range uint64(seeds) {
				run(fmt.Sprintf("%s/faults%d", name, seed), tuned(small, smallLimits), 200, func(s objstore.Store) objstore.Store { return faults(s, seed) })
			}
		}
	}
}

// packed writes a file as its extension says.
func packed(t *testing.T, name, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	var w io.WriteCloser
	switch path.Ext(name) {
	case ".gz":
		w = gzip.NewWriter(&out)
	case ".deflate":
		w = zlib.NewWriter(&out)
	case ".zst":
		z, err := zstd.NewWriter(&out)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	default:
		return []byte(text)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// columnar writes lines of id and name as a Parquet file.
func columnar(t *testing.T, text string) []byte {
	t.Helper()
	spec, _ := format.Lookup("parquet")
	values, err := setting.Check(spec.Options, nil)
	if err != nil {
		t.Fatal(err)
	}
	fields := []column.Field{idField, nameField}
	var out bytes.Buffer
	w, err := spec.NewFile(&out, format.Config{Options: values, Columns: fields})
	if err != nil {
		t.Fatal(err)
	}
	b := column.NewBatch(fields, 0)
	for line := range strings.Lines(text) {
		id, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ",")
		if err := column.ParseText(b.Cols[0], []byte(id), nil); err != nil {
			t.Fatal(err)
		}
		b.Cols[1].AppendString(name)
		b.Len++
	}
	if err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var (
	idField   = column.Field{Name: "id", Type: column.Of(column.BigInt)}
	nameField = column.Field{Name: "name", Type: column.Str()}
	pField    = column.Field{Name: "p", Type: column.Str()}
	qField    = column.Field{Name: "q", Type: column.Of(column.Int)}
)

// input is a table of some files in partitions.
func input(t *testing.T, store objstore.Store, format string, retry int, wrap func(objstore.Store) objstore.Store) suite.Input {
	in := suite.Input{Retry: retry, Table: graph.Table{
		Name: "t", Connector: "filesystem", Options: map[string]string{"path": "mem://t/dir", "format": format},
		Columns: []column.Field{idField, pField, nameField, qField}, PartitionBy: []int{1, 3},
		Metadata: []graph.Metadata{{Key: "file.name", Field: metadata[1].Field}, {Key: "file.size", Field: metadata[2].Field}},
	}}
	n := 0
	for _, f := range []struct {
		dir, name string
		rows      int
	}{
		{"p=__DEFAULT_PARTITION__/q=1", "a.csv", 50}, {"p=a b/q=__DEFAULT_PARTITION__", "big.csv", 700}, {"p=x%2Fy/q=-7", "one.csv", 1},
		{"p=x%2Fy/q=2", "b.csv.gz", 60}, {"p=x%2Fy/q=2/more", "c.csv.zst", 60}, {"p=x%2Fy/q=2/more", "d.csv.deflate", 60}, {"p=z/q=3", "e", 40},
	} {
		if format != "csv" {
			f.name, _, _ = strings.Cut(f.name, ".")
		}
		var text strings.Builder
		first := n
		for range f.rows {
			name := strings.Repeat("name", n%9) + fmt.Sprint(n)
			if n%100 == 0 {
				name = strings.Repeat("long ", 60)
			}
			fmt.Fprintf(&text, "%d,%s\n", n, name)
			n++
		}
		data := packed(t, f.name, text.String())
		if format == "parquet" {
			data = columnar(t, text.String())
		}
		put(t, store, "dir/"+f.dir+"/"+f.name, data)
		p, q, _ := strings.Cut(strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(f.dir, "p="), "/more"), "__DEFAULT_PARTITION__", "NULL"), "/q=")
		for i, line := range strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n") {
			_, name, _ := strings.Cut(line, ",")
			in.Rows = append(in.Rows, fmt.Sprintf("%d|%s|%s|%s|%s|%d", first+i, strings.ReplaceAll(p, "%2F", "/"), name, q, f.name, len(data)))
		}
	}
	put(t, store, "dir/p=z/q=3/_SUCCESS", nil)
	if format != "parquet" { // whose smallest file has some bytes
		put(t, store, "dir/p=z/q=3/empty", nil)
	}
	put(t, store, "dir/p=z/.q=3/hidden", []byte("1,hidden\n"))
	put(t, store, "dir/stray.csv", []byte("1,in no partition\n"))
	in.Env = memory(wrap(store))
	return in
}

// output is a partitioned table to be written, in which the suite's faults show.
func output(t *testing.T, store objstore.Store, format string, retry int, wrap func(objstore.Store) objstore.Store) suite.Output {
	table := graph.Table{
		Name: "t", Connector: "filesystem", Options: map[string]string{"path": "mem://t/out", "format": format, "sink.rolling-policy.file-size": "20kb"},
		Columns: []column.Field{nameField, pField, idField, qField}, PartitionBy: []int{3, 1},
	}
	return suite.Output{
		Env: memory(wrap(store)), Table: table, Retry: retry,
		Visible: func() []string {
			return visible(t, store, table)
		},
		Pending: func() int {
			n := 0
			for _, err := range store.Uploads(context.Background(), "") {
				if err != nil {
					t.Fatal(err)
				}
				n++
			}
			return n
		},
	}
}

// visible reads a table as anybody would; a directory that is not there has no rows.
func visible(t *testing.T, store objstore.Store, table graph.Table) (rows []string) {
	t.Helper()
	req := connector.SourceRequest{Env: memory(store), Table: table, Limit: -1}
	for i := range table.Columns {
		req.Project = append(req.Project, i)
	}
	s, err := newSource(req, defaults)
	if err != nil {
		t.Fatal(err)
	}
	splits, err := s.Splits(t.Context(), 1)
	if objstore.KindOf(err) == objstore.NotFound {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, split := range splits {
		r, err := s.Open(t.Context(), split)
		if err != nil {
			t.Fatal(err)
		}
		for done := false; !done; {
			var b *column.Batch
			if b, done = poll(t, r); b != nil {
				rows = append(rows, suite.Texts(b)...)
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}
