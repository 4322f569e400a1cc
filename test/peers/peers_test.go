package peers

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore/server"
	"github.com/minio/minio-go/v7"
)

// roleMark makes this binary another program: "parent" starts a MinIO and waits to be killed, "broken" ends
// at once.
const roleMark = "MILLSTREAM__TEST_ROLE"

func TestMain(m *testing.M) {
	server.RunChildIfAsked()
	switch os.Getenv(roleMark) {
	case "":
		os.Exit(m.Run())
	case "broken":
		fmt.Fprintln(os.Stderr, "the address is already in use")
		os.Exit(3)
	}
	p, err := StartMinIO(context.Background())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(strings.TrimPrefix(p.Endpoint, "http://"))
	<-p.process.done
	os.Exit(1)
}

func TestMinIO(t *testing.T) {
	s3 := MinIO(t)
	client, err := s3.Client()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for range 2 { // a bucket that is there stays
		if err := s3.MakeBuckets(ctx, "input", "output"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.PutObject(ctx, "input", "dir/key", strings.NewReader("value"), 5, minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	body, err := client.GetObject(ctx, "input", "dir/key", minio.GetObjectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(body); err != nil || string(got) != "value" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestClose(t *testing.T) {
	MinIO(t) // skips without one
	p, err := StartMinIOWith(context.Background(), MinIOOptions{AccessKey: "somebody", SecretKey: "some-secret"})
	if err != nil {
		t.Fatal(err)
	}
	if p.AccessKey != "somebody" || p.SecretKey != "some-secret" {
		t.Errorf("the credentials are %s and %s", p.AccessKey, p.SecretKey)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(p.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the directory is still there: %v", err)
	}
	if err := dial(context.Background(), strings.TrimPrefix(p.Endpoint, "http://")); err == nil {
		t.Error("the port is still open")
	}
}

func TestStartFails(t *testing.T) {
	address := strings.TrimPrefix(MinIO(t).Endpoint, "http://")
	if _, err := StartMinIOWith(context.Background(), MinIOOptions{Address: address}); err == nil || !strings.Contains(err.Error(), "it is in use") {
		t.Errorf("a second MinIO at %s gives %v", address, err)
	}
}

// A program that ends at once is started again, and then the error has its last words.
func TestRetry(t *testing.T) {
	starts := 0
	_, err := retry(context.Background(), func() (*process, error) {
		starts++
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), roleMark+"=broken")
		p, err := launch("broken", t.TempDir(), cmd)
		if err != nil {
			t.Fatal(err)
		}
		return p, p.await(context.Background(), time.Minute, func(context.Context) error { return errors.New("not yet") })
	})
	want := "broken ended by itself (exit status 3); the end of its log:\nthe address is already in use"
	if !errors.Is(err, errEnded) || err.Error() != want {
		t.Errorf("got the error %v, want %s", err, want)
	}
	if starts != attempts {
		t.Errorf("started %d times", starts)
	}
}

func TestPeerDiesWithTest(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux ends a process with its parent")
	}
	MinIO(t)
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), roleMark+"=parent", "TMPDIR="+t.TempDir())
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
	conn, err := net.Dial("tcp", strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := parent.Wait(); err == nil {
		t.Error("the killed process ended well")
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("MinIO outlived the process that started it")
	}
}

// outcome is a test that notes how it ended.
type outcome struct {
	testing.TB
	skipped, failed string
}

func (o *outcome) Helper()           {}
func (o *outcome) Skip(args ...any)  { o.skipped = fmt.Sprint(args...) }
func (o *outcome) Fatal(args ...any) { o.failed = fmt.Sprint(args...) }

func TestGive(t *testing.T) {
	missing := fmt.Errorf("so: %w", &Unavailable{Peer: "MinIO", Reason: errors.New("no network")})
	for _, c := range []struct {
		err                      error
		require, skipped, failed string
	}{
		{err: nil},
		{err: missing, skipped: "so: MinIO cannot be had here: no network"},
		{err: missing, require: "1", failed: "so: MinIO cannot be had here: no network"},
		{err: errors.New("crashed"), failed: "crashed"},
	} {
		t.Setenv("MILLSTREAM_REQUIRE_PEERS", c.require)
		var got outcome
		give(&got, c.err)
		if got.skipped != c.skipped || got.failed != c.failed {
			t.Errorf("%v, required %q: skipped %q, failed %q", c.err, c.require, got.skipped, got.failed)
		}
	}
}

func TestUnavailable(t *testing.T) {
	t.Setenv("MILLSTREAM_PEERS", t.TempDir())
	t.Setenv("PATH", "")
	t.Setenv("JAVA_HOME", "")
	t.Setenv("MILLSTREAM_FLINK", "")
	ctx := context.Background()
	var missing *Unavailable
	if _, err := StartMinIO(ctx); !errors.As(err, &missing) || !strings.Contains(err.Error(), `"go": executable file not found`) {
		t.Errorf("without go: %v", err)
	}
	if _, err := StartFlink(ctx, FlinkOptions{}); !errors.As(err, &missing) || !strings.Contains(err.Error(), "no Java runtime") {
		t.Errorf("without java: %v", err)
	}
	if _, err := InstallFlink(ctx); !errors.As(err, &missing) || !strings.Contains(err.Error(), `"python3": executable file not found`) {
		t.Errorf("without python3: %v", err)
	}
	t.Setenv("MILLSTREAM_FLINK", t.TempDir())
	if _, err := InstallFlink(ctx); errors.As(err, &missing) || err == nil || !strings.Contains(err.Error(), "MILLSTREAM_FLINK is") {
		t.Errorf("with a wrong distribution: %v", err)
	}
}

func TestInstallOnce(t *testing.T) {
	cache := filepath.Join(t.TempDir(), "cache")
	t.Setenv("MILLSTREAM_PEERS", cache)
	have := func(cache string) bool {
		text, err := os.ReadFile(filepath.Join(cache, "program"))
		return err == nil && bytes.Equal(text, []byte("whole"))
	}
	var builds atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			got, err := install("a program", have, func(cache string) error {
				builds.Add(1)
				return os.WriteFile(filepath.Join(cache, "program"), []byte("whole"), 0o600)
			})
			if err != nil || got != cache {
				t.Errorf("installed in %s, %v", got, err)
			}
		})
	}
	wg.Wait()
	if n := builds.Load(); n != 1 {
		t.Errorf("built %d times", n)
	}
}
