package avro

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
)

// blockBytes is where a block ends, before compression.
const blockBytes = 64 << 10

// writer writes a container file.
type writer struct {
	to     io.Writer
	config format.Config
	legacy bool
	codec  *codec
	sync   [16]byte
	head   []byte // what stands before the first block and is not written yet
	block  []byte
	frame  []byte
	rows   int
}

func newFile(to io.Writer, c format.Config) (format.FileWriter, error) {
	w := &writer{to: to, config: c, legacy: c.Options.Bool(legacyOption)}
	schema, err := w.record("record", c.Columns)
	if err != nil {
		return nil, err
	}
	schema["namespace"] = "org.apache.flink.avro.generated"
	text, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	if w.codec, err = newCodec(c.Options.Enum(codecOption)); err != nil {
		return nil, err
	}
	rand.Read(w.sync[:]) // never fails
	w.head = append(w.head, magic...)
	w.head = binary.AppendVarint(w.head, 2)
	for _, s := range []string{"avro.schema", string(text), "avro.codec", w.codec.name} {
		w.head = appendText(w.head, []byte(s))
	}
	w.head = append(append(w.head, 0), w.sync[:]...)
	return w, nil
}

func appendText(dst, s []byte) []byte { return append(binary.AppendVarint(dst, int64(len(s))), s...) }

// record is the schema of rows.
func (w *writer) record(name string, fields []column.Field) (map[string]any, error) {
	list := []any{}
	for _, f := range fields {
		if !validName(f.Name) {
			return nil, fmt.Errorf("column '%s': names in Avro have letters, digits and underscores alone, and begin with no digit", f.Name)
		}
		t, err := w.schema(name+"_"+f.Name, f.Type)
		if err != nil {
			return nil, fmt.Errorf("column '%s': %w", f.Name, err)
		}
		field := map[string]any{"name": f.Name, "type": t}
		if !f.Type.NotNull {
			field["default"] = nil
		}
		list = append(list, field)
	}
	return map[string]any{"type": "record", "name": name, "fields": list}, nil
}

