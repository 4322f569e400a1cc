// Package jsontext reads JSON text into flat lists of nodes that point into it, and writes values as JSON.
//
// What enters: text of unknown quality. What leaves: a [Doc], which the functions of SQL walk, print again in a normal form, or turn
// into a VARIANT. column and graph/expr call it.
//
// What must hold: a Doc is reused for text after text without allocating, the text stays unchanged while it is read, and nesting is
// bounded. The dialect is that of the parser behind Apache Flink's functions: strict JSON, and what stands behind the first value is
// not looked at.
package jsontext

import (
	"fmt"
	"math"
	"unicode/utf8"
)

// Kind tells nodes apart.
type Kind uint8

// The kinds of nodes.
const (
	Null Kind = iota
	False
	True
	Int   // a number without fraction and exponent
	Float // any other number
	String
	Array
	Object
)

// IsScalar reports whether the kind is neither Array nor Object.
func (k Kind) IsScalar() bool { return k < Array }

// IsNumber reports whether the kind is that of a number.
func (k Kind) IsNumber() bool { return k == Int || k == Float }

// Node is a value of a document, or the name of an object's member. The children of an array stand right behind it, those of an
// object as names and values in turn.
type Node struct {
	Kind    Kind
	Escaped bool  // a String with backslashes in it
	From    int32 // of the text; a String's quotes are left out
	To      int32
	Next    int32 // the node behind this one and all below it
	Count   int32 // elements of an Array, members of an Object
}

// MaxDepth is how deep arrays and objects may be nested.
const MaxDepth = 1000

// Doc is a text that was read. The first node is the value.
type Doc struct {
	Text  []byte
	Nodes []Node
	open  []int32
}

// SyntaxError says what is wrong with a text.
type SyntaxError struct {
	Offset int // in bytes
	What   string
}

// Error says what was expected where.
func (e *SyntaxError) Error() string { return fmt.Sprintf("no JSON: %s at byte %d", e.What, e.Offset) }

// Parse reads the first value of text. The error is a [*SyntaxError].
func (d *Doc) Parse(text []byte) error {
	d.Text, d.Nodes, d.open = text, d.Nodes[:0], d.open[:0]
	if len(text) > math.MaxInt32 {
		return &SyntaxError{0, "a text of more than 2 GB"}
	}
	p := parser{d: d, b: text}
	return p.parse()
}

// parser is where reading stands.
type parser struct {
	d *Doc
	b []byte
	i int
}

func (p *parser) fail(format string, args ...any) error {
	return &SyntaxError{p.i, fmt.Sprintf(format, args...)}
}

// unexpected says what stands where something else should.
func (p *parser) unexpected(want string) error {
	if p.i >= len(p.b) {
		return p.fail("%s was expected and the text ends", want)
	}
	r, _ := utf8.DecodeRune(p.b[p.i:])
	return p.fail("%s was expected and %q stands", want, r)
}

func (p *parser) blanks() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\n', '\t', '\r':
			p.i++
		default:
			return
		}
	}
}

// at is the next byte behind blanks, 0 at the end.
func (p *parser) at() byte {
	if p.blanks(); p.i < len(p.b) {
		return p.b[p.i]
	}
	return 0
}

func (p *parser) add(n Node) {
	n.Next = int32(len(p.d.Nodes)) + 1
	p.d.Nodes = append(p.d.Nodes, n)
}

// parse reads a value without recursion: open holds the arrays and objects around the place.
func (p *parser) parse() error {
	for {
		if err := p.value(); err != nil {
			return err
		}
		for {
			if len(p.d.open) == 0 {
				return p.end()
			}
			more, err := p.behind()
			if err != nil {
				return err
			}
			if more {
				break
			}
		}
	}
}

// value reads a scalar or the beginning of an array or object, up to its first scalar. Empty arrays and objects are read whole.
func (p *parser) value() error {
	for {
		c := p.at()
		if c != '{' && c != '[' {
			return p.scalar(c)
		}
		if len(p.d.open) == MaxDepth {
			return p.fail("arrays and objects more than %d deep", MaxDepth)
		}
		kind, end := Array, byte(']')
		if c == '{' {
			kind, end = Object, '}'
		}
		p.d.open = append(p.d.open, int32(len(p.d.Nodes)))
		p.add(Node{Kind: kind, From: int32(p.i)})
		p.i++
		if p.at() == end {
			p.close()
			return nil
		}
		p.d.Nodes[p.d.open[len(p.d.open)-1]].Count = 1
		if kind == Object {
			if err := p.name(); err != nil {
				return err
			}
		}
	}
}

