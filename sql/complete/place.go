package complete

import (
	"strings"

	"github.com/millstream/millstream/sql/session"
	"github.com/millstream/millstream/sql/syntax"
)

// place is where in a statement something is being typed.
type place struct {
	session *session.Session
	text    string
	pos     int

	start  int            // where the statement begins
	tokens []syntax.Token // of the statement, but for the word that is being typed
	before []syntax.Token // those of them in front of it

	from      int // where that word begins, with its quote
	wordFrom  int // where the part of it begins that is compared
	inText    bool
	inComment bool
	qualifier []string // the names with dots in front of it
}

func newPlace(s *session.Session, text string, pos int) *place {
	p := &place{session: s, text: text, pos: pos, from: pos, wordFrom: pos}
	for _, t := range syntax.Tokens(text) {
		from, to := int(t.From), int(t.To)
		switch {
		case t.Kind == syntax.SymbolToken && text[from:to] == ";":
			if to <= pos {
				p.start, p.tokens, p.before = to, nil, nil
				continue
			}
			p.finish()
			return p
		case from < pos && (pos < to || t.Open) && t.Kind == syntax.CommentToken:
			p.inComment = true
		case t.Kind == syntax.CommentToken:
		case from < pos && pos <= to && p.typing(t):
			if t.Open && t.Kind == syntax.QuotedToken { // what follows is not meant to be in the name
				for _, t := range syntax.Tokens(text[pos:]) {
					t.From, t.To = t.From+syntax.Pos(pos), t.To+syntax.Pos(pos)
					p.tokens = append(p.tokens, t)
				}
			}
		case to <= pos:
			p.before = append(p.before, t)
			p.tokens = append(p.tokens, t)
		default:
			p.tokens = append(p.tokens, t)
		}
	}
	p.finish()
	return p
}

// typing notes the token that pos is in or behind, if it is one that can be completed.
func (p *place) typing(t syntax.Token) bool {
	from := int(t.From)
	switch t.Kind {
	case syntax.WordToken, syntax.KeywordToken, syntax.SettingToken:
		p.from, p.wordFrom = from, from
		return true
	case syntax.QuotedToken:
		if t.Open || p.pos < int(t.To) {
			p.from, p.wordFrom = from, from
			return true
		}
	case syntax.TextToken:
		if t.Open || p.pos < int(t.To) {
			quote := from + strings.IndexByte(p.text[from:], '\'') + 1
			if p.pos >= quote {
				p.from, p.wordFrom, p.inText = quote, quote, true
				return true
			}
		}
	}
	return false
}

// finish finds the dotted names in front of the word.
func (p *place) finish() {
	n := len(p.before)
	for n >= 2 && p.is(p.before[n-1], ".") && p.isName(p.before[n-2]) {
		p.qualifier = append([]string{p.name(p.before[n-2])}, p.qualifier...)
		n -= 2
	}
	p.before = p.before[:n]
}

// word returns a token's text.
func (p *place) word(t syntax.Token) string { return p.text[t.From:t.To] }

// is tells whether a token is one of some words, in upper case, or symbols.
func (p *place) is(t syntax.Token, words ...string) bool {
	if t.Kind == syntax.TextToken || t.Kind == syntax.QuotedToken {
		return false
	}
	for _, w := range words {
		if strings.EqualFold(w, p.word(t)) {
			return true
		}
	}
	return false
}

// last returns the n-th token before the word, counted from 1.
func (p *place) last(n int) (syntax.Token, bool) {
	if n > len(p.before) {
		return syntax.Token{}, false
	}
	return p.before[len(p.before)-n], true
}

// lastIs tells whether the n-th token before the word is one of some words or symbols.
func (p *place) lastIs(n int, words ...string) bool {
	t, ok := p.last(n)
	return ok && p.is(t, words...)
}

func (p *place) isName(t syntax.Token) bool {
	return t.Kind == syntax.WordToken || t.Kind == syntax.QuotedToken
}

// name returns the identifier that a token is.
func (p *place) name(t syntax.Token) string {
	w := p.word(t)
	if t.Kind == syntax.QuotedToken {
		return strings.ReplaceAll(strings.Trim(w, "`"), "``", "`")
	}
	return w
}

// unclosed returns the positions in tokens of the parentheses that are open at an offset, outermost first.
func (p *place) unclosed(tokens []syntax.Token, at int) []int {
	var open []int
	for i, t := range tokens {
		switch {
		case int(t.To) > at:
			return open
		case p.is(t, "("):
			open = append(open, i)
		case p.is(t, ")") && len(open) > 0:
			open = open[:len(open)-1]
		}
	}
	return open
}
