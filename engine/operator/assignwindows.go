package operator

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// assignWindows gives rows their windows: a row leaves once for each of them, late or not, at once; the latest window comes first for HOP and the
// shortest for CUMULATE. Rows without a time are left out, as in Flink. Sessions are made by [assignSessions].
type assignWindows struct {
	Base
	op     *graph.AssignWindows
	w      *windowing
	in     []column.Field
	clock  func() time.Time
	counts *Counters

	times        timeColumn
	locals       []int64
	rows         []int32 // of the input, by output row
	starts, ends []int64
	kinds        []column.RowKind
	cols         []*column.Vector
	made         [3]*column.Vector // window_start, window_end, window_time
	cut, out     column.Batch
	sel          []int32
}

func newAssignWindows(op *graph.AssignWindows, in, schema []column.Field) (Operator, error) {
	w, err := newWindowing(&op.Window)
	if err != nil {
		return nil, err
	}
	if !op.Processing && (op.Time < 0 || op.Time >= len(in) || !isTime(in[op.Time].Type)) {
		return nil, fmt.Errorf("column %d is no TIMESTAMP", op.Time)
	}
	if len(schema) != len(in)+3 {
		return nil, fmt.Errorf("the output has %d columns, want %d", len(schema), len(in)+3)
	}
	o := &assignWindows{op: op, w: w, in: in}
	for i := range o.made {
		o.made[i] = column.NewVector(schema[len(in)+i].Type, 0)
	}
	for _, f := range in {
		o.cols = append(o.cols, column.NewVector(f.Type, 0))
	}
	if op.Type == graph.Session {
		return newAssignSessions(o), nil
	}
	return o, nil
}

func (o *assignWindows) Open(c *Context) error {
	o.clock, o.counts = c.Now, c.Counters
	return o.w.open(c)
}

// timed returns the rows of b that have a time, and the local times by physical row.
func (o *assignWindows) timed(b *column.Batch) (*column.Batch, []int64, error) {
	if o.op.Processing {
		local := o.w.zone.local(o.clock().UnixMilli())
		o.locals = o.locals[:0]
		for range b.Len {
			o.locals = append(o.locals, local)
		}
		return b, o.locals, nil
	}
	b, o.sel = withTimes(b, o.op.Time, &o.cut, o.sel, o.counts)
	times, err := o.times.of(b, o.op.Time)
	if err != nil {
		return nil, nil, err
	}
	local := o.w.locals(b, times, o.locals)
	if o.w.zone.zone != nil {
		o.locals = local
	}
	return b, local, nil
}

// withTimes leaves out the rows of b whose time is NULL and counts them as skipped; cut and sel are memory.
func withTimes(b *column.Batch, col int, cut *column.Batch, sel []int32, counts *Counters) (*column.Batch, []int32) {
	v := b.Cols[col]
	if !v.HasNulls() {
		return b, sel
	}
	sel = sel[:0]
	for i := range b.Rows() {
		if r := b.Row(i); !v.IsNull(r) {
			sel = append(sel, int32(r))
		}
	}
	if len(sel) == b.Rows() {
		return b, sel
	}
	counts.Skipped.Add(int64(b.Rows() - len(sel)))
	*cut = column.Batch{Len: b.Len, Cols: b.Cols, Sel: sel, Kinds: b.Kinds, Times: b.Times}
	return cut, sel
}

func (o *assignWindows) Process(_ int, p Payload, out Output) error {
	b, times, err := o.timed(p.(*column.Batch))
	if err != nil || b.Rows() == 0 {
		return err
	}
	return o.assign(b, times, out)
}

// assign passes on rows with their windows; times are local, by physical row.
func (o *assignWindows) assign(b *column.Batch, times []int64, out Output) error {
	if o.op.Type == graph.Tumble {
		return o.tumble(b, times, out)
	}
	o.rows, o.starts, o.ends = o.rows[:0], o.starts[:0], o.ends[:0]
	for i := range b.Rows() {
		r := b.Row(i)
		slice := o.w.sliceEnd(times[r])
		if o.op.Type == graph.Hop {
			for end := o.w.lastEnd(slice); end-o.op.Size <= times[r] && end > times[r]; end -= o.op.Slide {
				o.rows, o.starts, o.ends = append(o.rows, int32(r)), append(o.starts, end-o.op.Size), append(o.ends, end)
			}
		} else {
			start, last := o.w.start(slice), o.w.lastEnd(slice)
			for end := slice; end <= last; end += o.op.Slide {
				o.rows, o.starts, o.ends = append(o.rows, int32(r)), append(o.starts, start), append(o.ends, end)
			}
		}
		if len(o.rows) >= ChunkRows {
			if err := o.emit(b, out); err != nil {
				return err
			}
		}
	}
	return o.emit(b, out)
}