func validName(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// schema is that of a type; name is for the records in it.
func (w *writer) schema(name string, t column.Type) (any, error) {
	s, err := w.required(name, t)
	if err != nil || t.NotNull {
		return s, err
	}
	return []any{"null", s}, nil
}

func (w *writer) required(name string, t column.Type) (any, error) {
	logical := func(of, as string) (any, error) { return map[string]any{"type": of, "logicalType": as}, nil }
	switch t.Kind {
	case column.Boolean:
		return "boolean", nil
	case column.TinyInt, column.SmallInt, column.Int:
		return "int", nil
	case column.BigInt:
		return "long", nil
	case column.Float:
		return "float", nil
	case column.Double:
		return "double", nil
	case column.Char, column.VarChar:
		return "string", nil
	case column.Binary, column.VarBinary:
		return "bytes", nil
	case column.Date:
		return logical("int", "date")
	case column.Time:
		return logical("int", "time-millis")
	case column.Decimal:
		return map[string]any{"type": "bytes", "logicalType": "decimal", "precision": t.Precision, "scale": t.Scale}, nil
	case column.Timestamp, column.TimestampLTZ:
		as := "timestamp-"
		if t.Kind == column.Timestamp && !w.legacy {
			as = "local-timestamp-"
		}
		switch t.TimeUnit() {
		case 1e3:
			return logical("long", as+"millis")
		case 1e6:
			return logical("long", as+"micros")
		}
		return nil, fmt.Errorf("Avro has no %s: it reaches to microseconds, so declare a precision of 6 at most", t.Optional())
	case column.Array:
		items, err := w.schema(name, *t.Elem)
		return map[string]any{"type": "array", "items": items}, err
	case column.Map, column.Multiset:
		key, value := t.Key, column.Of(column.Int).Required()
		if t.Kind == column.Multiset {
			key = t.Elem
		} else {
			value = *t.Elem
		}
		if key.Kind != column.Char && key.Kind != column.VarChar {
			return nil, fmt.Errorf("Avro has no %s: the keys of its maps are texts", t.Optional())
		}
		values, err := w.schema(name, value)
		return map[string]any{"type": "map", "values": values}, err
	case column.Row:
		return w.record(name, t.Fields)
	}
	return nil, fmt.Errorf("Avro has no %s", t.Optional())
}

func (w *writer) Write(b *column.Batch) error {
	for i := range b.Rows() {
		row := b.Row(i)
		for k, v := range b.Cols {
			var err error
			if w.block, err = appendValue(w.block, v, row, w.config.Columns[k].Type); err != nil {
				return fmt.Errorf("column '%s', row %d of the batch: %w", w.config.Columns[k].Name, i+1, err)
			}
		}
		if w.rows++; len(w.block) >= blockBytes {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// appendValue writes a value, behind the number of its branch if the type may be null.
func appendValue(dst []byte, v *column.Vector, i int, t column.Type) (_ []byte, err error) {
	isNull := v.IsNull(i)
	switch {
	case !t.NotNull && isNull:
		return append(dst, 0), nil
	case !t.NotNull:
		dst = append(dst, 2)
	case isNull:
		return dst, errors.New("it is NULL, and the column is NOT NULL")
	}
	if v.Dict != nil {
		v, i = v.Dict, int(column.Values[int32](v)[i])
	}
	switch t.Kind {
	case column.Boolean:
		if v.Bits().Get(i) {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case column.TinyInt:
		return binary.AppendVarint(dst, int64(column.Values[int8](v)[i])), nil
	case column.SmallInt:
		return binary.AppendVarint(dst, int64(column.Values[int16](v)[i])), nil
	case column.Int, column.Date, column.Time:
		return binary.AppendVarint(dst, int64(column.Values[int32](v)[i])), nil
	case column.BigInt, column.Timestamp, column.TimestampLTZ:
		return binary.AppendVarint(dst, column.Values[int64](v)[i]), nil
	case column.Float:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(column.Values[float32](v)[i])), nil
	case column.Double:
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(column.Values[float64](v)[i])), nil
	case column.Char, column.VarChar, column.Binary, column.VarBinary:
		return appendText(dst, v.BytesAt(i)), nil
	case column.Decimal:
		return appendDecimal(dst, column.Values[column.Int128](v)[i]), nil
	case column.Row:
		for k, f := range t.Fields {
			if dst, err = appendValue(dst, v.Children[k], i, f.Type); err != nil {
				return dst, fmt.Errorf("field '%s': %w", f.Name, err)
			}
		}
		return dst, nil
	}
	from, to := int(v.Offsets()[i]), int(v.Offsets()[i+1])
	if from < to {
		dst = binary.AppendVarint(dst, int64(to-from))
	}
	for k := from; k < to; k++ {
		if t.Kind == column.Array {
			dst, err = appendValue(dst, v.Children[0], k, *t.Elem)
		} else {
			dst, err = appendEntry(dst, v, k, t)
		}
		if err != nil {
			return dst, err
		}
	}
	return append(dst, 0), nil
}

// appendEntry writes a key of a map, or an element of a multiset, with its value.
func appendEntry(dst []byte, v *column.Vector, k int, t column.Type) ([]byte, error) {
	if v.Children[0].IsNull(k) {
		return dst, errors.New("a key is NULL, which Avro has not")
	}
	dst = appendText(dst, v.Children[0].BytesAt(k))
	if t.Kind == column.Multiset {
		return appendValue(dst, v.Children[1], k, column.Of(column.Int).Required())
	}
	return appendValue(dst, v.Children[1], k, *t.Elem)
}

// appendDecimal writes the shortest big-endian two's complement of a number.
func appendDecimal(dst []byte, d column.Int128) []byte {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(d.Hi))
	binary.BigEndian.PutUint64(b[8:], d.Lo)
	from := 0
	for from < 15 && (b[from] == 0 && b[from+1] < 0x80 || b[from] == 0xFF && b[from+1] >= 0x80) {
		from++
	}
	return appendText(dst, b[from:])
}

// flush writes a block.
func (w *writer) flush() error {
	w.frame = append(w.frame[:0], w.head...)
	w.head = nil
	if w.rows > 0 {
		data, err := w.codec.pack(w.block)
		if err != nil {
			return err
		}
		w.frame = binary.AppendVarint(w.frame, int64(w.rows))
		w.frame = appendText(w.frame, data)
		w.frame = append(w.frame, w.sync[:]...)
	}
	w.block, w.rows = w.block[:0], 0
	_, err := w.to.Write(w.frame)
	return err
}

func (w *writer) BufferedBytes() int64 { return int64(len(w.block) + len(w.head)) }

func (w *writer) Close() error { return w.flush() }
