package operator

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph"
	"github.com/millstream/millstream/state"
)

// temporalJoin joins each left row with the version of the right row of its key that was valid at the left row's time. Both sides wait for the
// watermark: then no version can come any more that would be valid instead. A version is valid from its time on, until the next one or until a
// delete; of versions of the same time the last to come counts. Versions before the one that is valid at the watermark are forgotten.
//
// A key for which no row came for table.exec.state.ttl, on either side, is forgotten with all its rows, as in Flink: also those that wait.
type temporalJoin struct {
	Base
	*match
	progress
	op     *graph.TemporalJoin
	ctx    *Context
	groups *state.Groups
	idle   idleGroups
	left   timedRows // Marks: the row's kind, and noKey
	right  timedRows // Marks: the version's kind
	due    state.Queue
	turns  state.Queue // groups by the times of their versions: something to forget
	out    *joined

	ids      []int32
	touched  []int32 // groups of the batch's rows
	sel      []int32
	rows     []int32  // left rows that are due, in the order of their arrival
	byGroup  []uint64 // their groups and positions
	versions []int32
	pairs    [2][]int32
	found    []int32 // by due row, its version
}

// noKey is the mark of a left row whose key equals nothing.
const noKey = 1 << 4

func newTemporalJoin(op *graph.TemporalJoin, in [][]column.Field, schema []column.Field) (Operator, error) {
	m, err := newMatch(&op.Match, in, schema)
	if err != nil {
		return nil, err
	}
	if op.Type != graph.InnerJoin && op.Type != graph.LeftJoin {
		return nil, fmt.Errorf("a temporal join of kind %s, want Inner or Left", op.Type)
	}
	groups := state.NewGroups(m.keyTypes())
	if op.LeftTime < 0 {
		return &latestJoin{match: m, op: op, groups: groups, out: newJoined(m, schema)}, nil
	}
	if !isTime(in[0][op.LeftTime].Type) || op.RightTime < 0 || !isTime(in[1][op.RightTime].Type) {
		return nil, fmt.Errorf("a temporal join by columns that are no TIMESTAMP")
	}
	o := &temporalJoin{op: op, match: m, groups: groups, out: newJoined(m, schema)}
	o.left = newTimedRows(groups, in[0], op.LeftKeys, op.LeftTime, true)
	o.right = newTimedRows(groups, in[1], op.RightKeys, op.RightTime, true)
	return o, nil
}

func (o *temporalJoin) Open(c *Context) error {
	o.ctx = c
	o.progress.open(c)
	o.idle.open(c, timeToLive(c, 0), maxKeys(c, 0))
	if err := o.match.open(c); err != nil {
		return err
	}
	if err := o.left.Restore(c.Restore, sideTables[0]); err != nil {
		return err
	}
	if err := o.right.Restore(c.Restore, sideTables[1]); err != nil {
		return err
	}
	for r, t := range o.left.times()[:o.left.Len()] {
		o.due.Push(t, int32(r))
	}
	for r, t := range o.right.times()[:o.right.Len()] {
		o.turns.Push(t, o.right.Owner(int32(r)))
	}
	if err := o.idle.restore(c.Restore, o.groups); err != nil {
		return err
	}
	o.evict()
	o.idle.arm()
	return nil
}

func (o *temporalJoin) Snapshot(w *state.Writer) error {
	o.left.Snapshot(w, sideTables[0], o.ctx.MaxParallelism)
	o.right.Snapshot(w, sideTables[1], o.ctx.MaxParallelism)
	o.progress.snapshot(w)
	keys := make([]column.Field, len(o.op.LeftKeys))
	for i, t := range o.keyTypes() {
		keys[i] = column.Field{Name: o.in[0][o.op.LeftKeys[i]].Name, Type: t}
	}
	o.idle.snapshot(w, o.groups, keys, o.ctx.MaxParallelism)
	return nil
}

// SizeBytes implements [Sizer].
func (o *temporalJoin) SizeBytes() int {
	return o.groups.SizeBytes() + o.left.sizeBytes() + o.right.sizeBytes() + o.due.SizeBytes() + o.turns.SizeBytes() + o.idle.sizeBytes() + o.out.sizeBytes()
}

func (o *temporalJoin) Process(side int, p Payload, _ Output) error {
	b := p.(*column.Batch)
	n := b.Rows()
	if n == 0 {
		return nil
	}
	o.expire(idleSteps + n)
	o.tidy()
	if cap(o.ids) < n {
		o.ids = make([]int32, n+n/4)
	}
	ids := o.ids[:n]
	o.groups.Lookup(o.keysOf(side, b.Cols), b.Sel, n, ids)
	o.renew(ids)
	o.touched = append(o.touched[:0], ids...)
	if side == 0 {
		o.wait(b, ids)
	} else {
		o.learn(b, ids)
	}
	if len(o.sel) < n { // not all were kept
		for _, g := range o.touched {
			o.forget(g)
		}
	}
	o.evict()
	return nil
}

