package expr

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/millstream/millstream/column"
)

// callOn computes a function of literals, all rows' worth of them as columns, and returns the value's text; "NULL!" for NULL.
func callOn(t *rapid.T, name string, args ...any) string {
	b := &column.Batch{Len: 1}
	var exprs []Expr
	for i, a := range args {
		var l *Literal
		switch a := a.(type) {
		case string:
			l = &Literal{a, column.Str()}
		case int:
			l = Int(int32(a))
		}
		v, err := l.vector()
		if err != nil {
			t.Fatal(err)
		}
		b.Cols = append(b.Cols, v)
		exprs = append(exprs, &Column{i, "", l.T})
	}
	e, err := NewCall(name, exprs...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Compile(e)
	if err != nil {
		t.Fatal(err)
	}
	var out column.Vector
	if err := p.Eval(b, &out); err != nil {
		t.Fatal(err)
	}
	if out.IsNull(0) {
		return "NULL!"
	}
	return string(column.AppendText(nil, &out, 0, nil))
}

// texts draws texts with code points of one to four bytes.
var texts = rapid.StringOfN(rapid.SampledFrom([]rune("abcXYZ09 _%zé語😀")), 0, 30, -1)

func TestTextFunctions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := texts.Draw(t, "s")
		r := []rune(s)
		n, m := rapid.IntRange(-5, 12).Draw(t, "n"), rapid.IntRange(-2, 12).Draw(t, "m")
		part := texts.Draw(t, "part")
		if len(r) > 0 && rapid.Bool().Draw(t, "a part of it") {
			from := rapid.IntRange(0, len(r)-1).Draw(t, "from")
			part = string(r[from:min(len(r), from+2)])
		}
		check := func(name, want string, args ...any) {
			if got := callOn(t, name, args...); got != want {
				t.Fatalf("%s%q is %q, want %q", name, args, got, want)
			}
		}
		check("CHAR_LENGTH", fmt.Sprint(len(r)), s)
		check("UPPER", strings.ToUpper(s), s)
		check("LOWER", strings.ToLower(s), s)
		reversed := make([]rune, len(r))
		for i, c := range r {
			reversed[len(r)-1-i] = c
		}
		check("REVERSE", string(reversed), s)
		check("LEFT", string(r[:max(0, min(n, len(r)))]), s, n)
		check("RIGHT", string(r[len(r)-max(0, min(n, len(r))):]), s, n)

		from := 0
		switch {
		case n > 0:
			from = min(n-1, len(r))
		case n < 0:
			from = len(r) + n
		}
		want := "NULL!"
		if m >= 0 {
			want = ""
			if from >= 0 {
				want = string(r[from:min(len(r), from+m)])
			}
		}
		check("SUBSTRING", want, s, n, m)

		at := 0
		if i := strings.Index(s, part); i >= 0 {
			at = len([]rune(s[:i])) + 1
		}
		check("POSITION", fmt.Sprint(at), part, s)
		check("REPLACE", strings.ReplaceAll(s, part, "-"), s, part, "-")
		check("REPLACE", strings.ReplaceAll(s, part, ""), s, part, "")
		check("STARTSWITH", strings.ToUpper(fmt.Sprint(strings.HasPrefix(s, part))), s, part)
		check("ENDSWITH", strings.ToUpper(fmt.Sprint(strings.HasSuffix(s, part))), s, part)
		check("CONCAT", s+part+s, s, part, s)
		check("BTRIM", strings.Trim(s, " "), s)
		if part != "" {
			check("LTRIM", strings.TrimLeft(s, part), s, part)
			check("RTRIM", strings.TrimRight(s, part), s, part)
			pieces := strings.Split(s, part)
			want := "NULL!"
			if s != "" && n >= 0 && n < len(pieces) {
				want = pieces[n]
			}
			check("SPLIT_INDEX", want, s, part, n)
			want = "[]"
			if s != "" {
				want = "[" + strings.Join(pieces, ", ") + "]"
			}
			check("SPLIT", want, s, part)

			want = "NULL!"
			if n >= 0 {
				filled := []rune(s + strings.Repeat(part, 20))
				want = string(filled[:n])
			}
			check("RPAD", want, s, n, part)
			if n >= len(r) {
				want = string([]rune(strings.Repeat(part, 20))[:n-len(r)]) + s
			}
			check("LPAD", want, s, n, part)
		}
	})
}

