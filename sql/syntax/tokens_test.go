package syntax

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestTokens(t *testing.T) {
	names := map[TokenKind]string{WordToken: "w", KeywordToken: "k", QuotedToken: "q", NumberToken: "n", TextToken: "t", SettingToken: "s", SymbolToken: "y", CommentToken: "c"}
	for src, want := range map[string]string{
		"SELECT a -- why\n, 1.5": "k:SELECT w:a c:-- why y:, n:1.5",
		"'it''s' /* x */ `b`":    "t:'it''s' c:/* x */ q:`b`",
		"a = 'open":              "w:a y:= t:'open…",
		"x /* open":              "w:x c:/* open…",
		"`open":                  "q:`open…",
		"a \x01 b":               "w:a y:\x01 w:b",
		"SET a.b-c = d":          "k:SET s:a.b-c y:= s:d",
		"":                       "",
		"-- only":                "c:-- only",
		"日本 = 'ü'":               "w:日本 y:= t:'ü'",
		"f /*+ OPTIONS('a'='b')": "w:f y:/*+ w:OPTIONS y:( t:'a' y:= t:'b' y:)",
	} {
		var got []string
		for _, tok := range Tokens(src) {
			open := ""
			if tok.Open {
				open = "…"
			}
			got = append(got, fmt.Sprintf("%s:%s%s", names[tok.Kind], src[tok.From:tok.To], open))
		}
		if text := strings.Join(got, " "); text != want {
			t.Errorf("%q is cut into %s, want %s", src, text, want)
		}
	}
}

// FuzzTokens checks that tokens cover a text in order, with nothing but space between them.
func FuzzTokens(f *testing.F) {
	for _, seed := range []string{"SELECT a, 'b' FROM `c` -- d\n/* e */", "SET 'a' = 'b'; RESET x", "/*+ OPTIONS", "\xff'", "U&'\\", "X'0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, src string) {
		end := Pos(0)
		for _, tok := range Tokens(src) {
			if tok.From < end || tok.To <= tok.From || int(tok.To) > len(src) {
				t.Fatalf("%q has a token from %d to %d behind %d", src, tok.From, tok.To, end)
			}
			if gap := src[end:tok.From]; strings.Trim(gap, " \t\r\n\f\ufeff") != "" {
				t.Fatalf("%q: %q belongs to no token", src, gap)
			}
			end = tok.To
		}
		Expect(src)
	})
}

func TestExpect(t *testing.T) {
	for _, c := range []struct {
		src   string
		words []string // some of those that must be there
		not   []string
		check func(Expected) bool
	}{
		{src: "", words: []string{"SELECT", "CREATE", "INSERT"}},
		{src: "SELECT ", words: []string{"DISTINCT"}, not: []string{"WHERE"}, check: func(e Expected) bool { return e.Expr }},
		{src: "SELECT a ", words: []string{"FROM", "AS"}, check: func(e Expected) bool { return !e.Expr }},
		{src: "SELECT a FROM ", check: func(e Expected) bool { return e.Name && !e.Expr }},
		{src: "SELECT a FROM t ", words: []string{"WHERE", "GROUP", "LEFT", "ORDER", "LIMIT"}},
		{src: "SELECT a FROM t WHERE ", check: func(e Expected) bool { return e.Expr }},
		{src: "SELECT a FROM t GROUP ", words: []string{"BY"}, not: []string{"WHERE"}},
		{src: "CREATE ", words: []string{"TABLE", "VIEW"}},
		{src: "INSERT INTO t ", check: func(e Expected) bool { return e.Query }},
		{src: "SELECT CAST(a AS ", check: func(e Expected) bool { return e.Type }},
		{src: "SELECT a FROM t WHERE x IN (", check: func(e Expected) bool { return e.Expr }},
		{src: "SELECT )", check: func(e Expected) bool { return !e.Expr && len(e.Words) == 0 }},
		{src: "SELECT 'a", check: func(e Expected) bool { return !e.Expr && len(e.Words) == 0 }},
	} {
		e := Expect(c.src)
		for _, w := range c.words {
			if !slices.Contains(e.Words, w) {
				t.Errorf("%s does not follow %q: %+v", w, c.src, e)
			}
		}
		for _, w := range c.not {
			if slices.Contains(e.Words, w) {
				t.Errorf("%s follows %q", w, c.src)
			}
		}
		if c.check != nil && !c.check(e) {
			t.Errorf("behind %q comes %+v", c.src, e)
		}
	}
}
