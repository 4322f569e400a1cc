package syntax

import (
	"slices"
	"strings"
)

const (
	// maxNesting bounds how deep parentheses, subqueries and the like stand inside each other.
	maxNesting = 3000
	// maxHeight bounds the height of a tree of operators without parentheses, such as a + b + c + ….
	maxHeight = 20000
)

// Parse parses one statement. A semicolon behind it is allowed. The error is an [*Error].
func Parse(src string) (Statement, error) {
	return parseAll(src, func(p *parser) Statement {
		if p.t.kind == tokEOF {
			p.fail(p.t, "there is no statement", "")
		}
		stmt := p.statement()
		p.accept(tokSemicolon)
		if p.t.kind != tokEOF {
			p.fail(p.t, "only one statement is allowed here", "")
		}
		return stmt
	})
}

// ParseScript parses statements separated by semicolons; empty ones are skipped. The error is an [*Error].
func ParseScript(src string) ([]Statement, error) {
	return parseAll(src, func(p *parser) []Statement {
		var stmts []Statement
		for {
			for p.accept(tokSemicolon) {
			}
			if p.t.kind == tokEOF {
				return stmts
			}
			p.first = p.i
			stmts = append(stmts, p.statement())
			if p.t.kind != tokEOF {
				p.expect(tokSemicolon)
			}
		}
	})
}

// ParseExpr parses one expression. The error is an [*Error].
func ParseExpr(src string) (Expr, error) {
	return parseAll(src, func(p *parser) Expr {
		x := p.expr()
		p.expect(tokEOF)
		return x
	})
}

// ParseQuery parses one query. The error is an [*Error].
func ParseQuery(src string) (*Query, error) {
	return parseAll(src, func(p *parser) *Query {
		q := p.query()
		p.expect(tokEOF)
		return q
	})
}

// ParseType parses a type as in CAST and CREATE TABLE. The error is an [*Error].
func ParseType(src string) (*TypeName, error) {
	return parseAll(src, func(p *parser) *TypeName {
		t := p.typeName()
		p.expect(tokEOF)
		return t
	})
}

// bailout carries the first error from where it is found up to parseAll, which is its only reader.
type bailout struct{ err *Error }

func parseAll[T any](src string, parse func(*parser) T) (result T, err error) {
	tokens, lexErr := tokenize(src)
	p := &parser{src: src, tokens: tokens, lexErr: lexErr, star: -1, alias: -1}
	defer func() {
		if r := recover(); r != nil {
			b, ok := r.(bailout)
			if !ok {
				panic(r)
			}
			var none T
			result, err = none, b.err
		}
	}()
	p.seek(0)
	return parse(p), nil
}

// parser is a recursive-descent parser with operator precedence for expressions. Its methods take their part of
// the tokens or end the parse by fail, which does not return.
type parser struct {
	src    string
	tokens []token
	lexErr *Error // the error that the tokError at the end of tokens stands for

	i     int   // index of the current token
	t     token // the current token
	first int   // index of the statement's first token
	end   Pos   // end of the token before the current one

	depth  int // nesting so far
	height int // height of the expression parsed last
	below  int // height of the highest expression inside the one that is being parsed

	star  int // index of the token that begins a select item, where t.* is allowed; -1 if none
	alias int // index of the last alias written without AS; -1 if none

	expected  [40]expectation // what was looked for at the current token, for the error message
	nexpected int
}

// seek makes token i the current one.
func (p *parser) seek(i int) {
	p.i = i
	p.t = p.tokens[i]
	p.nexpected = 0
	if p.t.kind == tokError {
		panic(bailout{p.lexErr})
	}
}

// next makes the following token the current one.
func (p *parser) next() {
	p.end = p.t.to
	p.i++
	p.t = p.tokens[p.i]
	p.nexpected = 0
	if p.t.kind == tokError {
		panic(bailout{p.lexErr})
	}
}

// peek returns the token n behind the current one.
func (p *parser) peek(n int) token {
	return p.tokens[min(p.i+n, len(p.tokens)-1)]
}

// text returns a token's text.
func (p *parser) text(t token) string { return p.src[t.from:t.to] }

// span returns the place from an offset to the end of the token taken last.
func (p *parser) span(from Pos) Span { return Span{from, p.end} }

