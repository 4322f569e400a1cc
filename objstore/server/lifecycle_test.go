package server

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
)

func TestRestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	first := start(t, Options{Dir: dir, Log: &log})
	client := newClient(t, first.Access)
	makeBucket(t, client, "bucket")
	opts := minio.PutObjectOptions{UserMetadata: map[string]string{"Origin": "here"}}
	if _, err := put(client, "bucket", "a/b", []byte("kept"), opts); err != nil {
		t.Fatal(err)
	}
	id, parts := upload(t, client, "bucket", "pending", []byte("half done"))
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if got, want := log.String(), fmt.Sprintf("store: serving %s at %s\nstore: stopped serving %s\n", dir, first.Endpoint, dir); got != want {
		t.Errorf("the log is %q, want %q", got, want)
	}
	if strings.Contains(log.String(), first.SecretKey) {
		t.Error("the secret key is in the log")
	}

	second := start(t, Options{Dir: dir})
	if second.AccessKey != first.AccessKey || second.SecretKey != first.SecretKey {
		t.Error("the restarted store has other credentials")
	}
	client = newClient(t, second.Access)
	info, err := client.StatObject(context.Background(), "bucket", "a/b", minio.StatObjectOptions{})
	if err != nil || info.UserMetadata["Origin"] != "here" {
		t.Errorf("metadata after a restart: %v, %v", info.UserMetadata, err)
	}
	if got := mustGet(t, client, "bucket", "a/b"); string(got) != "kept" {
		t.Errorf("after a restart the object is %q", got)
	}
	if err := complete(client, "bucket", "pending", id, parts, minio.PutObjectOptions{}); err != nil {
		t.Errorf("complete an upload from before the restart: %v", err)
	}
	plain, err := os.ReadFile(filepath.Join(dir, "buckets", "bucket", "a", "b"))
	if err != nil || string(plain) != "kept" {
		t.Errorf("the file of the object is %q: %v", plain, err)
	}
}

func TestTwoInstances(t *testing.T) {
	a, b := start(t, Options{}), start(t, Options{})
	if a.Endpoint == b.Endpoint || a.SecretKey == b.SecretKey {
		t.Fatalf("two stores at %s and %s share something", a.Endpoint, b.Endpoint)
	}
	for i, instance := range []*Instance{a, b} {
		client := newClient(t, instance.Access)
		makeBucket(t, client, "bucket")
		mustPut(t, client, "bucket", "key", fmt.Append(nil, i))
	}
	for i, instance := range []*Instance{a, b} {
		if got := mustGet(t, newClient(t, instance.Access), "bucket", "key"); string(got) != fmt.Sprint(i) {
			t.Errorf("store %d has %q", i, got)
		}
	}
}

