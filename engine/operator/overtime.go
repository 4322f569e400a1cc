package operator

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
	"unsafe"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/graph/expr"
	"github.com/millstream/millstream/state"
)

// overTime adds the results of calls with OVER to the rows of a stream in the order of time. With event time a row waits until the watermark has passed it; with
// processing time it leaves at once. Of the rows that have left those are kept that frames of rows to come may reach.
//
// Where a frame begins with the partition, rows that the watermark has passed are late and dropped; otherwise those that are not behind the last row of their
// partition, as in Flink.
type overTime struct {
	Base
	op   *graph.Over
	in   []column.Field
	eval *overEval
	progress
	missed  missedRows
	idle    idleGroups // partitions
	evicted func(keys int)
	number  int

	held    heldRows
	owner   []int32 // by row: its partition
	waits   []bool  // by row: it has no results yet
	first   int64   // the earliest time that waits
	context [][]int32
	waiting []int32 // by partition: rows that wait
	last    []int64 // by partition: the time of the last row that has left
	so      []overSoFar
	track   state.Tracker // of the partitions
	touched int           // rows that have left since idle partitions were looked for

	rows   int   // how many rows before a row frames may reach
	span   int64 // how many milliseconds; -1: not by time
	keeps  bool  // something is kept for ever of a partition
	strict bool  // rows that the watermark has passed are late

	times timeColumn
	ids   []int32
	kept  []int32
	due   []int32
	parts []overPart
	ends  []int32 // partitions of which rows leave
	work  *column.Batch
	order []int32
	out   *column.Batch
	one   [1]int32
}

func newOverTime(op *graph.Over, in []column.Field, e *overEval) (*overTime, error) {
	o := &overTime{op: op, in: in, eval: e, held: newHeldRows(in), span: -1, work: column.NewBatch(in, 0)}
	if len(op.Order) == 0 {
		return nil, fmt.Errorf("OVER of a stream needs an order by time")
	}
	o.times.field = in[op.Order[0].Column]
	if op.Time == graph.OverEventTime && !isTime(o.times.field.Type) {
		return nil, fmt.Errorf("column %s is no TIMESTAMP", o.times.field.Name)
	}
	e.alone = op.Time == graph.OverProcessing
	out := slices.Clone(in)
	for _, c := range op.Calls {
		out = append(out, column.Field{Name: c.Name, Type: c.T})
		if c.Aggregate == nil {
			switch c.Function.Name {
			case "LAG", "LEAD":
				n := int64(1)
				if len(c.Args) > 1 {
					lit, ok := c.Args[1].(*expr.Literal)
					if !ok {
						return nil, fmt.Errorf("the offset of %s must be a constant over a stream", c.Function.Name)
					}
					n, _ = lit.Value.(int64)
				}
				o.rows = max(o.rows, int(min(max(n, -n), math.MaxInt32)))
			default:
				o.rows, o.keeps, o.strict = max(o.rows, 1), true, true
			}
			continue
		}
		rows, span := reach(&c.Frame)
		o.rows = max(o.rows, rows)
		if span >= 0 {
			o.span = max(o.span, span.Milliseconds())
		}
		if c.Frame.From.Kind == graph.UnboundedPreceding {
			o.keeps, o.strict = true, true
		}
	}
	o.out = column.NewBatch(out, 0)
	return o, nil
}

func (o *overTime) Open(c *Context) error {
	o.number = c.MaxParallelism
	o.missed.open(c)
	o.progress.open(c)
	o.idle.open(c, 0, 0)
	if o.keeps || o.rows > 0 { // else frames end by time, as Flink has it
		o.idle.most, o.evicted = maxKeys(c, 0), c.evicted
		if o.idle.ttl = timeToLive(c, 0); o.idle.ttl > 0 && o.op.Time == graph.OverProcessing {
			o.idle.ttl = max(o.idle.ttl, o.span)
		}
	}
	if err := o.eval.open(c); err != nil {
		return err
	}
	if err := o.restore(c.Restore); err != nil {
		return err
	}
	o.evict()
	o.idle.arm()
	return nil
}

func (o *overTime) grow() {
	for len(o.last) < o.eval.lasting.groups.Len() {
		o.last, o.so, o.context = append(o.last, math.MinInt64), append(o.so, overSoFar{}), append(o.context, nil)
		o.waiting = append(o.waiting, 0)
	}
}

