package regex

import (
	"errors"
	"unicode"
	"unicode/utf8"
)

// op says what an instruction does.
type op uint8

const (
	opOne    op = iota // a code point of class
	opJump             // go on at x
	opSplit            // try x first, then y
	opSave             // remember the place in saved[x]
	opAssert           // test the place as node says
	opLook             // run the program from the next instruction up to opDone, then go on at x
	opAtomic           // the same, and take its match
	opMark             // remember the place in marks[x]
	opMoved            // go on at x if the place has moved since mark y, else at the next instruction
	opBack             // the text of group x again
	opDone
)

type instruction struct {
	op    op
	x, y  int
	class class
	node  *node
}

// program is a pattern for the backtracking matcher.
type program struct {
	code   []instruction
	groups int
	marks  int
}

const maxProgram = 1 << 17

var errTooLong = errors.New("the regular expression is too long once its repetitions are written out")

func assemble(tree *node, groups int, whole bool) (*program, error) {
	p := &program{groups: groups}
	p.add(instruction{op: opSave, x: 0})
	err := p.emit(tree)
	if whole {
		p.add(instruction{op: opAssert, node: &node{kind: end}})
	}
	p.add(instruction{op: opSave, x: 1})
	p.add(instruction{op: opDone})
	return p, err
}

func (p *program) add(i instruction) int {
	p.code = append(p.code, i)
	return len(p.code) - 1
}

func (p *program) emit(n *node) error {
	if len(p.code) > maxProgram {
		return errTooLong
	}
	switch n.kind {
	case empty:
	case one:
		p.add(instruction{op: opOne, class: n.class})
	case sequence:
		for _, s := range n.subs {
			if err := p.emit(s); err != nil {
				return err
			}
		}
	case choice:
		var ends []int
		for i, s := range n.subs {
			split := -1
			if i < len(n.subs)-1 {
				split = p.add(instruction{op: opSplit, x: len(p.code) + 1})
			}
			if err := p.emit(s); err != nil {
				return err
			}
			if split >= 0 {
				ends = append(ends, p.add(instruction{op: opJump}))
				p.code[split].y = len(p.code)
			}
		}
		for _, e := range ends {
			p.code[e].x = len(p.code)
		}
	case repeat:
		if n.possessive {
			greedy := *n
			greedy.possessive = false
			return p.inner(instruction{op: opAtomic}, &greedy)
		}
		return p.repeat(n)
	case group:
		p.add(instruction{op: opSave, x: 2 * n.number})
		err := p.emit(n.subs[0])
		p.add(instruction{op: opSave, x: 2*n.number + 1})
		return err
	case atomic:
		return p.inner(instruction{op: opAtomic}, n.subs[0])
	case look:
		body := n.subs[0]
		if n.behind { // the text ends where the look-behind stands
			body = &node{kind: sequence, subs: []*node{body, {kind: end}}}
		}
		return p.inner(instruction{op: opLook, node: n}, body)
	case backref:
		p.add(instruction{op: opBack, x: n.number, node: n})
	default:
		p.add(instruction{op: opAssert, node: n})
	}
	return nil
}

// inner emits a program inside the program.
func (p *program) inner(i instruction, n *node) error {
	at := p.add(i)
	err := p.emit(n)
	p.add(instruction{op: opDone})
	p.code[at].x = len(p.code)
	return err
}

func (p *program) repeat(n *node) error {
	body := n.subs[0]
	split := func() int {
		return p.add(instruction{op: opSplit, x: len(p.code) + 1, y: len(p.code) + 1})
	}
	leave := func(at int) { // the other way of the split goes here
		if n.lazy {
			p.code[at].x = len(p.code)
		} else {
			p.code[at].y = len(p.code)
		}
	}
	for range n.least {
		if err := p.emit(body); err != nil {
			return err
		}
	}
	if n.most >= 0 {
		var out []int
		for range n.most - n.least {
			out = append(out, split())
			if err := p.emit(body); err != nil {
				return err
			}
		}
		for _, at := range out {
			leave(at)
		}
		return nil
	}
	start := split()
	least, _ := body.length()
	mark := p.marks
	if least == 0 {
		p.marks++
		p.add(instruction{op: opMark, x: mark})
	}
	if err := p.emit(body); err != nil {
		return err
	}
	if least == 0 { // a round that took nothing is the last one
		p.add(instruction{op: opMoved, x: start, y: mark})
	} else {
		p.add(instruction{op: opJump, x: start})
	}
	leave(start)
	return nil
}

