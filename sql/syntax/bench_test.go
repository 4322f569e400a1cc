package syntax

import (
	"strings"
	"testing"
)

// benchScript is a script such as users write: tables with options, and INSERTs of queries with joins and windows.
const benchScript = `
CREATE TABLE orders (
  order_id BIGINT,
  user_name STRING,
  product STRING NOT NULL COMMENT 'name of the product',
  price DECIMAL(10, 2),
  items ARRAY<ROW<sku STRING, n INT>>,
  total AS price * 1.19,
  order_time TIMESTAMP(3),
  WATERMARK FOR order_time AS order_time - INTERVAL '5' SECOND,
  PRIMARY KEY (order_id) NOT ENFORCED
) WITH (
  'connector' = 'filesystem',
  'path' = 's3://input/orders/',
  'format' = 'json',
  'json.ignore-parse-errors' = 'true'
);
-- revenue by minute and product
INSERT INTO revenue
SELECT window_start, window_end, product, COUNT(*) AS n, SUM(price) AS revenue, AVG(total) FILTER (WHERE total > 10)
FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(order_time), INTERVAL '1' MINUTE))
WHERE product LIKE 'a%' AND price BETWEEN 1 AND 1000 OR user_name IN ('anna', 'bert', 'clara') AND NOT (order_id % 7 = 3)
GROUP BY window_start, window_end, product
HAVING SUM(price) > 100;
INSERT INTO top3
SELECT * FROM (
  SELECT o.order_id, c.city, CASE WHEN o.price > 100 THEN 'high' WHEN o.price > 10 THEN 'middle' ELSE 'low' END AS class,
    ROW_NUMBER() OVER (PARTITION BY c.city ORDER BY o.price DESC, o.order_id) AS rn
  FROM orders AS o
  LEFT JOIN customers FOR SYSTEM_TIME AS OF o.order_time AS c ON o.user_name = c.name
  CROSS JOIN UNNEST(o.items) AS i (sku, n)
) WHERE rn <= 3 AND CAST(SUBSTRING(city FROM 1 FOR 2) AS VARCHAR(2)) <> UPPER('xx');
`

func BenchmarkParse(b *testing.B) {
	src := strings.Repeat(benchScript, 10)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseScript(src); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTokenize(b *testing.B) {
	src := strings.Repeat(benchScript, 10)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tokenize(src); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseValues(b *testing.B) {
	src := "INSERT INTO t VALUES (0, 'zero', 0.0, NULL)" + strings.Repeat(", (1, 'one', 1.5, DATE '2024-05-01')", 1000)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(src); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFormat(b *testing.B) {
	stmts, err := ParseScript(benchScript)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(benchScript)))
	for b.Loop() {
		for _, s := range stmts {
			Format(s)
		}
	}
}
