package webhook

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/setting"
)

const anywhere = "127.0.0.1:0"

func values(t *testing.T, given map[string]string) setting.Values {
	t.Helper()
	v, err := setting.Check(Options, given)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func open(t *testing.T, given map[string]string) *Receiver {
	t.Helper()
	s, err := Open(t.Context(), values(t, given), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s.(*Receiver)
}

func notification(keys ...string) string {
	list := make([]event.Event, len(keys))
	for i, key := range keys {
		list[i] = event.Event{Name: "ObjectCreated:Put", Bucket: "b", Key: key}
	}
	return string(event.Format(list))
}

// post returns the answer's status and text.
func post(t *testing.T, url, authorization, body string) (status int, text string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b strings.Builder
	if err := resp.Write(&b); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, b.String()
}

// keys returns what waits in a receiver without waiting for more.
func keys(t *testing.T, r *Receiver) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var all []string
	for {
		list, err := r.Next(ctx)
		if err != nil {
			return strings.Join(all, " ")
		}
		for _, e := range list {
			all = append(all, e.Key)
		}
	}
}

// Each answer, and that what is refused is not taken in.
func TestAnswers(t *testing.T) {
	r := open(t, map[string]string{"webhook.listen": anywhere, "webhook.token": "s3cr3t", "webhook.max-body-size": "2kb", "webhook.path": "/a/b"})
	for _, test := range []struct {
		what, authorization, body, path string
		status                          int
		text, taken                     string
	}{
		{"bearer", "Bearer s3cr3t", notification("k1", "k 2"), "", 200, "", "k1 k 2"},
		{"another case", "bearer  s3cr3t", notification("k3"), "", 200, "", "k3"},
		{"the token alone", "s3cr3t", notification("k4"), "", 200, "", "k4"},
		{"S3's test", "s3cr3t", `{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}`, "", 200, "", ""},
		{"no token", "", notification("k"), "", 401, "token is missing or wrong", ""},
		{"a forged token", "Bearer s3cr3T", notification("k"), "", 401, "token", ""},
		{"the begin of the token", "Bearer s3cr3", notification("k"), "", 401, "token", ""},
		{"more than the token", "Bearer s3cr3t ", notification("k"), "", 200, "", "k"}, // blanks do not count
		{"another scheme", "Basic s3cr3t", notification("k"), "", 401, "token", ""},
		{"no JSON", "s3cr3t", "hello", "", 400, "no JSON object", ""},
		{"nothing", "s3cr3t", "", "", 400, "no JSON object", ""},
		{"half of it", "s3cr3t", notification("k1", "k2")[:300], "", 400, "no JSON object", ""},
		{"one record is wrong", "s3cr3t", strings.Replace(notification("k1", "k2"), `"key":"k2"`, `"key":""`, 1), "", 400, "record 2", ""},
		{"too large", "s3cr3t", notification(strings.Repeat("k", 3000)), "", 413, "more than 2048 bytes", ""},
		{"another path", "s3cr3t", notification("k"), "/c", 404, "nobody", ""},
	} {
		status, text := post(t, r.URL()+test.path, test.authorization, test.body)
		if taken := keys(t, r); status != test.status || !strings.Contains(text, test.text) || taken != test.taken {
			t.Errorf("%s: got %d, took %q; want %d, %q, %q\n%s", test.what, status, taken, test.status, test.text, test.taken, text)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.URL(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "s3cr3t")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "POST" {
		t.Errorf("GET: %s", resp.Status)
	}
}

// A full buffer refuses a notification as a whole, takes it once there is room, and one that is larger than the buffer while that is empty.
func TestBackPressure(t *testing.T) {
	r := open(t, map[string]string{"webhook.listen": anywhere, "webhook.buffer-size": "3"})
	for _, step := range []struct {
		body   string
		status int
	}{{notification("1", "2"), 200}, {notification("3", "4"), 503}, {notification("5"), 200}, {notification("6"), 503}} {
		status, text := post(t, r.URL(), "", step.body)
		if status != step.status || status == 503 && !strings.Contains(text, "Retry-After: 1") {
			t.Fatalf("got %s, want %d", text, step.status)
		}
	}
	if got := keys(t, r); got != "1 2 5" {
		t.Errorf("got %q", got)
	}
	if status, text := post(t, r.URL(), "", notification("1", "2", "3", "4", "5")); status != 200 {
		t.Errorf("larger than the buffer: %s", text)
	}
	if got := keys(t, r); got != "1 2 3 4 5" {
		t.Errorf("got %q", got)
	}
}

// Tables share an address, by paths of their own or even one path; the address is free after the last.
func TestSharing(t *testing.T) {
	a := open(t, map[string]string{"webhook.listen": anywhere, "webhook.path": "/a", "webhook.token": "A"})
	at := a.server.address
	b := open(t, map[string]string{"webhook.listen": at, "webhook.path": "/b", "webhook.buffer-size": "1"})
	b2 := open(t, map[string]string{"webhook.listen": at, "webhook.path": "/b"})
	for url, key := range map[string]string{a.URL(): "for a", b.URL(): "for b"} {
		if status, text := post(t, url, "A", notification(key)); status != 200 {
			t.Errorf("%s: %s", url, text)
		}
	}
	if status, _ := post(t, b.URL(), "", notification("full")); status != 503 {
		t.Error("one of two readers has no room, and the notification was taken")
	}
	for r, want := range map[*Receiver]string{a: "for a", b: "for b", b2: "for b"} {
		if got := keys(t, r); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	for _, test := range []struct {
		given map[string]string
		want  string
	}{
		{map[string]string{"webhook.listen": at, "webhook.path": "/a", "webhook.token": "B"}, "another path"},
		{map[string]string{"webhook.listen": at, "webhook.path": "/c", "webhook.tls.cert-file": "x"}, "together or not at all"},
		{map[string]string{"webhook.listen": at, "webhook.path": "/c", "webhook.tls.cert-file": "x", "webhook.tls.key-file": "y"}, "another port"},
		{map[string]string{"webhook.listen": anywhere, "webhook.tls.cert-file": "x", "webhook.tls.key-file": "y"}, "read the certificate"},
		{map[string]string{"webhook.listen": "0.0.0.0:0"}, "set 'webhook.token' too"},
	} {
		_, err := Open(t.Context(), values(t, test.given), nil)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %q", test.given, err, test.want)
		}
	}
	for _, r := range []*Receiver{a, b, b2, b2} {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if _, err := r.Next(t.Context()); err == nil {
			t.Error("a closed receiver gives events")
		}
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Fatalf("the address is not free: %v", err)
	}
	defer l.Close()
	if _, err := Open(t.Context(), values(t, map[string]string{"webhook.listen": at}), nil); err == nil || !strings.Contains(err.Error(), at) {
		t.Errorf("an address in use: %v", err)
	}
}

func TestOptions(t *testing.T) {
	for key, bad := range map[string][]string{
		"webhook.listen":        {"here", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999"},
		"webhook.path":          {"events", "/a?b", "/a b"},
		"webhook.token":         {"ü", "a\nb"},
		"webhook.buffer-size":   {"0", "10000001"},
		"webhook.max-body-size": {"much"},
	} {
		for _, text := range bad {
			if _, err := setting.Check(Options, map[string]string{key: text}); err == nil || !strings.Contains(err.Error(), key) {
				t.Errorf("'%s' = '%s': %v", key, text, err)
			}
		}
	}
	for _, o := range Options {
		if err := o.Validate(); err != nil {
			t.Error(err)
		}
		if o.Secret != (o == tokenOption) {
			t.Errorf("%s: secret is %v", o.Key, o.Secret)
		}
	}
	if r := open(t, map[string]string{"webhook.listen": ":0"}); !strings.HasPrefix(r.URL(), "http://127.0.0.1:") {
		t.Errorf("without a host it listens on %s", r.URL())
	}
}

// Many senders at once and a reader: every event that was taken comes out once.
func TestConcurrent(t *testing.T) {
	r := open(t, map[string]string{"webhook.listen": anywhere, "webhook.buffer-size": "20", "webhook.token": "x"})
	const senders, each = 8, 50
	var group sync.WaitGroup
	for i := range senders {
		group.Go(func() {
			s, err := NewSender(r.URL(), "x")
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			for j := range each {
				list := []event.Event{{Name: "ObjectCreated:Put", Bucket: "b", Key: fmt.Sprint(i, "/", j, "/a")}, {Name: "ObjectRemoved:Delete", Bucket: "b", Key: fmt.Sprint(i, "/", j, "/b")}}
				for err = s.Send(t.Context(), list); err != nil; err = s.Send(t.Context(), list) {
					if !strings.Contains(err.Error(), "503") {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	seen := map[string]bool{}
	for len(seen) < 2*senders*each {
		list, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if seen[e.Key] {
				t.Errorf("%s came twice", e.Key)
			}
			seen[e.Key] = true
		}
	}
	group.Wait()
	if got := keys(t, r); got != "" {
		t.Errorf("more came: %s", got)
	}
}

func TestSender(t *testing.T) {
	for _, bad := range []string{"", "127.0.0.1:80", "ftp://host/x", "http://", "http://%zz"} {
		if _, err := NewSender(bad, ""); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	r := open(t, map[string]string{"webhook.listen": anywhere, "webhook.token": "x"})
	s, err := NewSender(r.URL(), "wrong")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "401") || !strings.Contains(err.Error(), r.URL()) {
		t.Errorf("a wrong token: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// With a certificate it speaks TLS only.
func TestTLS(t *testing.T) {
	cert, key, pool := certificate(t)
	r := open(t, map[string]string{"webhook.listen": anywhere, "webhook.tls.cert-file": cert, "webhook.tls.key-file": key})
	client := http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL(), strings.NewReader(notification("k")))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if got := keys(t, r); resp.StatusCode != http.StatusOK || got != "k" || !strings.HasPrefix(r.URL(), "https://") {
		t.Errorf("%s, got %q from %s", resp.Status, got, r.URL())
	}
	if status, _ := post(t, strings.Replace(r.URL(), "https", "http", 1), "", notification("plain")); status != http.StatusBadRequest || keys(t, r) != "" {
		t.Errorf("plain HTTP was answered with %d", status)
	}
}

func certificate(t *testing.T) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, data := range map[string][]byte{certFile: certPEM, keyFile: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})} {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return certFile, keyFile, pool
}
