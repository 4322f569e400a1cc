package operator

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// windowRank keeps the first rows of each partition of a window, emits them when the watermark completes the window, and forgets the partition.
// Windows are emitted in the order of their ends, each one's partitions in the order in which they came.
type windowRank struct {
	*rank
	progress
	w      windowing
	missed missedRows
	ends   timeColumn

	members map[int64][]int32 // by window end: the partitions
	heap    endHeap           // of window ends
	known   int               // groups that are members
	cut     column.Batch
	kept    []int32
}

func newWindowRank(o *rank) (*windowRank, error) {
	if o.op.Side.Changes != graph.InsertOnly {
		return nil, fmt.Errorf("the rows of a window of a stream cannot be taken back")
	}
	if o.op.WindowEnd >= len(o.in) || !isTime(o.in[o.op.WindowEnd].Type) || !slices.Contains(o.op.Partition, o.op.WindowEnd) {
		return nil, fmt.Errorf("column %d is no window end by which rows are partitioned", o.op.WindowEnd)
	}
	o.quiet = true
	w := windowing{Window: graph.Window{Zoned: o.op.Zoned}, zone: newLocalTime(nil)}
	return &windowRank{rank: o, w: w, ends: timeColumn{field: o.in[o.op.WindowEnd]}}, nil
}

func (o *windowRank) Open(c *Context) error {
	o.missed.open(c)
	o.progress.open(c)
	if err := o.w.open(c); err != nil {
		return err
	}
	if err := o.rank.Open(c); err != nil {
		return err
	}
	o.ttl = 0 // the watermark ends what is held
	o.enroll(true)
	return nil
}

// enroll notes the windows of new partitions, or of all.
func (o *windowRank) enroll(all bool) {
	if all {
		o.members, o.heap, o.known = map[int64][]int32{}, o.heap[:0], 0
	}
	groups := o.rank.groups
	if o.known == groups.Len() {
		return
	}
	ends := o.ends.millis(groups.Keys()[slices.Index(o.op.Partition, o.op.WindowEnd)])
	for ; o.known < groups.Len(); o.known++ {
		if !groups.Alive(o.known) {
			continue
		}
		end := ends[o.known]
		list := o.members[end]
		if list == nil {
			o.heap.push(timedSlot{end: end})
		}
		o.members[end] = append(list, int32(o.known))
	}
}

func (o *windowRank) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	ends, err := o.ends.of(b, o.op.WindowEnd)
	if err != nil {
		return err
	}
	o.kept, o.missed.rows = o.kept[:0], o.missed.rows[:0]
	last, late := int64(math.MinInt64), false
	for i := range b.Rows() {
		r := b.Row(i)
		if ends[r] != last {
			last = ends[r]
			late = o.w.due(last) <= o.now
		}
		if late {
			o.missed.rows = append(o.missed.rows, int32(r))
		} else {
			o.kept = append(o.kept, int32(r))
		}
	}
	if len(o.missed.rows) > 0 {
		if err := o.missed.drop(0, b, o.missed.rows, o.now); err != nil {
			return err
		}
		if len(o.kept) == 0 {
			return nil
		}
		o.cut = column.Batch{Len: b.Len, Cols: b.Cols, Sel: o.kept, Kinds: b.Kinds}
		b = &o.cut
	}
	o.thin() // ahead of what would do so without the windows' lists
	if err := o.rank.Process(0, b, out); err != nil {
		return err
	}
	o.enroll(false)
	return nil
}

func (o *windowRank) Watermark(t int64, out Output) error {
	if !o.advance(t) {
		return nil
	}
	fired := false
	for len(o.heap) > 0 && o.w.due(o.heap[0].end) <= t {
		end := o.heap.pop().end
		fired = true
		for _, g := range o.members[end] {
			if err := o.show(o.places.of(g), out, false); err != nil {
				return err
			}
		}
		if err := o.show(nil, out, true); err != nil {
			return err
		}
		for _, g := range o.members[end] {
			for _, row := range o.places.of(g) {
				o.rows.Remove(row)
			}
			o.places.set(g, nil)
			o.forget(g)
		}
		delete(o.members, end)
	}
	if fired {
		o.thin()
	}
	return nil
}

// thin gives partitions new numbers if most are gone. While a checkpoint is being copied that waits, maybe for the next batch.
func (o *windowRank) thin() {
	if o.sparse(0) {
		o.regroup()
		o.index()
		o.enroll(true)
	}
}

// EndInput implements [Operator]: the watermark of the end of time has emitted everything.
func (o *windowRank) EndInput(int, Output) error { return nil }

func (o *windowRank) Timer(time.Time, Output) error { return nil }

// SizeBytes implements [Sizer].
func (o *windowRank) SizeBytes() int {
	n := o.rank.SizeBytes() + o.heap.sizeBytes()
	for _, m := range o.members {
		n += 40 + cap(m)*4
	}
	return n
}

func (o *windowRank) Snapshot(w *state.Writer) error {
	o.progress.snapshot(w)
	return o.rank.Snapshot(w)
}
