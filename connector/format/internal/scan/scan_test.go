package scan

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
)

func TestInt(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "+7": 7, "007": 7, "-12": -12, "999999999999999999": 999999999999999999,
		"9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64, "0000000000000000000012": 12,
	} {
		if got, ok := Int([]byte(text)); !ok || got != want {
			t.Errorf("%s: %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "-", "+", "1.0", "1 ", " 1", "1e2", "9223372036854775808", "1_0", "0x1", "--1", "٣"} {
		if got, ok := Int([]byte(text)); ok {
			t.Errorf("%q read as %d", text, got)
		}
	}
}

func FuzzInt(f *testing.F) {
	f.Add("-12")
	f.Add("18446744073709551616")
	f.Fuzz(func(t *testing.T, text string) {
		want, err := strconv.ParseInt(text, 10, 64)
		if got, ok := Int([]byte(text)); ok != (err == nil) || ok && got != want {
			t.Errorf("%q: %d, %v; strconv: %d, %v", text, got, ok, want, err)
		}
	})
}

func TestFloats(t *testing.T) {
	for text, want := range map[string]float64{
		"1": 1, "-1.5": -1.5, "+2": 2, ".5": 0.5, "5.": 5, "1e3": 1000, "1E-2": 0.01, "1d": 1, "1.5F": 1.5, "1e400": math.Inf(1),
		"Infinity": math.Inf(1), "-Infinity": math.Inf(-1), "+Infinity": math.Inf(1), "5e-324": 5e-324, "1e308": 1e308,
		"123456789.123456789": 123456789.123456789, "9007199254740993": 9007199254740993,
	} {
		if got, ok := Double([]byte(text)); !ok || got != want {
			t.Errorf("%s: %v, %v", text, got, ok)
		}
		if got, ok := Float([]byte(text)); !ok || got != float32(want) {
			t.Errorf("%s as FLOAT: %v, %v", text, got, ok)
		}
	}
	if got, ok := Double([]byte("-0")); !ok || !math.Signbit(got) {
		t.Errorf("-0: %v, %v", got, ok)
	}
	if got, ok := Double([]byte("NaN")); !ok || got == got {
		t.Errorf("NaN: %v, %v", got, ok)
	}
	for _, text := range []string{"", "-", ".", "e5", "1e", "nan", "inf", "infinity", "0x1p-2", "1_000", "1.2.3", "d", "1 ", "x", "1dd"} {
		if got, ok := Double([]byte(text)); ok {
			t.Errorf("%q read as %v", text, got)
		}
	}
}

func FuzzFloats(f *testing.F) {
	for _, text := range []string{"1.5", "-0.000123", "123456789012345678901234567890", "1e22", "4.35", "16777217", "0.1"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Trim(text, "0123456789.+-eE") != "" {
			return // forms that Go and Java spell differently
		}
		want, err := strconv.ParseFloat(text, 64)
		good := err == nil || errors.Is(err, strconv.ErrRange)
		if got, ok := Double([]byte(text)); ok != good || ok && math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("%q: %v, %v; strconv: %v, %v", text, got, ok, want, err)
		}
		short, _ := strconv.ParseFloat(text, 32)
		if got, ok := Float([]byte(text)); ok != good || ok && got != float32(short) {
			t.Errorf("%q as FLOAT: %v, %v; strconv: %v", text, got, ok, short)
		}
	})
}

// Decimals agree with arithmetic on integers of any size.
func TestDecimalAgainstBig(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		precision := rapid.IntRange(1, 38).Draw(t, "precision")
		scale := rapid.IntRange(0, precision).Draw(t, "scale")
		whole := rapid.StringMatching(`[0-9]{0,25}`).Draw(t, "whole")
		fraction := rapid.StringMatching(`[0-9]{0,25}`).Draw(t, "fraction")
		sign := rapid.SampledFrom([]string{"", "-", "+"}).Draw(t, "sign")
		exponent := 0
		text := sign + whole
		if fraction != "" || rapid.Bool().Draw(t, "point") {
			text += "." + fraction
		}
		if rapid.Bool().Draw(t, "scientific") {
			exponent = rapid.IntRange(-30, 30).Draw(t, "exponent")
			text += "e" + strconv.Itoa(exponent)
		}
		got, fits, ok := Decimal([]byte(text), precision, scale)
		if whole+fraction == "" {
			if ok {
				t.Fatalf("%q was read", text)
			}
			return
		}
		// value × 10^scale, rounded half up (away from zero).
		digits, _ := new(big.Int).SetString(whole+fraction, 10)
		shift := exponent - len(fraction) + scale
		ten := big.NewInt(10)
		if shift >= 0 {
			digits.Mul(digits, new(big.Int).Exp(ten, big.NewInt(int64(shift)), nil))
		} else {
			unit := new(big.Int).Exp(ten, big.NewInt(int64(-shift)), nil)
			digits.Add(digits, new(big.Int).Div(unit, big.NewInt(2)))
			digits.Div(digits, unit)
		}
		if sign == "-" {
			digits.Neg(digits)
		}
		limit := new(big.Int).Exp(ten, big.NewInt(int64(precision)), nil)
		if want := digits.CmpAbs(limit) < 0; !ok || fits != want {
			t.Fatalf("%q as DECIMAL(%d, %d): fits %v, ok %v, want %v", text, precision, scale, fits, ok, want)
		}
		if fits && toBig(got).Cmp(digits) != 0 {
			t.Fatalf("%q as DECIMAL(%d, %d): %s, want %s", text, precision, scale, toBig(got), digits)
		}
	})
}

