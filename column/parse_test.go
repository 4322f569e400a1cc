package column

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var textTypes = []Type{
	Of(Boolean), Of(TinyInt), Of(SmallInt), Of(Int), Of(BigInt), Of(Float), Of(Double), DecimalOf(10, 2), DecimalOf(38, 0), DecimalOf(38, 38),
	Str(), Of(Date), Sized(Time, 0), Sized(Time, 3), Sized(Timestamp, 0), Sized(Timestamp, 3), Sized(Timestamp, 6), Sized(Timestamp, 9), Sized(TimestampLTZ, 3),
}

func TestParseText(t *testing.T) {
	for _, c := range []struct {
		t    Type
		text string
		want string // as AppendText prints it; an error if it begins with "!"
	}{
		{Of(Int), "12", "12"},
		{Of(Int), "  12  ", "12"},
		{Of(Int), "12.9", "12"},
		{Of(Int), "-0", "0"},
		{Of(Int), "+5", "5"},
		{Of(Int), "", "!expected digits"},
		{Of(Int), "-", "!expected digits"},
		{Of(Int), "1e3", "!expected digits"},
		{Of(Int), "2147483647", "2147483647"},
		{Of(Int), "-2147483648", "-2147483648"},
		{Of(Int), "2147483648", "!out of range for INT, which reaches from -2147483648"},
		{Of(TinyInt), "128", "!out of range for TINYINT"},
		{Of(TinyInt), "-128", "-128"},
		{Of(BigInt), "9223372036854775807", "9223372036854775807"},
		{Of(BigInt), "-9223372036854775808", "-9223372036854775808"},
		{Of(BigInt), "9223372036854775808", "!out of range"},
		{Of(BigInt), "99999999999999999999999", "!out of range"},
		{Of(Double), "1e10", "1.0E10"},
		{Of(Double), " 7.9 ", "7.9"},
		{Of(Double), "NaN", "NaN"},
		{Of(Double), "-Infinity", "-Infinity"},
		{Of(Double), "1e999", "Infinity"},
		{Of(Double), "1.5d", "1.5"},
		{Of(Double), "inf", "!is no number"},
		{Of(Double), "0x1p3", "!is no number"},
		{Of(Double), "1_000", "!is no number"},
		{Of(Double), "abc", "!is no number"},
		{Of(Double), "", "!is no number"},
		{Of(Double), "4.9e-324", "4.9E-324"},
		{Of(Double), "1e-323", "9.9E-324"},
		{Of(Double), "1e23", "1.0E23"},
		{Of(Double), "123456789.123", "1.23456789123E8"},
		{Of(Double), "9999999", "9999999.0"},
		{Of(Double), "10000000", "1.0E7"},
		{Of(Double), "0.001", "0.001"},
		{Of(Double), "0.0001", "1.0E-4"},
		{Of(Double), "-0.0", "-0.0"},
		{Of(Float), "16777216", "1.6777216E7"},
		{Of(Float), "3.4028235e38", "3.4028235E38"},
		{Of(Float), "1.4e-45", "1.4E-45"},
		{DecimalOf(5, 2), "1.235", "1.24"},
		{DecimalOf(5, 2), "-1.235", "-1.24"},
		{DecimalOf(5, 2), "1.2349999", "1.23"},
		{DecimalOf(5, 2), "999.994", "999.99"},
		{DecimalOf(5, 2), "999.995", "!out of range for DECIMAL(5, 2), which has 3 digits before"},
		{DecimalOf(5, 2), "1234.5", "!out of range"},
		{DecimalOf(10, 2), "1e3", "1000.00"},
		{DecimalOf(10, 2), "12345E-3", "12.35"},
		{DecimalOf(3, 2), ".5", "0.50"},
		{DecimalOf(3, 1), "5.", "5.0"},
		{DecimalOf(3, 1), ".", "!expected digits"},
		{DecimalOf(3, 1), "1e", "!expected digits"},
		{DecimalOf(3, 1), "1e99999999999", "!out of range"},
		{DecimalOf(3, 1), "1e-99999999999", "0.0"},
		{DecimalOf(38, 0), "12345678901234567890123456789012345678", "12345678901234567890123456789012345678"},
		{DecimalOf(38, 0), "123456789012345678901234567890123456789", "!out of range"},
		{DecimalOf(38, 10), "0000000000000000000000000000000000000000000000012.5", "12.5000000000"},
		{DecimalOf(38, 2), "1.23456789012345678901234567890123456789012345", "1.23"},
		{DecimalOf(38, 37), "1.23456789012345678901234567890123456785", "1.2345678901234567890123456789012345679"},
		{Of(Boolean), "TRUE", "TRUE"},
		{Of(Boolean), "t", "TRUE"},
		{Of(Boolean), "No", "FALSE"},
		{Of(Boolean), "truth", "!is no BOOLEAN"},
		{Of(Date), "2024-01-02", "2024-01-02"},
		{Of(Date), "2024-1-2", "2024-01-02"},
		{Of(Date), "2024-01", "2024-01-01"},
		{Of(Date), "42", "0042-01-01"},
		{Of(Date), " 2024-01-02 ", "2024-01-02"},
		{Of(Date), "2024-01-02 10:00:00", "2024-01-02"},
		{Of(Date), "2024-02-30", "!expected yyyy-MM-dd"},
		{Of(Date), "2024-13-01", "!expected yyyy-MM-dd"},
		{Of(Date), "2024-01-02-03", "!expected yyyy-MM-dd"},
		{Of(Date), "12345-01-01", "!expected yyyy-MM-dd"},
		{Of(Date), "abc", "!expected yyyy-MM-dd"},
		{Of(Date), "", "!expected yyyy-MM-dd"},
		{Of(Date), "0001-01-01", "0001-01-01"},
		{Of(Date), "9999-12-31", "9999-12-31"},
		{Sized(Time, 0), "10:11:12", "10:11:12"},
		{Sized(Time, 3), "10:11:12.3456", "10:11:12.345"},
		{Sized(Time, 0), "10:11:12.999", "10:11:12"},
		{Sized(Time, 0), "24:00:00", "!is no TIME"},
		{Sized(Time, 0), "10:11:12 ", "10:11:12"},
		{Sized(Timestamp, 3), "2024-01-02 10:11:12.345678", "2024-01-02 10:11:12.345"},
		{Sized(Timestamp, 6), "2024-01-02 10:11:12.3", "2024-01-02 10:11:12.300000"},
		{Sized(Timestamp, 9), "2024-01-02 10:11:12.123456789", "2024-01-02 10:11:12.123456789"},
		{Sized(Timestamp, 9), "1600-01-02 10:11:12", "!reaches from the year 1677"},
		{Sized(Timestamp, 2), "1969-12-31 23:59:59.999", "1969-12-31 23:59:59.99"},
		{Sized(Timestamp, 0), "0001-01-01 00:00:00", "0001-01-01 00:00:00"},
		{Sized(Timestamp, 3), "2024-01-02", "2024-01-02 00:00:00.000"},
		{Sized(Timestamp, 3), "2024-1-2 3:4:5", "2024-01-02 03:04:05.000"},
		{Sized(Timestamp, 3), "2024-02-30 00:00:00", "2024-02-29 00:00:00.000"},
		{Sized(Timestamp, 3), "2024-01-02 10:11", "!expected yyyy-MM-dd HH:mm:ss"},
		{Sized(Timestamp, 3), "2024-01-02T10:11:12", "!expected yyyy-MM-dd HH:mm:ss"},
		{Sized(Timestamp, 3), "24-01-02 10:11:12", "!expected"},
		{Sized(Timestamp, 3), "12", "!expected"},
		{ArrayOf(Of(Int)), "[1]", "!cannot be read as ARRAY"},
	} {
		v := NewVector(c.t, 0)
		err := ParseText(v, []byte(c.text), nil)
		want, fails := strings.CutPrefix(c.want, "!")
		switch {
		case fails && err == nil:
			t.Errorf("%s %q: no error, want %q", c.t, c.text, want)
		case fails && !strings.Contains(err.Error(), want):
			t.Errorf("%s %q: error %q, want %q", c.t, c.text, err, want)
		case fails && v.Len != 0:
			t.Errorf("%s %q: a row in spite of an error", c.t, c.text)
		case !fails && err != nil:
			t.Errorf("%s %q: %v", c.t, c.text, err)
		case !fails:
			if got := string(AppendText(nil, v, 0, nil)); got != want {
				t.Errorf("%s %q: got %q, want %q", c.t, c.text, got, want)
			}
		}
	}
}

