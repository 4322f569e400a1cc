// Package fault injects errors, delays, lost answers, broken connections and crashes into object storage,
// for tests.
//
// [Store] wraps any [objstore.Store]: what its callers see are final errors, as after all retries.
// [Transport] and [Proxy] sit below the S3 client instead, on HTTP, and test its retries. Both follow a
// list of rules and one seed. Where a rule has a Chance, whether it fires depends only on the seed, the
// rule, the operation with its key, and how often that came before, not on how goroutines interleave; so a
// failing seed replays.
package fault

import (
	"context"
	"encoding/binary"
	"hash/fnv"
	"sync"
	"time"
)

// Trigger says which of the matching operations a rule hits. The zero value hits every one.
type Trigger struct {
	Skip   int         // let the first Skip pass
	Times  int         // fire at most Times; 0 means no limit
	Chance float64     // fire with this probability; 0 means always
	While  func() bool // fire only as long as it says so; nil means always. What comes while it does not is not counted
}

// Event is one fault that was injected.
type Event struct {
	Rule    int    // index of the rule
	Subject string // the operation and its key or path
}

// triggers holds the state of a list of triggers.
type triggers struct {
	seed uint64

	mu     sync.Mutex
	seen   map[int]int
	fired  map[int]int
	counts map[Event]uint64
	log    []Event
}

func newTriggers(seed uint64) *triggers {
	return &triggers{seed: seed, seen: map[int]int{}, fired: map[int]int{}, counts: map[Event]uint64{}}
}

// fires decides about one matching operation.
func (t *triggers) fires(rule int, trigger Trigger, subject string) bool {
	if trigger.While != nil && !trigger.While() {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	e := Event{rule, subject}
	ordinal := t.counts[e]
	t.counts[e]++
	t.seen[rule]++
	if t.seen[rule] <= trigger.Skip || trigger.Times > 0 && t.fired[rule] >= trigger.Times {
		return false
	}
	if trigger.Chance > 0 && !chance(trigger.Chance, t.seed, uint64(rule), subject, ordinal) {
		return false
	}
	t.fired[rule]++
	t.log = append(t.log, e)
	return true
}

// events returns what was injected so far.
func (t *triggers) events() []Event {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Event(nil), t.log...)
}

// chance is true for the share p of all inputs.
func chance(p float64, seed, rule uint64, subject string, ordinal uint64) bool {
	var b [24]byte
	binary.LittleEndian.PutUint64(b[0:], seed)
	binary.LittleEndian.PutUint64(b[8:], rule)
	binary.LittleEndian.PutUint64(b[16:], ordinal)
	h := fnv.New64a()
	h.Write(b[:])
	h.Write([]byte(subject))
	// FNV's high bits hardly depend on the last bytes: mix before comparing.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x>>11)/(1<<53) < p
}

// pause waits d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
