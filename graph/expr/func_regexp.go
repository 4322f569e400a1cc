package expr

import (
	"github.com/millstream/millstream/column"
	"github.com/millstream/millstream/graph/regex"
)

func init() {
	isGroup := param{"a group's number", column.Type.IsInteger, column.Of(column.BigInt), column.Of(column.BigInt)}
	register(
		matching("REGEXP", "Whether a part of the text matches a regular expression in Java's language; FALSE for one that is malformed or empty.",
			"REGEXP('hello1', '[0-9]') => TRUE", takes(always(boolean), isText, isText), func(c *Call, m *matcher) Kernel {
				return flagOf(c, func(a *rowArgs) (bool, bool) {
					p := m.of(a)
					return p != nil && len(a.text(1)) > 0 && m.match(p, a.text(0)), true
				})
			}),
		matching("REGEXP_REPLACE", "The text with every match of a regular expression replaced by the third argument, taken literally; NULL for a malformed expression.",
			"REGEXP_REPLACE('foobar', 'o+', 'X') => fXbar", takes(always(column.Str()), isText, isText, isText), func(c *Call, m *matcher) Kernel {
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
					p := m.of(a)
					if p == nil {
						return dst, false
					}
					s, by, from := a.text(0), a.text(2), 0
					m.failed = orError(m.failed, p.All(s, func(loc []int) bool {
						dst = append(append(dst, s[from:loc[0]]...), by...)
						from = loc[1]
						return len(dst) <= longestText
					}))
					return append(dst, s[from:]...), true
				})
			}),
		matching("REGEXP_EXTRACT", "What a group of a regular expression matches, the whole match being group 0; NULL if there is none.",
			"REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 1) => the", takes(maybeNull(column.Str()), isText, isText, isGroup).optional(1), func(c *Call, m *matcher) Kernel {
				grouped := len(c.Args) > 2
				return sliceOf(c, func(a *rowArgs, s []byte) (int, int, bool) {
					p, group := m.of(a), int64(0)
					if grouped {
						group = a.long(2)
					}
					if p == nil || group < 0 || group > int64(p.Groups()) {
						return 0, 0, false
					}
					return m.find(p, s, int(group))
				})
			}),
		matching("REGEXP_EXTRACT_ALL", "What a group, the first unless the third argument says otherwise, of each match of a regular expression matches; NULL for a malformed expression or a group that it has not.",
			"REGEXP_EXTRACT_ALL('100-200, 300-400', '(\\d+)-(\\d+)', 1) => [100, 300]", takes(maybeNull(column.ArrayOf(column.Str())), isText, isText, isGroup).optional(1), extractAll),
		matching("REGEXP_COUNT", "How many matches a regular expression has in the text; NULL for a malformed one.", "REGEXP_COUNT('a1b22', '\\d+') => 2",
			takes(maybeNull(integer), isText, isText), func(c *Call, m *matcher) Kernel {
				return fixedOf(c, func(a *rowArgs) (n int32, ok bool) {
					p := m.of(a)
					if p == nil {
						return 0, false
					}
					m.failed = orError(m.failed, p.All(a.text(0), func([]int) bool { n++; return true }))
					return n, true
				})
			}),
		matching("REGEXP_INSTR", "Where the first match of a regular expression begins, 1 being the first UTF-16 unit; 0 if there is none, NULL for a malformed one.", "REGEXP_INSTR('hello', 'l+') => 3",
			takes(maybeNull(integer), isText, isText), func(c *Call, m *matcher) Kernel {
				return fixedOf(c, func(a *rowArgs) (int32, bool) {
					p := m.of(a)
					if p == nil {
						return 0, false
					}
					from, _, ok := m.find(p, a.text(0), 0)
					if !ok {
						return 0, true
					}
					return unitsOf(a.text(0)[:from]) + 1, true
				})
			}),
		matching("REGEXP_SUBSTR", "The first match of a regular expression; NULL if there is none or it is malformed.", "REGEXP_SUBSTR('hello world', 'w\\w+') => world",
			takes(maybeNull(column.Str()), isText, isText), func(c *Call, m *matcher) Kernel {
				return sliceOf(c, func(a *rowArgs, s []byte) (int, int, bool) {
					p := m.of(a)
					if p == nil {
						return 0, 0, false
					}
					return m.find(p, s, 0)
				})
			}),
	)
}

