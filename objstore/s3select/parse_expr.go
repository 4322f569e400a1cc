package s3select

// Precedence, weakest first: OR, AND, NOT, comparisons, ||, + -, * / %, sign.

func (p *parser) expression() (*node, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, p.fail("UnsupportedSqlStructure", "the expression is nested more than %d deep", maxDepth)
	}
	return p.chain(p.conjunction, map[string]op{"OR": opOr})
}

func (p *parser) conjunction() (*node, error) {
	return p.chain(p.negation, map[string]op{"AND": opAnd})
}
func (p *parser) concat() (*node, error) { return p.chain(p.sum, map[string]op{"||": opConcat}) }
func (p *parser) sum() (*node, error) {
	return p.chain(p.product, map[string]op{"+": opAdd, "-": opSubtract})
}
func (p *parser) product() (*node, error) {
	return p.chain(p.signed, map[string]op{"*": opMultiply, "/": opDivide, "%": opModulo})
}

// maxChain bounds how deep a chain of operators such as a + b + c … makes the tree.
const maxChain = 5000

// chain reads operands of operators that group from the left.
func (p *parser) chain(operand func() (*node, error), operators map[string]op) (*node, error) {
	left, err := operand()
	for n := 0; err == nil; n++ {
		t := p.peek()
		found, isOperator := opLiteral, false
		switch t.kind {
		case tokenSign:
			found, isOperator = operators[t.text]
		case tokenName:
			for word, o := range operators {
				if p.isWord(word) {
					found, isOperator = o, true
				}
			}
		}
		if !isOperator {
			return left, nil
		}
		if n == maxChain {
			return nil, p.fail("UnsupportedSqlStructure", "more than %d operators stand in a row", maxChain)
		}
		p.take()
		var right *node
		if right, err = operand(); err == nil {
			left = &node{op: found, pos: t.pos, args: []*node{left, right}}
		}
	}
	return nil, err
}

func (p *parser) negation() (*node, error) {
	t := p.peek()
	if !p.takeWord("NOT") {
		return p.comparison()
	}
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, p.fail("UnsupportedSqlStructure", "the expression is nested more than %d deep", maxDepth)
	}
	arg, err := p.negation()
	if err != nil {
		return nil, err
	}
	return &node{op: opNot, pos: t.pos, args: []*node{arg}}, nil
}

var comparisons = map[string]op{
	"=": opEqual, "<>": opUnequal, "!=": opUnequal, "<": opLess, "<=": opLessEqual, ">": opGreater, ">=": opGreaterEqual,
}

func (p *parser) comparison() (*node, error) {
	left, err := p.concat()
	if err != nil {
		return nil, err
	}
	for {
		t := p.peek()
		if o, ok := comparisons[t.text]; ok && t.kind == tokenSign {
			p.take()
			right, err := p.concat()
			if err != nil {
				return nil, err
			}
			return &node{op: o, pos: t.pos, args: []*node{left, right}}, nil
		}
		if p.takeWord("IS") {
			not := p.takeWord("NOT")
			n := &node{op: opIsNull, pos: t.pos, args: []*node{left}}
			switch {
			case p.takeWord("NULL"):
			case p.takeWord("MISSING"):
				n.op = opIsMissing
			default:
				return nil, p.fail("ParseExpectedKeyword", "NULL or MISSING was expected behind IS and %s stands", p.peek())
			}
			left = negated(n, not)
			continue
		}
		not := p.takeWord("NOT")
		var n *node
		switch {
		case p.takeWord("BETWEEN"):
			n, err = p.between(left, t.pos)
		case p.takeWord("IN"):
			n, err = p.in(left, t.pos)
		case p.takeWord("LIKE"):
			n, err = p.like(left, t.pos)
		case not:
			return nil, p.fail("ParseExpectedKeyword", "BETWEEN, IN or LIKE was expected behind NOT and %s stands", p.peek())
		default:
			return left, nil
		}
		if err != nil {
			return nil, err
		}
		left = negated(n, not)
	}
}

func negated(n *node, not bool) *node {
	if not {
		return &node{op: opNot, pos: n.pos, args: []*node{n}}
	}
	return n
}

func (p *parser) between(left *node, pos int) (*node, error) {
	low, err := p.concat()
	if err != nil {
		return nil, err
	}
	if err := p.expectWord("AND"); err != nil {
		return nil, err
	}
	high, err := p.concat()
	if err != nil {
		return nil, err
	}
	return &node{op: opBetween, pos: pos, args: []*node{left, low, high}}, nil
}

func (p *parser) in(left *node, pos int) (*node, error) {
	open, end := "(", ")"
	if p.isSign("[") { // a list in brackets
		open, end = "[", "]"
	}
	if err := p.expectSign(open); err != nil {
		return nil, err
	}
	n := &node{op: opIn, pos: pos, args: []*node{left}}
	for {
		one, err := p.expression()
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, one)
		if !p.takeSign(",") {
			return n, p.expectSign(end)
		}
	}
}

