package operator

import (
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
	"github.com/millstream/millstream/state"
)

// changeJoin joins two streams whose rows come and go. It remembers the rows of both sides by key; a row that comes is joined with those of
// the other side, as is one that goes. Where rows without a match count, each knows how many matches it has: with its first match
// what was emitted for it alone is taken back, and with its last one that goes it is emitted again.
//
// A batch is done in three steps, each over all its rows: the rows enter their side's table, which says what really comes and goes
// ([changeJoin.store]); the pairs with the other side's rows are found; and for each change in turn what it does to the result is listed, as
// numbers of rows, and gathered at last.
type changeJoin struct {
	Base
	*match
	op    *graph.Join
	ctx   *Context
	keep  [2]bool // rows of the side have a number of matches
	mode  [2]inputMode
	ttl   [2]int64 // milliseconds; 0: for ever
	ended [2]bool
	armed bool // a timer is set to expire rows

	groups *state.Groups
	rows   [2]*state.Rows
	out    *joined

	ids     []int32 // group by live row of the batch
	matched []int32 // the same, None where the key equals nothing
	sel     []int32
	hash    []uint64
	empty   []int32 // groups that may be without rows
	changes rowChanges
	pairs   [2][]int32 // change, and row of the other side
}

// inputMode says how rows of an input replace each other.
type inputMode uint8

const (
	appends  inputMode = iota // never
	retracts                  // a row that goes is one that came before
	upserts                   // a row replaces the one with its unique key
)

// rowChanges are what the rows of a batch really do to their side.
type rowChanges struct {
	kinds  []column.RowKind
	rows   []int32 // in the batch, or in the side's table
	groups []int32 // by which matches are looked for
	stored []int32 // rows of the table for those that come
	plain  bool    // all are inserts
}

func (c *rowChanges) reset() {
	*c = rowChanges{kinds: c.kinds[:0], rows: c.rows[:0], groups: c.groups[:0], stored: c.stored[:0], plain: true}
}

func (c *rowChanges) add(kind column.RowKind, row, group, stored int32) {
	c.kinds, c.rows = append(c.kinds, kind), append(c.rows, row)
	c.groups, c.stored = append(c.groups, group), append(c.stored, stored)
	c.plain = c.plain && kind == column.Insert
}

func newChangeJoin(op *graph.Join, m *match, schema []column.Field) *changeJoin {
	o := &changeJoin{op: op, match: m, out: newJoined(m, schema)}
	o.keep = [2]bool{op.Type.KeepsLeft() || op.Type == graph.SemiJoin, op.Type.KeepsRight()}
	o.groups = state.NewGroups(m.keyTypes())
	return o
}

func (o *changeJoin) Open(c *Context) error {
	if err := o.match.open(c); err != nil {
		return err
	}
	o.ctx = c
	for side, s := range o.op.Sides {
		ttl := s.TTL
		if ttl == 0 {
			ttl = c.Env.Settings.Duration(setting.StateTTL)
		}
		o.ttl[side] = ttl.Milliseconds()
		spec := state.RowsSpec{Types: types(o.in[side]), Keys: o.keys[side], Marks: o.keep[side], Timed: o.ttl[side] > 0}
		switch {
		case s.Changes == graph.InsertOnly:
		case s.Changes&graph.UpdateBefore == 0 && s.Changes.Updates() && s.Unique != nil:
			o.mode[side] = upserts
			spec.Identity = append([]int{}, s.Unique...)
		default:
			o.mode[side] = retracts
			if spec.Identity = append([]int{}, s.Unique...); len(s.Unique) == 0 {
				for i := range o.in[side] {
					spec.Identity = append(spec.Identity, i)
				}
			}
		}
		o.rows[side] = state.NewRows(o.groups, spec)
		if err := o.rows[side].Restore(c.Restore, sideTables[side]); err != nil {
			return err
		}
	}
	o.arm()
	return nil
}

// sideTables are the names of the tables of both sides' rows in a checkpoint.
var sideTables = [2]string{"left", "right"}

func (o *changeJoin) Snapshot(w *state.Writer) error {
	for side, t := range o.rows {
		t.Snapshot(w, sideTables[side], o.ctx.MaxParallelism)
	}
	return nil
}

