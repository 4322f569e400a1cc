package doctor

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/s3"
)

// reach asks for anything at all.
func (e *exam) reach(ctx context.Context) Finding {
	p, err := e.client.Probe(ctx)
	if err != nil {
		f := failed("", err)
		f.Found = reason(err)
		return f
	}
	e.probe = p
	server := "a server without a name"
	if p.Server != "" {
		server = p.Server
	}
	f := works("%s at %s", server, p.Address)
	if p.Proxy != "" {
		f.Found = server + " through the proxy " + p.Proxy
	}
	f.Found += ", connected in " + millis(p.Connect)
	f.Measures = map[string]float64{"lookup_ms": inMillis(p.Lookup), "connect_ms": inMillis(p.Connect), "answer_ms": inMillis(p.Answer)}
	if !p.LooksS3 {
		f.Found += "; the first answer does not look like S3's"
	}
	return f
}

// soon is how long before its end a certificate is worth a word.
const soon = 14 * 24 * time.Hour

// encryption looks at the connection that reach has made. An invalid certificate has failed there.
func (e *exam) encryption(context.Context) Finding {
	p := e.probe
	if p.TLS == nil {
		host := strings.Trim(p.Host, "[]")
		if ip := net.ParseIP(host); host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback() {
			return works("plain HTTP, which does not leave this machine")
		}
		return limited("plain HTTP to another machine")
	}
	f := works("%s", tlsVersion(p.TLS.Version))
	if p.Handshake > 0 {
		f.Measures = map[string]float64{"handshake_ms": inMillis(p.Handshake)}
	}
	if !p.Verified {
		f.Status, f.Found = Limited, f.Found+", but the certificate is not checked (s3.tls.insecure-skip-verify)"
		return f.costing("Anybody on the way can take the store's place, read the data and change it.", "set s3.tls.ca-file to the PEM file of the authority, and s3.tls.insecure-skip-verify to false")
	}
	if len(p.TLS.PeerCertificates) == 0 {
		return f
	}
	cert := p.TLS.PeerCertificates[0]
	left := time.Until(cert.NotAfter)
	f.Found += fmt.Sprintf(", certificate of %s until %s", issuer(cert), cert.NotAfter.UTC().Format("2006-01-02 15:04 MST"))
	if e.cfg.CAFile != "" {
		f.Found += ", checked by s3.tls.ca-file too"
	}
	if left < soon {
		f.Status = Limited
		return f.costing("Jobs fail when it ends, in "+days(left)+".", "renew the server's certificate")
	}
	return f
}

func tlsVersion(v uint16) string {
	names := map[uint16]string{0x0303: "TLS 1.2", 0x0304: "TLS 1.3"}
	if name, ok := names[v]; ok {
		return name
	}
	return "TLS"
}

// issuer names the authority behind a certificate.
func issuer(cert *x509.Certificate) string {
	for _, name := range append([]string{cert.Issuer.CommonName}, cert.Issuer.Organization...) {
		if name != "" {
			return "'" + name + "'"
		}
	}
	return "an authority without a name"
}

