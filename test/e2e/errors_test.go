package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/test/peers"
)

// TestStoreErrors checks what MinIO's refusals read like: one sentence on one line, within seconds.
func TestStoreErrors(t *testing.T) {
	p := minIO(t)
	p.put(t, p.input+"/test.txt", "to be")
	wordcount := []string{"wordcount", "--input", "s3://input/test.txt", "--output", "s3://testbucket/output"}
	for _, c := range []struct {
		name  string
		flags []string
		args  []string
		want  []string
	}{
		{"missing key", nil, []string{"wordcount", "--input", "s3://input/nothing.txt", "--output", "s3://testbucket/output"},
			[]string{"s3://input/nothing.txt"}},
		{"missing bucket", nil, []string{"wordcount", "--input", "s3://inptu/test.txt", "--output", "s3://testbucket/output"},
			[]string{p.store.Endpoint, "there is no bucket 'inptu'", "'input'"}},
		{"missing output bucket", nil, []string{"wordcount", "--input", "s3://input/test.txt", "--output", "s3://testbuckte/output"},
			[]string{p.store.Endpoint, "there is no bucket 'testbuckte'", "'testbucket'"}},
		{"wrong secret", []string{"-D", "s3.secret-key=wrong"}, wordcount,
			[]string{p.store.Endpoint, "s3://input/test.txt", "secret key", "s3.secret-key"}},
		{"unknown access key", []string{"-D", "s3.access-key=nobody"}, wordcount,
			[]string{p.store.Endpoint, "s3://input/test.txt", "'nobody'", "s3.access-key"}},
		{"no such port", []string{"-D", "s3.endpoint=http://127.0.0.1:1"}, wordcount,
			[]string{"http://127.0.0.1:1", "s3://input/test.txt", "refused", "s3.endpoint"}},
		{"no such host", []string{"-D", "s3.endpoint=http://nowhere.invalid:9000"}, wordcount,
			[]string{"http://nowhere.invalid:9000", "s3://input/test.txt", "s3.endpoint"}},
		{"TLS to a server without", []string{"-D", "s3.endpoint=" + strings.Replace(p.store.Endpoint, "http:", "https:", 1)}, wordcount,
			[]string{"https://", "s3://input/test.txt"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := millstream(t, t.TempDir(), append(append([]string{"run", "--config", p.config}, c.flags...), c.args...)...)
			checkError(t, o, c.want...)
			if strings.Contains(o.stderr, p.store.SecretKey) {
				t.Errorf("the secret is told: %s", o.stderr)
			}
		})
	}
}

// checkError checks that a job failed, within seconds and with one line that has all of the texts.
func checkError(t *testing.T, o outcome, want ...string) {
	t.Helper()
	if o.code != 1 {
		t.Errorf("exit code %d, want 1", o.code)
	}
	if o.took > 20*time.Second {
		t.Errorf("it took %v", o.took)
	}
	if !strings.HasPrefix(o.stderr, "error: ") || strings.Count(o.stderr, "\n") != 1 || o.stdout != "" {
		t.Errorf("standard error is\n%s", o.stderr)
	}
	for _, text := range want {
		if !strings.Contains(o.stderr, text) {
			t.Errorf("there is no %q in\n%s", text, o.stderr)
		}
	}
}

// makeCertificate writes public.crt and private.key of an authority of its own, for 127.0.0.1, into a new directory.
func makeCertificate(t *testing.T, from, until time.Time) (dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: from, NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	writeFile(t, filepath.Join(dir, "public.crt"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})))
	writeFile(t, filepath.Join(dir, "private.key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	return dir
}

// TestTLS runs the word count against a MinIO whose certificate is of an authority that nobody knows, then against one whose certificate
// has expired.
func TestTLS(t *testing.T) {
	run := func(t *testing.T, certs string, flags ...string) (outcome, string) {
		s := peers.MinIOWith(t, peers.MinIOOptions{CertsDir: certs})
		config := writeFile(t, filepath.Join(t.TempDir(), "flink-conf.yaml"), guide(s))
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "text.txt"), "to be")
		return millstream(t, dir, append(append([]string{"run", "--config", config}, flags...),
			"wordcount", "--input", "text.txt", "--output", "s3://testbucket/output")...), s.Endpoint
	}
	t.Run("unknown authority", func(t *testing.T) {
		certs := makeCertificate(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
		o, endpoint := run(t, certs)
		checkError(t, o, endpoint, "s3://testbucket/output", "certificate", "s3.tls.ca-file")
	})
	t.Run("known authority", func(t *testing.T) {
		certs := makeCertificate(t, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
		o, endpoint := run(t, certs, "-D", "s3.tls.ca-file="+filepath.Join(certs, "public.crt"))
		checkError(t, o, endpoint, "there is no bucket 'testbucket'") // which only somebody who was let in is told
	})
	t.Run("expired", func(t *testing.T) {
		certs := makeCertificate(t, time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour))
		o, endpoint := run(t, certs, "-D", "s3.tls.ca-file="+filepath.Join(certs, "public.crt"))
		checkError(t, o, endpoint, "s3://testbucket/output", "certificate", "expired")
	})
}

// TestDamagedObjects checks that a record that cannot be read is told with its object, line and byte.
func TestDamagedObjects(t *testing.T) {
	p := minIO(t)
	p.put(t, p.input+"/data.csv", "1,one\n2x,two\n")
	p.put(t, p.input+"/data.json", "{\"n\": 1}\n{\"n\": \n")
	p.put(t, p.input+"/data.parquet", "no Parquet at all")
	for format, want := range map[string][]string{
		"csv":     {"s3://input/data.csv", "line 2", "byte 6", "2x"},
		"json":    {"s3://input/data.json", "line 2", "byte 9"},
		"parquet": {"s3://input/data.parquet"},
	} {
		t.Run(format, func(t *testing.T) {
			o := millstream(t, t.TempDir(), "sql", "-q", "--config", p.config, "-e",
				"CREATE TABLE t (n INT, s STRING) WITH ('connector' = 'filesystem', 'path' = 's3://input/data."+format+"', 'format' = '"+format+"'); "+
					"CREATE TABLE o (n INT) WITH ('connector' = 'filesystem', 'path' = 's3://testbucket/"+format+"', 'format' = 'json'); "+
					"INSERT INTO o SELECT n FROM t")
			checkError(t, o, want...)
			if left := p.counts(t, "s3://testbucket/"+format, ','); len(left) > 0 {
				t.Errorf("left is %v", left)
			}
			p.checkClean(t)
		})
	}
}