// LIKE is the regular expression that one gets by replacing % and _.
func TestLikeModel(t *testing.T) {
	pattern := rapid.StringOfN(rapid.SampledFrom([]rune("ab%_%_é!")), 0, 10, -1)
	text := rapid.StringOfN(rapid.SampledFrom([]rune("aabbé!%_\n")), 0, 12, -1)
	rapid.Check(t, func(t *rapid.T) {
		p, s := pattern.Draw(t, "pattern"), text.Draw(t, "text")
		escaped := rapid.Bool().Draw(t, "escape")
		escape, re := "", "(?s)^"
		wellFormed := true
		runes := []rune(p)
		for i := 0; i < len(runes); i++ {
			switch c := runes[i]; {
			case escaped && c == '!':
				i++
				if i == len(runes) || !strings.ContainsRune("%_!", runes[i]) {
					wellFormed = false
					continue
				}
				re += regexp.QuoteMeta(string(runes[i]))
			case c == '%':
				re += ".*"
			case c == '_':
				re += `[^\n\r]` // as in Flink
			default:
				re += regexp.QuoteMeta(string(c))
			}
		}
		if escaped {
			escape = "!"
		}
		compiled, err := newLikePattern([]byte(p), []byte(escape))
		if (err == nil) != wellFormed {
			t.Fatalf("LIKE %q ESCAPE %q: %v", p, escape, err)
		}
		if err != nil {
			return
		}
		if got, want := compiled.match([]byte(s)), regexp.MustCompile(re+"$").MatchString(s); got != want {
			t.Fatalf("%q LIKE %q ESCAPE %q is %t", s, p, escape, got)
		}
	})
}

// A time printed by a pattern is read back by it.
func TestDatePatternRoundTrip(t *testing.T) {
	patterns := []string{"yyyy-MM-dd HH:mm:ss.SSS", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSSX", "dd.MM.yyyy HH:mm:ss SSS", "MMM d, yyyy hh:mm:ss.SSS a", "yyyyMMddHHmmssSSS",
		"EEEE, d MMMM yyyy k:m:s.SSS", "D/yyyy HH:mm:ss.SSS"}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom(patterns).Draw(t, "pattern")
		p, err := newDatePattern(text, modern)
		if err != nil {
			t.Fatal(err)
		}
		sec := rapid.Int64Range(-30000000000, 200000000000).Draw(t, "sec") // the years 1019 to 8307
		nanos := rapid.Int64Range(0, 999).Draw(t, "ms") * 1000000
		printed := p.format(nil, sec, nanos, nil, 0)
		gotSec, gotNanos, _, ok := p.parse(printed, exactDays)
		if !ok || gotSec != sec || gotNanos != nanos {
			t.Fatalf("%d.%09d is %s by %s, which is read as %d.%09d, %t", sec, nanos, printed, text, gotSec, gotNanos, ok)
		}
	})
}

func TestDatePatternErrors(t *testing.T) {
	for _, text := range []string{"yyyy 'open", "not a pattern", "b"} {
		if _, err := newDatePattern(text, modern); err == nil {
			t.Errorf("the pattern %s is accepted", text)
		}
	}
}

func FuzzLike(f *testing.F) {
	f.Add("a%b_c", "!", "abxc")
	f.Add("%!%%", "!", "50%")
	f.Fuzz(func(t *testing.T, pattern, escape, text string) {
		if p, err := newLikePattern([]byte(pattern), []byte(escape)); err == nil {
			p.match([]byte(text))
		}
	})
}

// What would be too long is an error, wherever the row stands.
func TestTooLong(t *testing.T) {
	n := &Column{0, "n", column.Of(column.Int)}
	b := column.NewBatch([]column.Field{{Name: "n", Type: n.T}}, 3)
	for _, x := range []int32{1, 2000000000, 2} {
		column.Append(b.Cols[0], x)
	}
	b.Len = 3
	for _, text := range []string{"REPEAT('abc', n)", "LPAD('abc', n, 'x')", "RPAD('abc', n, 'x')"} {
		e, err := sqlExpr(text, n)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Compile(e)
		if err != nil {
			t.Fatal(err)
		}
		var out column.Vector
		if err := p.Eval(b, &out); err == nil || !strings.Contains(err.Error(), "bytes") {
			t.Errorf("%s: %v", text, err)
		}
		b.Sel = []int32{0, 2} // the row is not reached
		if err := p.Eval(b, &out); err != nil {
			t.Errorf("%s: %v", text, err)
		}
		b.Sel = nil
	}
	if _, err := Compile(&Cast{Arg: n, T: column.Sized(column.Char, 1<<30)}); err == nil {
		t.Error("a CHAR of a gigabyte")
	}
}
