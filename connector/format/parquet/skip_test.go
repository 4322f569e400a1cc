package parquet

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/connector/format/internal/formattest"
	"github.com/millstream/millstream/graph/expr"
)

// literal returns row i of a vector as a literal.
func literal(v *column.Vector, i int) *expr.Literal {
	e := &expr.Literal{T: v.Type}
	switch v.Type.Kind {
	case column.TinyInt:
		e.Value = int64(column.Values[int8](v)[i])
	case column.SmallInt:
		e.Value = int64(column.Values[int16](v)[i])
	case column.Int, column.Date:
		e.Value = int64(column.Values[int32](v)[i])
	case column.BigInt, column.Timestamp, column.TimestampLTZ:
		e.Value = column.Values[int64](v)[i]
	case column.Float:
		e.Value = float64(column.Values[float32](v)[i])
	case column.Double:
		e.Value = column.Values[float64](v)[i]
	case column.Decimal:
		e.Value = column.Values[column.Int128](v)[i]
	default:
		e.Value = string(v.BytesAt(i))
	}
	return e
}

// order compares two literals.
func order(a, b *expr.Literal) int {
	less := false
	switch x := a.Value.(type) {
	case int64:
		less = x < b.Value.(int64)
	case float64:
		less = x < b.Value.(float64)
	case column.Int128:
		less = x.Less(b.Value.(column.Int128))
	case string:
		less = x < b.Value.(string)
	}
	switch {
	case less:
		return -1
	case a.Value == b.Value:
		return 0
	}
	return 1
}

// A row group is left out only if none of its rows fulfils the filter, and is left out if the filter lies beyond all of them.
func TestRuledOut(t *testing.T) {
	ruledOutGroups := 0
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.SampledFrom([]string{"TINYINT", "SMALLINT", "INT", "BIGINT", "DATE", "TS", "LTZ6", "FLOAT", "DOUBLE", "DEC", "DEC15", "DEC38", "STRING"}).Draw(t, "type")
		c := formattest.Config(t, "parquet", "a "+name, map[string]string{"write.int64.timestamp": "true", "timestamp.time.unit": rapid.SampledFrom([]string{"micros", "millis"}).Draw(t, "unit")})
		if name == "LTZ6" { // written as milliseconds, its values would not stay what they are
			c = formattest.Config(t, "parquet", "a "+name, map[string]string{"write.int64.timestamp": "true"})
		}
		b := formattest.RandomBatch(t, c.Columns, rapid.IntRange(1, 6).Draw(t, "rows"))
		bound := formattest.RandomBatch(t, c.Columns, 1)
		if bound.Cols[0].IsNull(0) {
			return
		}
		x := literal(bound.Cols[0], 0)
		op := rapid.SampledFrom([]string{"=", "<", "<=", ">", ">="}).Draw(t, "operator")
		f, ok := expr.Lookup(op)
		if !ok {
			t.Fatalf("no function %s", op)
		}
		col := &expr.Column{Index: 0, Name: "a", T: c.Columns[0].Type}
		call := &expr.Call{Func: f, T: column.Of(column.Boolean), Args: []expr.Expr{col, x}}
		if rapid.Bool().Draw(t, "mirrored") {
			call.Args[0], call.Args[1] = x, col
		}
		fulfilled, beyond := false, true
		for i := range b.Len {
			if b.Cols[0].IsNull(i) {
				continue
			}
			v := literal(b.Cols[0], i)
			sign := order(v, x)
			if call.Args[0] == x {
				sign = -sign
			}
			if n, isFloat := v.Value.(float64); isFloat && n != n {
				beyond = false // NaN has no place in statistics
				continue
			}
			now := map[string]bool{"=": sign == 0, "<": sign < 0, "<=": sign <= 0, ">": sign > 0, ">=": sign >= 0}[op]
			fulfilled = fulfilled || now
			if op == "=" { // values on both sides of x say nothing
				beyond = false
			}
			beyond = beyond && !now
		}
		if name == "DEC38" { // its statistics are not used
			beyond = false
		}
		if n, isFloat := x.Value.(float64); isFloat && n != n {
			beyond = false
		}
		file := open(t, write(t, c, b))
		c.Filter = []expr.Expr{call}
		pieces, err := splitFile(t.Context(), file, c)
		if err != nil {
			t.Fatal(err)
		}
		if len(pieces) == 0 {
			ruledOutGroups++
		}
		if fulfilled && len(pieces) == 0 {
			t.Fatalf("%s was ruled out for %q", call, formattest.Rows(b))
		}
		if beyond && len(pieces) > 0 {
			t.Fatalf("%s was not ruled out for %q", call, formattest.Rows(b))
		}
	})
	if ruledOutGroups == 0 {
		t.Error("no row group was ever ruled out")
	}
}
