package scan

// DateForm says which spellings of a date are accepted.
type DateForm uint8

const (
	ISODate  DateForm = iota // yyyy-MM-dd
	JavaDate                 // month and day may have one digit, as java.sql.Date.valueOf has it
)

// two reads two digits; the result is above 99 where they are none.
func two(b []byte) uint {
	hi, lo := uint(b[0]-'0'), uint(b[1]-'0')
	if hi > 9 || lo > 9 {
		return 100
	}
	return hi*10 + lo
}

// Date reads a day and returns days since 1970-01-01. A day that does not exist is not accepted.
func Date(b []byte, form DateForm) (int32, bool) {
	if len(b) == 10 && b[4] == '-' && b[7] == '-' {
		return ymd(b, false)
	}
	if form == ISODate {
		return 0, false
	}
	// One-digit months and days are rare: pad them with zeros.
	if len(b) < 8 || b[4] != '-' {
		return 0, false
	}
	var full [10]byte
	copy(full[:], b[:5])
	full[5], full[8] = '0', '0'
	rest := b[5:]
	at := 1
	if rest[1] == '-' {
		full[6] = rest[0]
	} else {
		copy(full[5:], rest[:2])
		at = 2
	}
	if rest[at] != '-' {
		return 0, false
	}
	full[7] = '-'
	switch day := rest[at+1:]; len(day) {
	case 1:
		full[9] = day[0]
	case 2:
		copy(full[8:], day)
	default:
		return 0, false
	}
	return ymd(full[:], false)
}

// ymd reads the digits of yyyy-MM-dd. With clamp, a day that the month does not have, up to 31, is its last.
func ymd(b []byte, clamp bool) (int32, bool) {
	_ = b[9]
	hi, lo, month, day := two(b), two(b[2:]), two(b[5:]), two(b[8:])
	year := hi*100 + lo
	if hi > 99 || lo > 99 || month-1 > 11 || day-1 > 30 {
		return 0, false
	}
	last := monthDays(year, month)
	return days(int32(year), int32(month), int32(min(day, last))), day <= last || clamp
}

func monthDays(year, month uint) uint {
	if month == 2 {
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 30 + (month+month>>3)&1
}

// days counts from 1970-01-01 in the proleptic Gregorian calendar, in years that begin in March, so that the leap day is
// the last one.
func days(year, month, day int32) int32 {
	if month <= 2 {
		year--
		month += 12
	}
	cycle := year / 400
	if year < 0 {
		cycle = (year - 399) / 400
	}
	inCycle := year - cycle*400
	inYear := (153*(month-3)+2)/5 + day - 1
	return cycle*146097 + inCycle*365 + inCycle/4 - inCycle/100 + inYear - 719468
}

// Time reads HH:mm:ss with up to nine fraction digits behind a point and returns nanoseconds of the day. Seconds may be
// missing where short is set.
func Time(b []byte, short bool) (int64, bool) {
	if len(b) < 5 || b[2] != ':' {
		return 0, false
	}
	hour, minute := two(b), two(b[3:])
	if hour > 23 || minute > 59 {
		return 0, false
	}
	nanos := int64(hour*3600+minute*60) * 1e9
	if len(b) == 5 {
		return nanos, short
	}
	if len(b) < 8 || b[5] != ':' {
		return 0, false
	}
	second := two(b[6:])
	if second > 59 {
		return 0, false
	}
	nanos += int64(second) * 1e9
	if len(b) == 8 {
		return nanos, true
	}
	if b[8] != '.' || len(b) > 18 {
		return 0, false
	}
	var fraction uint64
	for _, c := range b[9:] {
		d := uint64(c - '0')
		if d > 9 {
			return 0, false
		}
		fraction = fraction*10 + d
	}
	return nanos + int64(fraction*pow64[18-len(b)]), true
}

// TimestampForm says how a timestamp is spelt.
type TimestampForm struct {
	Separator byte // between date and time: ' ' or 'T'
	UTC       bool // ends in Z
	Short     bool // seconds may be missing
}

// Timestamp reads a date and a time and returns how many units have passed since 1970-01-01T00:00:00; unitsPerSecond is 1e3,
// 1e6 or 1e9, and what is finer is cut off. As in Flink, a day that the month does not have, up to 31, is its last.
func Timestamp(b []byte, form TimestampForm, unitsPerSecond int64) (int64, bool) {
	if form.UTC {
		if len(b) == 0 || b[len(b)-1] != 'Z' {
			return 0, false
		}
		b = b[:len(b)-1]
	}
	if len(b) < 16 || b[4] != '-' || b[7] != '-' || b[10] != form.Separator {
		return 0, false
	}
	day, ok := ymd(b, true)
	if !ok {
		return 0, false
	}
	nanos, ok := Time(b[11:], form.Short)
	if !ok {
		return 0, false
	}
	const secondsPerDay = 86400
	if unitsPerSecond == 1e9 && (day < -106751 || day > 106750) {
		return 0, false // beyond 64 bits
	}
	return int64(day)*secondsPerDay*unitsPerSecond + nanos/(1e9/unitsPerSecond), true
}
