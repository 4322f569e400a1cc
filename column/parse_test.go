package column_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/columntest"
)

var textTypes = []column.Type{
	column.Of(column.Boolean), column.Of(column.TinyInt), column.Of(column.SmallInt), column.Of(column.Int), column.Of(column.BigInt),
	column.Of(column.Float), column.Of(column.Double), column.DecimalOf(10, 2), column.DecimalOf(38, 0), column.DecimalOf(38, 38),
	column.Str(), column.Of(column.Date), column.Sized(column.Time, 0), column.Sized(column.Time, 3), column.Sized(column.Timestamp, 0), column.Sized(column.Timestamp, 3),
	column.Sized(column.Timestamp, 6), column.Sized(column.Timestamp, 9), column.Sized(column.TimestampLTZ, 3),
}

func TestParseText(t *testing.T) {
	for _, c := range []struct {
		t    column.Type
		text string
		want string // as column.AppendText prints it; an error if it begins with "!"
	}{
		{column.Of(column.Int), "12", "12"},
		{column.Of(column.Int), "  12  ", "12"},
		{column.Of(column.Int), "12.9", "12"},
		{column.Of(column.Int), "-0", "0"},
		{column.Of(column.Int), "+5", "5"},
		{column.Of(column.Int), "", "!expected digits"},
		{column.Of(column.Int), "-", "!expected digits"},
		{column.Of(column.Int), "1e3", "!expected digits"},
		{column.Of(column.Int), "2147483647", "2147483647"},
		{column.Of(column.Int), "-2147483648", "-2147483648"},
		{column.Of(column.Int), "2147483648", "!out of range for INT, which reaches from -2147483648"},
		{column.Of(column.TinyInt), "128", "!out of range for TINYINT"},
		{column.Of(column.TinyInt), "-128", "-128"},
		{column.Of(column.BigInt), "9223372036854775807", "9223372036854775807"},
		{column.Of(column.BigInt), "-9223372036854775808", "-9223372036854775808"},
		{column.Of(column.BigInt), "9223372036854775808", "!out of range"},
		{column.Of(column.BigInt), "99999999999999999999999", "!out of range"},
		{column.Of(column.Double), "1e10", "1.0E10"},
		{column.Of(column.Double), " 7.9 ", "7.9"},
		{column.Of(column.Double), "NaN", "NaN"},
		{column.Of(column.Double), "-Infinity", "-Infinity"},
		{column.Of(column.Double), "1e999", "Infinity"},
		{column.Of(column.Double), "1.5d", "1.5"},
		{column.Of(column.Double), "inf", "!is no number"},
		{column.Of(column.Double), "0x1p3", "!is no number"},
		{column.Of(column.Double), "1_000", "!is no number"},
		{column.Of(column.Double), "abc", "!is no number"},
		{column.Of(column.Double), "", "!is no number"},
		{column.Of(column.Double), "4.9e-324", "4.9E-324"},
		{column.Of(column.Double), "1e-323", "9.9E-324"},
		{column.Of(column.Double), "1e23", "1.0E23"},
		{column.Of(column.Double), "123456789.123", "1.23456789123E8"},
		{column.Of(column.Double), "9999999", "9999999.0"},
		{column.Of(column.Double), "10000000", "1.0E7"},
		{column.Of(column.Double), "0.001", "0.001"},
		{column.Of(column.Double), "0.0001", "1.0E-4"},
		{column.Of(column.Double), "-0.0", "-0.0"},
		{column.Of(column.Float), "16777216", "1.6777216E7"},
		{column.Of(column.Float), "3.4028235e38", "3.4028235E38"},
		{column.Of(column.Float), "1.4e-45", "1.4E-45"},
		{column.DecimalOf(5, 2), "1.235", "1.24"},
		{column.DecimalOf(5, 2), "-1.235", "-1.24"},
		{column.DecimalOf(5, 2), "1.2349999", "1.23"},
		{column.DecimalOf(5, 2), "999.994", "999.99"},
		{column.DecimalOf(5, 2), "999.995", "!out of range for DECIMAL(5, 2), which has 3 digits before"},
		{column.DecimalOf(5, 2), "1234.5", "!out of range"},
		{column.DecimalOf(10, 2), "1e3", "1000.00"},
		{column.DecimalOf(10, 2), "12345E-3", "12.35"},
		{column.DecimalOf(3, 2), ".5", "0.50"},
		{column.DecimalOf(3, 1), "5.", "5.0"},
		{column.DecimalOf(3, 1), ".", "!expected digits"},
		{column.DecimalOf(3, 1), "1e", "!expected digits"},
		{column.DecimalOf(3, 1), "1e99999999999", "!out of range"},
		{column.DecimalOf(3, 1), "1e-99999999999", "0.0"},
		{column.DecimalOf(38, 0), "12345678901234567890123456789012345678", "12345678901234567890123456789012345678"},
		{column.DecimalOf(38, 0), "123456789012345678901234567890123456789", "!out of range"},
		{column.DecimalOf(38, 10), "0000000000000000000000000000000000000000000000012.5", "12.5000000000"},
		{column.DecimalOf(38, 2), "1.23456789012345678901234567890123456789012345", "1.23"},
		{column.DecimalOf(38, 37), "1.23456789012345678901234567890123456785", "1.2345678901234567890123456789012345679"},
		{column.Of(column.Boolean), "TRUE", "TRUE"},
		{column.Of(column.Boolean), "t", "TRUE"},
		{column.Of(column.Boolean), "No", "FALSE"},
		{column.Of(column.Boolean), "truth", "!is no BOOLEAN"},
		{column.Of(column.Date), "2024-01-02", "2024-01-02"},
		{column.Of(column.Date), "2024-1-2", "2024-01-02"},
		{column.Of(column.Date), "2024-01", "2024-01-01"},
		{column.Of(column.Date), "42", "0042-01-01"},
		{column.Of(column.Date), " 2024-01-02 ", "2024-01-02"},
		{column.Of(column.Date), "2024-01-02 10:00:00", "2024-01-02"},
		{column.Of(column.Date), "2024-02-30", "!expected yyyy-MM-dd"},
		{column.Of(column.Date), "2024-13-01", "!expected yyyy-MM-dd"},
		{column.Of(column.Date), "2024-01-02-03", "!expected yyyy-MM-dd"},
		{column.Of(column.Date), "12345-01-01", "!expected yyyy-MM-dd"},
		{column.Of(column.Date), "abc", "!expected yyyy-MM-dd"},
		{column.Of(column.Date), "", "!expected yyyy-MM-dd"},
		{column.Of(column.Date), "0001-01-01", "0001-01-01"},
		{column.Of(column.Date), "9999-12-31", "9999-12-31"},
		{column.Sized(column.Time, 0), "10:11:12", "10:11:12"},
		{column.Sized(column.Time, 3), "10:11:12.3456", "10:11:12.345"},
		{column.Sized(column.Time, 0), "10:11:12.999", "10:11:12"},
		{column.Sized(column.Time, 0), "24:00:00", "!is no TIME"},
		{column.Sized(column.Time, 0), "10:11:12 ", "10:11:12"},
		{column.Sized(column.Timestamp, 3), "2024-01-02 10:11:12.345678", "2024-01-02 10:11:12.345"},
		{column.Sized(column.Timestamp, 6), "2024-01-02 10:11:12.3", "2024-01-02 10:11:12.300000"},
		{column.Sized(column.Timestamp, 9), "2024-01-02 10:11:12.123456789", "2024-01-02 10:11:12.123456789"},
		{column.Sized(column.Timestamp, 9), "1600-01-02 10:11:12", "!reaches from the year 1677"},
		{column.Sized(column.Timestamp, 2), "1969-12-31 23:59:59.999", "1969-12-31 23:59:59.99"},
		{column.Sized(column.Timestamp, 0), "0001-01-01 00:00:00", "0001-01-01 00:00:00"},
		{column.Sized(column.Timestamp, 3), "2024-01-02", "2024-01-02 00:00:00.000"},
		{column.Sized(column.Timestamp, 3), "2024-1-2 3:4:5", "2024-01-02 03:04:05.000"},
		{column.Sized(column.Timestamp, 3), "2024-02-30 00:00:00", "2024-02-29 00:00:00.000"},
		{column.Sized(column.Timestamp, 3), "2024-01-02 10:11", "!expected yyyy-MM-dd HH:mm:ss"},
		{column.Sized(column.Timestamp, 3), "2024-01-02T10:11:12", "!expected yyyy-MM-dd HH:mm:ss"},
		{column.Sized(column.Timestamp, 3), "24-01-02 10:11:12", "!expected"},
		{column.Sized(column.Timestamp, 3), "12", "!expected"},
		{column.ArrayOf(column.Of(column.Int)), "[1]", "!cannot be read as ARRAY"},
	} {
		v := column.NewVector(c.t, 0)
		err := column.ParseText(v, []byte(c.text), nil)
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
			if got := string(column.AppendText(nil, v, 0, nil)); got != want {
				t.Errorf("%s %q: got %q, want %q", c.t, c.text, got, want)
			}
		}
	}
}

