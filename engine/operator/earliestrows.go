package operator

import (
	"cmp"
	"slices"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// earliestRows keeps the first row of each key by event time. A row waits until the watermark has passed it, so that an earlier one may still take its
// place; then it is emitted, and the key is done. Rows that come behind the watermark are late and dropped.
type earliestRows struct {
	Base
	op *graph.Deduplicate
	keyedRows
	progress
	done   *state.Rows // of the keys whose row was emitted; their rows have no columns but the key
	missed missedRows
	times  timeColumn

	wait []int64 // by group: the time of the row that waits
	at   []int32 // by group: the row, one more; 0: none
	heap endHeap
	due  []timedSlot
	sel  []int32
	new  []int32
}

func newEarliestRows(op *graph.Deduplicate, in []column.Field) *earliestRows {
	return &earliestRows{op: op, keyedRows: newKeyedRows(in, op.Keys, nil), times: timeColumn{field: in[op.Time]}}
}

func (o *earliestRows) Open(c *Context) error {
	o.missed.open(c)
	o.progress.open(c)
	if err := o.keyedRows.open(c, graph.Keep{}); err != nil {
		return err
	}
	var list []column.Type
	var keys []int
	for i, k := range o.keys {
		list, keys = append(list, o.in[k].Type), append(keys, i)
	}
	o.done = state.NewRows(o.keyedRows.groups, state.RowsSpec{Types: list, Keys: keys, Timed: o.timed(), Ordered: o.most > 0})
	if err := o.done.Restore(c.Restore, "done"); err != nil {
		return err
	}
	o.index()
	o.trim()
	return nil
}

// index finds the row that waits of each group, and its time.
func (o *earliestRows) index() {
	o.wait, o.at, o.heap = o.wait[:0], o.at[:0], o.heap[:0]
	o.grow()
	v, byGroup := o.rows.Column(o.op.Time)
	times := o.times.millis(v)
	for r := range int32(o.rows.Len()) {
		if !o.rows.Alive(r) {
			continue
		}
		g := o.rows.Owner(r)
		at := int(r)
		if byGroup {
			at = int(g)
		}
		o.at[g], o.wait[g] = r+1, times[at]
		o.push(g)
	}
}

func (o *earliestRows) push(g int32) { o.heap.push(timedSlot{end: o.wait[g], slot: g}) }

func (o *earliestRows) grow() {
	for len(o.at) < o.keyedRows.groups.Len() {
		o.at, o.wait = append(o.at, 0), append(o.wait, 0)
	}
}

func (o *earliestRows) Process(_ int, p Payload, _ Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	if err := onlyInserts(b); err != nil {
		return err
	}
	times, err := o.times.of(b, o.op.Time)
	if err != nil {
		return err
	}
	now := o.renew(share(b.Rows()))
	ids := o.lookup(b)
	if before := now - o.ttl + 1; o.ttl > 0 && o.done.Behind(before) {
		o.expired = o.done.ExpireGroups(before, ids, o.expired[:0])
	}
	o.grow()
	o.sel, o.new = o.sel[:0], o.new[:0]
	next := int32(o.rows.Len())
	o.missed.rows = o.missed.rows[:0]
	var gone []int32
	for i, g := range ids {
		r := b.Row(i)
		t := times[r]
		if t <= o.now {
			o.missed.rows = append(o.missed.rows, int32(r))
			continue
		}
		if o.done.Count(g) > 0 || o.at[g] != 0 && o.wait[g] <= t {
			continue
		}
		if o.at[g] != 0 {
			gone = append(gone, o.at[g]-1)
		}
		next++
		o.at[g], o.wait[g] = next, t
		o.push(g)
		o.sel, o.new = append(o.sel, int32(r)), append(o.new, g)
	}
	if len(o.sel) > 0 {
		first := o.rows.Append(b.Cols, o.sel, len(o.sel), now)
		for i, g := range o.new {
			o.rows.Link(first+int32(i), g)
		}
		for _, r := range gone {
			o.rows.Remove(r)
		}
		o.arm()
	}
	if len(o.missed.rows) > 0 {
		if err := o.missed.drop(0, b, o.missed.rows, o.now); err != nil {
			return err
		}
		for _, g := range ids {
			o.drop(g)
		}
	}
	return nil
}

// drop deletes a group of which nothing is kept.
func (o *earliestRows) drop(g int32) {
	if o.rows.Count(g)+o.done.Count(g) == 0 && o.keyedRows.groups.Alive(int(g)) {
		o.keyedRows.groups.Delete(int(g))
	}
}

func (o *earliestRows) Watermark(t int64, out Output) error {
	if !o.advance(t) || len(o.heap) == 0 || o.heap[0].end > t {
		return nil
	}
	o.due = o.due[:0]
	for len(o.heap) > 0 && o.heap[0].end <= t {
		e := o.heap.pop()
		if o.at[e.slot] == 0 || o.wait[e.slot] != e.end {
			continue // an earlier row came
		}
		e.serial = int64(o.at[e.slot])
		o.due = append(o.due, e)
		o.at[e.slot] = 0
	}
	slices.SortFunc(o.due, func(a, b timedSlot) int { return cmp.Or(cmp.Compare(a.end, b.end), cmp.Compare(a.serial, b.serial)) })
	var now int64
	if o.timed() {
		now = o.clock().UnixMilli()
	}
	at := o.done.Append(nil, nil, len(o.due), now)
	for i, e := range o.due {
		o.out.add(int32(e.serial-1), column.Insert)
		o.done.Link(at+int32(i), e.slot)
	}
	err := o.out.emit(o.rows, out)
	for _, e := range o.due {
		o.rows.Remove(int32(e.serial - 1))
	}
	o.trim()
	return err
}

// trim forgets the keys that are too many of those whose row was emitted. One that waits is not forgotten.
func (o *earliestRows) trim() {
	if o.most == 0 || o.done.Keys() <= o.most {
		return
	}
	o.expired = o.done.Evict(o.most, o.expired[:0])
	for _, g := range o.expired {
		o.drop(g)
	}
	o.evicted(len(o.expired))
}

// renew expires keys, drops what is dead and brings what is known by group up to date. A row that waits does not expire.
func (o *earliestRows) renew(limit int) int64 {
	var now int64
	if o.timed() {
		now = o.clock().UnixMilli()
	}
	if o.ttl > 0 {
		o.expired = o.done.Expire(now-o.ttl+1, limit, o.expired[:0])
		for _, g := range o.expired {
			o.drop(g)
		}
	}
	o.rows.Settle()
	if o.ttl > 0 && o.done.Behind(now-o.ttl+1) { // there will be less to move
		return now
	}
	if o.sparse(now) {
		state.Regroup(o.keyedRows.groups, o.rows, o.done)
		o.index()
		return now
	}
	if o.done.Wasteful() {
		o.done.Compact()
	}
	if o.rows.Wasteful() {
		o.rows.Compact()
		o.index()
	}
	return now
}

func (o *earliestRows) Timer(time.Time, Output) error {
	o.armed = false
	o.renew(sweepStep)
	o.arm()
	return nil
}

// arm sets a timer for the key that expires first.
func (o *earliestRows) arm() {
	if o.ttl == 0 || o.armed || o.setTimer == nil {
		return
	}
	if since, ok := o.done.Oldest(); ok {
		o.armed = true
		o.setTimer(soon(o.clock(), since+o.ttl))
	}
}

// SizeBytes implements [Sizer].
func (o *earliestRows) SizeBytes() int {
	n := o.keyedRows.sizeBytes() + cap(o.wait)*8 + cap(o.at)*4 + o.heap.sizeBytes()
	if o.done != nil {
		n += o.done.SizeBytes()
	}
	return n
}

func (o *earliestRows) Snapshot(w *state.Writer) error {
	o.progress.snapshot(w)
	o.rows.Snapshot(w, "rows", o.number)
	o.done.Snapshot(w, "done", o.number)
	return nil
}
