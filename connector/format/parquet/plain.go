package parquet

import (
	"encoding/binary"
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
	protocol "github.com/parquet-go/parquet-go/encoding/thrift"
	library "github.com/parquet-go/parquet-go/format"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
)

// Plain makes a file of the rows of batches in one row group, with values as they stand in memory, or integers as differences: no dictionaries, no bounds, and
// compression only where it is worth it. It is for files that are written often and read once, as a whole. It stands in memory if there is room. ok says whether columns have types that it knows, which are those without parts.
func Plain(c format.Config, parts []*column.Batch, memory []byte) (data []byte, ok bool, err error) {
	for i, f := range c.Columns {
		for _, b := range parts {
			if !plainType(c, f.Type) || b.Cols[i].Dict != nil || f.Type.NotNull && b.Cols[i].HasNulls() {
				return nil, false, nil
			}
		}
	}
	meta, err := footers.of(c)
	if err != nil {
		return nil, false, err
	}
	f := &plainFile{parts: parts, out: memory[:0]}
	for _, b := range parts {
		rows := b.Sel
		if rows == nil {
			rows = make([]int32, b.Len)
			for i := range rows {
				rows[i] = int32(i)
			}
		}
		f.rows = append(f.rows, rows)
		f.total += len(rows)
	}
	f.scratch, _ = pageMemory.Get().(*[2][]byte)
	if f.scratch == nil {
		f.scratch = new([2][]byte)
	}
	defer pageMemory.Put(f.scratch)
	if n := f.estimate(c.Columns); cap(f.out) < n {
		f.out = make([]byte, 0, n)
	}
	f.out = append(f.out, magic...)
	group := library.RowGroup{NumRows: int64(f.total)}
	for i := range c.Columns {
		chunk, err := f.column(i, c.Columns[i].Type.NotNull, &meta.Schema[1+i])
		if err != nil {
			return nil, false, err
		}
		group.TotalByteSize += chunk.MetaData.TotalUncompressedSize
		group.TotalCompressedSize += chunk.MetaData.TotalCompressedSize
		group.Columns = append(group.Columns, chunk)
	}
	if meta.NumRows = group.NumRows; f.total > 0 {
		meta.RowGroups = append(meta.RowGroups, group)
	}
	footer, err := protocol.Marshal(new(protocol.CompactProtocol), &meta)
	if err != nil {
		return nil, false, err
	}
	f.out = binary.LittleEndian.AppendUint32(append(f.out, footer...), uint32(len(footer)))
	return append(f.out, magic...), true, nil
}

const (
	magic = "PAR1"
	// pageRows and pageBytes bound a page, before compression.
	pageRows  = 1 << 14
	pageBytes = 1 << 20
)

// pageMemory has memory for a page before and after compression.
var pageMemory sync.Pool

// plainType reports whether columns of a type are written by Plain.
func plainType(c format.Config, t column.Type) bool {
	switch t.Kind {
	case column.Boolean, column.TinyInt, column.SmallInt, column.Int, column.BigInt, column.Float, column.Double, column.Date, column.Time,
		column.Char, column.VarChar, column.Binary, column.VarBinary:
		return true
	case column.Decimal:
		return t.Precision > 18
	case column.Timestamp, column.TimestampLTZ:
		_, unit := writtenUnit(c.Options)
		return c.Options.Bool(int64Timestamp) && t.TimeUnit() == unit
	}
	return false
}

// plainFile is a file that Plain makes.
type plainFile struct {
	out     []byte
	parts   []*column.Batch
	rows    [][]int32 // by part
	total   int
	scratch *[2][]byte
}

// estimate is how large the file becomes, about, so that it need not be moved.
func (f *plainFile) estimate(fields []column.Field) int {
	n := 4096
	for i := range fields {
		switch fields[i].Type.Kind {
		case column.Char, column.VarChar, column.Binary, column.VarBinary:
			for k, b := range f.parts {
				x := column.Values[column.View](b.Cols[i])
				for _, r := range f.rows[k] {
					n += 4 + x[r].Len()
				}
			}
		case column.Decimal:
			n += 16 * f.total
		default:
			n += 8 * f.total
		}
	}
	return n
}