// is tells whether the current token is of a kind.
func (p *parser) is(kind tokenKind) bool {
	if p.t.kind == kind {
		return true
	}
	p.note(expectation{kind: kind})
	return false
}

// accept takes the current token if it is of a kind.
func (p *parser) accept(kind tokenKind) bool {
	if !p.is(kind) {
		return false
	}
	p.next()
	return true
}

// expect takes a token of a kind or fails.
func (p *parser) expect(kind tokenKind) {
	if !p.is(kind) {
		p.unexpected()
	}
	if kind != tokEOF {
		p.next()
	}
}

// isKw tells whether the current token is a word.
func (p *parser) isKw(kw keyword) bool {
	if p.t.kw == kw {
		return true
	}
	p.note(expectation{kw: kw})
	return false
}

// acceptKw takes the current token if it is a word.
func (p *parser) acceptKw(kw keyword) bool {
	if !p.isKw(kw) {
		return false
	}
	p.next()
	return true
}

// acceptKws takes the coming tokens if they are these words, and none of them otherwise.
func (p *parser) acceptKws(kws ...keyword) bool {
	if !p.isKw(kws[0]) || !p.ahead(1, kws[1:]...) {
		return false
	}
	for range kws {
		p.next()
	}
	return true
}

// ahead tells whether the tokens from n behind the current one on are these words.
func (p *parser) ahead(n int, kws ...keyword) bool {
	for i, kw := range kws {
		if p.peek(n+i).kw != kw {
			return false
		}
	}
	return true
}

// expectKw takes a word or fails.
func (p *parser) expectKw(kw keyword) {
	if !p.isKw(kw) {
		p.unexpected()
	}
	p.next()
}

// expectKws takes words or fails at the first that is something else.
func (p *parser) expectKws(kws ...keyword) {
	for _, kw := range kws {
		p.expectKw(kw)
	}
}

// enter counts a level of nesting; leave takes it back.
func (p *parser) enter() {
	p.depth++
	if p.depth > maxNesting {
		p.fail(p.t, "the nesting is too deep", "split the statement, for example by views")
	}
}

func (p *parser) leave() { p.depth-- }

// isName tells whether the current token can be an identifier.
func (p *parser) isName() bool {
	if p.nameable(p.t) {
		return true
	}
	p.note(expectation{kind: tokWord})
	return false
}

func (p *parser) nameable(t token) bool {
	return t.kind == tokWord && t.flags&isReserved == 0 || t.kind == tokQuoted
}

// ident takes an identifier.
func (p *parser) ident() Ident {
	if !p.isName() {
		p.unexpected()
	}
	return p.anyIdent()
}

// anyIdent takes a word or quoted identifier, reserved or not.
func (p *parser) anyIdent() Ident {
	t := p.t
	p.next()
	if t.kind == tokQuoted {
		return Ident{Span{t.from, t.to}, unquote(p.src[t.from+1:t.to-1], "`"), true}
	}
	return Ident{Span{t.from, t.to}, p.text(t), false}
}

// name takes a dotted name.
func (p *parser) name() Name {
	from := p.t.from
	parts := []Ident{p.ident()}
	for p.t.kind == tokDot {
		p.next()
		parts = append(parts, p.ident())
	}
	return Name{p.span(from), parts}
}

// identList takes (a, b, …).
func (p *parser) identList() []Ident {
	return parenList(p, (*parser).ident)
}

// list takes items separated by commas.
func list[T any](p *parser, item func(*parser) T) []T {
	items := []T{item(p)}
	for p.accept(tokComma) {
		items = append(items, item(p))
	}
	return items
}

// parenList takes one or more items in parentheses.
func parenList[T any](p *parser, item func(*parser) T) []T {
	p.expect(tokLParen)
	items := list(p, item)
	p.expect(tokRParen)
	return items
}

// unquote replaces a doubled quote by one.
func unquote(s, quote string) string {
	if !strings.Contains(s, quote) {
		return s
	}
	return strings.ReplaceAll(s, quote+quote, quote)
}

// ptr returns a pointer to a copy of v.
func ptr[T any](v T) *T { return &v }

// oneOf tells whether a word is among some.
func oneOf(kw keyword, kws ...keyword) bool { return slices.Contains(kws, kw) }
