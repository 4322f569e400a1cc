package session

import (
	"fmt"
	"strings"
	"testing"
)

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

// BenchmarkPlanStatementSet plans a statement set of 200 lines: 24 INSERTs with joins, windows, subqueries, rankings and aggregates. The limit
// is 20 ms for a set.
func BenchmarkPlanStatementSet(b *testing.B) {
	const setup = `
CREATE TABLE orders (id INT, item STRING, price DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'lake', 'path' = 'x', 'format' = 'lines');
CREATE TABLE pays (id INT, order_id INT, amount DOUBLE, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'lake', 'path' = 'y', 'format' = 'lines');
CREATE TABLE sums (item STRING, n BIGINT, total DOUBLE) WITH ('connector' = 'feed');`
	const inserts = `
INSERT INTO sums
SELECT o.item, COUNT(*), SUM(p.amount)
FROM orders o
JOIN pays p
  ON o.id = p.order_id
 AND p.ts BETWEEN o.ts AND o.ts + INTERVAL '1' HOUR
WHERE o.price > 10
  AND o.item NOT IN ('a', 'b', 'c')
GROUP BY o.item;

INSERT INTO sums
SELECT item, COUNT(*), SUM(price)
FROM TABLE(HOP(TABLE orders, DESCRIPTOR(ts),
  INTERVAL '1' MINUTE, INTERVAL '10' MINUTE))
GROUP BY item, window_start, window_end;

INSERT INTO sums
SELECT item, rn, price
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY item ORDER BY price DESC) AS rn
  FROM orders
)
WHERE rn <= 10;

INSERT INTO sums
SELECT item, CAST(id AS BIGINT), (SELECT MAX(amount) FROM pays p WHERE p.order_id = o.id)
FROM orders o
WHERE EXISTS (
  SELECT * FROM pays p
  WHERE p.order_id = o.id AND p.amount > o.price * 1.5
)
  AND CASE WHEN price > 5 THEN UPPER(item) ELSE LOWER(item) END LIKE 'A%';
`
	text := "EXPLAIN STATEMENT SET BEGIN"
	for i := range 6 { // none is like another, so that each is computed by itself
		text += strings.NewReplacer("> 10\n", fmt.Sprintf("> %d\n", i), "<= 10", fmt.Sprintf("<= %d", i+2), "'A%'", fmt.Sprintf("'%d%%'", i)).Replace(inserts)
	}
	text += "END"
	if lines := strings.Count(text, "\n"); lines < 190 {
		b.Fatalf("%d lines", lines)
	}
	s := New(Config{Settings: testSettings()})
	if _, err := run(s, "", setup); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := run(s, "", text); err != nil {
			b.Fatal(err)
		}
	}
}
