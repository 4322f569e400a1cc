package operator

import (
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// latestJoin is a temporal join by processing time: a left row is joined with the newest right row of its key, when it comes.
type latestJoin struct {
	Base
	*match
	op     *graph.TemporalJoin
	ctx    *Context
	groups *state.Groups
	right  *state.Rows // one row by group
	ttl    int64       // milliseconds; 0: for ever
	most   int         // keys; 0: all
	armed  bool
	out    *joined

	ids   []int32
	sel   []int32
	empty []int32
	pairs [2][]int32
}

func (o *latestJoin) Open(c *Context) error {
	o.ctx = c
	if err := o.match.open(c); err != nil {
		return err
	}
	o.ttl, o.most = timeToLive(c, 0), maxKeys(c, 0)
	o.right = state.NewRows(o.groups, state.RowsSpec{Types: types(o.in[1]), Keys: o.keys[1], Timed: o.ttl > 0 || o.most > 0, Ordered: o.most > 0})
	if err := o.right.Restore(c.Restore, sideTables[1]); err != nil {
		return err
	}
	o.evict()
	o.forget()
	o.arm()
	return nil
}

func (o *latestJoin) Snapshot(w *state.Writer) error {
	o.right.Snapshot(w, sideTables[1], o.ctx.MaxParallelism)
	return nil
}

// SizeBytes implements [Sizer].
func (o *latestJoin) SizeBytes() int {
	return o.groups.SizeBytes() + o.right.SizeBytes() + o.out.sizeBytes()
}

func (o *latestJoin) Process(side int, p Payload, out Output) error {
	b := p.(*column.Batch)
	n := b.Rows()
	if n == 0 {
		return nil
	}
	now := o.tidy(share(n))
	if cap(o.ids) < n {
		o.ids = make([]int32, n+n/4)
	}
	ids := o.ids[:n]
	if side == 1 {
		o.replace(b, ids, now)
		o.evict()
		o.forget()
		o.arm()
		return nil
	}
	o.groups.Find(o.keysOf(0, b.Cols), b.Sel, n, ids)
	o.meet(ids, now)
	o.noKey(0, b, func(i int) { ids[i] = state.None })
	err := o.probe(b, ids, out)
	o.forget()
	return err
}

// replace takes in right rows, each of which replaces the one before it.
func (o *latestJoin) replace(b *column.Batch, ids []int32, now int64) {
	o.groups.Lookup(o.keysOf(1, b.Cols), b.Sel, len(ids), ids)
	o.meet(ids, now)
	o.empty = append(o.empty, ids...)
	o.noKey(1, b, func(i int) { ids[i] = state.None })
	o.sel = o.sel[:0]
	for i, g := range ids {
		if r := b.Row(i); g >= 0 && b.Kind(r).Adds() {
			o.sel = append(o.sel, int32(r))
		}
	}
	var next int32
	if len(o.sel) > 0 {
		next = o.right.Append(b.Cols, o.sel, len(o.sel), now)
	}
	for i, g := range ids {
		if g < 0 {
			continue
		}
		o.pairs[1] = o.right.AppendGroup(g, o.pairs[1][:0])
		for _, r := range o.pairs[1] {
			o.right.Remove(r)
		}
		if b.Kind(b.Row(i)).Adds() {
			o.right.Link(next, g)
			next++
		}
	}
}

func (o *latestJoin) probe(b *column.Batch, ids []int32, out Output) error {
	o.out.from = [2]rowSource{columns(b.Cols), o.right}
	for from := 0; from < len(ids); {
		first := from
		from, o.pairs[0], o.pairs[1] = o.right.Pairs(ids, from, ChunkRows, o.pairs[0][:0], o.pairs[1][:0])
		if err := o.test(0, o.out.from, &o.pairs, b.Sel); err != nil {
			return err
		}
		at := 0
		for i := first; i < from; i++ {
			r, version := b.Row(i), int32(column.Missing)
			if at < len(o.pairs[0]) && int(o.pairs[0][at]) == i {
				version = o.pairs[1][at]
				at++
			}
			if version >= 0 || o.op.Type == graph.LeftJoin {
				o.out.add(int32(r), version, b.Kind(r))
			}
		}
		if b.Kinds == nil {
			o.out.kinds = o.out.kinds[:0]
		}
		if err := o.out.flush(out); err != nil {
			return err
		}
	}
	return nil
}

// tidy expires so many rows, drops what is dead if it is much, and returns the time.
func (o *latestJoin) tidy(limit int) (now int64) {
	if o.ttl > 0 || o.most > 0 {
		now = o.ctx.Now().UnixMilli()
	}
	if o.ttl > 0 {
		o.empty = o.right.Expire(now-o.ttl+1, limit, o.empty)
		o.forget()
	}
	switch {
	case o.ttl > 0 && o.right.Behind(now-o.ttl+1): // there will be less to move
	case o.groups.Len() > 2*o.groups.Live()+ChunkRows && !o.right.Busy():
		state.Regroup(o.groups, o.right)
	case o.right.Wasteful():
		o.right.Compact()
	}
	return now
}

// meet lets go what is over of the groups of a batch, where the table has not come so far yet.
func (o *latestJoin) meet(ids []int32, now int64) {
	if before := now - o.ttl + 1; o.ttl > 0 && o.right.Behind(before) {
		o.empty = o.right.ExpireGroups(before, ids, o.empty)
	}
}

// evict removes the rows of the keys that are too many.
func (o *latestJoin) evict() {
	if o.most > 0 {
		before := len(o.empty)
		o.empty = o.right.Evict(o.most, o.empty)
		o.ctx.evicted(len(o.empty) - before)
	}
}

func (o *latestJoin) forget() {
	for _, g := range o.empty {
		if o.right.Count(g) == 0 && o.groups.Alive(int(g)) {
			o.groups.Delete(int(g))
		}
	}
	o.empty = o.empty[:0]
}

// arm sets a timer for the next row that expires.
func (o *latestJoin) arm() {
	if o.ttl == 0 || o.armed {
		return
	}
	if since, ok := o.right.Oldest(); ok {
		o.armed = true
		o.ctx.SetTimer(soon(o.ctx.Now(), since+o.ttl))
	}
}

func (o *latestJoin) Timer(time.Time, Output) error {
	o.armed = false
	o.tidy(sweepStep)
	o.arm()
	return nil
}
