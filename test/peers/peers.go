// Package peers starts the real programs that Millstream meets in the field, for tests and benchmarks:
// MinIO, Apache Flink and Apache Kafka. Each runs as a process of its own, on free loopback ports, with its data in a
// temporary directory, and ends with the test (on Linux even if the test is killed).
//
// What enters: a test, or a context in TestMain, and options. What leaves: endpoints and credentials. The
// programs are installed once per user, by their ordinary package managers, into a cache directory; two
// test binaries that want the same one at the same time wait for each other. Where a program cannot be
// had, without a network or without a Java runtime, [Unavailable] says why and the test is skipped, unless
// MILLSTREAM_REQUIRE_PEERS is set. A program that is there but does not start fails the test.
//
// MinIO is under the AGPL: it is built and run, never linked. README.md has the settings.
package peers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// Unavailable says that a peer cannot be had on this machine. Anything else that goes wrong is a failure.
type Unavailable struct {
	Peer   string
	Reason error
}

func (u *Unavailable) Error() string { return u.Peer + " cannot be had here: " + u.Reason.Error() }

func (u *Unavailable) Unwrap() error { return u.Reason }

// give ends the test if there was an error: by a skip when the peer cannot be had, else by a failure.
func give(t testing.TB, err error) {
	t.Helper()
	var missing *Unavailable
	switch {
	case err == nil:
	case errors.As(err, &missing) && os.Getenv("MILLSTREAM_REQUIRE_PEERS") == "":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}

// CacheDir is where the installed programs lie: $MILLSTREAM_PEERS, or millstream-peers in the user's cache
// directory.
func CacheDir() (string, error) {
	if dir := os.Getenv("MILLSTREAM_PEERS"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a directory for the peers (MILLSTREAM_PEERS sets one): %w", err)
	}
	return filepath.Join(dir, "millstream-peers"), nil
}

// install calls have, and build if that says no, under a lock that all processes share. Both get the cache
// directory. What goes wrong in build makes the peer unavailable.
func install(peer string, have func(cache string) bool, build func(cache string) error) (cache string, err error) {
	cache, err = CacheDir()
	if err != nil {
		return "", err
	}
	if have(cache) {
		return cache, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(cache, "lock")).Lock()
	if err != nil {
		return "", fmt.Errorf("lock the peers' directory: %w", err)
	}
	defer unlock()
	if have(cache) {
		return cache, nil
	}
	if err := build(cache); err != nil {
		return "", &Unavailable{Peer: peer, Reason: err}
	}
	return cache, nil
}

// freePorts returns ports on loopback that nobody uses. Somebody may before the peer does, so that what
// starts on them is tried again ([attempts]).
func freePorts(n int) ([]string, error) {
	ports := make([]string, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close() // all are open until the last is found, so that they differ
		ports[i] = strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

const attempts = 3

// retry calls start until it succeeds, or fails for another reason than that its port was taken, which
// MinIO and Java call by the same words.
func retry[T any](ctx context.Context, start func() (T, error)) (T, error) {
	for attempt := 1; ; attempt++ {
		v, err := start()
		taken := errors.Is(err, errEnded) && strings.Contains(err.Error(), "already in use")
		if !taken || attempt == attempts || ctx.Err() != nil {
			return v, err
		}
	}
}
