package syntax

// drop takes DROP ….
func (p *parser) drop() Statement {
	from := p.t.from
	p.expectKw(kwDrop)
	d := &Drop{}
	if d.Temporary = p.acceptKw(kwTemporary); d.Temporary {
		d.System = p.acceptKw(kwSystem)
	}
	switch {
	case !d.System && p.acceptKw(kwTable):
		d.Kind = TableObject
	case !d.System && p.acceptKw(kwView):
		d.Kind = ViewObject
	case p.acceptKw(kwFunction):
		d.Kind = FunctionObject
	case !d.System && p.acceptKw(kwModel):
		d.Kind = ModelObject
	case p.acceptKw(kwConnection):
		d.Kind = ConnectionObject
	case !d.Temporary && p.acceptKw(kwMaterialized):
		p.expectKw(kwTable)
		d.Kind = MaterializedTableObject
	case !d.Temporary && p.acceptKw(kwCatalog):
		d.Kind = CatalogObject
	case !d.Temporary && p.acceptKw(kwDatabase):
		d.Kind = DatabaseObject
	default:
		p.unexpected()
	}
	d.IfExists = p.ifExists()
	d.Name = p.name()
	if d.Kind == DatabaseObject {
		if d.Restrict = p.acceptKw(kwRestrict); !d.Restrict {
			d.Cascade = p.acceptKw(kwCascade)
		}
	}
	d.Span = p.span(from)
	return d
}

// alter takes ALTER ….
func (p *parser) alter() Statement {
	from := p.t.from
	p.expectKw(kwAlter)
	a := &Alter{}
	var action func() AlterAction
	switch {
	case p.acceptKw(kwTable):
		a.Kind, action = TableObject, p.alterTable
	case p.acceptKw(kwView):
		a.Kind, action = ViewObject, p.alterView
	case p.acceptKw(kwMaterialized):
		p.expectKw(kwTable)
		a.Kind, action = MaterializedTableObject, p.alterMaterializedTable
	case p.acceptKw(kwCatalog):
		a.Kind, action = CatalogObject, p.alterCatalog
	case p.acceptKw(kwDatabase):
		a.Kind, action = DatabaseObject, p.alterDatabase
	case p.acceptKw(kwModel):
		a.Kind, action = ModelObject, p.alterModel
	case p.acceptKw(kwConnection):
		a.Kind, action = ConnectionObject, p.alterModel
	default:
		if a.Temporary = p.acceptKw(kwTemporary); a.Temporary {
			a.System = p.acceptKw(kwSystem)
		}
		p.expectKw(kwFunction)
		a.Kind = FunctionObject
		action = func() AlterAction {
			body := p.functionBody()
			return &ReplaceFunction{body.Span, body}
		}
	}
	if a.Kind != CatalogObject && a.Kind != DatabaseObject && a.Kind != ViewObject {
		a.IfExists = p.ifExists()
	}
	a.Name = p.name()
	a.Action = action()
	a.Span = p.span(from)
	return a
}

// setOptions takes (options) behind SET, which began at from.
func (p *parser) setOptions(from Pos) AlterAction {
	options := p.options()
	return &SetOptions{p.span(from), options}
}

// resetOptions takes ('key', …) behind RESET, which began at from. It may be empty.
func (p *parser) resetOptions(from Pos) AlterAction {
	p.expect(tokLParen)
	r := &ResetOptions{}
	if !p.is(tokRParen) {
		r.Keys = list(p, (*parser).textLiteral)
	}
	p.expect(tokRParen)
	r.Span = p.span(from)
	return r
}

// renameTo takes TO name behind RENAME, which began at from.
func (p *parser) renameTo(from Pos) AlterAction {
	p.expectKw(kwTo)
	name := p.name()
	return &RenameTo{p.span(from), name}
}

func (p *parser) alterCatalog() AlterAction {
	from := p.t.from
	switch {
	case p.acceptKw(kwSet):
		return p.setOptions(from)
	case p.acceptKw(kwReset):
		return p.resetOptions(from)
	}
	p.expectKw(kwComment)
	comment := p.textLiteral()
	return &SetComment{p.span(from), comment}
}

func (p *parser) alterDatabase() AlterAction {
	from := p.t.from
	p.expectKw(kwSet)
	return p.setOptions(from)
}

func (p *parser) alterModel() AlterAction {
	from := p.t.from
	switch {
	case p.acceptKw(kwSet):
		return p.setOptions(from)
	case p.acceptKw(kwReset):
		return p.resetOptions(from)
	}
	p.expectKw(kwRename)
	return p.renameTo(from)
}

func (p *parser) alterView() AlterAction {
	from := p.t.from
	if p.acceptKw(kwRename) {
		return p.renameTo(from)
	}
	p.expectKw(kwAs)
	q := p.query()
	return &AsQuery{p.span(from), q}
}

