package expr

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/millstream/millstream/column"
)

// sqlExpr reads an SQL expression, enough of the language for tests of functions. cols are the columns it may name.
func sqlExpr(text string, cols ...*Column) (e Expr, err error) {
	defer func() {
		if r := recover(); r != nil {
			if s, ok := r.(syntaxError); ok {
				err = s
				return
			}
			panic(r)
		}
	}()
	p := &sqlParser{cols: cols}
	p.scan(text)
	e = p.expr(0)
	if p.peek() != "" {
		p.fail("unexpected %s", p.peek())
	}
	return e, nil
}

type syntaxError string

func (e syntaxError) Error() string { return string(e) }

type sqlParser struct {
	tokens []string // words in their case, strings with their quote
	at     int
	cols   []*Column
}

func (p *sqlParser) fail(format string, args ...any) {
	panic(syntaxError(fmt.Sprintf(format, args...)))
}

func (p *sqlParser) scan(s string) {
	for i := 0; i < len(s); {
		c := s[i]
		j := i + 1
		switch {
		case c == ' ' || c == '\n':
			i++
			continue
		case c == '\'':
			for j < len(s) && (s[j] != '\'' || j+1 < len(s) && s[j+1] == '\'') {
				if s[j] == '\'' {
					j++
				}
				j++
			}
			j++
		case c-'0' <= 9 || c == '.' && j < len(s) && s[j]-'0' <= 9:
			for j < len(s) && (s[j]-'0' <= 9 || s[j] == '.' || s[j]|0x20 == 'e' || (s[j] == '-' || s[j] == '+') && s[j-1]|0x20 == 'e') {
				j++
			}
		case unicode.IsLetter(rune(c)) || c == '_':
			for j < len(s) && (unicode.IsLetter(rune(s[j])) || s[j] == '_' || s[j] == '$' || s[j]-'0' <= 9) {
				j++
			}
		case strings.HasPrefix(s[i:], "||") || strings.HasPrefix(s[i:], "<>") || strings.HasPrefix(s[i:], "<=") || strings.HasPrefix(s[i:], ">="):
			j++
		}
		p.tokens = append(p.tokens, s[i:j])
		i = j
	}
}

func (p *sqlParser) peek() string { return p.ahead(0) }

func (p *sqlParser) ahead(n int) string {
	if p.at+n < len(p.tokens) {
		t := p.tokens[p.at+n]
		if t[0] != '\'' {
			return strings.ToUpper(t)
		}
		return t
	}
	return ""
}

func (p *sqlParser) next() string {
	t := p.peek()
	if t == "" {
		p.fail("unexpected end")
	}
	p.at++
	return t
}

func (p *sqlParser) accept(words ...string) bool {
	for i, w := range words {
		if p.ahead(i) != w {
			return false
		}
	}
	p.at += len(words)
	return true
}

func (p *sqlParser) expect(words ...string) {
	if !p.accept(words...) {
		p.fail("expected %v at %q", words, p.peek())
	}
}

func (p *sqlParser) call(name string, args ...Expr) Expr {
	e, err := NewCall(name, args...)
	if err != nil {
		p.fail("%v", err)
	}
	return e
}

var precedence = map[string]int{"OR": 1, "AND": 2, "=": 4, "<>": 4, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 6, "-": 6, "||": 6, "*": 7, "/": 7, "%": 7}

