package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestDemoText(t *testing.T) {
	const size = 1 << 20
	text := demoText(size)
	if len(text) < size || len(text) > size+20 {
		t.Errorf("%d bytes, want %d or a few more", len(text), size)
	}
	if text != demoText(size) {
		t.Error("the text changes from time to time")
	}
	sum := sha256.Sum256([]byte(text))
	if got, want := hex.EncodeToString(sum[:4]), "8b2cadea"; got != want {
		t.Errorf("the text's checksum begins with %s, want %s: it is not what it was in other builds", got, want)
	}
	if !strings.HasSuffix(text, "\n") {
		t.Error("the last line does not end")
	}
	for i, line := range strings.Split(text, "\n") {
		if len(line) > 72 || strings.TrimSpace(line) != line || strings.Contains(line, "  ") {
			t.Fatalf("line %d is %q", i+1, line)
		}
	}
	counts := map[string]int{}
	total := 0
	for word := range strings.FieldsSeq(text) {
		counts[word]++
		total++
	}
	words := append(strings.Fields(commonWords), strings.Fields(rareWords)...)
	if len(counts) != len(words) {
		t.Errorf("%d different words of %d", len(counts), len(words))
	}
	for i := range words[:4] {
		// A word's share is its weight, 1/(rank+2.7), by the sum of all.
		sum := 0.0
		for rank := range words {
			sum += 1 / (float64(rank) + 2.7)
		}
		want := float64(total) / (float64(i) + 2.7) / sum
		if got := float64(counts[words[i]]); got < 0.95*want || got > 1.05*want {
			t.Errorf("'%s' stands %v times, want about %.0f", words[i], got, want)
		}
	}
}

func TestDemoWords(t *testing.T) {
	words := append(strings.Fields(commonWords), strings.Fields(rareWords)...)
	slices.Sort(words)
	for i := range words[1:] {
		if words[i] == words[i+1] {
			t.Errorf("'%s' stands twice in the lists", words[i])
		}
	}
}

func TestShellQuote(t *testing.T) {
	for word, want := range map[string]string{
		"/srv/a-b/.cache/x_1": "/srv/a-b/.cache/x_1", "": "''", "a b": "'a b'", "it's": `'it'\''s'`, "$HOME": "'$HOME'", "~": "'~'", "é": "'é'",
	} {
		if got := shellQuote(word); got != want {
			t.Errorf("%q is quoted %s, want %s", word, got, want)
		}
		if back, err := exec.Command("sh", "-c", "printf %s "+shellQuote(word)).Output(); err == nil && string(back) != word {
			t.Errorf("a shell reads %s as %q", shellQuote(word), back)
		}
	}
}
