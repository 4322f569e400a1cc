package state

import (
	"math/bits"
	"reflect"
	"slices"
	"sync"

	"github.com/millstream/millstream/column"
)

// Tracked is a table with rows of numbers 0 … Len()-1, which hold until it is compacted.
type Tracked interface {
	Len() int
	// Alive reports whether row r counts. One that does not any more never will again.
	Alive(r int32) bool
	// CopyRows appends living rows to a batch without borrowing, and their key groups to a list.
	CopyRows(rows []int32, to *column.Batch, groups []int32) []int32
}

// Tracker follows the rows of a table that change, so that a checkpoint writes these alone, and lets the table change on while a checkpoint is copied: rows
// are copied little by little, and one that is about to change before its turn. Its zero value follows nothing and costs nothing until the first
// checkpoint.
//
// The owner says, before it changes or deletes rows, which, by Touch; new rows need no word. It calls Compact before it renumbers the table, and not while
// Busy. One task uses it.
type Tracker struct {
	table  Tracked
	on     bool
	ids    rowIDs
	base   []Span
	deltas []Span
	stored int64 // ids below are in the base
	number int64 // of the span written last
	credit int   // rows that changed and were not yet paid for by writing others anew

	dirty   marks           // changed since the last checkpoint
	pending marks           // changed before that, which is not known to be stored
	since   [topLevel]marks // by level-1: changed since the last delta of the level or a higher one, as of the last stored checkpoint

	plan    plan
	copying bool
	todo    column.Bitmap // rows left to copy
	left    int           // how many those are
	cursor  int           // word of todo
	seen    int           // row number behind the last stored one, as of the freeze
	layers  *Layers
	picked  []int32
	one     [1]int32
	schema  []column.Field // of what the base holds; nil: it is not known
	spare   *sync.Pool     // memory for chunks
	limits  *layering      // nil: the usual ones
}

func (t *Tracker) sizes() *layering {
	if t.limits == nil {
		return &usual
	}
	return t.limits
}

// plan is what becomes of the layers once a checkpoint is stored.
type plan struct {
	checkpoint int64 // 0: none
	base       []Span
	deltas     []Span
	stored     int64
	level      int
	credit     int
	full       bool
}

// Touch says that rows are about to change, or to be deleted.
func (t *Tracker) Touch(rows []int32) {
	if !t.on {
		return
	}
	if t.copying {
		t.rescue(rows)
	}
	t.dirty.bits = t.dirty.bits.Grow(t.table.Len())
	b := t.dirty.bits
	for _, r := range rows {
		b[r>>6] |= 1 << (r & 63)
	}
}

// TouchRow is Touch for one row.
func (t *Tracker) TouchRow(r int32) {
	if !t.on {
		return
	}
	if t.copying {
		t.one[0] = r
		t.rescue(t.one[:])
	}
	t.dirty.bits = t.dirty.bits.Grow(t.table.Len())
	t.dirty.bits.Set(int(r))
}

// On reports whether changes are followed.
func (t *Tracker) On() bool { return t.on }

// Busy reports whether a checkpoint is being copied, so that rows must keep their numbers.
func (t *Tracker) Busy() bool { return t.copying }

// rescueRows is how many rows a rescue copies together with those that it must.
const rescueRows = 1 << 15

// rescue copies those of rows whose turn has not come. Their neighbours of the same word come with them, as long as that are not too many: they stand in the same
// lines of the cache, and will soon be asked for, too, where so much changes.
func (t *Tracker) rescue(rows []int32) {
	list := t.picked[:0]
	for _, r := range rows {
		w := int(r) >> 6
		if w >= len(t.todo) || !t.todo.Get(int(r)) {
			continue
		}
		if len(list) < rescueRows {
			list = t.pickWord(list, w)
			continue
		}
		t.todo.Clear(int(r))
		list = append(list, r)
	}
	t.picked = list
	t.take(list)
}

// pickWord appends the rows that are left to copy in a word of todo.
func (t *Tracker) pickWord(list []int32, w int) []int32 {
	for word := t.todo[w]; word != 0; word &= word - 1 {
		list = append(list, int32(w<<6+bits.TrailingZeros64(word)))
	}
	t.todo[w] = 0
	return list
}

