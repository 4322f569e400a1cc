package s3

import (
	"encoding/pem"
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

func TestProbe(t *testing.T) {
	const ahead = 10 * time.Minute
	answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("the request has credentials")
		}
		w.Header().Set("Server", "test")
		w.Header().Set("Date", time.Now().Add(ahead).UTC().Format(http.TimeFormat))
		w.WriteHeader(http.StatusForbidden)
		if _, err := w.Write([]byte("<Error><Code>AccessDenied</Code></Error>")); err != nil {
			t.Error(err)
		}
	})
	plain, encrypted := httptest.NewServer(answer), httptest.NewTLSServer(answer)
	defer plain.Close()
	defer encrypted.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: encrypted.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	probe := func(cfg Config) (*Probe, error) {
		cfg.AccessKey, cfg.SecretKey = "a", "s"
		return newClient(t, cfg).Probe(storetest.Context(t))
	}

	p, err := probe(Config{Endpoint: plain.URL})
	if err != nil {
		t.Fatal(err)
	}
	if p.TLS != nil || p.Server != "test" || !p.LooksS3 || p.Status != http.StatusForbidden || "http://"+p.Address != plain.URL || p.Connect <= 0 {
		t.Errorf("got %+v", p)
	}
	if off := p.Ahead - ahead; off.Abs() > p.ClockError || p.ClockError < time.Second/2 {
		t.Errorf("the clock is %v ahead, give or take %v, want %v", p.Ahead, p.ClockError, ahead)
	}
	p, err = probe(Config{Endpoint: encrypted.URL, CAFile: ca})
	if err != nil {
		t.Fatal(err)
	}
	if p.TLS == nil || !p.Verified || p.Handshake <= 0 {
		t.Errorf("got %+v", p)
	}
	if p, err = probe(Config{Endpoint: encrypted.URL, InsecureSkipVerify: true}); err != nil || p.Verified {
		t.Errorf("got %+v, %v", p, err)
	}
	for want, cfg := range map[string]Config{
		"s3.tls.ca-file": {Endpoint: encrypted.URL},
		"https://":       {Endpoint: strings.Replace(encrypted.URL, "https:", "http:", 1)},
		"http://":        {Endpoint: strings.Replace(plain.URL, "http:", "https:", 1)},
	} {
		_, err := probe(cfg)
		storetest.WantKind(t, err, objstore.BadTLS, want)
	}
}
