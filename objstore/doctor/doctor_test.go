package doctor_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/minio/minio-go/v7/pkg/signer"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/doctor"
	"github.com/millstream/millstream/objstore/fault"
	"github.com/millstream/millstream/objstore/s3"
	"github.com/millstream/millstream/objstore/server"
	"github.com/millstream/millstream/objstore/storetest"
)

func TestMain(m *testing.M) {
	server.RunChildIfAsked()
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
	os.Exit(m.Run())
}

const secret = "secret-of-the-test"

// store is an embedded store with the bucket data.
func store(t *testing.T) s3.Config {
	t.Helper()
	embedded, err := server.Start(t.Context(), server.Options{Dir: t.TempDir(), AccessKey: "tester", SecretKey: secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { embedded.Close() })
	cfg := s3.Config{Endpoint: embedded.Endpoint, AccessKey: "tester", SecretKey: secret}
	client, err := s3.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.MakeBucket(t.Context(), "data"); err != nil {
		t.Fatal(err)
	}
	return cfg
}

// behind puts faults in front of a store.
func behind(t *testing.T, cfg s3.Config, rules ...fault.HTTPRule) s3.Config {
	t.Helper()
	proxy, err := fault.NewProxy(cfg.Endpoint, 1, rules...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	cfg.Endpoint = proxy.URL
	return cfg
}

// without takes headers off requests, so that the store takes no notice of them.
func without(names ...string) func(req *http.Request) {
	return func(req *http.Request) {
		for _, name := range names {
			req.Header.Del(name)
		}
		req.Header.Del("Authorization")
		req.Header.Del("X-Forwarded-For")
		sent := *req.URL
		req.URL.Host = req.Host // which is what was signed
		signed := signer.SignV4(*req, "tester", secret, "", "us-east-1")
		req.URL, req.Header = &sent, signed.Header
	}
}

// examine returns the findings by name.
func examine(t *testing.T, cfg s3.Config, skip ...string) map[string]doctor.Finding {
	t.Helper()
	found := map[string]doctor.Finding{}
	opts := doctor.Options{Config: cfg, Bucket: "data", Prefix: "some/where", Skip: map[string]bool{},
		Report: func(f doctor.Finding) { found[f.Name] = f }}
	for _, name := range skip {
		opts.Skip[name] = true
	}
	if err := doctor.Examine(t.Context(), opts); err != nil {
		t.Fatal(err)
	}
	for _, name := range doctor.Names() {
		f, ok := found[name]
		if !ok {
			t.Errorf("there is no finding about %s", name)
		}
		if f.Found == "" || (f.Costs != "") != (f.Status == doctor.Limited || f.Status == doctor.Missing) || f.Status == doctor.Missing && !f.Needed && f.Name != "commit-if-absent" {
			t.Errorf("%+v", f)
		}
		if strings.Contains(fmt.Sprintf("%+v", f), secret) {
			t.Errorf("the secret is told: %+v", f)
		}
	}
	return found
}

// but lists all points that may be left out, but those named.
func but(names ...string) []string {
	return slices.DeleteFunc(doctor.Skippable(), func(n string) bool { return slices.Contains(names, n) })
}

// want fails the test unless a point has a status and says something.
func want(t *testing.T, found map[string]doctor.Finding, name string, status doctor.Status, texts ...string) {
	t.Helper()
	f := found[name]
	if f.Status != status {
		t.Errorf("%s is %v, want %v: %+v", name, f.Status, status, f)
	}
	for _, text := range texts {
		if !strings.Contains(f.Found+"\n"+f.Costs+"\n"+f.Advice, text) {
			t.Errorf("%s does not say %q: %+v", name, text, f)
		}
	}
}

// empty fails the test if an examination has left anything.
func empty(t *testing.T, cfg s3.Config) {
	t.Helper()
	client, err := s3.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	b := client.Bucket("data")
	if keys := storetest.Keys(t, b, "", objstore.ListOptions{}); len(keys) > 0 {
		t.Errorf("left are %q", keys)
	}
	for u, err := range b.Uploads(t.Context(), "") {
		t.Errorf("left is the upload %v, %v", u, err)
	}
}

// TestHealthy examines the embedded store, which has it all but for some names.
func TestHealthy(t *testing.T) {
	cfg := store(t)
	found := examine(t, cfg)
	for _, name := range doctor.Names() {
		if name != "keys" {
			want(t, found, name, doctor.Works)
		}
	}
	want(t, found, "keys", doctor.Limited, "a segment ..", "well kept: spaces")
	if m := found["latency"].Measures; !(m["put_p50_ms"] > 0 && m["put_p99_ms"] >= m["put_p50_ms"] && m["get_requests"] >= 5) {
		t.Errorf("latency %v", m)
	}
	if m := found["throughput"].Measures; !(m["upload_1_mb_s"] > 0 && m["download_n_mb_s"] > 0) {
		t.Errorf("throughput %v", m)
	}
	empty(t, cfg)
}

// TestEveryWriterWins examines stores that take no notice of conditions: always, where there is an object already, or now and then.
func TestEveryWriterWins(t *testing.T) {
	cfg := store(t)
	absent, match := without("If-None-Match"), without("If-Match")
	names := []string{"put-if-absent", "put-if-match", "commit-if-absent", "commit-if-match"}
	always := examine(t, behind(t, cfg, fault.HTTPRule{Method: "PUT", Match: "/put-absent/", Change: absent}, fault.HTTPRule{Method: "PUT", Match: "/put-match/", Change: match},
		fault.HTTPRule{Method: "POST", Match: "/commit-absent/", Change: absent}, fault.HTTPRule{Method: "POST", Match: "/commit-match/", Change: match}), but(names...)...)
	want(t, always, "put-if-absent", doctor.Missing, "takes no notice of If-None-Match: *", "Two processes", "execution.checkpointing.dir")
	want(t, always, "put-if-match", doctor.Missing, "takes no notice of If-Match", "rows come twice")
	want(t, always, "commit-if-absent", doctor.Limited, "takes no notice of If-None-Match: *")
	want(t, always, "commit-if-match", doctor.Limited, "takes no notice of If-Match")

	// One after the other is refused; at once, several win.
	const many = 0.5
	raced := examine(t, behind(t, cfg, fault.HTTPRule{Method: "PUT", Match: "/put-absent/race-", Trigger: fault.Trigger{Chance: many}, Change: absent},
		fault.HTTPRule{Method: "PUT", Match: "/put-match/race-", Trigger: fault.Trigger{Chance: many}, Change: match},
		fault.HTTPRule{Method: "POST", Match: "/commit-absent/race-", Trigger: fault.Trigger{Chance: many}, Change: absent},
		fault.HTTPRule{Method: "POST", Match: "/commit-match/race-", Trigger: fault.Trigger{Chance: many}, Change: match}), but(names...)...)
	for i, name := range names {
		want(t, raced, name, []doctor.Status{doctor.Missing, doctor.Missing, doctor.Limited, doctor.Limited}[i], "rounds more than one of 8 succeeds")
	}
	empty(t, cfg)
}

// TestConditionsRefused examines a store that does not know conditional writes.
func TestConditionsRefused(t *testing.T) {
	cfg := store(t)
	refuse := func(method, match string) fault.HTTPRule {
		return fault.HTTPRule{Method: method, Match: match, Status: 501, Code: "NotImplemented"}
	}
	found := examine(t, behind(t, cfg, refuse("PUT", "/put-absent/"), refuse("PUT", "/put-match/alone"), refuse("POST", "/commit-absent/alone?uploadId"), refuse("PUT", "/mark")),
		but("put-if-absent", "put-if-match", "commit-if-absent", "metadata")...)
	want(t, found, "put-if-absent", doctor.Missing, "refuses If-None-Match", "Jobs with checkpoints do not start")
	want(t, found, "put-if-match", doctor.Missing)
	want(t, found, "commit-if-absent", doctor.Missing, "Tables of files cannot be written")
	want(t, found, "metadata", doctor.Limited)
	empty(t, cfg)
}

// kinds makes other rows of those that are written.
type kinds struct{ from io.Reader }

func (k *kinds) Read(p []byte) (int, error) {
	n, err := k.from.Read(p)
	for i, c := range p[:n] {
		if c == '2' {
			p[i] = '3'
		}
	}
	return n, err
}

// TestFaulty examines stores with one fault each.
func TestFaulty(t *testing.T) {
	cfg := store(t)
	nothing := []byte(`<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>false</IsTruncated></ListBucketResult>`)
	old := func(resp *http.Response) {
		resp.Header.Set("Date", time.Now().Add(-20*time.Minute).UTC().Format(http.TimeFormat))
	}
	for _, c := range []struct {
		name   string
		rule   fault.HTTPRule
		status doctor.Status
		texts  []string
	}{
		{"ranges", fault.HTTPRule{Method: "GET", Match: "/ranges", Change: without("Range")}, doctor.Missing, []string{"does not give ranges", "Tables cannot be read"}},
		{"list", fault.HTTPRule{Method: "GET", Match: "list%2Fnew", Replace: nothing}, doctor.Missing, []string{"0 objects of 1", "miss objects"}},
		{"overwrite", fault.HTTPRule{Method: "PUT", Match: "/again", Trigger: fault.Trigger{Skip: 3}, Change: func(r *http.Request) {
			r.URL.Path += "-elsewhere"
			without()(r)
		}}, doctor.Missing, []string{"in round 4 of 10"}},
		{"delete", fault.HTTPRule{Method: "DELETE", Match: "/delete/", Status: 403}, doctor.Missing, []string{"access is denied"}},
		{"versions", fault.HTTPRule{Method: "PUT", Match: "/small", Answer: func(resp *http.Response) { resp.Header.Set("X-Amz-Version-Id", "v1") }}, doctor.Limited, []string{"lifecycle rule"}},
		{"metadata", fault.HTTPRule{Method: "PUT", Match: "/mark", Change: without("X-Amz-Meta-Millstream-Write")}, doctor.Limited, []string{"user metadata"}},
		{"multipart", fault.HTTPRule{Method: "POST", Match: "/parts?uploads=", Status: 501, Code: "NotImplemented"}, doctor.Missing, []string{"Tables of files cannot be written"}},
		{"open-uploads", fault.HTTPRule{Method: "POST", Match: "/open?uploadId", Status: 400, Code: "InvalidPart"}, doctor.Limited, []string{"sink.visibility"}},
		{"upload-list", fault.HTTPRule{Method: "GET", Match: "&uploads=", Trigger: fault.Trigger{Times: 1}, Status: 501, Code: "NotImplemented"}, doctor.Limited, []string{"lifecycle rule"}},
		{"select-csv", fault.HTTPRule{Method: "POST", Match: "/rows.csv?select", Status: 405, Code: "MethodNotAllowed"}, doctor.Limited, []string{"does not answer SelectObjectContent", "by ranges"}},
		{"select-json", fault.HTTPRule{Method: "PUT", Match: "/rows.json", Change: func(r *http.Request) {
			r.Body = io.NopCloser(&kinds{from: r.Body})
		}}, doctor.Limited, []string{"other rows than the query asks for"}},
		{"select-parquet", fault.HTTPRule{Method: "POST", Match: "/rows.parquet?select", Status: 500}, doctor.Limited, []string{"MINIO_API_SELECT_PARQUET=on"}},
		{"listen", fault.HTTPRule{Method: "GET", Match: "events=", Status: 501, Code: "NotImplemented"}, doctor.Limited, []string{"ListenBucketNotification", "source.discovery"}},
		{"clock", fault.HTTPRule{Answer: old}, doctor.Missing, []string{"behind this machine's", "15 minutes", "NTP"}},
		{"strangers", fault.HTTPRule{Method: "GET", Match: "list-type=2", Change: without()}, doctor.Limited, []string{"a wrong secret key is answered"}},
		{"latency", fault.HTTPRule{Method: "PUT", Match: "/timed", Delay: 600 * time.Millisecond}, doctor.Limited, []string{"execution.checkpointing.interval"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			found := examine(t, behind(t, cfg, c.rule), but(c.name)...)
			want(t, found, c.name, c.status, c.texts...)
			want(t, found, "clean-up", doctor.Works)
			empty(t, cfg)
		})
	}
}

// TestStops examines endpoints at which nothing further can be tested.
func TestStops(t *testing.T) {
	cfg := store(t)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := io.WriteString(w, "<html>Welcome to the console</html>"); err != nil {
			t.Error(err)
		}
	}))
	defer page.Close()
	with := func(change func(c *s3.Config)) s3.Config {
		c := cfg
		change(&c)
		return c
	}
	for _, c := range []struct {
		name  string
		cfg   s3.Config
		texts []string
	}{
		{"reach", with(func(c *s3.Config) { c.Endpoint = "http://127.0.0.1:1" }), []string{"refused", "s3.endpoint"}},
		{"reach", with(func(c *s3.Config) { c.Endpoint = "https://" + strings.TrimPrefix(c.Endpoint, "http://") }), []string{"plain HTTP, not HTTPS", "http://"}},
		{"credentials", with(func(c *s3.Config) { c.SecretKey = "another-secret" }), []string{"does not belong to the access key 'tester'", "s3.secret-key"}},
		{"credentials", with(func(c *s3.Config) { c.AccessKey = "nobody" }), []string{"'nobody'"}},
		{"credentials", with(func(c *s3.Config) { c.Anonymous = true }), []string{"anonymous access"}},
		{"write", behind(t, cfg, fault.HTTPRule{Method: "PUT", Match: "/small", Status: 403}), []string{"PUT fails: access is denied", "allow GetObject and PutObject"}},
		{"bucket", with(func(c *s3.Config) { c.Endpoint = page.URL }), []string{"something else than S3", "not of a console"}},
		{"bucket", behind(t, cfg, fault.HTTPRule{Match: "list-type=2", Status: 404, Code: "NoSuchBucket"}), []string{"there is no bucket 'data'", "millstream s3 mb s3://data"}},
	} {
		found := examine(t, c.cfg)
		want(t, found, c.name, doctor.Missing, c.texts...)
		want(t, found, "put-if-match", doctor.Untested, "not tested without "+c.name)
		missing := slices.Collect(maps.Values(found))
		missing = slices.DeleteFunc(missing, func(f doctor.Finding) bool { return f.Status != doctor.Missing })
		if len(missing) != 1 {
			t.Errorf("%s: missing are %+v", c.name, missing)
		}
	}
	empty(t, cfg)
}

