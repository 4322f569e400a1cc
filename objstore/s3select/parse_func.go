package s3select

import (
	"strconv"
	"strings"
)

// call is a function whose arguments are separated by commas.
type call struct {
	op       op
	min, max int
}

var calls = map[string]call{
	"COALESCE": {opCoalesce, 1, 1000}, "NULLIF": {opNullIf, 2, 2},
	"CHAR_LENGTH": {opCharLength, 1, 1}, "CHARACTER_LENGTH": {opCharLength, 1, 1},
	"LOWER": {opLower, 1, 1}, "UPPER": {opUpper, 1, 1},
	"TO_STRING": {opToString, 2, 2}, "TO_TIMESTAMP": {opToTimestamp, 1, 1}, "UTCNOW": {opUTCNow, 0, 0},
	"COUNT": {opCount, 1, 1}, "SUM": {opSum, 1, 1}, "AVG": {opAvg, 1, 1}, "MIN": {opMin, 1, 1}, "MAX": {opMax, 1, 1},
}

func (p *parser) function() (*node, error) {
	t := p.take()
	p.take() // the bracket
	name := strings.ToUpper(t.text)
	n := &node{pos: t.pos}
	var err error
	switch name {
	case "CAST":
		err = p.cast(n)
	case "SUBSTRING":
		err = p.substring(n)
	case "TRIM":
		err = p.trim(n)
	case "EXTRACT":
		err = p.extract(n)
	case "DATE_ADD", "DATE_DIFF":
		if n.op = opDateAdd; name == "DATE_DIFF" {
			n.op = opDateDiff
		}
		if n.part, err = p.datePart(false); err == nil {
			if err = p.expectSign(","); err == nil {
				err = p.args(n, name, 2, 2)
			}
		}
	default:
		known, ok := calls[name]
		if !ok {
			return nil, failAt("UnsupportedFunction", p.text, t.pos, "there is no function %s", t)
		}
		n.op = known.op
		if n.op.isAggregate() {
			err = p.aggregate(n, name)
		} else {
			err = p.args(n, name, known.min, known.max)
		}
	}
	if err != nil {
		return nil, err
	}
	if err := p.expectSign(")"); err != nil {
		return nil, err
	}
	if n.op == opToString && n.args[1].op == opLiteral {
		if n.format, err = parseFormat(n.args[1].value); err != nil {
			return nil, failAt("EvaluatorInvalidTimestampFormatPattern", p.text, n.args[1].pos, "%v", err)
		}
	}
	return n, nil
}

// args reads a list of arguments up to the closing bracket.
func (p *parser) args(n *node, name string, least, most int) error {
	for !p.isSign(")") {
		if len(n.args) > 0 {
			if err := p.expectSign(","); err != nil {
				return err
			}
		}
		arg, err := p.expression()
		if err != nil {
			return err
		}
		n.args = append(n.args, arg)
	}
	if len(n.args) < least || len(n.args) > most {
		return failAt("ParseInvalidFunctionArguments", p.text, n.pos, "%s has %d arguments here", name, len(n.args))
	}
	return nil
}

func (p *parser) aggregate(n *node, name string) error {
	if p.inAgg {
		return failAt("UnsupportedSqlStructure", p.text, n.pos, "%s stands inside of another aggregate", name)
	}
	if p.isWord("DISTINCT") {
		return p.fail("ParseUnsupportedSyntax", "%s(DISTINCT …) is not part of S3 Select", name)
	}
	if len(p.query.aggregates) >= maxAggregates {
		return failAt("UnsupportedSqlStructure", p.text, n.pos, "there are more than %d aggregates", maxAggregates)
	}
	if n.op == opCount && p.takeSign("*") {
		p.query.aggregates = append(p.query.aggregates, n)
		return nil
	}
	p.inAgg = true
	err := p.args(n, name, 1, 1)
	p.inAgg = false
	p.query.aggregates = append(p.query.aggregates, n)
	return err
}

const maxAggregates = 1000

var castKinds = map[string]castKind{
	"BOOL": castBool, "BOOLEAN": castBool, "INT": castInt, "INTEGER": castInt, "SMALLINT": castInt, "BIGINT": castInt, "STRING": castText,
	"VARCHAR": castText, "CHAR": castText, "CHARACTER": castText, "FLOAT": castFloat, "DOUBLE": castFloat, "REAL": castFloat,
	"DECIMAL": castDecimal, "NUMERIC": castDecimal, "TIMESTAMP": castTime,
}

// cast reads value AS type; a type's precision is read and, as in S3, not enforced.
func (p *parser) cast(n *node) error {
	arg, err := p.expression()
	if err != nil {
		return err
	}
	n.op, n.args = opCast, []*node{arg}
	if err := p.expectWord("AS"); err != nil {
		return err
	}
	t := p.take()
	to, ok := castKinds[strings.ToUpper(t.text)]
	if !ok || t.kind != tokenName {
		return failAt("ParseExpectedTypeName", p.text, t.pos, "a type was expected and %s stands (BOOL, INT, STRING, FLOAT, DECIMAL, TIMESTAMP)", t)
	}
	n.to = to
	if !p.takeSign("(") {
		return nil
	}
	for {
		t := p.take()
		if _, err := strconv.ParseUint(t.text, 10, 31); t.kind != tokenNumber || err != nil {
			return failAt("ParseInvalidTypeParam", p.text, t.pos, "a whole number was expected and %s stands", t)
		}
		if !p.takeSign(",") {
			return p.expectSign(")")
		}
	}
}

// substring reads text FROM start FOR length, or the same with commas.
func (p *parser) substring(n *node) error {
	n.op = opSubstring
	for i, word := range []string{"", "FROM", "FOR"} {
		if i > 0 && !p.takeSign(",") && !p.takeWord(word) {
			if i == 1 {
				return p.fail("ParseExpectedArgumentDelimiter", "FROM or a comma was expected and %s stands", p.peek())
			}
			return nil
		}
		arg, err := p.expression()
		if err != nil {
			return err
		}
		n.args = append(n.args, arg)
	}
	return nil
}

// trim reads LEADING characters FROM text, or parts of that.
func (p *parser) trim(n *node) error {
	n.op = opTrim
	side := true
	switch {
	case p.takeWord("LEADING"):
		n.side = trimLeading
	case p.takeWord("TRAILING"):
		n.side = trimTrailing
	case p.takeWord("BOTH"):
	default:
		side = false
	}
	if side && p.takeWord("FROM") {
		text, err := p.expression()
		n.args = []*node{text}
		return err
	}
	first, err := p.expression()
	if err != nil {
		return err
	}
	if !p.takeWord("FROM") {
		if side {
			return p.fail("ParseExpectedKeyword", "FROM was expected and %s stands", p.peek())
		}
		n.args = []*node{first}
		return nil
	}
	text, err := p.expression()
	n.args = []*node{text, first}
	return err
}

func (p *parser) extract(n *node) error {
	n.op = opExtract
	var err error
	if n.part, err = p.datePart(true); err != nil {
		return err
	}
	if err := p.expectWord("FROM"); err != nil {
		return err
	}
	arg, err := p.expression()
	n.args = []*node{arg}
	return err
}

func (p *parser) datePart(zone bool) (datePart, error) {
	t := p.take()
	part, ok := dateParts[strings.ToUpper(t.text)]
	if !ok || t.kind != tokenName || !zone && part >= partZoneHour {
		return 0, failAt("ParseExpectedDatePart", p.text, t.pos, "a part of a date was expected and %s stands (YEAR, MONTH, DAY, HOUR, MINUTE, SECOND)", t)
	}
	return part, nil
}
