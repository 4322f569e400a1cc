package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"time"
)

// Options say what to serve and to whom. Only Dir is required.
type Options struct {
	// Dir is the store's directory. It is created when missing.
	Dir string
	// Listen is the address as HOST:PORT; without a host, loopback. Empty means 127.0.0.1:9000 for
	// [Serve] and a free port on loopback for [Start]. Port 0 picks a free port. A host that other
	// machines can reach is accepted only together with AccessKey and SecretKey.
	Listen string
	// AccessKey and SecretKey are given both or not at all. Without them the store uses those kept in its
	// directory, which it generates at the first start.
	AccessKey, SecretKey string
	// Region is the only one that requests may be signed for besides us-east-1, which is the default.
	Region string
	// CertFile and KeyFile are PEM files; with them the store speaks HTTPS only.
	CertFile, KeyFile string
	// Notify are targets that are told of everything that happens, in all buckets:
	// "webhook=URL", "kafka=HOST:PORT,HOST:PORT/TOPIC", "nats=nats://HOST:PORT/SUBJECT". What a target cannot take is kept for it as long as there is room, and not over an end of the store.
	Notify []string
	// NotifyToken goes to webhooks, in the header Authorization.
	NotifyToken string
	// Log receives one line at the start and one at the end, and for [Start] whatever the child process
	// writes to its standard error. Nil discards all of it.
	Log io.Writer `json:"-"`
	// OnReady, if set, is called once, when the store answers requests.
	OnReady func(Access) `json:"-"`

	// attributeFiles keeps attributes in files even where the file system could; tests set it.
	attributeFiles bool
}

// Access is what a client needs to reach a running store.
type Access struct {
	Endpoint  string `json:"endpoint"` // such as http://127.0.0.1:9000
	AccessKey string `json:"access_key"`
	SecretKey string `json:"secret_key"`
	Region    string `json:"region"`
	// CredentialsFile is where the keys are kept; empty if the caller brought them.
	CredentialsFile string `json:"credentials_file"`
}

// String names the endpoint and the access key, never the secret.
func (a Access) String() string { return a.Endpoint + " (access key " + a.AccessKey + ")" }

// GoString keeps the secret out of %#v.
func (a Access) GoString() string { return a.String() }

const (
	defaultListen = "127.0.0.1:9000"
	defaultRegion = "us-east-1"
	minSecretLen  = 8 // bytes
	lookupTimeout = 5 * time.Second
)

// resolve checks the options, fills in the defaults and makes every path absolute.
func (o Options) resolve() (Options, error) {
	if o.Dir == "" {
		return o, errors.New("the store needs a directory")
	}
	if (o.CertFile == "") != (o.KeyFile == "") {
		return o, errors.New("the store needs both a TLS certificate and its key, or neither")
	}
	for _, path := range []*string{&o.Dir, &o.CertFile, &o.KeyFile} {
		if *path == "" {
			continue
		}
		abs, err := filepath.Abs(*path)
		if err != nil {
			return o, fmt.Errorf("find the store's path %s: %w", *path, err)
		}
		*path = abs
	}
	if (o.AccessKey == "") != (o.SecretKey == "") {
		return o, errors.New("the store needs both an access key and a secret key, or neither")
	}
	if o.SecretKey != "" && len(o.SecretKey) < minSecretLen {
		return o, fmt.Errorf("the secret key is too short: %d characters, at least %d are needed", len(o.SecretKey), minSecretLen)
	}
	if o.Region == "" {
		o.Region = defaultRegion
	}
	if o.Listen == "" {
		o.Listen = defaultListen
	}
	for _, text := range o.Notify {
		sender, err := newSender(text, o.NotifyToken)
		if err != nil {
			return o, err
		}
		if err := sender.Close(); err != nil {
			return o, err
		}
	}
	host, port, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return o, fmt.Errorf("the store's address %q is not HOST:PORT, such as %s", o.Listen, defaultListen)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil {
		return o, fmt.Errorf("the store's address %q has no port between 0 and 65535", o.Listen)
	} else if host == "" {
		host = "127.0.0.1"
		o.Listen = net.JoinHostPort(host, strconv.FormatUint(n, 10))
	}
	loopback, err := isLoopback(host)
	if err != nil {
		return o, fmt.Errorf("the store's address %q: %w", o.Listen, err)
	}
	if !loopback && o.AccessKey == "" {
		return o, fmt.Errorf("other machines can reach %s: give the store an access key and a secret key of your own to listen there", o.Listen)
	}
	return o, nil
}

// isLoopback tells whether every address that host stands for stays on this machine.
func isLoopback(host string) (bool, error) {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback(), nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return false, err
	}
	for _, a := range addrs {
		if !a.IP.IsLoopback() {
			return false, nil
		}
	}
	return true, nil
}