func TestTimestampForms(t *testing.T) {
	ltz := column.Sized(column.TimestampLTZ, 3)
	tokyo := zone(t, "Asia/Tokyo")
	for _, c := range []struct {
		text string
		form column.TimestampForm
		zone *time.Location
		want string
	}{
		{"2024-01-02T10:11:12.5", column.FormISO, nil, "2024-01-02 10:11:12.500"},
		{"2024-01-02T10:11:12Z", column.FormISO | column.FormZ, tokyo, "2024-01-02 10:11:12.000"},
		{"2024-01-02 10:11:12Z", column.FormZ, nil, "2024-01-02 10:11:12.000"},
		{"2024-01-02 10:11:12", column.FormZ, nil, ""},
		{"2024-01-02 10:11:12", column.FormISO, nil, ""},
		{"2024-01-02 10:11:12", 0, tokyo, "2024-01-02 01:11:12.000"},
	} {
		x, err := column.ParseTimestamp([]byte(c.text), ltz, c.form, c.zone)
		if got := string(column.AppendTimestamp(nil, x, ltz)); (err != nil) != (c.want == "") || err == nil && got != c.want {
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
		x, err := column.ParseTimestamp([]byte(local), column.Sized(column.TimestampLTZ, 0), 0, ny)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(column.AppendTimestamp(nil, x, column.Sized(column.Timestamp, 0))); got != want {
			t.Errorf("%s in New York is %s, want %s", local, got, want)
		}
	}
}

// What AppendText prints, ParseText reads back.
func TestTextRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		typ := rapid.SampledFrom(textTypes).Draw(t, "type")
		v := columntest.RandomVector(t, typ, 1)
		if v.IsNull(0) {
			return
		}
		text := column.AppendText(nil, v, 0, nil)
		w := column.NewVector(typ, 0)
		if err := column.ParseText(w, text, nil); err != nil {
			t.Fatalf("%s %q: %v", typ, text, err)
		}
		if again := column.AppendText(nil, w, 0, nil); string(again) != string(text) {
			t.Fatalf("%s: %q read back is %q", typ, text, again)
		}
	})
}

