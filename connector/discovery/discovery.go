// Package discovery finds the objects of a store that appear while a job runs, each of them once.
//
// What enters: a store, the part of it to look at, and, in push modes, a stream of notifications. What leaves: objects that were not returned before, a few
// at a time, and a small state from which another process goes on. Sources that read objects as they come, or say that they came, call it.
//
// What must hold:
//   - an object, which is a key with an ETag, is returned exactly once between all [Finder]s that go on from each other's states;
//   - notifications may be lost, doubled and out of order: listings find what they missed;
//   - neither memory nor state grows with every object ever found, and nothing is listed while nobody takes what was found.
package discovery

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/event"
)

// Config says where to look, and how.
type Config struct {
	Store  objstore.Store
	Bucket string                      // of notifications; empty: any
	Prefix string                      // keys begin with it
	Match  func(o *objstore.Info) bool // nil: all
	Period time.Duration               // from the end of one listing to the next one
	Steady bool                        // times of modification tell when objects appeared; not on a disk, where files are moved
	// Retention is for how long an object is known by itself: one that appears with a time of modification further back is not found, but by the first
	// listing. It must be longer than any upload takes, since a store may give an object the time at which its upload began.
	Retention time.Duration
	// Listen opens a stream of notifications, at a position that an earlier one has given, or nil. Where it is nil there are only listings.
	Listen func(ctx context.Context, position []byte) (event.Stream, error)

	// Events are asked for, not objects: [Finder.PollEvents] is to be called, and notifications are not checked against the store. With Existing, objects
	// that are there at the start give events too. Without Checkpoints nobody calls State, so that notifications are acknowledged at once.
	Events, Existing, Checkpoints bool

	Now   func() time.Time                                 // nil: the clock
	Sleep func(ctx context.Context, d time.Duration) error // nil: by the clock
}

// Finder finds objects in the background. One goroutine uses it.
type Finder struct {
	config Config
	seen   *seen

	position []byte                 // of the stream, behind the notifications that were taken
	taken    atomic.Pointer[[]byte] // what the stream need not keep
	stated   []byte                 // the position of the last state
	pages    chan page
	page     page // the rest of a listing's page
	told     chan notice
	notice   notice

	ready  chan struct{}
	relist chan struct{} // the stream was broken: notifications may be missing
	cancel context.CancelFunc
	work   sync.WaitGroup
	err    error
}

// page is a part of a listing, in the order of keys.
type page struct {
	begun   time.Time // of the first page: when the listing began
	objects []objstore.Info
	first   bool
	last    bool
	err     error
}

// notice is what notifications have told of.
type notice struct {
	events   []event.Event
	objects  []objstore.Info
	position []byte
	err      error
}

// New begins to look for objects, behind those that another Finder had returned when it gave the state, or from the beginning.
func New(ctx context.Context, c Config, state []byte) (*Finder, error) {
	f := &Finder{config: c, seen: newSeen(c.Steady, c.Retention), pages: make(chan page, 1), told: make(chan notice, 1),
		ready: make(chan struct{}, 1), relist: make(chan struct{}, 1)}
	if f.config.Now == nil {
		f.config.Now = time.Now
	}
	if f.config.Sleep == nil {
		f.config.Sleep = sleep
	}
	if state != nil {
		var err error
		if f.position, err = f.seen.decode(state); err != nil {
			return nil, err
		}
	}
	ctx, f.cancel = context.WithCancel(ctx)
	cursor, going := f.seen.cursor, f.seen.listing
	if c.Listen == nil {
		f.work.Go(func() { f.list(ctx, cursor, going) })
		return f, nil
	}
	position := f.position
	opened := make(chan struct{})
	f.work.Go(func() { f.listen(ctx, position, opened) })
	f.work.Go(func() {
		select { // what appears once a listing has begun is in the stream
		case <-opened:
		case <-ctx.Done():
			return
		}
		f.list(ctx, cursor, going)
	})
	return f, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Poll appends new objects to list, at most so many, and says whether more may follow: [connector.Ready] at once, or after [connector.Wait] when there is
// a value in Ready. It does not block, and looks at one page of a listing at most.
func (f *Finder) Poll(list []objstore.Info, most int) ([]objstore.Info, connector.Status, error) {
	if f.err != nil {
		return list, connector.Done, f.err
	}
	end := len(list) + most
	if f.err = f.nextNotice(); f.err != nil {
		return list, connector.Done, f.err
	}
	for len(f.notice.objects) > 0 && len(list) < end {
		o := f.notice.objects[0]
		f.notice.objects = f.notice.objects[1:]
		if f.seen.told(&o) {
			list = append(list, o)
		}
	}
	f.endNotice()
	if len(list) < end {
		if f.err = f.nextPage(); f.err != nil {
			return list, connector.Done, f.err
		}
	}
	for len(f.page.objects) > 0 && len(list) < end {
		o := f.page.objects[0]
		f.page.objects = f.page.objects[1:]
		if f.seen.listed(&o) {
			list = append(list, o)
		}
	}
	f.endPage()
	return list, f.status(len(list) == end), nil
}

// nextNotice takes what was told, once the last notice is used up.
func (f *Finder) nextNotice() error {
	if len(f.notice.objects)+len(f.notice.events) == 0 {
		select {
		case f.notice = <-f.told:
		default:
		}
	}
	return f.notice.err
}

// endNotice keeps a notice's position once all of it was taken.
func (f *Finder) endNotice() {
	if len(f.notice.objects)+len(f.notice.events) > 0 || f.notice.position == nil {
		return
	}
	position := f.notice.position
	f.position, f.notice.position = position, nil
	if !f.config.Events || !f.config.Checkpoints {
		f.taken.Store(&position)
	}
}

// nextPage takes the next page of a listing, once the last one is used up.
func (f *Finder) nextPage() error {
	if len(f.page.objects) > 0 {
		return nil
	}
	select {
	case f.page = <-f.pages:
		if f.page.err == nil && f.page.first {
			f.seen.begin(f.page.begun)
		}
		return f.page.err
	default:
		return nil
	}
}

func (f *Finder) endPage() {
	if len(f.page.objects) == 0 && f.page.last {
		f.seen.end()
		f.page = page{}
	}
}

// status says whether there is more at once.
func (f *Finder) status(full bool) connector.Status {
	if full || len(f.page.objects)+len(f.notice.objects)+len(f.notice.events)+len(f.pages)+len(f.told) > 0 {
		return connector.Ready
	}
	return connector.Wait
}

// Listing reports whether Poll is in the midst of a listing.
func (f *Finder) Listing() bool { return f.seen.listing }

// Known is the number of objects that are known one by one.
func (f *Finder) Known() int { return len(f.seen.set) }

// Ready has a value when Poll is worth calling after it said [connector.Wait].
func (f *Finder) Ready() <-chan struct{} { return f.ready }

// State is what New needs to go on behind the objects that Poll has returned.
func (f *Finder) State() []byte {
	// There is one state after the other: the one before is stored, or a job that fails goes on from one that is older still, whose notifications the stream
	// gives again by their position.
	if stated := f.stated; stated != nil && f.config.Events {
		f.taken.Store(&stated)
	}
	f.stated = f.position
	return f.seen.encode(f.position)
}

// Close ends background work and waits for it.
func (f *Finder) Close() error {
	f.cancel()
	f.work.Wait()
	return nil
}

func (f *Finder) wake() { signal(f.ready) }

// signal puts a value into a channel that has room for one.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
