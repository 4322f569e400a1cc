package operator

import (
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/setting"
)

// bundle is mini-batch for a changelog: rows are taken in as they come, and each group's change is shown once for many of them, when there are
// table.exec.mini-batch.size of them, when the oldest has waited for table.exec.mini-batch.allow-latency, and before a watermark, a barrier and the end.
type bundle struct {
	*changelog
	size    int
	latency time.Duration
	waiting bool // a timer is set
	held    int  // rows taken in since the last change was shown

	touched []int32 // groups, in the order in which rows came for them
	isTouch []bool  // by group
	known   []bool  // by touched group: it had a result
	old     *column.Batch
	new     *column.Batch
	sub     column.Batch
	subIDs  []int32
	rows    []int32
	order   []int32
	both    *column.Batch
}

// bundling returns the changelog's bundle if mini-batch is enabled, nil otherwise.
func bundling(l *changelog, c *Context, schema []column.Field) *bundle {
	s := c.Env.Settings
	if !s.Bool(setting.MiniBatchEnabled) || c.SetTimer == nil {
		return nil
	}
	o := &bundle{changelog: l, size: s.Int(setting.MiniBatchSize), latency: s.Duration(setting.MiniBatchLatency)}
	o.old, o.new, o.both = column.NewBatch(schema, 0), column.NewBatch(schema, 0), column.NewBatch(schema, 0)
	return o
}

func (o *bundle) process(b *column.Batch, out Output) error {
	if b.Rows() == 0 {
		return nil
	}
	if o.held == 0 && o.crowded() {
		if err := o.compact(); err != nil {
			return err
		}
		o.isTouch = o.isTouch[:0]
	}
	ids := o.lookup(b)
	o.renew(b, ids)
	o.touchState(ids)
	o.grow()
	for len(o.isTouch) < o.groups.Len() {
		o.isTouch = append(o.isTouch, false)
	}
	if err := o.touch(ids); err != nil {
		return err
	}
	o.rows, o.subIDs = o.rows[:0], o.subIDs[:0]
	for i, g := range ids {
		r := b.Row(i)
		if b.Kind(r).Adds() {
			o.count[g]++
		} else if o.count[g] > 0 {
			o.count[g]--
		} else {
			continue // takes back what never came
		}
		o.rows, o.subIDs = append(o.rows, int32(r)), append(o.subIDs, g)
	}
	if len(o.rows) > 0 {
		o.sub = column.Batch{Len: b.Len, Cols: b.Cols, Sel: o.rows, Kinds: b.Kinds}
		if err := o.change(&o.sub, o.subIDs); err != nil {
			return err
		}
	}
	o.remember(ids)
	if o.held += b.Rows(); o.size > 0 && o.held >= o.size {
		return o.flush(out)
	}
	o.wait()
	return nil
}

// touch keeps the results that groups had before the first row of this bundle came for them.
func (o *bundle) touch(ids []int32) error {
	from := len(o.touched)
	for _, g := range ids {
		if !o.isTouch[g] {
			o.isTouch[g] = true
			o.touched, o.known = append(o.touched, g), append(o.known, o.count[g] > 0)
		}
	}
	return o.append(o.old, o.touched[from:])
}

// append appends the keys and results of groups.
func (o *bundle) append(to *column.Batch, groups []int32) error {
	if len(groups) == 0 {
		return nil
	}
	for i, k := range o.groups.Keys() {
		to.Cols[i].AppendRows(k, groups)
	}
	for i, c := range o.calls {
		c.acc.Grow(o.groups.Len())
		for from := 0; from < len(groups); { // groups that were made one after the other stand so
			until := from + 1
			for until < len(groups) && groups[until] == groups[until-1]+1 {
				until++
			}
			if err := c.acc.AppendResult(int(groups[from]), int(groups[until-1])+1, to.Cols[len(o.keys)+i]); err != nil {
				return err
			}
			from = until
		}
	}
	to.Len += len(groups)
	return nil
}

// wait sees to it that no row waits for too long.
func (o *bundle) wait() {
	if o.held > 0 && !o.waiting && o.latency > 0 {
		o.waiting = true
		o.life.setTimer(o.life.clock().Add(o.latency))
	}
}

// flush shows what has changed.
func (o *bundle) flush(out Output) error {
	if o.held = 0; len(o.touched) == 0 {
		return nil
	}
	o.new.Reset()
	if err := o.append(o.new, o.touched); err != nil {
		return err
	}
	// Rows 2i and 2i+1 are the results before and after.
	n := len(o.touched)
	o.order = o.order[:0]
	for i := range n {
		o.order = append(o.order, int32(i), int32(n+i))
	}
	o.old.AppendRows(o.new, nil)
	o.both.Reset()
	o.both.AppendRows(o.old, o.order)
	changed := make([]bool, n)
	for _, c := range o.both.Cols[len(o.keys):] {
		markChanged(c, changed)
	}
	sel, kinds := o.sel[:0], o.both.AddKinds(2*n)
	for i, g := range o.touched {
		before, after := int32(2*i), int32(2*i+1)
		switch lives := o.count[g] > 0; {
		case !o.known[i] && lives:
			kinds[after] = column.Insert
			sel = append(sel, after)
		case o.known[i] && !lives:
			kinds[before] = column.Delete
			sel = append(sel, before)
		case lives && changed[i]:
			kinds[before], kinds[after] = column.UpdateBefore, column.UpdateAfter
			if o.before {
				sel = append(sel, before)
			}
			sel = append(sel, after)
		}
		o.isTouch[g] = false
		if o.count[g] == 0 && o.groups.Alive(int(g)) {
			o.end(g)
		}
	}
	o.sel = sel
	o.touched, o.known = o.touched[:0], o.known[:0]
	o.old.Reset()
	o.evict() // not before: what has changed of a group is to be shown
	if len(sel) == 0 {
		return nil
	}
	o.both.Sel = sel
	return out.Emit(o.both)
}

// ownBytes is the memory held beside that of the aggregation, in bytes.
func (o *bundle) ownBytes() int {
	return o.changelog.ownBytes() + cap(o.touched)*4 + cap(o.isTouch) + cap(o.known) + o.old.SizeBytes()
}
