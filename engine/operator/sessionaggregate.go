package operator

import (
	"fmt"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// sessionAggregate aggregates by sessions: rows of a key, each less than the gap behind the one before, in the order of time. A row that lies
// between two sessions makes them one. Sessions are emitted in the order of their ends when the watermark has passed them.
type sessionAggregate struct {
	*windowAggregate
	agg *aggregation // groups are keys, accumulators belong to slots
	set sessionSet

	track state.Tracker // of the sessions
	turn  int64         // counts batches
	moved []int64       // by slot, where there are DISTINCT calls: the last batch that moved its start

	rows   []int32 // those of the batch that count and are not yet taken in
	slots  []int32
	keyOf  []int32
	starts []int64
	ends   []int64
}

func newSessionAggregate(o *windowAggregate) (*sessionAggregate, error) {
	if o.op.Phase != graph.Whole {
		return nil, fmt.Errorf("sessions cannot be aggregated in phases")
	}
	s := &sessionAggregate{windowAggregate: o}
	s.agg, s.set = o.newAggregation(), newSessionSet(o.w)
	for _, c := range s.agg.calls {
		if c.distinct != nil {
			c.distinct.chained = true
		}
	}
	s.set.touch = s.touch
	return s, nil
}

func (o *sessionAggregate) Open(c *Context) error {
	if err := o.open(c); err != nil {
		return err
	}
	if err := o.restore(c.Restore); err != nil {
		return err
	}
	o.await(o.set.first())
	return nil
}

func (o *sessionAggregate) Process(_ int, p Payload, out Output) error {
	if o.op.Processing && o.passed() {
		if err := o.fire(out); err != nil {
			return err
		}
	}
	b, times, err := o.timesOf(p.(*column.Batch))
	if err != nil || b.Rows() == 0 {
		return err
	}
	o.compact()
	o.turn++
	keys := o.agg.lookup(b)
	o.rows, o.slots = o.rows[:0], o.slots[:0]
	o.missed.rows = o.missed.rows[:0]
	for i, key := range keys {
		r := b.Row(i)
		slot, ok := o.set.add(key, times[r], o.now)
		if !ok {
			o.missed.rows = append(o.missed.rows, int32(r))
			continue
		}
		if len(o.set.absorbed) > 0 {
			if err := o.take(b); err != nil {
				return err
			}
			o.merge(slot)
		}
		if o.op.Changes != 0 {
			if b.Kind(r).Adds() {
				o.set.slots[slot].rows++
			} else {
				o.set.slots[slot].rows--
			}
		}
		o.rows, o.slots = append(o.rows, int32(r)), append(o.slots, slot)
	}
	if err := o.take(b); err != nil {
		return err
	}
	if len(o.missed.rows) > 0 {
		if err := o.missed.drop(0, b, o.missed.rows, o.now); err != nil {
			return err
		}
		o.set.deleteUnused(o.agg.groups, keys)
	}
	if first := o.set.first(); first < o.next {
		o.await(first)
	}
	return nil
}

// take takes the rows found so far into their sessions.
func (o *sessionAggregate) take(b *column.Batch) error {
	if len(o.rows) == 0 {
		return nil
	}
	o.agg.room = len(o.set.slots)
	o.sub = column.Batch{Len: b.Len, Cols: b.Cols, Sel: o.rows, Kinds: b.Kinds}
	err := o.agg.change(&o.sub, o.slots)
	o.rows, o.slots = o.rows[:0], o.slots[:0]
	return err
}

// merge moves what the absorbed sessions have to slot.
func (o *sessionAggregate) merge(slot int32) {
	o.agg.room = len(o.set.slots)
	for _, other := range o.set.absorbed {
		o.agg.move(other, slot)
		o.set.drop(other)
	}
}

func (o *sessionAggregate) Watermark(t int64, out Output) error {
	if !o.reached(t) {
		return nil
	}
	return o.fire(out)
}

func (o *sessionAggregate) Timer(_ time.Time, out Output) error {
	if !o.passed() {
		return nil
	}
	return o.fire(out)
}

// fire emits the sessions that are over.
func (o *sessionAggregate) fire(out Output) error {
	over := o.set.ended(o.now)
	o.agg.room = len(o.set.slots)
	for len(over) > 0 {
		part := over[:min(len(over), ChunkRows)]
		over = over[len(part):]
		if err := o.emit(part, out); err != nil {
			return err
		}
		o.track.Touch(part)
		for _, slot := range part {
			o.agg.empty(slot)
			if key := o.set.slots[slot].key; o.set.drop(slot) {
				o.agg.groups.Delete(int(key))
			}
		}
	}
	o.await(o.set.first())
	return nil
}

func (o *sessionAggregate) emit(slots []int32, out Output) error {
	w := &o.windowAggregate.out
	w.rows.Reset()
	o.keyOf, o.starts, o.ends = o.keyOf[:0], o.starts[:0], o.ends[:0]
	keys := len(o.op.Keys)
	for _, slot := range slots {
		p := &o.set.slots[slot]
		if o.op.Changes != 0 && p.rows <= 0 {
			continue
		}
		o.keyOf, o.starts, o.ends = append(o.keyOf, p.key), append(o.starts, p.start), append(o.ends, p.end)
		for i, c := range o.agg.calls {
			c.acc.Grow(o.agg.room)
			if err := c.acc.AppendResult(int(slot), int(slot)+1, w.rows.Cols[keys+i]); err != nil {
				return err
			}
		}
	}
	if len(o.keyOf) == 0 {
		return nil
	}
	for i, k := range o.agg.groups.Keys() {
		w.rows.Cols[i].AppendRows(k, o.keyOf)
	}
	w.rows.Len = len(o.keyOf)
	return w.sendSessions(o.starts, o.ends, out)
}

// sendSessions emits the rows that w.rows holds, each with a window of its own.
func (w *windowOutput) sendSessions(starts, ends []int64, out Output) error {
	w.out = column.Batch{Len: w.rows.Len, Cols: append(w.out.Cols[:0], w.rows.Cols...)}
	w.out.Cols = w.appendProperties(w.out.Cols, starts, ends)
	return out.Emit(&w.out)
}

// move folds what belongs to group from into group to and empties it.
func (a *aggregation) move(from, to int32) {
	for _, c := range a.calls {
		c.acc.Grow(a.size())
		if c.distinct != nil {
			entries := c.distinct.entriesOf(from)
			if len(entries) > 0 {
				groups := make([]int32, len(entries))
				counts := make([]int64, len(entries))
				for i, e := range entries {
					groups[i], counts[i] = to, c.distinct.times(e)
				}
				// Lookup must not read keys that it appends to.
				args := make([]*column.Vector, len(c.argTypes))
				for i, k := range c.distinct.groups.Keys()[1:] {
					args[i] = column.NewVector(k.Type, len(entries))
					args[i].AppendRows(k, entries)
				}
				rows, kept := c.distinct.fresh(args, nil, groups, len(entries))
				for i := range entries {
					c.distinct.add(c.distinct.ids[i], counts[i]-1)
				}
				if len(kept) > 0 {
					c.acc.Update(kept, args, rows)
				}
			}
			continue
		}
		for k, v := range c.flat {
			v.Reset()
			v.Type = c.states[k]
		}
		c.acc.AppendState(int(from), int(from)+1, c.flat)
		c.acc.Merge([]int32{to}, c.flat, nil)
	}
	a.empty(from)
}

// empty forgets what belongs to a group, whose number will be used again.
func (a *aggregation) empty(g int32) {
	for _, c := range a.calls {
		c.acc.Grow(a.size())
		c.acc.Clear(int(g))
		if c.distinct != nil {
			c.distinct.forget(g)
		}
	}
}

// SizeBytes implements [Sizer].
func (o *sessionAggregate) SizeBytes() int {
	return o.agg.sizeBytes() + o.set.sizeBytes() + o.track.SizeBytes() + cap(o.moved)*8
}
