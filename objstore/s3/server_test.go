package s3

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/server"
	"github.com/millstream/millstream/objstore/storetest"
)

func TestMain(m *testing.M) {
	server.RunChildIfAsked()
	// The tests say themselves which credentials there are.
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION",
		"AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_CA_BUNDLE"} {
		if err := os.Unsetenv(name); err != nil {
			panic(err)
		}
	}
	for _, name := range []string{"AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"} {
		if err := os.Setenv(name, filepath.Join(os.TempDir(), "no-such-aws-file")); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	if err := stopStore(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// One embedded store serves all tests of the package; each test has buckets of its own.
var (
	storeOnce sync.Once
	storeDir  string
	instance  *server.Instance
	storeErr  error
	buckets   atomic.Int64
)

func startStore() {
	if storeDir, storeErr = os.MkdirTemp("", "millstream-s3-test-"); storeErr == nil {
		instance, storeErr = server.Start(context.Background(), server.Options{Dir: storeDir})
	}
}

func stopStore() error {
	if instance != nil {
		if err := instance.Close(); err != nil {
			return err
		}
	}
	if storeDir == "" {
		return nil
	}
	return os.RemoveAll(storeDir)
}

// testConfig returns what reaches the store of the tests. MILLSTREAM_TEST_S3 (an endpoint, with AWS_* style
// MILLSTREAM_TEST_S3_KEY and MILLSTREAM_TEST_S3_SECRET) names another one to run the same tests against.
func testConfig(t testing.TB) Config {
	t.Helper()
	if endpoint := os.Getenv("MILLSTREAM_TEST_S3"); endpoint != "" {
		return Config{Endpoint: endpoint, AccessKey: os.Getenv("MILLSTREAM_TEST_S3_KEY"), SecretKey: os.Getenv("MILLSTREAM_TEST_S3_SECRET")}
	}
	storeOnce.Do(startStore)
	if storeErr != nil {
		t.Fatal(storeErr)
	}
	a := instance.Access
	return Config{Endpoint: a.Endpoint, AccessKey: a.AccessKey, SecretKey: a.SecretKey, Region: a.Region}
}

func newClient(t testing.TB, cfg Config) *Client {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// newBucket makes an empty bucket.
func newBucket(t testing.TB, c *Client) *bucket {
	t.Helper()
	name := fmt.Sprintf("test-%d-%d", os.Getpid(), buckets.Add(1))
	if err := c.MakeBucket(storetest.Context(t), name); err != nil {
		t.Fatal(err)
	}
	return c.Bucket(name).(*bucket)
}

func TestSuite(t *testing.T) {
	c := newClient(t, testConfig(t))
	storetest.Run(t, storetest.Suite{
		Open: func(t testing.TB) objstore.Store { return newBucket(t, c) },
		Peer: func(t testing.TB, s objstore.Store) objstore.Store {
			return newClient(t, testConfig(t)).Bucket(s.(*bucket).name)
		},
	})
}

// dialAlways connects to one address whatever is asked for.
func dialAlways(dial func(context.Context, string, string) (net.Conn, error), address string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, _ string) (net.Conn, error) { return dial(ctx, network, address) }
}
