package operator

import (
	"fmt"
	"time"

	"github.com/millstream/millstream/column"
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

// over reports whether a group was not touched for its time to live.
func (k *idleGroups) over(g int32, now int64) bool {
	return k.ttl > 0 && k.recent.Has(g) && k.recent.At(g)+k.ttl <= now
}

// next is the next group that is over.
func (k *idleGroups) next(now int64) (int32, bool) {
	g, at, ok := k.recent.Oldest()
	return g, ok && k.ttl > 0 && at+k.ttl <= now
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
			k.recent.Touch(g, now)
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

const idleTable = "touched"

// snapshot writes when groups were last touched, beside their keys.
func (k *idleGroups) snapshot(w *state.Writer, groups *state.Groups, keys []column.Field, number int) {
	if !k.on() {
		return
	}
	fields := append(keys[:len(keys):len(keys)], column.Field{Name: idleTable, Type: column.Of(column.BigInt).Required()})
	b := column.NewBatch(fields, 0)
	hashes := groups.Hashes()
	var live, byGroup []int32
	for _, g := range k.recent.Groups() { // the oldest first: times are not as fine
		if groups.Alive(int(g)) {
			live, byGroup = append(live, g), append(byGroup, int32(state.KeyGroup(hashes[g], max(number, 1))))
			column.Append(b.Cols[len(keys)], k.recent.At(g))
		}
	}
	if b.Len = len(live); b.Len > 0 {
		for i, v := range groups.Keys() {
			b.Cols[i].AppendRows(v, live)
		}
	}
	w.Add(state.Table{Name: idleTable, Schema: fields, Keyed: true, Groups: byGroup, Rows: b})
}

// restore takes in what snapshot wrote, once the groups are there. Those of which nothing is known live on from now.
func (k *idleGroups) restore(r *state.Reader, groups *state.Groups) error {
	k.recent.Reset()
	if !k.on() {
		return nil
	}
	at, now := make([]int64, groups.Len()), k.now()
	var order []int32
	for g := range at {
		if at[g] = state.Untouched; groups.Alive(g) {
			at[g] = now
		}
	}
	if t := r.Table(idleTable); t != nil && t.Rows.Rows() > 0 {
		n := len(t.Rows.Cols) - 1
		if n != len(groups.Keys()) {
			return fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the key was changed", t.Name, n+1, len(groups.Keys())+1)
		}
		ids := make([]int32, t.Rows.Rows())
		groups.Find(t.Rows.Cols[:n], t.Rows.Sel, len(ids), ids)
		times := column.Values[int64](t.Rows.Cols[n])
		for i, g := range ids {
			if g >= 0 {
				at[g] = times[t.Rows.Row(i)]
				order = append(order, g)
			}
		}
	}
	k.recent.LoadOrdered(at, order)
	return nil
}
