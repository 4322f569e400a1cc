package expr

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
)

// datePattern is a compiled pattern of Java's DateTimeFormatter: fields and literal text.
type datePattern []patternField

// patternField is one field of a pattern: a letter and how often it stands there; letter 0 is literal text.
type patternField struct {
	letter byte
	count  int
	text   string
}

// dialect is one of the two languages of patterns that Java has.
type dialect uint8

const (
	// modern is DateTimeFormatter's, which TO_TIMESTAMP and DATE_FORMAT take.
	modern dialect = iota
	// zoneless is the same for values without a zone.
	zoneless
	// legacy is SimpleDateFormat's, which FROM_UNIXTIME, UNIX_TIMESTAMP and TO_DATE take, and DATE_FORMAT of text.
	legacy
)

// modernLetters are the letters of DateTimeFormatter with how often each may stand in a row, 0 being without limit.
var modernLetters = map[byte]int{'G': 5, 'u': 0, 'y': 0, 'Y': 0, 'D': 3, 'M': 5, 'L': 5, 'd': 2, 'Q': 5, 'q': 5, 'w': 2, 'W': 1, 'E': 5, 'e': 5, 'c': 5, 'F': 1, 'a': 1, 'B': 5,
	'h': 2, 'K': 2, 'k': 2, 'H': 2, 'm': 2, 's': 2, 'S': 9, 'A': 0, 'n': 0, 'N': 0, 'g': 0, 'V': 2, 'v': 4, 'z': 4, 'O': 4, 'X': 5, 'x': 5, 'Z': 5}

// legacyLetters are those of SimpleDateFormat, and the letters under which they are known here.
var legacyLetters = map[byte]byte{'G': 'G', 'y': 'y', 'Y': 'Y', 'M': 'M', 'L': 'L', 'w': 'w', 'W': 'W', 'D': 'D', 'd': 'd', 'F': 'f', 'E': 'E', 'u': 'i', 'a': 'a', 'H': 'H', 'k': 'k', 'K': 'K',
	'h': 'h', 'm': 'm', 's': 's', 'S': 'l', 'z': 'z', 'Z': 'Z', 'X': 'X'}