func (p *parser) alterTable() AlterAction {
	from := p.t.from
	if p.peek(1).kw == kwColumn {
		p.fail(p.peek(1), "unexpected COLUMN", "the name of the column follows without it")
	}
	switch {
	case p.acceptKw(kwRename):
		if p.isKw(kwTo) {
			return p.renameTo(from)
		}
		old := p.name()
		p.expectKw(kwTo)
		name := p.name()
		return &RenameColumn{p.span(from), old, name}
	case p.acceptKw(kwSet):
		return p.setOptions(from)
	case p.acceptKw(kwReset):
		return p.resetOptions(from)
	case p.isKw(kwAdd):
		if p.ahead(1, kwPartition) || p.ahead(1, kwIf, kwNot, kwExists) {
			return p.addPartitions()
		}
		return p.changeSchema()
	case p.isKw(kwModify):
		return p.changeSchema()
	}
	p.isKw(kwDrop)
	if p.ahead(0, kwDrop, kwPartition) || p.ahead(0, kwDrop, kwIf, kwExists) {
		return p.dropPartitions()
	}
	return p.dropPart()
}

func (p *parser) alterMaterializedTable() AlterAction {
	from := p.t.from
	switch {
	case p.acceptKw(kwSuspend):
		return &Suspend{p.span(from)}
	case p.acceptKw(kwResume):
		r := &Resume{}
		r.HasOptions, r.Options = p.withOptions()
		r.Span = p.span(from)
		return r
	case p.acceptKw(kwRefresh):
		r := &Refresh{}
		if p.isKw(kwPartition) {
			r.Partition = p.partitionValues(true)
		}
		r.Span = p.span(from)
		return r
	case p.acceptKw(kwSet):
		switch {
		case p.acceptKw(kwFreshness):
			p.expect(tokEq)
			freshness := p.interval()
			return &SetFreshness{p.span(from), freshness}
		case p.acceptKw(kwRefreshMode):
			p.expect(tokEq)
			mode := p.refreshMode()
			return &SetRefreshMode{p.span(from), mode}
		}
		return p.setOptions(from)
	case p.acceptKw(kwReset):
		return p.resetOptions(from)
	case p.acceptKw(kwAs):
		q := p.query()
		return &AsQuery{p.span(from), q}
	case p.isKw(kwAdd), p.isKw(kwModify):
		return p.changeSchema()
	}
	return p.dropPart()
}

// changeSchema takes ADD or MODIFY of columns, constraints, the watermark or the distribution.
func (p *parser) changeSchema() AlterAction {
	from := p.t.from
	modify := p.t.kw == kwModify
	p.next()
	if p.isKw(kwDistribution) {
		at := p.t.from
		p.next()
		d := p.distribution(at)
		return &ChangeDistribution{p.span(from), modify, d}
	}
	c := &ChangeSchema{Modify: modify}
	at := p.t.from
	if c.Parens = p.accept(tokLParen); c.Parens {
		for first := true; first || p.accept(tokComma); first = false {
			p.schemaElement(&c.Schema, true)
		}
		p.expect(tokRParen)
	} else {
		p.schemaElement(&c.Schema, true)
	}
	c.Schema.Span = p.span(at)
	c.Span = p.span(from)
	return c
}

// dropPart takes DROP of columns, a constraint, the watermark or the distribution.
func (p *parser) dropPart() AlterAction {
	from := p.t.from
	p.expectKw(kwDrop)
	switch {
	case p.acceptKw(kwPrimary):
		p.expectKw(kwKey)
		return &DropPrimaryKey{p.span(from)}
	case p.acceptKw(kwConstraint):
		name := p.ident()
		return &DropConstraint{p.span(from), name}
	case p.acceptKw(kwWatermark):
		return &DropWatermark{p.span(from)}
	case p.acceptKw(kwDistribution):
		return &ChangeDistribution{Span: p.span(from)}
	}
	d := &DropColumns{}
	if d.Parens = p.is(tokLParen); d.Parens {
		d.Columns = parenList(p, (*parser).name)
	} else {
		d.Columns = []Name{p.name()}
	}
	d.Span = p.span(from)
	return d
}

// addPartitions takes ADD [IF NOT EXISTS] PARTITION (…) [WITH (…)] PARTITION ….
func (p *parser) addPartitions() AlterAction {
	from := p.t.from
	p.expectKw(kwAdd)
	a := &AddPartitions{IfNotExists: p.ifNotExists()}
	for len(a.Partitions) == 0 || p.isKw(kwPartition) {
		at := p.t.from
		part := Partition{Values: p.partitionValues(true)}
		part.HasOptions, part.Options = p.withOptions()
		part.Span = p.span(at)
		a.Partitions = append(a.Partitions, part)
	}
	a.Span = p.span(from)
	return a
}

// dropPartitions takes DROP [IF EXISTS] PARTITION (…), PARTITION (…).
func (p *parser) dropPartitions() AlterAction {
	from := p.t.from
	p.expectKw(kwDrop)
	d := &DropPartitions{IfExists: p.ifExists()}
	d.Partitions = list(p, func(p *parser) Partition {
		at := p.t.from
		values := p.partitionValues(true)
		return Partition{Span: p.span(at), Values: values}
	})
	d.Span = p.span(from)
	return d
}
