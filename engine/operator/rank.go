package operator

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// rank keeps the rows of each partition in order and shows those at places From … To. What a row changes is emitted in the order of places. With a number,
// or an offset, each place at which another row stands now is updated: -U and +U from the first place to the last, then +I or -D at the end. Without,
// only what leaves (-D) and what enters (+I) is shown, in this order; of a single place the one is -U and the other +U.
//
// Of rows that are only ever inserted those behind To are forgotten. Where rows go, all are kept: one of them may move up. A row that goes is found by its
// sort keys and what it holds, or, in an upsert stream, by the unique key.
type rank struct {
	Base
	op     *graph.Rank
	schema []column.Field
	keyedRows
	order   []kernel.SortKey
	upserts bool
	keeps   bool // all rows are kept
	pairs   bool // a row that enters replaces the one that leaves
	shifts  bool // places are shown one by one
	quiet   bool // changes are not shown: results come at the end

	places  rowPlaces // by group: rows in order
	enters  []bool    // by live row: it comes, and may have a place
	hash    []uint64
	numbers *column.Vector
	gone    []int32
	touched []int32 // groups of which a row went
}

func newRank(op *graph.Rank, in, schema []column.Field) (Operator, error) {
	o := &rank{op: op, schema: schema, numbers: column.NewVector(column.Of(column.BigInt).Required(), 0)}
	if op.From < 1 {
		return nil, fmt.Errorf("the first place is %d, want at least 1", op.From)
	}
	width := len(in)
	if op.Number {
		width++
		o.numbers.Type = schema[len(schema)-1].Type
	}
	if len(schema) != width {
		return nil, fmt.Errorf("the output has %d columns, want %d", len(schema), width)
	}
	if op.ToColumn >= len(in) || op.ToColumn >= 0 && !in[op.ToColumn].Type.IsInteger() {
		return nil, fmt.Errorf("column %d is no number of rows", op.ToColumn)
	}
	for _, k := range op.Order {
		switch in[k.Column].Type.Layout() {
		case column.LayoutList, column.LayoutStruct:
			return nil, fmt.Errorf("column %s is of type %s, which has no order", in[k.Column].Name, in[k.Column].Type)
		}
		if !slices.Contains(op.Partition, k.Column) { // the same in all rows of a partition
			o.order = append(o.order, kernel.SortKey{Column: k.Column, Desc: k.Descending, NullsFirst: !k.NullsLast})
		}
	}
	o.keyedRows = newKeyedRows(in, op.Partition, nil)
	o.unlisted = true
	switch {
	case op.WindowEnd >= 0 && op.Updates:
		if op.Numbering != graph.RowNumber {
			return nil, fmt.Errorf("only ROW_NUMBER numbers the rows of a window of a stream")
		}
		return newWindowRank(o)
	case !op.Updates && op.Numbering != graph.RowNumber:
		return newTiedRank(o), nil
	case op.Numbering != graph.RowNumber:
		return nil, fmt.Errorf("only ROW_NUMBER numbers the rows of a stream")
	}
	changes := op.Side.Changes
	o.upserts = changes&graph.UpdateBefore == 0 && changes.Updates()
	o.quiet = !op.Updates
	o.keeps = op.Updates && changes != graph.InsertOnly
	o.shifts = op.Number || op.From > 1
	if o.places.least = 2; !o.keeps && op.ToColumn < 0 && op.To <= 4 {
		o.places.least = int(op.To) // most partitions will be full
	}
	o.pairs = op.From == 1 && op.To == 1 && op.ToColumn < 0 && (changes == graph.InsertOnly || o.upserts)
	if o.upserts {
		if len(op.Side.Unique) == 0 {
			return nil, fmt.Errorf("updates without their old rows need a unique key to find these by")
		}
		o.find, o.marks = op.Side.Unique, true
	}
	return o, nil
}

