package column

import "time"

// DaysOf returns the days from 1970-01-01 to a date of the proleptic Gregorian calendar; month and day may lie outside
// their ranges by a little, as dates that are being computed do.
func DaysOf(year, month, day int) int {
	year += floorDiv(month-1, 12)
	month = floorMod(month-1, 12) + 1
	// Years begin in March, so that the leap day ends one; 400 of them are 146097 days.
	if month <= 2 {
		year--
		month += 12
	}
	era := floorDiv(year, 400)
	y := year - era*400
	return era*146097 + y*365 + y/4 - y/100 + (153*(month-3)+2)/5 + day - 1 - 719468
}

// CivilOf returns the date of a number of days since 1970-01-01.
func CivilOf(days int) (year, month, day int) {
	days += 719468
	era := floorDiv(days, 146097)
	d := days - era*146097
	y := (d - d/1460 + d/36524 - d/146096) / 365
	d -= y*365 + y/4 - y/100
	m := (5*d + 2) / 153
	day = d - (153*m+2)/5 + 1
	year, month = era*400+y, m+3
	if month > 12 {
		year, month = year+1, month-12
	}
	return year, month, day
}

// DaysIn returns the number of days of a month.
func DaysIn(year, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func floorDiv[T int | int64](a, b T) T {
	q := a / b
	if a%b != 0 && (a < 0) != (b < 0) {
		q--
	}
	return q
}

func floorMod[T int | int64](a, b T) T { return a - floorDiv(a, b)*b }

// OffsetAt returns the seconds that local time in zone is ahead of UTC at an instant, in seconds since 1970-01-01T00:00:00Z.
// nil is UTC.
func OffsetAt(instant int64, zone *time.Location) int64 {
	if zone == nil || zone == time.UTC {
		return 0
	}
	_, offset := time.Unix(instant, 0).In(zone).Zone()
	return int64(offset)
}

// OffsetOfLocal returns the seconds that zone is ahead of UTC at a local time, in seconds since 1970-01-01 00:00:00. A local
// time that occurs twice is the earlier one; one that is skipped moves on by what was skipped.
func OffsetOfLocal(local int64, zone *time.Location) int64 {
	if zone == nil || zone == time.UTC {
		return 0
	}
	const day = 86400
	before, after := OffsetAt(local-day, zone), OffsetAt(local+day, zone)
	if before == after || OffsetAt(local-before, zone) == before || OffsetAt(local-after, zone) != after {
		return before
	}
	return after
}
