package s3

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"github.com/millstream/millstream/objstore"
)

// Probe is what one request without credentials shows of an endpoint.
type Probe struct {
	Host      string   // as it was asked for
	Proxy     string   // host of the HTTP proxy between; empty: none
	Addresses []string // for which the host's name stands; empty where it is an address already
	Address   string   // that was connected to, with port
	Lookup    time.Duration
	Connect   time.Duration
	Handshake time.Duration
	Answer    time.Duration        // from the whole request to the first byte
	TLS       *tls.ConnectionState // nil: plain HTTP
	Verified  bool                 // the certificate was checked
	Server    string               // as it names itself; may be empty
	LooksS3   bool                 // the answer has signs of S3
	Status    int
	// Ahead is how far the store's clock is ahead of this machine's; it is known to ClockError, or not at all where that is 0.
	Ahead, ClockError time.Duration
}

// Probe makes a new connection and asks for nothing in particular, without credentials: any answer will do. It does not try again.
func (c *Client) Probe(ctx context.Context) (*Probe, error) {
	p, err := c.probeOnce(ctx)
	if err != nil {
		return nil, c.fail(ctx, "reach", "", "", err)
	}
	return p, nil
}

// dialTimes measures connections that are tried side by side, as to the addresses of both kinds that a name has.
type dialTimes struct {
	mu    sync.Mutex
	begun map[string]time.Time
	took  time.Duration // of the first that came about
}

func (d *dialTimes) begin(address string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.begun == nil {
		d.begun = map[string]time.Time{}
	}
	d.begun[address] = time.Now()
}

func (d *dialTimes) end(address string, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil && d.took == 0 {
		d.took = time.Since(d.begun[address])
	}
}

func (d *dialTimes) first() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.took
}

func (c *Client) probeOnce(ctx context.Context) (*Probe, error) {
	transport := c.transport.Clone() // no connection that is there already
	defer transport.CloseIdleConnections()
	p := &Probe{Verified: !c.cfg.InsecureSkipVerify}
	var looking, shaking, sent, answered time.Time
	var dials dialTimes
	trace := &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { looking = time.Now() },
		DNSDone: func(info httptrace.DNSDoneInfo) {
			p.Lookup = time.Since(looking)
			for _, a := range info.Addrs {
				p.Addresses = append(p.Addresses, a.String())
			}
		},
		ConnectStart:         func(_, address string) { dials.begin(address) },
		ConnectDone:          func(_, address string, err error) { dials.end(address, err) },
		TLSHandshakeStart:    func() { shaking = time.Now() },
		TLSHandshakeDone:     func(tls.ConnectionState, error) { p.Handshake = time.Since(shaking) },
		GotConn:              func(info httptrace.GotConnInfo) { p.Address = info.Conn.RemoteAddr().String() },
		WroteRequest:         func(httptrace.WroteRequestInfo) { sent = time.Now() },
		GotFirstResponseByte: func() { answered = time.Now() },
	}
	req := c.build(httptrace.WithClientTrace(ctx, trace), request{method: http.MethodGet}, c.cfg.Region)
	p.Host = req.URL.Hostname()
	if proxy, err := http.ProxyFromEnvironment(req); err == nil && proxy != nil {
		p.Proxy = proxy.Host
	}
	start := time.Now()
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	c.reached.Store(true)
	p.Connect = dials.first()
	p.Answer, p.TLS, p.Status = answered.Sub(sent), resp.TLS, resp.StatusCode
	p.Server = resp.Header.Get("Server")
	if server, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		// The date has no fraction of a second, and is of some moment between the request and its answer.
		const half = time.Second / 2
		p.ClockError = half + answered.Sub(start)/2
		p.Ahead = server.Add(half).Sub(answered.Add(-answered.Sub(sent) / 2).Round(0))
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if err != nil {
		return nil, err
	}
	p.LooksS3 = resp.Header.Get("X-Amz-Request-Id") != "" || resp.Header.Get("X-Amz-Bucket-Region") != "" ||
		bytes.Contains(data, []byte("<Error>")) || bytes.Contains(data, []byte("<ListAllMyBucketsResult"))
	if !p.LooksS3 && resp.StatusCode/100 == 4 {
		resp.Body = io.NopCloser(bytes.NewReader(data))
		refused := readError(resp)
		var told objstore.Error
		// A server that wants TLS says so over a plain connection.
		if api := (*apiError)(nil); errors.As(refused, &api) && api.code == "" {
			if c.explainAPI(ctx, &told, "", api); told.Kind == objstore.BadTLS {
				return nil, refused
			}
		}
	}
	return p, nil
}
