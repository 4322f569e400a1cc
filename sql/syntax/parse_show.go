package syntax

import "strings"

// use takes USE CATALOG c, USE MODULES a, b or USE database.
func (p *parser) use() Statement {
	from := p.t.from
	p.expectKw(kwUse)
	switch {
	case p.t.kw == kwCatalog && p.nameable(p.peek(1)):
		p.next()
		name := p.ident()
		return &UseCatalog{p.span(from), name}
	case p.acceptKw(kwModules):
		names := list(p, (*parser).ident)
		return &UseModules{p.span(from), names}
	}
	p.note(expectation{kw: kwCatalog})
	if p.t.kw == kwDatabase && p.nameable(p.peek(1)) {
		p.fail(p.t, "unexpected DATABASE", "the name of the database follows USE directly")
	}
	name := p.name()
	return &UseDatabase{p.span(from), name}
}

// show takes SHOW ….
func (p *parser) show() Statement {
	from := p.t.from
	p.expectKw(kwShow)
	s := &Show{}
	switch {
	case p.acceptKw(kwCreate):
		return p.showCreate(from)
	case p.acceptKw(kwCatalogs):
		s.Kind = ShowCatalogs
		p.like(s, true)
	case p.acceptKw(kwCurrent):
		s.Kind = ShowCurrentCatalog
		if !p.acceptKw(kwCatalog) {
			p.expectKw(kwDatabase)
			s.Kind = ShowCurrentDatabase
		}
	case p.acceptKw(kwDatabases):
		s.Kind = ShowDatabases
		p.fromAndLike(s, true)
	case p.acceptKw(kwTables):
		s.Kind = ShowTables
		p.fromAndLike(s, false)
	case p.acceptKw(kwViews):
		s.Kind = ShowViews
		p.fromAndLike(s, false)
	case p.acceptKw(kwMaterialized):
		p.expectKw(kwTables)
		s.Kind = ShowMaterializedTables
		p.fromAndLike(s, false)
	case p.acceptKw(kwColumns):
		s.Kind = ShowColumns
		if !p.isKw(kwFrom) && !p.isKw(kwIn) {
			p.unexpected()
		}
		p.fromAndLike(s, false)
	case p.acceptKw(kwPartitions):
		s.Kind = ShowPartitions
		s.From = ptr(p.name())
		if p.isKw(kwPartition) {
			s.Partition = p.partitionValues(true)
		}
	case p.isKw(kwUser) && p.ahead(1, kwFunctions):
		p.next()
		p.next()
		s.Kind, s.User = ShowFunctions, true
		p.fromAndLike(s, true)
	case p.acceptKw(kwFunctions):
		s.Kind = ShowFunctions
		p.fromAndLike(s, true)
	case p.acceptKw(kwProcedures):
		s.Kind = ShowProcedures
		p.fromAndLike(s, true)
	case p.acceptKw(kwModels):
		s.Kind = ShowModels
		p.fromAndLike(s, false)
	case p.acceptKw(kwConnections):
		s.Kind = ShowConnections
		p.fromAndLike(s, false)
	case p.acceptKw(kwFull):
		p.expectKw(kwModules)
		s.Kind, s.Full = ShowModules, true
	case p.acceptKw(kwModules):
		s.Kind = ShowModules
	case p.acceptKw(kwJars):
		s.Kind = ShowJars
	case p.acceptKw(kwJobs):
		s.Kind = ShowJobs
	case p.t.kind == tokWord && strings.EqualFold(p.text(p.t), "STATE"):
		p.next()
		if s.Kind = ShowState; p.acceptKw(kwFrom) {
			path := p.textLiteral()
			s.Path = &path
		}
	default:
		p.unexpected()
	}
	s.Span = p.span(from)
	return s
}

// fromAndLike takes [FROM|IN name] and the filter.
func (p *parser) fromAndLike(s *Show, ilike bool) {
	if s.In = p.acceptKw(kwIn); s.In || p.acceptKw(kwFrom) {
		s.From = ptr(p.name())
	}
	p.like(s, ilike)
}

