package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// changelog shows the effect of each input row on its group, in the order of the rows: a group's first row gives +I, a further one -U with
// the result before and +U with the result after unless they are equal, the last row that is taken back -D. Rows taken back that never
// came are left out.
//
// Output row 2i is the result before input row i, 2i+1 the one after: each call writes them as a column of pairs, and a
// selection leaves out what did not change.
type changelog struct {
	*aggregation
	count  []int64 // rows, by group; those of the accumulator that has them too, if there is one
	before bool    // updates show -U
	life   lifetime

	effect  []effect // by input row
	empty   []int32  // groups without rows, perhaps
	closed  []int32  // groups that this batch has deleted
	twice   []int32  // each input row, twice
	changed []bool
	sel     []int32
	kinds   []column.RowKind
	keyCols []*column.Vector
	pairs   []*column.Vector // by call
	out     column.Batch
	one     [1]int32
}

// effect is what an input row does to its group.
type effect uint8

const (
	ignored effect = iota // takes back what never came
	opens                 // is the first
	changes
	closes // takes back the last
)

func newChangelog(a *aggregation, before bool) *changelog {
	l := &changelog{aggregation: a, before: before}
	a.count = &l.count
	for _, t := range a.types {
		l.keyCols = append(l.keyCols, column.NewVector(t, 0))
	}
	for i, c := range a.calls {
		l.pairs = append(l.pairs, column.NewVector(c.T, 0))
		if _, ok := c.acc.(expr.RowCounter); ok && a.rows < 0 && !a.merges && c.CountsRows(c.argTypes) {
			a.rows = i
		}
	}
	return l
}

// grow makes room for the numbers of rows of new groups.
func (l *changelog) grow() {
	n := l.groups.Len()
	if l.rows >= 0 {
		acc := l.calls[l.rows].acc.(expr.RowCounter)
		acc.Grow(n)
		l.count = acc.Rows()
		return
	}
	for len(l.count) < n {
		l.count = append(l.count, 0)
	}
}

func (l *changelog) process(b *column.Batch, out Output) error {
	if b.Rows() == 0 {
		return nil
	}
	if l.crowded() {
		if err := l.compact(); err != nil {
			return err
		}
	}
	ids := l.lookup(b)
	l.renew(b, ids)
	l.touchState(ids)
	l.weigh(b, ids)
	l.see(b, ids)
	for i, c := range l.calls {
		if i == l.rows {
			continue // weigh has done it
		}
		if err := l.step(b, ids, c, l.pairs[i]); err != nil {
			return err
		}
	}
	for _, d := range l.shared {
		if b.Kinds != nil {
			d.gone = append(d.gone, d.ids...) // also what was looked up for rows that are left out
		}
		d.drop()
	}
	for _, g := range l.closed {
		l.forgetArguments(g)
		l.life.order.Remove(g)
	}
	err := l.emit(b, out)
	l.remember(ids)
	l.evict()
	return err
}

// touchState says that groups are about to change.
func (l *changelog) touchState(ids []int32) {
	l.track.Touch(ids)
	l.life.track.Touch(ids)
}

// weigh counts the rows of groups and finds each row's effect. The group that a row closes is deleted, so that a later row with the same
// key gets a new one: ids are changed accordingly.
func (l *changelog) weigh(b *column.Batch, ids []int32) {
	n := len(ids)
	if cap(l.effect) < n {
		l.effect = make([]effect, n+n/4)
	}
	l.effect = l.effect[:n]
	l.grow()
	var shown []int64 // the numbers of rows before and after each row, where they are a result
	if l.rows >= 0 {
		p := l.pairs[l.rows]
		p.Reset()
		p.Resize(2 * n)
		shown = column.Values[int64](p)[:2*n]
	}
	l.closed = l.closed[:0]
	if b.Kinds == nil {
		for i, g := range ids {
			e, before := changes, l.count[g]
			if before == 0 {
				e = opens
			}
			l.count[g] = before + 1
			l.effect[i] = e
			if shown != nil {
				shown[2*i], shown[2*i+1] = before, before+1
			}
		}
		return
	}
	l.empty = l.empty[:0]
	deleted := false
	for i := range ids {
		r := b.Row(i)
		if deleted && !l.groups.Alive(int(ids[i])) {
			l.one[0] = int32(r)
			l.groups.Lookup(l.keysOf(b), l.one[:], 1, ids[i:i+1])
			l.grow()
		}
		g := ids[i]
		before := l.count[g]
		switch adds := b.Kinds[r].Adds(); {
		case adds && l.count[g] == 0:
			l.count[g] = 1
			l.effect[i] = opens
		case adds:
			l.count[g]++
			l.effect[i] = changes
		case l.count[g] == 0:
			l.effect[i] = ignored
			l.empty = append(l.empty, g)
		case l.count[g] == 1:
			l.count[g] = 0
			l.effect[i] = closes
			l.touchArguments(g)
			l.groups.Delete(int(g))
			l.closed = append(l.closed, g)
			deleted = true
		default:
			l.count[g]--
			l.effect[i] = changes
		}
		if shown != nil {
			shown[2*i], shown[2*i+1] = before, l.count[g]
		}
	}
	for _, g := range l.empty { // made for rows that were ignored
		if l.count[g] == 0 && l.groups.Alive(int(g)) {
			l.groups.Delete(int(g))
			l.closed = append(l.closed, g)
		}
	}
}

