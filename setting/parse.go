package setting

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// parse turns text into the Go value of the option's type: string, bool, int, float64, time.Duration,
// int64 (bytes), the Enum's canonical spelling, []string or map[string]string. The error says what would
// be valid and does not repeat the text, which may be secret. Blanks around the text are the caller's to trim.
func (o *Option) parse(text string) (any, error) {
	if o.Ignored {
		return text, nil
	}
	var value any = text
	var err error
	switch o.Type {
	case Bool:
		value, err = ParseBool(text)
	case Int:
		value, err = parseInt(text)
	case Double:
		value, err = parseDouble(text)
	case Duration:
		value, err = ParseDuration(text)
	case MemorySize:
		value, err = ParseMemorySize(text)
	case Enum:
		value, err = parseEnum(text, o.Values)
	case List:
		value, err = ParseList(text)
	case Map:
		value, err = ParseMap(text)
	}
	if err != nil {
		return nil, err
	}
	if o.Check != nil && text != "" {
		if err := o.Check(text); err != nil {
			return nil, err
		}
	}
	return value, nil
}

// ParseBool reads "true" or "false" in any case.
func ParseBool(text string) (bool, error) {
	switch {
	case strings.EqualFold(text, "true"):
		return true, nil
	case strings.EqualFold(text, "false"):
		return false, nil
	}
	return false, errors.New("not a boolean: valid are 'true' and 'false'")
}

func parseInt(text string) (int, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("out of range: valid are integers from %d to %d", math.MinInt64, math.MaxInt64)
	}
	if err != nil {
		return 0, errors.New("not an integer: valid are decimal integers such as '8'")
	}
	return int(n), nil
}

func parseDouble(text string) (float64, error) {
	f, err := strconv.ParseFloat(text, 64)
	// ParseFloat also takes Go's own hexadecimal and underscored literals, "inf" and "nan".
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) || strings.ContainsAny(text, "xXpP_") {
		return 0, errors.New("not a number: valid are finite decimal numbers such as '0.1'")
	}
	return f, nil
}

var errDuration = errors.New("not a duration: valid are a whole number with a unit (ns, us, ms, s, min, h, d), such as '500 ms', '10 s', '2 min', '1 h', '1 d', " +
	"a bare number of milliseconds, or ISO-8601 such as 'PT10S'")

var durationUnits = map[string]time.Duration{
	"":  time.Millisecond,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
	"h": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"m": time.Minute, "min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"s": time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
	"ms": time.Millisecond, "milli": time.Millisecond, "millis": time.Millisecond,
	"millisecond": time.Millisecond, "milliseconds": time.Millisecond,
	"us": time.Microsecond, "µs": time.Microsecond, "micro": time.Microsecond, "micros": time.Microsecond,
	"microsecond": time.Microsecond, "microseconds": time.Microsecond,
	"ns": time.Nanosecond, "nano": time.Nanosecond, "nanos": time.Nanosecond,
	"nanosecond": time.Nanosecond, "nanoseconds": time.Nanosecond,
}