// machine is the memory of matching.
type machine struct {
	prog  *program
	text  []byte
	start int // where the search began, for \G
	saved []int
	marks []int
	stack []choicePoint
	steps int // that may still be taken
}

// choicePoint is another way to try: an instruction and a place; or, with slot set, a saved place to restore.
type choicePoint struct {
	pc, at int
	slot   int // 0: another way; n: saved[n-1]; -n: marks[n-1]
}

const (
	maxSteps  = 5_000_000 // for one text, and stepsByte more for each byte of it
	stepsByte = 200
	maxStack  = 1 << 20
)

// begin allows the steps for a text.
func (m *machine) begin(text []byte) { m.steps = maxSteps + stepsByte*len(text) }

// search finds the first match at or behind from.
func (m *machine) search(p *program, text []byte, from int) (bool, error) {
	m.prog, m.text, m.start = p, text, from
	if n := 2 * (p.groups + 1); len(m.saved) < n {
		m.saved = make([]int, n)
	}
	if len(m.marks) < p.marks {
		m.marks = make([]int, p.marks)
	}
	for at := from; at <= len(text); {
		for i := range m.saved {
			m.saved[i] = -1
		}
		m.stack = m.stack[:0]
		ok, _, err := m.run(0, at)
		if ok || err != nil {
			return ok, err
		}
		_, n := runeAt(text, at)
		at += max(n, 1)
	}
	return false, nil
}

func runeAt(s []byte, i int) (rune, int) {
	if i >= len(s) {
		return -1, 0
	}
	if b := s[i]; b < utf8.RuneSelf {
		return rune(b), 1
	}
	return utf8.DecodeRune(s[i:])
}

func runeBefore(s []byte, i int) (rune, int) {
	if i <= 0 {
		return -1, 0
	}
	return utf8.DecodeLastRune(s[:i])
}

// run runs the program from pc on until it is done, and returns where.
func (m *machine) run(pc, at int) (ok bool, end int, err error) {
	base := len(m.stack)
	for {
		if m.steps--; m.steps < 0 || len(m.stack) > maxStack {
			return false, 0, ErrLimit
		}
		good := true
		switch i := &m.prog.code[pc]; i.op {
		case opOne:
			r, n := runeAt(m.text, at)
			if good = n > 0 && i.class.has(r); good {
				at += n
				pc++
			}
		case opJump:
			pc = i.x
		case opSplit:
			m.stack = append(m.stack, choicePoint{pc: i.y, at: at})
			pc = i.x
		case opSave:
			m.stack = append(m.stack, choicePoint{at: m.saved[i.x], slot: i.x + 1})
			m.saved[i.x] = at
			pc++
		case opMark:
			m.stack = append(m.stack, choicePoint{at: m.marks[i.x], slot: -i.x - 1})
			m.marks[i.x] = at
			pc++
		case opMoved:
			if pc++; at != m.marks[i.y] {
				pc = i.x
			}
		case opAssert:
			good = m.assert(i.node, at)
			pc++
		case opBack:
			var n int
			if n, good = m.again(i, at); good {
				at += n
				pc++
			}
		case opAtomic:
			var to int
			if good, to, err = m.sub(pc+1, at, false); err != nil {
				return false, 0, err
			}
			at, pc = to, i.x
		case opLook:
			if good, err = m.look(i.node, pc+1, at); err != nil {
				return false, 0, err
			}
			pc = i.x
		case opDone:
			return true, at, nil
		}
		for !good {
			n := len(m.stack)
			if n == base {
				return false, 0, nil
			}
			c := m.stack[n-1]
			m.stack = m.stack[:n-1]
			switch {
			case c.slot > 0:
				m.saved[c.slot-1] = c.at
			case c.slot < 0:
				m.marks[-c.slot-1] = c.at
			default:
				pc, at, good = c.pc, c.at, true
			}
		}
	}
}

