package syntax

// The precedences of operators, as Calcite has them: a higher one binds tighter. Note that || stands beside
// * and /, and that IS is weaker than a comparison.
const (
	precMultisetUnion     = 14
	precMultisetIntersect = 18
	precOr                = 22
	precAnd               = 24
	precNot               = 26
	precIs                = 28
	precCompare           = 30
	precBetween           = 32 // BETWEEN, IN, LIKE, SIMILAR TO
	precAdd               = 40
	precMul               = 60
	precUnary             = 80
	precPrimary           = 100
)

// binaryOps holds text and precedence of the operators between two operands.
var binaryOps = [...]struct {
	text string
	prec int
}{
	OpOr:                   {"OR", precOr},
	OpAnd:                  {"AND", precAnd},
	OpEq:                   {"=", precCompare},
	OpNe:                   {"<>", precCompare},
	OpLt:                   {"<", precCompare},
	OpLe:                   {"<=", precCompare},
	OpGt:                   {">", precCompare},
	OpGe:                   {">=", precCompare},
	OpIsDistinct:           {"IS DISTINCT FROM", precCompare},
	OpIsNotDistinct:        {"IS NOT DISTINCT FROM", precCompare},
	OpAdd:                  {"+", precAdd},
	OpSub:                  {"-", precAdd},
	OpMul:                  {"*", precMul},
	OpDiv:                  {"/", precMul},
	OpMod:                  {"%", precMul},
	OpConcat:               {"||", precMul},
	OpOverlaps:             {"OVERLAPS", precCompare},
	OpContains:             {"CONTAINS", precCompare},
	OpEquals:               {"EQUALS", precCompare},
	OpPrecedes:             {"PRECEDES", precCompare},
	OpSucceeds:             {"SUCCEEDS", precCompare},
	OpImmediatelyPrecedes:  {"IMMEDIATELY PRECEDES", precCompare},
	OpImmediatelySucceeds:  {"IMMEDIATELY SUCCEEDS", precCompare},
	OpMemberOf:             {"MEMBER OF", precCompare},
	OpSubmultisetOf:        {"SUBMULTISET OF", precCompare},
	OpNotSubmultisetOf:     {"NOT SUBMULTISET OF", precCompare},
	OpMultisetUnion:        {"MULTISET UNION DISTINCT", precMultisetUnion},
	OpMultisetUnionAll:     {"MULTISET UNION ALL", precMultisetUnion},
	OpMultisetIntersect:    {"MULTISET INTERSECT DISTINCT", precMultisetIntersect},
	OpMultisetIntersectAll: {"MULTISET INTERSECT ALL", precMultisetIntersect},
	OpMultisetExcept:       {"MULTISET EXCEPT DISTINCT", precMultisetUnion},
	OpMultisetExceptAll:    {"MULTISET EXCEPT ALL", precMultisetUnion},
}

// String returns the operator as it is written.
func (op BinaryOp) String() string { return binaryOps[op].text }

// expr takes an expression.
func (p *parser) expr() Expr { return p.exprAbove(0) }

// exprAbove takes an expression of operators that bind at least as tight as prec.
func (p *parser) exprAbove(prec int) Expr {
	p.enter()
	from := p.t.from
	x := p.prefix()
	if _, ok := x.(*Star); ok {
		p.leave()
		return x
	}
	for {
		height, below := p.height, p.below
		p.below = 0
		y := p.infix(x, from, prec)
		if y == nil {
			p.below = max(below, height)
			p.height = height
			p.leave()
			return x
		}
		x = y
		p.height = max(height, p.below) + 1
		p.below = below
		if p.height > maxHeight {
			p.fail(p.tokens[p.i-1], "the expression has too many operators in a row", "write a list behind IN, or split it by parentheses")
		}
	}
}

// prefix takes an operand with the operators before it.
func (p *parser) prefix() Expr {
	below := p.below
	p.below = 0
	from := p.t.from
	var x Expr
	switch {
	case p.t.kind == tokPlus || p.t.kind == tokMinus:
		op := OpPlus
		if p.t.kind == tokMinus {
			op = OpMinus
		}
		p.next()
		operand := p.exprAbove(precUnary)
		x = &Unary{p.span(from), op, operand}
	case p.t.kw == kwNot:
		p.next()
		operand := p.exprAbove(precNot)
		x = &Unary{p.span(from), OpNot, operand}
	default:
		x = p.postfix(p.primary(), from)
	}
	p.height = p.below + 1
	p.below = below
	return x
}

// postfix takes the subscripts and fields behind an operand, which began at from.
func (p *parser) postfix(x Expr, from Pos) Expr {
	for n := 0; ; n++ {
		switch {
		case p.t.kind == tokLBracket:
			p.next()
			index := p.expr()
			p.expect(tokRBracket)
			x = &Index{p.span(from), x, index}
		case p.t.kind == tokDot:
			p.next()
			name := p.ident()
			x = &Field{p.span(from), x, name}
		default:
			p.below += n
			return x
		}
		if p.below+n > maxHeight {
			p.fail(p.t, "the expression has too many subscripts in a row", "")
		}
	}
}

