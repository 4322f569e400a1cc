package column

import (
	"fmt"
	"time"
)

// ParseText appends the value that text stands for to v, as CAST(text AS type) reads it. Scalar types only. Blanks around
// numbers, booleans and dates are ignored; text longer than its type is kept as it is; a DECIMAL is rounded to its scale;
// TIMESTAMP_LTZ is local time in zone (nil: UTC). On error, which says what was expected, nothing is appended.
func ParseText(v *Vector, text []byte, zone *time.Location) error {
	t := &v.Type
	switch t.Kind {
	case Boolean:
		x, err := ParseBoolean(text)
		if err != nil {
			return err
		}
		v.AppendBool(x)
	case TinyInt, SmallInt, Int, BigInt:
		x, err := ParseInteger(text, t.Kind)
		if err != nil {
			return err
		}
		switch t.Kind {
		case TinyInt:
			Append(v, int8(x))
		case SmallInt:
			Append(v, int16(x))
		case Int:
			Append(v, int32(x))
		default:
			Append(v, x)
		}
	case Float:
		x, err := ParseFloat(text, 32)
		if err != nil {
			return err
		}
		Append(v, float32(x))
	case Double:
		x, err := ParseFloat(text, 64)
		if err != nil {
			return err
		}
		Append(v, x)
	case Decimal:
		x, wellFormed, fits := parseDecimal(text, int(t.Scale))
		switch {
		case !wellFormed:
			return fmt.Errorf("%s is no %s: expected digits, with a sign, a fraction and an exponent if need be", quoted(text), t.Optional())
		case !fits || !x.Fits(int(t.Precision)):
			return fmt.Errorf("%s is out of range for %s, which has %d digits before the point", quoted(text), t.Optional(), t.Precision-t.Scale)
		}
		Append(v, x)
	case Char, VarChar, Binary, VarBinary:
		v.AppendBytes(text)
	case Date:
		x, err := ParseDate(text)
		if err != nil {
			return err
		}
		Append(v, x)
	case Time:
		x, err := ParseTime(text, int(t.Precision))
		if err != nil {
			return err
		}
		Append(v, x)
	case Timestamp, TimestampLTZ:
		x, err := ParseTimestamp(text, *t, 0, zone)
		if err != nil {
			return err
		}
		Append(v, x)
	default:
		return fmt.Errorf("text cannot be read as %s", t.Optional())
	}
	return nil
}

// ParseBoolean reads TRUE, T, YES, Y, 1 or FALSE, F, NO, N, 0 in any case.
func ParseBoolean(text []byte) (bool, error) {
	b := trim(text)
	if len(b) <= 5 {
		var low [5]byte
		for i, c := range b {
			if c-'A' < 26 {
				c += 'a' - 'A'
			}
			low[i] = c
		}
		switch string(low[:len(b)]) {
		case "true", "t", "yes", "y", "1":
			return true, nil
		case "false", "f", "no", "n", "0":
			return false, nil
		}
	}
	return false, fmt.Errorf("%s is no BOOLEAN: expected true or false (or t, yes, y, 1, f, no, n, 0)", quoted(text))
}

// ParseDate reads a date as days since 1970-01-01: yyyy-MM-dd, where month and day may have one digit and may be missing, and
// what follows a blank is ignored.
func ParseDate(text []byte) (int32, error) {
	if len(text) == 10 && text[4] == '-' && text[7] == '-' {
		y, ok1 := digits4(text[:4])
		m, ok2 := digits2(text[5:7])
		d, ok3 := digits2(text[8:10])
		if ok1 && ok2 && ok3 && validDate(y, m, d) {
			return int32(DaysOf(y, m, d)), nil
		}
	}
	b := trim(text)
	for i, c := range b {
		if c == ' ' {
			b = b[:i]
			break
		}
	}
	part, n := [3]int{0, 1, 1}, 0
	for ; n < 3; n++ {
		x, rest, ok := number(b, 4)
		if !ok {
			return 0, badDate(text)
		}
		part[n], b = x, rest
		if len(b) == 0 {
			break
		}
		if b[0] != '-' {
			return 0, badDate(text)
		}
		b = b[1:]
	}
	if n == 3 || !validDate(part[0], part[1], part[2]) {
		return 0, badDate(text)
	}
	return int32(DaysOf(part[0], part[1], part[2])), nil
}

func validDate(y, m, d int) bool {
	return m >= 1 && m <= 12 && d >= 1 && d <= DaysIn(y, m)
}

func badDate(text []byte) error {
	return fmt.Errorf("%s is no DATE: expected yyyy-MM-dd, as in 2024-05-01", quoted(text))
}

// number reads up to most digits from the start of b.
func number(b []byte, most int) (x int, rest []byte, ok bool) {
	i := 0
	for ; i < len(b) && i < most && b[i]-'0' <= 9; i++ {
		x = x*10 + int(b[i]-'0')
	}
	return x, b[i:], i > 0
}

func digits2(b []byte) (int, bool) {
	x, y := b[0]-'0', b[1]-'0'
	return int(x)*10 + int(y), x <= 9 && y <= 9
}

func digits4(b []byte) (int, bool) {
	x, ok1 := digits2(b[:2])
	y, ok2 := digits2(b[2:4])
	return x*100 + y, ok1 && ok2
}

// ParseTime reads HH:mm:ss[.fff] as milliseconds of the day, cut to the given number of fraction digits; seconds and minutes
// may be missing.
func ParseTime(text []byte, precision int) (int32, error) {
	sec, nanos, rest, ok := clock(trim(text))
	if !ok || len(rest) > 0 {
		return 0, fmt.Errorf("%s is no TIME: expected HH:mm:ss, as in 10:11:12 or 10:11:12.345", quoted(text))
	}
	return int32(sec*1000 + int(cutFraction(nanos, min(precision, 3)))/1e6), nil
}

