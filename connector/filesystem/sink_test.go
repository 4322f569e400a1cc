package filesystem

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/disk"
	"github.com/millstream/millstream/objstore/fault"
	"github.com/millstream/millstream/objstore/mem"
)

// lines makes a batch of one text column, and of a partition column if parts are given.
func lines(table graph.Table, list []string, parts ...any) *column.Batch {
	b := column.NewBatch(table.Columns, len(list))
	for _, s := range list {
		b.Cols[0].AppendString(s)
	}
	for _, p := range parts {
		if p == nil {
			b.Cols[1].AppendNull()
		} else {
			b.Cols[1].AppendString(p.(string))
		}
	}
	b.Len = len(list)
	return b
}

func partitionedLines(options ...string) graph.Table {
	t := lineTable("mem://t/out", options...)
	t.Columns = append(t.Columns, column.Field{Name: "p", Type: column.Str()})
	t.PartitionBy = []int{1}
	return t
}

// contents returns all objects of a store.
func contents(t *testing.T, store objstore.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	for info, err := range store.List(t.Context(), "", objstore.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		body, _, err := store.Get(t.Context(), info.Key, objstore.All)
		if err != nil {
			t.Fatal(err)
		}
		data := make([]byte, info.Size)
		for n := 0; n < len(data); {
			m, err := body.Read(data[n:])
			if n += m; err != nil && n < len(data) {
				t.Fatal(err)
			}
		}
		if err := body.Close(); err != nil {
			t.Fatal(err)
		}
		all[info.Key] = string(data)
	}
	return all
}

