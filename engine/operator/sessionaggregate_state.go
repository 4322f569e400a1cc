package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// Tables of sessions: keys, start, end, number of rows, states; and for DISTINCT calls the keys, the session's start, the arguments and their counts.
const sessionsTable = "sessions"

func (o *sessionAggregate) sessionFields() []column.Field {
	bigint := column.Of(column.BigInt).Required()
	fields := o.agg.stateFields()[:len(o.agg.keys):len(o.agg.keys)]
	fields = append(fields, column.Field{Name: "start", Type: bigint}, column.Field{Name: "end", Type: bigint}, countField)
	return append(fields, o.agg.stateFields()[len(o.agg.keys):]...)
}

func (o *sessionAggregate) distinctFields(c *aggregateCall) []column.Field {
	k := len(o.agg.keys)
	fields := append(o.sessionFields()[:k:k], column.Field{Name: "start", Type: column.Of(column.BigInt).Required()})
	for _, t := range c.argTypes {
		fields = append(fields, column.Field{Name: c.Name, Type: t})
	}
	return append(fields, countField)
}

// sessionRows are the sessions as a table of checkpoints, by slot.
type sessionRows struct{ *sessionAggregate }

// Len implements [state.Tracked].
func (t sessionRows) Len() int { return len(t.set.slots) }

// Alive implements [state.Tracked].
func (t sessionRows) Alive(slot int32) bool { return t.set.slots[slot].serial != 0 }

// CopyRows implements [state.Tracked].
func (t sessionRows) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	keys := t.appendKeys(rows, to)
	at := len(t.agg.keys)
	for _, slot := range rows {
		p := &t.set.slots[slot]
		for i, x := range [...]int64{p.start, p.end, p.rows} {
			column.Append(to.Cols[at+i], x)
		}
	}
	at += 3
	t.agg.room = len(t.set.slots)
	for _, c := range t.agg.calls {
		c.acc.Grow(t.agg.room)
		for _, slot := range rows {
			c.acc.AppendState(int(slot), int(slot)+1, to.Cols[at:at+len(c.states)])
		}
		at += len(c.states)
	}
	to.Len += len(rows)
	return t.agg.appendKeyGroups(groups, keys)
}

// appendKeys appends the keys of slots to columns, and returns their numbers.
func (o *sessionAggregate) appendKeys(slots []int32, to *column.Batch) []int32 {
	keys := make([]int32, len(slots))
	for i, slot := range slots {
		keys[i] = o.set.slots[slot].key
	}
	for i, v := range o.agg.groups.Keys() {
		to.Cols[i].AppendRows(v, keys)
	}
	return keys
}

// sessionEntries are what sessions have seen for a DISTINCT call, as a table of checkpoints.
type sessionEntries struct {
	o *sessionAggregate
	c *aggregateCall
}

// Len implements [state.Tracked].
func (t sessionEntries) Len() int { return t.c.distinct.groups.Len() }

// Alive implements [state.Tracked].
func (t sessionEntries) Alive(e int32) bool { return t.c.distinct.groups.Alive(int(e)) }

// CopyRows implements [state.Tracked].
func (t sessionEntries) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	d, slots := t.c.distinct, make([]int32, len(rows))
	owner := column.Values[int32](d.groups.Keys()[0])
	for i, e := range rows {
		slots[i] = owner[e]
	}
	keys := t.o.appendKeys(slots, to)
	at := len(t.o.agg.keys)
	for i, v := range d.groups.Keys()[1:] {
		to.Cols[at+1+i].AppendRows(v, rows)
	}
	for i, e := range rows {
		column.Append(to.Cols[at], t.o.set.slots[slots[i]].start)
		column.Append(to.Cols[len(to.Cols)-1], d.times(e))
	}
	to.Len += len(rows)
	return t.o.agg.appendKeyGroups(groups, keys)
}

