package expr

import (
	"bytes"
	"fmt"

	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/column/kernel"
)

func init() {
	register(&Function{Name: "LIKE", Doc: "Whether the text matches a pattern, in which % stands for any characters and _ for one; the optional third argument is the character that takes both their meaning.",
		Example: "'abc' LIKE 'a%' => TRUE", strict: true,
		Resolve: resolveLike,
		Compile: compileLike, selector: selectLike,
		print: func(c *Call) string {
			s := "(" + c.Args[0].String() + " LIKE " + c.Args[1].String()
			if len(c.Args) > 2 {
				s += " ESCAPE " + c.Args[2].String()
			}
			return s + ")"
		}})
}

// resolveLike refuses constant patterns that are malformed.
func resolveLike(args []Expr) ([]Expr, column.Type, error) {
	typed, t, err := takes(always(boolean), isText, isText, isText).optional(1).resolve("LIKE")(args)
	if err != nil {
		return nil, t, err
	}
	escape := ""
	if len(args) > 2 {
		var ok bool
		if escape, ok = constText(args[2]); !ok {
			return typed, t, nil
		}
	}
	pattern, _ := constText(args[1])
	_, err = newLikePattern([]byte(pattern), []byte(escape))
	return typed, t, err
}

// likeKind says how a pattern is matched.
type likeKind uint8

const (
	likeExact likeKind = iota
	likePrefix
	likeSuffix
	likeContains
	likeParts // anything else
)

// likePattern is a compiled LIKE pattern: literal parts between the %. A part may hold _ wildcards.
type likePattern struct {
	kind  likeKind
	text  []byte
	parts []likePart
	// open tells whether a % stands before the first and behind the last part.
	openStart, openEnd bool
}

// likePart is text in which the marked bytes stand for any code point.
type likePart struct {
	text []byte
	any  []bool // by byte of text; nil: none
}

func newLikePattern(pattern, escape []byte) (*likePattern, error) {
	if len(escape) > 0 && runeLen(escape) < len(escape) {
		return nil, fmt.Errorf("LIKE has the escape character '%s': it must be a single one", escape)
	}
	p := &likePattern{}
	var part likePart
	wild, empty := false, true
	flush := func() {
		if len(part.text) > 0 {
			if !wild {
				part.any = nil
			}
			p.parts = append(p.parts, part)
		}
		part, wild = likePart{}, false
	}
	for i := 0; i < len(pattern); {
		n := runeLen(pattern[i:])
		c := pattern[i : i+n]
		switch {
		case len(escape) > 0 && bytes.Equal(c, escape):
			i += n
			if i == len(pattern) || pattern[i] != '%' && pattern[i] != '_' && !bytes.HasPrefix(pattern[i:], escape) {
				return nil, fmt.Errorf("in the LIKE pattern '%s' the escape character %s must stand before %%, _ or itself", pattern, escape)
			}
			n = runeLen(pattern[i:])
			part.text = append(part.text, pattern[i:i+n]...)
			part.any = append(part.any, make([]bool, n)...)
		case c[0] == '%':
			if empty {
				p.openStart = true
			}
			p.openEnd = true
			flush()
			i += n
			empty = false
			continue
		case c[0] == '_':
			part.text, part.any = append(part.text, '_'), append(part.any, true)
			wild = true
		default:
			part.text = append(part.text, c...)
			part.any = append(part.any, make([]bool, n)...)
		}
		i += n
		p.openEnd, empty = false, false
	}
	flush()
	plain := len(p.parts) == 0 || len(p.parts) == 1 && p.parts[0].any == nil
	if len(p.parts) > 0 {
		p.text = p.parts[0].text
	}
	switch {
	case !plain:
		p.kind = likeParts
	case p.openStart && (p.openEnd || len(p.parts) == 0):
		p.kind = likeContains
	case p.openStart:
		p.kind = likeSuffix
	case p.openEnd:
		p.kind = likePrefix
	}
	return p, nil
}

// match reports whether s matches.
func (p *likePattern) match(s []byte) bool {
	switch p.kind {
	case likeExact:
		return bytes.Equal(s, p.text)
	case likePrefix:
		return bytes.HasPrefix(s, p.text)
	case likeSuffix:
		return bytes.HasSuffix(s, p.text)
	case likeContains:
		return bytes.Contains(s, p.text)
	}
	parts := p.parts
	if !p.openStart {
		n := parts[0].matchAt(s)
		if n < 0 {
			return false
		}
		s, parts = s[n:], parts[1:]
		if len(parts) == 0 {
			return p.openEnd || len(s) == 0
		}
	}
	last := len(parts)
	if !p.openEnd {
		last--
	}
	for _, part := range parts[:last] { // each as early as possible
		at, n := part.find(s)
		if n < 0 {
			return false
		}
		s = s[at+n:]
	}
	if p.openEnd {
		return true
	}
	return parts[last].matchEnd(s)
}