// close ends the innermost array or object at the bracket.
func (p *parser) close() {
	p.i++
	last := len(p.d.open) - 1
	n := &p.d.Nodes[p.d.open[last]]
	n.To, n.Next = int32(p.i), int32(len(p.d.Nodes))
	p.d.open = p.d.open[:last]
}

// behind reads what stands behind a value in an array or object: a comma, so that there is more, or the end.
func (p *parser) behind() (more bool, err error) {
	n := &p.d.Nodes[p.d.open[len(p.d.open)-1]]
	switch c := p.at(); {
	case c == ',':
		p.i++
		n.Count++
		if n.Kind == Object {
			return true, p.name()
		}
		return true, nil
	case c == ']' && n.Kind == Array, c == '}' && n.Kind == Object:
		p.close()
		return false, nil
	case n.Kind == Array:
		return false, p.unexpected("a comma or ]")
	}
	return false, p.unexpected("a comma or }")
}

// name reads a member's name and the colon.
func (p *parser) name() error {
	if p.at() != '"' {
		return p.unexpected("a member's name in double quotes")
	}
	if err := p.text(); err != nil {
		return err
	}
	if p.at() != ':' {
		return p.unexpected("a colon")
	}
	p.i++
	return nil
}

func (p *parser) scalar(c byte) error {
	switch {
	case c == '"':
		return p.text()
	case c == '-' || c-'0' <= 9:
		return p.number()
	case c == 't':
		return p.word("true", True)
	case c == 'f':
		return p.word("false", False)
	case c == 'n':
		return p.word("null", Null)
	}
	return p.unexpected("a value")
}

func (p *parser) word(w string, kind Kind) error {
	end := p.i + len(w)
	if end > len(p.b) || string(p.b[p.i:end]) != w || end < len(p.b) && isWord(p.b[end]) {
		return p.fail("%s was expected", w)
	}
	p.add(Node{Kind: kind, From: int32(p.i), To: int32(end)})
	p.i = end
	return nil
}

func isWord(c byte) bool {
	return c|0x20-'a' < 26 || c-'0' <= 9 || c == '_' || c == '$' || c >= utf8.RuneSelf
}

func (p *parser) number() error {
	from, kind := p.i, Int
	if p.b[p.i] == '-' {
		p.i++
	}
	first := p.i
	if !p.digits() {
		return p.unexpected("a digit")
	}
	if p.b[first] == '0' && p.i > first+1 {
		p.i = first
		return p.fail("a number must not begin with 0")
	}
	if p.i < len(p.b) && p.b[p.i] == '.' {
		p.i++
		if kind = Float; !p.digits() {
			return p.unexpected("a digit")
		}
	}
	if p.i < len(p.b) && p.b[p.i]|0x20 == 'e' {
		if p.i++; p.i < len(p.b) && (p.b[p.i] == '+' || p.b[p.i] == '-') {
			p.i++
		}
		if kind = Float; !p.digits() {
			return p.unexpected("a digit")
		}
	}
	if p.i-from > maxNumber {
		p.i = from
		return p.fail("a number of more than %d digits", maxNumber)
	}
	p.add(Node{Kind: kind, From: int32(from), To: int32(p.i)})
	return nil
}

// maxNumber bounds a number's length in bytes.
const maxNumber = 1000

func (p *parser) digits() bool {
	from := p.i
	for p.i < len(p.b) && p.b[p.i]-'0' <= 9 {
		p.i++
	}
	return p.i > from
}

// end looks at what follows a value that is the whole document: blanks may, or anything behind a blank; a number must not run on.
func (p *parser) end() error {
	if n := &p.d.Nodes[0]; n.Kind.IsNumber() && p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\n', '\t', '\r':
		default:
			return p.unexpected("the end of the number")
		}
	}
	return nil
}
