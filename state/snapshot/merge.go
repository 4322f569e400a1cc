package snapshot

import (
	"cmp"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// change is a row of a delta, or that a row is gone.
type change struct {
	id    int64
	delta int32 // position among the deltas
	row   int32 // -1: gone
}

// mergeLayers makes a table of its base and deltas: of the rows of one id that of the newest segment counts, and none where that says that it is gone. The
// rows are in the order of their ids.
func mergeLayers(to *state.Table, segments []Segment, parts []*loaded, list []int) {
	l := &state.Layers{Part: segments[list[0]].Part}
	var base, deltas []int
	for _, k := range list {
		s := &segments[k]
		span := state.Span{Number: s.Number, From: s.From, To: s.To, Level: s.Level}
		if s.Delta {
			l.Deltas, deltas = append(l.Deltas, span), append(deltas, k)
		} else {
			l.Base, base = append(l.Base, span), append(base, k)
		}
	}
	to.Layers = l
	for i, k := range base {
		part := parts[k]
		changes := changesOf(l, parts, deltas, i)
		if len(changes) == 0 {
			l.IDs, to.Groups = append(l.IDs, part.ids...), append(to.Groups, part.Groups...)
			if to.Rows.AppendRows(part.Rows, nil); len(base) == 1 && len(l.Deltas) == 0 {
				to.Rows = part.Rows
			}
			parts[k] = nil
			continue
		}
		mergeSpan(to, part, parts, deltas, changes)
		parts[k] = nil
	}
}

// changesOf returns what the deltas say of a span of the base, in the order of ids, one change for each.
func changesOf(l *state.Layers, parts []*loaded, deltas []int, span int) []change {
	base, list := l.Base[span], []change(nil)
	within := func(ids []int64) (from, to int) {
		from, _ = slices.BinarySearch(ids, base.From)
		to, _ = slices.BinarySearch(ids, base.To)
		return from, to
	}
	for d, k := range deltas {
		if l.Deltas[d].Number < base.Number {
			continue
		}
		from, to := within(parts[k].ids)
		for r := from; r < to; r++ {
			list = append(list, change{parts[k].ids[r], int32(d), int32(r)})
		}
		from, to = within(parts[k].gone)
		for _, id := range parts[k].gone[from:to] {
			list = append(list, change{id, int32(d), -1})
		}
	}
	slices.SortFunc(list, func(x, y change) int {
		if x.id != y.id {
			return cmp.Compare(x.id, y.id)
		}
		return cmp.Compare(y.delta, x.delta)
	})
	return slices.CompactFunc(list, func(x, y change) bool { return x.id == y.id })
}

// mergeSpan appends the rows of a span with its changes. They are brought together first and put in order at once then, since runs between changes are short.
func mergeSpan(to *state.Table, part *loaded, parts []*loaded, deltas []int, changes []change) {
	kept, next := make([]int32, 0, len(part.ids)), 0
	for r, id := range part.ids {
		for next < len(changes) && changes[next].id < id {
			next++
		}
		if next == len(changes) || changes[next].id != id {
			kept = append(kept, int32(r))
		}
	}
	changes = slices.DeleteFunc(changes, func(c change) bool { return c.row < 0 })
	byDelta, behind := make([][]int32, len(deltas)), make([]int, len(deltas))
	for _, c := range changes {
		byDelta[c.delta] = append(byDelta[c.delta], c.row)
	}
	rows := column.NewBatch(to.Schema, len(kept)+len(changes))
	if len(kept) > 0 {
		rows.AppendRows(part.Rows, kept)
	}
	for d, list := range byDelta {
		if behind[d] = rows.Len; len(list) > 0 {
			rows.AppendRows(parts[deltas[d]].Rows, list)
		}
	}
	order := make([]int32, 0, rows.Len)
	changed := func(c change) {
		order = append(order, int32(behind[c.delta]))
		behind[c.delta]++ // a delta's rows are in order, too
		from := parts[deltas[c.delta]]
		to.Groups, to.Layers.IDs = append(to.Groups, from.Groups[c.row]), append(to.Layers.IDs, c.id)
	}
	for i, r := range kept {
		id := part.ids[r]
		for ; len(changes) > 0 && changes[0].id < id; changes = changes[1:] {
			changed(changes[0])
		}
		order = append(order, int32(i))
		to.Groups, to.Layers.IDs = append(to.Groups, part.Groups[r]), append(to.Layers.IDs, id)
	}
	for _, c := range changes {
		changed(c)
	}
	if len(order) > 0 {
		to.Rows.AppendRows(rows, order)
	}
}
