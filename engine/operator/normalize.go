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
	latestRows
	op     *graph.Normalize
	filter *expr.Filter

	pass []bool // by live row: it fulfils the filter
	kept []int32
	sel  []int32 // by group of new, its row of the batch
	new  []int32
}

// deleted is the row of a group that the batch has deleted.
const deleted = -2

func newNormalize(op *graph.Normalize, in []column.Field) (*normalize, error) {
	if len(op.Keys) == 0 {
		return nil, fmt.Errorf("rows replace one another by a key, and there is none")
	}
	return &normalize{op: op, latestRows: newLatestRows(in, op.Keys)}, nil
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
	return o.open(c)
}

func (o *normalize) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	o.begin(b)
	if err := o.judge(b); err != nil {
		return err
	}
	ids := o.lookup(b)
	// A row is stored if it comes, fulfils the filter and differs from the one before, which may stand in the batch itself.
	o.heads.begin(len(ids))
	for i, g := range ids {
		r := int32(b.Row(i))
		head := o.heads.of(g)
		stored := head.row == state.None && o.holds(g)
		known := stored || head.row >= 0
		adds := b.Kind(int(r)).Adds() && o.pass[i]
		switch {
		case b.Kind(int(r)) == column.UpdateBefore, !adds && !known:
		case !adds:
			o.leave(g, head.row, column.Delete)
			head.row = deleted
		case !known:
			o.out.add(r, column.Insert)
			head.row = r
		case stored && o.rows.Same(g, b.Cols, int(r)), !stored && sameRows(b, int(r), int(head.row)):
		default:
			if o.op.UpdateBefore {
				o.leave(g, head.row, column.UpdateBefore)
			}
			o.out.add(r, column.UpdateAfter)
			head.row = r
		}
	}
	err := o.out.emit(b, o.rows, out)
	known := o.rows.Len()
	o.new, o.sel = o.heads.rows(o.new[:0], o.sel[:0])
	if len(o.new) > 0 {
		o.rows.Put(o.new, b.Cols, o.sel, o.now)
	}
	for _, s := range o.heads.list {
		switch e := o.heads.slots[s]; {
		case e.row == deleted, e.row == state.None && int(e.group-1) >= known: // the latter was made for rows that change nothing
			o.rows.Drop(e.group - 1)
		}
	}
	o.evict()
	return err
}

// leave shows that the row of a group goes: row r of the batch, or the one of the table.
func (o *normalize) leave(g, r int32, kind column.RowKind) {
	if r >= 0 {
		o.out.add(r, kind)
	} else {
		o.out.addStored(g, kind)
	}
}

// sameRows reports whether two rows of a batch are the same.
func sameRows(b *column.Batch, r, other int) bool {
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

func (o *normalize) Timer(time.Time, Output) error {
	o.expire()
	return nil
}

// SizeBytes implements [Sizer].
func (o *normalize) SizeBytes() int { return o.sizeBytes() + (cap(o.sel)+cap(o.new))*4 }

func (o *normalize) Snapshot(w *state.Writer) error {
	o.rows.Snapshot(w, "rows", o.number)
	return nil
}