func (p *sqlParser) expr(least int) Expr {
	var e Expr
	if least <= 3 && p.accept("NOT") {
		e = p.call("NOT", p.expr(3))
	} else {
		e = p.unary()
	}
	for {
		op := p.peek()
		if n := precedence[op]; n > 0 && n >= least {
			p.next()
			e = p.call(op, e, p.expr(n+1))
			continue
		}
		if least > 4 {
			return e
		}
		switch {
		case p.accept("IS"):
			words := []string{"IS"}
			if p.accept("NOT") {
				words = append(words, "NOT")
			}
			if p.accept("DISTINCT", "FROM") {
				e = p.call(strings.Join(append(words, "DISTINCT FROM"), " "), e, p.expr(5))
			} else {
				e = p.call(strings.Join(append(words, p.next()), " "), e)
			}
		case op == "BETWEEN" || op == "IN" || op == "LIKE" || op == "SIMILAR" ||
			op == "NOT" && (p.ahead(1) == "BETWEEN" || p.ahead(1) == "IN" || p.ahead(1) == "LIKE" || p.ahead(1) == "SIMILAR"):
			not := p.accept("NOT")
			switch name := p.next(); name {
			case "BETWEEN":
				symmetric := p.accept("SYMMETRIC")
				lo := p.expr(5)
				p.expect("AND")
				hi := p.expr(5)
				x := p.call("BETWEEN", e, lo, hi)
				if symmetric {
					x = p.call("OR", x, p.call("BETWEEN", e, hi, lo))
				}
				e = x
			case "IN":
				p.expect("(")
				e = p.call("IN", append([]Expr{e}, p.list(")")...)...)
			default:
				if name == "SIMILAR" {
					p.expect("TO")
					name = "SIMILAR TO"
				}
				args := []Expr{e, p.expr(5)}
				if p.accept("ESCAPE") {
					args = append(args, p.expr(5))
				}
				e = p.call(name, args...)
			}
			if not {
				e = p.call("NOT", e)
			}
		default:
			return e
		}
	}
}

func (p *sqlParser) list(end string) []Expr {
	var list []Expr
	for !p.accept(end) {
		if len(list) > 0 {
			p.expect(",")
		}
		list = append(list, p.expr(0))
	}
	return list
}

func (p *sqlParser) unary() Expr {
	switch {
	case p.accept("-"):
		if t := p.peek(); t != "" && (t[0]-'0' <= 9 || t[0] == '.') {
			return p.postfix(number("-" + p.next()))
		}
		return p.call("NEGATE", p.unary())
	case p.accept("+"):
		return p.unary()
	}
	return p.postfix(p.primary())
}

func (p *sqlParser) postfix(e Expr) Expr {
	for {
		switch {
		case p.accept("["):
			e = p.call("ITEM", e, p.expr(0))
			p.expect("]")
		case p.accept("."):
			name := p.tokens[p.at]
			p.at++
			e = p.call("FIELD", e, Text(name))
		default:
			return e
		}
	}
}

// number types a number as Flink does.
func number(s string) Expr {
	digits := strings.TrimPrefix(s, "-")
	switch {
	case strings.ContainsAny(s, "eE"):
		f, _ := strconv.ParseFloat(s, 64)
		return Double(f)
	case strings.Contains(s, "."):
		whole, fraction, _ := strings.Cut(digits, ".")
		t := column.DecimalOf(len(strings.TrimLeft(whole, "0"))+len(fraction), len(fraction))
		if whole == "0" {
			t.Precision++
		}
		d, _ := column.ParseDecimal([]byte(s), len(fraction))
		return &Literal{d, t.Required()}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic(syntaxError("integer " + s))
	}
	if n == int64(int32(n)) {
		return Int(int32(n))
	}
	return Long(n)
}

func unquote(t string) string { return strings.ReplaceAll(t[1:len(t)-1], "''", "'") }

