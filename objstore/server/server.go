// Package server is the embedded S3 store: the real S3 protocol over HTTP, with signature checks, on a
// directory of the local disk.
//
// What enters: [Options] (a directory, an address, credentials) and then requests of any S3 client. What
// leaves: an [Access], the endpoint with the credentials that open it. `millstream store` runs it in its
// own process with [Serve]; everything else (the demo, the server, tests) hosts it in a child process of
// the same binary with [Start], because the store changes the working directory of the process it runs in
// and because its memory and its threads then stay out of the engine's way. A binary that calls Start
// calls [RunChildIfAsked] first thing in main.
//
// The protocol and the object layout are versitygw's: its s3api over its posix backend. This package adds
// what belongs to an embedded store: credentials, one owner per directory, ranged reads without a copy
// through user space, the child process, and plain sentences for what can go wrong. It also corrects the
// library where a client of S3 would stumble (semantics.go) or a two-phase commit be deceived (uploads.go).
// It tells what happens to the objects (changes.go) to everybody who listens by MinIO's request for that (notify.go), and
// to targets that are named at the start (target.go), and answers queries over objects (select.go, by objstore/s3select).
//
// # Layout of the directory
//
//	DIR/buckets/BUCKET/KEY          an object: its bytes are the file's bytes; "/" in a key makes directories
//	DIR/buckets/BUCKET/.sgwtmp/     unfinished multipart uploads
//	DIR/.millstream/credentials     generated access key and secret key, mode 0600, in the format of ~/.aws/credentials
//	DIR/.millstream/lock            held by the process that serves the directory
//	DIR/.millstream/attributes/     ETags, checksums and user metadata, only where the file system has no
//	                                extended attributes (otherwise they are the file's attributes user.*)
//
// S3 clients see what is below buckets/ and nothing else. Keys are paths: "a" and "a/b" cannot both be
// objects, and a part of a key between slashes is at most 255 bytes long.
//
// # What must hold
//
//   - An object appears whole or not at all, and of several concurrent conditional writes one wins. Both
//     survive a kill of the store at any moment.
//   - Completing a multipart upload succeeds if and only if its object is there, however often it is asked.
//   - ETags are opaque: they are checksums of the content, not MD5.
//   - Nothing is synced to the disk: what the store has acknowledged survives the end of its process, not
//     a power cut or a crash of the operating system, which may lose or truncate the objects of the last
//     seconds. Who needs that points Millstream at a replicated store.
//   - It listens on loopback unless the caller names another address and brings the credentials for it,
//     and it never serves anonymous requests, unless the owner of the keys gives a bucket a public policy.
//   - What has happened is told once the request that did it has succeeded, with a sequencer that grows. Who
//     listens too slowly is cut off: memory for that is bounded (hub.go). Nothing is told again after a restart.
//   - One process serves a directory at a time, and one store runs in a process at a time.
package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/s3api"
	"github.com/versity/versitygw/s3api/middlewares"
)

const (
	maxConnections = 8192            // open at the same time; more are refused with 503
	maxRequests    = 4096            // in flight at the same time; more are answered with SlowDown, which clients retry
	maxParts       = 10_000          // of a multipart upload, as S3 has it
	shutdownGrace  = 3 * time.Second // for requests in flight when the store is told to stop
	bindAttempts   = 20              // to find a free port when port 0 is asked for
)

// serving is true while a store runs in this process: the backend works on paths relative to the working
// directory, which a process has only one of.
var serving atomic.Bool

