package syntax

import "strings"

// primary takes an operand without the operators, subscripts and fields around it.
func (p *parser) primary() Expr {
	switch p.t.kind {
	case tokInteger:
		return p.number(IntegerLiteral)
	case tokDecimal:
		return p.number(DecimalLiteral)
	case tokApprox:
		return p.number(ApproxLiteral)
	case tokString, tokUnicode, tokBinary:
		return p.stringLiteral()
	case tokLParen:
		return p.parenthesized()
	case tokQuoted:
		return p.nameExpr()
	case tokQuestion:
		p.fail(p.t, "parameters are not supported", "write the value itself")
	case tokWord:
		if p.t.kw > kwOther {
			if x := p.wordPrimary(); x != nil {
				return x
			}
		}
		paren := p.peek(1).kind == tokLParen
		switch flags := p.t.flags; {
		case flags&isReserved == 0:
			return p.nameExpr()
		case flags&isFunction != 0 && paren:
			return p.functionCall(p.reservedName())
		case flags&isNiladic != 0:
			name := p.reservedName()
			return &FuncCall{Span: name.Span, Name: name, NoParens: true}
		}
	}
	p.unexpectedFor(wantExpr)
	return nil
}

// number takes a number.
func (p *parser) number(kind LiteralKind) Expr {
	t := p.t
	p.next()
	return &Literal{Span{t.from, t.to}, kind, p.text(t)}
}

// wordLiteral takes a word that is a literal.
func (p *parser) wordLiteral(kind LiteralKind) Expr {
	t := p.t
	p.next()
	return &Literal{Span: Span{t.from, t.to}, Kind: kind}
}

// wordPrimary takes an operand that begins with a word of the grammar, or returns nil if the word is a mere name.
func (p *parser) wordPrimary() Expr {
	second := p.peek(1).kind
	switch p.t.kw {
	case kwNull:
		return p.wordLiteral(NullLiteral)
	case kwTrue:
		return p.wordLiteral(TrueLiteral)
	case kwFalse:
		return p.wordLiteral(FalseLiteral)
	case kwUnknown:
		return p.wordLiteral(UnknownLiteral)
	case kwDate:
		return p.timeLiteral(DateLiteral, second)
	case kwTime:
		return p.timeLiteral(TimeLiteral, second)
	case kwTimestamp:
		return p.timeLiteral(TimestampLiteral, second)
	case kwInterval:
		return p.intervalExpr()
	case kwCase:
		return p.caseExpr()
	case kwCast, kwTryCast:
		return p.cast()
	case kwExists:
		from := p.t.from
		p.next()
		q := p.parenQuery()
		return &Exists{p.span(from), q}
	case kwRow:
		from := p.t.from
		p.next()
		items := parenList(p, (*parser).expr)
		return &Row{p.span(from), items, true}
	case kwArray:
		return p.collection(Array)
	case kwMultiset:
		return p.collection(Multiset)
	case kwMap:
		if second == tokLBracket || second == tokLParen && p.queryAhead(2) {
			return p.collection(Map)
		}
	case kwFinal, kwRunning:
		if t := p.peek(1); (p.nameable(t) || t.flags&isFunction != 0) && p.peek(2).kind == tokLParen {
			op := OpFinal
			if p.t.kw == kwRunning {
				op = OpRunning
			}
			from := p.t.from
			p.next()
			at := p.t.from
			x := p.postfix(p.primary(), at)
			return &Unary{p.span(from), op, x}
		}
	}
	if second == tokLParen {
		return p.specialCall()
	}
	return nil
}

// timeLiteral takes DATE 'text' and its kin; second is the kind of the token behind the word.
func (p *parser) timeLiteral(kind LiteralKind, second tokenKind) Expr {
	if second != tokString && second != tokUnicode {
		return nil
	}
	from := p.t.from
	p.next()
	text := p.stringText()
	return &Literal{p.span(from), kind, text}
}

