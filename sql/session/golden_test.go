package session

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

var rewrite = flag.Bool("rewrite", false, "write what the statements give now into testdata")

// The connectors of these tests: 'lake' is read and written, 'live' never ends, 'feed' takes updates, 'named' finds fields of rows by name.
func init() {
	bounded := func(b bool) func(connector.SourceRequest) (connector.Source, error) {
		return func(connector.SourceRequest) (connector.Source, error) { return fakeSource{bounded: b}, nil }
	}
	sink := func(connector.SinkRequest) (connector.Sink, error) { return nil, nil }
	path := &setting.Option{Key: "path", Required: true, Doc: "Where the data is."}
	connector.Register(&connector.Spec{Name: "lake", Doc: "Files.", Guarantee: "none", Formats: true,
		Options:   []*setting.Option{path, {Key: "secret-key", Secret: true, Doc: "A secret."}},
		Metadata:  []graph.Metadata{{Key: "file.name", Field: field("file.name", "STRING")}, {Key: "file.size", Field: field("file.size", "BIGINT")}},
		NewSource: bounded(true), NewSink: sink, NewLookup: func(connector.LookupRequest) (connector.LookupSource, error) { return nil, nil }})
	connector.Register(&connector.Spec{Name: "live", Doc: "Events.", Guarantee: "none", NewSource: bounded(false)})
	connector.Register(&connector.Spec{Name: "named", Doc: "Rows whose fields are found by name.", Guarantee: "none",
		NewSource: func(connector.SourceRequest) (connector.Source, error) {
			return namedSource{fakeSource{bounded: true}}, nil
		}})
	connector.Register(&connector.Spec{Name: "feed", Doc: "A changelog.", Guarantee: "none", Updates: true, NewSink: sink,
		Options: []*setting.Option{connector.SinkParallelismOption}})
	format.Register(&format.Spec{Name: "lines", Doc: "Text.", Options: []*setting.Option{{Key: "delimiter", Default: "x", Doc: "What ends a line."}}})
}

type fakeSource struct {
	connector.Source
	bounded bool
}

func (s fakeSource) Bounded() bool    { return s.bounded }
func (fakeSource) PushedDown() string { return "" }

type namedSource struct{ fakeSource }

func (namedSource) FieldsByName() bool { return true }

// TestGolden runs the scripts of testdata, each statement of which is followed by what it gives: rows as text, EXPLAIN's tree, or
// the error with its place. Nothing is executed.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("../testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(archive.Files, func(f txtar.File) bool { return f.Name == "script.sql" })
			if i < 0 {
				t.Fatal("there is no script.sql")
			}
			got := runScript(string(archive.Files[i].Data))
			if *rewrite {
				archive.Files = []txtar.File{archive.Files[i], {Name: "want", Data: []byte(got)}}
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want := ""
			for _, f := range archive.Files {
				if f.Name == "want" {
					want = string(f.Data)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("run go test ./sql/session -rewrite if this is right (-want +got):\n%s", diff)
			}
		})
	}
}

// testSettings are settings that do not depend on the machine.
func testSettings() setting.Values {
	v := setting.New(setting.Engine)
	for key, text := range map[string]string{"parallelism.default": "4", "table.local-time-zone": "UTC"} {
		if err := v.Set(key, text, "test"); err != nil {
			panic(err)
		}
	}
	return v
}

// runScript executes a script and writes what each statement gives. EXPLAIN stands for queries and INSERTs.
func runScript(text string) string {
	var out strings.Builder
	script, err := Parse("", text)
	if err != nil {
		return fmt.Sprintf("%s error: %s\n", Phase(err), err)
	}
	s := New(Config{Settings: testSettings()})
	for _, st := range script.Statements {
		fmt.Fprintf(&out, "> %s\n", strings.ReplaceAll(st.Text(), "\n", "\n> "))
		r, err := s.Execute(context.Background(), st)
		if err != nil {
			fmt.Fprintf(&out, "%s error: %s\n\n", Phase(err), err)
			continue
		}
		writeResult(&out, r)
		out.WriteByte('\n')
	}
	return out.String()
}

func writeResult(out *strings.Builder, r *Result) {
	switch r.Kind {
	case Done:
		fmt.Fprintln(out, "OK")
		return
	case Query, Write:
		for _, c := range r.Columns {
			fmt.Fprintf(out, "%s %s\n", c.Name, c.Type)
		}
		return
	}
	for _, row := range r.Text() {
		list := make([]string, len(row))
		for i, v := range row {
			list[i] = fmt.Sprint(v)
			if v == nil {
				list[i] = "NULL"
			}
		}
		fmt.Fprintln(out, strings.TrimRight(strings.Join(list, " | "), "\n"))
	}
}
