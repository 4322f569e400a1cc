// Package columntest draws random types, vectors and batches for property tests.
//
// What enters: rapid's source of randomness. What leaves: vectors with nulls, long and short texts, special numbers and
// nested values, so that tests of whatever works on vectors share one idea of what a vector may hold.
package columntest

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
)

// ScalarTypes has one type for each kind and layout.
var ScalarTypes = []column.Type{
	column.Of(column.Boolean), column.Of(column.TinyInt), column.Of(column.SmallInt), column.Of(column.Int), column.Of(column.BigInt),
	column.Of(column.Float), column.Of(column.Double), column.DecimalOf(38, 5), column.Sized(column.Char, 3), column.Str(),
	column.Sized(column.Binary, 2), column.Bytes(), column.Of(column.Date), column.Sized(column.Time, 3), column.Sized(column.Timestamp, 3),
	column.Sized(column.Timestamp, 6), column.Sized(column.Timestamp, 9), column.Sized(column.TimestampLTZ, 3),
	{Kind: column.IntervalYearMonth, Unit: column.Month}, {Kind: column.IntervalDayTime, Unit: column.Second, Scale: 3}, column.Of(column.Null),
}

// RandomType draws a type; nested ones have at most depth levels.
func RandomType(t *rapid.T, depth int) column.Type {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "scalar") > 0 {
		return rapid.SampledFrom(ScalarTypes[:len(ScalarTypes)-1]).Draw(t, "type")
	}
	switch rapid.IntRange(0, 3).Draw(t, "nested") {
	case 0:
		return column.ArrayOf(RandomType(t, depth-1))
	case 1:
		return column.MapOf(RandomType(t, depth-1), RandomType(t, depth-1))
	case 2:
		return column.MultisetOf(RandomType(t, depth-1))
	}
	fields := make([]column.Field, rapid.IntRange(0, 3).Draw(t, "fields"))
	for i := range fields {
		fields[i] = column.Field{Name: string(rune('a' + i)), Type: RandomType(t, depth-1)}
	}
	return column.RowOf(fields...)
}

// RandomVector draws n rows of a type, some of them null.
func RandomVector(t *rapid.T, typ column.Type, n int) *column.Vector {
	v := column.NewVector(typ, rapid.IntRange(0, 10).Draw(t, "room"))
	for range n {
		AppendRandom(t, v)
	}
	return v
}

// AppendRandom adds a row to v, which one time in five is null.
func AppendRandom(t *rapid.T, v *column.Vector) {
	if v.Type.Kind == column.Null || rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		v.AppendNull()
		return
	}
	switch v.Type.Kind {
	case column.Boolean:
		v.AppendBool(rapid.Bool().Draw(t, "bool"))
	case column.TinyInt:
		column.Append(v, rapid.Int8().Draw(t, "int8"))
	case column.SmallInt:
		column.Append(v, rapid.Int16().Draw(t, "int16"))
	case column.Int, column.IntervalYearMonth:
		column.Append(v, rapid.Int32().Draw(t, "int32"))
	case column.BigInt:
		column.Append(v, rapid.Int64().Draw(t, "int64"))
	case column.IntervalDayTime:
		column.Append(v, rapid.Int64Range(-1<<50, 1<<50).Draw(t, "millis"))
	case column.Float:
		column.Append(v, rapid.OneOf(rapid.Float32(), rapid.SampledFrom([]float32{0, float32(math.NaN()), float32(math.Inf(1))})).Draw(t, "float"))
	case column.Double:
		column.Append(v, rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(-1)})).Draw(t, "double"))
	case column.Decimal:
		d := column.Int128{Lo: rapid.Uint64().Draw(t, "low"), Hi: rapid.Int64().Draw(t, "high")}
		for !d.Fits(int(v.Type.Precision)) {
			d, _ = d.DivMod64(10)
		}
		column.Append(v, d)
	case column.Date:
		column.Append(v, int32(rapid.IntRange(-719528, 2932896).Draw(t, "day")))
	case column.Time:
		ms := rapid.IntRange(0, 86399999).Draw(t, "ms")
		if v.Type.Precision == 0 {
			ms -= ms % 1000
		}
		column.Append(v, int32(ms))
	case column.Timestamp, column.TimestampLTZ:
		unit := v.Type.TimeUnit()
		sec := rapid.Int64Range(-9000000000, 9000000000).Draw(t, "sec")
		x := sec * unit
		if v.Type.Precision > 0 {
			x += rapid.Int64Range(0, unit-1).Draw(t, "fraction")
		}
		column.Append(v, x)
	case column.Char, column.VarChar, column.Binary, column.VarBinary:
		v.AppendString(rapid.StringN(0, 30, 40).Draw(t, "text"))
	case column.Array, column.Map, column.Multiset:
		n := rapid.IntRange(0, 3).Draw(t, "elements")
		for range n {
			for _, c := range v.Children {
				AppendRandom(t, c)
			}
		}
		v.AppendList(n)
	case column.Row:
		for _, c := range v.Children {
			AppendRandom(t, c)
		}
		v.AppendStruct()
	}
}

