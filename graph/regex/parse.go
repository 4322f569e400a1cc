package regex

import (
	"fmt"
	"strings"
	"unicode"
)

// parser reads a pattern.
type parser struct {
	pattern []rune
	at      int
	flags   flags
	groups  int
	names   map[string]int
	depth   int
}

type flags struct {
	fold, unicodeFold, multiline, dotAll, unixLines, comments, unicodeClass bool
}

const (
	maxDepth  = 500     // of nested groups
	maxLength = 1 << 20 // of a pattern, in code points
)

// failed is how parsing is given up.
type failed struct{ error }

func (p *parser) fail(format string, args ...any) {
	panic(failed{fmt.Errorf("the regular expression is malformed at character %d: %s", min(p.at, len(p.pattern))+1, fmt.Sprintf(format, args...))})
}

func (p *parser) parse() (n *node, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case failed:
			err = r.error
		default:
			panic(r)
		}
	}()
	if len(p.pattern) > maxLength {
		p.fail("it has more than %d characters", maxLength)
	}
	n = p.alternatives()
	if p.at < len(p.pattern) {
		p.fail("a ) is not open")
	}
	return n, nil
}

func (p *parser) more() bool { return p.at < len(p.pattern) }

// peek returns the character n places ahead; -1 behind the end.
func (p *parser) peek(n int) rune {
	if p.at+n < len(p.pattern) {
		return p.pattern[p.at+n]
	}
	return -1
}

func (p *parser) accept(text string) bool {
	i := 0
	for _, r := range text {
		if p.peek(i) != r {
			return false
		}
		i++
	}
	p.at += i
	return true
}

func (p *parser) next() rune {
	r := p.peek(0)
	if r < 0 {
		p.fail("it ends too early")
	}
	p.at++
	return r
}

// skip passes over comments with (?x).
func (p *parser) skip() {
	for p.flags.comments && p.more() {
		switch r := p.peek(0); {
		case spaces.has(r):
			p.at++
		case r == '#':
			for p.more() && p.peek(0) != '\n' && p.peek(0) != '\r' {
				p.at++
			}
		default:
			return
		}
	}
}

