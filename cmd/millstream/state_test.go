//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// saved makes a savepoint of a job that counts by groups, and of a window and a join beside it, and returns its path.
func saved(t *testing.T, r reachable, dir string) string {
	t.Helper()
	script := filepath.Join(dir, "state.sql")
	must(t, os.WriteFile(script, []byte(`SET 'pipeline.name' = 'stateful';
CREATE TABLE numbers (k BIGINT, ts AS TO_TIMESTAMP_LTZ(k, 3), WATERMARK FOR ts AS ts - INTERVAL '1' HOUR)
  WITH ('connector' = 'datagen', 'rows-per-second' = '2000', 'fields.k.kind' = 'sequence', 'fields.k.start' = '0', 'fields.k.end' = '1000000000');
CREATE TABLE shown (g BIGINT, n BIGINT, d BIGINT) WITH ('connector' = 'print');
CREATE TABLE windows (w TIMESTAMP(3), n BIGINT) WITH ('connector' = 'blackhole');
EXECUTE STATEMENT SET BEGIN
INSERT INTO shown SELECT MOD(k, 5) AS g, COUNT(*), COUNT(DISTINCT MOD(k, 2)) FROM numbers GROUP BY MOD(k, 5);
INSERT INTO windows SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE numbers, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY window_start, window_end;
END;`), 0o666))
	cmd, stderr := r.start("run", script, "-D", "parallelism.default=2")
	path := strings.TrimSpace(r.output("stop", "stateful", "-p", dir))
	if code := waitExit(t, cmd); code != exitDone {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	return path
}

// State is a table like others: it is listed, read, joined and aggregated.
func TestStateInSQL(t *testing.T) {
	r, dir := reachable{t, shortDir(t)}, t.TempDir()
	path := saved(t, r, dir)
	sql := func(text string) string {
		t.Helper()
		return r.output("sql", "-o", "csv", "-D", "execution.runtime-mode=batch", "-e", strings.ReplaceAll(text, "PATH", path))
	}
	list := sql("SHOW STATE FROM 'PATH'")
	for _, part := range []string{"operator,uid,table,rows,bytes,columns", "groups,5,", "COUNT(*) BIGINT", "distinct-1,10,", "watermark"} {
		if !strings.Contains(list, part) {
			t.Errorf("SHOW STATE lacks %q:\n%s", part, list)
		}
	}
	if got := sql("SELECT COUNT(*) AS n FROM SAVEPOINT('PATH', 'aggregate', 'groups')"); got != "n\n5\n" {
		t.Errorf("the groups are %q", got)
	}
	columns := sql("SELECT * FROM savepoint('PATH', 'aggregate', 'groups') ORDER BY 1 LIMIT 1")
	if !strings.Contains(columns, "COUNT(*)") || strings.Count(columns, "\n") != 2 {
		t.Errorf("a group is\n%s", columns)
	}
	joined := sql("SELECT COUNT(*) AS n, MIN(a.`rows` - a.`COUNT(*)`) AS z FROM SAVEPOINT('PATH', 'aggregate', 'groups') AS a " +
		"JOIN TABLE(SAVEPOINT('PATH', 'aggregate', 'distinct-1')) AS b ON a.`(k % CAST(5 AS BIGINT))` = b.`(k % CAST(5 AS BIGINT))`")
	if joined != "n,z\n10,0\n" {
		t.Errorf("joined they are %q", joined)
	}
	if plan := sql("EXPLAIN SELECT * FROM SAVEPOINT('PATH', 'aggregate', 'groups')"); !strings.Contains(plan, "Scan(table=[savepoint.aggregate-") {
		t.Errorf("the plan is\n%s", plan)
	}
	for text, want := range map[string]string{
		"SELECT * FROM SAVEPOINT('PATH', 'aggregate')":      "several tables: name one",
		"SELECT * FROM SAVEPOINT('PATH', 'nothing')":        "there is no operator 'nothing'",
		"SELECT * FROM SAVEPOINT('PATH', 'aggregate', 'x')": "has no table 'x'",
		"SELECT * FROM SAVEPOINT('PATH-no', 'aggregate')":   "there is neither a savepoint nor a job's checkpoint",
		"SELECT * FROM SAVEPOINT('PATH')":                   "takes two or three texts",
		"SELECT * FROM SAVEPOINT('PATH', UPPER('a'))":       "constant texts",
		"SHOW STATE":                "there is no state to show",
		"SHOW STATE FROM 'PATH-no'": "there is neither a savepoint nor a job's checkpoint",
	} {
		cmd := r.command("sql", "-e", strings.ReplaceAll(text, "PATH", strings.TrimSuffix(path, "/")))
		out, _ := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != exitUsage || !strings.Contains(string(out), want) {
			t.Errorf("%s gives %d\n%s", text, cmd.ProcessState.ExitCode(), out)
		}
	}
	t.Run("duckdb", func(t *testing.T) {
		if exec.Command("python3", "-c", "import duckdb").Run() != nil {
			t.Skip("python3 has no module duckdb here")
		}
		query := "SELECT COUNT(*), COUNT(\"COUNT(*)\") FROM read_parquet('" + strings.TrimPrefix(path, "file://") + "segments/*.parquet', union_by_name = true)"
		out, err := exec.Command("python3", "-c", "import duckdb, sys; print(duckdb.sql(sys.argv[1]).fetchall())", query).CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "[(") || strings.HasPrefix(string(out), "[(0,") || !strings.Contains(string(out), ", ") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}
