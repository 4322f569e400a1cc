package syntax

// createWords are the words between CREATE and the kind of object.
type createWords struct {
	from                                      Pos
	orReplace, orAlter, replace, temp, system bool
}

// create takes CREATE or REPLACE.
func (p *parser) create() Statement {
	w := createWords{from: p.t.from}
	if w.replace = p.acceptKw(kwReplace); w.replace {
		p.isKw(kwTable)
		return p.createTable(w)
	}
	p.expectKw(kwCreate)
	if p.acceptKw(kwOr) {
		if w.orReplace = p.acceptKw(kwReplace); !w.orReplace {
			p.expectKw(kwAlter)
			w.orAlter = true
		}
	}
	if !w.orAlter {
		if w.temp = p.acceptKw(kwTemporary); w.temp {
			w.system = p.acceptKw(kwSystem)
		}
	}
	switch {
	case !w.system && !w.orAlter && p.isKw(kwTable):
		return p.createTable(w)
	case !w.system && !w.orAlter && p.acceptKw(kwView):
		return p.createView(w)
	case !w.orAlter && p.acceptKw(kwFunction):
		return p.createFunction(w)
	case !w.system && !w.orAlter && p.acceptKw(kwModel):
		return p.createModel(w)
	case !w.orAlter && !w.orReplace && p.acceptKw(kwConnection):
		c := &CreateConnection{Temporary: w.temp, System: w.system, IfNotExists: p.ifNotExists(), Name: p.name()}
		c.Comment = p.comment()
		c.HasOptions, c.Options = p.withOptions()
		c.Span = p.span(w.from)
		return c
	case !w.temp && !w.orReplace && p.isKw(kwMaterialized):
		return p.createMaterializedTable(w)
	case !w.temp && !w.orReplace && !w.orAlter && p.acceptKw(kwCatalog):
		c := &CreateCatalog{IfNotExists: p.ifNotExists(), Name: p.ident()}
		c.Comment = p.comment()
		c.HasOptions, c.Options = p.withOptions()
		c.Span = p.span(w.from)
		return c
	case !w.temp && !w.orReplace && !w.orAlter && p.acceptKw(kwDatabase):
		d := &CreateDatabase{IfNotExists: p.ifNotExists(), Name: p.name()}
		d.Comment = p.comment()
		d.HasOptions, d.Options = p.withOptions()
		d.Span = p.span(w.from)
		return d
	}
	p.unexpected()
	return nil
}

// ifNotExists takes [IF NOT EXISTS].
func (p *parser) ifNotExists() bool {
	if p.t.kw == kwIf && p.ahead(1, kwNot) {
		p.expectKws(kwIf, kwNot, kwExists)
		return true
	}
	p.note(expectation{kw: kwIf})
	return false
}

// ifExists takes [IF EXISTS].
func (p *parser) ifExists() bool {
	if p.t.kw == kwIf && p.nameable(p.t) && p.ahead(1, kwExists) {
		p.expectKws(kwIf, kwExists)
		return true
	}
	p.note(expectation{kw: kwIf})
	return false
}

// comment takes [COMMENT 'text'].
func (p *parser) comment() *Literal {
	if !p.acceptKw(kwComment) {
		return nil
	}
	return ptr(p.textLiteral())
}

// withOptions takes [WITH ('key' = 'value', …)].
func (p *parser) withOptions() (bool, []Option) {
	if !p.acceptKw(kwWith) {
		return false, nil
	}
	return true, p.options()
}

// options takes ('key' = 'value', …), which may be empty.
func (p *parser) options() []Option {
	p.expect(tokLParen)
	var options []Option
	if !p.is(tokRParen) {
		options = list(p, func(p *parser) Option {
			from := p.t.from
			key := p.textLiteral()
			p.expect(tokEq)
			value := p.textLiteral()
			return Option{p.span(from), key, value}
		})
	}
	p.expect(tokRParen)
	return options
}

