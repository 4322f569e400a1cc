package syntax

import "strings"

// TokenKind tells the parts of a text apart that a shell shows differently.
type TokenKind uint8

// The kinds of tokens.
const (
	WordToken    TokenKind = iota // a name, or a word that may be one
	KeywordToken                  // a word that is reserved
	QuotedToken                   // a name in backticks
	NumberToken
	TextToken    // in single quotes, with the letters in front of them
	SettingToken // key or value of SET without quotes
	SymbolToken
	CommentToken
)

// Token is a part of a text between spaces. Open marks the last one of a text that ends inside of it: a text, quoted name or comment
// whose end is missing.
type Token struct {
	Span
	Kind TokenKind
	Open bool
}

// Tokens cuts any text into tokens, complete SQL or not. What is no token of the language is a SymbolToken.
func Tokens(src string) []Token {
	var list []Token
	add := func(from, to int, kind TokenKind, open bool) {
		list = append(list, Token{Span{Pos(from), Pos(to)}, kind, open})
	}
	// between adds what the lexer skipped: space and comments.
	between := func(from, to int) {
		for from < to {
			rest := strings.TrimLeft(src[from:to], " \t\r\n\f"+byteOrderMark)
			from = to - len(rest)
			if rest == "" {
				return
			}
			end := strings.IndexAny(rest, "\r\n")
			if strings.HasPrefix(rest, "/*") {
				if end = strings.Index(rest, "*/"); end >= 0 {
					end += 2
				}
			}
			if end < 0 {
				end = len(rest)
			}
			add(from, from+end, CommentToken, false)
			from += end
		}
	}
	l := lexer{src: src, hint: -1, openAt: -1}
	begin, end := true, 0
	for {
		t := l.next()
		from, to := int(t.from), int(t.to)
		switch {
		case t.kind == tokEOF:
			between(end, len(src))
			return list
		case t.kind == tokError && l.open && l.openAt < end: // a hint whose end is missing: its tokens are there
			between(end, len(src))
			return list
		case t.kind == tokError && l.open:
			between(end, l.openAt)
			add(l.openAt, len(src), openKind(src[l.openAt:]), true)
			return list
		case t.kind == tokError: // a character that no token has
			to = min(max(from, l.reached)+1, len(src))
			l = lexer{src: src, pos: to, hint: l.hint, openAt: -1}
			if to <= end {
				return list
			}
			from = max(from, end)
		}
		between(end, from)
		end = to
		add(from, to, tokenKindOf(t), false)
		if begin && (t.kw == kwSet || t.kw == kwReset) {
			l.bareSetting(t.kw)
		}
		begin = t.kind == tokSemicolon
	}
}

func tokenKindOf(t token) TokenKind {
	switch t.kind {
	case tokWord:
		if t.flags&isReserved != 0 {
			return KeywordToken
		}
		return WordToken
	case tokQuoted:
		return QuotedToken
	case tokInteger, tokDecimal, tokApprox:
		return NumberToken
	case tokString, tokUnicode, tokBinary:
		return TextToken
	case tokRaw:
		return SettingToken
	}
	return SymbolToken
}

// openKind is what begins with a text and does not end in it.
func openKind(text string) TokenKind {
	switch text[0] {
	case '`':
		return QuotedToken
	case '/':
		if strings.HasPrefix(text, "/*+") {
			return SymbolToken
		}
		return CommentToken
	}
	return TextToken
}

// IsWord tells whether a word, in any case, has a meaning in the grammar, reserved or not.
func IsWord(word string) bool {
	kw, flags := lookupWord(word)
	return kw != kwNone || flags != 0
}

// IsFunctionName tells whether a word may stand in front of a parenthesis as the name of a function.
func IsFunctionName(word string) bool {
	_, flags := lookupWord(word)
	return flags&isReserved == 0 || flags&isFunction != 0
}
