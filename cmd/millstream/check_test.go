//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// changing is a job whose parts are replaced: COLUMNS of the source, SINK's columns, QUERY.
const changing = `SET 'pipeline.name' = 'changing';
CREATE TABLE numbers (COLUMNS) WITH ('connector' = 'datagen', 'rows-per-second' = '2000', 'fields.k.kind' = 'sequence', 'fields.k.start' = '0', 'fields.k.end' = '1000000000',
  'fields.n.min' = '1', 'fields.n.max' = '1');
CREATE TABLE shown (SINK) WITH ('connector' = 'print');
INSERT INTO shown SELECT QUERY FROM numbers WHERE k < 1000000 GROUP BY MOD(k, 7);`

// A changed job goes on with its state where that can be, and says before it starts where it cannot.
func TestChangedJob(t *testing.T) {
	r, dir := reachable{t, shortDir(t)}, t.TempDir()
	script := func(columns, sink, query string) string {
		file := filepath.Join(dir, "job.sql")
		must(t, os.WriteFile(file, []byte(strings.NewReplacer("COLUMNS", columns, "SINK", sink, "QUERY", query).Replace(changing)), 0o666))
		return file
	}
	const columns, sink = "k BIGINT, n INT", "g BIGINT, c BIGINT, x BIGINT, s BIGINT"
	cmd, stderr := r.start("run", script(columns, sink, "MOD(k, 7), COUNT(*), MAX(k), CAST(SUM(n) AS BIGINT)"), "-D", "execution.checkpointing.interval=1h",
		"-D", "execution.checkpointing.dir="+filepath.Join(dir, "chk"))
	saved := strings.TrimSpace(r.output("stop", "changing", "-p", dir))
	if code := waitExit(t, cmd); code != exitDone {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for name, c := range map[string]struct {
		columns, sink, query string
		code                 int
		says                 []string
	}{
		"same": {columns, sink, "MOD(k, 7), COUNT(*), MAX(k), CAST(SUM(n) AS BIGINT)", exitDone, []string{"kept", "Scan(numbers)", "Aggregate"}},
		"an aggregate more": {columns, sink + ", m INT", "MOD(k, 7), COUNT(*), MAX(k), CAST(SUM(n) AS BIGINT), MAX(n)", exitDone,
			[]string{"migrated", "MAX(n)", "is new", "what came before does not count"}},
		"an aggregate less": {columns, "g BIGINT, c BIGINT, x BIGINT", "MOD(k, 7), COUNT(*), MAX(k)", exitDone, []string{"migrated", "SUM(n)", "is dropped"}},
		"several at once": {columns, "g BIGINT, c BIGINT, x BIGINT, s BIGINT, z BIGINT", "MOD(k, 7), COUNT(*), MAX(k), CAST(SUM(n) AS BIGINT), MIN(k)", exitDone,
			[]string{"migrated", "MIN(k)"}},
		"a column above":      {columns, sink + ", p BIGINT", "MOD(k, 7), COUNT(*), MAX(k), CAST(SUM(n) AS BIGINT), MOD(k, 7) + 1", exitDone, []string{"kept"}},
		"a wider type":        {"k BIGINT, n BIGINT", sink, "MOD(k, 7), COUNT(*), MAX(k), CAST(SUM(n) AS BIGINT)", exitDone, []string{"migrated", "becomes BIGINT"}},
		"a narrower type":     {"k BIGINT, n SMALLINT", sink, "MOD(k, 7), COUNT(*), MAX(k), CAST(SUM(n) AS BIGINT)", exitFailed, []string{"impossible", "was INT NOT NULL and is SMALLINT"}},
		"a distinct one more": {columns, sink + ", d BIGINT", "MOD(k, 7), COUNT(*), MAX(k), CAST(SUM(n) AS BIGINT), COUNT(DISTINCT n)", exitDone, []string{"migrated", "COUNT(DISTINCT n)"}},
		"no group any more":   {columns, "c BIGINT", "MAX(k)", exitFailed, []string{"dropped", "Aggregate"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := reachable{t, r.dir}
			file := script(c.columns, c.sink, c.query)
			if name == "no group any more" {
				text, err := os.ReadFile(file)
				must(t, err)
				must(t, os.WriteFile(file, []byte(strings.Replace(string(text), "GROUP BY MOD(k, 7)", "GROUP BY n", 1)), 0o666))
			}
			cmd := r.command("check", "--from-savepoint", saved, file)
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, part := range c.says {
				if !strings.Contains(string(out), part) {
					t.Errorf("it does not say %q:\n%s", part, out)
				}
			}
			if c.code != exitDone {
				cmd := r.command("run", file, "--resume", saved)
				if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "the state does not fit the job") {
					t.Errorf("the run gives %v:\n%s", err, out)
				}
				return
			}
			run := r.command("run", file, "-s", saved)
			stderr := &bytes.Buffer{}
			run.Stderr = stderr
			shown, err := run.StdoutPipe()
			must(t, err)
			must(t, run.Start())
			// Each number was counted once, before the savepoint or behind it.
			var g, n, most int64
			line := firstLine(t, shown)
			if _, err := fmt.Sscanf(strings.ReplaceAll(line[strings.IndexByte(line, '[')+1:], ",", ""), "%d %d %d", &g, &n, &most); err != nil || most%7 != g || n != most/7+1 || most < 7 {
				t.Errorf("the first row is %s, %v", line, err)
			}
			r.output("cancel", "changing")
			waitExit(t, run)
			if c.says[0] == "migrated" && !strings.Contains(stderr.String(), "state is migrated") {
				t.Errorf("the run says %s", stderr)
			}
			if strings.Contains(stderr.String(), "panic") {
				t.Error(stderr)
			}
		})
	}
}
