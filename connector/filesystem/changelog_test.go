package filesystem

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore/mem"
)

func changeTable(format string, options ...string) graph.Table {
	t := partitionedLines(append([]string{"format", format}, options...)...)
	t.Name = "changes"
	return t
}

// readKinds reads a changelog as texts with their kinds, from a new reader at the position after each batch.
func readKinds(t *testing.T, s connector.Source, parallelism int) (rows []string) {
	t.Helper()
	splits, err := s.Splits(t.Context(), parallelism)
	if err != nil {
		t.Fatal(err)
	}
	if len(splits) != 1 {
		t.Fatalf("%d splits, which would be read side by side", len(splits))
	}
	for split, done := splits[0], false; !done; {
		r, err := s.Open(t.Context(), split)
		if err != nil {
			t.Fatal(err)
		}
		var b *column.Batch
		if b, done = poll(t, r); b != nil {
			for i := range b.Rows() {
				rows = append(rows, fmt.Sprintf("%s%s/%s", b.Kind(b.Row(i)), b.Cols[0].BytesAt(b.Row(i)), texts(b, 1)[i]))
			}
		}
		split = r.Position()
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

// TestChangelogFilesInOrder reads changes from several files in the order of their names, whatever the parallelism and however files would be cut.
func TestChangelogFilesInOrder(t *testing.T) {
	store := mem.New("t")
	var want []string
	for file := range 12 {
		var text strings.Builder
		for i := range 5 {
			fmt.Fprintf(&text, `{"before":{"line":"%d.%d"},"after":{"line":"%d.%d"},"op":"u"}`+"\n", file, i, file, i+1)
			want = append(want, fmt.Sprintf("-U%d.%d/x", file, i), fmt.Sprintf("+U%d.%d/x", file, i+1))
		}
		put(t, store, fmt.Sprintf("out/p=x/part-%d", file), []byte(text.String()))
	}
	for _, parallelism := range []int{1, 4} {
		req := scan(memory(store), changeTable("debezium-json"), 0, 1)
		req.Limit = 3 // which cannot be kept: a later change may take the rows back
		s, err := newSource(req, small(64, 40))
		if err != nil {
			t.Fatal(err)
		}
		if c := s.Changes(); c != graph.Retract {
			t.Errorf("the source brings %s", c)
		}
		if got := readKinds(t, s, parallelism); !slices.Equal(got, want) {
			t.Errorf("parallelism %d: read %q, want %q", parallelism, got, want)
		}
	}
}

// TestChangelogSink writes changes to partitions and reads them back.
func TestChangelogSink(t *testing.T) {
	store := mem.New("t")
	table := changeTable("changelog-json")
	b := lines(table, []string{"a", "b", "c", "d", "e"}, "x", "y", "x", "x", "y")
	kinds := []column.RowKind{column.Insert, column.Insert, column.UpdateBefore, column.UpdateAfter, column.Delete}
	copy(b.AddKinds(5), kinds)
	insert(t, connector.SinkRequest{Env: memory(store), Table: table, JobID: "j"}, defaultLimits, b)
	s, err := newSource(scan(memory(store), table, 0, 1), defaults)
	if err != nil {
		t.Fatal(err)
	}
	got := readKinds(t, s, 2)
	slices.Sort(got)
	if want := []string{"+Ia/x", "+Ib/y", "+Ud/x", "-De/y", "-Uc/x"}; !slices.Equal(got, want) {
		t.Errorf("read back %q, want %q", got, want)
	}
}

// TestChangelogTakes checks what the planner is told of a sink, and what is refused.
func TestChangelogTakes(t *testing.T) {
	store := mem.New("t")
	const mode = "changelog-json.changelog-mode"
	for _, c := range []struct {
		table graph.Table
		want  graph.Changes
	}{
		{changeTable("json"), graph.InsertOnly}, {changeTable("canal-json"), graph.Retract}, {changeTable("changelog-json", mode, "I"), graph.InsertOnly},
		{keyed(changeTable("changelog-json", mode, "I,UA,D")), graph.Upsert},
	} {
		s, err := newSink(connector.SinkRequest{Env: memory(store), Table: c.table}, defaultLimits)
		if err != nil || s.Takes() != c.want {
			t.Errorf("%v takes %s, error %v, want %s", c.table.Options, s.Takes(), err, c.want)
		}
	}
	_, err := newSource(scan(memory(store), changeTable("changelog-json", mode, "I,UA,D"), 0), defaults)
	if err == nil || !strings.Contains(err.Error(), "PRIMARY KEY") {
		t.Errorf("without a key: %v", err)
	}
	table := changeTable("json")
	b := lines(table, []string{"a"}, "x")
	b.AddKinds(1)[0] = column.Delete
	s, err := newSink(connector.SinkRequest{Env: memory(store), Table: table}, defaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	w, err := s.NewWriter(t.Context(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(t.Context(), b); err == nil || err.Error() != "files of format 'json' take inserts only, and got a row of kind -D" {
		t.Errorf("a delete into plain JSON: %v", err)
	}
	w.Close()
}

// Every format either takes updates or refuses them in words.
func TestFormatsTakeUpdates(t *testing.T) {
	changing := 0
	for _, name := range format.Names() {
		table := changeTable(name)
		b := lines(table, []string{"a"}, "x")
		b.AddKinds(1)[0] = column.Delete
		s, err := newSink(connector.SinkRequest{Env: memory(mem.New("t")), Table: table, JobID: "j"}, defaultLimits)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		w, err := s.NewWriter(t.Context(), 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		err = w.Write(t.Context(), b)
		if s.Takes().Updates() {
			changing++
			if err != nil {
				t.Errorf("%s takes %s, and: %v", name, s.Takes(), err)
			}
		} else if want := "files of format '" + name + "' take inserts only, and got a row of kind -D"; err == nil || err.Error() != want {
			t.Errorf("%s: got %v", name, err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	if all := len(format.Names()); changing < 3 || changing > all-5 {
		t.Errorf("%d formats of %d take updates", changing, all)
	}
}

func keyed(t graph.Table) graph.Table {
	t.PrimaryKey = []int{0}
	return t
}

func TestCompareNames(t *testing.T) {
	sorted := []string{"a", "a1", "a1b", "a2", "a2b", "a10", "a10b", "b", "part-01-2", "part-1-0-9", "part-1-0-10", "part-1-1-0", "part-2"}
	for i, a := range sorted {
		for j, b := range sorted {
			if got := compareNames(a, b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%s against %s is %d", a, b, got)
			}
		}
	}
}
