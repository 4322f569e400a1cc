package server

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/versity/versitygw/s3api"
)

// listen binds the address and serves until shutdown. It sets access.Endpoint before the gateway reports
// that it listens. Port 0 is resolved here because the library does not say which port it got: between
// finding a free one and binding it somebody else may take it, so it is tried again.
func listen(gateway *s3api.S3ApiServer, opts Options, access *Access) error {
	host, port, err := net.SplitHostPort(opts.Listen)
	if err != nil {
		return err
	}
	scheme := "http://"
	if opts.CertFile != "" {
		scheme = "https://"
	}
	attempts := 1
	if port == "0" {
		attempts = bindAttempts
	}
	for attempt := 1; ; attempt++ {
		bind := port
		if port == "0" {
			if bind, err = freePort(host); err != nil {
				return listenError(opts.Listen, err)
			}
		}
		access.Endpoint = scheme + net.JoinHostPort(reachable(host), bind)
		err := gateway.ServeMultiPort([]string{net.JoinHostPort(host, bind)})
		if err == nil || attempt == attempts || !errors.Is(err, syscall.EADDRINUSE) {
			return listenError(net.JoinHostPort(host, bind), err)
		}
	}
}

func freePort(host string) (string, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return "", err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return strconv.Itoa(port), l.Close()
}

// reachable turns a wildcard address into one that a client on this machine can use.
func reachable(host string) string {
	switch ip := net.ParseIP(host); {
	case ip == nil || !ip.IsUnspecified():
		return host
	case ip.To4() != nil:
		return "127.0.0.1"
	default:
		return "::1"
	}
}

// listenError says in one sentence why an address cannot be listened on; nil stays nil.
func listenError(addr string, err error) error {
	var reason string
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.EADDRINUSE):
		reason = "another program uses that port; stop it or choose another port (port 0 picks a free one)"
	case errors.Is(err, syscall.EACCES):
		reason = "this user may not use that port; choose one above 1023"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		reason = "this machine has no such address"
	default:
		return fmt.Errorf("the store cannot listen on %s: %w", addr, err)
	}
	return fmt.Errorf("the store cannot listen on %s: %s (%w)", addr, reason, err)
}
