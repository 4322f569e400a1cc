package regex

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestLiteralOf(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		ahead         int
	}{
		{`(&|^)channel_id=([^&]*)`, "channel_id=", 4}, {`abc`, "abc", 0}, {`^ab(cd)e?f`, "abcd", 0}, {`.*x\.y`, "x.y", -1}, {`a|b`, "", 0}, {`(?i)abc`, "", 0},
		{`a+`, "", 0}, {`[ab]{2,3}é`, "é", 12}, {`(a|bc)?xy\bz`, "xy", 8}, {`a(?:bc)*def`, "def", -1}, {``, "", 0},
	} {
		r, err := Compile(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		if string(r.must.text) != c.text || c.text != "" && r.must.ahead != c.ahead {
			t.Errorf("%s: %q %d bytes behind the beginning, want %q %d", c.pattern, r.must.text, r.must.ahead, c.text, c.ahead)
		}
	}
}

// What is found is what is found without looking for the literal first, in texts that almost match.
func TestLiteralIsNoDifference(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, pattern := range []string{
		`(&|^)ab=([^&]*)`, `\bab`, `(?m)^ab`, `(?m)^.?ab$`, `\Aab`, `(é|.)ab(a*)`, `[^a]?ab`, `.*ab`, `(a?)(b?)ab\B`, `ab|ba`, `(?:^|é)ab`, `.{0,3}=ab`, `^`,
	} {
		for _, compile := range []func(string) (*Regexp, error){Compile, CompileWhole} {
			r, err := compile(pattern)
			if err != nil {
				t.Fatal(err)
			}
			for range 2000 {
				text := ""
				for range random.IntN(12) {
					text += []string{"a", "b", "ab", "=", "&", "é", "\n", " "}[random.IntN(8)]
				}
				s := []byte(text)
				if !r.usesLinear(s) {
					continue
				}
				want := slices.Clone(r.linear.FindSubmatchIndex(s))
				got, err := r.Find(s)
				if err != nil || !slices.Equal(got, want) {
					t.Fatalf("%s in %q: %v, want %v (%v)", pattern, text, got, want, err)
				}
				if ok, err := r.Match(s); err != nil || ok != (want != nil) {
					t.Fatalf("%s matches %q: %t, want %t (%v)", pattern, text, ok, want != nil, err)
				}
			}
		}
	}
}

func BenchmarkLiteral(b *testing.B) {
	text := []byte("https://www.nexmark.com/xvw/tifo/kmsp/item.htm?query=1&channel_id=282066944")
	r, err := Compile(`(&|^)channel_id=([^&]*)`)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if loc, err := r.Find(text); loc == nil || err != nil {
			b.Fatal(err)
		}
	}
}
