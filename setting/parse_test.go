package setting

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"1 s": time.Second, "500ms": 500 * time.Millisecond, "2 min": 2 * time.Minute, "1 h": time.Hour,
		"1 d": 24 * time.Hour, "0": 0, "200": 200 * time.Millisecond, "0 ms": 0, " 3  days ": 72 * time.Hour,
		"5m": 5 * time.Minute, "7 MS": 7 * time.Millisecond, "9 µs": 9 * time.Microsecond, "9us": 9 * time.Microsecond,
		"12 nanoseconds": 12, "2 secs": 2 * time.Second,
		"PT1S": time.Second, "pt1m30s": 90 * time.Second, "PT0.5S": 500 * time.Millisecond, "P1D": 24 * time.Hour,
		"P1DT2H": 26 * time.Hour, "PT2H3M4.000000005S": 2*time.Hour + 3*time.Minute + 4*time.Second + 5,
		"9223372036854775807 ns": math.MaxInt64,
	} {
		if got, err := ParseDuration(text); err != nil || got != want {
			t.Errorf("ParseDuration(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "soon", "s", "1 x", "-1 s", "1.5 s", "1 s 2", "P", "PT", "P1DT", "PT1", "PT-1S", "PT1S1M",
		"P1H", "PT1.S", "PT1.5M", "PT1.0000000001S", "9223372036854775808 ns", "107000 d", "P107000D", "PT9223372036.854775808S", "99999999999999999999"} {
		if got, err := ParseDuration(text); err == nil {
			t.Errorf("ParseDuration(%q) = %v, want an error", text, got)
		}
	}
}

func TestParseMemorySize(t *testing.T) {
	for text, want := range map[string]int64{
		"128mb": 128 << 20, "1 gb": 1 << 30, "64 kb": 64 << 10, "42": 42, "7 b": 7, "3 bytes": 3, "2 TB": 2 << 40,
		"5m": 5 << 20, "1 mebibytes": 1 << 20, "0": 0, "8388607 tb": 8388607 << 40,
	} {
		if got, err := ParseMemorySize(text); err != nil || got != want {
			t.Errorf("ParseMemorySize(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "mb", "1.5 gb", "-1", "1 pb", "8388608 tb", "9223372036854775808", "1 m b"} {
		if got, err := ParseMemorySize(text); err == nil {
			t.Errorf("ParseMemorySize(%q) = %d, want an error", text, got)
		}
	}
}

func TestParseList(t *testing.T) {
	for text, want := range map[string][]string{
		"":                      nil,
		"a":                     {"a"},
		" a ; b ;":              {"a", "b"},
		";;a":                   {"a"},
		"'a;b';c":               {"a;b", "c"},
		`"it's" ; 'say "x"'`:    {"it's", `say "x"`},
		"'it''s'":               {"it's"},
		"it's":                  {"it's"},
		"'';' '":                {"", " "},
		"file:///a.jar;/b c;'d": nil, // the quote does not end
		"'a'b":                  nil,
	} {
		got, err := ParseList(text)
		if (err != nil) != (want == nil && text != "") || !slices.Equal(got, want) {
			t.Errorf("ParseList(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestParseMap(t *testing.T) {
	for text, want := range map[string]map[string]string{
		"":                        {},
		"a:1, b : 2":              {"a": "1", "b": "2"},
		"a:'x:y'":                 {"a": "x:y"},
		"'a:''x:y,z''',b:2":       {"a": "x:y,z", "b": "2"},
		"url:\"http://h:1/\",b:2": {"url": "http://h:1/", "b": "2"},
	} {
		got, err := ParseMap(text)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("ParseMap(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"a", "a:", "a:b:c", "a:1,a:2", "'a:1", "a:'b"} {
		if got, err := ParseMap(text); err == nil {
			t.Errorf("ParseMap(%q) = %q, want an error", text, got)
		}
	}
}

func TestParseByOption(t *testing.T) {
	enum := &Option{Type: Enum, Values: []string{"EXACTLY_ONCE", "AT_LEAST_ONCE"}}
	for _, test := range []struct {
		option *Option
		text   string
		want   any // nil: an error
	}{
		{&Option{}, " as it is ", " as it is "},
		{&Option{Type: Bool}, "TRUE", true},
		{&Option{Type: Bool}, "False", false},
		{&Option{Type: Bool}, "yes", nil},
		{&Option{Type: Int}, "-12", -12},
		{&Option{Type: Int}, "1_000", nil},
		{&Option{Type: Int}, "9223372036854775808", nil},
		{&Option{Type: Int}, "", nil},
		{&Option{Type: Double}, "1e-3", 0.001},
		{&Option{Type: Double}, "0x1p4", nil},
		{&Option{Type: Double}, "NaN", nil},
		{&Option{Type: Double}, "1e999", nil},
		{enum, "exactly-once", "EXACTLY_ONCE"},
		{enum, "once", nil},
		{&Option{Type: Int, Check: AtLeast(1)}, "0", nil},
		{&Option{Type: Int, Check: between(1, 3)}, "3", 3},
		{&Option{Type: Int, Check: between(1, 3)}, "4", nil},
		{&Option{Type: Double, Check: numberAtLeast(1)}, "0.9", nil},
		{&Option{Type: Int, Ignored: true}, "many", "many"},
	} {
		got, err := test.option.parse(test.text)
		if !cmp.Equal(got, test.want) || (err == nil) != (test.want != nil) {
			t.Errorf("%v %q: got %v, %v; want %v", test.option.Type, test.text, got, err, test.want)
		}
	}
}

func TestZone(t *testing.T) {
	at := time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC)
	for text, offset := range map[string]int{
		"UTC": 0, "GMT": 0, "Europe/Berlin": 3600, "Asia/Kolkata": 19800, "GMT+05:30": 19800, "GMT-8": -28800, "GMT+18:00": 64800,
	} {
		location, err := Zone(text)
		if err != nil {
			t.Errorf("Zone(%q): %v", text, err)
			continue
		}
		if _, got := at.In(location).Zone(); got != offset {
			t.Errorf("Zone(%q) is %d seconds from UTC, want %d", text, got, offset)
		}
	}
	if location, err := Zone("default"); err != nil || location != time.Local {
		t.Errorf("Zone(default) = %v, %v", location, err)
	}
	for _, text := range []string{"", "Local", "Nowhere/City", "+05:30", "UTC+1", "GMT+19", "GMT+5:3", "GMT+", "GMT5", "GMT+05:60", "GMT+18:01", "../etc/passwd"} {
		if location, err := Zone(text); err == nil {
			t.Errorf("Zone(%q) = %v, want an error", text, location)
		}
	}
}

// What is formatted is read back, whatever it is.
func TestFormatRoundTrip(t *testing.T) {
	text := rapid.StringOf(rapid.RuneFrom([]rune(`ab ;:,'"=#é`)))
	rapid.Check(t, func(t *rapid.T) {
		duration := time.Duration(rapid.Int64Min(0).Draw(t, "duration"))
		if got, err := ParseDuration(FormatDuration(duration)); err != nil || got != duration {
			t.Fatalf("%v: %q read as %v, %v", duration, FormatDuration(duration), got, err)
		}
		rounded := duration.Truncate(rapid.SampledFrom([]time.Duration{time.Microsecond, time.Millisecond, time.Second, time.Minute, time.Hour, 24 * time.Hour}).Draw(t, "unit"))
		if got, err := ParseDuration(FormatDuration(rounded)); err != nil || got != rounded {
			t.Fatalf("%v: %q read as %v, %v", rounded, FormatDuration(rounded), got, err)
		}
		size := rapid.Int64Min(0).Draw(t, "size") >> rapid.IntRange(0, 60).Draw(t, "right")
		if got, err := ParseMemorySize(FormatMemorySize(size)); err != nil || got != size {
			t.Fatalf("%d: %q read as %d, %v", size, FormatMemorySize(size), got, err)
		}
		list := rapid.SliceOf(text).Draw(t, "list")
		if got, err := ParseList(FormatList(list)); err != nil || !slices.Equal(got, list) {
			t.Fatalf("%q: %q read as %q, %v", list, FormatList(list), got, err)
		}
		m := rapid.MapOf(text, text).Draw(t, "map")
		if got, err := ParseMap(FormatMap(m)); err != nil || !cmp.Equal(got, m) {
			t.Fatalf("%q: %q read as %q, %v", m, FormatMap(m), got, err)
		}
	})
}

// ISO-8601 durations agree with Go's own reading of the same parts.
func TestParseDurationISO(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		days := rapid.IntRange(0, 1000).Draw(t, "days")
		hours, minutes := rapid.IntRange(0, 99).Draw(t, "hours"), rapid.IntRange(0, 99).Draw(t, "minutes")
		seconds := rapid.IntRange(0, 1<<40).Draw(t, "nanos")
		iso := fmt.Sprintf("P%dDT%dH%dM%d.%09dS", days, hours, minutes, seconds/1e9, seconds%1e9)
		want, err := time.ParseDuration(fmt.Sprintf("%dh%dm%dns", 24*days+hours, minutes, seconds))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseDuration(iso); err != nil || got != want {
			t.Fatalf("ParseDuration(%q) = %v, %v; want %v", iso, got, err, want)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"1 s", "PT1.5S", "P1DT1H", "128mb", "a;'b;c'", "a:1,'b:''x,y'''", "-1", "1e3", "true", "'", "P", "GMT+01:00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for kind := range typeNames {
			o := &Option{Key: "k", Type: Type(kind), Doc: "d"}
			if o.Type == Enum {
				o.Values = []string{"true", "A"}
			}
			value, err := o.parse(text)
			if err != nil {
				if len(text) > 8 && strings.Contains(err.Error(), text) {
					t.Errorf("%v: the error repeats the text, which may be secret: %v", o.Type, err)
				}
				continue
			}
			var again string
			switch v := value.(type) {
			case time.Duration:
				again = FormatDuration(v)
			case int64:
				again = FormatMemorySize(v)
			case []string:
				again = FormatList(v)
			case map[string]string:
				again = FormatMap(v)
			default:
				continue
			}
			if back, err := o.parse(again); err != nil || !cmp.Equal(back, value) && fmt.Sprint(back) != fmt.Sprint(value) {
				t.Errorf("%v: %q is %v, written as %q, read back as %v, %v", o.Type, text, value, again, back, err)
			}
		}
	})
}
