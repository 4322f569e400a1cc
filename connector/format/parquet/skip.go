package parquet

import (
	"bytes"

	"github.com/parquet-go/parquet-go"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// ruledOut reports whether the statistics of a row group show that no row of it can fulfil one of the filters.
func ruledOut(f *parquet.File, group int, plans []*shape, filters []expr.Expr) bool {
	for _, e := range filters {
		c, ok := e.(*expr.Call)
		if !ok || len(c.Args) != 2 {
			continue
		}
		op := c.Func.Infix
		col, isColumn := c.Args[0].(*expr.Column)
		lit, isLiteral := c.Args[1].(*expr.Literal)
		if !isColumn || !isLiteral {
			col, isColumn = c.Args[1].(*expr.Column)
			lit, isLiteral = c.Args[0].(*expr.Literal)
			op = mirrored[op]
		}
		if !isColumn || !isLiteral || lit.Value == nil || col.Index >= len(plans) {
			continue
		}
		s := plans[col.Index]
		if s.leaf == nil || s.leaf.maxRep > 0 || !lit.T.SameAs(s.typ) && !(lit.T.IsText() && s.typ.IsText()) && !(lit.T.IsInteger() && s.typ.IsInteger()) {
			continue
		}
		if impossible(f, group, s.leaf, op, lit.Value) {
			return true
		}
	}
	return false
}

// mirrored is the comparison with its sides exchanged.
var mirrored = map[string]string{"=": "=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

func impossible(f *parquet.File, group int, l *leaf, op string, value any) bool {
	stats := f.Metadata().RowGroups[group].Columns[l.column.Index()].MetaData.Statistics
	low, high := stats.MinValue, stats.MaxValue
	if low == nil || high == nil {
		return false
	}
	var toLow, toHigh int // of the value
	switch l.typ.Kind {
	case column.TinyInt, column.SmallInt, column.Int, column.BigInt, column.Date:
		x, ok := value.(int64)
		a, okLow := plainInt(low)
		b, okHigh := plainInt(high)
		if !ok || !okLow || !okHigh || len(low) != len(high) {
			return false
		}
		toLow, toHigh = compare(x, a), compare(x, b)
	case column.VarChar, column.Char:
		x, ok := value.(string)
		if !ok {
			return false
		}
		// Bounds may be cut short; a cut upper bound is rounded up by whoever cut it, so comparisons stay right.
		toLow, toHigh = bytes.Compare([]byte(x), low), bytes.Compare([]byte(x), high)
	default:
		return false
	}
	switch op {
	case "=":
		return toLow < 0 || toHigh > 0
	case "<":
		return toLow <= 0
	case "<=":
		return toLow < 0
	case ">":
		return toHigh >= 0
	case ">=":
		return toHigh > 0
	}
	return false
}

func compare(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