// sub runs an inner program. Of its choices only the restoring of what it saved stays; with undo, that is done at once.
func (m *machine) sub(pc, at int, undo bool) (ok bool, end int, err error) {
	base := len(m.stack)
	ok, end, err = m.run(pc, at)
	if err != nil {
		return false, 0, err
	}
	kept := m.stack[:base]
	for _, c := range m.stack[base:] {
		if c.slot != 0 {
			kept = append(kept, c)
		}
	}
	m.stack = kept
	if undo {
		for i := len(m.stack) - 1; i >= base; i-- {
			if c := m.stack[i]; c.slot > 0 {
				m.saved[c.slot-1] = c.at
			} else {
				m.marks[-c.slot-1] = c.at
			}
		}
		m.stack = m.stack[:base]
	}
	return ok, end, nil
}

func (m *machine) look(n *node, pc, at int) (bool, error) {
	if !n.behind {
		ok, _, err := m.sub(pc, at, n.negated)
		return ok != n.negated, err
	}
	least, most := n.subs[0].length()
	from := at
	for length := 0; length <= most; length++ {
		if length >= least {
			found, err := m.behind(pc, from, at, n.negated)
			if found || err != nil {
				return found != n.negated, err
			}
		}
		if from == 0 {
			break
		}
		_, size := runeBefore(m.text, from)
		from -= size
	}
	return n.negated, nil
}

// behind reports whether the inner program matches from one place to another, where the text ends for it.
func (m *machine) behind(pc, from, to int, undo bool) (bool, error) {
	whole := m.text
	m.text = whole[:to]
	ok, _, err := m.sub(pc, from, undo)
	m.text = whole
	return ok, err
}

// again matches the text of a group once more and returns its length.
func (m *machine) again(i *instruction, at int) (int, bool) {
	from, to := m.saved[2*i.x], m.saved[2*i.x+1]
	if from < 0 || to < 0 {
		return 0, false
	}
	if !i.node.fold {
		if len(m.text)-at < to-from || string(m.text[at:at+to-from]) != string(m.text[from:to]) {
			return 0, false
		}
		return to - from, true
	}
	start := at
	for from < to {
		a, n := runeAt(m.text, from)
		b, k := runeAt(m.text, at)
		if a != b && !sameLetter(a, b, i.node.wide) {
			return 0, false
		}
		from, at = from+n, at+k
	}
	return at - start, true
}

func sameLetter(a, b rune, wide bool) bool {
	return class{{a, a}}.fold(wide).has(b)
}

func (m *machine) assert(n *node, at int) bool {
	s := m.text
	switch n.kind {
	case begin:
		return at == 0
	case end:
		return at == len(s)
	case lastMatch:
		return at == m.start
	case beginLine:
		if at == len(s) && at > 0 {
			return false
		}
		return at == 0 || afterTerminator(s, at, n.lines)
	case endText:
		return at == len(s) || atTerminator(s, at, n.lines) && at+terminatorLen(s, at) == len(s)
	case endLine:
		return at == len(s) || atTerminator(s, at, n.lines)
	case wordEdge:
		before, _ := runeBefore(s, at)
		after, _ := runeAt(s, at)
		return (isWord(before) != isWord(after)) != n.negated
	}
	return true
}

func isWord(r rune) bool {
	return r == '_' || r >= 0 && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

func isTerminator(r rune, unix bool) bool {
	if unix {
		return r == '\n'
	}
	return r >= 0 && terminator.has(r)
}

// atTerminator reports whether a line terminator begins at a place: not between \r and \n.
func atTerminator(s []byte, at int, unix bool) bool {
	r, _ := runeAt(s, at)
	if r == '\n' && !unix && at > 0 && s[at-1] == '\r' {
		return false
	}
	return isTerminator(r, unix)
}

// terminatorLen is the length of the terminator at a place.
func terminatorLen(s []byte, at int) int {
	if s[at] == '\r' && at+1 < len(s) && s[at+1] == '\n' {
		return 2
	}
	_, n := runeAt(s, at)
	return n
}

func afterTerminator(s []byte, at int, unix bool) bool {
	before, _ := runeBefore(s, at)
	if before == '\r' && !unix && at < len(s) && s[at] == '\n' {
		return false
	}
	return isTerminator(before, unix)
}
