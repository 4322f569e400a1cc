package session

import (
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/millstream/millstream/sql/syntax"
)

// FuzzExecute plans whatever parses: a statement may be refused at a place in the text, and nothing else may go wrong.
func FuzzExecute(f *testing.F) {
	files, err := filepath.Glob("../testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		script, err := Parse("", string(archive.Files[0].Data))
		if err != nil {
			f.Fatal(err)
		}
		for _, st := range script.Statements {
			f.Add(st.Text())
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		script, err := Parse("", text)
		if err != nil {
			return
		}
		s := New(Config{Settings: testSettings()})
		for _, ddl := range []string{tableDDL, "CREATE TABLE emp (id INT, name STRING, dept INT, salary DOUBLE, r ROW<x INT, y STRING>) WITH ('connector' = 'lake', 'path' = 'x', 'format' = 'lines')"} {
			if _, err := run(s, "", ddl); err != nil {
				t.Fatal(err)
			}
		}
		for _, st := range script.Statements {
			_, err := s.Execute(t.Context(), st)
			if err == nil {
				continue
			}
			var place *syntax.Error
			if errors.As(err, &place) && (place.From < st.Node.Pos() || place.To > st.Node.End() || place.From > place.To) {
				t.Errorf("the error is at %d to %d, outside of the statement at %d to %d: %v", place.From, place.To, st.Node.Pos(), st.Node.End(), err)
			}
		}
	})
}
