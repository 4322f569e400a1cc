package operator

import (
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// shelf is slabs of a side that stand one behind the other in a part of the side's table in checkpoints. A checkpoint has the rows that came since the one
// before, and a part goes with the last of its slabs. Rows of a slab that goes before are left in the part: they have no matches.
type shelf struct {
	slabs  []*slab // all but the last are full, or were; nil: dropped
	rows   int     // with those of slabs that were dropped
	part   int64
	groups int
	track  state.Tracker
}

const (
	slabRows  = 1 << 14
	shelfRows = 1 << 18
)

func (o *boundedJoin) newShelf(side int, part int64) *shelf {
	o.parts = max(o.parts, part)
	return &shelf{part: part, groups: max(o.ctx.MaxParallelism, 1)}
}

// full reports whether there is no room for another row.
func (f *shelf) full() bool { return f.rows >= shelfRows }

// last returns the slab that has room, nil if a new one is needed.
func (f *shelf) last() *slab {
	if f.rows == len(f.slabs)*slabRows {
		return nil
	}
	return f.slabs[len(f.slabs)-1]
}

// fill counts the room of a last slab that was dropped as taken, so that a row stands where its number says.
func (f *shelf) fill() {
	if n := len(f.slabs); n > 0 && f.slabs[n-1] == nil {
		f.rows = shelfRows
	}
}

// Len implements [state.Tracked].
func (f *shelf) Len() int { return f.rows }

// Alive implements [state.Tracked].
func (f *shelf) Alive(r int32) bool {
	at := int(r) / slabRows
	return at < len(f.slabs) && f.slabs[at] != nil
}

// CopyRows implements [state.Tracked].
func (f *shelf) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	local := make([]int32, 0, len(rows))
	for from := 0; from < len(rows); from += len(local) {
		at := rows[from] / slabRows
		s := f.slabs[at]
		local = local[:0]
		for _, r := range rows[from:] {
			if r/slabRows != at {
				break
			}
			local = append(local, r%slabRows)
			groups = append(groups, int32(state.KeyGroup(s.hash[r%slabRows], f.groups)))
		}
		for i, c := range s.cols {
			to.Cols[i].AppendRows(c, local)
		}
	}
	to.Len += len(rows)
	return groups
}

func (o *boundedJoin) Snapshot(w *state.Writer) error {
	for side, list := range o.shelves {
		fields := o.rowFields(side)
		if w.Gradual() && len(list) > 0 {
			for _, f := range list {
				w.TrackPart(&f.track, f, sideTables[side], fields, f.part)
			}
			continue
		}
		t := state.Table{Name: sideTables[side], Schema: fields, Keyed: true, Rows: column.NewBatch(fields, 0)}
		for _, f := range list {
			for _, s := range f.slabs {
				if s == nil {
					continue
				}
				t.Rows.AppendRows(&column.Batch{Len: len(s.hash), Cols: s.cols}, nil)
				for _, h := range s.hash {
					t.Groups = append(t.Groups, int32(state.KeyGroup(h, f.groups)))
				}
			}
		}
		w.Add(t)
	}
	return nil
}

// restore takes in what Snapshot wrote.
func (o *boundedJoin) restore(r *state.Reader) error {
	if r == nil {
		return nil
	}
	for i := range r.Tables {
		if t := &r.Tables[i]; t.Layers != nil {
			o.parts = max(o.parts, t.Layers.Part)
		}
	}
	for side, name := range sideTables {
		for i := range r.Tables {
			t := &r.Tables[i]
			if t.Name != name || t.Rows.Rows() == 0 {
				continue
			}
			if len(t.Rows.Cols) != len(o.in[side]) {
				return fmt.Errorf("the checkpoint's table %s has %d columns, want %d: the operator was changed", name, len(t.Rows.Cols), len(o.in[side]))
			}
			o.prepare(side, t.Rows)
			if !t.Resumable() || t.Rows.Len > shelfRows {
				o.store(side, t.Rows)
				continue
			}
			f := o.newShelf(side, t.Layers.Part)
			o.sel = first(nil, t.Rows.Len)
			for from := 0; from < t.Rows.Len; {
				from += o.put(side, f, t.Rows, from, t.Rows.Len)
			}
			o.shelves[side] = append(o.shelves[side], f)
			f.track.Resume(f, t)
		}
	}
	return nil
}
