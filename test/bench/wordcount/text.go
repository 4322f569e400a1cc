package main

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
)

// distinct words, by Zipf's law with the exponent of English.
const distinct = 50_000

// vocabulary makes words of 3 to 12 letters; the frequent ones, which come first, are shorter.
func vocabulary(r *rand.Rand) []string {
	words := make([]string, 0, distinct)
	seen := map[string]bool{}
	for len(words) < distinct {
		b := make([]byte, min(12, 4+r.IntN(4)+len(words)*5/distinct))
		vowel := r.IntN(2) == 0
		for i := range b {
			if vowel {
				b[i] = "aeiou"[r.IntN(5)]
			} else {
				b[i] = "bcdfghklmnprstvwz"[r.IntN(17)]
			}
			vowel = !vowel
		}
		if len(words) < 40 {
			b = b[:3+len(words)%2]
		}
		if w := string(b); !seen[w] {
			seen[w] = true
			words = append(words, w)
		}
	}
	return words
}

// writeText writes lines of 8 to 14 words, about size bytes of them, always the same, and returns the number of words.
func writeText(path string, size int64) (words int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	out := bufio.NewWriterSize(f, 1<<20)
	r := rand.New(rand.NewPCG(2026, 11))
	list := vocabulary(r)
	zipf := rand.NewZipf(r, 1.05, 2.7, distinct-1)
	for written := int64(0); written < size; {
		n := 8 + r.IntN(7)
		for i := range n {
			w := list[zipf.Uint64()]
			out.WriteString(w) //nolint:errcheck // Flush reports it
			if i == n-1 {
				out.WriteByte('\n') //nolint:errcheck // Flush reports it
			} else {
				out.WriteByte(' ') //nolint:errcheck // Flush reports it
			}
			written += int64(len(w)) + 1
		}
		words += int64(n)
	}
	if err := out.Flush(); err != nil {
		return 0, fmt.Errorf("cannot write %s: %w", path, err)
	}
	return words, f.Close()
}
