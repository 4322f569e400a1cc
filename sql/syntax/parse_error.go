package syntax

import (
	"fmt"
	"slices"
	"strings"

	"github.com/millstream/millstream/setting"
)

// expectation is a token or a part of the grammar that would have been right at a place.
type expectation struct {
	kw   keyword   // a word, if not kwNone
	kind tokenKind // otherwise a kind of token, or one of those below
}

// Parts of the grammar, beside the kinds of tokens.
const (
	wantExpr tokenKind = iota + 100
	wantType
	wantQuery
	wantStatement
	wantUnit
)

func (e expectation) String() string {
	if e.kw != kwNone {
		return keywords[e.kw].word
	}
	switch e.kind {
	case wantExpr:
		return "an expression"
	case wantType:
		return "a type"
	case wantQuery:
		return "a query"
	case wantStatement:
		return "a statement"
	case wantUnit:
		return "a unit of time such as DAY or SECOND"
	case tokEOF, tokWord, tokInteger, tokString:
		return tokenNames[e.kind]
	}
	return "'" + tokenNames[e.kind] + "'"
}

// note records what was looked for at the current token.
func (p *parser) note(e expectation) {
	if p.nexpected < len(p.expected) {
		p.expected[p.nexpected] = e
		p.nexpected++
	}
}

// fail ends the parse with an error at a token.
func (p *parser) fail(at token, msg, hint string) {
	p.failSpan(Span{at.from, at.to}, msg, hint)
}

// failSpan ends the parse with an error at a place.
func (p *parser) failSpan(at Span, msg, hint string) {
	panic(bailout{&Error{Span: at, Msg: msg, Hint: hint}})
}

// unexpectedFor ends the parse: the current token is not what is wanted.
func (p *parser) unexpectedFor(want tokenKind) {
	p.note(expectation{kind: want})
	p.unexpected()
}

// unexpected ends the parse: the current token is none of those that were looked for. It finds the likeliest
// reason.
func (p *parser) unexpected() {
	expected := p.expectations()
	p.checkOpenText()
	atEnd := p.t.kind == tokEOF || p.t.kind == tokSemicolon
	open, found := p.openParen()
	switch {
	case atEnd && found:
		p.fail(open, "this parenthesis is not closed", "")
	case p.t.kind == tokRParen && !found:
		p.fail(p.t, "this parenthesis closes nothing", "")
	}
	if p.t.kind == tokWord {
		if kw := nearestKeyword(p.text(p.t), expected); kw != kwNone {
			p.fail(p.t, "unexpected "+p.describe(p.t), "did you mean "+keywords[kw].word+"?")
		}
	}
	if p.alias >= 0 && p.alias == p.i-1 {
		alias := p.tokens[p.alias]
		if kw := nearestKeyword(p.text(alias), afterAlias); kw != kwNone {
			p.fail(alias, "unexpected "+p.describe(alias), "did you mean "+keywords[kw].word+"?")
		}
	}
	wantsName := slices.Contains(expected, expectation{kind: tokWord})
	wantsExpr := slices.Contains(expected, expectation{kind: wantExpr})
	wantsEnd := slices.Contains(expected, expectation{kind: tokSemicolon})
	if p.t.flags&isReserved != 0 {
		word := p.text(p.t)
		switch {
		case wantsEnd && slices.Contains(statementWords, p.t.kw):
			p.fail(p.t, "a semicolon is missing before "+strings.ToUpper(word), "")
		case (wantsName || wantsExpr) && p.t.flags&isClause == 0:
			p.fail(p.t, strings.ToUpper(word)+" is a reserved word", "write `"+word+"` to use it as a name")
		case wantsName && !wantsExpr:
			p.fail(p.t, "unexpected "+strings.ToUpper(word), expectedText(expected)+"; as a name it is written `"+word+"`")
		}
	}
	hint := expectedText(expected)
	switch {
	case p.t.kind == tokEOF:
		p.failSpan(Span{p.end, p.end}, "the statement ends too early", hint)
	case atEnd:
		p.fail(p.t, "the statement ends too early", hint)
	case p.t.kind == tokHint:
		p.fail(p.t, "unexpected hint", "hints stand behind SELECT or the name of a table")
	case found && p.t.flags&isClause != 0 && slices.Contains(expected, expectation{kind: tokRParen}):
		line, col := LineCol(p.src, open.from)
		hint += fmt.Sprintf("; the parenthesis at %d:%d is still open", line, col)
	}
	p.fail(p.t, "unexpected "+p.describe(p.t), hint)
}

