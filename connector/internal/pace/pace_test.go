package pace

import (
	"math/rand/v2"
	"testing"
	"time"
)

// However often a reader asks, it gives one row at once and then its share of the rate: never more, and all of it when it asks at last.
func TestDue(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 1))
		rate, step := 1+r.Int64N(1<<r.IntN(31)), 1+r.Int64N(8)
		begun := time.UnixMilli(1_700_000_000_000)
		p := New(rate, step, begun)
		now, given := begun, int64(0)
		for range 100 {
			if n := p.Due(now); n > 0 {
				n = 1 + r.Int64N(n)
				p.Give(n)
				given += n
			}
			share := 1 + int64(now.Sub(begun).Seconds()*float64(rate)/float64(step)+1e-6)
			if given > share {
				t.Fatalf("seed %d: %d rows given after %s, of %d", seed, given, now.Sub(begun), share)
			}
			now = now.Add(time.Duration(r.IntN(1e9)))
		}
		if n := p.Due(now); n > 0 {
			p.Give(n)
			given += n
		}
		if share := float64(rate) / float64(step) * now.Sub(begun).Seconds(); float64(given) < share-1 {
			t.Errorf("seed %d: %d rows given in the end, of %.1f", seed, given, share)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Ready tells that more rows are due, again and again.
func TestReady(t *testing.T) {
	now := time.Now()
	p := New(1000, 1, now)
	for range 3 {
		p.Give(p.Due(now))
		if n := p.Due(now); n != 0 {
			t.Fatalf("%d rows too early", n)
		}
		select {
		case <-p.Ready():
		case <-time.After(20 * time.Second):
			t.Fatal("Ready never told")
		}
		now = now.Add(10 * time.Millisecond)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
}

func TestDeal(t *testing.T) {
	position := func(i, n int64) any { return [2]int64{i, n} }
	for _, c := range []struct {
		parallelism int
		rows        int64
		want        int
	}{{4, -1, 4}, {4, 100, 4}, {4, 3, 3}, {4, 0, 0}, {0, -1, 1}} {
		list := Deal("rows", c.parallelism, c.rows, position)
		if len(list) != c.want {
			t.Errorf("parallelism %d, %d rows: %d splits, want %d", c.parallelism, c.rows, len(list), c.want)
		}
	}
	if s := Deal("rows", 2, -1, position)[1]; s.ID != "rows-2-of-2" || string(s.State) != "[1,2]" {
		t.Errorf("the second split is %s %s", s.ID, s.State)
	}
}
