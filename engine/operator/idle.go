package operator

import (
	"time"

	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// timeToLive is how long an operator keeps state that is not touched, in milliseconds; 0 means for ever. A hint goes before table.exec.state.ttl, and is
// negative where it asks for ever.
func timeToLive(c *Context, hint time.Duration) int64 {
	if hint == 0 {
		hint = c.Env.Settings.Duration(setting.StateTTL)
	}
	return max(hint.Milliseconds(), 0)
}

// idleGroups finds the groups for which no row came for their time to live. Those that are over are forgotten little by little, with the rows that come and by a
// timer; the owner asks [idleGroups.over] of a group that is touched again before. It also finds those that are too many.
type idleGroups struct {
	ttl      int64 // milliseconds; 0: for ever
	most     int   // groups; 0: all
	clock    func() time.Time
	setTimer func(time.Time)
	armed    bool
	recent   state.Recency
	turns    []int64       // by group, where they may be too many: ascends with each touch, since times are not as fine
	turn     int64         // the last of them
	track    state.Tracker // of when groups were touched
}

// idleSteps is the number of groups that are forgotten at a time, besides those for which rows come.
const idleSteps = 64

func (k *idleGroups) open(c *Context, ttl int64, most int) {
	k.ttl, k.most, k.clock, k.setTimer = ttl, most, c.Now, c.SetTimer
}

// on reports whether groups are forgotten at all; else nothing here has an effect.
func (k *idleGroups) on() bool { return k.ttl > 0 || k.most > 0 }

// now is the time in milliseconds; 0 where groups are not forgotten.
func (k *idleGroups) now() int64 {
	if !k.on() {
		return 0
	}
	return k.clock().UnixMilli()
}

// touch notes that a row came for a group.
func (k *idleGroups) touch(g int32, now int64) {
	k.track.TouchRow(g)
	k.recent.Touch(g, now)
	if k.most > 0 {
		for len(k.turns) <= int(g) {
			k.turns = append(k.turns, 0)
		}
		k.turn++
		k.turns[g] = k.turn
	}
}

// renumber gives groups new numbers.
func (k *idleGroups) renumber(moved []int32) {
	k.recent.Renumber(moved)
	n := 0
	for g := range k.turns {
		if to := moved[g]; to >= 0 {
			k.turns[to] = k.turns[g]
			n = int(to) + 1
		}
	}
	k.turns = k.turns[:n]
}

// sizeBytes is the memory held, in bytes.
func (k *idleGroups) sizeBytes() int {
	return k.recent.SizeBytes() + k.track.SizeBytes() + cap(k.turns)*8
}

// over reports whether a group was not touched for its time to live.
func (k *idleGroups) over(g int32, now int64) bool {
	return k.ttl > 0 && k.recent.Has(g) && k.recent.At(g)+k.ttl <= now
}

// expire forgets groups that are over, so many at most. forget says whether it has, which takes the group out; of one that must stay the time begins anew.
func (k *idleGroups) expire(most int, forget func(g int32) bool) {
	if k.ttl == 0 {
		return
	}
	now := k.now()
	for range most {
		g, at, ok := k.recent.Oldest()
		if !ok || at+k.ttl > now {
			return
		}
		if !forget(g) {
			k.touch(g, now)
		}
	}
}

// evict forgets groups that are too many, those first that were not touched for the longest. forget says whether it has, which takes the group out; one that must
// stay counts as touched now.
func (k *idleGroups) evict(now int64, forget func(g int32) bool) (evicted int) {
	if k.most == 0 {
		return 0
	}
	for range 2*max(k.recent.Len()-k.most, 0) + idleSteps {
		if k.recent.Len() <= k.most {
			break
		}
		g, _, _ := k.recent.Oldest()
		if forget(g) {
			evicted++
		} else {
			k.touch(g, now)
		}
	}
	return evicted
}

// arm sets a timer for the next group that will be over.
func (k *idleGroups) arm() {
	if k.ttl == 0 || k.armed || k.setTimer == nil {
		return
	}
	if _, at, ok := k.recent.Oldest(); ok {
		k.armed = true
		k.setTimer(soon(k.clock(), at+k.ttl))
	}
}
