package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// sorter orders a bounded input and emits a range of it at the end. With a limit it holds little more than the rows that may still be among
// the first: when it has twice as many it drops the rest, and from then on it drops rows behind the last of them as they come.
type sorter struct {
	Base
	op     *graph.Sort
	schema []column.Field
	keys   []kernel.SortKey
	kernel kernel.Sorter
	top    int           // rows to keep; -1: all
	held   *column.Batch // in the order of their arrival among equals
	spare  *column.Batch
	full   bool // held begins with the first top rows so far, in order
	track  state.Tracker
	order  []int32
	rows   []int32
}

// topRows is the largest offset plus limit for which rows are dropped on the way.
const topRows = 1 << 20

// limiter is a sort without keys: it passes on rows offset … offset+limit-1 as they come, and then needs no more.
type limiter struct {
	Base
	op     *graph.Sort
	passed int64 // rows seen
	sel    []int32
	cut    column.Batch
}

func newSort(op *graph.Sort, in []column.Field) (Operator, error) {
	if op.Offset < 0 {
		return nil, fmt.Errorf("sort: offset %d is negative", op.Offset)
	}
	if len(op.Keys) == 0 {
		return &limiter{op: op}, nil
	}
	o := &sorter{op: op, schema: in, top: -1, held: column.NewBatch(in, 0)}
	for _, k := range op.Keys {
		switch in[k.Column].Type.Layout() {
		case column.LayoutList, column.LayoutStruct:
			return nil, fmt.Errorf("sort: column %s is of type %s, which has no order", in[k.Column].Name, in[k.Column].Type)
		}
		o.keys = append(o.keys, kernel.SortKey{Column: k.Column, Desc: k.Descending, NullsFirst: !k.NullsLast})
	}
	if op.Limit >= 0 && op.Offset+op.Limit <= topRows {
		o.top = int(op.Offset + op.Limit)
		o.spare = column.NewBatch(in, 0)
	}
	return o, nil
}

func (o *sorter) Open(c *Context) error {
	if t := c.Restore.Table("rows"); t != nil {
		o.held.AppendRows(t.Rows, nil)
		o.track.Resume(o.table(), t)
	}
	return nil
}

// table is the rows as a table of checkpoints.
func (o *sorter) table() pastRows { return pastRows{batch: &o.held} }

func (o *sorter) Process(_ int, p Payload, _ Output) error {
	b := p.(*column.Batch)
	if !appended(b) {
		return fmt.Errorf("a sort of bounded input cannot take back rows")
	}
	if o.top == 0 || b.Rows() == 0 {
		return nil
	}
	if !o.full {
		o.held.AppendRows(b, nil)
	} else if rows := o.within(b); len(rows) > 0 {
		o.held.AppendRows(b, rows)
	}
	if o.top >= 0 && o.held.Len >= 2*o.top+ChunkRows && !o.track.Busy() {
		o.trim()
	}
	return nil
}

// within returns the rows of b that are not behind the last of the first top rows by the first key.
func (o *sorter) within(b *column.Batch) []int32 {
	key := o.keys[0]
	v, bound := b.Cols[key.Column], o.held.Cols[key.Column]
	rows := o.rows[:0]
	for i := range b.Rows() {
		if r := b.Row(i); key.Compare(v, r, bound, o.top-1) <= 0 {
			rows = append(rows, int32(r))
		}
	}
	o.rows = rows
	return rows
}

// sorted returns the held rows in order.
func (o *sorter) sorted() []int32 {
	o.order = first(o.order[:0], o.held.Len)
	o.kernel.Sort(o.order, o.held.Cols, o.keys)
	return o.order
}

// trim cuts held to the first top rows.
func (o *sorter) trim() {
	o.track.Reset()
	o.spare.Reset()
	o.spare.AppendRows(o.held, o.sorted()[:o.top])
	o.held, o.spare, o.full = o.spare, o.held, true
}

func (o *sorter) EndInput(_ int, out Output) error {
	order := o.sorted()
	order = order[min(o.op.Offset, int64(len(order))):]
	if o.op.Limit >= 0 {
		order = order[:min(o.op.Limit, int64(len(order)))]
	}
	b := column.NewBatch(o.schema, min(len(order), ChunkRows))
	for from := 0; from < len(order); from += ChunkRows {
		b.Reset()
		b.AppendRows(o.held, order[from:min(from+ChunkRows, len(order))])
		if err := out.Emit(b); err != nil {
			return err
		}
	}
	o.track.Reset()
	o.held.Reset()
	return nil
}

// SizeBytes implements [Sizer].
func (o *sorter) SizeBytes() int {
	n := o.held.SizeBytes() + cap(o.order)*4 + o.track.SizeBytes()
	if o.spare != nil {
		n += o.spare.SizeBytes()
	}
	return n
}

func (o *sorter) Snapshot(w *state.Writer) error {
	w.Track(&o.track, o.table(), "rows", o.schema)
	return nil
}

func (o *limiter) Open(c *Context) error {
	if t := c.Restore.Table("passed"); t != nil && t.Rows.Rows() > 0 {
		o.passed = column.Values[int64](t.Rows.Cols[0])[t.Rows.Row(0)]
	}
	return nil
}

// Done implements [Limiter].
func (o *limiter) Done() bool { return o.op.Limit >= 0 && o.passed >= o.op.Offset+o.op.Limit }

func (o *limiter) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	n := int64(b.Rows())
	from, to := min(max(o.op.Offset-o.passed, 0), n), n
	if o.op.Limit >= 0 {
		to = min(max(o.op.Offset+o.op.Limit-o.passed, 0), n)
	}
	o.passed += n
	if from >= to {
		return nil
	}
	if from == 0 && to == n {
		return out.Emit(b)
	}
	sel := b.Sel
	if sel == nil {
		o.sel = first(o.sel, int(n))
		sel = o.sel
	}
	o.cut = column.Batch{Len: b.Len, Cols: b.Cols, Sel: sel[from:to], Kinds: b.Kinds, Times: b.Times}
	return out.Emit(&o.cut)
}

func (o *limiter) Snapshot(w *state.Writer) error {
	schema := []column.Field{{Name: "rows", Type: column.Of(column.BigInt).Required()}}
	b := column.NewBatch(schema, 1)
	column.Append(b.Cols[0], o.passed)
	b.Len = 1
	w.Add(state.Table{Name: "passed", Schema: schema, Rows: b})
	return nil
}
