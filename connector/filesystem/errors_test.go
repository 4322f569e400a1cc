package filesystem

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

func csvTable(path string, options ...string) graph.Table {
	t := lineTable(path, options...)
	t.Options["format"] = "csv"
	t.Columns = []column.Field{{Name: "a", Type: column.Of(column.Int)}, {Name: "b", Type: column.Str()}}
	return t
}

func gzipped(t *testing.T, text string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A malformed record is reported with file, line, byte, column and reason, wherever the reader began.
func TestPlaces(t *testing.T) {
	text := "1,one\n2,two\n" + strings.Repeat("3,three\n", 50) + "x,four\n5,five\n"
	store := mem.New("t")
	put(t, store, "d/f.csv", []byte(text))
	put(t, store, "z/f.csv.gz", gzipped(t, text))
	small, _ := tiny()
	for _, c := range []struct {
		path, want string
		tune       tuning
	}{
		{"mem://t/d", "mem://t/d/f.csv, line 53, at byte 412: ", defaults},
		{"mem://t/d", "mem://t/d/f.csv, line 53, at byte 412: ", small},
		{"mem://t/z", "mem://t/z/f.csv.gz, line 53, at byte 412 of the decompressed text: ", defaults},
		{"mem://t/z", "mem://t/z/f.csv.gz, line 53, at byte 412 of the decompressed text: ", small},
	} {
		s, err := newSource(scan(memory(store), csvTable(c.path), 0, 1), c.tune)
		if err != nil {
			t.Fatal(err)
		}
		err = firstError(t, s)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || !strings.Contains(err.Error(), "column 'a'") || !strings.Contains(err.Error(), `"x"`) {
			t.Errorf("%s: got %v", c.path, err)
		}
	}
	// Skipped where the user asks for it, and counted.
	s, err := newSource(scan(memory(store), csvTable("mem://t/d", "csv.ignore-parse-errors", "true"), 0), small)
	if err != nil {
		t.Fatal(err)
	}
	splits, err := s.Splits(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	skipped := int64(0)
	for _, split := range splits {
		r, err := s.Open(t.Context(), split)
		if err != nil {
			t.Fatal(err)
		}
		for done := false; !done; {
			_, done = poll(t, r)
		}
		skipped += r.(connector.SkipCounter).Skipped()
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if skipped > 1 { // a malformed field may also become NULL
		t.Errorf("%d records skipped", skipped)
	}
}

// A file that is replaced between listing and reading fails the job; its halves are never mixed.
func TestChangedFile(t *testing.T) {
	for _, key := range []string{"f", "f.gz"} {
		store := mem.New("t")
		data := []byte(strings.Repeat("old\n", 100))
		if key == "f.gz" {
			data = gzipped(t, string(data))
		}
		put(t, store, key, data)
		small, _ := tiny()
		s, err := newSource(scan(memory(store), lineTable("mem://t/"+key), 0), small)
		if err != nil {
			t.Fatal(err)
		}
		splits, err := s.Splits(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		put(t, store, key, bytes.ToUpper(data))
		for _, split := range splits {
			r, err := s.Open(t.Context(), split)
			if err != nil {
				t.Fatal(err)
			}
			for err == nil {
				var status connector.Status
				if _, status, err = r.Poll(); status == connector.Wait && err == nil {
					<-r.Ready()
				} else if status == connector.Done && err == nil {
					t.Fatalf("%s: the other version was read", key)
				}
			}
			if objstore.KindOf(err) != objstore.Changed || !strings.Contains(err.Error(), "mem://t/"+key) {
				t.Errorf("%s: got %v", key, err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestDamagedFiles(t *testing.T) {
	store := mem.New("t")
	whole := gzipped(t, strings.Repeat("line of text\n", 10_000))
	put(t, store, "cut.gz", whole[:len(whole)-20])
	put(t, store, "plain.gz", []byte("no gzip at all\n"))
	put(t, store, "plain.zst", []byte("no zstd at all\n"))
	put(t, store, "plain.deflate", []byte("no zlib at all\n"))
	put(t, store, "plain.bz2", []byte("no bzip2 at all\n"))
	put(t, store, "plain.XZ", []byte("xz\n"))
	for _, key := range []string{"cut.gz", "plain.gz", "plain.zst", "plain.deflate", "plain.bz2", "plain.XZ"} {
		err := firstError(t, mustSource(t, scan(memory(store), lineTable("mem://t/"+key), 0)))
		if err == nil || !strings.Contains(err.Error(), "cannot decompress mem://t/"+key) {
			t.Errorf("%s: got %v", key, err)
		}
	}
}

// brokenOff is a store whose connections break off with io.EOF as cause: that is no end of a file.
type brokenOff struct{ *mem.Store }

func (s brokenOff) Get(ctx context.Context, key string, r objstore.Range) (io.ReadCloser, objstore.Info, error) {
	body, info, err := s.Store.Get(ctx, key, r)
	if err != nil {
		return nil, info, err
	}
	broken := &objstore.Error{Op: "read", URL: s.URL(key), Reason: "the connection broke off", Err: io.EOF}
	return io.NopCloser(io.MultiReader(io.LimitReader(body, 50), iotest.ErrReader(broken))), info, nil
}

func TestBrokenOff(t *testing.T) {
	inner := mem.New("t")
	put(t, inner, "f", []byte(strings.Repeat("line of text\n", 10_000)))
	put(t, inner, "f.gz", gzipped(t, strings.Repeat("line of text\n", 10_000)))
	for _, key := range []string{"f", "f.gz"} {
		err := firstError(t, mustSource(t, scan(memory(brokenOff{inner}), lineTable("mem://t/"+key), 0)))
		if err == nil || !strings.Contains(err.Error(), "the connection broke off") {
			t.Errorf("%s: got %v", key, err)
		}
	}
}

func TestCompressed(t *testing.T) {
	store := mem.New("t")
	text := strings.Repeat("line of text\n", 10_000) + "last"
	put(t, store, "a.gz", append(gzipped(t, text[:1300]), gzipped(t, text[1300:])...)) // two members
	for _, tune := range []tuning{defaults, func() tuning { s, _ := tiny(); return s }()} {
		s, err := newSource(scan(memory(store), lineTable("mem://t/a.gz"), 0), tune)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		got := readAll(t, s, 4, func() bool { n++; return n == 50 })
		if len(got) != 10_001 || got[10_000] != "last" {
			t.Errorf("%d lines", len(got))
		}
	}
}

func TestWrongOptions(t *testing.T) {
	store := mem.New("t")
	env := memory(store)
	source := func(table graph.Table) error {
		_, err := openSource(scan(env, table, 0), defaults)
		return err
	}
	sink := func(table graph.Table) error {
		_, err := newSink(connector.SinkRequest{Env: env, Table: table, JobID: "j"}, defaultLimits)
		return err
	}
	for _, c := range []struct {
		try  func(graph.Table) error
		opts []string
		want string
	}{
		{source, []string{"format", "rawr"}, "option 'format': there is no format 'rawr'; did you mean 'raw'?"},
		{source, []string{"source.monitor-interval", "0 s"}, "option 'source.monitor-interval' = '0 s' is not more than 0"},
		{source, []string{"source.discovery", "guess"}, "'source.discovery'"},
		{source, []string{"source.monitor-interval", "1 s", "path", "mem://t/["}, "a '[' is not closed"},
		{source, []string{"source.changed-objects", "retry"}, "'fail', 'skip'"},
		{source, []string{"raw.charst", "UTF-8"}, "did you mean 'raw.charset'?"},
		{source, []string{"raw.charset", "klingon"}, "not a known character set"},
		{source, []string{"csv.field-delimiter", ";"}, "unknown option 'csv.field-delimiter'"},
		{source, []string{"path", "s4://bucket/x"}, "the scheme 's4://' is unknown"},
		{source, []string{"source.path.regex-pattern", "("}, "is not a regular expression"},
		{sink, []string{"sink.rolling-policy.file-size", "big"}, "option 'sink.rolling-policy.file-size' = 'big' is not a memory size"},
		{sink, []string{"sink.rolling-policy.rollover-interval", "often"}, "'often' is not a duration"},
		{sink, []string{"path", "mem://t/*"}, "is a pattern, and a sink needs a directory"},
	} {
		if err := c.try(lineTable("mem://t/x", c.opts...)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: got %v", c.opts, err)
		}
	}
	table := lineTable("mem://t/x")
	table.PartitionBy = []int{0}
	if err := source(table); err == nil || !strings.Contains(err.Error(), "every column is a partition column") {
		t.Errorf("got %v", err)
	}
	env.Objects = nil
	if _, err := newSource(scan(env, lineTable("mem://t/x"), 0), defaults); err != nil {
		t.Errorf("options cannot be checked without stores: %v", err)
	}
	s, err := newSource(scan(env, lineTable("mem://t/x"), 0), defaults)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Splits(context.Background(), 1); err == nil {
		t.Error("there are splits without a store")
	}
}

// The malformed records of a file that is left in its midst stay counted, and the file apart from them.
func TestSkippedOfChangedFile(t *testing.T) {
	store := mem.New("t")
	text := strings.Repeat("1,one\nx\n", 200)
	put(t, store, "f.csv", []byte(text))
	table := csvTable("mem://t/f.csv", "csv.ignore-parse-errors", "true", "source.changed-objects", "skip")
	tune := small(32, len(text))
	tune.readAhead.Parallel = 1
	s, err := newSource(scan(memory(store), table, 0), tune)
	if err != nil {
		t.Fatal(err)
	}
	splits, err := s.Splits(t.Context(), 1)
	if err != nil || len(splits) != 1 {
		t.Fatal(splits, err)
	}
	r, err := s.Open(t.Context(), splits[0])
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	count := func() int64 { return r.(connector.SkipCounter).Skipped() }
	changed, before := false, int64(0)
	for done := false; !done; {
		_, done = poll(t, r)
		now := count()
		if now < before {
			t.Fatalf("%d were skipped, and then %d", before, now)
		}
		if before = now; !changed && now > 0 {
			put(t, store, "f.csv", []byte("2,two\n"))
			changed = true
		}
	}
	if left := leftBy(r); before < 1 || before >= 200 || left != 1 {
		t.Errorf("%d records and %d files are counted: the file was read to its end, or is not counted", before, left)
	}
}
