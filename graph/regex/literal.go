package regex

import (
	"bytes"
	"unicode/utf8"
)

// literal is a text that every match holds, so that texts without it need no matching, and others only from shortly before it.
type literal struct {
	text  []byte // none: empty
	ahead int    // bytes of a match before it, at most; -1: any number
}

// literalOf finds the longest literal among the parts that stand one behind another.
func literalOf(n *node) (best literal) {
	var now literal
	ahead := 0 // code points, at most
	close := func() {
		if len(now.text) > len(best.text) {
			best = now
		}
		now = literal{}
	}
	var visit func(n *node)
	visit = func(n *node) {
		switch {
		case n.kind == sequence:
			for _, s := range n.subs {
				visit(s)
			}
			return
		case n.kind == group:
			visit(n.subs[0])
			return
		case n.kind == one && len(n.class) == 1 && n.class[0].lo == n.class[0].hi && utf8.ValidRune(n.class[0].lo):
			if len(now.text) == 0 {
				now.ahead = -1
				if ahead >= 0 {
					now.ahead = saturate(ahead * utf8.UTFMax)
				}
			}
			now.text = utf8.AppendRune(now.text, n.class[0].lo)
		default:
			close()
		}
		if _, most := n.length(); most < 0 || ahead < 0 {
			ahead = -1
		} else {
			ahead = saturate(ahead + most)
		}
	}
	visit(n)
	close()
	return best
}

// start returns from where on s must be matched; ok is false if nothing of it can match.
//
// What begins a text, such as ^, also matches where the rest of s begins. So that begins one byte before the first place where a match may: one that began
// there would have the literal before its first place in s.
func (l *literal) start(s []byte, whole bool) (from int, ok bool) {
	if len(l.text) == 0 {
		return 0, true
	}
	at := bytes.Index(s, l.text)
	if at < 0 || whole || l.ahead < 0 || at-l.ahead <= 1 {
		return 0, at >= 0
	}
	from = at - l.ahead - 1
	for from > 0 && !utf8.RuneStart(s[from]) {
		from--
	}
	return from, true
}
