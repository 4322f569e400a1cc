package syntax

// namedWindow takes name AS (window).
func (p *parser) namedWindow() NamedWindow {
	from := p.t.from
	w := NamedWindow{Name: p.ident()}
	p.expectKw(kwAs)
	w.Spec = *p.windowSpec()
	w.Span = p.span(from)
	return w
}

// over takes what stands behind OVER: a window's name or its definition.
func (p *parser) over() *WindowSpec {
	if p.isName() {
		id := p.anyIdent()
		return &WindowSpec{Span: id.Span, Bare: true, Base: &id}
	}
	return p.windowSpec()
}

// windowSpec takes a window's definition in parentheses.
func (p *parser) windowSpec() *WindowSpec {
	from := p.t.from
	p.expect(tokLParen)
	w := &WindowSpec{}
	if p.isName() {
		w.Base = ptr(p.anyIdent())
	}
	if p.acceptKw(kwPartition) {
		p.expectKw(kwBy)
		w.PartitionBy = list(p, (*parser).expr)
	}
	if p.isKw(kwOrder) {
		w.OrderBy = p.orderBy()
	}
	if p.isKw(kwRows) || p.isKw(kwRange) {
		w.Frame = p.frame()
	}
	p.expect(tokRParen)
	w.Span = p.span(from)
	return w
}

// frame takes ROWS or RANGE and the bounds.
func (p *parser) frame() *Frame {
	from := p.t.from
	f := &Frame{Unit: FrameRange}
	if p.t.kw == kwRows {
		f.Unit = FrameRows
	}
	p.next()
	if p.acceptKw(kwBetween) {
		f.Start = p.bound()
		p.expectKw(kwAnd)
		f.Stop = ptr(p.bound())
	} else {
		f.Start = p.bound()
	}
	f.Span = p.span(from)
	return f
}

// bound takes a bound of a frame.
func (p *parser) bound() Bound {
	from := p.t.from
	var b Bound
	switch {
	case p.t.kw == kwCurrent:
		p.expectKws(kwCurrent, kwRow)
		b.Kind = CurrentRow
	case p.t.kw == kwUnbounded && (p.ahead(1, kwPreceding) || p.ahead(1, kwFollowing)):
		p.next()
		if b.Kind = UnboundedPreceding; !p.acceptKw(kwPreceding) {
			p.expectKw(kwFollowing)
			b.Kind = UnboundedFollowing
		}
	default:
		// AND belongs to BETWEEN, so the offset is an operand of more than that.
		b.Offset = p.exprAbove(precAnd + 1)
		if b.Kind = Preceding; !p.acceptKw(kwPreceding) {
			p.expectKw(kwFollowing)
			b.Kind = Following
		}
	}
	b.Span = p.span(from)
	return b
}

// hints takes /*+ hint, hint */.
func (p *parser) hints() []Hint {
	p.checkHintEnd()
	p.expect(tokHint)
	hints := list(p, func(p *parser) Hint {
		from := p.t.from
		h := Hint{Name: p.ident()}
		if p.accept(tokLParen) {
			if !p.is(tokRParen) {
				h.Args = list(p, (*parser).hintArg)
			}
			p.expect(tokRParen)
		}
		h.Span = p.span(from)
		return h
	})
	p.expect(tokHintEnd)
	return hints
}

// checkHintEnd ends the parse if the hint that begins here has no end, before something inside it looks wrong.
func (p *parser) checkHintEnd() {
	for _, t := range p.tokens[p.i:] {
		switch t.kind {
		case tokHintEnd:
			return
		case tokError:
			panic(bailout{p.lexErr})
		}
	}
}

// hintArg takes value or key = value.
func (p *parser) hintArg() HintArg {
	from := p.t.from
	arg := HintArg{Value: p.hintValue()}
	if p.accept(tokEq) {
		arg.Key, arg.Value = arg.Value, p.hintValue()
	}
	arg.Span = p.span(from)
	return arg
}

// hintValue takes a name or a literal.
func (p *parser) hintValue() Expr {
	switch p.t.kind {
	case tokString, tokUnicode:
		return p.stringLiteral()
	case tokInteger:
		return p.integerLiteral()
	}
	p.note(expectation{kind: tokString})
	return ptr(p.columnRef())
}