func toBig(v column.Int128) *big.Int {
	x := new(big.Int).Lsh(big.NewInt(v.Hi), 64)
	return x.Add(x, new(big.Int).SetUint64(v.Lo))
}

func TestDecimalMalformed(t *testing.T) {
	for _, text := range []string{"", ".", "-", "e5", "1e", "1e5.5", "1..2", "1x", " 1", "NaN", "1e99999999999"} {
		if v, _, ok := Decimal([]byte(text), 10, 2); ok {
			t.Errorf("%q read as %v", text, v)
		}
	}
}

// Every day of 9999 years has the number that Go's calendar gives it.
func TestDate(t *testing.T) {
	day := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)
	for number := int32(day.Unix() / 86400); day.Year() < 10000; number++ {
		if got, ok := Date([]byte(fmt.Sprintf("%04d-%02d-%02d", day.Year(), day.Month(), day.Day())), ISODate); !ok || got != number {
			t.Fatalf("%s: %d, %v, want %d", day, got, ok, number)
		}
		day = day.AddDate(0, 0, 1)
	}
	for _, text := range []string{"2024-1-05", "2024-01-5", "2024-1-5"} {
		if got, ok := Date([]byte(text), JavaDate); !ok || got != 19727 {
			t.Errorf("%s: %d, %v", text, got, ok)
		}
		if _, ok := Date([]byte(text), ISODate); ok {
			t.Errorf("%s was read as ISO", text)
		}
	}
	for _, text := range []string{"", "2024-02-30", "2023-02-29", "1900-02-29", "2024-13-01", "2024-00-01", "2024-01-00", "2024-04-31", "01/02/2024", "2024-01-01 ",
		"2024-1-", "2024-1-1x", "2024--1-1", "2024-1-123", "2024-123-1", "a024-01-01", "2024-0a-01", "2024-01-1a", "2024-01-+1"} {
		for _, form := range []DateForm{ISODate, JavaDate} {
			if got, ok := Date([]byte(text), form); ok {
				t.Errorf("%q read as %d", text, got)
			}
		}
	}
}

func FuzzDate(f *testing.F) {
	f.Add("2024-02-29")
	f.Add("2024-1-5")
	f.Fuzz(func(t *testing.T, text string) {
		want, err := time.Parse("2006-1-2", text)
		got, ok := Date([]byte(text), JavaDate)
		if ok && (err != nil || int64(got)*86400 != want.Unix()) {
			t.Errorf("%q: %d; time: %v, %v", text, got, want, err)
		}
		if _, strict := Date([]byte(text), ISODate); strict && !ok {
			t.Errorf("%q is read only as ISO", text)
		}
	})
}

func TestTime(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"00:00:00": 0, "23:59:59": 24*time.Hour - time.Second, "10:11:12.5": 10*time.Hour + 11*time.Minute + 12500*time.Millisecond,
		"00:00:00.000000001": 1, "00:00:01.": time.Second,
	} {
		if got, ok := Time([]byte(text), false); !ok || got != int64(want) {
			t.Errorf("%s: %d, %v", text, got, ok)
		}
	}
	if got, ok := Time([]byte("10:11"), true); !ok || got != int64(10*time.Hour+11*time.Minute) {
		t.Errorf("10:11: %d, %v", got, ok)
	}
	for _, text := range []string{"", "10:11", "24:00:00", "10:60:00", "10:00:60", "1:00:00", "10:00:00.1234567890", "10:00:00,5", "10:00:0", "10-00-00", "10:00:00.a", "aa:00:00"} {
		if got, ok := Time([]byte(text), false); ok {
			t.Errorf("%q read as %d", text, got)
		}
	}
}

