package parquet

import (
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

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