// matchAt returns how many bytes of s, from its start, the part matches; -1 if it does not.
func (p *likePart) matchAt(s []byte) int {
	if p.any == nil {
		if bytes.HasPrefix(s, p.text) {
			return len(p.text)
		}
		return -1
	}
	i := 0
	for k, c := range p.text {
		switch {
		case i == len(s):
			return -1
		case p.any[k]:
			n := runeLen(s[i:])
			if isLineEnd(s[i : i+n]) { // which _ does not match in Flink, while % does
				return -1
			}
			i += n
		case s[i] != c:
			return -1
		default:
			i++
		}
	}
	return i
}

// isLineEnd reports whether a code point ends a line, as Unicode has it.
func isLineEnd(b []byte) bool {
	switch len(b) {
	case 1:
		return b[0] == '\n' || b[0] == '\r'
	case 2:
		return b[0] == 0xc2 && b[1] == 0x85
	case 3:
		return b[0] == 0xe2 && b[1] == 0x80 && (b[2] == 0xa8 || b[2] == 0xa9)
	}
	return false
}

// find returns where in s the part first matches and how many bytes; -1 if it does not.
func (p *likePart) find(s []byte) (at, n int) {
	if p.any == nil {
		if at = bytes.Index(s, p.text); at < 0 {
			return 0, -1
		}
		return at, len(p.text)
	}
	for at = 0; at <= len(s); {
		if n = p.matchAt(s[at:]); n >= 0 {
			return at, n
		}
		if at == len(s) {
			break
		}
		at += runeLen(s[at:])
	}
	return 0, -1
}

// matchEnd reports whether the part matches the end of s.
func (p *likePart) matchEnd(s []byte) bool {
	if p.any == nil {
		return bytes.HasSuffix(s, p.text)
	}
	runes := 0 // a byte of text that begins a code point, or a wildcard, is one code point of s
	for k, c := range p.text {
		if p.any[k] || c&0xc0 != 0x80 {
			runes++
		}
	}
	from := retreat(s, runes)
	return p.matchAt(s[from:]) == len(s)-from
}

// constLike compiles a constant pattern; nil if it is none, or NULL.
func constLike(c *Call) (*likePattern, error) {
	pattern, ok := constText(c.Args[1])
	if !ok {
		return nil, nil
	}
	escape := ""
	if len(c.Args) > 2 {
		if escape, ok = constText(c.Args[2]); !ok {
			return nil, nil
		}
	}
	return newLikePattern([]byte(pattern), []byte(escape))
}

func compileLike(c *Call) (Kernel, error) {
	p, err := constLike(c)
	if err != nil {
		return nil, err
	}
	if p != nil {
		return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
			v := args[0]
			out.Resize(n)
			kernel.And(out, v.Valid, nil, n)
			bits, views := out.Bits(), column.Values[column.View](v)
			if sel == nil {
				for i := range n {
					bits.Put(i, p.match(views[i].Bytes(v.Buffers)))
				}
				return nil
			}
			for _, r := range sel {
				bits.Put(int(r), p.match(views[r].Bytes(v.Buffers)))
			}
			return nil
		}, nil
	}
	// A pattern by row: the last one is kept, for it is often the same.
	a := newRowArgs(c)
	var text, escape []byte
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		return a.each(args, n, sel, out, false, func(r int) error {
			var esc []byte
			if len(args) > 2 {
				esc = a.text(2)
			}
			if p == nil || !bytes.Equal(text, a.text(1)) || !bytes.Equal(escape, esc) {
				text, escape = append(text[:0], a.text(1)...), append(escape[:0], esc...)
				var err error
				if p, err = newLikePattern(bytes.Clone(text), bytes.Clone(escape)); err != nil {
					return err
				}
			}
			out.Bits().Put(r, p.match(a.text(0)))
			return nil
		})
	}, nil
}

func selectLike(c *Call) (selector, error) {
	p, err := constLike(c)
	if err != nil || p == nil {
		return nil, err
	}
	return func(args []*column.Vector, n int, sel, out []int32) ([]int32, error) {
		v := args[0]
		views := column.Values[column.View](v)
		k := 0
		if sel == nil {
			for i := range n {
				out[k] = int32(i)
				if p.match(views[i].Bytes(v.Buffers)) {
					k++
				}
			}
		} else {
			for _, r := range sel {
				out[k] = r
				if p.match(views[r].Bytes(v.Buffers)) {
					k++
				}
			}
		}
		out = out[:k]
		if v.Valid != nil {
			out = kernel.SelectTrue(v.Valid, nil, n, out, out)
		}
		return out, nil
	}, nil
}
