package column

// Batch is a set of rows that travel together. Rows are the physical rows 0 … Len-1, or those that Sel
// names, in its order.
type Batch struct {
	Len   int // physical rows: the length of every column
	Cols  []*Vector
	Sel   []int32   // live rows, ascending; nil: all
	Kinds []RowKind // by physical row; nil: all are inserts
	Times []int64   // event time by physical row, in milliseconds since 1970-01-01T00:00:00Z; nil: none
}

// NewBatch returns an empty batch with a column for each field and room for n rows.
func NewBatch(fields []Field, n int) *Batch {
	b := &Batch{Cols: make([]*Vector, len(fields))}
	for i, f := range fields {
		b.Cols[i] = NewVector(f.Type, n)
	}
	return b
}

// Rows returns the number of live rows. It makes a batch a payload of the engine.
func (b *Batch) Rows() int {
	if b.Sel != nil {
		return len(b.Sel)
	}
	return b.Len
}

// Row returns the physical index of live row i.
func (b *Batch) Row(i int) int {
	if b.Sel != nil {
		return int(b.Sel[i])
	}
	return i
}

// Kind returns the kind of physical row i.
func (b *Batch) Kind(i int) RowKind {
	if b.Kinds == nil {
		return Insert
	}
	return b.Kinds[i]
}

// Reset empties the batch and keeps the memory of its columns.
func (b *Batch) Reset() {
	b.Len, b.Sel, b.Kinds, b.Times = 0, nil, b.Kinds[:0], b.Times[:0]
	if len(b.Kinds) == 0 {
		b.Kinds = nil
	}
	if len(b.Times) == 0 {
		b.Times = nil
	}
	for _, c := range b.Cols {
		c.Reset()
	}
}

// AppendRows adds rows of src to b: the physical rows that stand in rows, or src's live rows if rows is nil.
// b owns all it holds afterwards. b must be without a selection.
func (b *Batch) AppendRows(src *Batch, rows []int32) {
	if rows == nil {
		rows = src.Sel
	}
	n := len(rows)
	if rows == nil {
		n = src.Len
	}
	if n == 0 {
		return
	}
	if src.Kinds != nil || b.Kinds != nil {
		for len(b.Kinds) < b.Len {
			b.Kinds = append(b.Kinds, Insert)
		}
		for i := range n {
			b.Kinds = append(b.Kinds, src.Kind(pick(rows, i)))
		}
	}
	if src.Times != nil {
		for i := range n {
			b.Times = append(b.Times, src.Times[pick(rows, i)])
		}
	}
	for i, c := range b.Cols {
		c.AppendRows(src.Cols[i], rows)
	}
	b.Len += n
}

func pick(rows []int32, i int) int {
	if rows == nil {
		return i
	}
	return int(rows[i])
}

// SizeBytes returns the memory that the batch holds, in bytes.
func (b *Batch) SizeBytes() int {
	n := cap(b.Sel)*4 + cap(b.Kinds) + cap(b.Times)*8
	for _, c := range b.Cols {
		n += c.SizeBytes()
	}
	return n
}
