package operator

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/state"
)

// markChanged sets changed[i] where rows 2i and 2i+1 of pairs differ. Numbers compare as in Java: NaN differs from itself, 0.0 equals -0.0,
// so that an update to NaN from NaN shows, as in Flink.
func markChanged(pairs *column.Vector, changed []bool) {
	switch pairs.Type.Layout() {
	case column.LayoutInt8:
		markNumbers[int8](pairs, changed)
	case column.LayoutInt16:
		markNumbers[int16](pairs, changed)
	case column.LayoutInt32:
		markNumbers[int32](pairs, changed)
	case column.LayoutInt64:
		markNumbers[int64](pairs, changed)
	case column.LayoutFloat:
		markNumbers[float32](pairs, changed)
	case column.LayoutDouble:
		markNumbers[float64](pairs, changed)
	case column.LayoutInt128:
		markNumbers[column.Int128](pairs, changed)
	default:
		for i := range changed {
			changed[i] = changed[i] || !state.Same(pairs, 2*i, pairs, 2*i+1)
		}
	}
}

func markNumbers[T column.Fixed](pairs *column.Vector, changed []bool) {
	x := column.Values[T](pairs)[:2*len(changed)]
	if pairs.Valid == nil {
		for i := range changed {
			changed[i] = changed[i] || x[2*i] != x[2*i+1]
		}
		return
	}
	for i := range changed {
		a, b := pairs.Valid.Get(2*i), pairs.Valid.Get(2*i+1)
		changed[i] = changed[i] || a != b || a && x[2*i] != x[2*i+1]
	}
}
