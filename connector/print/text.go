package print

import (
	"strconv"

	"github.com/millstream/millstream/column"
)

// appendRow writes a row as Flink's Row does: its kind and its fields in brackets.
func appendRow(dst []byte, kind string, cols []*column.Vector, row int) []byte {
	dst = append(dst, kind...)
	dst = append(dst, '[')
	for i, c := range cols {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendValue(dst, c, row)
	}
	return append(dst, ']')
}

// appendValue writes a value as the Java object does that stands for it in Flink: text as it is, true, 1.5, 2024-01-01T10:00, [1, 2], {a=1}, null.
func appendValue(dst []byte, v *column.Vector, row int) []byte {
	if v.IsNull(row) {
		return append(dst, "null"...)
	}
	if v.Dict != nil {
		return appendValue(dst, v.Dict, int(column.Values[int32](v)[row]))
	}
	t := &v.Type
	switch t.Kind {
	case column.Boolean:
		return strconv.AppendBool(dst, v.Bits().Get(row))
	case column.Binary, column.VarBinary:
		return appendBytes(dst, v.BytesAt(row))
	case column.Time:
		ms := int64(column.Values[int32](v)[row])
		return appendClock(dst, ms/1000, ms%1000*1e6, false)
	case column.Timestamp, column.TimestampLTZ:
		unit := t.TimeUnit()
		x := column.Values[int64](v)[row]
		seconds, rest := x/unit, x%unit
		if rest < 0 {
			seconds, rest = seconds-1, rest+unit
		}
		days, second := seconds/86400, seconds%86400
		if second < 0 {
			days, second = days-1, second+86400
		}
		instant := t.Kind == column.TimestampLTZ
		dst = append(column.AppendDate(dst, int(days)), 'T')
		dst = appendClock(dst, second, rest*(1e9/unit), instant)
		if instant {
			dst = append(dst, 'Z')
		}
		return dst
	case column.Array:
		o := v.Offsets()
		dst = append(dst, '[')
		for r := o[row]; r < o[row+1]; r++ {
			if r > o[row] {
				dst = append(dst, ", "...)
			}
			dst = appendValue(dst, v.Children[0], int(r))
		}
		return append(dst, ']')
	case column.Map, column.Multiset:
		o := v.Offsets()
		dst = append(dst, '{')
		for r := o[row]; r < o[row+1]; r++ {
			if r > o[row] {
				dst = append(dst, ", "...)
			}
			dst = append(appendValue(dst, v.Children[0], int(r)), '=')
			dst = appendValue(dst, v.Children[1], int(r))
		}
		return append(dst, '}')
	case column.Row:
		return appendRow(dst, "+I", v.Children, row)
	}
	return column.AppendText(dst, v, row, nil)
}

// appendBytes writes bytes as signed numbers.
func appendBytes(dst, b []byte) []byte {
	dst = append(dst, '[')
	for i, x := range b {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = strconv.AppendInt(dst, int64(int8(x)), 10)
	}
	return append(dst, ']')
}

// appendClock writes a time of day with as many fraction digits as it needs, in threes. A local time leaves out seconds that are zero; an
// instant does not.
func appendClock(dst []byte, second, nanos int64, instant bool) []byte {
	two := func(n int64) { dst = append(dst, byte('0'+n/10), byte('0'+n%10)) }
	two(second / 3600)
	dst = append(dst, ':')
	two(second / 60 % 60)
	if second%60 == 0 && nanos == 0 && !instant {
		return dst
	}
	dst = append(dst, ':')
	two(second % 60)
	if nanos == 0 {
		return dst
	}
	digits := 9
	for nanos%1000 == 0 {
		nanos /= 1000
		digits -= 3
	}
	dst = append(dst, '.')
	for div := pow10(digits - 1); div > 0; div /= 10 {
		dst = append(dst, byte('0'+nanos/div%10))
	}
	return dst
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