func days(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

const (
	skewRefused = 15 * time.Minute // from which on S3 refuses requests
	skewTold    = 5 * time.Second
)

// clock compares the store's clock with this machine's.
func (e *exam) clock(context.Context) Finding {
	ahead, by := e.probe.Ahead, e.probe.ClockError
	if by == 0 {
		return limited("the store does not tell the time").costing("A wrong clock shows only when requests are refused.", "")
	}
	f := works("within %s of this machine's", millis(max(by, ahead.Abs())))
	f.Measures = map[string]float64{"ahead_ms": inMillis(ahead), "error_ms": inMillis(by)}
	if ahead.Abs() <= by+skewTold {
		return f
	}
	side := "ahead of"
	if ahead < 0 {
		side = "behind"
	}
	f.Found = fmt.Sprintf("the store's is %s %s this machine's", ahead.Abs().Round(time.Second), side)
	f.Status = Limited
	if ahead.Abs()+by >= skewRefused {
		f.Status = Missing
		return f
	}
	return f.costing("Objects appear to be older or newer by that much: "+
		"source.discovery.retention counts by the store's clock, and 15 minutes off S3 refuses all requests.", "set both clocks by NTP")
}

// listOne asks for the first object below the directory of the examination, of which there is none yet.
func (e *exam) listOne(ctx context.Context, s objstore.Store) error {
	for _, err := range s.List(ctx, e.dir, objstore.ListOptions{}) {
		return err
	}
	return nil
}

// addressing finds out where the store wants the bucket's name. The outcome of a first listing serves the two checks that follow as well.
func (e *exam) addressing(ctx context.Context) Finding {
	e.listed = e.listOne(ctx, e.store)
	cfg, mine, other, advice := e.cfg, "path style", "virtual-host style", "set s3.path-style to false"
	cfg.PathStyle = s3.VirtualHost
	if e.client.VirtualHost(e.opts.Bucket) {
		mine, other, advice = other, mine, "set s3.path-style to true"
		cfg.PathStyle = s3.Path
	}
	client, err := s3.New(cfg)
	if err != nil {
		return failed("no client", err)
	}
	defer client.Close()
	otherErr := e.listOne(ctx, client.Bucket(e.opts.Bucket))
	switch {
	case e.listed == nil && otherErr == nil:
		return works("%s; %s works too", mine, other)
	case e.listed != nil && otherErr == nil && client.VirtualHost(e.opts.Bucket) != e.client.VirtualHost(e.opts.Bucket):
		f := lacks("%s does not work (%s), %s does", mine, reason(e.listed), other)
		f.Advice = advice
		return f
	case e.listed == nil:
		return works("%s; %s does not work here (%s)", mine, other, reason(otherErr))
	}
	return Finding{Status: Untested, Found: "a listing fails for another reason"}
}

// credentials tells whether the store knows who asks.
func (e *exam) credentials(ctx context.Context) Finding {
	key := e.client.AccessKey(ctx)
	if e.listed != nil && objstore.KindOf(e.listed) == objstore.BadCredentials {
		return failed("refused", e.listed)
	}
	if key == "" {
		return limited("none: requests are anonymous").costing("Whoever reaches the store can do what this job can.", "set s3.access-key and s3.secret-key")
	}
	if kind := objstore.KindOf(e.listed); e.listed != nil && kind != objstore.NoBucket && kind != objstore.Denied {
		return Finding{Status: Untested, Found: "a listing fails for another reason"}
	}
	return works("the store knows the access key '%s'", key)
}

// bucket tells whether it is there and may be listed.
func (e *exam) bucket(context.Context) Finding {
	switch err := e.listed; objstore.KindOf(err) {
	case objstore.NoBucket:
		f := failed("missing", err)
		create := "millstream s3 mb s3://" + e.opts.Bucket
		if others, ok := strings.CutPrefix(f.Advice, "create it first, or "); ok {
			f.Advice = create + ", or " + others
		} else if strings.HasSuffix(f.Advice, "meant?") {
			f.Advice += " Else create it: " + create
		} else {
			f.Advice = create
		}
		return f
	case objstore.Denied:
		f := failed("may not be listed", err)
		f.Advice = "allow ListBucket, GetObject, PutObject and DeleteObject below the prefix, in the store's policy"
		return f
	case objstore.NotFound:
		return lacks("the server answers a listing by 'not found', which S3 does not").costing("Nothing works.", "set s3.endpoint to the address of the S3 API, not of a console or another server")
	default:
		if err != nil {
			return failed("cannot be listed", err)
		}
	}
	return works("s3://%s is there", e.opts.Bucket)
}

// region tells whether requests are signed for the region in which the bucket is.
func (e *exam) region(context.Context) Finding {
	got := e.client.Region(e.opts.Bucket)
	if set := e.client.Region(""); got != set {
		f := limited("the bucket is in %s, requests are signed for %s", got, set)
		f.Advice = "set s3.region to " + got
		return f
	}
	return works("%s", got)
}

// strangers knocks without credentials, and with a wrong secret.
func (e *exam) strangers(ctx context.Context) Finding {
	key := e.client.AccessKey(ctx)
	if key == "" {
		return Finding{Status: Untested, Found: "requests are anonymous themselves"}
	}
	for _, c := range []struct {
		who    string
		change func(cfg *s3.Config)
	}{
		{"a wrong secret key", func(cfg *s3.Config) { cfg.AccessKey, cfg.SecretKey, cfg.SessionToken = key, rand.Text(), "" }},
		{"no credentials", func(cfg *s3.Config) { cfg.Anonymous = true }},
	} {
		cfg := e.cfg
		c.change(&cfg)
		client, err := s3.New(cfg)
		if err != nil {
			return failed("no client", err)
		}
		err = e.listOne(ctx, client.Bucket(e.opts.Bucket))
		client.Close()
		switch {
		case err == nil:
			return limited("a listing with %s is answered", c.who)
		case ctx.Err() != nil:
			return failed("no answer", err)
		}
	}
	return works("a wrong secret key is refused, and who has none")
}

func inMillis(d time.Duration) float64 {
	return float64(d.Round(time.Microsecond)) / float64(time.Millisecond)
}

// millis writes a duration as people compare them.
func millis(d time.Duration) string { return shortMillis(d) + " ms" }

// shortMillis is millis without the unit.
func shortMillis(d time.Duration) string {
	if ms := inMillis(d); ms >= 10 {
		return fmt.Sprintf("%.0f", ms)
	}
	return fmt.Sprintf("%.1f", inMillis(d))
}