// createTable takes TABLE … behind CREATE or REPLACE.
func (p *parser) createTable(w createWords) Statement {
	p.expectKw(kwTable)
	t := &CreateTable{OrReplace: w.orReplace, Replace: w.replace, Temporary: w.temp}
	if !w.replace {
		t.IfNotExists = p.ifNotExists()
	}
	t.Name = p.name()
	if t.HasSchema = p.is(tokLParen); t.HasSchema {
		t.Schema, t.Identifiers = p.tableSchema()
	}
	t.Comment = p.comment()
	t.Distribution = p.distributed()
	t.PartitionBy = p.partitionedBy()
	if p.acceptKw(kwUsing) {
		p.expectKw(kwConnection)
		t.Connection = ptr(p.name())
	}
	t.HasOptions, t.Options = p.withOptions()
	switch {
	case !w.replace && t.Identifiers == nil && p.isKw(kwLike):
		t.Like = p.likeTable()
	case p.acceptKw(kwAs):
		t.Query = p.query()
	case w.replace:
		p.unexpected()
	case t.Identifiers != nil:
		p.failSpan(t.Identifiers[0].Span, "the column "+t.Identifiers[0].Name+" has no type",
			"columns without types are for CREATE TABLE … AS query")
	}
	t.Span = p.span(w.from)
	return t
}

// distributed takes [DISTRIBUTED …].
func (p *parser) distributed() *Distribution {
	from := p.t.from
	if !p.acceptKw(kwDistributed) {
		return nil
	}
	return p.distribution(from)
}

// distribution takes [BY [HASH|RANGE] (columns)] [INTO n BUCKETS], at least one of the two.
func (p *parser) distribution(from Pos) *Distribution {
	d := &Distribution{}
	by := p.acceptKw(kwBy)
	if by {
		switch {
		case p.acceptKw(kwHash):
			d.Kind = DistributionHash
		case p.acceptKw(kwRange):
			d.Kind = DistributionRange
		}
		d.Columns = p.identList()
	}
	if !by && !p.isKw(kwInto) {
		p.unexpected()
	}
	if p.acceptKw(kwInto) {
		d.Buckets = p.integerLiteral()
		p.expectKw(kwBuckets)
	}
	d.Span = p.span(from)
	return d
}

// partitionedBy takes [PARTITIONED BY (columns)].
func (p *parser) partitionedBy() []Ident {
	if !p.acceptKw(kwPartitioned) {
		return nil
	}
	p.expectKw(kwBy)
	return p.identList()
}

// likeTable takes LIKE table [(options)].
func (p *parser) likeTable() *LikeTable {
	from := p.t.from
	p.expectKw(kwLike)
	l := &LikeTable{Source: p.name()}
	if p.accept(tokLParen) {
		for len(l.Options) == 0 || !p.is(tokRParen) {
			l.Options = append(l.Options, p.likeOption())
		}
		p.next()
	}
	l.Span = p.span(from)
	return l
}

// likeOption takes INCLUDING, EXCLUDING or OVERWRITING and what it is about.
func (p *parser) likeOption() LikeOption {
	from := p.t.from
	var o LikeOption
	switch {
	case p.acceptKw(kwIncluding):
	case p.acceptKw(kwExcluding):
		o.Merge = Excluding
	default:
		p.expectKw(kwOverwriting)
		o.Merge = Overwriting
	}
	switch {
	case p.acceptKw(kwAll):
	case p.acceptKw(kwConstraints):
		o.Feature = LikeConstraints
	case p.acceptKw(kwDistribution):
		o.Feature = LikeDistribution
	case p.acceptKw(kwGenerated):
		o.Feature = LikeGenerated
	case p.acceptKw(kwMetadata):
		o.Feature = LikeMetadata
	case p.acceptKw(kwOptions):
		o.Feature = LikeOptions
	case p.acceptKw(kwPartitions):
		o.Feature = LikePartitions
	default:
		p.expectKw(kwWatermarks)
		o.Feature = LikeWatermarks
	}
	o.Span = p.span(from)
	return o
}

