package column

import (
	"math"

	"pgregory.net/rapid"
)

// scalarTypes has one type for each kind and layout.
var scalarTypes = []Type{
	Of(Boolean), Of(TinyInt), Of(SmallInt), Of(Int), Of(BigInt), Of(Float), Of(Double), DecimalOf(38, 5), Sized(Char, 3), Str(),
	Sized(Binary, 2), Bytes(), Of(Date), Sized(Time, 3), Sized(Timestamp, 3), Sized(Timestamp, 6), Sized(Timestamp, 9), Sized(TimestampLTZ, 3),
	{Kind: IntervalYearMonth, Unit: Month}, {Kind: IntervalDayTime, Unit: Second, Scale: 3}, Of(Null),
}

// randomType draws a type; nested ones have at most depth levels.
func randomType(t *rapid.T, depth int) Type {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "scalar") > 0 {
		return rapid.SampledFrom(scalarTypes[:len(scalarTypes)-1]).Draw(t, "type")
	}
	switch rapid.IntRange(0, 3).Draw(t, "nested") {
	case 0:
		return ArrayOf(randomType(t, depth-1))
	case 1:
		return MapOf(randomType(t, depth-1), randomType(t, depth-1))
	case 2:
		return MultisetOf(randomType(t, depth-1))
	}
	fields := make([]Field, rapid.IntRange(0, 3).Draw(t, "fields"))
	for i := range fields {
		fields[i] = Field{Name: string(rune('a' + i)), Type: randomType(t, depth-1)}
	}
	return RowOf(fields...)
}

// randomVector draws n rows of a type, some of them null; it is built in several ways.
func randomVector(t *rapid.T, typ Type, n int) *Vector {
	v := NewVector(typ, rapid.IntRange(0, 10).Draw(t, "room"))
	for range n {
		appendRandom(t, v)
	}
	return v
}

func appendRandom(t *rapid.T, v *Vector) {
	if rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		v.AppendNull()
		return
	}
	switch v.Type.Kind {
	case Boolean:
		v.AppendBool(rapid.Bool().Draw(t, "bool"))
	case TinyInt:
		Append(v, rapid.Int8().Draw(t, "int8"))
	case SmallInt:
		Append(v, rapid.Int16().Draw(t, "int16"))
	case Int, IntervalYearMonth:
		Append(v, rapid.Int32().Draw(t, "int32"))
	case BigInt:
		Append(v, rapid.Int64().Draw(t, "int64"))
	case IntervalDayTime:
		Append(v, rapid.Int64Range(-1<<50, 1<<50).Draw(t, "millis"))
	case Float:
		Append(v, rapid.OneOf(rapid.Float32(), rapid.SampledFrom([]float32{0, float32(math.NaN()), float32(math.Inf(1))})).Draw(t, "float"))
	case Double:
		Append(v, rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), math.NaN(), math.Inf(-1)})).Draw(t, "double"))
	case Decimal:
		d := Int128{rapid.Uint64().Draw(t, "low"), rapid.Int64().Draw(t, "high")}
		for !d.Fits(int(v.Type.Precision)) {
			d, _ = d.DivMod64(10)
		}
		Append(v, d)
	case Date:
		Append(v, int32(rapid.IntRange(-719528, 2932896).Draw(t, "day")))
	case Time:
		ms := rapid.IntRange(0, 86399999).Draw(t, "ms")
		if v.Type.Precision == 0 {
			ms -= ms % 1000
		}
		Append(v, int32(ms))
	case Timestamp, TimestampLTZ:
		unit := v.Type.TimeUnit()
		sec := rapid.Int64Range(-9000000000, 9000000000).Draw(t, "sec")
		x := sec * unit
		if v.Type.Precision > 0 {
			x += rapid.Int64Range(0, unit-1).Draw(t, "fraction")
		}
		Append(v, x)
	case Char, VarChar, Binary, VarBinary:
		v.AppendString(rapid.StringN(0, 30, 40).Draw(t, "text"))
	case Array, Map, Multiset:
		n := rapid.IntRange(0, 3).Draw(t, "elements")
		for range n {
			for _, c := range v.Children {
				appendRandom(t, c)
			}
		}
		v.AppendList(n)
	case Row:
		for _, c := range v.Children {
			appendRandom(t, c)
		}
		v.AppendStruct()
	}
}
