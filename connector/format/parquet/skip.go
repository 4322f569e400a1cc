package parquet

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/expr"
)

// ruledOut reports whether the statistics of a row group show that no row of it can fulfil one of the filters.
func ruledOut(f *parquet.File, group int, plans []*shape, filters []expr.Expr) bool {
	for _, e := range filters {
		if never(f, group, plans, e) {
			return true
		}
	}
	return false
}

// never reports whether no row of a group can fulfil a condition: a comparison of a column with a constant, or what is joined of such.
func never(f *parquet.File, group int, plans []*shape, e expr.Expr) bool {
	c, ok := e.(*expr.Call)
	switch {
	case !ok:
		return false
	case c.Func.Name == "AND":
		return ruledOut(f, group, plans, c.Args)
	case c.Func.Name == "OR":
		return !slices.ContainsFunc(c.Args, func(a expr.Expr) bool { return !never(f, group, plans, a) })
	case len(c.Args) != 2:
		return false
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
		return false
	}
	s := plans[col.Index]
	if s.leaf == nil || s.leaf.maxRep > 0 || !lit.T.SameAs(s.typ) && !(lit.T.IsText() && s.typ.IsText()) && !(lit.T.IsInteger() && s.typ.IsInteger()) {
		return false
	}
	return impossible(f, group, s.leaf, op, lit.Value)
}

// mirrored is the comparison with its sides exchanged.
var mirrored = map[string]string{"=": "=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}

func impossible(f *parquet.File, group int, l *leaf, op string, value any) bool {
	meta := &f.Metadata().RowGroups[group]
	if l.column.Index() >= len(meta.Columns) {
		return false
	}
	chunk := &meta.Columns[l.column.Index()].MetaData
	stats := &chunk.Statistics
	if l.maxRep == 0 && chunk.NumValues > 0 && stats.NullCount == chunk.NumValues {
		return mirrored[op] != "" // NULL fulfils no comparison
	}
	c, err := newConverter(l, nil)
	if err != nil || stats.MinValue == nil || stats.MaxValue == nil {
		return false
	}
	toLow, okLow := c.compare(value, stats.MinValue)
	toHigh, okHigh := c.compare(value, stats.MaxValue)
	if !okLow || !okHigh {
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

// compare compares a literal with a bound of the column's values, as statistics have it. Bounds of text may be cut short; whoever cuts an
// upper one rounds it up, so that it stays a bound.
func (c *converter) compare(value any, bound []byte) (sign int, ok bool) {
	switch t := c.leaf.typ; t.Kind {
	case column.Char, column.VarChar:
		x, ok := value.(string)
		return bytes.Compare([]byte(x), bound), ok && c.physical == parquet.ByteArray
	case column.TinyInt, column.SmallInt, column.Int, column.BigInt, column.Date:
		x, ok := value.(int64)
		y, okBound := plainInt(bound)
		return cmp.Compare(x, y), ok && okBound && !c.unsigned
	case column.Timestamp, column.TimestampLTZ:
		x, ok := value.(int64)
		y, okBound := plainInt(bound)
		if !ok || !okBound || c.physical != parquet.Int64 {
			return 0, false
		}
		y, ok = rescale(y, c.unit, t.TimeUnit()) // as the values themselves are, so order is kept
		return cmp.Compare(x, y), ok
	case column.Float, column.Double:
		x, ok := value.(float64)
		y := math.NaN()
		switch {
		case c.physical == parquet.Float && len(bound) == 4:
			y = float64(math.Float32frombits(binary.LittleEndian.Uint32(bound)))
		case c.physical == parquet.Double && len(bound) == 8:
			y = math.Float64frombits(binary.LittleEndian.Uint64(bound))
		}
		return cmp.Compare(x, y), ok && x == x && y == y
	case column.Decimal:
		x, ok := value.(column.Int128)
		var y column.Int128
		switch n, isInt := plainInt(bound); {
		case c.unsigned:
			return 0, false
		case c.physical == parquet.Int32 && len(bound) == 4, c.physical == parquet.Int64 && len(bound) == 8:
			y, ok = column.Int128Of(n), ok && isInt
		default: // some writers order the bytes of longer ones without a sign
			return 0, false
		}
		y, err := c.scale(y)
		return x.Cmp(y), ok && err == nil
	}
	return 0, false
}
