package snapshot

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// run is some rows of a chunk that follow each other, in the chunk as in their ids' order.
type run struct{ chunk, from, to int }

// layered is what a checkpoint writes of a table in layers, by span.
type layered struct {
	table *state.Table
	runs  [][]run // by position in the base; the last one is the delta's
}

// spread finds the rows of each new span. Rows of none are the delta's.
func spread(t *state.Table) layered {
	l := t.Layers
	s := layered{table: t, runs: make([][]run, len(l.Base)+1)}
	rest := len(l.Base)
	for c := range l.Chunks {
		ids := l.Chunks[c].IDList()
		for from := 0; from < len(ids); {
			at, until := rest, int64(-1)
			if i := spanOf(l.Base, ids[from]); i >= 0 && l.Base[i].New {
				at, until = i, l.Base[i].To
			}
			to := from + 1
			for to < len(ids) && ids[to] > ids[to-1] && (at != rest && ids[to] < until || at == rest && !inNew(l.Base, ids[to])) {
				to++
			}
			s.runs[at] = append(s.runs[at], run{c, from, to})
			from = to
		}
	}
	return s
}

// spanOf finds the span of an id, -1 if there is none.
func spanOf(base []state.Span, id int64) int {
	i, _ := slices.BinarySearchFunc(base, id, func(s state.Span, id int64) int { return cmp.Compare(s.To, id+1) })
	if i == len(base) || base[i].From > id {
		return -1
	}
	return i
}

func inNew(base []state.Span, id int64) bool {
	i := spanOf(base, id)
	return i >= 0 && base[i].New
}

// gather returns the rows of a span and room for more, in the order of their ids.
func (s *layered) gather(span, more int) section {
	n := 0
	for _, r := range s.runs[span] {
		n += r.to - r.from
	}
	own := state.Gathered(s.table.Schema, n+more)
	x := section{batch: own.Rows, ids: own.IDs, groups: own.Groups, own: &own}
	var list []int32
	for runs := s.runs[span]; len(runs) > 0; {
		c := &s.table.Layers.Chunks[runs[0].chunk]
		list = list[:0]
		for chunk := runs[0].chunk; len(runs) > 0 && runs[0].chunk == chunk; runs = runs[1:] {
			for i := runs[0].from; i < runs[0].to; i++ {
				list = append(list, int32(i))
			}
		}
		rows := list
		if len(list) == c.Rows.Len {
			rows = nil
		}
		x.batch.AppendRows(c.Rows, rows)
		x.ids.AppendRows(c.IDs, rows)
		x.groups.AppendRows(c.Groups, rows)
	}
	x.rows = ascending(column.Values[int64](x.ids)[:n])
	return x
}

// pieces returns what is to be written of a table in layers, and what the manifest says of all its spans. What the snapshot before has is not written again.
func (s *layered) pieces(subtask, groups int, before *Table) ([]piece, []Segment, error) {
	l := s.table.Layers
	var pieces []piece
	var segments []Segment
	add := func(span state.Span, at int, delta bool) error {
		about := Segment{
			Subtask: subtask, Last: groups - 1, Part: l.Part, Number: span.Number, From: span.From, To: span.To, Level: span.Level, Delta: delta,
		}
		switch {
		case !span.New:
			old := before.layer(subtask, l.Part, span.Number)
			if old == nil {
				return fmt.Errorf("%w: layer %d of table '%s', subtask %d", state.ErrLost, span.Number, s.table.Name, subtask)
			}
			about = *old
		case len(s.runs[at]) == 0 && (!delta || len(l.Gone) == 0):
			// There is nothing in the span: it has no object.
		default:
			p := piece{subtask: subtask, table: s.table, layers: s, span: at, last: groups - 1, at: len(segments)}
			if delta {
				p.gone = l.Gone
			}
			pieces = append(pieces, p)
		}
		segments = append(segments, about)
		return nil
	}
	for i, span := range l.Base {
		if err := add(span, i, false); err != nil {
			return nil, nil, err
		}
	}
	for _, span := range l.Deltas {
		if err := add(span, len(l.Base), true); err != nil {
			return nil, nil, err
		}
	}
	return pieces, segments, nil
}

// layer finds a segment by its number.
func (t *Table) layer(subtask int, part, number int64) *Segment {
	if t == nil {
		return nil
	}
	for i := range t.Segments {
		if s := &t.Segments[i]; s.Number == number && s.Subtask == subtask && s.Part == part {
			return s
		}
	}
	return nil
}

// sections returns the rows of a span where they stand, if that is in the order of their ids and in runs that are not short.
func (s *layered) sections(span int) []section {
	const short = 1 << 10
	var list []section
	rows, last := 0, int64(-1)
	for _, r := range s.runs[span] {
		c := &s.table.Layers.Chunks[r.chunk]
		ids := c.IDList()
		if ids[r.from] <= last {
			return nil
		}
		rows, last = rows+r.to-r.from, ids[r.to-1]
		x := section{batch: c.Rows, ids: c.IDs, groups: c.Groups, rows: make([]int32, 0, r.to-r.from)}
		for i := r.from; i < r.to; i++ {
			x.rows = append(x.rows, int32(i))
		}
		list = append(list, x)
	}
	if len(list) > 1 && rows < short*len(list) {
		return nil
	}
	return list
}

// ofLayer prepares a piece of a table in layers to be encoded: the rows in order, and behind them those that are gone, with nothing but their ids.
func (p *piece) ofLayer() (list []section, gone int) {
	if len(p.gone) == 0 {
		if list = p.layers.sections(p.span); len(list) > 0 {
			return list, 0
		}
	}
	gones := slices.Clone(p.gone)
	slices.Sort(gones)
	gones = slices.Compact(gones)
	x := p.layers.gather(p.span, len(gones))
	for _, id := range gones {
		x.rows = append(x.rows, int32(x.batch.Len))
		for _, c := range x.batch.Cols {
			c.AppendNull()
		}
		x.batch.Len++
		column.Append(x.ids, id)
		column.Append(x.groups, int32(0))
	}
	return []section{x}, len(gones)
}
