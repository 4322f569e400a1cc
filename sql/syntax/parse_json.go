package syntax

// jsonPair takes [KEY] key VALUE value.
func (p *parser) jsonPair(c *FuncCall) {
	if p.t.kw == kwKey && p.peek(1).kw != kwValue && p.peek(1).kind != tokColon {
		p.next()
	}
	key := p.expr()
	if !p.accept(tokColon) {
		p.expectKw(kwValue)
	}
	c.Args = append(c.Args, key, p.expr())
}

// jsonNulls takes [NULL ON NULL | ABSENT ON NULL].
func (p *parser) jsonNulls(c *FuncCall) {
	switch {
	case p.acceptKws(kwNull, kwOn, kwNull):
		c.JSONNulls = JSONNullOnNull
	case p.acceptKws(kwAbsent, kwOn, kwNull):
		c.JSONNulls = JSONAbsentOnNull
	}
}

// atJSONNulls tells whether a clause for NULLs begins here.
func (p *parser) atJSONNulls() bool {
	return p.ahead(0, kwNull, kwOn, kwNull) || p.ahead(0, kwAbsent, kwOn, kwNull)
}

// jsonObject takes the arguments of JSON_OBJECT.
func (p *parser) jsonObject(c *FuncCall) {
	if p.t.kind != tokRParen && !p.atJSONNulls() {
		p.jsonPair(c)
		for p.accept(tokComma) {
			p.jsonPair(c)
		}
	}
	p.jsonNulls(c)
}

// jsonArray takes the arguments of JSON_ARRAY.
func (p *parser) jsonArray(c *FuncCall) {
	if p.t.kind != tokRParen && !p.atJSONNulls() {
		c.Args = list(p, (*parser).expr)
	}
	p.jsonNulls(c)
}

// jsonPathCall takes a call of JSON_EXISTS, JSON_VALUE or JSON_QUERY.
func (p *parser) jsonPathCall() Expr {
	c := &JSONPathCall{}
	from := p.t.from
	switch p.t.kw {
	case kwJsonExists:
		c.Func = JSONExists
	case kwJsonValue:
		c.Func = JSONValue
	case kwJsonQuery:
		c.Func = JSONQuery
	}
	p.next()
	p.expect(tokLParen)
	c.X = p.expr()
	p.expect(tokComma)
	c.Path = p.expr()
	if c.Func != JSONExists && p.acceptKw(kwReturning) {
		c.Returning = p.suffixedType(false)
	}
	if c.Func == JSONQuery {
		c.Wrapper = p.jsonWrapper()
	}
	for !p.is(tokRParen) {
		p.jsonClause(c)
	}
	p.next()
	c.Span = p.span(from)
	return c
}

// jsonWrapper takes the WRAPPER clause of JSON_QUERY, if there is one.
func (p *parser) jsonWrapper() JSONWrapper {
	wrapper := JSONWrapperUnset
	switch {
	case p.acceptKw(kwWithout):
		wrapper = JSONWithoutWrapper
	case p.acceptKw(kwWith):
		wrapper = JSONWithWrapper
		if p.acceptKw(kwConditional) {
			wrapper = JSONWithConditionalWrapper
		} else {
			p.acceptKw(kwUnconditional)
		}
	default:
		return wrapper
	}
	p.acceptKw(kwArray)
	p.expectKw(kwWrapper)
	return wrapper
}

// jsonClause takes a behaviour ON EMPTY or ON ERROR and stores it.
func (p *parser) jsonClause(c *JSONPathCall) {
	from := p.t
	var cl JSONClause
	switch {
	case p.acceptKw(kwError):
		cl.Behavior = JSONBehaviorError
	case c.Func == JSONExists && p.acceptKw(kwTrue):
		cl.Behavior = JSONBehaviorTrue
	case c.Func == JSONExists && p.acceptKw(kwFalse):
		cl.Behavior = JSONBehaviorFalse
	case c.Func == JSONExists && p.acceptKw(kwUnknown):
		cl.Behavior = JSONBehaviorUnknown
	case c.Func != JSONExists && p.acceptKw(kwNull):
		cl.Behavior = JSONBehaviorNull
	case c.Func == JSONValue && p.acceptKw(kwDefault):
		cl.Behavior = JSONBehaviorDefault
		cl.Default = p.expr()
	case c.Func == JSONQuery && p.acceptKw(kwEmpty):
		cl.Behavior = JSONBehaviorEmptyArray
		if !p.acceptKw(kwArray) {
			p.expectKw(kwObject)
			cl.Behavior = JSONBehaviorEmptyObject
		}
	default:
		p.unexpected()
	}
	p.expectKw(kwOn)
	to := &c.OnError
	if c.Func != JSONExists && p.acceptKw(kwEmpty) {
		to = &c.OnEmpty
		if c.OnError.Behavior != JSONBehaviorUnset {
			p.fail(from, "ON EMPTY stands before ON ERROR", "")
		}
	} else {
		p.expectKw(kwError)
	}
	cl.Span = p.span(from.from)
	if to.Behavior != JSONBehaviorUnset {
		p.failSpan(cl.Span, "the clause is given twice", "")
	}
	*to = cl
}
