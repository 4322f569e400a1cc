package discovery

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/objstore/event"
)

// world is a bucket, its clock and its notifications.
type world struct {
	objstore.Store // the methods that a Finder must not call
	random         *rand.Rand

	mu      sync.Mutex
	now     time.Time
	objects map[string]objstore.Info
	serial  int
	events  []event.Event // to be told
	keys    []string      // sorted
	broken  bool          // the stream ends

	tick chan struct{} // ends a pause
	stir chan struct{} // there may be events
}

func newWorld(seed uint64) *world {
	return &world{random: rand.New(rand.NewPCG(seed, 7)), now: time.UnixMilli(1_700_000_000_000), objects: map[string]objstore.Info{},
		tick: make(chan struct{}), stir: make(chan struct{}, 1)}
}

// List shows the bucket as it is at each step.
func (w *world) List(_ context.Context, prefix string, opts objstore.ListOptions) iter.Seq2[objstore.Info, error] {
	return func(yield func(objstore.Info, error) bool) {
		for after := opts.StartAfter; ; {
			w.mu.Lock()
			at, exact := slices.BinarySearch(w.keys, max(after, prefix))
			if exact && after >= prefix {
				at++
			}
			if at == len(w.keys) || !strings.HasPrefix(w.keys[at], prefix) {
				w.mu.Unlock()
				return
			}
			o := w.objects[w.keys[at]]
			w.mu.Unlock()
			if !yield(o, nil) {
				return
			}
			after = o.Key
		}
	}
}

// Head gives times in whole seconds, as HTTP does.
func (w *world) Head(_ context.Context, key string) (objstore.Info, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o, ok := w.objects[key]
	if !ok {
		return o, &objstore.Error{Kind: objstore.NotFound}
	}
	o.ModTime = o.ModTime.Truncate(time.Second)
	return o, nil
}

func (w *world) put(key string, late time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serial++
	o := objstore.Info{Key: key, ETag: fmt.Sprint(w.serial), ModTime: w.now.Add(-late)}
	if at, exists := slices.BinarySearch(w.keys, key); !exists {
		w.keys = slices.Insert(w.keys, at, key)
	}
	w.objects[key] = o
	w.tell(event.Event{Name: "ObjectCreated:Put", Bucket: "b", Key: key, ETag: o.ETag, Time: w.now, Sequencer: fmt.Sprintf("%08X", w.serial)})
}

// tell lets an event be lost, come once or twice, and out of order.
func (w *world) tell(e event.Event) {
	for range w.random.IntN(3) {
		w.events = slices.Insert(w.events, w.random.IntN(len(w.events)+1), e)
	}
}