// TestAddressing has a store behind virtual-host style that it does not know.
func TestAddressing(t *testing.T) {
	cfg := store(t)
	cfg.PathStyle = s3.VirtualHost
	want(t, examine(t, cfg), "addressing", doctor.Missing, "path style does", "set s3.path-style to true")
	cfg.PathStyle = s3.Path
	want(t, examine(t, cfg, but()...), "addressing", doctor.Works, "path style; virtual-host style does not work here")
}

// TestInterrupted ends the examination in the midst of each of its points. Nothing is left.
func TestInterrupted(t *testing.T) {
	cfg := store(t)
	for _, name := range []string{"write", "list", "multipart", "open-uploads", "put-if-absent", "commit-if-absent", "listen", "latency"} {
		ctx, cancel := context.WithCancel(t.Context())
		var begun atomic.Bool
		// The fourth request of the point is answered, but nobody waits for it any more.
		var requests atomic.Int64
		faulty := behind(t, cfg, fault.HTTPRule{Answer: func(*http.Response) {
			if begun.Load() && requests.Add(1) == 4 {
				cancel()
			}
		}})
		err := doctor.Examine(ctx, doctor.Options{Config: faulty, Bucket: "data", Begin: func(n string) {
			if n == name {
				begun.Store(true)
			}
		}, Skip: map[string]bool{"latency": name != "latency", "throughput": true}})
		if err == nil || ctx.Err() == nil {
			t.Errorf("%s: got %v", name, err)
		}
		cancel()
		empty(t, cfg)
	}
}

func TestNames(t *testing.T) {
	names := doctor.Names()
	for i, name := range names {
		if slices.Contains(names[:i], name) || strings.ContainsAny(name, " ,") {
			t.Errorf("the name %q", name)
		}
	}
	for _, name := range []string{"reach", "bucket", "write", "clean-up"} {
		if slices.Contains(doctor.Skippable(), name) {
			t.Errorf("%s can be left out", name)
		}
	}
}
