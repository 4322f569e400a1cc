package filesystem

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	_ "github.com/millstream/millstream/connector/format/raw"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
	"github.com/millstream/millstream/setting"
)

// memory returns an environment whose mem://t is the store.
func memory(store objstore.Store) connector.Env {
	return connector.Env{
		Settings: setting.New(setting.Engine),
		Objects: &objstore.Resolver{Openers: map[string]objstore.Opener{
			"mem": func(_ context.Context, loc objstore.Location) (objstore.Store, string, error) {
				return store, loc.Path, nil
			},
		}},
	}
}

func put(t testing.TB, store objstore.Store, key string, data []byte) {
	t.Helper()
	if _, err := store.Put(context.Background(), key, data, objstore.Condition{}); err != nil {
		t.Fatal(err)
	}
}

// lineTable is a table of lines at a path.
func lineTable(path string, options ...string) graph.Table {
	t := graph.Table{
		Name: "lines", Connector: "filesystem",
		Options: map[string]string{"path": path, "format": "raw"},
		Columns: []column.Field{{Name: "line", Type: column.Str()}},
	}
	for i := 0; i < len(options); i += 2 {
		t.Options[options[i]] = options[i+1]
	}
	return t
}

func scan(env connector.Env, table graph.Table, project ...int) connector.SourceRequest {
	return connector.SourceRequest{Env: env, Table: table, Project: project, Limit: -1}
}

// small returns tuning with which every boundary is near.
func small(block, rangeBytes int) tuning {
	t := defaults
	t.minRange, t.maxRange = int64(rangeBytes), int64(rangeBytes)
	t.readAhead = objstore.ReadAheadOptions{BlockSize: block, RequestSize: int64(2 * block), Parallel: 2}
	t.tail, t.carry, t.batchRows, t.minSelect = 3, 5, 3, 0
	return t
}

// poll waits for the reader's next rows; nil at the end.
func poll(t rapid.TB, r connector.Reader) (*column.Batch, bool) {
	t.Helper()
	for {
		b, status, err := r.Poll()
		if err != nil {
			t.Fatal(err)
		}
		if b != nil || status == connector.Done {
			return b, status == connector.Done
		}
		if status == connector.Wait {
			select {
			case <-r.Ready():
			case <-time.After(20 * time.Second):
				t.Fatal("the reader said Wait and was never ready")
			}
		}
	}
}

// texts returns column col of a batch's live rows.
func texts(b *column.Batch, col int) []string {
	var list []string
	for i := range b.Rows() {
		row := b.Row(i)
		if b.Cols[col].IsNull(row) {
			list = append(list, "NULL")
			continue
		}
		list = append(list, string(b.Cols[col].BytesAt(row)))
	}
	return list
}

// readAll reads the splits of a source. After each batch, restart says whether to go on with a new reader at the position.
func readAll(t rapid.TB, s connector.Source, parallelism int, restart func() bool) []string {
	t.Helper()
	ctx := context.Background()
	splits, err := s.Splits(ctx, parallelism)
	if err != nil {
		t.Fatal(err)
	}
	all := []string{}
	seen := map[string]bool{}
	for _, split := range splits {
		if seen[split.ID] {
			t.Fatalf("two splits have the id %s", split.ID)
		}
		seen[split.ID] = true
		r, err := s.Open(ctx, split)
		if err != nil {
			t.Fatal(err)
		}
		for done := false; !done; {
			var b *column.Batch
			b, done = poll(t, r)
			if b != nil {
				all = append(all, texts(b, 0)...)
			}
			if restart() {
				at := r.Position()
				if at.ID != split.ID {
					t.Fatalf("the position has the id %s, the split %s", at.ID, split.ID)
				}
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				if r, err = s.Open(ctx, at); err != nil {
					t.Fatal(err)
				}
				done = false
			}
		}
		if b, done := poll(t, r); b != nil || !done {
			t.Fatal("rows behind the end")
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func never() bool { return false }

// naive splits a text into lines.
func naive(text string) []string {
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	if lines == nil {
		lines = []string{}
	}
	return lines
}

// However a file is cut into ranges, blocks and batches, and wherever a reader is restarted, its lines are those of the file.
func TestRangesAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		for range rapid.IntRange(0, 20).Draw(t, "lines") {
			n := rapid.OneOf(rapid.IntRange(0, 4), rapid.IntRange(0, 40), rapid.IntRange(0, 300)).Draw(t, "length")
			for i := range n {
				text.WriteByte('a' + byte((i+n)%26))
			}
			text.WriteString(rapid.SampledFrom([]string{"\n", "\n", "\r\n"}).Draw(t, "end"))
		}
		whole := text.String()
		whole = whole[:len(whole)-rapid.IntRange(0, min(len(whole), 2)).Draw(t, "cut off")]
		store := mem.New("t")
		if _, err := store.Put(context.Background(), "f", []byte(whole), objstore.Condition{}); err != nil {
			t.Fatal(err)
		}
		tune := small(rapid.IntRange(1, 64).Draw(t, "block"), max(rapid.IntRange(1, 200).Draw(t, "range"), len(whole)/50))
		req := scan(memory(store), lineTable("mem://t/f"), 0)
		req.Keep = rapid.Bool().Draw(t, "keep")
		s, err := newSource(req, tune)
		if err != nil {
			t.Fatal(err)
		}
		restarts := rapid.SliceOfN(rapid.Bool(), 0, 20).Draw(t, "restarts")
		restart := func() bool {
			if len(restarts) == 0 {
				return false
			}
			now := restarts[0]
			restarts = restarts[1:]
			return now
		}
		got := readAll(t, s, rapid.IntRange(1, 5).Draw(t, "parallelism"), restart)
		if want := naive(whole); !slices.Equal(got, want) {
			t.Fatalf("got  %q\nwant %q", got, want)
		}
	})
}

func TestLongRecords(t *testing.T) {
	store := mem.New("t")
	text := "short\n" + strings.Repeat("x", 300_000) + "\n" + strings.Repeat("y", 100_000) + "\nlast"
	put(t, store, "f", []byte(text))
	tune := defaults
	tune.minRange, tune.maxRange, tune.readAhead.BlockSize, tune.readAhead.RequestSize = 50_000, 50_000, 4096, 8192
	s, err := newSource(scan(memory(store), lineTable("mem://t/f"), 0), tune)
	if err != nil {
		t.Fatal(err)
	}
	got := readAll(t, s, 1, never)
	if want := naive(text); !slices.Equal(got, want) {
		t.Fatalf("got %d lines, want %d", len(got), len(want))
	}

	tune.maxRecord = 150_000
	if s, err = newSource(scan(memory(store), lineTable("mem://t/f"), 0), tune); err != nil {
		t.Fatal(err)
	}
	err = firstError(t, s)
	if err == nil || !strings.Contains(err.Error(), "mem://t/f, line 2, at byte 6: a record is longer than 150000 bytes") {
		t.Fatalf("got %v", err)
	}
}

// firstError reads until an error comes.
func firstError(t testing.TB, s connector.Source) error {
	t.Helper()
	splits, err := s.Splits(t.Context(), 1)
	if err != nil {
		return err
	}
	for _, split := range splits {
		r, err := s.Open(t.Context(), split)
		if err != nil {
			return err
		}
		for {
			_, status, err := r.Poll()
			if err != nil {
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
				return err
			}
			if status == connector.Done {
				break
			}
			if status == connector.Wait {
				<-r.Ready()
			}
		}
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return nil
}
