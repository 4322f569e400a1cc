package collector

import (
	"runtime"
	"runtime/debug"
	"testing"
)

func TestPercent(t *testing.T) {
	for _, c := range []struct {
		live, scanned uint64
		want          int
	}{
		{0, 0, 200},
		{32 << 20, 1 << 20, 200},
		{128 << 20, 0, 50},
		{128 << 20, 128 << 20, 200},
		{4 << 30, 1 << 20, 25},
		{4 << 30, 2 << 30, 101},
		{4 << 30, 4 << 30, 200},
	} {
		if got := percent(c.live, c.scanned); got != c.want {
			t.Errorf("%d MB of which %d are scanned: %d, want %d", c.live>>20, c.scanned>>20, got, c.want)
		}
	}
}

// TestStart holds much memory without pointers, then lets it go, and hears what the percentage is after collections.
func TestStart(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	looked := make(chan int, 100) // collections go on when nobody listens any more
	start(looked)
	large := make([]byte, 600<<20)
	last := 0
	for range 3 {
		runtime.GC()
		last = <-looked
	}
	if last != least {
		t.Errorf("the percentage is %d beside a state of 600 MB, want %d", last, least)
	}
	runtime.KeepAlive(large)
	for range 3 {
		runtime.GC()
		last = <-looked
	}
	if last != most {
		t.Errorf("the percentage is %d once it is gone, want %d", last, most)
	}
}
