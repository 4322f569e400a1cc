package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestCells(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "abc": 3, "straße": 6, "日本": 4, "ｱ": 1, "Ａ": 2, "😀a": 3,
		"e\u0301": 1, // an accent of its own
		"─│":      2, "█": 1,
	} {
		if got := cells(text); got != want {
			t.Errorf("cells(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "ab…"}, {"abc", 1, "…"}, {"a", 1, "a"}, {"", 0, ""}, {"", 4, ""},
		{"日本語", 6, "日本語"}, {"日本語", 5, "日本…"}, {"日本語", 4, "日…"},
		{"e\u0301tude", 3, "e\u0301t…"},
	} {
		if got := cut(c.text, c.n); got != c.want {
			t.Errorf("cut(%q, %d) = %q, want %q", c.text, c.n, got, c.want)
		}
	}
}

// TestFitting checks that what is cut and padded is exactly as wide as asked for, whatever the text.
func TestFitting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := string(appendVisible(nil, []byte(rapid.String().Draw(t, "text"))))
		n := rapid.IntRange(1, 20).Draw(t, "cells")
		short := cut(text, n)
		if cells(short) > n {
			t.Fatalf("%q has %d cells, more than %d", short, cells(short), n)
		}
		if cells(text) <= n && short != text {
			t.Fatalf("%q became %q, though it has only %d cells", text, short, cells(text))
		}
		if rest, isCut := strings.CutSuffix(short, "…"); short != text && (!isCut || !strings.HasPrefix(text, rest)) {
			t.Fatalf("%q became %q", text, short)
		}
		for _, right := range []bool{false, true} {
			if got := pad(short, n, right); cells(got) != n || strings.TrimSpace(got) != strings.TrimSpace(short) {
				t.Fatalf("%q padded to %d cells is %q", short, n, got)
			}
		}
	})
}

func TestVisible(t *testing.T) {
	for text, want := range map[string]string{
		"plain ─ 日本":              "plain ─ 日本",
		"a\nb\r\nc\td":            "a⏎b⏎c d",
		"\x1b[2J\x1b]0;title\x07": "␛[2J␛]0;title␇",
		"a\rb\x00\x7f":            "a␍b␀␡",
		"\u009b1m":                "\ufffd1m", // a control sequence in one character
		"\xff\xc3":                "\ufffd\ufffd",
		"abc\u202edef":            "abc\ufffddef", // would show the rest from right to left
		"e\u0301 \u200d":          "e\u0301 \u200d",
	} {
		if got := string(appendVisible(nil, []byte(text))); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

func TestVisibleIsHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.Byte()).Draw(t, "text")
		for _, r := range string(appendVisible(nil, text)) {
			if unicode.IsControl(r) {
				t.Fatalf("%q is shown with the control character %q", text, r)
			}
		}
	})
}

func TestScreen(t *testing.T) {
	var terminal bytes.Buffer
	s := &screen{terminal: &terminal}
	out := s.writer(&terminal)
	write := func(text string) {
		if _, err := out.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	write("1\n")
	s.draw("10 %")
	s.draw("20 %")
	write("2\n")
	write("3\n")
	s.draw("30 %")
	s.erase()
	s.erase()
	want := "1\n" + eraseLine + "10 %" + eraseLine + "20 %" + eraseLine + "2\n3\n" + eraseLine + "30 %" + eraseLine
	if got := terminal.String(); got != want {
		t.Errorf("the terminal got %q, want %q", got, want)
	}
}

func TestStyle(t *testing.T) {
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	if got, want := styleOf(true).bold("x"), "\x1b[1mx\x1b[0m"; got != want {
		t.Errorf("on a terminal %q, want %q", got, want)
	}
	if got := styleOf(false).bold("x"); got != "x" {
		t.Errorf("elsewhere %q", got)
	}
	if got := styleOf(true).bold(""); got != "" {
		t.Errorf("no text is shown as %q", got)
	}
	t.Setenv("NO_COLOR", "1")
	if got := styleOf(true).bold("x"); got != "x" {
		t.Errorf("with NO_COLOR %q", got)
	}
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "dumb")
	if got := styleOf(true).bold("x"); got != "x" {
		t.Errorf("on a dumb terminal %q", got)
	}
}
