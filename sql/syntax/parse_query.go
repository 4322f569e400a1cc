package syntax

import "strings"

// query takes a query with WITH, ORDER BY and LIMIT.
func (p *parser) query() *Query {
	p.enter()
	below := p.below
	p.below = 0
	from := p.t.from
	q := &Query{}
	if p.t.kw == kwWith {
		q.With = p.with()
	}
	at := p.t.from
	q.Body = p.setOps(p.queryTerm(), at, 0)
	p.queryTail(q, from)
	p.below = max(below, p.below+1)
	p.leave()
	return simplify(q)
}

// simplify returns the query inside a query that has nothing of its own.
func simplify(q *Query) *Query {
	if inner, ok := unwrap(q).(*Query); ok {
		return inner
	}
	return q
}

// queryFrom goes on with a query whose first term is known; from is the offset of its parenthesis.
func (p *parser) queryFrom(from Pos, first *Query) *Query {
	q := &Query{Body: p.setOps(unwrap(first), from, 0)}
	p.queryTail(q, from)
	return simplify(q)
}

// unwrap returns the body of a query that has nothing but a body, and otherwise the query.
func unwrap(q *Query) QueryBody {
	if len(q.With) == 0 && len(q.OrderBy) == 0 && q.Limit == nil && q.Offset == nil {
		return q.Body
	}
	return q
}

// continuesQuery tells whether a query in parentheses goes on behind them.
func (p *parser) continuesQuery() bool {
	return oneOf(p.t.kw, kwUnion, kwIntersect, kwExcept, kwMinus, kwOrder, kwLimit, kwOffset, kwFetch)
}

// with takes WITH name [(columns)] AS (query), ….
func (p *parser) with() []CTE {
	p.expectKw(kwWith)
	if p.t.kw == kwRecursive {
		p.fail(p.t, "recursive queries are not supported", "")
	}
	return list(p, func(p *parser) CTE {
		from := p.t.from
		c := CTE{Name: p.ident()}
		if p.is(tokLParen) {
			c.Columns = p.identList()
		}
		p.expectKw(kwAs)
		c.Query = p.parenQuery()
		c.Span = p.span(from)
		return c
	})
}

// setOps takes set operations behind a term, which began at from. INTERSECT binds tighter than UNION and EXCEPT.
func (p *parser) setOps(left QueryBody, from Pos, prec int) QueryBody {
	for n := 0; ; n++ {
		var kind SetOpKind
		own := 1
		switch {
		case p.isKw(kwUnion):
		case p.isKw(kwExcept):
			kind = Except
		case p.isKw(kwIntersect):
			kind, own = Intersect, 2
		case p.t.kw == kwMinus:
			p.fail(p.t, "there is no set operation MINUS", "use EXCEPT")
		default:
			own = 0
		}
		if own <= prec {
			p.below += n
			return left
		}
		if p.below+n > maxHeight {
			p.fail(p.t, "the query has too many set operations in a row", "")
		}
		op := p.t.from
		p.next()
		all := p.acceptKw(kwAll)
		if !all {
			p.acceptKw(kwDistinct)
		}
		at := p.t.from
		right := p.setOps(p.queryTerm(), at, own)
		left = &SetOp{p.span(from), kind, all, op, left, right}
	}
}

// queryTerm takes SELECT, VALUES, TABLE t, or a query in parentheses.
func (p *parser) queryTerm() QueryBody {
	switch {
	case p.isKw(kwSelect):
		return p.selectTerm()
	case p.isKw(kwValues):
		return p.values()
	case p.t.kw == kwTable:
		from := p.t.from
		p.next()
		name := p.name()
		return &ExplicitTable{p.span(from), name}
	case p.t.kind == tokLParen:
		return unwrap(p.parenQuery())
	}
	if p.t.kind != tokWord || nearestKeyword(p.text(p.t), p.expectations()) == kwNone {
		p.nexpected = 0
	}
	p.unexpectedFor(wantQuery)
	return nil
}

// values takes VALUES row, row, ….
func (p *parser) values() QueryBody {
	from := p.t.from
	p.expectKw(kwValues)
	v := &Values{}
	v.Rows = list(p, func(p *parser) Row {
		from := p.t.from
		x := p.expr()
		if row, ok := x.(*Row); ok {
			return *row
		}
		return Row{Span: p.span(from), Items: []Expr{x}}
	})
	v.Span = p.span(from)
	return v
}

// queryTail takes ORDER BY, LIMIT, OFFSET and FETCH, and closes the query.
func (p *parser) queryTail(q *Query, from Pos) {
	if p.isKw(kwOrder) {
		q.OrderBy = p.orderBy()
	}
	limit := false
	for {
		switch {
		case !limit && p.acceptKw(kwLimit):
			limit = true
			if !p.acceptKw(kwAll) {
				q.Limit = p.integerLiteral()
			}
		case q.Offset == nil && p.acceptKw(kwOffset):
			q.Offset = p.integerLiteral()
			if !p.acceptKw(kwRows) {
				p.acceptKw(kwRow)
			}
		case !limit && p.acceptKw(kwFetch):
			limit = true
			if !p.acceptKw(kwFirst) {
				p.expectKw(kwNext)
			}
			q.Limit = p.integerLiteral()
			if !p.acceptKw(kwRows) {
				p.expectKw(kwRow)
			}
			p.expectKw(kwOnly)
		default:
			q.Span = p.span(from)
			return
		}
	}
}