func (o *rank) Open(c *Context) error {
	o.moved = o.renumber
	keep := o.op.Side.Keep
	if o.quiet {
		keep.MaxKeys = -1 // the end of the input bounds it, or the watermark
	}
	if err := o.open(c, keep); err != nil {
		return err
	}
	o.index()
	o.trim()
	return nil
}

// index puts the rows of all groups in order; rows that are alike stand in the order in which they came.
func (o *rank) index() {
	o.places.reset()
	o.grow()
	for r := range int32(o.rows.Len()) {
		if o.rows.Alive(r) {
			g := o.rows.Owner(r)
			o.places.set(g, append(o.places.of(g), r))
		}
	}
	for g := range int32(o.places.len()) {
		o.arrange(o.places.of(g))
	}
}

// arrange puts rows of a partition, which stand in the order in which they came, in order.
func (o *rank) arrange(list []int32) {
	if o.op.Latest {
		slices.Reverse(list)
	}
	slices.SortStableFunc(list, func(a, b int32) int {
		c := o.compare(a, b)
		if c == 0 && o.upserts {
			c = cmp.Compare(o.rows.Marks[a], o.rows.Marks[b])
		}
		return c
	})
}

// mark gives a row that is about to be put into a list at a place its turn among those that are alike, which ascends with their places. It is what their
// order is known by in checkpoints, since a row that replaces one with the same sort keys keeps its place. Earlier versions wrote places, which ascend as well.
func (o *rank) mark(list []int32, at int, row int32) {
	before, behind := at > 0 && o.compare(list[at-1], row) == 0, at < len(list) && o.compare(list[at], row) == 0
	switch {
	case before && o.rows.Marks[list[at-1]] < math.MaxInt32:
		o.rows.Marks[row] = o.rows.Marks[list[at-1]] + 1
	case behind && !before && o.rows.Marks[list[at]] > math.MinInt32:
		o.rows.Marks[row] = o.rows.Marks[list[at]] - 1
	case before || behind: // there are no more numbers
		from, to := at, at
		for from > 0 && o.compare(list[from-1], row) == 0 {
			from--
		}
		for to < len(list) && o.compare(list[to], row) == 0 {
			to++
		}
		for i, r := range list[from:to] {
			o.rows.Touch(r)
			o.rows.Marks[r] = int32(i)
			if from+i >= at {
				o.rows.Marks[r]++
			}
		}
		o.rows.Marks[row] = int32(at - from)
	}
}

// renumber follows rows to their new numbers.
func (o *rank) renumber(to []int32) {
	for g := range int32(o.places.len()) {
		list := o.places.of(g)
		kept := list[:0]
		for _, row := range list {
			if to[row] >= 0 {
				kept = append(kept, to[row])
			}
		}
		o.places.set(g, kept)
	}
}

func (o *rank) grow() { o.places.grow(o.groups.Len()) }

// compare compares rows of the table by the sort keys.
func (o *rank) compare(a, b int32) int {
	for _, k := range o.order {
		v, _ := o.rows.Column(k.Column)
		if c := k.Compare(v, int(a), v, int(b)); c != 0 {
			return c
		}
	}
	return 0
}

// compareNew compares row r of columns with a row of the table.
func (o *rank) compareNew(cols []*column.Vector, r int, b int32) int {
	for _, k := range o.order {
		v, _ := o.rows.Column(k.Column)
		if c := k.Compare(cols[k.Column], r, v, int(b)); c != 0 {
			return c
		}
	}
	return 0
}

// last is the last place that counts for row r of b.
func (o *rank) last(b *column.Batch, r int) int {
	to := o.op.To
	if o.op.ToColumn >= 0 {
		v := b.Cols[o.op.ToColumn]
		if v.IsNull(r) {
			return 0
		}
		to = integerAt(v, r)
	}
	return int(max(min(to, math.MaxInt32), 0))
}

