package expr

import (
	"fmt"
	"math"
	"math/bits"
	"strings"
	"time"

	"github.com/millstream/millstream/column"
)

// TO_TIMESTAMP_LTZ: instants of numbers and texts.

func resolveToLTZ(args []Expr) ([]Expr, column.Type, error) {
	stamp := column.Sized(column.TimestampLTZ, 3)
	if len(args) > 0 && args[0].Type().IsText() {
		typed, t, err := takes(maybeNull(stamp), isText, isText, isText).optional(2).resolve("TO_TIMESTAMP_LTZ")(args)
		if err == nil && len(args) > 1 {
			if pattern, ok := constText(args[1]); ok { // the fraction that the pattern reads
				t.Precision = int32(min(9, max(3, strings.Count(pattern, "S"))))
			}
			err = checkPattern(typed, modern)
		}
		return typed, t, err
	}
	typed, t, err := takes(maybeNull(stamp), isNumber, isInt).optional(1).resolve("TO_TIMESTAMP_LTZ")(args)
	if err != nil {
		return nil, t, err
	}
	if from := typed[0].Type(); isApprox(from) {
		typed[0] = CastTo(typed[0], column.Of(column.Double))
	} else {
		typed[0] = CastTo(typed[0], column.Of(column.BigInt))
	}
	if len(typed) > 1 {
		if p, ok := constInt(typed[1]); ok {
			if p < 0 || p > 9 {
				return nil, t, fmt.Errorf("TO_TIMESTAMP_LTZ takes a precision from 0, seconds, to 9, nanoseconds, not %d", p)
			}
			t.Precision = int32(max(3, p))
		}
	}
	return typed, t, nil
}

func compileToLTZ(c *Call, _ *environment) (Kernel, error) {
	if c.Args[0].Type().IsText() {
		return instantOfText(c)
	}
	unit := c.T.TimeUnit()
	var failed error
	// scale is how many units of the result make one of the number, or, negative, how many of the number make one of the result.
	scale := func(a *rowArgs) int64 {
		p := 3
		if len(a.vecs) > 1 {
			p = a.int(1)
		}
		if p < 0 || p > 9 {
			failed = fmt.Errorf("TO_TIMESTAMP_LTZ takes a precision from 0 to 9, not %d", p)
			return 1
		}
		if of := int64(column.Pow10(p).Lo); of > unit {
			return -(of / unit)
		} else {
			return unit / of
		}
	}
	limit := int64(math.MaxInt64)
	if unit < 1e9 {
		limit = unit * 253402300800 // the year 10000
	}
	return failing(fixedOf(c, func(a *rowArgs) (int64, bool) {
		var x int64
		by := scale(a)
		if c.Args[0].Type().Kind == column.Double {
			f := a.double(0)
			if by > 0 {
				f *= float64(by)
			} else {
				f /= float64(-by)
			}
			f = math.Floor(f)
			return int64(f), math.Abs(f) < float64(min(limit, math.MaxInt64))
		} else {
			x = a.long(0)
		}
		if by < 0 {
			x = floorDiv(x, -by)
		} else {
			high, low := bits.Mul64(uint64(max(x, -x)), uint64(by))
			if high != 0 || low > math.MaxInt64 {
				return 0, false
			}
			x *= by
		}
		return x, x < limit && x > -limit
	}), &failed), nil
}

func instantOfText(c *Call) (Kernel, error) {
	var failed error
	if len(c.Args) == 1 {
		return failing(fixedOf(c, func(a *rowArgs) (int64, bool) {
			x, err := column.ParseTimestamp(a.text(0), c.T, 0, time.UTC)
			if err != nil {
				failed = err
			}
			return x, true
		}), &failed), nil
	}
	patterns := newDatePatterns(c, 1, "", modern)
	var zones zoneCache
	unit := c.T.TimeUnit()
	return failing(fixedOf(c, func(a *rowArgs) (int64, bool) {
		zone := time.UTC
		if len(a.vecs) > 2 {
			if zone = zones.of(string(a.text(2)), javaZone); zone == nil {
				failed = fmt.Errorf("there is no time zone %s", a.text(2))
				return 0, false
			}
		}
		p, err := patterns.of(a)
		if err != nil {
			return 0, false
		}
		sec, nanos, offset, ok := p.parse(a.text(0), lastDays)
		if !ok {
			sec, nanos, ok = parseSQLTime(a.text(0))
		}
		if offset != nil {
			sec -= *offset
		} else {
			sec -= column.OffsetOfLocal(sec, zone)
		}
		return sec*unit + nanos/(1e9/unit), ok
	}), &failed), nil
}

// parseSQLTime reads yyyy-[M]M-[d]d, and H:m:s[.f] behind a blank, as java.sql.Timestamp does: parts of the clock may be too large, and a day that
// the month does not have is one of the next.
func parseSQLTime(text []byte) (sec, nanos int64, ok bool) {
	s := strings.TrimSpace(string(text))
	date, clock, timed := strings.Cut(s, " ")
	parts := strings.Split(date, "-")
	if len(parts) != 3 || len(parts[0]) != 4 || len(parts[1]) > 2 || len(parts[2]) > 2 {
		return 0, 0, false
	}
	var n [3]int
	for i, p := range parts {
		if n[i], ok = smallNumber(p); !ok {
			return 0, 0, false
		}
	}
	if n[1] < 1 || n[1] > 12 || n[2] < 1 || n[2] > 31 {
		return 0, 0, false
	}
	sec = int64(column.DaysOf(n[0], n[1], n[2])) * 86400
	if !timed {
		return sec, 0, true
	}
	whole, fraction, fractional := strings.Cut(strings.TrimLeft(clock, " "), ".")
	parts = strings.Split(whole, ":")
	if len(parts) != 3 || fractional && (fraction == "" || len(fraction) > 9) {
		return 0, 0, false
	}
	for i, p := range parts {
		if n[i], ok = smallNumber(p); !ok {
			return 0, 0, false
		}
	}
	if fractional {
		f, ok := smallNumber((fraction + "00000000")[:9])
		if !ok {
			return 0, 0, false
		}
		nanos = int64(f)
	}
	return sec + int64(n[0])*3600 + int64(n[1])*60 + int64(n[2]), nanos, true
}

// smallNumber reads one to nine digits.
func smallNumber(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i]-'0' > 9 {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, len(s) > 0 && len(s) <= 9
}
