// Package eventtest has what the tests of all streams of events share: events that have numbers are sent, and must come.
package eventtest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore/event"
)

func key(number int) string { return fmt.Sprint("in/ü ", number) }

// Send writes the events of the numbers from first on.
func Send(t *testing.T, s event.Sender, first, n int) {
	t.Helper()
	var list []event.Event
	for i := first; i < first+n; i++ {
		list = append(list, event.Event{Name: "ObjectCreated:Put", Bucket: "b", Key: key(i), Size: 5, Sequencer: fmt.Sprintf("%016X", i)})
	}
	if err := s.Send(t.Context(), list); err != nil {
		t.Fatal(err)
	}
}

// Gather waits for n events, which must be those of the numbers from first on, each once; it returns their keys in the order in which they came.
func Gather(t *testing.T, s event.Stream, first, n int) (keys []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for len(keys) < n {
		list, err := s.Next(ctx)
		if err != nil {
			t.Fatalf("after %d of %d events: %v", len(keys), n, err)
		}
		for _, e := range list {
			if slices.Contains(keys, e.Key) || e.Bucket != "b" || e.Size != 5 {
				t.Errorf("got %+v behind %q", e, keys)
			}
			keys = append(keys, e.Key)
		}
	}
	want := Keys(first, n)
	slices.Sort(want)
	if got := slices.Sorted(slices.Values(keys)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	return keys
}

// Keys are the keys of the events of the numbers from first on.
func Keys(first, n int) (list []string) {
	for i := first; i < first+n; i++ {
		list = append(list, key(i))
	}
	return list
}

// CloseAtEnd closes what a test has opened when it ends.
func CloseAtEnd(t *testing.T, c interface{ Close() error }) {
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}
