package s3select

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenName             // a name or keyword
	tokenQuoted           // a name in double quotes, which keeps its case
	tokenText             // in single quotes
	tokenNumber
	tokenTime // in back quotes: a timestamp of Ion
	tokenSign
)

type token struct {
	kind tokenKind
	text string // names, texts and times without their quotes
	pos  int    // in bytes
}

func (t token) String() string {
	switch t.kind {
	case tokenEnd:
		return "the end"
	case tokenText:
		return "'" + t.text + "'"
	case tokenQuoted:
		return `"` + t.text + `"`
	case tokenTime:
		return "`" + t.text + "`"
	}
	return t.text
}

// signs are the longest first.
var signs = []string{"<>", "<=", ">=", "!=", "||", "(", ")", "[", "]", ",", ".", "*", "+", "-", "/", "%", "<", ">", "="}

// lex cuts an expression into tokens; the last one is tokenEnd.
func lex(text string) ([]token, error) {
	var tokens []token
	for i := 0; ; {
		i = skipBlanks(text, i)
		if i >= len(text) {
			return append(tokens, token{kind: tokenEnd, pos: len(text)}), nil
		}
		t, end, err := next(text, i)
		if err != nil {
			return nil, err
		}
		tokens, i = append(tokens, t), end
	}
}

// skipBlanks passes white space and comments to the end of a line.
func skipBlanks(text string, i int) int {
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case unicode.IsSpace(r):
			i += n
		case strings.HasPrefix(text[i:], "--"):
			end := strings.IndexByte(text[i:], '\n')
			if end < 0 {
				return len(text)
			}
			i += end
		default:
			return i
		}
	}
	return i
}

func next(text string, i int) (token, int, error) {
	switch c := text[i]; {
	case c == '\'' || c == '"' || c == '`':
		return quoted(text, i)
	case isDigit(c) || c == '.' && i+1 < len(text) && isDigit(text[i+1]):
		end := number(text, i)
		return token{tokenNumber, text[i:end], i}, end, nil
	}
	r, _ := utf8.DecodeRuneInString(text[i:])
	if r == '_' || unicode.IsLetter(r) {
		end := i
		for end < len(text) {
			r, n := utf8.DecodeRuneInString(text[end:])
			if r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
				break
			}
			end += n
		}
		return token{tokenName, text[i:end], i}, end, nil
	}
	for _, s := range signs {
		if strings.HasPrefix(text[i:], s) {
			return token{tokenSign, s, i}, i + len(s), nil
		}
	}
	return token{}, 0, failAt("LexerInvalidChar", text, i, "the character %q is not part of the language", r)
}

// quoted reads up to the closing quote; a doubled quote stands for one.
func quoted(text string, i int) (token, int, error) {
	quote, kind := text[i], tokenText
	switch quote {
	case '"':
		kind = tokenQuoted
	case '`':
		kind = tokenTime
	}
	var b strings.Builder
	for j := i + 1; j < len(text); j++ {
		if text[j] != quote {
			b.WriteByte(text[j])
			continue
		}
		if j+1 < len(text) && text[j+1] == quote {
			b.WriteByte(quote)
			j++
			continue
		}
		return token{kind, b.String(), i}, j + 1, nil
	}
	return token{}, 0, failAt("LexerInvalidLiteral", text, i, "the closing %c is missing for what begins", quote)
}

func number(text string, i int) int {
	digits := func() {
		for i < len(text) && isDigit(text[i]) {
			i++
		}
	}
	digits()
	if i < len(text) && text[i] == '.' {
		i++
		digits()
	}
	if i < len(text) && (text[i] == 'e' || text[i] == 'E') {
		j := i + 1
		if j < len(text) && (text[j] == '+' || text[j] == '-') {
			j++
		}
		if j < len(text) && isDigit(text[j]) {
			i = j
			digits()
		}
	}
	return i
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
