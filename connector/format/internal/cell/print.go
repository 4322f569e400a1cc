package cell

import (
	"encoding/base64"
	"strconv"

	"github.com/millstream/millstream/column"
)

// AppendScalar writes row i of a vector that is neither text nor nested, and not NULL there, as the text formats spell it: true, 1.0E10,
// 1E+5, 2024-12-31, 23:59:59.5, base64. Timestamps have the separator between date and time, and Z behind TIMESTAMP_LTZ. plain keeps
// all fraction digits of a DECIMAL and never gives it an exponent.
func AppendScalar(dst []byte, v *column.Vector, i int, separator byte, plain bool) []byte {
	if v.Dict != nil {
		v, i = v.Dict, int(column.Values[int32](v)[i])
	}
	switch t := &v.Type; t.Kind {
	case column.Boolean:
		return strconv.AppendBool(dst, v.Bits().Get(i))
	case column.TinyInt:
		return strconv.AppendInt(dst, int64(column.Values[int8](v)[i]), 10)
	case column.SmallInt:
		return strconv.AppendInt(dst, int64(column.Values[int16](v)[i]), 10)
	case column.Int, column.IntervalYearMonth:
		return strconv.AppendInt(dst, int64(column.Values[int32](v)[i]), 10)
	case column.BigInt, column.IntervalDayTime:
		return strconv.AppendInt(dst, column.Values[int64](v)[i], 10)
	case column.Float:
		return column.AppendFloat(dst, float64(column.Values[float32](v)[i]), 32)
	case column.Double:
		return column.AppendFloat(dst, column.Values[float64](v)[i], 64)
	case column.Decimal:
		return AppendDecimal(dst, column.Values[column.Int128](v)[i], int(t.Scale), plain)
	case column.Binary, column.VarBinary:
		return base64.StdEncoding.AppendEncode(dst, v.BytesAt(i))
	case column.Date:
		return column.AppendDate(dst, int(column.Values[int32](v)[i]))
	case column.Time:
		return appendTime(dst, column.Values[int32](v)[i])
	case column.Timestamp, column.TimestampLTZ:
		from := len(dst)
		dst = trimFraction(column.AppendTimestamp(dst, column.Values[int64](v)[i], *t), from)
		if separator != ' ' {
			for j := from; j < len(dst); j++ {
				if dst[j] == ' ' {
					dst[j] = separator
				}
			}
		}
		if t.Kind == column.TimestampLTZ {
			dst = append(dst, 'Z')
		}
	}
	return dst
}

// trimFraction drops zeros at the end of the fraction in dst[from:], and the point if nothing stays behind it.
func trimFraction(dst []byte, from int) []byte {
	point := -1
	for i := len(dst) - 1; i >= from && i >= len(dst)-10; i-- {
		if dst[i] == '.' {
			point = i
			break
		}
	}
	if point < 0 {
		return dst
	}
	end := len(dst)
	for dst[end-1] == '0' {
		end--
	}
	if end == point+1 {
		end--
	}
	return dst[:end]
}

func appendTime(dst []byte, ms int32) []byte {
	two := func(n int32) { dst = append(dst, byte('0'+n/10), byte('0'+n%10)) }
	two(ms / 3600000)
	dst = append(dst, ':')
	two(ms / 60000 % 60)
	dst = append(dst, ':')
	two(ms / 1000 % 60)
	if f := ms % 1000; f != 0 {
		from := len(dst)
		dst = append(dst, '.', byte('0'+f/100), byte('0'+f/10%10), byte('0'+f%10))
		dst = trimFraction(dst, from)
	}
	return dst
}

// AppendDecimal writes d × 10^-scale without zeros at the end of its digits, as Java's BigDecimal writes it: with an exponent if it is a
// multiple of ten or below 0.000001. With plain it has exactly scale fraction digits.
func AppendDecimal(dst []byte, d column.Int128, scale int, plain bool) []byte {
	if plain {
		return column.AppendDecimal(dst, d, scale)
	}
	var buf [48]byte
	digits := column.AppendDecimal(buf[:0], d, 0)
	if digits[0] == '-' {
		dst = append(dst, '-')
		digits = digits[1:]
	}
	for len(digits) > 1 && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
		scale--
	}
	if digits[0] == '0' {
		return append(dst, '0')
	}
	exponent := len(digits) - 1 - scale
	switch {
	case scale == 0:
		return append(dst, digits...)
	case scale > 0 && exponent >= -6:
		if whole := len(digits) - scale; whole > 0 {
			dst = append(append(dst, digits[:whole]...), '.')
			return append(dst, digits[whole:]...)
		}
		dst = append(dst, '0', '.')
		for range scale - len(digits) {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	}
	dst = append(dst, digits[0])
	if len(digits) > 1 {
		dst = append(append(dst, '.'), digits[1:]...)
	}
	dst = append(dst, 'E')
	if exponent > 0 {
		dst = append(dst, '+')
	}
	return strconv.AppendInt(dst, int64(exponent), 10)
}
