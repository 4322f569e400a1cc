package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// hashJoin joins two bounded inputs. One side, the built one, is held in columns; once it has ended its rows are ordered by key, and those of the other
// side are looked up in it, a batch at a time, and emitted in their order. Rows of the other side that come too early are held, too.
// Built rows without a match follow at the end.
type hashJoin struct {
	Base
	*match
	op    *graph.Join
	ctx   *Context
	build int     // the side that is held
	keep  [2]bool // rows without a match are part of the result
	only  bool    // of the left side only those with a match, or only those without, once

	held   *column.Batch // built rows
	owner  []int32       // by built row, its group; None: its key equals nothing
	groups *state.Groups
	early  *column.Batch // rows of the other side
	ready  bool          // the built side has ended
	ended  [2]bool
	start  []int32 // by group, where its rows begin in rows
	rows   []int32
	hits   column.Bitmap // built rows that have had a match
	mark   bool          // hits counts
	out    *joined
	ids    []int32
	pairs  [2][]int32 // position in the batch, then physical row; built row
	cut    slicer
	tracks [2]state.Tracker // by side
}

func newHashJoin(op *graph.Join, m *match, schema []column.Field) *hashJoin {
	o := &hashJoin{op: op, match: m, out: newJoined(m, schema), build: 1, keep: [2]bool{op.Type.KeepsLeft(), op.Type.KeepsRight()}}
	if op.BuildLeft {
		o.build = 0
	}
	o.only = op.Type.LeftOnly()
	o.mark = o.keep[o.build] || o.only && o.build == 0
	o.clear()
	return o
}

func (o *hashJoin) clear() {
	for side := range o.tracks {
		o.tracks[side].Reset()
	}
	o.held, o.early = column.NewBatch(o.in[o.build], 0), column.NewBatch(o.in[1-o.build], 0)
	o.groups = state.NewGroups(o.keyTypes())
	o.owner, o.start, o.rows, o.hits = nil, nil, nil, nil
}

func (o *hashJoin) Open(c *Context) error {
	o.ctx = c
	if err := o.match.open(c); err != nil {
		return err
	}
	if t := c.Restore.Table(sideTables[o.build]); t != nil {
		o.hold(&column.Batch{Len: t.Rows.Len, Sel: t.Rows.Sel, Cols: t.Rows.Cols[:len(o.in[o.build])]})
		for i := range t.Rows.Rows() {
			if o.hits = o.hits.Grow(o.held.Len); column.Values[int8](t.Rows.Cols[len(o.in[o.build])])[t.Rows.Row(i)] != 0 {
				o.hits.Set(i)
			}
		}
		o.tracks[o.build].Resume(o.built(), t)
	}
	if t := c.Restore.Table(sideTables[1-o.build]); t != nil {
		o.early.AppendRows(t.Rows, nil)
		o.tracks[1-o.build].Resume(o.waiting(), t)
	}
	return nil
}

func (o *hashJoin) Process(side int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if !appended(b) {
		return fmt.Errorf("a join of bounded inputs cannot take back rows")
	}
	switch {
	case b.Rows() == 0:
	case side == o.build:
		o.hold(&column.Batch{Len: b.Len, Sel: b.Sel, Cols: b.Cols})
	case !o.ready:
		o.early.AppendRows(&column.Batch{Len: b.Len, Sel: b.Sel, Cols: b.Cols}, nil)
	default:
		return o.probe(b, out)
	}
	return nil
}

// hold takes in built rows.
func (o *hashJoin) hold(b *column.Batch) {
	n, first := b.Rows(), len(o.owner)
	o.held.AppendRows(b, nil)
	for range n {
		o.owner = append(o.owner, 0)
	}
	o.groups.Lookup(o.keysOf(o.build, b.Cols), b.Sel, n, o.owner[first:])
	o.noKey(o.build, b, func(i int) { o.owner[first+i] = state.None })
}

func (o *hashJoin) EndInput(side int, out Output) error {
	o.ended[side] = true
	if side == o.build {
		o.order()
		o.ready = true
		if o.early.Len > 0 {
			early := o.early
			o.tracks[1-o.build].Reset()
			o.early = column.NewBatch(o.in[1-o.build], 0)
			if err := o.cut.emit(early, probing{o, out}); err != nil {
				return err
			}
		}
	}
	if !o.ended[0] || !o.ended[1] {
		return nil
	}
	if err := o.rest(out); err != nil {
		return err
	}
	o.clear()
	return nil
}

// probing is an output that gives batches to probe.
type probing struct {
	o   *hashJoin
	out Output
}

func (p probing) Emit(b Payload) error { return p.o.probe(b.(*column.Batch), p.out) }

// order lists the built rows by group.
func (o *hashJoin) order() {
	n := o.groups.Len()
	start := make([]int32, n+2)
	for _, g := range o.owner {
		if g >= 0 {
			start[g+2]++
		}
	}
	for g := range n {
		start[g+2] += start[g+1]
	}
	o.rows = make([]int32, start[n+1])
	for r, g := range o.owner {
		if g >= 0 {
			o.rows[start[g+1]] = int32(r)
			start[g+1]++
		}
	}
	o.start = start[:n+1]
	o.hits = o.hits.Grow(o.held.Len)
}