// checkOpenText ends the parse if the current token is odd because a text before it ended at a quote that was meant to
// begin another one: it goes over the end of a line, and a token follows its end directly.
func (p *parser) checkOpenText() {
	for i := max(p.i-2, p.first); i < p.i; i++ {
		t := p.tokens[i]
		if t.kind == tokString && t.to == p.tokens[i+1].from && strings.Contains(p.text(t), "\n") {
			switch p.tokens[i+1].kind {
			case tokWord, tokQuoted, tokInteger, tokString:
				p.failSpan(Span{t.from, t.from + 1}, "this text goes over the end of its line", "is a ' missing at its end?")
			}
		}
	}
}

// statementWords begin statements and are reserved.
var statementWords = []keyword{
	kwSelect, kwInsert, kwCreate, kwAlter, kwDrop, kwShow, kwDescribe, kwExplain, kwExecute, kwSet, kwReset, kwUse,
	kwWith, kwUpdate, kwDelete, kwTruncate, kwBegin, kwEnd, kwCall, kwValues,
}

// afterAlias are the words that may stand where an alias without AS may stand: an alias that looks like one of
// them is a misspelling.
var afterAlias = func() (es []expectation) {
	for _, kw := range []keyword{
		kwFrom, kwWhere, kwGroup, kwHaving, kwOrder, kwLimit, kwOffset, kwFetch, kwWindow, kwQualify, kwJoin, kwLeft,
		kwRight, kwFull, kwInner, kwCross, kwNatural, kwUnion, kwIntersect, kwExcept, kwOn, kwUsing, kwSet, kwValues,
	} {
		es = append(es, expectation{kw: kw})
	}
	return es
}()

// expectations returns what was looked for at the current token, each once.
func (p *parser) expectations() []expectation {
	var es []expectation
	for _, e := range p.expected[:p.nexpected] {
		if !slices.Contains(es, e) {
			es = append(es, e)
		}
	}
	return es
}

// expectedText lists expectations for a hint.
func expectedText(es []expectation) string {
	const most = 12
	names := make([]string, 0, len(es))
	for _, e := range es {
		names = append(names, e.String())
	}
	switch {
	case len(names) == 0:
		return ""
	case len(names) == 1:
		return "expected " + names[0]
	case len(names) > most:
		return "expected one of " + strings.Join(names[:most], ", ") + ", …"
	}
	return "expected one of " + strings.Join(names, ", ")
}

// describe names a token for a message.
func (p *parser) describe(t token) string {
	text := p.text(t)
	if runes := []rune(text); len(runes) > 40 {
		text = string(runes[:40]) + "…"
	}
	switch t.kind {
	case tokEOF:
		return "end of the statement"
	case tokWord:
		if t.flags&isReserved != 0 {
			return strings.ToUpper(text)
		}
		return "word " + text
	case tokQuoted:
		return "name " + text
	case tokInteger, tokDecimal, tokApprox:
		return "number " + text
	case tokString, tokUnicode:
		return "text " + text
	}
	return fmt.Sprintf("'%s'", text)
}

// openParen returns the last parenthesis of the statement before the current token that is still open there.
func (p *parser) openParen() (token, bool) {
	var open []token
	for _, t := range p.tokens[p.first:p.i] {
		switch t.kind {
		case tokLParen:
			open = append(open, t)
		case tokRParen:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	}
	if len(open) == 0 {
		return token{}, false
	}
	return open[len(open)-1], true
}

// nearestKeyword returns the expected word that a word was probably meant to be, kwNone if there is none.
func nearestKeyword(word string, expected []expectation) keyword {
	if len(word) > maxWordLen {
		return kwNone
	}
	word = strings.ToUpper(word)
	best, bestDistance := kwNone, 3
	for _, e := range expected {
		if e.kw == kwNone {
			continue
		}
		want := keywords[e.kw].word
		limit := min(len(want), len(word))/3 + 1
		if d := setting.EditDistance(word, want); d < bestDistance && d < limit+1 && d > 0 && d <= (len(want)+1)/3 {
			best, bestDistance = e.kw, d
		}
	}
	return best
}
