package jsonpath

import (
	"fmt"
	"strconv"
	"strings"
)

// maxDepth bounds paths in filters in paths.
const maxDepth = 50

// Compile reads a path. One that does not begin with $ is taken to begin at the document's members.
func Compile(text string) (*Path, error) { return compile(text, 0) }

func compile(text string, depth int) (*Path, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the path has filters in filters, more than %d deep", maxDepth)
	}
	text = strings.TrimRight(text, " ")
	if text == "" {
		return nil, fmt.Errorf("the path is empty")
	}
	if text[0] != '$' && text[0] != '@' {
		text = "$." + text
	}
	p := &parser{s: text, i: 1, depth: depth}
	switch {
	case strings.HasSuffix(text, "."):
		return nil, fmt.Errorf("the path %q ends with a point", text)
	case len(text) > 1 && text[1] != '.' && text[1] != '[':
		return nil, p.fail("a point or [ was expected")
	}
	for p.i < len(p.s) {
		if err := p.step(); err != nil {
			return nil, err
		}
	}
	return finish(p.steps, text)
}

// finish finds out what is definite.
func finish(steps []step, text string) (*Path, error) {
	p := &Path{steps: steps, definite: true}
	scanned := false
	for i := range steps {
		s := &steps[i]
		s.last, s.certain = i == len(steps)-1, p.definite
		scanned = scanned || s.kind == scan
		switch {
		case s.kind == function && !s.last:
			return nil, fmt.Errorf("in the path %q something follows a function", text)
		case s.kind == function && scanned:
			p.split, p.definite = i, true
			continue
		case s.kind == scan && (s.last || steps[i+1].kind == function):
			return nil, fmt.Errorf("in the path %q .. is followed by nothing to look for", text)
		}
		p.definite = p.definite && s.definite()
	}
	return p, nil
}

type parser struct {
	s     string
	i     int
	depth int
	steps []step
}

func (p *parser) fail(format string, args ...any) error {
	return fmt.Errorf("in the path %q at byte %d %s", p.s, p.i, fmt.Sprintf(format, args...))
}

func (p *parser) add(s step) { p.steps = append(p.steps, s) }

// step reads what begins with a point or a bracket.
func (p *parser) step() error {
	if p.s[p.i] == '[' {
		return p.bracket()
	}
	if p.s[p.i] == '.' {
		p.i++
		if p.i < len(p.s) && p.s[p.i] == '.' {
			p.add(step{kind: scan})
			p.i++
		}
	}
	switch {
	case p.i >= len(p.s) || p.s[p.i] == '.' || p.s[p.i] == ' ':
		return p.fail("a name was expected")
	case p.s[p.i] == '[':
		return p.bracket()
	case p.s[p.i] == '*':
		p.add(step{kind: wildcard})
		p.i++
		return nil
	}
	return p.name()
}

// name reads a name up to the next point, bracket or parenthesis.
func (p *parser) name() error {
	n := strings.IndexAny(p.s[p.i:], ".[( ")
	if n < 0 {
		n = len(p.s) - p.i
	}
	name := p.s[p.i : p.i+n]
	p.i += n
	if p.i < len(p.s) && p.s[p.i] == ' ' {
		return p.fail("there is a blank; write ['%s …']", name)
	}
	if p.i >= len(p.s) || p.s[p.i] != '(' {
		p.add(step{kind: member, names: []string{name}})
		return nil
	}
	args, err := p.arguments()
	if err != nil {
		return err
	}
	c, err := newCall(name, args, p.depth)
	if err != nil {
		return p.fail("%v", err)
	}
	p.add(step{kind: function, call: c})
	return nil
}

// arguments reads the texts between parentheses and commas.
func (p *parser) arguments() ([]string, error) {
	end := closing(p.s, p.i)
	if end < 0 {
		return nil, p.fail("the parenthesis is not closed")
	}
	var list []string
	for inside := p.s[p.i+1 : end]; strings.TrimSpace(inside) != ""; {
		n := until(inside, ",")
		list = append(list, strings.TrimSpace(inside[:n]))
		inside = inside[min(n+1, len(inside)):]
	}
	p.i = end + 1
	return list, nil
}

