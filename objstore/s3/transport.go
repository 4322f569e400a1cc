package s3

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// newTransport returns the connection pool of a client. HTTP/1.1 only: one TCP stream per request moves
// bulk data faster than streams sharing one.
func newTransport(c Config) (*http.Transport, error) {
	t, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: c.ConnectTimeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &idleConn{Conn: conn, timeout: c.RequestTimeout}, nil
		},
		TLSClientConfig:     t,
		TLSHandshakeTimeout: c.ConnectTimeout,
		MaxIdleConns:        256,
		MaxIdleConnsPerHost: 256,
		IdleConnTimeout:     min(c.RequestTimeout, time.Minute),
		DisableCompression:  true, // objects are to arrive as they are stored
		ReadBufferSize:      128 << 10,
		WriteBufferSize:     128 << 10,
	}, nil
}

// idleConn fails a Read or Write when nothing moved in either direction for timeout. A limit on whole
// requests would have to guess their size; silence is a fault whatever the size.
type idleConn struct {
	net.Conn
	timeout time.Duration
}

func (c *idleConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// writePiece is how much may be written under one deadline.
const writePiece = 256 << 10

func (c *idleConn) Write(p []byte) (n int, err error) {
	for first := true; first || len(p) > 0; first = false {
		// The answer is awaited while the request is written: progress here extends that wait too.
		if err := c.SetDeadline(time.Now().Add(c.timeout)); err != nil {
			return n, err
		}
		piece := p[:min(len(p), writePiece)]
		k, err := c.Conn.Write(piece)
		n += k
		if err != nil {
			return n, err
		}
		p = p[len(piece):]
	}
	return n, nil
}

var copyBuffers = sync.Pool{New: func() any { b := make([]byte, writePiece); return &b }}

// ReadFrom sends a request's body in large pieces; net/http would take 32 KiB at a time.
func (c *idleConn) ReadFrom(r io.Reader) (n int64, err error) {
	buf := copyBuffers.Get().(*[]byte)
	defer copyBuffers.Put(buf)
	for {
		k, readErr := r.Read(*buf)
		if k > 0 {
			written, err := c.Write((*buf)[:k])
			n += int64(written)
			if err != nil {
				return n, err
			}
		}
		if readErr == io.EOF {
			return n, nil
		}
		if readErr != nil {
			return n, readErr
		}
	}
}
