package syntax

// fromClause takes the tables behind FROM. A comma binds weaker than a join.
func (p *parser) fromClause() TableRef {
	from := p.t.from
	left := p.joined()
	for n := 0; ; n++ {
		if !p.is(tokComma) {
			p.below += n
			return left
		}
		if p.below+n > maxHeight {
			p.fail(p.t, "the FROM clause has too many tables", "")
		}
		op := p.t.from
		p.next()
		right := p.joined()
		left = &Join{Span: p.span(from), Kind: CommaJoin, OpPos: op, L: left, R: right}
	}
}

// joined takes a table with the joins behind it.
func (p *parser) joined() TableRef {
	from := p.t.from
	return p.joins(p.tablePrimary(), from)
}

// joins takes the joins behind a table, which began at from.
func (p *parser) joins(left TableRef, from Pos) TableRef {
	p.enter()
	for n := 0; ; n++ {
		kind, natural, ok := p.joinOp()
		if !ok {
			p.below += n
			p.leave()
			return left
		}
		if p.below+n > maxHeight {
			p.fail(p.t, "the FROM clause has too many joins", "")
		}
		op := p.t.from
		for p.t.kw != kwJoin {
			p.next()
		}
		p.next()
		j := &Join{Kind: kind, Natural: natural, OpPos: op, L: left}
		at := p.t.from
		j.R = p.tablePrimary()
		if kind != CrossJoin && !natural && !p.atJoinCondition() {
			// A join without condition, or the condition stands behind further joins: a JOIN b JOIN c ON … ON …
			if _, _, ok := p.joinOp(); ok {
				j.R = p.joins(j.R, at)
			}
		}
		switch {
		case p.acceptKw(kwOn):
			j.On = p.expr()
		case p.acceptKw(kwUsing):
			j.Using = p.identList()
		}
		j.Span = p.span(from)
		left = j
	}
}

// atJoinCondition tells whether ON or USING is next.
func (p *parser) atJoinCondition() bool { return p.isKw(kwOn) || p.isKw(kwUsing) }

// joinOp looks for a join operator without taking it.
func (p *parser) joinOp() (kind JoinKind, natural, ok bool) {
	n := 0
	if natural = p.isKw(kwNatural); natural {
		n = 1
	}
	switch p.peek(n).kw {
	case kwInner:
		n++
	case kwLeft:
		kind = LeftJoin
		n++
	case kwRight:
		kind = RightJoin
		n++
	case kwFull:
		kind = FullJoin
		n++
	case kwCross:
		kind = CrossJoin
		n++
	}
	if kind != InnerJoin && kind != CrossJoin && p.peek(n).kw == kwOuter {
		n++
	}
	if p.peek(n).kw != kwJoin {
		if n > 0 {
			for range n {
				p.next()
			}
			p.expectKw(kwJoin)
		}
		p.isKw(kwJoin)
		return 0, false, false
	}
	return kind, natural, true
}

// tablePrimary takes one item of FROM with its alias.
func (p *parser) tablePrimary() TableRef {
	p.enter()
	from := p.t.from
	lateral := p.acceptKw(kwLateral)
	var ref TableRef
	switch {
	case p.isKw(kwUnnest):
		ref = p.unnest(from, lateral)
	case p.t.kind == tokLParen:
		ref = p.parenTable(from, lateral)
	case p.isKw(kwTable):
		p.next()
		p.expect(tokLParen)
		call := p.tableCall()
		p.expect(tokRParen)
		ref = &TableFunc{Span: p.span(from), Lateral: lateral, Wrapped: true, Call: call}
	default:
		ref = p.namedTable(from, lateral)
	}
	if p.t.kw == kwMatchRecognize {
		ref = p.matchRecognize(ref, from)
	}
	if oneOf(p.t.kw, kwPivot, kwUnpivot, kwTablesample) {
		p.fail(p.t, keywords[p.t.kw].word+" is not supported", "")
	}
	p.setAlias(ref, from)
	if p.t.kw == kwTablesample {
		p.fail(p.t, "TABLESAMPLE is not supported", "")
	}
	p.leave()
	return ref
}

