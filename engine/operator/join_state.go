package operator

import (
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// joinState is what joins of changelogs remember: the rows of each input, by a key that all inputs share, for as long as a time to live allows.
// [joinState.find] finds the groups of
// a batch, and [joinState.store] takes it into the table of its input, which says what really comes and goes.
type joinState struct {
	Base
	ctx    *Context
	armed  bool // a timer is set to expire rows
	groups *state.Groups
	sides  []joinSide
	empty  []int32 // groups that may be without rows

	ids     []int32 // group by live row of the batch
	matched []int32 // the same, None where the key equals nothing
	sel     []int32
	hash    []uint64
	changes rowChanges
}

// joinSide is one input of a join.
type joinSide struct {
	name  string // of its table in a checkpoint
	mode  inputMode
	keep  bool  // rows without a match count
	ttl   int64 // milliseconds; 0: for ever
	most  int   // keys; 0: all
	ended bool
	rows  *state.Rows
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
	stored []int32 // rows of the table, of those that go too; None: it holds none
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

// open makes the table of an input from what is known of it. marks asks for a number by row.
func (o *joinState) open(side *joinSide, known graph.Side, in []column.Field, keys []int, marks bool) error {
	side.ttl, side.most = timeToLive(o.ctx, known.TTL), maxKeys(o.ctx, known.MaxKeys)
	spec := state.RowsSpec{Types: types(in), Keys: keys, Marks: marks, Timed: side.ttl > 0 || side.most > 0, Ordered: side.most > 0}
	switch {
	case known.Changes == graph.InsertOnly:
	case known.Changes&graph.UpdateBefore == 0 && known.Changes.Updates() && known.Unique != nil:
		side.mode = upserts
		spec.Identity = append([]int{}, known.Unique...)
	default:
		side.mode = retracts
		if spec.Identity = append([]int{}, known.Unique...); len(known.Unique) == 0 {
			for i := range in {
				spec.Identity = append(spec.Identity, i)
			}
		}
	}
	side.rows = state.NewRows(o.groups, spec)
	if err := side.rows.Restore(o.ctx.Restore, side.name); err != nil {
		return err
	}
	side.evict(o)
	return nil
}

// evict removes the rows of the keys that are too many. Their groups are in o.empty then.
func (s *joinSide) evict(o *joinState) {
	if s.most == 0 {
		return
	}
	before := len(o.empty)
	o.empty = s.rows.Evict(s.most, o.empty)
	o.ctx.evicted(len(o.empty) - before)
}

// Snapshot implements [Operator].
func (o *joinState) Snapshot(w *state.Writer) error {
	for i := range o.sides {
		o.sides[i].rows.Snapshot(w, o.sides[i].name, o.ctx.MaxParallelism)
	}
	return nil
}

// SizeBytes implements [Sizer].
func (o *joinState) SizeBytes() int {
	n := o.groups.SizeBytes() + (cap(o.ids)+cap(o.matched)+cap(o.sel)+2*cap(o.hash))*4
	for i := range o.sides {
		n += o.sides[i].rows.SizeBytes()
	}
	return n
}

// EndInput implements [Operator].
func (o *joinState) EndInput(input int, _ Output) error {
	o.sides[input].ended = true
	return nil
}

// Timer implements [Operator].
func (o *joinState) Timer(time.Time, Output) error {
	o.armed = false
	o.tidy(sweepStep)
	o.arm()
	return nil
}

// tidy expires so many rows of each side, drops what is dead if it is much, and returns the time.
func (o *joinState) tidy(limit int) int64 {
	var now int64
	for i := range o.sides {
		s := &o.sides[i]
		if now == 0 && (s.ttl > 0 || s.most > 0) {
			now = o.ctx.Now().UnixMilli()
		}
		if s.ttl > 0 {
			o.empty = s.rows.Expire(now-s.ttl+1, limit, o.empty)
		}
	}
	if now > 0 {
		o.forget()
	}
	busy, behind := false, false
	for i := range o.sides {
		s := &o.sides[i]
		s.rows.Settle()
		busy = busy || s.rows.Busy()
		behind = behind || s.ttl > 0 && s.rows.Behind(now-s.ttl+1)
	}
	switch {
	case behind: // there will be less to move
	case o.groups.Len() > 2*o.groups.Live()+ChunkRows && !busy:
		tables := make([]*state.Rows, len(o.sides))
		for i := range o.sides {
			tables[i] = o.sides[i].rows
		}
		state.Regroup(o.groups, tables...)
	default:
		for i := range o.sides {
			if t := o.sides[i].rows; t.Wasteful() {
				t.Compact()
			}
		}
	}
	return now
}

// meet lets go what is over of the groups of a batch, where the side has not come so far yet.
func (o *joinState) meet(now int64) {
	for i := range o.sides {
		if s := &o.sides[i]; s.ttl > 0 && s.rows.Behind(now-s.ttl+1) {
			o.empty = s.rows.ExpireGroups(now-s.ttl+1, o.ids, o.empty)
		}
	}
}

// forget deletes those of the groups in empty that have no rows.
func (o *joinState) forget() {
next:
	for _, g := range o.empty {
		for i := range o.sides {
			if o.sides[i].rows.Count(g) > 0 {
				continue next
			}
		}
		if o.groups.Alive(int(g)) {
			o.groups.Delete(int(g))
		}
	}
	o.empty = o.empty[:0]
}

// arm sets a timer for the next row that expires, so that memory is let go without input, too.
func (o *joinState) arm() {
	if o.armed {
		return
	}
	var at int64
	for i := range o.sides {
		s := &o.sides[i]
		if s.ttl == 0 {
			continue
		}
		if since, ok := s.rows.Oldest(); ok && (at == 0 || since+s.ttl < at) {
			at = since + s.ttl
		}
	}
	if at > 0 {
		o.armed = true
		o.ctx.SetTimer(soon(o.ctx.Now(), at))
	}
}