// integerAt reads a value of an integer column.
func integerAt(v *column.Vector, r int) int64 {
	if v.Dict != nil {
		return integerAt(v.Dict, int(column.Values[int32](v)[r]))
	}
	switch v.Type.Layout() {
	case column.LayoutInt8:
		return int64(column.Values[int8](v)[r])
	case column.LayoutInt16:
		return int64(column.Values[int16](v)[r])
	case column.LayoutInt32:
		return int64(column.Values[int32](v)[r])
	}
	return column.Values[int64](v)[r]
}

func (o *rank) Process(_ int, p Payload, out Output) error {
	b := p.(*column.Batch)
	if b.Rows() == 0 {
		return nil
	}
	if !o.keeps && !appended(b) {
		return fmt.Errorf("rows are taken back, although the input was said to be insert-only")
	}
	now := o.renew(share(b.Rows()))
	ids := o.lookup(b)
	o.grow()
	o.meet(ids, now)
	o.touched = append(o.touched, o.expired...)
	next := o.load(b, ids, now)
	for i, g := range ids {
		r := b.Row(i)
		adds := b.Kind(r).Adds()
		old := int32(state.None)
		if o.upserts {
			old = o.rows.Find(b.Cols, r, g, o.hash[i])
		}
		switch {
		case !adds:
			o.remove(b, r, g, old)
		case !o.enters[i]: // behind the last place
		default:
			row := next
			next++
			if old != state.None {
				o.replace(b, r, g, old, row)
			} else {
				o.insert(b, r, g, row)
			}
			if o.upserts && o.rows.Owner(row) == g {
				o.rows.Index(row, o.rows.Find(b.Cols, r, g, o.hash[i]), o.hash[i])
			}
		}
	}
	return o.settle(out)
}

// load appends the rows that come and may have a place, and notes in o.enters, by live row, which. It returns the number of the first one.
func (o *rank) load(b *column.Batch, ids []int32, now int64) int32 {
	o.enters = o.enters[:0]
	rows := o.list[:0]
	for i, g := range ids {
		r := b.Row(i)
		in := b.Kind(r).Adds()
		if in && !o.keeps {
			last := o.last(b, r)
			list := o.places.of(g)
			in = last > 0 && (len(list) < last || o.better(b.Cols, r, list[last-1]))
		}
		o.enters = append(o.enters, in)
		if in {
			rows = append(rows, int32(r))
		}
	}
	o.list = rows
	next := int32(o.rows.Len())
	if len(rows) > 0 {
		next = o.rows.Append(b.Cols, rows, len(rows), now)
	}
	if o.upserts {
		if cap(o.hash) < len(ids) {
			o.hash = make([]uint64, len(ids)+len(ids)/4)
		}
		o.rows.Hash(b.Cols, b.Sel, o.hash[:len(ids)])
	}
	return next
}

// better reports whether a new row stands before one of the table.
func (o *rank) better(cols []*column.Vector, r int, row int32) bool {
	c := o.compareNew(cols, r, row)
	return c < 0 || c == 0 && o.op.Latest
}

