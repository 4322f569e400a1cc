// Package arrow converts batches to and from records of the Apache Arrow library, for formats and protocols that speak
// Arrow. Vectors lie in memory as Arrow prescribes, so values, bitmaps, offsets and text cross without a copy.
//
// What enters: a [column.Batch], or an arrow.RecordBatch. What leaves: the other. Formats and servers call it.
//
// What must hold: memory is shared, so it must stay unchanged while the other side is in use: a record made of a batch is valid
// until the batch is reset or appended to, whoever retains it; a batch made of a record as long as the record is retained. Row
// kinds and event times do not cross.
package arrow

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/millstream/millstream/column"
)

// Schema returns the Arrow schema of columns.
func Schema(fields []column.Field) (*arrow.Schema, error) {
	out := make([]arrow.Field, len(fields))
	for i, f := range fields {
		var err error
		if out[i], err = field(f.Name, f.Type); err != nil {
			return nil, fmt.Errorf("column '%s': %w", f.Name, err)
		}
	}
	return arrow.NewSchema(out, nil), nil
}

func field(name string, t column.Type) (arrow.Field, error) {
	dt, err := dataType(t)
	return arrow.Field{Name: name, Type: dt, Nullable: !t.NotNull}, err
}

// dataType returns the Arrow type whose layout vectors of t have.
func dataType(t column.Type) (arrow.DataType, error) {
	switch t.Kind {
	case column.Null:
		return arrow.Null, nil
	case column.Boolean:
		return arrow.FixedWidthTypes.Boolean, nil
	case column.TinyInt:
		return arrow.PrimitiveTypes.Int8, nil
	case column.SmallInt:
		return arrow.PrimitiveTypes.Int16, nil
	case column.Int:
		return arrow.PrimitiveTypes.Int32, nil
	case column.BigInt:
		return arrow.PrimitiveTypes.Int64, nil
	case column.Float:
		return arrow.PrimitiveTypes.Float32, nil
	case column.Double:
		return arrow.PrimitiveTypes.Float64, nil
	case column.Decimal:
		return &arrow.Decimal128Type{Precision: t.Precision, Scale: t.Scale}, nil
	case column.Char, column.VarChar:
		return arrow.BinaryTypes.StringView, nil
	case column.Binary, column.VarBinary, column.Variant, column.Bitset:
		return arrow.BinaryTypes.BinaryView, nil
	case column.Date:
		return arrow.FixedWidthTypes.Date32, nil
	case column.Time:
		return arrow.FixedWidthTypes.Time32ms, nil
	case column.Timestamp:
		return &arrow.TimestampType{Unit: timeUnit(t)}, nil
	case column.TimestampLTZ:
		return &arrow.TimestampType{Unit: timeUnit(t), TimeZone: "UTC"}, nil
	case column.IntervalYearMonth:
		return arrow.FixedWidthTypes.MonthInterval, nil
	case column.IntervalDayTime:
		return arrow.FixedWidthTypes.Duration_ms, nil
	case column.Array:
		elem, err := field("element", *t.Elem)
		if err != nil {
			return nil, err
		}
		return arrow.ListOfField(elem), nil
	case column.Map:
		return mapType(*t.Key, *t.Elem)
	case column.Multiset:
		return mapType(*t.Elem, column.Of(column.Int).Required())
	case column.Row:
		fields := make([]arrow.Field, len(t.Fields))
		for i, f := range t.Fields {
			var err error
			if fields[i], err = field(f.Name, f.Type); err != nil {
				return nil, err
			}
		}
		return arrow.StructOf(fields...), nil
	}
	return nil, fmt.Errorf("%s has no Arrow type", t)
}

func mapType(key, value column.Type) (arrow.DataType, error) {
	k, err := dataType(key)
	if err != nil {
		return nil, err
	}
	v, err := dataType(value)
	if err != nil {
		return nil, err
	}
	m := arrow.MapOf(k, v)
	m.SetItemNullable(!value.NotNull)
	return m, nil
}

func timeUnit(t column.Type) arrow.TimeUnit {
	switch t.TimeUnit() {
	case 1e3:
		return arrow.Millisecond
	case 1e6:
		return arrow.Microsecond
	}
	return arrow.Nanosecond
}
