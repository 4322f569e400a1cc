package operator

import (
	"fmt"
	"math"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// boundedJoin is an inner join of streams of inserts of which rows can have matches only until a time; see [graph.JoinBound].
//
// Rows of a side stand in slabs, in the order in which they came. A slab is dropped as a whole once all of its rows are over, so that nothing is done for
// a single row that goes. What counts for that is the event time of the other side alone, on all of its channels: the watermark does not wait for those that
// are idle, and an operator behind an idle source goes on from where it was. Rows are found by their keys' hashes: a slab is run through for a batch of the other side, and gets an index only when
// that has happened a few times. Where one side brings a row now and then and the other millions in between, most of these are never indexed.
type boundedJoin struct {
	Base
	*match
	op  *graph.Join
	ctx *Context
	// gone is, by side, until when its rows are over: no row that has matches with them comes of the other side any more.
	gone    [2]int64
	behind  [2]bool // something that is over is still held
	shelves [2][]*shelf
	parts   int64 // the greatest number of a shelf
	free    [2][]*slab
	out     *joined

	hasher state.KeyHasher
	hash   []uint64
	over   []int64 // by row of the batch: until when it can have matches
	times  timeColumn
	sel    []int32
	none   []bool // the row's key equals nothing
	probe  []int32
	pairs  [2][]int32
}

// slab is some rows of a side.
type slab struct {
	cols  []*column.Vector
	hash  []uint64
	over  int64   // all rows are over then
	scans int     // how often it was run through
	heads []int32 // by hash: the newest row, one more; nil: there is no index
	next  []int32 // by row: the row before it of the same head, one more
	taken int     // rows that the index has
}

const (
	maxScans = 3
	// maxProbe bounds the rows of a batch for which a slab is run through.
	maxProbe = 256
)

func newBoundedJoin(op *graph.Join, m *match, schema []column.Field) (*boundedJoin, error) {
	for side, b := range op.Until {
		if b == nil {
			continue
		}
		if b.Column < 0 || b.Column >= len(m.in[side]) || !isTime(m.in[side][b.Column].Type) {
			return nil, fmt.Errorf("a join forgets rows by column %d of side %d, which is no TIMESTAMP", b.Column, side)
		}
	}
	if op.Type != graph.InnerJoin || op.Sides[0].Changes|op.Sides[1].Changes != graph.InsertOnly {
		return nil, fmt.Errorf("only inner joins of inserts can forget rows by their times")
	}
	return &boundedJoin{op: op, match: m, out: newJoined(m, schema), gone: [2]int64{math.MinInt64, math.MinInt64}}, nil
}

func (o *boundedJoin) Open(c *Context) error {
	o.ctx = c
	if err := o.match.open(c); err != nil {
		return err
	}
	return o.restore(c.Restore)
}

// rowFields are the columns of a side's table in a checkpoint.
func (o *boundedJoin) rowFields(side int) []column.Field {
	list := make([]column.Field, len(o.in[side]))
	for i, f := range o.in[side] {
		list[i] = column.Field{Name: fmt.Sprintf("column-%d", i), Type: f.Type}
	}
	return list
}

// SizeBytes implements [Sizer].
func (o *boundedJoin) SizeBytes() int {
	n := o.out.sizeBytes() + cap(o.hash)*8 + cap(o.over)*8 + (cap(o.sel)+cap(o.probe)+cap(o.pairs[0])+cap(o.pairs[1]))*4 + cap(o.none)
	for side := range o.shelves {
		for _, s := range o.free[side] {
			n += s.sizeBytes()
		}
		for _, f := range o.shelves[side] {
			n += f.track.SizeBytes()
			for _, s := range f.slabs {
				n += s.sizeBytes()
			}
		}
	}
	return n
}

func (o *boundedJoin) Process(side int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	o.prepare(side, b)
	for _, f := range o.shelves[1-side] {
		for _, s := range f.slabs {
			if s == nil {
				continue
			}
			if err := o.meet(side, b, s, out); err != nil {
				return err
			}
		}
	}
	o.store(side, b)
	return nil
}

// prepare hashes the keys of a batch and finds until when its rows can have matches.
func (o *boundedJoin) prepare(side int, b *column.Batch) {
	n := b.Rows()
	if cap(o.hash) < n {
		o.hash, o.over, o.none = make([]uint64, n+n/4), make([]int64, n+n/4), make([]bool, n+n/4)
	}
	o.hash, o.over, o.none = o.hash[:n], o.over[:n], o.none[:n]
	o.hasher.Hash(o.keysOf(side, b.Cols), b.Sel, o.hash)
	clear(o.none)
	o.noKey(side, b, func(i int) { o.none[i] = true })
	bound := o.op.Until[side]
	if bound == nil {
		for i := range o.over {
			o.over[i] = math.MaxInt64
		}
		return
	}
	v := b.Cols[bound.Column]
	if v.Dict != nil {
		o.times.flat.Reset()
		v.Decode(&o.times.flat)
		v = &o.times.flat
	}
	o.times.field = o.in[side][bound.Column]
	times := o.times.millis(v)
	for i := range o.over {
		r := b.Row(i)
		if o.over[i] = times[r] + bound.Delay; v.IsNull(r) { // no comparison with it is true
			o.over[i] = math.MinInt64
		}
	}
}

// meet joins a batch with a slab of the other side.
func (o *boundedJoin) meet(side int, b *column.Batch, s *slab, out Output) error {
	o.pairs[0], o.pairs[1] = o.pairs[0][:0], o.pairs[1][:0]
	o.out.from = bySide[rowSource](side, columns(b.Cols), columns(s.cols))
	if s.heads == nil && (len(o.hash) > maxProbe || s.scans >= maxScans) {
		s.index()
	}
	if s.heads == nil {
		s.scans++
		o.scan(side, b, s)
		return o.show(side, b, out)
	}
	s.extend()
	mask := uint64(len(s.heads) - 1)
	for i, h := range o.hash {
		if o.none[i] {
			continue
		}
		for r := s.heads[h&mask]; r != 0; r = s.next[r-1] {
			if s.hash[r-1] == h {
				o.pair(side, b, i, s, r-1)
			}
		}
		if len(o.pairs[0]) >= ChunkRows {
			if err := o.show(side, b, out); err != nil {
				return err
			}
		}
	}
	return o.show(side, b, out)
}

// scan runs through a slab and looks its rows up among those of the batch, of which there are few.
func (o *boundedJoin) scan(side int, b *column.Batch, s *slab) {
	size := 16
	for size < 4*len(o.hash) {
		size *= 2
	}
	mask := uint64(size - 1)
	o.probe = append(o.probe[:0], make([]int32, size)...)
	for i, h := range o.hash {
		if o.none[i] {
			continue
		}
		at := h & mask
		for o.probe[at] != 0 {
			at = (at + 1) & mask
		}
		o.probe[at] = int32(i) + 1
	}
	for r, h := range s.hash {
		for at := h & mask; o.probe[at] != 0; at = (at + 1) & mask {
			if i := int(o.probe[at]) - 1; o.hash[i] == h {
				o.pair(side, b, i, s, int32(r))
			}
		}
	}
}

// pair notes the pair of the batch's live row i and a row of a slab if their keys are equal.
func (o *boundedJoin) pair(side int, b *column.Batch, i int, s *slab, r int32) {
	own := b.Row(i)
	for k, c := range o.keys[side] {
		if !state.Same(b.Cols[c], own, s.cols[o.keys[1-side][k]], int(r)) {
			return
		}
	}
	o.pairs[0], o.pairs[1] = append(o.pairs[0], int32(own)), append(o.pairs[1], r)
}

// show emits those pairs for which the condition is true.
func (o *boundedJoin) show(side int, b *column.Batch, out Output) error {
	if len(o.pairs[0]) == 0 {
		return nil
	}
	if err := o.test(side, o.out.from, &o.pairs, nil); err != nil {
		return err
	}
	o.out.rows[side] = append(o.out.rows[side], o.pairs[0]...)
	o.out.rows[1-side] = append(o.out.rows[1-side], o.pairs[1]...)
	o.pairs[0], o.pairs[1] = o.pairs[0][:0], o.pairs[1][:0]
	return o.out.flush(out)
}

// store keeps the rows of a batch that later ones may match.
func (o *boundedJoin) store(side int, b *column.Batch) {
	o.sel = o.sel[:0]
	n := 0
	for i, over := range o.over {
		if over > o.gone[side] && !o.none[i] {
			o.sel = append(o.sel, int32(b.Row(i)))
			o.hash[n], o.over[n] = o.hash[i], over
			n++
		}
	}
	for from := 0; from < n; {
		list := o.shelves[side]
		if len(list) == 0 || list[len(list)-1].full() {
			list = append(list, o.newShelf(side, o.parts+1))
			o.shelves[side] = list
		}
		from += o.put(side, list[len(list)-1], b, from, n)
	}
}

// put moves some of what store has chosen to a shelf, and returns how many rows.
func (o *boundedJoin) put(side int, f *shelf, b *column.Batch, from, to int) int {
	s := f.last()
	if s == nil {
		s = o.newSlab(side)
		f.slabs = append(f.slabs, s)
	}
	to = min(to, from+slabRows-len(s.hash))
	for i, c := range s.cols {
		c.AppendRows(b.Cols[i], o.sel[from:to])
	}
	s.hash = append(s.hash, o.hash[from:to]...)
	for _, over := range o.over[from:to] {
		s.over = max(s.over, over)
	}
	f.rows += to - from
	return to - from
}

// newSlab returns an empty slab.
func (o *boundedJoin) newSlab(side int) *slab {
	s := &slab{}
	if free := o.free[side]; len(free) > 0 {
		s = free[len(free)-1]
		o.free[side] = free[:len(free)-1]
	} else {
		for _, t := range types(o.in[side]) {
			s.cols = append(s.cols, column.NewVector(t, 0))
		}
	}
	s.over = math.MinInt64
	return s
}

func (s *slab) sizeBytes() int {
	if s == nil {
		return 0
	}
	n := cap(s.hash)*8 + (cap(s.heads)+cap(s.next))*4
	for _, c := range s.cols {
		n += c.SizeBytes()
	}
	return n
}

// index makes an index; extend fills it.
func (s *slab) index() {
	size := 16
	for size < len(s.hash) {
		size *= 2
	}
	s.heads, s.taken = make([]int32, size), 0
}

// extend takes in the rows that came since the index was last used.
func (s *slab) extend() {
	if s.taken == len(s.hash) {
		return
	}
	if len(s.hash) > 2*len(s.heads) {
		s.index()
	}
	if cap(s.next) < len(s.hash) {
		s.next = append(make([]int32, 0, min(2*len(s.hash), slabRows)), s.next...)
	}
	s.next = s.next[:len(s.hash)]
	mask := uint64(len(s.heads) - 1)
	for r := s.taken; r < len(s.hash); r++ {
		head := &s.heads[s.hash[r]&mask]
		s.next[r], *head = *head, int32(r)+1
	}
	s.taken = len(s.hash)
}

// maxFree is how many slabs of a side are kept to be filled again.
const maxFree = 4

// Watermark drops the slabs that are over.
func (o *boundedJoin) Watermark(t int64, _ Output) error {
	for side := range o.shelves {
		reached := t
		if o.ctx.Reached != nil {
			reached = o.ctx.Reached(1 - side)
		}
		if reached > o.gone[side] || o.behind[side] {
			o.gone[side] = max(o.gone[side], reached)
			o.drop(side)
		}
	}
	return nil
}

// drop drops what is over of a side. What a checkpoint is still to copy stays until a later time: at its barrier it was not over.
func (o *boundedJoin) drop(side int) {
	o.behind[side] = false
	kept := o.shelves[side][:0]
	for _, f := range o.shelves[side] {
		if f.track.Busy() {
			kept, o.behind[side] = append(kept, f), true
			continue
		}
		held := false
		for i, s := range f.slabs {
			if s == nil || s.over > o.gone[side] {
				held = held || s != nil
				continue
			}
			if f.slabs[i] = nil; len(o.free[side]) < maxFree {
				for _, c := range s.cols {
					c.Reset()
				}
				*s = slab{cols: s.cols, hash: s.hash[:0]}
				o.free[side] = append(o.free[side], s)
			}
		}
		if f.fill(); held {
			kept = append(kept, f)
		}
	}
	clear(o.shelves[side][len(kept):])
	o.shelves[side] = kept
}