// probe joins a batch of the other side with the built rows.
func (o *hashJoin) probe(b *column.Batch, out Output) error {
	n, side := b.Rows(), 1-o.build
	if cap(o.ids) < n {
		o.ids = make([]int32, n+n/4)
	}
	ids := o.ids[:n]
	o.groups.Find(o.keysOf(side, b.Cols), b.Sel, n, ids)
	o.noKey(side, b, func(i int) { ids[i] = state.None })
	o.out.from[side], o.out.from[o.build] = columns(b.Cols), columns(o.held.Cols)
	for from := 0; from < n; {
		first := from
		from = o.pair(ids, from)
		if err := o.test(1-o.build, o.out.from, &o.pairs, b.Sel); err != nil {
			return err
		}
		if o.mark {
			for _, r := range o.pairs[1] {
				if !o.hits.Get(int(r)) {
					o.tracks[o.build].TouchRow(r)
					o.hits.Set(int(r))
				}
			}
		}
		switch {
		case o.only && o.build == 0: // only hits count
			continue
		case o.only:
			o.once(b, first, from)
		case o.keep[side]:
			o.fill(b, first, from)
		default:
			o.out.rows[side] = append(o.out.rows[side], o.pairs[0]...)
			o.out.rows[o.build] = append(o.out.rows[o.build], o.pairs[1]...)
			if b.Sel != nil {
				for i, k := range o.pairs[0] {
					o.out.rows[side][i] = b.Sel[k]
				}
			}
		}
		if err := o.out.flush(out); err != nil {
			return err
		}
	}
	return nil
}

// pair lists the pairs of the batch's rows from, from+1, … until there are enough, and returns the first row not done. Where one match is enough for
// a row there is no need for more.
func (o *hashJoin) pair(ids []int32, from int) int {
	left, right := o.pairs[0][:0], o.pairs[1][:0]
	one := o.only && o.build == 1 && o.cond == nil
	i := from
	for ; i < len(ids) && len(left) < ChunkRows; i++ {
		g := ids[i]
		if g < 0 {
			continue
		}
		rows := o.rows[o.start[g]:o.start[g+1]]
		if one && len(rows) > 1 {
			rows = rows[:1]
		}
		for _, r := range rows {
			left, right = append(left, int32(i)), append(right, r)
		}
	}
	o.pairs[0], o.pairs[1] = left, right
	return i
}

// once lists the rows [from, to) of the batch that have a match, or those that have none.
func (o *hashJoin) once(b *column.Batch, from, to int) {
	semi, at := o.op.Type == graph.SemiJoin, 0
	for i := from; i < to; i++ {
		first := at
		for at < len(o.pairs[0]) && int(o.pairs[0][at]) == i {
			at++
		}
		if (at > first) == semi {
			o.out.rows[0] = append(o.out.rows[0], int32(b.Row(i)))
		}
	}
}

// fill lists the pairs of the rows [from, to) of the batch, and those without a match among them.
func (o *hashJoin) fill(b *column.Batch, from, to int) {
	own, built, at := o.out.rows[1-o.build], o.out.rows[o.build], 0
	for i := from; i < to; i++ {
		r := int32(b.Row(i))
		if at == len(o.pairs[0]) || int(o.pairs[0][at]) != i {
			own, built = append(own, r), append(built, column.Missing)
			continue
		}
		for ; at < len(o.pairs[0]) && int(o.pairs[0][at]) == i; at++ {
			own, built = append(own, r), append(built, o.pairs[1][at])
		}
	}
	o.out.rows[1-o.build], o.out.rows[o.build] = own, built
}

// rest emits the built rows that count without a match, or that are the result.
func (o *hashJoin) rest(out Output) error {
	if !o.mark {
		return nil
	}
	want := o.op.Type == graph.SemiJoin
	o.out.from[o.build], o.out.from[1-o.build] = columns(o.held.Cols), columns(o.early.Cols)
	for r := range o.held.Len {
		if o.hits.Get(r) == want {
			o.out.rows[o.build] = append(o.out.rows[o.build], int32(r))
			o.out.rows[1-o.build] = append(o.out.rows[1-o.build], column.Missing)
		}
		if len(o.out.rows[o.build]) == ChunkRows || r == o.held.Len-1 {
			if err := o.out.flush(out); err != nil {
				return err
			}
		}
	}
	return nil
}

// built is the built rows as a table of checkpoints, with whether they have had a match.
func (o *hashJoin) built() pastRows {
	return pastRows{&o.held, shipped{keys: o.keys[o.build], parts: o.ctx.MaxParallelism, more: func(rows []int32, to []*column.Vector) {
		for _, r := range rows {
			hit := int8(0)
			if o.hits.Get(int(r)) {
				hit = 1
			}
			column.Append(to[0], hit)
		}
	}}}
}

// waiting is the rows of the other side that came too early as a table of checkpoints.
func (o *hashJoin) waiting() pastRows {
	return pastRows{&o.early, shipped{keys: o.keys[1-o.build], parts: o.ctx.MaxParallelism}}
}

func (o *hashJoin) Snapshot(w *state.Writer) error {
	o.hits = o.hits.Grow(o.held.Len)
	fields := append(append([]column.Field{}, o.in[o.build]...), column.Field{Name: "matched", Type: column.Of(column.TinyInt).Required()})
	w.Track(&o.tracks[o.build], o.built(), sideTables[o.build], fields)
	w.Track(&o.tracks[1-o.build], o.waiting(), sideTables[1-o.build], o.in[1-o.build])
	return nil
}

// SizeBytes implements [Sizer].
func (o *hashJoin) SizeBytes() int {
	return o.held.SizeBytes() + o.early.SizeBytes() + o.groups.SizeBytes() + o.out.sizeBytes() + cap(o.hits)*8 +
		(cap(o.owner)+cap(o.start)+cap(o.rows)+cap(o.ids)+cap(o.pairs[0])+cap(o.pairs[1]))*4
}