// clock reads H[:m[:s[.f]]] with one or two digits each and returns seconds and nanoseconds.
func clock(b []byte) (sec, nanos int, rest []byte, ok bool) {
	for i, limit := range [...]int{24, 60, 60} {
		x, after, ok := number(b, 2)
		if !ok || x >= limit {
			return 0, 0, b, false
		}
		sec, b = sec*60+x, after
		if i < 2 && (len(b) == 0 || b[0] != ':') {
			for ; i < 2; i++ {
				sec *= 60
			}
			return sec, 0, b, true
		}
		if i < 2 {
			b = b[1:]
		}
	}
	if len(b) > 0 && b[0] == '.' {
		nanos, b, ok = fraction(b[1:])
		return sec, nanos, b, ok
	}
	return sec, 0, b, true
}

// fraction reads up to nine digits as nanoseconds.
func fraction(b []byte) (nanos int, rest []byte, ok bool) {
	i, scale := 0, 100000000
	for ; i < len(b) && i < 9 && b[i]-'0' <= 9; i++ {
		nanos += int(b[i]-'0') * scale
		scale /= 10
	}
	return nanos, b[i:], true
}

// cutFraction drops digits of a nanosecond count behind the first n.
func cutFraction(nanos, n int) int64 {
	unit := 1
	for ; n < 9; n++ {
		unit *= 10
	}
	return int64(nanos - nanos%unit)
}

// TimestampForm says how a timestamp is written.
type TimestampForm uint8

const (
	// FormISO has a T between date and time instead of a blank.
	FormISO TimestampForm = 1 << iota
	// FormZ ends in Z and is in UTC, whatever the zone.
	FormZ
)

// ParseTimestamp reads yyyy-MM-dd[ HH:mm:ss[.f]] as a value of the timestamp type t, in its unit, cut to its precision. Month,
// day and so on may have one digit; a day that the month does not have, up to 31, is its last. TIMESTAMP_LTZ is local time
// in zone (nil: UTC).
func ParseTimestamp(text []byte, t Type, form TimestampForm, zone *time.Location) (int64, error) {
	between := byte(' ')
	if form&FormISO != 0 {
		between = 'T'
	}
	b := text
	if form&FormZ != 0 {
		if len(b) == 0 || b[len(b)-1] != 'Z' {
			return 0, badTimestamp(text, t, form)
		}
		b, zone = b[:len(b)-1], nil
	}
	days, sec, nanos, ok := parseDateTime(b, between)
	if !ok {
		return 0, badTimestamp(text, t, form)
	}
	sec += days * 86400
	if t.Kind == TimestampLTZ {
		sec -= int(OffsetOfLocal(int64(sec), zone))
	}
	unit := t.TimeUnit()
	if unit == 1e9 && (sec < -9223372036 || sec > 9223372035) {
		return 0, fmt.Errorf("%s is out of range for %s, which reaches from the year 1677 to 2262", quoted(text), t.Optional())
	}
	return int64(sec)*unit + cutFraction(nanos, int(t.Precision))/(1e9/unit), nil
}

func parseDateTime(b []byte, between byte) (days, sec, nanos int, ok bool) {
	if len(b) >= 19 && b[4] == '-' && b[7] == '-' && b[10] == between && b[13] == ':' && b[16] == ':' {
		y, ok1 := digits4(b[:4])
		mo, ok2 := digits2(b[5:7])
		d, ok3 := digits2(b[8:10])
		h, ok4 := digits2(b[11:13])
		mi, ok5 := digits2(b[14:16])
		s, ok6 := digits2(b[17:19])
		if ok1 && ok2 && ok3 && ok4 && ok5 && ok6 && validDate(y, mo, d) && h < 24 && mi < 60 && s < 60 {
			days, sec, b = DaysOf(y, mo, d), h*3600+mi*60+s, b[19:]
			if len(b) > 0 && b[0] == '.' {
				nanos, b, _ = fraction(b[1:])
			}
			return days, sec, nanos, len(b) == 0
		}
	}
	var part [3]int
	for i := range part {
		most := 2
		if i == 0 {
			most = 4
		}
		x, rest, ok := number(b, most)
		if !ok || i == 0 && len(b)-len(rest) != 4 {
			return 0, 0, 0, false
		}
		part[i], b = x, rest
		if i < 2 {
			if len(b) == 0 || b[0] != '-' {
				return 0, 0, 0, false
			}
			b = b[1:]
		}
	}
	y, m, d := part[0], part[1], part[2]
	if m < 1 || m > 12 || d < 1 || d > 31 {
		return 0, 0, 0, false
	}
	days = DaysOf(y, m, min(d, DaysIn(y, m)))
	if len(b) == 0 {
		return days, 0, 0, true
	}
	if b[0] != between {
		return 0, 0, 0, false
	}
	colons := 0
	for _, c := range b {
		if c == ':' {
			colons++
		}
	}
	sec, nanos, b, ok = clock(b[1:])
	return days, sec, nanos, ok && len(b) == 0 && colons == 2
}

func badTimestamp(text []byte, t Type, form TimestampForm) error {
	want, example := "yyyy-MM-dd HH:mm:ss[.f]", "2024-05-01 10:00:00.123"
	if form&FormISO != 0 {
		want, example = "yyyy-MM-ddTHH:mm:ss[.f]", "2024-05-01T10:00:00.123"
	}
	if form&FormZ != 0 {
		want, example = want+"Z", example+"Z"
	}
	return fmt.Errorf("%s is no %s: expected %s, as in %s", quoted(text), t.Optional(), want, example)
}
