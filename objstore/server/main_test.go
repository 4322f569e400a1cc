package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

func TestMain(m *testing.M) {
	RunChildIfAsked()
	if dir := os.Getenv(parentMark); dir != "" {
		os.Exit(parentMain(dir))
	}
	os.Exit(m.Run())
}

// start runs a store on a temporary directory for the time of the test.
func start(t testing.TB, opts Options) *Instance {
	t.Helper()
	if opts.Dir == "" {
		opts.Dir = t.TempDir()
	}
	instance, err := Start(context.Background(), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := instance.Close(); err != nil {
			t.Errorf("closing the store: %v", err)
		}
	})
	return instance
}

func newClient(t testing.TB, a Access) *minio.Core {
	t.Helper()
	return newClientWith(t, a, http.DefaultTransport.(*http.Transport).Clone())
}

func newClientWith(t testing.TB, a Access, transport *http.Transport) *minio.Core {
	t.Helper()
	endpoint, err := url.Parse(a.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	transport.MaxIdleConnsPerHost = 64
	t.Cleanup(transport.CloseIdleConnections)
	client, err := minio.NewCore(endpoint.Host, &minio.Options{
		Creds:      credentials.NewStaticV4(a.AccessKey, a.SecretKey, ""),
		Secure:     endpoint.Scheme == "https",
		Region:     a.Region,
		Transport:  transport,
		MaxRetries: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// withBucket starts a store and makes a bucket in it.
func withBucket(t testing.TB, bucket string) (*Instance, *minio.Core) {
	t.Helper()
	instance := start(t, Options{})
	client := newClient(t, instance.Access)
	makeBucket(t, client, bucket)
	return instance, client
}

func makeBucket(t testing.TB, client *minio.Core, bucket string) {
	t.Helper()
	if err := client.MakeBucket(context.Background(), bucket, minio.MakeBucketOptions{}); err != nil {
		t.Fatal(err)
	}
}

func put(client *minio.Core, bucket, key string, data []byte, opts minio.PutObjectOptions) (minio.UploadInfo, error) {
	return client.PutObject(context.Background(), bucket, key, bytes.NewReader(data), int64(len(data)), "", "", opts)
}

func mustPut(t testing.TB, client *minio.Core, bucket, key string, data []byte) {
	t.Helper()
	if _, err := put(client, bucket, key, data, minio.PutObjectOptions{}); err != nil {
		t.Fatalf("put %s/%s: %v", bucket, key, err)
	}
}

func get(client *minio.Core, bucket, key string, opts minio.GetObjectOptions) ([]byte, http.Header, error) {
	body, _, header, err := client.GetObject(context.Background(), bucket, key, opts)
	if err != nil {
		return nil, nil, err
	}
	data, err := io.ReadAll(body)
	return data, header, errors.Join(err, body.Close())
}

func mustGet(t testing.TB, client *minio.Core, bucket, key string) []byte {
	t.Helper()
	data, _, err := get(client, bucket, key, minio.GetObjectOptions{})
	if err != nil {
		t.Fatalf("get %s/%s: %v", bucket, key, err)
	}
	return data
}

func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if got := minio.ToErrorResponse(err).Code; got != code {
		t.Errorf("got the error %q (%v), want %s", got, err, code)
	}
}

func wantMessage(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error %q lacks %q", err, part)
		}
	}
}
