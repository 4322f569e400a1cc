package operator

import (
	"fmt"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/setting"
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
	bundle  *bundle    // the same if mini-batch is enabled
	partial *partial   // in phase Partial
	mine    bool       // this subtask answers for empty input
	groups  int        // key groups
}

// packTexts is from how many groups on texts among keys are packed: fewer stand in the cache, where views are compared faster.
var packTexts = 1 << 17

func newAggregate(op *graph.Aggregate, in, schema []column.Field) (*aggregate, error) {
	o := &aggregate{op: op, schema: schema}
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
	// Without keys there is a group for no rows at all.
	o.state = newAggregation(op.Keys, types, op.Calls, argTypes, op.Phase == graph.Whole && (op.Updates || len(op.Keys) > 0))
	o.state.named(in)
	if op.Phase != graph.Partial {
		o.state.groups.PackTexts(packTexts)
	}
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
	if op.Updates && op.Phase != graph.Partial {
		o.state.merges = op.Phase == graph.Final
		o.log = newChangelog(o.state, op.UpdateBefore)
	}
	return o, nil
}

func (o *aggregate) Open(c *Context) error {
	o.mine = c.Subtask == 0
	o.groups = c.MaxParallelism
	if o.log != nil {
		o.log.life.clock, o.log.life.setTimer = c.Now, c.SetTimer
		o.log.life.ttl, o.log.life.most, o.log.life.evicted = timeToLive(c, o.op.TTL), maxKeys(c, o.op.MaxKeys), c.evicted
		o.bundle = bundling(o.log, c, o.schema)
	}
	switch settings := c.Env.Settings; {
	case !o.op.Updates || o.op.Phase == graph.Whole:
	case !settings.Bool(setting.MiniBatchEnabled):
		return fmt.Errorf("an aggregate that emits a changelog has phases only with %s", setting.MiniBatchEnabled.Key)
	case o.partial != nil:
		o.partial.limit, o.partial.latency = settings.Int(setting.MiniBatchSize), settings.Duration(setting.MiniBatchLatency)
		o.partial.context = c
	}
	if err := o.restore(c.Restore); err != nil {
		return err
	}
	if o.log != nil {
		o.log.evict()
		o.log.arm()
	}
	return nil
}

func (o *aggregate) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	switch {
	case o.bundle != nil:
		return o.bundle.process(b, out)
	case o.log != nil:
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
		ids := o.state.lookup(b)
		o.state.track.Touch(ids)
		o.state.merge(b, len(o.op.Keys), ids)
	default:
		ids := o.state.lookup(b)
		o.state.track.Touch(ids)
		o.state.update(b, ids)
	}
	return nil
}

// Drain implements [Drainer].
func (o *aggregate) Drain(out Output) error {
	switch {
	case o.partial != nil:
		return o.partial.flush(out)
	case o.bundle != nil:
		return o.bundle.flush(out)
	}
	return nil
}

func (o *aggregate) Watermark(_ int64, out Output) error {
	switch {
	case o.bundle != nil:
		return o.bundle.flush(out)
	case o.partial != nil && o.op.Updates:
		return o.partial.flush(out)
	}
	return nil
}

// Timer implements [Operator]: rows have waited long enough for their change to be shown, or groups have lived long enough.
func (o *aggregate) Timer(_ time.Time, out Output) error {
	if o.partial != nil {
		o.partial.waiting = false
		return o.partial.flush(out)
	}
	if o.bundle != nil {
		o.bundle.waiting = false
		if err := o.bundle.flush(out); err != nil {
			return err
		}
	}
	return o.log.expire()
}

func (o *aggregate) EndInput(_ int, out Output) error {
	if o.partial != nil || o.log != nil {
		return o.Drain(out)
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
	o.state.track.Reset()
	o.state.clear()
	return nil
}

// SizeBytes implements [Sizer].
func (o *aggregate) SizeBytes() int {
	n := o.state.sizeBytes()
	switch {
	case o.bundle != nil:
		n += o.bundle.ownBytes()
	case o.log != nil:
		n += o.log.ownBytes()
	}
	return n
}

func (o *aggregate) Snapshot(w *state.Writer) error {
	if o.log != nil {
		o.log.save(w, o.groups)
		return nil
	}
	o.state.snapshot(w, o.groups)
	return nil
}

func (o *aggregate) restore(r *state.Reader) error {
	if o.log != nil {
		return o.log.load(r)
	}
	return o.state.restore(r)
}

// save writes the state of the groups.
func (l *changelog) save(w *state.Writer, keyGroups int) {
	l.grow()
	if l.count == nil {
		l.count = []int64{} // nil would be a table without this column, other than those of subtasks that have groups
	}
	l.snapshot(w, keyGroups)
	l.snapshotTimes(w)
}

// load takes in what save wrote.
func (l *changelog) load(r *state.Reader) error {
	if err := l.restore(r); err != nil {
		return err
	}
	l.grow()
	return l.restoreTimes(r)
}

// crowded reports whether most groups are gone, so that it is time to build the state anew. While a checkpoint is being copied that is put off.
func (l *changelog) crowded() bool {
	if l.groups.Len() <= 2*l.groups.Live()+ChunkRows || l.track.Busy() || l.life.track.Busy() || l.life.underWay() {
		return false
	}
	for _, c := range l.calls {
		if c.distinct != nil && c.distinct.tracks[c.distinct.at].Busy() {
			return false
		}
	}
	return true
}

// compact builds the state anew without the groups that are gone.
func (l *changelog) compact() error {
	l.track.Compact()
	l.life.track.Compact()
	for _, c := range l.calls {
		if c.distinct != nil {
			c.distinct.tracks[c.distinct.at].Compact()
		}
	}
	order, moved := l.life.order, make([]int32, 0, l.groups.Len())
	if l.life.most > 0 {
		for g, n := 0, int32(0); g < l.groups.Len(); g++ {
			if moved = append(moved, state.None); l.groups.Alive(g) {
				moved[g] = n
				n++
			}
		}
	}
	var w state.Writer
	l.save(&w, 1)
	l.clear()
	l.count = nil
	if err := l.load(&state.Reader{Tables: w.Tables}); err != nil {
		return err
	}
	if l.life.most > 0 { // times are not as fine as the order
		order.Renumber(moved)
		l.life.order = order
	}
	return nil
}
