package filesystem

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	_ "github.com/millstream/millstream/connector/format/json"
	"github.com/millstream/millstream/connector/suite"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

// Random records of each format, in random ranges, blocks and restarts, are the rows that a library reads from the whole text.
func TestFormatsInRanges(t *testing.T) {
	t.Run("csv", rapid.MakeCheck(func(t *rapid.T) {
		alphabet := []string{"a", "b c", ",", `"`, "ü", "1", "#", " ", "longer text of several words"}
		if rapid.Bool().Draw(t, "multiline") {
			alphabet = append(alphabet, "\n")
		}
		var records [][]string
		for i := range rapid.IntRange(0, 40).Draw(t, "records") {
			text := strings.Join(rapid.SliceOfN(rapid.SampledFrom(alphabet), 0, 6).Draw(t, "text"), "")
			records = append(records, []string{fmt.Sprint(i), text, fmt.Sprint(len(text))})
		}
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		if err := w.WriteAll(records); err != nil {
			t.Fatal(err)
		}
		want := []string{}
		for _, r := range records {
			want = append(want, strings.Join(r, "|"))
		}
		compare(t, "csv", file.Bytes(), want)
	}))
	t.Run("json", rapid.MakeCheck(func(t *rapid.T) {
		var file bytes.Buffer
		want := []string{}
		for i := range rapid.IntRange(0, 40).Draw(t, "records") {
			text := rapid.StringOfN(rapid.RuneFrom([]rune("ab \\\"{}\n\tü,:[]")), 0, 40, -1).Draw(t, "text")
			value, err := json.Marshal(text)
			if err != nil {
				t.Fatal(err)
			}
			pair := []string{fmt.Sprintf(`"id":%d`, i), `"text": ` + string(value), fmt.Sprintf(`"n" : %d`, len(text)), `"other":[{"id":1}]`}
			fmt.Fprintf(&file, "{%s}\n", strings.Join(rapid.Permutation(pair).Draw(t, "order"), ","))
			want = append(want, fmt.Sprintf("%d|%s|%d", i, text, len(text)))
		}
		compare(t, "json", file.Bytes(), want)
	}))
}

// What stands before a file's first record is read once, by the reader that begins there, also if it comes block by block.
func TestHeader(t *testing.T) {
	store := mem.New("t")
	put(t, store, "f", []byte("\ufeff"+strings.Repeat("1,one\n", 200)))
	put(t, store, "mark", []byte("\ufeff"))
	for _, block := range []int{1, 2, 7, 1 << 20} {
		for path, rows := range map[string]int{"mem://t/f": 200, "mem://t/mark": 0} {
			s, err := newSource(scan(memory(store), csvTable(path), 0), small(block, 100))
			if err != nil {
				t.Fatal(err)
			}
			got := []string{}
			splits, err := s.Splits(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, split := range splits {
				for done := false; !done; {
					r, err := s.Open(t.Context(), split)
					if err != nil {
						t.Fatal(err)
					}
					var b *column.Batch
					if b, done = poll(t, r); b != nil {
						got = append(got, suite.Texts(b)...)
					}
					split = r.Position()
					if err := r.Close(); err != nil {
						t.Fatal(err)
					}
				}
			}
			if len(got) != rows || strings.Trim(strings.Join(got, ""), "1") != "" {
				t.Errorf("%s, blocks of %d: %d rows: %.100q", path, block, len(got), got)
			}
		}
	}
}

// compare reads a file of the columns id, text and n.
func compare(t *rapid.T, format string, file []byte, want []string) {
	t.Helper()
	store := mem.New("t")
	if _, err := store.Put(context.Background(), "f", file, objstore.Condition{}); err != nil {
		t.Fatal(err)
	}
	table := graph.Table{Name: "t", Connector: "filesystem", Options: map[string]string{"path": "mem://t/f", "format": format}, Columns: []column.Field{
		{Name: "id", Type: column.Of(column.BigInt)}, {Name: "text", Type: column.Str()}, {Name: "n", Type: column.Of(column.Int)},
	}}
	tune := small(rapid.IntRange(8, 100).Draw(t, "block"), rapid.IntRange(20, 500).Draw(t, "range"))
	tune.headBytes = rapid.Int64Range(1, 1000).Draw(t, "head")
	req := scan(memory(store), table, 0, 1, 2)
	req.Keep = rapid.Bool().Draw(t, "keep")
	s, err := newSource(req, tune)
	if err != nil {
		t.Fatal(err)
	}
	restarts := rapid.SliceOfN(rapid.Bool(), 0, 10).Draw(t, "restarts")
	got := []string{}
	splits, err := s.Splits(context.Background(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, split := range splits {
		for done := false; !done; {
			r, err := s.Open(context.Background(), split)
			if err != nil {
				t.Fatal(err)
			}
			for restart := false; !done && !restart; {
				b, status, err := r.Poll()
				if err != nil {
					// A field that goes over several lines, where none did in what was looked at before the file was cut.
					if format == "csv" && strings.Contains(err.Error(), "csv.") && len(splits) > 1 && bytes.Contains(file, []byte("\n")) {
						if err := r.Close(); err != nil {
							t.Fatal(err)
						}
						return
					}
					t.Fatal(err)
				}
				if b != nil {
					got = append(got, suite.Texts(b)...)
				}
				done = status == connector.Done
				if status == connector.Wait {
					<-r.Ready()
				}
				if b != nil && len(restarts) > 0 && !done {
					restart, restarts = restarts[0], restarts[1:]
				}
			}
			split = r.Position()
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("got  %q\nwant %q", got, want)
	}
}

// Empty objects have no rows, the last record needs no line end, and members of gzip one after the other are one text, wherever they are cut.
func TestFormatsOddEnds(t *testing.T) {
	whole := gzipped(t, "")
	for format, text := range map[string]string{"csv": "1,one\n2,\"t,wo\"\n3,three", "json": `{"id":1,"text":"one"}` + "\n" + `{"text":"t,wo","id":2}` + "\n" + `{"id":3,"text":"three"}`} {
		for cut := range len(text) + 1 {
			store := mem.New("t")
			put(t, store, "d/empty", nil)
			put(t, store, "d/empty.gz", nil)
			put(t, store, "d/nothing.gz", whole)
			put(t, store, "d/members.gz", slices.Concat(whole, gzipped(t, text[:cut]), whole, gzipped(t, text[cut:])))
			put(t, store, "d/plain", []byte(text))
			put(t, store, "d/ended", []byte(text+"\n"))
			table := graph.Table{Name: "t", Connector: "filesystem", Options: map[string]string{"path": "mem://t/d", "format": format}, Columns: []column.Field{
				{Name: "id", Type: column.Of(column.BigInt)}, {Name: "text", Type: column.Str()},
			}}
			s, err := newSource(scan(memory(store), table, 1), small(cut+8, 100))
			if err != nil {
				t.Fatal(err)
			}
			got := readAll(t, s, 2, never)
			slices.Sort(got)
			if want := "one one one t,wo t,wo t,wo three three three"; strings.Join(got, " ") != want {
				t.Errorf("%s, cut at %d: %q", format, cut, got)
			}
		}
	}
}