// take copies rows for the checkpoint.
func (t *Tracker) take(rows []int32) {
	alive := rows[:0]
	for _, r := range rows {
		switch {
		case t.table.Alive(r):
			alive = append(alive, r)
		case int(r) < t.seen:
			t.layers.Gone = append(t.layers.Gone, t.ids.at(int(r)))
		}
	}
	if len(alive) == 0 {
		return
	}
	last := len(t.layers.Chunks) - 1
	if last < 0 || t.layers.Chunks[last].Rows.Len >= t.sizes().chunk {
		n := max(min(t.left, t.sizes().chunk+t.sizes().chunk/4), len(alive)) // a chunk ends behind the step that fills it
		t.layers.Chunks = append(t.layers.Chunks, newChunk(t.spare, t.schema, n))
		last++
	}
	t.left = max(0, t.left-len(alive))
	t.layers.Chunks[last].take(t.table, alive, &t.ids)
}

// copySome copies about so many rows, and reports whether all are copied.
func (t *Tracker) copySome(limit int) bool {
	list := t.picked[:0]
	for t.cursor < len(t.todo) && len(list) < limit {
		list = t.pickWord(list, t.cursor)
		t.cursor++
	}
	t.picked = list
	t.take(list)
	if t.cursor == len(t.todo) {
		t.copying = false
	}
	return !t.copying
}

// finish copies the rest at once.
func (t *Tracker) finish() {
	for t.copying {
		t.copySome(4096)
	}
}

// freeze begins a checkpoint of columns with a schema: what changes from now on is no part of it. stored is the checkpoint that was stored last; full
// asks for all rows.
func (t *Tracker) freeze(checkpoint, stored int64, full bool, schema []column.Field) {
	t.on = true
	t.settle(stored)
	n, whole := t.table.Len(), full
	if t.schema != nil && !reflect.DeepEqual(t.schema, schema) {
		full = true // a changed job was restored
	}
	if t.spare == nil || !reflect.DeepEqual(t.schema, schema) {
		t.spare = chunksFor("copy ", schema)
	}
	t.schema = schema
	t.seen = t.ids.row(t.stored)
	if len(t.deltas) >= t.sizes().deltas {
		full = true
	}
	p := plan{checkpoint: checkpoint, stored: t.ids.at(n), full: full}
	t.todo = t.todo.Grow(n)[:(n+63)>>6] // nothing is set: what was is copied
	gone := []int64(nil)
	changed := 0
	if !full {
		p.level = t.level()
		changed = t.union(p.level, &gone)
	}
	next := t.number
	number := func() int64 { next++; return next }
	rows := func(s Span) int { return t.ids.row(s.To) - t.ids.row(s.From) }
	hot := t.hot(&changed)
	delta := number()
	if changed+len(gone) > 0 {
		p.deltas = []Span{{Number: delta, To: t.stored, Level: p.level, New: true}}
	}
	chosen, credit := t.sizes().stale(t.base, rows, t.credit+changed+len(gone), hot)
	if full {
		for i := range chosen {
			chosen[i] = true
		}
	}
	p.credit = credit
	p.base = t.sizes().divide(t.base, chosen, t.stored, p.stored, number, t.ids.row, t.ids.at)
	t.left = changed
	for _, s := range p.base {
		if s.New {
			from, to := t.ids.row(s.From), t.ids.row(s.To)
			t.todo.SetRange(from, to)
			t.left += to - from
		}
	}
	if !full {
		var kept []Span
		for _, d := range t.deltas {
			if d.Level >= p.level {
				kept = append(kept, d)
			}
		}
		p.deltas = covering(append(kept, p.deltas...), p.base)
		for i := range p.deltas {
			p.deltas[i].New = p.deltas[i].Number > t.number
		}
	}
	t.number = next
	t.plan = p
	t.pending, t.dirty = t.dirty, t.pending // which settle has cleared
	t.layers = &Layers{Base: p.base, Deltas: p.deltas, Gone: gone, whole: whole}
	t.cursor, t.copying = 0, true
}

// level is that of the next delta.
func (t *Tracker) level() int {
	level := 0
	for ; level < topLevel; level++ {
		n := 0
		for _, d := range t.deltas {
			if d.Level == level {
				n++
			}
		}
		if n < t.sizes().fan {
			break
		}
	}
	return level
}

