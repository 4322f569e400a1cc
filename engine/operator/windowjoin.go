package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// windowJoin joins rows of the same window: keys hold the windows' ends. Rows wait until the watermark passes the end of their window, and are
// forgotten once they are joined; rows that come later are dropped and counted.
type windowJoin struct {
	missed missedRows
	Base
	*match
	progress
	op     *graph.WindowJoin
	ctx    *Context
	zone   *localTime // nil: ends are compared with watermarks as they are
	groups *state.Groups
	rows   [2]timedRows // times: when the window is over; Marks of the right side: 1 for rows that had a match
	due    state.Queue  // groups
	out    *joined

	ids   []int32
	sel   []int32
	fired []int32    // groups that are due
	left  []int32    // their left rows
	pairs [2][]int32 // position in left; right row
}

func newWindowJoin(op *graph.WindowJoin, in [][]column.Field, schema []column.Field) (Operator, error) {
	m, err := newMatch(&op.Match, in, schema)
	if err != nil {
		return nil, err
	}
	o := &windowJoin{op: op, match: m, groups: state.NewGroups(m.keyTypes()), out: newJoined(m, schema)}
	for side, end := range [2]int{op.LeftEnd, op.RightEnd} {
		if !isTime(in[side][end].Type) {
			return nil, fmt.Errorf("a window join by column %s, which is no TIMESTAMP", in[side][end].Name)
		}
		o.rows[side] = newTimedRows(o.groups, in[side], o.keys[side], end, side == 1)
	}
	return o, nil
}

func (o *windowJoin) Open(c *Context) error {
	o.ctx = c
	o.missed.open(c)
	o.progress.open(c)
	if o.op.Zoned {
		zone, err := c.zone()
		if err != nil {
			return err
		}
		o.zone = newLocalTime(zone)
	}
	if err := o.match.open(c); err != nil {
		return err
	}
	for side := range o.rows {
		if err := o.rows[side].Restore(c.Restore, sideTables[side]); err != nil {
			return err
		}
	}
	seen := make([]bool, o.groups.Len())
	for _, t := range o.rows {
		for r, at := range t.times()[:t.Len()] {
			if g := t.Owner(int32(r)); !seen[g] {
				seen[g] = true
				o.due.Push(at, g)
			}
		}
	}
	return nil
}

func (o *windowJoin) Snapshot(w *state.Writer) error {
	for side, t := range o.rows {
		t.Snapshot(w, sideTables[side], o.ctx.MaxParallelism)
	}
	o.progress.snapshot(w)
	return nil
}

// SizeBytes implements [Sizer].
func (o *windowJoin) SizeBytes() int {
	return o.groups.SizeBytes() + o.rows[0].sizeBytes() + o.rows[1].sizeBytes() + o.due.SizeBytes() + o.out.sizeBytes() +
		(cap(o.ids)+cap(o.left)+cap(o.pairs[0])+cap(o.pairs[1]))*4
}

func (o *windowJoin) Process(side int, p Payload, out Output) error {
	b := p.(*column.Batch)
	n := b.Rows()
	if n == 0 {
		return nil
	}
	if !appended(b) {
		return fmt.Errorf("a window join cannot take back rows")
	}
	o.tidy()
	if cap(o.ids) < n {
		o.ids = make([]int32, n+n/4)
	}
	ids := o.ids[:n]
	t := o.rows[side]
	times := t.read(b, 0)
	live := o.sel[:0]
	o.missed.rows = o.missed.rows[:0]
	for i := range n { // in time, and of a window
		r := b.Row(i)
		if t.untimed(b, r) {
			o.ctx.Counters.Skipped.Add(1)
			continue
		}
		end := times[r]
		if o.zone != nil {
			end = o.zone.due(end)
		}
		if end-1 <= o.now {
			o.missed.rows = append(o.missed.rows, int32(r))
			continue
		}
		times[r] = end - 1
		live = append(live, int32(r))
	}
	o.sel = live
	if err := o.missed.drop(side, b, o.missed.rows, o.now); err != nil {
		return err
	}
	if len(live) == 0 {
		return nil
	}
	return o.store(side, &column.Batch{Len: b.Len, Cols: b.Cols, Sel: live}, ids[:len(live)], times, out)
}