// column writes a column's chunk.
func (f *plainFile) column(col int, required bool, e *library.SchemaElement) (library.ColumnChunk, error) {
	start := len(f.out)
	m := library.ColumnMetaData{
		Type: e.Type.V, Encoding: []library.Encoding{library.RLE}, PathInSchema: []string{e.Name}, Codec: library.Snappy,
		NumValues: int64(f.total), DataPageOffset: int64(start),
	}
	how := anyForm
	for k, b := range f.parts {
		for rows := f.rows[k]; len(rows) > 0; {
			n, used, err := f.page(b.Cols[col], required, rows, how, &m)
			if err != nil {
				return library.ColumnChunk{}, err
			}
			rows, how = rows[n:], used
		}
	}
	m.TotalCompressedSize = int64(len(f.out) - start)
	return library.ColumnChunk{FileOffset: int64(start), MetaData: m}, nil
}

// form is how the values of a page are made smaller.
type form int

const (
	anyForm  form = iota // the first one that is worth it
	packed               // integers as differences
	squeezed             // compressed
	asIs
)

// fewValues is how many values say little about those of other pages.
const fewValues = 1 << 10

// page writes a page of some of the rows and returns how many those are. Pages behind one that has taken a form try no other, and all are as they are behind one
// that did not become smaller, unless that had few values.
func (f *plainFile) page(v *column.Vector, required bool, rows []int32, how form, m *library.ColumnMetaData) (n int, used form, err error) {
	n = pageLength(v, rows)
	rows = rows[:n]
	levels, present := levelsOf(v, required, rows, f.scratch[0][:0])
	values, stored, used := f.values(levels, v, present, how)
	encoding := library.Plain
	if used == packed {
		encoding = library.DeltaBinaryPacked
	}
	if !slices.Contains(m.Encoding, encoding) {
		m.Encoding = append(m.Encoding, encoding)
	}
	header, err := protocol.Marshal(new(protocol.CompactProtocol), &library.PageHeader{
		Type: library.DataPageV2, UncompressedPageSize: int32(len(levels) + len(values)), CompressedPageSize: int32(len(levels) + len(stored)),
		DataPageHeaderV2: protocol.New(library.DataPageHeaderV2{
			NumValues: int32(n), NumNulls: int32(n - len(present)), NumRows: int32(n), Encoding: encoding,
			DefinitionLevelsByteLength: int32(len(levels)), IsCompressed: protocol.New(used == squeezed),
		}),
	})
	if err != nil {
		return 0, asIs, err
	}
	m.TotalUncompressedSize += int64(len(header) + len(levels) + len(values))
	f.out = append(append(append(f.out, header...), levels...), stored...)
	if len(present) < fewValues {
		used = how
	}
	return n, used, nil
}

// values returns the values of a page, behind whose levels they may stand in memory, before and after compression, and the form that they have.
func (f *plainFile) values(levels []byte, v *column.Vector, rows []int32, how form) (values, stored []byte, used form) {
	if len(rows) == 0 {
		return nil, nil, asIs
	}
	if how <= packed && packs(v) {
		body := appendPacked(levels, v, rows)
		f.scratch[0] = body
		if values = body[len(levels):]; len(values) < plainBytes(v)*len(rows)/8*7 {
			return values, values, packed
		}
	}
	body := appendPlain(levels, v, rows)
	f.scratch[0] = body
	values = body[len(levels):]
	if how == anyForm || how == squeezed {
		if most := s2.MaxEncodedLen(len(values)); cap(f.scratch[1]) < most {
			f.scratch[1] = make([]byte, most)
		}
		if small := s2.EncodeSnappy(f.scratch[1][:cap(f.scratch[1])], values); len(small) < len(values)/8*7 {
			return values, small, squeezed
		}
	}
	return values, values, asIs
}

