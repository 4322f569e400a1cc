package operator

import (
	"fmt"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// lifetime is how long the groups of a changelog are kept after a row last came for them, table.exec.state.ttl, and how many, table.exec.state.max-keys. A group
// that is over is forgotten without a word: when its key comes again it begins anew. Groups are looked through little by little, with each batch and by a timer;
// those that are too many are forgotten in their order when a batch is done.
type lifetime struct {
	sweep
	most    int           // groups; 0: all
	order   state.Recency // groups, by when a row last came; only if there is such a bound
	evicted func(groups int)
	last    []int64 // by group: when a row last came
	cursor  int
	now     int64
	track   state.Tracker
}

const lifetimeTable = "last"

var lifetimeField = column.Field{Name: "last", Type: column.Of(column.BigInt).Required()}

// on reports whether groups are forgotten at all.
func (p *lifetime) on() bool { return p.ttl > 0 || p.most > 0 }

// over reports whether no row came for a group for its time to live.
func (p *lifetime) over(g int32) bool { return p.ttl > 0 && p.last[g]+p.ttl <= p.now }

// renew notes that rows came for the groups ids of b's live rows. A group that was over gives way to a new one, and ids is changed accordingly.
func (l *changelog) renew(b *column.Batch, ids []int32) {
	p := &l.life
	if !p.on() {
		return
	}
	p.now = p.clock().UnixMilli()
	l.note()
	p.track.Touch(ids)
	for i, g := range ids {
		if !l.groups.Alive(int(g)) || p.over(g) {
			if l.groups.Alive(int(g)) {
				l.end(g)
			}
			l.one[0] = int32(b.Row(i))
			l.groups.Lookup(l.keysOf(b), l.one[:], 1, ids[i:i+1])
			l.note()
			g = ids[i]
		}
		p.last[g] = p.now
	}
	if p.ttl > 0 {
		l.look(len(ids))
		l.arm()
	}
}

// look ends those of so many groups that are over, and returns how many it has looked at: fewer at the last one.
func (l *changelog) look(limit int) int {
	p := &l.life
	if p.cursor >= len(p.last) {
		p.cursor = 0
	}
	n := min(limit, len(p.last)-p.cursor)
	for range n {
		if l.groups.Alive(p.cursor) && p.last[p.cursor]+p.ttl <= p.now {
			l.end(int32(p.cursor))
		}
		p.cursor++
	}
	return n
}

// remember puts groups for which rows came behind all others.
func (l *changelog) remember(ids []int32) {
	if l.life.most == 0 {
		return
	}
	for _, g := range ids {
		if l.groups.Alive(int(g)) {
			l.life.order.Touch(g, 0)
		}
	}
}

// evict forgets the groups that are too many.
func (l *changelog) evict() {
	p := &l.life
	if p.most == 0 {
		return
	}
	n := max(p.order.Len()-p.most, 0)
	for range n {
		g, _, _ := p.order.Oldest()
		l.end(g)
	}
	p.evicted(n)
}

// note gives new groups the present time.
func (l *changelog) note() {
	for len(l.life.last) < l.groups.Len() {
		l.life.last = append(l.life.last, l.life.now)
	}
}

// end forgets a group.
func (l *changelog) end(g int32) {
	l.track.TouchRow(g)
	l.life.track.TouchRow(g)
	l.forgetArguments(g)
	l.groups.Delete(int(g))
	l.grow()
	l.count[g] = 0
	l.life.order.Remove(g)
}

// arm sets a timer by which all groups will have been looked through once they are over.
func (l *changelog) arm() {
	if l.groups.Live() > 0 {
		l.life.arm()
	}
}

// expire forgets some groups that are over, if the timer is due.
func (l *changelog) expire() error {
	p := &l.life
	if p.ttl == 0 || p.due.IsZero() || p.clock().Before(p.due) {
		return nil
	}
	p.fire(len(p.last), func(limit int) int {
		p.now = p.clock().UnixMilli()
		return l.look(limit)
	}, l.groups.Live)
	if l.crowded() {
		return l.compact()
	}
	return nil
}

// lifetimes are the times when rows last came, as a table of keys and times.
type lifetimes struct{ *changelog }

func (t lifetimes) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	for i, k := range t.groups.Keys() {
		to.Cols[i].AppendRows(k, rows)
	}
	column.AppendPicked(to.Cols[len(t.keys)], t.life.last, rows)
	to.Len += len(rows)
	return t.appendKeyGroups(groups, rows)
}

// snapshotTimes writes when rows last came.
func (l *changelog) snapshotTimes(w *state.Writer) {
	if l.life.on() {
		l.note()
		w.Track(&l.life.track, lifetimes{l}, lifetimeTable, append(l.stateFields()[:len(l.keys):len(l.keys)], lifetimeField))
	}
}

// restoreTimes takes in what snapshotTimes wrote; groups of which nothing is known live on from now.
func (l *changelog) restoreTimes(r *state.Reader) error {
	if !l.life.on() {
		return nil
	}
	l.life.last, l.life.cursor, l.life.now = l.life.last[:0], 0, l.life.clock().UnixMilli()
	l.note()
	defer l.restoreOrder()
	t := r.Table(lifetimeTable)
	if t == nil || t.Rows.Rows() == 0 {
		return nil
	}
	k := len(l.keys)
	if len(t.Rows.Cols) != k+1 {
		return fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the aggregate was changed", t.Name, len(t.Rows.Cols), k+1)
	}
	ids := make([]int32, t.Rows.Rows())
	l.groups.Find(t.Rows.Cols[:k], t.Rows.Sel, len(ids), ids)
	last := column.Values[int64](t.Rows.Cols[k])
	if inOrder(ids) {
		l.life.track.Resume(lifetimes{l}, t)
	}
	for i, g := range ids {
		if g >= 0 {
			l.life.last[g] = last[t.Rows.Row(i)]
		}
	}
	return nil
}

// restoreOrder finds the order of groups by their times.
func (l *changelog) restoreOrder() {
	if l.life.most == 0 {
		return
	}
	at := slices.Clone(l.life.last)
	for g := range at {
		if !l.groups.Alive(g) {
			at[g] = state.Untouched
		}
	}
	l.life.order.Load(at)
}
