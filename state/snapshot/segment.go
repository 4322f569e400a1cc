package snapshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/bits"
	"slices"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/objstore"
	"github.com/millstream/millstream/state"
)

// Codec writes and reads Parquet files. All columns are nullable, and all timestamps of a file have one unit.
type Codec interface {
	// Encode makes a file of the rows of batches, which have selections, in memory if there is room.
	Encode(fields []column.Field, parts []*column.Batch, memory []byte) ([]byte, error)
	// Decode fills an empty batch with all rows of a file.
	Decode(ctx context.Context, data []byte, fields []column.Field, out *column.Batch) error
}

// segmentRows is how many rows a segment has, about: a table of more is cut into ranges of key groups, so that those that did not change
// need not be written again.
const segmentRows = 1 << 16

// piece is what becomes a segment: rows of a subtask's table.
type piece struct {
	subtask     int
	table       *state.Table
	rows        []int32 // physical rows
	first, last int     // key groups
	// Of a table in layers: which, and of a delta the ids of rows that are gone.
	layers *layered
	span   int
	gone   []int64
	at     int // of its segment among those of the table that come with it
}

// cut cuts a table into pieces. Rows keep their order within a piece. The ranges of key groups depend on the number of rows alone.
func cut(t *state.Table, subtask, groups int) []piece {
	n := t.Rows.Rows()
	if n == 0 {
		return nil
	}
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(t.Rows.Row(i))
	}
	if !t.Keyed {
		var list []piece
		for len(rows) > 0 {
			k := min(len(rows), segmentRows)
			list = append(list, piece{subtask: subtask, table: t, rows: rows[:k]})
			rows = rows[k:]
		}
		return list
	}
	ranges := min(1<<bits.Len(uint((n-1)/segmentRows)), groups)
	byRange := make([][]int32, ranges)
	for _, r := range rows {
		at := (int(t.Groups[r])*ranges + ranges - 1) / groups
		for at > 0 && at*groups/ranges > int(t.Groups[r]) {
			at--
		}
		for (at+1)*groups/ranges <= int(t.Groups[r]) {
			at++
		}
		byRange[at] = append(byRange[at], r)
	}
	var list []piece
	for i, rows := range byRange {
		if len(rows) > 0 {
			list = append(list, piece{subtask: subtask, table: t, rows: rows, first: i * groups / ranges, last: (i+1)*groups/ranges - 1})
		}
	}
	return list
}

// storedFields returns the columns of a segment.
func (s *Segment) storedFields(fields []column.Field, keyed bool) []column.Field {
	var list []column.Field
	if s.Number > 0 {
		list = append(list, column.Field{Name: idColumn, Type: column.Of(column.BigInt)})
	}
	if s.Gone > 0 {
		list = append(list, column.Field{Name: goneColumn, Type: column.Of(column.Boolean)})
	}
	if keyed {
		list = append(list, column.Field{Name: groupColumn, Type: column.Of(column.Int)})
	}
	if s.Kinds {
		list = append(list, column.Field{Name: kindColumn, Type: column.Of(column.TinyInt)})
	}
	if s.Times {
		list = append(list, column.Field{Name: timeColumn, Type: column.Of(column.BigInt)})
	}
	unit, names := timeUnit(fields), storedNames(fields)
	for i, f := range fields {
		list = append(list, column.Field{Name: names[i], Type: storedType(f.Type, unit)})
	}
	if len(list) == 0 {
		list = append(list, column.Field{Name: emptyColumn, Type: column.Of(column.Boolean)})
	}
	return list
}

// section is some rows of a segment, in a batch of its table's columns; what stands before these is by physical row, too.
type section struct {
	batch  *column.Batch
	rows   []int32
	ids    *column.Vector
	groups *column.Vector
	own    *state.Chunk // to be released; nil: the rows stand elsewhere
}