// plainBytes is how many bytes an integer takes as it stands.
func plainBytes(v *column.Vector) int {
	if v.Type.Layout() == column.LayoutInt64 {
		return 8
	}
	return 4
}

// pageLength is how many of the rows a page has.
func pageLength(v *column.Vector, rows []int32) int {
	n := min(len(rows), pageRows)
	switch v.Type.Kind {
	case column.Char, column.VarChar, column.Binary, column.VarBinary:
		size := 0
		for i, x := range rows[:n] {
			if size += 4 + column.Values[column.View](v)[x].Len(); size > pageBytes {
				return i + 1
			}
		}
	}
	return n
}

// levelsOf appends a page's definition levels, and returns the rows that are not NULL.
func levelsOf(v *column.Vector, required bool, rows []int32, to []byte) (levels []byte, present []int32) {
	switch {
	case required:
		return to, rows
	case !v.HasNulls():
		return append(binary.AppendUvarint(to, uint64(len(rows))<<1), 1), rows
	}
	groups := (len(rows) + 7) / 8
	to = binary.AppendUvarint(to, uint64(groups)<<1|1)
	at := len(to)
	to = append(to, make([]byte, groups)...)
	present = make([]int32, 0, len(rows))
	for i, r := range rows {
		if !v.IsNull(int(r)) {
			to[at+i/8] |= 1 << (i & 7)
			present = append(present, r)
		}
	}
	return to, present
}

// appendPlain appends values as PLAIN has them.
func appendPlain(to []byte, v *column.Vector, rows []int32) []byte {
	switch v.Type.Kind {
	case column.Boolean:
		return appendBits(to, v.Bits(), rows)
	case column.TinyInt:
		return appendWords(to, column.Values[int8](v), rows)
	case column.SmallInt:
		return appendWords(to, column.Values[int16](v), rows)
	case column.Int, column.Date, column.Time, column.Float:
		return appendWords(to, column.Values[int32](v), rows)
	case column.Decimal:
		return appendDecimals(to, column.Values[column.Int128](v), rows)
	case column.Char, column.VarChar, column.Binary, column.VarBinary:
		return appendTexts(to, v, rows)
	}
	return appendLongs(to, column.Values[int64](v), rows) // DOUBLE too: bits are bits
}

// room makes room for n bytes behind to.
func room(to []byte, n int) (all, behind []byte) {
	at := len(to)
	all = slices.Grow(to, n)[:at+n]
	return all, all[at:]
}

func appendBits(to []byte, x column.Bitmap, rows []int32) []byte {
	all, b := room(to, (len(rows)+7)/8)
	clear(b)
	for i, r := range rows {
		if x.Get(int(r)) {
			b[i/8] |= 1 << (i & 7)
		}
	}
	return all
}

func appendWords[T int8 | int16 | int32](to []byte, x []T, rows []int32) []byte {
	all, b := room(to, 4*len(rows))
	for _, r := range rows {
		binary.LittleEndian.PutUint32(b[:4], uint32(x[r]))
		b = b[4:]
	}
	return all
}

func appendLongs(to []byte, x []int64, rows []int32) []byte {
	all, b := room(to, 8*len(rows))
	for _, r := range rows {
		binary.LittleEndian.PutUint64(b[:8], uint64(x[r]))
		b = b[8:]
	}
	return all
}

func appendDecimals(to []byte, x []column.Int128, rows []int32) []byte {
	all, b := room(to, decimalBytes*len(rows))
	for _, r := range rows {
		putInt128(b[:decimalBytes], x[r])
		b = b[decimalBytes:]
	}
	return all
}

func appendTexts(to []byte, v *column.Vector, rows []int32) []byte {
	x := column.Values[column.View](v)
	n := 4 * len(rows)
	for _, r := range rows {
		n += x[r].Len()
	}
	all, b := room(to, n)
	for _, r := range rows {
		text := x[r].Bytes(v.Buffers)
		binary.LittleEndian.PutUint32(b[:4], uint32(len(text)))
		copy(b[4:], text)
		b = b[4+len(text):]
	}
	return all
}
