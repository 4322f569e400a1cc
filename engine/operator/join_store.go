package operator

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// find numbers the groups of a batch's keys, in ids and matched; with known only those that there are.
func (o *joinState) find(keys []*column.Vector, b *column.Batch, known bool) {
	n := b.Rows()
	if cap(o.ids) < n {
		o.ids, o.matched = make([]int32, n+n/4), make([]int32, n+n/4)
	}
	o.ids, o.matched = o.ids[:n], o.matched[:n]
	if known {
		o.groups.Find(keys, b.Sel, n, o.ids)
	} else {
		o.groups.Lookup(keys, b.Sel, n, o.ids)
	}
	copy(o.matched, o.ids)
}

// store takes the rows of a batch, whose groups were found, into the table of their side and finds what they change. nulls says that some of
// their keys equal nothing.
func (o *joinState) store(side *joinSide, b *column.Batch, now int64, nulls bool) {
	o.changes.reset()
	if b.Kinds != nil || nulls || side.mode != appends {
		for _, g := range o.ids {
			if g >= 0 {
				o.empty = append(o.empty, g)
			}
		}
	}
	switch {
	case side.mode == upserts:
		o.upsert(side, b, now)
	case side.mode == appends && b.Kinds == nil && !nulls:
		o.appendAll(side, b, now)
	default:
		o.retract(side, b, now)
	}
}

// pass makes a change of each row without remembering any.
func (o *joinState) pass(b *column.Batch) {
	o.changes.reset()
	for i, g := range o.matched {
		r := b.Row(i)
		o.changes.add(b.Kind(r), int32(r), g, state.None)
	}
}

// appendAll stores rows of which all are inserts with a key.
func (o *joinState) appendAll(side *joinSide, b *column.Batch, now int64) {
	n, t, c := b.Rows(), side.rows, &o.changes
	first := t.Append(b.Cols, b.Sel, n, now)
	c.groups = append(c.groups, o.ids...)
	for i, g := range o.ids {
		r := first + int32(i)
		t.Link(r, g)
		c.stored = append(c.stored, r)
		c.rows = append(c.rows, int32(b.Row(i)))
		c.kinds = append(c.kinds, column.Insert)
	}
}

// load appends the values of those rows that come and pass want, and hashes the identities of all. It returns the number of the first one appended.
func (o *joinState) load(side *joinSide, b *column.Batch, now int64, want func(i, r int) bool) int32 {
	n, t := b.Rows(), side.rows
	o.sel = o.sel[:0]
	for i := range n {
		if r := b.Row(i); want(i, r) {
			o.sel = append(o.sel, int32(r))
		}
	}
	var first int32
	if len(o.sel) > 0 {
		first = t.Append(b.Cols, o.sel, len(o.sel), now)
	}
	if side.mode != appends {
		if cap(o.hash) < n {
			o.hash = make([]uint64, n+n/4)
		}
		t.Hash(b.Cols, b.Sel, o.hash[:n])
	}
	return first
}

// retract stores rows of which those that go are found by what they hold. A row whose key equals nothing is not stored: it never has a match.
func (o *joinState) retract(side *joinSide, b *column.Batch, now int64) {
	t, c, ids, matched := side.rows, &o.changes, o.ids, o.matched
	next := o.load(side, b, now, func(i, r int) bool { return matched[i] >= 0 && b.Kind(r).Adds() })
	for i := range b.Rows() {
		r := b.Row(i)
		kind := b.Kind(r)
		switch {
		case matched[i] < 0:
			c.add(kind, int32(r), state.None, state.None)
		case kind.Adds():
			t.Link(next, ids[i])
			if side.mode != appends {
				t.Index(next, t.Find(b.Cols, r, ids[i], o.hash[i]), o.hash[i])
			}
			c.add(kind, int32(r), ids[i], next)
			next++
		default:
			if row, counts := o.removed(side, b, i, r); counts {
				c.add(kind, int32(r), ids[i], row)
			}
		}
	}
}

// removed removes the row that row r of b takes back, returns it, and reports whether the taking back counts: not if the row never came. One that may
// have been forgotten counts, since what was emitted for it still stands.
func (o *joinState) removed(side *joinSide, b *column.Batch, i, r int) (row int32, counts bool) {
	if side.mode == appends {
		return state.None, true // the planner says that this does not happen: pass it on
	}
	t := side.rows
	newest := t.Find(b.Cols, r, o.ids[i], o.hash[i])
	for row := newest; row != state.None; row = t.Older(row) {
		if t.Same(row, b.Cols, r) {
			t.Remove(row)
			return row, true
		}
	}
	if newest != state.None { // of the same unique key
		t.Remove(newest)
		return newest, true
	}
	return state.None, side.ttl > 0 || side.most > 0
}

// upsert stores rows that replace the one with their unique key: what was there goes, and what comes counts. Rows of changes are those of the
// table.
func (o *joinState) upsert(side *joinSide, b *column.Batch, now int64) {
	t, c, ids, matched := side.rows, &o.changes, o.ids, o.matched
	next := o.load(side, b, now, func(i, r int) bool { return (matched[i] >= 0 || side.keep) && b.Kind(r).Adds() })
	for i := range b.Rows() {
		if matched[i] < 0 && !side.keep {
			continue
		}
		r := b.Row(i)
		kind := b.Kind(r)
		before := t.Find(b.Cols, r, ids[i], o.hash[i])
		if before != state.None {
			t.Remove(before)
			if !kind.Adds() {
				c.add(kind, before, matched[i], before)
				continue
			}
			c.add(column.UpdateBefore, before, matched[i], before)
			kind = column.UpdateAfter
		}
		if kind.Adds() {
			t.Link(next, ids[i])
			t.Index(next, state.None, o.hash[i])
			c.add(kind, next, matched[i], next)
			next++
		}
	}
}
