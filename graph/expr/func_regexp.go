package expr

import (
	"regexp"

	"github.com/millstream/millstream/column"
)

func init() {
	register(
		textFunction("REGEXP", "Whether a part of the text matches a regular expression (RE2); FALSE for one that is malformed or empty.",
			"REGEXP('hello1', '[0-9]') => TRUE", takes(always(boolean), isText, isText), func(c *Call) Kernel {
				re := newPatterns(c, 1)
				return flagOf(c, func(a *rowArgs) (bool, bool) {
					p := re.of(a)
					return p != nil && len(a.text(1)) > 0 && p.Match(a.text(0)), true
				})
			}, "RLIKE"),
		textFunction("REGEXP_REPLACE", "The text with every match of a regular expression replaced by the third argument, taken literally; NULL for a malformed expression.",
			"REGEXP_REPLACE('foobar', 'o+', 'X') => fXbar", takes(always(column.Str()), isText, isText, isText), func(c *Call) Kernel {
				re := newPatterns(c, 1)
				return textOf(c, func(a *rowArgs, dst []byte) ([]byte, bool) {
					p := re.of(a)
					if p == nil {
						return dst, false
					}
					return append(dst, p.ReplaceAllLiteral(a.text(0), a.text(2))...), true
				})
			}),
		textFunction("REGEXP_EXTRACT", "What a group of a regular expression matches, the whole match being group 0; NULL if there is none.",
			"REGEXP_EXTRACT('foothebar', 'foo(.*?)(bar)', 1) => the", takes(maybeNull(column.Str()), isText, isText, isInt).optional(1), func(c *Call) Kernel {
				re := newPatterns(c, 1)
				grouped := len(c.Args) > 2
				return sliceOf(c, func(a *rowArgs, s []byte) (int, int, bool) {
					p, group := re.of(a), 0
					if grouped {
						group = a.int(2)
					}
					if p == nil || group < 0 || group > p.NumSubexp() {
						return 0, 0, false
					}
					m := p.FindSubmatchIndex(s)
					if m == nil || m[2*group] < 0 {
						return 0, 0, false
					}
					return m[2*group], m[2*group+1], true
				})
			}),
	)
}

// patterns compiles the regular expressions of an argument: a constant one once, others when they change.
type patterns struct {
	arg  int
	text string
	re   *regexp.Regexp // nil: malformed
	done bool
}

func newPatterns(c *Call, arg int) *patterns {
	p := &patterns{arg: arg}
	if s, ok := constText(c.Args[arg]); ok {
		p.set(s)
	}
	return p
}

func (p *patterns) set(s string) {
	p.text, p.done = s, true
	p.re, _ = regexp.Compile(s) // a malformed one matches nothing, as in Flink
}

func (p *patterns) of(a *rowArgs) *regexp.Regexp {
	if a.constant[p.arg] {
		return p.re
	}
	if s := a.text(p.arg); !p.done || string(s) != p.text {
		p.set(string(s))
	}
	return p.re
}
