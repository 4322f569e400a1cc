package s3select

import (
	"strconv"
	"strings"
)

// Bounds of an expression. S3 takes 256 KB.
const (
	maxExpression = 256 << 10 // bytes
	maxDepth      = 200       // of nested expressions
)

// parser reads tokens by recursive descent.
type parser struct {
	text   string
	tokens []token
	i      int
	depth  int
	inAgg  bool // inside of an aggregate's argument
	query  *query
}

// parse reads a statement of S3 Select's dialect.
func parse(text string) (*query, error) {
	if len(text) > maxExpression {
		return nil, fail("ExpressionTooLong", "the SQL expression has %d bytes: the maximum is %d", len(text), maxExpression)
	}
	if strings.TrimSpace(text) == "" {
		return nil, fail("MissingRequiredParameter", "the request has no SQL expression")
	}
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{text: text, tokens: tokens, query: &query{text: text, limit: -1}}
	if err := p.statement(); err != nil {
		return nil, err
	}
	return p.query, nil
}

func (p *parser) peek() token { return p.tokens[p.i] }

func (p *parser) take() token {
	t := p.tokens[p.i]
	if t.kind != tokenEnd {
		p.i++
	}
	return t
}

func (p *parser) isWord(word string) bool {
	t := p.peek()
	return t.kind == tokenName && strings.EqualFold(t.text, word)
}

func (p *parser) takeWord(word string) bool {
	if p.isWord(word) {
		p.i++
		return true
	}
	return false
}

func (p *parser) isSign(sign string) bool {
	t := p.peek()
	return t.kind == tokenSign && t.text == sign
}

func (p *parser) takeSign(sign string) bool {
	if p.isSign(sign) {
		p.i++
		return true
	}
	return false
}

func (p *parser) fail(code, format string, args ...any) error {
	return failAt(code, p.text, p.peek().pos, format, args...)
}

func (p *parser) expectSign(sign string) error {
	if !p.takeSign(sign) {
		return p.fail("ParseUnexpectedToken", "%q was expected and %s stands", sign, p.peek())
	}
	return nil
}

func (p *parser) expectWord(word string) error {
	if !p.takeWord(word) {
		return p.fail("ParseExpectedKeyword", "%s was expected and %s stands", word, p.peek())
	}
	return nil
}

func (p *parser) statement() error {
	q := p.query
	if !p.takeWord("SELECT") {
		return p.fail("ParseUnsupportedSelect", "a statement begins with SELECT and %s stands", p.peek())
	}
	if p.isWord("DISTINCT") || p.isWord("ALL") {
		return p.fail("ParseUnsupportedSyntax", "SELECT %s is not part of S3 Select", p.peek())
	}
	listStart := p.i
	if err := p.skipToFrom(); err != nil { // the alias says what names in the list mean
		return err
	}
	if err := p.from(); err != nil {
		return err
	}
	behind := p.i
	p.i = listStart
	if err := p.list(); err != nil {
		return err
	}
	if !p.isWord("FROM") {
		return p.fail("ParseUnexpectedToken", "a comma or FROM was expected and %s stands", p.peek())
	}
	p.i = behind
	if p.takeWord("WHERE") {
		aggregates := len(q.aggregates)
		where, err := p.expression()
		if err != nil {
			return err
		}
		if len(q.aggregates) > aggregates {
			return failAt("UnsupportedSqlStructure", p.text, q.aggregates[aggregates].pos, "an aggregate cannot stand in WHERE")
		}
		q.where = where
	}
	if p.takeWord("LIMIT") {
		t := p.take()
		n, err := strconv.ParseInt(t.text, 10, 64)
		if t.kind != tokenNumber || err != nil {
			return failAt("ParseUnexpectedToken", p.text, t.pos, "LIMIT takes a whole number and %s stands", t)
		}
		q.limit = n
	}
	for _, word := range []string{"GROUP", "HAVING", "ORDER", "UNION", "JOIN", "OFFSET"} {
		if p.isWord(word) {
			return p.fail("ParseUnsupportedSyntax", "%s is not part of S3 Select", word)
		}
	}
	if t := p.peek(); t.kind != tokenEnd {
		return p.fail("ParseUnexpectedToken", "WHERE, LIMIT or the end was expected and %s stands", t)
	}
	return p.checkAggregates()
}

// skipToFrom finds the statement's FROM: those of SUBSTRING, TRIM and EXTRACT stand in brackets.
func (p *parser) skipToFrom() error {
	open := 0
	for {
		switch t := p.peek(); {
		case t.kind == tokenEnd:
			return p.fail("ParseSelectMissingFrom", "FROM S3Object is missing")
		case p.isSign("(") || p.isSign("["):
			open++
		case p.isSign(")") || p.isSign("]"):
			open--
		case open == 0 && p.isWord("FROM"):
			if before := p.tokens[p.i-1]; before.kind != tokenSign || before.text != "." {
				p.i++
				return nil
			}
		}
		p.i++
	}
}

