package expr

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/regex"
)

func init() {
	register(&Function{Name: "SIMILAR TO", Doc: "Whether the text as a whole matches an SQL regular expression: % and _ as in LIKE, and | * + ? {} () [] as in other regular expressions; the optional third argument is the character that " +
		"takes their meaning.",
		Example: "'abc' SIMILAR TO 'a(b|x)%' => TRUE", strict: true, Resolve: resolveSimilar,
		Compile: compileSimilar, print: func(c *Call) string {
			s := "(" + c.Args[0].String() + " SIMILAR TO " + c.Args[1].String()
			if len(c.Args) > 2 {
				s += " ESCAPE " + c.Args[2].String()
			}
			return s + ")"
		}})
}

// resolveSimilar refuses constant escape characters that are wrong.
func resolveSimilar(args []Expr) ([]Expr, column.Type, error) {
	typed, t, err := takes(always(boolean), isText, isText, isText).optional(1).resolve("SIMILAR TO")(args)
	if err != nil || len(args) < 3 {
		return typed, t, err
	}
	escape, ok := constText(args[2])
	if pattern, constant := constText(args[1]); ok {
		if !constant {
			pattern = ""
		}
		_, err = similarPattern(pattern, escape)
	}
	return typed, t, err
}

func compileSimilar(c *Call) (Kernel, error) {
	escape, constant := "", true
	if len(c.Args) > 2 {
		escape, constant = constText(c.Args[2])
	}
	var current []byte
	m := newMatcher(c, 1, func(pattern string) (*regex.Regexp, error) {
		if !constant {
			escape = string(current)
		}
		text, err := similarPattern(pattern, escape)
		if err != nil {
			return nil, err
		}
		return regex.CompileWhole(text)
	})
	if _, ok := constText(c.Args[1]); ok && constant && m.bad != nil {
		return nil, m.bad
	}
	return failing(flagOf(c, func(a *rowArgs) (bool, bool) {
		if !constant && (!m.done || !bytes.Equal(current, a.text(2))) {
			current = append(current[:0], a.text(2)...)
			m.set(string(a.text(1)))
		}
		p := m.of(a)
		if p == nil {
			m.failed = orError(m.failed, m.bad)
			return false, true
		}
		return m.match(p, a.text(0)), true
	}), &m.failed), nil
}

const (
	similarSpecials = "[]()|^-+*_%?{}"
	regexSpecials   = "[]()|^-+*?{}$\\"
)

// similarClasses are the named classes inside of brackets.
var similarClasses = map[string]string{
	"ALPHA": `\p{Alpha}`, "UPPER": `\p{Upper}`, "LOWER": `\p{Lower}`, "DIGIT": `\d`, "SPACE": " ", "WHITESPACE": `\s`, "ALNUM": `\p{Alnum}`,
}

// similarPattern writes an SQL regular expression as one of Java.
func similarPattern(pattern, escape string) (string, error) {
	if utf8.RuneCountInString(escape) > 1 {
		return "", fmt.Errorf("SIMILAR TO has the escape character '%s': it must be a single one", escape)
	}
	esc := rune(-1)
	if escape != "" {
		esc, _ = utf8.DecodeRuneInString(escape)
	}
	w := &similarWriter{pattern: []rune(pattern), escape: esc}
	for w.at < len(w.pattern) {
		if err := w.next(); err != nil {
			return "", fmt.Errorf("in the SIMILAR TO pattern '%s' %w", pattern, err)
		}
	}
	return w.String(), nil
}

type similarWriter struct {
	strings.Builder
	pattern []rune
	at      int
	escape  rune
}

// escaped writes the character behind the escape character.
func (w *similarWriter) escaped() error {
	if w.at == len(w.pattern) {
		return errors.New("the escape character stands at the end")
	}
	r := w.pattern[w.at]
	w.at++
	switch {
	case strings.ContainsRune(similarSpecials, r):
		if strings.ContainsRune(regexSpecials, r) {
			w.WriteByte('\\')
		}
	case r != w.escape:
		return fmt.Errorf("the escape character must stand before one of %s or itself", similarSpecials)
	case strings.ContainsRune(regexSpecials, r):
		w.WriteByte('\\')
	}
	w.WriteRune(r)
	return nil
}

func (w *similarWriter) next() error {
	r := w.pattern[w.at]
	w.at++
	switch {
	case r == w.escape:
		return w.escaped()
	case r == '_':
		w.WriteByte('.')
	case r == '%':
		w.WriteString("(?s:.*)")
	case r == '[':
		return w.bracket()
	default:
		if strings.ContainsRune(regexSpecials, r) && !strings.ContainsRune(similarSpecials, r) {
			w.WriteByte('\\')
		}
		w.WriteRune(r)
	}
	return nil
}

