package regex

import (
	"fmt"
	"math"
	"strings"
	"unicode"
)

// kind says what a node of a pattern matches.
type kind uint8

const (
	empty     kind = iota
	one            // a code point of class
	sequence       // subs one behind another
	choice         // one of subs, the first that leads to a match
	repeat         // subs[0], least to most times
	group          // subs[0], remembered as number
	atomic         // subs[0], without trying its other ways
	look           // subs[0] ahead or, with behind, before; with negated: not
	backref        // what group number matched
	begin          // \A, and ^ without (?m)
	beginLine      // ^ with (?m)
	end            // \z
	endText        // $ and \Z: the end, or the line terminator at the end
	endLine        // $ with (?m)
	wordEdge       // \b
	lastMatch      // \G
)

type node struct {
	kind              kind
	class             class
	subs              []*node
	least, most       int // most -1: any number
	lazy, possessive  bool
	number            int
	behind, negated   bool
	fold, wide, lines bool // case does not matter, of all letters; unix lines
}

// length returns the least and the greatest number of code points that a node matches; most is -1 for any number.
func (n *node) length() (least, most int) {
	switch n.kind {
	case one:
		return 1, 1
	case sequence:
		for _, s := range n.subs {
			a, b := s.length()
			least = saturate(least + a)
			if most >= 0 && b >= 0 {
				most = saturate(most + b)
			} else {
				most = -1
			}
		}
		return least, most
	case choice:
		least = math.MaxInt32
		for _, s := range n.subs {
			a, b := s.length()
			least = min(least, a)
			if most >= 0 && b >= 0 {
				most = max(most, b)
			} else {
				most = -1
			}
		}
		return least, most
	case repeat:
		a, b := n.subs[0].length()
		least = saturate(a * n.least)
		if n.most < 0 || b < 0 {
			if b == 0 {
				return least, 0
			}
			return least, -1
		}
		return least, saturate(b * n.most)
	case group, atomic:
		return n.subs[0].length()
	case backref:
		return 0, -1
	}
	return 0, 0
}

func saturate(n int) int { return min(n, math.MaxInt32) }

// linearForm writes the pattern in the language of Go's regexp; ok is false if that cannot do it.
func linearForm(n *node) (text string, careful caution, ok bool) {
	w := &linearWriter{ok: true}
	w.write(n)
	return w.String(), w.careful, w.ok
}

type linearWriter struct {
	strings.Builder
	careful caution
	ok      bool
}

func (w *linearWriter) write(n *node) {
	switch n.kind {
	case empty:
		w.WriteString("(?:)")
	case one:
		w.class(n.class)
	case sequence:
		for _, s := range n.subs {
			w.write(s)
		}
	case choice:
		w.WriteString("(?:")
		for i, s := range n.subs {
			if i > 0 {
				w.WriteByte('|')
			}
			w.write(s)
		}
		w.WriteByte(')')
	case repeat:
		least, _ := n.subs[0].length()
		if n.possessive || n.least > 1000 || n.most > 1000 || least == 0 && n.most != 1 {
			w.ok = false // loops around what may be empty end differently
			return
		}
		w.WriteString("(?:")
		w.write(n.subs[0])
		w.WriteByte(')')
		switch {
		case n.most < 0:
			w.printf("{%d,}", n.least)
		default:
			w.printf("{%d,%d}", n.least, n.most)
		}
		if n.lazy {
			w.WriteByte('?')
		}
	case group:
		w.WriteByte('(')
		w.write(n.subs[0])
		w.WriteByte(')')
	case begin:
		w.WriteString(`\A`)
	case end:
		w.WriteString(`\z`)
	case endText:
		w.WriteString(`\z`)
		w.careful |= finalLine
	case wordEdge:
		if n.wide {
			w.ok = false
			return
		}
		w.careful |= nonASCII
		if n.negated {
			w.WriteString(`\B`)
		} else {
			w.WriteString(`\b`)
		}
	default:
		w.ok = false
	}
}

func (w *linearWriter) printf(format string, args ...any) {
	w.WriteString(fmt.Sprintf(format, args...))
}

func (w *linearWriter) class(c class) {
	switch {
	case len(c) == 0:
		w.printf(`[^\x{0}-\x{%x}]`, unicode.MaxRune)
		return
	case len(c) == 1 && c[0].lo == c[0].hi:
		w.printf(`\x{%x}`, c[0].lo)
		return
	}
	w.WriteByte('[')
	for _, s := range c {
		w.printf(`\x{%x}-\x{%x}`, s.lo, s.hi)
	}
	w.WriteByte(']')
}
