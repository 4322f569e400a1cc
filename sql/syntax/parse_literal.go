package syntax

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// unicodeString takes U&'text' [UESCAPE 'c'], where \0041 stands for the character with that hexadecimal number.
func (p *parser) unicodeString() string {
	t := p.t
	p.next()
	escape := '\\'
	if p.acceptKw(kwUescape) {
		at := p.t
		s := p.oneString()
		r, n := utf8.DecodeRuneInString(s)
		if n == 0 || n != len(s) || strings.ContainsRune("0123456789abcdefABCDEF+'\" \t\n\r\f", r) {
			p.fail(at, "UESCAPE needs one character that is no hexadecimal digit, sign, quote or space", "")
		}
		escape = r
	}
	raw := p.src[t.from+3 : t.to-1]
	if !strings.ContainsRune(raw, escape) && !strings.Contains(raw, "''") {
		return raw
	}
	return p.decodeUnicode(raw, escape, t.from+3)
}

// decodeUnicode replaces the escapes and doubled quotes in raw, which begins at offset base. An escape is four
// hexadecimal digits of a UTF-16 unit, or a doubled escape character for itself.
func (p *parser) decodeUnicode(raw string, escape rune, base Pos) string {
	var b strings.Builder
	var high rune // the first half of a surrogate pair
	flush := func() {
		if high != 0 {
			b.WriteRune(utf8.RuneError)
			high = 0
		}
	}
	for i := 0; i < len(raw); {
		r, n := utf8.DecodeRuneInString(raw[i:])
		if r != escape {
			flush()
			if r == '\'' {
				n = 2 // doubled, or the lexer would have ended the string
			}
			b.WriteRune(r)
			i += n
			continue
		}
		at := i
		i += n
		if next, n := utf8.DecodeRuneInString(raw[i:]); i < len(raw) && next == escape {
			flush()
			b.WriteRune(escape)
			i += n
			continue
		}
		end := min(i+4, len(raw))
		for !utf8.RuneStart(byteAt(raw, end)) {
			end++
		}
		unit, err := strconv.ParseUint(raw[i:end], 16, 32)
		if err != nil || end-i < 4 {
			p.failSpan(Span{base + Pos(at), base + Pos(end)}, "'"+raw[at:end]+"' is no Unicode escape",
				fmt.Sprintf("write %c and four hexadecimal digits", escape))
		}
		i = end
		switch u := rune(unit); {
		case u >= 0xd800 && u < 0xdc00:
			flush()
			high = u
		case u >= 0xdc00 && u < 0xe000 && high != 0:
			b.WriteRune((high-0xd800)<<10 + (u - 0xdc00) + 0x10000)
			high = 0
		default:
			flush()
			b.WriteRune(u) // a lone second half becomes U+FFFD
		}
	}
	flush()
	return b.String()
}

// byteAt returns the byte of s at i, 0 at its end.
func byteAt(s string, i int) byte {
	if i < len(s) {
		return s[i]
	}
	return 0
}

// interval takes INTERVAL [+|-] 'text' units.
func (p *parser) interval() *Interval {
	from, iv := p.intervalStart()
	if p.t.kind == tokInteger {
		p.fail(p.t, "the number of an INTERVAL is written in quotes", "write INTERVAL '"+p.text(p.t)+"' …")
	}
	iv.Text = p.stringText()
	iv.Units = p.intervalUnits()
	iv.Span = p.span(from)
	return iv
}

// intervalStart takes INTERVAL and a sign.
func (p *parser) intervalStart() (from Pos, iv *Interval) {
	from, iv = p.t.from, &Interval{}
	p.expectKw(kwInterval)
	if p.t.kind == tokPlus || p.t.kind == tokMinus {
		iv.Negative = p.t.kind == tokMinus
		p.next()
	}
	return from, iv
}

// intervalExpr takes INTERVAL [+|-] and a text, a number, a name or an expression in parentheses, and units.
func (p *parser) intervalExpr() Expr {
	from, iv := p.intervalStart()
	switch {
	case p.t.kind == tokInteger || p.t.kind == tokDecimal || p.t.kind == tokLParen:
		iv.X = p.primary()
	case p.isName():
		from := p.t.from
		parts := []Ident{p.anyIdent()}
		for p.accept(tokDot) {
			parts = append(parts, p.ident())
		}
		iv.X = &ColumnRef{p.span(from), parts}
	default:
		iv.Text = p.stringText()
	}
	iv.Units = p.intervalUnits()
	iv.Span = p.span(from)
	return iv
}

// intervalUnit returns the unit that a word names, in the singular and upper case; empty if it names none.
func intervalUnit(word string) string {
	switch u := strings.TrimSuffix(strings.ToUpper(word), "S"); u {
	case "YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND":
		return u
	}
	return ""
}

// intervalUnits takes a unit, or two of them joined by TO.
func (p *parser) intervalUnits() IntervalUnits {
	from := p.t.from
	u := IntervalUnits{Precision: -1, Fraction: -1}
	u.From = p.intervalUnit()
	if p.t.kind == tokLParen {
		p.next()
		u.Precision = p.smallInt()
		if u.From == "SECOND" && p.accept(tokComma) {
			u.Fraction = p.smallInt()
		}
		p.expect(tokRParen)
	}
	if p.t.kw == kwTo && intervalUnit(p.text(p.peek(1))) != "" {
		at := p.t.from
		p.next()
		u.To = p.intervalUnit()
		if u.To == "SECOND" && p.t.kind == tokLParen {
			p.next()
			u.Fraction = p.smallInt()
			p.expect(tokRParen)
		}
		if !unitsFit(u.From, u.To) {
			p.failSpan(p.span(at), "there are no intervals of "+u.From+" TO "+u.To, "")
		}
	}
	u.Span = p.span(from)
	return u
}

// unitsFit tells whether an interval can go from one unit to another.
func unitsFit(from, to string) bool {
	const order = "DAY HOUR MINUTE SECOND"
	if from == "YEAR" {
		return to == "MONTH"
	}
	i, j := strings.Index(order, from), strings.Index(order, to)
	return i >= 0 && i < j
}

func (p *parser) intervalUnit() string {
	unit := ""
	if p.t.kind == tokWord {
		unit = intervalUnit(p.text(p.t))
	}
	if unit == "" {
		p.unexpectedFor(wantUnit)
	}
	p.next()
	return unit
}

// smallInt takes an unsigned number that fits 32 bits.
func (p *parser) smallInt() int {
	if !p.is(tokInteger) {
		p.unexpected()
	}
	t := p.t
	n, err := strconv.ParseInt(p.text(t), 10, 32)
	if err != nil {
		p.fail(t, "the number is too large", "")
	}
	p.next()
	return int(n)
}

// integerLiteral takes an unsigned number.
func (p *parser) integerLiteral() *Literal {
	if !p.is(tokInteger) {
		p.unexpected()
	}
	t := p.t
	p.next()
	return &Literal{Span{t.from, t.to}, IntegerLiteral, p.text(t)}
}
