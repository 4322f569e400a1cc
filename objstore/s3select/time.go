package s3select

import (
	"bytes"
	"time"
)

// timeDetail is how much of a timestamp was given, which says how it is written.
type timeDetail uint8

const (
	detailYear timeDetail = iota
	detailMonth
	detailDay
	detailMinute
	detailSecond // and fractions, if there are any
)

type datePart uint8

const (
	partYear datePart = iota
	partMonth
	partDay
	partHour
	partMinute
	partSecond
	partZoneHour
	partZoneMinute
)

var dateParts = map[string]datePart{
	"YEAR": partYear, "MONTH": partMonth, "DAY": partDay, "HOUR": partHour, "MINUTE": partMinute, "SECOND": partSecond,
	"TIMEZONE_HOUR": partZoneHour, "TIMEZONE_MINUTE": partZoneMinute,
}

// timeValue makes a value of an instant, and of the minutes that its zone is ahead of UTC.
func timeValue(t time.Time, offset int16, detail timeDetail) value {
	return value{kind: kindTime, i: t.Unix(), node: int32(t.Nanosecond()), offset: offset, detail: detail}
}

// local is the timestamp's wall clock, as a time in UTC.
func (v *value) local() time.Time { return time.Unix(v.i+int64(v.offset)*60, int64(v.node)).UTC() }

// fromLocal makes a timestamp from a wall clock.
func fromLocal(t time.Time, offset int16, detail timeDetail) value {
	return timeValue(t.Add(-time.Duration(offset)*time.Minute), offset, detail)
}

// parseTime reads an Ion or ISO 8601 timestamp: 2010T, 2010-01T, 2010-01-02T, 2010-01-02, 2010-01-02T03:04Z, 2010-01-02T03:04:05.678+09:00.
func parseTime(text []byte) (value, bool) {
	s := scanner{b: trimBlanks(text)}
	year, month, day, hour, minute, second, nanos := s.digits(4), 1, 1, 0, 0, 0, 0
	if s.bad {
		return value{}, false
	}
	detail, offset := detailYear, int16(0)
	if s.take('-') {
		month, detail = s.digits(2), detailMonth
		if s.take('-') {
			day, detail = s.digits(2), detailDay
		}
	}
	t := s.take('T')
	if !t && detail != detailDay {
		return value{}, false
	}
	if t && len(s.b) > 0 {
		hour, detail = s.digits(2), detailMinute
		if !s.take(':') {
			return value{}, false
		}
		minute = s.digits(2)
		if s.take(':') {
			second, detail = s.digits(2), detailSecond
			if s.take('.') {
				nanos = s.fraction()
			}
		}
		offset = s.zone()
	}
	if s.bad || len(s.b) > 0 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return value{}, false
	}
	wall := time.Date(year, time.Month(month), day, hour, minute, second, nanos, time.UTC)
	if wall.Day() != day {
		return value{}, false
	}
	return fromLocal(wall, offset, detail), true
}

// scanner reads the parts of a timestamp; bad tells that one was missing.
type scanner struct {
	b   []byte
	bad bool
}

func (s *scanner) take(c byte) bool {
	if len(s.b) > 0 && s.b[0] == c {
		s.b = s.b[1:]
		return true
	}
	return false
}

func (s *scanner) digits(n int) int {
	if len(s.b) < n {
		s.bad = true
		return 0
	}
	x := 0
	for _, c := range s.b[:n] {
		if !isDigit(c) {
			s.bad = true
		}
		x = x*10 + int(c-'0')
	}
	s.b = s.b[n:]
	return x
}

func (s *scanner) fraction() int {
	x, n := 0, 0
	for ; len(s.b) > 0 && isDigit(s.b[0]); n++ {
		if n < 9 {
			x = x*10 + int(s.b[0]-'0')
		}
		s.b = s.b[1:]
	}
	s.bad = s.bad || n == 0
	for ; n < 9; n++ {
		x *= 10
	}
	return x
}

func (s *scanner) zone() int16 {
	sign := int16(1)
	switch {
	case len(s.b) == 0 || s.take('Z'):
		return 0
	case s.take('-'):
		sign = -1
	case !s.take('+'):
		s.bad = true
		return 0
	}
	hours := s.digits(2)
	s.take(':')
	minutes := s.digits(2)
	s.bad = s.bad || hours > 23 || minutes > 59
	return sign * int16(hours*60+minutes)
}

