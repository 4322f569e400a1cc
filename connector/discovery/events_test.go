package discovery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/objstore/event"
)

// removed deletes an object and tells of it.
func (w *world) removed(key string) {
	w.remove(key)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serial++
	w.tell(event.Event{Name: "ObjectRemoved:Delete", Bucket: "b", Key: key, Time: w.now, Sequencer: fmt.Sprintf("%08X", w.serial)})
}

// settleEvents lets a listing that begins now come to its end, and takes all notifications.
func (w *world) settleEvents(t *testing.T, f *Finder, take func([]event.Event)) {
	t.Helper()
	untold := 0
	w.finish(t, f, func() (bool, error) {
		signal(w.stir)
		list, status, err := f.PollEvents(nil, 7)
		take(list)
		w.mu.Lock()
		untold = len(w.events)
		w.mu.Unlock()
		return status == connector.Ready || f.config.Listen != nil && untold > 0 && len(f.told) > 0, err
	}, func() bool { return untold == 0 || f.config.Listen == nil })
}

// TestEvents compares events with what was done: whatever notifications are lost, doubled and out of order, and wherever a process is replaced by one that goes
// on from a state, each object that is there was told of once, and nothing twice.
func TestEvents(t *testing.T) {
	for seed := range uint64(10) {
		for _, mode := range []struct{ push, existing bool }{{false, true}, {true, true}, {false, false}, {true, false}} {
			testEvents(t, seed, mode.push, mode.existing)
			if t.Failed() {
				t.Fatalf("seed %d, %+v", seed, mode)
			}
		}
	}
}

func testEvents(t *testing.T, seed uint64, push, existing bool) {
	w := newWorld(seed)
	r := rand.New(rand.NewPCG(seed, 9))
	config := func() Config {
		c := w.config(push, true)
		c.Events, c.Existing, c.Checkpoints = true, existing, true
		return c
	}
	for i := range 50 {
		w.put(fmt.Sprintf("in/before/%d", i), 0)
	}
	w.mu.Lock()
	w.events = nil
	w.mu.Unlock()
	w.pass(time.Minute)
	f, err := New(t.Context(), config(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var saved []byte
	var found, kept []string
	take := func(list []event.Event) {
		for _, e := range list {
			what := e.Key + " " + e.ETag
			if e.Removed() {
				what = "removed " + e.Sequencer
			}
			found = append(found, what)
		}
	}
	w.settleEvents(t, f, take)
	for n := range 300 {
		w.mu.Lock()
		keys := slices.Clone(w.keys)
		w.mu.Unlock()
		switch r.IntN(9) {
		case 0, 1:
			w.put(fmt.Sprintf("in/%06d", n), 0)
		case 2:
			w.put(fmt.Sprintf("in/%x", r.Uint32()), 0)
		case 3:
			w.put(keys[r.IntN(len(keys))], 0)
		case 4:
			if len(keys) > 40 {
				w.removed(keys[r.IntN(len(keys))])
			}
		case 5:
			w.pass(time.Duration(r.IntN(1<<r.IntN(22))) * time.Millisecond)
		case 6:
			list, _, err := f.PollEvents(nil, 1+r.IntN(20))
			if err != nil {
				t.Fatal(err)
			}
			take(list)
			signal(w.stir)
		case 7:
			saved, kept = f.State(), slices.Clone(found)
			if r.IntN(3) == 0 {
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
				found = slices.Clone(kept)
				if f, err = New(t.Context(), config(), saved); err != nil {
					t.Fatal(err)
				}
			}
		case 8:
			if r.IntN(3) == 0 {
				w.settleEvents(t, f, take)
				w.pass(time.Duration(r.IntN(10*3600)) * time.Second)
			}
		}
	}
	w.pass(time.Minute) // so that the listing shows what no notification has told of
	w.settleEvents(t, f, take)
	times := map[string]int{}
	for _, what := range found {
		if times[what]++; times[what] > 1 {
			t.Errorf("%s came twice", what)
		}
	}
	for key, o := range w.objects {
		want := 1
		if !existing && o.ModTime.Before(time.UnixMilli(f.seen.since)) {
			want = 0
		}
		if got := times[key+" "+o.ETag]; got != want && strings.HasPrefix(key, "in/") {
			t.Errorf("%s came %d times, not %d", key, got, want)
		}
	}
}

// TestEventsBeforeTheStream waits for what was put just before the stream was opened: no notification tells of it, and the first listing leaves it to one.
func TestEventsBeforeTheStream(t *testing.T) {
	w := newWorld(1)
	c := w.config(true, true)
	c.Events, c.Existing, c.Period = true, true, 24*time.Hour
	slept := make(chan time.Duration)
	c.Sleep = func(ctx context.Context, d time.Duration) error {
		select {
		case slept <- d:
			w.pass(d)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	w.put("in/k", 0)
	w.mu.Lock()
	w.events = nil
	w.mu.Unlock()
	f, err := New(t.Context(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var pauses []time.Duration
	for {
		list, status, err := f.PollEvents(nil, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) > 0 {
			if list[0].Key != "in/k" {
				t.Errorf("got %+v", list)
			}
			break
		}
		if status == connector.Ready {
			continue
		}
		select {
		case d := <-slept:
			pauses = append(pauses, d)
		case <-f.Ready():
		}
	}
	if !slices.Equal(pauses, []time.Duration{afterGap}) {
		t.Errorf("listed after %v", pauses)
	}
}
