package edit

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"pgregory.net/rapid"
)

// show writes a buffer with | for the cursor.
func show(b *Buffer) string { return b.text[:b.at] + "|" + b.text[b.at:] }

func TestBuffer(t *testing.T) {
	keys := map[rune]func(*Buffer){
		'<': (*Buffer).Left, '>': (*Buffer).Right, '{': (*Buffer).WordLeft, '}': (*Buffer).WordRight, '[': (*Buffer).Home, ']': (*Buffer).End,
		'^': func(b *Buffer) { b.Up() }, 'v': func(b *Buffer) { b.Down() }, 'X': (*Buffer).Backspace, 'D': (*Buffer).Delete,
		'K': (*Buffer).KillLine, 'U': (*Buffer).KillLineBack, 'W': (*Buffer).KillWordBack, 'Y': (*Buffer).Yank, 'Z': func(b *Buffer) { b.Undo() },
		'(': (*Buffer).Start, ')': (*Buffer).Finish, 'w': (*Buffer).KillWord,
	}
	for _, c := range []struct{ text, keys, want string }{
		{"abc", "<<", "a|bc"}, {"abc", "<<<<>", "a|bc"}, {"ab cd", "{", "ab |cd"}, {"ab cd", "{{", "|ab cd"}, {"ab cd", "(}", "ab| cd"},
		{"a\nbcd\n", "^", "a\n|bcd\n"}, {"abc\nx\nabc", "^^", "abc|\nx\nabc"}, {"abcd\nx\nabc", "^^v^", "abc|d\nx\nabc"}, {"abc", "^", "abc|"},
		{"a\nbcd", "[", "a\n|bcd"}, {"a\nbcd", "(]", "a|\nbcd"}, {"ab\ncd", "[X", "ab|cd"}, {"ab\ncd", "(]D", "ab|cd"},
		{"日本", "X", "日|"}, {"e\u0301x", "<X", "|x"}, {"👩‍👩‍👧x", "<<", "|👩‍👩‍👧x"}, {"👩‍👩‍👧x", "<X", "|x"},
		{"ab cd", "WY", "ab cd|"}, {"ab cd", "WYY", "ab cdcd|"}, {"ab cd", "(K", "|"}, {"ab\ncd", "(KK", "|cd"}, {"ab\ncd", "UU", "ab|"}, {"ab cd", "(w", "| cd"},
		{"ab", "XZ", "ab|"}, {"ab", "XXZZ", "ab|"}, {"ab", "ZZ", "|"},
	} {
		var b Buffer
		b.Insert(c.text)
		for _, k := range c.keys {
			keys[k](&b)
		}
		if got := show(&b); got != c.want {
			t.Errorf("%q and %s is %q, want %q", c.text, c.keys, got, c.want)
		}
	}
}

func TestUndoOfTyping(t *testing.T) {
	var b Buffer
	for _, r := range "SELECT ab" {
		b.Insert(string(r))
	}
	for _, want := range []string{"SELECT ", "SELECT", ""} {
		if b.Undo(); b.text != want {
			t.Errorf("undone is %q, want %q", b.text, want)
		}
	}
	if b.Undo() {
		t.Error("there is something to undo in what was never typed")
	}
}

func TestClean(t *testing.T) {
	var b Buffer
	b.Insert("a\r\nb\rc\x1b[2J\x00\xff\td")
	if want := "a\nb\nc[2J\ufffd\td"; b.Text() != want {
		t.Errorf("text is %q, want %q", b.Text(), want)
	}
}

