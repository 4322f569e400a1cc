package webhook

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/millstream/millstream/objstore/event"
)

const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = time.Minute
	idleTimeout   = 2 * time.Minute
	closeGrace    = 3 * time.Second // for requests under way
	maxHeader     = 64 << 10        // bytes
)

// servers are those of this process, by the address that was asked for; with port 0 by the one that was got.
var servers = struct {
	sync.Mutex
	byAddress map[string]*server
}{byAddress: map[string]*server{}}

// server receives on one address for all who asked for it.
type server struct {
	address, key      string // as bound, as in servers
	certFile, keyFile string
	http              *http.Server
	ended             chan struct{} // closed when the HTTP server has ended

	mu    sync.RWMutex
	paths map[string][]*Receiver
}

// join makes the receiver hear of its path, and starts the server of its address if there is none.
func (r *Receiver) join(ctx context.Context) error {
	servers.Lock()
	defer servers.Unlock()
	s := servers.byAddress[r.cfg.address]
	if s == nil {
		var err error
		if s, err = start(ctx, r.cfg); err != nil {
			return err
		}
		servers.byAddress[s.key] = s
	}
	if s.certFile != r.cfg.certFile || s.keyFile != r.cfg.keyFile {
		return fmt.Errorf("another table receives on '%s' = '%s' with other values of '%s' and '%s': use the same, or another port",
			listenOption.Key, r.cfg.address, certOption.Key, keyOption.Key)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if there := s.paths[r.cfg.path]; len(there) > 0 && (there[0].cfg.token != r.cfg.token || there[0].cfg.maxBody != r.cfg.maxBody) {
		return fmt.Errorf("another table receives on '%s' = '%s' of %s with another '%s' or '%s': use the same, or another path",
			pathOption.Key, r.cfg.path, r.cfg.address, tokenOption.Key, bodyOption.Key)
	}
	r.server = s
	s.paths[r.cfg.path] = append(s.paths[r.cfg.path], r)
	return nil
}

// leave takes the receiver away, and ends the server if it was the last.
func (r *Receiver) leave() error {
	servers.Lock()
	defer servers.Unlock()
	s := r.server
	s.mu.Lock()
	left := slices.DeleteFunc(slices.Clone(s.paths[r.cfg.path]), func(other *Receiver) bool { return other == r })
	if s.paths[r.cfg.path] = left; len(left) == 0 {
		delete(s.paths, r.cfg.path)
	}
	last := len(s.paths) == 0
	s.mu.Unlock()
	if !last {
		return nil
	}
	delete(servers.byAddress, s.key)
	ctx, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	<-s.ended
	return err
}

func start(ctx context.Context, cfg config) (*server, error) {
	tlsConfig, err := cfg.tls()
	if err != nil {
		return nil, err
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", cfg.address)
	if err != nil {
		return nil, fmt.Errorf("receive notifications on '%s' = '%s': %w; another port may be free", listenOption.Key, cfg.address, err)
	}
	s := &server{address: l.Addr().String(), key: cfg.address, certFile: cfg.certFile, keyFile: cfg.keyFile, ended: make(chan struct{}), paths: map[string][]*Receiver{}}
	if _, port, err := net.SplitHostPort(cfg.address); err == nil && port == "0" {
		s.key = s.address
	}
	s.http = &http.Server{Handler: s, TLSConfig: tlsConfig, ReadHeaderTimeout: headerTimeout, ReadTimeout: bodyTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader}
	if tlsConfig != nil {
		l = tls.NewListener(l, tlsConfig)
	}
	go func() {
		defer close(s.ended)
		_ = s.http.Serve(l) // ends by Shutdown; without it every request fails, which its sender sees
	}()
	return s, nil
}

func (s *server) url() string {
	if s.certFile != "" {
		return "https://" + s.address
	}
	return "http://" + s.address
}

// ServeHTTP implements [http.Handler].
func (s *server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	s.mu.RLock()
	receivers := s.paths[req.URL.Path]
	s.mu.RUnlock()
	if len(receivers) == 0 {
		http.Error(w, "nobody receives notifications at this path", http.StatusNotFound)
		return
	}
	cfg := &receivers[0].cfg
	if !authorized(req.Header.Get("Authorization"), cfg.token) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		http.Error(w, "the token is missing or wrong", http.StatusUnauthorized)
		return
	}
	if req.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "notifications come by POST", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, cfg.maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		http.Error(w, fmt.Sprintf("the notification has more than %d bytes", tooLarge.Limit), http.StatusRequestEntityTooLarge)
		return
	}
	var list []event.Event
	if err == nil {
		list, err = event.Parse(body)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !s.deliver(req.URL.Path, list) {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "there is no room for more events now", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// deliver hands events to those who receive now: one that has left since the request began must not be what the answer speaks of.
func (s *server) deliver(path string, list []event.Event) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.paths[path]) > 0 && deliver(s.paths[path], list)
}

// authorized compares in a time that does not depend on where a wrong token differs, nor on its length.
func authorized(header, token string) bool {
	if token == "" {
		return true
	}
	if scheme, rest, ok := strings.Cut(header, " "); ok && strings.EqualFold(scheme, "Bearer") {
		header = strings.TrimSpace(rest)
	}
	token = strings.TrimPrefix(token, "Bearer ")
	given, want := sha256.Sum256([]byte(header)), sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(given[:], want[:]) == 1
}