// unitsOf is the length of a text in UTF-16.
func unitsOf(s []byte) int32 {
	n := int32(0)
	for _, r := range string(s) {
		if n++; r > 0xffff {
			n++
		}
	}
	return n
}

func orError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// matching is a function of a text and a regular expression.
func matching(name, doc, example string, s signature, compile func(c *Call, m *matcher) Kernel) *Function {
	return textFunction(name, doc, example, s, func(c *Call) Kernel {
		m := newMatcher(c, 1, regex.Compile)
		return failing(compile(c, m), &m.failed)
	})
}

// matcher compiles the regular expressions of an argument: a constant one once, others when they change.
type matcher struct {
	arg     int
	compile func(pattern string) (*regex.Regexp, error)
	text    string
	re      *regex.Regexp // nil: malformed
	bad     error         // why
	done    bool
	failed  error // of matching, in the batch at hand
}

func newMatcher(c *Call, arg int, compile func(pattern string) (*regex.Regexp, error)) *matcher {
	m := &matcher{arg: arg, compile: compile}
	if s, ok := constText(c.Args[arg]); ok {
		m.set(s)
	}
	return m
}

func (m *matcher) set(s string) {
	m.text, m.done = s, true
	m.re, m.bad = m.compile(s) // a malformed one matches nothing, as in Flink
}

// of returns the expression for the row; nil if it is malformed.
func (m *matcher) of(a *rowArgs) *regex.Regexp {
	if a.constant[m.arg] {
		return m.re
	}
	if s := a.text(m.arg); !m.done || string(s) != m.text {
		m.set(string(s))
	}
	return m.re
}

func (m *matcher) match(p *regex.Regexp, s []byte) bool {
	ok, err := p.Match(s)
	m.failed = orError(m.failed, err)
	return ok
}

// find returns the place of a group of the first match.
func (m *matcher) find(p *regex.Regexp, s []byte, group int) (from, to int, ok bool) {
	loc, err := p.Find(s)
	m.failed = orError(m.failed, err)
	if loc == nil || loc[2*group] < 0 {
		return 0, 0, false
	}
	return loc[2*group], loc[2*group+1], true
}

func extractAll(c *Call, m *matcher) Kernel {
	grouped := len(c.Args) > 2
	return listOf(c, func(a *rowArgs, elems *column.Vector) bool {
		p, group := m.of(a), 1
		if grouped {
			if n := a.long(2); n >= 0 && n <= int64(len(a.text(1))) {
				group = int(n)
			} else {
				return false
			}
		}
		if p == nil || group > p.Groups() {
			return false
		}
		s := a.text(0)
		m.failed = orError(m.failed, p.All(s, func(loc []int) bool {
			if from := loc[2*group]; from >= 0 {
				elems.AppendBytes(s[from:loc[2*group+1]])
			} else {
				elems.AppendNull()
			}
			return true
		}))
		return true
	})
}

// listOf makes a kernel of a function that appends a row's elements to the first child of the result; ok is false for NULL, before
// which nothing may be appended.
func listOf(c *Call, f func(a *rowArgs, elems *column.Vector) (ok bool)) Kernel {
	a := newRowArgs(c)
	return func(args []*column.Vector, n int, sel []int32, out *column.Vector) error {
		elems := out.Children[0]
		next := 0
		reach := func(r int) { // offsets of the rows before r
			for offsets := column.Values[int32](out); next < r; next++ {
				offsets[next+1] = int32(elems.Len)
			}
		}
		err := a.each(args, n, sel, out, false, func(r int) error {
			reach(r)
			if !f(a, elems) {
				out.SetNull(r)
			}
			return nil
		})
		reach(n)
		return err
	}
}
