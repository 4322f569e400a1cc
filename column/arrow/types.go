package arrow

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/millstream/millstream/column"
)

// TypeOf returns the SQL type as which arrays of an Arrow type are read: the narrowest that holds all its values.
func TypeOf(dt arrow.DataType, nullable bool) (column.Type, error) {
	t, err := typeOf(dt)
	t.NotNull = !nullable
	return t, err
}

func typeOf(dt arrow.DataType) (column.Type, error) {
	switch dt := dt.(type) {
	case *arrow.NullType:
		return column.Of(column.Null), nil
	case *arrow.BooleanType:
		return column.Of(column.Boolean), nil
	case *arrow.Int8Type:
		return column.Of(column.TinyInt), nil
	case *arrow.Int16Type, *arrow.Uint8Type:
		return column.Of(column.SmallInt), nil
	case *arrow.Int32Type, *arrow.Uint16Type:
		return column.Of(column.Int), nil
	case *arrow.Int64Type, *arrow.Uint32Type:
		return column.Of(column.BigInt), nil
	case *arrow.Uint64Type:
		return column.DecimalOf(20, 0), nil
	case *arrow.Float32Type:
		return column.Of(column.Float), nil
	case *arrow.Float64Type:
		return column.Of(column.Double), nil
	case *arrow.Decimal128Type:
		return column.DecimalOf(int(dt.Precision), int(dt.Scale)), nil
	case *arrow.StringType, *arrow.LargeStringType, *arrow.StringViewType:
		return column.Str(), nil
	case *arrow.BinaryType, *arrow.LargeBinaryType, *arrow.BinaryViewType:
		return column.Bytes(), nil
	case *arrow.FixedSizeBinaryType:
		return column.Sized(column.Binary, dt.ByteWidth), nil
	case *arrow.Date32Type, *arrow.Date64Type:
		return column.Of(column.Date), nil
	case *arrow.Time32Type:
		return column.Sized(column.Time, map[bool]int{true: 0, false: 3}[dt.Unit == arrow.Second]), nil
	case *arrow.Time64Type:
		return column.Sized(column.Time, 3), nil
	case *arrow.TimestampType:
		kind := column.Timestamp
		if dt.TimeZone != "" {
			kind = column.TimestampLTZ
		}
		return column.Sized(kind, map[arrow.TimeUnit]int{arrow.Second: 0, arrow.Millisecond: 3, arrow.Microsecond: 6, arrow.Nanosecond: 9}[dt.Unit]), nil
	case *arrow.MonthIntervalType:
		return column.Type{Kind: column.IntervalYearMonth, Unit: column.Month, Precision: 2}, nil
	case *arrow.DurationType:
		return column.Type{Kind: column.IntervalDayTime, Unit: column.Second, Precision: 2, Scale: 3}, nil
	case *arrow.DictionaryType:
		return typeOf(dt.ValueType)
	case *arrow.MapType:
		k, err := TypeOf(dt.KeyType(), false)
		if err != nil {
			return k, err
		}
		v, err := TypeOf(dt.ItemType(), dt.ItemField().Nullable)
		return column.MapOf(k, v), err
	case *arrow.ListType:
		e, err := TypeOf(dt.Elem(), dt.ElemField().Nullable)
		return column.ArrayOf(e), err
	case *arrow.StructType:
		fields := make([]column.Field, dt.NumFields())
		for i, f := range dt.Fields() {
			t, err := TypeOf(f.Type, f.Nullable)
			if err != nil {
				return t, err
			}
			fields[i] = column.Field{Name: f.Name, Type: t}
		}
		return column.RowOf(fields...), nil
	}
	return column.Type{}, fmt.Errorf("an Arrow %s cannot be read: no SQL type holds its values", dt)
}

// Fields returns the fields as which records of a schema are read.
func Fields(schema *arrow.Schema) ([]column.Field, error) {
	out := make([]column.Field, schema.NumFields())
	for i, f := range schema.Fields() {
		t, err := TypeOf(f.Type, f.Nullable)
		if err != nil {
			return nil, fmt.Errorf("column '%s': %w", f.Name, err)
		}
		out[i] = column.Field{Name: f.Name, Type: t}
	}
	return out, nil
}
