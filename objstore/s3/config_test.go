package s3

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/storetest"
)

func TestEndpoints(t *testing.T) {
	for _, c := range []struct {
		endpoint string
		style    Style
		region   string
		bucket   string
		want     string // URL of bucket/a b+c
	}{
		{"http://127.0.0.1:9000", Auto, "", "b", "http://127.0.0.1:9000/b/a%20b%2Bc"},
		{"127.0.0.1:9000", Auto, "", "b", "http://127.0.0.1:9000/b/a%20b%2Bc"},
		{"localhost:9000", Auto, "", "b", "http://localhost:9000/b/a%20b%2Bc"},
		{"[::1]:9000", Auto, "", "b", "http://[::1]:9000/b/a%20b%2Bc"},
		{"minio.example.com", Auto, "", "b", "https://minio.example.com/b/a%20b%2Bc"},
		{"https://minio.example.com:443/", Auto, "", "b", "https://minio.example.com/b/a%20b%2Bc"},
		{"http://minio.example.com:80", Auto, "", "b", "http://minio.example.com/b/a%20b%2Bc"},
		{"http://minio.example.com:9000", VirtualHost, "", "b", "http://b.minio.example.com:9000/a%20b%2Bc"},
		{"https://minio.example.com", VirtualHost, "", "b.c", "https://minio.example.com/b.c/a%20b%2Bc"},
		{"", Auto, "", "b", "https://b.s3.us-east-1.amazonaws.com/a%20b%2Bc"},
		{"", Auto, "eu-west-1", "b", "https://b.s3.eu-west-1.amazonaws.com/a%20b%2Bc"},
		{"", Auto, "cn-north-1", "b", "https://b.s3.cn-north-1.amazonaws.com.cn/a%20b%2Bc"},
		{"", Path, "eu-west-1", "b", "https://s3.eu-west-1.amazonaws.com/b/a%20b%2Bc"},
		{"https://s3.amazonaws.com", Auto, "", "b", "https://b.s3.us-east-1.amazonaws.com/a%20b%2Bc"},
		{"https://s3.eu-central-1.amazonaws.com", Auto, "", "b", "https://b.s3.eu-central-1.amazonaws.com/a%20b%2Bc"},
	} {
		client := newClient(t, Config{Endpoint: c.endpoint, PathStyle: c.style, Region: c.region, AccessKey: "a", SecretKey: "s"})
		req := client.build(t.Context(), request{method: http.MethodGet, bucket: c.bucket, key: "a b+c"}, client.cfg.Region)
		if got := req.URL.String(); got != c.want {
			t.Errorf("%q, %d: %s, want %s", c.endpoint, c.style, got, c.want)
		}
	}
	for endpoint, want := range map[string]string{
		"ftp://x":               "scheme is 'ftp'",
		"http://":               "no host",
		"http://h:9000/bucket":  "behind host and port",
		"http://me:pw@h:9000":   "carries credentials",
		"http://h:9000?x=1":     "behind host and port",
		"http://bad host:9000":  "no URL",
		"http://127.0.0.1:port": "no URL",
	} {
		_, err := New(Config{Endpoint: endpoint})
		storetest.WantKind(t, err, objstore.BadURL, want)
		if strings.Contains(err.Error(), "pw") {
			t.Errorf("the password is told: %v", err)
		}
	}
}