// ParseDuration reads a duration in Flink's forms: a whole number and a unit with or without a blank
// between ("1 s", "500ms", "2 min", "1 h", "1 d"), a bare number of milliseconds, or ISO-8601 ("PT1M30S",
// "P1D"). It is never negative; beyond 292 years it is out of range.
func ParseDuration(text string) (time.Duration, error) {
	text = strings.TrimSpace(text)
	if rest, ok := cutFold(text, "P"); ok {
		return parseISODuration(rest)
	}
	number, unit := splitNumber(text)
	scale, known := durationUnits[strings.ToLower(unit)]
	if number == "" || !known {
		return 0, errDuration
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n > math.MaxInt64/int64(scale) {
		return 0, errors.New("out of range: the longest duration is 292 years")
	}
	return time.Duration(n) * scale, nil
}

// parseISODuration reads what follows the 'P' of an ISO-8601 duration of days, hours, minutes and
// seconds, each at most once and in this order; only seconds have a fraction, of up to nine digits.
func parseISODuration(rest string) (time.Duration, error) {
	total, any := time.Duration(0), false
	order := []struct {
		letter string
		scale  time.Duration
	}{{"D", 24 * time.Hour}, {"T", 0}, {"H", time.Hour}, {"M", time.Minute}, {"S", time.Second}}
	inTime := false
	for _, unit := range order {
		if unit.letter == "T" {
			if rest, inTime = cutFold(rest, "T"); inTime {
				any = false // a 'T' needs something behind it
			}
			continue
		}
		if unit.letter != "D" && !inTime {
			break
		}
		number, after := splitNumber(rest)
		fraction := ""
		if unit.letter == "S" {
			if f, ok := strings.CutPrefix(after, "."); ok {
				if fraction, after = splitNumber(f); fraction == "" || len(fraction) > 9 {
					return 0, errDuration
				}
			}
		}
		after, ok := cutFold(after, unit.letter)
		if number == "" || !ok {
			continue
		}
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil || n > (math.MaxInt64-int64(total))/int64(unit.scale) {
			return 0, errors.New("out of range: the longest duration is 292 years")
		}
		total += time.Duration(n) * unit.scale
		if fraction != "" {
			nanos, err := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
			if err != nil || nanos > math.MaxInt64-int64(total) {
				return 0, errDuration
			}
			total += time.Duration(nanos)
		}
		rest, any = after, true
	}
	if rest != "" || !any {
		return 0, errDuration
	}
	return total, nil
}

// FormatDuration writes d in a form that [ParseDuration] reads back: the largest unit that divides it.
func FormatDuration(d time.Duration) string {
	for _, u := range []struct {
		name  string
		scale time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond}} {
		if d != 0 && d%u.scale == 0 {
			return strconv.FormatInt(int64(d/u.scale), 10) + " " + u.name
		}
	}
	if d == 0 {
		return "0 ms"
	}
	return strconv.FormatInt(int64(d), 10) + " ns"
}

var memoryUnits = map[string]uint{
	"": 0, "b": 0, "bytes": 0,
	"k": 10, "kb": 10, "kib": 10, "kibibytes": 10,
	"m": 20, "mb": 20, "mib": 20, "mebibytes": 20,
	"g": 30, "gb": 30, "gib": 30, "gibibytes": 30,
	"t": 40, "tb": 40, "tib": 40, "tebibytes": 40,
}

// ParseMemorySize reads a number of bytes in Flink's forms: a whole number and a unit with or without a
// blank between ("128mb", "1 gb", "64 kb"), or a bare number of bytes. Units are powers of 1024.
func ParseMemorySize(text string) (int64, error) {
	number, unit := splitNumber(strings.TrimSpace(text))
	shift, known := memoryUnits[strings.ToLower(unit)]
	if number == "" || !known {
		return 0, errors.New("not a memory size: valid are a whole number with a unit (b, kb, mb, gb, tb), such as '64 kb', '128mb', '1 gb', or a bare number of bytes")
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n > math.MaxInt64>>shift {
		return 0, errors.New("out of range: the largest memory size is 8388607 tb")
	}
	return n << shift, nil
}

// FormatMemorySize writes bytes in a form that [ParseMemorySize] reads back: the largest unit that divides them.
func FormatMemorySize(bytes int64) string {
	for i, unit := range []string{"tb", "gb", "mb", "kb"} {
		if shift := 40 - 10*i; bytes != 0 && bytes&(1<<shift-1) == 0 {
			return strconv.FormatInt(bytes>>shift, 10) + " " + unit
		}
	}
	return strconv.FormatInt(bytes, 10) + " b"
}

// parseEnum finds text among values; case does not matter, nor does '-' against '_'.
func parseEnum(text string, values []string) (string, error) {
	fold := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "_", "-") }
	i := slices.IndexFunc(values, func(v string) bool { return fold(v) == fold(text) })
	if i < 0 {
		return "", fmt.Errorf("not one of the valid values %s", quoteAll(values))
	}
	return values[i], nil
}

// splitNumber splits leading ASCII digits from the unit behind them, which has no blanks around it.
func splitNumber(text string) (number, unit string) {
	i := 0
	for i < len(text) && '0' <= text[i] && text[i] <= '9' {
		i++
	}
	return text[:i], strings.TrimSpace(text[i:])
}

// cutFold cuts an ASCII prefix of one letter in either case.
func cutFold(text, letter string) (string, bool) {
	if text != "" && strings.EqualFold(text[:1], letter) {
		return text[1:], true
	}
	return text, false
}

func quoteAll(words []string) string {
	var b strings.Builder
	for i, w := range words {
		switch {
		case i > 0 && i == len(words)-1:
			b.WriteString(" and ")
		case i > 0:
			b.WriteString(", ")
		}
		b.WriteString("'" + w + "'")
	}
	return b.String()
}
