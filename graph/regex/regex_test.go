package regex

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Patterns as java.util.regex reads them: what they match in a text, as the matches' groups.
var cases = []struct{ pattern, text, want string }{
	{`(\d+)-(\d+)`, "100-200, 300-400", "100-200:100:200 300-400:300:400"},
	{`a*`, "aaab", "aaa  "},
	{`x*`, "aXbX", "    "},
	{``, "abc", "   "},
	{`(a)\1`, "aab", "aa:a"},
	{`(?<=l)l`, "Hello", "l"},
	{`foo(?!baz)`, "foobaz foobar", "foo"},
	{`\d+(?= EUR)`, "5 10 EUR", "10"},
	{`(?<!\d)\d(?!\d)`, "12 3 45", "3"},
	{`a{2}+`, "aaaaa", "aa aa"},
	{`(?>a+)b`, "aab", "aab"},
	{`a++a`, "aaa", ""},
	{`(?:ab)++`, "abab", "abab"},
	{`\Q.\E`, "a.b", "."},
	{`\Qa.\E+`, "a..", "a.."},
	{`(?<y>\d{4})-(?<m>\d\d)`, "2024-05", "2024-05:2024:05"},
	{`(?<first>a)b\k<first>?`, "abab", "aba:a"},
	{`[a-c&&[^b]]`, "abc", "a c"},
	{`[a-c[x-z]]`, "amz", "a z"},
	{`[^\d&&[^3]]`, "3a", "3 a"},
	{`[]a]+`, "a]b", "a]"},
	{`b.c`, "b\nc b\rc bxc", "bxc"},
	{`(?s)b.c`, "b\nc", "b\nc"},
	{`(?d)b.c`, "b\rc", "b\rc"},
	{`b$`, "b\nb\n", "b"},
	{`(?m)^b$`, "a\nb\r\nb", "b b"},
	{`(?i)é`, "É é", "é"},
	{`(?iu)é`, "É é", "É é"},
	{`(?i)AbC`, "aBc", "aBc"},
	{`(?x)a b # comment`, "ab", "ab"},
	{`\x61\u0062\0143\x{64}`, "abcd", "abcd"},
	{`\p{Lu}\p{javaLowerCase}\p{IsLatin}`, "Éàz", "Éàz"},
	{`\bé\b`, "é né", "é"},
	{`\R`, "a\r\nb", "\r\n"},
	{`\h+`, "a \tb", " \t"},
	{`(a|ab)(c|bcd)(d*)`, "abcd", "abcd:a:bcd:"},
	{`(x)?y`, "y", "y:-"},
	{`(a*)*`, "b", ": :"},
	{`(a|b*)*c`, "abc", "abc:"},
	{`a{0,2000}`, strings.Repeat("a", 1500), strings.Repeat("a", 1500) + " "},
	{`(?<=a|bc)x`, "ax bcx cx", "x x"},
	{`\Ga`, "aab", "a a"},
	{`a\Z`, "a\n", "a"},
	{`😀.`, "😀é", "😀é"},
}

func matches(t *testing.T, r *Regexp, text string) string {
	t.Helper()
	var list []string
	err := r.All([]byte(text), func(loc []int) bool {
		var groups []string
		for i := 0; i < len(loc); i += 2 {
			if loc[i] < 0 {
				groups = append(groups, "-")
			} else {
				groups = append(groups, text[loc[i]:loc[i+1]])
			}
		}
		list = append(list, strings.Join(groups, ":"))
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, " ")
}

func TestMatches(t *testing.T) {
	for _, c := range cases {
		r, err := Compile(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if got := matches(t, r, c.text); got != c.want {
			t.Errorf("%s on %q: %q, want %q", c.pattern, c.text, got, c.want)
		}
		if r.linear != nil { // both ways agree
			r.linear = nil
			if got := matches(t, r, c.text); got != c.want {
				t.Errorf("%s on %q by backtracking: %q, want %q", c.pattern, c.text, got, c.want)
			}
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, pattern := range []string{"(", ")", "[", "[a", "*a", "a**", "{", "a{", "a{2,1}", `\`, `\y`, `\p{Nope}`, `(?<=a*)b`, `(?<a`, `(?z)`, `[b-a]`, `\k<x>`, `\xg`, "a{99999999999}", "(?<a>x)(?<a>y)",
		strings.Repeat("(", 10000) + strings.Repeat(")", 10000), strings.Repeat("[", 10000)} {
		if _, err := Compile(pattern); err == nil {
			t.Errorf("%.40s is taken", pattern)
		}
	}
}

func TestWhole(t *testing.T) {
	for _, pattern := range []string{"a|ab", "(?:a|ab)(?=)"} {
		r, err := CompileWhole(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]bool{"a": true, "ab": true, "abc": false, "": false} {
			if got, err := r.Match([]byte(text)); got != want || err != nil {
				t.Errorf("%s on %s: %t, %v", pattern, text, got, err)
			}
		}
	}
}

// What would take exponential time ends, with an error or without.
func TestBounded(t *testing.T) {
	text := []byte(strings.Repeat("a", 5000))
	for _, pattern := range []string{`(a+)+b`, `(a+)+\1b`, `(?=(a+)+b)`, `(a|a)*+b`, `((a*)*)*(?!a)b`, `(.*)(.*)(.*)(.*)\4x`} {
		r, err := Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		ok, err := r.Match(text)
		if ok || err != nil && !errors.Is(err, ErrLimit) {
			t.Errorf("%s: %t, %v", pattern, ok, err)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s took %v", pattern, d)
		}
	}
	if _, err := Compile(`((a{1000}){1000}){1000}\1`); err == nil {
		t.Error("a thousand million repetitions are taken")
	}
}

// Neither pattern nor text makes matching panic, and the two ways agree.
func FuzzCompile(f *testing.F) {
	for _, c := range cases {
		f.Add(c.pattern, c.text)
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 200 || len(text) > 200 {
			return
		}
		r, err := Compile(pattern)
		if err != nil {
			return
		}
		linear := r.linear
		r.linear = nil
		slow, err := r.Match([]byte(text))
		if err != nil || linear == nil {
			return
		}
		r.linear = linear
		if fast, err := r.Match([]byte(text)); err != nil || fast != slow {
			t.Errorf("%q on %q: %t by the one way, %t by the other, %v", pattern, text, fast, slow, err)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	text := []byte("a line of a log, as there are many: GET /index.html 200 1234 bytes")
	b.Run("ours", func(b *testing.B) {
		r, err := Compile(`GET .*html (\d+) `)
		if err != nil {
			b.Fatal(err)
		}
		for b.Loop() {
			if ok, err := r.Match(text); !ok || err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("go", func(b *testing.B) {
		r := regexp.MustCompile(`GET .*html (\d+) `)
		for b.Loop() {
			if !r.Match(text) {
				b.Fatal("no match")
			}
		}
	})
}