// SizeBytes implements [Sizer].
func (o *changeJoin) SizeBytes() int {
	return o.groups.SizeBytes() + o.rows[0].SizeBytes() + o.rows[1].SizeBytes() + o.out.sizeBytes() +
		(cap(o.ids)+cap(o.matched)+cap(o.pairs[0])+cap(o.pairs[1]))*4
}

func (o *changeJoin) EndInput(input int, _ Output) error {
	o.ended[input] = true
	return nil
}

func (o *changeJoin) Process(side int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	now := o.tidy()
	if err := o.store(side, b, now); err != nil {
		return err
	}
	other := 1 - side
	o.out.from[side], o.out.from[other] = columns(b.Cols), o.rows[other]
	if o.mode[side] == upserts {
		o.out.from[side] = o.rows[side]
	}
	for from := 0; from < len(o.changes.groups); {
		var err error
		first := from
		from, o.pairs[0], o.pairs[1] = o.rows[other].Pairs(o.changes.groups, from, ChunkRows, o.pairs[0][:0], o.pairs[1][:0])
		if err = o.test(side, o.out.from, &o.pairs, o.changes.rows); err != nil {
			return err
		}
		switch {
		case o.op.Type.LeftOnly() && side == 0:
			o.showLeft(first, from)
		case o.op.Type.LeftOnly():
			o.showRight()
		case !o.keep[0] && !o.keep[1]:
			o.showPairs(side)
		default:
			o.show(side, first, from)
		}
		if err = o.out.flush(out); err != nil {
			return err
		}
	}
	o.forget()
	o.arm()
	return nil
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
	keepOwn, keepOther := o.keep[side], o.keep[other]
	marks := o.rows[other].Marks
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
				o.rows[side].Marks[c.stored[i]] = int32(len(found))
			}
			if keepOwn && len(found) == 0 {
				o.out.put(side, row, column.Missing, column.Insert)
			}
			if keepOther {
				for _, r := range found {
					if marks[r] == 0 {
						o.out.put(side, column.Missing, r, column.Delete)
					}
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
			o.rows[0].Marks[c.stored[i]] = int32(at - first)
		}
	}
}

// showRight lists what changes of the right side do to a semi or anti join: with the first match a left row enters the one and leaves the
// other.
func (o *changeJoin) showRight() {
	c, marks := &o.changes, o.rows[0].Marks
	semi := o.op.Type == graph.SemiJoin
	for k, i := range o.pairs[0] {
		r, kind := o.pairs[1][k], c.kinds[i]
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

// tidy expires rows, drops what is dead if it is much, and returns the time.
func (o *changeJoin) tidy() int64 {
	var now int64
	if o.ttl[0]+o.ttl[1] > 0 {
		now = o.ctx.Now().UnixMilli()
		for side, ttl := range o.ttl {
			if ttl > 0 {
				o.empty = o.rows[side].Expire(now-ttl+1, o.empty)
			}
		}
		o.forget()
	}
	for _, t := range o.rows {
		if t.Wasteful() {
			t.Compact()
		}
	}
	if o.groups.Len() > 2*o.groups.Live()+ChunkRows {
		for _, t := range o.rows {
			t.Compact()
		}
		state.Regroup(o.groups, o.rows[:]...)
	}
	return now
}

// forget deletes those of the groups in empty that have no rows.
func (o *changeJoin) forget() {
	for _, g := range o.empty {
		if o.rows[0].Count(g)+o.rows[1].Count(g) == 0 && o.groups.Alive(int(g)) {
			o.groups.Delete(int(g))
		}
	}
	o.empty = o.empty[:0]
}

// arm sets a timer for the next row that expires, so that memory is let go without input, too.
func (o *changeJoin) arm() {
	if o.armed {
		return
	}
	var at int64
	for side, ttl := range o.ttl {
		if ttl == 0 {
			continue
		}
		if since, ok := o.rows[side].Oldest(); ok && (at == 0 || since+ttl < at) {
			at = since + ttl
		}
	}
	if at > 0 {
		o.armed = true
		o.ctx.SetTimer(time.UnixMilli(at))
	}
}

func (o *changeJoin) Timer(time.Time, Output) error {
	o.armed = false
	o.tidy()
	o.arm()
	return nil
}