// wait keeps left rows until they are due. What is neither joined nor kept without a match is dropped at once.
func (o *temporalJoin) wait(b *column.Batch, ids []int32) {
	keyless := o.versions[:0] // positions
	o.noKey(0, b, func(i int) { keyless = append(keyless, int32(i)) })
	o.versions = keyless
	slices.Sort(keyless)
	times := o.left.read(b, 0)
	o.sel = o.sel[:0]
	marks := o.found[:0]
	at := 0
	for i, g := range ids {
		r := b.Row(i)
		mark := int32(b.Kind(r))
		for at < len(keyless) && int(keyless[at]) <= i {
			if int(keyless[at]) == i {
				mark |= noKey
			}
			at++
		}
		switch {
		case o.left.untimed(b, r):
			o.ctx.Counters.Skipped.Add(1)
		case mark&noKey == 0 || o.op.Type == graph.LeftJoin:
			o.sel = append(o.sel, int32(r))
			marks = append(marks, mark)
			ids[len(o.sel)-1] = g
		}
	}
	o.found = marks
	if len(o.sel) == 0 {
		return
	}
	first := o.left.append(b, o.sel)
	for i, r := range o.sel {
		to := first + int32(i)
		o.left.Link(to, ids[i])
		o.left.Marks[to] = marks[i]
		o.due.Push(times[r], to)
	}
}

// learn takes in versions. The old row of an update says nothing: the version that it was ends with the new one.
func (o *temporalJoin) learn(b *column.Batch, ids []int32) {
	o.noKey(1, b, func(i int) { ids[i] = state.None })
	times := o.right.read(b, 0)
	o.sel = o.sel[:0]
	for i, g := range ids {
		r := b.Row(i)
		kind := b.Kind(r)
		if g < 0 || kind == column.UpdateBefore {
			continue
		}
		if o.right.untimed(b, r) {
			if kind != column.Delete { // of an upsert stream a delete may hold the key alone: it counts from now on
				o.ctx.Counters.Skipped.Add(1)
				continue
			}
			times[r] = o.now
		}
		ids[len(o.sel)] = g
		o.sel = append(o.sel, int32(r))
	}
	if len(o.sel) == 0 {
		return
	}
	first := o.right.append(b, o.sel)
	for i, r := range o.sel {
		to := first + int32(i)
		o.right.Link(to, ids[i])
		o.right.Marks[to] = int32(b.Kind(int(r)))
		o.turns.Push(times[r], ids[i])
	}
}

func (o *temporalJoin) Watermark(t int64, out Output) error {
	if !o.advance(t) {
		return nil
	}
	o.tidy()
	o.rows, o.byGroup = o.rows[:0], o.byGroup[:0]
	now := o.idle.now()
	for o.due.Len() > 0 && o.due.First() <= t {
		_, r := o.due.Pop()
		switch {
		case !o.left.Alive(r): // its key was forgotten
		case o.idle.over(o.left.Owner(r), now):
			g := o.left.Owner(r)
			o.empty(g)
			o.forget(g)
		default:
			o.rows = append(o.rows, r)
		}
	}
	if len(o.rows) > 0 {
		slices.Sort(o.rows)
		o.seek()
		if err := o.emit(out); err != nil {
			return err
		}
		for _, r := range o.rows {
			o.left.Remove(r)
			g := o.left.Owner(r)
			if o.idle.on() && o.groups.Alive(int(g)) { // it was of use, as in Flink
				o.idle.touch(g, now)
			}
			o.forget(g)
		}
	}
	for last := int32(state.None); o.turns.Len() > 0 && o.turns.First() <= t; {
		if _, g := o.turns.Pop(); g != last && o.groups.Alive(int(g)) {
			o.drop(g, t)
			last = g
		}
	}
	o.evict()
	return nil
}

// seek finds the version of each due row, key by key.
func (o *temporalJoin) seek() {
	if cap(o.found) < len(o.rows) {
		o.found = make([]int32, len(o.rows)+len(o.rows)/4)
	}
	o.found = o.found[:len(o.rows)]
	for i, r := range o.rows {
		o.byGroup = append(o.byGroup, uint64(o.left.Owner(r))<<32|uint64(i))
	}
	slices.Sort(o.byGroup)
	group := int32(state.None)
	left, right := o.left.times(), o.right.times()
	for _, w := range o.byGroup {
		i, g := int32(uint32(w)), int32(w>>32)
		if g != group {
			group = g
			o.versions = o.sorted(g)
		}
		r := o.rows[i]
		o.found[i] = column.Missing
		if o.left.Marks[r]&noKey != 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(o.versions, left[r], func(v int32, t int64) int { return cmp.Compare(right[v], t+1) })
		if at > 0 && o.right.Marks[o.versions[at-1]] != int32(column.Delete) {
			o.found[i] = o.versions[at-1]
		}
	}
}

