package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/millstream/millstream/objstore"
)

// class says what is to be done about a failed attempt.
type class uint8

const (
	final       class = iota // trying again gives the same
	connect                  // no connection came about
	connectSlow              // no connection came about within the connect timeout
	broken                   // the connection broke, or the store failed in passing
	silent                   // no answer in time
	throttled                // the store asks for a pause
)

// classify sorts an error of one attempt.
func classify(err error) class {
	var api *apiError
	if errors.As(err, &api) {
		return api.class()
	}
	if reason, _ := tlsReason(err); reason != "" {
		return final
	}
	var cred *credentialsError
	var notS3 *notS3Error
	var decided *objstore.Error
	if errors.As(err, &cred) || errors.As(err, &notS3) || errors.As(err, &decided) {
		return final
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		if dns.IsNotFound {
			return final
		}
		return connect
	}
	var op *net.OpError
	dialing := errors.As(err, &op) && op.Op == "dial"
	var timeout net.Error
	switch isTimeout := errors.As(err, &timeout) && timeout.Timeout(); {
	case dialing && isTimeout, err != nil && strings.Contains(err.Error(), "TLS handshake timeout"):
		return connectSlow
	case dialing:
		return connect
	case isTimeout:
		return silent
	}
	// What is left happened on a connection: resets, an end in mid-answer, garbage.
	return broken
}

func (e *apiError) class() class {
	switch e.code {
	case "SlowDown", "SlowDownRead", "SlowDownWrite", "ServiceUnavailable", "RequestLimitExceeded", "Throttling", "ThrottlingException",
		"RequestThrottled", "TooManyRequests", "BandwidthLimitExceeded":
		return throttled
	case "InternalError", "ClientDisconnected", "RequestTimeout", "RequestTimeTooSlow", "OperationAborted", "ConditionalRequestConflict", "IncompleteBody":
		return broken
	case "NotImplemented", "XMinioStorageFull", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded":
		return final
	}
	switch e.status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return throttled
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusRequestTimeout:
		return broken
	}
	return final
}

// tries is how often a request is tried that keeps failing in this way. Before the first answer ever, a
// wrong endpoint is likelier than a store that is just restarting: the user should hear of it soon.
func (c *Client) tries(k class) int {
	first := !c.reached.Load()
	switch {
	case k == final:
		return 1
	case k == connect && first:
		return min(3, c.cfg.MaxAttempts)
	case k == connectSlow && first:
		return 1
	case k == silent, k == connectSlow:
		return min(3, c.cfg.MaxAttempts)
	}
	return c.cfg.MaxAttempts
}

// maxPause bounds the pause between two tries.
const maxPause = 10 * time.Second

// pause waits before try number attempt+1, with full jitter: a random time below a bound that doubles.
func (c *Client) pause(ctx context.Context, k class, attempt int, retryAfter string) {
	bound := c.cfg.RetryDelay
	if k == throttled {
		bound *= 4
	}
	bound = min(bound<<min(attempt-1, 16), maxPause)
	wait := time.Duration(rand.Int64N(int64(bound) + 1))
	if s, err := strconv.Atoi(retryAfter); err == nil && s > 0 {
		wait += min(time.Duration(s)*time.Second, maxPause)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// triesError says how often a request was tried before its last error.
type triesError struct {
	err      error
	attempts int
}

func (e *triesError) Error() string { return e.err.Error() }
func (e *triesError) Unwrap() error { return e.err }

// retry calls attempt until it succeeds, fails for good or was tried often enough. This is the only place
// where requests are repeated; a reader that lost its connection counts its own failures by it too.
func (c *Client) retry(ctx context.Context, attempt func() error) error {
	for n := 1; ; n++ {
		err := attempt()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		k := classify(err)
		if n >= c.tries(k) {
			if decided, ok := err.(*objstore.Error); ok { //nolint:errorlint // the attempt's own, which says all there is to say
				return decided
			}
			return &triesError{err, n}
		}
		c.pause(ctx, k, n, retryAfter(err))
	}
}

func retryAfter(err error) string {
	var api *apiError
	if errors.As(err, &api) {
		return api.retryAfter
	}
	return ""
}

// uncertain reports whether the request behind err may have taken effect in spite of it.
func uncertain(err error) bool {
	switch classify(err) {
	case final, connect, connectSlow, throttled:
		return false
	}
	return true
}

// tlsReason explains an error of TLS and says what to do; it is empty for any other error.
func tlsReason(err error) (reason, hint string) {
	const ca = "set s3.tls.ca-file to the PEM file of the authority that signed it"
	var invalid x509.CertificateInvalidError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var verify *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	switch {
	case errors.As(err, &invalid):
		if invalid.Reason == x509.Expired && invalid.Cert != nil {
			cert := invalid.Cert
			names := certNames(cert)
			if now := time.Now(); now.Before(cert.NotBefore) {
				return "the TLS certificate for " + names + " is valid only from " + day(cert.NotBefore) + " on", "check this machine's clock and the server's certificate"
			}
			return "the TLS certificate for " + names + " expired on " + day(invalid.Cert.NotAfter), "renew the server's certificate"
		}
		return "the TLS certificate is invalid: " + strings.TrimPrefix(invalid.Error(), "x509: "), "check the server's certificate"
	case errors.As(err, &unknown):
		issuer := ""
		if unknown.Cert != nil {
			issuer = " '" + unknown.Cert.Issuer.String() + "'"
		}
		return "the TLS certificate is signed by an authority" + issuer + " that this machine does not know", ca
	case errors.As(err, &host):
		return "the TLS certificate is for " + certNames(host.Certificate) + ", not for " + host.Host, "use a name in the certificate as s3.endpoint"
	case errors.As(err, &verify):
		return "the TLS certificate cannot be verified: " + verify.Err.Error(), ca
	case errors.As(err, &record), err != nil && strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "the server speaks plain HTTP, not HTTPS", "write http:// in s3.endpoint"
	case err != nil && strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`):
		return reasonSpeaksTLS, hintHTTPS
	case errors.As(err, &alert):
		return "the server refused the TLS connection: " + alert.Error(), "check which TLS versions and client certificates the server demands"
	}
	return "", ""
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// certNames lists what a certificate is for.
func certNames(cert *x509.Certificate) string {
	var names []string
	names = append(names, cert.DNSNames...)
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "'" + cert.Subject.String() + "'"
	}
	if len(names) > 4 {
		names = append(names[:4], "…")
	}
	return strings.Join(names, ", ")
}

// networkReason explains an error of the network.
func networkReason(err error) string {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		if dns.IsNotFound {
			return "there is no host named " + dns.Name
		}
		return "the name server does not answer for " + dns.Name
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "there is no route to the host"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection broke"
	}
	return err.Error()
}
