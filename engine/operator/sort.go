package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// sorter orders a bounded input and emits a range of it at the end. With a limit it holds little more than the rows that may still be among
// the first: when it has twice as many it drops the rest, and from then on it drops rows behind the last of them as they come.
type sorter struct {
	Base
	op     *graph.Sort
	schema []column.Field
	order  order
	top    int           // rows to keep; -1: all
	held   *column.Batch // in the order of their arrival among equals
	spare  *column.Batch
	full   bool // held has been cut to top rows; their last has the prefix bound
	bound  uint64
	items  []item
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
	o := &sorter{op: op, schema: in, order: order{keys: op.Keys}, top: -1, held: column.NewBatch(in, 0)}
	if op.Limit >= 0 && op.Offset+op.Limit <= topRows {
		o.top = int(op.Offset + op.Limit)
		o.spare = column.NewBatch(in, 0)
	}
	return o, nil
}

func (o *sorter) Open(c *Context) error {
	if t := c.Restore.Table("rows"); t != nil {
		o.held.AppendRows(t.Rows, nil)
	}
	return nil
}

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
	if o.top >= 0 && o.held.Len >= 2*o.top+ChunkRows {
		o.trim()
	}
	return nil
}

// within returns the rows of b that are not behind the bound.
func (o *sorter) within(b *column.Batch) []int32 {
	o.items = o.items[:0]
	for i := range b.Rows() {
		o.items = append(o.items, item{row: int32(b.Row(i))})
	}
	key := o.op.Keys[0]
	writePrefixes(o.items, b.Cols[key.Column], key)
	rows := o.rows[:0]
	for _, x := range o.items {
		if x.prefix <= o.bound {
			rows = append(rows, x.row)
		}
	}
	o.rows = rows
	return rows
}

// trim cuts held to the first top rows.
func (o *sorter) trim() {
	sorted := o.order.sort(o.held)[:o.top]
	o.bound, o.full = sorted[o.top-1].prefix, true
	o.spare.Reset()
	o.appendItems(o.spare, sorted)
	o.held, o.spare = o.spare, o.held
}

// appendItems appends held rows to b.
func (o *sorter) appendItems(b *column.Batch, items []item) {
	o.rows = o.rows[:0]
	for _, x := range items {
		o.rows = append(o.rows, x.row)
	}
	if len(o.rows) > 0 {
		b.AppendRows(o.held, o.rows)
	}
}

func (o *sorter) EndInput(_ int, out Output) error {
	sorted := o.order.sort(o.held)
	sorted = sorted[min(o.op.Offset, int64(len(sorted))):]
	if o.op.Limit >= 0 {
		sorted = sorted[:min(o.op.Limit, int64(len(sorted)))]
	}
	b := column.NewBatch(o.schema, min(len(sorted), ChunkRows))
	for from := 0; from < len(sorted); from += ChunkRows {
		b.Reset()
		o.appendItems(b, sorted[from:min(from+ChunkRows, len(sorted))])
		if err := out.Emit(b); err != nil {
			return err
		}
	}
	o.held.Reset()
	return nil
}

func (o *sorter) Snapshot(w *state.Writer) error {
	held := column.NewBatch(o.schema, o.held.Len)
	held.AppendRows(o.held, nil)
	w.Add(state.Table{Name: "rows", Schema: o.schema, Rows: held})
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