func TestTimestampForms(t *testing.T) {
	ltz := Sized(TimestampLTZ, 3)
	tokyo := zone(t, "Asia/Tokyo")
	for _, c := range []struct {
		text string
		form TimestampForm
		zone *time.Location
		want string
	}{
		{"2024-01-02T10:11:12.5", FormISO, nil, "2024-01-02 10:11:12.500"},
		{"2024-01-02T10:11:12Z", FormISO | FormZ, tokyo, "2024-01-02 10:11:12.000"},
		{"2024-01-02 10:11:12Z", FormZ, nil, "2024-01-02 10:11:12.000"},
		{"2024-01-02 10:11:12", FormZ, nil, ""},
		{"2024-01-02 10:11:12", FormISO, nil, ""},
		{"2024-01-02 10:11:12", 0, tokyo, "2024-01-02 01:11:12.000"},
	} {
		x, err := ParseTimestamp([]byte(c.text), ltz, c.form, c.zone)
		if got := string(AppendTimestamp(nil, x, ltz)); (err != nil) != (c.want == "") || err == nil && got != c.want {
			t.Errorf("%q form %d: %s, %v; want %s", c.text, c.form, got, err, c.want)
		}
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("no time zone data: %v", err)
	}
	return z
}

// Local times that occur twice or never are settled as Java's ZonedDateTime settles them.
func TestOffsetOfLocal(t *testing.T) {
	ny := zone(t, "America/New_York")
	for local, want := range map[string]string{
		"2024-03-10 02:30:00": "2024-03-10 07:30:00", // skipped: 03:30 EDT
		"2024-11-03 01:30:00": "2024-11-03 05:30:00", // twice: the first, EDT
		"2024-11-03 02:30:00": "2024-11-03 07:30:00",
		"2024-07-01 00:00:00": "2024-07-01 04:00:00",
	} {
		x, err := ParseTimestamp([]byte(local), Sized(TimestampLTZ, 0), 0, ny)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(AppendTimestamp(nil, x, Sized(Timestamp, 0))); got != want {
			t.Errorf("%s in New York is %s, want %s", local, got, want)
		}
	}
}