// step takes the rows in or out of call c's accumulator and writes the results before and after each to pairs.
func (l *changelog) step(b *column.Batch, ids []int32, c *aggregateCall, pairs *column.Vector) error {
	c.load(b)
	c.acc.Grow(l.groups.Len())
	if cap(c.sign) < len(ids) {
		c.sign = make([]int8, len(ids)+len(ids)/4)
	}
	sign := c.sign[:len(ids)]
	for i, e := range l.effect {
		sign[i] = 1
		if e == ignored {
			sign[i] = 0
		} else if b.Kinds != nil && !b.Kinds[b.Row(i)].Adds() {
			sign[i] = -1
			if _, ok := c.acc.(expr.Retractor); !ok {
				return fmt.Errorf("%s cannot take back rows, which its input does", c.Func.Name)
			}
		}
	}
	if c.Filter >= 0 {
		f := b.Cols[c.Filter]
		for i := range sign {
			if !isTrue(f, b.Row(i)) {
				sign[i] = 0
			}
		}
	}
	switch {
	case c.distinct == nil:
	case c.distinct.width > 1:
		c.distinct.changeOf(sign)
	default:
		c.distinct.change(c.args, b.Sel, ids, b.Len, sign)
	}
	pairs.Reset()
	pairs.Reserve(2 * len(ids))
	if s, ok := c.acc.(expr.Stepper); ok {
		s.Step(ids, sign, c.args, b.Sel, pairs)
		return nil
	}
	return stepRows(c.acc, ids, sign, c.args, b.Sel, pairs)
}

// stepRows does for any accumulator what an [expr.Stepper] does by itself: row after row what the signs say, with the result of the row's
// group before and after.
func stepRows(acc expr.Accumulator, ids []int32, sign []int8, args []*column.Vector, rows []int32, pairs *column.Vector) error {
	row := make([]int32, 1)
	retractor, _ := acc.(expr.Retractor) // there is one if a sign is negative
	for i, id := range ids {
		g := int(id)
		if err := acc.AppendResult(g, g+1, pairs); err != nil {
			return err
		}
		row[0] = int32(i)
		if rows != nil {
			row[0] = rows[i]
		}
		switch {
		case sign[i] > 0:
			acc.Update(ids[i:i+1], args, row)
		case sign[i] < 0:
			retractor.Retract(ids[i:i+1], args, row)
		}
		if err := acc.AppendResult(g, g+1, pairs); err != nil {
			return err
		}
	}
	return nil
}

// emit passes on the pairs that show something.
func (l *changelog) emit(b *column.Batch, out Output) error {
	n := len(l.effect)
	if cap(l.changed) < n {
		l.changed = make([]bool, n+n/4)
	}
	changed := l.changed[:n]
	clear(changed)
	for _, p := range l.pairs {
		markChanged(p, changed)
	}
	if cap(l.kinds) < 2*n {
		l.kinds = make([]column.RowKind, 2*n+n/2)
		l.sel = make([]int32, 0, 2*n+n/2)
	}
	sel, kinds := l.sel[:0], l.kinds[:2*n]
	for i, e := range l.effect {
		before, after := int32(2*i), int32(2*i+1)
		switch {
		case e == opens:
			kinds[after] = column.Insert
			sel = append(sel, after)
		case e == closes:
			kinds[before] = column.Delete
			sel = append(sel, before)
		case e == changes && changed[i]:
			kinds[before], kinds[after] = column.UpdateBefore, column.UpdateAfter
			if l.before {
				sel = append(sel, before)
			}
			sel = append(sel, after)
		}
	}
	l.sel = sel
	if len(sel) == 0 {
		return nil
	}
	l.twice = l.twice[:0]
	for i := range n {
		r := int32(b.Row(i))
		l.twice = append(l.twice, r, r)
	}
	l.out = column.Batch{Len: 2 * n, Cols: l.out.Cols[:0], Sel: sel, Kinds: kinds}
	for i, k := range l.keys {
		l.keyCols[i].Reset()
		l.keyCols[i].Take(b.Cols[k], l.twice)
		l.out.Cols = append(l.out.Cols, l.keyCols[i])
	}
	l.out.Cols = append(l.out.Cols, l.pairs...)
	return out.Emit(&l.out)
}

// ownBytes is the memory held beside that of the aggregation, in bytes.
func (l *changelog) ownBytes() int {
	n := cap(l.life.last)*8 + l.life.order.SizeBytes()
	if l.rows < 0 {
		n += cap(l.count) * 8
	}
	return n
}
