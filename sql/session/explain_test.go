package session

import (
	"context"
	"strings"
	"testing"

	"github.com/millstream/millstream/graph/draw"
)

// TestDiagrams explains a script: queries and INSERTs have a diagram, those of a statement set one together, and definitions take effect.
func TestDiagrams(t *testing.T) {
	s := New(Config{Settings: testSettings()})
	script, err := Parse("", tableDDL+`
CREATE TABLE k WITH ('connector' = 'lake', 'path' = 'x', 'format' = 'lines') AS SELECT a FROM t;
SELECT COUNT(*) FROM k, t GROUP BY t.a;
BEGIN STATEMENT SET;
INSERT INTO k SELECT a FROM t;
INSERT INTO k SELECT a FROM t WHERE a > 1;
END;
EXPLAIN INSERT INTO k SELECT a FROM k;
SHOW TABLES;`)
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, st := range script.Statements {
		r, err := s.Explain(context.Background(), st)
		if err != nil {
			t.Fatal(err)
		}
		if d := r.Diagram; d != nil {
			titles = append(titles, d.Title)
			checkDiagram(t, d)
		}
	}
	want := []string{"CREATE TABLE k WITH ('connector' = 'lake', 'path' = 'x', 'format' = 'lines') AS SELECT a FROM t", "SELECT COUNT(*) FROM k, t GROUP BY t.a",
		"INSERT INTO default_catalog.default_database.k, default_catalog.default_database.k", "EXPLAIN INSERT INTO k SELECT a FROM k"}
	if strings.Join(titles, "|") != strings.Join(want, "|") {
		t.Errorf("diagrams are of %q, want %q", titles, want)
	}
}

func checkDiagram(t *testing.T, d *draw.Diagram) {
	t.Helper()
	sinks := 0
	for i, n := range d.Nodes {
		if n.ID != i || n.Parallelism < 1 || n.Name == "" {
			t.Errorf("%s: node %d is %+v", d.Title, i, n)
		}
		if (n.Kind == draw.Source) != (len(n.Inputs) == 0) {
			t.Errorf("%s: node %s with %d inputs is a %s", d.Title, n.Name, len(n.Inputs), n.Kind)
		}
		if n.Kind == draw.Sink {
			sinks++
		}
		for _, in := range n.Inputs {
			if in.From >= i || in.Ship == "hash" && len(in.Keys) == 0 || in.Chained && d.Nodes[in.From].Parallelism != n.Parallelism {
				t.Errorf("%s: input %+v of node %s", d.Title, in, n.Name)
			}
		}
	}
	if want := 1 + strings.Count(d.Title, ", default_catalog"); sinks != want {
		t.Errorf("%s has %d sinks, want %d", d.Title, sinks, want)
	}
}