// What AppendText prints, ParseText reads back.
func TestTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(textTypes).Draw(t, "type")
		v := randomVector(t, typ, 1)
		if v.IsNull(0) {
			return
		}
		text := AppendText(nil, v, 0, nil)
		w := NewVector(typ, 0)
		if err := ParseText(w, text, nil); err != nil {
			t.Fatalf("%s %q: %v", typ, text, err)
		}
		if again := AppendText(nil, w, 0, nil); string(again) != string(text) {
			t.Fatalf("%s: %q read back is %q", typ, text, again)
		}
	})
}

func TestAppendFloatShortest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		text := string(AppendFloat(nil, x, 64))
		y, err := strconv.ParseFloat(strings.Replace(text, "E", "e", 1), 64)
		if x != x {
			if text != "NaN" {
				t.Fatal(text)
			}
			return
		}
		if err != nil || y != x {
			t.Fatalf("%v is printed %s, which is %v", x, text, y)
		}
	})
}

func TestCivil(t *testing.T) {
	for days := -800000; days < 3000000; days += 1 {
		y, m, d := CivilOf(days)
		if back := DaysOf(y, m, d); back != days {
			t.Fatalf("day %d is %d-%d-%d, which is day %d", days, y, m, d, back)
		}
		if days%997 == 0 {
			if u := time.Unix(int64(days)*86400, 0).UTC(); u.Year() != y || int(u.Month()) != m || u.Day() != d {
				t.Fatalf("day %d is %s, not %d-%d-%d", days, u, y, m, d)
			}
		}
	}
}

func FuzzParseText(f *testing.F) {
	for _, s := range []string{"1", "-1.5e3", "2024-02-30 10:11:12.5", "TRUE", "NaN", "1:2:3", "+.5", "99999999999999999999"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, typ := range textTypes {
			v := NewVector(typ, 0)
			if ParseText(v, text, nil) != nil {
				continue
			}
			printed := AppendText(nil, v, 0, nil)
			w := NewVector(typ, 0)
			if err := ParseText(w, printed, nil); err != nil {
				t.Fatalf("%s: %q is read and printed %q, which is not read: %v", typ, text, printed, err)
			}
		}
	})
}
