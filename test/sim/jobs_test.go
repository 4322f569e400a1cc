package sim

import "strings"

// jobs are scripts that write to s3://b/out. Tables a and b are made in time order, m in several splits.
var jobs = []struct{ name, script string }{
	{"filter", csv("id BIGINT, v BIGINT") + `INSERT INTO results SELECT id, v * 2 FROM m WHERE v > 2`},
	{"group", changes("k STRING, n BIGINT, s BIGINT, d BIGINT") + `INSERT INTO results SELECT k, COUNT(*), SUM(v), COUNT(DISTINCT v) FROM m GROUP BY k`},
	{"group of groups", changes("n BIGINT, ks BIGINT, most BIGINT") +
		`INSERT INTO results SELECT n, COUNT(*), MAX(s) FROM (SELECT k, v, COUNT(*) AS n, SUM(id) AS s FROM m GROUP BY k, v) GROUP BY n`},
	{"mini-batch", `SET 'table.exec.mini-batch.enabled' = 'true'; SET 'table.exec.mini-batch.allow-latency' = '3 ms'; SET 'table.exec.mini-batch.size' = '20';` +
		changes("k STRING, n BIGINT, s BIGINT") + `INSERT INTO results SELECT k, COUNT(*), SUM(v) FROM m GROUP BY k`},
	{"distinct", changes("k STRING, v BIGINT") + `INSERT INTO results SELECT DISTINCT k, v FROM m`},
	{"join", csv("x BIGINT, y BIGINT, k STRING") + `INSERT INTO results SELECT m.id, a.id, m.k FROM m JOIN a ON m.k = a.k AND m.v = a.v`},
	{"outer join of changes", changes("x BIGINT, k STRING, n BIGINT") +
		`INSERT INTO results SELECT m.id, m.k, g.n FROM m LEFT JOIN (SELECT k, v, COUNT(*) AS n FROM a GROUP BY k, v) g ON m.k = g.k AND m.v = g.v`},
	{"full join of changes", changes("k STRING, x BIGINT, y BIGINT") +
		`INSERT INTO results SELECT COALESCE(g.k, h.k), g.n, h.n FROM (SELECT k, v, COUNT(*) AS n FROM a GROUP BY k, v) g
		FULL JOIN (SELECT k, v, COUNT(*) AS n FROM m WHERE v > 4 GROUP BY k, v) h ON g.k = h.k AND g.v = h.v`},
	{"semi and anti join", changes("id BIGINT") +
		`INSERT INTO results SELECT id FROM m WHERE v IN (SELECT v FROM a WHERE k = 'k1') AND NOT EXISTS (SELECT 1 FROM b WHERE b.k = m.k AND b.v = m.v)`},
	{"interval join", csv("x BIGINT, y BIGINT") +
		`INSERT INTO results SELECT a.id, b.id FROM a JOIN b ON a.k = b.k AND b.ts BETWEEN a.ts - INTERVAL '5' SECOND AND a.ts + INTERVAL '3' SECOND`},
	{"outer interval join", csv("x BIGINT, y BIGINT") +
		`INSERT INTO results SELECT a.id, b.id FROM a FULL JOIN b ON a.k = b.k AND a.v = b.v AND b.ts BETWEEN a.ts - INTERVAL '5' SECOND AND a.ts + INTERVAL '3' SECOND`},
	{"temporal join", csv("x BIGINT, v BIGINT") +
		`CREATE VIEW versions AS SELECT k, v, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS r FROM b) WHERE r = 1;
		INSERT INTO results SELECT a.id, w.v FROM a LEFT JOIN versions FOR SYSTEM_TIME AS OF a.ts AS w ON a.k = w.k`},
	{"tumble", csv("k STRING, e TIMESTAMP(3), n BIGINT, s BIGINT") +
		`INSERT INTO results SELECT k, window_end, COUNT(*), SUM(v) FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end`},
	{"hop", csv("k STRING, e TIMESTAMP(3), n BIGINT, d BIGINT") +
		`INSERT INTO results SELECT k, window_end, COUNT(*), COUNT(DISTINCT v) FROM TABLE(HOP(TABLE a, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '15' SECOND))
		GROUP BY k, window_start, window_end`},
	{"cumulate", csv("k STRING, e TIMESTAMP(3), n BIGINT") +
		`INSERT INTO results SELECT k, window_end, MAX(v) FROM TABLE(CUMULATE(TABLE a, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '20' SECOND)) GROUP BY k, window_start, window_end`},
	{"session", csv("k STRING, w TIMESTAMP(3), e TIMESTAMP(3), n BIGINT") +
		`INSERT INTO results SELECT k, window_start, window_end, COUNT(*) FROM TABLE(SESSION(TABLE a PARTITION BY k, DESCRIPTOR(ts), INTERVAL '4' SECOND)) GROUP BY k, window_start, window_end`},
	{"group window", csv("k STRING, e TIMESTAMP(3), n BIGINT") +
		`INSERT INTO results SELECT k, SESSION_END(ts, INTERVAL '3' SECOND), SUM(v) FROM a GROUP BY k, SESSION(ts, INTERVAL '3' SECOND)`},
	{"window join", csv("x BIGINT, y BIGINT") +
		`INSERT INTO results SELECT l.id, r.id FROM (SELECT * FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(ts), INTERVAL '6' SECOND))) l
		LEFT JOIN (SELECT * FROM TABLE(TUMBLE(TABLE b, DESCRIPTOR(ts), INTERVAL '6' SECOND))) r
		ON l.k = r.k AND l.window_start = r.window_start AND l.window_end = r.window_end`},
	{"window top", csv("k STRING, id BIGINT, r BIGINT") +
		`INSERT INTO results SELECT k, id, r FROM (SELECT k, id, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY v DESC, id) AS r
		FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(ts), INTERVAL '20' SECOND))) WHERE r <= 2`},
	{"window deduplication", csv("k STRING, id BIGINT") +
		`INSERT INTO results SELECT k, id FROM (SELECT k, id, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY ts DESC) AS r
		FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(ts), INTERVAL '20' SECOND))) WHERE r <= 1`},
	{"top", changes("k STRING, v BIGINT, id BIGINT, r BIGINT") +
		`INSERT INTO results SELECT k, v, id, r FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC, id) AS r FROM m) WHERE r <= 3`},
	{"top of changes", changes("k STRING, n BIGINT, v BIGINT") +
		`INSERT INTO results SELECT k, n, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY n DESC, v) AS r FROM (SELECT k, v, COUNT(*) AS n FROM m GROUP BY k, v)) WHERE r <= 2`},
	{"first row", csv("k STRING, v BIGINT, id BIGINT") +
		`INSERT INTO results SELECT k, v, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k, v ORDER BY ts) AS r FROM a) WHERE r = 1`},
	{"last row", changes("k STRING, v BIGINT, id BIGINT") +
		`INSERT INTO results SELECT k, v, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k, v ORDER BY ts DESC) AS r FROM a) WHERE r = 1`},
	{"over rows", csv("id BIGINT, s BIGINT, n BIGINT") +
		`INSERT INTO results SELECT id, SUM(v) OVER w, COUNT(*) OVER w FROM a WINDOW w AS (PARTITION BY k ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)`},
	{"over range", csv("id BIGINT, s BIGINT, m BIGINT") +
		`INSERT INTO results SELECT id, SUM(v) OVER w, MAX(v) OVER w FROM a WINDOW w AS (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL '6' SECOND PRECEDING AND CURRENT ROW)`},
	{"sorted by time", csv("id BIGINT") + `INSERT INTO results SELECT id FROM a ORDER BY ts`},
	{"union", changes("k STRING, n BIGINT") + `INSERT INTO results SELECT k, COUNT(*) FROM (SELECT k FROM a UNION ALL SELECT k FROM m WHERE v < 5) GROUP BY k`},
	{"intersection", changes("k STRING, v BIGINT") + `INSERT INTO results SELECT k, v FROM a INTERSECT SELECT k, v FROM m`},
	{"grouping sets", changes("k STRING, v BIGINT, n BIGINT, s BIGINT") + `INSERT INTO results SELECT k, v, COUNT(*), SUM(id) FROM m GROUP BY GROUPING SETS ((k), (v), ())`},
	{"one group", changes("n BIGINT, s BIGINT, d BIGINT") + `INSERT INTO results SELECT COUNT(*), SUM(v), COUNT(DISTINCT k) FROM m`},
	{"filtered and ordered aggregates", changes("k STRING, n BIGINT, f BIGINT, l STRING") +
		`INSERT INTO results SELECT k, COUNT(*) FILTER (WHERE v > 4), COUNT(DISTINCT v) FILTER (WHERE id > 50), ARRAY_JOIN(ARRAY_AGG(CAST(id AS STRING) ORDER BY id), ',') FROM a GROUP BY k`},
	{"top of all", changes("id BIGINT, v BIGINT") + `INSERT INTO results SELECT id, v FROM m ORDER BY v DESC, id LIMIT 7`},
	{"first of groups", changes("k STRING, s BIGINT, r BIGINT") +
		`INSERT INTO results SELECT k, s, r FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY s DESC, k) AS r FROM (SELECT k, SUM(v) AS s FROM m GROUP BY k)) WHERE r <= 3`},
	{"joins by one key", `SET 'table.optimizer.multi-join.enabled' = 'true';` + changes("k STRING, x BIGINT, y BIGINT, z BIGINT") +
		`INSERT INTO results SELECT f.k, f.n, g.n, h.n FROM (SELECT k, COUNT(*) AS n FROM a GROUP BY k) f
		JOIN (SELECT k, COUNT(*) AS n FROM b GROUP BY k) g ON f.k = g.k LEFT JOIN (SELECT k, COUNT(*) AS n FROM m WHERE v > 3 GROUP BY k) h ON f.k = h.k`},
	{"join with one row", changes("id BIGINT, more BOOLEAN") + `INSERT INTO results SELECT id, v > avg_v FROM m, (SELECT AVG(v) AS avg_v FROM a)`},
	{"mini-batches of a join", `SET 'table.exec.mini-batch.enabled' = 'true'; SET 'table.exec.mini-batch.allow-latency' = '3 ms'; SET 'table.exec.mini-batch.size' = '20';` +
		changes("k STRING, x BIGINT, n BIGINT") + `INSERT INTO results SELECT m.k, m.id, g.n FROM m LEFT JOIN (SELECT k, v, COUNT(*) AS n FROM a GROUP BY k, v) g ON m.k = g.k AND m.v = g.v`},
	{"window of a window", csv("e TIMESTAMP(3), n BIGINT") +
		`CREATE VIEW small AS SELECT window_time AS wt, COUNT(*) AS n
		FROM TABLE(TUMBLE(TABLE a, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY k, window_start, window_end, window_time;
		INSERT INTO results SELECT window_end, SUM(n) FROM TABLE(TUMBLE(TABLE small, DESCRIPTOR(wt), INTERVAL '20' SECOND)) GROUP BY window_start, window_end`},
	{"partitioned session rows", csv("id BIGINT, s TIMESTAMP(3)") +
		`INSERT INTO results SELECT id, window_start FROM TABLE(SESSION(TABLE a PARTITION BY k, DESCRIPTOR(ts), INTERVAL '4' SECOND))`},
	{"unnested", changes("w STRING, n BIGINT") + `INSERT INTO results SELECT w, COUNT(*) FROM m, UNNEST(SPLIT(REPEAT(k || ' ', CAST(v AS INT)), ' ')) AS t(w) GROUP BY w`},
	{"lag", csv("id BIGINT, l BIGINT") + `INSERT INTO results SELECT id, LAG(v, 2) OVER (PARTITION BY k ORDER BY ts) FROM a`},
	{"committed partitions", `CREATE TABLE results (id BIGINT, s STRING) PARTITIONED BY (s) WITH ('connector' = 'filesystem', 'path' = 's3://b/out', 'format' = 'csv', 'sink.rolling-policy.file-size' = '200',
		'sink.partition-commit.policy.kind' = 'success-file', 'sink.partition-commit.trigger' = 'partition-time', 'sink.partition-commit.delay' = '20 s');
		INSERT INTO results SELECT id, LEFT(CAST(ts AS STRING), 18) || '0' FROM a`},
	{"normalized", changes("k STRING, v BIGINT") + `INSERT INTO results SELECT k, v FROM u WHERE v > 2`},
	{"group of normalized", changes("v BIGINT, n BIGINT, most BIGINT") + `INSERT INTO results SELECT v, COUNT(*), MAX(id) FROM u GROUP BY v`},
	{"join of normalized", changes("k STRING, x BIGINT, y BIGINT") + `INSERT INTO results SELECT u.k, u.id, m.id FROM u LEFT JOIN m ON u.v = m.v AND m.k = 'k1'`},
	{"kept by key", kept("k STRING, n BIGINT, s BIGINT", "k") + `INSERT INTO results SELECT k, COUNT(*), SUM(v) FROM m GROUP BY k`},
	// Of several keys of the query there is one row, which is there as long as any of them is.
	{"materialized", kept("n BIGINT, t BIGINT", "n") + `INSERT INTO results SELECT n, n * 10 FROM (SELECT k, COUNT(*) / 3 AS n FROM m GROUP BY k) ON CONFLICT DO DEDUPLICATE`},
	{"materialized without a key", kept("n BIGINT, t BIGINT", "n") +
		`INSERT INTO results SELECT n, n * 10 FROM (SELECT v, COUNT(*) AS n FROM u GROUP BY v) UNION ALL SELECT n, n * 10 FROM (SELECT v, COUNT(*) AS n FROM m WHERE v < 3 GROUP BY v)
		ON CONFLICT DO DEDUPLICATE`},
	{"materialized without conflicts", kept("x STRING, n BIGINT", "x") +
		`INSERT INTO results SELECT k || CAST(v AS STRING), n FROM (SELECT v, k, COUNT(*) AS n FROM a GROUP BY v, k) ON CONFLICT DO ERROR`},
	{"lookup", csv("x BIGINT, y BIGINT") + `INSERT INTO results SELECT m.id, l.id FROM (SELECT *, PROCTIME() AS p FROM m) m LEFT JOIN l FOR SYSTEM_TIME AS OF m.p ON m.v = l.v`},
	{"lookup of changes", changes("k STRING, y BIGINT") +
		`INSERT INTO results SELECT m.k, l.id FROM (SELECT *, PROCTIME() AS p FROM u) m JOIN l FOR SYSTEM_TIME AS OF m.p ON m.v = l.v`},
	{"lookups at once", csv("x BIGINT, y BIGINT") +
		`INSERT INTO results SELECT /*+ LOOKUP('table' = 'l', 'async' = 'true', 'output-mode' = 'allow_unordered') */ m.id, l.id
		FROM (SELECT *, PROCTIME() AS p FROM m) m JOIN l FOR SYSTEM_TIME AS OF m.p ON m.v = l.v`},
	{"lookups in order", changes("v BIGINT, n BIGINT, s BIGINT") +
		`INSERT INTO results SELECT /*+ LOOKUP('table' = 'l', 'async' = 'true', 'output-mode' = 'ordered', 'capacity' = '3') */ m.v, COUNT(*), SUM(l.id)
		FROM (SELECT *, PROCTIME() AS p FROM m) m JOIN l FOR SYSTEM_TIME AS OF m.p ON m.v = l.v GROUP BY m.v`},
	// Long enough for uploads that stay open across checkpoints.
	{"open parts", `CREATE TABLE results (id BIGINT, t STRING) WITH ('connector' = 'filesystem', 'path' = 's3://b/out', 'format' = 'csv', 'sink.rolling-policy.file-size' = '600 kb',
		'sink.rolling-policy.rollover-interval' = '60 ms', 'sink.rolling-policy.inactivity-interval' = '40 ms', 'sink.rolling-policy.check-interval' = '10 ms');
		INSERT INTO results SELECT id, REPEAT(k, 2500) FROM m`},
	{"open parts of partitions", `CREATE TABLE results (id BIGINT, t STRING, v BIGINT) PARTITIONED BY (v) WITH ('connector' = 'filesystem', 'path' = 's3://b/out', 'format' = 'json',
		'sink.rolling-policy.file-size' = '1 mb', 'sink.partition-commit.policy.kind' = 'success-file', 'sink.partition-commit.delay' = '20 ms');
		INSERT INTO results SELECT id, REPEAT(k, 20000), v / 4 FROM m`},
	// Sinks of other parallelisms than the job's.
	{"kept by key in three subtasks", strings.Replace(kept("k STRING, n BIGINT, s BIGINT", "k"), "'kept'", "'kept', 'sink.parallelism' = '3'", 1) +
		`INSERT INTO results SELECT k, COUNT(*), SUM(v) FROM m GROUP BY k`},
	{"filter to three subtasks", strings.Replace(csv("id BIGINT, v BIGINT"), "'csv'", "'csv', 'sink.parallelism' = '3'", 1) + `INSERT INTO results SELECT id, v * 2 FROM m WHERE v > 2`},
	{"group to one subtask", strings.Replace(changes("k STRING, n BIGINT"), "'changelog-json'", "'changelog-json', 'sink.parallelism' = '1'", 1) +
		`INSERT INTO results SELECT k, COUNT(*) FROM m GROUP BY k`},
	// Merged before they are visible.
	{"merged files", `CREATE TABLE results (id BIGINT, v BIGINT) PARTITIONED BY (v) WITH ('connector' = 'filesystem', 'path' = 's3://b/out', 'format' = 'csv',
		'sink.rolling-policy.file-size' = '20', 'auto-compaction' = 'true', 'compaction.file-size' = '100', 'sink.partition-commit.policy.kind' = 'success-file');
		INSERT INTO results SELECT id, v / 3 FROM m`},
	{"merged files of changes", `CREATE TABLE results (k STRING, n BIGINT) WITH ('connector' = 'filesystem', 'path' = 's3://b/out', 'format' = 'changelog-json',
		'sink.rolling-policy.file-size' = '1 kb', 'auto-compaction' = 'true', 'compaction.file-size' = '4 kb', 'compaction.parallelism' = '2');
		INSERT INTO results SELECT k, COUNT(*) FROM m GROUP BY k`},
	{"monitored files", files + csv("id BIGINT, v BIGINT") + `INSERT INTO results SELECT id, v * 2 FROM f WHERE v > 2`},
	{"group of monitored files", files + changes("k STRING, n BIGINT, s BIGINT") + `INSERT INTO results SELECT k, COUNT(*), SUM(v) FROM f GROUP BY k`},
	{"monitored files to open parts", files + `CREATE TABLE results (id BIGINT, t STRING, k STRING) PARTITIONED BY (k) WITH ('connector' = 'filesystem', 'path' = 's3://b/out',
		'format' = 'csv', 'sink.rolling-policy.file-size' = '500 kb', 'sink.rolling-policy.rollover-interval' = '90 ms', 'sink.rolling-policy.check-interval' = '10 ms',
		'sink.partition-commit.policy.kind' = 'success-file', 'sink.partition-commit.delay' = '50 ms');
		INSERT INTO results SELECT id, REPEAT('text', 2000), k FROM f`},
	{"monitored files joined", files + changes("id BIGINT, x BIGINT") + `INSERT INTO results SELECT f.id, m.id FROM f JOIN m ON f.k = m.k AND f.v = m.v`},
	{"overwritten", `SET 'execution.runtime-mode' = 'batch';` + csv("id BIGINT, v BIGINT") + `INSERT OVERWRITE results SELECT id, v FROM m`},
	{"overwritten and merged", `SET 'execution.runtime-mode' = 'batch'; CREATE TABLE results (id BIGINT, v BIGINT)
		WITH ('connector' = 'filesystem', 'path' = 's3://b/out', 'format' = 'csv', 'sink.rolling-policy.file-size' = '100', 'auto-compaction' = 'true', 'compaction.file-size' = '1 kb');
		INSERT OVERWRITE results SELECT id, v FROM m`},
	{"overwritten partitions", `SET 'execution.runtime-mode' = 'batch'; CREATE TABLE results (id BIGINT, v BIGINT) PARTITIONED BY (v)
		WITH ('connector' = 'filesystem', 'path' = 's3://b/out', 'format' = 'csv'); INSERT OVERWRITE results SELECT id, v FROM m WHERE v < 4`},
	{"several inserts", changes("k STRING, n BIGINT") + `CREATE TABLE few (id BIGINT) WITH ('connector' = 'filesystem', 'path' = 's3://b/out', 'format' = 'json');
		CREATE TABLE parts (v BIGINT, id BIGINT) PARTITIONED BY (v) WITH ('connector' = 'filesystem', 'path' = 's3://b/out/parts', 'format' = 'csv');
		EXECUTE STATEMENT SET BEGIN INSERT INTO results SELECT k, COUNT(*) FROM m GROUP BY k; INSERT INTO few SELECT id FROM m WHERE v = 3;
		INSERT INTO parts SELECT a.v, a.id FROM a; END`},
}