// createView takes what follows CREATE VIEW.
func (p *parser) createView(w createWords) Statement {
	v := &CreateView{OrReplace: w.orReplace, Temporary: w.temp, IfNotExists: p.ifNotExists(), Name: p.name()}
	if p.is(tokLParen) {
		v.Columns = p.identList()
	}
	v.Comment = p.comment()
	p.expectKw(kwAs)
	v.Query = p.query()
	v.Span = p.span(w.from)
	return v
}

// createFunction takes what follows CREATE FUNCTION.
func (p *parser) createFunction(w createWords) Statement {
	f := &CreateFunction{OrReplace: w.orReplace, Temporary: w.temp, System: w.system, IfNotExists: p.ifNotExists()}
	f.Name = p.name()
	f.Body = p.functionBody()
	f.HasOptions, f.Options = p.withOptions()
	f.Span = p.span(w.from)
	return f
}

// functionBody takes AS 'class' [LANGUAGE language] [USING JAR 'path', …].
func (p *parser) functionBody() FunctionBody {
	from := p.t.from
	p.expectKw(kwAs)
	b := FunctionBody{Class: p.textLiteral()}
	if p.acceptKw(kwLanguage) {
		t := p.t
		if !p.isKw(kwJava) && !p.isKw(kwScala) && !p.isKw(kwPython) && !p.isKw(kwSql) {
			p.unexpected()
		}
		p.next()
		b.Language = keywords[t.kw].word
	}
	if p.acceptKw(kwUsing) {
		b.Resources = list(p, func(p *parser) Resource {
			from := p.t.from
			t := p.t
			if !p.isKw(kwJar) && !p.isKw(kwFile) && !p.isKw(kwArchive) {
				p.unexpected()
			}
			p.next()
			path := p.textLiteral()
			return Resource{p.span(from), keywords[t.kw].word, path}
		})
	}
	b.Span = p.span(from)
	return b
}

// createModel takes what follows CREATE MODEL.
func (p *parser) createModel(w createWords) Statement {
	m := &CreateModel{OrReplace: w.orReplace, Temporary: w.temp, IfNotExists: p.ifNotExists(), Name: p.name()}
	if p.acceptKw(kwInput) {
		m.Input = p.modelColumns()
	}
	if p.acceptKw(kwOutput) {
		m.Output = p.modelColumns()
	}
	m.Comment = p.comment()
	m.HasOptions, m.Options = p.withOptions()
	if p.acceptKw(kwAs) {
		m.Query = p.query()
	}
	m.Span = p.span(w.from)
	return m
}

// modelColumns takes (name type, …).
func (p *parser) modelColumns() *Schema {
	from := p.t.from
	columns := parenList(p, func(p *parser) Column { return p.column(false) }) // the binder refuses what is no plain column
	return &Schema{Span: p.span(from), Columns: columns}
}

// createMaterializedTable takes what follows CREATE [OR ALTER].
func (p *parser) createMaterializedTable(w createWords) Statement {
	p.expectKws(kwMaterialized, kwTable)
	t := &CreateMaterializedTable{OrAlter: w.orAlter, IfNotExists: p.ifNotExists(), Name: p.name()}
	if t.HasSchema = p.is(tokLParen); t.HasSchema {
		t.Schema, t.Identifiers = p.tableSchema()
	}
	t.Comment = p.comment()
	t.Distribution = p.distributed()
	t.PartitionBy = p.partitionedBy()
	t.HasOptions, t.Options = p.withOptions()
	if p.acceptKw(kwFreshness) {
		p.expect(tokEq)
		t.Freshness = p.interval()
	}
	if p.acceptKw(kwRefreshMode) {
		p.expect(tokEq)
		t.RefreshMode = p.refreshMode()
	}
	p.expectKw(kwAs)
	t.Query = p.query()
	t.Span = p.span(w.from)
	return t
}

// refreshMode takes FULL or CONTINUOUS.
func (p *parser) refreshMode() RefreshMode {
	if p.acceptKw(kwFull) {
		return RefreshModeFull
	}
	p.expectKw(kwContinuous)
	return RefreshModeContinuous
}
