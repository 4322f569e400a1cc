package column

import (
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendText writes row i of v to dst as CAST(x AS STRING) shows it: TRUE, 1.0E10, 2024-05-01 10:00:00.000, [1, NULL],
// {a=1}, (1, x). NULL is written NULL; whoever needs to tell it from the text asks IsNull. TIMESTAMP_LTZ is shown in
// zone; nil is UTC. Binary values are taken for UTF-8.
func AppendText(dst []byte, v *Vector, i int, zone *time.Location) []byte {
	if v.IsNull(i) {
		return append(dst, "NULL"...)
	}
	if v.Dict != nil {
		return AppendText(dst, v.Dict, int(Values[int32](v)[i]), zone)
	}
	t := &v.Type
	switch t.Kind {
	case Boolean:
		if v.Bits().Get(i) {
			return append(dst, "TRUE"...)
		}
		return append(dst, "FALSE"...)
	case TinyInt:
		return strconv.AppendInt(dst, int64(Values[int8](v)[i]), 10)
	case SmallInt:
		return strconv.AppendInt(dst, int64(Values[int16](v)[i]), 10)
	case Int:
		return strconv.AppendInt(dst, int64(Values[int32](v)[i]), 10)
	case BigInt:
		return strconv.AppendInt(dst, Values[int64](v)[i], 10)
	case Float:
		return AppendFloat(dst, float64(Values[float32](v)[i]), 32)
	case Double:
		return AppendFloat(dst, Values[float64](v)[i], 64)
	case Decimal:
		return AppendDecimal(dst, Values[Int128](v)[i], int(t.Scale))
	case Char, VarChar:
		return append(dst, v.BytesAt(i)...)
	case Binary, VarBinary:
		return appendValidUTF8(dst, v.BytesAt(i))
	case Variant:
		return VariantOf(v.BytesAt(i)).AppendJSON(dst)
	case Bitset:
		return AppendBitset(dst, v.BytesAt(i))
	case Date:
		return AppendDate(dst, int(Values[int32](v)[i]))
	case Time:
		ms := Values[int32](v)[i]
		return trimFraction(appendFraction(appendClock(dst, int64(ms/1000)), int64(ms%1000)*1e6, int(t.Precision)), int(t.Precision))
	case Timestamp:
		return AppendTimestamp(dst, Values[int64](v)[i], *t)
	case TimestampLTZ:
		x, unit := Values[int64](v)[i], t.TimeUnit()
		return AppendTimestamp(dst, x+OffsetAt(floorDiv(x, unit), zone)*unit, *t)
	case IntervalYearMonth:
		return appendMonths(dst, Values[int32](v)[i])
	case IntervalDayTime:
		return appendMillis(dst, Values[int64](v)[i])
	case Array:
		o := v.Offsets()
		dst = append(dst, '[')
		for r := o[i]; r < o[i+1]; r++ {
			dst = AppendText(separate(dst, r > o[i]), v.Children[0], int(r), zone)
		}
		return append(dst, ']')
	case Map, Multiset:
		o := v.Offsets()
		dst = append(dst, '{')
		for r := o[i]; r < o[i+1]; r++ {
			dst = AppendText(separate(dst, r > o[i]), v.Children[0], int(r), zone)
			dst = AppendText(append(dst, '='), v.Children[1], int(r), zone)
		}
		return append(dst, '}')
	case Row:
		dst = append(dst, '(')
		for f, c := range v.Children {
			if dst = separate(dst, f > 0); t.Class != "" {
				dst = append(append(dst, t.Fields[f].Name...), '=')
			}
			dst = AppendText(dst, c, i, zone)
		}
		return append(dst, ')')
	}
	return append(dst, "NULL"...)
}

func separate(dst []byte, comma bool) []byte {
	if comma {
		return append(dst, ", "...)
	}
	return dst
}

// appendValidUTF8 writes text with U+FFFD for each byte that is not UTF-8.
func appendValidUTF8(dst, text []byte) []byte {
	for !utf8.Valid(text) {
		r, n := utf8.DecodeRune(text)
		dst, text = utf8.AppendRune(dst, r), text[n:]
	}
	return append(dst, text...)
}

// AppendDate writes a number of days since 1970-01-01 as yyyy-MM-dd.
func AppendDate(dst []byte, days int) []byte {
	y, m, d := CivilOf(days)
	if y < 0 {
		dst, y = append(dst, '-'), -y
	}
	if y > 9999 {
		dst = strconv.AppendInt(dst, int64(y), 10)
	} else {
		dst = append(dst, byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10))
	}
	return two(append(two(append(dst, '-'), m), '-'), d)
}

func two(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

// AppendTimestamp writes a value of the timestamp type t as yyyy-MM-dd HH:mm:ss with t.Precision fraction digits.
func AppendTimestamp(dst []byte, x int64, t Type) []byte {
	unit := t.TimeUnit()
	sec := floorDiv(x, unit)
	day := floorDiv(sec, 86400)
	dst = AppendDate(dst, int(day))
	dst = appendClock(append(dst, ' '), sec-day*86400)
	return appendFraction(dst, (x-sec*unit)*(1e9/unit), int(t.Precision))
}

func appendClock(dst []byte, sec int64) []byte {
	s := int(sec)
	dst = two(dst, s/3600)
	dst = two(append(dst, ':'), s/60%60)
	return two(append(dst, ':'), s%60)
}

// trimFraction drops zeros at the end of a fraction of n digits, but not the first digit.
func trimFraction(dst []byte, n int) []byte {
	for ; n > 1 && dst[len(dst)-1] == '0'; n-- {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// appendFraction writes the first n digits of a fraction given in nanoseconds, behind a point.
func appendFraction(dst []byte, nanos int64, n int) []byte {
	if n <= 0 {
		return dst
	}
	dst = append(dst, '.')
	for scale := int64(1e8); n > 0; n-- {
		dst = append(dst, byte('0'+nanos/scale%10))
		scale = max(1, scale/10)
	}
	return dst
}

// appendMonths writes an interval as +years-months.
func appendMonths(dst []byte, n int32) []byte {
	m := int64(n)
	dst, m = sign(dst, m)
	dst = strconv.AppendInt(dst, m/12, 10)
	return two(append(dst, '-'), int(m%12))
}

// appendMillis writes an interval as +days hours:minutes:seconds.
func appendMillis(dst []byte, n int64) []byte {
	dst, n = sign(dst, n)
	dst = append(strconv.AppendInt(dst, n/86400000, 10), ' ')
	return appendFraction(appendClock(dst, n/1000%86400), n%1000*1e6, 3)
}

func sign(dst []byte, n int64) ([]byte, int64) {
	if n < 0 {
		return append(dst, '-'), -n
	}
	return append(dst, '+'), n
}
