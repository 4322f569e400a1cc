package expr

import (
	"math"
	"testing"
	"time"

	"github.com/millstream/millstream/column"
)

// UNIX_TIMESTAMP reads as Java's SimpleDateFormat does: what follows the pattern does not matter and fields may overflow.
func TestPatternLenient(t *testing.T) {
	for _, c := range []struct{ text, pattern, want string }{
		{"2024-03-10 01:59:59", standardPattern, "2024-03-10 01:59:59"},
		{"2024-03-10 01:59:59.123", standardPattern, "2024-03-10 01:59:59"},
		{"2024-03-10 01:59:59 and more", standardPattern, "2024-03-10 01:59:59"},
		{"2024-3-1 1:2:3", standardPattern, "2024-03-01 01:02:03"},
		{"  2024-03-10 01:59:59", standardPattern, "2024-03-10 01:59:59"},
		{"2024-13-10 01:59:59", standardPattern, "2025-01-10 01:59:59"},
		{"2023-02-29 25:61:61", standardPattern, "2023-03-02 02:02:01"},
		{"20240310", "yyyyMMdd", "2024-03-10 00:00:00"},
		{"2024-03-10 10:00:00.1500", standardPattern + ".SSS", "2024-03-10 10:00:01"},
		{"2024-03-10", standardPattern, ""},
		{"2024/03/10 10:00:00", standardPattern, ""},
		{"2024031", "yyyyMMdd", "2024-03-01 00:00:00"},
		{"202403", "yyyyMMdd", ""},
		{"", standardPattern, ""},
	} {
		p, err := newDatePattern(c.pattern, legacy)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if sec, _, _, ok := p.parse([]byte(c.text), lenient); ok {
			got = time.Unix(sec, 0).UTC().Format(time.DateTime)
		}
		if got != c.want {
			t.Errorf("%q as %s: got %q, want %q", c.text, c.pattern, got, c.want)
		}
	}
}

// The session's zone is UNIX_TIMESTAMP's, not TO_TIMESTAMP_LTZ's.
func TestTextToInstantInZone(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int64{
		"UNIX_TIMESTAMP('2024-03-10 01:59:59.000')":                  1710053999,
		"UNIX_TIMESTAMP('2024-03-10 02:30:00')":                      1710055800, // a time that is skipped
		"UNIX_TIMESTAMP('2024-11-03 01:30:00')":                      1730615400, // a time that comes twice
		"UNIX_TIMESTAMP('10 Mar 2024')":                              math.MinInt64,
		"TO_TIMESTAMP_LTZ('1970-01-01 00:00:00')":                    0,
		"TO_TIMESTAMP_LTZ('1970-01-01 00:00', 'yyyy-MM-dd HH:mm')":   0,
		"CAST('1970-01-01 00:00:00' AS TIMESTAMP_LTZ(3))":            5 * 3600 * 1000,
		"TO_TIMESTAMP_LTZ('1970-01-01', 'yyyy-MM-dd', 'Asia/Tokyo')": -9 * 3600 * 1000,
	} {
		e, err := sqlExpr(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		p, err := Compile(e, InZone(zone))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var out column.Vector
		if err := p.Eval(&column.Batch{Len: 1}, &out); err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := column.Values[int64](&out)[0]; got != want {
			t.Errorf("%s: got %d, want %d", text, got, want)
		}
	}
}