func (p *parser) like(left *node, pos int) (*node, error) {
	text, err := p.concat()
	if err != nil {
		return nil, err
	}
	n := &node{op: opLike, pos: pos, args: []*node{left, text}}
	if p.takeWord("ESCAPE") {
		escape, err := p.concat()
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, escape)
	}
	for _, a := range n.args[1:] {
		if a.op != opLiteral {
			return n, nil
		}
	}
	if n.pattern, err = compileLike(n.args[1:], func(i int) value { return n.args[i+1].value }); err != nil {
		return nil, failAt("LikeInvalidInputs", p.text, text.pos, "%v", err)
	}
	return n, nil
}

func (p *parser) signed() (*node, error) {
	t := p.peek()
	if !p.isSign("-") && !p.isSign("+") {
		return p.primary()
	}
	p.take()
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxDepth {
		return nil, p.fail("UnsupportedSqlStructure", "the expression is nested more than %d deep", maxDepth)
	}
	arg, err := p.signed()
	if err != nil || t.text == "+" {
		return arg, err
	}
	if arg.op == opLiteral {
		if v, err := negate(arg.value); err == nil {
			return &node{op: opLiteral, pos: t.pos, value: v}, nil
		}
	}
	return &node{op: opNegate, pos: t.pos, args: []*node{arg}}, nil
}

func (p *parser) primary() (*node, error) {
	t := p.peek()
	switch t.kind {
	case tokenNumber:
		p.take()
		v, ok := parseNumber([]byte(t.text))
		if !ok {
			return nil, failAt("LexerInvalidLiteral", p.text, t.pos, "%s is no number", t)
		}
		return &node{op: opLiteral, pos: t.pos, value: v}, nil
	case tokenText:
		p.take()
		return &node{op: opLiteral, pos: t.pos, value: textValue(t.text)}, nil
	case tokenTime:
		p.take()
		v, ok := parseTime([]byte(t.text))
		if !ok {
			if v, ok = parseNumber([]byte(t.text)); !ok {
				return nil, failAt("LexerInvalidIONLiteral", p.text, t.pos, "%s is neither a timestamp nor a number", t)
			}
		}
		return &node{op: opLiteral, pos: t.pos, value: v}, nil
	case tokenQuoted:
		return p.path()
	case tokenName:
		return p.word()
	}
	if p.takeSign("(") {
		n, err := p.expression()
		if err != nil {
			return nil, err
		}
		return n, p.expectSign(")")
	}
	return nil, p.fail("ParseUnexpectedToken", "a value was expected and %s stands", t)
}

// word reads what begins with a name: a constant, CASE, a function or a path.
func (p *parser) word() (*node, error) {
	t := p.peek()
	constant := func(v value) (*node, error) {
		p.take()
		return &node{op: opLiteral, pos: t.pos, value: v}, nil
	}
	switch {
	case p.isWord("TRUE"):
		return constant(boolValue(true))
	case p.isWord("FALSE"):
		return constant(boolValue(false))
	case p.isWord("NULL"):
		return constant(value{kind: kindNull})
	case p.isWord("MISSING"):
		return constant(value{})
	case p.isWord("CASE"):
		return p.caseOf()
	}
	if behind := p.tokens[p.i+1]; behind.kind == tokenSign && behind.text == "(" {
		return p.function()
	}
	if isKeyword(t.text) {
		return nil, p.fail("ParseUnexpectedKeyword", "a value was expected and the keyword %s stands", t)
	}
	return p.path()
}

func (p *parser) path() (*node, error) {
	t := p.take()
	steps, err := p.steps()
	if err != nil {
		return nil, err
	}
	n := &node{op: opPath, pos: t.pos, slot: -1}
	if !p.query.isRecord(t.text) {
		n.path = append(n.path, step{name: t.text, exact: t.kind == tokenQuoted})
	}
	n.path = append(n.path, steps...)
	for _, s := range n.path {
		if s.kind == stepEach {
			return nil, failAt("ParseCannotMixSqbAndWildcardInSelectList", p.text, t.pos, "[*] can only stand in FROM")
		}
	}
	return n, nil
}

func (p *parser) caseOf() (*node, error) {
	n := &node{op: opCase, pos: p.take().pos}
	var subject *node
	var err error
	if !p.isWord("WHEN") {
		if subject, err = p.expression(); err != nil {
			return nil, err
		}
	}
	for p.takeWord("WHEN") {
		condition, err := p.expression()
		if err != nil {
			return nil, err
		}
		if subject != nil {
			condition = &node{op: opEqual, pos: condition.pos, args: []*node{subject, condition}}
		}
		if err := p.expectWord("THEN"); err != nil {
			return nil, err
		}
		result, err := p.expression()
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, condition, result)
	}
	if len(n.args) == 0 {
		return nil, p.fail("ParseExpectedWhenClause", "WHEN was expected and %s stands", p.peek())
	}
	if p.takeWord("ELSE") {
		result, err := p.expression()
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, result)
	}
	return n, p.expectWord("END")
}
