package server

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/millstream/millstream/objstore/event"
)

// Subscriptions of all paces, compared with a list of all that was published: each gets what it wants in order, and whatever it lacks it was told of.
func TestHubAgainstModel(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 0))
		h := newHub()
		h.limit = 500 + random.IntN(20_000)
		type reader struct {
			sub     *subscription
			modulus int
			at      int // of the next event in all
			cut     int
		}
		var readers []*reader
		var all []string
		for range 2000 {
			switch n := random.IntN(20); {
			case n == 0 && len(readers) < 8:
				r := &reader{modulus: 1 + random.IntN(3), at: len(all)}
				var ok bool
				r.sub, ok = h.subscribe(func(n *notice) bool { return len(n.key)%r.modulus == 0 }, func() { r.cut++ })
				if !ok {
					t.Fatal("refused")
				}
				readers = append(readers, r)
			case n == 1 && len(readers) > 0:
				i := random.IntN(len(readers))
				readers[i].sub.end()
				readers = slices.Delete(readers, i, i+1)
			case n < 8 && len(readers) > 0:
				r := readers[random.IntN(len(readers))]
				list, lost, _, _ := r.sub.take()
				if (lost > 0) != (r.cut > 0) {
					t.Fatalf("seed %d: lost %d, but was cut off %d times", seed, lost, r.cut)
				}
				r.at += int(lost)
				for _, n := range list {
					for r.at < len(all) && len(all[r.at])%r.modulus != 0 {
						r.at++
					}
					if r.at == len(all) || all[r.at] != n.key {
						t.Fatalf("seed %d: got %s as event %d", seed, n.key, r.at)
					}
					r.at++
				}
				if r.cut = 0; len(list) < noticesAtATime {
					r.at = len(all)
				}
			default:
				key := fmt.Sprint(random.IntN(1 << (1 + random.IntN(20))))
				h.publish(event.Event{Name: "ObjectCreated:Put", Bucket: "b", Key: key})
				if len(readers) > 0 {
					all = append(all, key)
				}
			}
			if h.bytes > h.limit && len(h.queue) > 1 || h.active() != (len(readers) > 0) || len(readers) == 0 && len(h.queue) > 0 {
				t.Fatalf("seed %d: %d bytes in %d notices, %d readers", seed, h.bytes, len(h.queue), len(readers))
			}
		}
	}
}

// Sequencers grow, and a hub that is closed takes nothing and nobody.
func TestHubSequencers(t *testing.T) {
	h := newHub()
	s, _ := h.subscribe(func(*notice) bool { return true }, nil)
	for range 1000 {
		h.publish(event.Event{Name: "ObjectCreated:Put", Bucket: "b", Key: "k"})
	}
	h.close()
	h.publish(event.Event{Name: "ObjectCreated:Put", Bucket: "b", Key: "late"})
	var last event.Event
	n := 0
	for more := true; more; {
		var list []notice
		var closed bool
		if list, _, more, closed = s.take(); !closed {
			t.Error("not told of the end")
		}
		for _, notice := range list {
			events, err := event.ParsePlain(notice.body)
			if err != nil {
				t.Fatal(err)
			}
			if n > 0 && !last.Before(&events[0]) {
				t.Fatalf("%s is not behind %s", events[0].Sequencer, last.Sequencer)
			}
			last = events[0]
			n++
		}
	}
	if n != 1000 {
		t.Errorf("%d events", n)
	}
	if _, ok := h.subscribe(func(*notice) bool { return true }, nil); ok {
		t.Error("a closed hub takes a listener")
	}
}

func TestHubLimitsListeners(t *testing.T) {
	h := newHub()
	for i := range hubListeners + 1 {
		if _, ok := h.subscribe(nil, nil); ok != (i < hubListeners) {
			t.Fatalf("listener %d: %v", i+1, ok)
		}
	}
}
