package syntax

import (
	"errors"
	"testing"
)

// FuzzParse checks of any text: parsing ends with trees or an *Error whose place is in the text; trees print as SQL that
// parses to equal trees.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"SELECT a + 1 AS b FROM t WHERE a IN (1, 2) ORDER BY a LIMIT 1",
		"SELECT COUNT(DISTINCT a) FILTER (WHERE b) OVER (PARTITION BY c ORDER BY d ROWS 1 PRECEDING) FROM a LEFT JOIN b USING (c)",
		"SELECT * FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '5' MINUTES)) GROUP BY CUBE (a, (b, c))",
		"SELECT JSON_VALUE(a, '$.b' RETURNING INT DEFAULT 1 ON EMPTY), CAST(b AS ROW<x INT NOT NULL, y ARRAY<STRING>>)",
		"SELECT TRIM(BOTH 'x' FROM a), U&'\\00e4', X'0f', `a``b`, -(-1), (a - b) DAY, CASE a WHEN 1 THEN 2 END",
		"SELECT * FROM t MATCH_RECOGNIZE (ORDER BY ts PATTERN ((A B)+? {- C -} | D{1,2}) DEFINE A AS TRUE) AS m",
		"WITH a AS (VALUES (1)) (SELECT 1 LIMIT 1) UNION ALL TABLE a EXCEPT SELECT /*+ H('a' = 'b') */ 2 -- end",
		"CREATE TABLE t (a INT COMMENT 'x', b AS a + 1, c STRING METADATA VIRTUAL, PRIMARY KEY (a) NOT ENFORCED) WITH ('k' = 'v')",
		"INSERT INTO t PARTITION (p = 1) (a) SELECT 1; SET a.b = c; EXECUTE STATEMENT SET BEGIN INSERT INTO t VALUES (1); END",
		"ALTER TABLE t ADD (a INT FIRST, WATERMARK FOR ts AS ts); SHOW TABLES LIKE 'a'; EXPLAIN CHANGELOG_MODE SELECT 1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		stmts, err := ParseScript(src)
		if err == nil {
			checkRoundTrip(t, src, stmts)
			return
		}
		var e *Error
		if !errors.As(err, &e) || e.Msg == "" || e.From < 0 || e.To < e.From || int(e.To) > len(src) {
			t.Fatalf("%q: bad error %#v", src, err)
		}
		FormatError("", src, e)
	})
}
