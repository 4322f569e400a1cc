package syntax

import (
	"slices"
	"strings"
)

// statement takes one statement, without a semicolon.
func (p *parser) statement() Statement {
	from := p.t.from
	if p.t.kind == tokLParen {
		return p.query()
	}
	switch p.t.kw {
	case kwSelect, kwValues, kwWith, kwTable:
		return p.query()
	case kwInsert, kwUpsert:
		return p.insert()
	case kwUpdate:
		return p.update()
	case kwDelete:
		return p.delete()
	case kwMerge:
		return p.merge()
	case kwTruncate:
		p.expectKws(kwTruncate, kwTable)
		name := p.name()
		return &Truncate{p.span(from), name}
	case kwCall:
		p.next()
		name := p.name()
		call := p.functionCall(name).(*FuncCall)
		return &Call{p.span(from), call}
	case kwExecute:
		return p.execute()
	case kwBegin:
		p.expectKws(kwBegin, kwStatement, kwSet)
		return &BeginStatementSet{p.span(from)}
	case kwEnd:
		p.next()
		return &EndStatementSet{p.span(from)}
	case kwCompile:
		return p.compile()
	case kwExplain:
		return p.explain()
	case kwSet:
		return p.set()
	case kwReset:
		return p.reset()
	case kwAdd, kwRemove:
		remove := p.t.kw == kwRemove
		p.next()
		p.expectKw(kwJar)
		path := p.textLiteral()
		return &Jar{p.span(from), remove, path}
	case kwUse:
		return p.use()
	case kwLoad:
		p.expectKws(kwLoad, kwModule)
		m := &LoadModule{Name: p.ident()}
		_, m.Options = p.withOptions()
		m.Span = p.span(from)
		return m
	case kwUnload:
		p.expectKws(kwUnload, kwModule)
		name := p.ident()
		return &UnloadModule{p.span(from), name}
	case kwShow:
		return p.show()
	case kwDescribe, kwDesc:
		return p.describeStatement()
	case kwAnalyze:
		return p.analyze()
	case kwStop:
		return p.stopJob()
	case kwCreate, kwReplace:
		return p.create()
	case kwAlter:
		return p.alter()
	case kwDrop:
		return p.drop()
	}
	for _, kw := range []keyword{
		kwSelect, kwInsert, kwCreate, kwWith, kwSet, kwShow, kwDescribe, kwExplain, kwExecute, kwDrop, kwAlter, kwUse,
		kwValues, kwReset, kwBegin, kwEnd, kwUpdate, kwDelete, kwTruncate, kwCall, kwAdd, kwRemove, kwLoad, kwUnload,
		kwAnalyze, kwStop, kwCompile, kwReplace, kwMerge, kwDesc,
	} {
		p.isKw(kw)
	}
	p.unexpected()
	return nil
}

// insert takes INSERT INTO|OVERWRITE … query.
func (p *parser) insert() Statement {
	from := p.t.from
	ins := &Insert{Upsert: p.t.kw == kwUpsert}
	p.next()
	if !ins.Upsert {
		ins.Overwrite = p.acceptKw(kwOverwrite)
	}
	if !ins.Overwrite {
		p.expectKw(kwInto)
	}
	if p.t.kw == kwTable {
		p.fail(p.t, "unexpected TABLE", "the name of the table follows without it")
	}
	ins.Target = p.name()
	if p.t.kind == tokHint {
		ins.Hints = p.hints()
	}
	if p.isKw(kwPartition) {
		ins.Partition = p.partitionValues(true)
	}
	if p.t.kind == tokLParen && p.nameable(p.peek(1)) {
		ins.Columns = parenList(p, (*parser).name)
	}
	ins.Source = p.query()
	if p.acceptKw(kwOn) {
		p.expectKws(kwConflict, kwDo)
		switch {
		case p.acceptKw(kwNothing):
			ins.Conflict = ConflictNothing
		case p.acceptKw(kwError):
			ins.Conflict = ConflictError
		default:
			p.expectKw(kwDeduplicate)
			ins.Conflict = ConflictDeduplicate
		}
	}
	ins.Span = p.span(from)
	return ins
}