// compareOp returns the comparison that a token is.
func compareOp(kind tokenKind) (BinaryOp, bool) {
	switch kind {
	case tokEq:
		return OpEq, true
	case tokNe:
		return OpNe, true
	case tokLt:
		return OpLt, true
	case tokLe:
		return OpLe, true
	case tokGt:
		return OpGt, true
	case tokGe:
		return OpGe, true
	}
	return 0, false
}

// infix takes an operator behind x, if it binds at least as tight as prec, with what follows it. Otherwise it
// returns nil. x began at from, which is before x.Pos() if it is in parentheses; so for the methods below.
func (p *parser) infix(x Expr, from Pos, prec int) Expr {
	switch p.t.kind {
	case tokWord:
		if p.t.kw <= kwOther {
			return nil
		}
		return p.infixWord(x, from, prec)
	case tokEq, tokNe, tokLt, tokLe, tokGt, tokGe:
		op, _ := compareOp(p.t.kind)
		if prec > precCompare {
			return nil
		}
		if p.peek(1).kw == kwAny || p.peek(1).kw == kwAll || p.peek(1).kw == kwSome {
			if p.peek(2).kind == tokLParen {
				return p.quantified(x, from, op)
			}
		}
		return p.binary(x, from, op, 1, prec)
	case tokPlus:
		return p.binary(x, from, OpAdd, 1, prec)
	case tokMinus:
		return p.binary(x, from, OpSub, 1, prec)
	case tokStar:
		return p.binary(x, from, OpMul, 1, prec)
	case tokSlash:
		return p.binary(x, from, OpDiv, 1, prec)
	case tokPercent:
		return p.binary(x, from, OpMod, 1, prec)
	case tokConcat:
		return p.binary(x, from, OpConcat, 1, prec)
	case tokColon:
		if p.peek(1).kind == tokColon {
			p.fail(p.t, "there is no operator '::'", "write CAST(value AS type)")
		}
	}
	return nil
}

// binary takes an operator of n tokens and its right operand, if it binds at least as tight as prec.
func (p *parser) binary(x Expr, from Pos, op BinaryOp, n, prec int) Expr {
	own := binaryOps[op].prec
	if own < prec {
		return nil
	}
	pos := p.t.from
	for range n {
		p.next()
	}
	right := p.exprAbove(own + 1)
	return &Binary{p.span(from), op, pos, x, right}
}

// infixWord is infix for an operator that is a word.
func (p *parser) infixWord(x Expr, from Pos, prec int) Expr {
	second := p.peek(1).kw
	switch p.t.kw {
	case kwAnd:
		return p.binary(x, from, OpAnd, 1, prec)
	case kwOr:
		return p.binary(x, from, OpOr, 1, prec)
	case kwIs:
		return p.isPredicate(x, from, prec)
	case kwNot:
		switch second {
		case kwIn, kwBetween, kwLike, kwIlike, kwRlike, kwSimilar:
			if prec > precBetween {
				return nil
			}
			p.next()
			return p.rangePredicate(x, from, true)
		case kwSubmultiset:
			return p.binary(x, from, OpNotSubmultisetOf, 3, prec)
		}
	case kwIn, kwBetween, kwLike, kwIlike, kwRlike, kwSimilar:
		if prec > precBetween {
			return nil
		}
		return p.rangePredicate(x, from, false)
	case kwOverlaps:
		return p.binary(x, from, OpOverlaps, 1, prec)
	case kwContains:
		return p.binary(x, from, OpContains, 1, prec)
	case kwEquals:
		return p.binary(x, from, OpEquals, 1, prec)
	case kwPrecedes:
		return p.binary(x, from, OpPrecedes, 1, prec)
	case kwSucceeds:
		return p.binary(x, from, OpSucceeds, 1, prec)
	case kwImmediately:
		switch second {
		case kwPrecedes:
			return p.binary(x, from, OpImmediatelyPrecedes, 2, prec)
		case kwSucceeds:
			return p.binary(x, from, OpImmediatelySucceeds, 2, prec)
		}
	case kwMember:
		if second == kwOf {
			return p.binary(x, from, OpMemberOf, 2, prec)
		}
	case kwSubmultiset:
		if second == kwOf {
			return p.binary(x, from, OpSubmultisetOf, 2, prec)
		}
	case kwMultiset:
		return p.multisetOp(x, from, prec)
	case kwAt:
		p.atTimeZone()
	}
	return nil
}

