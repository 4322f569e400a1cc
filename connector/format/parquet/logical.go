package parquet

import (
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/millstream/millstream/column"
)

// means reports whether what a file says about the meaning of its integers and bytes, if it says anything, goes with a column's type: a number of days is no number.
func means(p parquet.Type, t column.Type) bool {
	logical := p.LogicalType()
	if logical == nil {
		return true
	}
	switch l := logical.Value.(type) {
	case *format.DecimalType:
		return t.Kind == column.Decimal || l.Scale == 0 && t.IsInteger()
	case *format.DateType:
		return t.Kind == column.Date || t.Kind == column.Timestamp
	case *format.TimeType:
		return t.Kind == column.Time
	case *format.TimestampType:
		return t.Kind == column.Timestamp || t.Kind == column.TimestampLTZ
	case *format.IntType:
		return t.IsNumeric()
	case *format.StringType, *format.EnumType, *format.JsonType, *format.BsonType:
		return t.Kind != column.Decimal
	}
	return true
}

func isDate(p parquet.Type) bool {
	logical := p.LogicalType()
	if logical == nil {
		return false
	}
	_, ok := logical.Value.(*format.DateType)
	return ok
}

// unitOf returns how many units of a file's TIMESTAMP or TIME make a second; 0 where the type does not say.
func unitOf(t parquet.Type) int64 {
	logical := t.LogicalType()
	if logical == nil {
		return 0
	}
	var unit format.TimeUnit
	switch l := logical.Value.(type) {
	case *format.TimestampType:
		unit = l.Unit
	case *format.TimeType:
		unit = l.Unit
	}
	switch unit.Value.(type) {
	case *format.MilliSeconds:
		return 1e3
	case *format.MicroSeconds:
		return 1e6
	case *format.NanoSeconds:
		return 1e9
	}
	return 0
}

// decimalOf returns precision and scale of a file's DECIMAL.
func decimalOf(t parquet.Type) (precision, scale int, ok bool) {
	if logical := t.LogicalType(); logical != nil {
		if d, ok := logical.Value.(*format.DecimalType); ok {
			return int(d.Precision), int(d.Scale), true
		}
	}
	return 0, 0, false
}

// unsigned reports whether a file's integers have no sign.
func unsigned(t parquet.Type) bool {
	if logical := t.LogicalType(); logical != nil {
		if i, ok := logical.Value.(*format.IntType); ok {
			return !i.IsSigned
		}
	}
	return false
}
