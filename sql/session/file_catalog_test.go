package session

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/mem"
)

// sharing returns sessions that see the same object store, each with the catalog 'lab' in it.
func sharing(t *testing.T) func() *Session {
	store := mem.New("bucket")
	objects := &objstore.Resolver{Openers: map[string]objstore.Opener{
		"mem": func(_ context.Context, loc objstore.Location) (objstore.Store, string, error) {
			return store, loc.Path, nil
		},
	}}
	return func() *Session {
		s := New(Config{Settings: testSettings(), Env: connector.Env{Objects: objects}})
		if _, err := run(s, "", "CREATE CATALOG lab WITH ('type' = 'filesystem', 'path' = 'mem://bucket/defs'); USE CATALOG lab"); err != nil {
			t.Fatal(err)
		}
		return s
	}
}

// texts runs a script and returns the last statement's rows.
func texts(t *testing.T, s *Session, sql string) [][]any {
	t.Helper()
	r, err := run(s, "", sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return r.Text()
}

// What one session defines, another finds as it was.
func TestFileCatalogKeeps(t *testing.T) {
	open := sharing(t)
	first := open()
	texts(t, first, `
		CREATE DATABASE d COMMENT 'c' WITH ('k' = 'v');
		USE d;
		CREATE TABLE t (
			id BIGINT NOT NULL COMMENT 'it''s', r ROW<x INT 'in', y ARRAY<MAP<STRING, DECIMAL(10, 2)>> NOT NULL>, v VARIANT, b BINARY(3),
			ts TIMESTAMP_LTZ(3), p STRING COMMENT '', n STRING NOT NULL METADATA FROM 'file.name' VIRTUAL, pt AS PROCTIME(), up AS UPPER(p) || '-' || n,
			WATERMARK FOR ts AS ts - INTERVAL '5' SECOND, CONSTRAINT pk PRIMARY KEY (id) NOT ENFORCED
		) COMMENT 'a table' DISTRIBUTED BY HASH (id) INTO 4 BUCKETS PARTITIONED BY (p)
		WITH ('connector' = 'lake', 'path' = 'x', 'format' = 'lines');
		ALTER TABLE t ADD PARTITION (p = 'a/b') WITH ('o' = '1');
		CREATE VIEW v (a, b) COMMENT 'a view' AS SELECT id, ts FROM t WHERE p IN ('x', 'y''z') ORDER BY ts LIMIT 3;
		CREATE VIEW w AS SELECT INTERVAL '1' DAY AS i, INTERVAL '2' MONTH AS m, CAST(NULL AS TIME) AS c;
		CREATE MODEL m INPUT (x INT NOT NULL) OUTPUT (y DOUBLE COMMENT 'out') COMMENT 'a model' WITH ('provider' = 'none');
		CREATE FUNCTION f AS 'com.example.F' USING JAR '/f.jar'`)
	statements := []string{
		"SHOW DATABASES", "SHOW TABLES", "SHOW VIEWS", "SHOW MODELS", "SHOW USER FUNCTIONS", "SHOW PARTITIONS t", "SHOW CREATE TABLE t", "DESCRIBE t",
		"SHOW CREATE VIEW v", "DESCRIBE v", "SHOW CREATE VIEW w", "DESCRIBE w", "SHOW CREATE MODEL m", "DESCRIBE MODEL m", "EXPLAIN SELECT * FROM v",
		"EXPLAIN SELECT up, pt FROM t",
	}
	second := open()
	texts(t, second, "USE d")
	for _, sql := range statements {
		if diff := cmp.Diff(texts(t, first, sql), texts(t, second, sql)); diff != "" {
			t.Errorf("%s (-first +second): %s", sql, diff)
		}
	}
	// An ALTER of one is seen by the other; so is a DROP.
	texts(t, second, "ALTER TABLE t ADD z INT FIRST; ALTER VIEW v RENAME TO v2; DROP MODEL m; ALTER DATABASE d SET ('k' = 'w')")
	for _, sql := range statements {
		sql = strings.ReplaceAll(sql, " v", " v2")
		if strings.Contains(sql, "MODEL m") {
			if _, err := run(first, "", sql); err == nil {
				t.Errorf("%s finds a model that was dropped", sql)
			}
			continue
		}
		if diff := cmp.Diff(texts(t, first, sql), texts(t, second, sql)); diff != "" {
			t.Errorf("%s after a change (-first +second): %s", sql, diff)
		}
	}
	texts(t, second, "CREATE DATABASE e; USE e")
	texts(t, first, "USE CATALOG default_catalog; DROP DATABASE lab.d CASCADE")
	if got := texts(t, second, "SHOW DATABASES"); len(got) != 2 {
		t.Errorf("databases %v", got)
	}
}

func TestFileCatalogErrors(t *testing.T) {
	open := sharing(t)
	a, b := open(), open()
	texts(t, a, "CREATE TABLE t (a INT) WITH ('connector' = 'lake')")
	for sql, want := range map[string]string{
		"CREATE TABLE t (a INT)": "table 'lab.default.t' exists already",
		"CREATE TABLE s (a INT) WITH ('connector' = 'lake', 'secret-key' = 'hush')":                  "the option 'secret-key' of table 'lab.default.s' is a secret",
		"ALTER TABLE t SET ('secret-key' = 'hush')":                                                  "is a secret",
		"CREATE CATALOG c WITH ('type' = 'filesystem')":                                              "Required option 'path' is missing",
		"CREATE CATALOG c WITH ('type' = 'filesystem', 'path' = 'nope://x/y')":                       "the scheme 'nope://' is unknown",
		"CREATE CATALOG c WITH ('type' = 'filesystem', 'path' = 'mem://x', 'secrets' = 'x')":         "option 'secrets'",
		"CREATE CATALOG c WITH ('type' = 'filesystem', 'path' = 'mem://x', 'warehouse' = 'mem://y')": "given twice",
		"CREATE CATALOG c WITH ('type' = 'filesystem', 'path' = 'mem://x', 'pth' = 'mem://y')":       "did you mean 'path'?",
		"ALTER CATALOG lab SET ('path' = 'mem://other')":                                             "the option 'path' of catalog 'lab' cannot be changed",
		"CREATE CATALOG c WITH ('type' = 'file')":                                                    "there is no catalog of type 'file'",
	} {
		if _, err := run(b, "", sql); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush'") && !strings.Contains(err.Error(), "^") {
			t.Errorf("%s: error %v, want %q", sql, err, want)
		}
	}
	texts(t, b, "CREATE TEMPORARY TABLE s WITH ('secret-key' = 'hush') LIKE t")
	if got := texts(t, b, "SHOW CREATE TABLE s")[0][0].(string); !strings.Contains(got, "'secret-key' = '******'") {
		t.Error(got)
	}
	texts(t, b, "CREATE CATALOG shared WITH ('type' = 'filesystem', 'warehouse' = 'mem://bucket/open', 'secrets' = 'plain', 'default-database' = 'base'); USE CATALOG shared")
	texts(t, b, "CREATE TABLE s (a INT) WITH ('connector' = 'lake', 'secret-key' = 'hush')")
	if got := texts(t, b, "SHOW DATABASES"); len(got) != 1 || got[0][0] != "base" {
		t.Errorf("databases %v", got)
	}
}
