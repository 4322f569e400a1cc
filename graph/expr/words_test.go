package expr

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// Texts walked by words give what they give byte by byte.
func TestWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := string(rapid.SliceOf(rapid.SampledFrom([]byte{'a', 'b', 'c', 0, 0x7f, 0x80, 0xff, 0xc3, 0xa9})).Draw(t, "text"))
		old := string(rapid.SliceOfN(rapid.SampledFrom([]byte{'a', 'c', 0, 0xff}), 1, 1).Draw(t, "old"))
		by := rapid.SampledFrom([]string{"", "x", "\x80"}).Draw(t, "by")
		head := rapid.SampledFrom([]string{"", "before"}).Draw(t, "head")
		if got, want := string(replaceByte([]byte(head), []byte(s), old[0], []byte(by))), head+strings.ReplaceAll(s, old, by); got != want {
			t.Fatalf("%q, want %q", got, want)
		}
		if got, want := int(codePoints([]byte(s))), utf8.RuneCountInString(s); got != want {
			t.Fatalf("%d code points, want %d", got, want)
		}
	})
}
