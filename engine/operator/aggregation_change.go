package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// change takes b's live rows in or out, as their kinds say; row i belongs to ids[i].
func (a *aggregation) change(b *column.Batch, ids []int32) error {
	if a.merges {
		a.merge(b, len(a.keys), ids)
		return nil
	}
	if b.Kinds == nil {
		a.update(b, ids)
		return nil
	}
	sel := b.Sel
	if sel == nil {
		a.numbers = first(a.numbers, b.Len)
		sel = a.numbers
	}
	for from := 0; from < len(ids); {
		adds := b.Kinds[sel[from]].Adds()
		to := from + 1
		for to < len(ids) && b.Kinds[sel[to]].Adds() == adds {
			to++
		}
		a.part = column.Batch{Len: b.Len, Cols: b.Cols, Sel: sel[from:to]}
		if adds {
			a.update(&a.part, ids[from:to])
		} else if err := a.retract(&a.part, ids[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// retract is update for rows that are taken back.
func (a *aggregation) retract(b *column.Batch, ids []int32) error {
	for i, c := range a.calls {
		if i == a.rows {
			continue
		}
		acc, ok := c.acc.(expr.Retractor)
		if !ok {
			return fmt.Errorf("%s cannot take back rows, which its input does", c.Func.Name)
		}
		c.acc.Grow(a.size())
		c.load(b)
		rows, groups := b.Sel, ids
		if c.Filter >= 0 {
			rows, groups = c.filtered(b.Cols[c.Filter], rows, ids)
		}
		if c.distinct != nil && len(groups) > 0 {
			rows, groups = c.distinct.leaving(c.args, rows, groups, b.Len)
		}
		if len(groups) > 0 {
			acc.Retract(groups, c.args, rows)
		}
	}
	return nil
}

// leaving takes rows out and returns those whose arguments their group has not any more.
func (d *distinct) leaving(args []*column.Vector, rows, groups []int32, n int) ([]int32, []int32) {
	sign := d.sign[:0]
	for range groups {
		sign = append(sign, -1)
	}
	d.sign = sign
	d.lookup(args, rows, groups, n)
	d.touch()
	d.changeOf(sign)
	d.drop()
	d.rows, d.kept = d.rows[:0], d.kept[:0]
	for i, s := range sign {
		if s != 0 {
			r := int32(i)
			if rows != nil {
				r = rows[i]
			}
			d.rows, d.kept = append(d.rows, r), append(d.kept, groups[i])
		}
	}
	return d.rows, d.kept
}

// fold takes in all that another aggregation of the same calls holds: its group g becomes part of group ids[g], and ids[g] is not read for groups
// that are gone.
func (a *aggregation) fold(from *aggregation, ids []int32) {
	n := from.groups.Len()
	live, into := a.live[:0], a.into[:0]
	for g := range n {
		if from.groups.Alive(g) {
			live, into = append(live, int32(g)), append(into, ids[g])
		}
	}
	a.live, a.into = live, into
	for i, c := range a.calls {
		c.acc.Grow(a.groups.Len())
		other := from.calls[i]
		if c.distinct != nil {
			c.foldDistinct(other, ids)
			continue
		}
		other.acc.Grow(n)
		for k, v := range c.flat {
			v.Reset()
			v.Type = c.states[k]
		}
		other.acc.AppendState(0, n, c.flat)
		c.acc.Merge(into, c.flat, live)
	}
}

// foldDistinct takes in the arguments that the groups of another call have seen.
func (c *aggregateCall) foldDistinct(from *aggregateCall, ids []int32) {
	d := from.distinct
	owner := column.Values[int32](d.groups.Keys()[0])
	entries, groups := d.rows[:0], d.kept[:0]
	for e := range d.groups.Len() {
		if d.groups.Alive(e) && d.times(int32(e)) > 0 {
			entries, groups = append(entries, int32(e)), append(groups, ids[owner[e]])
		}
	}
	d.rows, d.kept = entries, groups
	if len(entries) == 0 {
		return
	}
	args := d.groups.Keys()[1:]
	rows, kept := c.distinct.fresh(args, entries, groups, d.groups.Len())
	for i, e := range entries {
		c.distinct.add(c.distinct.ids[i], d.times(e)-1)
	}
	if len(kept) > 0 {
		c.acc.Update(kept, args, rows)
	}
}
