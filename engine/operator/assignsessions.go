package operator

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// assignSessions holds rows until their session is over.
type assignSessions struct {
	*assignWindows
	missed missedRows
	windowClock
	groups *state.Groups
	set    sessionSet
	held   heldRows // the input's columns, the row's kind and its local time
	fields []column.Field
	heads  []int32 // by session: its first row, one more
	tails  []int32 // its last row
	links  []int32 // by row: the session's next row, one more

	ids     []int32
	keyCols []*column.Vector
	kind    *column.Vector
	local   *column.Vector
	with    column.Batch
}

var kindField = column.Field{Name: "kind", Type: column.Of(column.TinyInt).Required()}

func newAssignSessions(o *assignWindows) *assignSessions {
	start := column.Field{Name: "start", Type: column.Of(column.BigInt).Required()}
	s := &assignSessions{assignWindows: o, windowClock: windowClock{processing: o.op.Processing}, kind: column.NewVector(kindField.Type, 0), local: column.NewVector(start.Type, 0)}
	s.fields = append(slices.Clone(o.in), kindField, start)
	s.held = newHeldRows(s.fields)
	types := make([]column.Type, len(o.op.Partition))
	for i, k := range o.op.Partition {
		types[i] = o.in[k].Type
	}
	s.groups, s.set = state.NewGroups(types), newSessionSet(o.w)
	return s
}

func (o *assignSessions) Open(c *Context) error {
	o.missed.open(c)
	if err := o.assignWindows.Open(c); err != nil {
		return err
	}
	o.windowClock.open(c)
	if err := o.restore(c.Restore); err != nil {
		return err
	}
	o.await(o.set.first())
	return nil
}

// partition finds the keys of b's live rows.
func (o *assignSessions) partition(b *column.Batch) []int32 {
	o.keyCols = o.keyCols[:0]
	for _, k := range o.op.Partition {
		o.keyCols = append(o.keyCols, b.Cols[k])
	}
	o.ids = first(o.ids, b.Rows())
	o.groups.Lookup(o.keyCols, b.Sel, b.Rows(), o.ids)
	return o.ids
}

func (o *assignSessions) Process(_ int, p Payload, out Output) error {
	if o.op.Processing && o.passed() {
		if err := o.fire(out); err != nil {
			return err
		}
	}
	b, times, err := o.timed(p.(*column.Batch))
	if err != nil || b.Rows() == 0 {
		return err
	}
	if o.groups.Len() > 2*o.groups.Live()+ChunkRows {
		o.set.renumber(o.groups.Compact())
	}
	keys := o.partition(b)
	base := o.hold(b, times)
	o.missed.rows = o.missed.rows[:0]
	for i, key := range keys {
		row := base + int32(i)
		slot, ok := o.set.add(key, times[b.Row(i)], o.now)
		if !ok {
			o.missed.rows = append(o.missed.rows, int32(b.Row(i)))
			o.held.drop(row)
			continue
		}
		o.append(slot, row)
	}
	if len(o.missed.rows) > 0 {
		if err := o.missed.drop(0, b, o.missed.rows, o.now); err != nil {
			return err
		}
		o.set.deleteUnused(o.groups, keys)
	}
	if first := o.set.first(); first < o.next {
		o.await(first)
	}
	return nil
}

// hold appends b's live rows with their kinds and times.
func (o *assignSessions) hold(b *column.Batch, times []int64) int32 {
	o.kind.Reset()
	o.kind.Resize(b.Len)
	kinds := column.Values[int8](o.kind)
	for r := range b.Len {
		kinds[r] = int8(b.Kind(r))
	}
	o.local.Reset()
	o.local.Resize(b.Len)
	copy(column.Values[int64](o.local), times[:b.Len])
	o.with = column.Batch{Len: b.Len, Cols: append(append(o.with.Cols[:0], b.Cols...), o.kind, o.local), Sel: b.Sel}
	base := o.held.add(&o.with, nil)
	for len(o.links) < o.held.rows.Len {
		o.links = append(o.links, 0)
	}
	return base
}

// append adds a row to the session that the set has just found for it, behind the rows of those that it absorbed.
func (o *assignSessions) append(slot, row int32) {
	for len(o.heads) <= int(slot) {
		o.heads, o.tails = append(o.heads, 0), append(o.tails, 0)
	}
	for _, other := range o.set.absorbed {
		o.links[o.tails[slot]] = o.heads[other]
		o.tails[slot], o.heads[other] = o.tails[other], 0
		o.set.drop(other)
	}
	if o.heads[slot] == 0 {
		o.heads[slot] = row + 1
	} else {
		o.links[o.tails[slot]] = row + 1
	}
	o.tails[slot] = row
}

func (o *assignSessions) Watermark(t int64, out Output) error {
	if !o.reached(t) {
		return nil
	}
	return o.fire(out)
}