// tumble adds columns to the batch as it is.
func (o *assignWindows) tumble(b *column.Batch, times []int64, out Output) error {
	o.starts, o.ends = slices.Grow(o.starts[:0], b.Len)[:b.Len], slices.Grow(o.ends[:0], b.Len)[:b.Len]
	from, to := int64(math.MaxInt64), int64(math.MinInt64)
	for i := range b.Rows() {
		r := b.Row(i)
		if t := times[r]; t < from || t >= to {
			to = o.w.sliceEnd(t)
			from = to - o.op.Size
		}
		o.starts[r], o.ends[r] = from, to
	}
	if b.Sel != nil { // rows that do not count hold anything; a zone must not be asked about that
		last := 0
		for _, r := range b.Sel {
			for ; last < int(r); last++ {
				o.starts[last], o.ends[last] = from, to
			}
			last++
		}
		for ; last < b.Len; last++ {
			o.starts[last], o.ends[last] = from, to
		}
	}
	o.fill()
	o.out = column.Batch{Len: b.Len, Cols: append(append(o.out.Cols[:0], b.Cols...), o.made[:]...), Sel: b.Sel, Kinds: b.Kinds, Times: b.Times}
	return out.Emit(&o.out)
}

// fill makes the three columns of o.starts and o.ends.
func (o *assignWindows) fill() {
	for _, v := range o.made {
		v.Reset()
	}
	fillTimes(o.made[0], o.starts)
	fillTimes(o.made[1], o.ends)
	at := o.made[2]
	at.Resize(len(o.ends))
	x, unit := column.Values[int64](at), at.Type.TimeUnit()/1e3
	end, t := int64(math.MinInt64), int64(0)
	for i, e := range o.ends {
		if e != end {
			end, t = e, o.w.rowtime(e)*unit
		}
		x[i] = t
	}
}

// emit passes on o.rows with their windows.
func (o *assignWindows) emit(b *column.Batch, out Output) error {
	if len(o.rows) == 0 {
		return nil
	}
	o.fill()
	o.out = column.Batch{Len: len(o.rows), Cols: o.out.Cols[:0]}
	for i, v := range o.cols {
		v.Reset()
		v.Take(b.Cols[i], o.rows)
		o.out.Cols = append(o.out.Cols, v)
	}
	o.out.Cols = append(o.out.Cols, o.made[:]...)
	if b.Kinds != nil {
		o.kinds = o.kinds[:0]
		for _, r := range o.rows {
			o.kinds = append(o.kinds, b.Kinds[r])
		}
		o.out.Kinds = o.kinds
	}
	o.rows, o.starts, o.ends = o.rows[:0], o.starts[:0], o.ends[:0]
	return out.Emit(&o.out)
}

// assignSessions holds rows until their session is over.
type assignSessions struct {
	*assignWindows
	missed missedRows
	progress
	groups *state.Groups
	set    sessionSet
	held   heldRows // the input's columns and the row's kind
	fields []column.Field
	heads  []int32 // by session: its first row, one more
	tails  []int32 // its last row
	links  []int32 // by row: the session's next row, one more
	next   int64

	setTimer func(time.Time)
	ids      []int32
	keyCols  []*column.Vector
	kind     *column.Vector
	with     column.Batch
}

var kindField = column.Field{Name: "kind", Type: column.Of(column.TinyInt).Required()}

func newAssignSessions(o *assignWindows) *assignSessions {
	s := &assignSessions{assignWindows: o, kind: column.NewVector(kindField.Type, 0)}
	s.fields = append(slices.Clone(o.in), kindField)
	s.held = newHeldRows(s.fields)
	s.clear()
	return s
}

func (o *assignSessions) clear() {
	types := make([]column.Type, len(o.op.Partition))
	for i, k := range o.op.Partition {
		types[i] = o.in[k].Type
	}
	o.groups = state.NewGroups(types)
	o.set = newSessionSet(o.w)
	o.heads, o.tails, o.links = o.heads[:0], o.tails[:0], o.links[:0]
	o.held.reset()
}

func (o *assignSessions) Open(c *Context) error {
	o.missed.open(c)
	if err := o.assignWindows.Open(c); err != nil {
		return err
	}
	o.setTimer = c.SetTimer
	o.progress.open(c)
	if err := o.restore(c.Restore); err != nil {
		return err
	}
	o.plan()
	return nil
}