// tableCall takes the call of a table function.
func (p *parser) tableCall() *FuncCall {
	var name Name
	if p.t.kind == tokWord && p.t.flags&isFunction != 0 || p.t.kw == kwSavepoint {
		name = p.reservedName()
	} else {
		name = p.name()
	}
	if !p.is(tokLParen) {
		p.unexpected()
	}
	return p.functionCall(name).(*FuncCall)
}

// namedTable takes a table's name with hints and point in time, or the call of a table function.
func (p *parser) namedTable(from Pos, lateral bool) TableRef {
	var name Name
	if p.t.kw == kwSavepoint && p.peek(1).kind == tokLParen {
		name = p.reservedName()
	} else {
		name = p.name()
	}
	if p.t.kind == tokLParen {
		call := p.functionCall(name).(*FuncCall)
		return &TableFunc{Span: p.span(from), Lateral: lateral, Call: call}
	}
	if lateral {
		p.failSpan(name.Span, "LATERAL stands before a query, UNNEST or a table function", "")
	}
	t := &TableName{Name: name}
	if p.t.kind == tokHint {
		t.Hints = p.hints()
	}
	if p.t.kw == kwFor {
		p.expectKws(kwFor, kwSystemTime, kwAs, kwOf)
		t.SystemTime = p.expr()
	}
	t.Span = p.span(from)
	return t
}

// unnest takes UNNEST(x, …) [WITH ORDINALITY].
func (p *parser) unnest(from Pos, lateral bool) TableRef {
	p.next()
	u := &Unnest{Lateral: lateral}
	u.Args = parenList(p, (*parser).expr)
	if p.t.kw == kwWith {
		p.expectKws(kwWith, kwOrdinality)
		u.Ordinality = true
	}
	u.Span = p.span(from)
	return u
}

// parenTable takes a query in parentheses, or a join in parentheses.
func (p *parser) parenTable(from Pos, lateral bool) TableRef {
	open := p.t
	p.next()
	if p.startsQuery() && (p.t.kw != kwTable || p.peek(1).kind != tokLParen) {
		q := p.query()
		p.expect(tokRParen)
		return &DerivedTable{Span: p.span(from), Lateral: lateral, Query: q}
	}
	at := p.t.from
	ref := p.fromClause()
	if d, ok := ref.(*DerivedTable); ok && d.Alias == nil && !d.Lateral {
		// The parentheses of a query: ((SELECT …) UNION (SELECT …)).
		q := d.Query
		if p.continuesQuery() {
			q = p.queryFrom(at, q)
		}
		p.expect(tokRParen)
		return &DerivedTable{Span: p.span(from), Lateral: lateral, Query: q}
	}
	p.expect(tokRParen)
	if lateral {
		p.fail(open, "LATERAL stands before a query, UNNEST or a table function", "")
	}
	return ref
}

// setAlias takes [AS] name [(columns)] and stores it in ref, whose place then reaches to the alias's end.
func (p *parser) setAlias(ref TableRef, from Pos) {
	at := p.t
	name := p.selectAlias()
	if name == nil {
		return
	}
	alias := &TableAlias{Name: *name}
	if p.is(tokLParen) {
		alias.Columns = p.identList()
	}
	alias.Span = p.span(at.from)
	slot, span := aliasOf(ref)
	if slot == nil || *slot != nil {
		p.failSpan(alias.Span, "a join, or a table in parentheses that has an alias, cannot get another alias", "")
	}
	*slot, *span = alias, p.span(from)
}

// aliasOf returns where a table keeps its alias and its place; nil for a join.
func aliasOf(ref TableRef) (**TableAlias, *Span) {
	switch r := ref.(type) {
	case *TableName:
		return &r.Alias, &r.Span
	case *TableFunc:
		return &r.Alias, &r.Span
	case *Unnest:
		return &r.Alias, &r.Span
	case *DerivedTable:
		return &r.Alias, &r.Span
	case *MatchRecognize:
		return &r.Alias, &r.Span
	}
	return nil, nil
}
