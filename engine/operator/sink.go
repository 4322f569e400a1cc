package operator

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
)

// NewSink makes the sink of a node, to be shared by its subtasks through Context.Sink. request has what the job knows: whether it is bounded and runs in
// batch mode, its id, which is unique for this run, the sink's number in it, and the clock. The caller calls the sink's Prepare once, before it opens any subtask.
func NewSink(op *graph.Sink, request connector.SinkRequest) (connector.Sink, error) {
	spec, ok := connector.Lookup(op.Table.Connector)
	if !ok {
		return nil, fmt.Errorf("table %s: there is no connector '%s' in this program; it has %s",
			op.Table.Name, op.Table.Connector, strings.Join(connector.Names(), ", "))
	}
	if spec.NewSink == nil {
		return nil, fmt.Errorf("table %s: connector '%s' cannot be written to", op.Table.Name, op.Table.Connector)
	}
	request.Table, request.Overwrite, request.Partition = op.Table, op.Overwrite, op.Partition
	s, err := spec.NewSink(request)
	if err != nil {
		return nil, fmt.Errorf("table %s: %w", op.Table.Name, err)
	}
	return s, nil
}

// sink writes rows to a table's sink, after it has made sure that they hold what the table's types allow.
type sink struct {
	Base
	op       *graph.Sink
	required []int         // columns that must not be null
	drop     bool          // leave rows out that break the rule, instead of failing
	limits   []*constraint // by column; nil: none
	context  *Context
	sink     connector.Sink
	writer   connector.Writer
	timed    connector.TimedWriter     // the writer, if it is one
	events   connector.WatermarkWriter // likewise
	due      time.Time                 // the timer set last
	written  int64                     // bytes counted so far
	sel      []int32
	cut      column.Batch
}

func newSink(op *graph.Sink, in []column.Field) (*sink, error) {
	if len(in) != len(op.Table.Columns) {
		return nil, fmt.Errorf("table %s has %d columns, the rows for it %d", op.Table.Name, len(op.Table.Columns), len(in))
	}
	o := &sink{op: op}
	for i, c := range op.Table.Columns {
		if c.Type.NotNull {
			o.required = append(o.required, i)
		}
	}
	return o, nil
}

func (o *sink) Open(c *Context) (err error) {
	if c.Sink == nil {
		return fmt.Errorf("table %s: the job has not made its sink", o.op.Table.Name)
	}
	o.context, o.sink = c, c.Sink
	o.drop = c.Env.Settings.Enum(setting.NotNullEnforcer) == "DROP"
	o.limits = constraintsOf(o.op.Table.Columns, c.Env.Settings)
	if o.writer, err = o.sink.NewWriter(c, c.Subtask, c.Parallelism); err != nil {
		return err
	}
	o.timed, _ = o.writer.(connector.TimedWriter)
	o.events, _ = o.writer.(connector.WatermarkWriter)
	if err := o.restore(c); err != nil {
		return errors.Join(err, o.Close())
	}
	o.setTimer()
	return nil
}

func (o *sink) Process(_ int, p Payload, _ Output) error {
	b := p.(*column.Batch)
	for _, i := range o.required {
		if v := b.Cols[i]; v.HasNulls() {
			var err error
			if b, err = o.enforce(b, v, o.op.Table.Columns[i].Name); err != nil {
				return err
			}
		}
	}
	if o.limits != nil {
		var err error
		if b, err = o.checkParts(b); err != nil {
			return err
		}
	}
	if b.Rows() == 0 {
		return nil
	}
	err := o.writer.Write(o.context, b)
	o.count()
	o.setTimer()
	return err
}

// count takes over what the writer knows of the bytes it has written.
func (o *sink) count() {
	if w, ok := o.writer.(connector.WriteCounter); ok && o.context.Counters != nil {
		n := w.BytesWritten()
		o.context.Counters.BytesOut.Add(n - o.written)
		o.written = n
	}
}

// enforce returns b without the rows in which v is null, or an error if there are any and they may not be dropped.
func (o *sink) enforce(b *column.Batch, v *column.Vector, name string) (*column.Batch, error) {
	if o.drop {
		return o.without(b, func(r int) bool { return v.IsNull(r) }), nil
	}
	for i := range b.Rows() {
		if v.IsNull(b.Row(i)) {
			return nil, (&violation{}).error(o.op.Table.Name, name)
		}
	}
	return b, nil
}

// checkParts checks the lengths of texts, and what lies in rows and collections.
func (o *sink) checkParts(b *column.Batch) (*column.Batch, error) {
	var nulls column.Bitmap
	if o.drop {
		nulls = column.MakeBitmap(b.Len)
	}
	for i, c := range o.limits {
		if c == nil {
			continue
		}
		c.rows = c.rows[:0]
		for k := range b.Rows() {
			c.rows = append(c.rows, int32(b.Row(k)))
		}
		c.tops = append(c.tops[:0], c.rows...)
		if found := c.check(b.Cols[i], nulls); found != nil {
			return nil, found.error(o.op.Table.Name, c.name)
		}
	}
	if nulls == nil || nulls.Count(b.Len) == 0 {
		return b, nil
	}
	return o.without(b, nulls.Get), nil
}

// without returns b less the rows for which bad is true, and counts these.
func (o *sink) without(b *column.Batch, bad func(row int) bool) *column.Batch {
	n := b.Rows()
	if cap(o.sel) < n || o.sel == nil {
		o.sel = make([]int32, n)
	}
	// b.Sel may already be o.sel, of the column before: what is written lies behind what is read.
	sel, k := o.sel[:n], 0
	for i := range n {
		if r := b.Row(i); !bad(r) {
			sel[k] = int32(r)
			k++
		}
	}
	if k == n {
		return b
	}
	if o.context.Counters != nil {
		o.context.Counters.Skipped.Add(int64(n - k))
	}
	o.cut = column.Batch{Len: b.Len, Cols: b.Cols, Sel: sel[:k], Kinds: b.Kinds, Times: b.Times}
	return &o.cut
}

// Sink implements [Committer].
func (o *sink) Sink() connector.Sink { return o.sink }

// Flush implements [Committer].
func (o *sink) Flush(ctx context.Context, whole bool) ([]connector.Committable, error) {
	list, err := o.writer.Flush(ctx, whole)
	o.count()
	o.setTimer()
	return list, err
}

func (o *sink) Close() error {
	if o.writer == nil {
		return nil
	}
	return o.writer.Close()
}

var (
	_ Committer = (*sink)(nil)
	_ Limiter   = (*limiter)(nil)
)