// RandomRows draws indexes of n rows, in any order; nil for all.
func RandomRows(t *rapid.T, n int) []int32 {
	if n == 0 || rapid.Bool().Draw(t, "all rows") {
		return nil
	}
	return rapid.SliceOfN(rapid.Int32Range(0, int32(n-1)), 0, 2*n).Draw(t, "rows")
}

// RandomSelection draws some of n rows, ascending; nil for all.
func RandomSelection(t *rapid.T, n int) []int32 {
	if rapid.Bool().Draw(t, "no selection") {
		return nil
	}
	sel := []int32{}
	for i := range n {
		if rapid.Bool().Draw(t, "live") {
			sel = append(sel, int32(i))
		}
	}
	return sel
}

// WithDictionary returns rows of v picked by random indexes, as a vector that has v for its dictionary. The indexes of null
// rows are meaningless.
func WithDictionary(t *rapid.T, v *column.Vector, n int) *column.Vector {
	d := &column.Vector{Type: v.Type, Dict: v}
	d.Reserve(n)
	d.Len = n
	for i := range n {
		if v.Len == 0 || rapid.IntRange(0, 4).Draw(t, "null index") == 0 {
			column.Values[int32](d)[i] = -5
			d.SetNull(i)
		} else {
			column.Values[int32](d)[i] = rapid.Int32Range(0, int32(v.Len-1)).Draw(t, "index")
		}
	}
	return d
}

// Texts returns each row as text, which tells the values of one type apart; nulls are "NULL!".
func Texts(v *column.Vector) []string {
	out := make([]string, v.Len)
	for i := range out {
		if out[i] = "NULL!"; !v.IsNull(i) {
			out[i] = string(column.AppendText(nil, v, i, nil))
		}
	}
	return out
}

// Key returns row i as text that is the same exactly for values that SQL calls not distinct: texts are quoted, both zeros are
// one, and the entries of maps and multisets are in order.
func Key(v *column.Vector, i int) string {
	if v.IsNull(i) {
		return "NULL"
	}
	if v.Dict != nil {
		return Key(v.Dict, int(column.Values[int32](v)[i]))
	}
	switch v.Type.Layout() {
	case column.LayoutView:
		return strconv.Quote(string(v.BytesAt(i)))
	case column.LayoutStruct:
		s := "("
		for _, c := range v.Children {
			s += Key(c, i) + ","
		}
		return s + ")"
	case column.LayoutList:
		var entries []string
		o := v.Offsets()
		for r := int(o[i]); r < int(o[i+1]); r++ {
			s := ""
			for _, c := range v.Children {
				s += Key(c, r) + "="
			}
			entries = append(entries, s)
		}
		if v.Type.Kind != column.Array {
			slices.Sort(entries)
		}
		return "[" + strings.Join(entries, ",") + "]"
	}
	if s := string(column.AppendText(nil, v, i, nil)); s != "-0.0" {
		return s
	}
	return "0.0"
}
