package column

import "math"

// Batch is a set of rows that travel together. Rows are the physical rows 0 … Len-1, or those that Sel
// names, in its order.
type Batch struct {
	Len   int // physical rows: the length of every column
	Cols  []*Vector
	Sel   []int32   // live rows, ascending; nil: all
	Kinds []RowKind // by physical row; nil: all are inserts
	Times []int64   // event time by physical row, in milliseconds since 1970-01-01T00:00:00Z; nil: none

	kinds []RowKind // memory of Kinds and Times that AddKinds and AddTimes made, kept across Reset
	times []int64
}

// NoTime is the event time of a row that has none, in a batch of which others have one.
const NoTime = math.MinInt64

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
	b.Len, b.Sel, b.Kinds, b.Times = 0, nil, nil, nil
	for _, c := range b.Cols {
		c.Reset()
	}
}

// AddKinds returns Kinds for writing, with n rows in the batch's own memory; rows that were not there are inserts.
func (b *Batch) AddKinds(n int) []RowKind {
	b.Kinds = extend(b.Kinds, &b.kinds, n, Insert)
	return b.Kinds
}

// AddTimes returns Times for writing, with n rows in the batch's own memory; rows that were not there have NoTime.
func (b *Batch) AddTimes(n int) []int64 {
	b.Times = extend(b.Times, &b.times, n, NoTime)
	return b.Times
}

// extend returns list with n elements in the memory own, which grows as needed.
func extend[T any](list []T, own *[]T, n int, fill T) []T {
	if cap(*own) < n {
		*own = make([]T, max(n, 2*cap(*own)))
	}
	mem := (*own)[:cap(*own)]
	if len(list) > 0 && &list[0] != &mem[0] {
		copy(mem, list)
	}
	for i := len(list); i < n; i++ {
		mem[i] = fill
	}
	return mem[:n]
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
		to := b.AddKinds(b.Len + n)[b.Len:]
		if src.Kinds != nil {
			pick(to, src.Kinds, rows)
		}
	}
	if src.Times != nil || b.Times != nil {
		to := b.AddTimes(b.Len + n)[b.Len:]
		if src.Times != nil {
			pick(to, src.Times, rows)
		}
	}
	for i, c := range b.Cols {
		c.AppendRows(src.Cols[i], rows)
	}
	b.Len += n
}

// pick copies the rows of from, or all if rows is nil, to to.
func pick[T any](to, from []T, rows []int32) {
	if rows == nil {
		copy(to, from)
		return
	}
	for i, r := range rows {
		to[i] = from[r]
	}
}

// SizeBytes returns the memory that the batch holds, in bytes.
func (b *Batch) SizeBytes() int {
	n := cap(b.Sel)*4 + max(cap(b.Kinds), cap(b.kinds)) + max(cap(b.Times), cap(b.times))*8
	for _, c := range b.Cols {
		n += c.SizeBytes()
	}
	return n
}
