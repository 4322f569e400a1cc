package operator

import (
	"strings"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// The state of slices is that of their aggregations, as aggregate_state.go has it, in tables with one more column in front: the slice.
var sliceField = column.Field{Name: "slice", Type: column.Of(column.BigInt).Required()}

// snapshot writes the slices to tables whose names begin with prefix: all to one, or, where they are followed, each to a part of its own, which a checkpoint
// drops with the slice.
func (l *sliceList) snapshot(w *state.Writer, prefix string, keyGroups int, counted bool) {
	at := len(w.Tables)
	for _, s := range l.list {
		if counted {
			if s.count == nil {
				s.count = []int64{}
			}
			s.grow()
		}
		s.agg.count = s.counted()
		if w.Gradual() {
			s.agg.parts = max(keyGroups, 1)
			for _, f := range s.agg.followed() {
				w.TrackPart(f.track, slicePart{f.table, s.end}, prefix+"-"+f.name, append([]column.Field{sliceField}, f.fields...), s.end)
			}
			continue
		}
		var part state.Writer
		s.agg.snapshot(&part, keyGroups)
		for i, t := range part.Tables {
			if len(w.Tables) <= at+i {
				schema := append([]column.Field{sliceField}, t.Schema...)
				w.Add(state.Table{Name: prefix + "-" + t.Name, Schema: schema, Keyed: true, Rows: column.NewBatch(schema, 0)})
			}
			to := &w.Tables[at+i]
			to.Groups = append(to.Groups, t.Groups...)
			appendTagged(to.Rows, s.end, t.Rows)
		}
	}
}

// slicePart is a table of a slice with the slice in front.
type slicePart struct {
	state.Tracked
	end int64
}

func (t slicePart) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	part := column.Batch{Len: to.Len, Cols: to.Cols[1:]}
	groups = t.Tracked.CopyRows(rows, &part, groups)
	column.AppendSame(to.Cols[0], t.end, len(rows))
	to.Len = part.Len
	return groups
}

// appendTagged adds rows with one more column in front.
func appendTagged(to *column.Batch, tag int64, rows *column.Batch) {
	column.AppendSame(to.Cols[0], tag, rows.Len)
	for i, c := range rows.Cols {
		to.Cols[i+1].AppendRows(c, nil)
	}
	to.Len += rows.Len
}

// resume lets the next checkpoint build on a slice's part that was read.
func (l *sliceList) resume(t *state.Table, prefix string) {
	name, ours := strings.CutPrefix(t.Name, prefix+"-")
	at, found := l.find(t.Layers.Part)
	if !ours || !found {
		return
	}
	s := l.list[at]
	for _, f := range s.agg.followed() {
		if f.name == name {
			f.track.Resume(slicePart{f.table, s.end}, t)
		}
	}
}

// counted are the numbers of rows, nil if they are not counted.
func (s *windowSlice) counted() *[]int64 {
	if s.count == nil {
		return nil
	}
	return &s.count
}

// restore takes in what snapshot wrote; next is left to the caller.
func (l *sliceList) restore(r *state.Reader, prefix string, counted bool) error {
	if r == nil {
		return nil
	}
	parts := map[int64]*state.Reader{}
	var ends []int64
	for i := range r.Tables {
		t := &r.Tables[i]
		name, ok := strings.CutPrefix(t.Name, prefix+"-")
		if !ok {
			continue
		}
		bySlice := map[int64][]int32{}
		for k := range t.Rows.Rows() {
			row := t.Rows.Row(k)
			end := column.Values[int64](t.Rows.Cols[0])[row]
			bySlice[end] = append(bySlice[end], int32(row))
			if parts[end] == nil {
				parts[end] = &state.Reader{}
				ends = append(ends, end)
			}
		}
		for end, rows := range bySlice {
			b := &column.Batch{Len: t.Rows.Len, Cols: t.Rows.Cols[1:], Sel: rows}
			if len(rows) == t.Rows.Len {
				b.Sel = t.Rows.Sel
			}
			parts[end].Tables = append(parts[end].Tables, state.Table{Name: name, Schema: t.Schema[1:], Keyed: true, Rows: b})
		}
	}
	for _, end := range ends {
		s := l.at(end, func() int64 { return 0 })
		if counted && s.count == nil {
			s.count = []int64{}
		}
		s.agg.count = s.counted()
		if err := s.agg.restore(parts[end]); err != nil {
			return err
		}
	}
	for i := range r.Tables {
		if t := &r.Tables[i]; t.Layers != nil {
			l.resume(t, prefix)
		}
	}
	return nil
}
