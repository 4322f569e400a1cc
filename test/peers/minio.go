package peers

import (
	"cmp"
	"context"
	"crypto/rand"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// MinIOVersion is the last state of MinIO's community server, as the Go module that go install builds.
const MinIOVersion = "v0.0.0-20260212201848-7aac2a2c5b7c"

const (
	minioStart   = 30 * time.Second // for a server on a busy machine
	minioRequest = 5 * time.Second
)

// S3 is a store that speaks S3, with the credentials of its owner.
type S3 struct {
	Endpoint  string // such as http://127.0.0.1:41234
	AccessKey string
	SecretKey string
	Region    string
}

// Client returns a client of the store, with addresses in path style.
func (s *S3) Client() (*minio.Client, error) {
	scheme, host, _ := strings.Cut(s.Endpoint, "://")
	return minio.New(host, &minio.Options{
		Creds:        credentials.NewStaticV4(s.AccessKey, s.SecretKey, ""),
		Secure:       scheme == "https",
		Region:       s.Region,
		BucketLookup: minio.BucketLookupPath,
	})
}

// MakeBuckets creates the buckets that do not exist.
func (s *S3) MakeBuckets(ctx context.Context, names ...string) error {
	client, err := s.Client()
	if err != nil {
		return err
	}
	for _, name := range names {
		err := client.MakeBucket(ctx, name, minio.MakeBucketOptions{})
		if code := minio.ToErrorResponse(err).Code; err != nil && code != minio.BucketAlreadyOwnedByYou {
			return fmt.Errorf("make the bucket %s at %s: %w", name, s.Endpoint, err)
		}
	}
	return nil
}

// MinIOOptions say how MinIO runs. The zero value is what tests want.
type MinIOOptions struct {
	Address   string // HOST:PORT; empty for a free port on loopback
	AccessKey string // empty for "minio"
	SecretKey string // empty for a random one
	DataDir   string // empty for a temporary directory
	CertsDir  string // with public.crt and private.key in it, MinIO speaks HTTPS
	// Env are further variables of its environment, such as MINIO_NOTIFY_WEBHOOK_ENABLE_ID=on.
	Env []string
}

// Process is a running MinIO.
type Process struct {
	S3
	process *process
	dir     string // temporary, removed by Close
}

// MinIO returns a MinIO that runs until the end of the test.
func MinIO(t testing.TB) *S3 {
	t.Helper()
	return MinIOWith(t, MinIOOptions{})
}

// MinIOWith is [MinIO] with options.
func MinIOWith(t testing.TB, opts MinIOOptions) *S3 {
	t.Helper()
	p, err := StartMinIOWith(context.Background(), opts)
	give(t, err)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("stopping MinIO: %v", err)
		}
	})
	return &p.S3
}

// StartMinIO is [MinIO] for TestMain, where no test is to be skipped: an [Unavailable] error says that
// there is none. The context limits the start.
func StartMinIO(ctx context.Context) (*Process, error) {
	return StartMinIOWith(ctx, MinIOOptions{})
}

// StartMinIOWith is [StartMinIO] with options.
func StartMinIOWith(ctx context.Context, opts MinIOOptions) (*Process, error) {
	binary, err := InstallMinIO(ctx)
	if err != nil {
		return nil, err
	}
	return retry(ctx, func() (*Process, error) { return startMinIO(ctx, binary, opts) })
}

// Close ends MinIO and removes what it stored, unless the caller named the directory. An error says that
// it had ended before.
func (p *Process) Close() error {
	return errors.Join(p.process.stop(), os.RemoveAll(p.dir))
}

// Signal sends MinIO a signal, such as SIGSTOP.
func (p *Process) Signal(s os.Signal) error { return p.process.cmd.Process.Signal(s) }

// Kill ends MinIO as a crash does. What it stored in a directory that the caller named stays, for another MinIO at the same address.
func (p *Process) Kill() error { return errors.Join(p.process.end(), os.RemoveAll(p.dir)) }

