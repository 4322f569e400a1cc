package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

func newOver(op *graph.Over, in, schema []column.Field) (Operator, error) {
	for _, k := range op.Order {
		switch in[k.Column].Type.Layout() {
		case column.LayoutList, column.LayoutStruct:
			return nil, fmt.Errorf("column %s is of type %s, which has no order", in[k.Column].Name, in[k.Column].Type)
		}
	}
	e, err := newOverEval(op, in, schema)
	if err != nil {
		return nil, err
	}
	switch {
	case !op.Updates:
		return &over{op: op, in: in, eval: e, held: newHeldRows(in)}, nil
	case op.Time == graph.OverColumns:
		return newOverChanges(op, in, schema, e), nil
	}
	return newOverTime(op, in, e)
}

// over adds the results of calls with OVER to the rows of a bounded input: it holds them, and at the end emits them sorted, partition by partition.
type over struct {
	Base
	op     *graph.Over
	in     []column.Field
	eval   *overEval
	held   heldRows
	groups *state.Groups
	group  []int32 // by row: its partition
	number int
	ids    []int32
	cols   []*column.Vector
	sorter kernel.Sorter
	slicer slicer
}

func (o *over) Open(c *Context) error {
	o.groups, o.number = state.NewGroups(o.eval.lasting.types), c.MaxParallelism
	if err := o.eval.open(c); err != nil {
		return err
	}
	if t := c.Restore.Table("rows"); t != nil && t.Rows.Rows() > 0 {
		if err := o.Process(0, t.Rows, nil); err != nil {
			return err
		}
		o.held.track.Resume(o.table(), t)
	}
	return nil
}

func (o *over) Process(_ int, p Payload, _ Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	if !appended(b) {
		return fmt.Errorf("OVER of bounded input cannot take back rows")
	}
	o.cols = o.cols[:0]
	for _, k := range o.op.Partition {
		o.cols = append(o.cols, b.Cols[k])
	}
	o.ids = first(o.ids, b.Rows())
	o.groups.Lookup(o.cols, b.Sel, b.Rows(), o.ids)
	o.group = append(o.group, o.ids...)
	o.held.add(b, nil)
	return nil
}

func (o *over) EndInput(_ int, out Output) error {
	n := o.held.rows.Len
	if n == 0 {
		return nil
	}
	// Rows by partition, then by the order.
	counts := make([]int32, o.groups.Len()+1)
	for _, g := range o.group {
		counts[g+1]++
	}
	for g := range o.groups.Len() {
		counts[g+1] += counts[g]
	}
	rows, next := make([]int32, n), append([]int32(nil), counts...)
	for r, g := range o.group {
		rows[next[g]] = int32(r)
		next[g]++
	}
	parts := make([]overPart, o.groups.Len())
	for g := range parts {
		from, to := int(counts[g]), int(counts[g+1])
		o.sorter.Sort(rows[from:to], o.held.rows.Cols, o.eval.order)
		parts[g] = overPart{from: from, first: from, to: to, group: int32(g)}
	}
	sorted := column.NewBatch(o.in, 0)
	takeRows(sorted, o.held.rows, rows)
	o.eval.lasting.clear()
	o.eval.lasting.room = len(parts)
	if err := o.eval.run(sorted, parts); err != nil {
		return err
	}
	sorted.Cols = append(sorted.Cols[:len(o.in):len(o.in)], o.eval.results...)
	return o.slicer.emit(sorted, out)
}

// SizeBytes implements [Sizer].
func (o *over) SizeBytes() int {
	return o.held.sizeBytes() + o.groups.SizeBytes() + cap(o.group)*4
}

// table is the rows as a table of checkpoints.
func (o *over) table() keptRows {
	return keptRows{&o.held, shipped{keys: o.op.Partition, parts: o.number}}
}

func (o *over) Snapshot(w *state.Writer) error {
	w.Track(&o.held.track, o.table(), "rows", o.in)
	return nil
}
