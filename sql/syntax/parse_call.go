package syntax

import "strings"

// functionCall takes the parentheses behind a function's name and what belongs to the call.
func (p *parser) functionCall(name Name) Expr {
	c := &FuncCall{Name: name}
	p.expect(tokLParen)
	switch {
	case p.t.kind == tokStar && p.peek(1).kind == tokRParen:
		star := p.t
		p.next()
		c.Args = []Expr{&Star{Span: Span{star.from, star.to}}}
	case p.t.kind != tokRParen:
		switch {
		case p.acceptKw(kwDistinct):
			c.Quantifier = DistinctQuantifier
		case p.acceptKw(kwAll):
			c.Quantifier = AllQuantifier
		}
		c.Args = append(make([]Expr, 0, 4), p.firstArg(name))
		for p.accept(tokComma) {
			c.Args = append(c.Args, p.arg())
		}
		if p.isKw(kwOrder) {
			c.OrderBy = p.orderBy()
		}
	}
	p.expect(tokRParen)
	return p.callSuffix(c)
}

// firstArg takes a call's first argument, which for TIMESTAMPADD and TIMESTAMPDIFF is a unit of time.
func (p *parser) firstArg(name Name) Expr {
	if len(name.Parts) == 1 && !name.Parts[0].Quoted && p.t.kind == tokWord && p.peek(1).kind == tokComma {
		switch strings.ToUpper(name.Parts[0].Name) {
		case "TIMESTAMPADD", "TIMESTAMPDIFF":
			return p.timeUnit()
		}
	}
	return p.arg()
}

// timeUnit takes any word as a unit of time.
func (p *parser) timeUnit() Expr {
	if p.t.kind != tokWord {
		p.unexpectedFor(wantUnit)
	}
	t := p.t
	p.next()
	return &TimeUnit{Span{t.from, t.to}, strings.ToUpper(p.text(t))}
}

// arg takes an argument of a function.
func (p *parser) arg() Expr {
	p.enter()
	defer p.leave()
	from := p.t.from
	second := p.peek(1)
	if second.kind == tokArrow && (p.t.kind == tokWord || p.t.kind == tokQuoted) {
		name := p.anyIdent()
		p.next()
		value := p.arg()
		return &NamedArg{p.span(from), name, value}
	}
	switch p.t.kw {
	case kwTable:
		p.next()
		if p.t.kind == tokLParen {
			p.fail(p.t, "TABLE is followed by the name of a table or view", "give the query a name by WITH or CREATE VIEW")
		}
		name := p.name()
		return p.tableArg(&TableArg{Name: &name}, from)
	case kwModel:
		if p.nameable(second) {
			p.next()
			name := p.name()
			return &ModelArg{p.span(from), name}
		}
	case kwDescriptor:
		if second.kind == tokLParen {
			p.next()
			columns := parenList(p, (*parser).columnRef)
			return &Descriptor{p.span(from), columns}
		}
	case kwDefault:
		p.next()
		return &DefaultArg{p.span(from)}
	case kwSelect, kwValues, kwWith:
		q := p.query()
		return &Subquery{q.Span, q}
	}
	x := p.expr()
	if sub, ok := x.(*Subquery); ok {
		switch {
		case p.t.kw == kwPartition:
			return p.tableArg(&TableArg{Query: sub.Query}, from)
		case p.t.kw != kwOrder && p.continuesQuery():
			q := p.queryFrom(from, sub.Query)
			return &Subquery{q.Span, q}
		}
	}
	return x
}

// columnRef takes a column's name.
func (p *parser) columnRef() ColumnRef {
	n := p.name()
	return ColumnRef(n)
}

// tableArg takes the PARTITION BY and ORDER BY behind a table argument. Since a comma separates arguments, several
// columns stand in parentheses.
func (p *parser) tableArg(arg *TableArg, from Pos) Expr {
	if p.acceptKw(kwPartition) {
		p.expectKw(kwBy)
		arg.PartitionBy = p.partitionBy()
	}
	if p.isKw(kwOrder) {
		p.expectKws(kwOrder, kwBy)
		if p.t.kind == tokLParen {
			arg.OrderBy = parenList(p, (*parser).orderItem)
		} else {
			arg.OrderBy = []OrderItem{p.orderItem()}
		}
	}
	arg.Span = p.span(from)
	return arg
}

// partitionBy takes the expressions behind a table argument's PARTITION BY.
func (p *parser) partitionBy() []Expr {
	x := p.expr()
	if row, ok := x.(*Row); ok && !row.Explicit {
		return row.Items
	}
	return []Expr{x}
}

