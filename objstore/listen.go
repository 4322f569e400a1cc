package objstore

import (
	"context"

	"github.com/millstream/millstream/objstore/event"
)

// Listener is a [Store] that may be able to tell at once what happens to its objects.
type Listener interface {
	// Listen opens a stream of what happens to the objects below prefix from now on; it has no position. A store that cannot tell gives an error of
	// kind [Unsupported], whose hint names the ways that are left. The stream lives longer than ctx, until it is closed.
	Listen(ctx context.Context, prefix string) (event.Stream, error)
}

// listenHint says what works where a store does not tell by itself.
const listenHint = "let the store send its notifications to a webhook, Kafka or NATS, or poll its listings"

// Listen listens to any store: one that is no [Listener] is one that cannot tell.
func Listen(ctx context.Context, s Store, prefix string) (event.Stream, error) {
	if l, ok := s.(Listener); ok {
		return l.Listen(ctx, prefix)
	}
	return nil, &Error{Op: "listen to", URL: s.URL(prefix), Kind: Unsupported, Reason: "this kind of store tells nobody what happens to its objects",
		Hint: "poll its listings"}
}

// CannotListen makes of the error of a store that does not know the request to listen one that says what to do instead; others stay as they are.
func CannotListen(err error) error {
	if e, ok := err.(*Error); ok && e.Kind == Unsupported { //nolint:errorlint // a store's own error, not one that it wraps
		told := *e
		told.Reason, told.Hint = "the store does not answer ListenBucketNotification ("+e.Reason+")", listenHint
		return &told
	}
	return err
}
