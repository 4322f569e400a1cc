package syntax

// tableSchema takes the parentheses of CREATE TABLE: columns, constraints and a watermark, or names of columns only.
func (p *parser) tableSchema() (Schema, []Ident) {
	from := p.t.from
	p.expect(tokLParen)
	var s Schema
	var names []Ident
	for first := true; first || p.accept(tokComma); first = false {
		next := p.peek(1).kind
		if p.nameable(p.t) && (next == tokComma || next == tokRParen) && s.empty() {
			names = append(names, p.ident())
			continue
		}
		if names != nil {
			p.failSpan(names[0].Span, "the column "+names[0].Name+" has no type", "")
		}
		p.schemaElement(&s, false)
	}
	p.expect(tokRParen)
	s.Span = p.span(from)
	return s, names
}

func (s *Schema) empty() bool {
	return len(s.Columns) == 0 && len(s.Constraints) == 0 && s.Watermark == nil
}

// schemaElement takes a column, a constraint or a watermark and adds it to s. In ALTER TABLE a column may have a
// position.
func (p *parser) schemaElement(s *Schema, positioned bool) {
	switch {
	case p.isKw(kwPrimary), p.isKw(kwUnique), p.isKw(kwConstraint):
		s.Constraints = append(s.Constraints, p.constraint(true))
	case p.isKw(kwWatermark):
		if s.Watermark != nil {
			p.fail(p.t, "a table has one watermark at most", "")
		}
		s.Watermark = p.watermark()
	default:
		s.Columns = append(s.Columns, p.column(positioned))
	}
}

// watermark takes WATERMARK FOR column AS expression.
func (p *parser) watermark() *Watermark {
	from := p.t.from
	p.expectKws(kwWatermark, kwFor)
	column := p.name()
	p.expectKw(kwAs)
	expr := p.columnExpr("a watermark")
	return &Watermark{p.span(from), column, expr}
}

// columnExpr takes the expression of a computed column or a watermark, which is no query.
func (p *parser) columnExpr(what string) Expr {
	x := p.expr()
	if _, ok := x.(*Subquery); ok {
		p.failSpan(Span{x.Pos(), x.End()}, what+" cannot be a query", "")
	}
	return x
}

// constraint takes [CONSTRAINT name] PRIMARY KEY|UNIQUE (columns) [[NOT] ENFORCED]; behind a column it is without
// columns.
func (p *parser) constraint(columns bool) Constraint {
	from := p.t.from
	var c Constraint
	if p.acceptKw(kwConstraint) {
		c.Name = ptr(p.ident())
	}
	if c.Unique = p.acceptKw(kwUnique); !c.Unique {
		p.expectKws(kwPrimary, kwKey)
	}
	if columns {
		c.Columns = p.identList()
	}
	switch {
	case p.acceptKw(kwEnforced):
		c.Enforcement = Enforced
	case p.isKw(kwNot):
		p.expectKws(kwNot, kwEnforced)
		c.Enforcement = NotEnforced
	}
	c.Span = p.span(from)
	return c
}

// columnType takes a type that a column can have.
func (p *parser) columnType() *TypeName {
	t := p.typeName()
	if iv := intervalIn(t); iv != nil {
		p.failSpan(iv.Span, "a column cannot have the type INTERVAL", "")
	}
	return t
}

// intervalIn returns an interval type inside a type, nil if there is none.
func intervalIn(t *TypeName) *TypeName {
	switch {
	case t == nil:
		return nil
	case t.Name == "INTERVAL":
		return t
	}
	if iv := intervalIn(t.Key); iv != nil {
		return iv
	}
	if iv := intervalIn(t.Elem); iv != nil {
		return iv
	}
	for i := range t.Fields {
		if iv := intervalIn(t.Fields[i].Type); iv != nil {
			return iv
		}
	}
	return nil
}

// column takes a column's definition.
func (p *parser) column(positioned bool) Column {
	from := p.t.from
	c := Column{Name: p.ident()}
	if p.acceptKw(kwAs) {
		c.Kind = ComputedColumn
		c.Expr = p.columnExpr("a computed column")
	} else {
		c.Type = p.columnType()
		switch {
		case p.acceptKw(kwMetadata):
			c.Kind = MetadataColumn
			if p.acceptKw(kwFrom) {
				c.Key = ptr(p.textLiteral())
			}
			c.Virtual = p.acceptKw(kwVirtual)
		case p.isKw(kwPrimary), p.isKw(kwUnique), p.isKw(kwConstraint):
			c.Constraint = ptr(p.constraint(false))
		}
	}
	c.Comment = p.comment()
	if positioned {
		at := p.t.from
		switch {
		case p.acceptKw(kwFirst):
			c.Position = &ColumnPosition{Span: p.span(at), First: true}
		case p.acceptKw(kwAfter):
			after := p.name()
			c.Position = &ColumnPosition{Span: p.span(at), After: after}
		}
	}
	c.Span = p.span(from)
	return c
}
