package jsonpath

import (
	"fmt"
	"strings"

	"github.com/millstream/millstream/column/jsontext"
)

// condition is a filter or a part of one.
type condition interface {
	holds(e *Evaluator, at Item) (bool, error)
}

type (
	anyOf      []condition
	allOf      []condition
	negation   struct{ of condition }
	existence  struct{ of *operand }
	comparison struct {
		op          string
		left, right *operand
	}
)

func (c anyOf) holds(e *Evaluator, at Item) (bool, error) {
	for _, part := range c {
		if ok, err := part.holds(e, at); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (c allOf) holds(e *Evaluator, at Item) (bool, error) {
	for _, part := range c {
		if ok, err := part.holds(e, at); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (c negation) holds(e *Evaluator, at Item) (bool, error) {
	ok, err := c.of.holds(e, at)
	return !ok, err
}

func (c existence) holds(e *Evaluator, at Item) (bool, error) {
	v, err := c.of.value(e, at)
	return v.kind != undefined, err
}

func (c comparison) holds(e *Evaluator, at Item) (bool, error) {
	l, err := c.left.value(e, at)
	if err != nil {
		return false, err
	}
	r, err := c.right.value(e, at)
	if err != nil {
		return false, err
	}
	return compare(c.op, l, r), nil
}

// filterParser reads what stands in [?(…)].
type filterParser struct {
	s     string
	i     int
	depth int
}

func compileFilter(s string, depth int) (condition, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("filters are more than %d deep", maxDepth)
	}
	if s == "" || s[0] != '(' || closing(s, 0) != len(s)-1 {
		return nil, fmt.Errorf("a condition in parentheses was expected behind ?")
	}
	p := &filterParser{s: s[1 : len(s)-1], depth: depth}
	c, err := p.or()
	if err == nil && p.blanks() < len(p.s) {
		err = fmt.Errorf("%q follows the condition", p.s[p.i:])
	}
	return c, err
}

func (p *filterParser) blanks() int {
	for p.i < len(p.s) && p.s[p.i] == ' ' {
		p.i++
	}
	return p.i
}

func (p *filterParser) accept(token string) bool {
	if p.blanks(); strings.HasPrefix(p.s[p.i:], token) {
		p.i += len(token)
		return true
	}
	return false
}

func (p *filterParser) or() (condition, error) {
	return p.chain("||", p.and, func(list []condition) condition { return anyOf(list) })
}

func (p *filterParser) and() (condition, error) {
	return p.chain("&&", p.not, func(list []condition) condition { return allOf(list) })
}

func (p *filterParser) chain(sign string, part func() (condition, error), join func([]condition) condition) (condition, error) {
	var list []condition
	for {
		c, err := part()
		if err != nil {
			return nil, err
		}
		if list = append(list, c); !p.accept(sign) {
			break
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return join(list), nil
}

func (p *filterParser) not() (condition, error) {
	negative := false
	for p.accept("!") {
		negative = !negative
	}
	c, err := p.primary()
	if negative && err == nil {
		c = negation{c}
	}
	return c, err
}

func (p *filterParser) primary() (condition, error) {
	if p.blanks(); p.i < len(p.s) && p.s[p.i] == '(' {
		end := closing(p.s, p.i)
		if end < 0 {
			return nil, fmt.Errorf("a parenthesis is not closed")
		}
		c, err := compileFilter(p.s[p.i:end+1], p.depth+1)
		p.i = end + 1
		return c, err
	}
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	op := p.operator()
	if op == "" {
		return existence{left}, nil
	}
	right, err := p.operand()
	if err != nil {
		return nil, err
	}
	c := comparison{op, left, right}
	if op == "=~" && left.literal.kind != pattern && right.literal.kind != pattern {
		return nil, fmt.Errorf("=~ takes a pattern such as /a.*/i")
	}
	return c, nil
}

var signs = []string{"===", "!==", "==", "!=", "=~", "<=", ">=", "<", ">"}
var words = []string{"in", "nin", "subsetof", "anyof", "noneof", "all", "contains", "size", "empty", "type"}

// operator reads the sign or word of a comparison, "" if there is none.
func (p *filterParser) operator() string {
	for _, s := range signs {
		if p.accept(s) {
			return s
		}
	}
	n := 0
	for p.i+n < len(p.s) && p.s[p.i+n]|0x20-'a' < 26 {
		n++
	}
	word := strings.ToLower(p.s[p.i : p.i+n])
	for _, w := range words {
		if w == word {
			p.i += n
			return w
		}
	}
	return ""
}

// operand reads a path or a literal.
func (p *filterParser) operand() (*operand, error) {
	if p.blanks(); p.i >= len(p.s) {
		return nil, fmt.Errorf("a value was expected and the condition ends")
	}
	rest := p.s[p.i:]
	switch c := rest[0]; {
	case c == '$' || c == '@':
		n := until(rest, " <>=!&|)")
		path, err := compile(rest[:n], p.depth+1)
		p.i += n
		return &operand{path: path, root: c == '$'}, err
	case c == '\'' || c == '"':
		end := quoteEnd(rest, 0)
		if end < 0 {
			return nil, fmt.Errorf("a quote is not closed")
		}
		p.i += end + 1
		return &operand{literal: textValue([]byte(unescape(rest[1:end])))}, nil
	case c == '[' || c == '{':
		end := closing(rest, 0)
		if end < 0 {
			return nil, fmt.Errorf("a bracket is not closed")
		}
		p.i += end + 1
		it, err := parsed([]byte(doubleQuoted(rest[:end+1])))
		return &operand{literal: valueOf(it)}, err
	case c == '/':
		return p.pattern(rest)
	}
	n := until(rest, " <>=!&|),")
	it, err := parsed([]byte(rest[:n]))
	if err != nil || !it.Kind().IsScalar() {
		return nil, fmt.Errorf("%q is neither a path nor a value", rest[:n])
	}
	p.i += n
	return &operand{literal: valueOf(it)}, nil
}

// doubleQuoted makes texts in single quotes such in double ones, as JSON has them.
func doubleQuoted(s string) string {
	var b []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '\'' && s[i] != '"' {
			b = append(b, s[i])
			continue
		}
		end := quoteEnd(s, i)
		if end < 0 {
			return s
		}
		if s[i] == '"' {
			b = append(b, s[i:end+1]...)
		} else {
			b = jsontext.AppendQuoted(b, []byte(unescape(s[i+1:end])))
		}
		i = end
	}
	return string(b)
}