// appendTime writes a timestamp with the detail that it has.
func appendTime(dst []byte, v *value) []byte {
	t := v.local()
	switch v.detail {
	case detailYear:
		return t.AppendFormat(dst, "2006T")
	case detailMonth:
		return t.AppendFormat(dst, "2006-01T")
	case detailDay:
		return t.AppendFormat(dst, "2006-01-02T")
	case detailMinute:
		dst = t.AppendFormat(dst, "2006-01-02T15:04")
	default:
		dst = t.AppendFormat(dst, "2006-01-02T15:04:05.999999999")
	}
	return appendOffset(dst, v.offset, true, 5)
}

// appendOffset writes an offset of a zone as X or x of a format do: +hh (letters 1), +hhmm (2 and 4) or +hh:mm (3 and 5).
func appendOffset(dst []byte, offset int16, z bool, letters int) []byte {
	if offset == 0 && z {
		return append(dst, 'Z')
	}
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = append(dst, sign, '0'+byte(offset/600), '0'+byte(offset/60%10))
	minutes := offset % 60
	switch {
	case letters == 1 && minutes == 0:
		return dst
	case letters == 3 || letters == 5:
		dst = append(dst, ':')
	}
	return append(dst, '0'+byte(minutes/10), '0'+byte(minutes%10))
}

// addTo moves a timestamp by n parts. A month that is too short ends on its last day.
func addTo(v *value, part datePart, n int64) (value, bool) {
	const most = 400_000_000_000 // seconds: more leaves the years 0001 to 9999 in any case
	if n > most || n < -most {
		return value{}, false
	}
	t := v.local()
	detail := v.detail
	switch part {
	case partYear, partMonth:
		months := n
		if part == partYear {
			months = n * 12
		} else {
			detail = max(detail, detailMonth)
		}
		total := int64(t.Year())*12 + int64(t.Month()) - 1 + months
		if total < 12 || total >= 120_000 {
			return value{}, false
		}
		year, month := int(total/12), time.Month(total%12+1)
		day := min(t.Day(), time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day())
		t = time.Date(year, month, day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	default:
		unit := partSeconds[part]
		if part == partDay {
			detail = max(detail, detailDay)
		} else if detail = max(detail, detailMinute); part == partSecond {
			detail = detailSecond
		}
		if n > most/unit || n < -most/unit {
			return value{}, false
		}
		t = time.Unix(t.Unix()+n*unit, int64(t.Nanosecond())).UTC()
	}
	if t.Year() < 1 || t.Year() > 9999 {
		return value{}, false
	}
	return fromLocal(t, v.offset, detail), true
}

var partSeconds = map[datePart]int64{partDay: 86_400, partHour: 3600, partMinute: 60, partSecond: 1}

// difference counts the whole parts between two timestamps.
func difference(part datePart, a, b *value) int64 {
	if part == partYear || part == partMonth {
		from, to := a.local(), b.local()
		months := int64(to.Year()-from.Year())*12 + int64(to.Month()) - int64(from.Month())
		// Where the last month is not a whole one, it does not count.
		order := cmpWithinMonth(from, to)
		switch {
		case months > 0 && order > 0:
			months--
		case months < 0 && order < 0:
			months++
		}
		if part == partYear {
			return months / 12
		}
		return months
	}
	seconds := b.i - a.i
	switch {
	case seconds > 0 && b.node < a.node:
		seconds--
	case seconds < 0 && b.node > a.node:
		seconds++
	}
	return seconds / partSeconds[part]
}

func cmpWithinMonth(a, b time.Time) int {
	within := func(t time.Time) time.Time {
		return time.Date(2000, 1, t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	}
	return within(a).Compare(within(b))
}

func extractPart(v *value, part datePart) int64 {
	t := v.local()
	switch part {
	case partYear:
		return int64(t.Year())
	case partMonth:
		return int64(t.Month())
	case partDay:
		return int64(t.Day())
	case partHour:
		return int64(t.Hour())
	case partMinute:
		return int64(t.Minute())
	case partSecond:
		return int64(t.Second())
	case partZoneHour:
		return int64(v.offset / 60)
	}
	return int64(v.offset % 60)
}

// asTime reads text as a timestamp.
func asTime(v *value) (value, bool) {
	switch {
	case v.kind == kindTime:
		return *v, true
	case v.isText() && len(bytes.TrimSpace(v.text)) > 0:
		return parseTime(v.text)
	}
	return value{}, false
}
