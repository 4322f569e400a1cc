package task

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/millstream/millstream/engine/clock"
)

// Timers come in order of time, each once, and none early; one set in the past comes at once.
func TestTimers(t *testing.T) {
	start := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		c := clock.NewSimulated(start)
		var timers timers
		timers.init(c)
		waiting := map[timerKey]bool{}
		for range 60 {
			if random.IntN(2) == 0 {
				at, stage := c.Now().Add(time.Duration(random.IntN(10)-2)), random.IntN(3)
				timers.set(stage, at)
				waiting[timerKey{at.UnixNano(), stage}] = true
				continue
			}
			c.Advance(time.Duration(random.IntN(5)))
			select {
			case <-timers.c():
			default:
				for k := range waiting {
					if k.at <= c.Now().UnixNano() {
						t.Fatalf("seed %d: timer %v is due and nothing tells", seed, k)
					}
				}
				continue
			}
			var fired []timerKey
			for {
				stage, at, ok := timers.next()
				if !ok {
					break
				}
				k := timerKey{at.UnixNano(), stage}
				if !waiting[k] || at.After(c.Now()) {
					t.Fatalf("seed %d: timer %v came, early or twice", seed, k)
				}
				delete(waiting, k)
				fired = append(fired, k)
			}
			if !slices.IsSortedFunc(fired, func(a, b timerKey) int { return int(a.at - b.at) }) {
				t.Fatalf("seed %d: timers came in the order %v", seed, fired)
			}
			for k := range waiting {
				if k.at <= c.Now().UnixNano() {
					t.Fatalf("seed %d: timer %v is due and did not come", seed, k)
				}
			}
		}
	}
}