func (w *world) remove(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, _ := slices.BinarySearch(w.keys, key)
	w.keys = slices.Delete(w.keys, at, at+1)
	delete(w.objects, key)
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

func (w *world) Listen(context.Context, []byte) (event.Stream, error) { return stream{w}, nil }

// stream tells of events when it is stirred, and breaks.
type stream struct{ *world }

var errBroken = errors.New("the stream was broken")

func (s stream) Next(ctx context.Context) ([]event.Event, error) {
	for {
		s.mu.Lock()
		n := min(len(s.events), 3)
		list := slices.Clone(s.events[:n])
		s.events = s.events[n:]
		broken := s.broken
		s.broken = false
		s.mu.Unlock()
		if broken {
			return nil, errBroken
		}
		if n > 0 {
			return list, nil
		}
		select {
		case <-s.stir:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (stream) Position() []byte                     { return []byte("here") }
func (stream) Stored(context.Context, []byte) error { return nil }
func (stream) Close() error                         { return nil }

func (w *world) config(push, steady bool) Config {
	c := Config{Store: w, Bucket: "b", Prefix: "in/", Period: time.Hour, Steady: steady, Retention: 24 * time.Hour,
		Match: func(o *objstore.Info) bool { return !strings.HasSuffix(o.Key, "~") },
		Now: func() time.Time {
			w.mu.Lock()
			defer w.mu.Unlock()
			return w.now
		},
		Sleep: func(ctx context.Context, d time.Duration) error {
			if d < time.Hour { // before a stream is opened again
				return ctx.Err()
			}
			select {
			case <-w.tick:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
	if push {
		c.Listen = w.Listen
	}
	return c
}

// settle lets a listing that begins now come to its end.
func (w *world) settle(t *testing.T, f *Finder, take func([]objstore.Info)) {
	t.Helper()
	w.finish(t, f, func() (bool, error) {
		list, status, err := f.Poll(nil, 7)
		take(list)
		return status == connector.Ready, err
	}, func() bool { return true })
}

// finish polls until a listing that begins now has come to its end and nothing is untold; poll says whether there is more at once.
func (w *world) finish(t *testing.T, f *Finder, poll func() (more bool, err error), told func() bool) {
	t.Helper()
	ticks := 2 // the first may end a pause that began before the last change
	for begun := uint32(0); ; {
		more, err := poll()
		if err != nil {
			t.Fatal(err)
		}
		if more {
			continue
		}
		if ticks == 0 && !f.Listing() && f.seen.number > begun && told() {
			return
		}
		tick := w.tick
		if ticks == 0 {
			tick = nil
		}
		select {
		case tick <- struct{}{}:
			ticks--
			begun = f.seen.number
		case <-f.Ready():
		}
	}
}

// TestModel compares what is found with what was there: whatever is put, overwritten and deleted, told of or not, and wherever a process is replaced by one
// that goes on from a state, each object comes once.
func TestModel(t *testing.T) {
	for seed := range uint64(10) {
		for _, mode := range []struct{ push, steady bool }{{false, true}, {true, true}, {false, false}, {true, false}} {
			testModel(t, seed, mode.push, mode.steady)
			if t.Failed() {
				t.Fatalf("seed %d, %+v", seed, mode)
			}
		}
	}
}

func testModel(t *testing.T, seed uint64, push, steady bool) {
	w := newWorld(seed)
	r := rand.New(rand.NewPCG(seed, 8))
	f, err := New(t.Context(), w.config(push, steady), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var saved []byte
	var found, kept []string // key and ETag, in the order in which they were found; and up to the state
	take := func(list []objstore.Info) {
		for _, o := range list {
			found = append(found, o.Key+" "+o.ETag)
		}
	}
	keys := func() []string {
		w.mu.Lock()
		defer w.mu.Unlock()
		return slices.Clone(w.keys)
	}
	for n := range 400 {
		late := time.Duration(r.IntN(4*60_000)) * time.Millisecond // a little: an upload takes its time
		switch r.IntN(12) {
		case 0, 1, 2:
			w.put(fmt.Sprintf("in/sorted/%06d", n), 0)
		case 3:
			for range 40 {
				w.put(fmt.Sprintf("in/many/%06d", w.serial), 0)
			}
		case 4:
			w.put(fmt.Sprintf("in/%d/%x", r.IntN(3), r.Uint32()), late)
		case 5:
			w.put(fmt.Sprintf("in/hidden%d~", n), 0)
			w.put(fmt.Sprintf("out/%d", n), 0)
		case 6:
			if list := keys(); len(list) > 0 {
				w.put(list[r.IntN(len(list))], late)
			}
		case 7:
			if list := keys(); len(list) > 0 {
				w.remove(list[r.IntN(len(list))])
			}
		case 8:
			w.pass(time.Duration(r.IntN(1<<r.IntN(26))) * time.Millisecond)
		case 9:
			list, _, err := f.Poll(nil, 1+r.IntN(20))
			if err != nil {
				t.Fatal(err)
			}
			take(list)
			signal(w.stir)
			if r.IntN(10) == 0 {
				w.mu.Lock()
				w.broken = true
				w.mu.Unlock()
			}
		case 10:
			saved, kept = f.State(), slices.Clone(found)
			if r.IntN(3) == 0 {
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
				found = slices.Clone(kept)
				if f, err = New(t.Context(), w.config(push, steady), saved); err != nil {
					t.Fatal(err)
				}
			}
		case 11:
			if r.IntN(3) == 0 {
				w.settle(t, f, take)
				w.pass(time.Duration(r.IntN(30*3600)) * time.Second)
			}
		}
	}
	w.settle(t, f, take)
	times := map[string]int{}
	for _, o := range found {
		if times[o]++; times[o] > 1 {
			t.Errorf("%s was found twice", o)
		}
	}
	for key, o := range w.objects {
		want := 0
		if strings.HasPrefix(key, "in/") && !strings.HasSuffix(key, "~") {
			want = 1
		}
		if got := times[key+" "+o.ETag]; got != want {
			t.Errorf("%s was found %d times, not %d", key, got, want)
		}
	}
}
