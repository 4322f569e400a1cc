package session

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/graph"
)

// The hint STATE_TTL reaches the operators that keep rows of the tables that it names; 0 is for ever, whatever the setting says.
func TestStateTTLHint(t *testing.T) {
	var ran *Job
	s := New(Config{Settings: testSettings(), Run: func(_ context.Context, j *Job) error {
		ran = j
		return nil
	}})
	texts(t, s, `
		CREATE TABLE a (k INT, v INT) WITH ('connector' = 'live');
		CREATE TABLE b (k INT, v INT) WITH ('connector' = 'live');
		CREATE TABLE c (k INT, v INT) WITH ('connector' = 'live');
		SET 'table.exec.state.ttl' = '1 h'`)
	for _, c := range []struct{ sql, want string }{
		{"SELECT k, SUM(v) FROM a GROUP BY k", "0s"},
		{"SELECT /*+ STATE_TTL('a' = '2 d') */ k, SUM(v) FROM a GROUP BY k", "48h0m0s"},
		{"SELECT /*+ STATE_TTL('default_catalog.default_database.a' = '2 d') */ k, SUM(v) FROM a GROUP BY k", "48h0m0s"},
		{"SELECT /*+ STATE_TTL('x' = '0 s') */ k, COUNT(DISTINCT v) FROM a x GROUP BY k HAVING SUM(v) > 1", "ever"},
		{"SELECT /*+ STATE_TTL('a' = '2 d') */ DISTINCT k FROM a", "48h0m0s"},
		{"SELECT /*+ STATE_TTL('a' = '3 s', 'b' = '0 ms') */ a.v FROM a JOIN b ON a.k = b.k", "3s ever"},
		{"SELECT /*+ STATE_TTL('b' = '1 s') */ a.v FROM a LEFT JOIN b ON a.k = b.k JOIN c ON a.v = c.v", "0s 0s, 0s 1s"},
		{"SELECT /*+ STATE_TTL('c' = '1 s') */ * FROM (SELECT /*+ STATE_TTL('a' = '5 s') */ k, SUM(v) AS v FROM a GROUP BY k) x JOIN c ON x.k = c.k", "0s 1s, 5s"},
	} {
		ran = nil
		r, err := run(s, "", c.sql)
		if err == nil {
			err = r.Run(t.Context(), discardBatch)
		}
		if err != nil || ran == nil {
			t.Fatalf("%s: %v", c.sql, err)
		}
		text := func(d time.Duration) string {
			if d < 0 {
				return "ever"
			}
			return d.String()
		}
		var got []string
		for _, n := range ran.Graph.Nodes {
			switch op := n.Op.(type) {
			case *graph.Aggregate:
				got = append(got, text(op.TTL))
			case *graph.Join:
				got = append(got, fmt.Sprint(text(op.Sides[0].TTL), " ", text(op.Sides[1].TTL)))
			}
		}
		slices.Sort(got)
		if g := strings.Join(got, ", "); g != c.want {
			t.Errorf("%s: %s, want %s", c.sql, g, c.want)
		}
	}
}
