package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// lifetime is how long the groups of a changelog are kept after a row last came for them; table.exec.state.ttl. A group that is over is forgotten without
// a word: when its key comes again it begins anew. Groups are looked through little by little, with each batch and by a timer.
type lifetime struct {
	sweep
	last   []int64 // by group: when a row last came
	cursor int
	now    int64
	track  state.Tracker
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
	l.look(len(ids))
	l.arm()
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