// newDatePattern compiles a pattern.
func newDatePattern(pattern string, as dialect) (datePattern, error) {
	var p datePattern
	literal := func(s string) {
		if n := len(p); n > 0 && p[n-1].letter == 0 {
			p[n-1].text += s
		} else {
			p = append(p, patternField{text: s})
		}
	}
	for i := 0; i < len(pattern); {
		c := pattern[i]
		switch {
		case c == '\'':
			end := strings.IndexByte(pattern[i+1:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("the date pattern %s has a quote that does not end", pattern)
			}
			if end == 0 {
				literal("'")
			} else {
				literal(pattern[i+1 : i+1+end])
			}
			i += end + 2
		case c|0x20-'a' < 26:
			n := 1
			for i+n < len(pattern) && pattern[i+n] == c {
				n++
			}
			letter, known := c, true
			if as == legacy {
				letter, known = legacyLetters[c], legacyLetters[c] != 0
			} else if most, ok := modernLetters[c]; !ok || most > 0 && n > most || c == 'c' && n == 2 || c == 'V' && n != 2 {
				known = false
			}
			switch {
			case !known:
				return nil, fmt.Errorf("the date pattern %s has %s, which is unknown; use yyyy-MM-dd HH:mm:ss.SSS, and quotes around text", pattern, pattern[i:i+n])
			case as == zoneless && strings.IndexByte("VvzOXxZ", c) >= 0:
				return nil, fmt.Errorf("the date pattern %s has %s, and the value has no time zone", pattern, pattern[i:i+n])
			}
			p = append(p, patternField{letter: letter, count: n})
			i += n
		case as != legacy && (c == '[' || c == ']'): // an optional part, which is always there
			i++
		case as != legacy && strings.IndexByte("{}#", c) >= 0:
			return nil, fmt.Errorf("the date pattern %s has %c, which must stand in quotes", pattern, c)
		default:
			literal(pattern[i : i+1])
			i++
		}
	}
	return p, nil
}

var (
	monthNames = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	dayNames   = [...]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
)

// format appends a local time, in seconds since 1970-01-01 and nanoseconds, as the pattern has it; offset is how far it is ahead
// of UTC, in seconds.
func (p datePattern) format(dst []byte, sec, nanos int64, zone *time.Location, offset int64) []byte {
	day := floorDiv(sec, 86400)
	clock := int(sec - day*86400)
	y, m, d := 0, 1, 1
	if p.dated() {
		y, m, d = column.CivilOf(int(day))
	}
	h := clock / 3600
	sunday := int(floorMod(day+4, 7)) // 0 is Sunday
	for _, f := range p {
		switch f.letter {
		case 0:
			dst = append(dst, f.text...)
		case 'y', 'u', 'Y':
			year := y
			if f.letter == 'Y' {
				year, _ = sundayWeek(int(day))
			}
			if f.count == 2 {
				dst = zeros(dst, floorMod(int64(year), 100), 2)
			} else {
				dst = zeros(dst, int64(year), f.count)
			}
		case 'G':
			switch {
			case f.count == 5:
				dst = append(dst, [...]byte{'B', 'A'}[b2i(y > 0)])
			case f.count == 4:
				dst = append(dst, [...]string{"Before Christ", "Anno Domini"}[b2i(y > 0)]...)
			default:
				dst = append(dst, [...]string{"BC", "AD"}[b2i(y > 0)]...)
			}
		case 'M', 'L':
			dst = appendName(dst, f.count, m, monthNames[m-1])
		case 'd':
			dst = zeros(dst, int64(d), f.count)
		case 'D':
			dst = zeros(dst, dateField("DOY", int(day)), f.count)
		case 'w':
			_, week := sundayWeek(int(day))
			dst = zeros(dst, int64(week), f.count)
		case 'W':
			first := int(floorMod(day-int64(d-1)+4, 7))
			dst = zeros(dst, int64((d-1+first)/7+1), f.count)
		case 'F':
			dst = zeros(dst, int64((d-1)%7+1), f.count)
		case 'f':
			dst = zeros(dst, int64((d-1)/7+1), f.count)
		case 'H':
			dst = zeros(dst, int64(h), f.count)
		case 'h':
			dst = zeros(dst, int64((h+11)%12+1), f.count)
		case 'k':
			dst = zeros(dst, int64((h+23)%24+1), f.count)
		case 'K':
			dst = zeros(dst, int64(h%12), f.count)
		case 'm':
			dst = zeros(dst, int64(clock/60%60), f.count)
		case 's':
			dst = zeros(dst, int64(clock%60), f.count)
		case 'S':
			var digits [20]byte
			dst = append(dst, zeros(digits[:0], nanos, 9)[:f.count]...)
		case 'l':
			dst = zeros(dst, nanos/1e6, f.count)
		case 'n':
			dst = zeros(dst, nanos, f.count)
		case 'N':
			dst = zeros(dst, int64(clock)*1e9+nanos, f.count)
		case 'A':
			dst = zeros(dst, int64(clock)*1000+nanos/1e6, f.count)
		case 'g':
			dst = zeros(dst, day+40587, f.count)
		case 'E', 'e', 'c':
			n := (sunday + 6) % 7 // 0 is Monday
			if f.letter != 'E' && f.count <= 2 {
				dst = zeros(dst, int64(sunday+1), f.count)
			} else {
				dst = appendName(dst, max(3, f.count), n+1, dayNames[n])
			}
		case 'i':
			dst = zeros(dst, int64((sunday+6)%7+1), f.count)
		case 'a':
			dst = append(dst, [...]string{"AM", "PM"}[h/12]...)
		case 'B':
			dst = append(dst, dayPeriod(clock)...)
		case 'q', 'Q':
			q := (m-1)/3 + 1
			switch f.count {
			case 1, 2:
				dst = zeros(dst, int64(q), f.count)
			case 3:
				dst = append(dst, 'Q', byte('0'+q))
			case 5:
				dst = append(dst, byte('0'+q))
			default:
				dst = append(dst, [...]string{"1st quarter", "2nd quarter", "3rd quarter", "4th quarter"}[q-1]...)
			}
		case 'V':
			dst = append(dst, zone.String()...)
		case 'z', 'v':
			name, _ := time.Unix(sec-offset, 0).In(zone).Zone()
			if f.count == 4 && name == "UTC" {
				name = "Coordinated Universal Time"
			}
			dst = append(dst, name...)
		case 'O':
			dst = append(dst, "GMT"...)
			if offset != 0 {
				dst = appendOffset(dst, patternField{letter: 'x', count: 3}, offset)
			}
		default: // x, X, Z
			dst = appendOffset(dst, f, offset)
		}
	}
	return dst
}

// dated reports whether a pattern shows a part of the date.
func (p datePattern) dated() bool {
	for _, f := range p {
		if grain, _ := f.grainOf(); grain == 86400 {
			return true
		}
	}
	return false
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// sundayWeek is the number of the week that begins on Sunday, week 1 having the first of January, and the year that it counts in.
func sundayWeek(day int) (year, week int) {
	saturday := day + 6 - int(floorMod(int64(day)+4, 7))
	year, _, _ = column.CivilOf(saturday)
	return year, (saturday-column.DaysOf(year, 1, 1))/7 + 1
}

// dayPeriod names a part of the day.
func dayPeriod(clock int) string {
	switch h := clock / 3600; {
	case clock < 60:
		return "midnight"
	case h == 12 && clock%3600 < 60:
		return "noon"
	case h < 6 || h >= 21:
		return "at night"
	case h < 12:
		return "in the morning"
	case h < 18:
		return "in the afternoon"
	}
	return "in the evening"
}

// zeros writes a number with at least n digits.
func zeros(dst []byte, x int64, n int) []byte {
	switch {
	case n == 2 && uint64(x) < 100:
		return append(dst, byte('0'+x/10), byte('0'+x%10))
	case n == 4 && uint64(x) < 10000:
		return append(dst, byte('0'+x/1000), byte('0'+x/100%10), byte('0'+x/10%10), byte('0'+x%10))
	}
	if x < 0 {
		dst, x = append(dst, '-'), -x
	}
	var buf [20]byte
	text := strconv.AppendInt(buf[:0], x, 10)
	for i := len(text); i < n; i++ {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}

// appendName writes a month or day as a number, as three letters, as its name, or as its first letter.
func appendName(dst []byte, count, n int, name string) []byte {
	switch count {
	case 1, 2:
		return zeros(dst, int64(n), count)
	case 3:
		return append(dst, name[:3]...)
	case 4:
		return append(dst, name...)
	}
	return append(dst, name[0])
}

func appendOffset(dst []byte, f patternField, offset int64) []byte {
	if f.letter == 'X' && offset == 0 {
		return append(dst, 'Z')
	}
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	dst = zeros(append(dst, sign), offset/3600, 2)
	if f.count == 1 && f.letter != 'Z' && offset%3600 == 0 {
		return dst
	}
	if f.letter != 'Z' && (f.count == 3 || f.count == 5) || f.letter == 'Z' && f.count == 5 {
		dst = append(dst, ':')
	}
	return zeros(dst, offset/60%60, 2)
}

// strictness is what a pattern makes of text that is not quite in its form.
type strictness uint8

const (
	// exactDays refuses a day that the month does not have.
	exactDays strictness = iota
	// lastDays takes the month's last day for one that it does not have, up to the 31st.
	lastDays
	// lenient is Java's SimpleDateFormat: blanks may stand before a field, numbers may have fewer or more digits, a 25th hour is the
	// first of the next day, and so for each field, and what follows the pattern's last field does not matter.
	lenient
)

// parse reads a local time in the pattern's form, as seconds since 1970-01-01 and nanoseconds. What the pattern leaves out is that
// of 1970-01-01 00:00:00. offset is set where the text has one.
func (p datePattern) parse(text []byte, as strictness) (sec, nanos int64, offset *int64, ok bool) {
	y, m, d, doy, h, mi, s := 1970, 1, 1, 0, 0, 0, 0
	weekday := 0
	half, afternoon := -1, false
	for i, f := range p {
		// A number directly before another has exactly its digits; any other may be longer.
		fixed := i+1 < len(p) && p[i+1].letter != 0 && f.count > 1 || as != lenient && f.count > 1 && f.letter != 'y' && f.letter != 'u'
		shortest := 1
		if as == lenient && f.letter != 0 {
			text = bytes.TrimLeft(text, " \t")
		} else if f.letter == 'y' || f.letter == 'u' {
			shortest = f.count
		}
		num := func(most int) (int, bool) {
			if fixed {
				most = f.count
			} else if as == lenient {
				most = 9
			}
			n := 0
			for n < len(text) && n < most && text[n]-'0' <= 9 {
				n++
			}
			if n < shortest || fixed && n < f.count {
				return 0, false
			}
			x, err := strconv.Atoi(string(text[:n]))
			text = text[n:]
			return x, err == nil
		}
		ok := true
		switch f.letter {
		case 0:
			if !bytes.HasPrefix(text, []byte(f.text)) {
				return 0, 0, nil, false
			}
			text = text[len(f.text):]
		case 'y', 'u':
			if as != lenient && f.count >= 4 && len(text) > 0 && text[0] == '+' { // a sign lets a year have more digits
				text = text[1:]
			} else if f.count == 2 || as != lenient && f.count >= 4 {
				fixed = true
			}
			if y, ok = num(9); f.count == 2 {
				y += 2000
			}
		case 'M', 'L':
			if f.count >= 3 {
				rest := text
				m, text, ok = parseName(rest, monthNames[:], f.count == 3 && as != lenient)
				if !ok && as == lenient {
					m, text, ok = parseName(rest, monthNames[:], true)
				}
			} else {
				m, ok = num(2)
			}
		case 'd':
			d, ok = num(2)
		case 'D':
			doy, ok = num(3)
		case 'H':
			h, ok = num(2)
		case 'k':
			if h, ok = num(2); h == 24 {
				h = 0
			}
		case 'h', 'K':
			if half, ok = num(2); half == 12 && f.letter == 'h' {
				half = 0
			}
		case 'm':
			mi, ok = num(2)
		case 's':
			s, ok = num(2)
		case 'S', 'l':
			n := 0
			for n < len(text) && n < f.count && text[n]-'0' <= 9 {
				n++
			}
			if as == lenient {
				// A number of milliseconds.
				var ms int
				ms, ok = num(9)
				s, nanos = s+ms/1000, int64(ms%1000)*1e6
			} else if ok = n == f.count; ok {
				x, _ := strconv.ParseInt((string(text[:n]) + "000000000")[:9], 10, 64)
				nanos, text = x, text[n:]
			}
		case 'a':
			if len(text) < 2 {
				return 0, 0, nil, false
			}
			half2 := string(text[:2])
			if as == lenient {
				half2 = strings.ToUpper(half2)
			}
			afternoon, ok, text = half2 == "PM", half2 == "PM" || half2 == "AM", text[2:]
		case 'E':
			weekday, text, ok = parseName(text, dayNames[:], f.count <= 3 && as != lenient)
			if !ok && as == lenient {
				weekday, text, ok = parseName(text, dayNames[:], true)
			}
		case 'G':
			if ok = len(text) >= 2 && (as == lenient && strings.EqualFold(string(text[:2]), "AD") || string(text[:2]) == "AD"); ok {
				text = text[2:]
			}
		case 'Q', 'q':
			_, ok = num(2)
		case 'A':
			var ms int
			if ms, ok = num(9); ok {
				s, nanos = ms/1000, int64(ms%1000)*1e6
			}
		case 'n':
			var n int
			n, ok = num(9)
			nanos = int64(n)
		case 'V':
			name := text[:zoneLength(text)]
			z := javaZone(string(name))
			if ok = z != nil; ok {
				_, o := time.Unix(int64(column.DaysOf(y, m, d))*86400, 0).In(z).Zone()
				seconds := int64(o)
				offset, text = &seconds, text[len(name):]
			}
		case 'x', 'X', 'Z':
			var o int64
			o, text, ok = parseOffset(text)
			offset = &o
		default:
			return 0, 0, nil, false
		}
		if !ok {
			return 0, 0, nil, false
		}
	}
	if half >= 0 {
		if h = half; afternoon {
			h += 12
		}
	}
	if as != lenient {
		if len(text) > 0 || m < 1 || m > 12 || d < 1 || d > 31 || h > 23 || mi > 59 || s > 59 || half > 11 || doy > 366 {
			return 0, 0, nil, false
		}
		if last := column.DaysIn(y, m); d > last {
			if as == exactDays {
				return 0, 0, nil, false
			}
			d = last
		}
	}
	day := column.DaysOf(y, m, d)
	if doy > 0 {
		day = column.DaysOf(y, 1, doy)
	}
	if as != lenient && weekday > 0 && int64(weekday) != dateField("ISODOW", day) {
		return 0, 0, nil, false
	}
	return int64(day)*86400 + int64(h*3600+mi*60+s), nanos, offset, true
}

// parseName finds which of the names text begins with, from 1 on.
func parseName(text []byte, names []string, short bool) (int, []byte, bool) {
	for i, name := range names {
		if short {
			name = name[:3]
		}
		if len(text) >= len(name) && strings.EqualFold(string(text[:len(name)]), name) {
			return i + 1, text[len(name):], true
		}
	}
	return 0, text, false
}

// parseOffset reads Z, +hh, +hhmm or +hh:mm as seconds.
func parseOffset(text []byte) (int64, []byte, bool) {
	if len(text) > 0 && text[0] == 'Z' {
		return 0, text[1:], true
	}
	if len(text) < 3 || text[0] != '+' && text[0] != '-' {
		return 0, text, false
	}
	sign := int64(1)
	if text[0] == '-' {
		sign = -1
	}
	digits := make([]byte, 0, 4)
	i := 1
	for ; i < len(text) && len(digits) < 4; i++ {
		if text[i] == ':' && len(digits) == 2 {
			continue
		}
		if text[i]-'0' > 9 {
			break
		}
		digits = append(digits, text[i])
	}
	x, err := strconv.Atoi(string(append(digits, "00"[:4-max(2, len(digits))]...)))
	if err != nil || len(digits) != 2 && len(digits) != 4 {
		return 0, text, false
	}
	return sign * int64(x/100*3600+x%100*60), text[i:], true
}