// sorted are the versions of a key, by time; of the same time by their arrival.
func (o *temporalJoin) sorted(g int32) []int32 {
	list := o.right.AppendGroup(g, o.versions[:0])
	times := o.right.times()
	byTime := func(a, b int32) int { return cmp.Compare(times[a], times[b]) }
	if !slices.IsSortedFunc(list, byTime) {
		slices.SortStableFunc(list, byTime)
	}
	return list
}

// emit emits the due rows with the versions that were found.
func (o *temporalJoin) emit(out Output) error {
	o.out.from = [2]rowSource{o.left, o.right}
	rows := bySide(0, o.pairs[0][:0], o.pairs[1][:0])
	if o.cond != nil { // a version for which the condition is not true is none
		for i, v := range o.found {
			if v >= 0 {
				rows[0], rows[1] = append(rows[0], o.rows[i]), append(rows[1], v)
			}
		}
		o.pairs = rows
		kept, err := o.filter(o.out.from, rows)
		if err != nil {
			return err
		}
		k := int32(0)
		for i, v := range o.found {
			if v < 0 {
				continue
			}
			if len(kept) > 0 && kept[0] == k {
				kept = kept[1:]
			} else {
				o.found[i] = column.Missing
			}
			k++
		}
	}
	plain := true
	for i, v := range o.found {
		if v < 0 && o.op.Type == graph.InnerJoin {
			continue
		}
		kind := column.RowKind(o.left.Marks[o.rows[i]] &^ noKey)
		plain = plain && kind == column.Insert
		o.out.add(o.rows[i], v, kind)
	}
	if plain {
		o.out.kinds = o.out.kinds[:0]
	}
	return o.out.flush(out)
}

// drop forgets the versions of a key that ended before a time. A delete that is the last of them is no better than nothing.
func (o *temporalJoin) drop(g int32, t int64) {
	o.versions = o.sorted(g)
	times := o.right.times()
	for i, v := range o.versions {
		if times[v] > t {
			break
		}
		next := i + 1
		if next < len(o.versions) && times[o.versions[next]] <= t || o.right.Marks[v] == int32(column.Delete) {
			o.right.Remove(v)
		}
	}
	o.forget(g)
}

// forget deletes a group without rows.
func (o *temporalJoin) forget(g int32) {
	if o.left.Count(g)+o.right.Count(g) == 0 && o.groups.Alive(int(g)) {
		o.idle.track.TouchRow(g)
		o.groups.Delete(int(g))
		o.idle.recent.Remove(g)
	}
}

// renew notes that rows came for groups. Those that were over begin anew.
func (o *temporalJoin) renew(ids []int32) {
	if !o.idle.on() {
		return
	}
	now := o.idle.now()
	for _, g := range ids {
		if o.idle.over(g, now) {
			o.empty(g)
		}
		o.idle.touch(g, now)
	}
	o.idle.arm()
}

// expire forgets groups whose time to live is over, so many at most.
func (o *temporalJoin) expire(most int) {
	o.idle.expire(most, func(g int32) bool {
		o.empty(g)
		o.forget(g)
		return true
	})
}

// evict forgets the keys that are too many, but for those of which left rows wait: the watermark says how many these are.
func (o *temporalJoin) evict() {
	o.ctx.evicted(o.idle.evict(o.idle.now(), func(g int32) bool {
		if o.left.Count(g) > 0 {
			return false
		}
		o.empty(g)
		o.forget(g)
		return true
	}))
}

// empty removes all rows of a group.
func (o *temporalJoin) empty(g int32) {
	for _, t := range []timedRows{o.left, o.right} {
		o.versions = t.AppendGroup(g, o.versions[:0])
		for _, r := range o.versions {
			t.Remove(r)
		}
	}
}

// Timer forgets groups whose time to live is over.
func (o *temporalJoin) Timer(time.Time, Output) error {
	o.idle.armed = false
	o.expire(ChunkRows)
	o.tidy()
	o.idle.arm()
	return nil
}

// tidy drops what is dead if it is much.
func (o *temporalJoin) tidy() {
	if o.left.Wasteful() {
		o.due.Renumber(o.left.Compact())
	}
	if o.right.Wasteful() {
		o.right.Compact()
	}
	if o.groups.Len() > 2*o.groups.Live()+ChunkRows && !o.left.Busy() && !o.right.Busy() && !o.idle.track.Busy() {
		o.idle.track.Compact()
		rows, moved := state.Regroup(o.groups, o.left.Rows, o.right.Rows)
		o.due.Renumber(rows[0])
		o.turns.Renumber(moved)
		o.idle.renumber(moved)
	}
}