// partitionValues takes PARTITION (column = value, …), where the values may be left out unless they are needed.
func (p *parser) partitionValues(valued bool) []PartitionValue {
	p.expectKw(kwPartition)
	return parenList(p, func(p *parser) PartitionValue {
		from := p.t.from
		v := PartitionValue{Column: p.ident()}
		if valued {
			p.expect(tokEq)
			v.Value = p.expr()
		} else if p.accept(tokEq) {
			v.Value = p.expr()
		}
		v.Span = p.span(from)
		return v
	})
}

// assignment takes column = value.
func (p *parser) assignment() Assignment {
	from := p.t.from
	column := p.name()
	p.expect(tokEq)
	value := p.expr()
	return Assignment{p.span(from), column, value}
}

// update takes UPDATE table SET ….
func (p *parser) update() Statement {
	from := p.t.from
	p.expectKw(kwUpdate)
	u := &Update{Target: p.name()}
	if p.t.kind == tokHint {
		u.Hints = p.hints()
	}
	u.Alias = p.selectAlias()
	p.expectKw(kwSet)
	u.Assignments = list(p, (*parser).assignment)
	if p.acceptKw(kwWhere) {
		u.Where = p.expr()
	}
	u.Span = p.span(from)
	return u
}

// delete takes DELETE FROM table ….
func (p *parser) delete() Statement {
	from := p.t.from
	p.expectKws(kwDelete, kwFrom)
	d := &Delete{Target: p.name()}
	if p.t.kind == tokHint {
		d.Hints = p.hints()
	}
	d.Alias = p.selectAlias()
	if p.acceptKw(kwWhere) {
		d.Where = p.expr()
	}
	d.Span = p.span(from)
	return d
}

// merge takes MERGE INTO table USING source ON condition WHEN ….
func (p *parser) merge() Statement {
	from := p.t.from
	p.expectKws(kwMerge, kwInto)
	m := &Merge{Target: p.name()}
	m.Alias = p.selectAlias()
	p.expectKw(kwUsing)
	m.Source = p.tablePrimary()
	p.expectKw(kwOn)
	m.On = p.expr()
	if p.ahead(0, kwWhen, kwMatched) {
		p.expectKws(kwWhen, kwMatched, kwThen, kwUpdate, kwSet)
		m.Matched = list(p, (*parser).assignment)
	}
	if m.HasInsert = m.Matched == nil || p.isKw(kwWhen); m.HasInsert {
		p.expectKws(kwWhen, kwNot, kwMatched, kwThen, kwInsert)
		if p.is(tokLParen) {
			m.InsertColumns = parenList(p, (*parser).name)
		}
		p.expectKw(kwValues)
		m.InsertValues = parenList(p, (*parser).expr)
	}
	m.Span = p.span(from)
	return m
}

// execute takes EXECUTE PLAN 'file', or EXECUTE before a statement set, an INSERT or a query.
func (p *parser) execute() Statement {
	from := p.t.from
	p.expectKw(kwExecute)
	if p.t.kw == kwPlan {
		p.next()
		file := p.textLiteral()
		return &ExecutePlan{p.span(from), file}
	}
	var body Statement
	switch {
	case p.isKw(kwStatement):
		body = p.statementSet()
	case p.isKw(kwInsert):
		body = p.insert()
	default:
		p.isKw(kwPlan)
		body = p.query()
	}
	return &Execute{p.span(from), body}
}

// statementSet takes STATEMENT SET BEGIN insert; … END.
func (p *parser) statementSet() Statement {
	from := p.t.from
	p.expectKws(kwStatement, kwSet, kwBegin)
	s := &StatementSet{}
	for len(s.Statements) == 0 || !p.isKw(kwEnd) {
		if !p.isKw(kwInsert) {
			p.unexpected()
		}
		s.Statements = append(s.Statements, p.insert())
		p.expect(tokSemicolon)
	}
	p.next()
	s.Span = p.span(from)
	return s
}

// planBody takes what a plan can be compiled of: a statement set or an INSERT.
func (p *parser) planBody() Statement {
	if p.isKw(kwStatement) {
		return p.statementSet()
	}
	if !p.isKw(kwInsert) {
		p.unexpected()
	}
	return p.insert()
}

