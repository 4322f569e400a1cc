package operator

import (
	"slices"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// materialize remembers the rows of each key of a sink and emits the newest that lives: +I for the first, +U for each that follows or comes back when a newer one
// goes, -D when the last one goes. A row that goes is found by the stream's own unique key, or by all it holds.
type materialize struct {
	Base
	keyedRows
	op   *graph.Materialize
	hash []uint64
	sel  []int32
}

func newMaterialize(op *graph.Materialize, in []column.Field) *materialize {
	find := op.InputKeys
	if find == nil {
		for c := range in {
			find = append(find, c)
		}
	}
	return &materialize{op: op, keyedRows: newKeyedRows(in, op.Keys, slices.Clone(find))}
}

func (o *materialize) Open(c *Context) error {
	if err := o.open(c, graph.Keep{}); err != nil {
		return err
	}
	o.evict()
	return nil
}

func (o *materialize) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	n := b.Rows()
	if n == 0 {
		return nil
	}
	now := o.tidy(share(n))
	if o.sparse(now) {
		o.regroup()
	}
	ids := o.lookup(b)
	o.meet(ids, now)
	o.sel = o.sel[:0]
	for i := range n {
		if r := b.Row(i); b.Kind(r).Adds() {
			o.sel = append(o.sel, int32(r))
		}
	}
	next := int32(o.rows.Len())
	if len(o.sel) > 0 {
		next = o.rows.Append(b.Cols, o.sel, len(o.sel), now)
	}
	if cap(o.hash) < n {
		o.hash = make([]uint64, n+n/4)
	}
	o.rows.Hash(b.Cols, b.Sel, o.hash[:n])
	for i, g := range ids {
		r := b.Row(i)
		before := o.newest(g)
		same := o.rows.Find(b.Cols, r, g, o.hash[i])
		if b.Kind(r).Adds() {
			kind := column.UpdateAfter
			if before == state.None {
				kind = column.Insert
			}
			if o.op.InputKeys != nil && same != state.None { // an update of that row
				o.rows.Remove(same)
				same = state.None
			}
			o.rows.Link(next, g)
			o.rows.Index(next, same, o.hash[i])
			o.out.add(next, kind)
			next++
			continue
		}
		if same == state.None {
			continue // it never came, or was forgotten
		}
		o.rows.Remove(same)
		if same != before {
			continue // a newer one is shown
		}
		if after := o.newest(g); after != state.None {
			o.out.add(after, column.UpdateAfter)
		} else {
			o.out.add(same, column.Delete)
		}
	}
	err := o.out.emit(o.rows, out)
	for _, g := range ids {
		o.forget(g)
	}
	o.evict()
	o.arm()
	return err
}

func (o *materialize) Timer(time.Time, Output) error {
	o.expire()
	return nil
}

// SizeBytes implements [Sizer].
func (o *materialize) SizeBytes() int {
	return o.keyedRows.sizeBytes()
}

func (o *materialize) Snapshot(w *state.Writer) error {
	o.rows.Snapshot(w, "rows", o.number)
	return nil
}