// closing returns where the bracket or parenthesis at i is closed, -1 if nowhere; those in quotes do not count.
func closing(s string, i int) int {
	open := s[i]
	end := map[byte]byte{'(': ')', '[': ']', '{': '}'}[open]
	depth := 0
	for ; i < len(s); i++ {
		switch c := s[i]; c {
		case open:
			depth++
		case end:
			if depth--; depth == 0 {
				return i
			}
		case '\'', '"':
			if i = quoteEnd(s, i); i < 0 {
				return -1
			}
		}
	}
	return -1
}

// quoteEnd returns where the quote at i is closed, -1 if nowhere.
func quoteEnd(s string, i int) int {
	for q := s[i]; ; {
		if i++; i >= len(s) {
			return -1
		}
		switch s[i] {
		case '\\':
			i++
		case q:
			return i
		}
	}
}

// until returns where one of the characters stands outside of quotes and brackets, len(s) if nowhere.
func until(s, chars string) int {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if strings.IndexByte(chars, c) >= 0 {
			return i
		}
		end := i
		switch c {
		case '\'', '"':
			end = quoteEnd(s, i)
		case '(', '[', '{':
			end = closing(s, i)
		}
		if end < 0 {
			return len(s)
		}
		i = end
	}
	return len(s)
}

// bracket reads a step in brackets.
func (p *parser) bracket() error {
	end := closing(p.s, p.i)
	if end < 0 {
		return p.fail("the bracket is not closed")
	}
	inside := strings.TrimSpace(p.s[p.i+1 : end])
	var s step
	var err error
	switch {
	case inside == "*":
		s.kind = wildcard
	case strings.HasPrefix(inside, "?"):
		s.kind = filter
		s.filter, err = compileFilter(strings.TrimSpace(inside[1:]), p.depth+1)
	case inside != "" && (inside[0] == '\'' || inside[0] == '"'):
		s, err = quotedNames(inside)
	case inside != "" && strings.Trim(inside, "0123456789-:, ") == "":
		s, err = positions(inside)
	default:
		err = fmt.Errorf("?, a quote, a number or * was expected")
	}
	if err != nil {
		return p.fail("%v", err)
	}
	p.add(s)
	p.i = end + 1
	return nil
}

func quotedNames(inside string) (step, error) {
	s := step{kind: member}
	for {
		if inside == "" || inside[0] != '\'' && inside[0] != '"' {
			return s, fmt.Errorf("a name in quotes was expected")
		}
		end := quoteEnd(inside, 0)
		if end < 0 {
			return s, fmt.Errorf("the quote is not closed")
		}
		s.names = append(s.names, unescape(inside[1:end]))
		inside = strings.TrimSpace(inside[end+1:])
		if inside == "" {
			break
		}
		if inside[0] != ',' {
			return s, fmt.Errorf("a comma was expected")
		}
		inside = strings.TrimSpace(inside[1:])
	}
	if len(s.names) > 1 {
		s.kind = members
	}
	return s, nil
}

// positions reads 1 or 1,2 or 1:3.
func positions(inside string) (step, error) {
	from, to, sliced := strings.Cut(inside, ":")
	if sliced {
		s := step{kind: slice}
		var err error
		to, _, _ = strings.Cut(to, ":")
		if from, to = strings.TrimSpace(from), strings.TrimSpace(to); from != "" {
			s.hasFrom = true
			s.from, err = strconv.Atoi(from)
		}
		if to != "" && err == nil {
			s.hasTo = true
			s.to, err = strconv.Atoi(to)
		}
		if err == nil && !s.hasFrom && !s.hasTo {
			err = fmt.Errorf("a number before or behind the colon was expected")
		}
		return s, err
	}
	s := step{kind: index}
	for part := range strings.SplitSeq(inside, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return s, fmt.Errorf("a number was expected, not %q", part)
		}
		s.indexes = append(s.indexes, n)
	}
	if len(s.indexes) > 1 {
		s.kind = indexes
	}
	return s, nil
}

// unescape takes backslashes out of a name or text in quotes.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			if n, err := strconv.ParseUint(s[i+1:min(i+5, len(s))], 16, 16); err == nil && i+5 <= len(s) {
				b.WriteRune(rune(n))
				i += 4
				continue
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
