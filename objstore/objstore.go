// Package objstore is the one small interface through which everything else reads and writes objects.
//
// What enters: URLs (s3://bucket/key, file:///path) and settings. What leaves: bytes, listings and
// typed errors. Connectors, checkpoints and the command line all call it; implementations live in
// s3/, disk/ and mem/, injected faults in fault/, the embedded store in server/.
//
// What must hold, for every implementation:
//   - an object is visible whole or not at all: [Store.Put] and [Store.Commit] are atomic;
//   - an [Upload] is invisible until committed, and a sealed one can be committed or aborted by another process;
//   - a conditional write lets exactly one of several concurrent writers win;
//   - retries happen below this interface and nowhere else: an error that comes out is final;
//   - every error is an [*Error] that names operation, place and remedy.
package objstore

import (
	"context"
	"io"
	"iter"
	"time"
)

// Info describes one object.
type Info struct {
	Key       string
	Size      int64  // bytes
	ETag      string // opaque, without quotes; compare for equality only
	ModTime   time.Time
	VersionID string // empty where the store has no versions
}

// Range selects bytes of an object: Length bytes from Offset; a negative Length reads to the end.
type Range struct{ Offset, Length int64 }

// All is the range of a whole object.
var All = Range{0, -1}

// Condition restricts a write. The zero value writes unconditionally.
type Condition struct {
	IfAbsent bool   // write only if no object has the key (If-None-Match: *)
	IfMatch  string // write only if the current object has this ETag
}

// ListOptions narrows a listing. The zero value lists everything below the prefix, recursively.
type ListOptions struct {
	Delimiter  string // usually "/": keys behind it are rolled up into one Info whose Key ends in it
	StartAfter string // only keys, and rolled-up keys, greater than this one
}

// Pending is an upload whose bytes are stored but not yet visible: the first phase of a two-phase
// commit. It is plain data, so that a checkpoint can carry it and another process finish it.
type Pending struct {
	Key      string
	UploadID string
	Parts    []Part
	Size     int64 // bytes
}

// Part is one stored part of a multipart upload; Number counts from 1.
type Part struct {
	Number int
	ETag   string
	Size   int64
}

// PendingInfo describes an upload in progress as a listing shows it.
type PendingInfo struct {
	Key       string
	UploadID  string
	Initiated time.Time
}

// Store is one bucket or root directory. Keys use "/" whatever the platform. All methods are safe for
// concurrent use and return promptly with ctx's error when ctx ends.
type Store interface {
	// String names the store in messages, such as "s3://input (http://127.0.0.1:9000)".
	String() string
	// URL returns the full URL of a key in this store, such as "s3://input/test.txt".
	URL(key string) string
	// Head describes an object.
	Head(ctx context.Context, key string) (Info, error)
	// Get opens a range of an object for reading. Info.Size is the size of the whole object. A range that
	// reaches behind the object's end is cut there; one that starts there is empty, not an error. A dropped
	// connection is resumed inside the reader, against the same ETag. The caller closes the reader.
	Get(ctx context.Context, key string, r Range) (io.ReadCloser, Info, error)
	// Put writes a small object in one request. A condition that does not hold is [PreconditionFailed],
	// also where IfMatch finds no object.
	Put(ctx context.Context, key string, data []byte, cond Condition) (Info, error)
	// Create starts a streaming upload of any size.
	Create(ctx context.Context, key string) (Upload, error)
	// Commit makes a sealed upload visible. Committing twice is not an error: the second finds the
	// object already there. After [PreconditionFailed] the upload is still pending: abort it.
	Commit(ctx context.Context, p Pending, cond Condition) (Info, error)
	// Abort discards a sealed or leftover upload. An unknown one is not an error.
	Abort(ctx context.Context, p Pending) error
	// Uploads lists uploads in progress below prefix.
	Uploads(ctx context.Context, prefix string) iter.Seq2[PendingInfo, error]
	// List yields objects below prefix in key order, page by page. After an error it stops.
	List(ctx context.Context, prefix string, opts ListOptions) iter.Seq2[Info, error]
	// Delete removes objects; keys that do not exist are not an error.
	Delete(ctx context.Context, keys ...string) error
}

// Upload is a streaming write of one object. It is used by one goroutine at a time; Write buffers into
// parts and uploads them in the background. Exactly one of Seal and Abort ends it.
type Upload interface {
	io.Writer
	// Seal stores everything written and returns what [Store.Commit] needs.
	Seal(ctx context.Context) (Pending, error)
	// Abort discards what was written. Safe to call after a failed Write or Seal.
	Abort(ctx context.Context) error
}
