package s3

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/storetest"
)

// wantFinal checks that op fails soon, with the kind, and says all of parts.
func wantFinal(t *testing.T, kind objstore.Kind, op func(ctx context.Context) error, parts ...string) {
	t.Helper()
	start := time.Now()
	err := op(storetest.Context(t))
	// Generous, for a loaded machine; a final error that is retried takes longer.
	if took := time.Since(start); took > 6*time.Second {
		t.Errorf("it took %s to say: %v", took, err)
	}
	url := ""
	if len(parts) > 0 {
		url = parts[0]
	}
	storetest.WantKind(t, err, kind, url)
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

// operations are all that begin a conversation with the store.
func operations(s objstore.Store, key string) map[string]func(ctx context.Context) error {
	return map[string]func(ctx context.Context) error{
		"head": func(ctx context.Context) error { _, err := s.Head(ctx, key); return err },
		"get":  func(ctx context.Context) error { _, _, err := s.Get(ctx, key, objstore.All); return err },
		"put": func(ctx context.Context) error {
			_, err := s.Put(ctx, key, []byte("x"), objstore.Condition{})
			return err
		},
		"create": func(ctx context.Context) error { _, err := s.Create(ctx, key); return err },
		"list": func(ctx context.Context) error {
			for _, err := range s.List(ctx, key, objstore.ListOptions{}) {
				return err
			}
			return nil
		},
		"delete": func(ctx context.Context) error { return s.Delete(ctx, key, key+"2") },
	}
}

func TestNoBucket(t *testing.T) {
	c := newClient(t, testConfig(t))
	there := newBucket(t, c)
	for name, op := range operations(c.Bucket(there.name+"x"), "dir/key") {
		t.Run(name, func(t *testing.T) {
			wantFinal(t, objstore.NoBucket, op, "s3://"+there.name+"x/dir/key", c.Endpoint(), "there is no bucket '"+there.name+"x'", "is 'test-")
		})
	}
	if ok, err := c.BucketExists(storetest.Context(t), there.name+"x"); ok || err != nil {
		t.Errorf("BucketExists: %v, %v", ok, err)
	}
	if ok, err := c.BucketExists(storetest.Context(t), there.name); !ok || err != nil {
		t.Errorf("BucketExists: %v, %v", ok, err)
	}
	if err := c.MakeBucket(storetest.Context(t), there.name); err != nil {
		t.Errorf("making one's own bucket again: %v", err)
	}
	list, err := c.ListBuckets(storetest.Context(t))
	found := false
	for _, b := range list {
		found = found || b.Name == there.name && !b.Created.IsZero()
	}
	if !found || err != nil {
		t.Errorf("ListBuckets: %v, %v", list, err)
	}
}

func TestWrongCredentials(t *testing.T) {
	cfg := testConfig(t)
	b := newBucket(t, newClient(t, cfg))
	storetest.Put(t, b, "key", []byte("x"))
	for name, change := range map[string]struct {
		set  func(*Config)
		want string
	}{
		"unknown key":  {func(c *Config) { c.AccessKey = "nobody" }, "does not know the access key 'nobody'"},
		"wrong secret": {func(c *Config) { c.SecretKey = "TOPSECRET-wrong" }, "the secret key does not belong to the access key '" + cfg.AccessKey + "'"},
		"anonymous":    {func(c *Config) { c.AccessKey, c.SecretKey = "", "" }, "anonymous access"},
	} {
		wrong := cfg
		change.set(&wrong)
		s := newClient(t, wrong).Bucket(b.name)
		for op, run := range operations(s, "key") {
			t.Run(name+"/"+op, func(t *testing.T) {
				wantFinal(t, objstore.BadCredentials, run, "s3://"+b.name+"/key", cfg.Endpoint, change.want, "s3.access-key")
				if err := run(t.Context()); strings.Contains(err.Error(), "TOPSECRET") {
					t.Errorf("the secret is told: %v", err)
				}
			})
		}
	}
}

func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().String()
	l.Close()
	for name, c := range map[string]struct{ endpoint, want string }{
		"refused":      {"http://" + port, "connection was refused"},
		"unknown host": {"http://no-such-host.invalid:9000", "no-such-host.invalid"},
	} {
		s := newClient(t, Config{Endpoint: c.endpoint, AccessKey: "a", SecretKey: "s"}).Bucket("input")
		for op, run := range operations(s, "test.txt") {
			t.Run(name+"/"+op, func(t *testing.T) {
				wantFinal(t, objstore.Unreachable, run, "s3://input/test.txt", c.endpoint, c.want, "is the store running? check s3.endpoint")
			})
		}
	}
}

