package operator

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// replacements are changes of which the rows that come stand in the batch that brought them and those that go in a table, or in the batch, too. They are emitted in
// their order; where no row goes, as the batch itself.
type replacements struct {
	rows  []int32 // by change: a row of the batch, or ^i for stored[i]
	kinds []column.RowKind
	plain bool    // all are inserts
	whole bool    // all are rows of the batch, ascending
	store []int32 // groups of rows of the table

	past  []*column.Vector // the rows of the table
	flat  []*column.Vector // columns of the batch without dictionaries
	cols  []*column.Vector
	byRow []column.RowKind
	batch column.Batch
}

func (c *replacements) init(fields []column.Field) {
	for _, f := range fields {
		c.past, c.flat = append(c.past, column.NewVector(f.Type, 0)), append(c.flat, column.NewVector(f.Type, 0))
		c.cols = append(c.cols, column.NewVector(f.Type, 0))
	}
	c.reset()
}

func (c *replacements) reset() {
	c.rows, c.kinds, c.store, c.plain, c.whole = c.rows[:0], c.kinds[:0], c.store[:0], true, true
}

// add notes a change by row r of the batch.
func (c *replacements) add(r int32, kind column.RowKind) {
	n := len(c.rows)
	c.whole = c.whole && (n == 0 || c.rows[n-1] < r)
	c.plain = c.plain && kind == column.Insert
	c.rows, c.kinds = append(c.rows, r), append(c.kinds, kind)
}

// addStored notes a change by the row of a group in the table.
func (c *replacements) addStored(g int32, kind column.RowKind) {
	c.whole, c.plain = false, false
	c.rows, c.kinds = append(c.rows, ^int32(len(c.store))), append(c.kinds, kind)
	c.store = append(c.store, g)
}

// emit passes the changes on, in batches of bounded size, and forgets them. The table must still hold what is stored.
func (c *replacements) emit(b *column.Batch, table *state.Latest, out Output) error {
	defer c.reset()
	if len(c.rows) == 0 {
		return nil
	}
	if c.whole {
		return out.Emit(c.selected(b))
	}
	for i, v := range c.past {
		v.Reset()
		if src := b.Cols[i]; src.Dict != nil {
			c.flat[i].Reset()
			src.Decode(c.flat[i])
		}
	}
	if len(c.store) > 0 {
		table.Take(c.store, c.past)
	}
	for from := 0; from < len(c.rows); from += ChunkRows {
		to := min(from+ChunkRows, len(c.rows))
		c.batch = column.Batch{Len: to - from, Cols: append(c.batch.Cols[:0], c.cols...)}
		for i, v := range c.cols {
			src := b.Cols[i]
			if src.Dict != nil {
				src = c.flat[i]
			}
			v.Reset()
			v.Mix(src, c.past[i], c.rows[from:to])
		}
		if !c.plain {
			c.batch.Kinds = c.kinds[from:to]
		}
		if err := out.Emit(&c.batch); err != nil {
			return err
		}
	}
	return nil
}

// selected is the batch itself with the rows that are changes and their kinds.
func (c *replacements) selected(b *column.Batch) *column.Batch {
	c.batch = column.Batch{Len: b.Len, Cols: append(c.batch.Cols[:0], b.Cols...), Sel: c.rows}
	if !c.plain {
		for len(c.byRow) < b.Len {
			c.byRow = append(c.byRow, column.Insert)
		}
		for i, r := range c.rows {
			c.byRow[r] = c.kinds[i]
		}
		c.batch.Kinds = c.byRow[:b.Len]
	}
	return &c.batch
}

func (c *replacements) sizeBytes() int {
	n := (cap(c.rows)+cap(c.store))*4 + cap(c.kinds) + cap(c.byRow)
	for i := range c.cols {
		n += c.flat[i].SizeBytes()
	}
	return n
}
