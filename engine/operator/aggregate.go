package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

var _ Drainer = (*aggregate)(nil)

// aggregate groups rows. What it emits depends on its node: results at the end of the input, a changelog ([changelog]), or states before an
// exchange ([partial]).
type aggregate struct {
	Base
	op      *graph.Aggregate
	schema  []column.Field
	state   *aggregation
	log     *changelog // if op.Updates
	partial *partial   // in phase Partial
	mine    bool       // this subtask answers for empty input
	groups  int        // key groups
}

func newAggregate(op *graph.Aggregate, in, schema []column.Field) (*aggregate, error) {
	o := &aggregate{op: op, schema: schema}
	if op.Updates && op.Phase != graph.Whole {
		return nil, fmt.Errorf("an aggregate that emits a changelog has no phases")
	}
	types := make([]column.Type, len(op.Keys))
	for i, k := range op.Keys {
		types[i] = in[k].Type
	}
	argTypes := op.ArgTypes
	if op.Phase != graph.Final {
		argTypes = nil
		for _, c := range op.Calls {
			list := make([]column.Type, len(c.Args))
			for i, a := range c.Args {
				list[i] = in[a].Type
			}
			argTypes = append(argTypes, list)
		}
	}
	if len(argTypes) != len(op.Calls) {
		return nil, fmt.Errorf("argument types of %d aggregate calls, want %d", len(argTypes), len(op.Calls))
	}
	for _, c := range op.Calls {
		if c.Distinct && op.Phase != graph.Whole {
			return nil, fmt.Errorf("%s(DISTINCT …) cannot be computed in phases", c.Func.Name)
		}
	}
	o.state = newAggregation(op.Keys, types, op.Calls, argTypes)
	switch width := len(op.Keys) + len(op.Calls); {
	case op.Phase == graph.Partial:
		o.partial = newPartial(o.state)
		width = len(o.partial.out.Cols)
		fallthrough
	default:
		if len(schema) != width {
			return nil, fmt.Errorf("the output has %d columns, want %d", len(schema), width)
		}
	}
	if op.Phase == graph.Final {
		if want := len(o.state.stateFields()); len(in) != want {
			return nil, fmt.Errorf("the input has %d columns of keys and states, want %d", len(in), want)
		}
	}
	if op.Updates {
		o.log = newChangelog(o.state)
	}
	return o, nil
}

func (o *aggregate) Open(c *Context) error {
	o.mine = c.Subtask == 0
	o.groups = c.MaxParallelism
	return o.restore(c.Restore)
}

func (o *aggregate) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if o.log != nil {
		return o.log.process(b, out)
	}
	if !appended(b) {
		return fmt.Errorf("an aggregate that emits results once cannot take back rows")
	}
	switch {
	case b.Rows() == 0:
		return nil
	case o.partial != nil:
		return o.partial.process(b, out)
	case o.op.Phase == graph.Final:
		o.state.merge(b, len(o.op.Keys), o.state.lookup(b))
	default:
		o.state.update(b, o.state.lookup(b))
	}
	return nil
}

// Drain implements [Drainer].
func (o *aggregate) Drain(out Output) error {
	if o.partial == nil {
		return nil
	}
	return o.partial.flush(out)
}

func (o *aggregate) EndInput(_ int, out Output) error {
	if o.partial != nil {
		return o.partial.flush(out)
	}
	if o.log != nil {
		return nil
	}
	if o.op.Always && len(o.op.Keys) == 0 && o.state.groups.Len() == 0 && o.mine {
		o.state.groups.Lookup(nil, nil, 1, make([]int32, 1))
	}
	b := column.NewBatch(o.schema, min(o.state.groups.Len(), ChunkRows))
	for from := 0; from < o.state.groups.Len(); from += ChunkRows {
		b.Reset()
		if err := o.state.appendResults(b, from, min(from+ChunkRows, o.state.groups.Len())); err != nil {
			return err
		}
		if err := out.Emit(b); err != nil {
			return err
		}
	}
	o.state.clear()
	return nil
}

func (o *aggregate) Snapshot(w *state.Writer) error {
	var count []int64
	if o.log != nil {
		count = o.log.count
	}
	o.state.snapshot(w, count, o.groups)
	return nil
}

func (o *aggregate) restore(r *state.Reader) error {
	var count *[]int64
	if o.log != nil {
		count = &o.log.count
	}
	return o.state.restore(r, count)
}

// compact builds the state anew without the groups that are gone.
func (l *changelog) compact() error {
	var w state.Writer
	l.snapshot(&w, l.count, 1)
	l.clear()
	return l.restore(&state.Reader{Tables: w.Tables}, &l.count)
}
