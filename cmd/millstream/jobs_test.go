//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// numbered copies the numbers that datagen counts into files, and shows that it has begun.
const numbered = `SET 'pipeline.name' = 'numbered';
CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '500', 'fields.n.kind' = 'sequence', 'fields.n.start' = '0', 'fields.n.end' = '1000000000');
CREATE TABLE written (n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'DIR/out', 'format' = 'csv');
CREATE TABLE shown (n BIGINT) WITH ('connector' = 'print');
EXECUTE STATEMENT SET BEGIN INSERT INTO written SELECT n FROM numbers; INSERT INTO shown SELECT n FROM numbers; END;`

// reachable runs millstream with a place for sockets of its own.
type reachable struct {
	t   *testing.T
	dir string
}

func (r reachable) command(args ...string) *exec.Cmd {
	cmd := millstream(r.t, args...)
	cmd.Env = append(cmd.Env, "XDG_RUNTIME_DIR="+r.dir)
	return cmd
}

func (r reachable) output(args ...string) string {
	r.t.Helper()
	cmd := r.command(args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		r.t.Fatalf("millstream %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// start starts a job and waits for its first row.
func (r reachable) start(args ...string) (*exec.Cmd, *bytes.Buffer) {
	r.t.Helper()
	cmd := r.command(args...)
	stderr := &bytes.Buffer{}
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	must(r.t, err)
	must(r.t, cmd.Start())
	firstLine(r.t, out)
	return cmd, stderr
}

// A running job is listed, saved, stopped and cancelled from other processes, by the command line and by SQL, with checkpoints and without. What it wrote
// before a stop and after it went on is each number once.
func TestJobsOfOtherProcesses(t *testing.T) {
	r, dir := reachable{t, shortDir(t)}, t.TempDir()
	script := filepath.Join(dir, "job.sql")
	must(t, os.WriteFile(script, []byte(strings.ReplaceAll(numbered, "DIR", dir)), 0o666))
	if got := r.output("list"); strings.Contains(got, "numbered") {
		t.Fatalf("a job is listed before there is one:\n%s", got)
	}
	cmd, stderr := r.start("run", script)
	if got := r.output("list"); !strings.Contains(got, "numbered") || !strings.Contains(got, "RUNNING") {
		t.Errorf("the job is not listed:\n%s", got)
	}
	saved := strings.TrimSpace(r.output("savepoint", "take", "numbered", filepath.Join(dir, "kept")))
	if got := r.output("savepoint", "describe", saved); !strings.Contains(got, "savepoint 1 of the job 'numbered'") {
		t.Errorf("the savepoint %s is\n%s", saved, got)
	}
	var job struct {
		ID string `json:"job id"`
	}
	shown := r.output("sql", "-o", "json", "-e", "SHOW JOBS")
	must(t, json.Unmarshal([]byte(shown), &job))
	stop := r.output("sql", "-o", "csv", "-D", "state.savepoints.dir="+filepath.Join(dir, "saved"), "-e", "STOP JOB '"+job.ID+"' WITH SAVEPOINT")
	lines := strings.Fields(strings.Replace(stop, "savepoint path", "", 1))
	if code := waitExit(t, cmd); code != exitDone || len(lines) != 1 {
		t.Fatalf("exit code %d after the stop, which says %q: %s", code, stop, stderr)
	}
	before := numbersIn(t, dir)

	cmd, stderr = r.start("run", script, "--resume", lines[0], "-D", "execution.checkpointing.interval=1h", "-D", "execution.checkpointing.dir="+filepath.Join(dir, "chk"))
	path := strings.TrimSpace(r.output("stop", "numbered", "--drain", "--savepoint", filepath.Join(dir, "saved")))
	if code := waitExit(t, cmd); code != exitDone || path == "" {
		t.Fatalf("exit code %d after the second stop, which says %q: %s", code, path, stderr)
	}
	if after := numbersIn(t, dir); after <= before {
		t.Errorf("%d numbers after it went on, %d before", after, before)
	}

	cmd, _ = r.start("run", script, "-s", path)
	r.output("cancel", "numbered")
	if code := waitExit(t, cmd); code != exitFailed {
		t.Errorf("exit code %d after a cancel", code)
	}
	if cmd := r.command("stop", "numbered", "--savepoint", dir); cmd.Run() == nil || cmd.ProcessState.ExitCode() != exitUsage {
		t.Error("a job that has ended was stopped")
	}
}

// numbersIn counts the numbers that were written, of which there must be each from 0 on once.
func numbersIn(t *testing.T, dir string) int {
	t.Helper()
	seen := map[string]bool{}
	must(t, filepath.WalkDir(filepath.Join(dir, "out"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, n := range strings.Fields(string(data)) {
			if seen[n] {
				t.Errorf("%s was written twice", n)
			}
			seen[n] = true
		}
		return err
	}))
	return len(seen)
}

// shortDir makes a directory whose path is short enough for sockets.
func shortDir(t *testing.T) string {
	dir, err := os.MkdirTemp("", "ms") //nolint:usetesting // t.TempDir has the test's name in it
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	return dir
}
