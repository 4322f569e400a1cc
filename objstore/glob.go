package objstore

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"strings"
	"unicode/utf8"
)

// HasGlob reports whether path contains a pattern character that is not escaped.
func HasGlob(path string) bool {
	_, literal := globPrefix(path)
	return !literal
}

// GlobText returns the text that a path without unescaped pattern characters stands for.
func GlobText(path string) string {
	text, _ := globPrefix(path)
	return text
}

// Glob yields the objects whose key matches pattern, in key order. It lists only below the literal text
// before the first pattern character; a pattern without any is one look-up.
//
// In a pattern * is any text within one segment (without "/"), ? one character of a segment, [a-z] one
// of these, [!a-z] or [^a-z] none of these, {x,y} either (nesting allowed), ** any text across segments,
// and **/ also no segment at all. A backslash takes the next character literally. A wrong pattern is an
// [*Error] of kind [BadURL].
func Glob(ctx context.Context, store Store, pattern string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		match, err := CompileGlob(pattern)
		if err != nil {
			yield(Info{}, badURL(store.URL(pattern), err.Error(), "escape a literal pattern character with a backslash"))
			return
		}
		prefix, literal := globPrefix(pattern)
		if literal {
			info, err := store.Head(ctx, prefix)
			if KindOf(err) != NotFound {
				yield(info, err)
			}
			return
		}
		for info, err := range store.List(ctx, prefix, ListOptions{}) {
			if err != nil {
				yield(Info{}, err)
				return
			}
			if match(info.Key) && !yield(info, nil) {
				return
			}
		}
	}
}

// CompileGlob returns the predicate of a pattern as [Glob] understands it.
func CompileGlob(pattern string) (match func(key string) bool, err error) {
	expr, err := globRegexp(pattern)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(expr)
	if err != nil {
		return nil, fmt.Errorf("the pattern '%s' is wrong: %w", pattern, err)
	}
	return re.MatchString, nil
}

// globPrefix returns the literal text before the first pattern character, without escapes, and whether
// there is no pattern character at all.
func globPrefix(pattern string) (prefix string, literal bool) {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*', '?', '[', '{':
			return b.String(), false
		case '\\':
			if i+1 < len(pattern) {
				i++
			}
			b.WriteByte(pattern[i])
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

// globRegexp translates a pattern. (?s) lets . match a newline, which a key may contain.
func globRegexp(pattern string) (string, error) {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	depth := 0
	for i := 0; i < len(pattern); {
		rest := pattern[i:]
		switch c := pattern[i]; {
		case strings.HasPrefix(rest, "**/") && (i == 0 || strings.IndexByte("/{,", pattern[i-1]) >= 0):
			b.WriteString(`(?:.*/)?`)
			i += 3
		case strings.HasPrefix(rest, "**"):
			b.WriteString(`.*`)
			i += 2
		case c == '*':
			b.WriteString(`[^/]*`)
			i++
		case c == '?':
			b.WriteString(`[^/]`)
			i++
		case c == '[':
			class, n, err := globClass(rest)
			if err != nil {
				return "", fmt.Errorf("the pattern '%s' is wrong: %w", pattern, err)
			}
			b.WriteString(class)
			i += n
		case c == '{':
			b.WriteString(`(?:`)
			depth++
			i++
		case c == '}' && depth > 0:
			b.WriteString(`)`)
			depth--
			i++
		case c == ',' && depth > 0:
			b.WriteString(`|`)
			i++
		case c == '\\' && i+1 < len(pattern):
			n := runeLen(pattern[i+1:])
			b.WriteString(regexp.QuoteMeta(pattern[i+1 : i+1+n]))
			i += 1 + n
		default:
			n := runeLen(rest)
			b.WriteString(regexp.QuoteMeta(rest[:n]))
			i += n
		}
	}
	if depth > 0 {
		return "", fmt.Errorf("the pattern '%s' is wrong: a '{' is not closed", pattern)
	}
	b.WriteString(`\z`)
	return b.String(), nil
}

// globClass translates the [..] that s begins with and returns its length in s. It never matches "/".
func globClass(s string) (class string, n int, err error) {
	i := 1
	negated := i < len(s) && (s[i] == '!' || s[i] == '^')
	if negated {
		i++
	}
	var b strings.Builder
	first := true
	for ; i < len(s) && (s[i] != ']' || first); first = false {
		switch c := s[i]; {
		case c == '/':
			return "", 0, fmt.Errorf("a '[' is not closed within its segment")
		case c == '-':
			b.WriteByte('-')
			i++
		case c == '\\' && i+1 < len(s):
			n := runeLen(s[i+1:])
			b.WriteString(quoteClass(s[i+1 : i+1+n]))
			i += 1 + n
		default:
			n := runeLen(s[i:])
			b.WriteString(quoteClass(s[i : i+n]))
			i += n
		}
	}
	if i >= len(s) {
		return "", 0, fmt.Errorf("a '[' is not closed")
	}
	if negated {
		return "[^/" + b.String() + "]", i + 1, nil
	}
	return "[" + b.String() + "]", i + 1, nil
}

// quoteClass escapes one character for use within a class of package regexp.
func quoteClass(c string) string {
	if strings.ContainsAny(c, `\]^[-&~`) {
		return `\` + c
	}
	return c
}

// runeLen is the length of s's first character in bytes. Keys need not be valid UTF-8.
func runeLen(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}
