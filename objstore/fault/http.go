package fault

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// HTTPRule injects one fault into some HTTP requests.
type HTTPRule struct {
	Method string // empty: any
	Match  string // the request's path and query contain it, as sent: "/bucket/key?uploads="; empty: any
	Trigger

	Delay      time.Duration // wait before anything else
	Status     int           // answer with this status and an S3 error document, without asking the server
	Code       string        // the error's code, such as SlowDown; default by Status
	RetryAfter string        // the answer's Retry-After header
	Reset      bool          // break the connection instead of asking the server
	Lost       bool          // ask the server, then break the connection instead of answering
	Cut        int64         // break the connection behind this many bytes of the answer's body
	Stall      bool          // with Cut: go silent instead of breaking it; alone: never answer
	Replace    []byte        // answer 200 with this body instead of asking the server
	// Change alters the request before the server is asked: a store that takes no notice of a header is one that it does not reach. The function has to sign it again.
	Change func(req *http.Request)
	// Answer alters what the server has answered.
	Answer func(resp *http.Response)
}

// Transport injects faults into requests that pass through it. It is safe for concurrent use.
type Transport struct {
	Base  http.RoundTripper // nil: [http.DefaultTransport]
	Rules []HTTPRule

	triggers *triggers
}

// NewTransport returns a transport over base that follows rules.
func NewTransport(base http.RoundTripper, seed uint64, rules ...HTTPRule) *Transport {
	return &Transport{Base: base, Rules: rules, triggers: newTriggers(seed)}
}

// Events returns the faults injected so far.
func (t *Transport) Events() []Event { return t.triggers.events() }

// errReset is what a broken connection looks like from above.
var errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	rule := t.rule(req)
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	if rule == nil {
		return base.RoundTrip(req)
	}
	pause(req.Context(), rule.Delay)
	if rule.Status != 0 || rule.Reset || rule.Replace != nil || rule.Stall && rule.Cut == 0 {
		if req.Body != nil {
			// The server of the real fault would have taken the request first, as far as it came.
			_, _ = io.Copy(io.Discard, req.Body)
			req.Body.Close()
		}
	}
	switch {
	case rule.Status != 0:
		return failure(req, rule), nil
	case rule.Replace != nil:
		return answer(req, http.StatusOK, rule.Replace), nil
	case rule.Reset:
		return nil, errReset
	case rule.Stall && rule.Cut == 0:
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	if rule.Change != nil {
		req = req.Clone(req.Context()) // a RoundTripper leaves the caller's as it is
		rule.Change(req)
	}
	resp, err := base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if rule.Answer != nil {
		rule.Answer(resp)
	}
	if rule.Lost {
		_, err := io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if err != nil {
			return nil, err
		}
		return nil, errReset
	}
	if rule.Cut > 0 {
		resp.Body = &cutBody{ReadCloser: resp.Body, left: rule.Cut, ctx: req.Context(), stall: rule.Stall}
	}
	return resp, nil
}

func (t *Transport) rule(req *http.Request) *HTTPRule {
	target := req.URL.RequestURI()
	for i := range t.Rules {
		r := &t.Rules[i]
		if (r.Method == "" || r.Method == req.Method) && strings.Contains(target, r.Match) &&
			t.triggers.fires(i, r.Trigger, req.Method+" "+target) {
			return r
		}
	}
	return nil
}

// failure is an answer as an S3 server gives it.
func failure(req *http.Request, rule *HTTPRule) *http.Response {
	code := rule.Code
	if code == "" {
		code = map[int]string{500: "InternalError", 503: "SlowDown", 429: "TooManyRequests", 403: "AccessDenied", 404: "NoSuchKey"}[rule.Status]
	}
	body := fmt.Appendf(nil, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>%s</Code><Message>injected fault</Message></Error>", code)
	if req.Method == http.MethodHead {
		body = nil
	}
	resp := answer(req, rule.Status, body)
	if rule.RetryAfter != "" {
		resp.Header.Set("Retry-After", rule.RetryAfter)
	}
	return resp
}

func answer(req *http.Request, status int, body []byte) *http.Response {
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/xml"}},
		Body:          io.NopCloser(strings.NewReader(string(body))),
		ContentLength: int64(len(body)), Request: req,
	}
}

// cutBody breaks off or goes silent after left bytes.
type cutBody struct {
	io.ReadCloser
	ctx   context.Context
	left  int64
	stall bool
}

func (b *cutBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		if b.stall {
			<-b.ctx.Done()
		}
		return 0, errReset
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// Proxy is an HTTP server on loopback that hands requests on to another and injects faults on the wire:
// a client sees real resets and real truncations.
type Proxy struct {
	*Transport
	URL    string // http://127.0.0.1:port
	server *httptest.Server
}

// NewProxy starts a proxy before target, such as "http://127.0.0.1:9000". Close it after use.
func NewProxy(target string, seed uint64, rules ...HTTPRule) (*Proxy, error) {
	u, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	p := &Proxy{Transport: NewTransport(&http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}, seed, rules...)}
	p.server = httptest.NewServer(&httputil.ReverseProxy{
		// The Host header stays as it is: it is part of S3's signature.
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host = u.Scheme, u.Host
			r.Out.Host = r.In.Host
			r.Out.URL.RawQuery = r.In.URL.RawQuery
		},
		Transport:     p.Transport,
		FlushInterval: -1,
		ErrorLog:      slog.NewLogLogger(slog.DiscardHandler, slog.LevelError), // broken copies are what it is for
		ErrorHandler:  func(w http.ResponseWriter, _ *http.Request, _ error) { reset(w) },
	})
	p.URL = p.server.URL
	return p, nil
}

// Close stops the proxy and breaks its connections.
func (p *Proxy) Close() {
	p.server.CloseClientConnections()
	p.server.Close()
	if t, ok := p.Base.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// reset breaks the client's connection with a TCP reset.
func reset(w http.ResponseWriter) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // if it fails, the connection ends in order, which is also an end
	}
	_ = conn.Close()
}