func (o *overTime) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	if !appended(b) {
		return fmt.Errorf("OVER in the order of time cannot take back rows")
	}
	if groups := o.eval.lasting.groups; groups.Len() > 2*groups.Live()+ChunkRows && !o.busy() {
		if err := o.compact(); err != nil {
			return err
		}
	}
	o.expire(idleSteps + b.Rows())
	ids := o.eval.lasting.lookup(b)
	o.grow()
	o.renew(b, ids)
	if o.op.Time == graph.OverProcessing {
		base := o.hold(b, nil, ids)
		o.due = o.due[:0]
		for r := base; r < int32(o.held.rows.Len); r++ {
			o.due = append(o.due, r)
		}
		err := o.emit(out)
		o.evict()
		return err
	}
	times, err := o.times.of(b, o.op.Order[0].Column)
	if err != nil {
		return err
	}
	o.kept, o.missed.rows = o.kept[:0], o.missed.rows[:0]
	o.ids = o.ids[:0]
	for i, g := range ids {
		r := b.Row(i)
		if t := times[r]; o.strict && t <= o.now || t <= o.last[g] {
			o.missed.rows = append(o.missed.rows, int32(r))
			continue
		} else if t < o.first {
			o.first = t
		}
		o.kept, o.ids = append(o.kept, int32(r)), append(o.ids, g)
	}
	if err := o.missed.drop(0, b, o.missed.rows, o.now); err != nil {
		return err
	}
	if len(o.kept) > 0 {
		o.hold(b, o.kept, o.ids)
	}
	o.evict()
	return nil
}

// hold keeps rows that wait.
func (o *overTime) hold(b *column.Batch, rows, ids []int32) int32 {
	base := o.held.add(b, rows)
	for _, g := range ids {
		o.owner, o.waits = append(o.owner, g), append(o.waits, true)
		o.waiting[g]++
	}
	return base
}

func (o *overTime) Watermark(t int64, out Output) error {
	if o.op.Time == graph.OverProcessing || !o.advance(t) || t < o.first {
		return nil
	}
	times := o.times.millis(o.held.rows.Cols[o.op.Order[0].Column])
	o.due, o.first = o.due[:0], math.MaxInt64
	for r, waits := range o.waits {
		switch {
		case !waits:
		case times[r] <= t:
			o.due = append(o.due, int32(r))
		default:
			o.first = min(o.first, times[r])
		}
	}
	slices.SortStableFunc(o.due, func(a, b int32) int { return cmp.Compare(times[a], times[b]) })
	err := o.emit(out)
	o.evict()
	return err
}

// emit computes the results of the rows in o.due, which stand in order, and emits them in it.
func (o *overTime) emit(out Output) error {
	if len(o.due) == 0 {
		return nil
	}
	// Rows by partition, behind those kept of it.
	at := map[int32]int{} // by partition: its part
	o.parts = o.parts[:0]
	var members [][]int32 // by part: positions in due
	for i, r := range o.due {
		g := o.owner[r]
		n, ok := at[g]
		if !ok {
			n = len(o.parts)
			at[g] = n
			o.parts, members = append(o.parts, overPart{group: g, so: &o.so[g]}), append(members, nil)
		}
		members[n] = append(members[n], int32(i))
	}
	o.order = slices.Grow(o.order[:0], len(o.due))[:len(o.due)] // by position in due: the row of work
	o.kept = o.kept[:0]
	for n := range o.parts {
		p := &o.parts[n]
		p.from = len(o.kept)
		o.kept = append(o.kept, o.context[p.group]...)
		p.first = len(o.kept)
		for _, i := range members[n] {
			o.order[i] = int32(len(o.kept))
			o.kept = append(o.kept, o.due[i])
		}
		p.to = len(o.kept)
	}
	o.ends = o.ends[:0]
	for n := range o.parts {
		o.ends = append(o.ends, o.parts[n].group)
	}
	o.eval.lasting.track.Touch(o.ends)
	o.track.Touch(o.ends)
	o.held.track.Touch(o.due)
	takeRows(o.work, o.held.rows, o.kept)
	if err := o.eval.run(o.work, o.parts); err != nil {
		return err
	}
	for from := 0; from < len(o.order); from += ChunkRows {
		part := o.order[from:min(from+ChunkRows, len(o.order))]
		o.out.Reset()
		for i, c := range o.work.Cols {
			o.out.Cols[i].Take(c, part)
		}
		for i, c := range o.eval.results {
			o.out.Cols[len(o.in)+i].Take(c, part)
		}
		o.out.Len = len(part)
		if err := out.Emit(o.out); err != nil {
			return err
		}
	}
	o.forget()
	return nil
}

