// Package regex holds regular expressions in the language of Java's java.util.regex, which Flink's functions take: what Go's package regexp
// does not have (look-around, back references, possessive quantifiers, intersections of classes) and what the two read differently.
//
// What enters: a pattern, then texts in UTF-8. What leaves: places of matches. Most patterns are written anew for Go's regexp, which takes linear time;
// the others, and texts on which the two would differ, are matched by backtracking, with a limit on steps and memory.
//
// What must hold: a [Regexp] belongs to one task, for it keeps the memory of matching; no pattern and no text makes it panic, hang or grow without bound.
package regex

import (
	"errors"
	"regexp"
)

// ErrLimit says that a match was given up.
var ErrLimit = errors.New("the regular expression takes too many steps on a text; write it with less nesting of * and +")

// Regexp is a compiled pattern.
type Regexp struct {
	groups   int
	least    int            // runes of the shortest match
	linear   *regexp.Regexp // nil: none
	must     literal        // of linear
	careful  caution        // texts that linear does not get
	prog     *program       // compiled when it is first needed
	tree     *node
	whole    bool
	machine  machine
	location []int
}

// caution says for what texts Go's regexp would differ.
type caution uint8

const (
	finalLine caution = 1 << iota // the text ends with a line terminator: $ and \Z match before it
	nonASCII                      // a word boundary beside letters that are not ASCII
)

// Compile reads a pattern.
func Compile(pattern string) (*Regexp, error) { return compile(pattern, false) }

// CompileWhole reads a pattern that is to match whole texts, as Java's matches() does.
func CompileWhole(pattern string) (*Regexp, error) { return compile(pattern, true) }

func compile(pattern string, whole bool) (*Regexp, error) {
	p := &parser{pattern: []rune(pattern), names: map[string]int{}}
	tree, err := p.parse()
	if err != nil {
		return nil, err
	}
	least, _ := tree.length()
	r := &Regexp{groups: p.groups, least: least, tree: tree, whole: whole}
	if text, careful, ok := linearForm(tree); ok {
		if whole {
			text = `\A(?:` + text + `)\z`
		}
		if re, err := regexp.Compile(text); err == nil {
			r.linear, r.careful, r.must = re, careful, literalOf(tree)
		}
	}
	if r.linear == nil {
		if err := r.backtracking(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *Regexp) backtracking() error {
	if r.prog != nil {
		return nil
	}
	prog, err := assemble(r.tree, r.groups, r.whole)
	r.prog = prog
	return err
}

// Groups is the number of capturing groups.
func (r *Regexp) Groups() int { return r.groups }

// usesLinear reports whether Go's regexp gives what Java would.
func (r *Regexp) usesLinear(s []byte) bool {
	if r.linear == nil {
		return false
	}
	if r.careful&finalLine != 0 && endsLine(s) {
		return false
	}
	if r.careful&nonASCII != 0 {
		for _, b := range s {
			if b >= 0x80 {
				return false
			}
		}
	}
	return true
}

// endsLine reports whether s ends with a line terminator.
func endsLine(s []byte) bool {
	n := len(s)
	if n == 0 {
		return false
	}
	switch s[n-1] {
	case '\n', '\r':
		return true
	case 0x85:
		return n >= 2 && s[n-2] == 0xc2
	case 0xa8, 0xa9:
		return n >= 3 && s[n-2] == 0x80 && s[n-3] == 0xe2
	}
	return false
}

// Match reports whether a part of s matches, or all of it for [CompileWhole].
func (r *Regexp) Match(s []byte) (bool, error) {
	if r.usesLinear(s) {
		from, ok := r.must.start(s, r.whole)
		return ok && r.linear.Match(s[from:]), nil
	}
	r.machine.begin(s)
	loc, err := r.find(s, 0)
	return loc != nil, err
}

// Find returns where the first match and its groups begin and end, -1 for groups that took no part; nil if there is none. The result is valid until
// the next call.
func (r *Regexp) Find(s []byte) ([]int, error) {
	if r.usesLinear(s) {
		from, ok := r.must.start(s, r.whole)
		if !ok {
			return nil, nil
		}
		loc := r.linear.FindSubmatchIndex(s[from:])
		for i := range loc {
			if loc[i] >= 0 {
				loc[i] += from
			}
		}
		return loc, nil
	}
	r.machine.begin(s)
	return r.find(s, 0)
}

func (r *Regexp) find(s []byte, from int) ([]int, error) {
	if err := r.backtracking(); err != nil {
		return nil, err
	}
	ok, err := r.machine.search(r.prog, s, from)
	if !ok || err != nil {
		return nil, err
	}
	r.location = append(r.location[:0], r.machine.saved[:2*(r.groups+1)]...)
	return r.location, nil
}

// All calls visit with each match, as Find returns it, until it returns false. The next match begins where the one before ended, one code point behind if that was empty.
func (r *Regexp) All(s []byte, visit func(loc []int) bool) error {
	if r.least > 0 && r.usesLinear(s) { // of empty matches Go leaves out more
		for _, loc := range r.linear.FindAllSubmatchIndex(s, -1) {
			if !visit(loc) {
				break
			}
		}
		return nil
	}
	r.machine.begin(s)
	for from := 0; from <= len(s); {
		loc, err := r.find(s, from)
		if err != nil || loc == nil || !visit(loc) {
			return err
		}
		if from = loc[1]; loc[0] == loc[1] {
			_, n := runeAt(s, from)
			from += max(n, 1)
		}
	}
	return nil
}