func TestWrongSettings(t *testing.T) {
	notPEM := filepath.Join(t.TempDir(), "x.pem")
	if err := os.WriteFile(notPEM, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, cfg := range map[string]Config{
		"only one is set":   {AccessKey: "a"},
		"is too small":      {PartSize: 1 << 20},
		"no-such-file.pem":  {CAFile: "/no-such-file.pem"},
		"no certificate in": {CAFile: notPEM},
	} {
		_, err := New(cfg)
		storetest.WantKind(t, err, objstore.BadURL, want)
	}
}

func TestCredentials(t *testing.T) {
	file := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(file, []byte("[default]\naws_access_key_id=from-default\naws_secret_access_key=x\n[other]\naws_access_key_id=from-other\naws_secret_access_key=x\n[empty]\nregion=x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	key := func(cfg Config) string {
		t.Helper()
		cfg.Endpoint = "http://127.0.0.1:1"
		return newClient(t, cfg).accessKey(t.Context())
	}
	if got := key(Config{}); got != "" {
		t.Errorf("without any: %q", got)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", file)
	if got := key(Config{}); got != "from-default" {
		t.Errorf("default profile: %q", got)
	}
	t.Setenv("AWS_PROFILE", "other")
	if got := key(Config{}); got != "from-other" {
		t.Errorf("AWS_PROFILE: %q", got)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "from-env")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "x")
	if got := key(Config{}); got != "from-env" {
		t.Errorf("environment: %q", got)
	}
	if got := key(Config{Profile: "default"}); got != "from-default" {
		t.Errorf("Profile: %q", got)
	}
	if got := key(Config{AccessKey: "static", SecretKey: "x", Profile: "other"}); got != "static" {
		t.Errorf("static keys: %q", got)
	}
	for _, profile := range []string{"missing", "empty"} {
		_, err := New(Config{Profile: profile})
		storetest.WantKind(t, err, objstore.BadCredentials, "the AWS profile '"+profile+"'")
	}
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if _, err := New(Config{}); objstore.KindOf(err) != objstore.BadCredentials || !strings.Contains(err.Error(), "only one is set") {
		t.Errorf("half of the environment: %v", err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_PROFILE", "missing")
	_, err := New(Config{})
	storetest.WantKind(t, err, objstore.BadCredentials, "AWS_PROFILE")
}

func TestEnvironment(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1111")
	t.Setenv("AWS_DEFAULT_REGION", "eu-north-1")
	c := newClient(t, Config{})
	if c.Endpoint() != "http://127.0.0.1:1111" || c.cfg.Region != "eu-north-1" {
		t.Errorf("%s, %s", c.Endpoint(), c.cfg.Region)
	}
	t.Setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:2222")
	t.Setenv("AWS_REGION", "eu-south-1")
	c = newClient(t, Config{})
	if c.Endpoint() != "http://127.0.0.1:2222" || c.cfg.Region != "eu-south-1" {
		t.Errorf("%s, %s", c.Endpoint(), c.cfg.Region)
	}
}

// TestVirtualHost has the bucket in the host, which a proxy routes back to the server by name.
func TestVirtualHost(t *testing.T) {
	var hosts []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hosts = append(hosts, r.Host+r.URL.EscapedPath())
		w.Header().Set("ETag", `"e"`)
		answer(t, w, "x")
	}))
	defer srv.Close()
	port := srv.URL[strings.LastIndexByte(srv.URL, ':'):]
	c := newClient(t, Config{Endpoint: "http://localhost" + port, PathStyle: VirtualHost, AccessKey: "a", SecretKey: "s"})
	// Names below localhost are the loopback address; not every resolver knows.
	dial := c.transport.DialContext
	c.transport.DialContext = dialAlways(dial, "127.0.0.1"+port)
	storetest.Read(t, c.Bucket("bucket"), "dir/a b", objstore.All)
	if want := "bucket.localhost" + port + "/dir/a%20b"; len(hosts) != 1 || hosts[0] != want {
		t.Errorf("asked for %q, want %q", hosts, want)
	}
}

// TestRegion has a store that wants another region than the default and names it.
func TestRegion(t *testing.T) {
	var regions []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		region := strings.Split(r.Header.Get("Authorization"), "/")[2]
		regions = append(regions, region)
		if region != "eu-central-1" {
			w.WriteHeader(http.StatusBadRequest)
			answer(t, w, "<Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong region</Message><Region>eu-central-1</Region></Error>")
			return
		}
		w.Header().Set("ETag", `"e"`)
		answer(t, w, "x")
	}))
	defer srv.Close()
	c := newClient(t, Config{Endpoint: srv.URL, AccessKey: "a", SecretKey: "s"})
	for range 2 {
		storetest.Read(t, c.Bucket("bucket"), "key", objstore.All)
	}
	if got := strings.Join(regions, " "); got != "us-east-1 eu-central-1 eu-central-1" {
		t.Errorf("signed for %s", got)
	}
}

func FuzzEndpoint(f *testing.F) {
	for _, s := range []string{"http://127.0.0.1:9000", "localhost", "[::1]:9000", "https://s3.eu-west-1.amazonaws.com", "http://u:p@h", "://"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ep, _, err := parseEndpoint(text, Auto)
		if err != nil {
			if objstore.KindOf(err) != objstore.BadURL {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if ep.style == Auto || ep.scheme != "http" && ep.scheme != "https" || ep.hostFor("us-east-1") == "" {
			t.Errorf("%q: %+v", text, ep)
		}
	})
}
