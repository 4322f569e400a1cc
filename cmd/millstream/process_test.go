//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/event/webhook"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/server"
	"github.com/millstream/millstream/objstore/storetest"
	"github.com/millstream/millstream/setting"
)

// endless writes numbers for ever, and shows that it has begun.
const endless = `CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1000');
`

// waitExit waits for a program and returns its exit code; it must end within a minute.
func waitExit(t *testing.T, cmd *exec.Cmd) int {
	t.Helper()
	timer := time.AfterFunc(longest, func() {
		t.Error("the program did not end")
		cmd.Process.Kill() //nolint:errcheck // it may just have ended
	})
	defer timer.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

func TestInterruptedQuery(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		cmd := millstream(t, "sql", "-o", "json", "-e", endless+"SELECT * FROM numbers")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		if line := firstLine(t, out); !strings.HasPrefix(line, `{"n":`) {
			t.Errorf("the first line is %q", line)
		}
		must(t, cmd.Process.Signal(signal))
		if code := waitExit(t, cmd); code != exitInterrupted {
			t.Errorf("%v: exit code %d, want %d", signal, code, exitInterrupted)
		}
		if got, want := stderr.String(), "interrupted\n"; got != want {
			t.Errorf("%v: standard error is %q, want %q", signal, got, want)
		}
	}
}

// TestInterruptedTable checks that the rows of a query without an end are shown when it is interrupted.
func TestInterruptedTable(t *testing.T) {
	var out bytes.Buffer
	a := &app{out: &out, err: io.Discard}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s := a.newShell(setting.New(setting.Engine), "table")
	s.progress = func() (func(job.Progress), func()) {
		return func(p job.Progress) {
			if p.RowsOut > 0 {
				cancel()
			}
		}, func() {}
	}
	items, err := parseItems("", endless+"SELECT COUNT(*) AS many, 'x' AS x FROM numbers")
	must(t, err)
	if err := s.run(ctx, items); !errors.Is(err, context.Canceled) {
		t.Errorf("got the error %v", err)
	}
	if got := out.String(); strings.Count(got, "\n") != 5 || !strings.Contains(got, "│ x │") {
		t.Errorf("shown is\n%s", got)
	}
}

// TestInterruptedWrite checks that an interrupted INSERT leaves no object, whole or not.
func TestInterruptedWrite(t *testing.T) {
	cmd := millstream(t, "sql", "-e", endless+`
		CREATE TABLE shown (n BIGINT) WITH ('connector' = 'print');
		CREATE TABLE written (n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'written', 'format' = 'csv');
		EXECUTE STATEMENT SET BEGIN INSERT INTO shown SELECT n FROM numbers; INSERT INTO written SELECT n FROM numbers; END`)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	firstLine(t, out)
	must(t, cmd.Process.Signal(os.Interrupt))
	if code := waitExit(t, cmd); code != exitInterrupted {
		t.Errorf("exit code %d, want %d: %s", code, exitInterrupted, stderr.String())
	}
	var left []string
	must(t, filepath.WalkDir(cmd.Dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			left = append(left, path)
		}
		return err
	}))
	if len(left) > 0 {
		t.Errorf("left are %q", left)
	}
}

// TestInterruptedProgram checks that a job in a process of its own ends with millstream.
func TestInterruptedProgram(t *testing.T) {
	cmd := millstream(t, "run", "./job.sh")
	must(t, os.WriteFile(filepath.Join(cmd.Dir, "job.sh"), []byte(`#!/bin/sh
trap 'echo the job was told; exit 7' INT
echo begun
while :; do sleep 0.05; done
`), 0o755))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	firstLine(t, out)
	must(t, cmd.Process.Signal(syscall.SIGTERM))
	if code := waitExit(t, cmd); code != exitInterrupted {
		t.Errorf("exit code %d, want %d: %s", code, exitInterrupted, stderr.String())
	}
}

// TestInterruptedTwice checks that a second Ctrl-C ends millstream where the first one is not heeded.
func TestInterruptedTwice(t *testing.T) {
	cmd := millstream(t, "run", "./job.sh")
	must(t, os.WriteFile(filepath.Join(cmd.Dir, "job.sh"), []byte(`#!/bin/sh
trap 'echo told' INT
echo begun
while kill -0 $PPID; do sleep 0.05; done
`), 0o755))
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for _, want := range []string{"begun", "told"} {
		if !lines.Scan() || lines.Text() != want {
			t.Errorf("the job wrote %q, want %q", lines.Text(), want)
		}
		must(t, cmd.Process.Signal(os.Interrupt))
	}
	waitExit(t, cmd)
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("it ended with %v, want the signal", cmd.ProcessState)
	}
}

// TestStore runs the store by itself, writes to it, ends it in order and finds the object when it runs again.
func TestStore(t *testing.T) {
	dir := t.TempDir()
	for run, text := range []string{"the first", "the second"} {
		cmd := millstream(t, "store", "--dir", dir, "--listen", "127.0.0.1:0", "--access-key", "someone", "--secret-key", "something")
		messages, err := cmd.StderrPipe()
		must(t, err)
		must(t, cmd.Start())
		endpoint, found := strings.CutPrefix(firstLine(t, messages), "S3 store at ")
		if !found {
			t.Fatalf("the first line is %q", endpoint)
		}
		client, err := s3.New(s3.Config{Endpoint: endpoint, AccessKey: "someone", SecretKey: "something"})
		must(t, err)
		if there, err := client.BucketExists(t.Context(), "bucket"); err != nil || there != (run > 0) {
			t.Errorf("in run %d, the bucket is there: %v, %v", run+1, there, err)
		}
		if run == 0 {
			must(t, client.MakeBucket(t.Context(), "bucket"))
		}
		_, err = client.Bucket("bucket").Put(t.Context(), "key", []byte(text), objstore.Condition{})
		must(t, err)
		must(t, cmd.Process.Signal(os.Interrupt))
		if code := waitExit(t, cmd); code != exitDone {
			t.Errorf("exit code %d, want %d", code, exitDone)
		}
	}
}

