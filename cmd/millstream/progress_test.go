package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/millstream/millstream/engine/job"
	"github.com/millstream/millstream/engine/task"
)

func TestProgressLine(t *testing.T) {
	const million = 1_000_000
	for _, c := range []struct {
		name               string
		columns            int
		rows, bytes, total int64
		want               string
	}{
		{"known size", 100, 1234567, 50 * million, 200 * million,
			"━━━━━━──────────────────  25 % · 1,234,567 rows · 50.0 MB · 25.0 MB/s · 2s"},
		{"at the end", 100, 1, 200 * million, 200 * million, "━━━━━━━━━━━━━━━━━━━━━━━━ 100 % · 1 row · 200.0 MB · 100.0 MB/s · 2s"},
		{"unknown size", 100, 1234567, 50 * million, 0, "1,234,567 rows · 50.0 MB · 25.0 MB/s · 2s"},
		{"more than there was", 100, 0, 300 * million, 200 * million,
			"━━━━━━━━━━━━━━━━━━━━━━━━ 100 % · 0 rows · 300.0 MB · 150.0 MB/s · 2s"},
		{"no bytes", 100, 2000, 0, 0, "2,000 rows · 1,000 rows/s · 2s"},
		{"narrow", 52, 1234567, 50 * million, 200 * million, "━━━━━━──────────────────  25 % · 1,234,567 rows"},
		{"narrower", 46, 1234567, 50 * million, 200 * million, "━━━━━━──────────────────  25 %"},
		{"hardly there", 10, 1234567, 50 * million, 0, ""},
	} {
		got := progressLine(style{}, c.columns, 2*time.Second, job.Progress{RowsIn: c.rows, BytesIn: c.bytes, BytesTotal: c.total})
		if got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
		if cells(got) >= c.columns {
			t.Errorf("%s: %d cells do not fit %d columns", c.name, cells(got), c.columns)
		}
	}
	pressed := job.Progress{RowsIn: 2000, Timing: task.Timing{Overtaken: 4_100_000}}
	if got, want := progressLine(style{}, 100, 2*time.Second, pressed), "2,000 rows · 1,000 rows/s · checkpoints have 4.1 MB in flight · 2s"; got != want {
		t.Errorf("under back pressure\n got %q\nwant %q", got, want)
	}
	styled := progressLine(style{true}, 46, time.Second, job.Progress{RowsIn: 1, BytesIn: million, BytesTotal: 4 * million})
	if want := "\x1b[36m━━━━━━\x1b[0m\x1b[2m━━━━━━━━━━━━━━━━━━\x1b[0m  25 %"; !strings.HasPrefix(styled, want) {
		t.Errorf("with colours %q, want it to begin with %q", styled, want)
	}
}

func TestProgress(t *testing.T) {
	var terminal bytes.Buffer
	begun := func(ago time.Duration) *progress {
		terminal.Reset()
		return &progress{screen: &screen{terminal: &terminal}, width: func() int { return 80 }, start: time.Now().Add(-ago)}
	}
	p := begun(0)
	p.show(job.Progress{RowsIn: 1})
	p.finish()
	if terminal.Len() > 0 {
		t.Errorf("a job shorter than a second shows %q", terminal.String())
	}

	p = begun(time.Minute)
	p.show(job.Progress{RowsIn: 60})
	p.show(job.Progress{RowsIn: 61}) // too soon after the first
	p.finish()
	p.show(job.Progress{RowsIn: 62})
	if got, want := terminal.String(), eraseLine+"60 rows · 1 row/s · 1m0s"+eraseLine; got != want {
		t.Errorf("the terminal got %q, want %q", got, want)
	}

	quiet := (&app{quiet: true, screen: &screen{terminal: &terminal}}).newProgress()
	quiet.start = time.Now().Add(-time.Minute)
	terminal.Reset()
	quiet.show(job.Progress{RowsIn: 1})
	quiet.finish()
	if terminal.Len() > 0 {
		t.Errorf("with --quiet it shows %q", terminal.String())
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{thousands(0), "0"}, {thousands(999), "999"}, {thousands(1000), "1,000"}, {thousands(-1234567), "-1,234,567"}, {thousands(-123), "-123"},
		{count(1, "row"), "1 row"}, {count(0, "row"), "0 rows"}, {count(1500, "row"), "1,500 rows"},
		{size(0), "0 B"}, {size(999), "999 B"}, {size(1000), "1.0 kB"}, {size(999_949), "999.9 kB"}, {size(999_950), "1.0 MB"},
		{size(8 << 20), "8.4 MB"}, {size(999_950_000), "1.00 GB"}, {size(5e12), "5000.00 GB"},
		{round(1234567 * time.Nanosecond).String(), "1.23ms"}, {round(123456 * time.Microsecond).String(), "123ms"},
		{round(12345 * time.Millisecond).String(), "12.35s"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	if got := rate(500, 0); got < 0 {
		t.Errorf("a rate over no time is %d", got)
	}
}
