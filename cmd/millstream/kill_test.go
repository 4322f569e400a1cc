//go:build unix

package main

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	kills    = flag.Int("kills", 2, "how often each job is killed")
	killSeed = flag.Uint64("kills.seed", 1, "seed of the moments")
)

// killed are jobs that are killed and started again. DIR is replaced.
var killed = map[string]string{
	"word count": `SET 'execution.runtime-mode' = 'batch';
CREATE TABLE lines (k STRING, n BIGINT, ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = 'DIR/in', 'format' = 'csv');
CREATE TABLE results (k STRING, n BIGINT, s BIGINT) WITH ('connector' = 'filesystem', 'path' = 'DIR/out', 'format' = 'csv');
INSERT INTO results SELECT k, COUNT(*), SUM(n) FROM lines GROUP BY k;`,
	"windows": `CREATE TABLE lines (k STRING, n BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '3' HOUR)
  WITH ('connector' = 'filesystem', 'path' = 'DIR/in', 'format' = 'csv');
CREATE TABLE results (k STRING, ends TIMESTAMP(3), n BIGINT, s BIGINT) WITH ('connector' = 'filesystem', 'path' = 'DIR/out', 'format' = 'csv');
INSERT INTO results SELECT k, window_end, COUNT(*), SUM(n) FROM TABLE(TUMBLE(TABLE lines, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY k, window_start, window_end;`,
	"join": `CREATE TABLE lines (k STRING, n BIGINT, ts TIMESTAMP(3)) WITH ('connector' = 'filesystem', 'path' = 'DIR/in', 'format' = 'csv');
CREATE TABLE names (n BIGINT, name STRING) WITH ('connector' = 'filesystem', 'path' = 'DIR/names', 'format' = 'csv');
CREATE TABLE results (k STRING, n BIGINT, name STRING) WITH ('connector' = 'filesystem', 'path' = 'DIR/out', 'format' = 'csv');
INSERT INTO results SELECT k, lines.n, name FROM lines JOIN names ON lines.n = names.n;`,
}

// Jobs that are killed at any moment and run again write what an undisturbed job writes.
func TestKilled(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(killed)) {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(*killSeed, 0))
			in := t.TempDir()
			writeInput(t, in)
			start := time.Now()
			calm, _ := runUntilDone(t, in, killed[name], 0, 0, random)
			long := time.Since(start)
			if len(calm) == 0 {
				t.Fatal("the job writes nothing")
			}
			left := *kills
			for tries := 0; left > 0 && tries < 10+5**kills; tries++ {
				start := time.Now()
				wild, n := runUntilDone(t, in, killed[name], left, long, random)
				if n == 0 { // the machine has become faster
					long = min(long, time.Since(start))
				}
				if left -= n; !slices.Equal(calm, wild) {
					t.Fatalf("%d rows of a job that was killed %d times differ from the %d of one that was not", len(wild), n, len(calm))
				}
			}
			if left > 0 {
				t.Errorf("killed %d times less than asked", left)
			}
		})
	}
}

// writeInput writes some files of rows.
func writeInput(t *testing.T, dir string) {
	for _, d := range []string{"in", "names"} {
		must(t, os.Mkdir(filepath.Join(dir, d), 0o777))
	}
	var names bytes.Buffer
	for i := range 1000 {
		fmt.Fprintf(&names, "%d,name %d\n", i*7, i)
	}
	must(t, os.WriteFile(filepath.Join(dir, "names", "names.csv"), names.Bytes(), 0o666))
	for file := range 4 {
		var b bytes.Buffer
		for i := range 200_000 {
			n := i*4 + file
			at := time.Date(2024, 1, 1, 0, 0, n/200, 0, time.UTC)
			fmt.Fprintf(&b, "key %d,%d,%s\n", n*7919%1009, n%9973, at.Format("2006-01-02 15:04:05.000"))
		}
		must(t, os.WriteFile(filepath.Join(dir, "in", fmt.Sprintf("%d.csv", file)), b.Bytes(), 0o666))
	}
}

// runUntilDone runs a script in a new directory, kills it so often, and returns the rows it wrote, sorted. long is how long it takes
// undisturbed.
func runUntilDone(t *testing.T, in, script string, kills int, long time.Duration, random *rand.Rand) (rows []string, killed int) {
	t.Helper()
	dir := t.TempDir()
	script = strings.NewReplacer("DIR/out", dir+"/out", "DIR/", in+"/").Replace(script)
	file := filepath.Join(dir, "job.sql")
	must(t, os.WriteFile(file, []byte(script), 0o666))
	resumed := 0
	for try := 1; ; try++ {
		cmd := millstream(t, "run", "-D", "execution.checkpointing.interval=10ms", "-D", "execution.checkpointing.dir="+dir+"/checkpoints",
			"-D", "pipeline.name=the job", "-D", fmt.Sprint("parallelism.default=", 1+random.IntN(4)), file)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		must(t, cmd.Start())
		if killed < kills {
			// The moments move on, so that the job comes to its end on any machine.
			timer := time.AfterFunc(long/4+time.Duration(random.Int64N(int64(long)*int64(try+6)/10)), func() {
				cmd.Process.Kill() //nolint:errcheck // it may just have ended
			})
			code := waitExit(t, cmd)
			timer.Stop()
			if strings.Contains(stderr.String(), "goes on from") {
				resumed++
			}
			if code < 0 {
				killed++
				// The job may have ended before its process did: run again, it would be run twice.
				head, err := os.ReadFile(filepath.Join(dir, "checkpoints", "the=20job", "head"))
				if err != nil || !strings.Contains(string(head), `"state": "ended"`) {
					continue
				}
				break
			}
			if code != 0 {
				t.Fatalf("exit code %d: %s", code, stderr.String())
			}
			break
		}
		if code := waitExit(t, cmd); code != 0 {
			t.Fatalf("exit code %d: %s", code, stderr.String())
		}
		if strings.Contains(stderr.String(), "goes on from") {
			resumed++
		}
		break
	}
	t.Logf("killed %d times, resumed %d times", killed, resumed)
	must(t, filepath.WalkDir(filepath.Join(dir, "out"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			return err
		}
		text, err := os.ReadFile(path)
		rows = append(rows, strings.Split(strings.TrimSpace(string(text)), "\n")...)
		return err
	}))
	slices.Sort(rows)
	return rows, killed
}