// like takes [[NOT] LIKE 'pattern'], and ILIKE where that is allowed.
func (p *parser) like(s *Show, ilike bool) {
	from := p.t.from
	f := &LikeFilter{Not: p.acceptKw(kwNot)}
	switch {
	case p.acceptKw(kwLike):
	case ilike && p.acceptKw(kwIlike):
		f.ILike = true
	case f.Not:
		p.unexpected()
	default:
		return
	}
	f.Pattern = p.textLiteral()
	f.Span = p.span(from)
	s.Like = f
}

// showCreate takes what follows SHOW CREATE.
func (p *parser) showCreate(from Pos) Statement {
	s := &ShowCreate{}
	switch {
	case p.acceptKw(kwTable):
		s.Kind = TableObject
	case p.acceptKw(kwView):
		s.Kind = ViewObject
	case p.acceptKw(kwMaterialized):
		p.expectKw(kwTable)
		s.Kind = MaterializedTableObject
	case p.acceptKw(kwCatalog):
		s.Kind = CatalogObject
	case p.acceptKw(kwModel):
		s.Kind = ModelObject
	case p.acceptKw(kwConnection):
		s.Kind = ConnectionObject
	default:
		p.unexpected()
	}
	s.Name = p.name()
	s.Span = p.span(from)
	return s
}

// describeStatement takes DESCRIBE ….
func (p *parser) describeStatement() Statement {
	from := p.t.from
	p.next()
	d := &Describe{Kind: TableObject}
	named := p.nameable(p.peek(1)) || p.peek(1).kw == kwExtended
	switch {
	case p.t.kw == kwCatalog && named:
		p.next()
		d.Kind = CatalogObject
	case p.t.kw == kwDatabase && named:
		p.next()
		d.Kind = DatabaseObject
	case p.acceptKw(kwFunction):
		d.Kind = FunctionObject
	case p.t.kw == kwModel && named:
		p.next()
		d.Kind = ModelObject
	case p.t.kw == kwConnection && named:
		p.next()
		d.Kind = ConnectionObject
	case p.t.kw == kwJob && p.peek(1).kind == tokString:
		p.next()
		d.Kind = JobObject
		d.Job = p.stringLiteral()
		d.Span = p.span(from)
		return d
	case p.t.kw == kwTable:
		p.next()
		d.Explicit = true
	case p.t.kind == tokLParen || p.startsQuery():
		d.Query = p.query()
		d.Span = p.span(from)
		return d
	}
	d.Extended = p.acceptKw(kwExtended)
	d.Name = p.name()
	d.Span = p.span(from)
	return d
}

// analyze takes ANALYZE TABLE ….
func (p *parser) analyze() Statement {
	from := p.t.from
	p.expectKws(kwAnalyze, kwTable)
	a := &Analyze{Table: p.name()}
	if p.isKw(kwPartition) {
		a.Partition = p.partitionValues(false)
	}
	p.expectKws(kwCompute, kwStatistics)
	if p.acceptKw(kwFor) {
		if a.AllColumns = p.acceptKw(kwAll); a.AllColumns {
			p.expectKw(kwColumns)
		} else {
			p.expectKw(kwColumns)
			a.Columns = list(p, (*parser).ident)
		}
	}
	a.Span = p.span(from)
	return a
}

// stopJob takes STOP JOB 'id' [WITH SAVEPOINT] [WITH DRAIN].
func (p *parser) stopJob() Statement {
	from := p.t.from
	p.expectKws(kwStop, kwJob)
	s := &StopJob{ID: p.textLiteral()}
	for !(s.Savepoint && s.Drain) && p.acceptKw(kwWith) {
		switch {
		case !s.Savepoint && p.acceptKw(kwSavepoint):
			s.Savepoint = true
		default:
			p.expectKw(kwDrain)
			s.Drain = true
		}
	}
	s.Span = p.span(from)
	return s
}
