package parquet

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
)

// writer writes batches column by column: each leaf's rows are cut into entries with their repetition and definition levels, then
// the entries become the library's values.
type writer struct {
	config format.Config
	file   *parquet.GenericWriter[any]
	leaves []*parquet.ColumnWriter
	leaf   int   // the next leaf of the batch at hand
	limit  int64 // of a row group, in bytes
	size   int64 // of what the row group holds, about
	values []parquet.Value
	texts  []texts // by leaf
	levels []byte  // zeros, which nobody writes to
	top    []int32
	most   int64 // bytes of a dictionary
}

func newFile(w io.Writer, c format.Config) (format.FileWriter, error) {
	root, err := group(c.Columns, c)
	if err != nil {
		return nil, err
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	schema := parquet.NewSchema("table", root)
	options := []parquet.WriterOption{
		schema,
		parquet.Compression(codecs[c.Options.Enum(compression)]),
		parquet.CreatedBy("millstream", "", ""),
		parquet.DataPageVersion(map[string]int{"PARQUET_1_0": 1, "PARQUET_2_0": 2}[c.Options.Enum(writerVersion)]),
		parquet.PageBufferSize(int(c.Options.Memory(pageSize))),
		parquet.DictionaryMaxBytes(c.Options.Memory(dictionarySize)),
	}
	for _, path := range schema.Columns() {
		if l, ok := schema.Lookup(path...); ok && (l.Node.Type().Kind() == parquet.FixedLenByteArray || l.Node.Type().Kind() == parquet.Int96) {
			// The library orders decimals by their bytes, negative ones last: whoever trusted such bounds would miss rows.
			options = append(options, parquet.SkipPageBounds(path...))
		}
	}
	file := parquet.NewGenericWriter[any](w, options...)
	leaves := file.ColumnWriters()
	out := &writer{config: c, file: file, leaves: leaves, limit: c.Options.Memory(blockSize), texts: make([]texts, len(leaves)), most: math.MaxInt64 - 1}
	if c.Options.Bool(dictionary) {
		out.most = c.Options.Memory(dictionarySize)
	}
	out.beginTexts()
	return out, nil
}

// entries are what one level of nesting makes of rows: row numbers of the vector at this level, -1 where there is none, with the
// levels reached so far. Entries may share their parts, so nothing is changed once it is there.
type entries struct {
	rows []int32
	rep  []byte
	def  []byte
	// whole says that all rows are there.
	whole bool
}

func (w *writer) Write(b *column.Batch) error {
	n := b.Rows()
	if n == 0 {
		return nil
	}
	if len(w.levels) < n {
		w.top, w.levels = make([]int32, n), make([]byte, n)
	}
	top := entries{rows: w.top[:n], rep: w.levels[:n], def: w.levels[:n], whole: true}
	for i := range n {
		top.rows[i] = int32(b.Row(i))
	}
	w.leaf = 0
	for i, c := range b.Cols {
		if err := w.write(c, c.Type, top, 0, 0); err != nil {
			return fmt.Errorf("column '%s': %w", w.config.Columns[i].Name, err)
		}
	}
	if w.size >= w.limit {
		return w.flush()
	}
	return nil
}

// write writes a vector below an entry list. rep and def are the levels above it.
func (w *writer) write(v *column.Vector, t column.Type, at entries, rep, def byte) error {
	if v.Dict != nil {
		plain := &column.Vector{}
		v.Decode(plain)
		v = plain
	}
	if !t.NotNull {
		at, def = present(v, at, def+1), def+1
	} else if v.HasNulls() {
		for _, r := range at.rows {
			if r >= 0 && v.IsNull(int(r)) {
				return fmt.Errorf("NULL in %s", t)
			}
		}
	}
	switch t.Kind {
	case column.Row:
		for i, f := range t.Fields {
			if err := w.write(v.Children[i], f.Type, at, rep, def); err != nil {
				return err
			}
		}
		return nil
	case column.Array:
		return w.write(v.Children[0], *t.Elem, elements(v, at, rep+1, def+1), rep+1, def+1)
	case column.Map, column.Multiset:
		key, value := t.Key, *t.Elem
		if t.Kind == column.Multiset {
			key, value = t.Elem, column.Of(column.Int).Required()
		}
		below := elements(v, at, rep+1, def+1)
		if err := w.write(v.Children[0], key.Required(), below, rep+1, def+1); err != nil {
			return fmt.Errorf("a map's key: %w", err)
		}
		return w.write(v.Children[1], value, below, rep+1, def+1)
	}
	return w.writeLeaf(v, t, at, def)
}

// present replaces rows that are NULL by -1; the others reach the level def.
func present(v *column.Vector, at entries, def byte) entries {
	if at.whole && !v.HasNulls() {
		at.def = bytes.Repeat([]byte{def}, len(at.rows))
		return at
	}
	next := entries{rows: make([]int32, len(at.rows)), rep: at.rep, def: append([]byte(nil), at.def...)}
	for i, r := range at.rows {
		next.rows[i] = r
		switch {
		case r < 0:
		case v.IsNull(int(r)):
			next.rows[i] = -1
		default:
			next.def[i] = def
		}
	}
	return next
}

// elements replaces lists by their elements.
func elements(v *column.Vector, at entries, rep, def byte) entries {
	var out entries
	offsets := column.Values[int32](v)
	for i, r := range at.rows {
		if r < 0 || offsets[r] == offsets[r+1] {
			out.rows, out.rep, out.def = append(out.rows, -1), append(out.rep, at.rep[i]), append(out.def, at.def[i])
			continue
		}
		for e := offsets[r]; e < offsets[r+1]; e++ {
			level := rep
			if e == offsets[r] {
				level = at.rep[i]
			}
			out.rows, out.rep, out.def = append(out.rows, e), append(out.rep, level), append(out.def, def)
		}
	}
	return out
}

// writeLeaf writes entries of a scalar vector to the next column of the file.
func (w *writer) writeLeaf(v *column.Vector, t column.Type, at entries, def byte) error {
	if cap(w.values) < len(at.rows) {
		w.values = make([]parquet.Value, len(at.rows))
	}
	values := w.values[:len(at.rows)]
	if err := w.fill(values, v, t, at.rows); err != nil {
		return err
	}
	for i := range values { // the setters are inlined, which Value.Level is not
		x := &values[i]
		if at.rows[i] < 0 {
			*x = parquet.NullValue()
		}
		x.SetRepetitionLevel(int(at.rep[i]))
		x.SetDefinitionLevel(int(at.def[i]))
		x.SetColumnIndex(w.leaf)
	}
	if _, err := w.leaves[w.leaf].WriteRowValues(values); err != nil {
		return err
	}
	w.leaf++
	return w.boundDictionary(w.leaf - 1)
}

func (w *writer) fill(values []parquet.Value, v *column.Vector, t column.Type, rows []int32) error {
	w.size += int64(len(rows)) * 8
	switch t.Kind {
	case column.Boolean:
		bits := v.Bits()
		each(values, rows, func(r int32) parquet.Value { return parquet.BooleanValue(bits.Get(int(r))) })
	case column.TinyInt:
		fillInt32(values, column.Values[int8](v), rows)
	case column.SmallInt:
		fillInt32(values, column.Values[int16](v), rows)
	case column.Int, column.Date, column.Time:
		fillInt32(values, column.Values[int32](v), rows)
	case column.BigInt:
		x := column.Values[int64](v)
		each(values, rows, func(r int32) parquet.Value { return parquet.Int64Value(x[r]) })
	case column.Float:
		x := column.Values[float32](v)
		each(values, rows, func(r int32) parquet.Value { return parquet.FloatValue(x[r]) })
	case column.Double:
		x := column.Values[float64](v)
		each(values, rows, func(r int32) parquet.Value { return parquet.DoubleValue(x[r]) })
	case column.Char, column.VarChar, column.Binary, column.VarBinary:
		x, size := column.Values[column.View](v), int64(0)
		each(values, rows, func(r int32) parquet.Value {
			b := x[r].Bytes(v.Buffers)
			size += int64(len(b))
			return parquet.ByteArrayValue(b)
		})
		w.size += size
		w.texts[w.leaf].size += size
	case column.Decimal:
		w.fillDecimals(values, v, t, rows)
	case column.Timestamp, column.TimestampLTZ:
		return w.fillTimestamps(values, column.Values[int64](v), t, rows)
	default:
		return fmt.Errorf("%s cannot be written to Parquet", t)
	}
	return nil
}

// each computes the values of the rows that are there. Its function is inlined into a loop per type.
func each(values []parquet.Value, rows []int32, value func(r int32) parquet.Value) {
	for i, r := range rows {
		if r >= 0 {
			values[i] = value(r)
		}
	}
}

func fillInt32[T int8 | int16 | int32](values []parquet.Value, x []T, rows []int32) {
	each(values, rows, func(r int32) parquet.Value { return parquet.Int32Value(int32(x[r])) })
}

func (w *writer) fillDecimals(values []parquet.Value, v *column.Vector, t column.Type, rows []int32) {
	x := column.Values[column.Int128](v)
	switch {
	case t.Precision <= 9:
		each(values, rows, func(r int32) parquet.Value { return parquet.Int32Value(int32(x[r].Lo)) })
	case t.Precision <= 18:
		each(values, rows, func(r int32) parquet.Value { return parquet.Int64Value(int64(x[r].Lo)) })
	default:
		memory := make([]byte, len(rows)*decimalBytes)
		for i, r := range rows {
			if r >= 0 {
				b := memory[i*decimalBytes : (i+1)*decimalBytes]
				putInt128(b, x[r])
				values[i] = parquet.FixedLenByteArrayValue(b)
			}
		}
	}
}

func (w *writer) fillTimestamps(values []parquet.Value, x []int64, t column.Type, rows []int32) error {
	from := t.TimeUnit()
	if w.config.Options.Bool(int64Timestamp) {
		_, to := writtenUnit(w.config.Options)
		for i, r := range rows {
			if r < 0 {
				continue
			}
			scaled, ok := rescale(x[r], from, to)
			if !ok {
				return fmt.Errorf("a %s lies outside of what 64 bits of %s hold", t, w.config.Options.Text(timestampUnit))
			}
			values[i] = parquet.Int64Value(scaled)
		}
		return nil
	}
	local := w.localZone(t)
	for i, r := range rows {
		if r >= 0 {
			values[i] = parquet.Int96Value(toInt96(x[r], from, local))
		}
	}
	return nil
}

// localZone is the zone whose local time TIMESTAMP is in INT96, which stands for instants; nil for UTC.
func (w *writer) localZone(t column.Type) *time.Location { return localZone(w.config, t) }

func localZone(c format.Config, t column.Type) *time.Location {
	if t.Kind == column.TimestampLTZ || c.Options.Bool(utcTimezone) || c.Zone == time.UTC {
		return nil
	}
	return c.Zone
}

const (
	julianEpoch   = 2440588 // the Julian day of 1970-01-01
	secondsPerDay = 86400
)

// toInt96 writes units since 1970 as nanoseconds of a Julian day.
func toInt96(x, unit int64, local *time.Location) deprecated.Int96 {
	seconds, rest := floorDiv(x, unit)
	if local != nil {
		wall := time.Unix(seconds, 0).UTC()
		seconds = time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), wall.Second(), 0, local).Unix()
	}
	day, second := floorDiv(seconds, secondsPerDay)
	nanos := uint64(second*1e9 + rest*(1e9/unit))
	return deprecated.Int96{uint32(nanos), uint32(nanos >> 32), uint32(day + julianEpoch)}
}

func floorDiv(x, y int64) (quotient, rest int64) {
	quotient, rest = x/y, x%y
	if rest < 0 {
		quotient, rest = quotient-1, rest+y
	}
	return quotient, rest
}

// rescale converts between units of a second, towards the past where digits are lost.
func rescale(x, from, to int64) (int64, bool) {
	if to <= from {
		q, _ := floorDiv(x, from/to)
		return q, true
	}
	f := to / from
	y := x * f
	return y, y/f == x
}

// putInt128 writes a decimal's unscaled value big-endian.
func putInt128(b []byte, d column.Int128) {
	for i := range 8 {
		b[i] = byte(d.Hi >> (56 - 8*i))
		b[8+i] = byte(d.Lo >> (56 - 8*i))
	}
}

// flush ends a row group.
func (w *writer) flush() error {
	w.size = 0
	w.beginTexts()
	return w.file.Flush()
}

func (w *writer) BufferedBytes() int64 { return w.size }

func (w *writer) Close() error { return w.file.Close() }
