package operator

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// heldRows keeps rows under numbers. Rows are only ever appended; those that are dropped leave holes until the owner compacts, which gives the
// others new numbers in the old order. Kinds are not kept. To checkpoints they are a [keptRows].
type heldRows struct {
	rows  *column.Batch
	spare *column.Batch
	holes []bool // by row
	gone  int
	to    []int32
	live  []int32
	track state.Tracker
}

func newHeldRows(fields []column.Field) heldRows {
	return heldRows{rows: column.NewBatch(fields, 0), spare: column.NewBatch(fields, 0)}
}

// add appends rows of b, its live ones if rows is nil, and returns the number of the first. n is how many there are.
func (h *heldRows) add(b *column.Batch, rows []int32) (base int32) {
	base = int32(h.rows.Len)
	plain := column.Batch{Len: b.Len, Cols: b.Cols[:len(h.rows.Cols)], Sel: b.Sel}
	if rows == nil || len(rows) > 0 {
		h.rows.AppendRows(&plain, rows)
	}
	for len(h.holes) < h.rows.Len {
		h.holes = append(h.holes, false)
	}
	return base
}

// drop makes a row a hole.
func (h *heldRows) drop(row int32) {
	if !h.holes[row] {
		h.track.TouchRow(row)
		h.holes[row] = true
		h.gone++
	}
}

// dropAll makes rows, of which none is one, holes.
func (h *heldRows) dropAll(rows []int32) {
	h.track.Touch(rows)
	for _, r := range rows {
		h.holes[r] = true
	}
	h.gone += len(rows)
}

// wasteful reports whether holes are most of what is held. While a checkpoint is being copied rows keep their numbers.
func (h *heldRows) wasteful() bool { return h.gone > h.rows.Len/2+ChunkRows && !h.track.Busy() }

// compact closes the holes and returns the new number of each row; that of a hole is -1.
func (h *heldRows) compact() []int32 {
	h.track.Compact()
	h.to, h.live = h.to[:0], h.live[:0]
	for r, hole := range h.holes {
		if hole {
			h.to = append(h.to, -1)
			continue
		}
		h.to = append(h.to, int32(len(h.live)))
		h.live = append(h.live, int32(r))
	}
	h.spare.Reset()
	if len(h.live) > 0 {
		h.spare.AppendRows(h.rows, h.live)
	}
	h.rows, h.spare = h.spare, h.rows
	h.spare.Reset()
	h.holes, h.gone = h.holes[:len(h.live)], 0
	clear(h.holes)
	return h.to
}

// reset drops all rows.
func (h *heldRows) reset() {
	h.track.Reset()
	h.rows.Reset()
	h.holes, h.gone = h.holes[:0], 0
}

// sizeBytes is the memory held, in bytes.
func (h *heldRows) sizeBytes() int {
	return h.rows.SizeBytes() + h.spare.SizeBytes() + cap(h.holes) + h.track.SizeBytes()
}

// Len implements [state.Tracked].
func (h *heldRows) Len() int { return h.rows.Len }

// Alive implements [state.Tracked].
func (h *heldRows) Alive(row int32) bool { return !h.holes[row] }

// keptRows is held rows as a table of checkpoints.
type keptRows struct {
	*heldRows
	shipped
}

// CopyRows implements [state.Tracked].
func (t keptRows) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	return t.copyRows(t.rows, rows, to, groups)
}

// pastRows is a batch that only grows as a table of checkpoints.
type pastRows struct {
	batch **column.Batch
	shipped
}

// Len implements [state.Tracked].
func (t pastRows) Len() int { return (*t.batch).Len }

// Alive implements [state.Tracked].
func (t pastRows) Alive(int32) bool { return true }

// CopyRows implements [state.Tracked].
func (t pastRows) CopyRows(rows []int32, to *column.Batch, groups []int32) []int32 {
	return t.copyRows(*t.batch, rows, to, groups)
}

// shipped says by what rows were shipped to the subtask.
type shipped struct {
	keys  []int // columns; none: there is one subtask, or a row may be in any
	parts int   // key groups
	more  func(rows []int32, to []*column.Vector)
}

// copyRows appends rows of a batch and, by more, further columns to another, and their key groups to a list.
func (s *shipped) copyRows(from *column.Batch, rows []int32, to *column.Batch, groups []int32) []int32 {
	for i, c := range from.Cols {
		to.Cols[i].AppendRows(c, rows)
	}
	if s.more != nil {
		s.more(rows, to.Cols[len(from.Cols):])
	}
	if n := to.Len + len(rows); from.Times != nil || to.Times != nil {
		times := to.AddTimes(n)[to.Len:]
		for i, r := range rows {
			if from.Times != nil {
				times[i] = from.Times[r]
			}
		}
	}
	to.Len += len(rows)
	keys, hashes := make([]*column.Vector, len(s.keys)), make([]uint64, len(rows))
	for i, c := range s.keys {
		keys[i] = from.Cols[c]
	}
	new(state.KeyHasher).Hash(keys, rows, hashes)
	return appendParts(groups, hashes, s.parts)
}

// appendParts appends the key groups of hashes to a list.
func appendParts(list []int32, hashes []uint64, parts int) []int32 {
	for _, h := range hashes {
		list = append(list, int32(state.KeyGroup(h, max(parts, 1))))
	}
	return list
}

// takeRows makes the empty batch to read rows of from, whose long values it borrows.
func takeRows(to, from *column.Batch, rows []int32) {
	to.Reset()
	for i, c := range from.Cols {
		to.Cols[i].Take(c, rows)
	}
	to.Len = len(rows)
}
