package expr

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
)

// splitAtByte gives what strings.Split does, wherever the text lies in its buffer.
func TestSplitAtByte(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sep := rapid.SampledFrom([]byte{' ', ',', 0, 1, 0x7f, 0x80, 0xff}).Draw(t, "separator")
		near := []byte{sep, sep ^ 1, sep ^ 0x80, sep + 1, 'a'}
		text := rapid.SliceOfN(rapid.SampledFrom(near), 0, 100).Draw(t, "text")
		before := rapid.SliceOfN(rapid.SampledFrom(near), 0, 9).Draw(t, "before")
		behind := rapid.SliceOfN(rapid.SampledFrom(near), 0, 20).Draw(t, "behind")
		parts := column.NewVector(column.Str(), 0)
		buf := slices.Concat(before, text, behind)
		splitAtByte(parts, parts.Lend(buf), buf, len(before), len(before)+len(text), sep)
		var got []string
		for i := range parts.Len {
			got = append(got, string(parts.BytesAt(i)))
		}
		if want := strings.Split(string(text), string([]byte{sep})); !slices.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}
