package session

import "testing"

// BenchmarkPlan parses, binds, optimises and builds the graph of a query: what a short job waits for before it starts.
func BenchmarkPlan(b *testing.B) {
	s := New(Config{Settings: testSettings()})
	if _, err := run(s, "", "SET 'execution.runtime-mode' = 'batch';"+tableDDL); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := run(s, "", "SELECT tag, COUNT(*) AS n, SUM(b) FROM t, UNNEST(tags) AS u(tag) WHERE a > 1 AND tag <> '' GROUP BY tag ORDER BY n DESC LIMIT 10"); err != nil {
			b.Fatal(err)
		}
	}
}
