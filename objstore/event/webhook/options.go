package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/millstream/millstream/setting"
)

var (
	listenOption = &setting.Option{Key: "webhook.listen", Default: "127.0.0.1:9180", Check: checkAddress,
		Doc: "Address to receive notifications on, as HOST:PORT. Tables of one process may share it. One that other machines can reach needs 'webhook.token'."}
	pathOption = &setting.Option{Key: "webhook.path", Default: "/events", Check: checkPath,
		Doc: "Path of the URL to which the store sends, by which tables that share an address differ."}
	tokenOption = &setting.Option{Key: "webhook.token", Secret: true, Check: checkToken,
		Doc: "What the store has to send in the header Authorization, with or without 'Bearer ' before it. Without a token everything that arrives is taken in."}
	certOption = &setting.Option{Key: "webhook.tls.cert-file",
		Doc: "PEM file with a certificate; with 'webhook.tls.key-file' notifications are received by HTTPS only."}
	keyOption  = &setting.Option{Key: "webhook.tls.key-file", Doc: "PEM file with the key of 'webhook.tls.cert-file'."}
	bodyOption = &setting.Option{Key: "webhook.max-body-size", Type: setting.MemorySize, Default: "8mb",
		Doc: "Size of the largest notification that is taken in; a larger one is answered with 413."}
	bufferOption = &setting.Option{Key: "webhook.buffer-size", Type: setting.Int, Default: "65536", Check: checkBuffer,
		Doc: "Number of events that wait for being read. While there is no room the store is answered with 503, and sends again later."}
)

// Options are what [Open] reads.
var Options = []*setting.Option{listenOption, pathOption, tokenOption, certOption, keyOption, bodyOption, bufferOption}

func checkAddress(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil || port == "" {
		return errors.New("not an address: valid are 'HOST:PORT', such as '127.0.0.1:9180'")
	}
	return nil
}

func checkPath(text string) error {
	if !strings.HasPrefix(text, "/") || strings.ContainsAny(text, "?# ") {
		return errors.New("not a path: valid are those that begin with '/', such as '/events'")
	}
	return nil
}

func checkToken(text string) error {
	if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
		return errors.New("not a token: valid are visible characters of ASCII")
	}
	return nil
}

func checkBuffer(text string) error {
	if n, err := strconv.Atoi(text); err != nil || n < 1 || n > 10_000_000 {
		return errors.New("out of range: valid are integers from 1 to 10000000")
	}
	return nil
}

// config are the options' values, checked against each other.
type config struct {
	address, path     string
	token             string
	certFile, keyFile string
	maxBody           int64
	buffer            int
}

const lookupTimeout = 5 * time.Second

func configure(ctx context.Context, v setting.Values) (config, error) {
	c := config{address: v.Text(listenOption), path: v.Text(pathOption), token: v.Text(tokenOption), certFile: v.Text(certOption), keyFile: v.Text(keyOption),
		maxBody: v.Memory(bodyOption), buffer: v.Int(bufferOption)}
	if (c.certFile == "") != (c.keyFile == "") {
		return c, fmt.Errorf("'%s' and '%s' are given together or not at all", certOption.Key, keyOption.Key)
	}
	host, port, err := net.SplitHostPort(c.address)
	if err != nil {
		return c, err
	}
	if host == "" { // not every interface: that has to be written down
		host = "127.0.0.1"
		c.address = net.JoinHostPort(host, port)
	}
	if c.token != "" {
		return c, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil {
		return c, fmt.Errorf("look up the address of '%s' = '%s': %w", listenOption.Key, c.address, err)
	}
	for _, a := range addresses {
		if !a.IP.IsLoopback() {
			return c, fmt.Errorf("other machines can reach '%s' = '%s': set '%s' too, or listen on 127.0.0.1", listenOption.Key, c.address, tokenOption.Key)
		}
	}
	return c, nil
}

func (c *config) tls() (*tls.Config, error) {
	if c.certFile == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return nil, fmt.Errorf("read the certificate '%s' = '%s' with '%s' = '%s': %w", certOption.Key, c.certFile, keyOption.Key, c.keyFile, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}
