package operator

import (
	"fmt"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/state"
)

// normalize makes a full changelog of rows that replace one another by key: it remembers the row of each key, adds the one that is replaced as -U, gives a
// -D the whole row, and leaves out what changes nothing. With a filter, a row that stops to fulfil it is deleted, and one that begins to is inserted.
type normalize struct {
	Base
	keyedRows
	op     *graph.Normalize
	filter *expr.Filter

	at   []int32 // by group: its row, one more; 0: none
	pass []bool  // by live row: it fulfils the filter
	rows []int32
	kept []int32
	sel  []int32
	gone []int32
	left []int32
}

func newNormalize(op *graph.Normalize, in []column.Field) (*normalize, error) {
	if len(op.Keys) == 0 {
		return nil, fmt.Errorf("rows replace one another by a key, and there is none")
	}
	return &normalize{op: op, keyedRows: newKeyedRows(in, op.Keys, nil)}, nil
}

func (o *normalize) Open(c *Context) error {
	if o.op.Filter != nil {
		opts, err := c.compileOptions()
		if err != nil {
			return err
		}
		if o.filter, err = expr.CompileFilter(o.op.Filter, opts...); err != nil {
			return fmt.Errorf("filter %s: %w", o.op.Filter, err)
		}
	}
	if err := o.open(c, 0); err != nil {
		return err
	}
	o.index()
	return nil
}

// index finds the row of each group.
func (o *normalize) index() {
	o.at = o.at[:0]
	o.grow()
	for r := range int32(o.keyedRows.rows.Len()) {
		if o.keyedRows.rows.Alive(r) {
			o.at[o.keyedRows.rows.Owner(r)] = r + 1
		}
	}
}

func (o *normalize) grow() {
	for len(o.at) < o.groups.Len() {
		o.at = append(o.at, 0)
	}
}

func (o *normalize) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	now := o.renew()
	if err := o.judge(b); err != nil {
		return err
	}
	ids := o.lookup(b)
	o.grow()
	// A row is stored if it comes, fulfils the filter and differs from the one before, which may stand in the batch itself.
	table := o.keyedRows.rows
	base := int32(table.Len())
	o.sel, o.rows, o.gone, o.left = o.sel[:0], o.rows[:0], o.gone[:0], o.left[:0]
	for i, g := range ids {
		r := b.Row(i)
		before := o.at[g]
		adds := b.Kind(r).Adds() && o.pass[i]
		switch {
		case b.Kind(r) == column.UpdateBefore, !adds && before == 0:
		case !adds:
			o.out.add(before-1, column.Delete)
			o.gone, o.at[g] = append(o.gone, before-1), 0
			o.left = append(o.left, g)
		case before != 0 && o.same(b, r, before-1, base):
		default:
			next := base + int32(len(o.sel))
			if before == 0 {
				o.out.add(next, column.Insert)
			} else {
				if o.op.UpdateBefore {
					o.out.add(before-1, column.UpdateBefore)
				}
				o.out.add(next, column.UpdateAfter)
				o.gone = append(o.gone, before-1)
			}
			o.at[g] = next + 1
			o.sel, o.rows = append(o.sel, int32(r)), append(o.rows, g)
		}
	}
	if len(o.sel) > 0 {
		first := table.Append(b.Cols, o.sel, len(o.sel), now)
		for i, g := range o.rows {
			table.Link(first+int32(i), g)
		}
	}
	err := o.out.emit(table, out)
	for _, r := range o.gone {
		table.Remove(r)
	}
	for _, g := range o.left {
		o.forget(g)
	}
	for _, g := range ids { // of keys that were made for rows that change nothing
		if o.at[g] == 0 {
			o.forget(g)
		}
	}
	o.arm()
	return err
}

// same reports whether row r of b is what is known of its key: row before of the table, or from base on a row of this batch.
func (o *normalize) same(b *column.Batch, r int, before, base int32) bool {
	if before < base {
		return o.keyedRows.rows.Same(before, b.Cols, r)
	}
	other := int(o.sel[before-base])
	for _, c := range b.Cols {
		if !state.Same(c, r, c, other) {
			return false
		}
	}
	return true
}

// judge finds the rows that fulfil the filter.
func (o *normalize) judge(b *column.Batch) error {
	o.pass = o.pass[:0]
	if o.filter == nil {
		for range b.Rows() {
			o.pass = append(o.pass, true)
		}
		return nil
	}
	kept, err := o.filter.Select(b, o.kept)
	if err != nil {
		return fmt.Errorf("filter %s: %w", o.op.Filter, err)
	}
	o.kept = kept
	for i := range b.Rows() {
		passes := len(kept) > 0 && int(kept[0]) == b.Row(i)
		if passes {
			kept = kept[1:]
		}
		o.pass = append(o.pass, passes)
	}
	return nil
}

// renew is tidy with what is known by group brought up to date.
func (o *normalize) renew() int64 {
	n, live := o.keyedRows.rows.Len(), o.keyedRows.rows.Live()
	now := o.tidy()
	if o.sparse() {
		o.regroup()
		o.index()
	} else if o.keyedRows.rows.Len() != n || o.keyedRows.rows.Live() != live {
		o.index()
	}
	return now
}

func (o *normalize) Timer(time.Time, Output) error {
	o.armed = false
	o.renew()
	o.arm()
	return nil
}

// SizeBytes implements [Sizer].
func (o *normalize) SizeBytes() int {
	return o.keyedRows.sizeBytes() + cap(o.at)*4
}

func (o *normalize) Snapshot(w *state.Writer) error {
	o.keyedRows.rows.Snapshot(w, "rows", o.number)
	return nil
}