func TestContextEndsInstance(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	instance, err := Start(ctx, Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	<-instance.Done()
	if err := instance.Close(); err != nil {
		t.Error(err)
	}
	if _, err := Start(ctx, Options{Dir: t.TempDir()}); !errors.Is(err, context.Canceled) {
		t.Errorf("start with an ended context: %v", err)
	}
}

// Serve is what `millstream store` calls: in this process, with an address of the caller's choice.
func TestServe(t *testing.T) {
	dir, here := t.TempDir(), cwd(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ready, ended := make(chan Access, 1), make(chan error, 1)
	began := time.Now()
	go func() {
		ended <- Serve(ctx, Options{Dir: dir, Listen: "localhost:0", AccessKey: "mine", SecretKey: "my-secret-key", Region: "eu-central-1",
			OnReady: func(a Access) { ready <- a }})
	}()
	var access Access
	select {
	case access = <-ready:
		t.Logf("ready after %v", time.Since(began))
	case err := <-ended:
		t.Fatal(err)
	}
	if access.AccessKey != "mine" || access.CredentialsFile != "" || access.Region != "eu-central-1" {
		t.Errorf("access is %#v", access)
	}
	client := newClient(t, access)
	makeBucket(t, client, "bucket")
	mustPut(t, client, "bucket", "key", []byte("value"))
	if err := Serve(ctx, Options{Dir: t.TempDir(), Listen: "127.0.0.1:0"}); err == nil {
		t.Error("a second store in the process started")
	}
	// Neither an idle connection nor one that never said anything may hold up the end for long.
	silent, err := net.Dial("tcp", strings.TrimPrefix(access.Endpoint, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	stopped := time.Now()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if took := time.Since(stopped); took > 3*shutdownGrace { // the library alone would wait for 10 s
		t.Errorf("it took %v to stop", took)
	}
	if cwd(t) != here {
		t.Errorf("the working directory is now %s", cwd(t))
	}
	if _, err := os.Stat(filepath.Join(dir, ".millstream", "credentials")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("credentials were generated though the caller brought some: %v", err)
	}
}

// serve runs a store in this process until the returned function is called.
func serve(t *testing.T, opts Options) (Access, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	ready, ended := make(chan Access, 1), make(chan error, 1)
	opts.Listen = "127.0.0.1:0"
	opts.OnReady = func(a Access) { ready <- a }
	go func() { ended <- Serve(ctx, opts) }()
	select {
	case access := <-ready:
		return access, func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	case err := <-ended:
		t.Fatal(err)
		return Access{}, nil
	}
}

// Where the file system has no extended attributes they are files of their own, and nothing else differs.
func TestAttributeFiles(t *testing.T) {
	dir := t.TempDir()
	access, stop := serve(t, Options{Dir: dir, attributeFiles: true})
	client := newClient(t, access)
	makeBucket(t, client, "bucket")
	opts := minio.PutObjectOptions{UserMetadata: map[string]string{"Origin": "here"}}
	written, err := put(client, "bucket", "a/b", []byte("kept"), opts)
	if err != nil {
		t.Fatal(err)
	}
	id, parts := upload(t, client, "bucket", "cut", []byte("half done"))
	stop()
	cut := uploadDirs(t, dir, id)
	attributes := strings.Replace(cut[0], filepath.Join(dir, "buckets"), filepath.Join(dir, ".millstream", "attributes"), 1)
	for _, path := range []string{cut[0], attributes} { // as a kill leaves them
		if err := os.Rename(path, path+".abc-1"+inProgress); err != nil {
			t.Fatal(err)
		}
	}

	access, stop = serve(t, Options{Dir: dir, attributeFiles: true})
	defer stop()
	client = newClient(t, access)
	info, err := client.StatObject(context.Background(), "bucket", "a/b", minio.StatObjectOptions{})
	if err != nil || info.UserMetadata["Origin"] != "here" || info.ETag != written.ETag {
		t.Errorf("after a restart: %+v, %v", info, err)
	}
	for range 2 {
		if err := complete(client, "bucket", "cut", id, parts, minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if got := mustGet(t, client, "bucket", "cut"); string(got) != "half done" {
		t.Errorf("the completed object is %q", got)
	}
	names, err := filepath.Glob(filepath.Join(dir, ".millstream", "attributes", "bucket", "cut", "meta", "*"))
	if err != nil || len(names) == 0 {
		t.Errorf("the attributes are not in files: %v, %v", names, err)
	}
}

func cwd(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	certFile, keyFile, pool := selfSigned(t, dir)
	instance := start(t, Options{Dir: filepath.Join(dir, "store"), CertFile: certFile, KeyFile: keyFile})
	if !strings.HasPrefix(instance.Endpoint, "https://") {
		t.Fatalf("the endpoint is %s", instance.Endpoint)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = clientTLS(pool)
	client := newClientWith(t, instance.Access, transport)
	makeBucket(t, client, "bucket")
	data := bytes.Repeat([]byte("0123456789"), 100_000)
	mustPut(t, client, "bucket", "key", data)
	if got := mustGet(t, client, "bucket", "key"); !bytes.Equal(got, data) {
		t.Errorf("got %d bytes back that differ from the %d written", len(got), len(data))
	}
	_, err := Start(context.Background(), Options{Dir: t.TempDir(), CertFile: keyFile, KeyFile: certFile})
	wantMessage(t, err, "TLS certificate", keyFile)
}

const parentMark = "MILLSTREAM__TEST_PARENT"

// parentMain is a process that starts a store, says where, and then waits to be killed.
func parentMain(dir string) int {
	instance, err := Start(context.Background(), Options{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(instance.Endpoint)
	<-instance.Done()
	return 2 // the store ended before its parent
}

func TestChildDiesWithParent(t *testing.T) {
	dir := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentMark+"="+dir)
	parent.Stderr = os.Stderr
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	addr := strings.TrimPrefix(strings.TrimSpace(line), "http://")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	wantMessage(t, parent.Wait(), "killed")
	// The connection ends with the process at its other end.
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the store at %s outlived its parent", addr)
	}
	start(t, Options{Dir: dir}) // whose lock is free again
}

func TestStartFailures(t *testing.T) {
	ctx := context.Background()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, err = Start(ctx, Options{Dir: t.TempDir(), Listen: taken.Addr().String()})
	wantMessage(t, err, "cannot listen on "+taken.Addr().String(), "another program uses that port")

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Start(ctx, Options{Dir: filepath.Join(file, "store")})
	wantMessage(t, err, "cannot use the directory "+file+"/store", "a file is in the way")

	if os.Geteuid() != 0 { // root may write anywhere
		closed := t.TempDir()
		if err := os.Chmod(closed, 0o500); err != nil {
			t.Fatal(err)
		}
		_, err = Start(ctx, Options{Dir: filepath.Join(closed, "store")})
		wantMessage(t, err, "cannot use the directory", "this user may not write there")
	}

	running := start(t, Options{})
	dir := filepath.Dir(filepath.Dir(running.CredentialsFile))
	_, err = Start(ctx, Options{Dir: dir})
	wantMessage(t, err, dir, "in use by another store", fmt.Sprintf("process %d", running.pid))

	prepared.Store(false)
	defer prepared.Store(true)
	_, err = Start(ctx, Options{Dir: t.TempDir()})
	wantMessage(t, err, "RunChildIfAsked")
}

func TestUnexpectedEnd(t *testing.T) {
	instance, err := Start(context.Background(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := instance.kill(); err != nil {
		t.Fatal(err)
	}
	<-instance.Done()
	wantMessage(t, instance.Close(), "the store's process", "killed")
}

// Starting and closing leaves neither goroutines nor threads behind.
func TestNoLeaks(t *testing.T) {
	before := runtime.NumGoroutine()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			instance, err := Start(context.Background(), Options{Dir: t.TempDir()})
			if err != nil {
				t.Error(err)
				return
			}
			if err := instance.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
		}
	}
}