// touch says that a session is about to change. With its start what its entries are found by changes, too.
func (o *sessionAggregate) touch(slot int32, moves bool) {
	if !o.track.On() {
		return
	}
	o.track.TouchRow(slot)
	if !moves {
		return
	}
	for _, c := range o.agg.calls {
		if c.distinct == nil {
			continue
		}
		for len(o.moved) < len(o.set.slots) {
			o.moved = append(o.moved, 0)
		}
		if o.moved[slot] == o.turn {
			return // what has come since is new or was touched
		}
		o.moved[slot] = o.turn
		break
	}
	for _, c := range o.agg.calls {
		if c.distinct != nil && c.distinct.at == 0 {
			c.distinct.touchGroup(slot)
		}
	}
}

func (o *sessionAggregate) Snapshot(w *state.Writer) error {
	o.progress.snapshot(w)
	o.agg.parts = max(o.groups, 1)
	w.Track(&o.track, sessionRows{o}, sessionsTable, o.sessionFields())
	for i, c := range o.agg.calls {
		if c.distinct != nil {
			w.Track(c.distinct.tracks[c.distinct.at], sessionEntries{o, c}, distinctTable(i), o.distinctFields(c))
		}
	}
	return nil
}

func (o *sessionAggregate) restore(r *state.Reader) error {
	t := r.Table(sessionsTable)
	if t == nil || t.Rows.Rows() == 0 {
		return nil
	}
	b, k := t.Rows, len(o.agg.keys)
	if len(b.Cols) != len(o.sessionFields()) {
		return fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the aggregate was changed", t.Name, len(b.Cols), len(o.sessionFields()))
	}
	n := b.Rows()
	keys, slots := make([]int32, n), make([]int32, n)
	o.agg.groups.Lookup(b.Cols[:k], b.Sel, n, keys)
	starts, ends, rows := column.Values[int64](b.Cols[k]), column.Values[int64](b.Cols[k+1]), column.Values[int64](b.Cols[k+2])
	type place struct {
		key   int32
		start int64
	}
	places := map[place]int32{}
	for i, key := range keys {
		r := b.Row(i)
		slots[i] = o.set.open(key, starts[r], ends[r])
		o.set.slots[slots[i]].rows = rows[r]
		places[place{key, starts[r]}] = slots[i]
	}
	o.agg.room = len(o.set.slots)
	o.agg.merge(b, k+3, slots)
	if inOrder(slots) {
		o.track.Resume(sessionRows{o}, t)
	}
	for i, c := range o.agg.calls {
		t := r.Table(distinctTable(i))
		if c.distinct == nil || t == nil || t.Rows.Rows() == 0 {
			continue
		}
		b := t.Rows
		if len(b.Cols) != k+2+len(c.argTypes) {
			return fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the aggregate was changed", t.Name, len(b.Cols), k+2+len(c.argTypes))
		}
		n := b.Rows()
		keys, slots := make([]int32, n), make([]int32, n)
		o.agg.groups.Lookup(b.Cols[:k], b.Sel, n, keys)
		starts, counts := column.Values[int64](b.Cols[k]), column.Values[int64](b.Cols[len(b.Cols)-1])
		for i, key := range keys {
			slots[i] = places[place{key, starts[b.Row(i)]}]
		}
		entries := c.distinct.load(b.Cols[k+1:len(b.Cols)-1], b.Sel, slots, b.Len, t.Resumable())
		for i, e := range entries {
			c.distinct.add(e, counts[b.Row(i)])
		}
		if inOrder(entries) {
			c.distinct.tracks[c.distinct.at].Resume(sessionEntries{o, c}, t)
		}
	}
	return nil
}

// compact gives keys and entries new numbers if most of them are gone. Entries of which a checkpoint is being copied wait.
func (o *sessionAggregate) compact() {
	if o.agg.groups.Len() > 2*o.agg.groups.Live()+ChunkRows {
		o.set.renumber(o.agg.groups.Compact())
	}
	for _, c := range o.agg.calls {
		if d := c.distinct; d != nil && d.at == 0 && d.groups.Len() > 2*d.groups.Live()+ChunkRows && !d.busy() {
			d.compact()
		}
	}
}
