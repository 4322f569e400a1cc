// Package event is what a store says has happened to its objects: one type for the notifications of S3, MinIO and the embedded store, and their JSON.
//
// What enters: bodies of notifications, as webhooks, Kafka, NATS and listeners get them. What leaves: [Event]s with keys decoded. Sources of tables
// take them from a [Stream].
//
// What must hold: a body is taken in whole or not at all; a key comes out as it is in the store, whatever was done to it on the way.
package event

import (
	"context"
	"strings"
	"time"

	"github.com/millstream/millstream/setting"
)

// Event is one thing that happened to one object.
type Event struct {
	Name        string // "ObjectCreated:Put", "ObjectRemoved:Delete", …, without "s3:"
	Time        time.Time
	Bucket      string
	Key         string // decoded
	Size        int64  // bytes; 0 where the event has none, as that of a removal
	ETag        string // opaque, without quotes; may be empty
	VersionID   string // empty without versioning
	Sequencer   string // hexadecimal, orders the events of one key by its text once the shorter is filled with zeros on the left; may be empty
	ContentType string
	UserData    map[string]string // user metadata, keys without "x-amz-meta-" and in lower case; MinIO sends them, S3 does not
	Region      string
	Principal   string // who did it
	SourceIP    string
	RequestID   string
}

// Created reports whether there is a new object, or a new version of one.
func (e *Event) Created() bool { return strings.HasPrefix(e.Name, "ObjectCreated:") }

// Removed reports whether an object is gone, or hidden behind a delete marker.
func (e *Event) Removed() bool {
	return strings.HasPrefix(e.Name, "ObjectRemoved:") || strings.HasPrefix(e.Name, "LifecycleExpiration:")
}

// Before reports whether the event is known to have happened before another one of the same key; false where that cannot be told. Clocks of stores with
// several servers differ, so times do not count.
func (e *Event) Before(other *Event) bool {
	a, b := e.Sequencer, other.Sequencer
	if a == "" || b == "" {
		return false
	}
	if len(a) != len(b) {
		n := max(len(a), len(b))
		a, b = strings.Repeat("0", n-len(a))+a, strings.Repeat("0", n-len(b))+b
	}
	return strings.ToUpper(a) < strings.ToUpper(b)
}

// Stream is a source of notifications. They may be lost, come twice and in any order: whoever must not miss an object lists the bucket too. One
// goroutine uses it, but for Close.
type Stream interface {
	// Next waits for events. An error that is not ctx's ends the stream: whoever wants to go on opens another one, after a pause.
	Next(ctx context.Context) ([]Event, error)
	// Position is from where the stream goes on behind the events that Next has returned, for who opens it again; nil where it has none, and begins
	// with what happens next.
	Position() []byte
	// Stored says that the events up to a position are stored for good, and need not be kept or delivered again.
	Stored(ctx context.Context, position []byte) error
	Close() error
}

// Open opens a stream by the values of its options. The stream goes on behind a position of an earlier one, or with what happens from now on where that is
// nil; it lives longer than ctx, until it is closed. The packages below this one have an Open each, beside the Options that it takes, for a table to embed.
type Open func(ctx context.Context, values setting.Values, position []byte) (Stream, error)

// Sender hands notifications on to one target. The embedded store pushes its own through the Senders of the packages below this one.
type Sender interface {
	// Send returns once the target has taken all events; after an error some of them may have been, and all are sent again. One goroutine calls it.
	Send(ctx context.Context, list []Event) error
	Close() error
}
