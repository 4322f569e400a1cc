package server

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millstream/millstream/objstore/event"
)

const (
	hubBytes       = 16 << 20 // of notifications that are kept for those who are behind
	hubListeners   = 1024     // at the same time
	noticesAtATime = 256      // that one turn of a listener takes
)

// notice is an event on its way, written down once for all who hear of it.
type notice struct {
	name, bucket, key string // to select by; the name is without "s3:"
	body              []byte // as [event.FormatPlain] writes it
}

func (n *notice) size() int { return len(n.name) + len(n.bucket) + len(n.key) + len(n.body) + 96 }

// hub hands out what happens to all who listen. It keeps the last notices in one queue for all of them, so that its memory does not depend on their
// number or pace; who is overtaken by the queue's end has lost notices.
type hub struct {
	listening atomic.Int32 // subscriptions: while there are none, nobody writes events down

	mu        sync.Mutex
	queue     []notice // numbered from first
	first     int64
	bytes     int
	limit     int // bytes
	sequencer uint64
	subs      map[*subscription]struct{}
	closed    bool
}

func newHub() *hub { return &hub{limit: hubBytes, subs: map[*subscription]struct{}{}} }

// active reports whether anybody wants to hear of anything.
func (h *hub) active() bool { return h.listening.Load() > 0 }

// publish numbers an event and hands it out. Its strings may be the request's own, which the next request of the connection overwrites.
func (h *hub) publish(e event.Event) {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.subs) == 0 {
		return
	}
	// Later than all before, those of an earlier process too, as long as the clock does not go back by more than the time in between.
	h.sequencer = max(h.sequencer+1, uint64(now.UnixNano()))
	e.Time, e.Sequencer = now, fmt.Sprintf("%016X", h.sequencer)
	n := notice{name: strings.Clone(e.Name), bucket: strings.Clone(e.Bucket), key: strings.Clone(e.Key), body: event.FormatPlain([]event.Event{e})}
	h.queue = append(h.queue, n)
	h.bytes += n.size()
	for h.bytes > h.limit && len(h.queue) > 1 {
		h.bytes -= h.queue[0].size()
		h.queue[0] = notice{}
		h.queue = h.queue[1:]
		h.first++
	}
	for s := range h.subs {
		if s.next < h.first && !s.overtaken {
			s.overtaken = true
			if s.cut != nil {
				s.cut()
			}
		}
		s.signal()
	}
}

// subscription is one listener's place in the queue. One goroutine uses it.
type subscription struct {
	hub       *hub
	wants     func(*notice) bool
	cut       func()        // called once with the hub locked when notices are lost; may be nil
	wake      chan struct{} // holds one signal
	next      int64
	overtaken bool
}

// subscribe begins with what happens from now on. It refuses more listeners than there may be, and those that come after the end.
func (h *hub) subscribe(wants func(*notice) bool, cut func()) (*subscription, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.subs) >= hubListeners {
		return nil, false
	}
	s := &subscription{hub: h, wants: wants, cut: cut, wake: make(chan struct{}, 1), next: h.first + int64(len(h.queue))}
	h.subs[s] = struct{}{}
	h.listening.Add(1)
	return s, true
}

func (s *subscription) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take returns notices that are there and wanted, and how many the queue dropped before this listener came to them. more says that there may be others
// at once; closed that there will be none any more.
func (s *subscription) take() (list []notice, lost int64, more, closed bool) {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.next < h.first {
		lost, s.next = h.first-s.next, h.first
	}
	s.overtaken = false
	for ; s.next < h.first+int64(len(h.queue)) && len(list) < noticesAtATime; s.next++ {
		if n := &h.queue[s.next-h.first]; s.wants(n) {
			list = append(list, *n)
		}
	}
	return list, lost, s.next < h.first+int64(len(h.queue)), h.closed
}

// wait returns when there may be something to take, when the idle channel delivers, or when ctx ends.
func (s *subscription) wait(ctx context.Context, idle <-chan time.Time) (woken bool) {
	select {
	case <-s.wake:
		return true
	case <-idle:
	case <-ctx.Done():
	}
	return false
}

// end gives the place up. When nobody is left, what is kept is dropped.
func (s *subscription) end() {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, there := h.subs[s]; !there {
		return
	}
	delete(h.subs, s)
	h.listening.Add(-1)
	if len(h.subs) == 0 {
		h.first += int64(len(h.queue))
		h.queue, h.bytes = nil, 0
	}
}

// close tells all listeners to end once they have taken what is there.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		s.signal()
	}
}