func (p *sqlParser) primary() Expr {
	for _, c := range p.cols {
		if strings.EqualFold(c.Name, p.peek()) {
			p.next()
			return c
		}
	}
	t := p.next()
	switch {
	case t[0] == '\'':
		return Text(unquote(t))
	case t[0]-'0' <= 9 || t[0] == '.':
		return number(t)
	case t == "(":
		return p.parentheses()
	}
	quoted := strings.HasPrefix(p.peek(), "'")
	switch {
	case t == "X" && quoted:
		var b []byte
		for s := unquote(p.next()); len(s) > 1; s = s[2:] {
			n, _ := strconv.ParseUint(s[:2], 16, 8)
			b = append(b, byte(n))
		}
		return &Literal{string(b), column.Sized(column.Binary, len(b)).Required()}
	case (t == "DATE" || t == "TIME" || t == "TIMESTAMP") && quoted:
		return p.timeLiteral(t, unquote(p.next()))
	case t == "INTERVAL":
		return p.interval()
	}
	switch t {
	case "TRUE", "FALSE":
		return Bool(t == "TRUE")
	case "NULL":
		return &Literal{T: column.Of(column.Null)}
	case "CASE":
		return p.caseOf()
	case "CAST", "TRY_CAST":
		p.expect("(")
		e := p.expr(0)
		p.expect("AS")
		to := p.typeName()
		p.expect(")")
		if !CanCast(e.Type(), to, false) {
			p.fail("no cast from %s to %s", e.Type(), to)
		}
		to.NotNull = e.Type().NotNull && t == "CAST"
		if IsNull(e) {
			return NullOf(to)
		}
		return &Cast{e, to, t == "TRY_CAST"}
	case "ARRAY", "MAP":
		p.expect("[")
		return p.call(t, p.list("]")...)
	}
	if !p.accept("(") {
		return p.call(t)
	}
	return p.call(t, p.arguments(t)...)
}

// arguments reads the arguments of a call, with the words that SQL puts between some.
func (p *sqlParser) arguments(name string) []Expr {
	unit := func() Expr { return Text(p.next()) }
	switch name {
	case "EXTRACT":
		u := unit()
		p.expect("FROM")
		return []Expr{u, p.last()}
	case "TIMESTAMPADD", "TIMESTAMPDIFF":
		u := unit()
		p.expect(",")
		return append([]Expr{u}, p.list(")")...)
	case "POSITION":
		part := p.expr(5)
		p.expect("IN")
		return []Expr{part, p.last()}
	case "TRIM":
		if s := p.peek(); s == "BOTH" || s == "LEADING" || s == "TRAILING" {
			side := p.next()
			var set Expr = Text(" ")
			if !p.accept("FROM") {
				set = p.expr(0)
				p.expect("FROM")
			}
			return []Expr{p.last(), set, Text(side)}
		}
	}
	var list []Expr
	for !p.accept(")") {
		switch {
		case len(list) == 0:
		case p.accept("TO"):
			list = append(list, unit())
			continue
		case p.accept("FROM"), p.accept("FOR"):
		default:
			p.expect(",")
		}
		list = append(list, p.expr(0))
	}
	return list
}

func (p *sqlParser) last() Expr {
	e := p.expr(0)
	p.expect(")")
	return e
}

func (p *sqlParser) timeLiteral(kind, s string) Expr {
	digits := 0
	if _, f, ok := strings.Cut(s, "."); ok {
		digits = len(f)
	}
	t := map[string]column.Type{"DATE": column.Of(column.Date), "TIME": column.Sized(column.Time, digits), "TIMESTAMP": column.Sized(column.Timestamp, digits)}[kind]
	v := column.NewVector(t, 1)
	if err := column.ParseText(v, []byte(s), nil); err != nil {
		p.fail("%v", err)
	}
	l := LiteralOf(v, 0)
	l.T = t.Required()
	return l
}

func (p *sqlParser) interval() Expr {
	sign := int64(1)
	if p.accept("-") {
		sign = -1
	}
	text := unquote(p.next())
	if strings.HasPrefix(text, "-") {
		sign, text = -sign, text[1:]
	}
	from := p.next()
	if p.accept("TO") {
		p.next() // the text tells how far it goes
	}
	if from == "YEAR" || from == "MONTH" {
		months := int64(0)
		parts := strings.Split(text, "-")
		for i, s := range parts {
			n, _ := strconv.ParseInt(s, 10, 64)
			if from == "YEAR" && i == 0 {
				n *= 12
			}
			months += n
		}
		return &Literal{sign * months, column.Type{Kind: column.IntervalYearMonth, Unit: column.Month, NotNull: true}}
	}
	units := []string{"DAY", "HOUR", "MINUTE", "SECOND"}
	size := []float64{86400000, 3600000, 60000, 1000}
	i := 0
	for units[i] != from {
		i++
	}
	ms := 0.0
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ':' }) {
		n, _ := strconv.ParseFloat(s, 64)
		ms += n * size[i]
		i++
	}
	return &Literal{sign * int64(ms+0.5), column.Type{Kind: column.IntervalDayTime, Unit: column.Second, Scale: 3, NotNull: true}}
}