func (o *assignSessions) Timer(_ time.Time, out Output) error {
	if !o.passed() {
		return nil
	}
	return o.fire(out)
}

// fire emits the rows of the sessions that are over.
func (o *assignSessions) fire(out Output) error {
	for _, slot := range o.set.ended(o.now) {
		p := o.set.slots[slot]
		for at := o.heads[slot]; at != 0; at = o.links[at-1] {
			o.rows, o.starts, o.ends = append(o.rows, at-1), append(o.starts, p.start), append(o.ends, p.end)
			o.held.drop(at - 1)
			if len(o.rows) >= ChunkRows {
				if err := o.send(out); err != nil {
					return err
				}
			}
		}
		o.heads[slot] = 0
		if o.set.drop(slot) {
			o.groups.Delete(int(p.key))
		}
	}
	if err := o.send(out); err != nil {
		return err
	}
	if o.held.wasteful() {
		o.renumber(o.held.compact())
	}
	o.await(o.set.first())
	return nil
}

// send emits o.rows, which are held rows, with their kinds.
func (o *assignSessions) send(out Output) error {
	rows := o.held.rows
	b := column.Batch{Len: rows.Len, Cols: rows.Cols[:len(o.in)]}
	if o.op.Changes != 0 {
		b.Kinds = make([]column.RowKind, rows.Len)
		for _, r := range o.rows {
			b.Kinds[r] = column.RowKind(column.Values[int8](rows.Cols[len(o.in)])[r])
		}
	}
	return o.emit(&b, out)
}

// renumber follows the rows of sessions to their new numbers.
func (o *assignSessions) renumber(to []int32) {
	links := make([]int32, o.held.rows.Len)
	for row, next := range o.links {
		if to[row] >= 0 && next != 0 {
			links[to[row]] = to[next-1] + 1
		}
	}
	o.links = links
	for slot, head := range o.heads {
		if head != 0 {
			o.heads[slot], o.tails[slot] = to[head-1]+1, to[o.tails[slot]]
		}
	}
}

// SizeBytes implements [Sizer].
func (o *assignSessions) SizeBytes() int {
	return o.groups.SizeBytes() + o.set.sizeBytes() + o.held.sizeBytes() + (cap(o.heads)+cap(o.tails)+cap(o.links))*4
}

// The state is a table of the rows, with their kinds and the times that they cover, of which sessions are made anew. Earlier versions wrote the times of the
// session, which lead to the same.
func (o *assignSessions) rowFields() []column.Field {
	return append(slices.Clone(o.fields), column.Field{Name: "end", Type: column.Of(column.BigInt).Required()})
}

// rowTable is the rows as a table of checkpoints.
func (o *assignSessions) rowTable() keptRows {
	return keptRows{&o.held, shipped{keys: o.op.Partition, parts: o.progress.groups, more: func(rows []int32, to []*column.Vector) {
		starts := column.Values[int64](o.held.rows.Cols[len(o.fields)-1])
		for _, r := range rows {
			column.Append(to[0], starts[r]+o.set.gap)
		}
	}}}
}

func (o *assignSessions) Snapshot(w *state.Writer) error {
	o.progress.snapshot(w)
	w.Track(&o.held.track, o.rowTable(), "rows", o.rowFields())
	return nil
}

func (o *assignSessions) restore(r *state.Reader) error {
	t := r.Table("rows")
	if t == nil || t.Rows.Rows() == 0 {
		return nil
	}
	b, n := t.Rows, len(o.fields)
	if len(b.Cols) != n+1 {
		return fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the window's input was changed", t.Name, len(b.Cols), n+1)
	}
	keys := o.partition(b)
	o.held.add(b, nil)
	o.links = make([]int32, o.held.rows.Len)
	starts, ends := column.Values[int64](b.Cols[n-1]), column.Values[int64](b.Cols[n])
	type session struct {
		key        int32
		start, end int64
	}
	whole := map[session][]int32{} // rows of which not their own times are known
	for i, key := range keys {
		r := b.Row(i)
		slot, _ := o.set.cover(key, starts[r], ends[r], math.MinInt64)
		o.append(slot, int32(i))
		if ends[r]-starts[r] > o.set.gap {
			at := session{key, starts[r], ends[r]}
			whole[at] = append(whole[at], int32(i))
		}
	}
	for at, rows := range whole {
		o.spread(rows, at.start, at.end)
	}
	if len(whole) == 0 {
		o.held.track.Resume(o.rowTable(), t)
	}
	return nil
}

// spread gives the rows of a session times by which they cover it. Since there are rows enough, no two are further apart than the gap.
func (o *assignSessions) spread(rows []int32, start, end int64) {
	times := column.Values[int64](o.held.rows.Cols[len(o.fields)-1])
	last := len(rows) - 1
	for i, r := range rows[:last] {
		times[r] = start + (end-o.set.gap-start)/int64(last)*int64(i)
	}
	times[rows[last]] = end - o.set.gap
}