func (o *assignSessions) plan() {
	o.next = o.set.first()
	if o.op.Processing && o.next != math.MaxInt64 {
		o.setTimer(time.UnixMilli(o.next + 1))
	}
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
	if o.op.Processing {
		if err := o.pass(o.clock(), out); err != nil {
			return err
		}
	}
	b, times, err := o.timed(p.(*column.Batch))
	if err != nil || b.Rows() == 0 {
		return err
	}
	if o.groups.Len() > 2*o.groups.Live()+ChunkRows {
		if err := o.compact(); err != nil {
			return err
		}
	}
	keys := o.partition(b)
	base := o.hold(b)
	o.missed.rows = o.missed.rows[:0]
	for i, key := range keys {
		row := base + int32(i)
		slot, ok := o.set.add(key, times[b.Row(i)], o.now)
		if !ok {
			o.missed.rows = append(o.missed.rows, int32(b.Row(i)))
			o.held.drop(row)
			continue
		}
		for len(o.heads) <= int(slot) {
			o.heads, o.tails = append(o.heads, 0), append(o.tails, 0)
		}
		for _, other := range o.set.absorbed {
			o.links[o.tails[slot]] = o.heads[other]
			o.tails[slot], o.heads[other] = o.tails[other], 0
			o.set.drop(other)
		}
		o.append(slot, row)
	}
	if len(o.missed.rows) > 0 {
		if err := o.missed.drop(0, b, o.missed.rows, o.now); err != nil {
			return err
		}
		for _, key := range keys {
			if (int(key) >= len(o.set.heads) || o.set.heads[key] == 0) && o.groups.Alive(int(key)) {
				o.groups.Delete(int(key))
			}
		}
	}
	if first := o.set.first(); first < o.next {
		o.plan()
	}
	return nil
}

// hold appends b's live rows with their kinds.
func (o *assignSessions) hold(b *column.Batch) int32 {
	o.kind.Reset()
	o.kind.Resize(b.Len)
	kinds := column.Values[int8](o.kind)
	for r := range b.Len {
		kinds[r] = int8(b.Kind(r))
	}
	o.with = column.Batch{Len: b.Len, Cols: append(append(o.with.Cols[:0], b.Cols...), o.kind), Sel: b.Sel}
	base := o.held.add(&o.with, nil)
	for len(o.links) < o.held.rows.Len {
		o.links = append(o.links, 0)
	}
	return base
}

// append adds a row to a session.
func (o *assignSessions) append(slot, row int32) {
	if o.heads[slot] == 0 {
		o.heads[slot] = row + 1
	} else {
		o.links[o.tails[slot]] = row + 1
	}
	o.tails[slot] = row
}

func (o *assignSessions) Watermark(t int64, out Output) error {
	if o.op.Processing || !o.advance(t) || t < o.next {
		return nil
	}
	return o.fire(out)
}

func (o *assignSessions) Timer(_ time.Time, out Output) error { return o.pass(o.clock(), out) }

func (o *assignSessions) pass(now time.Time, out Output) error {
	if !o.advance(now.UnixMilli()-1) || o.now < o.next {
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
	o.plan()
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

// The state is a table of the rows, with their kinds and the start of their session; rows of a session stand in their order.
func (o *assignSessions) Snapshot(w *state.Writer) error {
	o.progress.snapshot(w)
	bigint := column.Of(column.BigInt).Required()
	fields := append(slices.Clone(o.fields), column.Field{Name: "start", Type: bigint}, column.Field{Name: "end", Type: bigint})
	b := column.NewBatch(fields, 0)
	var rows, byGroup []int32
	n, hashes := len(o.fields), o.groups.Hashes()
	for slot := range o.set.slots {
		p := &o.set.slots[slot]
		if p.serial == 0 {
			continue
		}
		for at := o.heads[slot]; at != 0; at = o.links[at-1] {
			rows = append(rows, at-1)
			byGroup = append(byGroup, int32(state.KeyGroup(hashes[p.key], o.progress.groups)))
			column.Append(b.Cols[n], p.start)
			column.Append(b.Cols[n+1], p.end)
		}
	}
	if b.Len = len(rows); b.Len > 0 {
		for i, c := range o.held.rows.Cols {
			b.Cols[i].AppendRows(c, rows)
		}
	}
	w.Add(state.Table{Name: "rows", Schema: fields, Keyed: true, Groups: byGroup, Rows: b})
	return nil
}

func (o *assignSessions) restore(r *state.Reader) error {
	t := r.Table("rows")
	if t == nil || t.Rows.Rows() == 0 {
		return nil
	}
	b, n := t.Rows, len(o.fields)
	if len(b.Cols) != n+2 {
		return fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the window's input was changed", t.Name, len(b.Cols), n+2)
	}
	keys := o.partition(b)
	base := o.held.add(b, nil)
	o.links = make([]int32, o.held.rows.Len)
	starts, ends := column.Values[int64](b.Cols[n]), column.Values[int64](b.Cols[n+1])
	type place struct {
		key   int32
		start int64
	}
	places := map[place]int32{}
	for i, key := range keys {
		r := b.Row(i)
		at := place{key, starts[r]}
		slot, known := places[at]
		if !known {
			slot = o.set.open(key, starts[r], ends[r])
			places[at] = slot
			for len(o.heads) <= int(slot) {
				o.heads, o.tails = append(o.heads, 0), append(o.tails, 0)
			}
		}
		o.append(slot, base+int32(i))
	}
	return nil
}

// compact builds the state anew without the keys that are gone.
func (o *assignSessions) compact() error {
	var w state.Writer
	if err := o.Snapshot(&w); err != nil {
		return err
	}
	o.clear()
	return o.restore(&state.Reader{Tables: w.Tables})
}