func table(name, options string) string {
	return "CREATE TABLE " + name + " (k STRING, v BIGINT, ts TIMESTAMP(3), id BIGINT, WATERMARK FOR ts AS ts - INTERVAL '4' SECOND) WITH ('connector' = 'made', " + options + ");\n"
}

var tables = table("a", "'seed' = '1', 'rows' = '160'") + table("b", "'seed' = '2', 'rows' = '120'") + table("m", "'seed' = '3', 'rows' = '240', 'splits' = '5'") +
	"CREATE TABLE u (k STRING, v BIGINT, id BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ('connector' = 'made', 'seed' = '4', 'rows' = '240', 'splits' = '3', 'keys' = '7', 'changes' = 'upsert');\n" +
	"CREATE TABLE l (k STRING, v BIGINT, id BIGINT) WITH ('connector' = 'made');\n"

// given are the objects that are there before a job starts, by its name.
var given = map[string]map[string]string{
	"overwritten":            {"out/old.csv": "1,1\n"},
	"overwritten partitions": {"out/v=1/old.csv": "1\n", "out/v=9/old.csv": "2\n"},
	"overwritten and merged": {"out/old.csv": "1,1\n", "out/compacted-old.csv": "1,2\n"},
}

func results(columns, format string) string {
	return "CREATE TABLE results (" + columns + ") WITH ('connector' = 'filesystem', 'path' = 's3://b/out', 'format' = '" + format + "');\n"
}

// kept is a table of results that holds rows by a key.
func kept(columns, key string) string {
	return "CREATE TABLE results (" + columns + ", PRIMARY KEY (" + key + ") NOT ENFORCED) WITH ('connector' = 'kept');\n"
}

// csv is a table of results that takes inserts, changes is one that takes all.
func csv(columns string) string     { return results(columns, "csv") }
func changes(columns string) string { return results(columns, "changelog-json") }