// store keeps rows until their windows are over. A row whose key equals nothing is emitted at once if it counts without a match.
func (o *windowJoin) store(side int, b *column.Batch, ids []int32, times []int64, out Output) error {
	t := o.rows[side]
	keyless := false
	o.groups.Lookup(o.keysOf(side, b.Cols), b.Sel, len(ids), ids)
	o.left = append(o.left[:0], ids...)
	o.noKey(side, b, func(i int) { ids[i], keyless = state.None, true })
	rows := b.Sel
	if keyless {
		o.out.from = bySide[rowSource](side, columns(b.Cols), o.rows[1-side])
		keep := side == 0 && o.op.Type.KeepsLeft() || side == 1 && o.op.Type.KeepsRight()
		n := 0
		for i, g := range ids {
			switch {
			case g >= 0:
				ids[n], rows[n] = g, rows[i]
				n++
			case keep:
				o.out.rows[side] = append(o.out.rows[side], rows[i])
				o.out.rows[1-side] = append(o.out.rows[1-side], column.Missing)
			}
		}
		ids, rows = ids[:n], rows[:n]
		if err := o.out.flush(out); err != nil {
			return err
		}
	}
	if len(rows) > 0 {
		first := t.append(b, rows)
		for i, r := range rows {
			if g := ids[i]; o.rows[0].Count(g)+o.rows[1].Count(g) == 0 {
				o.due.Push(times[r], g)
			}
			t.Link(first+int32(i), ids[i])
		}
	}
	if keyless {
		for _, g := range o.left {
			o.forget(g)
		}
	}
	return nil
}

func (o *windowJoin) Watermark(t int64, out Output) error {
	if !o.advance(t) {
		return nil
	}
	o.tidy()
	o.fired, o.left, o.ids = o.fired[:0], o.left[:0], o.ids[:0]
	for o.due.Len() > 0 && o.due.First() <= t {
		_, g := o.due.Pop()
		o.fired = append(o.fired, g)
		o.left = o.rows[0].AppendGroup(g, o.left)
		for len(o.ids) < len(o.left) {
			o.ids = append(o.ids, g)
		}
	}
	if len(o.fired) == 0 {
		return nil
	}
	o.out.from = [2]rowSource{o.rows[0], o.rows[1]}
	for from := 0; from < len(o.left); {
		first := from
		from, o.pairs[0], o.pairs[1] = o.rows[1].Pairs(o.ids, from, ChunkRows, o.pairs[0][:0], o.pairs[1][:0])
		if err := o.test(0, o.out.from, &o.pairs, o.left); err != nil {
			return err
		}
		o.show(first, from)
		if err := o.out.flush(out); err != nil {
			return err
		}
	}
	for _, g := range o.fired {
		if err := o.drop(g, out); err != nil {
			return err
		}
	}
	return o.out.flush(out)
}

// show lists what the left rows [from, to) give.
func (o *windowJoin) show(from, to int) {
	left, right, at := o.out.rows[0], o.out.rows[1], 0
	only, semi := o.op.Type.LeftOnly(), o.op.Type == graph.SemiJoin
	marks := o.rows[1].Marks
	for i := from; i < to; i++ {
		first := at
		for ; at < len(o.pairs[0]) && int(o.pairs[0][at]) == i; at++ {
			r := o.pairs[1][at]
			if marks[r] == 0 {
				o.rows[1].Touch(r)
				marks[r] = 1
			}
			if !only {
				left, right = append(left, o.left[i]), append(right, r)
			}
		}
		if only && (at > first) == semi || at == first && !only && o.op.Type.KeepsLeft() {
			left, right = append(left, o.left[i]), append(right, column.Missing)
		}
	}
	o.out.rows[0], o.out.rows[1] = left, right
}

// drop forgets the rows of a group, and lists right ones that had no match if they count.
func (o *windowJoin) drop(g int32, out Output) error {
	for side, t := range o.rows {
		o.sel = t.AppendGroup(g, o.sel[:0])
		for _, r := range o.sel {
			t.Remove(r)
			if side == 1 && o.op.Type.KeepsRight() && t.Marks[r] == 0 {
				o.out.rows[0], o.out.rows[1] = append(o.out.rows[0], column.Missing), append(o.out.rows[1], r)
			}
		}
	}
	o.forget(g)
	if o.out.full() {
		return o.out.flush(out)
	}
	return nil
}

// forget deletes a group without rows.
func (o *windowJoin) forget(g int32) {
	if o.rows[0].Count(g)+o.rows[1].Count(g) == 0 && o.groups.Alive(int(g)) {
		o.groups.Delete(int(g))
	}
}

// tidy drops what is dead if it is much.
func (o *windowJoin) tidy() {
	regroup := o.groups.Len() > 2*o.groups.Live()+ChunkRows
	if regroup {
		_, moved := state.Regroup(o.groups, o.rows[0].Rows, o.rows[1].Rows)
		o.due.Renumber(moved)
		return
	}
	for _, t := range o.rows {
		if t.Wasteful() {
			t.Compact()
		}
	}
}