func (p *parser) alternatives() *node {
	if p.depth++; p.depth > maxDepth {
		p.fail("groups are nested more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	list := []*node{p.sequence()}
	for p.accept("|") {
		list = append(list, p.sequence())
	}
	if len(list) == 1 {
		return list[0]
	}
	return &node{kind: choice, subs: list}
}

func (p *parser) sequence() *node {
	var list []*node
	for p.skip(); p.more(); p.skip() {
		if r := p.peek(0); r == '|' || r == ')' {
			break
		}
		if p.accept(`\Q`) {
			before := len(list)
			for p.more() && !p.accept(`\E`) {
				list = append(list, p.literal(p.next()))
			}
			if n := len(list); n > before { // a quantifier is of the last character
				list[n-1] = p.quantified(list[n-1])
			}
			continue
		}
		if n := p.atom(); n != nil {
			list = append(list, p.quantified(n))
		}
	}
	switch len(list) {
	case 0:
		return &node{kind: empty}
	case 1:
		return list[0]
	}
	return &node{kind: sequence, subs: list}
}

// quantified reads ?, *, + and {n,m} behind n.
func (p *parser) quantified(n *node) *node {
	p.skip()
	least, most := 0, -1
	switch p.peek(0) {
	case '?':
		most = 1
	case '*':
	case '+':
		least = 1
	case '{':
		p.at++
		if least = p.number(); least < 0 {
			p.fail("{ begins a repetition, such as {2,5}; write \\{ for the sign")
		}
		most = least
		if p.accept(",") {
			most = p.number() // -1: no limit
		}
		if p.peek(0) != '}' || most >= 0 && most < least {
			p.fail("a repetition is written {2}, {2,} or {2,5}")
		}
	default:
		return n
	}
	p.at++
	rep := &node{kind: repeat, subs: []*node{n}, least: least, most: most}
	if p.accept("?") {
		rep.lazy = true
	} else if p.accept("+") {
		rep.possessive = true
	}
	return rep
}

// number reads digits; -1 if there are none.
func (p *parser) number() int {
	n := -1
	for p.more() && p.peek(0) >= '0' && p.peek(0) <= '9' {
		if n = max(n, 0)*10 + int(p.next()-'0'); n > 1<<24 {
			p.fail("a number is too large")
		}
	}
	return n
}

func (p *parser) set(c class) *node { return &node{kind: one, class: c} }

func (p *parser) literal(r rune) *node { return p.set(p.folded(class{{r, r}})) }

func (p *parser) folded(c class) class {
	if p.flags.fold {
		return c.fold(p.flags.unicodeFold || p.flags.unicodeClass)
	}
	return c
}

// atom reads what a quantifier applies to; nil for what is none, such as (?i).
func (p *parser) atom() *node {
	switch r := p.next(); r {
	case '(':
		return p.group()
	case '[':
		return p.set(p.bracket())
	case '.':
		switch {
		case p.flags.dotAll:
			return p.set(everything)
		case p.flags.unixLines:
			return p.set(class{{'\n', '\n'}}.not())
		}
		return p.set(terminator.not())
	case '^':
		if p.flags.multiline {
			return &node{kind: beginLine, lines: p.flags.unixLines}
		}
		return &node{kind: begin}
	case '$':
		if p.flags.multiline {
			return &node{kind: endLine, lines: p.flags.unixLines}
		}
		return &node{kind: endText, lines: p.flags.unixLines}
	case '*', '+', '?':
		p.at--
		p.fail("%c has nothing before it to repeat", r)
	case '{': // repeats nothing
		p.at--
		return &node{kind: empty}
	case '\\':
		return p.escape()
	default:
		return p.literal(r)
	}
	return nil
}

func (p *parser) group() *node {
	before := p.flags
	close := func(n *node) *node {
		if !p.accept(")") {
			p.fail("a ( is not closed")
		}
		p.flags = before
		return n
	}
	capture := func() *node {
		p.groups++
		n := &node{kind: group, number: p.groups}
		n.subs = []*node{p.alternatives()}
		return close(n)
	}
	switch {
	case !p.accept("?"):
		return capture()
	case p.accept(":"):
		n := p.alternatives()
		return close(&node{kind: sequence, subs: []*node{n}})
	case p.accept(">"):
		return close(&node{kind: atomic, subs: []*node{p.alternatives()}})
	case p.accept("="), p.accept("!"):
		negated := p.pattern[p.at-1] == '!'
		return close(&node{kind: look, negated: negated, subs: []*node{p.alternatives()}})
	case p.accept("<="), p.accept("<!"):
		negated := p.pattern[p.at-1] == '!'
		n := &node{kind: look, behind: true, negated: negated, subs: []*node{p.alternatives()}}
		if _, most := n.subs[0].length(); most < 0 || most > 1000 {
			p.fail("what is looked for behind a place must have a greatest length")
		}
		return close(n)
	case p.accept("<"):
		name := p.name()
		if _, ok := p.names[name]; ok {
			p.fail("the group name %s is there twice", name)
		}
		p.names[name] = p.groups + 1
		return capture()
	}
	on := true
	for {
		switch r := p.next(); r {
		case 'i':
			p.flags.fold = on
		case 'm':
			p.flags.multiline = on
		case 's':
			p.flags.dotAll = on
		case 'd':
			p.flags.unixLines = on
		case 'u':
			p.flags.unicodeFold = on
		case 'x':
			p.flags.comments = on
		case 'U':
			p.flags.unicodeClass = on
			p.flags.unicodeFold = on || p.flags.unicodeFold
		case 'c': // canonical equivalence, which no text here needs
		case '-':
			if !on {
				p.fail("- is there twice")
			}
			on = false
		case ')':
			return nil
		case ':':
			n := p.alternatives()
			return close(&node{kind: sequence, subs: []*node{n}})
		default:
			p.at--
			p.fail("(?%c is unknown", r)
		}
	}
}

// name reads a group's name and the > behind it.
func (p *parser) name() string {
	var b strings.Builder
	for r := p.next(); r != '>'; r = p.next() {
		if !letters.has(r) && (b.Len() == 0 || !digits.has(r)) {
			p.fail("a group's name has ASCII letters and digits")
		}
		b.WriteRune(r)
	}
	if b.Len() == 0 {
		p.fail("a group's name is empty")
	}
	return b.String()
}

// escape reads what is behind a \ outside of brackets.
func (p *parser) escape() *node {
	switch r := p.next(); r {
	case 'b', 'B':
		return &node{kind: wordEdge, negated: r == 'B', wide: p.flags.unicodeClass}
	case 'A':
		return &node{kind: begin}
	case 'G':
		return &node{kind: lastMatch}
	case 'z':
		return &node{kind: end}
	case 'Z':
		return &node{kind: endText, lines: p.flags.unixLines}
	case 'R':
		crlf := &node{kind: sequence, subs: []*node{p.set(class{{'\r', '\r'}}), p.set(class{{'\n', '\n'}})}}
		return &node{kind: choice, subs: []*node{crlf, p.set(vertical)}}
	case 'X': // a letter and its marks
		marks := &node{kind: repeat, subs: []*node{p.set(fromTable(unicode.M))}, most: -1, possessive: true}
		return &node{kind: sequence, subs: []*node{p.set(everything), marks}}
	case 'k':
		if p.next() != '<' {
			p.fail("a named group is written \\k<name>")
		}
		name := p.name()
		n, ok := p.names[name]
		if !ok {
			p.fail("there is no group %s before it", name)
		}
		return p.reference(n)
	case '1', '2', '3', '4', '5', '6', '7', '8', '9':
		n := int(r - '0')
		for p.more() && digits.has(p.peek(0)) && n*10+int(p.peek(0)-'0') <= p.groups {
			n = n*10 + int(p.next()-'0')
		}
		return p.reference(n)
	}
	p.at--
	return p.set(p.folded(p.escaped()))
}

// reference is a back reference; one to a group that is not there matches nothing.
func (p *parser) reference(n int) *node {
	if n > p.groups {
		return p.set(nil)
	}
	return &node{kind: backref, number: n, fold: p.flags.fold, wide: p.flags.unicodeFold}
}

// escaped reads an escape that stands for characters, inside of brackets or out.
func (p *parser) escaped() class {
	single := func(r rune) class { return class{{r, r}} }
	either := func(ascii class, wide func() class, negated bool) class {
		if p.flags.unicodeClass {
			ascii = wide()
		}
		if negated {
			return ascii.not()
		}
		return ascii
	}
	switch r := p.next(); r {
	case 'd', 'D':
		return either(digits, posix["Digit"].unicode, r == 'D')
	case 's', 'S':
		return either(spaces, posix["Space"].unicode, r == 'S')
	case 'w', 'W':
		return either(words, unicodeWds, r == 'W')
	case 'h':
		return horizontal
	case 'H':
		return horizontal.not()
	case 'v':
		return vertical
	case 'V':
		return vertical.not()
	case 'p', 'P':
		c := p.property()
		if r == 'P' {
			return c.not()
		}
		return c
	case 't':
		return single('\t')
	case 'n':
		return single('\n')
	case 'r':
		return single('\r')
	case 'f':
		return single('\f')
	case 'a':
		return single('\a')
	case 'e':
		return single(0x1b)
	case 'c':
		return single(p.next() ^ 64)
	case '0':
		return single(p.octal())
	case 'x':
		if p.accept("{") {
			n := rune(0)
			for !p.accept("}") {
				if n = n<<4 | p.hex(1); n > unicode.MaxRune {
					p.fail("there is no such code point")
				}
			}
			return single(n)
		}
		return single(p.hex(2))
	case 'u':
		n := p.hex(4)
		if n >= 0xd800 && n < 0xdc00 && p.peek(0) == '\\' && p.peek(1) == 'u' { // a pair of surrogates
			p.at += 2
			n = (n-0xd800)<<10 | (p.hex(4) - 0xdc00) + 0x10000
		}
		return single(n)
	default:
		if letters.has(r) || digits.has(r) {
			p.fail("\\%c is unknown", r)
		}
		return single(r)
	}
}

func (p *parser) hex(n int) rune {
	value := rune(0)
	for range n {
		switch r := p.next(); {
		case r >= '0' && r <= '9':
			value = value<<4 | (r - '0')
		case r|0x20 >= 'a' && r|0x20 <= 'f':
			value = value<<4 | (r | 0x20 - 'a' + 10)
		default:
			p.fail("a hexadecimal digit is missing")
		}
	}
	return value
}

func (p *parser) octal() rune {
	value, count := rune(0), 0
	for count < 3 && p.peek(0) >= '0' && p.peek(0) <= '7' && value*8+p.peek(0)-'0' <= 0o377 {
		value = value*8 + p.next() - '0'
		count++
	}
	if count == 0 {
		p.fail("\\0 needs octal digits")
	}
	return value
}

func (p *parser) property() class {
	name := string(p.next())
	if name == "{" {
		var b strings.Builder
		for !p.accept("}") {
			b.WriteRune(p.next())
		}
		name = b.String()
	}
	c, ok := named(name, p.flags.unicodeClass)
	if !ok {
		p.fail("there is no class of characters %s", name)
	}
	return c
}

// bracket reads a class behind its [, up to and with its ].
func (p *parser) bracket() class {
	if p.depth++; p.depth > maxDepth {
		p.fail("brackets are nested more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	negated := p.accept("^")
	c := p.members(true)
	p.at++ // the ]
	if negated {
		return c.not()
	}
	return c
}

// members reads the inside of a class up to its ]; && joins what is before and behind it.
func (p *parser) members(first bool) class {
	var c class
	for {
		p.skip()
		switch r := p.next(); {
		case r == ']' && !first:
			p.at--
			return c
		case r == '[':
			c = union(c, p.bracket())
		case r == '&' && p.peek(0) == '&':
			for p.accept("&") {
			}
			if p.peek(0) == ']' {
				return c
			}
			return intersect(c, p.members(false))
		case r == '\\' && p.accept("Q"):
			for p.more() && !p.accept(`\E`) {
				q := p.next()
				c = union(c, p.folded(class{{q, q}}))
			}
		default:
			p.at--
			c = union(c, p.folded(p.rangeOf()))
		}
		first = false
	}
}

// rangeOf reads a member of a class: a character, a range or an escape of several.
func (p *parser) rangeOf() class {
	low, single := p.member()
	if !single || p.peek(0) != '-' || p.peek(1) == ']' || p.peek(1) == '[' || p.peek(1) < 0 {
		return low
	}
	p.at++
	high, ok := p.member()
	if !ok || high[0].hi < low[0].lo {
		p.fail("a range must go up")
	}
	return class{{low[0].lo, high[0].hi}}
}

func (p *parser) member() (c class, single bool) {
	r := p.next()
	if r == '\\' {
		before := p.peek(0)
		c = p.escaped()
		return c, len(c) == 1 && c[0].lo == c[0].hi && !strings.ContainsRune("dDsSwWhHvVpP", before)
	}
	return class{{r, r}}, true
}
