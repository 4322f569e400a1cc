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

// The hint STATE_MAX_KEYS goes the same way, beside STATE_TTL; 0 is all, whatever the setting says.
func TestStateMaxKeysHint(t *testing.T) {
	var ran *Job
	s := New(Config{Settings: testSettings(), Run: func(_ context.Context, j *Job) error {
		ran = j
		return nil
	}})
	texts(t, s, `
		CREATE TABLE a (k INT, v INT) WITH ('connector' = 'live');
		CREATE TABLE b (k INT, v INT) WITH ('connector' = 'live');
		CREATE TABLE c (k INT, v INT) WITH ('connector' = 'live')`)
	for _, c := range []struct{ sql, want string }{
		{"SELECT k, SUM(v) FROM a GROUP BY k", "0"},
		{"SELECT /*+ STATE_MAX_KEYS('a' = '10') */ k, SUM(v) FROM a GROUP BY k", "10"},
		{"SELECT /*+ STATE_TTL('x' = '1 s'), STATE_MAX_KEYS('x' = '0') */ k, COUNT(DISTINCT v) FROM a x GROUP BY k HAVING SUM(v) > 1", "-1 1s"},
		{"SELECT /*+ STATE_MAX_KEYS('a' = '2') */ DISTINCT k FROM a", "2"},
		{"SELECT /*+ STATE_MAX_KEYS('a' = '3', 'b' = '4') */ a.v FROM a JOIN b ON a.k = b.k", "3 4"},
		{"SELECT /*+ STATE_MAX_KEYS('b' = '5'), STATE_TTL('a' = '1 s') */ a.v FROM a LEFT JOIN b ON a.k = b.k", "0 1s 5"},
		{"SELECT /*+ MULTI_JOIN(a, b, c), STATE_MAX_KEYS('c' = '6') */ a.v FROM a JOIN b ON a.k = b.k JOIN c ON a.k = c.k", "0 0 6"},
	} {
		ran = nil
		r, err := run(s, "", c.sql)
		if err == nil {
			err = r.Run(t.Context(), discardBatch)
		}
		if err != nil || ran == nil {
			t.Fatalf("%s: %v", c.sql, err)
		}
		var got []string
		add := func(k graph.Keep) {
			got = append(got, fmt.Sprint(k.MaxKeys))
			if k.TTL != 0 {
				got = append(got, k.TTL.String())
			}
		}
		for _, n := range ran.Graph.Nodes {
			switch op := n.Op.(type) {
			case *graph.Aggregate:
				add(op.Keep)
			case *graph.Join:
				add(op.Sides[0].Keep)
				add(op.Sides[1].Keep)
			case *graph.MultiJoin:
				for _, side := range op.Sides {
					add(side.Keep)
				}
			}
		}
		if g := strings.Join(got, " "); g != c.want {
			t.Errorf("%s: %s, want %s", c.sql, g, c.want)
		}
	}
	for sql, want := range map[string]string{
		"SELECT /*+ STATE_MAX_KEYS('a' = '-1') */ k, SUM(v) FROM a GROUP BY k":   "the hint STATE_MAX_KEYS takes a number of keys, not '-1'",
		"SELECT /*+ STATE_MAX_KEYS('a' = 'many') */ k, SUM(v) FROM a GROUP BY k": "the hint STATE_MAX_KEYS takes a number of keys, not 'many'",
		"SELECT /*+ STATE_MAX_KEYS('d' = '1') */ k, SUM(v) FROM a GROUP BY k":    "the hint STATE_MAX_KEYS names 'd', which is no table in FROM",
		"SELECT /*+ STATE_MAX_KEYS(a) */ k, SUM(v) FROM a GROUP BY k":            "the hint STATE_MAX_KEYS takes tables with numbers of keys",
	} {
		if _, err := run(s, "", sql); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", sql, err, want)
		}
	}
}