// from reads S3Object[*].path alias.
func (p *parser) from() error {
	q := p.query
	t := p.take()
	if t.kind != tokenName && t.kind != tokenQuoted || !strings.EqualFold(t.text, "S3Object") {
		return failAt("InvalidDataSource", p.text, t.pos, "the only table is S3Object and %s stands", t)
	}
	steps, err := p.steps()
	if err != nil {
		return err
	}
	if len(steps) > 0 && steps[0].kind == stepEach {
		steps = steps[1:]
	}
	q.from = steps
	if p.takeWord("AS") {
		if t := p.peek(); t.kind != tokenName && t.kind != tokenQuoted {
			return p.fail("ParseExpectedIdentForAlias", "a name was expected behind AS and %s stands", t)
		}
	}
	if t := p.peek(); t.kind == tokenQuoted || t.kind == tokenName && !isKeyword(t.text) {
		q.alias = p.take().text
	}
	if p.isSign(",") {
		return p.fail("MultipleDataSourcesUnsupported", "only one table can be read")
	}
	return nil
}

// steps reads what may follow a name: .name, ["name"], [1] and [*].
func (p *parser) steps() ([]step, error) {
	var steps []step
	for {
		switch {
		case p.takeSign("."):
			t := p.take()
			switch {
			case t.kind == tokenName || t.kind == tokenQuoted:
				steps = append(steps, step{name: t.text, exact: t.kind == tokenQuoted})
			case t.kind == tokenSign && t.text == "*":
				p.i -= 2 // s.* is for the caller to read
				return steps, nil
			default:
				return nil, failAt("ParseInvalidPathComponent", p.text, t.pos, "a name was expected behind the point and %s stands", t)
			}
		case p.takeSign("["):
			t := p.take()
			switch n, err := strconv.Atoi(t.text); {
			case t.kind == tokenSign && t.text == "*":
				steps = append(steps, step{kind: stepEach})
			case t.kind == tokenText || t.kind == tokenQuoted:
				steps = append(steps, step{name: t.text, exact: true})
			case t.kind == tokenNumber && err == nil:
				steps = append(steps, step{kind: stepIndex, index: n})
			default:
				return nil, failAt("ParseInvalidPathComponent", p.text, t.pos, "an index, a name in quotes or * was expected in brackets and %s stands", t)
			}
			if err := p.expectSign("]"); err != nil {
				return nil, err
			}
		default:
			return steps, nil
		}
	}
}

// list reads what stands between SELECT and FROM.
func (p *parser) list() error {
	q := p.query
	if p.star() {
		q.all = true
		if p.isSign(",") {
			return p.fail("ParseAsteriskIsNotAloneInSelectList", "* stands alone in a list")
		}
		return nil
	}
	for {
		if p.star() {
			return p.fail("ParseAsteriskIsNotAloneInSelectList", "* stands alone in a list")
		}
		expr, err := p.expression()
		if err != nil {
			return err
		}
		it := item{expr: expr}
		if expr.op == opPath && len(expr.path) > 0 {
			it.name = expr.path[len(expr.path)-1].name
		}
		as := p.takeWord("AS")
		switch t := p.peek(); {
		case t.kind == tokenQuoted || t.kind == tokenName && !isKeyword(t.text):
			it.name = p.take().text
		case as:
			return p.fail("ParseExpectedIdentForAlias", "a name was expected behind AS and %s stands", t)
		}
		q.items = append(q.items, it)
		if !p.takeSign(",") {
			return nil
		}
	}
}

// star takes * or s.*.
func (p *parser) star() bool {
	if p.takeSign("*") {
		return true
	}
	if t := p.peek(); (t.kind == tokenName || t.kind == tokenQuoted) && p.query.isRecord(t.text) && p.i+2 < len(p.tokens) {
		point, star := p.tokens[p.i+1], p.tokens[p.i+2]
		if point.kind == tokenSign && point.text == "." && star.kind == tokenSign && star.text == "*" {
			p.i += 3
			return true
		}
	}
	return false
}

// isRecord reports whether a name stands for the record itself.
func (q *query) isRecord(name string) bool {
	return q.alias != "" && strings.EqualFold(name, q.alias) || strings.EqualFold(name, "S3Object")
}

// checkAggregates refuses values of single records beside aggregates, and gives the aggregates their places.
func (p *parser) checkAggregates() error {
	q := p.query
	if len(q.aggregates) == 0 {
		return nil
	}
	for i, a := range q.aggregates {
		a.slot = i
	}
	for _, it := range q.items {
		if n := ungrouped(it.expr); n != nil {
			return failAt("UnsupportedSqlStructure", p.text, n.pos, "a value of single records cannot stand beside aggregates")
		}
	}
	return nil
}

func ungrouped(n *node) *node {
	if n.op == opPath {
		return n
	}
	if n.op.isAggregate() {
		return nil
	}
	for _, a := range n.args {
		if found := ungrouped(a); found != nil {
			return found
		}
	}
	return nil
}

var keywords = map[string]bool{}

func init() {
	for word := range strings.FieldsSeq(`SELECT FROM WHERE LIMIT AND OR NOT BETWEEN IN LIKE ESCAPE IS NULL MISSING AS CASE WHEN THEN ELSE END
		GROUP ORDER HAVING UNION JOIN BY TRUE FALSE CAST OFFSET DISTINCT`) {
		keywords[word] = true
	}
}

func isKeyword(word string) bool { return keywords[strings.ToUpper(word)] }
