// Package webhook receives a store's notifications by HTTP, and sends them so.
//
// What enters: POST requests with notifications as their bodies, from MinIO, the embedded store, or whatever forwards those of S3. What leaves: an
// [event.Stream], for each table that opened a path of an address. All tables of a process that name one address share its server. The embedded store
// sends through a [Sender].
//
// What must hold: a request is answered with success once all its events wait in the buffer of everybody who reads its path, and otherwise none does; the
// answers say what is wrong: 401 for a wrong token, before the body is read, 400 for a body that is no notification, 413 for one that is too
// large, and 503 while a buffer has no room, so that the store sends it again. Nothing outlives the process: what was received and not yet read is
// found by a listing.
package webhook

import (
	"context"
	"errors"
	"sync"

	"github.com/millstream/millstream/objstore/event"
	"github.com/millstream/millstream/setting"
)

// maxEvents is how many one Next returns.
const maxEvents = 4096

var errClosed = errors.New("the webhook's receiver was closed")

var _ event.Open = Open

// Open begins to receive. The stream, a [*Receiver], has no positions.
func Open(ctx context.Context, values setting.Values, _ []byte) (event.Stream, error) {
	cfg, err := configure(ctx, values)
	if err != nil {
		return nil, err
	}
	r := &Receiver{cfg: cfg, wake: make(chan struct{}, 1)}
	if err := r.join(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Receiver is what arrives at one path, for one reader.
type Receiver struct {
	cfg    config
	server *server

	mu     sync.Mutex
	queue  []event.Event
	closed bool
	wake   chan struct{} // holds one signal
}

// URL is where the store has to send its notifications.
func (r *Receiver) URL() string { return r.server.url() + r.cfg.path }

// Next implements [event.Stream].
func (r *Receiver) Next(ctx context.Context) ([]event.Event, error) {
	for {
		r.mu.Lock()
		n := min(len(r.queue), maxEvents)
		list, closed := r.queue[:n:n], r.closed
		if r.queue = r.queue[n:]; len(r.queue) == 0 {
			r.queue = nil
		}
		r.mu.Unlock()
		switch {
		case n > 0:
			return list, nil
		case closed:
			return nil, errClosed
		}
		select {
		case <-r.wake:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Position implements [event.Stream]: there is none.
func (r *Receiver) Position() []byte { return nil }

// Stored implements [event.Stream].
func (r *Receiver) Stored(context.Context, []byte) error { return nil }

// Close implements [event.Stream]. The address is free again once all its receivers are closed.
func (r *Receiver) Close() error {
	r.mu.Lock()
	already := r.closed
	r.closed = true
	r.mu.Unlock()
	if already {
		return nil
	}
	r.signal()
	return r.leave()
}

func (r *Receiver) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// deliver puts events into the buffers of all receivers of a path, or into none: then it reports false. A list that is larger than a whole buffer
// is taken while that is empty.
func deliver(all []*Receiver, list []event.Event) bool {
	for _, r := range all { // in one order for everybody: that of their joining
		r.mu.Lock()
		defer r.mu.Unlock()
	}
	for _, r := range all {
		if len(r.queue) > 0 && len(r.queue)+len(list) > r.cfg.buffer {
			return false
		}
	}
	for _, r := range all {
		r.queue = append(r.queue, list...)
		r.signal()
	}
	return true
}