// orderBy takes ORDER BY items.
func (p *parser) orderBy() []OrderItem {
	p.expectKws(kwOrder, kwBy)
	return list(p, (*parser).orderItem)
}

// orderItem takes expression [ASC|DESC] [NULLS FIRST|LAST].
func (p *parser) orderItem() OrderItem {
	from := p.t.from
	item := OrderItem{X: p.expr()}
	if !p.acceptKw(kwAsc) {
		item.Desc = p.acceptKw(kwDesc)
	}
	if p.acceptKw(kwNulls) {
		if item.Nulls = NullsFirst; !p.acceptKw(kwFirst) {
			p.expectKw(kwLast)
			item.Nulls = NullsLast
		}
	}
	item.Span = p.span(from)
	return item
}

// selectTerm takes SELECT … up to QUALIFY.
func (p *parser) selectTerm() QueryBody {
	from := p.t.from
	p.expectKw(kwSelect)
	s := &Select{}
	if p.t.kind == tokHint {
		s.Hints = p.hints()
	}
	p.acceptKw(kwStream)
	if s.Distinct = p.acceptKw(kwDistinct); !s.Distinct {
		p.acceptKw(kwAll)
	}
	if p.peek(1).kind == tokInteger && strings.EqualFold(p.text(p.t), "TOP") {
		p.fail(p.t, "there is no SELECT TOP", "write LIMIT "+p.text(p.peek(1))+" at the end of the query")
	}
	s.Items = append(make([]SelectItem, 0, 4), p.selectItem())
	for p.accept(tokComma) {
		s.Items = append(s.Items, p.selectItem())
	}
	if p.acceptKw(kwFrom) {
		s.From = p.fromClause()
		if p.acceptKw(kwWhere) {
			s.Where = p.expr()
		}
		if p.isKw(kwGroup) {
			s.GroupBy = p.groupBy()
		}
		if p.acceptKw(kwHaving) {
			s.Having = p.expr()
		}
		if p.acceptKw(kwWindow) {
			s.Windows = list(p, (*parser).namedWindow)
		}
		if p.acceptKw(kwQualify) {
			s.Qualify = p.expr()
		}
	}
	s.Span = p.span(from)
	return s
}

// selectItem takes *, t.*, or an expression with an alias.
func (p *parser) selectItem() SelectItem {
	t := p.t
	if t.kind == tokStar {
		p.next()
		return SelectItem{Span: Span{t.from, t.to}, X: &Star{Span: Span{t.from, t.to}}}
	}
	p.star = p.i
	x := p.expr()
	p.star = -1
	if _, ok := x.(*Star); ok {
		return SelectItem{Span: p.span(t.from), X: x}
	}
	alias := p.selectAlias()
	return SelectItem{p.span(t.from), x, alias}
}

// selectAlias takes [AS] name, if it is there.
func (p *parser) selectAlias() *Ident {
	if p.acceptKw(kwAs) {
		return ptr(p.ident())
	}
	if !p.nameable(p.t) {
		return nil
	}
	if p.t.kind == tokWord {
		p.alias = p.i
	}
	return ptr(p.anyIdent())
}

// groupBy takes GROUP BY [DISTINCT] items.
func (p *parser) groupBy() *GroupBy {
	from := p.t.from
	p.expectKws(kwGroup, kwBy)
	g := &GroupBy{}
	if g.Distinct = p.acceptKw(kwDistinct); !g.Distinct {
		p.acceptKw(kwAll)
	}
	g.Items = list(p, (*parser).groupItem)
	g.Span = p.span(from)
	return g
}

// groupItem takes an item of GROUP BY or of GROUPING SETS.
func (p *parser) groupItem() GroupItem {
	p.enter()
	from := p.t.from
	g := GroupItem{}
	switch {
	case p.t.kind == tokLParen && p.peek(1).kind == tokRParen:
		p.next()
		p.next()
		g.Kind = GroupEmpty
	case p.ahead(0, kwGrouping, kwSets):
		p.expectKws(kwGrouping, kwSets)
		g.Kind = GroupingSets
		g.Items = parenList(p, (*parser).groupItem)
	case p.acceptKw(kwCube):
		g.Kind = GroupCube
		g.Items = parenList(p, (*parser).groupItem)
	case p.acceptKw(kwRollup):
		g.Kind = GroupRollup
		g.Items = parenList(p, (*parser).groupItem)
	default:
		g.X = p.expr()
	}
	g.Span = p.span(from)
	p.leave()
	return g
}