func TestTimestamp(t *testing.T) {
	sql, iso := TimestampForm{Separator: ' '}, TimestampForm{Separator: 'T', Short: true}
	sqlUTC := TimestampForm{Separator: ' ', UTC: true}
	for _, test := range []struct {
		text string
		form TimestampForm
		unit int64
		want int64
	}{
		{"1970-01-01 00:00:00", sql, 1e3, 0},
		{"1969-12-31 23:59:59.999", sql, 1e3, -1},
		{"1969-12-31 23:59:59.9999", sql, 1e3, -1}, // what is finer is cut off towards the past
		{"2024-01-02 03:04:05.678", sql, 1e3, 1704164645678},
		{"2024-01-02 03:04:05.678901", sql, 1e6, 1704164645678901},
		{"2024-01-02 03:04:05.678901234", sql, 1e9, 1704164645678901234},
		{"2023-02-31 00:00:00", sql, 1e3, 1677542400000},
		{"2024-01-02T03:04:05.678", iso, 1e3, 1704164645678},
		{"2024-01-02T03:04", iso, 1e3, 1704164640000},
		{"2024-01-02 03:04:05Z", sqlUTC, 1e3, 1704164645000},
		{"9999-12-31 23:59:59.999", sql, 1e3, 253402300799999},
		{"0001-01-01 00:00:00", sql, 1e6, -62135596800000000},
	} {
		if got, ok := Timestamp([]byte(test.text), test.form, test.unit); !ok || got != test.want {
			t.Errorf("%s: %d, %v, want %d", test.text, got, ok, test.want)
		}
	}
	for _, test := range []struct {
		text string
		form TimestampForm
		unit int64
	}{
		{"2024-01-02T03:04:05", sql, 1e3}, {"2024-01-02 03:04:05", iso, 1e3}, {"2024-01-02 03:04:05Z", sql, 1e3}, {"2024-01-02 03:04:05", sqlUTC, 1e3},
		{"1704067200000", sql, 1e3}, {"2024-02-32 00:00:00", sql, 1e3}, {"2024-01-02 03:04", sql, 1e3}, {"", sql, 1e3}, {"", sqlUTC, 1e3},
		{"9999-12-31 23:59:59", sql, 1e9}, {"2024-01-02", sql, 1e3},
	} {
		if got, ok := Timestamp([]byte(test.text), test.form, test.unit); ok {
			t.Errorf("%q read as %d", test.text, got)
		}
	}
}

func FuzzTimestamp(f *testing.F) {
	f.Add("2024-02-29 12:34:56.789")
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := Timestamp([]byte(text), TimestampForm{Separator: ' '}, 1e3)
		if len(text) > 10 && text[8] > '2' {
			return // a day that the month does not have is its last
		}
		want, err := time.Parse("2006-01-02 15:04:05", strings.TrimSuffix(text, "."))
		if ok && (err != nil || got != want.UnixMilli()) {
			t.Errorf("%q: %d; time: %v, %v", text, got, want, err)
		}
	})
}

func BenchmarkInt(b *testing.B) {
	texts := [][]byte{[]byte("7"), []byte("1234"), []byte("-98765432"), []byte("1704164645678")}
	for b.Loop() {
		for _, text := range texts {
			if _, ok := Int(text); !ok {
				b.Fatal(string(text))
			}
		}
	}
}

func BenchmarkDouble(b *testing.B) {
	texts := [][]byte{[]byte("7"), []byte("12.34"), []byte("-9876.5432"), []byte("1704164645.678")}
	for b.Loop() {
		for _, text := range texts {
			if _, ok := Double(text); !ok {
				b.Fatal(string(text))
			}
		}
	}
}

func BenchmarkDecimal(b *testing.B) {
	text := []byte("12345.67")
	for b.Loop() {
		if _, _, ok := Decimal(text, 10, 2); !ok {
			b.Fatal()
		}
	}
}

func BenchmarkTimestamp(b *testing.B) {
	text := []byte("2024-01-02 03:04:05.678")
	for b.Loop() {
		if _, ok := Timestamp(text, TimestampForm{Separator: ' '}, 1e3); !ok {
			b.Fatal()
		}
	}
}

func FuzzFind(f *testing.F) {
	f.Add([]byte("some text, here\n"), 3, byte(','), byte('\n'))
	f.Fuzz(func(t *testing.T, data []byte, from int, a, b byte) {
		from = min(max(from, 0), len(data))
		want := len(data)
		for i, c := range data[from:] {
			if c == a || c == b {
				want = from + i
				break
			}
		}
		chars := NewChars(a, b)
		if got := chars.Find(Padded(data), from, len(data)); got != want {
			t.Fatalf("%q from %d: %d, want %d", data, from, got, want)
		}
	})
}
