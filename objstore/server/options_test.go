package server

import (
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
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestResolve(t *testing.T) {
	for _, c := range []struct {
		opts   Options
		listen string // when accepted
		err    string // when refused
	}{
		{opts: Options{Dir: "d"}, listen: "127.0.0.1:9000"},
		{opts: Options{Dir: "d", Listen: ":7"}, listen: "127.0.0.1:7"},
		{opts: Options{Dir: "d", Listen: "[::1]:0"}, listen: "[::1]:0"},
		{opts: Options{Dir: "d", Listen: "localhost:0"}, listen: "localhost:0"},
		{opts: Options{Dir: "d", Listen: "0.0.0.0:9000", AccessKey: "a", SecretKey: "12345678"}, listen: "0.0.0.0:9000"},
		{opts: Options{}, err: "needs a directory"},
		{opts: Options{Dir: "d", Listen: "0.0.0.0:9000"}, err: "other machines can reach 0.0.0.0:9000"},
		{opts: Options{Dir: "d", Listen: "192.0.2.1:9000"}, err: "other machines can reach"},
		{opts: Options{Dir: "d", Listen: "[::]:9000"}, err: "other machines can reach"},
		{opts: Options{Dir: "d", Listen: "127.0.0.1"}, err: "is not HOST:PORT"},
		{opts: Options{Dir: "d", Listen: "127.0.0.1:http"}, err: "no port between 0 and 65535"},
		{opts: Options{Dir: "d", Listen: "127.0.0.1:65536"}, err: "no port between 0 and 65535"},
		{opts: Options{Dir: "d", AccessKey: "a"}, err: "both an access key and a secret key"},
		{opts: Options{Dir: "d", SecretKey: "12345678"}, err: "both an access key and a secret key"},
		{opts: Options{Dir: "d", AccessKey: "a", SecretKey: "1234567"}, err: "too short"},
		{opts: Options{Dir: "d", CertFile: "c"}, err: "both a TLS certificate and its key"},
	} {
		got, err := c.opts.resolve()
		switch {
		case c.err != "":
			wantMessage(t, err, c.err)
		case err != nil:
			t.Errorf("%+v: %v", c.opts, err)
		case got.Listen != c.listen || got.Region != "us-east-1" || !filepath.IsAbs(got.Dir):
			t.Errorf("%+v: resolved to %+v", c.opts, got)
		}
	}
}

func TestCredentials(t *testing.T) {
	d := &directory{root: t.TempDir()}
	if err := os.MkdirAll(d.private(), 0o700); err != nil {
		t.Fatal(err)
	}
	first, err := d.access(Options{})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(first.CredentialsFile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v: %v", info.Mode(), err)
	}
	if len(first.AccessKey) != 20 || len(first.SecretKey) < 40 {
		t.Errorf("generated an access key of %d and a secret key of %d characters", len(first.AccessKey), len(first.SecretKey))
	}
	if again, err := d.access(Options{}); err != nil || again != first {
		t.Errorf("the second time got %#v, %v", again, err)
	}
	for _, text := range []string{fmt.Sprintf("%v", first), fmt.Sprintf("%+v", first), fmt.Sprintf("%#v", first)} {
		wantMessage(t, fmt.Errorf("%s", text), first.AccessKey)
		if len(text) > 100 {
			t.Errorf("printed as %s", text)
		}
	}

	if err := os.Chmod(d.credentials(), 0o640); err != nil {
		t.Fatal(err)
	}
	_, err = d.access(Options{})
	wantMessage(t, err, d.credentials(), "can be read by others", "0640")
	if err := os.WriteFile(d.credentials(), []byte("[default]\naws_access_key_id = x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(d.credentials(), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = d.access(Options{})
	wantMessage(t, err, d.credentials(), "aws_secret_access_key")
}

// selfSigned writes a certificate for 127.0.0.1 and its key, and returns a pool that trusts it.
func selfSigned(t *testing.T, dir string) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "millstream test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for name, text := range map[string][]byte{certFile: certPEM, keyFile: keyPEM} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(certPEM)
	return certFile, keyFile, pool
}

func clientTLS(pool *x509.CertPool) *tls.Config { return &tls.Config{RootCAs: pool} }