// TestNoAnswer has a server that takes connections and says nothing.
func TestNoAnswer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
		}
	}()
	s := newClient(t, Config{Endpoint: "http://" + l.Addr().String(), AccessKey: "a", SecretKey: "s", RequestTimeout: 100 * time.Millisecond}).Bucket("b")
	wantFinal(t, objstore.TimedOut, operations(s, "key")["get"], "s3://b/key", "no answer within 100ms", "after 3 attempts")
	tlsStore := newClient(t, Config{Endpoint: "https://" + l.Addr().String(), AccessKey: "a", SecretKey: "s", ConnectTimeout: 100 * time.Millisecond}).Bucket("b")
	wantFinal(t, objstore.Unreachable, operations(tlsStore, "key")["get"], "s3://b/key", "no connection within 100ms")
}

// certificate makes a certificate for names, signed by parent or by itself.
func certificate(t *testing.T, from, to time.Time, parent *tls.Certificate, names ...string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "Test CA"}, NotBefore: from, NotAfter: to,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: parent == nil, BasicConstraintsValid: true}
	for _, n := range names {
		if ip := net.ParseIP(n); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, n)
		}
	}
	signer, signKey := template, any(key)
	if parent != nil {
		signer, signKey = parent.Leaf, parent.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer, &key.PublicKey, signKey)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// tlsServer answers every GET with an object.
