package discovery

import (
	"fmt"
	"testing"
	"time"

	"github.com/millstream/millstream/objstore"
)

// What is known of ten thousand objects is small: at once where names rise with time, and otherwise when the time is over for which they are known one by one.
func TestStateIsSmall(t *testing.T) {
	w := newWorld(1)
	for i := range 10_000 {
		w.put(fmt.Sprintf("in/sorted/%06d", i), 0)
		w.pass(time.Second)
	}
	w.pass(time.Hour)
	look := func(what string, f *Finder, wantNew, most int) []byte {
		t.Helper()
		found := 0
		w.settle(t, f, func(list []objstore.Info) { found += len(list) })
		state := f.State()
		if found != wantNew || len(state) > most {
			t.Errorf("%s: %d objects and %d bytes, want %d and at most %d", what, found, len(state), wantNew, most)
		}
		return state
	}
	restart := func(state []byte) *Finder {
		t.Helper()
		f, err := New(t.Context(), w.config(false, true), state)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	f := restart(nil)
	state := look("sorted", f, 10_000, 300)
	f = restart(state)
	state = look("sorted, again", f, 0, 300)
	for i := range 1000 {
		w.put(fmt.Sprintf("in/mixed/%06d", i*7919%1000), 0)
		w.pass(time.Second)
	}
	f = restart(state)
	state = look("mixed", f, 1000, 300+9*1000)
	w.pass(25 * time.Hour)
	state = look("mixed, a day later", restart(state), 0, 300)
	w.put("in/sorted/000001", 0) // another one
	state = look("overwritten", restart(state), 1, 300)
	w.put("in/sorted/9", 0)
	look("new", restart(state), 1, 300)
}

func TestStateIsChecked(t *testing.T) {
	w := newWorld(1)
	for i := range 100 {
		w.put(fmt.Sprintf("in/%02d", i*37%100), 0)
	}
	f, err := New(t.Context(), w.config(false, true), nil)
	if err != nil {
		t.Fatal(err)
	}
	w.settle(t, f, func([]objstore.Info) {})
	state := f.State()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for n := range state {
		if _, err := newSeen(true, time.Hour).decode(state[:n]); err == nil {
			t.Errorf("the first %d bytes of %d were taken for a state", n, len(state))
		}
	}
	if _, err := newSeen(true, time.Hour).decode(append(state, 0)); err == nil {
		t.Error("a byte too many was taken")
	}
	if _, err := newSeen(false, time.Hour).decode(state); err == nil {
		t.Error("a state of steady times was taken where they are not")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(newSeen(true, time.Hour).encode(nil))
	f.Add([]byte{1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(_ *testing.T, state []byte) {
		_, _ = newSeen(true, time.Hour).decode(state) // it must not panic, nor take memory that is not there
	})
}
