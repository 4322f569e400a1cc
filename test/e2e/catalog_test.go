package e2e

import (
	"strings"
	"testing"
)

// A catalog of files outlives the process, in each kind of store.
func TestSharedCatalog(t *testing.T) {
	for name, make := range map[string]func(*testing.T) place{"MinIO": minIO, "embedded store": embedded, "files": files} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := make(t)
			use := "CREATE CATALOG lake WITH ('type' = 'filesystem', 'path' = '" + p.output + "/defs'); USE CATALOG lake; "
			sql := func(statements string) outcome {
				t.Helper()
				return millstream(t, t.TempDir(), "sql", "--config", p.config, "-q", "-o", "csv", "-e", use+statements)
			}
			if o := sql("CREATE TABLE t (a INT, b AS a + 1) WITH ('connector' = 'filesystem', 'path' = '" + p.output + "/t', 'format' = 'json'); " +
				"CREATE VIEW v AS SELECT b FROM t WHERE a > 1; INSERT INTO t VALUES (1), (2)"); o.code != 0 {
				t.Fatal(o.stderr)
			}
			if o := sql("ALTER TABLE t ADD c STRING FIRST; SELECT * FROM v"); o.code != 0 || !strings.Contains(o.stdout, "b\n3\n") {
				t.Errorf("exit code %d\n%s%s", o.code, o.stdout, o.stderr)
			}
			if o := sql("DESCRIBE t"); o.code != 0 || !strings.Contains(o.stdout, "\nc,STRING") {
				t.Errorf("exit code %d\n%s%s", o.code, o.stdout, o.stderr)
			}
			if o := sql("CREATE TABLE t (x INT)"); o.code != 2 || !strings.Contains(o.stderr, "table 'lake.default.t' exists already") {
				t.Errorf("exit code %d\n%s", o.code, o.stderr)
			}
		})
	}
}