// forget drops the rows that no frame reaches any more.
func (o *overTime) forget() {
	times := o.timesHeld()
	for n := range o.parts {
		p := &o.parts[n]
		list := o.kept[p.from:p.to]
		for _, r := range list {
			o.waits[r] = false
		}
		o.waiting[p.group] -= int32(p.to - p.first)
		if times != nil {
			o.last[p.group] = times[list[len(list)-1]]
		}
		keep := max(len(list)-o.rows, 0)
		if o.span >= 0 && times != nil {
			for keep > 0 && times[list[keep-1]] >= o.last[p.group]-o.span {
				keep--
			}
		}
		for _, r := range list[:keep] {
			o.held.drop(r)
		}
		o.context[p.group] = append(o.context[p.group][:0], list[keep:]...)
	}
	o.touched += len(o.kept)
	if o.touched > len(o.owner)+ChunkRows {
		o.touched = 0
		o.sweep()
	}
	if o.held.gone > o.held.rows.Len/2 && o.held.gone > ChunkRows/4 && !o.held.track.Busy() {
		o.renumber(o.held.compact())
	}
}

// timesHeld are the times of the rows held, nil if the order is that of arrival and has no times.
func (o *overTime) timesHeld() []int64 {
	v := o.held.rows.Cols[o.op.Order[0].Column]
	if !isTime(v.Type) || o.op.Time == graph.OverProcessing && o.span < 0 {
		return nil
	}
	return o.times.millis(v)
}

// sweep forgets partitions of which nothing is needed any more: only frames of some time end there.
func (o *overTime) sweep() {
	if o.keeps || o.rows > 0 {
		return
	}
	now := o.now
	if o.op.Time == graph.OverProcessing {
		now = o.idle.clock().UnixMilli()
	}
	groups := o.eval.lasting.groups
	for g := range o.last {
		// With it goes the time by which late rows are told, as in Flink.
		if groups.Alive(g) && o.waiting[g] == 0 && o.last[g]+max(o.span, 0) < now {
			o.end(int32(g))
		}
	}
}

// end forgets a partition of which no row waits.
func (o *overTime) end(g int32) {
	for _, r := range o.context[g] {
		o.held.drop(r)
	}
	o.context[g] = nil
	agg := o.eval.lasting
	agg.track.TouchRow(g)
	o.track.TouchRow(g)
	o.idle.track.TouchRow(g)
	agg.forgetArguments(g)
	agg.groups.Delete(int(g))
	o.idle.recent.Remove(g)
}

// renew notes that rows came for the partitions ids of b's live rows. One whose time is over gives way to a new one, and ids is changed accordingly.
func (o *overTime) renew(b *column.Batch, ids []int32) {
	if !o.idle.on() {
		return
	}
	agg, now := o.eval.lasting, o.idle.now()
	for i, g := range ids {
		alive := agg.groups.Alive(int(g))
		if alive && o.waiting[g] == 0 && o.idle.over(g, now) {
			o.end(g)
			alive = false
		}
		if !alive {
			o.one[0] = int32(b.Row(i))
			agg.groups.Lookup(agg.keysOf(b), o.one[:], 1, ids[i:i+1])
			o.grow()
			g = ids[i]
		}
		o.idle.touch(g, now)
	}
	o.idle.arm()
}

// expire forgets partitions whose time to live is over, so many at most. Of one of which rows wait the time begins anew, as in Flink.
func (o *overTime) expire(most int) {
	o.idle.expire(most, func(g int32) bool {
		if o.waiting[g] > 0 {
			return false
		}
		o.end(g)
		return true
	})
}

// evict forgets the partitions that are too many, but for those of which rows wait.
func (o *overTime) evict() {
	if o.idle.most == 0 {
		return
	}
	o.evicted(o.idle.evict(o.idle.now(), func(g int32) bool {
		if o.waiting[g] > 0 {
			return false
		}
		o.end(g)
		return true
	}))
}

// Timer forgets partitions whose time to live is over.
func (o *overTime) Timer(time.Time, Output) error {
	o.idle.armed = false
	o.expire(ChunkRows)
	if o.held.wasteful() {
		o.renumber(o.held.compact())
	}
	o.idle.arm()
	return nil
}

// renumber follows rows to their new numbers.
func (o *overTime) renumber(to []int32) {
	n := 0
	for r, now := range to {
		if now >= 0 {
			o.owner[now], o.waits[now] = o.owner[r], o.waits[r]
			n++
		}
	}
	o.owner, o.waits = o.owner[:n], o.waits[:n]
	for _, list := range o.context {
		for i, r := range list {
			list[i] = to[r]
		}
	}
}

// SizeBytes implements [Sizer].
func (o *overTime) SizeBytes() int {
	n := o.eval.lasting.sizeBytes() + o.held.sizeBytes() + cap(o.owner)*4 + cap(o.waits) + cap(o.last)*8 +
		o.idle.sizeBytes() + cap(o.waiting)*4 + cap(o.so)*int(unsafe.Sizeof(overSoFar{})) + cap(o.context)*24
	for _, rows := range o.context {
		n += cap(rows) * 4
	}
	return n
}