// TestCursor presses any keys: the cursor stays at the begin of a character, and an undone text is one that there was.
func TestCursor(t *testing.T) {
	actions := []func(*Buffer){
		(*Buffer).Left, (*Buffer).Right, (*Buffer).WordLeft, (*Buffer).WordRight, (*Buffer).Home, (*Buffer).End, (*Buffer).Start, (*Buffer).Finish,
		func(b *Buffer) { b.Up() }, func(b *Buffer) { b.Down() }, (*Buffer).Backspace, (*Buffer).Delete, (*Buffer).KillLine, (*Buffer).KillLineBack,
		(*Buffer).KillWordBack, (*Buffer).KillWord, (*Buffer).Yank,
	}
	texts := rapid.SampledFrom([]string{"a", " ", "\n", "é", "日", "e\u0301", "👍🏽", "SELECT", "_", "🇩🇪", "\t"})
	rapid.Check(t, func(t *rapid.T) {
		var b Buffer
		seen := map[string]bool{"": true}
		for range rapid.IntRange(0, 60).Draw(t, "presses") {
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0:
				b.Insert(texts.Draw(t, "text"))
			case 1:
				b.Undo()
				if !seen[b.text] {
					t.Fatalf("undone is %q, which was never there", b.text)
				}
			default:
				rapid.SampledFrom(actions).Draw(t, "action")(&b)
			}
			seen[b.text] = true
			if !utf8.ValidString(b.text) {
				t.Fatalf("%q is not UTF-8", b.text)
			}
			line, at := b.text[b.lineStart(b.at):b.lineEnd(b.at)], b.at-b.lineStart(b.at)
			boundary := at == 0
			for g, end := uniseg.NewGraphemes(line), 0; g.Next() && !boundary; {
				end += len(g.Str())
				boundary = end == at
			}
			if !boundary {
				t.Fatalf("the cursor is inside a character: %q", show(&b))
			}
		}
	})
}

func TestHistory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "history")
	h, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range []struct {
		text string
		keep bool
	}{{"SELECT 1;", true}, {"SELECT\n  'a\\nb';", true}, {"SET 'x' = 'secret';", false}, {"SELECT 2;", true}, {"SELECT 2;", true}, {" ", true}} {
		if err := h.Add(e.text, e.keep); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := h.Older("draft"); got != "SELECT 2;" {
		t.Errorf("the newest is %q", got)
	}
	if got, _ := h.Older(""); got != "SET 'x' = 'secret';" {
		t.Errorf("before it comes %q", got)
	}
	h.Newer()
	if got, _ := h.Newer(); got != "draft" {
		t.Errorf("what was being typed is %q", got)
	}
	if _, ok := h.Newer(); ok {
		t.Error("something is newer than what was being typed")
	}
	if got, _ := h.Find("select", 1); got != "SELECT\n  'a\\nb';" {
		t.Errorf("the second SELECT is %q", got)
	}
	if _, ok := h.Find("nowhere", 0); ok {
		t.Error("what was never typed is found")
	}

	data, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(data), "secret") {
		t.Errorf("the file has %q, error %v", data, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 && runtime.GOOS != "windows" {
		t.Errorf("the file's mode is %v, error %v", info.Mode(), err)
	}
	again, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"SELECT 1;", "SELECT\n  'a\\nb';", "SELECT 2;"}; strings.Join(again.entries, "|") != strings.Join(want, "|") {
		t.Errorf("read back: %q", again.entries)
	}
}

// TestHistoryIsShortened checks that a long file keeps the newest entries only.
func TestHistoryIsShortened(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history")
	if err := os.WriteFile(file, []byte(strings.Repeat("SELECT 1;\nSELECT 2;\n", maxEntries+1)), 0o644); err != nil {
		t.Fatal(err)
	}
	h, err := Load(file)
	if err != nil || len(h.entries) != maxEntries {
		t.Fatalf("%d entries, error %v", len(h.entries), err)
	}
	data, err := os.ReadFile(file)
	if err != nil || strings.Count(string(data), "\n") != maxEntries {
		t.Errorf("the file has %d lines, error %v", strings.Count(string(data), "\n"), err)
	}
}

// TestHistoryWithoutFile checks that a history that cannot be kept works, and says so once.
func TestHistoryWithoutFile(t *testing.T) {
	blocker := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocker, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := Load(filepath.Join(blocker, "history"))
	if err == nil {
		err = h.Add("SELECT 1;", true)
	}
	if err == nil {
		t.Error("no error")
	}
	if err := h.Add("SELECT 2;", true); err != nil {
		t.Error(err)
	}
	if got, _ := h.Older(""); got != "SELECT 2;" {
		t.Errorf("the newest is %q", got)
	}
}