func startMinIO(ctx context.Context, binary string, opts MinIOOptions) (_ *Process, err error) {
	address := opts.Address
	if address != "" && dial(ctx, address) == nil {
		// Otherwise that program's answers would be taken for those of this one, which is about to end.
		return nil, fmt.Errorf("MinIO cannot listen on %s: it is in use", address)
	}
	dir, err := os.MkdirTemp("", "millstream-minio-*")
	if err != nil {
		return nil, err
	}
	p := &Process{dir: dir, S3: S3{Region: "us-east-1"}}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if address == "" {
		ports, err := freePorts(1)
		if err != nil {
			return nil, err
		}
		address = "127.0.0.1:" + ports[0]
	}
	data, certs := opts.DataDir, opts.CertsDir
	if data == "" {
		data = filepath.Join(dir, "data")
	}
	if certs == "" {
		certs = filepath.Join(dir, "certs") // not those of the user
	}
	for _, d := range []string{data, certs} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return nil, err
		}
	}
	// A key of its own tells this MinIO from another test's that took the port in the meantime.
	p.AccessKey, p.SecretKey = cmp.Or(opts.AccessKey, "minio"), cmp.Or(opts.SecretKey, rand.Text())
	p.Endpoint = "http://" + address
	if opts.CertsDir != "" {
		p.Endpoint = "https://" + address
	}
	cmd := exec.Command(binary, "server", "--quiet", "--address", address, "--certs-dir", certs, data)
	cmd.Env = append(environment("MINIO_"),
		"MINIO_ROOT_USER="+p.AccessKey, "MINIO_ROOT_PASSWORD="+p.SecretKey,
		"MINIO_BROWSER=off", "MINIO_UPDATE=off",
		"MINIO_API_SELECT_PARQUET=on")
	cmd.Env = append(cmd.Env, opts.Env...)
	if p.process, err = launch("minio", dir, cmd); err != nil {
		return nil, err
	}
	if err := p.process.await(ctx, minioStart, p.answers); err != nil {
		return nil, errors.Join(err, p.process.end())
	}
	return p, nil
}

// answers tells whether the store lets its owner in, which comes after it listens. With a certificate it
// may be one that this process does not trust, so that listening has to do.
func (p *Process) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, minioRequest)
	defer cancel()
	if strings.HasPrefix(p.Endpoint, "https://") {
		return dial(ctx, strings.TrimPrefix(p.Endpoint, "https://"))
	}
	client, err := p.Client()
	if err != nil {
		return err
	}
	_, err = client.ListBuckets(ctx)
	return err
}

// InstallMinIO builds MinIO unless it is there, which takes about five minutes, and returns the program's
// path.
func InstallMinIO(ctx context.Context) (string, error) {
	binary := func(cache string) string {
		name := "minio"
		if runtime.GOOS == "windows" {
			name += ".exe"
		}
		return filepath.Join(cache, "bin", name)
	}
	have := func(cache string) bool {
		info, err := buildinfo.ReadFile(binary(cache))
		return err == nil && info.Main.Version == MinIOVersion
	}
	cache, err := install("MinIO", have, func(cache string) (err error) {
		out, err := os.MkdirTemp(cache, "minio-*") // outside any module, so that none is built with
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(out)) }()
		cmd := exec.CommandContext(ctx, "go", "install", "github.com/minio/minio@"+MinIOVersion)
		cmd.Dir = out
		cmd.Env = append(environment("GOBIN=", "GOFLAGS=", "GOWORK="), "GOBIN="+out, "GOFLAGS=-mod=mod", "GOWORK=off")
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("go install: %w\n%s", err, lastLines(text))
		}
		if err := os.MkdirAll(filepath.Dir(binary(cache)), 0o755); err != nil {
			return err
		}
		return os.Rename(filepath.Join(out, filepath.Base(binary(cache))), binary(cache))
	})
	return binary(cache), err
}
