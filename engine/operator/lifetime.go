package operator

import (
	"fmt"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// lifetime is how long the groups of a changelog are kept after a row last came for them; table.exec.state.ttl. A group that is over is forgotten without
// a word: when its key comes again it begins anew. Groups are looked through little by little, and all of them by a timer.
type lifetime struct {
	ttl      int64 // milliseconds; 0: for ever
	clock    func() time.Time
	setTimer func(time.Time)
	due      time.Time // when the timer is; zero: none is set
	last     []int64   // by group: when a row last came
	cursor   int
	now      int64
	track    state.Tracker
}

const lifetimeTable = "last"

var lifetimeField = column.Field{Name: "last", Type: column.Of(column.BigInt).Required()}

// renew notes that rows came for the groups ids of b's live rows. A group that was over gives way to a new one, and ids is changed accordingly.
func (l *changelog) renew(b *column.Batch, ids []int32) {
	p := &l.life
	if p.ttl == 0 {
		return
	}
	p.now = p.clock().UnixMilli()
	l.note()
	for i, g := range ids {
		if !l.groups.Alive(int(g)) || p.last[g]+p.ttl <= p.now {
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
	for range min(len(ids), len(p.last)) {
		if p.cursor >= len(p.last) {
			p.cursor = 0
		}
		if l.groups.Alive(p.cursor) && p.last[p.cursor]+p.ttl <= p.now {
			l.end(int32(p.cursor))
		}
		p.cursor++
	}
	l.arm()
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
}

// arm sets a timer by which all groups will have been looked through once they are over.
func (l *changelog) arm() {
	p := &l.life
	if p.ttl == 0 || !p.due.IsZero() || l.groups.Live() == 0 || p.setTimer == nil {
		return
	}
	p.due = p.clock().Add(time.Duration(p.ttl) * time.Millisecond)
	p.setTimer(p.due)
}

// expire forgets all groups that are over, if the timer is due.
func (l *changelog) expire() error {
	p := &l.life
	if p.due.IsZero() || p.clock().Before(p.due) {
		return nil
	}
	p.due, p.now = time.Time{}, p.clock().UnixMilli()
	for g := range p.last {
		if l.groups.Alive(g) && p.last[g]+p.ttl <= p.now {
			l.end(int32(g))
		}
	}
	if l.crowded() {
		if err := l.compact(); err != nil {
			return err
		}
	}
	l.arm()
	return nil
}

// lifetimes are the times when rows last came, as a table of keys and times.
type lifetimes struct{ *changelog }

func (t lifetimes) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	for i, k := range t.groups.Keys() {
		to.Cols[i].AppendRows(k, rows)
	}
	for _, g := range rows {
		column.Append(to.Cols[len(t.keys)], t.life.last[g])
	}
	to.Len += len(rows)
	return t.appendKeyGroups(groups, rows)
}

// snapshotTimes writes when rows last came.
func (l *changelog) snapshotTimes(w *state.Writer) {
	if l.life.ttl > 0 {
		l.note()
		w.Track(&l.life.track, lifetimes{l}, lifetimeTable, append(l.stateFields()[:len(l.keys):len(l.keys)], lifetimeField))
	}
}

// restoreTimes takes in what snapshotTimes wrote; groups of which nothing is known live on from now.
func (l *changelog) restoreTimes(r *state.Reader) error {
	if l.life.ttl == 0 {
		return nil
	}
	l.life.last, l.life.cursor, l.life.now = l.life.last[:0], 0, l.life.clock().UnixMilli()
	l.note()
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