// stringLiteral takes a string, which may go on in further strings on the following lines.
func (p *parser) stringLiteral() *Literal {
	from := p.t.from
	if p.t.kind == tokBinary {
		return p.binaryLiteral()
	}
	text := p.stringText()
	return &Literal{p.span(from), StringLiteral, text}
}

// binaryLiteral takes X'hex digits', which may go on in further strings on the following lines.
func (p *parser) binaryLiteral() *Literal {
	from := p.t.from
	var digits strings.Builder
	for first := true; first || p.t.kind == tokString && p.onNewLine(); first = false {
		text := p.text(p.t)
		quote := strings.IndexByte(text, '\'')
		text = text[quote+1 : len(text)-1]
		for i := range len(text) {
			if c := text[i] | 0x20; (c < 'a' || c > 'f') && (text[i] < '0' || text[i] > '9') {
				at := p.t.from + Pos(quote+1+i)
				p.failSpan(Span{at, at + 1}, "a binary string has only the digits 0-9 and A-F", "")
			}
		}
		digits.WriteString(text)
		p.next()
	}
	if digits.Len()%2 != 0 {
		p.failSpan(p.span(from), "a binary string has an even number of digits, two for each byte", "")
	}
	return &Literal{p.span(from), BinaryLiteral, digits.String()}
}

// onNewLine tells whether a line ends between the token taken last and the current one.
func (p *parser) onNewLine() bool {
	return strings.ContainsAny(p.src[p.end:p.t.from], "\n\r")
}

// stringText takes a string and returns what it says.
func (p *parser) stringText() string {
	text := p.oneString()
	if p.t.kind != tokString || !p.onNewLine() {
		return text
	}
	var b strings.Builder
	b.WriteString(text)
	for p.t.kind == tokString && p.onNewLine() {
		b.WriteString(p.oneString())
	}
	return b.String()
}

func (p *parser) oneString() string {
	t := p.t
	if t.kind == tokUnicode {
		return p.unicodeString()
	}
	if !p.is(tokString) {
		p.unexpected()
	}
	p.next()
	text := p.text(t)
	return unquote(text[strings.IndexByte(text, '\'')+1:len(text)-1], "'")
}

// textLiteral takes a string where nothing else may stand.
func (p *parser) textLiteral() Literal {
	if p.t.kind != tokUnicode && !p.is(tokString) {
		p.unexpected()
	}
	return *p.stringLiteral()
}

// startsQuery tells whether a query begins here, without a parenthesis.
func (p *parser) startsQuery() bool { return p.queryWord(p.t) }

func (p *parser) queryWord(t token) bool {
	return t.kw == kwSelect || t.kw == kwValues || t.kw == kwWith || t.kw == kwTable
}

// queryAhead tells whether a query begins n tokens behind the current one, perhaps in further parentheses.
func (p *parser) queryAhead(n int) bool {
	for p.peek(n).kind == tokLParen {
		n++
	}
	return p.queryWord(p.peek(n))
}

// parenthesized takes what begins with a parenthesis: an expression, a row, a query.
func (p *parser) parenthesized() Expr {
	from := p.t.from
	p.next()
	if p.startsQuery() {
		q := p.query()
		p.expect(tokRParen)
		return &Subquery{p.span(from), q}
	}
	if p.t.kind == tokRParen {
		p.unexpectedFor(wantExpr)
	}
	at := p.t.from
	x := p.expr()
	if sub, ok := x.(*Subquery); ok && p.continuesQuery() {
		q := p.queryFrom(at, sub.Query)
		p.expect(tokRParen)
		return &Subquery{p.span(from), q}
	}
	if p.is(tokComma) {
		items := []Expr{x}
		for p.accept(tokComma) {
			items = append(items, p.expr())
		}
		p.expect(tokRParen)
		return &Row{p.span(from), items, false}
	}
	p.expect(tokRParen)
	if minus, ok := x.(*Binary); ok && minus.Op == OpSub && oneOf(p.t.kw, kwYear, kwMonth, kwDay, kwHour, kwMinute, kwSecond) {
		units := p.intervalUnits()
		return &DateMinus{p.span(from), minus.L, minus.R, units}
	}
	return x
}

