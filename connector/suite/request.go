package suite

import (
	"testing"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// Request asks for all columns and rows of a table named t; options are keys and values in turns.
func Request(name string, columns []column.Field, options ...string) connector.SourceRequest {
	t := graph.Table{Name: "t", Connector: name, Columns: columns, Options: map[string]string{}}
	for i := 0; i < len(options); i += 2 {
		t.Options[options[i]] = options[i+1]
	}
	req := connector.SourceRequest{Env: connector.Env{Settings: setting.New(setting.Engine)}, Table: t, Limit: -1}
	for i := range columns {
		req.Project = append(req.Project, i)
	}
	return req
}

// Open opens a split, nil: the only one at parallelism 1; the reader is closed when the test ends.
func Open(t testing.TB, s connector.Source, split *connector.Split) connector.Reader {
	t.Helper()
	if split == nil {
		list, err := s.Splits(t.Context(), 1)
		if err != nil || len(list) != 1 {
			t.Fatalf("%d splits, %v", len(list), err)
		}
		split = &list[0]
	}
	r, err := s.Open(t.Context(), *split)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}
