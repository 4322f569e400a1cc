package task

import (
	"math/rand/v2"
	"testing"
	"time"
)

// Whatever members do, the one that is furthest behind may always go on, nobody goes on that is too far ahead, and nobody who may go on sleeps.
func TestAlignment(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		var group Alignment
		members := make([]*Member, 1+random.IntN(5))
		for i := range members {
			members[i] = group.Join(time.Duration(random.IntN(30)) * time.Millisecond)
		}
		times, begun, away, asleep := make([]int64, len(members)), make([]bool, len(members)), make([]bool, len(members)), make([]bool, len(members))
		may := func(i int) bool {
			for k := range members {
				if away[k] || k == i {
					continue
				}
				if begun[i] && (!begun[k] || times[i]-times[k] > members[i].drift) {
					return false
				}
			}
			return true
		}
		for range 300 {
			i := random.IntN(len(members))
			switch {
			case asleep[i]:
				select {
				case <-members[i].wake:
					asleep[i] = false
				default:
					if may(i) && !away[i] {
						t.Fatalf("seed %d: member %d sleeps and may go on", seed, i)
					}
				}
			case random.IntN(8) == 0:
				away[i] = !away[i]
				members[i].setAway(away[i])
			case away[i]:
			case members[i].ahead():
				if may(i) {
					t.Fatalf("seed %d: member %d must wait at %d, times are %v", seed, i, times[i], times)
				}
				asleep[i] = true
			default:
				if !may(i) {
					t.Fatalf("seed %d: member %d may go on at %d, times are %v", seed, i, times[i], times)
				}
				times[i], begun[i] = times[i]+int64(random.IntN(20)), true
				members[i].advance(times[i])
			}
		}
	}
}