func TestAppendFloatShortest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := math.Float64frombits(rapid.Uint64().Draw(t, "bits"))
		text := string(column.AppendFloat(nil, x, 64))
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
		y, m, d := column.CivilOf(days)
		if back := column.DaysOf(y, m, d); back != days {
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
			v := column.NewVector(typ, 0)
			if column.ParseText(v, text, nil) != nil {
				continue
			}
			printed := column.AppendText(nil, v, 0, nil)
			w := column.NewVector(typ, 0)
			if err := column.ParseText(w, printed, nil); err != nil {
				t.Fatalf("%s: %q is read and printed %q, which is not read: %v", typ, text, printed, err)
			}
		}
	})
}

// Texts of Java 17's Double.toString and Float.toString.
func TestAppendFloatJava(t *testing.T) {
	for _, c := range []struct {
		x    float64
		size int
		want string
	}{
		{1 << 31, 32, "2.14748365E9"},
		{float64(float32(7.5e9)), 32, "7.5000003E9"},
		{1 << 63, 32, "9.223372E18"},
		{16777216, 32, "1.6777216E7"},
		{3e20, 32, "3.0E20"},
		{1 << 62, 64, "4.6116860184273879E18"},
		{1 << 55, 64, "3.6028797018963968E16"},
		{1 << 63, 64, "9.223372036854776E18"},
		{0x1p-44, 64, "5.6843418860808015E-14"},
		{0x1p-1074, 64, "4.9E-324"},
		{0x1p-149, 32, "1.4E-45"},
		{0x1p-1022, 64, "2.2250738585072014E-308"},
		{0x1p-24, 64, "5.9604644775390625E-8"},
		{1e17, 64, "1.0E17"},
		{123456789012345680, 64, "1.2345678901234568E17"},
		{1e21, 64, "1.0E21"},
		{1.7976931348623157e308, 64, "1.7976931348623157E308"},
		{-1e10, 64, "-1.0E10"},
		{2e-3, 64, "0.002"},
	} {
		if got := string(column.AppendFloat(nil, c.x, c.size)); got != c.want {
			t.Errorf("%v with %d bits is %s, want %s", c.x, c.size, got, c.want)
		}
	}
}