// insert writes batches by one writer and commits them.
func insert(t *testing.T, req connector.SinkRequest, l limits, batches ...*column.Batch) {
	t.Helper()
	s, err := newSink(req, l)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	w, err := s.NewWriter(t.Context(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range batches {
		if err := w.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	list, err := w.Flush(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if len(list) > 0 {
		if err := s.Commit(t.Context(), list); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func show(all map[string]string) string {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s=%q ", key, all[key])
	}
	return strings.TrimSpace(b.String())
}

func TestNames(t *testing.T) {
	store := mem.New("t")
	table := partitionedLines()
	req := connector.SinkRequest{Env: memory(store), Table: table, JobID: "j7", Batch: true}
	insert(t, req, defaultLimits, lines(table, []string{"1", "2", "3", "4", "5"}, "a b", "x/y", nil, "", "a b"))
	want := `out/p=__DEFAULT_PARTITION__/part-j7-0-2.txt="3\n4\n" out/p=a b/part-j7-0-0.txt="1\n5\n" out/p=x%2Fy/part-j7-0-1.txt="2\n"`
	if got := show(contents(t, store)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Sinks of one job may write to one directory.
func TestSeveralSinks(t *testing.T) {
	store := mem.New("t")
	table := lineTable("mem://t/out")
	for number, text := range []string{"1", "2", "3"} {
		insert(t, connector.SinkRequest{Env: memory(store), Table: table, JobID: "j", Batch: true, Number: number}, defaultLimits, lines(table, []string{text}))
	}
	want := `out/part-j-0-0.txt="1\n" out/part-j-1-0-0.txt="2\n" out/part-j-2-0-0.txt="3\n"`
	if got := show(contents(t, store)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestOverwrite(t *testing.T) {
	store := mem.New("t")
	put(t, store, "outside", []byte("stays"))
	flat := lineTable("mem://t/out")
	run := func(job string, overwrite bool, table graph.Table, batches ...*column.Batch) string {
		insert(t, connector.SinkRequest{Env: memory(store), Table: table, JobID: job, Batch: true, Overwrite: overwrite}, defaultLimits, batches...)
		return show(contents(t, store))
	}
	run("a", false, flat, lines(flat, []string{"1"}))
	put(t, store, "out/_note", []byte("hidden, stays"))
	put(t, store, "out/sub/old.txt", []byte("goes"))
	if got, want := run("b", true, flat, lines(flat, []string{"2"})), `out/_note="hidden, stays" out/part-b-0-0.txt="2\n" outside="stays"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := run("c", false, flat, lines(flat, []string{"3"})), `out/_note="hidden, stays" out/part-b-0-0.txt="2\n" out/part-c-0-0.txt="3\n" outside="stays"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := run("d", true, flat), `out/_note="hidden, stays" outside="stays"`; got != want {
		t.Errorf("without rows: got  %s\nwant %s", got, want)
	}

	store = mem.New("t")
	table := partitionedLines()
	run("a", false, table, lines(table, []string{"1", "2"}, "x", "y"))
	if got, want := run("b", true, table, lines(table, []string{"3"}, "x")), `out/p=x/part-b-0-0.txt="3\n" out/p=y/part-a-0-1.txt="2\n"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got, want := run("c", true, table), `out/p=x/part-b-0-0.txt="3\n" out/p=y/part-a-0-1.txt="2\n"`; got != want {
		t.Errorf("without rows: got  %s\nwant %s", got, want)
	}
	s, err := newSink(connector.SinkRequest{Env: memory(store), Table: table, JobID: "d", Overwrite: true}, defaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context()); err == nil || !strings.Contains(err.Error(), "needs a job in batch mode") {
		t.Errorf("got %v", err)
	}
}

func TestRolling(t *testing.T) {
	now := time.Unix(0, 0)
	l := defaultLimits
	l.now = func() time.Time { return now }
	write := func(table graph.Table, steps func(write func(at time.Duration, rows []string, parts ...any))) string {
		store := mem.New("t")
		req := connector.SinkRequest{Env: memory(store), Table: table, JobID: "j", Batch: true}
		now = time.Unix(0, 0)
		s, err := newSink(req, l)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		w, err := s.NewWriter(t.Context(), 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		steps(func(at time.Duration, rows []string, parts ...any) {
			now = time.Unix(0, 0).Add(at)
			if err := w.Write(t.Context(), lines(table, rows, parts...)); err != nil {
				t.Fatal(err)
			}
		})
		list, err := w.Flush(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Commit(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		return show(contents(t, store))
	}
	flat := lineTable("mem://t/out", "sink.rolling-policy.file-size", "4", "sink.rolling-policy.rollover-interval", "10 s", "sink.rolling-policy.check-interval", "3 s")
	got := write(flat, func(write func(time.Duration, []string, ...any)) {
		write(0, []string{"1"})
		write(2*time.Second, []string{"2"}) // 4 bytes: the part ends
		write(3*time.Second, []string{"3"})
		write(12*time.Second, []string{"4"}) // 4 bytes
		write(13*time.Second, []string{"5"})
		write(24*time.Second, []string{"6"}) // the part was 11 s old
	})
	if want := `out/part-j-0-0.txt="1\n2\n" out/part-j-0-1.txt="3\n4\n" out/part-j-0-2.txt="5\n" out/part-j-0-3.txt="6\n"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	table := partitionedLines("sink.rolling-policy.inactivity-interval", "5 s", "sink.rolling-policy.check-interval", "1 s")
	got = write(table, func(write func(time.Duration, []string, ...any)) {
		write(0, []string{"1", "a"}, "x", "y")
		write(4*time.Second, []string{"2"}, "x")
		write(8*time.Second, []string{"3"}, "x") // y had no rows for 8 s
		write(9*time.Second, []string{"4", "b"}, "x", "y")
	})
	if want := `out/p=x/part-j-0-0.txt="1\n2\n3\n4\n" out/p=y/part-j-0-1.txt="a\n" out/p=y/part-j-0-2.txt="b\n"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// Whatever size the user allows, files end before they are larger than stores take.
func TestLargestFile(t *testing.T) {
	for _, compacts := range []string{"false", "true"} {
		table := lineTable("mem://t/out", "sink.rolling-policy.file-size", "9 tb", "auto-compaction", compacts)
		store, l := mem.New("t"), defaultLimits
		l.most = 300
		var batches []*column.Batch
		for range 40 {
			batches = append(batches, lines(table, []string{strings.Repeat("x", 29)}))
		}
		insert(t, connector.SinkRequest{Env: memory(store), Table: table, JobID: "j", Batch: true}, l, batches...)
		if all := contents(t, store); len(all) != 4 {
			t.Errorf("compaction %s: 1200 bytes are in %d files", compacts, len(all))
		}
	}
}

// Many partitions do not hold more memory than allowed, whatever the part files' size.
func TestManyPartitions(t *testing.T) {
	store := mem.New("t")
	table := partitionedLines()
	l := defaultLimits
	l.begin, l.memory = 1000, 50_000
	var batches []*column.Batch
	for i := range 20 {
		var rows []string
		var parts []any
		for k := range 1000 {
			rows = append(rows, fmt.Sprintf("row %d of batch %d", k, i))
			parts = append(parts, fmt.Sprint("p", k%100))
		}
		batches = append(batches, lines(table, rows, parts...))
	}
	insert(t, connector.SinkRequest{Env: memory(store), Table: table, JobID: "j", Batch: true}, l, batches...)
	all := contents(t, store)
	n := 0 // rows
	for _, text := range all {
		n += strings.Count(text, "\n")
	}
	if n != 20_000 || len(all) < 200 {
		t.Errorf("%d rows in %d files", n, len(all))
	}
}

func TestPrepareFails(t *testing.T) {
	store := mem.New("t")
	put(t, store, "out", []byte("a file"))
	prepare := func(env connector.Env, path string) error {
		s, err := newSink(connector.SinkRequest{Env: env, Table: lineTable(path), JobID: "j", Batch: true}, defaultLimits)
		if err != nil {
			return err
		}
		return s.Prepare(t.Context())
	}
	if err := prepare(memory(store), "mem://t/out"); err == nil || !strings.Contains(err.Error(), "there is a file of that name") {
		t.Errorf("got %v", err)
	}
	for _, kind := range []objstore.Kind{objstore.NoBucket, objstore.BadCredentials, objstore.Denied} {
		broken := fault.New(store, fault.Plan{Rules: []fault.Rule{{Ops: []fault.Op{fault.Create}, Kind: kind}}})
		if err := prepare(memory(broken), "mem://t/other"); objstore.KindOf(err) != kind || !strings.Contains(err.Error(), "mem://t/other/: injected fault") {
			t.Errorf("got %v", err)
		}
	}
	for _, err := range store.Uploads(t.Context(), "") {
		t.Errorf("an upload is left over (%v)", err)
	}
}

// A full disk fails the writer and leaves nothing that looks complete.
func TestFullDisk(t *testing.T) {
	inner, err := disk.New(t.TempDir(), disk.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range []fault.Op{fault.Write, fault.Seal, fault.Commit} {
		store := fault.New(inner, fault.Plan{Rules: []fault.Rule{{Ops: []fault.Op{op}, Kind: objstore.NoSpace, Trigger: fault.Trigger{Skip: 1}}}})
		table := lineTable("mem://t/out")
		s, err := newSink(connector.SinkRequest{Env: memory(store), Table: table, JobID: "j" + string(op), Batch: true}, limits{begin: 1, memory: 1 << 20, now: time.Now, giveUp: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		var all []connector.Committable
		var failed error
		for sub := range 2 {
			w, err := s.NewWriter(t.Context(), sub, 2)
			if err != nil {
				t.Fatal(err)
			}
			err = w.Write(t.Context(), lines(table, []string{"1", "2"}))
			if err == nil {
				var list []connector.Committable
				list, err = w.Flush(t.Context(), true)
				all = append(all, list...)
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			if err != nil {
				failed = err
			}
		}
		if failed == nil && op == fault.Commit {
			failed = s.Commit(t.Context(), all)
		}
		if objstore.KindOf(failed) != objstore.NoSpace {
			t.Errorf("%s: got %v", op, failed)
		}
		if err := s.Abort(context.Background(), all); err != nil {
			t.Error(err)
		}
		if n := len(contents(t, inner)); n > 0 && op != fault.Commit {
			t.Errorf("%s: %d files are there", op, n)
		}
		for _, err := range inner.Uploads(t.Context(), "") {
			t.Errorf("%s: an upload is left over (%v)", op, err)
		}
	}
}

// No part file is ever replaced: a writer that follows another one of its subtask goes on counting, and a file that is there stays.
func TestNamesAreNew(t *testing.T) {
	store := mem.New("t")
	table := lineTable("mem://t/out")
	put(t, store, "out/part-j-1-0.txt", []byte("was there\n"))
	s, err := newSink(connector.SinkRequest{Env: memory(store), Table: table, JobID: "j", Batch: true}, defaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	write := func(subtask int, row string) []connector.Committable {
		w, err := s.NewWriter(t.Context(), subtask, 2)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(t.Context(), lines(table, []string{row})); err != nil {
			t.Fatal(err)
		}
		list, err := w.Flush(t.Context(), false)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return list
	}
	for _, row := range []string{"1", "2"} {
		if err := s.Commit(t.Context(), write(0, row)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Commit(t.Context(), write(1, "3")); objstore.KindOf(err) != objstore.PreconditionFailed {
		t.Errorf("got %v", err)
	}
	if got, want := show(contents(t, store)), `out/part-j-0-0.txt="1\n" out/part-j-0-1.txt="2\n" out/part-j-1-0.txt="was there\n"`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestOnlyInserts(t *testing.T) {
	store := mem.New("t")
	table := lineTable("mem://t/out")
	s, err := newSink(connector.SinkRequest{Env: memory(store), Table: table, JobID: "j", Batch: true}, defaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.NewWriter(t.Context(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	b := lines(table, []string{"1", "2"})
	b.AddKinds(2)[1] = column.Delete
	if err := w.Write(t.Context(), b); err == nil || !strings.Contains(err.Error(), "-D") {
		t.Errorf("got %v", err)
	}
	b.Sel = []int32{0}
	if err := w.Write(t.Context(), b); err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}
