package syntax

// matchRecognize takes MATCH_RECOGNIZE ( … ) behind a table, which began at from.
func (p *parser) matchRecognize(input TableRef, from Pos) TableRef {
	m := &MatchRecognize{Input: input}
	p.expectKw(kwMatchRecognize)
	p.expect(tokLParen)
	if p.acceptKw(kwPartition) {
		p.expectKw(kwBy)
		m.PartitionBy = list(p, (*parser).expr)
	}
	if p.isKw(kwOrder) {
		m.OrderBy = p.orderBy()
	}
	if p.acceptKw(kwMeasures) {
		m.Measures = list(p, func(p *parser) SelectItem {
			from := p.t.from
			x := p.expr()
			p.expectKw(kwAs)
			alias := p.ident()
			return SelectItem{p.span(from), x, &alias}
		})
	}
	switch {
	case p.isKw(kwOne):
		p.expectKws(kwOne, kwRow, kwPer, kwMatch)
	case p.isKw(kwAll):
		p.expectKws(kwAll, kwRows, kwPer, kwMatch)
		m.AllRows = true
	}
	if p.isKw(kwAfter) {
		m.After = p.matchSkip()
	}
	p.expectKw(kwPattern)
	p.expect(tokLParen)
	m.AtStart = p.accept(tokCaret)
	m.Pattern = p.pattern()
	m.AtEnd = p.accept(tokDollar)
	p.expect(tokRParen)
	if p.acceptKw(kwWithin) {
		m.Within = p.expr()
	}
	if p.acceptKw(kwSubset) {
		m.Subsets = list(p, func(p *parser) MatchSubset {
			from := p.t.from
			name := p.ident()
			p.expect(tokEq)
			variables := p.identList()
			return MatchSubset{p.span(from), name, variables}
		})
	}
	p.expectKw(kwDefine)
	m.Define = list(p, func(p *parser) MatchDefine {
		from := p.t.from
		variable := p.ident()
		p.expectKw(kwAs)
		cond := p.expr()
		return MatchDefine{p.span(from), variable, cond}
	})
	p.expect(tokRParen)
	m.Span = p.span(from)
	return m
}

// matchSkip takes AFTER MATCH SKIP ….
func (p *parser) matchSkip() *MatchSkip {
	from := p.t.from
	p.expectKws(kwAfter, kwMatch, kwSkip)
	s := &MatchSkip{}
	if p.acceptKw(kwPast) {
		p.expectKws(kwLast, kwRow)
		s.Kind = SkipPastLastRow
	} else {
		p.expectKw(kwTo)
		switch {
		case p.t.kw == kwNext:
			p.expectKws(kwNext, kwRow)
			s.Kind = SkipToNextRow
		case p.t.kw == kwFirst && p.nameable(p.peek(1)):
			p.next()
			s.Kind, s.Variable = SkipToFirst, p.ident()
		default:
			if p.t.kw == kwLast && p.nameable(p.peek(1)) {
				p.next()
			}
			p.isKw(kwNext)
			s.Kind, s.Variable = SkipToLast, p.ident()
		}
	}
	s.Span = p.span(from)
	return s
}

// pattern takes alternatives separated by bars.
func (p *parser) pattern() Pattern {
	p.enter()
	from := p.t.from
	first := p.patternSequence()
	if p.is(tokBar) {
		items := []Pattern{first}
		for p.accept(tokBar) {
			items = append(items, p.patternSequence())
		}
		first = Pattern{Span: p.span(from), Kind: PatternAlternation, Items: items, Min: 1, Max: 1}
	}
	p.leave()
	return first
}

// patternSequence takes patterns one after the other.
func (p *parser) patternSequence() Pattern {
	from := p.t.from
	items := []Pattern{p.patternFactor()}
	for p.isName() || p.t.kind == tokLParen || p.t.kw == kwPermute || p.t.kind == tokLBrace {
		items = append(items, p.patternFactor())
	}
	if len(items) == 1 {
		return items[0]
	}
	return Pattern{Span: p.span(from), Kind: PatternSequence, Items: items, Min: 1, Max: 1}
}

// patternFactor takes a variable, a group, an exclusion or a permutation, with its quantifier.
func (p *parser) patternFactor() Pattern {
	from := p.t.from
	var f Pattern
	switch {
	case p.accept(tokLParen):
		f = p.pattern()
		p.expect(tokRParen)
	case p.acceptKw(kwPermute):
		f = Pattern{Kind: PatternPermute, Items: parenList(p, (*parser).pattern)}
	case p.accept(tokLBrace):
		p.expect(tokMinus)
		f = Pattern{Kind: PatternExclude, Items: []Pattern{p.pattern()}}
		p.expect(tokMinus)
		p.expect(tokRBrace)
	default:
		f = Pattern{Kind: PatternVariable, Variable: p.ident()}
	}
	f.Span = p.span(from)
	lo, hi, quantified := p.quantifier()
	if !quantified {
		if !f.Quantified {
			f.Min, f.Max = 1, 1
		}
		return f
	}
	if f.Quantified { // a group that is only a quantified pattern
		f = Pattern{Kind: PatternSequence, Items: []Pattern{f}}
	}
	f.Min, f.Max, f.Quantified = lo, hi, true
	f.Reluctant = p.accept(tokQuestion)
	f.Span = p.span(from)
	return f
}

// quantifier takes *, +, ?, {n}, {n,}, {,m} or {n,m}.
func (p *parser) quantifier() (lo, hi int, ok bool) {
	switch {
	case p.accept(tokStar):
		return 0, -1, true
	case p.accept(tokPlus):
		return 1, -1, true
	case p.accept(tokQuestion):
		return 0, 1, true
	case p.t.kind == tokLBrace && p.peek(1).kind != tokMinus:
		p.next()
		hi = -1
		if p.t.kind == tokComma {
			p.next()
			hi = p.smallInt()
		} else {
			lo = p.smallInt()
			if !p.accept(tokComma) {
				hi = lo
			} else if p.t.kind == tokInteger {
				hi = p.smallInt()
			}
		}
		p.expect(tokRBrace)
		return lo, hi, true
	}
	return 0, 0, false
}