// union marks what a delta of a level is about, and returns how many rows that are.
func (t *Tracker) union(level int, gone *[]int64) int {
	*gone = append(*gone, t.dirty.gone...)
	n := orCount(t.todo, t.dirty.bits, t.seen)
	if level > 0 {
		more := &t.since[level-1]
		*gone = append(*gone, more.gone...)
		n = orCount(t.todo, more.bits, t.seen)
	}
	return n
}

// hot chooses the spans of which at least half of the rows are to be copied as changed: all of such a span costs less than these rows and as many elsewhere to
// pay for them. It takes the rows off those that changed.
func (t *Tracker) hot(changed *int) []bool {
	chosen := make([]bool, len(t.base))
	if *changed == 0 {
		return chosen
	}
	for i, s := range t.base {
		from, to := t.ids.row(s.From), t.ids.row(s.To)
		if n := countRange(t.todo, from, to); n > 0 && 2*n >= to-from {
			chosen[i] = true
			*changed -= n
		}
	}
	return chosen
}

// settle takes the last checkpoint for stored or for lost.
func (t *Tracker) settle(stored int64) {
	p := &t.plan
	if p.checkpoint == 0 {
		return
	}
	if t.copying { // it was given up
		t.copying, t.layers = false, nil
		clear(t.todo)
	}
	if p.checkpoint != stored {
		t.pending.moveTo(&t.dirty, nil)
	} else {
		for i := range p.level {
			t.since[i].clear()
		}
		switch p.level {
		case 0:
			t.pending.moveTo(&t.since[0], &t.since[1])
		case 1:
			t.pending.moveTo(&t.since[1], nil)
		default:
			t.pending.clear()
		}
		for i := p.level; i < topLevel; i++ {
			for _, s := range p.base {
				if s.New {
					t.since[i].drop(t.ids.row(s.From), t.ids.row(s.To), s.From, s.To)
				}
			}
		}
		t.base, t.deltas, t.stored, t.credit = p.base, p.deltas, p.stored, p.credit
	}
	t.plan = plan{}
}

// Compact is called before the table drops the rows that are not alive and numbers the others anew, in their order.
func (t *Tracker) Compact() {
	if !t.on {
		return
	}
	t.finish()
	n, known := t.table.Len(), max(t.stored, t.plan.stored)
	sets := [...]*marks{&t.dirty, &t.pending, &t.since[0], &t.since[1]}
	kept := make([]int32, 0, n)
	for r := range n {
		if t.table.Alive(int32(r)) {
			kept = append(kept, int32(r))
			continue
		}
		if id := t.ids.at(r); id < known {
			for _, m := range sets {
				if m.has(r) {
					m.gone = append(m.gone, id)
				}
			}
		}
	}
	for _, m := range sets {
		m.compact(kept)
	}
	t.ids.keep(kept, n)
}

// Reset is called before the table forgets all rows.
func (t *Tracker) Reset() {
	if !t.on {
		return
	}
	t.finish()
	next := t.ids.at(t.table.Len())
	*t = Tracker{limits: t.limits, table: t.table, schema: t.schema, layers: t.layers, on: true, ids: rowIDs{next: next}, stored: next, number: t.number}
}

// resume goes on from a table that was restored, of which row i is row i. Another table than that of this subtask is written as a whole with the next
// checkpoint.
func (t *Tracker) resume(table *Table) {
	l := table.Layers
	if !table.Resumable() || t.table.Len() != table.Rows.Len {
		return
	}
	t.on, t.base, t.deltas, t.schema = true, l.Base, slices.Clone(l.Deltas), table.Schema
	for _, s := range l.Base {
		t.stored = max(t.stored, s.To)
		t.number = max(t.number, s.Number)
	}
	for i := range t.deltas {
		t.number = max(t.number, t.deltas[i].Number)
		t.deltas[i].Level = topLevel + 1 // what changed since is not known any more: they go when the base has been written anew
	}
	t.ids = rowIDs{l.IDs, t.stored}
	t.ids.trim()
}

// SizeBytes is the memory held, in bytes.
func (t *Tracker) SizeBytes() int {
	n := cap(t.todo) + cap(t.dirty.bits) + cap(t.pending.bits) + cap(t.ids.list) + cap(t.dirty.gone) + cap(t.pending.gone)
	for i := range t.since {
		n += cap(t.since[i].bits) + cap(t.since[i].gone)
	}
	n *= 8
	if t.layers != nil {
		for _, c := range t.layers.Chunks {
			n += c.sizeBytes()
		}
	}
	return n
}
