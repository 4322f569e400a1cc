// Package e2e runs the built binary as users do: the word count, in SQL and in Go, from and to MinIO, the embedded store and files, held
// against a count that shares no code with the engine. It has tests only.
package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore/server"
)

// binary is millstream, and job examples/wordcount, built for this run.
var binary, job string

func TestMain(m *testing.M) {
	server.RunChildIfAsked()
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "millstream-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary, job = filepath.Join(dir, "millstream.exe"), filepath.Join(dir, "wordcount.exe")
	for program, pkg := range map[string]string{binary: "./cmd/millstream", job: "./examples/wordcount"} {
		build := exec.Command("go", "build", "-o", program, pkg)
		build.Dir = filepath.Join("..", "..")
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build %s: %v\n%s", pkg, err, out)
			return 1
		}
	}
	return m.Run()
}

// outcome is how a program ended.
type outcome struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

// millstream runs a command line in a directory, for at most a minute, without any settings of the user.
func millstream(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "MILLSTREAM_") && !strings.HasPrefix(v, "AWS_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	// No credentials of the user's either.
	cmd.Env = append(cmd.Env, "AWS_SHARED_CREDENTIALS_FILE="+filepath.Join(dir, "none"), "AWS_CONFIG_FILE="+filepath.Join(dir, "none"))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || ctx.Err() != nil) {
		t.Fatalf("millstream %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String(), time.Since(start)}
}

// succeed runs a command line that must end well.
func succeed(t *testing.T, dir string, args ...string) outcome {
	t.Helper()
	o := millstream(t, dir, args...)
	if o.code != 0 {
		t.Fatalf("millstream %s: exit code %d\n%s", strings.Join(args, " "), o.code, o.stderr)
	}
	return o
}

func writeFile(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