// encode makes a segment's object, in memory if there is room, and completes what is said of it.
func (p *piece) encode(c Codec, s *Segment, memory []byte) ([]byte, error) {
	var sections []section
	if p.layers != nil {
		sections, s.Gone = p.ofLayer()
	} else {
		x := section{batch: p.table.Rows, rows: p.rows}
		if p.table.Keyed {
			x.groups = filled(column.Int, p.table.Groups)
		}
		sections = []section{x}
	}
	s.Subtask, s.First, s.Last, s.Rows = p.subtask, p.first, p.last, -s.Gone
	for _, x := range sections {
		s.Rows += len(x.rows)
		s.Kinds, s.Times = s.Kinds || x.batch.Kinds != nil, s.Times || x.batch.Times != nil
	}
	fields := s.storedFields(p.table.Schema, p.table.Keyed)
	parts := make([]*column.Batch, len(sections))
	for i := range sections {
		parts[i] = sections[i].stored(s, p.table.Keyed, fields)
	}
	data, err := c.Encode(fields, parts, memory)
	for _, x := range sections {
		if x.own != nil {
			x.own.Release()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("table '%s': %w", p.table.Name, err)
	}
	sum := sha256.Sum256(data)
	s.Size, s.SHA256 = int64(len(data)), hex.EncodeToString(sum[:])
	return data, nil
}

// stored returns the rows with the columns of a segment.
func (x *section) stored(s *Segment, keyed bool, fields []column.Field) *column.Batch {
	b := x.batch
	out := &column.Batch{Len: b.Len, Sel: x.rows}
	if s.Number > 0 {
		out.Cols = append(out.Cols, x.ids)
	}
	if s.Gone > 0 {
		v := column.NewVector(column.Of(column.Boolean), b.Len)
		v.Resize(b.Len)
		v.Bits().Fill(b.Len, false)
		v.Bits().SetRange(b.Len-s.Gone, b.Len)
		out.Cols = append(out.Cols, v)
	}
	if keyed {
		out.Cols = append(out.Cols, x.groups)
	}
	if s.Kinds {
		out.Cols = append(out.Cols, filled(column.TinyInt, padded(b.Kinds, b.Len, column.Insert)))
	}
	if s.Times {
		out.Cols = append(out.Cols, filled(column.BigInt, padded(b.Times, b.Len, column.NoTime)))
	}
	for _, v := range b.Cols {
		out.Cols = append(out.Cols, toStored(v, fields[len(out.Cols)].Type))
	}
	if len(out.Cols) == 0 {
		out.Cols = append(out.Cols, nulls(column.Of(column.Boolean), b.Len))
	}
	return out
}

// padded makes a list one of n elements: rows of other sections may be those that have kinds or times, and ids that are gone have none.
func padded[T any](list []T, n int, fill T) []T {
	if len(list) == n {
		return list
	}
	list = slices.Clone(list)
	for len(list) < n {
		list = append(list, fill)
	}
	return list
}

// filled makes a column of numbers.
func filled[T column.Fixed | column.RowKind](kind column.Kind, values []T) *column.Vector {
	v := column.NewVector(column.Of(kind), len(values))
	v.Resize(len(values))
	switch kind {
	case column.TinyInt:
		to := column.Values[int8](v)
		for i, x := range any(values).([]column.RowKind) {
			to[i] = int8(x)
		}
	case column.Int:
		copy(column.Values[int32](v), any(values).([]int32))
	default:
		copy(column.Values[int64](v), any(values).([]int64))
	}
	return v
}

// loaded is a segment that was read.
type loaded struct {
	state.Table
	ids  []int64 // of a table in layers
	gone []int64
}

// damaged is an error about the segment at a URL.
func damaged(url, format string, args ...any) error {
	return &Error{Object: url, Reason: fmt.Sprintf(format, args...), Hint: olderHint, Damaged: true}
}

// columns reads columns of a segment's object.
func (s *Segment) columns(ctx context.Context, c Codec, url string, data []byte, fields []column.Field) (*column.Batch, error) {
	if int64(len(data)) != s.Size {
		return nil, damaged(url, "the segment has %d bytes, and its manifest says %d: it was cut or replaced", len(data), s.Size)
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != s.SHA256 {
		return nil, damaged(url, "the segment's checksum is not that of its manifest: bytes were changed")
	}
	total := s.Rows + s.Gone
	b := column.NewBatch(fields, total)
	if err := c.Decode(ctx, data, fields, b); err != nil {
		return nil, damaged(url, "%v", err)
	}
	if b.Len != total {
		return nil, damaged(url, "the segment has %d rows, and its manifest says %d", b.Len, total)
	}
	return b, nil
}

// takeIDs takes the first of a segment's columns, the ids of its rows and of those that are gone.
func (l *loaded) takeIDs(s *Segment, url string, b *column.Batch) error {
	ids := column.Values[int64](b.Cols[0])[:b.Len:b.Len]
	b.Cols = b.Cols[1:]
	l.ids, l.gone = ids[:s.Rows], ids[s.Rows:]
	if !slices.IsSorted(l.ids) || !slices.IsSorted(l.gone) {
		return damaged(url, "the ids of its rows are not in order")
	}
	return nil
}

// decode reads a segment into a table with the given schema.
func (s *Segment) decode(ctx context.Context, c Codec, url string, data []byte, t *Table, schema []column.Field, groups int) (*loaded, error) {
	b, err := s.columns(ctx, c, url, data, s.storedFields(schema, t.Keyed))
	if err != nil {
		return nil, err
	}
	out := &loaded{Table: state.Table{Name: t.Name, Schema: schema, Keyed: t.Keyed, Rows: &column.Batch{Len: b.Len}}}
	if s.Number > 0 {
		if err := out.takeIDs(s, url, b); err != nil {
			return nil, err
		}
		if s.Gone > 0 {
			b.Cols = b.Cols[1:] // those behind the rows
		}
	}
	if t.Keyed {
		out.Groups = column.Values[int32](b.Cols[0])[:b.Len:b.Len]
		b.Cols = b.Cols[1:]
		for _, g := range out.Groups {
			if g < int32(s.First) || g > int32(s.Last) || int(g) >= groups {
				return nil, damaged(url, "a row has the key group %d, and the segment those from %d to %d", g, s.First, s.Last)
			}
		}
	}
	if s.Kinds {
		for _, k := range column.Values[int8](b.Cols[0])[:b.Len] {
			out.Rows.Kinds = append(out.Rows.Kinds, column.RowKind(k))
		}
		b.Cols = b.Cols[1:]
	}
	if s.Times {
		out.Rows.Times = column.Values[int64](b.Cols[0])[:b.Len:b.Len]
		b.Cols = b.Cols[1:]
	}
	for i, f := range schema {
		fromStored(b.Cols[i], f.Type)
		out.Rows.Cols = append(out.Rows.Cols, b.Cols[i])
	}
	return out, nil
}

// read fetches a whole object.
func read(ctx context.Context, s objstore.Store, key string, limit int64) ([]byte, error) {
	body, info, err := s.Get(ctx, key, objstore.All)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if limit >= 0 && info.Size > limit {
		return nil, &Error{Object: s.URL(key), Reason: fmt.Sprintf("the object has %d bytes, where at most %d are to be expected", info.Size, limit),
			Hint: olderHint, Damaged: true}
	}
	return readAll(body, info.Size)
}
