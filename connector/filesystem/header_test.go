package filesystem

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/suite"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

func namedTable(path string, options ...string) graph.Table {
	table := csvTable(path, append(options, "csv.columns-by-name", "true")...)
	table.Columns = []column.Field{{Name: "id", Type: column.Of(column.BigInt)}, {Name: "text", Type: column.Str()}}
	return table
}

// Each file has an order of columns of its own, also where it is compressed, read in ranges, and gone on with in the middle.
func TestColumnsByName(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		store := mem.New("t")
		want := []string{}
		for f := range rapid.IntRange(1, 4).Draw(rt, "files") {
			names := rapid.Permutation([]string{"id", "text", "more"}).Draw(rt, "names")
			file := strings.Join(names, ",") + "\n"
			for i := range rapid.IntRange(0, 40).Draw(rt, "records") {
				values := map[string]string{"id": fmt.Sprint(i), "text": fmt.Sprintf("text %d of %d", i, f), "more": "0.5"}
				file += values[names[0]] + "," + values[names[1]] + "," + values[names[2]] + "\n"
				want = append(want, values["id"]+"|"+values["text"])
			}
			key, data := fmt.Sprintf("d/%d.csv", f), []byte(file)
			if rapid.Bool().Draw(rt, "compressed") {
				key, data = key+".gz", gzipped(t, file)
			}
			put(t, store, key, data)
		}
		tune := small(rapid.IntRange(8, 100).Draw(rt, "block"), rapid.IntRange(20, 500).Draw(rt, "range"))
		tune.headBytes = rapid.Int64Range(1, 1000).Draw(rt, "head")
		s, err := newSource(scan(memory(store), namedTable("mem://t/d/"), 0, 1), tune)
		if err != nil {
			rt.Fatal(err)
		}
		restarts := rapid.SliceOfN(rapid.Bool(), 0, 10).Draw(rt, "restarts")
		got := []string{}
		splits, err := s.Splits(t.Context(), 2)
		if err != nil {
			rt.Fatal(err)
		}
		for _, split := range splits {
			got = append(got, readRestarted(t, rt, s, split, &restarts)...)
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			rt.Fatalf("%q, not %q", got, want)
		}
	})
}

// readRestarted reads a split, from its position again where restarts say so.
func readRestarted(t *testing.T, rt *rapid.T, s connector.Source, split connector.Split, restarts *[]bool) (rows []string) {
	t.Helper()
	r, err := s.Open(t.Context(), split)
	if err != nil {
		rt.Fatal(err)
	}
	for done := false; !done; {
		var b *column.Batch
		if b, done = poll(rt, r); b != nil {
			rows = append(rows, suite.Texts(b)...)
		}
		if list := *restarts; len(list) > 0 && !done {
			*restarts = list[1:]
			if list[0] {
				position := r.Position()
				if err := r.Close(); err != nil {
					rt.Fatal(err)
				}
				if r, err = s.Open(t.Context(), position); err != nil {
					rt.Fatal(err)
				}
			}
		}
	}
	if err := r.Close(); err != nil {
		rt.Fatal(err)
	}
	return rows
}

// An error in a first record names the file, the column and the line.
func TestColumnsByNameErrors(t *testing.T) {
	store := mem.New("t")
	put(t, store, "d/a.csv", []byte("id,text\n1,x\n"))
	put(t, store, "d/b.csv", []byte("id,txt\n1,x\n"))
	s, err := newSource(scan(memory(store), namedTable("mem://t/d/"), 0, 1), defaults)
	if err != nil {
		t.Fatal(err)
	}
	want := "mem://t/d/b.csv, line 1, at byte 0: the first record of the file has no such name, and 'csv.missing-columns' is not 'null' in column 'text'"
	if err := firstError(t, s); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, not %s", err, want)
	}
}

// A position within a file of a table that was read by position before says nothing of names.
func TestColumnsByNameLater(t *testing.T) {
	store := mem.New("t")
	put(t, store, "f.csv", []byte("id,text\n1,x\n2,y\n"))
	info, err := store.Head(t.Context(), "f.csv")
	if err != nil {
		t.Fatal(err)
	}
	p := start(found{objstore.Info{Key: "f.csv", Size: info.Size, ETag: info.ETag}, ""})
	p.From, p.To, p.Begun = 8, info.Size, true
	s, err := newSource(scan(memory(store), namedTable("mem://t/f.csv"), 0, 1), defaults)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(t.Context(), split("f", 8, []position{p})); err == nil || !strings.Contains(err.Error(), "cannot be gone on with by names") {
		t.Errorf("it was opened: %v", err)
	}
}
