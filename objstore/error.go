package objstore

import (
	"context"
	"errors"
	"io/fs"
	"strings"
)

// Kind classifies an [Error] by what the caller can do about it.
type Kind uint8

const (
	Other              Kind = iota
	NotFound                // no such key; errors.Is(err, fs.ErrNotExist)
	NoBucket                // no such bucket; errors.Is(err, fs.ErrNotExist)
	Denied                  // credentials are valid but do not allow this; errors.Is(err, fs.ErrPermission)
	BadCredentials          // unknown access key, wrong secret, clock skew; errors.Is(err, fs.ErrPermission)
	Unreachable             // DNS, refused connection, no route
	BadTLS                  // expired, unknown authority, wrong host
	PreconditionFailed      // a conditional write lost; errors.Is(err, fs.ErrExist)
	Throttled               // still SlowDown or 5xx after all retries
	TimedOut                // no answer in time after all retries
	NoSpace                 // the store's disk is full
	Changed                 // the object was overwritten while it was read
	Unsupported             // the store does not know the request
	BadURL                  // the URL or the settings are wrong
)

// Error is what every [Store] method returns on failure: one clear sentence that says what failed, where,
// why and what to do.
type Error struct {
	Op       string // "read", "list", "write", …
	URL      string // s3://bucket/key or file:///path
	Endpoint string // http://host:port, empty for local stores
	Kind     Kind
	Reason   string // why, in words of the store or of the system
	Hint     string // what to do; may be empty
	Err      error  // cause, for errors.Is and errors.As; may be nil
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("cannot " + e.Op + " " + e.URL)
	if e.Endpoint != "" {
		b.WriteString(" at " + e.Endpoint)
	}
	b.WriteString(": " + e.Reason)
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Is lets errors.Is compare with the io/fs sentinels.
func (e *Error) Is(target error) bool {
	switch target {
	case fs.ErrNotExist:
		return e.Kind == NotFound || e.Kind == NoBucket
	case fs.ErrPermission:
		return e.Kind == Denied || e.Kind == BadCredentials
	case fs.ErrExist:
		return e.Kind == PreconditionFailed
	}
	return false
}

// ContextError is what a [Store] method returns when ctx ended before the operation did. It is
// [TimedOut] after a deadline, and errors.Is finds ctx's own error in it.
func ContextError(ctx context.Context, op, url, endpoint string) *Error {
	e := &Error{Op: op, URL: url, Endpoint: endpoint, Kind: Other, Reason: "the operation was cancelled", Err: ctx.Err()}
	if errors.Is(e.Err, context.DeadlineExceeded) {
		e.Kind, e.Reason = TimedOut, "the caller's deadline passed"
	}
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, e.Err) {
		e.Reason += ": " + cause.Error()
	}
	return e
}

// KindOf returns the kind of the first [*Error] in err's chain, or Other.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Other
}