// parentheses reads an expression, a period of OVERLAPS or a difference of times, behind the opening one.
func (p *sqlParser) parentheses() Expr {
	depth, end := 1, 0
	for ; depth > 0 && p.ahead(end) != ""; end++ {
		switch p.ahead(end) {
		case "(":
			depth++
		case ")":
			depth--
		}
	}
	if unit := p.ahead(end); timeUnits[unit] != "" {
		a := p.expr(7)
		p.expect("-")
		b := p.last()
		p.next()
		return p.call("TIME DIFFERENCE", Text(unit), a, b)
	}
	list := p.list(")")
	if len(list) == 2 && p.accept("OVERLAPS", "(") {
		return p.call("OVERLAPS", append(list, p.list(")")...)...)
	}
	if len(list) != 1 {
		p.fail("expected one expression in parentheses")
	}
	return list[0]
}

func (p *sqlParser) caseOf() Expr {
	var operand Expr
	if p.peek() != "WHEN" {
		operand = p.expr(0)
	}
	var when, then []Expr
	var other Expr
	for p.accept("WHEN") {
		var conds []Expr
		for {
			c := p.expr(0)
			if operand != nil {
				c = p.call("=", operand, c)
			}
			conds = append(conds, c)
			if !p.accept(",") {
				break
			}
		}
		when = append(when, Or(conds))
		p.expect("THEN")
		then = append(then, p.expr(0))
	}
	if p.accept("ELSE") {
		other = p.expr(0)
	}
	p.expect("END")
	e, err := NewCase(when, then, other)
	if err != nil {
		p.fail("%v", err)
	}
	return e
}

var kinds = map[string]column.Type{
	"BOOLEAN": column.Of(column.Boolean), "TINYINT": column.Of(column.TinyInt), "SMALLINT": column.Of(column.SmallInt), "INT": column.Of(column.Int),
	"INTEGER": column.Of(column.Int), "BIGINT": column.Of(column.BigInt), "FLOAT": column.Of(column.Float), "DOUBLE": column.Of(column.Double),
	"DECIMAL": column.DecimalOf(10, 0), "CHAR": column.Sized(column.Char, 1), "VARCHAR": column.Str(), "STRING": column.Str(),
	"BINARY": column.Sized(column.Binary, 1), "VARBINARY": column.Bytes(), "BYTES": column.Bytes(), "DATE": column.Of(column.Date),
	"TIME": column.Sized(column.Time, 0), "TIMESTAMP": column.Sized(column.Timestamp, 6), "TIMESTAMP_LTZ": column.Sized(column.TimestampLTZ, 6),
}

func (p *sqlParser) typeName() column.Type {
	name := p.next()
	var t column.Type
	switch name {
	case "ARRAY", "MULTISET":
		p.expect("<")
		if t = column.ArrayOf(p.typeName()); name == "MULTISET" {
			t.Kind = column.Multiset
		}
		p.expect(">")
	case "MAP":
		p.expect("<")
		k := p.typeName()
		p.expect(",")
		t = column.MapOf(k, p.typeName())
		p.expect(">")
	case "ROW":
		p.expect("<")
		var fields []column.Field
		for !p.accept(">") {
			if len(fields) > 0 {
				p.expect(",")
			}
			field := p.tokens[p.at]
			p.at++
			fields = append(fields, column.Field{Name: field, Type: p.typeName()})
		}
		t = column.RowOf(fields...)
	default:
		var ok bool
		if t, ok = kinds[name]; !ok {
			p.fail("type %s", name)
		}
	}
	if p.accept("(") {
		n, _ := strconv.Atoi(p.next())
		t.Precision = int32(n)
		if p.accept(",") {
			n, _ = strconv.Atoi(p.next())
			t.Scale = int32(n)
		}
		p.expect(")")
	}
	if p.accept("NOT", "NULL") {
		t.NotNull = true
	}
	return t
}
