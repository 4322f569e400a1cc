package operator

import (
	"github.com/millstream/millstream/column"
)

// heldRows keeps rows under numbers. Rows are only ever appended; those that are dropped leave holes until the owner compacts, which gives the
// others new numbers in the old order. Kinds are not kept.
type heldRows struct {
	rows  *column.Batch
	spare *column.Batch
	holes []bool // by row
	gone  int
	to    []int32
	live  []int32
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
		h.holes[row] = true
		h.gone++
	}
}

// wasteful reports whether holes are most of what is held.
func (h *heldRows) wasteful() bool { return h.gone > h.rows.Len/2+ChunkRows }

// compact closes the holes and returns the new number of each row; that of a hole is -1.
func (h *heldRows) compact() []int32 {
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
	h.rows.Reset()
	h.holes, h.gone = h.holes[:0], 0
}

// sizeBytes is the memory held, in bytes.
func (h *heldRows) sizeBytes() int { return h.rows.SizeBytes() + h.spare.SizeBytes() + cap(h.holes) }

// takeRows makes the empty batch to read rows of from, whose long values it borrows.
func takeRows(to, from *column.Batch, rows []int32) {
	to.Reset()
	for i, c := range from.Cols {
		to.Cols[i].Take(c, rows)
	}
	to.Len = len(rows)
}