// TestInterruptedDoctor checks that an examination that is broken off leaves nothing in the store.
func TestInterruptedDoctor(t *testing.T) {
	embedded, err := server.Start(t.Context(), server.Options{Dir: t.TempDir()})
	must(t, err)
	defer embedded.Close()
	client, err := s3.New(s3.Config{Endpoint: embedded.Endpoint, AccessKey: embedded.AccessKey, SecretKey: embedded.SecretKey})
	must(t, err)
	defer client.Close()
	must(t, client.MakeBucket(t.Context(), "bucket"))
	cmd := millstream(t, "doctor", "-D", "s3.endpoint="+embedded.Endpoint, "-D", "s3.access-key="+embedded.AccessKey, "-D", "s3.secret-key="+embedded.SecretKey, "s3://bucket")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "✓ write ") { // there are objects by now
			must(t, cmd.Process.Signal(os.Interrupt))
		}
	}
	if code := waitExit(t, cmd); code != exitInterrupted || stderr.String() != "interrupted\n" {
		t.Errorf("exit code %d, want %d: %s", code, exitInterrupted, stderr.String())
	}
	if keys := storetest.Keys(t, client.Bucket("bucket"), "", objstore.ListOptions{}); len(keys) > 0 {
		t.Errorf("left are %q", keys)
	}
}

// TestStoreNotifies has the store push to a webhook what happens, with the token of a file.
func TestStoreNotifies(t *testing.T) {
	values, err := setting.Check(webhook.Options, map[string]string{"webhook.listen": "127.0.0.1:0", "webhook.token": "s3cr3t"})
	must(t, err)
	stream, err := webhook.Open(t.Context(), values, nil)
	must(t, err)
	defer stream.Close()
	token := filepath.Join(t.TempDir(), "token")
	must(t, os.WriteFile(token, []byte("s3cr3t\n"), 0o600))
	cmd := millstream(t, "store", "--dir", t.TempDir(), "--listen", "127.0.0.1:0", "--access-key", "someone", "--secret-key", "something",
		"--notify", "webhook="+stream.(*webhook.Receiver).URL(), "--notify-token-file", token)
	messages, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	client, err := s3.New(s3.Config{Endpoint: strings.TrimPrefix(firstLine(t, messages), "S3 store at "), AccessKey: "someone", SecretKey: "something"})
	must(t, err)
	must(t, client.MakeBucket(t.Context(), "bucket"))
	_, err = client.Bucket("bucket").Put(t.Context(), "in/a b", []byte("text"), objstore.Condition{})
	must(t, err)
	list, err := stream.Next(t.Context())
	if err != nil || len(list) != 1 || list[0].Key != "in/a b" || list[0].Size != 4 || !list[0].Created() {
		t.Errorf("got %+v, %v", list, err)
	}
	must(t, cmd.Process.Signal(os.Interrupt))
	if code := waitExit(t, cmd); code != exitDone {
		t.Errorf("exit code %d, want %d", code, exitDone)
	}
	for _, args := range [][]string{{"--notify", "pigeon=home"}, {"--notify-token-file", filepath.Join(t.TempDir(), "absent")}} {
		out, err := millstream(t, append([]string{"store", "--dir", t.TempDir(), "--listen", "127.0.0.1:0"}, args...)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), args[1]) {
			t.Errorf("%v: %v, %s", args, err, out)
		}
	}
}

// TestDemoFurther checks that what the demonstration tells to do next works, but for the port.
func TestDemoFurther(t *testing.T) {
	demo := millstream(t, "demo", "wordcount", "--dir", "a demo")
	out, err := demo.Output()
	must(t, err)
	dir := filepath.Join(demo.Dir, "a demo")
	for _, hint := range []string{"store --dir '" + dir + "'", "sql --config '" + dir + ".yaml' -f '" + dir + ".sql'"} {
		if !strings.Contains(string(out), hint) {
			t.Fatalf("there is no %q in\n%s", hint, out)
		}
	}
	store := millstream(t, "store", "--dir", dir, "--listen", "127.0.0.1:0")
	messages, err := store.StderrPipe()
	must(t, err)
	must(t, store.Start())
	endpoint := strings.TrimPrefix(firstLine(t, messages), "S3 store at ")
	sql := millstream(t, "sql", "-q", "--config", dir+".yaml", "-D", "s3.endpoint="+endpoint, "-o", "csv", "-f", dir+".sql")
	rows, err := sql.Output()
	must(t, err)
	if got := string(rows); !strings.HasPrefix(got, "letters,words,total\n1,1,44743\n2,") {
		t.Errorf("the script's result is\n%s", got)
	}
	must(t, store.Process.Signal(os.Interrupt))
	if code := waitExit(t, store); code != exitDone {
		t.Errorf("exit code %d, want %d", code, exitDone)
	}
}
