package filesystem

import (
	"testing"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/fault"
	"github.com/millstream/millstream/objstore/mem"
)

// A process that dies between the commit of an overwrite and the deletion of what it replaces is followed by one that deletes that, and nothing else.
func TestOverwriteIsFinished(t *testing.T) {
	for _, table := range []graph.Table{lineTable("mem://t/out"), partitionedLines()} {
		var parts, all []any
		if len(table.PartitionBy) > 0 {
			parts, all = []any{"x", "y"}, []any{"x", "y", "z"}
		}
		store := mem.New("t")
		insert(t, connector.SinkRequest{Env: memory(store), Table: table, JobID: "old", Batch: true}, defaultLimits, lines(table, []string{"1", "2", "3"}, all...))
		start := func(store objstore.Store, job, began string) *sink {
			t.Helper()
			s, err := newSink(connector.SinkRequest{Env: memory(store), Table: table, JobID: job, Began: began, Batch: true, Overwrite: true}, defaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			return s
		}
		first := start(fault.New(store, fault.Plan{Rules: []fault.Rule{{Ops: []fault.Op{fault.Delete}, Crash: true}}}), "first", "first")
		w, err := first.NewWriter(t.Context(), 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(t.Context(), lines(table, []string{"4", "5"}, parts...)); err != nil {
			t.Fatal(err)
		}
		list, err := w.Flush(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		if err := first.Commit(t.Context(), list); err == nil {
			t.Fatal("the process has not died")
		}
		second := start(store, "second", "first")
		if err := second.Commit(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		if err := second.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := `out/part-first-0-0.txt="4\n5\n"`
		if parts != nil {
			want = `out/p=x/part-first-0-0.txt="4\n" out/p=y/part-first-0-1.txt="5\n" out/p=z/part-old-0-2.txt="3\n"`
		}
		if got := show(contents(t, store)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}

		// A third one goes on, and shows more of the same, and replaces nothing of it.
		third := start(store, "third", "first")
		if w, err = third.NewWriter(t.Context(), 0, 1); err != nil {
			t.Fatal(err)
		}
		if err := w.Write(t.Context(), lines(table, []string{"6"}, all[min(2, len(all)):]...)); err != nil {
			t.Fatal(err)
		}
		if list, err = w.Flush(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if err := third.Commit(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		fourth := start(store, "fourth", "first")
		if err := fourth.Finish(t.Context()); err != nil {
			t.Fatal(err)
		}
		want = `out/part-first-0-0.txt="4\n5\n" out/part-third-first-0-0.txt="6\n"`
		if parts != nil {
			want = `out/p=x/part-first-0-0.txt="4\n" out/p=y/part-first-0-1.txt="5\n" out/p=z/part-third-first-0-0.txt="6\n"`
		}
		if got := show(contents(t, store)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