func (w *similarWriter) bracket() error {
	w.WriteByte('[')
	for w.at < len(w.pattern) {
		r := w.pattern[w.at]
		w.at++
		switch {
		case r == ']':
			w.WriteByte(']')
			return nil
		case r == w.escape:
			if err := w.escaped(); err != nil {
				return err
			}
		case r == '[' && w.at < len(w.pattern) && w.pattern[w.at] == ':':
			name, _, found := strings.Cut(string(w.pattern[w.at+1:]), ":]")
			class := similarClasses[strings.ToUpper(name)]
			if !found || class == "" || name != strings.ToUpper(name) && name != strings.ToLower(name) {
				return errors.New("there is an unknown class of characters in [ ]; those known are ALPHA, UPPER, LOWER, DIGIT, SPACE, WHITESPACE and ALNUM")
			}
			w.WriteString(class)
			w.at += utf8.RuneCountInString(name) + 3
		case r == '-' || r == '^' || unicode.IsLetter(r) || unicode.IsDigit(r):
			w.WriteRune(r)
		default:
			return fmt.Errorf("%c cannot stand in [ ]", r)
		}
	}
	return errors.New("a [ is not closed")
}

// splitter splits texts at the matches of a regular expression, as Java's String.split does.
type splitter struct{ parts [][]byte }

// split returns the parts, at most limit; limit 0 is no limit, and drops empty parts at the end.
func (s *splitter) split(p *regex.Regexp, text []byte, limit int) ([][]byte, error) {
	s.parts = s.parts[:0]
	from := 0
	err := p.All(text, func(loc []int) bool {
		if limit > 0 && len(s.parts) == limit-1 {
			return false
		}
		if loc[1] == 0 { // nothing stands before a match of nothing at the start
			return true
		}
		if loc[0] == loc[1] && loc[0] == len(text) {
			return true
		}
		s.parts = append(s.parts, text[from:loc[0]])
		from = loc[1]
		return true
	})
	if from == 0 && len(s.parts) == 0 {
		return append(s.parts, text), err
	}
	s.parts = append(s.parts, text[from:])
	if limit == 0 {
		for len(s.parts) > 0 && len(s.parts[len(s.parts)-1]) == 0 {
			s.parts = s.parts[:len(s.parts)-1]
		}
	}
	return s.parts, err
}

func init() {
	text := takes(maybeNull(column.MapOf(column.Str(), column.Str())), isText, isText, isText).optional(2)
	register(textFunction("STR_TO_MAP", "The map that a text writes: pairs split at matches of the second argument (','), keys split from values at the first match of the third ('='), both being regular expressions; a key "+
		"without a value has NULL, and the last of equal keys counts.", "STR_TO_MAP('a=1,b=2')['b'] => 2", text, compileStrToMap))
}

func compileStrToMap(c *Call) Kernel {
	constant := func(s string) *matcher {
		m := &matcher{arg: -1, compile: regex.Compile}
		m.set(s)
		return m
	}
	pairs, values := constant(","), constant("=")
	if len(c.Args) > 1 {
		pairs = newMatcher(c, 1, regex.Compile)
	}
	if len(c.Args) > 2 {
		values = newMatcher(c, 2, regex.Compile)
	}
	var outer, inner splitter
	var failed error
	index := map[string]int{}
	var keys, items [][]byte
	of := func(m *matcher, a *rowArgs) *regex.Regexp {
		if m.arg < 0 {
			return m.re
		}
		if m.of(a) == nil {
			failed = orError(failed, m.bad)
		}
		return m.re
	}
	return failing(listOf(c, func(a *rowArgs, _ *column.Vector) bool {
		p, q := of(pairs, a), of(values, a)
		if p == nil || q == nil {
			return false
		}
		clear(index)
		keys, items = keys[:0], items[:0]
		if len(a.text(0)) == 0 {
			return true
		}
		parts, err := outer.split(p, a.text(0), 0)
		failed = orError(failed, err)
		for _, pair := range parts {
			split, err := inner.split(q, pair, 2)
			failed = orError(failed, err)
			var value []byte
			if len(split) > 1 {
				if value = split[1]; value == nil {
					value = []byte{}
				}
			}
			if i, ok := index[string(split[0])]; ok {
				items[i] = value
				continue
			}
			index[string(split[0])] = len(keys)
			keys, items = append(keys, split[0]), append(items, value)
		}
		key, item := a.out.Children[0], a.out.Children[1]
		for i := range keys {
			key.AppendBytes(keys[i])
			if items[i] == nil {
				item.AppendNull()
			} else {
				item.AppendBytes(items[i])
			}
		}
		return true
	}), &failed)
}
