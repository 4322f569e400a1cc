package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/server"
	"github.com/millstream/millstream/objstore/standard"
)

var update = flag.Bool("update", false, "rewrite what the scripts in testdata/script expect")

func TestMain(m *testing.M) {
	server.RunChildIfAsked()
	testscript.Main(m, map[string]func(){"millstream": main})
}

// TestScripts runs the command lines in testdata/script. Beside testscript's own commands there are
//
//	exits CODE PROGRAM [ARGUMENTS...]   run a program, which must end with that code within a minute, and leave what it wrote in
//	                                    the files out and err of $WORK, with $WORK, $ENDPOINT, $ACCESS_KEY, TIME, RATE, PORT
//	                                    and # (in names) for what changes from run to run
//	store [BUCKETS...]                  start an embedded store until the script ends, with store.yaml as its configuration,
//	                                    $ENDPOINT, $ACCESS_KEY and $SECRET_KEY
//	put FILE URL                        write an object
//	lines URL                           print the lines of all objects below URL, sorted
//	objects URL                         print the names of all objects below URL, with # as by exits
func TestScripts(t *testing.T) {
	home := t.TempDir()
	goEnv := goEnvironment(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			root, err := filepath.Abs("../..")
			if err != nil {
				return err
			}
			e.Vars = append(e.Vars, goEnv...)
			e.Setenv("HOME", home) // without configuration of other programs
			e.Setenv("REPO", root)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "store": startStore, "put": put, "lines": lines, "objects": objects,
		},
	})
}

// goEnvironment makes the Go tool work in scripts, with the caches of the user.
func goEnvironment(t *testing.T) []string {
	names := []string{"GOCACHE", "GOMODCACHE", "GOPROXY", "GOFLAGS", "GOTOOLCHAIN", "GOSUMDB"}
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	if err != nil {
		t.Logf("no Go toolchain: %v", err)
		return nil
	}
	values := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	env := make([]string, len(names))
	for i, name := range names {
		env[i] = name + "=" + values[i]
	}
	return env
}

// longest is how long a command may take on a busy machine, also one that says that a store cannot be reached.
const longest = time.Minute

var (
	durations = regexp.MustCompile(`\b\d+(\.\d+)?(µs|ms|s)\b`)
	rates     = regexp.MustCompile(`[\d.,]+( [kMG]?B| words)/s`)
	ports     = regexp.MustCompile(`127\.0\.0\.1:\d{5}`)
	generated = regexp.MustCompile(`[0-9a-f]{32}`)
)

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARGUMENTS...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	start := time.Now()
	err = ts.Exec(args[1], args[2:]...)
	if took := time.Since(start); took > longest {
		ts.Fatalf("took %v", took)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	normal := []string{ts.Getenv("WORK"), "$WORK"}
	if endpoint := ts.Getenv("ENDPOINT"); endpoint != "" {
		normal = append(normal, endpoint, "$ENDPOINT", strings.TrimPrefix(endpoint, "http://"), "$ENDPOINT",
			ts.Getenv("ACCESS_KEY"), "$ACCESS_KEY")
	}
	for name, stream := range map[string]string{"out": "stdout", "err": "stderr"} {
		text := strings.NewReplacer(normal...).Replace(ts.ReadFile(stream))
		text = rates.ReplaceAllString(durations.ReplaceAllString(text, "TIME"), "RATE$1/s")
		text = generated.ReplaceAllString(ports.ReplaceAllString(text, "127.0.0.1:PORT"), "#")
		ts.Check(os.WriteFile(filepath.Join(ts.Getenv("WORK"), name), []byte(text), 0o666))
	}
	got := 0
	if exit != nil {
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

func startStore(ts *testscript.TestScript, neg bool, buckets []string) {
	if neg {
		ts.Fatalf("usage: store [BUCKETS...]")
	}
	ctx := context.Background()
	store, err := server.Start(ctx, server.Options{Dir: ts.MkAbs(".store")})
	ts.Check(err)
	ts.Defer(func() { ts.Check(store.Close()) })
	ts.Setenv("ENDPOINT", store.Endpoint)
	ts.Setenv("ACCESS_KEY", store.AccessKey)
	ts.Setenv("SECRET_KEY", store.SecretKey)
	ts.Check(os.WriteFile(ts.MkAbs("store.yaml"), []byte("s3.endpoint: "+store.Endpoint+"\ns3.path-style: true\ns3.access-key: "+
		store.AccessKey+"\ns3.secret-key: "+store.SecretKey+"\n"), 0o600))
	client, err := s3.New(s3Config(ts))
	ts.Check(err)
	defer client.Close()
	for _, bucket := range buckets {
		ts.Check(client.MakeBucket(ctx, bucket))
	}
}

func s3Config(ts *testscript.TestScript) s3.Config {
	return s3.Config{Endpoint: ts.Getenv("ENDPOINT"), AccessKey: ts.Getenv("ACCESS_KEY"), SecretKey: ts.Getenv("SECRET_KEY"), PathStyle: s3.Path}
}

// open opens the store of a URL; a path without a scheme is below the script's directory.
func open(ts *testscript.TestScript, url string) (store objstore.Store, prefix string) {
	if !strings.Contains(url, "://") {
		url = ts.MkAbs(url)
	}
	store, prefix, err := standard.New(s3Config(ts)).Open(context.Background(), url)
	ts.Check(err)
	return store, prefix
}

func put(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: put FILE URL")
	}
	store, key := open(ts, args[1])
	_, err := store.Put(context.Background(), key, []byte(ts.ReadFile(args[0])), objstore.Condition{})
	ts.Check(err)
}

func lines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lines URL")
	}
	ctx := context.Background()
	store, prefix := open(ts, args[0])
	var all []string
	for info, err := range store.List(ctx, prefix+"/", objstore.ListOptions{}) {
		ts.Check(err)
		body, _, err := store.Get(ctx, info.Key, objstore.All)
		ts.Check(err)
		s := bufio.NewScanner(body)
		for s.Scan() {
			all = append(all, s.Text())
		}
		ts.Check(s.Err())
		body.Close()
	}
	slices.Sort(all)
	for _, line := range all {
		fmt.Fprintln(ts.Stdout(), line)
	}
}

func objects(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: objects URL")
	}
	store, prefix := open(ts, args[0])
	for info, err := range store.List(context.Background(), prefix+"/", objstore.ListOptions{}) {
		ts.Check(err)
		fmt.Fprintln(ts.Stdout(), generated.ReplaceAllString(strings.TrimPrefix(info.Key, prefix+"/"), "#"))
	}
}

// millstream returns a command that runs this binary's main with a configuration-free environment.
func millstream(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Args[0] = "millstream" // by which testscript's Main chooses what to run
	cmd.Dir = t.TempDir()
	cmd.Env = []string{"HOME=" + cmd.Dir, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + os.TempDir()}
	if runtime.GOOS == "windows" {
		cmd.Env = append(cmd.Env, "SYSTEMROOT="+os.Getenv("SYSTEMROOT"))
	}
	return cmd
}

// firstLine waits for the first line of a program's output. The rest is thrown away.
func firstLine(t *testing.T, r io.Reader) string {
	t.Helper()
	buffered := bufio.NewReader(r)
	line, err := buffered.ReadString('\n')
	if err != nil {
		t.Fatalf("the program ended before it wrote a line: %q, %v", line, err)
	}
	go io.Copy(io.Discard, buffered) //nolint:errcheck // ends with the program
	return strings.TrimSuffix(line, "\n")
}
