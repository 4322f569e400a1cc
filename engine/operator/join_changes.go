package operator

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// changeJoin joins two streams whose rows come and go. It remembers the rows of both sides by key; a row that comes is joined with those of
// the other side, as is one that goes. Where rows without a match count, each knows how many matches it has: with its first match
// what was emitted for it alone is taken back, and with its last one that goes it is emitted again.
//
// A batch is done in three steps, each over all its rows: the rows enter their side's table, which says what really comes and goes
// ([joinState.store]); the pairs with the other side's rows are found; and for each change in turn what it does to the result is listed, as
// numbers of rows, and gathered at last.
type changeJoin struct {
	*match
	joinState
	op    *graph.Join
	out   *joined
	pairs [2][]int32 // change, and row of the other side
}

func newChangeJoin(op *graph.Join, m *match, schema []column.Field) *changeJoin {
	o := &changeJoin{op: op, match: m, out: newJoined(m, schema)}
	o.sides = []joinSide{
		{name: sideTables[0], keep: op.Type.KeepsLeft() || op.Type == graph.SemiJoin}, {name: sideTables[1], keep: op.Type.KeepsRight()},
	}
	o.groups = state.NewGroups(m.keyTypes())
	return o
}

func (o *changeJoin) Open(c *Context) error {
	if err := o.match.open(c); err != nil {
		return err
	}
	o.ctx = c
	for i := range o.sides {
		s := &o.sides[i]
		if err := o.joinState.open(s, o.op.Sides[i], o.in[i], o.keys[i], s.keep); err != nil {
			return err
		}
	}
	o.arm()
	return nil
}

// sideTables are the names of the tables of both sides' rows in a checkpoint.
var sideTables = [2]string{"left", "right"}

// SizeBytes implements [Sizer].
func (o *changeJoin) SizeBytes() int {
	return o.joinState.SizeBytes() + o.out.sizeBytes() + (cap(o.pairs[0])+cap(o.pairs[1]))*4
}

func (o *changeJoin) Process(side int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	now := o.tidy(share(b.Rows()))
	o.take(side, b, now)
	other := 1 - side
	o.out.from[side], o.out.from[other] = columns(b.Cols), o.sides[other].rows
	if o.sides[side].mode == upserts {
		o.out.from[side] = o.sides[side].rows
	}
	for from := 0; from < len(o.changes.groups); {
		var err error
		first := from
		from, o.pairs[0], o.pairs[1] = o.sides[other].rows.Pairs(o.changes.groups, from, ChunkRows, o.pairs[0][:0], o.pairs[1][:0])
		if err = o.test(side, o.out.from, &o.pairs, o.changes.rows); err != nil {
			return err
		}
		switch {
		case o.op.Type.LeftOnly() && side == 0:
			o.showLeft(first, from)
		case o.op.Type.LeftOnly():
			o.showRight()
		case !o.sides[0].keep && !o.sides[1].keep:
			o.showPairs(side)
		default:
			o.show(side, first, from)
		}
		if err = o.out.flush(out); err != nil {
			return err
		}
	}
	o.sides[side].evict(&o.joinState)
	o.forget()
	o.arm()
	return nil
}

// take stores a batch's rows.
func (o *changeJoin) take(side int, b *column.Batch, now int64) {
	// With appended rows the other side's end makes remembering them pointless.
	s := &o.sides[side]
	last := o.sides[1-side].ended && s.mode == appends
	o.find(o.keysOf(side, b.Cols), b, last)
	o.meet(now)
	nulls := false
	o.noKey(side, b, func(i int) { o.matched[i], nulls = state.None, true })
	if last {
		o.pass(b)
		return
	}
	o.store(s, b, now, nulls)
}

// showPairs lists the pairs of an inner join: they come and go as the row does.
func (o *changeJoin) showPairs(side int) {
	c := &o.changes
	own := o.out.rows[side]
	for _, i := range o.pairs[0] {
		own = append(own, c.rows[i])
	}
	o.out.rows[side] = own
	o.out.rows[1-side] = append(o.out.rows[1-side], o.pairs[1]...)
	if !c.plain {
		for _, i := range o.pairs[0] {
			o.out.kinds = append(o.out.kinds, c.kinds[i])
		}
	}
}

// show lists what changes [from, to) do to an outer join.
func (o *changeJoin) show(side, from, to int) {
	c, other := &o.changes, 1-side
	keepOwn, keepOther := o.sides[side].keep, o.sides[other].keep
	marks := o.sides[other].rows.Marks
	at := 0
	for i := from; i < to; i++ {
		first := at
		for at < len(o.pairs[0]) && int(o.pairs[0][at]) == i {
			at++
		}
		found, row, kind := o.pairs[1][first:at], c.rows[i], c.kinds[i]
		switch {
		case kind.Adds():
			if keepOwn && c.stored[i] >= 0 {
				o.sides[side].rows.Marks[c.stored[i]] = int32(len(found))
			}
			if keepOwn && len(found) == 0 {
				o.out.put(side, row, column.Missing, column.Insert)
			}
			if keepOther {
				for _, r := range found {
					if marks[r] == 0 {
						o.out.put(side, column.Missing, r, column.Delete)
					}
					o.sides[other].rows.Touch(r)
					marks[r]++
				}
			}
			for _, r := range found {
				o.out.put(side, row, r, column.Insert)
			}
		default:
			if keepOwn {
				kind = column.Delete
			}
			if keepOwn && len(found) == 0 {
				o.out.put(side, row, column.Missing, column.Delete)
			}
			for _, r := range found {
				o.out.put(side, row, r, kind)
			}
			if keepOther {
				for _, r := range found {
					if marks[r] == 1 {
						o.out.put(side, column.Missing, r, column.Insert)
					}
					o.sides[other].rows.Touch(r)
					marks[r] = max(marks[r]-1, 0)
				}
			}
		}
	}
}

// showLeft lists what changes [from, to) of the left side do to a semi or anti join: they are its rows if they have a match, or if they have none.
func (o *changeJoin) showLeft(from, to int) {
	c := &o.changes
	at := 0
	for i := from; i < to; i++ {
		first := at
		for at < len(o.pairs[0]) && int(o.pairs[0][at]) == i {
			at++
		}
		if (at > first) == (o.op.Type == graph.SemiJoin) {
			o.out.add(c.rows[i], column.Missing, c.kinds[i])
		}
		if c.kinds[i].Adds() && c.stored[i] >= 0 {
			o.sides[0].rows.Marks[c.stored[i]] = int32(at - first)
		}
	}
}

// showRight lists what changes of the right side do to a semi or anti join: with the first match a left row enters the one and leaves the
// other.
func (o *changeJoin) showRight() {
	c, marks := &o.changes, o.sides[0].rows.Marks
	semi := o.op.Type == graph.SemiJoin
	for k, i := range o.pairs[0] {
		r, kind := o.pairs[1][k], c.kinds[i]
		o.sides[0].rows.Touch(r)
		if kind.Adds() {
			if !semi {
				kind = column.Delete
			}
			if marks[r] == 0 {
				o.out.add(r, column.Missing, kind)
			}
			marks[r]++
			continue
		}
		if !semi {
			kind = column.Insert
		}
		if marks[r] == 1 {
			o.out.add(r, column.Missing, kind)
		}
		marks[r] = max(marks[r]-1, 0)
	}
}
