package session

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// A sink runs in as many subtasks as its table asks for, and rows reach them in turn, changes by the primary key.
func TestSinkParallelism(t *testing.T) {
	const live = "CREATE TABLE l (a BIGINT, b BIGINT, WATERMARK FOR ts AS ts, ts TIMESTAMP(3)) WITH ('connector' = 'live');\n"
	for _, c := range []struct {
		columns, n, query string
		want              string // how rows reach the sink, or a part of the error
	}{
		{"a BIGINT, b BIGINT", "", "SELECT a, b FROM l", "forward [] to 4, chained"},
		{"a BIGINT, b BIGINT", "2", "SELECT a, b FROM l", "rebalance [] to 2"},
		{"a BIGINT, b BIGINT", "1", "SELECT a, b FROM l", "rebalance [] to 1"},
		{"a BIGINT, b BIGINT", "1", "SELECT COUNT(*), SUM(a) FROM l", "forward [] to 1, chained"},
		{"a BIGINT, b BIGINT", "1", "SELECT a, COUNT(*) FROM l GROUP BY a", "rebalance [] to 1"},
		{"a BIGINT, b BIGINT, PRIMARY KEY (a) NOT ENFORCED", "3", "SELECT a, COUNT(*) FROM l GROUP BY a", "hash [a] to 3"},
		{"a BIGINT, b BIGINT, PRIMARY KEY (b) NOT ENFORCED", "3", "SELECT COUNT(*), a FROM l GROUP BY a", "hash [b] to 3"},
		{"a BIGINT, b BIGINT, PRIMARY KEY (a) NOT ENFORCED", "3", "SELECT a, b FROM l", "rebalance [] to 3"},
		{"a BIGINT, b BIGINT", "3", "SELECT a, COUNT(*) FROM l GROUP BY a", "reach its subtasks by the primary key"},
	} {
		options := "'connector' = 'feed'"
		if c.n != "" {
			options += ", 'sink.parallelism' = '" + c.n + "'"
		}
		script, err := Parse("", live+"CREATE TABLE s ("+c.columns+") WITH ("+options+");\nINSERT INTO s "+c.query+";")
		if err != nil {
			t.Fatal(err)
		}
		s, got := New(Config{Settings: testSettings()}), ""
		for _, st := range script.Statements {
			r, err := s.Explain(context.Background(), st)
			if err != nil {
				got = err.Error()
				break
			}
			if r.Diagram != nil {
				to := r.Diagram.Nodes[len(r.Diagram.Nodes)-1]
				got = fmt.Sprintf("%s %v to %d", to.Inputs[0].Ship, to.Inputs[0].Keys, to.Parallelism)
				if to.Inputs[0].Chained {
					got += ", chained"
				}
			}
		}
		if got != c.want && (!strings.Contains(c.want, "reach") || !strings.Contains(got, c.want)) {
			t.Errorf("%s by %s to (%s): got %s, want %s", c.query, c.n, c.columns, got, c.want)
		}
	}
}
