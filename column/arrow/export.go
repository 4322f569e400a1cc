package arrow

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/millstream/millstream/column"
)

// ErrNullKey says that a MAP or MULTISET holds a NULL key, which SQL allows and Arrow does not.
var ErrNullKey = errors.New("a map with a NULL key cannot be an Arrow map")

// ToRecord returns the batch's rows as a record of the given columns. A batch with a selection is copied first, as Arrow has
// none. The caller releases the record.
func ToRecord(b *column.Batch, fields []column.Field) (arrow.RecordBatch, error) {
	schema, err := Schema(fields)
	if err != nil {
		return nil, err
	}
	if b.Sel != nil {
		dense := column.NewBatch(fields, len(b.Sel))
		dense.AppendRows(b, nil)
		b = dense
	}
	arrays := make([]arrow.Array, len(b.Cols))
	for i, c := range b.Cols {
		data, err := toData(c, schema.Field(i).Type)
		if err != nil {
			return nil, fmt.Errorf("column '%s': %w", fields[i].Name, err)
		}
		arrays[i] = array.MakeFromData(data)
		data.Release()
	}
	record := array.NewRecordBatch(schema, arrays, int64(b.Len))
	for _, a := range arrays {
		a.Release()
	}
	return record, nil
}

// toData describes a vector's memory to Arrow.
func toData(v *column.Vector, dt arrow.DataType) (arrow.ArrayData, error) {
	if v.Dict != nil { // the schema says nothing of dictionaries, so their values are looked up
		dense := &column.Vector{}
		v.Decode(dense)
		v = dense
	}
	var children []arrow.ArrayData
	switch t := dt.(type) {
	case *arrow.ListType:
		child, err := toData(v.Children[0], t.Elem())
		if err != nil {
			return nil, err
		}
		children = []arrow.ArrayData{child}
	case *arrow.MapType:
		entries, err := entriesOf(v, t)
		if err != nil {
			return nil, err
		}
		children = []arrow.ArrayData{entries}
	case *arrow.StructType:
		for i, c := range v.Children {
			child, err := toData(c, t.Field(i).Type)
			if err != nil {
				return nil, err
			}
			children = append(children, child)
		}
	}
	if v.Type.Kind == column.Null {
		return array.NewData(dt, v.Len, []*memory.Buffer{nil}, nil, v.Len, 0), nil
	}
	data := array.NewData(dt, v.Len, buffers(v), children, nulls(v), 0)
	for _, c := range children {
		c.Release()
	}
	return data, nil
}

func nulls(v *column.Vector) int {
	if v.Valid == nil {
		return 0
	}
	return v.Len - v.Valid.Count(v.Len)
}

// entriesOf describes a map's keys and values, which Arrow wants as a struct.
func entriesOf(v *column.Vector, t *arrow.MapType) (arrow.ArrayData, error) {
	for i := range v.Children[0].Len {
		if v.Children[0].IsNull(i) {
			return nil, fmt.Errorf("%s: %w", v.Type, ErrNullKey)
		}
	}
	key, err := toData(v.Children[0], t.KeyType())
	if err != nil {
		return nil, err
	}
	defer key.Release()
	value, err := toData(v.Children[1], t.ItemType())
	if err != nil {
		return nil, err
	}
	defer value.Release()
	return array.NewData(t.Elem(), v.Children[0].Len, []*memory.Buffer{nil}, []arrow.ArrayData{key, value}, 0, 0), nil
}

// buffers lists a vector's memory in Arrow's order: validity, values or offsets, then what views point into.
func buffers(v *column.Vector) []*memory.Buffer {
	list := []*memory.Buffer{nil}
	if v.Valid != nil {
		list[0] = memory.NewBufferBytes(bytesOf(v.Valid))
	}
	if v.Type.Layout() == column.LayoutStruct {
		return list
	}
	if v.Type.Layout() == column.LayoutList && len(v.Data) == 0 {
		return append(list, memory.NewBufferBytes(make([]byte, 8))) // an empty vector has no offsets yet; Arrow wants one
	}
	list = append(list, memory.NewBufferBytes(bytesOf(v.Data)))
	if v.Type.Layout() == column.LayoutView {
		for _, b := range v.Buffers {
			list = append(list, memory.NewBufferBytes(b))
		}
	}
	return list
}

func bytesOf[T ~[]uint64](words T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(words))), len(words)*8)
}
