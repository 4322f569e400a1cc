package parquet

import (
	"fmt"

	"github.com/parquet-go/parquet-go"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format"
	"github.com/millstream/millstream/setting"
)

// ordered is a group whose fields keep the order of the table's columns; the library sorts them by name.
type ordered struct {
	parquet.Group
	names []string
}

func (o ordered) Fields() []parquet.Field {
	byName := map[string]parquet.Field{}
	for _, f := range o.Group.Fields() {
		byName[f.Name()] = f
	}
	fields := make([]parquet.Field, len(o.names))
	for i, n := range o.names {
		fields[i] = byName[n]
	}
	return fields
}

func group(fields []column.Field, c format.Config) (parquet.Node, error) {
	o := ordered{Group: parquet.Group{}}
	for _, f := range fields {
		n, err := node(f.Type, c)
		if err != nil {
			return nil, fmt.Errorf("column '%s': %w", f.Name, err)
		}
		if o.Group[f.Name] != nil {
			return nil, fmt.Errorf("two columns are named '%s'", f.Name)
		}
		o.Group[f.Name] = n
		o.names = append(o.names, f.Name)
	}
	return o, nil
}

// node returns the schema node that values of t are written as.
func node(t column.Type, c format.Config) (parquet.Node, error) {
	n, err := requiredNode(t, c)
	if err == nil && !t.NotNull {
		n = parquet.Optional(n)
	}
	return n, err
}

func requiredNode(t column.Type, c format.Config) (parquet.Node, error) {
	switch t.Kind {
	case column.Boolean:
		return parquet.Leaf(parquet.BooleanType), nil
	case column.TinyInt:
		return parquet.Int(8), nil
	case column.SmallInt:
		return parquet.Int(16), nil
	case column.Int:
		return parquet.Int(32), nil
	case column.BigInt:
		return parquet.Int(64), nil
	case column.Float:
		return parquet.Leaf(parquet.FloatType), nil
	case column.Double:
		return parquet.Leaf(parquet.DoubleType), nil
	case column.Decimal:
		return parquet.Decimal(int(t.Scale), int(t.Precision), decimalType(t)), nil
	case column.Char, column.VarChar:
		return text(parquet.String(), c), nil
	case column.Binary, column.VarBinary:
		return text(parquet.Leaf(parquet.ByteArrayType), c), nil
	case column.Date:
		return parquet.Date(), nil
	case column.Time:
		return parquet.TimeAdjusted(parquet.Millisecond, false), nil
	case column.Timestamp, column.TimestampLTZ:
		if !c.Options.Bool(int64Timestamp) {
			return parquet.Leaf(parquet.Int96Type), nil
		}
		unit, _ := writtenUnit(c.Options)
		return parquet.TimestampAdjusted(unit, t.Kind == column.TimestampLTZ), nil
	case column.Array:
		elem, err := node(*t.Elem, c)
		if err != nil {
			return nil, err
		}
		return parquet.List(elem), nil
	case column.Map:
		return mapNode(*t.Key, *t.Elem, c)
	case column.Multiset:
		return mapNode(*t.Elem, column.Of(column.Int).Required(), c)
	case column.Row:
		return group(t.Fields, c)
	}
	return nil, fmt.Errorf("%s cannot be written to Parquet", t)
}

// text is a node whose values are written by a dictionary, as long as that is small, or else as they are.
func text(n parquet.Node, c format.Config) parquet.Node {
	if c.Options.Bool(dictionary) {
		return parquet.Encoded(n, &parquet.RLEDictionary)
	}
	return parquet.Encoded(n, &parquet.Plain)
}

func mapNode(key, value column.Type, c format.Config) (parquet.Node, error) {
	k, err := requiredNode(key, c)
	if err != nil {
		return nil, err
	}
	v, err := node(value, c)
	if err != nil {
		return nil, err
	}
	return parquet.Map(k, v), nil
}

// decimalType is the smallest physical type that holds the precision.
func decimalType(t column.Type) parquet.Type {
	switch {
	case t.Precision <= 9:
		return parquet.Int32Type
	case t.Precision <= 18:
		return parquet.Int64Type
	}
	return parquet.FixedLenByteArrayType(decimalBytes)
}

const decimalBytes = 16

// writtenUnit is the unit of INT64 timestamps, and how many make a second.
func writtenUnit(v setting.Values) (parquet.TimeUnit, int64) {
	switch v.Enum(timestampUnit) {
	case "nanos":
		return parquet.Nanosecond, 1e9
	case "millis":
		return parquet.Millisecond, 1e3
	}
	return parquet.Microsecond, 1e6
}