func tlsServer(t *testing.T, cert tls.Certificate) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"etag"`)
		answer(t, w, "hello")
	}))
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // it would tell of each refused handshake
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv.URL
}

// answer writes a body; readAll reads a request's.
func answer(t *testing.T, w io.Writer, body string) {
	if _, err := io.WriteString(w, body); err != nil {
		t.Error(err)
	}
}

func readAll(t *testing.T, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		t.Error(err)
	}
}

func writePEM(t *testing.T, cert tls.Certificate) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestTLS(t *testing.T) {
	now := time.Now()
	ca := certificate(t, now.Add(-time.Hour), now.Add(time.Hour), nil)
	caFile := writePEM(t, ca)
	expiry := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	good := tlsServer(t, certificate(t, now.Add(-time.Hour), now.Add(time.Hour), &ca, "127.0.0.1"))
	for _, c := range []struct {
		name, endpoint, caFile string
		want                   []string
	}{
		{"expired", tlsServer(t, certificate(t, expiry.Add(-time.Hour), expiry, &ca, "127.0.0.1")), caFile, []string{"for 127.0.0.1 expired on 2024-02-29 12:00 UTC", "renew"}},
		{"not yet valid", tlsServer(t, certificate(t, now.Add(20*time.Minute), now.Add(time.Hour), &ca, "127.0.0.1")), caFile, []string{"valid only from", "clock"}},
		{"unknown authority", good, "", []string{"signed by an authority", "CN=Test CA", "s3.tls.ca-file"}},
		{"other host", tlsServer(t, certificate(t, now.Add(-time.Hour), now.Add(time.Hour), &ca, "minio.example.com")), caFile, []string{"is for minio.example.com, not for 127.0.0.1"}},
		{"https to http", strings.Replace(testConfig(t).Endpoint, "http:", "https:", 1), "", []string{"plain HTTP, not HTTPS", "http:// in s3.endpoint"}},
		{"http to https", strings.Replace(good, "https:", "http:", 1), "", []string{"HTTPS, not plain HTTP", "https:// in s3.endpoint"}},
	} {
		s := newClient(t, Config{Endpoint: c.endpoint, AccessKey: "a", SecretKey: "s", CAFile: c.caFile}).Bucket("bucket")
		for op, run := range operations(s, "key") {
			t.Run(c.name+"/"+op, func(t *testing.T) {
				wantFinal(t, objstore.BadTLS, run, append([]string{"s3://bucket/key", c.endpoint}, c.want...)...)
			})
		}
	}
	for name, cfg := range map[string]Config{"private CA": {CAFile: caFile}, "unchecked": {InsecureSkipVerify: true}} {
		cfg.Endpoint, cfg.AccessKey, cfg.SecretKey = good, "a", "s"
		if got, _ := storetest.Read(t, newClient(t, cfg).Bucket("bucket"), "key", objstore.All); string(got) != "hello" {
			t.Errorf("%s: %q", name, got)
		}
	}
	t.Setenv("AWS_CA_BUNDLE", caFile)
	storetest.Read(t, newClient(t, Config{Endpoint: good, AccessKey: "a", SecretKey: "s"}).Bucket("bucket"), "key", objstore.All)
}

// TestAnswers translates answers that the embedded store does not give.
func TestAnswers(t *testing.T) {
	errorDoc := func(code, message string) string {
		return "<Error><Code>" + code + "</Code><Message>" + message + "</Message></Error>"
	}
	for _, c := range []struct {
		name   string
		status int
		body   string
		header map[string]string
		kind   objstore.Kind
		want   []string
	}{
		{"denied", 403, errorDoc("AccessDenied", "Access Denied."), nil, objstore.Denied, []string{"denied for the access key 'me'", "policy"}},
		{"skew", 403, errorDoc("RequestTimeTooSkewed", "too large"), map[string]string{"Date": "Mon, 01 Jan 2024 00:00:00 GMT"}, objstore.BadCredentials, []string{"clock", "ahead)"}},
		{"expired token", 400, errorDoc("ExpiredToken", "The provided token has expired."), nil, objstore.BadCredentials, []string{"token has expired", "temporary credentials"}},
		{"full", 507, errorDoc("XMinioStorageFull", "Storage backend has reached its minimum free drive threshold."), nil, objstore.NoSpace, []string{"free drive threshold", "free some space"}},
		{"quota", 400, errorDoc("QuotaExceeded", "quota"), nil, objstore.NoSpace, nil},
		{"unsupported", 501, errorDoc("NotImplemented", "A header implies functionality that is not implemented."), nil, objstore.Unsupported, nil},
		{"bucket name", 400, errorDoc("InvalidBucketName", "The specified bucket is not valid."), nil, objstore.BadURL, []string{"not valid"}},
		{"archived", 403, errorDoc("InvalidObjectState", "The operation is not valid for the object's storage class"), nil, objstore.Denied, []string{"restore"}},
		{"redirect", 301, errorDoc("PermanentRedirect", "The bucket must be addressed elsewhere."), nil, objstore.BadURL, []string{"s3.region"}},
		{"console", 200, "<!doctype html><html>console</html>", map[string]string{"Content-Type": "text/html"}, objstore.BadURL, []string{"something else than S3 (text/html)", "console"}},
		{"plain text", 400, "go away\nnow", nil, objstore.Other, []string{"go away"}},
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			readAll(t, r)
			for k, v := range c.header {
				w.Header().Set(k, v)
			}
			w.WriteHeader(c.status)
			answer(t, w, c.body)
		}))
		s := newClient(t, Config{Endpoint: srv.URL, AccessKey: "me", SecretKey: "s"}).Bucket("bucket")
		for op, run := range operations(s, "key") {
			if c.status == 200 && (op == "put" || op == "delete") {
				continue // their answers have no body to tell by
			}
			want := []string{"s3://bucket/key", srv.URL}
			if op != "head" || c.status < 500 { // whose answer has no body, and is not worth asking again
				want = append(want, c.want...)
			}
			t.Run(c.name+"/"+op, func(t *testing.T) {
				wantFinal(t, c.kind, run, want...)
			})
		}
		srv.Close()
	}
}

func TestRefusedKeys(t *testing.T) {
	s := newClient(t, Config{Endpoint: "http://127.0.0.1:1", AccessKey: "a", SecretKey: "s"}).Bucket("b")
	for _, key := range []string{"", strings.Repeat("k", 1025), "a\xffb"} {
		for name, op := range operations(s, key) {
			if name != "list" {
				wantFinal(t, objstore.BadURL, op, "s3://b/")
			}
		}
	}
}