// Serve runs the store in this process until ctx ends, and returns nil after an orderly end. It changes
// the process's working directory while it runs. Requests in flight get three seconds to finish.
//
// A second Serve in one process fails; use [Start] for that. Unexpected failures of the disk are reported
// by the library on the process's standard error.
func Serve(ctx context.Context, opts Options) (err error) {
	if !serving.CompareAndSwap(false, true) {
		return errors.New("a store is already running in this process: start further ones in processes of their own")
	}
	defer serving.Store(false)

	opts, err = opts.resolve()
	if err != nil {
		return err
	}
	dir, err := openDirectory(opts.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.close()) }()
	access, err := dir.access(opts)
	if err != nil {
		return err
	}

	before, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("start the store: %w", err)
	}
	defer func() { err = errors.Join(err, os.Chdir(before)) }()
	backend, err := dir.backend(opts)
	if err != nil {
		return err
	}
	defer backend.Shutdown()
	targets, err := startTargets(opts, backend.hub)
	if err != nil {
		return err
	}
	defer targets.stop()
	defer backend.hub.close()

	ready := make(chan struct{})
	gateway, err := newGateway(backend, access, opts, func() { close(ready) })
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	var listenErr error // valid after ended
	go func() {
		defer close(ended)
		listenErr = listen(gateway, opts, &access)
	}()
	select {
	case <-ended:
		return listenErr
	case <-ready:
	}
	logf(opts.Log, "store: serving %s at %s", opts.Dir, access.Endpoint)
	if opts.OnReady != nil {
		opts.OnReady(access)
	}
	select {
	case <-ended:
		return fmt.Errorf("the store at %s stopped by itself: %w", access.Endpoint, listenErr)
	case <-ctx.Done():
	}
	backend.hub.close() // listeners would be waited for
	shutdown(gateway, ended)
	logf(opts.Log, "store: stopped serving %s", opts.Dir)
	return nil
}

func newGateway(backend *diskBackend, access Access, opts Options, onListen func()) (*s3api.S3ApiServer, error) {
	root := auth.Account{Access: access.AccessKey, Secret: access.SecretKey, Role: auth.RoleAdmin}
	gateway, err := s3api.New(backend,
		middlewares.RootUserConfig{Access: access.AccessKey, Secret: access.SecretKey},
		access.Region, onlyOwner{auth.NewIAMServiceSingle(root)}, nil, nil, nil, nil,
		s3api.WithQuiet(),
		s3api.WithKeepAlive(),
		s3api.WithConcurrencyLimiter(maxConnections, maxRequests),
		s3api.WithMpMaxParts(maxParts),
		s3api.WithMiddleware("/", drainChunkedBody),
		s3api.WithMiddleware("/", backend.rememberRequest),
		s3api.WithMiddleware("/", backend.answerListeners),
		s3api.WithMiddleware("/", answerConfiguration),
		s3api.WithMiddleware("/", selectErrors),
		s3api.WithMiddleware("/", explainKeys),
		s3api.WithOnListen(onListen),
	)
	if err != nil {
		return nil, fmt.Errorf("start the store: %w", err)
	}
	if opts.CertFile != "" {
		gateway.CertStorage = newOf(&gateway.CertStorage)
		if err := gateway.CertStorage.SetCertificate(opts.CertFile, opts.KeyFile); err != nil {
			return nil, fmt.Errorf("start the store with TLS certificate %s and key %s: %w", opts.CertFile, opts.KeyFile, err)
		}
	}
	return gateway, nil
}

// newOf returns a new value of the type that *p points to. The library wants a value of a type that it
// keeps in an internal package, which cannot be named here but can be inferred.
func newOf[T any](p **T) *T { return new(T) }

// shutdown stops accepting connections at once and waits for requests in flight, but not for ever: a
// connection on which a client never sent anything counts as busy in the library.
func shutdown(gateway *s3api.S3ApiServer, ended <-chan struct{}) {
	deadline := time.After(shutdownGrace)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			// Without effect until the library has registered its listener, which it does shortly after
			// it has called onListen: hence again until it ended.
			if err := gateway.ShutDown(); err != nil {
				return // its own patience is at an end
			}
			select {
			case <-ended:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	select {
	case <-done:
	case <-deadline:
	}
}

func logf(w io.Writer, format string, args ...any) {
	if w != nil {
		fmt.Fprintf(w, format+"\n", args...) //nolint:errcheck // a log that cannot be written is no reason to stop serving
	}
}