// position is the place, from 0, of a new row in a list: behind those that are alike, as a rule.
func (o *rank) position(list []int32, cols []*column.Vector, r int) int {
	lo, hi := 0, len(list)
	if hi > 0 && !o.better(cols, r, list[hi-1]) {
		return hi
	}
	for lo < hi {
		mid := (lo + hi) / 2
		if o.better(cols, r, list[mid]) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// insert gives a new row its place.
func (o *rank) insert(b *column.Batch, r int, g, row int32) {
	list, last := o.places.of(g), o.last(b, r)
	at := o.position(list, b.Cols, r)
	if at >= last && !o.keeps {
		return // earlier rows of the batch have taken the place
	}
	o.rows.Link(row, g)
	if o.upserts {
		o.mark(list, at, row)
	}
	list = slices.Insert(list, at, row)
	switch {
	case at >= last:
	case o.shifts:
		o.shift(at, min(len(list), last), list[at:], list[at+1:], len(list) <= last, false)
	case len(list) > last:
		o.swap(list[last], row)
	default:
		o.add(row, column.Insert, 0)
	}
	if !o.keeps && len(list) > last {
		o.gone = append(o.gone, list[last:]...)
		list = list[:last]
	}
	o.places.set(g, list)
}

// swap shows that a row leaves and another one enters.
func (o *rank) swap(leaves, enters int32) {
	if o.pairs {
		o.add(leaves, column.UpdateBefore, 0)
		o.add(enters, column.UpdateAfter, 0)
		return
	}
	o.add(leaves, column.Delete, 0)
	o.add(enters, column.Insert, 0)
}

// shift shows that at places from … to-1, counted from 0, rows of now stand where those of before stood. The last of them is new there if opens is set, and
// gone if closes is.
func (o *rank) shift(from, to int, now, before []int32, opens, closes bool) {
	for at := from; at < to; at++ {
		place := int64(at) + 1
		if place < o.op.From {
			continue
		}
		i := at - from
		switch {
		case at == to-1 && opens:
			o.add(now[i], column.Insert, place)
		case at == to-1 && closes:
			o.add(before[i], column.Delete, place)
		default:
			o.add(before[i], column.UpdateBefore, place)
			o.add(now[i], column.UpdateAfter, place)
		}
	}
}

// add notes a change.
func (o *rank) add(row int32, kind column.RowKind, place int64) {
	if o.quiet || kind == column.UpdateBefore && !o.op.UpdateBefore {
		return
	}
	o.out.add(row, kind)
	if o.op.Number {
		column.Append(o.numbers, max(place, o.op.From))
	}
}

// remove takes back row r of b, of which old is the row of the same unique key, if that is how it is found.
func (o *rank) remove(b *column.Batch, r int, g, old int32) {
	o.touched = append(o.touched, g)
	list := o.places.of(g)
	at := -1
	if o.upserts {
		if old != state.None {
			at = o.placeOf(list, old)
		}
	} else {
		at = o.search(list, b.Cols, r)
	}
	if at < 0 {
		return // it never came
	}
	row, last := list[at], o.last(b, r)
	rest := slices.Delete(slices.Clone(list), at, at+1)
	switch {
	case at >= last:
	case o.shifts:
		o.shift(at, min(len(list), last), rest[at:], list[at:], false, len(list) <= last)
	case len(list) > last:
		o.swap(row, list[last])
	default:
		o.add(row, column.Delete, 0)
	}
	o.places.set(g, rest)
	o.rows.Remove(row)
}

// replace puts a new row in the stead of the one of the same unique key.
func (o *rank) replace(b *column.Batch, r int, g, old, row int32) {
	list, last := o.places.of(g), o.last(b, r)
	from := o.placeOf(list, old)
	same := o.compareNew(b.Cols, r, old) == 0
	before := slices.Clone(list)
	list = slices.Delete(list, from, from+1)
	at := from // a row whose sort keys stay as they are keeps its place
	o.rows.Marks[row] = o.rows.Marks[old]
	if !same {
		at = o.position(list, b.Cols, r)
		o.rows.Marks[row] = 0
		o.mark(list, at, row)
	}
	list = slices.Insert(list, at, row)
	o.places.set(g, list)
	o.rows.Link(row, g)
	lo, hi := min(at, from), min(max(at, from)+1, last)
	switch {
	case lo >= last:
	case o.shifts:
		if !same || !o.rows.Same(old, b.Cols, r) {
			o.shift(lo, hi, list[lo:], before[lo:], false, false)
		}
	case at < last && from < last:
		o.add(old, column.UpdateBefore, 0)
		o.add(row, column.UpdateAfter, 0)
	case at < last:
		o.swap(before[last-1], row)
	default:
		o.swap(old, list[last-1])
	}
	o.rows.Remove(old)
}

// placeOf finds a row of the table.
func (o *rank) placeOf(list []int32, row int32) int {
	at := sort.Search(len(list), func(i int) bool { return o.compare(list[i], row) >= 0 })
	for ; at < len(list); at++ {
		if list[at] == row {
			return at
		}
	}
	return slices.Index(list, row)
}

// search finds the first row that holds what row r of columns does; -1: there is none.
func (o *rank) search(list []int32, cols []*column.Vector, r int) int {
	at := sort.Search(len(list), func(i int) bool { return o.compareNew(cols, r, list[i]) <= 0 })
	for ; at < len(list) && o.compareNew(cols, r, list[at]) == 0; at++ {
		if o.rows.Same(list[at], cols, r) {
			return at
		}
	}
	return -1
}

// settle emits the changes and lets go what has left.
func (o *rank) settle(out Output) error {
	var more []*column.Vector
	if o.op.Number {
		more = append(more, o.numbers)
	}
	err := o.out.emit(o.rows, out, more...)
	o.numbers.Reset()
	for _, row := range o.gone {
		if o.rows.Alive(row) {
			o.rows.Remove(row)
		}
	}
	o.gone = o.gone[:0]
	for _, g := range o.touched {
		o.forget(g)
	}
	o.touched = o.touched[:0]
	o.trim()
	o.arm()
	return err
}

// trim is evict with the places brought up to date.
func (o *rank) trim() {
	o.evict()
	for _, g := range o.expired {
		o.places.set(g, nil)
	}
}

// meet lets go what is over of the groups of a batch, where the table has not come so far yet. Their rows are in the order of places, not of time.
func (o *rank) meet(ids []int32, now int64) {
	o.expired = o.expired[:0]
	before := now - o.ttl + 1
	if o.ttl == 0 || !o.rows.Behind(before) {
		return
	}
	o.expired = append(o.expired, ids...)
	slices.Sort(o.expired)
	o.expired = slices.Compact(o.expired)
	for _, g := range o.expired {
		list := o.places.of(g)
		rest := slices.DeleteFunc(list, func(r int32) bool {
			over := o.rows.Since(r) < before
			if over {
				o.rows.Remove(r)
			}
			return over
		})
		o.places.set(g, rest)
	}
}

// renew is tidy with the places brought up to date.
func (o *rank) renew(limit int) int64 {
	live := o.rows.Live()
	now := o.tidy(limit)
	if o.rows.Live() != live {
		for _, g := range o.expired {
			list := o.places.of(g)
			o.places.set(g, slices.DeleteFunc(list, func(r int32) bool { return !o.rows.Alive(r) }))
		}
	}
	if o.sparse(now) {
		o.regroup()
		o.index()
	}
	return now
}

func (o *rank) Timer(time.Time, Output) error {
	o.armed = false
	o.renew(sweepStep)
	o.arm()
	return nil
}

// EndInput emits the rows of a bounded input, partition by partition.
func (o *rank) EndInput(_ int, out Output) error {
	if o.op.Updates {
		return nil
	}
	for g := range int32(o.places.len()) {
		if err := o.show(o.places.of(g), out, false); err != nil {
			return err
		}
	}
	return o.show(nil, out, true)
}

// show adds the rows of a partition that have a place to the output, and emits it when it is large or must be.
func (o *rank) show(list []int32, out Output, now bool) error {
	for i, row := range list {
		if place := int64(i) + 1; place >= o.op.From {
			o.out.add(row, column.Insert)
			if o.op.Number {
				column.Append(o.numbers, place)
			}
		}
	}
	if len(o.out.picks.Rows) < ChunkRows && !now {
		return nil
	}
	var more []*column.Vector
	if o.op.Number {
		more = append(more, o.numbers)
	}
	err := o.out.emit(o.rows, out, more...)
	o.numbers.Reset()
	return err
}

// SizeBytes implements [Sizer].
func (o *rank) SizeBytes() int {
	return o.keyedRows.sizeBytes() + o.places.sizeBytes()
}

func (o *rank) Snapshot(w *state.Writer) error {
	o.rows.Snapshot(w, "rows", o.number)
	return nil
}