// compile takes COMPILE PLAN … or COMPILE AND EXECUTE PLAN ….
func (p *parser) compile() Statement {
	from := p.t.from
	p.expectKw(kwCompile)
	if p.acceptKw(kwAnd) {
		p.expectKws(kwExecute, kwPlan)
		file := p.textLiteral()
		p.expectKw(kwFor)
		body := p.planBody()
		return &CompileAndExecutePlan{p.span(from), file, body}
	}
	p.expectKw(kwPlan)
	c := &CompilePlan{File: p.textLiteral()}
	c.IfNotExists = p.acceptKws(kwIf, kwNot, kwExists)
	p.expectKw(kwFor)
	c.Body = p.planBody()
	c.Span = p.span(from)
	return c
}

// explain takes EXPLAIN [PLAN FOR | details] statement.
func (p *parser) explain() Statement {
	from := p.t.from
	p.expectKw(kwExplain)
	e := &Explain{}
	if e.PlanFor = p.acceptKw(kwPlan); e.PlanFor {
		p.expectKw(kwFor)
	} else if oneOf(p.t.kw, kwEstimatedCost, kwChangelogMode, kwJsonExecutionPlan, kwPlanAdvice) {
		at := p.t
		e.Details = list(p, (*parser).explainDetail)
		for i, d := range e.Details {
			if slices.Contains(e.Details[:i], d) {
				p.fail(at, "a detail of EXPLAIN is there twice", "")
			}
		}
	}
	switch {
	case p.isKw(kwStatement):
		e.Body = p.statementSet()
	case p.isKw(kwInsert), p.t.kw == kwUpsert:
		e.Body = p.insert()
	case p.t.kw == kwExecute && p.ahead(1, kwStatement, kwSet):
		e.Body = p.execute()
	case p.t.kw == kwCreate, p.t.kw == kwReplace:
		at := p.t
		body := p.create()
		if t, ok := body.(*CreateTable); !ok || t.Query == nil {
			p.fail(at, "EXPLAIN needs a statement that moves data", "only CREATE TABLE … AS query is one among these")
		}
		e.Body = body
	case p.startsQuery(), p.t.kind == tokLParen:
		e.Body = p.query()
	default:
		for _, kw := range []keyword{kwSelect, kwEstimatedCost, kwChangelogMode, kwJsonExecutionPlan, kwPlanAdvice} {
			p.isKw(kw)
		}
		p.unexpected()
	}
	e.Span = p.span(from)
	return e
}

// explainDetail takes a word such as CHANGELOG_MODE.
func (p *parser) explainDetail() ExplainDetail {
	switch {
	case p.acceptKw(kwEstimatedCost):
		return ExplainEstimatedCost
	case p.acceptKw(kwChangelogMode):
		return ExplainChangelogMode
	case p.acceptKw(kwJsonExecutionPlan):
		return ExplainJSONExecutionPlan
	}
	p.expectKw(kwPlanAdvice)
	return ExplainPlanAdvice
}

// set takes SET ['key' = 'value'], where key and value may also stand without quotes.
func (p *parser) set() Statement {
	from := p.t.from
	p.next()
	s := &Set{}
	if p.is(tokString) || p.t.kind == tokRaw {
		s.Key = p.setting()
		p.expect(tokEq)
		s.Value = p.setting()
	} else if p.t.kind == tokWord {
		p.fail(p.t, "unexpected "+p.describe(p.t), "write SET 'key' = 'value'")
	}
	s.Span = p.span(from)
	return s
}

// reset takes RESET ['key'].
func (p *parser) reset() Statement {
	from := p.t.from
	p.next()
	r := &Reset{}
	if p.is(tokString) || p.t.kind == tokRaw {
		r.Key = p.setting()
	}
	r.Span = p.span(from)
	return r
}

// setting takes a key or value of SET. Unlike other strings, these may go on in a further string on the same line.
func (p *parser) setting() *Literal {
	t := p.t
	if t.kind == tokRaw {
		p.next()
		return &Literal{Span{t.from, t.to}, StringLiteral, p.text(t)}
	}
	l := p.textLiteral()
	if !p.is(tokString) {
		return &l
	}
	var b strings.Builder
	b.WriteString(l.Text)
	for p.is(tokString) {
		b.WriteString(p.stringText())
	}
	return &Literal{p.span(t.from), StringLiteral, b.String()}
}
