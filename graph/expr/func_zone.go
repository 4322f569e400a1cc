package expr

import (
	"strconv"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
)

func init() {
	register(textFunction("CONVERT_TZ", "The local time of one time zone, yyyy-MM-dd HH:mm:ss, as that of another; unknown zones are UTC, and other text gives NULL.",
		"CONVERT_TZ('2024-01-01 12:00:00', 'UTC', 'Asia/Tokyo') => 2024-01-01 21:00:00", takes(maybeNull(column.Str()), isText, isText, isText), func(c *Call) Kernel {
			standard, _ := newDatePattern(standardPattern, legacy)
			var from, to zoneCache
			return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
				sec, _, _, ok := standard.parse(a.text(0), lenient)
				if !ok {
					return dst, false
				}
				sec -= calendarOffset(sec, from.of(string(a.text(1)), calendarZone))
				zone := to.of(string(a.text(2)), calendarZone)
				offset := column.OffsetAt(sec, zone)
				return standard.format(dst, sec+offset, 0, zone, offset), true
			})
		}))
}

// zoneCache keeps the last time zone by name.
type zoneCache struct {
	name string
	zone *time.Location
	done bool
}

// of returns a zone as find does.
func (z *zoneCache) of(name string, find func(name string) *time.Location) *time.Location {
	if !z.done || z.name != name {
		z.name, z.done = name, true
		z.zone = find(name)
	}
	return z.zone
}

// region finds a zone of the time zone database; nil if there is none.
func region(name string) *time.Location {
	if name == "" || name == "Local" {
		return nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil
	}
	return zone
}

// javaZone finds a zone as Java's ZoneId does: of the database, an offset such as +02:00, or one behind UTC, GMT or UT; nil if there is none.
func javaZone(name string) *time.Location {
	if name == "Z" {
		return time.UTC
	}
	offset := name
	for _, prefix := range []string{"UTC", "GMT", "UT"} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			if offset = rest; rest == "" {
				return time.UTC
			}
			break
		}
	}
	if seconds, ok := offsetSeconds(offset, 18); ok {
		return time.FixedZone(name, seconds)
	}
	return region(name)
}

// offsetSeconds reads +h, +hh, +hhmm, +hh:mm, +hhmmss or +hh:mm:ss.
func offsetSeconds(text string, hours int) (int, bool) {
	if len(text) < 2 || text[0] != '+' && text[0] != '-' {
		return 0, false
	}
	digits := text[1:]
	if strings.Contains(digits, ":") {
		for i, part := range strings.Split(digits, ":") {
			if len(part) != 2 && (i > 0 || len(part) != 1) {
				return 0, false
			}
		}
		if digits[1] == ':' {
			digits = "0" + digits
		}
		digits = strings.ReplaceAll(digits, ":", "")
	}
	if len(digits) == 1 || len(digits) == 3 {
		digits = "0" + digits
	}
	if len(digits) != 2 && len(digits) != 4 && len(digits) != 6 {
		return 0, false
	}
	n, err := strconv.ParseUint((digits + "0000")[:6], 10, 32)
	if err != nil {
		return 0, false
	}
	h, m, s := int(n/10000), int(n/100%100), int(n%100)
	seconds := h*3600 + m*60 + s
	if m > 59 || s > 59 || seconds > hours*3600 {
		return 0, false
	}
	if text[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// shortZones are the names of three letters that Java knows beside those of the database.
var shortZones = map[string]string{
	"ACT": "Australia/Darwin", "AET": "Australia/Sydney", "AGT": "America/Argentina/Buenos_Aires", "ART": "Africa/Cairo", "AST": "America/Anchorage", "BET": "America/Sao_Paulo",
	"BST": "Asia/Dhaka", "CAT": "Africa/Harare", "CNT": "America/St_Johns", "CST": "America/Chicago", "CTT": "Asia/Shanghai", "EAT": "Africa/Addis_Ababa",
	"ECT": "Europe/Paris", //nolint:misspell // the name of a zone
	"IET": "America/Indiana/Indianapolis", "IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "MIT": "Pacific/Apia", "NET": "Asia/Yerevan", "NST": "Pacific/Auckland", "PLT": "Asia/Karachi",
	"PNT": "America/Phoenix", "PRT": "America/Puerto_Rico", "PST": "America/Los_Angeles", "SST": "Pacific/Guadalcanal", "VST": "Asia/Ho_Chi_Minh",
}

// calendarZone finds a zone as Java's TimeZone does: of the database, a short name, or an offset behind GMT; UTC if there is none.
func calendarZone(name string) *time.Location {
	if rest, ok := strings.CutPrefix(name, "GMT"); ok {
		if seconds, ok := offsetSeconds(rest, 23); ok {
			return time.FixedZone(name, seconds)
		}
	}
	if long, ok := shortZones[name]; ok {
		name = long
	}
	if zone := region(name); zone != nil {
		return zone
	}
	return time.UTC
}

// zoneLength is how many bytes at the start of a text may name a zone.
func zoneLength(text []byte) int {
	n := 0
	for n < len(text) && (text[n]|0x20-'a' < 26 || text[n]-'0' < 10 || strings.IndexByte("/_+-:", text[n]) >= 0) {
		n++
	}
	return n
}