// callSuffix takes what may follow the parentheses of a call.
func (p *parser) callSuffix(c *FuncCall) Expr {
	if p.t.kind == tokWord && p.t.kw > kwOther {
		switch {
		case p.ahead(0, kwRespect, kwNulls):
			c.Nulls = RespectNulls
			p.expectKws(kwRespect, kwNulls)
		case p.ahead(0, kwIgnore, kwNulls):
			c.Nulls = IgnoreNulls
			p.expectKws(kwIgnore, kwNulls)
		}
		if p.t.kw == kwWithin && p.peek(1).kw == kwGroup {
			p.expectKws(kwWithin, kwGroup)
			p.expect(tokLParen)
			c.Within = p.orderBy()
			p.expect(tokRParen)
		}
		if p.t.kw == kwFilter {
			p.next()
			p.expect(tokLParen)
			p.expectKw(kwWhere)
			c.Filter = p.expr()
			p.expect(tokRParen)
		}
		if p.t.kw == kwOver {
			p.next()
			c.Over = p.over()
		}
	}
	c.Span = p.span(c.Name.From)
	return c
}

// specialCall takes a call whose arguments have words between them. It returns nil if the word is no such function,
// or this call has the ordinary form.
func (p *parser) specialCall() Expr {
	switch p.t.kw {
	case kwExtract:
		return p.special(func(c *FuncCall) {
			unit := p.timeUnit()
			p.expectKw(kwFrom)
			c.Args = []Expr{unit, p.expr()}
		})
	case kwSubstring:
		return p.special(p.substring)
	case kwPosition:
		return p.special(func(c *FuncCall) {
			c.Args = []Expr{p.exprAbove(precBetween + 1)}
			p.expectKw(kwIn)
			c.Args = append(c.Args, p.expr())
			if p.acceptKw(kwFrom) {
				c.Args = append(c.Args, p.expr())
			}
		})
	case kwOverlay:
		return p.special(func(c *FuncCall) {
			c.Args = []Expr{p.expr()}
			p.expectKw(kwPlacing)
			c.Args = append(c.Args, p.expr())
			p.expectKw(kwFrom)
			c.Args = append(c.Args, p.expr())
			if p.acceptKw(kwFor) {
				c.Args = append(c.Args, p.expr())
			}
		})
	case kwTrim:
		return p.special(p.trim)
	case kwFloor, kwCeil:
		return p.special(func(c *FuncCall) {
			c.Args = []Expr{p.expr()}
			if c.Special = p.acceptKw(kwTo); c.Special {
				c.Args = append(c.Args, p.timeUnit())
			}
		})
	case kwJsonObject:
		return p.special(p.jsonObject)
	case kwJsonArray:
		return p.special(p.jsonArray)
	case kwJsonObjectagg:
		return p.special(func(c *FuncCall) {
			p.jsonPair(c)
			p.jsonNulls(c)
		})
	case kwJsonArrayagg:
		return p.special(func(c *FuncCall) {
			c.Args = []Expr{p.expr()}
			if p.isKw(kwOrder) {
				c.OrderBy = p.orderBy()
			}
			p.jsonNulls(c)
		})
	case kwJsonExists, kwJsonValue, kwJsonQuery:
		return p.jsonPathCall()
	}
	return nil
}

// special takes a call of special form whose arguments are taken by args.
func (p *parser) special(args func(*FuncCall)) Expr {
	c := &FuncCall{Name: p.reservedName(), Special: true}
	p.expect(tokLParen)
	args(c)
	p.expect(tokRParen)
	return p.callSuffix(c)
}

// substring takes the arguments of SUBSTRING, in either form.
func (p *parser) substring(c *FuncCall) {
	c.Args = []Expr{p.expr()}
	if c.Special = p.acceptKw(kwFrom); !c.Special {
		p.expect(tokComma)
	}
	c.Args = append(c.Args, p.expr())
	if c.Special {
		if p.acceptKw(kwFor) {
			c.Args = append(c.Args, p.expr())
		}
	} else if p.accept(tokComma) {
		c.Args = append(c.Args, p.expr())
	}
}

// trim takes the arguments of TRIM, in any form.
func (p *parser) trim(c *FuncCall) {
	side := true
	switch {
	case p.acceptKw(kwBoth):
	case p.acceptKw(kwLeading):
		c.Trim = TrimLeading
	case p.acceptKw(kwTrailing):
		c.Trim = TrimTrailing
	default:
		side = false
	}
	var chars Expr
	if !side || p.t.kw != kwFrom {
		chars = p.expr()
	}
	if !side && !p.isKw(kwFrom) {
		c.Special = false
		c.Args = []Expr{chars}
		return
	}
	p.expectKw(kwFrom)
	c.Args = []Expr{p.expr()}
	if chars != nil {
		c.Args = append(c.Args, chars)
	}
}