// multisetOp takes MULTISET UNION|INTERSECT|EXCEPT [ALL|DISTINCT] and its right operand.
func (p *parser) multisetOp(x Expr, from Pos, prec int) Expr {
	var op BinaryOp
	switch p.peek(1).kw {
	case kwUnion:
		op = OpMultisetUnion
	case kwIntersect:
		op = OpMultisetIntersect
	case kwExcept:
		op = OpMultisetExcept
	default:
		return nil
	}
	n := 3
	switch p.peek(2).kw {
	case kwDistinct:
	case kwAll:
		op++
	default:
		op++ // without a word, duplicates are kept
		n = 2
	}
	return p.binary(x, from, op, n, prec)
}

// atTimeZone refuses AT TIME ZONE and AT LOCAL.
func (p *parser) atTimeZone() {
	if p.ahead(1, kwTime, kwZone) || p.ahead(1, kwLocal) {
		p.fail(p.t, "there is no AT TIME ZONE and no AT LOCAL",
			"cast to TIMESTAMP or TIMESTAMP_LTZ, which uses table.local-time-zone, or use CONVERT_TZ(text, from, to)")
	}
}

// isPredicate takes IS … behind x.
func (p *parser) isPredicate(x Expr, from Pos, prec int) Expr {
	not := p.peek(1).kw == kwNot
	n := 1
	if not {
		n = 2
	}
	if p.ahead(n, kwDistinct, kwFrom) {
		if not {
			return p.binary(x, from, OpIsNotDistinct, 4, prec)
		}
		return p.binary(x, from, OpIsDistinct, 3, prec)
	}
	if prec > precIs {
		return nil
	}
	for range n {
		p.next()
	}
	test := p.isTest()
	return &Is{p.span(from), x, not, test}
}

// isTest takes what stands behind IS [NOT].
func (p *parser) isTest() IsTest {
	switch {
	case p.acceptKw(kwNull):
		return IsNull
	case p.acceptKw(kwTrue):
		return IsTrue
	case p.acceptKw(kwFalse):
		return IsFalse
	case p.acceptKw(kwUnknown):
		return IsUnknown
	case p.acceptKw(kwEmpty):
		return IsEmpty
	case p.ahead(0, kwA, kwSet):
		p.expectKws(kwA, kwSet)
		return IsASet
	case p.acceptKw(kwJson):
		switch {
		case p.acceptKw(kwValue):
			return IsJSON
		case p.acceptKw(kwObject):
			return IsJSONObject
		case p.acceptKw(kwArray):
			return IsJSONArray
		case p.acceptKw(kwScalar):
			return IsJSONScalar
		}
		return IsJSON
	}
	p.isKw(kwNot)
	p.isKw(kwDistinct)
	p.unexpected()
	return 0
}

// rangePredicate takes [NOT] IN, BETWEEN, LIKE and so on behind x; NOT is taken already.
func (p *parser) rangePredicate(x Expr, from Pos, not bool) Expr {
	kw := p.t.kw
	at := p.t
	p.next()
	switch kw {
	case kwIn:
		list, query := p.inList()
		return &In{p.span(from), x, not, list, query}
	case kwBetween:
		symmetric := p.acceptKw(kwSymmetric)
		if !symmetric {
			p.acceptKw(kwAsymmetric)
		}
		lo := p.exprAbove(precBetween + 1)
		if !p.isKw(kwAnd) {
			if end := p.t.kind; end == tokEOF || end == tokSemicolon {
				p.fail(at, "this BETWEEN has no AND", "write x BETWEEN low AND high")
			}
			p.unexpected()
		}
		p.next()
		hi := p.exprAbove(precBetween + 1)
		return &Between{p.span(from), x, lo, hi, not, symmetric}
	}
	kind := Like
	switch kw {
	case kwIlike:
		kind = ILike
	case kwRlike:
		kind = RLike
	case kwSimilar:
		p.expectKw(kwTo)
		kind = SimilarTo
	}
	pattern := p.exprAbove(precBetween + 1)
	var escape Expr
	if p.acceptKw(kwEscape) {
		escape = p.exprAbove(precBetween + 1)
	}
	return &LikeExpr{p.span(from), x, pattern, escape, not, kind}
}

// inList takes the parentheses of IN, ANY and ALL: a list of expressions or a query.
func (p *parser) inList() ([]Expr, *Query) {
	p.expect(tokLParen)
	from := p.t.from
	if p.startsQuery() {
		q := p.query()
		p.expect(tokRParen)
		return nil, q
	}
	first := p.expr()
	if sub, ok := first.(*Subquery); ok && p.continuesQuery() {
		q := p.queryFrom(from, sub.Query)
		p.expect(tokRParen)
		return nil, q
	}
	items := []Expr{first}
	for p.accept(tokComma) {
		items = append(items, p.expr())
	}
	p.expect(tokRParen)
	return items, nil
}

// quantified takes a comparison with ANY, SOME or ALL.
func (p *parser) quantified(x Expr, from Pos, op BinaryOp) Expr {
	pos := p.t.from
	p.next()
	all := p.t.kw == kwAll
	p.next()
	list, query := p.inList()
	return &Quantified{p.span(from), x, op, pos, all, list, query}
}