// parenQuery takes a query in parentheses.
func (p *parser) parenQuery() *Query {
	p.expect(tokLParen)
	q := p.query()
	p.expect(tokRParen)
	return q
}

// nameExpr takes a name: a column, a column's field, t.*, or the function of a call.
func (p *parser) nameExpr() Expr {
	from := p.t.from
	starAllowed := p.star == p.i
	first := p.anyIdent()
	if p.t.kind == tokLParen {
		return p.functionCall(Name{first.Span, []Ident{first}})
	}
	if p.t.kind != tokDot {
		return &ColumnRef{first.Span, []Ident{first}}
	}
	parts := append(make([]Ident, 0, 2), first)
	for p.t.kind == tokDot {
		p.next()
		if p.t.kind == tokStar {
			if !starAllowed {
				p.fail(p.t, "* is allowed as an item of a select list only", "")
			}
			p.next()
			return &Star{p.span(from), parts}
		}
		parts = append(parts, p.ident())
	}
	if p.t.kind == tokLParen {
		return p.functionCall(Name{p.span(from), parts})
	}
	return &ColumnRef{p.span(from), parts}
}

// reservedName takes a reserved word as the name of a function.
func (p *parser) reservedName() Name {
	id := p.anyIdent()
	return Name{id.Span, []Ident{id}}
}

// caseExpr takes CASE … END.
func (p *parser) caseExpr() Expr {
	from := p.t.from
	p.next()
	c := &Case{}
	if !p.isKw(kwWhen) {
		if p.t.kw == kwEnd || p.t.kw == kwElse {
			p.unexpectedFor(wantExpr)
		}
		c.Operand = p.expr()
	}
	for p.isKw(kwWhen) {
		when := p.t.from
		p.next()
		var conds []Expr
		if c.Operand != nil {
			conds = list(p, (*parser).expr)
		} else {
			conds = []Expr{p.expr()}
		}
		p.expectKw(kwThen)
		then := p.expr()
		c.Whens = append(c.Whens, When{p.span(when), conds, then})
	}
	if len(c.Whens) == 0 {
		p.unexpected()
	}
	if p.acceptKw(kwElse) {
		c.Else = p.expr()
	}
	p.expectKw(kwEnd)
	c.Span = p.span(from)
	return c
}

// cast takes CAST(x AS type) or TRY_CAST.
func (p *parser) cast() Expr {
	from := p.t.from
	try := p.t.kw == kwTryCast
	p.next()
	p.expect(tokLParen)
	x := p.expr()
	p.expectKw(kwAs)
	typ := p.typeName()
	if typ.Null != NullUnset {
		p.failSpan(typ.Span, "the type of a cast is written without NULL and NOT NULL", "a cast of a value that is NOT NULL is NOT NULL itself")
	}
	p.expect(tokRParen)
	return &Cast{p.span(from), x, typ, try}
}

// collection takes ARRAY[…], MAP[…], MULTISET[…], or such a word with a query in parentheses.
func (p *parser) collection(kind CollectionKind) Expr {
	from := p.t.from
	p.next()
	c := &Collection{Kind: kind}
	if p.is(tokLParen) {
		if !p.queryAhead(1) {
			p.fail(p.t, "the parentheses of "+collectionNames[kind]+" hold a query", "items stand in brackets: "+collectionNames[kind]+"[…]")
		}
		c.Query = p.parenQuery()
		c.Span = p.span(from)
		return c
	}
	p.expect(tokLBracket)
	if p.t.kind != tokRBracket {
		c.Items = list(p, (*parser).expr)
	}
	p.expect(tokRBracket)
	c.Span = p.span(from)
	if kind == Map && len(c.Items)%2 != 0 {
		p.failSpan(c.Span, "MAP needs keys and values in turn, so an even number of items", "write MAP['key', value, …]")
	}
	return c
}
