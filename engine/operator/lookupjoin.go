package operator

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
)

// lookupJoin joins each row with the rows of an external table that have its key at that moment. The keys of a batch are looked up once
// each. A table that is held in full is read again in the background when its time has come.
type lookupJoin struct {
	Base
	*match
	op     *graph.LookupJoin
	ctx    *Context
	schema []column.Field // of the projected columns
	keyed  []column.Field // of the keys
	hint   lookupHint
	source connector.LookupSource
	values *expr.Projection
	filter *expr.Filter
	out    *joined
	made   column.Batch  // keys by row
	slots  chan struct{} // holds a value for each request under way, where several may be; nil: one at a time, by the task itself
	pairs  [2][]int32    // live row; found row
	now    lookup        // of the batch at work

	full    connector.FullLookup // the source, if it is one
	cancel  context.CancelFunc
	work    sync.WaitGroup
	loading chan error // what came of the reading that is under way; nil: none is
	started time.Time  // when that began
}

func newLookupJoin(op *graph.LookupJoin, in []column.Field, schema []column.Field) (Operator, error) {
	if op.Type != graph.InnerJoin && op.Type != graph.LeftJoin {
		return nil, fmt.Errorf("a lookup join of kind %s, want Inner or Left", op.Type)
	}
	o := &lookupJoin{op: op}
	for _, c := range op.Project {
		if c < len(op.Table.Columns) {
			o.schema = append(o.schema, op.Table.Columns[c])
		} else {
			o.schema = append(o.schema, op.Table.Metadata[c-len(op.Table.Columns)].Field)
		}
	}
	var err error
	if o.match, err = newMatch(&graph.Match{Type: op.Type, Cond: op.Cond}, [][]column.Field{in, o.schema}, schema); err != nil {
		return nil, err
	}
	if o.hint, err = readLookupHint(op.Hint); err != nil {
		return nil, err
	}
	o.out = newJoined(o.match, schema)
	if o.hint.async {
		return &asyncLookup{lookupJoin: o}, nil
	}
	return o, nil
}

func (o *lookupJoin) Open(c *Context) error {
	o.ctx = c
	spec, ok := connector.Lookup(o.op.Table.Connector)
	if !ok || spec.NewLookup == nil {
		return fmt.Errorf("table %s: connector '%s' cannot be looked up", o.op.Table.Name, o.op.Table.Connector)
	}
	opts, err := c.compileOptions()
	if err != nil {
		return err
	}
	var list []expr.Expr
	var keys []int
	for _, k := range o.op.Keys {
		f := o.op.Table.Columns[k.Column]
		list, keys, o.keyed = append(list, k.Value), append(keys, k.Column), append(o.keyed, column.Field{Name: f.Name, Type: f.Type.Optional()})
	}
	if o.values, err = expr.CompileProjection(list, opts...); err != nil {
		return fmt.Errorf("key: %w", err)
	}
	if o.op.Filter != nil {
		if o.filter, err = expr.CompileFilter(o.op.Filter, opts...); err != nil {
			return fmt.Errorf("filter %s: %w", o.op.Filter, err)
		}
	}
	if err := o.match.open(c); err != nil {
		return err
	}
	o.now = o.newLookup()
	if o.source, err = spec.NewLookup(connector.LookupRequest{Env: c.Env, Table: o.op.Table, Project: o.op.Project, Keys: keys}); err != nil {
		return o.failed(err)
	}
	if o.full, ok = o.source.(connector.FullLookup); ok {
		o.started = c.Now()
		if err := o.full.Load(c); err != nil {
			return errors.Join(o.failed(err), o.source.Close())
		}
		o.schedule()
	}
	return nil
}

// failed names the table of an error.
func (o *lookupJoin) failed(err error) error { return fmt.Errorf("table %s: %w", o.op.Table.Name, err) }

// schedule sets the timer for the next reading of a table that was just read in full.
func (o *lookupJoin) schedule() {
	now := o.ctx.Now()
	if wait := o.full.Reload(o.started, now); wait > 0 {
		o.ctx.SetTimer(now.Add(wait))
	}
}

// Timer starts to read the table again.
func (o *lookupJoin) Timer(time.Time, Output) error {
	if err := o.loaded(); err != nil || o.loading != nil {
		return err
	}
	ctx, cancel := context.WithCancel(o.ctx)
	done := make(chan error, 1)
	o.cancel, o.loading, o.started = cancel, done, o.ctx.Now()
	o.work.Go(func() {
		done <- o.full.Load(ctx)
		o.ctx.Wake()
	})
	return nil
}

// Resume implements [Resumer]: a reading has ended.
func (o *lookupJoin) Resume(Output) error { return o.loaded() }

// loaded looks whether the reading in the background has ended, and with what.
func (o *lookupJoin) loaded() error {
	select {
	case err := <-o.loading:
		o.cancel()
		o.loading = nil
		if err != nil {
			return o.failed(fmt.Errorf("reading it again: %w", err))
		}
		o.schedule()
	default:
	}
	return nil
}

func (o *lookupJoin) Close() error {
	if o.loading != nil {
		o.cancel()
	}
	o.work.Wait()
	return o.source.Close()
}

// SizeBytes implements [Sizer].
func (o *lookupJoin) SizeBytes() int { return o.now.sizeBytes() + o.out.sizeBytes() }

func (o *lookupJoin) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	if err := o.loaded(); err != nil {
		return err
	}
	if err := o.number(&o.now, b); err != nil {
		return err
	}
	if err := o.look(o.ctx, &o.now); err != nil {
		return err
	}
	return o.emit(&o.now, b, out)
}
