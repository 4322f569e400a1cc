package state

import (
	"cmp"
	"errors"
	"math/bits"
	"slices"

	"github.com/millstream/millstream/column"
)

// Layers say how the rows of a followed table ([Tracker]) that several checkpoints wrote make the table. Rows have ids. A span of the base has all rows with its
// ids as of the checkpoint that wrote it, and each later delta has rows that replace those of the same id, and ids of rows that are gone.
type Layers struct {
	// Part tells the tables of one name of a subtask apart, each of which has layers of its own.
	Part   int64
	Base   []Span // ascending and disjoint; rows with ids in none are no rows
	Deltas []Span // the oldest first
	// Of a table that a checkpoint writes: the rows of what is New, in any order, and ids of rows that are gone.
	Chunks []Chunk
	Gone   []int64
	// Of a table that was read: the ids of its rows.
	IDs []int64
	// Own says that the layers were read from where the job's next checkpoint is written to.
	Own bool

	whole bool // all rows were asked for
}

// Join makes one batch of the chunks of a table that is complete, for a restore from memory.
func (t *Table) Join() {
	if t.Layers == nil || t.Rows != nil {
		return
	}
	b, groups := column.NewBatch(t.Schema, 0), []int32(nil)
	ids, order := []int64(nil), []int32(nil)
	for _, c := range t.Layers.Chunks {
		b.AppendRows(c.Rows, nil)
		groups, ids = append(groups, c.GroupList()...), append(ids, c.IDList()...)
	}
	t.Rows, t.Groups = b, groups
	if slices.IsSorted(ids) {
		return
	}
	for i := range ids {
		order = append(order, int32(i))
	}
	slices.SortFunc(order, func(x, y int32) int { return cmp.Compare(ids[x], ids[y]) })
	t.Rows, t.Groups = column.NewBatch(t.Schema, len(order)), make([]int32, 0, len(order))
	t.Rows.AppendRows(b, order)
	for _, i := range order {
		t.Groups = append(t.Groups, groups[i])
	}
}

// ErrLost says that a checkpoint builds on layers that the one before does not have: the next one must be full.
var ErrLost = errors.New("a layer is not in the checkpoint before")

// Span is a part of a table that was written at once.
type Span struct {
	// Number is greater than those of what was written before. A delta is about the spans with lesser numbers.
	Number   int64
	From, To int64 // ids, To exclusively
	Level    int   // of a delta: how many of the lower levels it stands for
	New      bool  // its rows come with the layers
}

// topLevel is the highest level of a delta.
const topLevel = 2

// layering says how large layers become.
type layering struct {
	span   int // how many rows a span has, about
	fan    int // how many deltas of a level there are before one of the next level stands for them
	few    int // how many small spans there may be at the end before they are one
	deltas int // how many deltas there are before all is written anew
	chunk  int // how many rows a chunk has, about
}

var usual = layering{span: 1 << 16, fan: 64, few: 16, deltas: 400, chunk: 1 << 14}

// class sorts spans by their rows: those of a class differ by a factor of 16 at most.
func (l *layering) class(rows int) int { return bits.Len(uint(min(rows, l.span))) / 4 }

// stale chooses the spans to be written anew with a checkpoint: so many of the oldest as there are rows to pay for, and small ones at the end when they are
// many, beside those that are chosen already. It returns whether, by position, and what is left of the payment.
func (l *layering) stale(base []Span, rows func(Span) int, credit int, chosen []bool) ([]bool, int) {
	byAge := make([]int, len(base))
	for i := range byAge {
		byAge[i] = i
	}
	slices.SortStableFunc(byAge, func(a, b int) int { return int(base[a].Number - base[b].Number) })
	for _, i := range byAge {
		if chosen[i] {
			continue
		}
		cost := rows(base[i])
		if credit < cost || credit == 0 {
			break
		}
		credit -= cost
		chosen[i] = true
	}
	for class := range l.class(l.span) { // from the smallest on, so that a row is written once for each class
		from := len(base)
		for from > 0 && l.class(rows(base[from-1])) <= class {
			from--
		}
		if len(base)-from >= l.few {
			for i := from; i < len(base); i++ {
				chosen[i] = true
			}
			break
		}
	}
	return chosen, min(credit, l.span)
}

// divide replaces each run of chosen spans by new ones of about as many rows each as a span has, and adds one for the ids from tail to end. rowOf finds the row of an id, idOf
// the id of a row.
func (l *layering) divide(base []Span, chosen []bool, tail, end int64, number func() int64, rowOf func(int64) int, idOf func(int) int64) []Span {
	var out []Span
	write := func(from, to int64) {
		first, last := rowOf(from), rowOf(to)
		pieces := max(1, (last-first+l.span/2)/l.span)
		for k := range pieces {
			until := to
			if k < pieces-1 {
				until = idOf(first + (last-first)*(k+1)/pieces)
			}
			out = append(out, Span{Number: number(), From: from, To: until, New: true})
			from = until
		}
	}
	for i := 0; i < len(base); i++ {
		if !chosen[i] {
			kept := base[i]
			kept.New = false
			out = append(out, kept)
			continue
		}
		from := base[i].From
		for i+1 < len(base) && chosen[i+1] {
			i++
		}
		write(from, base[i].To)
	}
	if tail < end {
		write(tail, end)
	}
	return out
}

// covering drops the deltas that no span needs any more.
func covering(deltas, base []Span) []Span {
	var out []Span
	for _, d := range deltas {
		if slices.ContainsFunc(base, func(s Span) bool { return s.Number < d.Number && s.From < d.To }) {
			d.New = false
			out = append(out, d)
		}
	}
	return out
}
